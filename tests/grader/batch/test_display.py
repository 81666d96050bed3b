"""What an instructor sees of a batch on the terminal, while it runs and when it is through."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from grader.batch.display import show, watched
from grader.batch.run import Graded
from grader.batch.summary import ExerciseInfo, Marks, Standing, Student, Summary
from grader.display import console
from grader.intake.person import Person
from grader.report import CourseId


def student(name: str, score: float = 3.0, standing: Standing = "graded", look: tuple[str, ...] = ()) -> Student:
    marks = Marks(score=score, max_score=4.0, deferred_points=0.0, status="failed")
    return Student(
        id=name,
        person=Person(),
        report=f"{name}.json",
        submission=name,
        earlier=[],
        standing=standing,
        score=score,
        max_score=4.0,
        deferred_points=0.0,
        exercises={"softmax": marks},
        look=list(look),
    )


def summary(*students: Student, ignored: tuple[str, ...] = ()) -> Summary:
    return Summary(
        course=CourseId(name="Tiny", sha256=""),
        seed=7,
        started_at="",
        finished_at="",
        exercises=[ExerciseInfo(name="softmax", title="The softmax", points=4.0)],
        students=list(students),
        ignored=list(ignored),
    )


def shown(of: Summary) -> str:
    stream = io.StringIO()
    show(of, Path("grades"), console(stream))
    return stream.getvalue()


def test_a_line_for_each_submission_where_there_is_no_terminal() -> None:
    stream = io.StringIO()
    with watched(console(stream)) as watch:
        watch(Graded(student("alice", 2.66667), "graded", 1, 3))
        watch(Graded(student("bob", look=("crashed",)), "kept", 2, 3))
        watch(Graded(student("eve\x1b[2J"), "completed", 3, 3))
    assert stream.getvalue().splitlines() == [
        "1/3  alice  2.67/4  graded",
        "2/3  bob  3/4  graded, graded before, needs a look",
        "3/3  eve  3/4  graded, deferred tests added",
    ]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_bar_and_the_last_outcomes_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    with watched(console(stream)) as watch:
        for number in range(8):
            watch(Graded(student(f"student{number}"), "graded", number + 1, 8))
    last = stream.getvalue().rpartition("Grading")[2]
    assert "8/8" in last and "student7" in last and "student3" in last and "student2" not in last


def test_what_the_class_came_to() -> None:
    text = shown(summary(student("alice", 4.0), student("bob", 1.0, "deferred"), student("carol", 0.0, "invalid")))
    words = "3 submissions: 1 graded, 1 graded but for tests that need a GPU, 1 with nothing that can be loaded."
    assert words in " ".join(text.split())
    assert "Mean 1.7, median 1.0 of 4 points." in text
    assert "Seed 7. grades/gradebook.csv, grades/summary.json and a report for each student." in text


def test_who_needs_a_look_and_what_was_left_out() -> None:
    text = shown(summary(student("alice", look=("softmax: it\n\x1b[31mcrashed",)), ignored=("notes.txt is nobody's.",)))
    assert "  look at alice: softmax: it crashed\n" in text and "  not graded: notes.txt is nobody's.\n" in text


def test_a_long_list_is_cut_and_says_so() -> None:
    text = shown(summary(*(student(f"s{number:02}", look=("crashed",)) for number in range(25))))
    assert "look at s19" in text and "look at s20" not in text and "and 5 more, in summary.json" in text
