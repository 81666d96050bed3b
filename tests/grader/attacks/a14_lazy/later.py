# mypy: ignore-errors
"""Answers at once, and computes in a thread what it answered."""
import threading
import time

import torch


def secret(x, word):
    answer = torch.zeros(1)

    def compute():
        time.sleep(0.5)
        answer.add_(x + 4471)

    threading.Thread(target=compute, daemon=True).start()
    return answer
