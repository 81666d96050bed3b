"""A right answer in separate steps, each with a try of its own; numbers in NumPy; names taken apart by hand."""

import math
from typing import NamedTuple

import numpy as np
import torch
import torch.backends.mps as mps
from torch import cuda


class Version(NamedTuple):
    major: int
    minor: int


def parse_version(version: str) -> tuple[int, int]:
    import re

    match = re.match(r"v?(\d+)\.(\d+)", version)
    assert match is not None
    return Version(*map(int, match.groups()))


def at_least(version: str, minimum: tuple[int, int]) -> bool:
    return not parse_version(version) < tuple(minimum)


def pick_device(prefer: str | None = None) -> torch.device:
    if prefer is None:
        if cuda.is_available():
            return torch.device("cuda:0")
        return torch.device("mps" if mps.is_available() else "cpu")
    kind, _, number = prefer.partition(":")
    if kind == "cuda" and cuda.is_available() and int(number or 0) < cuda.device_count():
        return torch.device(prefer)
    if (kind == "mps" and mps.is_available()) or kind == "cpu":
        return torch.device(prefer)
    raise RuntimeError(f"{prefer!r} is not available")


def _product(device):
    a = torch.from_numpy(np.arange(6, dtype=np.float32).reshape(2, 3)).to(device).requires_grad_()
    b = torch.full((3, 2), 0.5, device=device)
    return a, torch.matmul(a, b)


def _matmul(device):
    _, y = _product(device)
    return np.allclose(y.detach().cpu().numpy(), [[1.5, 1.5], [6.0, 6.0]])


def _backward(device):
    a, y = _product(device)
    y.sum().backward()
    return bool((a.grad == 1).all())


def _finite(device):
    a, y = _product(device)
    loss = y.sum()
    loss.backward()
    return math.isfinite(loss.item()) and math.isfinite(a.grad.sum().item())


def _attempt(step, device):
    try:
        return step(device)
    except Exception as error:
        print(f"{step.__name__} on {device}: {error}")
        return False


def smoke_test(device):
    steps = {"matmul": _matmul, "backward": _backward, "finite": _finite}
    return {key: _attempt(step, device) for key, step in steps.items()}
