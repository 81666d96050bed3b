"""A right answer by tables of indices: gathered windows, a convolution, running sums and a banded matrix."""

import torch
import torch.nn.functional as F
from torch import nn


def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    count = (room + (stride - 1 if ceil_mode else 0)) // stride + 1
    while ceil_mode and (count - 1) * stride >= size + padding:
        count = count - 1
    return count


def max_pool2d(x, kernel_size, stride=None, padding=0):
    stride = kernel_size if stride is None else stride
    h, w = x.shape[2:]
    padded = F.pad(x, [padding] * 4, mode="constant", value=torch.finfo(x.dtype).min)
    rows = torch.arange(pool_out(h, kernel_size, stride, padding), device=x.device) * stride
    columns = torch.arange(pool_out(w, kernel_size, stride, padding), device=x.device) * stride
    inner = torch.arange(kernel_size, device=x.device)
    r = rows[:, None, None, None] + inner[:, None]
    c = columns[:, None, None] + inner
    windows = padded[:, :, r, c]  # (N, C, Ho, Wo, k, k)
    windows = windows.reshape(*windows.shape[:4], kernel_size**2)
    best = windows.argmax(dim=-1, keepdim=True)
    return windows.gather(-1, best).squeeze(-1)


def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    stride = kernel_size if stride is None else stride
    kernel = torch.ones(1, 1, kernel_size, kernel_size, dtype=x.dtype, device=x.device)
    n, c, h, w = x.shape
    total = F.conv2d(x.reshape(n * c, 1, h, w), kernel, stride=stride, padding=padding)
    total = total.reshape(n, c, *total.shape[2:])
    count = kernel_size**2
    if not count_include_pad:
        count = F.conv2d(torch.ones(1, 1, h, w, dtype=x.dtype, device=x.device), kernel, None, stride, padding)
    return total / count


def adaptive_avg_pool2d(x, output_size):
    if not isinstance(output_size, int):
        ho, wo = output_size
    else:
        ho = wo = output_size
    dtype = x.dtype
    h, w = x.shape[2:]
    sums = F.pad(x.double(), (1, 0, 1, 0)).cumsum(2).cumsum(3)  # what lies above and to the left
    i, j = torch.arange(ho, device=x.device), torch.arange(wo, device=x.device)
    top, bottom = i * h // ho, ((i + 1) * h + ho - 1) // ho
    left, right = j * w // wo, ((j + 1) * w + wo - 1) // wo
    strips = sums[:, :, bottom] - sums[:, :, top]
    total = strips[..., right] - strips[..., left]
    return (total / ((bottom - top)[:, None] * (right - left))).to(dtype)


def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    wide = x if x.dtype in (torch.float32, torch.float64) else x.float()
    index = torch.arange(x.shape[1], device=x.device)
    distance = index[None, :] - index[:, None]  # other channel minus own
    band = ((distance >= -(size // 2)) & (distance <= (size - 1) // 2)).to(wide.dtype)
    total = torch.einsum("cd,nd...->nc...", band, wide**2)
    return wide.div(torch.pow(k + alpha * total / size, beta)).type_as(x)


class GlobalAvgPool(nn.Module):
    def __init__(self):
        super().__init__()
        self.inner = nn.Sequential(nn.AdaptiveAvgPool2d((1, 1)), nn.Flatten())

    def forward(self, x):
        return self.inner(x)
