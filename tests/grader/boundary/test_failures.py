"""Exceptions cross as their builtin type, with the student's own lines; a test's own come back as they are."""

from __future__ import annotations

import os
from typing import Any

import pytest
import torch

from grader.boundary import failures, wire
from grader.boundary.failures import Raised
from grader.boundary.peer import MAX_NESTED
from tests.grader.boundary.conftest import SUBMISSION, CountingWorker, Judge, fork


def line_of(text: str) -> int:
    return next(number for number, line in enumerate(SUBMISSION.read_text().splitlines(), 1) if text in line)


@pytest.mark.parametrize("name", sorted(failures.BUILTIN))
def test_every_builtin_exception_arrives_as_itself(student: Any, name: str) -> None:
    kind = failures.BUILTIN[name]
    with pytest.raises(kind) as caught:
        student.fails(kind)
    error = caught.value
    assert isinstance(error, Raised) and error.builtin is kind and error.kind == kind.__name__
    assert "so it is" in str(error)
    assert error.lines == [line_of("raise kind(text)")]


def test_an_exception_of_the_student_s_own_is_of_its_builtin_base(student: Any) -> None:
    with pytest.raises(ValueError, match="mine") as caught:
        student.fails_in_its_own_way()
    assert isinstance(caught.value, Raised) and caught.value.kind == "OwnError"
    with pytest.raises(student.OwnError):
        student.fails_in_its_own_way()


@pytest.mark.parametrize(
    ("how", "kind", "text"),
    [
        ("unreadable", Exception, "text cannot be read"),
        ("odd name", KeyError, "xxx"),
        ("unicode", ValueError, "utf-8"),
        ("group", Exception, "several"),
    ],
)
def test_awkward_exceptions_arrive_too(student: Any, how: str, kind: type[Exception], text: str) -> None:
    with pytest.raises(kind, match=text) as caught:
        student.fails_awkwardly(how)
    assert isinstance(caught.value, Raised) and len(str(caught.value)) <= failures.MESSAGE_CHARS
    assert caught.value.kind.isidentifier() and len(caught.value.kind) <= 100


def test_a_file_that_cannot_be_compiled_names_its_line(judge: Judge) -> None:
    with pytest.raises(SyntaxError) as caught:
        judge.ask("load", b"x = 1\ny = (\n", "broken.py", "broken")
    assert isinstance(caught.value, Raised) and caught.value.lines == [2]
    judge.ask("load", SUBMISSION.read_bytes(), str(SUBMISSION), "submission")


def test_a_library_s_exception_names_the_student_s_lines(student: Any) -> None:
    with pytest.raises(RuntimeError, match=r"size|shape|mat1") as caught:
        student.MLP()(torch.ones(2, 7))
    assert isinstance(caught.value, Raised) and caught.value.lines == [line_of("self.layers[0](x).tanh()")]


def test_a_failing_assertion_of_a_callback_is_the_very_same_exception(student: Any) -> None:
    mine = AssertionError("a secret expected value")

    def check(x: Any) -> None:
        raise mine

    with pytest.raises(AssertionError) as caught:
        student.apply(check, 1)
    assert caught.value is mine


def test_no_exception_of_a_callback_is_lost_on_the_way(student: Any) -> None:
    class Mine(BaseException):
        pass

    for mine in (Mine("base"), KeyError("key"), pytest.fail.Exception("failed"), StopIteration(3)):

        def check(error: BaseException = mine) -> None:
            raise error

        with pytest.raises(type(mine)) as caught:
            student.apply(student.apply, check)
        assert caught.value is mine


def test_the_student_may_catch_what_a_callback_raises(student: Any) -> None:
    def fail() -> None:
        raise ValueError("from the test")

    assert student.swallow(fail) == "ValueError: from the test"


def test_the_text_of_a_failed_check_is_not_shown_to_the_student(student: Any) -> None:
    def check() -> None:
        assert [1, 2] == [1, 42]

    assert "42" not in student.swallow_all(check)


def test_a_student_s_exception_goes_through_a_callback_and_back(judge: Judge, student: Any) -> None:
    def again() -> None:
        student.fails_in_its_own_way()

    with pytest.raises(ValueError, match="mine") as caught:
        student.apply(again)
    error = caught.value
    assert isinstance(error, Raised) and error.kind == "OwnError"
    assert line_of('OwnError("mine")') in error.lines and line_of("return f(*args, **kwargs)") in error.lines
    assert student.swallow(again).endswith(": mine")
    assert not judge._thrown and not judge._busy.asking and not judge._busy.answering


def test_calls_nest(student: Any) -> None:
    def down(n: int) -> int:
        result: int = student.recurse(down, n)
        return result

    assert student.recurse(down, 10) == 10


def test_calls_that_nest_forever_end_in_a_recursion_error(judge: Judge, student: Any) -> None:
    def down(n: int) -> int:
        result: int = student.recurse(down, n)
        return result

    with pytest.raises(RecursionError):
        student.recurse(down, MAX_NESTED + 5)
    assert student.same(1) == 1 and judge.counts()["asking"] == 0


def test_what_was_printed_comes_beside_the_answer(judge: Judge, student: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    notes: list[wire.Notes] = []
    monkeypatch.setattr(judge, "noted", notes.append)
    student.print_it("hello")
    with pytest.raises(ValueError):
        student.apply(student.apply, student.fails, ValueError)
    assert [note.printed for note in notes] == ["hello\n"]
    student.print_it("x" * 2000)
    assert "characters more" in notes[-1].printed and len(notes[-1].printed) < 1100


def test_exit_ends_the_worker() -> None:
    channel, pid = fork(lambda channel: CountingWorker(channel).serve())
    judge = Judge(channel, pid)
    judge.ask("load", SUBMISSION.read_bytes(), str(SUBMISSION), "submission")
    with pytest.raises(wire.ChannelClosed):
        judge.begin().leave()
    channel.close()
    assert os.waitpid(pid, 0)[0] == pid
