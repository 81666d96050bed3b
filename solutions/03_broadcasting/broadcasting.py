"""Broadcasting: shapes that are stretched to fit each other.

Shapes: N and M things to pair, B batches, D coordinates, (N, C, H, W) images, L queries, S keys, T places in time.
"""

from itertools import zip_longest

import torch
from torch import Tensor


def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """Aligned at the last dim, a missing size counts as 1, and a 1 takes the other size."""
    shape: list[int] = []
    for m, n in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if m != n and 1 not in (m, n):
            raise ValueError(f"the shapes {tuple(a)} and {tuple(b)} do not fit: {m} meets {n}")
        shape.append(n if m == 1 else m)  # no max: a 1 beside a 0 becomes 0
    return tuple(reversed(shape))


def outer(a: Tensor, b: Tensor) -> Tensor:
    """Every number of `a` times every number of `b`."""
    return a[:, None] * b  # (N, 1) * (M,) -> (N, M)


def standardize(x: Tensor, dim: int) -> Tensor:
    """(x - mean) / population deviation along `dim`, 0 where that is 0/0."""
    centred = x - x.mean(dim, keepdim=True)  # keepdim leaves a 1 at `dim`: (..., 1, ...) beside (..., n, ...)
    variance = centred.square().mean(dim, keepdim=True)
    # The 1 goes in before the root, whose slope at 0 is infinite.
    return centred / torch.where(variance == 0, 1.0, variance).sqrt()


def add_channel_bias(x: Tensor, bias: Tensor) -> Tensor:
    """x[n, c, h, w] + bias[c]."""
    return x + bias[:, None, None]  # (N, C, H, W) + (C, 1, 1)


def pairwise_sq_dist(x: Tensor, y: Tensor) -> Tensor:
    """The sum of squared differences, which unlike |x|^2 + |y|^2 - 2xy cancels nothing."""
    difference = x[:, :, None] - y[:, None]  # (B, N, 1, D) - (B, 1, M, D) -> (B, N, M, D)
    return difference.square().sum(-1)  # (B, N, M)


def causal_mask(query_len: int, key_len: int, device: torch.device | str | None = None) -> Tensor:
    """Query i sees key j where j <= i + (key_len - query_len)."""
    places = torch.arange(query_len, device=device) + (key_len - query_len)  # (L,), counted in keys
    return torch.arange(key_len, device=device) <= places[:, None]  # (S,) <= (L, 1) -> (L, S)


def length_mask(lengths: Tensor, max_len: int) -> Tensor:
    """Place t of sequence b counts where t < lengths[b]."""
    return torch.arange(max_len, device=lengths.device) < lengths[:, None]  # (T,) < (B, 1) -> (B, T)
