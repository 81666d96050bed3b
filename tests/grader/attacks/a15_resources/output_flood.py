# mypy: ignore-errors
"""Prints without end, by Python and past it."""
import contextlib
import os


def told():
    for _ in range(1000):
        print("x" * 10_000)
    for _ in range(1000):
        with contextlib.suppress(OSError):
            os.write(1, b"x" * 10_000)
