"""A grading worksheet that Moodle imports.

The format is what Moodle's offline grading worksheets are and what the programs that read them take,
importgradeslib.php and locallib.php in https://github.com/moodle/moodle/tree/main/mod/assign/feedback/offline:

    Identifier, Full name, Email address, …, Grade, Maximum grade, …, Last modified (grade), Feedback comments

Moodle finds a student by the number of the identifier, `Participant 123`. It refuses a file without the
column `Last modified (grade)`, and passes over a grade above the assignment's maximum without a word. The
comments are HTML.
"""

from __future__ import annotations

import html
import re
from pathlib import Path

from grader.batch.summary import Student, Summary
from grader.csv_cells import number, table
from grader.errors import UsageError
from grader.export.grades import Grades, Table, grades, whose
from grader.export.matching import match
from grader.export.tables import Sheet
from grader.report import clean, one_line

COLUMNS = [
    "Identifier",
    "Full name",
    "Email address",
    "Grade",
    "Maximum grade",
    "Last modified (grade)",
    "Feedback comments",
]
NEVER = "-"  # as Moodle writes that a grade was not modified yet


def moodle(summary: Summary, worksheet: Path | None) -> Table:
    """The worksheet of a batch.

    Args:
        worksheet: one that was downloaded from Moodle; it is filled in.

    Raises:
        UsageError: the worksheet is none, or its assignment has too few points.
    """
    marks = grades(summary)
    return _filled(summary, marks, Sheet.read(worksheet)) if worksheet else _new(summary, marks)


def _new(summary: Summary, marks: Grades) -> Table:
    known = [row for row in summary.students if row.person.number]
    lost = [row for row in summary.students if not row.person.number]
    rows: list[list[object]] = [
        [
            f"Participant {row.person.number}",
            row.person.name or row.id,
            row.person.email,
            marks.grades[row.id],
            marks.points,
            NEVER,
            _comments(row),
        ]
        for row in known
    ]
    notes = [
        f"{whose(row)}: the submission tells no participant's number; not in the file. --worksheet FILE helps."
        for row in lost
    ]
    return Table(table([COLUMNS, *rows]), (*marks.notes, *notes), complete=not lost)


def _filled(summary: Summary, marks: Grades, worksheet: Sheet) -> Table:
    identifier, grade = worksheet.column("Identifier"), worksheet.column("Grade")
    comments = worksheet.find("Feedback comments")
    worksheet.column("Last modified (grade)")
    other = _other_maximum(worksheet, marks.points)
    matching = match(
        summary.students,
        worksheet.rows,
        [
            (lambda student: [student.person.number], lambda row: [_digits(row[identifier])]),
            (lambda student: [student.person.email], lambda row: worksheet.cells(row, "Email address")),
            (lambda student: [student.person.name or student.id], lambda row: worksheet.cells(row, "Full name")),
        ],
        named=lambda row: " ".join([row[identifier], *worksheet.cells(row, "Full name")]),
        where="worksheet",
    )
    rows: list[list[object]] = []
    for row, student in zip(worksheet.rows, matching.students, strict=True):
        filled: list[object] = [*row]
        if student is not None and marks.grades[student.id] is not None:
            filled[grade] = marks.grades[student.id]
            if comments is not None:
                filled[comments] = _comments(student)
        rows.append(filled)
    notes = (*marks.notes, *other, *matching.notes)
    return Table(table([worksheet.header, *rows]), notes, matching.complete)


def _digits(identifier: str) -> str:
    found = re.search(r"\d+$", identifier.strip())
    return found[0] if found else ""


def _other_maximum(worksheet: Sheet, points: float) -> list[str]:
    """A warning where the assignment has more points than the grades are out of.

    Raises:
        UsageError: it has fewer, so that Moodle would pass over the best grades; or it has none.
    """
    texts = {cell.strip() for row in worksheet.rows for cell in worksheet.cells(row, "Maximum grade")} - {""}
    try:
        maximum = min((float(text.replace(",", ".")) for text in texts), default=points)
    except ValueError as error:
        raise UsageError(
            f"{worksheet.path}: the assignment's maximum grade is no number ('{one_line(min(texts))}'). Let it be "
            f"graded in points in Moodle, {number(points)} at most, and download the worksheet again."
        ) from error
    if maximum < round(points, 2):
        raise UsageError(
            f"{worksheet.path}: the assignment's maximum grade is {number(maximum)}, and the grades are out of "
            f"{number(points)}; Moodle would pass over those above. Set the maximum to {number(points)} or more in "
            "Moodle, and download the worksheet again."
        )
    if maximum == round(points, 2):
        return []
    return [
        f"In Moodle the assignment's maximum grade is {number(maximum)}, and the grades are out of {number(points)}. "
        "Moodle does not convert them."
    ]


def _comments(row: Student) -> str:
    """The points of each exercise, as HTML."""
    lines = [
        f"{clean(name)}: {number(marks.score)} of {number(marks.max_score)} points"
        + (f", {number(marks.deferred_points)} not decided yet" if marks.deferred_points else "")
        for name, marks in row.exercises.items()
    ]
    return "<br>".join(map(html.escape, lines))
