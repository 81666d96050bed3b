"""`grade batch`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from grader.commands.common import (
    GRADER_FAILED,
    PASSED,
    SEED,
    STOPPED,
    any_path,
    course_option,
    jobs_option,
    load_course,
    only_option,
    processors,
)


@click.command(
    epilog="Exit codes: 0 every submission has a report, 2 wrong use, 3 the grader failed on one of them or could not "
    "go on. Stopped or killed, the same command goes on where it was."
)
@click.argument("submissions", metavar="SUBMISSIONS", type=any_path)
@click.option("--out", required=True, metavar="DIR", type=any_path, help="Where reports, gradebook and summary go.")
@course_option
@only_option
@jobs_option
@click.option("--seed", type=SEED, metavar="N", help="One for all; that of the batch gone on with, or a new one.")
@click.option("--resume/--fresh", default=True, help="Keep the reports that still stand (the default), or none.")
@click.option("--feedback", is_flag=True, help="Write a page for each student, and index.html for the class.")
@click.option("--no-sandbox", is_flag=True, help="Grade even where submissions cannot be confined.")
def batch(
    submissions: Path,
    out: Path,
    course_dir: Path | None,
    only: tuple[str, ...],
    jobs: int | None,
    seed: int | None,
    resume: bool,
    feedback: bool,
    no_sandbox: bool,
) -> int:
    """Grade a class: a folder or a zip of submissions, as learning platforms hand them out."""
    from grader.batch.desk import RESUME
    from grader.batch.display import show, watched
    from grader.batch.run import Plan, run
    from grader.confine import NEEDED
    from grader.display import console
    from grader.grading import Options, switched_off

    course = load_course(course_dir, ())
    course.select(only)
    os.umask(0o077)  # marks are private
    options = Options(
        seed=0,
        off=switched_off(sandbox=not no_sandbox),
        needed=() if no_sandbox else NEEDED,
    )
    plan = Plan(
        submissions=submissions,
        out=out.absolute(),  # other processes work elsewhere
        only=only,
        jobs=jobs or processors(),
        seed=seed,
        fresh=not resume,
        options=options,
    )
    try:
        with watched(console(sys.stderr)) as watch:
            summary = run(course, plan, watch)
    except KeyboardInterrupt:
        click.echo(f"Stopped. {RESUME}", err=True)
        return STOPPED
    if feedback:
        from grader.pages import write_pages

        write_pages(out, summary)
    show(summary, out, console(sys.stdout))
    return GRADER_FAILED if any(row.standing == "error" for row in summary.students) else PASSED
