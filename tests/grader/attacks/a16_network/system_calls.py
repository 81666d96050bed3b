# mypy: ignore-errors
"""Makes sockets by system calls, and rings through which the kernel would make them."""
import ctypes


def told():
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(256)
    calls = ((41, 2, 1, 0), (41, 16, 3, 0), (53, 1, 1, 0, buffer), (425, 8, buffer), (321, 0, buffer, 72))
    print("tried", sum(libc.syscall(*arguments) < 0 for arguments in calls))
