"""Gradients written by hand: a torch.autograd.Function for every curve, in place on its own temporaries."""

from __future__ import annotations

from typing import Any

import torch
import torch.nn as nn


def exp_of_minus_abs(x: torch.Tensor) -> torch.Tensor:
    return x.abs().neg_().exp_()


class Sigmoid(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        small = exp_of_minus_abs(x)
        out = small + 1
        out.reciprocal_()
        out = torch.where(x < 0, small.mul_(out), out)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        (out,) = ctx.saved_tensors
        return grad * (out * (1 - out))


class Tanh(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        part = x.abs().mul_(-2).expm1_()
        out = part.neg().div_(part.add_(2)).copysign_(x)
        ctx.save_for_backward(out)
        return out

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        (out,) = ctx.saved_tensors
        return grad * (1 - out) * (1 + out)


class Bend(torch.autograd.Function):
    """Another slope below 0."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, slope: float) -> torch.Tensor:
        ctx.slope = slope
        ctx.save_for_backward(x <= 0)
        out = x.clone(memory_format=torch.contiguous_format)
        if slope == 0:
            return out.masked_fill_(x <= 0, 0)
        return torch.where(x <= 0, out.mul_(slope), x)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        (below,) = ctx.saved_tensors
        return torch.where(below, grad * ctx.slope, grad), None


class Elu(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, alpha: float) -> torch.Tensor:
        bent = torch.minimum(x, x.new_zeros(())).expm1_().mul_(alpha)
        ctx.save_for_backward(x > 0, bent)
        ctx.alpha = alpha
        return torch.where(x > 0, x, bent)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        above, bent = ctx.saved_tensors
        return torch.where(above, grad, grad * (bent + ctx.alpha)), None


class Mish(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        return x * Mish.gate(x)

    @staticmethod
    def gate(x: torch.Tensor) -> torch.Tensor:
        """tanh(softplus(x)) without an exp of anything positive: both sides divided by exp(2|x|)."""
        e = exp_of_minus_abs(x)
        above = (1 + 2 * e) / (1 + 2 * e + 2 * e * e)
        below = e * (e + 2) / (e * (e + 2) + 2)
        return torch.where(x > 0, above, below)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> torch.Tensor:
        (x,) = ctx.saved_tensors
        gate = Mish.gate(x)
        return grad * (gate + x * (1 - gate * gate) * sigmoid(x))


class Softmax(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, dim: int) -> torch.Tensor:
        out = x.to(torch.float64, copy=True)
        if out.shape[dim]:
            out.sub_(out.max(dim, True)[0]).exp_()
            out.div_(out.sum(dim, True))
        ctx.save_for_backward(out)
        ctx.dim = dim
        return out.to(x.dtype)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None]:
        (out,) = ctx.saved_tensors
        back = out * (grad - (out * grad).sum(ctx.dim, True))
        return back.to(grad.dtype), None


def sigmoid(x: torch.Tensor) -> torch.Tensor:
    return Sigmoid.apply(x)


def tanh(x: torch.Tensor) -> torch.Tensor:
    return Tanh.apply(x)


def relu(x: torch.Tensor) -> torch.Tensor:
    return Bend.apply(x, 0.0)


def leaky_relu(x: torch.Tensor, negative_slope: float = 0.01) -> torch.Tensor:
    if negative_slope == 0:
        return Bend.apply(x, 0.0)
    return Bend.apply(x, negative_slope)


def elu(x: torch.Tensor, alpha: float = 1.0) -> torch.Tensor:
    return Elu.apply(x, alpha)


def mish(x: torch.Tensor) -> torch.Tensor:
    return Mish.apply(x)


def softmax(x: torch.Tensor, dim: int) -> torch.Tensor:
    return Softmax.apply(x, dim)


class PReLU(nn.Module):
    weight: nn.Parameter

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        super().__init__()
        self.register_parameter("weight", nn.Parameter(torch.empty(num_parameters)))
        nn.init.constant_(self.weight, init)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        channels, slopes = x.shape[1], self.weight.numel()
        if slopes != 1 and slopes != channels:
            raise RuntimeError(f"x has {channels} channels, and there are {slopes} slopes")
        slope = self.weight.expand(channels)[(slice(None),) + (None,) * (x.ndim - 2)]
        return relu(x) - slope * relu(-x)
