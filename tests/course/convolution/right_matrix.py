"""A right answer by one matrix product for each group: windows through as_strided, flattened to columns."""

import math

import torch
import torch.nn.functional as F
from torch import nn


def _two(value):
    if isinstance(value, int):
        return [value] * 2
    first, second = value
    return [first, second]


class Axis:
    """One dimension that a kernel slides along."""

    def __init__(self, size, taps, stride=1, padding=0, dilation=1):
        self.taps, self.stride, self.padding, self.dilation = taps, stride, padding, dilation
        self.places = math.floor((size + 2 * padding - dilation * (taps - 1) - 1) / stride + 1)
        if self.places < 1:
            raise ValueError("the kernel is larger than the padded input")


def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    return Axis(size, kernel_size, stride, padding, dilation).places


def columns(x, *axes):
    """(N, C, …) -> (N, C, all taps, all places)."""
    x = F.pad(x, [axis.padding for axis in reversed(axes) for _ in range(2)])
    step = x.stride()
    size, stride = list(x.shape[:2]), list(step[:2])
    for axis, along in zip(axes, step[2:], strict=True):
        size.append(axis.taps)
        stride.append(along * axis.dilation)
    for axis, along in zip(axes, step[2:], strict=True):
        size.append(axis.places)
        stride.append(along * axis.stride)
    windows = x.as_strided(size, stride)
    taps, places = (math.prod(part) for part in (size[2 : 2 + len(axes)], size[2 + len(axes) :]))
    return windows.reshape(*x.shape[:2], taps, places)


def conv1d_causal(x, weight, bias=None, dilation=1):
    outputs, inputs, taps = weight.shape
    x = nn.ConstantPad1d((dilation * (taps - 1), 0), 0.0)(x)
    table = columns(x, Axis(x.shape[-1], taps, dilation=dilation))
    table = table.reshape(x.shape[0], inputs * taps, table.shape[-1])
    out = weight.reshape(outputs, inputs * taps).matmul(table)
    return out if bias is None else out + bias.unsqueeze(1)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    options = zip(_two(stride), _two(padding), _two(dilation), strict=True)
    axes = [Axis(size, taps, *rest) for size, taps, rest in zip(x.shape[2:], weight.shape[2:], options, strict=True)]
    table = columns(x, *axes)  # (N, Ci, taps, places)
    n, channels, taps, places = table.shape
    table = table.reshape(n, groups, channels // groups * taps, places)
    kernels = weight.reshape(groups, weight.shape[0] // groups, weight.shape[1] * taps)
    out = torch.matmul(kernels, table)  # (N, G, Co / G, places)
    out = out.reshape(n, weight.shape[0], axes[0].places, axes[1].places)
    if bias is not None:
        out = out + bias.view(1, -1, 1, 1)
    return out


def depthwise(x, weight):
    taps = weight.shape[-1]
    axes = [Axis(size, taps) for size in x.shape[2:]]
    summed = (columns(x, *axes) * weight.flatten(1)[None, :, :, None]).sum(dim=2)
    return summed.unflatten(-1, [axis.places for axis in axes])


def pointwise(x, weight):
    return F.linear(x.movedim(1, -1), weight).movedim(-1, 1)


class Conv2d(nn.Module):
    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size,
        stride=1,
        padding=0,
        dilation=1,
        groups: int = 1,
        bias: bool = True,
    ):
        if in_channels % groups:
            raise ValueError("in_channels must be divisible by groups")
        if out_channels % groups:
            raise ValueError("out_channels must be divisible by groups")
        super().__init__()
        self.options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": groups}
        self.weight = nn.Parameter(torch.empty(out_channels, in_channels // groups, *_two(kernel_size)))
        self.register_parameter("bias", nn.Parameter(torch.empty(out_channels)) if bias else None)
        self.reset_parameters()

    def reset_parameters(self):
        nn.init.kaiming_normal_(self.weight, nonlinearity="relu")
        if self.bias is not None:
            nn.init.normal_(self.bias, std=0.01)

    def forward(self, x):
        return conv2d(x, self.weight, self.bias, **self.options)


def receptive_field(layers):
    strides = [stride for _, stride, _ in layers]
    return 1 + sum(
        (kernel_size - 1) * dilation * math.prod(strides[:depth])
        for depth, (kernel_size, _, dilation) in enumerate(layers)
    )
