"""A right answer by tables of indices: which rows and columns each place of the kernel covers; channels last inside."""

import torch
from torch import nn
from torch.nn.functional import pad


def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    span = dilation * (kernel_size - 1)
    count = (size + 2 * padding - span - 1 + stride) // stride
    if count <= 0:
        raise ValueError("nothing fits")
    return count


def covered(places, taps, stride, dilation, device):
    """(places, taps): the index under each tap at each place."""
    first = torch.arange(places, device=device) * stride
    return first[:, None] + torch.arange(taps, device=device) * dilation


def conv1d_causal(x, weight, bias=None, dilation=1):
    taps, steps = weight.shape[-1], x.shape[-1]
    source = covered(steps, taps, 1, dilation, x.device) - dilation * (taps - 1)  # before 0: a step that is not there
    there = source >= 0
    windows = torch.where(there, x[:, :, source.clamp(min=0)], 0)  # (N, Ci, T, K)
    out = torch.tensordot(windows, weight, dims=([1, 3], [1, 2])).transpose(1, 2)
    return out if bias is None else out + bias.reshape(-1, 1)


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, padding, dilation = (
        (option, option) if isinstance(option, int) else option for option in (stride, padding, dilation)
    )
    tables = []
    for axis in range(2):
        taps = weight.shape[2 + axis]
        places = conv_out(x.shape[2 + axis], taps, stride[axis], padding[axis], dilation[axis])
        tables.append(covered(places, taps, stride[axis], dilation[axis], x.device))
    rows, columns = tables
    image = pad(x, (padding[1], padding[1], padding[0], padding[0])).permute(0, 2, 3, 1)  # (N, H, W, Ci)
    windows = image[:, rows[:, None, :, None], columns[None, :, None, :]]  # (N, Ho, Wo, kh, kw, Ci)
    parts = zip(windows.chunk(groups, dim=-1), weight.chunk(groups, dim=0), strict=True)
    out = torch.cat([torch.tensordot(w, k, dims=([3, 4, 5], [2, 3, 1])) for w, k in parts], dim=-1)
    if bias is not None:
        out = out + bias
    return out.permute(0, 3, 1, 2)


def depthwise(x, weight):
    channels = [conv2d(image, kernel) for image, kernel in zip(x.split(1, 1), weight.split(1), strict=True)]
    return torch.cat(channels, 1)


def pointwise(x, weight):
    return (x.permute(0, 2, 3, 1) @ weight.mT).permute(0, 3, 1, 2)


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True):
        super().__init__()
        assert in_channels % groups == 0 and out_channels % groups == 0
        kh, kw = kernel_size if isinstance(kernel_size, tuple) else (kernel_size, kernel_size)
        self.weight = nn.Parameter(nn.init.xavier_uniform_(torch.zeros(out_channels, in_channels // groups, kh, kw)))
        if bias:
            self.bias = nn.Parameter(0.1 * torch.rand(out_channels))
        else:
            self.bias = None
        self.rest = stride, padding, dilation, groups

    def forward(self, x):
        return conv2d(x, self.weight, self.bias, *self.rest)


def receptive_field(layers):
    positions = {0}
    for kernel_size, stride, dilation in reversed(layers):
        positions = {
            p * stride + tap * dilation for p in (min(positions), max(positions)) for tap in range(kernel_size)
        }
    return max(positions) - min(positions) + 1
