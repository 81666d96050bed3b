"""`grade notebook`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands.common import PASSED, any_path, course_option, load_course

if TYPE_CHECKING:
    from grader.course import Course, Exercise

LISTED = 3  # files that are in the way


@click.command()
@click.argument("path", metavar="PATH", type=any_path)
@course_option
@click.option("--force", is_flag=True, help="Write over files that are there already.")
def notebook(path: Path, course_dir: Path | None, force: bool) -> int:
    """Make notebooks of stubs, or the module of a notebook.

    PATH is an exercise's folder or file, or a folder of exercises: each gets a notebook beside the stub, with the
    lesson, what the stub holds by now, and a cell that grades. Or PATH is a notebook (.ipynb): its code is written
    to the .py file beside it.
    """
    from grader.report import one_line
    from grader.submission import NOTEBOOK, check_paths

    check_paths([path])
    if path.suffix == NOTEBOOK and path.is_file():
        made, notes = _module(path)
    else:
        made, notes = _notebooks(path, load_course(course_dir, [path])), ()
    _write(made, force)
    for note in notes:
        click.echo(one_line(note), err=True)
    return PASSED


def _module(path: Path) -> tuple[dict[Path, bytes], tuple[str, ...]]:
    """What is to be written of the notebook at `path`, and what was left out."""
    from grader.errors import UsageError
    from grader.notebook_writing import module_of
    from grader.source import SourceError, read
    from grader.submission import MAX_NOTEBOOK, printable

    label = printable(path)
    try:
        code, notes = module_of(read(path, path.parent.resolve(), label, MAX_NOTEBOOK), label)
    except SourceError as problem:
        raise UsageError(str(problem)) from problem
    return {path.with_suffix(".py"): code}, notes


def _notebooks(path: Path, course: Course) -> dict[Path, bytes]:
    """What is to be written of the modules at `path`."""
    from grader.errors import UsageError, did_you_mean
    from grader.submission import NOTEBOOK, printable

    if path.is_file():
        names = {exercise.name: exercise for exercise in course.exercises}
        if path.suffix != ".py" or path.stem not in names:
            raise UsageError(
                f"{printable(path)} is neither a notebook nor a module of an exercise."
                f"{did_you_mean(path.stem, names)} {course.listed()}"
            )
        found = {path: names[path.stem]}
    else:
        found = {
            path / exercise.stub.relative_to(path.resolve()): exercise
            for exercise in course.exercises
            if exercise.folder.is_relative_to(path.resolve()) and exercise.stub.is_file()
        }
    if not found:
        raise UsageError(f"{printable(path)} holds no stub of an exercise. {course.listed()}")
    return {file.with_suffix(NOTEBOOK): _notebook(file, exercise) for file, exercise in found.items()}


def _notebook(file: Path, exercise: Exercise) -> bytes:
    from grader.errors import UsageError
    from grader.notebook_writing import notebook_of
    from grader.source import SourceError, read
    from grader.submission import printable

    label = printable(file)
    lesson = exercise.lesson.read_text(encoding="utf-8-sig") if exercise.lesson.is_file() else ""
    try:
        return notebook_of(read(file, file.parent.resolve(), label), lesson, exercise.name, label)
    except SourceError as problem:
        raise UsageError(str(problem)) from problem


def _write(made: dict[Path, bytes], force: bool) -> None:
    """Write all files, or none where one of them would take the place of another one."""
    from grader.errors import UsageError
    from grader.report import write_whole
    from grader.submission import printable

    in_the_way = [printable(path) for path, data in made.items() if path.exists() and not _holds(path, data)]
    if in_the_way and not force:
        listed = ", ".join(in_the_way[:LISTED]) + (" and others" if len(in_the_way) > LISTED else "")
        raise UsageError(f"There already: {listed}. Nothing was written; --force writes over what is there.")
    for path, data in made.items():
        try:
            write_whole(path, data)
        except OSError as error:
            raise UsageError(f"{printable(path)} cannot be written: {error.strerror or error}.") from error
        click.echo(printable(path))


def _holds(path: Path, data: bytes) -> bool:
    return path.is_file() and path.read_bytes() == data
