"""The check in the judge: follows one function through a submission's file, runs nothing.

A ban holds for what the function reaches, not for the file: its helpers, the classes it builds,
the aliases and tables at the top of the file, and what those reach in turn.
"""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from grader.bans import names, scan
from grader.bans.names import LOOPS, MODULES, OTHER_LIBRARIES, Bans, under
from grader.bans.scan import File, Use
from grader.bans.scopes import Bound

DETOURS = OTHER_LIBRARIES | frozenset(
    {
        # torch's operators, written once more in Python, or as code for a compiler
        "torch._refs", "torch._decomp", "torch._prims", "torch._inductor", "torch._numpy", "torch._higher_order_ops",
        "torch.onnx", "torch.nested", "torch.ao", "torch.quantization", "torch.utils.cpp_extension",
        "torch.nn.attention.flex_attention",
        # what the check at run time is made of
        "torch.autograd.graph._engine_run_backward", "torch.autograd.Variable._execution_engine",
        "torch._C._EngineBase", "torch._C._ImperativeEngine",
        "grader", "torch.library", "torch._library", "torch._ops", "torch._C._dispatch_library",
        "torch.utils._python_dispatch", "ctypes", "_ctypes", "cffi", "gc.get_objects", "gc.get_referrers",
        "gc.get_referents", "gc.unfreeze", "inspect.currentframe", "inspect.stack",
        "sys._getframe", "sys.meta_path", "sys._current_frames", "sys.settrace", "sys.setprofile", "threading.settrace",
    }
)  # fmt: skip
"""Ways round a ban on something of torch's. An exercise that forbids nothing may use them all."""

_FRAMES = frozenset(
    {"f_back", "f_locals", "f_globals", "f_builtins", "tb_frame", "gi_frame", "cr_frame", "__subclasses__"}
)


@dataclass(frozen=True)
class Violation:
    """A forbidden thing that a function reaches.

    `name`: as the marker names it; `spelling`: as the file does; `same`: it is the very thing, and
    no relative of it; `detour`: it is no such thing, but a way to it.
    """

    name: str
    line: int
    spelling: str
    same: bool = True
    detour: bool = False

    def __str__(self) -> str:
        return self.message

    @property
    def message(self) -> str:
        """One sentence for the student, with the line."""
        return f"line {self.line}: {self.reason}"

    @property
    def reason(self) -> str:
        """The sentence without the line."""
        where = f"`{self.spelling}`"
        if self.name == LOOPS:
            return f"{where} is a loop, and this exercise is to be solved without one"
        if self.detour:
            return f"{where} is a way round {self.name}, which this exercise asks you to write yourself"
        if self.name in MODULES:
            return f"{where} is part of {self.name}, which this exercise asks you to do without"
        if self.spelling == self.name:
            return f"{where} is what this exercise asks you to write yourself"
        relation = "is" if self.same else "does the work of"
        return f"{where} {relation} {self.name}, which this exercise asks you to write yourself"


def check(source: bytes, function: str, names: Sequence[str]) -> Violation | None:
    """The first thing named in `names` that `function` reaches; None if there is none.

    Args:
        source: the submission's file. One that cannot be parsed has no violation: it cannot be run either.
        function: the name that a test reads from the submission, of a function or a class.

    Raises:
        ValueError: one of `names` stands for nothing.
    """
    return _check(source, function, tuple(names))


@functools.lru_cache(maxsize=4096)
def _check(source: bytes, function: str, forbidden: tuple[str, ...]) -> Violation | None:
    bans = names.parse(forbidden)
    file = scan.read(source)
    if file is None or not forbidden:
        return None
    for use in _reached(file, function):
        violation = _judge(use, bans)
        if violation is not None:
            return violation
    return None


def _reached(file: File, function: str) -> Iterator[Use]:
    """All uses from `function` on: its own first, then those of what it mentions."""
    start = file.live(function)
    if not any(bound.certain for bound in start):
        yield from file.imported_by_star(function)
        start = [*start, *file.live("__getattr__")]
    waiting = deque([*start, *file.live(scan.EVERYWHERE)])
    seen: set[Bound] = set(waiting)
    while waiting:
        for use in file.uses(waiting.popleft()):
            found = [use] if isinstance(use, Bound) else file.live("." + use.what.rpartition(".")[2])
            waiting.extend(bound for bound in found if bound not in seen)
            seen.update(found)
            if isinstance(use, Use):
                yield use


def _judge(use: Use, bans: Bans) -> Violation | None:
    detour = False
    if use.kind == "loop":
        name = LOOPS if bans.loops else None
    elif use.kind == "method":
        name = bans.by_method(use.what)
        detour = name is None and use.what in _FRAMES
    else:
        name = bans.by_path(use.what)
        detour = name is None and under(use.what, DETOURS)
    if detour and bans.torch:
        name = next(name for name in bans.names if name.startswith("torch."))
    if name is None:
        return None
    same = names.key_of(use.what.rpartition(".")[2]) == names.key_of(name.rpartition(".")[2])
    return Violation(name, use.line, use.spelling, same, detour)
