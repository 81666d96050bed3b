"""What differs between two reports, or between two batches: after a suite was mended, a seed or a machine changed.

Nothing here reads files or prints: `compare` takes two sides and returns structs, which are also the format that
`grade diff --json` writes. Reports are loaded a student at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Final, Literal

import msgspec

from grader.report import Exercise, Outcome, Report, Test

SCHEMA_VERSION: Final = 1

Side = Mapping[str, Callable[[], Report]]
"""Students' ids, and what loads the report of each."""


class Verdict(msgspec.Struct, kw_only=True, frozen=True):
    """What a test came to on one side."""

    outcome: Outcome
    score: float
    points: float


class TestChange(msgspec.Struct, kw_only=True, frozen=True):
    """A test that came out otherwise or is worth something else. None: it is not there on that side."""

    __test__ = False

    exercise: str
    name: str
    title: str
    before: Verdict | None
    after: Verdict | None


class Marks(msgspec.Struct, kw_only=True, frozen=True):
    """A whole report's points."""

    score: float
    max_score: float
    deferred_points: float


class StudentChange(msgspec.Struct, kw_only=True, frozen=True):
    """A student whose tests, exercises or points differ.

    `same_code`: what was handed in is the same on both sides. `exercises_before`, `exercises_after`: exercises on
    that side only; their tests are not listed.
    """

    id: str
    same_code: bool
    before: Marks
    after: Marks
    exercises_before: list[str]
    exercises_after: list[str]
    tests: list[TestChange]


class Circumstance(msgspec.Struct, kw_only=True, frozen=True):
    """Something else that differs between the sides, with all that was found on each."""

    what: str
    before: list[str]
    after: list[str]


class Diff(msgspec.Struct, kw_only=True, frozen=True):
    """`unchanged` counts students. `students_before`, `students_after`: who is on that side only."""

    schema_version: Literal[1] = SCHEMA_VERSION
    circumstances: list[Circumstance]
    students: list[StudentChange]
    unchanged: int
    students_before: list[str]
    students_after: list[str]

    @property
    def empty(self) -> bool:
        """Whether no grade differs. Circumstances alone are no difference."""
        return not (self.students or self.students_before or self.students_after)


def compare(before: Side, after: Side) -> Diff:
    """What differs between two batches. Students are told by their ids; their order is that of `before`."""
    found: dict[str, tuple[set[str], set[str]]] = {}
    changes: list[StudentChange] = []
    unchanged = 0
    for id in dict.fromkeys([*before, *after]):
        old, new = (side[id]() if id in side else None for side in (before, after))
        _collect(found, old, new)
        if old is None or new is None:
            continue
        if (change := compare_reports(id, old, new)) is None:
            unchanged += 1
        else:
            changes.append(change)
    return Diff(
        circumstances=[
            Circumstance(what=what, before=sorted(old), after=sorted(new))
            for what, (old, new) in found.items()
            if old != new and old and new
        ],
        students=changes,
        unchanged=unchanged,
        students_before=[id for id in before if id not in after],
        students_after=[id for id in after if id not in before],
    )


def compare_reports(id: str, before: Report, after: Report) -> StudentChange | None:
    """What differs between two reports of the student `id`; None where nothing does."""
    old, new = ({exercise.name: exercise for exercise in report.exercises} for report in (before, after))
    change = StudentChange(
        id=id,
        same_code=before.submission.sha256 == after.submission.sha256,
        before=_marks(before),
        after=_marks(after),
        exercises_before=[name for name in old if name not in new],
        exercises_after=[name for name in new if name not in old],
        tests=[test for name in old if name in new for test in _tests(old[name], new[name])],
    )
    same = change.before == change.after
    return None if same and not (change.tests or change.exercises_before or change.exercises_after) else change


def _marks(report: Report) -> Marks:
    return Marks(score=report.score, max_score=report.max_score, deferred_points=report.deferred_points)


def _tests(before: Exercise, after: Exercise) -> Iterable[TestChange]:
    old, new = ({test.name: test for test in exercise.tests} for exercise in (before, after))
    for name in dict.fromkeys([*old, *new]):
        first, second = (_verdict(side.get(name)) for side in (old, new))
        if first != second:
            title = (new.get(name) or old[name]).title
            yield TestChange(exercise=before.name, name=name, title=title, before=first, after=second)


def _verdict(test: Test | None) -> Verdict | None:
    return Verdict(outcome=test.outcome, score=test.score, points=test.points) if test else None


def _collect(found: dict[str, tuple[set[str], set[str]]], *sides: Report | None) -> None:
    """Add to `found` under which circumstances the reports were made."""
    for place, report in enumerate(sides):
        for what, value in _circumstances(report).items() if report else ():
            found.setdefault(what, (set(), set()))[place].add(value)


def _circumstances(report: Report) -> dict[str, str]:
    environment = report.environment
    return {
        "course": f"{report.course.name} ({report.course.sha256[:8]})",
        "seed": str(report.seed),
        "grader": environment.grader,
        "Python": environment.python,
        "torch": environment.torch or "none",
        "device": environment.device,
    }
