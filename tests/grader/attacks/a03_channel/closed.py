# mypy: ignore-errors
"""Closes the channel, and goes on without it."""
import os
import time


def secret(x, word):
    os.closerange(3, 64)
    time.sleep(60)
