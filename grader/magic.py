"""`%grade` in Jupyter: grade the notebook as it was saved, and show the result below the cell.

    %load_ext grader
    %grade attention

The file is graded as `grade` grades it, in processes of its own: nothing of the running notebook takes part,
and nothing is written. IPython is not imported; what the magic returns tells it how to show itself.
"""

from __future__ import annotations

import io
import secrets
import shlex
import sys
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any, cast

import click

from grader.commands.common import course_option, load_course, only_option
from grader.course import Course
from grader.errors import GraderError, UsageError
from grader.grading import Options, grade, switched_off
from grader.processes.launch import launched
from grader.report import Report, clean, one_line
from grader.submission import NOTEBOOK, Submission, check_paths, printable

NAME = "grade"
TEMPLATE = "magic.html.j2"
WIDTH = 100  # of the plain text


@dataclass(frozen=True)
class Shown:
    """A report, and how a notebook shows it: as HTML, or as the text that `grade` prints."""

    report: Report
    course: Course
    graded: str

    def _repr_html_(self) -> str:
        from jinja2 import Environment, StrictUndefined

        from grader import words
        from grader.display import FAULT, next_step

        environment = Environment(
            autoescape=True, undefined=StrictUndefined, finalize=lambda value: clean(str(value)), trim_blocks=True
        )
        environment.filters["line"] = one_line
        template = environment.from_string((files("grader") / TEMPLATE).read_text(encoding="utf-8"))
        step = next_step(self.report, self.course)
        return template.render(report=self.report, graded=self.graded, words=words, fault=FAULT, next_step=step)

    def __repr__(self) -> str:
        from grader import display

        out = display.console(io.StringIO())
        out.width = WIDTH
        display.show(self.report, out, self.course)
        return f"{cast(io.StringIO, out.file).getvalue()}{self.graded}"


def register(shell: Any) -> None:
    """Give `shell`, an IPython shell, the magic `%grade`."""
    shell.register_magic_function(magic, magic_kind="line", magic_name=NAME)


def magic(line: str) -> Shown | None:
    """%grade [NAME] [-k EXPR] [--only NAME] [--course DIR]: grade this notebook as it was saved last.

    NAME is the exercise that the notebook is named after, or a path. It may be left out where one notebook in the
    working folder is named after an exercise.
    """
    try:
        shown = _command.main(shlex.split(line), prog_name=f"%{NAME}", standalone_mode=False)
    except click.ClickException as error:
        _complain(error.format_message())
    except (GraderError, ValueError) as error:  # a ValueError is a quote that is not closed
        _complain(str(error))
    else:
        return shown if isinstance(shown, Shown) else None  # --help gives an exit code
    return None


def _complain(message: str) -> None:
    print(f"%{NAME}: {clean(message)}", file=sys.stderr)


@click.command()
@click.argument("name", required=False)
@click.option("-k", "select", default="", metavar="EXPR", help="The tests that EXPR matches, as pytest's -k.")
@only_option
@course_option
def _command(name: str | None, select: str, only: tuple[str, ...], course_dir: Path | None) -> Shown:
    """Grade this notebook as it was saved last.

    NAME is its exercise, or a path. It may be left out where one notebook in the working folder is named after an
    exercise.
    """
    course = load_course(course_dir, [] if name is None else [Path(name)])
    path = _only_notebook(course) if name is None else _named(name)
    options = Options(seed=secrets.randbits(32), select=select, off=switched_off())
    with launched(course.settings.preload, options.off) as launcher:
        saved = datetime.fromtimestamp(path.stat().st_mtime)
        report = grade(course, Submission.gather([path], course, only), options, launcher)
    if select and not report.exercises:
        raise UsageError(f"-k '{select}' selects no test.")
    return Shown(report, course, f"{printable(path)} as it was saved at {saved:%H:%M:%S}. Later changes do not count.")


def _named(name: str) -> Path:
    """The notebook of the exercise `name`, or whatever lies at that path."""
    beside = Path(f"{name}{NOTEBOOK}")
    if beside.is_file():
        return beside
    path = Path(name)
    if len(path.parts) == 1 and not path.suffix and not path.exists():
        raise UsageError(
            f"There is no {beside} in {printable(Path.cwd())}. Save the notebook under that name, or give its path: "
            f"%{NAME} path/to/{beside}"
        )
    check_paths([path])
    return path


def _only_notebook(course: Course) -> Path:
    """The one notebook in the working folder that is named after an exercise."""
    found = sorted(Path(path.name) for path in Path.cwd().glob(f"*{NOTEBOOK}") if path.stem in course.names)
    if len(found) != 1:
        what = " and ".join(map(str, found)) or "no notebook that is named after an exercise"
        raise UsageError(f"{printable(Path.cwd())} holds {what}. Say which notebook this is: %{NAME} NAME")
    return found[0]
