"""`grade hint`."""

from __future__ import annotations

import secrets
import sys
from typing import TYPE_CHECKING

import click

from grader.commands.common import PASSED, course_option, load_course

if TYPE_CHECKING:
    from pathlib import Path

    from grader.course import Course, Exercise
    from grader.hints import Task
    from grader.report import Exercise as Result


@click.command()
@click.argument("name", metavar="NAME")
@click.option("--task", "number", type=click.IntRange(min=1), metavar="N", help="This task of the exercise.")
@click.option("--all", "every", is_flag=True, help="All hints of the task at once.")
@course_option
def hint(name: str, number: int | None, every: bool, course_dir: Path | None) -> int:
    """Show the next hint for an exercise: for its first task that is not done, unless --task says which.

    The hints of a task go from the rule to one line of code. The last ones are the most to give away.
    """
    from grader.errors import UsageError
    from grader.hints import tasks_in
    from grader.hints_shown import shown_of

    course = load_course(course_dir, ())
    (exercise,) = course.select([name])
    lesson = exercise.lesson.read_text(encoding="utf-8-sig") if exercise.lesson.is_file() else ""
    tasks = tasks_in(lesson)
    if not tasks:
        raise UsageError(f"There are no hints for {name}: {exercise.lesson} has no part '## Hints'.")
    task = _first_open(course, exercise, tasks) if number is None else _numbered(name, tasks, number)
    if task is None:
        click.echo(f"Nothing to hint at: every task of {name} is done.")
        return PASSED
    again = f"grade hint {name}" + ("" if number is None else f" --task {number}")
    seen = shown_of(course, name, task.number)
    if every:
        _show(name, task, range(len(task.hints)))
    elif seen < len(task.hints):
        _show(name, task, range(seen, seen + 1))
    else:
        click.echo(
            f"You have seen all {len(task.hints)} hints for task {task.number} of {name}, {task.title}. "
            f"To read them again: {again} --all"
        )
        return PASSED
    _remember(course, name, task, len(task.hints) if every else seen + 1, again)
    return PASSED


def _numbered(name: str, tasks: tuple[Task, ...], number: int) -> Task:
    from grader.errors import UsageError

    for task in tasks:
        if task.number == number:
            return task
    raise UsageError(f"--task {number}: {name} has no such task. {_listed(tasks)}")


def _listed(tasks: tuple[Task, ...]) -> str:
    return f"Its tasks: {', '.join(f'{task.number} {task.title}' for task in tasks)}."


def _first_open(course: Course, exercise: Exercise, tasks: tuple[Task, ...]) -> Task | None:
    """The first task that is not done, by how the student's file was graded last, or is now; None if all are done."""
    from grader.errors import GraderError, UsageError
    from grader.hints import first_open

    by_hand = "--task N chooses a task by hand."
    result = _result(course, exercise)
    if result.status == "missing":
        return tasks[0]
    if result.status == "invalid":
        raise UsageError(f"{result.message}\nMend that first: until it loads, no task can be tested. Or {by_hand}")
    if result.status == "error":
        raise GraderError(f"{exercise.name} could not be graded: {result.message or 'a test failed itself'}\n{by_hand}")
    if result.status in ("passed", "deferred"):
        return None
    found = first_open(result, exercise.suite.read_text(encoding="utf-8"), tasks)
    if found is None:
        raise UsageError(f"Which task of {exercise.name} is not done cannot be told. {by_hand} {_listed(tasks)}")
    return found


def _result(course: Course, exercise: Exercise) -> Result:
    """What the student's file comes to: as kept, where that still stands; otherwise it is graded now."""
    from grader import display
    from grader.grading import Options, grade, switched_off
    from grader.processes.launch import launched
    from grader.recall import Recall
    from grader.submission import Submission

    off = switched_off()
    recall = Recall(course, off)
    for folder in (exercise.folder, course.exercises_folder):  # what was graded last may have been either
        submission = Submission.gather([folder], course, [exercise.name])
        kept = recall.of(submission.attempts[0])
        if kept is not None:
            return kept.exercise
    options = Options(seed=secrets.randbits(32), off=off)
    with (
        launched(course.settings.preload, off) as launcher,
        display.progress(display.console(sys.stderr)) as watch,
    ):
        report = grade(course, submission, options, launcher, watch)
    recall.keep(submission, report)
    return report.exercises[0]


def _show(name: str, task: Task, which: range) -> None:
    from rich.padding import Padding
    from rich.text import Text

    from grader.display import console
    from grader.report import clean

    out = console(sys.stdout)
    out.print(Text(name, style="bold").append(f", task {task.number}: {task.title}", style="not bold"))
    for step in which:
        one = task.hints[step]
        out.print()
        out.print(
            Padding(
                Text(f"Hint {step + 1} of {len(task.hints)}: {one.label}", style="cyan"), (0, 0, 0, 2), expand=False
            )
        )
        out.print(Padding(Text(clean(one.text)), (0, 0, 0, 4), expand=False))


def _remember(course: Course, name: str, task: Task, count: int, again: str) -> None:
    from grader.hints_shown import remember_shown

    left = len(task.hints) - count
    try:
        remember_shown(course, name, task.number, count)
    except OSError as error:
        click.echo(
            f"That this was shown could not be noted in {course.root}: {error.strerror or error}. "
            f"The other hints: {again} --all",
            err=True,
        )
        return
    if left:
        click.echo(f"\nStill stuck? {again} has {left} more.")
