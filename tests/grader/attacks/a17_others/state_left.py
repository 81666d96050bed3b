# mypy: ignore-errors
"""Leaves something for the next: bytecode, files in every temporary folder, shared memory."""
import multiprocessing.shared_memory
import os
import py_compile


def told():
    tried = 0
    here = os.path.dirname("{CLASS}/a17_others-state_left/target.py")
    for folder in (here, "/tmp", "/var/tmp", "/dev/shm", "{HOME}"):
        try:
            open(f"{folder}/left-by-an-attack", "w").close()
        except OSError:
            tried += 1
    for attempt in (
        lambda: py_compile.compile(f"{here}/target.py", doraise=True),
        lambda: multiprocessing.shared_memory.SharedMemory("left-by-an-attack", create=True, size=10),
    ):
        try:
            attempt()
        except OSError:
            tried += 1
    print("tried", tried)
