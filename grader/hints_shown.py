"""Which hints a student has seen, kept in the course's folder `.grade/`, which git ignores.

A file that cannot be read counts as none: it starts anew.
"""

from __future__ import annotations

from typing import Annotated

import msgspec

from grader.course import Course
from grader.recall import FOLDER
from grader.report import write_whole

FILE = "hints.json"

Seen = dict[str, dict[int, Annotated[int, msgspec.Meta(ge=0)]]]
"""Exercise -> number of a task -> how many of its hints were shown."""


def hints_shown(course: Course) -> dict[str, int]:
    """How many hints were shown for each exercise; those without any are left out."""
    counts = {exercise: sum(tasks.values()) for exercise, tasks in _read(course).items()}
    return {exercise: count for exercise, count in counts.items() if count}


def shown_of(course: Course, exercise: str, task: int) -> int:
    """How many hints of a task were shown."""
    return _read(course).get(exercise, {}).get(task, 0)


def remember_shown(course: Course, exercise: str, task: int, count: int) -> None:
    """Remember that the first `count` hints of a task were shown.

    Raises:
        OSError: the course's folder cannot be written.
    """
    seen = _read(course)
    tasks = seen.setdefault(exercise, {})
    tasks[task] = max(count, tasks.get(task, 0))
    folder = course.root / FOLDER
    folder.mkdir(exist_ok=True)
    (folder / ".gitignore").write_text("*\n")
    write_whole(folder / FILE, msgspec.json.encode(seen))


def _read(course: Course) -> Seen:
    try:
        return msgspec.json.decode((course.root / FOLDER / FILE).read_bytes(), type=Seen)
    except (OSError, msgspec.DecodeError, RecursionError):
        return {}
