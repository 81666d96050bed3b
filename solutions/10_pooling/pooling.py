"""Pooling: each window of an image becomes one number; and normalisation across neighbouring channels.

Shapes: N samples, C channels, H and W height and width, Ho and Wo those of the result; k rows and columns of a window.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def pool_out(
    size: int, kernel_size: int, stride: int, padding: int = 0, dilation: int = 1, ceil_mode: bool = False
) -> int:
    """How many windows there are along one dimension."""
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1  # how far the window can move
    if not ceil_mode:
        return room // stride + 1
    out = math.ceil(room / stride) + 1
    if (out - 1) * stride >= size + padding:  # the last window would see nothing but the padding after the end
        out -= 1
    return out


def _windows(x: Tensor, kernel_size: int, stride: int) -> Tensor:
    """Every window of the last two dimensions, as two new ones: (…, H, W) -> (…, Ho, Wo, k, k), a view."""
    return x.unfold(-2, kernel_size, stride).unfold(-2, kernel_size, stride)


def max_pool2d(x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0) -> Tensor:
    """The largest number of each window."""
    padded = F.pad(x, (padding,) * 4, value=-math.inf)  # never larger than a number of the image
    windows = _windows(padded, kernel_size, stride or kernel_size)  # (N, C, Ho, Wo, k, k)

    # `max` gives the whole gradient to the first of several equal numbers; `amax` would share it out.
    return windows.flatten(-2).max(dim=-1).values  # (N, C, Ho, Wo)


def avg_pool2d(
    x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0, count_include_pad: bool = True
) -> Tensor:
    """The mean of each window."""
    stride = stride or kernel_size
    total = _windows(F.pad(x, (padding,) * 4), kernel_size, stride).sum(dim=(-2, -1))  # (N, C, Ho, Wo)
    if count_include_pad:
        return total / kernel_size**2
    inside = F.pad(x.new_ones(x.shape[2:]), (padding,) * 4)  # 1 in the image, 0 in the border
    return total / _windows(inside, kernel_size, stride).sum(dim=(-2, -1))  # divided by (Ho, Wo)


def adaptive_avg_pool2d(x: Tensor, output_size: int | tuple[int, int]) -> Tensor:
    """Means over windows that are chosen such that the result has a given size."""
    sizes = (output_size, output_size) if isinstance(output_size, int) else output_size
    for dim, out in zip((2, 3), sizes, strict=True):  # the mean of a rectangle is a mean of means of its rows
        size = x.shape[dim]
        edges = [(i * size // out, -(-(i + 1) * size // out)) for i in range(out)]  # rounded down, rounded up
        x = torch.stack([x.narrow(dim, start, end - start).mean(dim) for start, end in edges], dim)
    return x  # (N, C, Ho, Wo)


def local_response_norm(x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Each number, divided by a power of the squares at the same place in `size` neighbouring channels."""
    wide = x.float() if x.dtype in (torch.float16, torch.bfloat16) else x  # squares soon overflow float16
    before, after = size // 2, (size - 1) // 2
    others = [0, 0] * (x.dim() - 2)  # F.pad counts from the last dimension; only the channels get zeros
    squares = F.pad(wide.square(), [*others, before, after])  # (N, before + C + after, …)
    total = squares.unfold(1, size, 1).sum(dim=-1)  # (N, C, …)
    return (wide * (k + alpha / size * total) ** -beta).to(x.dtype)


class GlobalAvgPool(nn.Module):
    """The mean of each channel."""

    def forward(self, x: Tensor) -> Tensor:
        return x.mean(dim=(2, 3))  # (N, C, H, W) -> (N, C)
