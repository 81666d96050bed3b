"""`grade export` as a user runs it: where it writes, what it says and what it refuses."""

from __future__ import annotations

import csv
import json
import os
import stat
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from grader.commands.export import export
from grader.errors import UsageError
from grader.report import to_json
from tests.grader.export.conftest import SaveBatch, report, softmax

ALICE = report("alice", softmax("passed", "failed"))
BOB = report("bob", softmax("passed", "passed"))


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(export, list(map(str, arguments)), standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


def refusal(*arguments: str | Path) -> str:
    with pytest.raises(UsageError) as caught:
        run(*arguments)
    return str(caught.value)


@pytest.fixture(autouse=True)
def umask() -> Iterator[None]:
    """The command narrows it, for the rest of its process."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def alice(tmp_path: Path) -> Path:
    path = tmp_path / "alice.json"
    path.write_bytes(to_json(ALICE))
    return path


@pytest.fixture
def out(save: SaveBatch) -> Path:
    return save([ALICE, BOB])


def test_a_report_becomes_one_results_json(alice: Path, tmp_path: Path) -> None:
    assert run("gradescope", alice, "--out", tmp_path / "results.json").return_value == 0
    assert json.loads((tmp_path / "results.json").read_text())["score"] == 2


def test_one_file_goes_to_standard_output_by_default(alice: Path) -> None:
    assert json.loads(run("gradescope", alice).stdout)["score"] == 2
    assert ET.fromstring(run("junit", alice, "--out", "-").stdout).get("name") == "Tiny"


def test_a_batch_becomes_a_results_json_for_each_student(out: Path, tmp_path: Path) -> None:
    run("gradescope", out, "--out", tmp_path / "new/results")
    scores = {path.name: json.loads(path.read_text())["score"] for path in (tmp_path / "new/results").iterdir()}
    assert scores == {"alice.json": 2, "bob.json": 4}


def test_a_batch_needs_a_folder_that_is_not_its_own(out: Path) -> None:
    assert refusal("gradescope", out) == "A batch makes a file for each student: give --out DIR."
    assert refusal("gradescope", out, "--out", "-") == "A batch makes a file for each student: give --out DIR."
    assert "the reports are there, under the same names" in refusal("gradescope", out, "--out", out / "../out")
    assert json.loads((out / "alice.json").read_text())["schema_version"] == 1


def test_a_batch_becomes_one_junit_file(out: Path, tmp_path: Path) -> None:
    run("junit", out, "--out", tmp_path / "junit.xml")
    names = [suite.get("name") for suite in ET.fromstring((tmp_path / "junit.xml").read_bytes())]
    assert names == ["alice.softmax", "bob.softmax"]


def test_a_batch_becomes_a_gradebook(out: Path, tmp_path: Path) -> None:
    result = run("canvas", out, "--assignment", "HW (1)", "--out", tmp_path / "canvas.csv")
    assert result.return_value == 0
    with (tmp_path / "canvas.csv").open(newline="") as file:
        assert [row[-1] for row in csv.reader(file)] == ["HW (1)", "4", "2", "4"]
    assert "alice: the submission tells no Canvas ID" in result.stderr


def test_a_student_without_a_row_shows_in_the_exit_code(out: Path) -> None:
    result = run("moodle", out)
    assert result.return_value == 1
    assert "alice: the submission tells no participant's number" in result.stderr
    assert result.stdout.startswith('"Identifier"')


def test_grades_are_private(out: Path, tmp_path: Path) -> None:
    run("moodle", out, "--out", tmp_path / "moodle.csv")
    assert stat.S_IMODE((tmp_path / "moodle.csv").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("format", "option", "home"),
    [("moodle", "--roster", "canvas"), ("junit", "--assignment", "canvas"), ("canvas", "--worksheet", "moodle")],
)
def test_an_option_of_another_format_is_refused(out: Path, format: str, option: str, home: str) -> None:
    assert refusal(format, out, option, "x") == f"{option} is for grade export {home}, not for {format}. Leave it out."


@pytest.mark.parametrize("format", ["gradescope", "junit", "moodle"])
def test_what_is_no_batch_and_no_report(tmp_path: Path, format: str) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.json").write_text("{}")
    assert "summary.json" in refusal(format, tmp_path / "empty", "--out", tmp_path / "x")
    assert "text.json is" in refusal(format, tmp_path / "text.json")
    assert "nothing.json" in refusal(format, tmp_path / "nothing.json")


def test_a_gradebook_needs_a_batch(alice: Path) -> None:
    assert refusal("moodle", alice).endswith("Name the folder of a batch: what grade batch was given as --out.")


def test_a_batch_of_nobody_makes_no_gradebook(save: SaveBatch) -> None:
    assert refusal("moodle", save([])) == "The batch has graded nobody yet, so there is nothing to export."


def test_a_report_that_is_missing_is_named(out: Path, tmp_path: Path) -> None:
    (out / "bob.json").unlink()
    assert "bob.json cannot be read: No such file or directory" in refusal(
        "junit", out, "--out", tmp_path / "junit.xml"
    )
    assert not (tmp_path / "junit.xml").exists()


def test_a_place_that_cannot_be_written(alice: Path, tmp_path: Path, save: SaveBatch) -> None:
    assert "that is a folder; name a file in it" in refusal("junit", alice, "--out", tmp_path)
    assert "cannot be written: No such file or directory" in refusal("junit", alice, "--out", tmp_path / "no/junit.xml")
    assert "cannot be made" in refusal("gradescope", save([]), "--out", alice / "x")
