# mypy: ignore-errors
"""Answers with tensors on no device, and with fake ones."""
import torch
from torch._subclasses.fake_tensor import FakeTensorMode


def secret(x, word):
    return torch.zeros(1, device="meta")


def close(x):
    with FakeTensorMode():
        return torch.zeros(5)
