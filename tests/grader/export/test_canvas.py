"""A gradebook for Canvas: its columns, whose row is whose, and what is never lost silently."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

import pytest

from grader.batch.summary import Summary
from grader.errors import UsageError
from grader.export import tables
from grader.export.canvas import canvas, heading
from grader.export.grades import Table
from grader.intake.person import Person
from tests.grader.conftest import Write
from tests.grader.export.conftest import batch, exercise, report, softmax

COLUMN = "Homework 1 (4711)"
ROSTER = """\
Student,ID,SIS User ID,SIS Login ID,Section,Homework 1 (4711),Final Score
,,,,,Manual Posting,
    Points Possible,,,,,4.00,(read only)
"Lovelace, Ada",101,s-1,ada,Monday,1.00,10
"Hopper, Grace",102,s-2,grace,Tuesday,N/A,20
"Student, Test",103,,t0,Monday,,30
"""
ADA = Person(name="Ada Lovelace", number="101")
GRACE = Person(name="Grace Hopper", number="102")


def rows(table: Table) -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.data.decode(), newline="")))


def two(people: Mapping[str, Person] | None = None) -> Summary:
    """Ada has 4 points of 4, Grace 2."""
    made = [report("ada_l", softmax("passed", "passed")), report("grace_h", softmax("passed", "failed"))]
    return batch(made, {"ada_l": ADA, "grace_h": GRACE} if people is None else people)


@pytest.fixture
def roster(tmp_path: Path, write: Write) -> Path:
    return write(tmp_path / "roster.csv", ROSTER)


# Without a roster ------------------------------------------------------------------------------


def test_the_columns_are_canvas_s_own() -> None:
    table = canvas(two(), COLUMN, None)
    assert rows(table) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", COLUMN],
        ["    Points Possible", "", "", "", "", "4"],
        ["Ada Lovelace", "101", "", "", "", "4"],
        ["Grace Hopper", "102", "", "", "", "2"],
    ]
    assert (table.notes, table.complete) == ((), True)


def test_a_student_without_an_id_is_named() -> None:
    table = canvas(two({}), COLUMN, None)
    assert rows(table)[2] == ["ada_l", "", "", "", "", "4"]
    assert table.notes[0].startswith("ada_l: the submission tells no Canvas ID, so Canvas will look for the name.")


def test_names_are_no_formulas() -> None:
    table = canvas(two({"ada_l": Person(name="=cmd|' /C calc'!A0", number="1")}), COLUMN, None)
    assert rows(table)[2][0] == "'=cmd|' /C calc'!A0"


@pytest.mark.parametrize("name", [None, "", "  "])
def test_the_assignment_has_to_be_named(name: str | None) -> None:
    with pytest.raises(UsageError, match=r'Give --assignment "Name \(12345\)"'):
        heading(name)


# What nobody decided ---------------------------------------------------------------------------


def test_grades_are_out_of_what_was_decided_for_all() -> None:
    made = [report(name, softmax("passed", "failed", "deferred")) for name in ("a", "b")]
    table = canvas(batch(made), COLUMN, None)
    assert [row[-1] for row in rows(table)[1:]] == ["4", "2", "2"]
    assert table.notes[0].startswith("2 of 6 points are not decided yet")


def test_a_student_with_fewer_points_decided_is_told_of() -> None:
    made = [report("a", softmax("passed", "failed")), report("b", softmax("passed", "deferred"))]
    table = canvas(batch(made, {"b": Person(name="Bob", number="1")}), COLUMN, None)
    assert [row[-1] for row in rows(table)[1:]] == ["4", "2", "2"]
    assert "b (Bob): 2 of 4 points are not decided yet and not in the grade." in table.notes


def test_where_the_grader_failed_there_is_no_grade() -> None:
    made = [report("a", softmax("passed", "passed")), report("b", exercise("softmax", status="error"))]
    table = canvas(batch(made), COLUMN, None)
    assert rows(table)[3] == ["b", "", "", "", "", ""]
    assert "b: the grader failed, so there is no grade. Grade it again." in table.notes


def test_an_unfinished_batch_says_so() -> None:
    table = canvas(batch([report("a", softmax("passed"))], finished_at=None), COLUMN, None)
    assert table.notes[0] == "The batch has not been finished: students may be missing."


# With a roster ---------------------------------------------------------------------------------


def test_the_roster_s_students_get_their_grades(roster: Path) -> None:
    table = canvas(two(), COLUMN, roster)
    assert rows(table) == [
        ["Student", "ID", "SIS User ID", "SIS Login ID", "Section", COLUMN],
        ["    Points Possible", "", "", "", "", "4"],
        ["Lovelace, Ada", "101", "s-1", "ada", "Monday", "4"],
        ["Hopper, Grace", "102", "s-2", "grace", "Tuesday", "2"],
        ["Student, Test", "103", "", "t0", "Monday", ""],
    ]
    assert table.notes == ("Test Student: in the roster, and nothing of theirs was graded.",)
    assert table.complete


@pytest.mark.parametrize(
    ("id", "person"),
    [
        ("x", Person(number="101")),
        ("S-1", Person()),
        ("ada", Person()),
        ("x", Person(email="ADA@uni.example")),
        ("x", Person(name="ada  lovelace")),
        ("x", Person(name="Lovelace, Ada")),
        ("Ada Lovelace", Person()),
    ],
    ids=[
        "Canvas's ID",
        "SIS ID as the folder",
        "login",
        "address",
        "name",
        "sorted name",
        "name as the folder",
    ],
)
def test_a_student_is_found_by_what_the_submission_tells(roster: Path, id: str, person: Person) -> None:
    table = canvas(batch([report(id, softmax("passed", "passed"))], {id: person}), COLUMN, roster)
    assert rows(table)[2] == ["Lovelace, Ada", "101", "s-1", "ada", "Monday", "4"]
    assert table.complete


def test_a_number_of_another_platform_is_nobody_s_institutional_id(roster: Path) -> None:
    table = canvas(batch([report("x", softmax("passed"))], {"x": Person(number="s-1")}), COLUMN, roster)
    assert rows(table)[2][-1] == "1.00"
    assert not table.complete


def test_who_is_not_graded_keeps_the_grade_that_canvas_has(roster: Path) -> None:
    table = canvas(batch([report("x", softmax("passed", "passed"))], {"x": GRACE}), COLUMN, roster)
    assert [row[-1] for row in rows(table)[2:]] == ["1.00", "4", ""]
    assert "Ada Lovelace: in the roster, and nothing of theirs was graded." in table.notes


def test_who_is_not_in_the_roster_is_told_of(roster: Path) -> None:
    table = canvas(two({"ada_l": ADA, "grace_h": Person(name="Nobody")}), COLUMN, roster)
    assert "grace_h (Nobody): graded, and not in the roster; left out of the file." in table.notes
    assert not table.complete


def test_two_submissions_for_one_student_are_left_to_a_person(roster: Path) -> None:
    table = canvas(two({"ada_l": ADA, "grace_h": Person(number="101")}), COLUMN, roster)
    assert rows(table)[2][-1] == "1.00"
    assert "Ada Lovelace: ada_l (Ada Lovelace) and grace_h both fit this row of the roster; neither is filled in." in (
        table.notes
    )
    assert not table.complete


def test_a_name_that_two_students_have_decides_nothing(tmp_path: Path, write: Write) -> None:
    namesakes = ROSTER.replace('"Hopper, Grace"', '"Lovelace, Ada"')
    roster = write(tmp_path / "roster.csv", namesakes)
    table = canvas(batch([report("x", softmax("passed"))], {"x": Person(name="Ada Lovelace")}), COLUMN, roster)
    assert [row[-1] for row in rows(table)[2:]] == ["1.00", "N/A", ""]
    assert not table.complete


def test_an_assignment_with_other_points_in_canvas_is_told_of(tmp_path: Path, write: Write) -> None:
    roster = write(tmp_path / "roster.csv", ROSTER.replace("4.00", "100.00"))
    note = canvas(two(), COLUMN, roster).notes[0]
    assert note.startswith("In Canvas the assignment is worth 100.00 points, and the grades are out of 4.")


def test_a_new_assignment_gets_its_column(roster: Path) -> None:
    table = canvas(two(), "Homework 2", roster)
    assert [row[-1] for row in rows(table)] == ["Homework 2", "4", "4", "2", ""]


def test_rosters_come_in_several_forms(tmp_path: Path, write: Write) -> None:
    text = ROSTER.replace(", ", "|").replace(",", ";").replace("|", ", ").replace("\n", "\r\n")
    table = canvas(two(), COLUMN, write(tmp_path / "roster.csv", f"\ufeff{text}"))
    assert [row[-1] for row in rows(table)[2:]] == ["4", "2", ""]
    split = "LastName,FirstName,ID,SIS Login ID,Section\nLovelace,Ada,1,x,Monday\nHopper,Grace,2,y,Monday\n"
    people = {"ada_l": Person(name="Ada Lovelace"), "grace_h": Person(name="Grace Hopper")}
    table = canvas(two(people), COLUMN, write(tmp_path / "split.csv", split))
    assert rows(table)[2:] == [
        ["Lovelace", "Ada", "1", "x", "Monday", "4"],
        ["Hopper", "Grace", "2", "y", "Monday", "2"],
    ]


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is empty"),
        (b"\xff\xfe\x00", "is not UTF-8 text"),
        (b'Student,ID,Section\n"open', "is no CSV file"),
        (b"Name,Number\nAda,1\n", "has no column 'Section'"),
    ],
)
def test_a_file_that_is_no_roster(tmp_path: Path, write: Write, content: bytes, complaint: str) -> None:
    with pytest.raises(UsageError, match=complaint):
        canvas(two(), COLUMN, write(tmp_path / "roster.csv", content))


def test_a_roster_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"roster\.csv cannot be read: No such file or directory"):
        canvas(two(), COLUMN, tmp_path / "roster.csv")


def test_a_file_that_is_too_large_is_not_read(roster: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MAX_BYTES", len(ROSTER) - 1)
    with pytest.raises(UsageError, match="is too large for a list of students"):
        canvas(two(), COLUMN, roster)
