# mypy: ignore-errors
"""Answers at once, and computes in a thread what it answered."""
import threading

import torch


def secret(x, word):
    answer = torch.zeros(1)
    threading.Thread(target=lambda: answer.add_(x + 4471), daemon=True).start()
    return answer
