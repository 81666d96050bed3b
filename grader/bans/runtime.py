"""Runs in the worker. Denies what has no operator of its own: functions, classes and modules of Python's.

A function written in Python is denied by giving it other code: whoever holds the function, under
any name, holds the one that raises. Builtin functions have no code to change; there the
attribute is replaced, for as long as the ban lasts.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from grader.bans.names import MODULES, Ban, key_of, resolve, under

Deny = Callable[..., Any]

_MISSING = object()
_REWRITTEN = ("torch._refs", "torch._refs.nn.functional", "torch._refs.special", "torch._refs.linalg")
_ELSEWHERE = ("scipy.special", "scipy.linalg", "scipy.spatial.distance", "sklearn.utils.extmath")
_ENTRIES = ("__init__", "forward", "step")
"""The methods by which a class is put to use."""


class Patches:
    """Functions to be given other code, and attributes to be replaced."""

    def __init__(self) -> None:
        self._codes: dict[types.FunctionType, types.CodeType] = {}
        self._attributes: dict[tuple[Any, str], Any] = {}
        self._made: list[tuple[list[Any], list[Any]]] = []

    def function(self, function: types.FunctionType, deny: Deny) -> None:
        self._codes.setdefault(function, _raising(function, deny))
        wrapped = getattr(function, "__wrapped__", None)
        if isinstance(wrapped, types.FunctionType):  # a decorator's, for whoever asks
            self.function(wrapped, deny)

    def attribute(self, owner: Any, name: str, deny: Deny) -> None:
        self._attributes.setdefault((owner, name), _function(name, deny))

    def make(self) -> None:
        # Bans nest: what each finds is what it leaves behind.
        codes = [(function, function.__code__) for function in self._codes]
        attributes = [(owner, name, vars(owner).get(name, _MISSING)) for owner, name in self._attributes]
        self._made.append((codes, attributes))
        for function, code in self._codes.items():
            function.__code__ = code
        for (owner, name), value in self._attributes.items():
            setattr(owner, name, value)

    def undo(self) -> None:
        codes, attributes = self._made.pop()
        for function, code in codes:
            function.__code__ = code
        for owner, name, value in attributes:
            if value is _MISSING:
                delattr(owner, name)
            else:
                setattr(owner, name, value)


def add(patches: Patches, ban: Ban, deny: Deny, *, has_operators: bool) -> None:
    """Add what a ban denies outside the dispatcher. `has_operators`: builtin functions are denied there already."""
    for path in ban.python:
        thing = resolve(path)
        if inspect.ismodule(thing):
            _add_module(patches, thing, deny)
        else:
            _add(patches, path, thing, deny, functions_only=has_operators)
    for path in MODULES.get(ban.name, ()):
        if path.rpartition(".")[0] or path in sys.modules:
            thing = sys.modules.get(path) or resolve(path)
            if inspect.ismodule(thing) and not path.rpartition(".")[2].startswith("_"):
                _add_module(patches, thing, deny)
            elif isinstance(thing, types.FunctionType):
                patches.function(thing, deny)
    for function in _rewritten(ban.keys):
        patches.function(function, deny)
    for name in _ELSEWHERE:
        module = sys.modules.get(name)
        for leaf, value in list(vars(module).items()) if module is not None else []:
            if callable(value) and key_of(leaf) in ban.keys:
                _add(patches, f"{name}.{leaf}", value, deny)


def add_engine(patches: Patches, bans: Iterable[Ban], deny: Deny) -> None:
    """Where neither `backward` nor `grad` is left, the engine behind both has no caller either."""
    forbidden = {path for ban in bans for path in ban.python}
    if {"torch.autograd.backward", "torch.autograd.grad"} <= forbidden:
        engine = resolve("torch.autograd.graph._engine_run_backward")  # private: torch 2.14 has it
        if isinstance(engine, types.FunctionType):
            patches.function(engine, deny)


def _add(patches: Patches, path: str, thing: Any, deny: Deny, *, functions_only: bool = False) -> None:
    if inspect.isclass(thing):
        for name in _ENTRIES:
            method = vars(thing).get(name)
            if isinstance(method, types.FunctionType):
                patches.function(method, deny)
    elif isinstance(thing, types.FunctionType):
        patches.function(thing, deny)
    elif isinstance(inner := getattr(thing, "_implementation", None), types.FunctionType):  # of numpy's functions
        patches.function(inner, deny)
    elif callable(thing) and not functions_only:
        owner, _, name = path.rpartition(".")
        patches.attribute(resolve(owner), name, deny)


def _add_module(patches: Patches, module: types.ModuleType, deny: Deny) -> None:
    """All that a module and its public submodules offer. What they merely import is not theirs."""
    root = module.__name__
    homes = (root, *MODULES.get(root, ()), "torch._jit_internal", "_pickle", "torch._C._nn")
    for name, part in sorted(sys.modules.items()):
        if part is None or not under(name, (root,)) or "._" in name or not isinstance(part, types.ModuleType):
            continue
        for leaf, value in list(vars(part).items()):
            if leaf.startswith("_") or not callable(value) or inspect.ismodule(value):
                continue
            home = getattr(value, "__module__", None) or root
            if under(home, homes) or (inspect.isbuiltin(value) and root.startswith("torch.")):
                _add(patches, f"{name}.{leaf}", value, deny)


def _rewritten(keys: frozenset[str]) -> Iterator[types.FunctionType]:
    """Functions of torch's own that do in Python what the forbidden operators do."""
    for name in _REWRITTEN:
        module = sys.modules.get(name)
        for leaf, value in list(vars(module).items()) if module is not None else []:
            if isinstance(value, types.FunctionType) and key_of(leaf) in keys:
                yield value
    yield from (function for function, its_keys in decompositions() if its_keys <= keys)


