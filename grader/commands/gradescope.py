"""`grade gradescope`."""

from __future__ import annotations

from pathlib import Path

import click

from grader.commands.common import PASSED, SEED, any_path, course_option, load_course


@click.command()
@click.argument("folder", metavar="DIR", type=any_path)
@course_option
@click.option("--seed", type=SEED, default=0, metavar="N", help="What inputs are drawn from there, for everybody; 0.")
def gradescope(folder: Path, course_dir: Path | None, seed: int) -> int:
    """Pack the course as an autograder for Gradescope: DIR/autograder.zip.

    It holds the hidden tests: upload it, and give it to nobody.
    """
    from grader.autograder import ARCHIVE, pack
    from grader.errors import UsageError
    from grader.report import write_whole

    data = pack(load_course(course_dir, ()), seed)
    path = folder / ARCHIVE
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(path, data)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror or error}.") from error
    click.echo(
        f"{path}: upload it as the autograder of a programming assignment, on Ubuntu 22.04 or newer and with 4 GB of "
        "memory or more."
    )
    return PASSED
