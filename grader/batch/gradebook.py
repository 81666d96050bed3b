"""The gradebook: a CSV file with a row for each student, for a spreadsheet."""

from __future__ import annotations

from grader.batch.summary import Student, Summary
from grader.csv_cells import table
from grader.report import one_line


def gradebook(summary: Summary) -> str:
    """A CSV file: who, the points of each exercise, their total and what it is out of, and what is undecided.

    Students and exercises come in the summary's order. An exercise that a student lacks counts 0. No cell is
    one that a spreadsheet would run.
    """
    names = [exercise.name for exercise in summary.exercises]
    header = ["student", "name", "email", *map(one_line, names), "total", "max", "deferred", "status"]
    return table([header, *(_row(student, names) for student in summary.students)]).decode()


def _row(student: Student, names: list[str]) -> list[str | float]:
    marks = [student.exercises[name].score if name in student.exercises else 0.0 for name in names]
    points = [*marks, student.score, student.max_score, student.deferred_points]
    return [
        one_line(student.id),
        one_line(student.person.name or ""),
        one_line(student.person.email or ""),
        *(round(number, 2) for number in points),
        student.standing,
    ]
