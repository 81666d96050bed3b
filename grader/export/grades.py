"""One number for each student, as gradebooks want it, and what a number cannot tell.

A gradebook has no place for points that nobody has decided. What counts is therefore out of the points that
this batch decided, which is the same for everybody; and where it is not, a note says so. Where the grader
failed on a submission there is no grade, so that an import leaves the cell as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

from grader.batch.summary import Student, Summary
from grader.csv_cells import number
from grader.errors import UsageError
from grader.report import one_line, total


@dataclass(frozen=True)
class Table:
    """A file to import, and what a person has to be told: a sentence each. `complete`: every grade found its row."""

    data: bytes
    notes: tuple[str, ...]
    complete: bool


@dataclass(frozen=True)
class Grades:
    """`points`: what a grade is out of. `grades`: by student's id; None where there is none."""

    points: float
    grades: dict[str, float | None]
    notes: tuple[str, ...]


def grades(summary: Summary) -> Grades:
    """The grades of a batch.

    Raises:
        UsageError: nobody has been graded yet.
    """
    if not summary.students:
        raise UsageError("The batch has graded nobody yet, so there is nothing to export.")
    whole = total([exercise.points for exercise in summary.exercises])
    decided = [row.max_score for row in summary.students if row.standing != "error"]
    points = max(decided, default=whole)
    notes = [note for row in summary.students if (note := _note(row, points))]
    if points < whole:
        notes.insert(
            0,
            f"{number(total([whole, -points]))} of {number(whole)} points are not decided yet, mostly because a GPU "
            f"is needed: the grades are out of {number(points)}.",
        )
    if summary.finished_at is None:
        notes.insert(0, "The batch has not been finished: students may be missing.")
    return Grades(
        points, {row.id: None if row.standing == "error" else row.score for row in summary.students}, (*notes,)
    )


def _note(row: Student, points: float) -> str | None:
    if row.standing == "error":
        return f"{whose(row)}: the grader failed, so there is no grade. Grade it again."
    if row.max_score < points:
        missing = number(total([points, -row.max_score]))
        return f"{whose(row)}: {missing} of {number(points)} points are not decided yet and not in the grade."
    return None


def whose(row: Student) -> str:
    """The student as messages name them."""
    name = one_line(row.person.name or "")
    return f"{one_line(row.id)} ({name})" if name and name != row.id else one_line(row.id)
