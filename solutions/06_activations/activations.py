"""Activation functions, safe for any finite input.

Shapes: N samples, C channels, `...` any further dims; `x` is floating point, the result has its shape and dtype.
"""

import torch
from torch import Tensor, nn


def _minus_abs(x: Tensor) -> Tensor:
    """-|x|, whose exponential cannot overflow; its slope at 0 is -1, where `abs` has slope 0."""
    return torch.where(x >= 0, -x, x)


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x))."""
    decay = torch.exp(_minus_abs(x))  # in (0, 1]
    return torch.where(x >= 0, 1.0, decay) / (1.0 + decay)


def tanh(x: Tensor) -> Tensor:
    """(exp(x) - exp(-x)) / (exp(x) + exp(-x)), from expm1, which keeps the digits near 0."""
    decay = torch.expm1(2.0 * _minus_abs(x))  # exp(-2|x|) - 1, in (-1, 0]
    size = -decay / (decay + 2.0)  # tanh(|x|)
    return torch.where(x >= 0, size, -size)


def relu(x: Tensor) -> Tensor:
    """max(0, x), with gradient 0 at 0. A NaN is not <= 0, so it stays."""
    return torch.where(x <= 0, 0.0, x)


def leaky_relu(x: Tensor, negative_slope: float = 0.01) -> Tensor:
    """x where x > 0, else negative_slope * x."""
    return torch.where(x > 0, x, negative_slope * x)


def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """x where x > 0, else alpha * (exp(x) - 1)."""
    harmless = torch.where(x > 0, 0.0, x)  # the branch not taken has a gradient too: keep it finite
    return torch.where(x > 0, x, alpha * torch.expm1(harmless))


def mish(x: Tensor) -> Tensor:
    """x * tanh(softplus(x)), softplus(x) = log(exp(x) + exp(0))."""
    return x * tanh(torch.logaddexp(x, torch.zeros_like(x)))


def softmax(x: Tensor, dim: int) -> Tensor:
    """exp(x) / sum(exp(x)) along `dim`."""
    if x.numel() == 0:
        return x.clone()  # amax has no answer for an empty row
    wide = x.to(torch.promote_types(x.dtype, torch.float32))  # a sum of 70 000 ones overflows float16
    powers = torch.exp(wide - wide.amax(dim, keepdim=True))  # the largest of each row is exp(0)
    return (powers / powers.sum(dim, keepdim=True)).to(x.dtype)


class PReLU(nn.Module):
    """x where x > 0, else weight * x: one learnable slope for all, or one for each channel (dim 1)."""

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((num_parameters,), init))  # (C,)

    def forward(self, x: Tensor) -> Tensor:
        slopes = len(self.weight)
        if slopes not in (1, x.shape[1]):
            raise ValueError(f"{slopes} slopes do not fit {x.shape[1]} channels")
        slope = self.weight.view(slopes, *[1] * (x.dim() - 2))  # (C, 1, ...) beside x's (N, C, ...)
        return torch.where(x > 0, x, slope * x)
