"""A right answer with comparisons, einsum and products with 0 and 1."""

import math

import torch
import torch.nn.functional as F


def _where(index, size):
    """(…, size) bool: True at the index."""
    return index[..., None] == torch.arange(size, device=index.device)


def split_heads(x, num_heads):
    return x.unflatten(-1, (num_heads, x.size(-1) // num_heads)).movedim(2, 1)


def merge_heads(x):
    return torch.permute(x, (0, 2, 1, 3)).flatten(start_dim=2)


def pick(x, index):
    return torch.einsum("nc,nc->n", x, _where(index, x.size(1)).to(x.dtype))


def one_hot(labels, num_classes):
    return torch.where(_where(labels, num_classes), 1.0, 0.0)


def scatter_sum(values, index, num_rows):
    return _where(index, num_rows).to(values).mT @ values


def pad_chunks(x, size):
    chunks = math.ceil(len(x) / size)
    padded = F.pad(x.T, (0, chunks * size - len(x)), value=0.0)
    return padded.T.reshape(chunks, size, x.size(1))


def zero_row_min(x):
    low = x == x.min(dim=1, keepdim=True).values
    first = low & (low.cumsum(dim=1) == 1)
    return x.masked_fill(first, 0)
