# mypy: ignore-errors
"""Damages torch's functions, for the neighbours and for later tests."""
import torch


def broken(*args, **kwargs):
    raise RuntimeError("broken by a neighbour")


torch.rand = torch.sort = torch.allclose = torch.testing.assert_close = broken
torch.exp = torch.nn.functional.softmax = broken
torch.Tensor.sum = broken


def sort(x):
    return x.sort().values
