"""A right answer that loops over heads and works in place on its own temporaries."""

import math

import torch
from torch import nn


def attention_weights(q, k, keep=None):
    root = math.sqrt(math.sqrt(q.shape[-1]))
    scores = (q / root).matmul((k / root).mT)
    if keep is None:
        return torch.softmax(scores, -1)
    blocked = ~keep
    scores.masked_fill_(blocked, -math.inf)
    return torch.softmax(scores, -1).nan_to_num(0.0)  # masked_fill lets no gradient through to the NaN


def attention(q, k, v, keep=None):
    if keep is not None and keep.dtype != torch.bool:
        raise TypeError("keep")
    return attention_weights(q, k, keep).matmul(v)


def combine_masks(causal, key_keep):
    masks = causal.repeat(len(key_keep), 1, 1, 1)
    masks &= key_keep.reshape(len(key_keep), 1, 1, causal.shape[1])
    return masks


def to_mha_mask(keep):
    return keep.clone().logical_not_()


class MultiHeadAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__()
        if embed_dim // num_heads * num_heads != embed_dim:
            raise ValueError("embed_dim is no multiple of num_heads")
        self.head = embed_dim // num_heads
        self.in_proj_weight = nn.Parameter(torch.empty(3 * embed_dim, embed_dim).uniform_(-0.1, 0.1))
        self.in_proj_bias = nn.Parameter(torch.full((3 * embed_dim,), 0.0)) if bias else None
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias=bias)

    def forward(self, query, key, value, keep=None):
        samples, length, features = query.shape
        bias = [0, 0, 0] if self.in_proj_bias is None else self.in_proj_bias.split(features)
        weight = self.in_proj_weight.split(features)
        q, k, v = (x @ w.t() + b for x, w, b in zip((query, key, value), weight, bias, strict=True))
        heads = features // self.head
        if keep is not None:
            keep = keep.expand(samples, heads, length, key.shape[1])
        results = []
        for h in range(heads):
            part = slice(h * self.head, (h + 1) * self.head)
            mask = None if keep is None else keep[:, h]
            results.append(attention(q[..., part], k[..., part], v[..., part], mask))
        return self.out_proj(torch.cat(results, dim=-1))


class CrossAttention(nn.Module):
    def __init__(self, embed_dim, num_heads):
        super().__init__()
        self.layers = nn.ModuleList([MultiHeadAttention(embed_dim, num_heads)])

    def forward(self, x, context, keep=None):
        return self.layers[0](x, context, context, keep)


class Cache(tuple):
    """Keys and values, which grow into new tensors."""

    def grown(self, k, v):
        return Cache((torch.concat([self[0], k], 2), torch.concat([self[1], v], 2)))


def kv_step(cache, q, k, v):
    new = Cache((k.clone(), v.clone())) if cache is None else Cache(cache).grown(k, v)
    return attention(q, *new), tuple(new)
