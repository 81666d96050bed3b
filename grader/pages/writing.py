"""The pages of a batch, beside its reports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from grader.batch.summary import Student, Summary, reports
from grader.errors import GraderError
from grader.pages.feedback import feedback_page
from grader.pages.index import index_page
from grader.pages.words import page_name
from grader.report import Report, write_whole

INDEX = "index.html"


def write_pages(folder: Path, summary: Summary) -> None:
    """Write a page for each student and `index.html` to the `folder` that holds the reports of `summary`.

    Each is written whole or not at all, and one report is read at a time.

    Raises:
        UsageError: a report cannot be read.
        GraderError: a page cannot be written.
    """
    _write(folder / INDEX, index_page(summary, _told(folder, summary)))


def _told(folder: Path, summary: Summary) -> Iterator[tuple[Student, Report]]:
    """Each student's report, once its page is written."""
    for student, report in reports(folder, summary):
        _write(folder / page_name(student), feedback_page(report, summary.course.name))
        yield student, report


def _write(path: Path, page: str) -> None:
    try:
        write_whole(path, page.encode())
    except OSError as error:
        raise GraderError(
            f"{path} could not be written: {error.strerror or error}. The reports stand; make room and run the same "
            "command again."
        ) from error
