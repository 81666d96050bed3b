"""`grade release`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands.common import NOT_ALL, PASSED, any_path, course_option, load_course

if TYPE_CHECKING:
    from grader.course import Course


@click.command()
@click.argument("folder", metavar="DIR", type=any_path)
@course_option
@click.option("--include-hidden", is_flag=True, help="With the hidden tests, for those who learn by themselves.")
@click.option("--check", "checked", is_flag=True, help="Write nothing: search the release in DIR for secrets.")
def release(folder: Path, course_dir: Path | None, include_hidden: bool, checked: bool) -> int:
    """Write the student version of the course to DIR: lessons, stubs, public tests and the grader.

    No solution, wrong answer or hidden test is in it; hidden tests are listed by title and points.
    """
    course = load_course(course_dir, ())
    return (_check if checked else _write)(course, folder, include_hidden)


def _write(course: Course, folder: Path, complete: bool) -> int:
    from grader.release.making import make
    from grader.release.writing import check_free, check_outside, write

    check_outside(folder, course)
    check_free(folder)
    made = make(course, complete=complete)
    write(folder, made.files)
    public, hidden = (
        f"{sum(len(getattr(each, kind)) for each in made.whole)} {kind} tests "
        f"({sum(each.points(kind) for each in made.whole):g} points)"
        for kind in ("public", "hidden")
    )
    graded = "are in it too" if complete else "are graded on submission"
    click.echo(f"{folder}: {len(made.whole)} exercises of {course.name} with {public}; {hidden} {graded}.")
    click.echo("Its stubs win nothing, the solutions all points; nothing of the solutions is in it.")
    return PASSED


def _check(course: Course, folder: Path, complete: bool) -> int:
    from grader.errors import UsageError
    from grader.release.making import check, listed

    if not folder.is_dir():
        raise UsageError(f"{folder} is no folder. Name the release that is to be searched.")
    found = check(course, folder, complete=complete)
    if found.leaks:
        click.echo(listed(found.leaks))
        click.echo(f"{len(found.leaks)} leak{'' if len(found.leaks) == 1 else 's'}. Give {folder} to nobody.")
        return NOT_ALL
    kinds = "solutions and answers" if complete else "hidden tests, solutions and answers"
    click.echo(
        f"{folder}: nothing in it of the {kinds} of {course.name} ({found.secrets} lines and texts searched for)."
    )
    return PASSED
