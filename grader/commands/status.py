"""`grade status`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from grader.commands.common import PASSED, course_option, load_course

if TYPE_CHECKING:
    from pathlib import Path


@click.command()
@course_option
def status(course_dir: Path | None) -> int:
    """Show where you stand: what each exercise came to when it was graded last, and what is next.

    Nothing is graded. `grade exercises/` does that.
    """
    from grader.display import console
    from grader.standing import show

    show(load_course(course_dir, ()), console(sys.stdout))
    return PASSED
