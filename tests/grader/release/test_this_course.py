"""The course of this repository can be released: `make` tries its stubs and solutions, and searches for secrets."""

from __future__ import annotations

from pathlib import Path

from grader.course import Course
from grader.release.making import make


def test_it_can_be_released() -> None:
    course = Course.load(Path(__file__).parents[3])
    made = make(course, complete=False)
    for exercise in course.exercises:
        assert made.files[f"tests/suites/{exercise.suite.name}"].startswith(b'"""The public tests of ')
    assert not [place for place in made.files if place.startswith(("solutions", "tests/course", "exercises/figures"))]
