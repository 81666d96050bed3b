"""A right answer tap by tap: for each place of the kernel, a strided slice of the image times a matrix, added up."""

import torch
from torch import nn


def both(value):
    return tuple(value) if isinstance(value, (tuple, list)) else (value, value)


def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    last = size + 2 * padding - 1 - dilation * (kernel_size - 1)  # where the first tap lies at the last place
    if last < 0:
        raise ValueError(f"no place for {kernel_size} taps in {size}")
    return len(range(0, last + 1, stride))


def conv1d_causal(x, weight, bias=None, dilation=1):
    n, _, steps = x.shape
    taps = weight.size(2)
    out = x.new_zeros(n, weight.size(0), steps)
    for back in range(taps):
        shift = back * dilation
        if shift < steps:
            seen = x[:, :, : steps - shift]
            out[:, :, shift:] += weight[:, :, taps - 1 - back] @ seen
    if bias is not None:
        out += bias.view(-1, 1)
    return out


def surrounded(x, rows, columns):
    n, c, h, w = x.shape
    padded = x.new_zeros(n, c, h + 2 * rows, w + 2 * columns)
    padded[:, :, rows : rows + h, columns : columns + w] = x
    return padded


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (ph, pw), (dh, dw) = both(stride), both(padding), both(dilation)
    outputs, per_group, kh, kw = weight.shape
    ho = conv_out(x.size(2), kh, sh, ph, dh)
    wo = conv_out(x.size(3), kw, sw, pw, dw)
    padded = surrounded(x, ph, pw)
    share = outputs // groups
    pieces = []
    for g in range(groups):
        block = padded[:, g * per_group : (g + 1) * per_group]
        kernels = weight[g * share : (g + 1) * share]
        total = x.new_zeros(x.size(0), share, ho * wo)
        for i in range(kh):
            for j in range(kw):
                rows = slice(i * dh, i * dh + (ho - 1) * sh + 1, sh)
                columns = slice(j * dw, j * dw + (wo - 1) * sw + 1, sw)
                total += torch.matmul(kernels[:, :, i, j], block[:, :, rows, columns].flatten(2))
        pieces.append(total.unflatten(2, (ho, wo)))
    out = torch.cat(pieces, dim=1)
    return out if bias is None else out.add_(bias.reshape(1, -1, 1, 1))


def depthwise(x, weight):
    size = weight.size(-1)
    h, w = x.size(2) - size + 1, x.size(3) - size + 1
    terms = [
        x[:, :, i : i + h, j : j + w] * weight[:, 0, i, j].view(-1, 1, 1) for i in range(size) for j in range(size)
    ]
    return torch.stack(terms).sum(0)


def pointwise(x, weight):
    return torch.matmul(weight, x.flatten(2)).unflatten(2, x.shape[2:])


class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True):
        super().__init__()
        for channels in (in_channels, out_channels):
            if channels % groups != 0:
                raise ValueError(f"{channels} channels cannot be cut into {groups} groups")
        self.in_channels, self.out_channels, self.kernel_size = in_channels, out_channels, both(kernel_size)
        self.stride, self.padding, self.dilation, self.groups = both(stride), both(padding), both(dilation), groups
        self.weight = nn.Parameter(torch.randn(out_channels, in_channels // groups, *self.kernel_size) * 0.1)
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

    def forward(self, x):
        return conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


def receptive_field(layers):
    reach = 1
    for kernel_size, stride, dilation in layers[::-1]:  # how much input a stretch of output needs
        reach = (reach - 1) * stride + dilation * (kernel_size - 1) + 1
    return reach
