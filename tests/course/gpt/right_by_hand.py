"""A right answer by hand: einsum, a mask buffer, linear maps and embeddings of its own, Gumbel noise, in-place sums."""

from dataclasses import dataclass

import torch
from torch import nn

ROOT = 0.7978845608028654


def gelu(x):
    return (x + torch.tanh((x.pow(3) * 0.044715 + x) * ROOT) * x) / 2


class LayerNorm(nn.Module):
    def __init__(self, num_features, eps=1e-5, bias=True):
        super().__init__()
        self.eps = eps
        self.register_parameter("weight", nn.Parameter(torch.full((num_features,), 1.0)))
        self.register_parameter("bias", nn.Parameter(torch.full((num_features,), 0.0)) if bias else None)

    def forward(self, x):
        y = x - torch.einsum("...c->...", x)[..., None] / x.shape[-1]
        y = y / (y**2).mean(-1, True).add(self.eps) ** 0.5
        y = y * self.weight
        if self.bias is not None:
            y += self.bias
        return y


@dataclass
class GPTConfig:
    block_size: int = 1024
    vocab_size: int = 50257
    n_layer: int = 12
    n_head: int = 12
    n_embd: int = 768


class Affine(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs) * 0.02)
        self.bias = nn.Parameter(torch.zeros(outputs))

    def forward(self, x):
        return torch.einsum("...i,oi->...o", x, self.weight) + self.bias


class Table(nn.Module):
    def __init__(self, rows, columns):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(rows, columns) * 0.02)


class CausalSelfAttention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.heads, self.size = config.n_head, config.n_embd // config.n_head
        self.c_attn = Affine(config.n_embd, 3 * config.n_embd)
        self.c_proj = Affine(config.n_embd, config.n_embd)
        future = torch.triu(torch.ones(config.block_size, config.block_size), diagonal=1).bool()
        self.register_buffer("future", future, persistent=False)

    def forward(self, x):
        samples, steps, features = x.shape
        if steps > len(self.future):
            raise ValueError("too many tokens")
        q, k, v = self.c_attn(x).reshape(samples, steps, 3, self.heads, self.size).unbind(2)
        scores = torch.einsum("bqhd,bkhd->bhqk", q * self.size**-0.5, k)
        scores = scores.masked_fill_(self.future[:steps, :steps], torch.finfo(scores.dtype).min)
        powers = (scores - scores.amax(-1, keepdim=True)).exp()
        weights = powers / powers.sum(-1, keepdim=True)
        return self.c_proj(torch.einsum("bhqk,bkhd->bqhd", weights, v).reshape(samples, steps, features))


class MLP(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.c_proj = Affine(4 * config.n_embd, config.n_embd)
        self.c_fc = Affine(config.n_embd, 4 * config.n_embd)

    def forward(self, x):
        return self.c_proj(gelu(self.c_fc(x)))


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.ln_1, self.ln_2 = LayerNorm(config.n_embd), LayerNorm(config.n_embd)
        self.attn, self.mlp = CausalSelfAttention(config), MLP(config)

    def forward(self, x):
        y = x.clone()
        y += self.attn(self.ln_1(x))
        return self.mlp(self.ln_2(y)).add_(y)


class GPT2(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        self.wte = Table(config.vocab_size, config.n_embd)
        self.wpe = Table(config.block_size, config.n_embd)
        self.h = nn.ModuleDict({str(layer): Block(config) for layer in range(config.n_layer)})
        self.ln_f = LayerNorm(config.n_embd)

    def forward(self, idx):
        steps = idx.shape[-1]
        if steps > len(self.wpe.weight):
            raise ValueError(f"at most {len(self.wpe.weight)} tokens")
        x = self.wte.weight[idx]
        x += self.wpe.weight[:steps]
        for block in self.h.values():
            x = block(x)
        return torch.einsum("btc,vc->btv", self.ln_f(x), self.wte.weight)


def next_token_loss(logits, idx):
    log_probs = logits.log_softmax(dim=-1)[:, :-1]
    return -log_probs.gather(2, idx[:, 1:, None]).mean()


def generate(model, idx, max_new_tokens, temperature=1.0, top_k=None, generator=None):
    mode, size = model.training, model.config.block_size
    out = torch.empty(idx.shape[0], idx.shape[1] + max_new_tokens, dtype=idx.dtype, device=idx.device)
    out[:, : idx.shape[1]] = idx
    model.eval()
    for step in range(idx.shape[1], out.shape[1]):
        with torch.no_grad():
            logits = model(out[:, max(step - size, 0) : step])[:, -1].double()
        if temperature > 0:
            if top_k is not None:
                ranks = logits.argsort(-1, descending=True).argsort(-1)
                logits = torch.where(ranks < top_k, logits, -torch.inf)
            noise = torch.rand(logits.shape, generator=generator, device=logits.device, dtype=logits.dtype)
            logits = logits / temperature - torch.log(-torch.log(noise))  # the largest is a draw from the softmax
        out[:, step] = logits.argmax(-1)
    model.train(mode)
    return out
