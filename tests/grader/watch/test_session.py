"""What `grade watch` knows and shows."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from grader.course import Course
from grader.display import console
from grader.recall import Recall
from grader.report import Outcome, Report, Test, exercise_report, with_exercises
from grader.watch import screen
from grader.watch.session import Session
from tests.grader.test_display import case
from tests.grader.test_report import report


def made(**outcomes: Outcome) -> list[Test]:
    return [case(outcome, name=f"test_{name}", title=f"It {name}s.") for name, outcome in outcomes.items()]


def reported(name: str, of: list[Test], message: str | None = None) -> Report:
    return with_exercises(report(), [exercise_report(name, name, of, message=message)])


@pytest.fixture
def session(course: Course) -> Session:
    return Session(course, [course.exercises_folder], (), Recall(course))


def note(session: Session, name: str, **outcomes: Outcome) -> None:
    attempts = tuple(attempt for attempt in session.submission.attempts if attempt.exercise.name == name)
    session.note(reported(name, made(**outcomes)), replace(session.submission, attempts=attempts))


def shown(session: Session, course: Course, hint: str | None = None, width: int = 60) -> str:
    stream = io.StringIO()
    out = console(stream)
    out.width = width
    screen.show(session, course, out, hint)
    return stream.getvalue()


def test_it_begins_with_the_first_exercise_that_is_not_done(course: Course, session: Session) -> None:
    assert session.current == "softmax"
    note(session, "softmax", add="passed")
    again = Session(course, [course.exercises_folder], (), Recall(course))
    assert again.current == "attention" and again.results["softmax"].status == "passed"


def test_what_passes_since_the_last_save(session: Session) -> None:
    note(session, "softmax", add="failed", sum="passed")
    assert session.passed == []
    note(session, "softmax", add="passed", sum="passed")
    assert session.passed == ["It adds"]
    note(session, "softmax", add="passed", sum="passed")
    assert session.passed == []


def test_next_goes_round_and_leaves_out_what_is_done(session: Session) -> None:
    assert session.next() == "attention"
    session.turn_to("attention")
    assert session.next() == "softmax"
    note(session, "softmax", add="passed")
    assert session.next() == "attention"
    note(session, "attention", add="passed")
    assert session.next() == "softmax"


def test_a_saved_file_says_which_exercise_is_worked_on(session: Session) -> None:
    assert session.saved([Path("x/attention.py")]) == "attention"
    assert session.saved([Path("x/attention.py"), Path("x/softmax.py")]) == "softmax"
    assert session.saved([Path("x/helpers.py")]) is None


def test_only_what_does_not_stand_is_open(session: Session) -> None:
    note(session, "softmax", add="passed")
    assert [attempt.exercise.name for attempt in session.open()] == ["attention"]
    stub = session.submission.attempts[0].file
    assert stub is not None
    stub.write_text("def softmax(x): return 2\n")
    session.read()
    assert [attempt.exercise.name for attempt in session.open()] == ["softmax", "attention"]


def test_the_first_failing_test_in_full_and_the_rest_in_a_line_each(course: Course, session: Session) -> None:
    attempts = session.submission.attempts[:1]
    of = [
        case("failed", name="test_a", title="It adds", message="In add:\nExpected: the sum.", hint="what is 0 + 0?"),
        case("failed", name="test_b", title="It sums", message="In sum:\nnever shown"),
        case("todo", name="test_c", title="It scales"),
    ]
    session.note(reported("softmax", of), replace(session.submission, attempts=attempts))
    text = shown(session, course)
    assert "Tiny  0 of 2 exercises done" in text and "softmax  0/3" in text
    assert "Expected: the sum." in text and "Hint: what is 0 + 0?" in text
    lines = [line.strip() for line in text.splitlines()]
    assert "✗ It sums" in lines and "never shown" not in text and "○ It scales" in lines


def test_what_a_narrow_screen_without_colour_shows(course: Course, session: Session) -> None:
    note(session, "softmax", **{f"add{number}": "failed" for number in range(5)})  # type: ignore[arg-type]
    text = shown(session, course, width=30)
    assert all(len(line) <= 30 for line in text.splitlines()) and "\x1b" not in text


def test_all_right_and_not_graded_yet_are_said(course: Course, session: Session) -> None:
    assert "softmax was not graded yet." in shown(session, course)
    note(session, "softmax", add="passed")
    assert "All is right here." in shown(session, course)


def test_a_hint_stands_below(course: Course, session: Session) -> None:
    note(session, "softmax", add="failed")
    assert "Hint: look at the dims" in shown(session, course, hint="look at the dims")


def test_all_exercises_in_a_line_each(course: Course, session: Session) -> None:
    note(session, "softmax", add="passed", sum="failed")
    stream = io.StringIO()
    screen.show_all(session, course, console(stream))
    text = stream.getvalue()
    assert "> softmax    1/2  1 passed, 1 failed" in text and "attention       not graded yet" in text
