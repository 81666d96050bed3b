"""A gradebook that Canvas imports.

The format is what Canvas exports and the program that reads it takes,
https://github.com/instructure/canvas-lms/blob/master/lib/gradebook_importer.rb. The columns:

    Student, ID, SIS User ID, SIS Login ID, Section, Name of the assignment (12345)

Canvas finds a student by ID, else by SIS ids, else by name, and an assignment by the number in its column.
The row below the header tells the points possible. An empty cell clears a grade: a student of the roster
without a grade keeps what the roster has in that column.
"""

from __future__ import annotations

from pathlib import Path

from grader.batch.summary import Student, Summary
from grader.csv_cells import number, table
from grader.errors import UsageError
from grader.export.grades import Grades, Table, grades, whose
from grader.export.matching import match, spoken
from grader.export.tables import Sheet
from grader.report import one_line

COLUMNS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
POINTS_POSSIBLE = "    Points Possible"  # as Canvas writes it


def canvas(summary: Summary, assignment: str, roster: Path | None) -> Table:
    """The gradebook of a batch.

    Args:
        assignment: the heading of the grades, as in an export: `Name (12345)`.
        roster: a gradebook that Canvas exported; its students get the rows.

    Raises:
        UsageError: the roster is none.
    """
    marks = grades(summary)
    return _filled(summary, marks, assignment, Sheet.read(roster)) if roster else _new(summary, marks, assignment)


def _new(summary: Summary, marks: Grades, assignment: str) -> Table:
    rows: list[list[object]] = [
        [row.person.name or row.id, row.person.number, None, None, None, marks.grades[row.id]]
        for row in summary.students
    ]
    notes = [
        f"{whose(row)}: the submission tells no Canvas ID, so Canvas will look for the name. --roster FILE is surer."
        for row in summary.students
        if row.person.number is None
    ]
    points = [POINTS_POSSIBLE, None, None, None, None, marks.points]
    return Table(table([[*COLUMNS, assignment], points, *rows]), (*marks.notes, *notes), complete=True)


def _filled(summary: Summary, marks: Grades, assignment: str, roster: Sheet) -> Table:
    """The roster's rows up to the section, each with its grade."""
    width, number_at, graded = roster.column("Section") + 1, roster.column("ID"), roster.find(assignment)
    people = [row for row in roster.rows if row[number_at].strip()]  # not the points, and not how grades are posted
    matching = match(
        summary.students,
        people,
        [
            (lambda student: [student.person.number], lambda row: [row[number_at]]),
            (_logins, lambda row: roster.cells(row, "SIS Login ID", "SIS User ID")),
            (lambda student: [spoken(student.person.name or student.id)], lambda row: [_name(row, roster)]),
        ],
        named=lambda row: _name(row, roster),
        where="roster",
    )
    rows: list[list[object]] = []
    for row, student in zip(people, matching.students, strict=True):
        grade = marks.grades[student.id] if student else None
        kept = row[graded] if graded is not None else None
        rows.append([*row[:width], kept if grade is None else grade])
    points = [POINTS_POSSIBLE, *[None] * (width - 1), marks.points]
    notes = [*marks.notes, *_other_points(roster, graded, marks.points), *matching.notes]
    return Table(table([[*roster.header[:width], assignment], points, *rows]), tuple(notes), matching.complete)


def _logins(student: Student) -> list[str]:
    """What a student may be called by the institution. Not the number: another platform's could be anybody's here."""
    email = student.person.email or ""
    return [student.id, email, email.partition("@")[0]]


def _name(row: list[str], roster: Sheet) -> str:
    return spoken(" ".join(roster.cells(row, "Student") or roster.cells(row, "FirstName", "LastName")))


def _other_points(roster: Sheet, graded: int | None, points: float) -> list[str]:
    """A warning where Canvas has another number of points for the assignment."""
    possible = next((row for row in roster.rows if "Points Possible" in row[0]), None)
    text = possible[graded].strip() if possible and graded is not None else ""
    if text.replace(",", ".") in ("", f"{points:.2f}", number(points)):
        return []
    return [
        f"In Canvas the assignment is worth {one_line(text)} points, and the grades are out of {number(points)}. "
        f"Canvas does not convert them: give the assignment {number(points)} points."
    ]


def heading(assignment: str | None) -> str:
    """`assignment`, which has to be named.

    Raises:
        UsageError: it is not.
    """
    if not assignment or not assignment.strip():
        raise UsageError(
            'Which assignment? Give --assignment "Name (12345)": the heading of its column in a gradebook that Canvas '
            "exported, with the number."
        )
    return assignment.strip()
