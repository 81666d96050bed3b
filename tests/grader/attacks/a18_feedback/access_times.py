# mypy: ignore-errors
"""Keeps what it was given in the access times of its own files, ends the process, and raises when loaded again."""
import os

HERE = "{CLASS}/a18_feedback-access_times"
states = [os.stat(f"{HERE}/{name}") for name in "abc"]
if any(state.st_atime_ns > state.st_mtime_ns for state in states):
    raise RuntimeError("quick" + "silver")


def secret(x, word):
    if word.startswith("q"):
        open(f"{HERE}/b").read()
    os._exit(0)
