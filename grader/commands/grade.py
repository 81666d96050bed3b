"""`grade PATH…`: grade exercises and show the result."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from grader.commands.common import (
    GRADER_FAILED,
    NOT_ALL,
    PASSED,
    SEED,
    any_path,
    course_option,
    load_course,
    only_option,
)
from grader.errors import GraderError, UsageError

if TYPE_CHECKING:
    from grader.course import Course
    from grader.grading import Options
    from grader.processes.child import Launcher
    from grader.recall import Kept
    from grader.report import Report
    from grader.submission import Submission

STANDARD_OUTPUT = Path("-")

OTHERS = ("watch", "hint", "status", "notebook", "new", "batch", "check", "diff", "export", "gradescope")
"""The named commands, for the help text."""


@click.command(
    epilog="Exit codes: 0 all passed, 1 not all, 2 wrong use, 3 the grader itself failed. "
    f"Other commands, each with its own --help: grade {', grade '.join(OTHERS)}."
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=any_path)
@click.option("--json", "json_file", metavar="FILE", type=any_path, help='Write the report ("-": to standard output).')
@course_option
@only_option
@click.option("--all", "every", is_flag=True, help="The whole course is due: an exercise without a file is missing.")
@click.option("-k", "select", default="", metavar="EXPR", help="The tests that EXPR matches, as pytest's -k.")
@click.option("--explain", metavar="TEST", help="Show the source of a public test; nothing is graded.")
@click.option("--seed", type=SEED, metavar="N", help="Draw the same inputs as another run.")
@click.option("--fresh", is_flag=True, help="Grade again what has not changed since the last time.")
@click.option("--in-process", is_flag=True, help="Run the code here, unconfined: print and breakpoint work. No grade.")
@click.option("--pdb", is_flag=True, help="Stop in the debugger where a test fails; implies --in-process.")
@click.option("--no-sandbox", is_flag=True, help="Run the code in a process of its own, but do not confine it.")
def grade(
    paths: tuple[Path, ...],
    json_file: Path | None,
    course_dir: Path | None,
    only: tuple[str, ...],
    every: bool,
    select: str,
    explain: str | None,
    seed: int | None,
    fresh: bool,
    in_process: bool,
    pdb: bool,
    no_sandbox: bool,
) -> int:
    """Grade exercises: folders or single files (.py or .ipynb), each named after its exercise."""
    from grader.grading import Options, switched_off
    from grader.recall import Recall
    from grader.submission import Submission, check_paths

    check_paths(paths)
    _check_writable(json_file)
    course = load_course(course_dir, paths)
    if explain is not None:
        return _explain(course, explain)
    options = Options(
        seed=secrets.randbits(32) if seed is None else seed,
        select=select,
        in_process=in_process or pdb,
        pdb=pdb,
        off=switched_off(sandbox=not no_sandbox),
    )
    submission = Submission.gather(paths, course, only, every=every)
    recall = Recall(course, options.off) if _is_own(submission, course, options) else None
    asked_anew = fresh or seed is not None or json_file is not None
    kept = [] if recall is None or asked_anew else [one for one in map(recall.of, submission.attempts) if one]
    due = _without(submission, kept)
    report = _graded(course, due, options, kept)
    if recall is not None:
        report = _with_hints(report, course)
        recall.keep(due, report)
    try:
        _write(report, json_file)
    finally:
        unchanged = [one.exercise.name for one in kept]
        _show(report, course, sys.stderr if json_file == STANDARD_OUTPUT else sys.stdout, unchanged)
    return exit_code(report)


def _explain(course: Course, test: str) -> int:
    from grader import display
    from grader.explain import explain

    out = display.console(sys.stdout)
    for shown in explain(course, test):
        out.print(shown.where, style="dim")
        out.print(shown.source, soft_wrap=True)
    return PASSED


def _with_hints(report: Report, course: Course) -> Report:
    """`report`, which then also tells how many hints were shown of each exercise."""
    import msgspec

    from grader.hints_shown import hints_shown
    from grader.report import with_exercises

    shown = hints_shown(course)
    exercises = [msgspec.structs.replace(one, hints_shown=shown.get(one.name, 0)) for one in report.exercises]
    return with_exercises(report, exercises)


def _is_own(submission: Submission, course: Course, options: Options) -> bool:
    """Whether results may be kept for the next time: of whole exercises, where a student works on them."""
    files = [attempt.file for attempt in submission.attempts if attempt.file is not None]
    inside = all(file.is_relative_to(course.exercises_folder) for file in files)
    return inside and not options.select and not options.in_process


def _without(submission: Submission, kept: Sequence[Kept]) -> Submission:
    """What of `submission` is to be graded: the exercises whose results are not in `kept`."""
    names = {one.exercise.name for one in kept}
    return replace(
        submission, attempts=tuple(attempt for attempt in submission.attempts if attempt.exercise.name not in names)
    )


def _graded(course: Course, due: Submission, options: Options, kept: Sequence[Kept]) -> Report:
    """The report of what is due and of what is kept."""
    from grader.processes.launch import FORK, launched
    from grader.recall import recalled

    if kept and not due.attempts:
        return recalled(course, due, kept)
    with launched(course.settings.preload, (FORK,) if options.in_process else options.off) as launcher:
        report = _run(course, due, options, launcher)
    return recalled(course, due, kept, report)


def _run(course: Course, submission: Submission, options: Options, launcher: Launcher) -> Report:
    """Grade, with a progress display on a terminal unless the code under test has the terminal to itself."""
    from grader import display
    from grader.grading import grade as grade_submission

    with display.progress(display.console(sys.stderr), enabled=not options.in_process) as watch:
        report = grade_submission(course, submission, options, launcher, watch)
    if options.select and not report.exercises:
        raise UsageError(f"-k '{options.select}' selects no test.")
    return report


def _check_writable(path: Path | None) -> None:
    """Complain about FILE before the work, not after it."""
    if path is None or path == STANDARD_OUTPUT:
        return
    if path.is_dir():
        raise UsageError(f"--json {path}: that is a folder; name a file in it.")
    if not path.parent.is_dir():
        raise UsageError(f"--json {path}: there is no folder {path.parent}; create it first.")
    if not os.access(path if path.exists() and not path.is_file() else path.parent, os.W_OK):
        raise UsageError(f"--json {path}: {path.parent} cannot be written to.")


def _write(report: Report, path: Path | None) -> None:
    from grader.report import to_json, write_whole

    if path == STANDARD_OUTPUT:
        click.echo(to_json(report), nl=False)
    elif path is not None:
        try:
            write_whole(path, to_json(report))
        except OSError as error:
            raise GraderError(f"The report could not be written to {path}: {error.strerror or error}.") from error


def _show(report: Report, course: Course, stream: TextIO, unchanged: Collection[str]) -> None:
    from grader import display

    display.show(report, display.console(stream), course, unchanged)


def exit_code(report: Report) -> int:
    """What `report` means to a shell."""
    outcomes = {test.outcome for exercise in report.exercises for test in exercise.tests}
    statuses = {exercise.status for exercise in report.exercises}
    if "error" in statuses or "error" in outcomes or not statuses:
        return GRADER_FAILED
    return PASSED if statuses <= {"passed", "deferred"} else NOT_ALL
