"""The next hint for the exercise that is worked on."""

from __future__ import annotations

import contextlib

from grader.course import Course
from grader.hints import first_open, tasks_in
from grader.hints_shown import remember_shown, shown_of
from grader.report import Exercise


def next_hint(course: Course, name: str, result: Exercise | None) -> str:
    """The next hint for the first task that is not done, the last one again where all were shown."""
    (exercise,) = course.select([name])
    tasks = tasks_in(exercise.lesson.read_text(encoding="utf-8-sig")) if exercise.lesson.is_file() else ()
    if not tasks:
        return f"there are none for {name}."
    task = first_open(result, exercise.suite.read_text(encoding="utf-8"), tasks) if result is not None else None
    task = task or tasks[0]
    step = min(shown_of(course, name, task.number), len(task.hints) - 1)
    with contextlib.suppress(OSError):
        remember_shown(course, name, task.number, step + 1)
    return f"task {task.number}, {task.title}, {step + 1} of {len(task.hints)}.\n{task.hints[step].text}"
