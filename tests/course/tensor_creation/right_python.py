"""A right answer by plain Python lists where loops are allowed, and by constructors from lists and arrays."""

import numpy as np
import torch


def _between(start, stop, i, n):
    if i == n - 1 and n > 1:
        return stop
    return start + (stop - start) * i / max(n - 1, 1)


def linspace(start, stop, n):
    return torch.tensor([_between(start, stop, i, n) for i in range(n)], dtype=torch.float32)


def multiples(start, stop, k):
    return torch.tensor([i for i in range(start, stop + 1) if i % k == 0], dtype=torch.long)


def checkerboard(height, width):
    board = torch.zeros((height, width), dtype=torch.int64)
    board[::2, 1::2] = 1
    board[1::2, ::2] = 1
    return board


def from_numpy_copy(array):
    return torch.tensor(np.array(array, order="C"))


def to_numpy(tensor):
    if tensor.dtype is torch.bfloat16:
        tensor = tensor.to(torch.float32)
    return np.array(tensor.numpy(force=True))


def normal(shape, mean, std, *, generator):
    numbers = torch.randn(shape, generator=generator, device=generator.device)
    numbers *= std
    numbers += mean
    return numbers
