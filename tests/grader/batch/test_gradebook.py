"""The gradebook: what stands in which cell, and that no cell is run."""

from __future__ import annotations

import csv
import io

import pytest

from grader.batch.gradebook import gradebook
from grader.batch.summary import ExerciseInfo, Marks, Student, Summary
from grader.intake.person import Person
from grader.report import CourseId


def marks(score: float) -> Marks:
    return Marks(score=score, max_score=10.0, deferred_points=0.5, status="failed")


def student(id: str, person: Person | None = None, **scores: float) -> Student:
    return Student(
        id=id,
        person=person or Person(),
        report=f"{id}.json",
        submission=id,
        earlier=[],
        standing="graded",
        score=sum(scores.values()),
        max_score=20.0,
        deferred_points=1.0,
        exercises={name: marks(score) for name, score in scores.items()},
        look=[],
    )


def rows(*students: Student) -> list[list[str]]:
    summary = Summary(
        course=CourseId(name="Tiny", sha256="0" * 64),
        seed=7,
        started_at="2026-01-02T03:04:05+00:00",
        finished_at=None,
        exercises=[ExerciseInfo(name=name, title=name, points=10.5) for name in ("softmax", "attention")],
        students=list(students),
        ignored=[],
    )
    return list(csv.reader(io.StringIO(gradebook(summary), newline="")))


def test_a_student_is_a_row_under_the_header() -> None:
    ada = student("ada", Person(name="Ada Lovelace", email="ada@example.org"), attention=3.5, softmax=10.0)
    assert rows(ada) == [
        ["student", "name", "email", "softmax", "attention", "total", "max", "deferred", "status"],
        ["ada", "Ada Lovelace", "ada@example.org", "10", "3.5", "13.5", "20", "1", "graded"],
    ]


def test_students_stand_in_the_summarys_order() -> None:
    assert [row[0] for row in rows(student("zoe"), student("ada"))] == ["student", "zoe", "ada"]


def test_an_exercise_that_a_student_lacks_is_0() -> None:
    assert rows(student("ada", softmax=1.0))[1][3:5] == ["1", "0"]


@pytest.mark.parametrize(("score", "cell"), [(11.238095, "11.24"), (0.1 + 0.2, "0.3"), (1e6, "1000000"), (-0.0, "0")])
def test_numbers_are_plain(score: float, cell: str) -> None:
    assert rows(student("ada", softmax=score))[1][3] == cell


@pytest.mark.parametrize(
    "start", ["=", "+", "-", "@", " =", "\t=", "\r=", "＝", "＋", "－", "＠", "\u200b=", "\x1b[31m="]
)
def test_no_cell_is_a_formula(start: str) -> None:
    text = f"{start}cmd|' /C calc'!A0"
    row = rows(student(text, Person(name=text, email=text)))[1]
    assert all(cell.startswith("'") for cell in row[:3])


def test_control_characters_and_line_breaks_are_taken_out() -> None:
    assert rows(student("a\x00d\x1b[2Ja\u202e", Person(name="Ada\r\nLovelace")))[1][:2] == ["ada", "Ada Lovelace"]


def test_a_class_without_students_is_a_header() -> None:
    assert len(rows()) == 1
