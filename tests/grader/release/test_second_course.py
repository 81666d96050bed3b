"""The grader serves a course that it knows nothing of, and a release of it grades in a fresh clone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import grader
from grader.course import Course


def grade(here: Path, *arguments: object, package: Path | None = None) -> subprocess.CompletedProcess[str]:
    """The command, in the folder `here`; `package`: the folder whose grader is to do it."""
    environment = os.environ | {"PYTHONPATH": str(package or Path(grader.__file__).parents[1])}
    command = [sys.executable, "-m", "grader", *map(str, arguments)]
    return subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, timeout=300)


def report(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def test_the_course_holds_against_itself(second: Course) -> None:
    done = grade(second.root, "check")
    assert done.returncode == 0 and "17 answers checked, 0 problems." in done.stdout, done.stdout + done.stderr


def test_its_exercises_are_graded(second: Course) -> None:
    done = grade(second.root, "exercises", "--json", "-")
    assert done.returncode == 1
    assert [each["status"] for each in report(done.stdout)["exercises"]] == ["todo", "todo"]
    done = grade(second.root, second.exercises[1].solution, "--json", "-")
    assert (done.returncode, report(done.stdout)["score"]) == (0, 11)


def test_a_class_is_graded(second: Course, tmp_path: Path) -> None:
    for student, answer in (("ada", "solutions/00_fizz/fizz.py"), ("bob", "exercises/00_fizz/fizz.py")):
        (tmp_path / "class" / student).mkdir(parents=True)
        shutil.copy(second.root / answer, tmp_path / "class" / student)
    done = grade(tmp_path, "batch", "class", "--course", second.root, "--out", "grades", "--only", "fizz")
    assert done.returncode == 0, done.stdout + done.stderr
    scores = [report((tmp_path / f"grades/{student}.json").read_text())["score"] for student in ("ada", "bob")]
    assert scores == [8, 0]


def test_a_fresh_clone_of_its_release_grades_with_the_grader_that_it_carries(
    second: Course, released: Path, tmp_path: Path
) -> None:
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for arguments in (
        ["init"],
        ["add", "."],
        [*who, "commit", "-m", "Release"],
        ["clone", ".", str(tmp_path / "clone")],
    ):
        subprocess.run(["git", *arguments], cwd=released, check=True, capture_output=True)
    clone = tmp_path / "clone"

    done = grade(clone, "exercises/", "--json", "-", package=clone)
    stubs = report(done.stdout)
    assert (done.returncode, stubs["score"], stubs["max_score"]) == (1, 0, 5)
    for exercise in second.exercises:
        shutil.copy(exercise.solution, clone / exercise.stub.relative_to(second.root))
    done = grade(clone, "exercises/", "--json", "-", package=clone)
    solved = report(done.stdout)
    assert (done.returncode, solved["score"], solved["max_score"]) == (0, 5, 5)
    assert {test["visibility"] for each in solved["exercises"] for test in each["tests"]} == {"public"}
