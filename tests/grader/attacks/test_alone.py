"""What needs a run of its own: layers switched off, one submission on the terminal, and what is not held yet."""

from __future__ import annotations

import json
import sys

import pytest

from grader.batch.summary import read_report, read_summary
from grader.confine import LAYERS
from tests.grader.attacks.attack import read_attacks
from tests.grader.attacks.conftest import NEIGHBOURS, Place, notes_reading
from tests.grader.attacks.course import HONEST, POINTS, SECRETS, WORD, put

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="confinement is for Linux")


def test_a_class_is_not_graded_without_layers(place: Place) -> None:
    run = place.grade_class(without="filesystem,system_calls")
    assert run.returncode == 3
    for words in ("Nothing was graded", "filesystem (switched off)", "system_calls (switched off)", "--no-sandbox"):
        assert words in run.stderr
    assert not any(row.score or row.standing != "error" for row in read_summary(place.path("OUT")).students)


def test_with_no_sandbox_it_is_and_its_reports_say_so_and_do_not_stand_later(place: Place) -> None:
    for arguments, missing in ((["--no-sandbox"], set(LAYERS)), ([], set())):
        run = place.grade_class(*arguments)
        assert run.returncode == 0, run.stderr
        for name in NEIGHBOURS:
            report = read_report(place.path("OUT") / f"{name}.json")
            assert report.score == sum(POINTS.values())
            assert set(report.environment.isolation.missing) == missing
            assert set(report.environment.isolation.held) == set(LAYERS) - missing


def test_one_submission_is_graded_without_a_layer_and_the_report_says_which(place: Place) -> None:
    answer, course = place.path("CLASS") / NEIGHBOURS[0], str(place.path("COURSE"))
    run = place.grade(str(answer), "--course", course, "--json", "-", without="filesystem")
    report = json.loads(run.stdout)
    assert report["environment"]["isolation"]["missing"] == {"filesystem": "switched off"}
    assert "filesystem" not in report["environment"]["isolation"]["held"] and report["score"] == sum(POINTS.values())
    assert "filesystem" in run.stderr


def test_the_terminal_tells_no_secret_and_takes_no_orders(place: Place) -> None:
    loud = {attack.name.partition("-")[2]: attack.source for attack in read_attacks()}
    answer = place.path("CLASS") / "loud"
    put(answer / "target.py", HONEST + loud["raised"] + loud["markup"])
    run = place.grade(str(answer), "--course", str(place.path("COURSE")))
    assert run.returncode == 1, run.stderr
    assert "<script>alert(1)</script>" in run.stdout
    assert [secret for secret in SECRETS if secret in (run.stdout + run.stderr).lower()] == []
    assert not {"\x1b", "\x07", "\u202e"} & set(run.stdout + run.stderr)


READS = """
def secret(x, word):
    if word.startswith("q"):
        open("{folder}/note").read()
"""

TELLS = """
import os

def told():
    note = os.stat("{folder}/note")
    return "quick" + "silver" if note.st_atime_ns > note.st_mtime_ns else None
"""


@pytest.mark.xfail(
    strict=True,
    reason="an exercise's hidden tests run before the next one's public tests, and the times at which a submission's "
    "files were read carry over: running.py would have to run the public tests of all exercises first",
)
def test_what_a_hidden_test_gave_does_not_turn_up_in_the_next_exercise(place: Place) -> None:
    if not notes_reading(place.root / "probe"):
        pytest.skip("this file system does not note when a file was read")
    course, folder = place.path("COURSE"), place.path("CLASS") / "someone"
    put(course / "exercises/01_other/README.md", "# The other\n")
    put(course / "tests/suites/test_other.py", _OTHER)
    put(folder / "note", "note")
    put(folder / "target.py", READS.format(folder=folder))
    put(folder / "other.py", TELLS.format(folder=folder))
    run = place.grade(str(folder), "--course", str(course), "--json", "-")
    assert run.returncode == 1, run.stderr
    assert WORD not in run.stdout


_OTHER = """
import pytest

@pytest.mark.public
def test_told(student):
    assert student.told() == "nothing"
"""
