"""Helpers that widen half precision and lift a curve for one side to both; `F` for what is allowed."""

import functools

import torch
from torch import nn
from torch.nn import functional as F


def widened(function):
    """Compute in float32 or wider, answer in the dtype of x."""

    @functools.wraps(function)
    def wrapper(x, *args, **kwargs):
        wide = x.to(torch.float32) if x.element_size() < 4 else x
        return function(wide, *args, **kwargs).to(x.dtype)

    return wrapper


def sides(x, positive, negative):
    """`positive` of what is above 0, `negative` of the rest, each fed with nothing of the other side."""
    above = x > 0
    nothing = torch.zeros_like(x)
    return torch.where(above, positive(torch.where(above, x, nothing)), negative(torch.where(above, nothing, x)))


@widened
def sigmoid(x):
    def negative(t):
        e = torch.exp(t)
        return e / (e + 1)

    return sides(x, lambda t: 1 / (1 + torch.exp(-t)), negative)


@widened
def tanh(x):
    def negative(t):
        e = torch.expm1(2 * t)
        return e / (2 + e)

    return sides(x, lambda t: -negative(-t), negative)


def relu(x):
    return torch.where((x > 0) | x.isnan(), x, torch.zeros_like(x))


def leaky_relu(x, negative_slope=0.01):
    return sides(x, lambda t: t, lambda t: t * negative_slope)


@widened
def elu(x, alpha=1.0):
    return sides(x, lambda t: t, lambda t: alpha * torch.special.expm1(t))


@widened
def mish(x):
    softplus = sides(x, lambda t: t + torch.log1p(torch.exp(-t)), lambda t: torch.log1p(torch.exp(t)))
    return torch.tanh(softplus) * x


@widened
def softmax(x, dim):
    rows = x.movedim(dim, -1)
    if rows.numel() == 0:
        return x + 0
    top, _ = torch.sort(rows.detach(), dim=-1, descending=True)
    e = torch.exp(rows - top[..., :1])
    total = torch.einsum("...i->...", e).unsqueeze(-1)
    return torch.movedim(e * total.reciprocal(), -1, dim)


class PReLU(nn.Module):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.weight = nn.parameter.Parameter(torch.tensor([float(init)] * num_parameters))

    def forward(self, x):
        if self.weight.shape[0] > 1 and self.weight.shape[0] != x.shape[1]:
            raise IndexError("the number of slopes is not the number of channels")
        if self.weight.shape[0] == 1:
            slope = self.weight.squeeze(0)
        else:
            slope = self.weight.reshape([1, -1] + [1] * (x.dim() - 2))
        return F.relu(x) + torch.minimum(x, torch.zeros_like(x)) * slope
