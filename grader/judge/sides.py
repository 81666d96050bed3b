"""Where the submission runs: in a worker, or, with `--in-process`, in this very process."""

from __future__ import annotations

import importlib
import random
import shutil
import sys
import tempfile
import traceback
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import msgspec
import torch

from grader.bans.source import check
from grader.boundary.failures import Raised
from grader.events import Job, Target
from grader.judge.link import Forbidden, Link, Seen, WorkerGone
from grader.judge.wording import places
from grader.processes.child import Launcher
from grader.worker.fake import run_on_fake_device
from grader.worker.serve import Settings

CPU_SECONDS = 600  # of a worker, over all tests of an exercise
FILE_BYTES = 64 << 20
OPEN_FILES = 64


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

    def on_fake_device(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """What `run_on_fake_device` returns, called where the submission runs."""

    def close(self) -> None:
        """Let go of it."""


def accelerator() -> torch.device:
    """The accelerator that this machine has, the CPU where it has none."""
    found = torch.accelerator.current_accelerator(check_available=True)
    return found if found is not None else torch.device("cpu")


def _unloadable(target: Target, error: str, lines: Sequence[int]) -> str:
    where = places(lines, target.source, target.file)
    return f"{target.file} cannot be loaded: {error}" + (f"\n{where}" if where else "")


class InWorker:
    """The submission in a worker: one for each exercise, and a new one whenever it is gone."""

    def __init__(self, job: Job, launcher: Launcher) -> None:
        self.held: list[str] = []
        self.missing: dict[str, str] = {}
        self.device = accelerator()
        self.module: Any = None
        self.seen = Seen.nothing()
        self._job = job
        self._launcher = launcher
        self._target: Target | None = None
        self._accelerator = False
        self._link: Link | None = None
        self._scratch: Path | None = None

    @property
    def gone(self) -> WorkerGone | None:
        return self._link.gone if self._link is not None else None

    def open(self, target: Target, accelerator: bool) -> str | None:
        self.close()
        self._target, self._accelerator = target, accelerator
        link = self._start(target)
        try:
            link.clock.start(self._job.timeout_s)
            self._note_layers(link.ask("hello"))
            link.clock.start(self._job.timeout_s)
            link.ask("load", target.source, target.file, target.exercise)
        except WorkerGone as gone:
            return f"{target.file} cannot be loaded. {gone.message}"
        except Raised as error:
            return _unloadable(target, f"{error.kind}: {error}", error.lines)
        finally:
            link.clock.stop()
        return None

    def begin(self, seed: int, forbidden: tuple[str, ...], timeout_s: float) -> None:
        self.seen = Seen.nothing()
        if self.gone is not None:
            assert self._target is not None
            problem = self.open(self._target, self._accelerator)
            if problem is not None:
                raise WorkerGone("crashed", problem)
        link = self._opened()
        link.clock.start(timeout_s)
        self.module = link.begin(seed, forbidden)
        self.seen = link.seen

    def end(self) -> None:
        self._opened().clock.stop()

    def remote(self, name: str) -> Any:
        return self._opened().remote(name)

    def on_fake_device(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._opened().ask("fake_device", target, *args, **kwargs)

    def close(self) -> None:
        self.module = None
        if self._link is not None:
            self._link.end()
            self._link = None
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None

    def _opened(self) -> Link:
        assert self._link is not None, "no submission is open"
        return self._link

    def _start(self, target: Target) -> Link:
        self._scratch = Path(tempfile.mkdtemp(dir=self._job.scratch))
        settings = Settings(
            readable=target.root,
            scratch=str(self._scratch),
            layers_off=self._job.layers_off,
            accelerator=self._accelerator,
            memory_bytes=self._job.memory_bytes,
            cpu_s=CPU_SECONDS,
            file_bytes=FILE_BYTES,
            open_files=OPEN_FILES,
            output_chars=self._job.output_chars,
        )
        child = self._launcher.start("worker")
        child.channel.send(msgspec.msgpack.encode(settings))
        self._link = Link(child, target.source, target.file)
        return self._link

    def _note_layers(self, confinement: dict[str, Any]) -> None:
        """A layer that one worker lacked is missing for the whole run."""
        self.missing |= confinement["missing"]
        held = confinement["held"] if not self.held else [*self.held, *confinement["held"]]
        self.held = [layer for layer in dict.fromkeys(held) if layer not in self.missing]


class InProcess:
    """The submission in this process: for `print`, `breakpoint` and the debugger. No grade comes of it."""

    def __init__(self) -> None:
        self.held: list[str] = []
        self.missing: dict[str, str] = {}
        self.device = accelerator()
        self.module: Any = None
        self.gone = None
        self.seen = Seen.nothing()
        self._loaded: Any = None
        self._source = b""

    def open(self, target: Target, accelerator: bool) -> str | None:
        if target.root and target.root not in sys.path:
            sys.path.append(target.root)
        module = types.ModuleType(target.exercise)
        module.__file__ = target.file
        sys.modules[target.exercise] = module
        try:
            exec(compile(target.source, target.file, "exec", dont_inherit=True), module.__dict__)
        except Exception as error:
            frames = traceback.extract_tb(error.__traceback__)
            lines = [frame.lineno or 0 for frame in frames if frame.filename == target.file]
            return _unloadable(target, f"{type(error).__name__}: {error}", lines)
        self._loaded, self._source = module, target.source
        return None

    def begin(self, seed: int, forbidden: tuple[str, ...], timeout_s: float) -> None:
        self.seen = Seen.nothing()
        random.seed(seed)
        self.module = Watched(self._loaded, lambda name: self._check(name, forbidden))

    def _check(self, name: str, forbidden: tuple[str, ...]) -> None:
        self.seen.asked = True
        violation = check(self._source, name, forbidden) if forbidden else None
        if violation is not None:
            self.seen.violation = violation
            raise Forbidden(str(violation))

    def end(self) -> None:
        """Nothing to do."""

    def remote(self, name: str) -> Any:
        return importlib.import_module(name)

    def on_fake_device(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return run_on_fake_device(target, args, kwargs)

    def close(self) -> None:
        """Nothing to do."""


class Watched:
    """A module whose attributes are looked at before they are read."""

    def __init__(self, module: types.ModuleType, look: Callable[[str], None]) -> None:
        self._module = module
        self._look = look

    def __getattr__(self, name: str) -> Any:
        self._look(name)
        return getattr(self._module, name)