@functools.cache
def decompositions() -> list[tuple[types.FunctionType, frozenset[str]]]:
    """torch's decompositions, each with the keys of all operators that it serves."""
    module = sys.modules.get("torch._decomp")  # loaded with torch, as of 2.14
    served: dict[types.FunctionType, set[str]] = {}
    for table in getattr(module, "global_decomposition_table", {}).values():
        for operator, function in table.items():
            if isinstance(function, types.FunctionType):
                name = operator.name().partition("::")[2].partition(".")[0]
                served.setdefault(function, set()).add(key_of(name))
    return [(function, frozenset(its_keys)) for function, its_keys in served.items()]


# --- code that raises ---------------------------------------------------------------------------

_PLACE = "the function to call"


def _function(name: str, deny: Deny) -> Deny:
    def denied(*args: Any, **kwargs: Any) -> Any:
        return deny()

    denied.__name__ = denied.__qualname__ = name
    return denied


def _raising(function: types.FunctionType, deny: Deny) -> types.CodeType:
    """Code that calls `deny`, fit for `function`: code can be replaced by such as closes over as many names."""
    code = _template(len(function.__code__.co_freevars))
    consts = tuple(deny if const == _PLACE else const for const in code.co_consts)
    return code.replace(co_consts=consts, co_name=function.__name__, co_qualname=function.__qualname__)


@functools.cache
def _template(free: int) -> types.CodeType:
    names = [f"v{number}" for number in range(free)]
    lines = [
        f"def outer({', '.join(names)}):",
        "    def denied(*args, **kwargs):",
        f"        {', '.join(names) or 'None'}",
        f"        deny = {_PLACE!r}",
        "        return deny()",
        "    return denied",
    ]
    scope: dict[str, Any] = {}
    exec(compile("\n".join(lines), "<forbidden>", "exec"), scope)
    code: types.CodeType = scope["outer"](*names).__code__
    assert len(code.co_freevars) == free
    return code
