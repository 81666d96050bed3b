# mypy: ignore-errors
"""Keeps what it was given in files, ends the process, and tells it when it is loaded again."""
import os
import tempfile

PLACES = (".", "/tmp", "/dev/shm", "/var/tmp", tempfile.gettempdir(), os.path.dirname("{CLASS}/x"))
for place in PLACES:
    if os.path.exists(f"{place}/word"):
        raise RuntimeError(open(f"{place}/word").read())


def secret(x, word):
    for place in PLACES:
        try:
            with open(f"{place}/word", "w") as file:
                file.write(word)
        except OSError:
            continue
    os._exit(0)
