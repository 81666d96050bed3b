"""Runs in the worker. Device bugs without a device: a call on fake CUDA tensors.

A fake tensor has a shape, a dtype and a device, and no data. Code that builds a mask on the CPU
in `forward`, keeps a tensor as a plain attribute or returns `.cpu()` mixes devices here just as
it would on a GPU.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
)
from torch.utils._pytree import tree_leaves, tree_map

DEVICE = "cuda"


def run_on_fake_device(target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
    """Call `target` on fake CUDA tensors shaped like the arguments.

    A module gets fake parameters and buffers for the call. Returns the devices of the tensors that
    came back, and `advice` where the code depends on a tensor's values (`.item()`, `if tensor:`,
    `x[mask]`), which on a GPU waits for the device; then nothing can be said about what follows.
    """
    with FakeTensorMode(allow_non_fake_inputs=True), _moved(target):
        try:
            result = target(*tree_map(_fake, args), **tree_map(_fake, kwargs))
        except (DataDependentOutputException, DynamicOutputShapeException):
            advice = "it depends on a tensor's values (as .item() and x[mask] do), which makes a GPU wait for the CPU"
            return {"devices": [], "advice": advice}
    tensors = [leaf for leaf in tree_leaves(result) if isinstance(leaf, torch.Tensor)]
    return {"devices": [tensor.device.type for tensor in tensors], "advice": None}


def _fake(value: Any) -> Any:
    if not isinstance(value, torch.Tensor):
        return value
    fake = torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=DEVICE)
    return fake.requires_grad_() if value.requires_grad else fake


@contextlib.contextmanager
def _moved(target: Any) -> Iterator[None]:
    """Give a module fake parameters and buffers for a while. `Module.to` cannot: it refuses fake tensors."""
    modules = list(target.modules()) if isinstance(target, torch.nn.Module) else []
    before = [(dict(module._parameters), dict(module._buffers)) for module in modules]
    for module in modules:
        for name, parameter in module._parameters.items():
            if parameter is not None:
                module._parameters[name] = torch.nn.Parameter(_fake(parameter.detach()), parameter.requires_grad)
        for name, buffer in module._buffers.items():
            module._buffers[name] = _fake(buffer)
    try:
        yield
    finally:
        for module, (parameters, buffers) in zip(modules, before, strict=True):
            module._parameters.update(parameters)
            module._buffers.update(buffers)
