"""Where the submission runs, as the plugin sees it: in a worker, or in this very process."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

import torch

from grader.events import Loaded, Target
from grader.judge.link import Seen, WorkerGone
from grader.judge.wording import places


class Side(Protocol):
    """The submission, seen from the plugin.

    `held`, `missing`: the layers of confinement, over all workers so far. `module`: the submission's
    module for the test that runs. `gone`, `seen`: what became of it in the test that ran last.
    """

    held: list[str]
    missing: dict[str, str]
    device: torch.device
    module: Any
    seen: Seen

    @property
    def gone(self) -> WorkerGone | None: ...

    def open(self, target: Target, accelerator: bool) -> Loaded:
        """Load a submission's file.

        Raises:
            NotConfined: a layer is missing without which nothing of the submission is to run.
        """

    def begin(self, seed: int, forbidden: tuple[str, ...], timeout_s: float) -> None:
        """Start a test. Raises WorkerGone where the file cannot be loaded again after the last one."""

    def end(self) -> None:
        """End a test."""

    def remote(self, name: str) -> Any:
        """A library's module, imported where the submission runs."""

    def call_held(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The result of a call, left where the submission runs, though it be plain data."""

    def on_fake_device(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What `run_on_fake_device` returns, called where the submission runs."""

    def close(self) -> None:
        """Let go of it."""


def accelerator() -> torch.device:
    """The accelerator that this machine has, the CPU where it has none."""
    found = torch.accelerator.current_accelerator(check_available=True)
    return found if found is not None else torch.device("cpu")


class NotConfined(Exception):
    """Layers are missing that must hold. `missing`: each with the reason."""

    def __init__(self, missing: dict[str, str]) -> None:
        super().__init__(", ".join(missing))
        self.missing = missing


def unloadable(target: Target, error: str, lines: Sequence[int]) -> Loaded:
    """What a student reads of a file that raised while it was loaded."""
    where = places(lines, target)
    problem = f"{target.file} cannot be loaded: {error}" + (f"\n{where}" if where else "")
    return Loaded(exercise=target.exercise, problem=problem)


def loaded(target: Target, problems: Iterable[Any]) -> Loaded:
    """What a student reads of a file whose parts (a notebook's cells) were run one by one.

    Args:
        problems: as `worker.loading.load` returns them.
    """
    notes = [_note(target, *problem) for problem in problems]
    if notes and len(notes) == len(target.parts):
        return Loaded(exercise=target.exercise, problem="\n".join([f"No cell of {target.file} can be run.", *notes]))
    return Loaded(exercise=target.exercise, problem=None, notes=notes)


def _note(target: Target, number: int, kind: str, message: str, lines: Sequence[int]) -> str:
    where = places(lines, target)
    said = f"Code cell {number} of {target.file} raised {kind}" + (f": {message}" if message else "")
    return f"{said}\n{where}" if where else said
