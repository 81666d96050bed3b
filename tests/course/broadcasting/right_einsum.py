"""A right answer in functions: einsum where it is allowed, repeats in place of stretching, other dim orders."""

import torch
from torch import Tensor


def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    rank = max(len(a), len(b))
    pairs = list(zip((1,) * (rank - len(a)) + tuple(a), (1,) * (rank - len(b)) + tuple(b), strict=True))
    if any(len({1, *pair}) > 2 for pair in pairs):
        raise ValueError(f"{a} and {b} do not fit")
    return tuple(next((size for size in pair if size != 1), 1) for pair in pairs)


def outer(a: Tensor, b: Tensor) -> Tensor:
    n, m = len(a), len(b)
    return torch.mul(a.repeat_interleave(m), b.repeat(n)).reshape(n, m)


def standardize(x: Tensor, dim: int) -> Tensor:
    first = torch.movedim(x, dim, 0)  # the leading dim needs no keepdim
    centred = torch.sub(first, torch.mean(first, 0))
    power = torch.mean(torch.square(centred), 0)
    scale = torch.where(power > 0, torch.rsqrt(torch.where(power > 0, power, 1.0)), 0.0)
    return torch.movedim(torch.mul(centred, scale), 0, dim)


def add_channel_bias(x: Tensor, bias: Tensor) -> Tensor:
    return torch.add(x.permute(0, 2, 3, 1), bias).permute(0, 3, 1, 2)


def pairwise_sq_dist(x: Tensor, y: Tensor) -> Tensor:
    pairs = torch.vmap(lambda p, q: p[:, None, :] - q[None, :, :])(x, y) if len(x) else x[:, :, None] - y[:, None]
    return torch.einsum("bnmd,bnmd->bnm", pairs, pairs)


def causal_mask(query_len: int, key_len: int, device: torch.device | str | None = None) -> Tensor:
    ahead = torch.sub(torch.arange(key_len, device=device), torch.arange(query_len, device=device)[:, None])
    return torch.logical_not(torch.gt(ahead, key_len - query_len))


def length_mask(lengths: Tensor, max_len: int) -> Tensor:
    places = torch.cumsum(torch.ones(len(lengths), max_len, dtype=torch.int64, device=lengths.device), 1)
    return torch.le(places, torch.reshape(lengths, (-1, 1)))
