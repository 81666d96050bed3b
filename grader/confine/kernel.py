"""Runs in the worker. System calls that Python has no function for. Importable everywhere."""

from __future__ import annotations

import ctypes
import functools
import os
import platform
import sys
from typing import Any

from grader.confine.policy import LayerError

X86_64, AARCH64 = 0, 1
"""Columns of every table of system call numbers."""

_MACHINES = {"x86_64": X86_64, "AMD64": X86_64, "aarch64": AARCH64, "arm64": AARCH64}

_NUMBERS = {
    "capget": (125, 90),
    "capset": (126, 91),
    "seccomp": (317, 277),
    "landlock_create_ruleset": (444, 444),
    "landlock_add_rule": (445, 445),
    "landlock_restrict_self": (446, 446),
}

PR_SET_DUMPABLE = 4
PR_SET_NO_NEW_PRIVS = 38


def machine() -> int:
    """The column of this machine. Raises LayerError where there are no numbers for it."""
    if sys.platform != "linux":
        raise LayerError("needs Linux")
    if sys.maxsize < 1 << 32 or platform.machine() not in _MACHINES:
        raise LayerError(f"needs 64-bit x86 or arm, and this is {platform.machine()}")
    return _MACHINES[platform.machine()]


@functools.cache
def libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def call(name: str, *args: Any) -> int:
    """Make a system call. Integers are passed as 64 bits. Raises OSError, or LayerError."""
    number = _NUMBERS[name][machine()]
    wide = [ctypes.c_long(arg) if isinstance(arg, int) else arg for arg in args]
    return _checked(name, libc().syscall(ctypes.c_long(number), *wide))


def prctl(option: int, value: int) -> None:
    """Raises OSError, or LayerError."""
    if sys.platform != "linux":
        raise LayerError("needs Linux")
    zero = ctypes.c_ulong(0)  # the kernel insists on zeros, and wants them 64 bits wide
    _checked("prctl", libc().prctl(ctypes.c_int(option), ctypes.c_ulong(value), zero, zero, zero))


def _checked(name: str, result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")
    return result
