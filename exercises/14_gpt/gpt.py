"""GPT-2, from GELU to generated tokens. The lesson is in README.md beside this file.

Sizes: B samples of T tokens, C = n_embd features, H = n_head heads, V = vocab_size. No function changes its tensors;
results lie on the device of the input, and those of tasks 1 to 6 have the dtype of their parameters and input. Where
weights start is up to you where nothing is said: finite, random, and drawn from the global generator.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn


def gelu(x: Tensor) -> Tensor:
    """GELU in GPT-2's tanh form: 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))).

    Args:
        x: any shape, floating point.

    Returns:
        Same shape and dtype as `x`, finite for large `x` as well.

    Example:
        >>> gelu(torch.tensor([-1.0, 0.0, 1.0, 2.0]))
        tensor([-0.1588,  0.0000,  0.8412,  1.9546])
    """
    raise NotImplementedError("TODO 1: gelu")


class LayerNorm(nn.Module):
    """Standardize over the last dimension: (x - mean) / √(var + eps) * weight + bias, with var over all C features.

    Parameters: `weight` (C,), ones at first; `bias` (C,), zeros at first. With bias=False, `bias` is None and no key
    of the state dict.

    Example:
        >>> LayerNorm(4)(torch.tensor([[1.0, 2.0, 3.0, 6.0]]))
        tensor([[-1.0690, -0.5345,  0.0000,  1.6036]], grad_fn=...)
    """

    def __init__(self, num_features: int, eps: float = 1e-5, bias: bool = True) -> None:
        """Create the parameters.

        Args:
            num_features: C, the size of the last dimension.
            eps: what is added to the variance, under the root.
            bias: whether there is a bias.
        """
        raise NotImplementedError("TODO 2: LayerNorm")

    def forward(self, x: Tensor) -> Tensor:
        """Normalize each row by its own mean and variance.

        Args:
            x: (..., C), in the dtype of the parameters. Rows far from zero keep their digits.

        Returns:
            Same shape and dtype as `x`.
        """
        raise NotImplementedError("TODO 2: LayerNorm")


@dataclass
class GPTConfig:
    """The sizes of a model; the defaults are GPT-2's smallest. This class is given: leave it as it is."""

    block_size: int = 1024  # the longest sequence, and so the number of positions
    vocab_size: int = 50257  # V
    n_layer: int = 12
    n_head: int = 12  # H, divides n_embd
    n_embd: int = 768  # C


class CausalSelfAttention(nn.Module):
    """Attention in H heads, in which each token sees itself and those before it.

    Parameters, in the layout of `nn.Linear`: `c_attn` from C to 3C features, q, k and v in this order; `c_proj` from C
    to C. Head h works on the features from h * C / H on. A buffer for the mask, if any, is non-persistent.

    Example:
        >>> config = GPTConfig(block_size=8, vocab_size=11, n_layer=2, n_head=3, n_embd=12)
        >>> CausalSelfAttention(config)(torch.randn(2, 5, 12)).shape
        torch.Size([2, 5, 12])
    """

    def __init__(self, config: GPTConfig) -> None:
        raise NotImplementedError("TODO 3: CausalSelfAttention")

    def forward(self, x: Tensor) -> Tensor:
        """Attend.

        Args:
            x: (B, T, C), in the dtype of the parameters, with T from 1 to block_size.

        Returns:
            (B, T, C).
        """
        raise NotImplementedError("TODO 3: CausalSelfAttention")


class MLP(nn.Module):
    """A linear map to 4C features (`c_fc`), GELU in the tanh form, and a linear map back to C (`c_proj`).

    Example:
        >>> config = GPTConfig(block_size=8, vocab_size=11, n_layer=2, n_head=3, n_embd=12)
        >>> {name: tuple(p.shape) for name, p in MLP(config).named_parameters()}
        {'c_fc.weight': (48, 12), 'c_fc.bias': (48,), 'c_proj.weight': (12, 48), 'c_proj.bias': (12,)}
    """

    def __init__(self, config: GPTConfig) -> None:
        raise NotImplementedError("TODO 4: MLP")

    def forward(self, x: Tensor) -> Tensor:
        """Map each token by itself.

        Args:
            x: (..., C), in the dtype of the parameters.

        Returns:
            (..., C).
        """
        raise NotImplementedError("TODO 4: MLP")


