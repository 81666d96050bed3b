"""A right answer in small steps: loops where they are allowed, helpers, and work in place on its own temporaries."""

import torch
from torch import Tensor


class MisfitError(ValueError):
    """Two sizes that differ, and neither is 1."""


def _common(m: int, n: int) -> int:
    if m == 1:
        return n
    if n in (1, m):
        return m
    raise MisfitError(m, n)


def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    short, long = (a, b) if len(a) < len(b) else (b, a)
    result = list(long)
    for place in range(-1, -len(short) - 1, -1):
        result[place] = _common(short[place], long[place])
    return tuple(result)


def outer(a: Tensor, b: Tensor) -> Tensor:
    result = a.new_ones(len(a), len(b))
    result *= a.reshape(-1, 1)
    result *= b
    return result


def standardize(x: Tensor, dim: int) -> Tensor:
    count = x.shape[dim]
    result = x - x.sum(dim, keepdim=True) / count
    variance = (result * result).sum(dim, keepdim=True) / count
    variance[variance == 0] = 1.0
    return result / variance**0.5


def add_channel_bias(x: Tensor, bias: Tensor) -> Tensor:
    result = x.clone()
    for channel, offset in enumerate(bias):
        result[:, channel] += offset
    return result


def pairwise_sq_dist(x: Tensor, y: Tensor) -> Tensor:
    total = x.new_zeros(x.shape[0], x.shape[1], y.shape[1])
    for d in range(x.shape[2]):
        total += (x[:, :, d].unsqueeze(2) - y[:, :, d].unsqueeze(1)) ** 2
    return total


def causal_mask(query_len: int, key_len: int, device: torch.device | str | None = None) -> Tensor:
    mask = torch.zeros(query_len, key_len, dtype=torch.bool, device=device)
    for query in range(query_len):
        mask[query, : max(query + key_len - query_len + 1, 0)] = True
    return mask


def length_mask(lengths: Tensor, max_len: int) -> Tensor:
    left = lengths.reshape(-1, 1).repeat(1, max_len)
    left -= torch.arange(max_len, device=lengths.device)
    return left > 0
