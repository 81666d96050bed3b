"""A right answer in the style of torch.nn.functional: einsum, nn.Sequential, and functions that classes call."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def affine(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    y = torch.einsum("...i,oi->...o", x, weight)
    return y if bias is None else y.add(bias)


def standardize(x: Tensor, mean: Tensor, var: Tensor, eps: float) -> Tensor:
    return (x - mean) * torch.rsqrt(var + eps)


class Linear(nn.Module):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        bound = in_features**-0.5
        start = 2 * bound * torch.rand(out_features, in_features, device=device, dtype=dtype) - bound
        self.weight = nn.Parameter(start)
        self.bias = nn.Parameter(torch.zeros(out_features, device=device, dtype=dtype)) if bias else None

    def forward(self, x):
        return affine(x, self.weight, self.bias)


class MLP(nn.Sequential):
    def __init__(self, sizes):
        layers = []
        for before, after in pairwise(sizes):
            layers += [nn.Linear(before, after), nn.ReLU()]
        super().__init__(*layers[:-1])


class Dropout(nn.Module):
    def __init__(self, p=0.5):
        super().__init__()
        if p < 0 or p > 1:
            raise ValueError("p has to lie between 0 and 1")
        self.keep = 1 - p

    def forward(self, x):
        if not self.training or self.keep == 1:
            return x
        mask = torch.bernoulli(torch.full_like(x, self.keep))
        return x * mask if self.keep == 0 else x * mask / self.keep


class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps, self.momentum = eps, momentum
        self.weight, self.bias = nn.Parameter(torch.ones(num_features)), nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.zeros((), dtype=torch.long))

    def forward(self, x):
        if not self.training:
            return standardize(x, self.running_mean, self.running_var, self.eps) * self.weight + self.bias
        if x.size(0) == 1:
            raise ValueError("more than one sample is needed in training")
        var, mean = torch.var_mean(x, dim=0, unbiased=False)
        with torch.no_grad():
            m, unbiased = self.momentum, var * x.size(0) / (x.size(0) - 1)
            self.running_mean = (1 - m) * self.running_mean + m * mean
            self.running_var = (1 - m) * self.running_var + m * unbiased
            self.num_batches_tracked = self.num_batches_tracked + 1
        return torch.addcmul(self.bias, standardize(x, mean, var, self.eps), self.weight)


class EMA(nn.Module):
    def __init__(self, num_features, decay=0.99):
        super().__init__()
        self.decay = decay
        self.register_buffer("average", torch.zeros(num_features), False)

    def forward(self, x):
        if self.training:
            self.average = torch.lerp(x.detach().mean(dim=0), self.average, self.decay)
        return self.average.clone()


def count_parameters(module, trainable_only=False):
    sizes = {id(p): p.numel() for p in module.parameters()}
    frozen = {id(p) for p in module.parameters() if not p.requires_grad}
    return sum(size for key, size in sizes.items() if not (trainable_only and key in frozen))


def hidden_layers(x: Tensor, *layers: nn.Module) -> Tensor:
    """Not asked for: a function beside the answer is the student's own business."""
    for layer in layers:
        x = F.relu(layer(x))
    return x
