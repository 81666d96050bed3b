"""A right answer by as_strided windows, built by a small class, and by loops over the places of the result."""

import math
from functools import partial

import torch
from torch import nn


def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    places = (size + 2 * padding - (dilation * (kernel_size - 1) + 1)) / stride + 1
    if ceil_mode:
        return min(math.ceil(places), math.ceil((size + padding) / stride))
    return math.floor(places)


class Windows:
    """The windows of an image, each flattened."""

    def __init__(self, kernel_size, stride, padding, fill):
        self.kernel_size = kernel_size
        self.stride = kernel_size if stride is None else stride
        self.padding = padding
        self.border = nn.ConstantPad2d(padding, fill)

    def __call__(self, x):
        count = partial(pool_out, kernel_size=self.kernel_size, stride=self.stride, padding=self.padding)
        ho, wo = map(count, x.shape[2:])
        x = self.border(x).contiguous()
        n, c, h, w = x.stride()
        shape = (*x.shape[:2], ho, wo, self.kernel_size, self.kernel_size)
        return x.as_strided(shape, (n, c, h * self.stride, w * self.stride, h, w)).flatten(4)


def max_pool2d(x, kernel_size, stride=None, padding=0):
    windows = Windows(kernel_size, stride, padding, float("-inf"))(x)
    return torch.take_along_dim(windows, windows.argmax(-1, keepdim=True), -1)[..., 0]


def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    windows = Windows(kernel_size, stride, padding, 0.0)
    if count_include_pad:
        return windows(x).mean(-1)
    inside = windows(torch.ones(1, 1, *x.shape[2:], dtype=x.dtype, device=x.device))
    return windows(x).sum(-1) / inside.sum(-1)


def adaptive_avg_pool2d(x, output_size):
    ho, wo = (output_size,) * 2 if type(output_size) is int else output_size
    h, w = x.size(2), x.size(3)
    out = torch.empty(x.size(0), x.size(1), ho, wo, dtype=x.dtype, device=x.device)
    for i in range(ho):
        for j in range(wo):
            rows = slice(math.floor(i * h / ho), math.ceil((i + 1) * h / ho))
            columns = slice(math.floor(j * w / wo), math.ceil((j + 1) * w / wo))
            out[:, :, i, j] = x[:, :, rows, columns].mean(dim=(2, 3))
    return out


def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    promoted = x.to(torch.promote_types(x.dtype, torch.float32))
    squares = promoted.pow(2)
    sums = []
    for c in range(x.shape[1]):
        first, last = max(0, c - size // 2), c + (size - 1) // 2
        sums.append(squares[:, first : last + 1].sum(1, keepdim=True))
    scale = torch.cat(sums, 1).mul(alpha).div(size).add(k)
    return promoted.mul(scale.log().mul(-beta).exp()).to(x.dtype)


class GlobalAvgPool(nn.Module):
    def __init__(self) -> None:
        super().__init__()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.stack([channel.mean(dim=(-2, -1)) for channel in x.unbind(1)], dim=1)
