"""Runs in the worker. Denies what a test forbids: operators here, in torch's C++ dispatcher; the rest by `runtime`.

Python-level modes belong to a thread and can be switched off by the code that they watch. An
override in the dispatcher belongs to the process: an alias, `torch.ops`, a second thread, a
guard object, tracing, `vmap` or `redispatch` all end up at it.

What holds, and what does not. A submission shares this process, so nothing here is out of reach
for good; the aim is that no short way leads round. The library handles, which give the operators
back, are no objects that the garbage collector lists, and nothing holds them but an address;
leaving a ban early is refused to all frames but the one that entered it. A submission still gets
through with `ctypes`, with a hold on this package's own objects (to what has no operator), and
with a kernel that it took (`torch.library.get_kernel`) when it was loaded: the source check
refuses these.
Aliases of builtin functions that have no operator (`from numpy import array`), made when the
file was loaded, are left to the source check as well.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

import torch

from grader.bans import names, runtime
from grader.bans.names import MODULES, OTHER_LIBRARIES, Ban, key_of, under
from grader.bans.runtime import Patches

Deny = Callable[..., Any]
Report = Callable[[tuple[str, int]], None]

_NAMESPACES = ("aten", "prims", "mkldnn", "mkl", "onednn")
_PREFIXES = {"torch.special": "special_", "torch.linalg": "linalg_", "torch.fft": "fft_"}


class ForbiddenCall(RuntimeError):
    """A call of something that this test forbids."""


def banned(names: Sequence[str], denied: Report, *, filename: str | None) -> AbstractContextManager[None]:
    """Within it, what `names` stand for raises ForbiddenCall, in all threads of this process.

    Each denied call is reported once for each line, also where the submission catches the exception.
    Bans nest; one within another with the same names costs nothing.

    Args:
        names: as in `@pytest.mark.forbid`.
        denied: told the forbidden name, and the line of the submission that led to the call, or 0.
        filename: the submission's file, as its code objects name it.

    Raises:
        ValueError: one of `names` stands for nothing.
    """
    return _InForce(_prepare(tuple(names)), denied, filename)


def prepare() -> None:
    """Work out what every ban needs; better once, before forking, than in each process."""
    _known()
    runtime.decompositions()


class _InForce(AbstractContextManager[None]):
    """One ban, in force from `with` to its end. Meanwhile nobody but `_held` knows of the library handles."""

    def __init__(self, plan: _Plan, denied: Report, filename: str | None) -> None:
        self.plan = plan
        self._denied = denied
        self._filename = filename
        self._reported: set[tuple[str, int]] = set()
        self._frame: FrameType | None = None
        self._held: tuple[int, ...] | None = None  # addresses

    def __enter__(self) -> None:
        self._frame = sys._getframe(1)
        if not any(ban.plan is self.plan for ban in _active):
            self._held = self.plan.impose()
        _active.append(self)
        if self.plan.refuses_libraries:
            sys.meta_path.insert(0, self)

    def find_spec(self, name: str, path: object = None, target: object = None) -> None:
        """Refuse the submission, though not those it calls, a library that does what is forbidden."""
        if under(name, OTHER_LIBRARIES) and _importing_file() == self._filename:
            _deny(next(each for each in self.plan.names if each.startswith("torch.")))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._frame is None or sys._getframe(1) is not self._frame:
            raise RuntimeError("a ban ends where it began")
        self._frame = None
        _active.remove(self)
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        if self._held is not None:
            self.plan.patches.undo()
            for address in self._held:
                handle = ctypes.cast(address, ctypes.py_object).value
                handle.reset()
                ctypes.pythonapi.Py_DecRef(ctypes.py_object(handle))

    def report(self, name: str) -> None:
        found = (name, _line(self._filename))
        if found not in self._reported:
            self._reported.add(found)
            self._denied(found)


_active: list[_InForce] = []


def _deny(name: str, /, *args: Any, **kwargs: Any) -> Any:
    """What runs in place of all that is forbidden. It asks nobody whether it should."""
    for ban in reversed(_active):
        if name in ban.plan.names:
            ban.report(name)
            break
    raise ForbiddenCall(
        f"{name} is forbidden in this exercise: {'do without it' if name in MODULES else 'write it yourself'}"
    )


def _line(filename: str | None) -> int:
    """The line of the submission's file that is running in this thread, 0 if none is."""
    frame: FrameType | None = sys._getframe(1)
    while filename is not None and frame is not None:
        if frame.f_code.co_filename == filename:
            return frame.f_lineno
        frame = frame.f_back
    return 0


def _importing_file() -> str:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None and frame.f_code.co_filename.startswith(("<frozen importlib", importlib.__file__)):
        frame = frame.f_back
    return frame.f_code.co_filename if frame is not None else ""


