"""A right answer in float32 with the ends set by hand, masks, clones, and results filled in place."""

import numpy as np
import torch
from torch import Tensor


def linspace(start: float, stop: float, n: int) -> Tensor:
    out = torch.full((n,), float(start), dtype=torch.float)
    if n > 1:
        step = (stop - start) / (n - 1)
        out += torch.arange(n, dtype=torch.float) * step
        out[-1] = stop
    return out


def multiples(start: int, stop: int, k: int) -> Tensor:
    numbers = torch.arange(start, stop + 1) if stop >= start else torch.arange(0)
    return numbers[numbers.remainder(k) == 0]


def checkerboard(height: int, width: int) -> Tensor:
    odd_row = torch.arange(height) % 2 == 1
    odd_column = torch.arange(width) % 2 == 1
    return torch.logical_xor(odd_row.unsqueeze(1), odd_column.unsqueeze(0)).to(torch.int64)


def from_numpy_copy(array: np.ndarray) -> Tensor:
    out = torch.empty(array.shape, dtype=torch.from_numpy(np.empty(0, array.dtype)).dtype)
    out.numpy()[...] = array
    return out


def to_numpy(tensor: Tensor) -> np.ndarray:
    with torch.no_grad():
        own = torch.empty(tensor.shape, dtype=torch.float if tensor.dtype == torch.bfloat16 else tensor.dtype)
        own.copy_(tensor)
    return own.numpy()


def normal(shape: tuple[int, ...], mean: float, std: float, *, generator: torch.Generator) -> Tensor:
    z = torch.randn(*shape, generator=generator, device=generator.device) if shape else None
    if z is None:
        z = torch.randn((), generator=generator, device=generator.device)
    return torch.add(torch.full_like(z, mean), z, alpha=std)
