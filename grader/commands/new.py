"""`grade new`."""

from __future__ import annotations

from pathlib import Path

import click

from grader.commands.common import PASSED, any_path, course_option, load_course


@click.command()
@click.argument("folder", metavar="DIR", type=any_path)
@course_option
def new(folder: Path, course_dir: Path | None) -> int:
    """Copy a fresh release of the course to DIR, to work in."""
    from grader.release.copying import fresh
    from grader.release.writing import check_free, check_outside, write

    course = load_course(course_dir, ())
    check_outside(folder, course)
    check_free(folder)
    write(folder, fresh(course))
    first = folder / course.settings.exercises / course.exercises[0].folder.name
    click.echo(f"{folder}: {len(course.exercises)} exercises of {course.name}. Start with {first}.")
    return PASSED
