"""The processes that grade a batch: one zygote and one bench for all, and new ones where these are gone."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import msgspec

from grader.boundary.channel import ChannelClosed
from grader.course import Course
from grader.errors import GraderError, NotConfinedError
from grader.events import Benched, Broken, Event, Job
from grader.grading import Options, grade, job_of
from grader.processes.child import Child, Launcher
from grader.processes.forked import Forker
from grader.processes.launch import WARM, launched
from grader.report import Report
from grader.submission import Submission

TRIES = 3
"""How often a submission is graded whose judge is gone before it is through, for no fault of the submission's."""


class Station:
    """Grades submissions, from several threads at once.

    Args:
        course: whose suites; they are collected once.
        everything: a submission that holds every exercise that is to be graded.
        scratch: a private folder.
    """

    def __init__(self, course: Course, everything: Submission, options: Options, scratch: Path) -> None:
        self._course = course
        self._options = options
        self._job = job_of(course, everything, options, tempfile.mkdtemp(dir=scratch))
        self._scratch = scratch
        self._lock = threading.Lock()
        self._processes: ExitStack | None = None
        self._launcher: Launcher | None = None
        self._closed = False
        self._device: str | None = None  # what GPU tests run on here; None where no bench could say so

    def grade(
        self, submission: Submission, options: Options, watch: Callable[[Event], None] = lambda event: None
    ) -> Report:
        """The report of `submission`. What a dying process cost is graded again.

        `watch` is called with each event; what it raises ends the judge.

        Raises:
            NotConfinedError: needed layers are missing.
            GraderError: no process can be started any more.
        """
        for left in reversed(range(TRIES)):
            launcher: Launcher | None = None
            broken: list[Broken] = []
            try:
                launcher = self._started()
                report = grade(self._course, submission, options, launcher, _keep(broken, watch), self._scratch)
            except NotConfinedError:
                raise
            except GraderError:
                if not left or self._closed:
                    raise
                self._renew(launcher)
                continue
            if not broken or not left or self._closed:
                return report
        raise AssertionError("the last try returns or raises")

    def has_accelerator(self) -> bool:
        """Whether GPU tests can be run here. Where no bench could say so, they are tried."""
        self._started()
        return self._device != "cpu"

    def close(self) -> None:
        """End every process. What is being graded ends with them."""
        with self._lock:
            self._closed = True
            self._stop()

    def _started(self) -> Launcher:
        """What starts judges; started itself when it is first asked for."""
        with self._lock:
            if self._closed:
                raise GraderError("The batch was stopped.")
            if self._launcher is None:
                self._launcher = self._start()
            return self._launcher

    def _renew(self, gone: Launcher | None) -> None:
        """Start anew, unless another thread has done so since `gone` was handed out."""
        with self._lock:
            if self._launcher is gone and gone is not None:
                self._stop()

    def _stop(self) -> None:
        self._launcher = None
        if self._processes is not None:
            self._processes.close()
            self._processes = None

    def _start(self) -> Launcher:
        with ExitStack() as stack:
            launcher = stack.enter_context(launched((*self._course.settings.preload, *WARM), self._options.off))
            if isinstance(launcher, Forker):
                bench, launcher = launcher.bench()
                stack.callback(bench.end)
                stack.callback(launcher.close)
                self._device = _collect(bench, self._job)
            self._processes = stack.pop_all()
        return launcher


def _collect(bench: Child, job: Job) -> str:
    """Have the suites collected. Returns the device that GPU tests can run on."""
    try:
        bench.channel.send(msgspec.msgpack.encode(job))
        event = msgspec.msgpack.decode(bench.channel.receive(), type=Event)
    except ChannelClosed:
        event = Broken(reason=f"the process ended (exit code {bench.end(1.0)})")
    if isinstance(event, Benched):
        return event.device
    reason = event.reason if isinstance(event, Broken) else str(event)
    raise GraderError(f"The suites could not be collected: {reason}.")


def _keep(broken: list[Broken], watch: Callable[[Event], None]) -> Callable[[Event], None]:
    def note(event: Event) -> None:
        if isinstance(event, Broken):
            broken.append(event)
        watch(event)

    return note
