# mypy: ignore-errors
"""Leaves a thread, and a function for the end, that write the report again and again."""
import atexit
import contextlib
import threading
import time


def write():
    with contextlib.suppress(OSError), open("{OUT}/a02_results-writer_that_waits.json", "w") as file:
        file.write('{"score": 16}')


def again():
    while True:
        write()
        time.sleep(0.001)


atexit.register(write)
threading.Thread(target=again, daemon=True).start()
