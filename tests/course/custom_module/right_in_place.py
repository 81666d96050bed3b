"""A right answer that works in place on its own temporaries and buffers, with explicit products and sums."""

import math

import torch
from torch import nn


class Linear(nn.Module):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        where = {"device": device, "dtype": dtype}
        self.weight = nn.Parameter(torch.empty((out_features, in_features), **where))
        self.register_parameter("bias", nn.Parameter(torch.empty(out_features, **where)) if bias else None)
        self.reset()

    @torch.no_grad()
    def reset(self):
        bound = 1 / math.sqrt(self.weight.shape[1])
        self.weight.uniform_(-bound, bound)
        if self.bias is not None:
            self.bias.uniform_(-bound, bound)

    def forward(self, x):
        rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
        y = rows.mm(self.weight.t())
        if self.bias is not None:
            y += self.bias
        return y.reshape(*x.shape[:-1], len(self.weight))


class MLP(nn.Module):
    """Its own parameters, stored (in, out), without any layer."""

    def __init__(self, sizes):
        super().__init__()
        self.depth = len(sizes) - 1
        self.weights, self.biases = nn.ParameterList(), nn.ParameterList()
        for k in range(self.depth):
            self.weights.append(nn.Parameter(torch.randn(sizes[k], sizes[k + 1]) / math.sqrt(sizes[k])))
            self.biases.append(nn.Parameter(torch.zeros(sizes[k + 1])))

    def forward(self, x):
        for k in range(self.depth):
            x = torch.matmul(x, self.weights[k])
            x += self.biases[k]
            if k != self.depth - 1:
                x = torch.clamp(x, min=0)
        return x


class Dropout(nn.Module):
    def __init__(self, p=0.5):
        if not (p >= 0 and p <= 1):
            raise ValueError(p)
        super().__init__()
        self.p = p

    def forward(self, x):
        if self.training:
            dropped = torch.empty_like(x, dtype=torch.float32).uniform_() < self.p
            x = x.masked_fill(dropped, 0)
            if self.p < 1:
                x /= 1 - self.p
        return x


class BatchNorm1d(nn.Module):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        for name, start in (("weight", 1.0), ("bias", 0.0)):
            self.register_parameter(name, nn.Parameter(torch.full((num_features,), start)))
        for name, start in (("running_mean", 0.0), ("running_var", 1.0)):
            self.register_buffer(name, torch.full((num_features,), start))
        self.register_buffer("num_batches_tracked", torch.tensor(0, dtype=torch.int64))

    def forward(self, x):
        mean, var = self.running_mean, self.running_var
        if self.training:
            n = x.shape[0]
            if n == 1:
                raise ValueError("a column of one number has no spread")
            mean = x.sum(0) / n
            squares = (x - mean).pow(2).sum(0)
            var = squares / n
            self.running_mean.mul_(1 - self.momentum).add_(mean.detach(), alpha=self.momentum)
            self.running_var.mul_(1 - self.momentum).add_(squares.detach() / (n - 1), alpha=self.momentum)
            self.num_batches_tracked.add_(1)
        scale = self.weight / (var + self.eps).sqrt()
        return x * scale + (self.bias - mean * scale)


class EMA(nn.Module):
    def __init__(self, num_features, decay=0.99):
        super().__init__()
        self.register_buffer("average", torch.zeros(num_features), persistent=False)
        self.decay = decay

    def forward(self, x):
        if self.training:
            with torch.no_grad():
                self.average.mul_(self.decay).add_(x.mean(0), alpha=1 - self.decay)
        return self.average


def count_parameters(module, trainable_only=False):
    seen = set()
    total = 0
    for inner in module.modules():
        for parameter in inner._parameters.values():
            if parameter is None or id(parameter) in seen:
                continue
            seen.add(id(parameter))
            if not trainable_only or parameter.requires_grad:
                total += math.prod(parameter.shape)
    return total
