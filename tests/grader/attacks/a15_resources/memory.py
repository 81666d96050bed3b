# mypy: ignore-errors
"""Takes more memory than it may, at once and bit by bit."""
import torch


def secret(x, word):
    return [bytearray(1 << 24) for _ in range(1000)]


def number():
    return torch.ones(1 << 30).sum()
