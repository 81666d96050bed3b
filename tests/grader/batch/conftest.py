"""A course of two small exercises, a class that hands in, and batches of it run for real."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from grader.batch.folder import file_name
from grader.batch.run import Graded, Plan, run
from grader.batch.summary import Student, Summary, read_report
from grader.course import Course
from grader.grading import Options, switched_off
from grader.report import Report

SUITES = {
    "double": """
        @pytest.mark.points(2)
        def test_double(student):
            x = torch.rand(3)
            assert torch.equal(student.double(x), 2 * x), "not the double"
        @pytest.mark.gpu
        def test_there(student, device):
            student.double(torch.ones(2, device=device))
    """,
    "add": """
        def test_add(student):
            assert student.add(2, 3) == 5
        def test_nothing(student):
            assert student.add(0, 0) == 0
    """,
}
DOUBLE = "def double(x):\n    return x + x\n"
ADD = "def add(a, b):\n    return a + b\n"
WRONG = "def add(a, b):\n    return a * b\n"


@pytest.fixture
def course(tmp_path: Path) -> Course:
    """`double` is worth 3 points, one of them on a GPU; `add` is worth 2."""
    root = tmp_path / "course"
    table = '[tool.grader]\nname = "Tiny"\npreload = ["torch"]\ntimeout_s = 5.0\n'
    put(root / "pyproject.toml", table)
    for number, (name, suite) in enumerate(SUITES.items()):
        put(root / f"exercises/{number:02}_{name}/README.md", f"# To {name}\n")
        put(root / f"tests/suites/test_{name}.py", "import pytest, torch\n" + textwrap.dedent(suite))
    return Course.load(root)


def put(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


class Class:
    """Students who hand in, and the batches that grade them."""

    def __init__(self, folder: Path, course: Course) -> None:
        self.course = course
        self.folder = folder / "handed_in"
        self.folder.mkdir()
        self.out = folder / "out"
        self.seen: list[Graded] = []

    def hands_in(self, student: str, **answers: str) -> Path:
        """A folder with a file for each exercise. Returns it."""
        folder = self.folder / student
        folder.mkdir(exist_ok=True)
        for name, answer in answers.items():
            put(folder / f"{name}.py", answer)
        return folder

    def grade(self, *, seed: int | None = None, fresh: bool = False, jobs: int = 2, **options: object) -> Summary:
        off, needed = switched_off(), ()
        plan = Plan(
            submissions=self.folder,
            out=self.out,
            only=(),
            jobs=jobs,
            seed=seed,
            fresh=fresh,
            options=replace(Options(seed=0, off=off, needed=needed), **options),  # type: ignore[arg-type]
        )
        self.seen = []
        return run(self.course, plan, self.seen.append)

    @property
    def sources(self) -> dict[str, str]:
        """Where each student's report came from in the last batch."""
        return {graded.row.id: graded.source for graded in self.seen}

    def report(self, student: str) -> Report:
        return read_report(self.out / file_name(student))


def scores(summary: Summary) -> dict[str, float]:
    return {row.id: row.score for row in summary.students}


def row(summary: Summary, student: str) -> Student:
    (found,) = [row for row in summary.students if row.id == student]
    return found


MakeClass = Callable[[], Class]


@pytest.fixture
def school(tmp_path: Path, course: Course) -> Class:
    return Class(tmp_path, course)


def names(paths: Sequence[Path]) -> set[str]:
    return {path.name for path in paths}
