"""`grade new-exercise`."""

from __future__ import annotations

from pathlib import Path

import click

from grader.commands.common import PASSED, any_path


@click.command("new-exercise")
@click.argument("name", metavar="NAME")
@click.option(
    "--course", "course_dir", metavar="DIR", type=any_path, help="The course, or an empty folder that is to be one."
)
def new_exercise(name: str, course_dir: Path | None) -> int:
    """Lay out an exercise: lesson, stub, solution, suite and answers, with an example to replace.

    In an empty folder, a course is begun.
    """
    from grader.release.scaffold import lay_out

    here = Path.cwd()
    for path in lay_out(name, course_dir):
        click.echo(path.relative_to(here) if path.is_relative_to(here) else path)
    click.echo("It is a whole exercise already: grade check finds no problem. Put yours in the place of the example.")
    return PASSED
