"""Custom modules: parameters, buffers, and what changes between training and evaluation.

Shapes: N samples, I features in, O features out, C columns (channels), … any leading dimensions.
"""

import math
from itertools import pairwise

import torch
from torch import Tensor, nn


class Linear(nn.Module):
    """y = x @ weight.T + bias, on the last dimension."""

    bias: nn.Parameter | None

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        super().__init__()
        # Device and dtype go into the factory: `nn.Parameter(…).to(…)` is no parameter any more.
        self.weight = nn.Parameter(torch.empty(out_features, in_features, device=device, dtype=dtype))  # (O, I)
        if bias:
            self.bias = nn.Parameter(torch.empty(out_features, device=device, dtype=dtype))  # (O,)
        else:
            self.register_parameter("bias", None)
        bound = 1 / math.sqrt(in_features)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        y = x @ self.weight.T  # (…, I) @ (I, O) -> (…, O)
        return y if self.bias is None else y + self.bias


class MLP(nn.Module):
    """Linear layers with a ReLU between each two."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__()
        self.layers = nn.ModuleList(Linear(before, after) for before, after in pairwise(sizes))

    def forward(self, x: Tensor) -> Tensor:
        *hidden, last = self.layers
        for layer in hidden:
            x = layer(x).relu()  # (N, the size after this layer)
        return last(x)  # (N, sizes[-1])


class Dropout(nn.Module):
    """In training, zero each element with probability p and divide the others by 1 - p."""

    def __init__(self, p: float = 0.5) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"p is a probability, from 0 to 1; {p} is not")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training:
            return x
        if self.p == 1:
            return x * 0  # 1 / (1 - p) would be infinite; the product keeps the graph
        kept = torch.rand(x.shape, device=x.device) >= self.p  # one draw for each element
        return x * kept / (1 - self.p)


class BatchNorm1d(nn.Module):
    """Standardize each column, then scale by `weight` and shift by `bias`."""

    running_mean: Tensor
    running_var: Tensor
    num_batches_tracked: Tensor

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.eps = eps
        self.momentum = momentum
        self.weight = nn.Parameter(torch.ones(num_features))  # (C,)
        self.bias = nn.Parameter(torch.zeros(num_features))  # (C,)
        self.register_buffer("running_mean", torch.zeros(num_features))  # (C,)
        self.register_buffer("running_var", torch.ones(num_features))  # (C,)
        self.register_buffer("num_batches_tracked", torch.tensor(0))  # ()

    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            if len(x) == 1:
                raise ValueError("a batch of one sample has no variance: use two or more in training")
            mean, var = x.mean(0), x.var(0, correction=0)  # (C,), (C,): over N, with the graph of x
            self._track(x)
        else:
            mean, var = self.running_mean, self.running_var  # (C,), (C,)
        return (x - mean) / torch.sqrt(var + self.eps) * self.weight + self.bias  # (N, C)

    @torch.no_grad()
    def _track(self, x: Tensor) -> None:
        """Move the running statistics towards those of a batch, without its graph."""
        self.running_mean.lerp_(x.mean(0), self.momentum)
        self.running_var.lerp_(x.var(0), self.momentum)  # over N - 1: an estimate for data not seen yet
        self.num_batches_tracked += 1


class EMA(nn.Module):
    """An exponential moving average of column means."""

    average: Tensor

    def __init__(self, num_features: int, decay: float = 0.99) -> None:
        super().__init__()
        self.decay = decay
        self.register_buffer("average", torch.zeros(num_features), persistent=False)  # (C,)

    @torch.no_grad()
    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            self.average = self.decay * self.average + (1 - self.decay) * x.mean(0)  # (C,)
        return self.average


def count_parameters(module: nn.Module, trainable_only: bool = False) -> int:
    """How many numbers the parameters of `module` hold; one reached twice counts once."""
    # `parameters()` yields each parameter once, however many names it has.
    return sum(p.numel() for p in module.parameters() if p.requires_grad or not trainable_only)
