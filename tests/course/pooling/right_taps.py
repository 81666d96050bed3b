"""A right answer number by number of the window: strided slices, a running maximum, and matrices for means."""

import torch
from torch import nn


def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    end = size + 2 * padding
    reach = dilation * (kernel_size - 1) + 1
    starts = range(0, size + padding if ceil_mode else end, stride)
    inside = [start for start in starts if start + reach <= end]
    over = ceil_mode and (end - reach) % stride and len(inside) * stride < size + padding
    return len(inside) + bool(over)


def surrounded(x, width, value):
    n, c, h, w = x.shape
    padded = x.new_full((n, c, h + 2 * width, w + 2 * width), value)
    padded[:, :, width : width + h, width : width + w] = x
    return padded


def taps(x, kernel_size, stride, padding, value):
    ho, wo = (pool_out(size, kernel_size, stride, padding) for size in x.shape[2:])
    x = surrounded(x, padding, value)
    for i in range(kernel_size):
        for j in range(kernel_size):
            yield x[:, :, i : i + (ho - 1) * stride + 1 : stride, j : j + (wo - 1) * stride + 1 : stride]


def max_pool2d(x, kernel_size, stride=None, padding=0):
    if stride is None:
        stride = kernel_size
    first, *others = taps(x, kernel_size, stride, padding, -torch.inf)
    best = first.clone()
    for tap in others:
        best = torch.where((tap > best) | torch.isnan(tap), tap, best)
    return best


def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    if stride is None:
        stride = kernel_size
    total = sum(taps(x, kernel_size, stride, padding, 0.0))
    if count_include_pad:
        return total.div(kernel_size * kernel_size)
    return total.div(sum(taps(torch.ones_like(x), kernel_size, stride, padding, 0.0)))


def weights(size, out, like):
    """(out, size): each row a mean over its window."""
    i = torch.arange(out, device=like.device)[:, None]
    j = torch.arange(size, device=like.device)
    inside = (j >= i * size // out) & (j * out < (i + 1) * size)
    inside = inside.to(like.dtype)
    return inside / inside.sum(dim=1, keepdim=True)


def adaptive_avg_pool2d(x, output_size):
    rows, columns = output_size if isinstance(output_size, (tuple, list)) else (output_size, output_size)
    return weights(x.shape[2], rows, x) @ x @ weights(x.shape[3], columns, x).mT


def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    dtype = x.dtype
    if dtype.itemsize == 2:
        x = x.to(torch.float32)
    channels = x.shape[1]
    squares = x * x
    total = torch.zeros_like(x)
    for shift in range(-(size // 2), (size - 1) // 2 + 1):
        low, high = max(0, -shift), min(channels, channels - shift)
        if low < high:
            total[:, low:high] += squares[:, low + shift : high + shift]
    return (x / (total * (alpha / size) + k).pow(beta)).to(dtype)


class GlobalAvgPool(nn.Module):
    def forward(self, x):
        return x.sum((-1, -2)) / (x.shape[-1] * x.shape[-2])
