"""`grade export`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands.common import NOT_ALL, PASSED, any_path

if TYPE_CHECKING:
    from grader.export.grades import Table

FORMATS = ("gradescope", "canvas", "moodle", "junit")
STANDARD_OUTPUT = Path("-")


@click.command(
    epilog="Exit codes: 0 everything was exported, 1 a student found no row, as standard error says, 2 wrong use."
)
@click.argument("format", metavar="FORMAT", type=click.Choice(FORMATS))
@click.argument("reports", metavar="REPORTS", type=any_path)
@click.option("--out", metavar="PATH", type=any_path, help="Where to write; standard output where one file is made.")
@click.option("--assignment", metavar="NAME", help='canvas: the column of the grades, as in "Homework 1 (12345)".')
@click.option("--roster", metavar="FILE", type=any_path, help="canvas: the gradebook that Canvas exported.")
@click.option("--worksheet", metavar="FILE", type=any_path, help="moodle: the grading worksheet from Moodle.")
def export(
    format: str,
    reports: Path,
    out: Path | None,
    assignment: str | None,
    roster: Path | None,
    worksheet: Path | None,
) -> int:
    """Write grades for another program.

    FORMAT is gradescope (results.json; of a batch, one for each student), canvas (a gradebook to import), moodle
    (a grading worksheet) or junit (XML). REPORTS is the folder of a batch; for gradescope and junit, a report as well.
    """
    os.umask(0o077)  # marks are private
    _check_options(format, {"--assignment": assignment, "--roster": roster, "--worksheet": worksheet})
    if format == "gradescope" and reports.is_dir():
        return _each(reports, out)
    if format in ("gradescope", "junit"):
        _write(_report(format, reports), out)
        return PASSED
    table = _table(format, reports, assignment, roster, worksheet)
    for note in table.notes:
        click.echo(note, err=True)
    _write(table.data, out)
    return PASSED if table.complete else NOT_ALL


def _check_options(format: str, given: dict[str, object]) -> None:
    """Complain about options of another format: they would be passed over."""
    from grader.errors import UsageError

    homes = {"--assignment": "canvas", "--roster": "canvas", "--worksheet": "moodle"}
    for option, value in given.items():
        if value is not None and homes[option] != format:
            raise UsageError(f"{option} is for grade export {homes[option]}, not for {format}. Leave it out.")


def _each(reports: Path, out: Path | None) -> int:
    """A results.json for each student of a batch."""
    from grader.batch.summary import reports as read
    from grader.errors import UsageError
    from grader.export.gradescope import results
    from grader.export.sources import summary_of

    summary = summary_of(reports)
    if out is None or out == STANDARD_OUTPUT:
        raise UsageError("A batch makes a file for each student: give --out DIR.")
    if out.resolve() == reports.resolve():
        raise UsageError(f"--out {out}: the reports are there, under the same names. Name another folder.")
    _make(out)
    for row, report in read(reports, summary):
        _write(results(report), out / Path(row.report).name)
    return PASSED


def _report(format: str, reports: Path) -> bytes:
    """The one file of gradescope, or of junit."""
    from grader.batch.summary import read_report
    from grader.export.gradescope import results
    from grader.export.junit import junit
    from grader.export.sources import course_name, reports_at

    if format == "gradescope":
        return results(read_report(reports))
    return junit(course_name(reports), reports_at(reports))


def _table(format: str, reports: Path, assignment: str | None, roster: Path | None, worksheet: Path | None) -> Table:
    from grader.export.canvas import canvas, heading
    from grader.export.moodle import moodle
    from grader.export.sources import summary_of

    if format == "canvas":
        column = heading(assignment)
        return canvas(summary_of(reports), column, roster)
    return moodle(summary_of(reports), worksheet)


def _make(folder: Path) -> None:
    from grader.errors import UsageError

    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--out {folder} cannot be made: {error.strerror}.") from error


def _write(data: bytes, out: Path | None) -> None:
    from grader.errors import UsageError
    from grader.report import write_whole

    if out is None or out == STANDARD_OUTPUT:
        click.echo(data, nl=False)
        return
    if out.is_dir():
        raise UsageError(f"--out {out}: that is a folder; name a file in it.")
    try:
        write_whole(out, data)
    except OSError as error:
        raise UsageError(f"--out {out} cannot be written: {error.strerror or error}.") from error
