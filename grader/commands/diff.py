"""`grade diff`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from grader.commands.common import NOT_ALL, PASSED, any_path

if TYPE_CHECKING:
    from grader.diff import Diff

STANDARD_OUTPUT = Path("-")


@click.command(epilog="Exit codes: 0 no grade differs, 1 some do, 2 wrong use.")
@click.argument("old", metavar="OLD", type=any_path)
@click.argument("new", metavar="NEW", type=any_path)
@click.option("--json", "json_file", metavar="FILE", type=any_path, help='Write it as JSON ("-": to standard output).')
def diff(old: Path, new: Path, json_file: Path | None) -> int:
    """Compare grades: two reports, or the folders of two batches.

    Says whose tests came out otherwise, who is on one side only, and what else differs: the seed, the course, the
    grader, torch.
    """
    from grader.diff import compare
    from grader.diff_display import show
    from grader.display import console
    from grader.export.sources import sides

    found = compare(*sides(old, new))
    if json_file is not None:
        _write(found, json_file)
    show(found, console(sys.stderr if json_file == STANDARD_OUTPUT else sys.stdout))
    return PASSED if found.empty else NOT_ALL


def _write(found: Diff, path: Path) -> None:
    import msgspec

    from grader.errors import UsageError
    from grader.report import write_whole

    data = msgspec.json.format(msgspec.json.encode(found), indent=2) + b"\n"
    if path == STANDARD_OUTPUT:
        click.echo(data, nl=False)
        return
    try:
        write_whole(path, data)
    except OSError as error:
        raise UsageError(f"--json {path} cannot be written: {error.strerror or error}.") from error
