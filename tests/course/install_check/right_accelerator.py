"""A right answer that asks `torch.accelerator` and the module of each device; steps in a table; a linear layer."""

import torch
from torch import nn


def parse_version(version):
    public, _, _ = version.partition("+")
    major, minor, *_ = public.split(".")
    digits = ""
    for character in minor:
        if not character.isdigit():
            break
        digits += character
    return int(major), int(digits)


def at_least(version, minimum):
    major, minor = parse_version(version)
    if major != minimum[0]:
        return major > minimum[0]
    return minor >= minimum[1]


def _available(device):
    if device.type == "cpu":
        return True
    try:
        backend = torch.get_device_module(device.type)
    except RuntimeError:
        return False
    return backend.is_available() and (device.index or 0) < backend.device_count()


def pick_device(prefer=None):
    if prefer is None:
        found = torch.accelerator.current_accelerator(check_available=True)
        return torch.device("cpu") if found is None else found
    device = torch.device(prefer)
    if not _available(device):
        raise RuntimeError(f"there is no {prefer}")
    return device


def smoke_test(device):
    results = {}

    def matmul():
        results["layer"] = nn.Linear(3, 2, device=device)
        results["y"] = results["layer"](torch.ones(4, 3, device=device))
        return results["y"].shape == (4, 2)

    def backward():
        results["y"].square().mean().backward()
        return all(p.grad is not None for p in results["layer"].parameters())

    def finite():
        tensors = [results["y"], *(p.grad for p in results["layer"].parameters())]
        return all(bool(torch.isfinite(t).all().item()) for t in tensors)

    report = {}
    for step in (matmul, backward, finite):
        try:
            report[step.__name__] = step()
        except Exception:
            report[step.__name__] = False
    return report