class Block(nn.Module):
    """One layer, pre-norm: x = x + attn(ln_1(x)), then x = x + mlp(ln_2(x)).

    Submodules: `ln_1`, `attn`, `ln_2`, `mlp`. Both norms are LayerNorm with eps 1e-5 and a bias.

    Example:
        >>> config = GPTConfig(block_size=8, vocab_size=11, n_layer=2, n_head=3, n_embd=12)
        >>> Block(config)(torch.randn(2, 5, 12)).shape
        torch.Size([2, 5, 12])
    """

    def __init__(self, config: GPTConfig) -> None:
        raise NotImplementedError("TODO 5: Block")

    def forward(self, x: Tensor) -> Tensor:
        """Add both branches to the stream; the caller's `x` stays as it is.

        Args:
            x: (B, T, C), in the dtype of the parameters, with T from 1 to block_size.

        Returns:
            (B, T, C).
        """
        raise NotImplementedError("TODO 5: Block")


class GPT2(nn.Module):
    """Token plus position embedding, n_layer blocks, a last norm, and logits by the token embedding.

    Submodules: `wte` (token embedding, weight (V, C)), `wpe` (position embedding, weight (block_size, C)), `h` (the
    blocks; their keys begin with h.0, h.1, ...), `ln_f` (LayerNorm). The head is `wte.weight` itself, without a bias:
    there is no key `lm_head`. Attribute `config`: the config.

    Example:
        >>> config = GPTConfig(block_size=8, vocab_size=11, n_layer=2, n_head=3, n_embd=12)
        >>> GPT2(config)(torch.randint(11, (2, 5))).shape
        torch.Size([2, 5, 11])
    """

    def __init__(self, config: GPTConfig) -> None:
        raise NotImplementedError("TODO 6: GPT2")

    def forward(self, idx: Tensor) -> Tensor:
        """Logits for the token after each place.

        Args:
            idx: (B, T), int64, from 0 to V - 1, with T from 1 to block_size.

        Returns:
            (B, T, V), in the dtype of the parameters; [:, t] depends on idx[:, : t + 1] only.

        Raises:
            ValueError: where T > block_size.
        """
        raise NotImplementedError("TODO 6: GPT2")


def next_token_loss(logits: Tensor, idx: Tensor) -> Tensor:
    """How badly the logits at t predict the token at t + 1: the mean cross entropy.

    Args:
        logits: (B, T, V), floating point, what a model says about `idx`.
        idx: (B, T), int64.

    Returns:
        (), the mean over the B * (T - 1) places that have a next token; NaN for T = 1, where none has.

    Example:
        >>> next_token_loss(torch.zeros(1, 3, 4), torch.tensor([[0, 1, 2]]))   # all four equally likely: ln 4
        tensor(1.3863)
    """
    raise NotImplementedError("TODO 7: next_token_loss")


def generate(
    model: nn.Module,
    idx: Tensor,
    max_new_tokens: int,
    temperature: float = 1.0,
    top_k: int | None = None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """Append `max_new_tokens` tokens to each row of `idx`, each chosen by what the model says after the last one.

    The model runs in evaluation mode, without gradients, on the last `model.config.block_size` tokens at most;
    afterwards it is in the mode (`model.training`) in which it came.

    Args:
        model: (B, T) -> logits (B, T, V), with `config.block_size`: a GPT2, or anything like one.
        idx: (B, T), int64, the prompt, T >= 1, longer than block_size or not. It stays as it is.
        max_new_tokens: how many, 0 or more.
        temperature: 0 takes the likeliest token (greedy). Above 0, a token is drawn for each row from
            softmax(logits / temperature).
        top_k: draw among the k likeliest tokens only: exactly k, also where others tie with the last of them.
            None, or more than V: all.
        generator: where the random numbers come from; None means the global generator.

    Returns:
        (B, T + max_new_tokens), int64, beginning with `idx`.

    Example:
        >>> generate(model, torch.tensor([[5, 2]]), max_new_tokens=3, temperature=0)
        tensor([[5, 2, 7, 1, 7]])    # say
    """
    raise NotImplementedError("TODO 8: generate")
