"""Everything from logaddexp, masks as factors, tensor methods instead of functions of torch."""

import torch
from torch import Tensor, nn


def softplus(x: Tensor) -> Tensor:
    return x.logaddexp(x.new_zeros(()))


def sigmoid(x: Tensor) -> Tensor:
    return softplus(-x).neg().exp()


def tanh(x: Tensor) -> Tensor:
    x = x.clamp(-40, 40)  # flat beyond, and its gradient is 0 to the last digit
    if x.dtype in (torch.float16, torch.bfloat16):
        wide = x.float()
        return (wide.expm1() - (-wide).expm1()).div(wide.exp() + (-wide).exp()).to(x.dtype)
    return (x.expm1() - (-x).expm1()) / (x.exp() + (-x).exp())


def relu(x: Tensor) -> Tensor:
    return x.masked_fill(x <= 0, 0)


def leaky_relu(x: Tensor, negative_slope: float = 0.01) -> Tensor:
    return x * x.gt(0).to(x.dtype) + negative_slope * x * x.le(0).to(x.dtype)


def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    bent = x.masked_fill(x > 0, 0.0).expm1().mul(alpha)
    return relu(x) + bent


def mish(x: Tensor) -> Tensor:
    power = x.clamp(max=20).exp()
    if x.dtype == torch.float16:
        power = power.float()  # its square ends float16 soon
    wide = power * (power + 2)
    gate = (wide / (wide + 2)).to(x.dtype)
    return x.where(x > 20, x * gate)


def softmax(x: Tensor, dim: int) -> Tensor:
    if not x.numel():
        return torch.empty_like(x)
    wide = x if x.dtype == torch.float64 else x.float()
    shifted = wide - wide.max(dim, keepdim=True).values
    return (shifted - shifted.exp().sum(dim, keepdim=True).log()).exp().to(x.dtype)


class PReLU(nn.Module):
    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        super().__init__()
        self.num_parameters = num_parameters
        self.weight = nn.Parameter(torch.ones(num_parameters) * init)

    def forward(self, x: Tensor) -> Tensor:
        assert self.num_parameters in (1, x.size(1)), "one slope, or one for each channel"
        last = x.transpose(1, -1)  # channels at the end, where the slopes meet them
        return (last.clamp(min=0) + last.clamp(max=0) * self.weight).transpose(1, -1)
