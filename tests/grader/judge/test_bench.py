"""Judges that are forked where the suites are collected already: each as good as a new one."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from grader.batch.station import Station
from grader.course import Course
from grader.errors import GraderError
from grader.grading import Options, grade, switched_off
from grader.processes.child import Launcher
from grader.report import Report
from grader.submission import Attempt, Submission
from tests.grader.judge.conftest import HEAD

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a bench is forked")

SUITE = """
    STATE = []

    @pytest.fixture(scope="module")
    def shared():
        STATE.append("made")
        return STATE

    def test_one(student, shared):
        STATE.append(student.NAME)
        assert STATE == ["made", student.NAME]

    def test_draws(student):
        assert student.same(torch.rand(2)).shape == (2,), f"{torch.rand(1)}"

    @pytest.mark.public
    def test_tells(student):
        assert student.same(float(torch.rand(1))) == 2
"""


def course_at(root: Path, **suites: str) -> Course:
    root.mkdir()
    (root / "pyproject.toml").write_text('[tool.grader]\nname = "Tiny"\npreload = ["torch"]\n')
    for number, (name, suite) in enumerate(suites.items()):
        (root / f"exercises/{number:02}_{name}").mkdir(parents=True)
        path = root / f"tests/suites/test_{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(HEAD + textwrap.dedent(suite))
    return Course.load(root)


def submission(course: Course, name: str, *sources: str) -> Submission:
    attempts = (
        Attempt(exercise, f"{exercise.name}.py", source=source.encode())
        for exercise, source in zip(course.exercises, sources, strict=False)
    )
    return Submission(name, "0" * 64, tuple(attempts))


@contextmanager
def station(course: Course, scratch: Path, options: Options) -> Iterator[Station]:
    made = Station(course, Submission.unusable("", course, (), ""), options, scratch)
    try:
        yield made
    finally:
        made.close()


def told(report: Report) -> list[tuple[object, ...]]:
    tests = [test for exercise in report.exercises for test in exercise.tests]
    return [(test.name, test.outcome, test.points, test.message) for test in tests]


def test_each_judge_finds_the_suites_as_they_were_collected(tmp_path: Path, launcher: Launcher) -> None:
    course, options = course_at(tmp_path / "course", topic=SUITE), Options(seed=4, off=switched_off())
    source = "NAME = {!r}\ndef same(x): return x\n"
    with station(course, tmp_path, options) as bench:
        first, second = (
            bench.grade(submission(course, name, source.format(name)), options) for name in ("alice", "bob")
        )
    alone = grade(course, submission(course, "bob", source.format("bob")), options, launcher)
    assert [test.outcome for test in first.exercises[0].tests] == ["passed", "passed", "failed"]
    assert told(first) == told(second) == told(alone)


def test_a_judge_runs_what_its_submission_holds_and_no_more(tmp_path: Path) -> None:
    suite = "def test_a(student): student.f()\ndef test_b(student): student.f()\n"
    course, options = course_at(tmp_path / "course", one=suite, two=suite), Options(seed=4, off=switched_off())
    whole = submission(course, "alice", "def f(): ...", "def f(): ...")
    with station(course, tmp_path, options) as bench:
        assert [len(exercise.tests) for exercise in bench.grade(whole, options).exercises] == [2, 2]
        part = bench.grade(submission(course, "bob", "def f(): ..."), options)
        assert [exercise.name for exercise in part.exercises] == ["one"]
        some = bench.grade(whole, replace(options, only_tests={"two": ["test_b"]}))
        assert [(exercise.name, len(exercise.tests)) for exercise in some.exercises] == [("two", 1)]


def test_a_suite_that_cannot_be_collected_is_an_error_in_every_report(tmp_path: Path) -> None:
    course = course_at(tmp_path / "course", one="def test_a(student): student.f()\n", two="import nothing_like_it\n")
    options = Options(seed=4, off=switched_off())
    with station(course, tmp_path, options) as bench:
        for name in ("alice", "bob"):
            one, two = bench.grade(submission(course, name, "def f(): ...", ""), options).exercises
            assert (one.status, two.status) == ("passed", "error")
            assert "nothing_like_it" in str(two.message)


def test_a_suite_that_ends_the_process_is_an_error_of_ours(tmp_path: Path) -> None:
    course = course_at(tmp_path / "course", one="import os\nos._exit(3)\n")
    options = Options(seed=4, off=switched_off())
    with station(course, tmp_path, options) as bench, pytest.raises(GraderError, match=r"could not be collected.*3"):
        bench.grade(submission(course, "alice", ""), options)
