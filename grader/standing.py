"""Where a student stands: what each exercise came to when it was graded last. Nothing is graded here."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.course import Course, Exercise
from grader.display import next_step
from grader.hints_shown import hints_shown
from grader.recall import Kept, Recall, recalled
from grader.submission import Submission
from grader.words import count, number, outcomes

DONE = ("passed", "deferred")

NOBODY = Submission("", "", ())

Results = Mapping[str, Kept]
"""The last result of each exercise that has one."""


def show(course: Course, out: Console) -> None:
    """Print a line for each exercise of the course, and what is next."""
    results = _results(course)
    out.print()
    out.print(Padding(_table(course, results), (0, 0, 0, 2)))
    out.print()
    out.print(Text("Next: ", style="bold").append(Text(_next(course, results), style="not bold")), soft_wrap=True)


def _results(course: Course) -> Results:
    recall = Recall(course)
    kept = {name: recall.last(name) for name in course.names}
    return {name: one for name, one in kept.items() if one is not None and one.exercise.name == name}


def _table(course: Course, results: Results) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    for justify in ("left", "right", "left", "left"):
        table.add_column(justify=justify)
    hints = hints_shown(course)
    for exercise in course.exercises:
        used = hints.get(exercise.name, 0)
        score, told = _told(results.get(exercise.name))
        table.add_row(Text(exercise.name), score, told, Text(count(used, "hint") if used else "", style="dim"))
    if results:
        table.add_row()
        table.add_row(Text("Total", style="bold"), _total(results), Text(_how_many(course, results)))
    return table


def _told(kept: Kept | None) -> tuple[Text, Text]:
    """The points of an exercise, and its outcomes."""
    if kept is None:
        return Text(""), Text("not graded yet", style="dim")
    result = kept.exercise
    style = "green" if result.status in DONE else ""
    return Text(f"{number(result.score)}/{number(result.max_score)}", style=style), Text(outcomes(result))


def _total(results: Results) -> Text:
    score = sum(kept.exercise.score for kept in results.values())
    most = sum(kept.exercise.max_score for kept in results.values())
    return Text(f"{number(score)}/{number(most)}")


def _how_many(course: Course, results: Results) -> str:
    done = sum(kept.exercise.status in DONE for kept in results.values())
    return f"{done} of {count(len(course.exercises), 'exercise')} done"


def _next(course: Course, results: Results) -> str:
    """One sentence: what the student does next. The first exercise that is not done decides."""
    for exercise in course.exercises:
        kept = results.get(exercise.name)
        if kept is None:
            return _start(exercise)
        if kept.exercise.status not in DONE:
            return next_step(recalled(course, NOBODY, [kept]), course)
    return next_step(recalled(course, NOBODY, list(results.values())), course)


def _start(exercise: Exercise) -> str:
    lesson = f" Its lesson: {_short(exercise.lesson)}." if exercise.lesson.is_file() else ""
    return f"{exercise.name}.{lesson} Then: grade {_short(exercise.folder)}"


def _short(path: Path) -> str:
    """From the working folder if it lies there."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
