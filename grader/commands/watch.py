"""`grade watch`."""

from __future__ import annotations

import secrets
import sys
from pathlib import Path

import click

from grader.commands.common import PASSED, any_path, course_option, load_course, only_option


@click.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=any_path)
@course_option
@only_option
@click.option("--no-sandbox", is_flag=True, help="Run the code in a process of its own, but do not confine it.")
def watch(paths: tuple[Path, ...], course_dir: Path | None, only: tuple[str, ...], no_sandbox: bool) -> int:
    """Grade an exercise again whenever it is saved, until you press q."""
    from grader.display import console
    from grader.grading import Options, switched_off
    from grader.watch.loop import Watch

    course = load_course(course_dir, paths)
    options = Options(seed=secrets.randbits(32), off=switched_off(sandbox=not no_sandbox))
    Watch(course, paths, only, options, console(sys.stdout)).run()
    return PASSED
