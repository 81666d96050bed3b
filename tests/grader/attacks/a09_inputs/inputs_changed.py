# mypy: ignore-errors
"""Makes its inputs zero, where the right answer is then known."""
import torch


def secret(x, word):
    return x.zero_()


def close(x):
    return x.zero_()


def sort(x):
    x.zero_()
    return torch.zeros_like(x)
