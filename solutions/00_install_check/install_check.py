"""Is PyTorch installed, and does it work?"""

import re

import torch


def parse_version(version: str) -> tuple[int, int]:
    """(major, minor) of a version such as "2.14.1+cu130"."""
    major, minor = re.findall(r"\d+", version)[:2]
    return int(major), int(minor)


def at_least(version: str, minimum: tuple[int, int]) -> bool:
    """Whether a version is `minimum` or newer."""
    return parse_version(version) >= minimum  # tuples compare number by number, from the left


def pick_device(prefer: str | None = None) -> torch.device:
    """The preferred device, or the best that this machine has now."""
    count = {  # best first; asked at every call, for a program may choose its devices after the import
        "cuda": torch.cuda.device_count() if torch.cuda.is_available() else 0,
        "mps": 1 if torch.backends.mps.is_available() else 0,
        "cpu": 1,
    }
    if prefer is None:
        return torch.device(next(kind for kind in count if count[kind]))
    device = torch.device(prefer)  # RuntimeError for a name that stands for nothing
    if (device.index or 0) >= count.get(device.type, 0):
        raise RuntimeError(f"{prefer} is not available on this machine")
    return device


def smoke_test(device: torch.device | str) -> dict[str, bool]:
    """Whether a device can multiply, go backward, and get finite numbers."""
    report = {"matmul": False, "backward": False, "finite": False}
    try:
        x = torch.tensor([[1.0, 2.0], [3.0, 4.0]], device=device, requires_grad=True)  # (2, 2)
        y = x @ x  # (2, 2)
        report["matmul"] = y.tolist() == [[7.0, 10.0], [15.0, 22.0]]  # small whole numbers are exact everywhere
        (gradient,) = torch.autograd.grad(y.sum(), x)  # (2, 2)
        report["backward"] = gradient.shape == x.shape
        report["finite"] = bool(y.isfinite().all() and gradient.isfinite().all())
    except Exception:  # a missing device raises RuntimeError, NotImplementedError or AssertionError
        pass  # what was not reached stays False
    return report
