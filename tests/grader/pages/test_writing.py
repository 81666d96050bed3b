"""Writing the pages of a batch: which files, whole or not at all, and what is said when it cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

import grader.pages.writing
from grader.batch.summary import Summary
from grader.errors import GraderError, UsageError
from grader.pages import feedback_page, index_page, write_pages
from grader.report import to_json
from tests.grader.pages.school import School, case, exercise, report, summary

SCHOOL = School(3, exercises=2)


@pytest.fixture
def batch(tmp_path: Path) -> tuple[Path, Summary]:
    """A batch's folder with a report for each student, and its summary."""
    for made in SCHOOL.reports():
        (tmp_path / f"{made.submission.id}.json").write_bytes(to_json(made))
    return tmp_path, SCHOOL.summary()


def test_each_student_has_a_page_beside_the_report_and_the_class_has_one(batch: tuple[Path, Summary]) -> None:
    folder, whole = batch
    write_pages(folder, whole)
    assert sorted(path.name for path in folder.glob("*.html")) == ["index.html", "s000.html", "s001.html", "s002.html"]
    assert (folder / "s001.html").read_text("utf-8") == feedback_page(SCHOOL.report(1), "Tiny")
    assert (folder / "index.html").read_text("utf-8") == index_page(whole, SCHOOL.pairs())


def test_a_name_with_dots_keeps_them(tmp_path: Path) -> None:
    made = report(exercise(case()), id="ada.lovelace v1.2")
    (tmp_path / f"{made.submission.id}.json").write_bytes(to_json(made))
    write_pages(tmp_path, summary(made))
    assert (tmp_path / "ada.lovelace v1.2.html").is_file()
    assert 'href="./ada.lovelace%20v1.2.html"' in (tmp_path / "index.html").read_text("utf-8")


def test_writing_again_writes_over(batch: tuple[Path, Summary]) -> None:
    folder, whole = batch
    (folder / "index.html").write_text("old")
    write_pages(folder, whole)
    assert "old" not in (folder / "index.html").read_text("utf-8")[:3]
    assert len(list(folder.iterdir())) == 3 + 3 + 1


def test_a_report_that_is_not_there_is_named_and_no_overview_is_written(batch: tuple[Path, Summary]) -> None:
    folder, whole = batch
    (folder / "s001.json").unlink()
    with pytest.raises(UsageError, match=r"s001\.json cannot be read"):
        write_pages(folder, whole)
    assert not (folder / "index.html").exists()


def test_a_page_that_cannot_be_written_is_named(batch: tuple[Path, Summary], monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path: Path, data: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(grader.pages.writing, "write_whole", full)
    with pytest.raises(GraderError, match=r"s000\.html could not be written: No space left on device\. .*make room"):
        write_pages(*batch)
