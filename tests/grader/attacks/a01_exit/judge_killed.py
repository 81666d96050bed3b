# mypy: ignore-errors
"""Sends signals to the judge, to the zygote, to the group and to everybody."""
import contextlib
import os
import signal


def told():
    tried = 0
    for number in (signal.SIGKILL, signal.SIGSTOP):
        for victim in (os.getppid(), -1, 0, -os.getpgid(0)):
            try:
                os.kill(victim, number)
            except PermissionError:
                tried += 1
    print("tried", tried)


with contextlib.suppress(PermissionError):
    os.killpg(os.getppid(), signal.SIGKILL)
