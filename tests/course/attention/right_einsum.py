"""A right answer with einsum and minus infinity, where rows without a key never reach the softmax as such."""

import torch
import torch.nn.functional as F
from torch import nn


def attention_weights(q, k, keep=None):
    scores = torch.einsum("...ld,...sd->...ls", q * q.size(-1) ** -0.5, k)
    if keep is None:
        return F.softmax(scores, dim=-1)
    some = keep.any(dim=-1, keepdim=True)
    hidden = torch.logical_and(keep.logical_not(), some)  # rows without a key stay as they are
    return F.softmax(scores.masked_fill(hidden, float("-inf")), dim=-1) * some


def attention(q, k, v, keep=None):
    if keep is not None and keep.dtype is not torch.bool:
        raise TypeError("a boolean mask is asked for")
    return torch.einsum("...ls,...sv->...lv", attention_weights(q, k, keep), v)


def combine_masks(causal, key_keep):
    return torch.einsum("ls,bs->bls", causal.float(), key_keep.float()).bool().unsqueeze(1)


def to_mha_mask(keep):
    return torch.logical_not(keep)


class MultiHeadAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__()
        self.d, rest = divmod(embed_dim, num_heads)
        if rest:
            raise ValueError("embed_dim must be divisible by num_heads")
        self.e, self.h = embed_dim, num_heads
        self.in_proj_weight = nn.Parameter(torch.randn(3 * embed_dim, embed_dim) * 0.02)
        self.in_proj_bias = nn.Parameter(torch.randn(3 * embed_dim) * 0.02) if bias else None
        self.out_proj = nn.Linear(embed_dim, embed_dim, bias)

    def forward(self, query, key, value, keep=None):
        w = self.in_proj_weight.view(3, self.h, self.d, self.e)
        heads = [torch.einsum("bte,hde->bhtd", x, w[i]) for i, x in enumerate((query, key, value))]
        if self.in_proj_bias is not None:
            b = self.in_proj_bias.view(3, self.h, 1, self.d)
            heads = [x + b[i] for i, x in enumerate(heads)]
        mixed = attention(*heads, keep)
        y = torch.einsum("bhld,ohd->blo", mixed, self.out_proj.weight.view(self.e, self.h, self.d))
        return y if self.out_proj.bias is None else y + self.out_proj.bias


class CrossAttention(MultiHeadAttention):
    def forward(self, x, context, keep=None):
        return super().forward(query=x, key=context, value=context, keep=keep)


def kv_step(cache, q, k, v):
    keys, values = (k, v) if cache is None else (torch.cat(pair, -2) for pair in zip(cache, (k, v), strict=True))
    return F.scaled_dot_product_attention(q, keys, values), (keys, values)
