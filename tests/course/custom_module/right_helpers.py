"""A right answer with helper classes and modules added by name."""

from itertools import pairwise

import torch
from torch import nn


class Tracked(nn.Module):
    """A module with buffers that move a step towards new values, without their graph."""

    def track(self, name, new, share):
        old = self.get_buffer(name)
        old.copy_(old + share * (new.detach() - old))


class Linear(nn.Module):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        factory = {"device": device, "dtype": dtype}
        super().__init__()
        self.in_features, self.out_features = in_features, out_features
        self.weight = nn.Parameter(torch.zeros(out_features, in_features, **factory))
        nn.init.kaiming_uniform_(self.weight, a=5**0.5)
        if bias:
            self.bias = nn.Parameter(torch.zeros(out_features, **factory))
        else:
            self.bias = None

    def forward(self, x):
        product = (self.weight @ x.unsqueeze(-1)).squeeze(-1)
        return product if self.bias is None else self.bias + product

    def extra_repr(self):
        return f"{self.in_features} -> {self.out_features}"


class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.names = []
        for number, (before, after) in enumerate(pairwise(sizes)):
            name = f"layer_{number}"
            self.add_module(name, Linear(before, after))
            self.names.append(name)

    def forward(self, x):
        first, *others = (getattr(self, name) for name in self.names)
        x = first(x)
        for layer in others:
            x = layer(torch.maximum(x, torch.zeros_like(x)))
        return x


class Dropout(nn.Module):
    def __init__(self, p: float = 0.5):
        super().__init__()
        if not 0.0 <= p <= 1.0:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p

    def forward(self, x):
        if not self.training or self.p == 0:
            return x
        scale = 0.0 if self.p == 1 else 1 / (1 - self.p)
        coin = torch.rand_like(x, dtype=torch.float)
        return torch.where(coin < self.p, torch.zeros_like(x) * x, x * scale)


class BatchNorm1d(Tracked):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__()
        self.num_features, self.eps, self.momentum = num_features, eps, momentum
        self.weight = nn.Parameter(torch.ones(num_features))
        self.bias = nn.Parameter(torch.zeros(num_features))
        self.register_buffer("running_mean", torch.zeros(num_features))
        self.register_buffer("running_var", torch.ones(num_features))
        self.register_buffer("num_batches_tracked", torch.tensor(0))

    def forward(self, x):
        centre, spread = self.statistics(x) if self.training else (self.running_mean, self.running_var)
        z = (x - centre) / (spread + self.eps) ** 0.5
        return self.weight * z + self.bias

    def statistics(self, x):
        if len(x) < 2:
            raise ValueError("expected more than one value per channel when training")
        self.track("running_mean", x.mean(0), self.momentum)
        self.track("running_var", x.var(0), self.momentum)
        self.num_batches_tracked += 1
        return x.mean(0), (x - x.mean(0)).square().mean(0)


class EMA(Tracked):
    def __init__(self, num_features, decay=0.99):
        super().__init__()
        self.decay = decay
        self.register_buffer("average", torch.zeros(num_features), persistent=False)

    def forward(self, x):
        if self.training:
            self.track("average", x.mean(0), 1 - self.decay)
        return self.average.detach().clone()


def count_parameters(module, trainable_only=False):
    total = 0
    for _, parameter in module.named_parameters():
        if trainable_only and not parameter.requires_grad:
            continue
        total += parameter.nelement()
    return total
