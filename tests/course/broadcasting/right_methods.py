"""A right answer in methods: unsqueeze, expand, std_mean, and shapes by recursion."""

import torch
from torch import Tensor


def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    if not a:
        return torch.Size(b)
    if not b:
        return torch.Size(a)
    head = broadcast_shape(a[:-1], b[:-1])
    if a[-1] == b[-1] or b[-1] == 1:
        return torch.Size([*head, a[-1]])
    if a[-1] == 1:
        return torch.Size([*head, b[-1]])
    raise ValueError("sizes differ and neither is 1")


def outer(a: Tensor, b: Tensor) -> Tensor:
    shape = (a.size(0), b.size(0))
    return a.unsqueeze(1).expand(shape).mul(b.unsqueeze(0).expand(shape))


def standardize(x: Tensor, dim: int) -> Tensor:
    deviation, mean = torch.std_mean(x, dim, correction=0, keepdim=True)
    return x.sub(mean).div(deviation.masked_fill(deviation.eq(0), 1))


def add_channel_bias(x: Tensor, bias: Tensor) -> Tensor:
    return x.add(bias.view(1, -1, 1, 1).expand_as(x)) if x.numel() else x.clone()


def pairwise_sq_dist(x: Tensor, y: Tensor) -> Tensor:
    return x.unsqueeze(-2).sub(y.unsqueeze(-3)).pow(2).sum(dim=-1)


def causal_mask(query_len: int, key_len: int, device: torch.device | str | None = None) -> Tensor:
    keys = torch.arange(key_len, device=device).unsqueeze(0).expand(query_len, key_len)
    queries = torch.arange(key_len - query_len, key_len, device=device).unsqueeze(1)
    return keys.le(queries)


def length_mask(lengths: Tensor, max_len: int) -> Tensor:
    places = torch.arange(max_len, device=lengths.device, dtype=lengths.dtype)
    return lengths.unsqueeze(1).gt(places.expand(lengths.size(0), -1))
