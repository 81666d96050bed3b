"""Why some mutants live on: `equivalent.toml`, for each exercise a table from a mutant's id to one sentence."""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from grader.course import Course
from grader.errors import CourseError

FILE = Path(__file__).with_name("equivalent.toml")


def explanations(course: Course, file: Path = FILE) -> dict[str, dict[str, str]]:
    """The sentences in `file`, by exercise and mutant's id.

    Raises:
        CourseError: it cannot be read, or explains something of an exercise that the course does not have.
    """
    try:
        found = msgspec.convert(tomllib.loads(file.read_text(encoding="utf-8")), dict[str, dict[str, str]])
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise CourseError(f"{file} is to hold a table of sentences for each exercise: {error}.") from error
    for name in found:
        if name not in course.names:
            raise CourseError(f"{file} explains mutants of '{name}', which is no exercise. {course.listed()}")
    return found
