"""The second course, a release of it, and the commands, as a person types them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from grader.course import Course
from grader.release.making import Release, make
from grader.release.writing import write

SECOND = Path(__file__).parents[2] / "second_course"

Run = Callable[..., Result]


def copied(to: Path) -> Path:
    """The course by itself, without what running it left behind; in the repository there is another one above it."""
    return Path(shutil.copytree(SECOND, to, ignore=shutil.ignore_patterns("__pycache__")))


@pytest.fixture(scope="session")
def second(tmp_path_factory: pytest.TempPathFactory) -> Course:
    """The second course; not to be changed."""
    return Course.load(copied(tmp_path_factory.mktemp("second") / "course"))


@pytest.fixture(scope="session")
def made(second: Course) -> Release:
    return make(second, complete=False)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of a course that a test may change."""
    return copied(tmp_path / "home")


@pytest.fixture
def released(made: Release, tmp_path: Path) -> Path:
    """The folder of a release that a test may change."""
    write(tmp_path / "released", made.files)
    return tmp_path / "released"


@pytest.fixture
def run() -> Run:
    """Runs a command with arguments."""

    def run(command: click.Command, *arguments: object) -> Result:
        return CliRunner().invoke(command, list(map(str, arguments)), standalone_mode=False)

    return run
