"""Runs in the worker. The layer `system_calls`: a BPF program that the kernel runs at every call.

It kills the process for a call of another architecture (32-bit x86, x32), whose numbers mean other
things; lets pass what `syscalls` allows; answers ENOSYS to clone3 and to calls newer than the list;
and EPERM to everything else.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct

from grader.confine import kernel, privileges, syscalls
from grader.confine.policy import Policy
from grader.confine.syscalls import Condition

_ARCHITECTURES = (0xC000003E, 0xC00000B7)  # AUDIT_ARCH_X86_64, AUDIT_ARCH_AARCH64
_X32 = 0x40000000

_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16  # offsets in struct seccomp_data

_LOAD, _AND, _RETURN = 0x20, 0x54, 0x06
_IF_EQUAL, _IF_ABOVE, _IF_ANY = 0x15, 0x25, 0x45

_KILL = 0x80000000
_ALLOW = 0x7FFF0000
_ERROR = 0x00050000

_SET_MODE_FILTER = 1

Code = list[bytes]


def filter_calls(policy: Policy) -> None:
    """Refuse every system call that is not in `syscalls`, from now on."""
    code = program(kernel.machine(), os.getpid(), policy.accelerator)
    privileges.forbid_new()
    data = ctypes.create_string_buffer(b"".join(code))
    header = struct.pack("HP", len(code), ctypes.addressof(data))
    kernel.call("seccomp", _SET_MODE_FILTER, 0, header)


def program(machine: int, process: int, accelerator: bool) -> Code:
    """The filter for a process with this number."""
    code = [
        _step(_LOAD, _ARCHITECTURE),
        _step(_IF_EQUAL, _ARCHITECTURES[machine], 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER),
        _step(_IF_ANY, _X32, 0, 1),
        _step(_RETURN, _KILL),
        _step(_IF_ABOVE, syscalls.NEWEST, 0, 1),
        _step(_RETURN, _ERROR | errno.ENOSYS),
    ]
    for number in _numbers(syscalls.NO_SUCH_CALL, machine):
        code += _for_call(number, [_step(_RETURN, _ERROR | errno.ENOSYS)])
    for number in _numbers(syscalls.allowed(accelerator), machine):
        code += _for_call(number, [_step(_RETURN, _ALLOW)])
    for numbers, conditions in syscalls.guarded(process, accelerator).values():
        body = [step for condition in conditions for step in _require(condition)]
        code += _for_call(numbers[machine], [*body, _step(_RETURN, _ALLOW)])
    return [*code, _step(_RETURN, _ERROR | errno.EPERM)]


def _step(operation: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    """One instruction; jumps count the instructions to skip."""
    return struct.pack("HBBI", operation, if_true, if_false, value)


def _numbers(calls: dict[str, syscalls.Numbers], machine: int) -> list[int]:
    return [number for numbers in calls.values() if (number := numbers[machine]) is not None]


def _for_call(number: int, body: Code) -> Code:
    """Run `body`, which must return, if this is the call. It may overwrite the accumulator."""
    return [_step(_IF_EQUAL, number, 0, len(body)), *body]


def _require(condition: Condition) -> Code:
    """Go on where the condition holds, else refuse."""
    offset = _ARGUMENTS + 8 * condition.argument + 4 * condition.high  # both machines are little-endian
    code = [_step(_RETURN, _ERROR | errno.EPERM)]
    for mask, value in reversed(condition.values):
        test = [_step(_LOAD, offset), _step(_AND, mask), _step(_IF_EQUAL, value, len(code), 0)]
        code = test + code
    return code
