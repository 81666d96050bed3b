"""The submission in a worker: the ordinary case."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import Any

import msgspec

from grader.boundary.failures import Raised
from grader.events import Job, Loaded, Target
from grader.judge.link import Link, Seen, WorkerGone
from grader.judge.scratch import remove
from grader.judge.side import NotConfined, accelerator, loaded, unloadable
from grader.processes.child import Launcher
from grader.worker.serve import Settings

CPU_SECONDS = 600  # of a worker, over all tests of an exercise
FILE_BYTES = 64 << 20
OPEN_FILES = 64


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

    def open(self, target: Target, accelerator: bool) -> Loaded:
        again = target is self._target
        found = self._open(target, accelerator, again)
        if self.gone is not None and self.gone.killed:
            found = self._open(target, accelerator, again)
        return found

    def _open(self, target: Target, accelerator: bool, again: bool) -> Loaded:
        self.close()
        self._target, self._accelerator = target, accelerator
        link = self._start(target)
        try:
            link.clock.start(self._job.timeout_s)
            self._note_layers(link.hello())
            link.clock.start(self._job.timeout_s)
            problems = link.load(target)
        except WorkerGone as gone:
            problem = f"{target.file} cannot be loaded. {gone.message}"
            return Loaded(exercise=target.exercise, problem=problem)
        except Raised as error:
            if again:
                return Loaded(exercise=target.exercise, problem=f"{target.file} cannot be loaded again.")
            return unloadable(target, f"{error.kind}: {error}", error.lines)
        finally:
            link.clock.stop()
        # What is raised at a second loading may tell what hidden tests gave to the worker before: files keep
        # the times at which they were read.
        return loaded(target, [] if again else problems)

    def begin(self, seed: int, forbidden: tuple[str, ...], timeout_s: float) -> None:
        self.seen = Seen.nothing()
        if self.gone is not None:
            assert self._target is not None
            problem = self.open(self._target, self._accelerator).problem
            if problem is not None:
                lost = self._opened().gone = WorkerGone("crashed", problem)  # the next test tries again
                raise lost
        link = self._opened()
        link.clock.start(timeout_s)
        self.module = link.begin(seed, forbidden)
        self.seen = link.seen

    def end(self) -> None:
        if self._link is not None:
            self._link.clock.stop()

    def remote(self, name: str) -> Any:
        return self._opened().remote(name)

    def call_held(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._opened().ask("held", target, *args, **kwargs)

    def on_fake_device(self, target: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self._opened().ask("fake_device", target, *args, **kwargs)

    def close(self) -> None:
        self.module = None
        if self._link is not None:
            self._link.end()
            self._link = None
        if self._scratch is not None:
            with contextlib.suppress(OSError):  # whoever made the folder that it lies in removes it
                remove(self._scratch)
            self._scratch = None

    def _opened(self) -> Link:
        assert self._link is not None, "no submission is open"
        return self._link

    def _start(self, target: Target) -> Link:
        self._scratch = Path(tempfile.mkdtemp(dir=self._job.scratch))
        settings = Settings(
            readable=target.root,
            importable=target.importable,
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
        self._link = Link(child, self._scratch, target.source, target.file)
        return self._link

    def _note_layers(self, confinement: dict[str, Any]) -> None:
        """A layer that one worker lacked is missing for the whole run."""
        self.missing |= confinement["missing"]
        held = confinement["held"] if not self.held else [*self.held, *confinement["held"]]
        self.held = [layer for layer in dict.fromkeys(held) if layer not in self.missing]
        lacking = {layer: reason for layer, reason in self.missing.items() if layer in self._job.layers_needed}
        if lacking:
            raise NotConfined(lacking)
