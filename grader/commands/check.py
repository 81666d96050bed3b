"""`grade check`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from grader.commands.common import (
    NOT_ALL,
    PASSED,
    SEED,
    course_option,
    jobs_option,
    load_course,
    only_option,
    processors,
)


@click.command()
@course_option
@only_option
@jobs_option
@click.option("--seed", type=SEED, default=0, metavar="N", help="What inputs are drawn from; 0.")
def check(course_dir: Path | None, only: tuple[str, ...], jobs: int | None, seed: int) -> int:
    """Test the course against itself: stubs, solutions, wrong answers and alternatives."""
    from grader.check import check as check_course
    from grader.display import console

    course = load_course(course_dir, ())
    course.select(only)
    sound = check_course(course, only, seed, jobs or processors(), console(sys.stdout))
    return PASSED if sound else NOT_ALL
