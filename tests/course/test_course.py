"""The course against itself, as `grade check` does it: one test for each exercise.

    stubs score nothing, solutions and alternatives score everything, wrong answers are rejected

Which test catches which wrong answer stands in each exercise's `wrong.py`, in the heads of its blocks.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from grader.check import check_exercise
from grader.course import Course, Exercise
from grader.grading import Options, switched_off
from grader.processes.child import Launcher
from grader.processes.launch import launched

COURSE = Course.load(Path(__file__).parents[2])


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with launched(COURSE.settings.preload, switched_off()) as started:
        yield started


@pytest.mark.parametrize("exercise", COURSE.exercises, ids=COURSE.names)
def test_exercise(exercise: Exercise, launcher: Launcher) -> None:
    options = Options(seed=0, off=switched_off())
    assert check_exercise(COURSE, exercise, options, launcher, jobs=os.cpu_count() or 1).problems == []
