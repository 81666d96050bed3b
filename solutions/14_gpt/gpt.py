"""GPT-2: a causal decoder out of its parts, its loss, and text from it.

Shapes: B batch, T tokens of a sequence, C features (n_embd), H heads of d = C / H features each, V tokens in the
vocabulary, k kept candidates, … any leading dims.
"""

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def gelu(x: Tensor) -> Tensor:
    """x times a smooth step, by GPT-2's tanh form."""
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


class LayerNorm(nn.Module):
    """Standardize each row over its features, then scale by `weight` and shift by `bias`."""

    bias: nn.Parameter | None

    def __init__(self, num_features: int, eps: float = 1e-5, bias: bool = True) -> None:
        super().__init__()
        self.eps = eps
        self.weight = nn.Parameter(torch.ones(num_features))  # (C,)
        if bias:
            self.bias = nn.Parameter(torch.zeros(num_features))  # (C,)
        else:
            self.register_parameter("bias", None)

    def forward(self, x: Tensor) -> Tensor:
        centred = x - x.mean(dim=-1, keepdim=True)  # (…, C) - (…, 1)
        # The mean of the squares of what is left: E[x²] - E[x]² would lose all digits far from zero.
        var = centred.square().mean(dim=-1, keepdim=True)  # (…, 1), over C and not C - 1
        y = centred / torch.sqrt(var + self.eps) * self.weight  # (…, C)
        return y if self.bias is None else y + self.bias


@dataclass
class GPTConfig:
    """The sizes of a model; the defaults are GPT-2's smallest."""

    block_size: int = 1024
    vocab_size: int = 50257
    n_layer: int = 12
    n_head: int = 12
    n_embd: int = 768


class CausalSelfAttention(nn.Module):
    """Each token attends to itself and to those before it, in each head."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.n_head = config.n_head
        self.c_attn = nn.Linear(config.n_embd, 3 * config.n_embd)  # q, k, v in one product
        self.c_proj = nn.Linear(config.n_embd, config.n_embd)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = (self.split(part) for part in self.c_attn(x).chunk(3, dim=-1))  # 3 × (B, H, T, d)
        scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])  # (B, H, T, d) @ (B, H, d, T) -> (B, H, T, T)
        T = x.shape[1]
        past = torch.ones(T, T, dtype=torch.bool, device=x.device).tril()  # (T, T), True where key <= query
        weights = scores.masked_fill(~past, -math.inf).softmax(dim=-1)  # (B, H, T, T); no row is empty
        y = (weights @ v).transpose(1, 2).flatten(2)  # (B, H, T, d) -> (B, T, H, d) -> (B, T, C)
        return self.c_proj(y)

    def split(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.n_head, -1)).transpose(1, 2)  # (B, T, C) -> (B, T, H, d) -> (B, H, T, d)


class MLP(nn.Module):
    """Each token by itself: four times as many features, GELU, and back."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.c_fc = nn.Linear(config.n_embd, 4 * config.n_embd)
        self.c_proj = nn.Linear(4 * config.n_embd, config.n_embd)

    def forward(self, x: Tensor) -> Tensor:
        return self.c_proj(gelu(self.c_fc(x)))  # (…, C) -> (…, 4C) -> (…, C)


class Block(nn.Module):
    """Attention, then the MLP, each on a normalized copy; the stream x itself is only added to."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.ln_1 = LayerNorm(config.n_embd)
        self.attn = CausalSelfAttention(config)
        self.ln_2 = LayerNorm(config.n_embd)
        self.mlp = MLP(config)

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn(self.ln_1(x))  # (B, T, C); not +=, which would change the caller's x
        return x + self.mlp(self.ln_2(x))  # (B, T, C)


class GPT2(nn.Module):
    """Token and position embeddings, blocks, a last norm, and the token embedding once more as the head."""

    def __init__(self, config: GPTConfig) -> None:
        super().__init__()
        self.config = config
        self.wte = nn.Embedding(config.vocab_size, config.n_embd)  # (V, C), also the head
        self.wpe = nn.Embedding(config.block_size, config.n_embd)  # (block_size, C)
        self.h = nn.ModuleList(Block(config) for _ in range(config.n_layer))
        self.ln_f = LayerNorm(config.n_embd)
        for name, parameter in self.named_parameters():
            if parameter.dim() == 2:
                # 2 * n_layer branches add to the stream; a smaller start for each keeps its spread.
                branch = name.endswith("c_proj.weight")
                nn.init.normal_(parameter, std=0.02 / math.sqrt(2 * config.n_layer) if branch else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(parameter)

    def forward(self, idx: Tensor) -> Tensor:
        T = idx.shape[1]
        if self.config.block_size < T:
            raise ValueError(f"{T} tokens came, and there are positions for {self.config.block_size}")
        positions = torch.arange(T, device=idx.device)  # (T,)
        x = self.wte(idx) + self.wpe(positions)  # (B, T, C) + (T, C)
        for block in self.h:
            x = block(x)  # (B, T, C)
        return self.ln_f(x) @ self.wte.weight.T  # (B, T, C) @ (C, V) -> (B, T, V)


def next_token_loss(logits: Tensor, idx: Tensor) -> Tensor:
    """The cross entropy of the logits at t and the token at t + 1."""
    predictions, targets = logits[:, :-1], idx[:, 1:]  # (B, T - 1, V), (B, T - 1)
    return F.cross_entropy(predictions.flatten(0, 1), targets.flatten())  # (B(T - 1), V), (B(T - 1),) -> ()


@torch.no_grad()
def generate(
    model: nn.Module,
    idx: Tensor,
    max_new_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Append tokens one by one, each drawn from the model's prediction after the last."""
    training = model.training
    model.eval()
    for _ in range(max_new_tokens):
        window = idx[:, -model.config.block_size :]  # (B, at most block_size)
        logits = model(window)[:, -1]  # (B, T, V) -> (B, V)
        token = choose(logits, temperature, top_k, generator)  # (B, 1)
        idx = torch.cat([idx, token], dim=1)  # (B, T + 1)
    model.train(training)
    return idx


def choose(logits: Tensor, temperature: float, top_k: int | None, generator: torch.Generator | None) -> Tensor:
    """One token for each row of (B, V), as (B, 1)."""
    if temperature == 0:
        return logits.argmax(dim=-1, keepdim=True)
    k = logits.shape[-1] if top_k is None else min(top_k, logits.shape[-1])
    # Drawing among the k candidates keeps exactly k; `logits < smallest` would keep all that tie with the last.
    best, tokens = logits.topk(k, dim=-1)  # (B, k), (B, k)
    place = torch.multinomial((best / temperature).softmax(dim=-1), 1, generator=generator)  # (B, 1)
    return tokens.gather(-1, place)
