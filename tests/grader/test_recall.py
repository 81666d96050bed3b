"""What is not graded again, and what is."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from grader.course import Course
from grader.recall import FOLDER, Recall
from grader.report import Outcome, Report, exercise_report, with_exercises
from grader.submission import Submission
from tests.grader.conftest import Write
from tests.grader.test_report import case, report

CODE = "import helper\n\n\ndef softmax(x):\n    return helper.same(x)\n"


class Work:
    """A student's exercises in a course's own folder."""

    def __init__(self, root: Path, write: Write) -> None:
        self.root = root
        self._write = write
        self.put("exercises/01_softmax/softmax.py", CODE)
        self.put("exercises/01_softmax/helper.py", "import deeper\n\n\ndef same(x):\n    return x\n")
        self.put("exercises/deeper.py", "")
        self.put("exercises/notes.txt", "")

    def put(self, name: str, text: str) -> None:
        self._write(self.root / name, text)

    @property
    def course(self) -> Course:
        return Course.load(self.root)

    @property
    def submission(self) -> Submission:
        return Submission.gather([self.root / "exercises"], self.course)

    def keep(self, outcome: Outcome = "passed") -> None:
        Recall(self.course).keep(self.submission, self.report(outcome))

    def report(self, outcome: Outcome = "passed") -> Report:
        names = [attempt.exercise.name for attempt in self.submission.attempts]
        return with_exercises(report(), [exercise_report(name, name, [case(outcome)]) for name in names])

    def known(self, off: tuple[str, ...] = ()) -> list[str]:
        recall = Recall(self.course, off)
        return [attempt.exercise.name for attempt in self.submission.attempts if recall.of(attempt)]


@pytest.fixture
def work(course_folder: Path, write: Write) -> Work:
    return Work(course_folder, write)


def test_what_was_graded_is_known(work: Work) -> None:
    assert work.known() == []
    work.keep()
    assert work.known() == ["softmax", "attention"]
    kept = Recall(work.course).of(work.submission.attempts[0])
    assert kept is not None and kept.exercise == work.report().exercises[0] and kept.seed == work.report().seed


CHANGES: dict[str, Callable[[Work], None]] = {
    "the answer": lambda work: work.put("exercises/01_softmax/softmax.py", CODE + "\n# more\n"),
    "what it imports": lambda work: work.put("exercises/01_softmax/helper.py", "def same(x):\n    return 2 * x\n"),
    "what that imports": lambda work: work.put("exercises/deeper.py", "x = 1\n"),
    "a file of a mentioned name that was not there": lambda work: work.put("exercises/helper.json", "{}"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_an_answer_needs_has_changed(work: Work, change: Callable[[Work], None]) -> None:
    work.keep()
    change(work)
    assert work.known() == ["attention"]


def test_what_no_answer_mentions_may_change(work: Work) -> None:
    work.keep()
    work.put("exercises/notes.txt", "more\n")
    work.put("exercises/unheard_of.py", "x = 1\n")
    assert work.known() == ["softmax", "attention"]


def test_suites_layers_and_grader_count(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    work.keep()
    assert work.known(off=("filesystem",)) == []
    with monkeypatch.context() as patch:
        patch.setattr("grader.recall.version", lambda: "another")
        assert work.known() == []
    with monkeypatch.context() as patch:
        patch.setattr("grader.recall.installed_torch", lambda: "another")
        assert work.known() == []
    with monkeypatch.context() as patch:
        patch.setattr("grader.recall._has_gpu", lambda: True)
        assert work.known() == []
    work.put("tests/suites/test_attention.py", "def test_more(student): ...\n")
    assert work.known() == []


def test_an_error_of_ours_is_not_remembered(work: Work) -> None:
    work.keep("error")
    assert work.known() == []


def test_a_result_that_cannot_be_read_is_none(work: Work) -> None:
    work.keep()
    (work.root / FOLDER / "results/softmax.json").write_text("{")
    assert work.known() == ["attention"]
    assert Recall(work.course).last("softmax") is None


def test_what_came_last_is_told_though_it_stands_no_more(work: Work) -> None:
    work.keep()
    work.put("exercises/01_softmax/softmax.py", CODE + "\n# more\n")
    last = Recall(work.course).last("softmax")
    assert last is not None and last.exercise.name == "softmax"


def test_where_nothing_can_be_written_nothing_is_remembered(work: Work) -> None:
    (work.root / FOLDER).write_text("a file")
    work.keep()
    assert work.known() == []


def test_git_does_not_see_it(work: Work) -> None:
    work.keep()
    assert (work.root / FOLDER / ".gitignore").read_text() == "*\n"


# The command -----------------------------------------------------------------------------------


def grade(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "grader", *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


def test_the_second_time_nothing_is_run_and_the_terminal_says_so(work: Work) -> None:
    work.put("pyproject.toml", '[tool.grader]\nname = "Tiny"\npreload = ["torch"]\n')
    work.put("tests/suites/test_softmax.py", "def test_softmax(student):\n    assert student.softmax(2) == 2\n")
    first = grade(work.root, "exercises")
    assert first.returncode == 0 and "unchanged" not in first.stdout
    work.put("pyproject.toml", '[tool.grader]\nname = "Tiny"\npreload = ["torch"]\n')
    poisoned = Recall(work.course).last("softmax")
    assert poisoned is not None
    shown = msgspec.structs.replace(poisoned.exercise, title="As it was")
    (work.root / FOLDER / "results/softmax.json").write_bytes(
        msgspec.json.encode(msgspec.structs.replace(poisoned, exercise=shown))
    )
    second = grade(work.root, "exercises")
    assert second.returncode == first.returncode
    assert "1 passed, unchanged" in second.stdout
    assert "Not graded again, since nothing has changed: 2 exercises. --fresh grades anew." in second.stdout
    for asked in (["--fresh"], ["--seed", "3"], ["--json", "report.json"], ["-k", "softmax"]):
        assert "unchanged" not in grade(work.root, "exercises", *asked).stdout
    work.put("exercises/01_softmax/helper.py", "def same(x):\n    return 3 * x\n")
    third = grade(work.root, "exercises")
    assert "1 failed" in third.stdout and "has changed: 1 exercise." in third.stdout
