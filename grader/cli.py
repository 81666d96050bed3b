"""The `grade` command: read what was asked, do it, and say in the exit code how it went.

Exit codes: 0 all passed (what waits for an accelerator is no loss), 1 not all, 2 wrong use,
3 the grader itself failed, 130 stopped with Ctrl-C.

Nothing but click is imported until a command runs, so that `grade --help` answers at once.
"""

from __future__ import annotations

import io
import os
import secrets
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

import click

from grader.commands.batch import batch
from grader.commands.check import check
from grader.commands.common import (
    GRADER_FAILED,
    NOT_ALL,
    PASSED,
    SEED,
    STOPPED,
    WRONG_USE,
    any_path,
    course_option,
    load_course,
    only_option,
)
from grader.commands.diff import diff
from grader.commands.export import export
from grader.commands.gradescope import gradescope
from grader.errors import GraderError, UsageError

if TYPE_CHECKING:
    from grader.course import Course
    from grader.grading import Options
    from grader.processes.child import Launcher
    from grader.report import Report
    from grader.submission import Submission

DEBUG = "GRADER_DEBUG"

STANDARD_OUTPUT = Path("-")


COMMANDS: dict[str, click.Command] = {
    "batch": batch,
    "check": check,
    "diff": diff,
    "export": export,
    "gradescope": gradescope,
}
"""Named commands. Anything else is a PATH or an option of `grade` (a folder `check` is `./check`)."""


@click.command(
    epilog="Exit codes: 0 all passed, 1 not all, 2 wrong use, 3 the grader itself failed. "
    f"Other commands, each with its own --help: grade {', grade '.join(COMMANDS)}."
)
@click.argument("paths", nargs=-1, required=True, metavar="PATH...", type=any_path)
@click.option("--json", "json_file", metavar="FILE", type=any_path, help='Write the report ("-": to standard output).')
@course_option
@only_option
@click.option("--all", "every", is_flag=True, help="The whole course is due: an exercise without a file is missing.")
@click.option("-k", "select", default="", metavar="EXPR", help="The tests that EXPR matches, as pytest's -k.")
@click.option("--seed", type=SEED, metavar="N", help="Draw the same inputs as another run.")
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
    seed: int | None,
    in_process: bool,
    pdb: bool,
    no_sandbox: bool,
) -> int:
    """Grade exercises: folders or single .py files, each named after its exercise."""
    from grader.grading import Options, switched_off
    from grader.processes.launch import FORK, launched
    from grader.submission import Submission, check_paths

    check_paths(paths)
    _check_writable(json_file)
    course = load_course(course_dir, paths)
    options = Options(
        seed=secrets.randbits(32) if seed is None else seed,
        select=select,
        in_process=in_process or pdb,
        pdb=pdb,
        off=switched_off(sandbox=not no_sandbox),
    )
    without = (FORK,) if options.in_process else options.off
    with launched(course.settings.preload, without) as launcher:  # a zygote imports while the paths are read
        submission = Submission.gather(paths, course, only, every=every)
        report = _run(course, submission, options, launcher)
    try:
        _write(report, json_file)
    finally:
        _show(report, course, sys.stderr if json_file == STANDARD_OUTPUT else sys.stdout)
    return exit_code(report)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """The console script: run the command and leave with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a character is no reason to fail
    for name in ("SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), _stopped)  # as Ctrl-C does: leave nothing behind
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def _stopped(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


def run(arguments: Sequence[str]) -> int:
    """Run `grade` with `arguments` and return its exit code. No exception comes out."""
    try:
        return _dispatch(list(arguments))
    except (click.Abort, KeyboardInterrupt):
        click.echo("Stopped. There is no report.", err=True)
        return STOPPED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except GraderError as error:
        _complain(str(error))
        return error.exit_code
    except Exception as error:
        _complain(
            f"The grader itself failed; your work is not at fault. {type(error).__name__}: {error}\n"
            f"Please report this to whoever runs the course, with what {DEBUG}=1 shows when it is set."
        )
        return GRADER_FAILED


def _dispatch(arguments: list[str]) -> int:
    if not arguments:
        with click.Context(grade, info_name="grade") as context:
            click.echo(grade.get_help(context), err=True)
        return WRONG_USE
    name = arguments[0]
    if name in COMMANDS:
        code = COMMANDS[name].main(arguments[1:], prog_name=f"grade {name}", standalone_mode=False)
    else:
        code = grade.main(arguments, prog_name="grade", standalone_mode=False)
    return int(code)


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


def _show(report: Report, course: Course, stream: TextIO) -> None:
    from grader import display

    display.show(report, display.console(stream), course)


def exit_code(report: Report) -> int:
    """What `report` means to a shell."""
    outcomes = {test.outcome for exercise in report.exercises for test in exercise.tests}
    statuses = {exercise.status for exercise in report.exercises}
    if "error" in statuses or "error" in outcomes or not statuses:
        return GRADER_FAILED
    return PASSED if statuses <= {"passed", "deferred"} else NOT_ALL


def _complain(message: str) -> None:
    """A message on standard error, with the traceback for those who ask for it."""
    from grader.report import clean

    if os.environ.get(DEBUG):
        click.echo(traceback.format_exc(), err=True)
    click.echo(f"grade: {clean(message)}", err=True)
