"""How values, calls, places in a file and the end of a process are put into words."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from grader.boundary.failures import Raised
from grader.boundary.standin import StandIn, describe
from grader.events import Target

SMALL = 8  # elements of a tensor, up to which its values are shown
MAX_ITEMS = 6
MAX_TEXT = 80

NOTHING = object()


class Call:
    """One call of the submission: what went in, and what came back or was raised."""

    def __init__(self, label: str, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
        self.label = label
        self.given = ", ".join([*map(value, args), *(f"{name}={value(arg)}" for name, arg in kwargs.items())])
        self.result: Any = NOTHING
        self.raised: Raised | None = None

    def returned(self, result: Any) -> None:
        self.result = result

    def __str__(self) -> str:
        called = f"{self.label}({self.given})"
        if self.raised is not None:
            return f"{called} raised {self.raised.builtin.__name__}"
        return called if self.result is NOTHING else f"{called} returned {value(self.result)}"


def value(of: Any) -> str:
    """A value in a few words: tensors by dtype and shape, small ones with their elements."""
    if isinstance(of, StandIn) or type(of) is StandIn:
        return describe(of)
    if isinstance(of, torch.Tensor):
        return _array(of.detach(), str(of.dtype).removeprefix("torch."), tuple(of.shape), of.device.type)
    if isinstance(of, np.ndarray):
        return _array(of, f"{of.dtype} array", of.shape, "cpu")
    if isinstance(of, list | tuple):
        inside = ", ".join([*map(value, of[:MAX_ITEMS]), *(["…"] if len(of) > MAX_ITEMS else [])])
        return f"[{inside}]" if isinstance(of, list) else f"({inside}{',' if len(of) == 1 else ''})"
    if isinstance(of, dict):
        pairs = [f"{value(key)}: {value(item)}" for key, item in list(of.items())[:MAX_ITEMS]]
        return f"{{{', '.join([*pairs, *(['…'] if len(of) > MAX_ITEMS else [])])}}}"
    if callable(of):
        return f"{getattr(of, '__name__', 'a function')}"
    text = repr(of)
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def _array(of: Any, dtype: str, shape: tuple[int, ...], device: str) -> str:
    where = "" if device == "cpu" else f" on {device}"
    if device in ("cpu", "cuda", "mps", "xpu") and 0 < _count(shape) <= SMALL:
        return f"{_elements(of.tolist())} ({dtype}{where})"
    return f"{dtype} {shape}{where}"


def _count(shape: tuple[int, ...]) -> int:
    count = 1
    for size in shape:
        count *= size
    return count


def _elements(of: Any) -> str:
    if isinstance(of, list):
        return f"[{', '.join(map(_elements, of))}]"
    return f"{of:.4g}" if isinstance(of, float) else str(of)


def places(lines: Sequence[int], target: Target) -> str:
    """The lines of the student's file that an error passed, the outermost first, each with its code."""
    code = target.source.decode("utf-8-sig", "replace").splitlines()
    shown = [line for line in dict.fromkeys(lines) if 0 < line <= len(code)]
    shown = shown[:2] + shown[2:][-3:]
    return "\n".join(f"{place(line, target)}: {code[line - 1].strip()[:MAX_TEXT]}" for line in shown)


def place(line: int, target: Target) -> str:
    """A line of the student's file, by its cell where the file is a notebook."""
    for number, (first, last) in enumerate(target.parts, 1):
        if first <= line <= last:
            return f"{target.file}, code cell {number}, line {line - first + 1}"
    return f"{target.file}, line {line}"


def _signals() -> dict[int, str]:
    words = {
        "SIGSEGV": "It reached into memory that is not its own (segmentation fault).",
        "SIGBUS": "It reached into memory that is not its own (bus error).",
        "SIGABRT": "A library gave up (abort), usually because memory was damaged or ran out.",
        "SIGFPE": "An integer was divided by zero inside a library.",
        "SIGKILL": "The system ended it, usually because memory ran out.",
        "SIGXCPU": "It used up its limit of processor time.",
        "SIGXFSZ": "It wrote more to a file than it may.",
        "SIGSYS": "It asked the system for something that is not allowed.",
    }
    return {getattr(signal, name): text for name, text in words.items() if hasattr(signal, name)}


ENDINGS = _signals()


def ending(code: int) -> str:
    """How the process of a submission ended, from its exit code.

    An exit code of the submission's own choosing is not shown: it could carry what a hidden test held.
    """
    return ENDINGS.get(-code, "The code ended its own process (an exit inside a function, perhaps).")
