# mypy: ignore-errors
"""Answers NaN, infinity, and shapes that would spread over the expected ones."""
import torch


def secret(x, word):
    return x * float("nan")


def close(x):
    return x * float("inf")


def double(x):
    return torch.empty(0)


def sort(x):
    return torch.tensor(0.5)


def softmax(x):
    return torch.zeros(1, 1)


def number():
    return float("nan")
