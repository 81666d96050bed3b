"""From a submission to its report.

discover    which exercises there are, and which file answers each    course, submission
judge       run the suites, in a process that is trusted               judge, processes
report      add up the verdicts                                        tally, report
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from grader.boundary.channel import ChannelClosed
from grader.clock import Clock
from grader.confine import LAYERS
from grader.course import Course
from grader.errors import NotConfinedError, UsageError, did_you_mean
from grader.events import Broken, Collected, Done, Event, Job, Started, Target, Unconfined
from grader.processes.child import Launcher
from grader.processes.launch import FORK
from grader.report import Report
from grader.submission import Attempt, Submission
from grader.tally import Tally

GRACE_SECONDS = 3.0
"""How long a judge that has closed its channel may take to end by itself, so that it can be said how."""

SILENCE_SECONDS = 120.0
"""How long a judge may say nothing, beyond the clock of the test that it runs."""

SWITCH = "GRADER_WITHOUT"
"""An environment variable: what to do without, of `fork` and the layers of confinement."""


@dataclass(frozen=True)
class Options:
    """How to grade.

    Attributes:
        only_tests: exercise -> names of its test functions or cases; None for all tests of all exercises.
        off: of `fork` and the layers of confinement, what to do without.
        needed: layers without which nothing of a submission is to run.
    """

    seed: int
    select: str = ""
    only_tests: Mapping[str, Sequence[str]] | None = None
    in_process: bool = False
    pdb: bool = False
    off: tuple[str, ...] = ()
    needed: tuple[str, ...] = ()


def switched_off(sandbox: bool = True) -> tuple[str, ...]:
    """What the user wants to do without: every layer with `sandbox=False`, and what `GRADER_WITHOUT` lists.

    Raises:
        UsageError: the variable names something that there is not.
    """
    known = (FORK, *LAYERS)
    asked = [name.strip() for name in os.environ.get(SWITCH, "").split(",") if name.strip()]
    for name in asked:
        if name not in known:
            raise UsageError(f"{SWITCH}: there is no '{name}'.{did_you_mean(name, known)} It knows {', '.join(known)}.")
    return tuple(dict.fromkeys([*asked, *(() if sandbox else LAYERS)]))


def grade(
    course: Course,
    submission: Submission,
    options: Options,
    launcher: Launcher,
    watch: Callable[[Event], None] = lambda event: None,
    within: Path | None = None,
) -> Report:
    """Grade `submission`. `watch` is called with each event as it comes.

    Args:
        within: where to make the scratch folder; by default where temporary files go.

    Raises:
        GraderError: no judge could be started.
        NotConfinedError: a needed layer is missing; nothing was run. What goes wrong later stands in the report.
    """
    started_at, started = datetime.now(UTC), time.monotonic()
    tally = Tally(submission, "none" if options.in_process else launcher.processes)
    with tempfile.TemporaryDirectory(prefix="grade-", dir=within, ignore_cleanup_errors=True) as scratch:
        job = job_of(course, submission, options, scratch)
        if options.in_process:
            from grader.judge.main import judge_in_process

            judge_in_process(job, lambda event: _note(event, tally, watch))
        else:
            for event in _judged(job, launcher):
                _note(event, tally, watch)
    return tally.report(course, options.seed, started_at, time.monotonic() - started)


def _note(event: Event, tally: Tally, watch: Callable[[Event], None]) -> None:
    tally.note(event)
    watch(event)


def job_of(course: Course, submission: Submission, options: Options, scratch: str) -> Job:
    """What a judge is told."""
    settings = course.settings
    return Job(
        targets=[target_of(attempt, options) for attempt in submission.attempts],
        seed=options.seed,
        rootdir=str(course.root),
        scratch=scratch,
        select=options.select,
        timeout_s=settings.timeout_s,
        pdb=options.pdb,
        in_process=options.in_process,
        layers_needed=list(options.needed),
        layers_off=[layer for layer in options.off if layer != FORK],
        memory_bytes=settings.memory_mb << 20,
        output_chars=settings.output_chars,
    )


def target_of(attempt: Attempt, options: Options) -> Target:
    """Where there is nothing to run, the tests are collected all the same: their points count."""
    todo = attempt.unchanged or attempt.status == "missing"
    return Target(
        exercise=attempt.exercise.name,
        suite=str(attempt.exercise.suite),
        file=attempt.label,
        source=attempt.source,
        parts=list(attempt.parts),
        root=str(attempt.root or ""),
        importable=_importable(attempt),
        decided="todo" if todo else "failed" if attempt.status == "invalid" else None,
        only_tests=None if options.only_tests is None else list(options.only_tests.get(attempt.exercise.name, ())),
    )


def _importable(attempt: Attempt) -> list[str]:
    if attempt.root is None or attempt.file is None:
        return []
    return list(dict.fromkeys([str(attempt.file.parent), str(attempt.root)]))


def _judged(job: Job, launcher: Launcher) -> Iterator[Event]:
    """The events of a judge in a process of its own. They end early where the judge does."""
    judge = launcher.start("judge")
    clock = Clock(judge.kill)
    patience = _Patience()
    decoder = msgspec.msgpack.Decoder(Event)
    try:
        judge.channel.send(msgspec.msgpack.encode(job))
        while True:
            clock.start(patience.seconds)
            event = decoder.decode(judge.channel.receive())
            if isinstance(event, Unconfined):
                raise NotConfinedError(_unconfined(event))
            yield event
            if isinstance(event, Done | Broken):
                return
            patience.note(event)
    except ChannelClosed:
        code = judge.end(GRACE_SECONDS)
        silent = f"the judge said nothing for {clock.seconds:g} seconds"
        yield Broken(reason=silent if clock.rang else f"the judge ended before it was through (exit code {code})")
    finally:
        clock.close()
        judge.end()


class _Patience:
    """How long a judge may take to say the next thing. It keeps the worker's clock itself; this one is for a suite
    that hangs in code of its own, or a judge that was stopped."""

    def __init__(self) -> None:
        self.seconds = SILENCE_SECONDS
        self._timeouts: dict[tuple[str, str], float] = {}

    def note(self, event: Event) -> None:
        self.seconds = SILENCE_SECONDS
        if isinstance(event, Collected):
            self._timeouts = {(test.exercise, test.name): test.timeout_s for test in event.tests}
        elif isinstance(event, Started):
            self.seconds += self._timeouts[event.exercise, event.name]


def _unconfined(event: Unconfined) -> str:
    layers = "; ".join(f"{layer} ({reason})" for layer, reason in event.missing.items())
    return (
        f"Nothing was graded: this machine cannot confine submissions by {layers}. Grade on Linux 6.2 or newer "
        "with Landlock and seccomp, or accept the risk with --no-sandbox."
    )
