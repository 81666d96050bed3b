# mypy: ignore-errors
"""Starts threads without end, with small stacks."""
import threading
import time

threading.stack_size(1 << 15)


def secret(x, word):
    while True:
        try:
            threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        except RuntimeError:
            time.sleep(0.01)
