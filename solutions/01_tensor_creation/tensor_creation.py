"""Tensor creation: constructors, NumPy and random numbers.

Shapes: n numbers, m multiples, H and W height and width of a board, … any dimensions.
"""

import numpy as np
import torch
from torch import Tensor


def linspace(start: float, stop: float, n: int) -> Tensor:
    """n numbers from `start` to `stop`."""
    t = torch.arange(n, dtype=torch.float64) / max(n - 1, 1)  # (n,) from 0 to 1: n numbers have n - 1 gaps
    return (
        start * (1 - t) + stop * t
    ).float()  # at t = 1 this is exactly `stop`, start + t * (stop - start) may not be


def multiples(start: int, stop: int, k: int) -> Tensor:
    """The multiples of k from `start` to `stop`."""
    first = -(-start // k) * k  # rounded up: `//` rounds down, negative numbers too
    return torch.arange(first, max(stop + 1, first), k)  # (m,) int64; the end itself is left out, so it is one more


def checkerboard(height: int, width: int) -> Tensor:
    """0 where row + column is even, 1 where it is odd."""
    rows, columns = torch.arange(height), torch.arange(width)  # (H,), (W,)
    return (rows[:, None] + columns) % 2  # (H, 1) + (W,) -> (H, W)


def from_numpy_copy(array: np.ndarray) -> Tensor:
    """A tensor with the numbers of `array`, and memory of its own."""
    return torch.from_numpy(array.copy())  # the copy is writeable and has positive strides; it belongs to the tensor


def to_numpy(tensor: Tensor) -> np.ndarray:
    """An array with the numbers of `tensor`, and memory of its own."""
    values = tensor.detach().cpu().resolve_conj().resolve_neg()  # NumPy has neither graph, GPU nor lazy conjugates
    if values.dtype == torch.bfloat16:
        values = values.float()
    return values.numpy().copy()  # without the copy, memory would be shared where nothing above made a new tensor


def normal(shape: tuple[int, ...], mean: float, std: float, *, generator: torch.Generator) -> Tensor:
    """Normal numbers from a generator of the caller's."""
    return mean + std * torch.randn(shape, generator=generator, device=generator.device)