# --- what a set of names comes to ---------------------------------------------------------------


class _Plan:
    """All that a ban on `names` changes, worked out once."""

    def __init__(self, forbidden: tuple[str, ...]) -> None:
        self.names = forbidden
        self.patches = Patches()
        self._overrides: dict[str, list[tuple[str, str, Deny, bool]]] = {}  # namespace -> (operator, key, …)
        overridden: set[str] = set()
        parsed = names.parse(forbidden)
        bans, self.refuses_libraries = parsed.bans, parsed.torch
        for ban in bans:
            deny = functools.partial(_deny, ban.name)
            operators = _operators(ban)
            for operator in operators:
                if operator not in overridden:
                    self._override(operator, deny)
            overridden.update(operators)
            runtime.add(self.patches, ban, deny, has_operators=bool(operators))
        runtime.add_engine(self.patches, bans, functools.partial(_deny, forbidden[0]) if forbidden else _deny)

    def _override(self, operator: str, deny: Deny) -> None:
        namespace, _, name = operator.partition("::")
        overrides = self._overrides.setdefault(namespace, [])
        if operator == "aten::normal_":
            overrides += _of_normal(deny)
        else:
            overrides += [(name, key, deny, False) for key in _keys(operator)]

    def impose(self) -> tuple[int, ...]:
        """Deny all of it, or, after an error, none. Returns the addresses of the library handles."""
        handles: list[Any] = []
        try:
            for namespace, overrides in self._overrides.items():
                handle: Any = torch._C._dispatch_library("IMPL", namespace, "", __file__, 1)
                handles.append(handle)
                for name, key, deny, with_keys in overrides:
                    handle.impl(name, key, deny, with_keys)
            self.patches.make()
        except BaseException:
            for handle in handles:
                handle.reset()
            raise
        for handle in handles:
            ctypes.pythonapi.Py_IncRef(ctypes.py_object(handle))
        return tuple(map(id, handles))


@functools.lru_cache(maxsize=256)
def _prepare(forbidden: tuple[str, ...]) -> _Plan:
    return _Plan(forbidden)


def _operators(ban: Ban) -> list[str]:
    """The operators that are the forbidden thing: all overloads, in-place and `out` forms."""
    if ban.name in _PREFIXES:
        return [operator for operator, name in _known() if name.startswith(_PREFIXES[ban.name])]
    return [operator for operator, name in _known() if key_of(name) in ban.keys or name in ban.operators]


@functools.cache
def _known() -> list[tuple[str, str]]:
    """All operators, each as `aten::name.overload` and as `name`."""
    found = []
    for operator in torch._C._dispatch_get_all_op_names():
        namespace, _, name = operator.partition("::")
        if namespace in _NAMESPACES:
            found.append((operator, name.partition(".")[0]))
    return found


def _keys(operator: str) -> tuple[str, ...]:
    """Where in the dispatcher an operator must be denied.

    A composite (`linear`) has one kernel, which calls other operators, and a second way into it:
    functorch's transforms decompose it on their own. The others are met at autograd, on any
    device; below it comes a tensor made in inference mode, or a `redispatch`.
    """
    if torch._C._dispatch_has_kernel_for_dispatch_key(operator, "CompositeImplicitAutograd"):
        return ("CompositeImplicitAutograd", "FuncTorchDynamicLayerFrontMode")
    return ("Autograd", *_backends())


@functools.cache
def _backends() -> tuple[str, ...]:
    """The devices here. Asking CUDA itself would initialize it."""
    built = torch.version.cuda is not None or torch.version.hip is not None
    cuda = built and any(Path(path).exists() for path in ("/dev/nvidiactl", "/dev/dxg", "/dev/kfd"))
    return ("CPU", *(["CUDA"] if cuda else []), *(["MPS"] if torch.backends.mps.is_available() else []))


def _of_normal(deny: Deny) -> list[tuple[str, str, Deny, bool]]:
    """`normal_` is what `randn` calls in its turn, with mean 0 and std 1: this must go through."""
    found: list[tuple[str, str, Deny, bool]] = []
    for backend in _backends():
        for key in (backend, f"Autograd{backend}"):
            kernel = torch.library.get_kernel("aten::normal_", key)
            found.append(("normal_", key, functools.partial(_normal, deny, kernel), True))
    return found


def _normal(deny: Deny, kernel: Any, keys: Any, tensor: Any, mean: float = 0.0, std: float = 1.0, **rest: Any) -> Any:
    if (mean, std) != (0.0, 1.0):
        deny()
    return kernel.call_boxed(keys, tensor, mean, std, generator=rest.get("generator"))
