"""Runs in the worker. The layer `filesystem`, by Landlock.

Every right that the kernel's Landlock knows is handled, and so refused where no rule grants it.
Executing is granted nowhere (loading a library needs no such right). TCP, abstract sockets
and signals to others are refused as well where the kernel can: the system call filter does
so too, and one may be missing.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys
from collections.abc import Iterator

from grader.confine import kernel, paths, privileges
from grader.confine.policy import LayerError, Policy

WRITE_FILE, READ_FILE, READ_DIR = 1 << 1, 1 << 2, 1 << 3
REMOVE_DIR, REMOVE_FILE = 1 << 4, 1 << 5
MAKE_DIR, MAKE_REG, MAKE_FIFO, MAKE_SYM = 1 << 7, 1 << 8, 1 << 10, 1 << 12
REFER, TRUNCATE, IOCTL_DEV = 1 << 13, 1 << 14, 1 << 15

_READ = READ_FILE | READ_DIR
_WRITE = READ_FILE | WRITE_FILE | TRUNCATE | IOCTL_DEV
_CHANGE = REMOVE_DIR | REMOVE_FILE | MAKE_DIR | MAKE_REG | MAKE_FIFO | MAKE_SYM | REFER
_SCRATCH = _READ | WRITE_FILE | TRUNCATE | _CHANGE
_OF_A_FILE = WRITE_FILE | READ_FILE | TRUNCATE | IOCTL_DEV
"""The rights that a rule for something that is no folder may name."""

_ALL_TCP = 0b11  # bind, connect
_ALL_SCOPES = 0b11  # abstract Unix sockets, signals

_VERSION = 1 << 0  # of landlock_create_ruleset
_NO_LOG = 1 << 0  # of landlock_restrict_self: a submission must not fill the audit log
_PATH_BENEATH = 1

_COMPLETE = 3
"""The first version that guards truncation. What came later (TCP, devices, scopes) the system call
filter refuses too, or concerns no file that a rule grants."""


def restrict(policy: Policy) -> None:
    """Read `paths.readable`, read and write `paths.writable` and the scratch folder, and nothing else."""
    version = _version()
    handled = _handled(version)
    privileges.forbid_new()
    ruleset = kernel.call("landlock_create_ruleset", _attributes(version), 8 * _words(version), 0)
    try:
        for path, rights in _rules(policy):
            _allow(ruleset, path, rights & handled)
        kernel.call("landlock_restrict_self", ruleset, _NO_LOG if version >= 7 else 0)
    finally:
        os.close(ruleset)
    if version < _COMPLETE:
        raise LayerError("in force, but files elsewhere can be emptied; preventing that needs Linux 6.2")


def _rules(policy: Policy) -> Iterator[tuple[str, int]]:
    for path in dict.fromkeys(paths.readable(policy)):
        yield path, _READ
    for path in paths.writable(policy):
        yield path, _READ | _WRITE
    yield policy.scratch, _SCRATCH


def _allow(ruleset: int, path: str, rights: int) -> None:
    """Grant rights below a path. One that is not there, or not for us, is passed over: less is allowed."""
    if sys.platform != "linux":
        return
    try:
        parent = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(parent).st_mode):
            rights &= _OF_A_FILE
        kernel.call("landlock_add_rule", ruleset, _PATH_BENEATH, struct.pack("=Qi", rights, parent), 0)
    finally:
        os.close(parent)


def _version() -> int:
    try:
        return kernel.call("landlock_create_ruleset", None, 0, _VERSION)
    except OSError as error:
        if error.errno == errno.EOPNOTSUPP:
            raise LayerError("Landlock is compiled into this kernel, but not switched on") from None
        if error.errno == errno.ENOSYS:
            raise LayerError("this kernel has no Landlock (Linux 5.13 and later may)") from None
        raise


def _handled(version: int) -> int:
    """The rights on files that this version of Landlock knows."""
    known = {1: 13, 2: 14, 3: 15, 4: 15}
    return (1 << known.get(version, 16)) - 1


def _words(version: int) -> int:
    return 1 if version < 4 else 2 if version < 6 else 3


def _attributes(version: int) -> bytes:
    return struct.pack("=3Q", _handled(version), _ALL_TCP, _ALL_SCOPES)[: 8 * _words(version)]
