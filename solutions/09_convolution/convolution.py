"""Convolution: a small kernel slides over an input, and at each place a weighted sum is taken.

Shapes: N samples, Ci and Co channels in and out, G groups; H and W height and width, Ho and Wo those of the
result; kh and kw height and width of the kernel; T time steps, K taps of a kernel over time.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _extent(kernel_size: int, dilation: int) -> int:
    """How far a kernel reaches: its taps, and the gaps of dilation - 1 between them."""
    return dilation * (kernel_size - 1) + 1


def _pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def conv_out(size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """How many places a kernel finds along one dimension."""
    room = size + 2 * padding - _extent(kernel_size, dilation)  # how far the kernel can move
    if room < 0:
        raise ValueError(f"a kernel that reaches over {_extent(kernel_size, dilation)} does not fit {size}, padded")
    return room // stride + 1


def conv1d_causal(x: Tensor, weight: Tensor, bias: Tensor | None = None, dilation: int = 1) -> Tensor:
    """A convolution over time whose result at t depends on the inputs up to t alone."""
    extent = _extent(weight.shape[2], dilation)
    padded = F.pad(x, (extent - 1, 0))  # (N, Ci, extent - 1 + T): zeros before the start, none after the end
    windows = padded.unfold(2, extent, 1)[..., ::dilation]  # (N, Ci, T, K)
    out = torch.einsum("nctk,ock->not", windows, weight)  # (N, Co, T)
    return out if bias is None else out + bias[:, None]


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Tensor:
    """The cross-correlation that deep learning calls convolution."""
    (sh, sw), (ph, pw), (dh, dw) = _pair(stride), _pair(padding), _pair(dilation)
    kh, kw = weight.shape[2:]
    padded = F.pad(x, (pw, pw, ph, ph))  # the last dimension comes first here

    # `unfold` is a view, and raises where the kernel does not fit.
    rows = padded.unfold(2, _extent(kh, dh), sh)[..., ::dh]  # (N, Ci, Ho, W + 2 pw, kh)
    windows = rows.unfold(3, _extent(kw, dw), sw)[..., ::dw]  # (N, Ci, Ho, Wo, kh, kw)

    # Each group of output channels looks at its own group of input channels.
    windows = windows.unflatten(1, (groups, -1))  # (N, G, Ci/G, Ho, Wo, kh, kw)
    kernels = weight.unflatten(0, (groups, -1))  # (G, Co/G, Ci/G, kh, kw)
    out = torch.einsum("ngcyxij,gocij->ngoyx", windows, kernels).flatten(1, 2)  # (N, Co, Ho, Wo)
    return out if bias is None else out + bias[:, None, None]


def depthwise(x: Tensor, weight: Tensor) -> Tensor:
    """One kernel for each channel, and no sum over channels: as many groups as channels."""
    return conv2d(x, weight, groups=x.shape[1])  # (N, C, H, W), (C, 1, k, k) -> (N, C, H - k + 1, W - k + 1)


def pointwise(x: Tensor, weight: Tensor) -> Tensor:
    """A 1 x 1 convolution: the same linear map of the channels at every place."""
    return torch.einsum("nchw,oc->nohw", x, weight)


class Conv2d(nn.Module):
    """A layer around conv2d, with the parameters of nn.Conv2d."""

    bias: nn.Parameter | None

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        if in_channels % groups or out_channels % groups:
            raise ValueError(f"{groups} groups do not divide {in_channels} and {out_channels} channels")
        self.stride = stride
        self.padding = padding
        self.dilation = dilation
        self.groups = groups
        kh, kw = _pair(kernel_size)
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, kh, kw))  # (Co, Ci/G, kh, kw)
        if bias:
            self.bias = nn.Parameter(torch.empty(out_channels))  # (Co,)
        else:
            self.register_parameter("bias", None)
        bound = 1 / math.sqrt(self.weight[0].numel())  # the inputs of one output, as nn.Conv2d has it
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        return conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


def receptive_field(layers: list[tuple[int, int, int]]) -> int:
    """How many neighbouring inputs, along one dimension, one output of a stack of layers can see."""
    reach, step = 1, 1  # step: how far apart in the input two neighbours of this layer's input are
    for kernel_size, stride, dilation in layers:
        reach += (_extent(kernel_size, dilation) - 1) * step
        step *= stride
    return reach
