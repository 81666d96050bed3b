"""Attention: every query takes a weighted mean of the values, by how well it fits their keys.

Shapes: B batch, L queries, S keys (and values), d features of a query and a key, dv of a value, E features of a
module's input, H heads of d = E / H features each, t steps in a cache, … any leading dims. True in a mask: may attend.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def attention_weights(q: Tensor, k: Tensor, keep: Tensor | None = None) -> Tensor:
    """softmax(q kᵀ / √d) over the keys, 0 where `keep` is False."""
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (…, L, d) @ (…, d, S) -> (…, L, S)
    if keep is None:
        return scores.softmax(dim=-1)
    if keep.dtype != torch.bool:
        raise TypeError(f"keep is a boolean mask, True where a query may attend; {keep.dtype} came")
    # The lowest finite number, not -inf: a row of nothing but -inf has a softmax and a gradient of NaN.
    # Such a row has equal weights now, and the last step takes them away.
    scores = scores.masked_fill(~keep, torch.finfo(scores.dtype).min)
    return scores.softmax(dim=-1).masked_fill(~keep, 0.0)


def attention(q: Tensor, k: Tensor, v: Tensor, keep: Tensor | None = None) -> Tensor:
    """The mean of the values by the weights of their keys."""
    return attention_weights(q, k, keep) @ v  # (…, L, S) @ (…, S, dv) -> (…, L, dv)


def combine_masks(causal: Tensor, key_keep: Tensor) -> Tensor:
    """A key has to be allowed by both masks."""
    return causal & key_keep[:, None, None, :]  # (L, S) & (B, 1, 1, S) -> (B, 1, L, S)


def to_mha_mask(keep: Tensor) -> Tensor:
    """In the masks of nn.MultiheadAttention True means blocked."""
    return ~keep


class MultiHeadAttention(nn.Module):
    """Attention in H slices of the features at once, between a linear map of each input and one of the result."""

    in_proj_bias: nn.Parameter | None

    def __init__(self, embed_dim: int, num_heads: int, bias: bool = True) -> None:
        super().__init__()
        if embed_dim % num_heads:
            raise ValueError(f"{embed_dim} features cannot be shared out evenly among {num_heads} heads")
        self.num_heads = num_heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * embed_dim, embed_dim))  # (3E, E): q, k, v
        nn.init.xavier_uniform_(self.in_proj_weight)
        if bias:
            self.in_proj_bias = nn.Parameter(torch.zeros(3 * embed_dim))  # (3E,)
        else:
            self.register_parameter("in_proj_bias", None)
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=bias)

    def forward(self, query: Tensor, key: Tensor, value: Tensor, keep: Tensor | None = None) -> Tensor:
        weights = self.in_proj_weight.chunk(3)  # 3 × (E, E)
        biases = (None, None, None) if self.in_proj_bias is None else self.in_proj_bias.chunk(3)  # 3 × (E,)
        inputs = (query, key, value)
        q, k, v = (self.split(F.linear(x, w, b)) for x, w, b in zip(inputs, weights, biases, strict=True))
        return self.out_proj(self.merge(attention(q, k, v, keep)))  # (B, H, L, d) -> (B, L, E) -> (B, L, E)

    def split(self, x: Tensor) -> Tensor:
        """Head h gets the features from h * d on. `view(B, H, T, d)` would mix up the places in time."""
        return x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2)  # (B, T, E) -> (B, T, H, d) -> (B, H, T, d)

    def merge(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2).flatten(2)  # (B, H, T, d) -> (B, T, H, d) -> (B, T, E)


class CrossAttention(nn.Module):
    """The queries come from one sequence, the keys and values from another."""

    def __init__(self, embed_dim: int, num_heads: int) -> None:
        super().__init__()
        self.attention = MultiHeadAttention(embed_dim, num_heads)

    def forward(self, x: Tensor, context: Tensor, keep: Tensor | None = None) -> Tensor:
        return self.attention(x, context, context, keep)  # (B, L, E), (B, S, E) -> (B, L, E)


def kv_step(
    cache: tuple[Tensor, Tensor] | None, q: Tensor, k: Tensor, v: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """The newest query attends to all keys so far, its own among them; no mask is needed."""
    if cache is not None:
        k = torch.cat([cache[0], k], dim=2)  # (B, H, t, d) and (B, H, 1, d) -> (B, H, t + 1, d)
        v = torch.cat([cache[1], v], dim=2)
    return attention(q, k, v), (k, v)  # (B, H, 1, d), two of (B, H, t + 1, d)
