"""Grades each mutant of a solution, up to the first test that rejects it."""

from __future__ import annotations

import ast
import contextlib
import hashlib
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from grader.course import Course, Exercise
from grader.errors import CourseError
from grader.events import Broken, Event, Finished, Loaded
from grader.grading import Options, grade
from grader.processes.child import Launcher
from grader.submission import Attempt, Submission
from tests.mutation.mutants import Mutant


class Rejected(Exception):
    """A test does not accept the mutant: the others need not run."""


@dataclass
class Judgement:
    """What a suite makes of a program.

    Attributes:
        rejected_by: the first test that it loses, "loading" where it cannot be loaded, None where it loses none.
        faults: what went wrong that is no fault of the program.
    """

    rejected_by: str | None = None
    faults: list[str] = field(default_factory=list)

    def note(self, event: Event) -> None:
        """Raises Rejected at the first loss."""
        match event:
            case Loaded(problem=str()):
                self.rejected_by = "loading"
            case Finished(outcome="failed" | "crashed" | "timeout" | "todo"):
                self.rejected_by = event.name
            case Finished(outcome="error"):
                self.faults.append(f"{event.name}: {event.message}")
            case Broken():
                self.faults.append(event.reason)
        if self.rejected_by is not None:
            raise Rejected


@dataclass(frozen=True)
class Bench:
    """Where programs are judged."""

    course: Course
    options: Options
    launcher: Launcher

    def judge(self, exercise: Exercise, source: str) -> Judgement:
        """What the suite of `exercise` makes of the program `source`."""
        attempt = Attempt(exercise, f"{exercise.name}.py", source=source.encode())
        judgement = Judgement()
        with contextlib.suppress(Rejected):
            grade(self.course, Submission(exercise.name, "", (attempt,)), self.options, self.launcher, judgement.note)
        return judgement

    def judge_all(
        self, exercise: Exercise, mutants: Collection[Mutant], jobs: int
    ) -> Iterator[tuple[Mutant, Judgement]]:
        """Judge `mutants`, `jobs` at a time, in their order."""
        with ThreadPoolExecutor(jobs) as pool:
            yield from zip(mutants, pool.map(lambda mutant: self.judge(exercise, mutant.source), mutants), strict=True)


def plain_source(exercise: Exercise, bench: Bench) -> str:
    """The solution as its mutants are written: without comments, in the layout of `ast.unparse`.

    Raises:
        CourseError: its suite does not accept it as it stands, so that no mutant would show anything.
    """
    source = ast.unparse(ast.parse(exercise.solution.read_bytes()))
    judgement = bench.judge(exercise, source)
    if judgement.rejected_by is not None or judgement.faults:
        found = judgement.rejected_by or "; ".join(judgement.faults)
        raise CourseError(f"{exercise.solution} does not score in full before anything is changed: {found}.")
    return source


class Killed:
    """The mutants that were rejected before, in a file that grows. Without a file none are remembered.

    What a suite rejected once is taken to be rejected for good: start a new file when a test was weakened.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        text = file.read_text(encoding="utf-8") if file is not None and file.exists() else ""
        self._known = set(text.splitlines())

    def __contains__(self, of: tuple[str, Mutant]) -> bool:
        return self._line(*of) in self._known

    def add(self, exercise: str, mutant: Mutant) -> None:
        if self._file is not None:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(self._line(exercise, mutant) + "\n")

    @staticmethod
    def _line(exercise: str, mutant: Mutant) -> str:
        return f"{exercise} {hashlib.sha256(mutant.source.encode()).hexdigest()}"
