"""A folder to work in: a release, made of a course or copied from another."""

from __future__ import annotations

from grader.course import Course
from grader.packing import below, inside, the_grader
from grader.release.build import IGNORED, is_release
from grader.release.making import make

BESIDE = ("README.md", "pyproject.toml")


def fresh(course: Course) -> dict[str, bytes]:
    """The files of a release of `course`, or of `course` itself where it is one.

    Raises:
        CourseError: as for `make`.
    """
    if not is_release(course):
        return make(course, complete=False).files
    folders = [inside(course, key).as_posix() for key in ("exercises", "suites")]
    return {
        ".gitignore": IGNORED.encode(),
        **{name: (course.root / name).read_bytes() for name in BESIDE if (course.root / name).is_file()},
        **{f"{folder}/{place}": data for folder in folders for place, data in below(course.root / folder)},
        **dict(the_grader()),
    }
