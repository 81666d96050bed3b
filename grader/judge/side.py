"""Where the submission runs, as the plugin sees it: in a worker, or in this very process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import torch

from grader.events import Target
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

    def open(self, target: Target, accelerator: bool) -> str | None:
        """Load a submission's file. Returns what is wrong with it, for the student, if anything."""

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


def unloadable(target: Target, error: str, lines: Sequence[int]) -> str:
    """What a student reads of a file that raised while it was loaded."""
    where = places(lines, target.source, target.file)
    return f"{target.file} cannot be loaded: {error}" + (f"\n{where}" if where else "")
