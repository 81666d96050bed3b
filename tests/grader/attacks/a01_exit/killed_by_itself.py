# mypy: ignore-errors
"""Kills its own process."""
import os
import signal


def secret(x, word):
    os.kill(os.getpid(), signal.SIGKILL)
