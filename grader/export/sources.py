"""What there is to export or to compare: the folder of a batch, or one submission's report."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from grader.batch.summary import SUMMARY, Summary, read_report, read_summary, reports
from grader.errors import UsageError
from grader.report import Report
from grader.submission import check_paths


def summary_of(path: Path) -> Summary:
    """The summary of the batch whose folder is `path`.

    Raises:
        UsageError: there is no such folder, or no batch was written to it.
    """
    check_paths([path])
    if not path.is_dir():
        raise UsageError(f"{path} is a file. Name the folder of a batch: what grade batch was given as --out.")
    if not (path / SUMMARY).is_file():
        raise UsageError(
            f"{path} is no batch's folder: it has no {SUMMARY}. Name the folder that grade batch was given as --out."
        )
    return read_summary(path)


def reports_at(path: Path) -> Iterator[tuple[str, Report]]:
    """The students' ids and reports at `path`, a batch's folder or one report, one at a time.

    Raises:
        UsageError: there is nothing of the kind at `path`.
    """
    check_paths([path])
    if path.is_dir():
        yield from ((row.id, report) for row, report in reports(path, summary_of(path)))
    else:
        report = read_report(path)
        yield report.submission.id, report


def course_name(path: Path) -> str:
    """The name of the course that the reports at `path` are of.

    Raises:
        UsageError: as for `reports_at`.
    """
    check_paths([path])
    return (summary_of(path) if path.is_dir() else read_report(path)).course.name


Loaders = dict[str, Callable[[], Report]]


def sides(old: Path, new: Path) -> tuple[Loaders, Loaders]:
    """Students' ids and what loads their reports, of two things to compare: batches, or single reports.

    Two reports are held against each other whatever the students' ids in them are.

    Raises:
        UsageError: there is nothing of the kind, or one is a batch and the other a report.
    """
    check_paths([old, new])
    if old.is_dir() != new.is_dir():
        folder, file = (old, new) if old.is_dir() else (new, old)
        raise UsageError(f"{folder} is a folder and {file} a file. Compare two batches, or two reports.")
    if old.is_dir():
        return _loaders(old), _loaders(new)
    before, after = read_report(old), read_report(new)
    ids = dict.fromkeys([before.submission.id, after.submission.id])
    name = " and ".join(ids)
    return {name: lambda: before}, {name: lambda: after}


def _loaders(folder: Path) -> Loaders:
    return {row.id: partial(read_report, folder / row.report) for row in summary_of(folder).students}
