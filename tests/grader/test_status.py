"""`grade status`: where one stands, from what was kept."""

from __future__ import annotations

import io

import pytest

from grader import display
from grader.commands.status import status
from grader.course import Course
from grader.hints_shown import remember_shown
from grader.recall import FOLDER, Recall
from grader.report import Exercise
from grader.standing import show
from grader.submission import Submission
from tests.grader.conftest import Write
from tests.grader.test_display import case, marks, report


@pytest.fixture(autouse=True)
def working_folder(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(course.root)


def keep(course: Course, *results: Exercise) -> None:
    submission = Submission.gather([course.exercises_folder], course)
    Recall(course).keep(submission, report(*results))


def shown(course: Course) -> list[str]:
    out = display.console(io.StringIO())
    out.width = 100
    show(course, out)
    assert isinstance(out.file, io.StringIO)
    return [" ".join(line.split()) for line in out.file.getvalue().splitlines() if line.strip()]


def test_what_was_not_graded_is_called_so(course: Course) -> None:
    assert shown(course) == [
        "softmax not graded yet",
        "attention not graded yet",
        "Next: softmax. Its lesson: exercises/01_softmax/README.md. Then: grade exercises/01_softmax",
    ]


def test_the_points_of_the_last_grading_are_shown(course: Course) -> None:
    keep(course, marks(case(points=2), case("failed", points=3, title="It sums")))
    assert shown(course) == [
        "softmax 2/5 1 passed, 1 failed",
        "attention not graded yet",
        "Total 2/5 0 of 2 exercises done",
        'Next: softmax, "It sums". Add --only softmax to see it alone.',
    ]


def test_an_exercise_that_is_done_leads_to_the_next_one(course: Course) -> None:
    keep(course, marks(case(), case("deferred")))
    lines = shown(course)
    assert "Total 1/1 1 of 2 exercises done" in lines
    assert lines[-1].startswith("Next: attention. Its lesson: exercises/02_attention/README.md.")


def test_at_the_end_nothing_is_left(course: Course) -> None:
    keep(course, marks(case()), marks(case(points=4), name="attention"))
    assert shown(course)[-2:] == [
        "Total 5/5 2 of 2 exercises done",
        "Next: nothing left to do here, all is right. Well done!",
    ]


def test_hints_that_were_taken_are_counted(course: Course) -> None:
    remember_shown(course, "attention", 1, 1)
    remember_shown(course, "softmax", 1, 2)
    assert shown(course)[:2] == ["softmax not graded yet 2 hints", "attention not graded yet 1 hint"]


@pytest.mark.parametrize("broken", ["", "{", '{"key": 3}'])
def test_a_result_that_cannot_be_read_is_none(course: Course, write: Write, broken: str) -> None:
    keep(course, marks(case()), marks(case(), name="attention"))
    for file in (course.root / FOLDER / "results").iterdir():
        write(file, broken)
    assert shown(course)[:2] == ["softmax not graded yet", "attention not graded yet"]


def test_a_result_of_another_exercise_is_none(course: Course) -> None:
    keep(course, marks(case()))
    folder = course.root / FOLDER / "results"
    (folder / "softmax.json").rename(folder / "attention.json")
    assert shown(course)[:2] == ["softmax not graded yet", "attention not graded yet"]


def test_the_command_grades_nothing(course: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert status.main([], standalone_mode=False) == 0
    assert capsys.readouterr().out.count("not graded yet") == 2
    assert not (course.root / FOLDER).exists()


def test_another_course_may_be_named(course: Course, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir("/")
    assert status.main(["--course", str(course.root)], standalone_mode=False) == 0
