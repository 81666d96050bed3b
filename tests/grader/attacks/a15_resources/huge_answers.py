# mypy: ignore-errors
"""Answers with much more than can cross."""
import torch


def secret(x, word):
    return torch.zeros(1).expand(1 << 40)


def number():
    return 1 << 60_000


def close(x):
    return [torch.zeros(1 << 24) for _ in range(8)]
