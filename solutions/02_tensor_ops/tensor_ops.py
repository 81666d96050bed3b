"""Tensor operations: views, gather and scatter.

Shapes: B samples, T time steps, H heads, D features (of a head, or of a row), N rows, C classes (columns),
M rows of a sum or columns of a matrix, … any leading dimensions.
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Features of every step into heads, heads before time."""
    batch, steps, features = x.shape
    # The new dimensions must split the last one only: a view to (B, H, T, D) would cut across time steps.
    return x.view(batch, steps, num_heads, features // num_heads).transpose(1, 2)  # (B, T, H, D) -> (B, H, T, D)


def merge_heads(x: Tensor) -> Tensor:
    """The heads of every step side by side."""
    batch, heads, steps, size = x.shape
    # No view can join dimensions that do not lie side by side in memory; `reshape` copies where it must.
    return x.transpose(1, 2).reshape(batch, steps, heads * size)  # (B, T, H, D) -> (B, T, H*D)


def pick(x: Tensor, index: Tensor) -> Tensor:
    """x[n, index[n]] for each row n."""
    return x.gather(1, index.unsqueeze(1)).squeeze(1)  # (N, 1) -> (N,), also where N is 1


def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    """1 at the label, 0 elsewhere."""
    classes = torch.arange(num_classes, device=labels.device)  # (C,)
    return (labels.unsqueeze(-1) == classes).float()  # (…, 1) beside (C,) -> (…, C)


def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    """The sum of the values of each index."""
    zeros = values.new_zeros(num_rows, values.shape[1])  # (M, D), dtype and device of values
    return zeros.index_add(0, index, values)  # an index that repeats adds up


def pad_chunks(x: Tensor, size: int) -> Tensor:
    """Chunks of `size` rows, the last one filled up with zeros."""
    steps, features = x.shape
    chunks = (steps + size - 1) // size  # ceil(T/size), in whole numbers
    padded = F.pad(x, (0, 0, 0, chunks * size - steps))  # (chunks*size, D); pairs count from the last dimension
    return padded.reshape(chunks, size, features)


def zero_row_min(x: Tensor) -> Tensor:
    """A copy with the first minimum of each row set to 0."""
    first = x.argmin(dim=1, keepdim=True)  # (N, 1); of equal numbers the first
    return x.scatter(1, first, 0.0)  # without an underscore: a new tensor
