"""The `grade` command: read what was asked, do it, and say in the exit code how it went.

Exit codes: 0 all passed (what waits for an accelerator is no loss), 1 not all, 2 wrong use,
3 the grader itself failed, 130 stopped with Ctrl-C.

Nothing but click is imported until a command runs, so that `grade --help` answers at once.
"""

from __future__ import annotations

import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from grader.commands.batch import batch
from grader.commands.check import check
from grader.commands.common import GRADER_FAILED, PASSED, STOPPED, WRONG_USE
from grader.commands.completion import complete
from grader.commands.diff import diff
from grader.commands.export import export
from grader.commands.grade import grade
from grader.commands.gradescope import gradescope
from grader.commands.hint import hint
from grader.commands.new import new
from grader.commands.new_exercise import new_exercise
from grader.commands.notebook import notebook
from grader.commands.release import release
from grader.commands.status import status
from grader.commands.watch import watch
from grader.errors import GraderError

if TYPE_CHECKING:
    pass

DEBUG = "GRADER_DEBUG"

STANDARD_OUTPUT = Path("-")


COMMANDS: dict[str, click.Command] = {
    "batch": batch,
    "check": check,
    "diff": diff,
    "export": export,
    "gradescope": gradescope,
    "hint": hint,
    "new": new,
    "new-exercise": new_exercise,
    "notebook": notebook,
    "release": release,
    "status": status,
    "watch": watch,
}
"""Named commands. Anything else is a PATH or an option of `grade` (a folder `check` is `./check`)."""


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
    if complete(grade, COMMANDS):
        return PASSED
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


def _complain(message: str) -> None:
    """A message on standard error, with the traceback for those who ask for it."""
    from grader.report import clean

    if os.environ.get(DEBUG):
        click.echo(traceback.format_exc(), err=True)
    click.echo(f"grade: {clean(message)}", err=True)
