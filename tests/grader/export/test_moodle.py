"""A grading worksheet for Moodle: what Moodle needs to take it, and what it would pass over in silence."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.batch.summary import Summary
from grader.errors import UsageError
from grader.export.grades import Table
from grader.export.moodle import moodle
from grader.intake.person import Person
from tests.grader.conftest import Write
from tests.grader.export.conftest import batch, case, exercise, report, softmax

HEADER = (
    "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Grade can be changed,"
    "Last modified (submission),Last modified (grade),Feedback comments"
)
WORKSHEET = f"""\
{HEADER}
Participant 11,Ada Lovelace,ada@uni.example,Submitted,,4.00,Yes,"Monday, 5 January",-,
Participant 12,Grace Hopper,grace@uni.example,Submitted,1.50,4.00,Yes,-,-,<p>Good</p>
Participant 13,Alan Turing,alan@uni.example,No submission,3.00,4.00,Yes,-,-,kept
"""
PEOPLE = {"ada": Person(name="Ada Lovelace", number="11"), "grace": Person(name="Grace Hopper", number="12")}


def rows(table: Table) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.data.decode(), newline="")))


def two(people: Mapping[str, Person] = PEOPLE) -> Summary:
    """Ada has 4 points of 4, Grace 2."""
    return batch([report("ada", softmax("passed", "passed")), report("grace", softmax("passed", "failed"))], people)


@pytest.fixture
def worksheet(tmp_path: Path, write: Write) -> Path:
    return write(tmp_path / "worksheet.csv", WORKSHEET)


# Without a worksheet ---------------------------------------------------------------------------


def test_the_columns_are_those_that_moodle_needs() -> None:
    table = moodle(two(), None)
    assert rows(table) == [
        [
            "Identifier",
            "Full name",
            "Email address",
            "Grade",
            "Maximum grade",
            "Last modified (grade)",
            "Feedback comments",
        ],
        ["Participant 11", "Ada Lovelace", "", "4", "4", "-", "softmax: 4 of 4 points"],
        ["Participant 12", "Grace Hopper", "", "2", "4", "-", "softmax: 2 of 4 points"],
    ]
    assert (table.notes, table.complete) == ((), True)


def test_a_student_without_a_number_is_told_of() -> None:
    table = moodle(two({"ada": PEOPLE["ada"]}), None)
    assert len(rows(table)) == 2
    assert table.notes == (
        "grace: the submission tells no participant's number; not in the file. --worksheet FILE helps.",
    )
    assert not table.complete


def test_comments_are_html_and_no_formulas() -> None:
    made = report("ada", exercise("=<b>", case("a", "passed"), case("b", "deferred", 2.0)), softmax("failed"))
    [_, row] = rows(moodle(batch([made], PEOPLE), None))
    assert row[-1] == "'=&lt;b&gt;: 1 of 1 points, 2 not decided yet<br>softmax: 0 of 2 points"


# With a worksheet ------------------------------------------------------------------------------


def test_a_worksheet_is_filled_in_and_else_kept(worksheet: Path) -> None:
    table = moodle(two(), worksheet)
    header, ada, grace, alan = rows(table)
    assert header == HEADER.split(",")
    assert ada[:5] == ["Participant 11", "Ada Lovelace", "ada@uni.example", "Submitted", "4"]
    assert ada[5:] == ["4.00", "Yes", "Monday, 5 January", "-", "softmax: 4 of 4 points"]
    assert (grace[4], grace[9]) == ("2", "softmax: 2 of 4 points")
    assert (alan[4], alan[9]) == ("3.00", "kept")
    assert table.notes == ("Participant 13 Alan Turing: in the worksheet, and nothing of theirs was graded.",)
    assert table.complete


@pytest.mark.parametrize(
    ("id", "person"),
    [
        ("x", Person(number="11")),
        ("x", Person(email="Ada@Uni.example")),
        ("x", Person(name="ada lovelace")),
        ("Ada Lovelace", Person()),
    ],
    ids=["number", "address", "name", "name as the folder"],
)
def test_a_student_is_found_by_what_the_submission_tells(worksheet: Path, id: str, person: Person) -> None:
    table = moodle(batch([report(id, softmax("passed", "passed"))], {id: person}), worksheet)
    assert [row[4] for row in rows(table)[1:]] == ["4", "1.50", "3.00"]
    assert table.complete


def test_who_is_not_in_the_worksheet_is_told_of(worksheet: Path) -> None:
    table = moodle(two({"ada": PEOPLE["ada"], "grace": Person(number="99")}), worksheet)
    assert "grace: graded, and not in the worksheet; left out of the file." in table.notes
    assert not table.complete


def test_where_the_grader_failed_the_grade_stays_as_it_is(worksheet: Path) -> None:
    made = [report("ada", softmax("passed", "passed")), report("grace", exercise("softmax", status="error"))]
    table = moodle(batch(made, PEOPLE), worksheet)
    assert (rows(table)[2][4], rows(table)[2][9]) == ("1.50", "<p>Good</p>")
    assert "grace (Grace Hopper): the grader failed, so there is no grade. Grade it again." in table.notes


def test_a_worksheet_without_comments_gets_none(tmp_path: Path, write: Write) -> None:
    text = "Identifier,Grade,Last modified (grade)\nParticipant 11,,-\nParticipant 12,,-\n"
    table = moodle(two(), write(tmp_path / "worksheet.csv", text))
    assert rows(table)[1:] == [["Participant 11", "4", "-"], ["Participant 12", "2", "-"]]


def test_a_maximum_below_the_grades_is_refused(tmp_path: Path, write: Write) -> None:
    """Moodle would pass over the best ones without a word."""
    path = write(tmp_path / "worksheet.csv", WORKSHEET.replace("4.00", '"3,50"'))
    with pytest.raises(UsageError, match=r"maximum grade is 3.5, and the grades are out of 4; Moodle would pass over"):
        moodle(two(), path)


def test_a_maximum_above_the_grades_is_told_of(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path / "worksheet.csv", WORKSHEET.replace("4.00", "100.00"))
    assert moodle(two(), path).notes[0] == (
        "In Moodle the assignment's maximum grade is 100, and the grades are out of 4. Moodle does not convert them."
    )


def test_a_scale_is_refused(tmp_path: Path, write: Write) -> None:
    path = write(tmp_path / "worksheet.csv", WORKSHEET.replace("4.00", "Excellent"))
    with pytest.raises(UsageError, match=r"maximum grade is no number \('Excellent'\)"):
        moodle(two(), path)


@pytest.mark.parametrize("column", ["Identifier", "Grade", "Last modified (grade)"])
def test_a_worksheet_that_moodle_would_refuse_is_refused(tmp_path: Path, write: Write, column: str) -> None:
    text = (
        WORKSHEET.replace(f"{column},", "Altro,", 1) if column != "Grade" else WORKSHEET.replace(",Grade,", ",Voto,", 1)
    )
    with pytest.raises(UsageError) as caught:
        moodle(two(), write(tmp_path / "worksheet.csv", text))
    assert f"worksheet.csv has no column '{column}'." in str(caught.value)
    assert "Download it with the platform set to English." in str(caught.value)
