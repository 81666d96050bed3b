# mypy: ignore-errors
"""Stops every clock that Python has, and then takes for ever."""
import time

time.time = time.monotonic = time.perf_counter = lambda: 0.0


def secret(x, word):
    while True:
        pass
