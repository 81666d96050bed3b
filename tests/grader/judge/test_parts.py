"""A file whose parts run one by one: a notebook's cells."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

from grader.course import Course
from grader.events import Target
from grader.grading import Options, grade, switched_off
from grader.judge.in_process import InProcess
from grader.processes.child import Launcher
from grader.report import Report
from grader.submission import Submission
from tests.grader.judge.conftest import Graded, Grader

SUITE = """
    @pytest.mark.public
    def test_double(student):
        assert student.double(3) == 6
    @pytest.mark.public
    @pytest.mark.forbid("torch.softmax")
    def test_norm(student):
        student.norm(torch.ones(3))
"""

Hand = Callable[..., Graded]


@pytest.fixture
def hand(run: Grader, launcher: Launcher, tmp_path: Path) -> Hand:
    """Grades a notebook made of these cells."""

    def hand(*cells: str) -> Graded:
        run(SUITE, "")  # lays the course out
        folder = tmp_path / "work"
        folder.mkdir()
        made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
        (folder / "topic.ipynb").write_text(nbformat.writes(made))
        course = Course.load(run.root)
        submission = Submission.gather([folder], course, base=folder)
        options = Options(seed=0, off=switched_off())
        report: Report = grade(course, submission, options, launcher)
        return Graded(report)

    return hand


GOOD = "import torch\ndef double(x):\n    return 2 * x\ndef norm(x):\n    return x / x.sum()"


def test_a_notebook_is_graded(hand: Hand) -> None:
    graded = hand("%matplotlib inline", GOOD, "display(double(2))")
    assert (graded.exercise.status, graded.report.score) == ("passed", 2)
    assert graded.exercise.notes == ["1 magic or shell line of topic.ipynb was left out."]
    assert graded.exercise.message is None


def test_a_cell_that_raises_is_named_and_loses_nothing_of_the_others(hand: Hand) -> None:
    graded = hand("x = 1\nplot(undefined)", GOOD, "raise SystemExit")
    assert (graded.exercise.status, graded.report.score) == ("passed", 2)
    assert graded.exercise.notes == [
        "Code cell 1 of topic.ipynb raised NameError: name 'plot' is not defined\n"
        "topic.ipynb, code cell 1, line 2: plot(undefined)",
        "Code cell 3 of topic.ipynb raised SystemExit\ntopic.ipynb, code cell 3, line 1: raise SystemExit",
    ]


def test_in_this_process_they_are_loaded_alike() -> None:
    target = Target(
        exercise="topic",
        suite="",
        file="topic.ipynb",
        source=b"x = 1\n1 / 0\n\ny = 2\n",
        root="",
        parts=[(1, 2), (4, 4)],
    )
    side = InProcess()
    loaded = side.open(target, accelerator=False)
    assert loaded.problem is None
    assert loaded.notes == [
        "Code cell 1 of topic.ipynb raised ZeroDivisionError: division by zero\ntopic.ipynb, code cell 1, line 2: 1 / 0"
    ]
    side.begin(0, (), 1.0)
    assert side.module.y == 2


def test_where_no_cell_runs_nothing_can_be_called(hand: Hand) -> None:
    graded = hand("undefined", "1 / 0")
    assert graded.exercise.status == "invalid"
    assert str(graded.exercise.message).startswith(
        "No cell of topic.ipynb can be run.\nCode cell 1 of topic.ipynb raised"
    )
    assert set(graded.outcomes.values()) == {"failed"}


def test_places_are_told_by_cell(hand: Hand) -> None:
    graded = hand(
        "import torch", "def double(x):\n    y = x\n    return y.nothing", "def norm(x):\n    return x.softmax(0)"
    )
    assert "topic.ipynb, code cell 2, line 3: return y.nothing" in graded.message("double")
    assert "topic.ipynb, code cell 3, line 2: `.softmax` " in graded.message("norm").replace(
        "`x.softmax`", "`.softmax`"
    )
    assert graded.tests["norm"].forbidden and not graded.tests["double"].forbidden
