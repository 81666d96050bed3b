"""One word for a report, and why a person should look at it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from grader.batch.summary import look, read_report, read_summary, standing
from grader.errors import UsageError
from grader.report import Exercise, Outcome, Status, exercise_report
from tests.grader.test_report import case, report


def exercise(
    *outcomes: Outcome, status: Status | None = None, message: str | None = None, notes: tuple[str, ...] = ()
) -> Exercise:
    return exercise_report("softmax", "The softmax", [case(outcome) for outcome in outcomes], status, message, notes)


MISSING = exercise("todo", status="missing", message="There is no file.")
INVALID = exercise("failed", status="invalid", message="It is no zip.")


@pytest.mark.parametrize(
    ("exercises", "word"),
    [
        ([exercise("passed"), exercise("failed", "todo")], "graded"),
        ([exercise("passed"), MISSING], "graded"),
        ([exercise("passed", "deferred"), exercise("failed")], "deferred"),
        ([MISSING, MISSING], "missing"),
        ([INVALID, MISSING], "invalid"),
        ([exercise("passed"), exercise("error")], "error"),
        ([], "error"),
    ],
)
def test_one_word_for_a_report(exercises: list[Exercise], word: str) -> None:
    assert standing(report(*exercises)) == word


def test_what_a_person_should_look_at() -> None:
    assert list(look(report(exercise("passed", "failed", "todo", "deferred")))) == []
    assert list(look(report(exercise("crashed", "timeout", "timeout", "passed")))) == [
        "softmax: 1 of 4 tests crashed",
        "softmax: 2 of 4 tests timed out",
    ]
    assert list(look(report(exercise("passed", notes=("Code cell 2 raised NameError.",))))) == [
        "softmax: Code cell 2 raised NameError."
    ]
    assert list(look(report(exercise("passed"), INVALID))) == ["softmax: It is no zip."]


def test_what_is_wrong_with_the_whole_is_said_once() -> None:
    assert list(look(report(INVALID, INVALID))) == ["It is no zip."]


def test_a_forbidden_call_is_looked_at() -> None:
    caught = exercise("failed", "passed")
    caught.tests[0] = msgspec.structs.replace(caught.tests[0], forbidden=True)
    assert list(look(report(caught))) == ["softmax: forbidden calls in 1 of 2 tests"]


def test_what_is_no_summary_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read: No such file"):
        read_summary(tmp_path)
    (tmp_path / "summary.json").write_text("{}")
    with pytest.raises(UsageError, match="no summary of this grader"):
        read_summary(tmp_path)
    with pytest.raises(UsageError, match="no report of this grader"):
        read_report(tmp_path / "summary.json")
