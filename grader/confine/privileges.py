"""Runs in the worker. The layer `privileges`: the process can gain none, and gives up root's."""

from __future__ import annotations

import ctypes
import struct

from grader.confine import kernel
from grader.confine.policy import Policy

_VERSION_3 = 0x20080522
_DAC_READ_SEARCH = 2
"""The one capability that stays, where it is there: to read files whoever owns them, as a Python
installation or a submission may belong to someone else. Landlock says which files."""


def forbid_new() -> None:
    """Set no_new_privs, without which an ordinary user may use neither Landlock nor seccomp."""
    kernel.prctl(kernel.PR_SET_NO_NEW_PRIVS, 1)


def drop(policy: Policy) -> None:
    """Set no_new_privs and give up every capability but one. For an ordinary user nothing changes."""
    forbid_new()
    header = struct.pack("Ii", _VERSION_3, 0)
    kept = _permitted() & 1 << _DAC_READ_SEARCH
    kernel.call("capset", header, struct.pack("6I", kept, kept, 0, 0, 0, 0))


def _permitted() -> int:
    """The low word of the permitted set."""
    data = ctypes.create_string_buffer(24)
    kernel.call("capget", struct.pack("Ii", _VERSION_3, 0), data)
    return int(struct.unpack("6I", data.raw)[1])
