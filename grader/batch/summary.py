"""What a batch came to: one object for the class, beside a report for each student.

The structs are the format of `summary.json`. Gradebook, pages and exports read it and, where they need
the tests, the reports that it names, one at a time: a class need not fit into memory.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec

from grader.errors import UsageError
from grader.intake.person import Person
from grader.report import CourseId, Exercise, Outcome, Report, Status, total

SUMMARY = "summary.json"
SCHEMA_VERSION: Final = 1

T = TypeVar("T", bound=msgspec.Struct)

Standing = Literal["graded", "deferred", "invalid", "missing", "error"]
"""What became of a submission: `graded` is decided, `deferred` waits for an accelerator in part, `missing` answers
no exercise, `invalid` has files and none that can be loaded, and in an `error` the grader failed somewhere."""

LOOK: dict[Outcome, str] = {"crashed": "crashed", "timeout": "timed out", "error": "could not be judged"}
"""Outcomes that a person should look at."""


class Marks(msgspec.Struct, kw_only=True, frozen=True):
    """One exercise of one student."""

    score: float
    max_score: float
    deferred_points: float
    status: Status


class Student(msgspec.Struct, kw_only=True, frozen=True):
    """One student's row.

    `report`: the name of the report's file, beside the summary. `exercises`: by name, in the course's order.
    `look`: why a person should look at it, a sentence each. `earlier`: attempts that do not count.
    """

    id: str
    person: Person
    report: str
    submission: str  # the path of what was handed in, as the download has it
    earlier: list[str]
    standing: Standing
    score: float
    max_score: float
    deferred_points: float
    exercises: dict[str, Marks]
    look: list[str]


class ExerciseInfo(msgspec.Struct, kw_only=True, frozen=True):
    """`points`: what the exercise is worth in all."""

    name: str
    title: str
    points: float


class Summary(msgspec.Struct, kw_only=True, frozen=True):
    """`finished_at`: None while the batch runs, and for ever where it was stopped. `ignored`: what in the
    submissions belongs to no student."""

    schema_version: Literal[1] = SCHEMA_VERSION
    course: CourseId
    seed: int
    started_at: str
    finished_at: str | None
    exercises: list[ExerciseInfo]
    students: list[Student]
    ignored: list[str]


def student(report: Report, file: str, submission: str, person: Person, earlier: Iterable[str]) -> Student:
    """The row of `report`, which was written to `file`."""
    return Student(
        id=report.submission.id,
        person=person,
        report=file,
        submission=submission,
        earlier=list(earlier),
        standing=standing(report),
        score=report.score,
        max_score=report.max_score,
        deferred_points=report.deferred_points,
        exercises={
            exercise.name: Marks(
                score=exercise.score,
                max_score=exercise.max_score,
                deferred_points=exercise.deferred_points,
                status=exercise.status,
            )
            for exercise in report.exercises
        },
        look=list(look(report)),
    )


def standing(report: Report) -> Standing:
    """One word for a whole report."""
    statuses = {exercise.status for exercise in report.exercises}
    if "error" in statuses or not statuses:
        return "error"
    if statuses <= {"missing"}:
        return "missing"
    if statuses <= {"missing", "invalid"}:
        return "invalid"
    deferred = any(test.outcome == "deferred" for exercise in report.exercises for test in exercise.tests)
    return "deferred" if deferred else "graded"


def look(report: Report) -> Iterator[str]:
    """Why a person should look at this submission."""
    problems = {exercise.message for exercise in report.exercises if exercise.status == "invalid"}
    if len(report.exercises) > 1 and len(problems) == 1 and standing(report) == "invalid":  # of the hand-in as a whole
        yield problems.pop() or "nothing of it can be loaded"
        return
    for exercise in report.exercises:
        yield from (f"{exercise.name}: {reason}" for reason in _look(exercise))


def _look(exercise: Exercise) -> Iterator[str]:
    if exercise.status in ("invalid", "error"):
        yield exercise.message or f"its status is {exercise.status}"
    yield from exercise.notes
    outcomes = Counter(test.outcome for test in exercise.tests)
    for outcome, words in LOOK.items():
        if outcomes[outcome]:
            yield f"{outcomes[outcome]} of {len(exercise.tests)} tests {words}"
    if forbidden := sum(test.forbidden for test in exercise.tests):
        yield f"forbidden calls in {forbidden} of {len(exercise.tests)} tests"


def exercise_infos(reports: Iterable[Report]) -> list[ExerciseInfo]:
    """The exercises of a course, from its first report with all of them."""
    report = next(iter(reports), None)
    return [
        ExerciseInfo(
            name=exercise.name,
            title=exercise.title,
            points=total([exercise.max_score, exercise.deferred_points]),
        )
        for exercise in (report.exercises if report else [])
    ]


def read_summary(folder: Path) -> Summary:
    """The summary in a batch's folder.

    Raises:
        UsageError: there is none, or it is none of ours.
    """
    return _read(folder / SUMMARY, Summary)


def read_report(path: Path) -> Report:
    """A report, as one submission's JSON.

    Raises:
        UsageError: there is none at `path`, or it is none of ours.
    """
    return _read(path, Report)


def reports(folder: Path, summary: Summary) -> Iterator[tuple[Student, Report]]:
    """Each student with the report, one at a time, in the summary's order."""
    for row in summary.students:
        yield row, read_report(folder / row.report)


def _read(path: Path, kind: type[T]) -> T:
    name = kind.__name__.lower()
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise UsageError(f"{path} is no {name} of this grader: {error}.") from error
