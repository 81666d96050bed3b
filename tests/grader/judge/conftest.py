"""Grades answers written in a test by suites written in a test, with real processes."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from grader.course import Course
from grader.events import Event
from grader.grading import Options, grade, switched_off
from grader.processes.child import Launcher
from grader.processes.launch import launched
from grader.report import Exercise, Report, Test
from grader.submission import Attempt, Submission

HEAD = "import pytest, torch\nfrom grader.testing import compare\n"


@pytest.fixture(scope="session")
def launcher() -> Iterator[Launcher]:
    """One zygote for all tests."""
    with launched(("torch",), switched_off()) as started:
        yield started


@dataclass
class Grader:
    """Call it with a suite and an answer, or with one of each for several exercises."""

    root: Path
    launcher: Launcher
    settings: Mapping[str, object] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)  # of all runs so far

    def __call__(self, suite: str, answer: str | None, **options: object) -> Graded:
        report = self.report({"topic": (suite, answer)}, **options)
        return Graded(report)

    def report(self, exercises: Mapping[str, tuple[str, str | None]], **options: object) -> Report:
        """A None for an answer: the exercise is missing."""
        table = "".join(f"{key} = {value!r}\n" for key, value in self.settings.items())
        self._write("pyproject.toml", f'[tool.grader]\nname = "Tiny"\npreload = ["torch"]\n{table}')
        for number, (name, (suite, _)) in enumerate(exercises.items()):
            self._write(f"exercises/{number:02}_{name}/README.md", f"# About {name}\n")
            self._write(f"tests/suites/test_{name}.py", HEAD + textwrap.dedent(suite))
        course = Course.load(self.root)
        attempts = tuple(
            Attempt(exercise, f"{exercise.name}.py", status="missing", message="There is no file.")
            if answer is None
            else Attempt(exercise, f"{exercise.name}.py", source=textwrap.dedent(answer).encode())
            for exercise, (_, answer) in zip(course.exercises, exercises.values(), strict=True)
        )
        settings = Options(seed=0, off=switched_off())
        for key, value in options.items():
            object.__setattr__(settings, key, value)
        return grade(course, Submission("someone", "0" * 64, attempts), settings, self.launcher, self.events.append)

    def _write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@dataclass
class Graded:
    """The report of one exercise, and its tests by name."""

    report: Report

    @property
    def exercise(self) -> Exercise:
        (exercise,) = self.report.exercises
        return exercise

    @property
    def tests(self) -> dict[str, Test]:
        return {test.name.removeprefix("test_"): test for test in self.exercise.tests}

    @property
    def outcomes(self) -> dict[str, str]:
        return {name: test.outcome for name, test in self.tests.items()}

    def message(self, name: str) -> str:
        message = self.tests[name].message
        assert message is not None
        return message


Make = Callable[..., Grader]


@pytest.fixture
def make(tmp_path: Path, launcher: Launcher) -> Make:
    """A grader for a course with other settings, or with another launcher."""

    def make(launcher: Launcher = launcher, **settings: object) -> Grader:
        return Grader(tmp_path / "course", launcher, settings)

    return make


@pytest.fixture
def run(make: Make) -> Grader:
    return make()
