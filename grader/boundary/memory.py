"""How the process's memory is managed, for the sake of large tensors."""

from __future__ import annotations

import contextlib
import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # of glibc's mallopt


def keep_freed_memory() -> None:
    """Let freed memory be used again rather than given back to the kernel.

    A tensor of some MiB that crosses is held in one or two buffers for the length of a call. Where
    each is mapped anew, page faults cost several times what copying does. To be called once, before
    forking; it does nothing where the C library is not glibc.
    """
    if sys.platform == "linux":
        with contextlib.suppress(AttributeError, OSError):
            mallopt = ctypes.CDLL(None).mallopt
            mallopt(_MMAP_THRESHOLD, 32 << 20)  # the most that glibc allows
            mallopt(_TRIM_THRESHOLD, 1 << 30)
