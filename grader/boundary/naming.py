"""What both sides know by name: constants of torch, and the classes and functions of libraries."""

from __future__ import annotations

import sys
import types
from typing import Any

import numpy as np
import torch

LIBRARIES = ("torch", "torchvision", "numpy", "builtins", "collections", "math", "operator")

CONSTANTS = {"dtype": torch.dtype, "device": torch.device, "layout": torch.layout, "memory_format": torch.memory_format}
"""Kinds of values that are their name in torch (a device: what its constructor takes)."""

# Where a function is looked for that does not say where it can be found, as built-in ones do not.
_PLACES = ("torch", "torch.nn.functional", "torch.linalg", "torch.special", "torch.fft", "numpy", "math", "operator")

_NAMED = (type, types.FunctionType, types.BuiltinFunctionType, np.ufunc)


def name_of(value: Any) -> str | None:
    """`module:name` of a class or function of a well-known library, None for all else."""
    name = getattr(value, "__qualname__", getattr(value, "__name__", None)) if isinstance(value, _NAMED) else None
    if not isinstance(name, str):
        return None
    own = getattr(value, "__module__", None)
    if isinstance(own, str) and _found(own, name) is value:
        return f"{own}:{name}"
    last = name.rpartition(".")[2]
    return next((f"{module}:{last}" for module in _PLACES if _found(module, last) is value), None)


def _found(module: str, name: str) -> Any:
    """What a library that is imported here has under a name, without running any code of its own."""
    value: Any = sys.modules.get(module) if module.partition(".")[0] in LIBRARIES else None
    for part in name.split("."):
        value = getattr(value, "__dict__", {}).get(part)
    return value


# What crosses as plain data: nothing else may pass for it, or a lying object could stand where a
# test expects a tensor or a number.
_DATA: tuple[type, ...] = (
    *(torch.Tensor, torch.Generator, torch.UntypedStorage, torch.TypedStorage, np.ndarray, np.generic),
    *(int, float, complex, str, bytes, bytearray, memoryview, tuple, list, dict, set, frozenset, range, slice, type),
    *CONSTANTS.values(),
)


def known_classes(names: list[str], is_class: bool) -> tuple[type, ...]:
    """Those of the named classes that are imported here. Of data types only where classes themselves are meant."""
    found = [_found(*name.partition(":")[::2]) for name in names[:32]]
    classes = [value for value in found if isinstance(value, type) and value is not object]
    return tuple(value for value in classes if is_class or not issubclass(value, _DATA))


def constant(kind: str, text: str) -> Any:
    """The dtype, device, layout or memory format of that name. Raises ValueError where there is none."""
    if kind == "device":
        try:
            return torch.device(text)
        except RuntimeError:
            raise ValueError("no such device") from None
    value = vars(torch).get(text)
    if not isinstance(value, CONSTANTS[kind]):
        raise ValueError("torch has none of that name")
    return value
