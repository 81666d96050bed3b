"""A right answer out of PyTorch's own parts wherever they are allowed; `generate` masks what is not among the top k."""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


def gelu(x):
    u = x * math.sqrt(2 / math.pi) * (1 + 0.044715 * x * x)
    return x * torch.sigmoid(2 * u)


class LayerNorm(nn.Module):
    def __init__(self, num_features, eps=1e-5, bias=True):
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features)) if bias else None

    def forward(self, x):
        var, mean = torch.var_mean(x, dim=-1, correction=0, keepdim=True)
        x = (x - mean) * torch.rsqrt(var + self.eps)
        return x * self.weight if self.bias is None else torch.addcmul(self.bias, x, self.weight)


@dataclass
class GPTConfig:
    block_size: int
    vocab_size: int
    n_layer: int
    n_head: int
    n_embd: int


class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)

    def forward(self, x):
        B, T, C = x.size()
        q, k, v = self.c_attn(x).split(C, dim=2)
        heads = (B, T, self.config.n_head, C // self.config.n_head)
        q, k, v = q.view(heads).transpose(1, 2), k.view(heads).transpose(1, 2), v.view(heads).transpose(1, 2)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).contiguous().view(B, T, C))


class MLP(nn.Sequential):
    def __init__(self, config):
        super().__init__()
        self.add_module("c_fc", nn.Linear(config.n_embd, 4 * config.n_embd))
        self.add_module("act", nn.GELU(approximate="tanh"))
        self.add_module("c_proj", nn.Linear(4 * config.n_embd, config.n_embd))


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.ln_1 = nn.LayerNorm(config.n_embd)
        self.ln_2 = nn.LayerNorm(config.n_embd)
        self.attn = CausalSelfAttention(config)
        self.mlp = MLP(config)

    def forward(self, x):
        x = torch.add(x, self.attn(self.ln_1(x)))
        return torch.add(x, self.mlp(self.ln_2(x)))


class GPT2(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)
        self.wpe = nn.Embedding(config.block_size, config.n_embd)
        self.h = nn.Sequential(*[Block(config) for _ in range(config.n_layer)])
        self.ln_f = nn.LayerNorm(config.n_embd)

    def forward(self, idx):
        if idx.size(1) > self.config.block_size:
            raise ValueError("the sequence is longer than block_size")
        positions = torch.arange(idx.size(1), device=idx.device).unsqueeze(0).expand_as(idx)
        return F.linear(self.ln_f(self.h(self.wte(idx) + self.wpe(positions))), self.wte.weight)


def next_token_loss(logits, idx):
    return F.cross_entropy(logits[:, :-1].permute(0, 2, 1), idx[:, 1:])


def generate(model, idx, max_new_tokens, temperature=1.0, top_k=None, generator=None):
    mode = model.training
    model.train(False)
    try:
        with torch.inference_mode():
            tokens = idx.clone()
            for _ in range(max_new_tokens):
                logits = model(tokens[:, max(0, tokens.size(1) - model.config.block_size) :])[:, -1, :]
                if top_k is not None and top_k < logits.size(-1):
                    order = logits.sort(dim=-1, descending=True, stable=True).indices
                    logits = logits.scatter(-1, order[:, top_k:], -torch.inf)
                if temperature > 0:
                    token = torch.multinomial(F.softmax(logits / temperature, -1), num_samples=1, generator=generator)
                else:
                    token = logits.max(dim=-1, keepdim=True).indices
                tokens = torch.hstack((tokens, token))
    finally:
        model.train(mode)
    return tokens
