"""Runs in the worker. What the judge may ask for, besides gradients: a short, closed list."""

from __future__ import annotations

import copy
import importlib
from collections.abc import Callable
from typing import Any

from grader.worker.fake import run_on_fake_device
from grader.worker.objects import Held

Operation = Callable[..., Any]


def call(target: Any, /, *args: Any, **kwargs: Any) -> Any:
    return target(*args, **kwargs)


def held(target: Any, /, *args: Any, **kwargs: Any) -> Held:
    """Call `target`; the result stays here as an object, though it may be a tensor with all its graph."""
    return Held(target(*args, **kwargs))


def fake_device(target: Any, /, *args: Any, **kwargs: Any) -> dict[str, Any]:
    return run_on_fake_device(target, args, kwargs)


def getitem(target: Any, index: Any) -> Any:
    return target[index]


def setitem(target: Any, index: Any, value: Any) -> None:
    target[index] = value


ON_OBJECTS: dict[str, Operation] = {
    "getattr": getattr,
    "setattr": setattr,
    "delattr": delattr,
    "call": call,
    "held": held,
    "getitem": getitem,
    "setitem": setitem,
    "len": len,
    "iter": iter,
    "next": next,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "fake_device": fake_device,
    "import": importlib.import_module,
}
