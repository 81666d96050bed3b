"""What several commands take."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from grader.course import Course

PASSED, NOT_ALL, WRONG_USE, GRADER_FAILED, STOPPED = 0, 1, 2, 3, 130
"""Exit codes."""

any_path = click.Path(path_type=Path)
course_option = click.option(
    "--course", "course_dir", metavar="DIR", type=any_path, help="The course, where no PATH lies in it."
)
only_option = click.option("--only", multiple=True, metavar="NAME", help="This exercise; may be repeated.")
jobs_option = click.option(
    "-j", "jobs", type=click.IntRange(min=1), metavar="N", help="How many at a time; one a processor."
)

SEED = click.IntRange(0, 2**32 - 1)


def load_course(given: Path | None, paths: Sequence[Path]) -> Course:
    """The course at DIR; otherwise the one that the paths or the working folder lie in."""
    from grader.course import Course

    return Course.load(given) if given else Course.find(*paths, Path.cwd())


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
