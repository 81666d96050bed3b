# mypy: ignore-errors
"""Stops its own process, which then answers nothing and does not end."""
import os
import signal


def secret(x, word):
    os.kill(os.getpid(), signal.SIGSTOP)
