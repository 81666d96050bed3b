"""What must hold for every attack: it earns what its answers earn, learns nothing, leaves nothing and ends."""

from __future__ import annotations

import csv
import json
import re
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.grader.attacks.archives import CODES, FORMULA, MARKUP
from tests.grader.attacks.attack import Attack, read_attacks
from tests.grader.attacks.conftest import NEIGHBOURS, Graded, contents, notes_reading
from tests.grader.attacks.course import POINTS, SECRETS

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="confinement is for Linux")

ATTACKS = read_attacks()
LOST = ("failed", "crashed", "timeout")

each_attack = pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.name)


@each_attack
def test_an_attack_earns_what_its_answers_earn(graded: Graded, attack: Attack, tmp_path: Path) -> None:
    if attack.access_times and not notes_reading(tmp_path / "probe"):
        pytest.skip("this file system does not note when a file was read")
    report = graded.report(attack.name)
    (exercise,) = report.exercises
    found = {test.name.removeprefix("test_"): test for test in exercise.tests}
    outcomes = {name: test.outcome for name, test in found.items()}
    expected = {
        name: outcomes.get(name) if outcome == "lost" and outcomes.get(name) in LOST else outcome
        for name, outcome in attack.expected.items()
    }
    assert outcomes == expected
    assert report.score == sum(POINTS[name] for name, outcome in expected.items() if outcome == "passed")
    assert report.max_score == sum(POINTS.values()) and not report.deferred_points


@each_attack
def test_the_report_says_what_became_of_it(graded: Graded, attack: Attack) -> None:
    text = graded.text(attack.name)
    for words in attack.says:
        assert json.dumps(words, ensure_ascii=False)[1:-1] in text


@each_attack
def test_it_gets_hold_of_nothing(graded: Graded, attack: Attack) -> None:
    """What an attack gets, it prints behind GOT where a public test shows it."""
    assert not re.search(r"GOT(?! 0\b| \[\])", graded.text(attack.name))


def test_no_output_holds_a_secret(graded: Graded) -> None:
    """Reports, pages, gradebook, summary and what the command writes to the terminal."""
    outputs = {path.name: path.read_text(errors="replace") for path in graded.place.path("OUT").iterdir()}
    outputs |= {"standard output": graded.run.stdout, "standard error": graded.run.stderr}
    assert len(outputs) > 2 * len(ATTACKS)
    assert [(name, secret) for name, text in outputs.items() for secret in SECRETS if secret in text.lower()] == []


def test_neighbours_notice_nothing(graded: Graded) -> None:
    for name in NEIGHBOURS:
        report = graded.report(name)
        assert report.score == report.max_score == sum(POINTS.values())
        (exercise,) = report.exercises
        assert exercise.message is None and not exercise.notes
        assert {test.message for test in exercise.tests} == {None}
        (row,) = [row for row in graded.summary.students if row.id == name]
        assert row.look == [] and row.standing == "graded"


def test_nothing_is_left_behind(graded: Graded) -> None:
    assert contents(graded.place) == graded.before
    reports = {row.report for row in graded.summary.students}
    pages = {f"{name.removesuffix('.json')}.html" for name in reports}
    left = {path.name for path in graded.place.path("OUT").iterdir()}
    assert left == {*reports, *pages, "index.html", "gradebook.csv", "summary.json"}
    assert graded.left == []
    for folder in ("/tmp", "/var/tmp", "/dev/shm", graded.place.root):
        assert not {path.name for path in Path(folder).iterdir()} & {"left-by-an-attack", "pwned", "word"}


def test_no_attack_makes_the_grader_fail(graded: Graded) -> None:
    assert graded.run.returncode == 0, graded.run.stderr
    assert [row.id for row in graded.summary.students if row.standing == "error"] == []
    assert len(graded.summary.students) == len(ATTACKS) + len(NEIGHBOURS) + 6


def test_every_layer_held_for_every_worker(graded: Graded) -> None:
    for row in graded.summary.students:
        isolation = graded.report(row.id).environment.isolation
        assert isolation.missing == {} and isolation.processes == "fork"


@pytest.mark.parametrize("name", ["a20-traversal", "a20-links", "a20-bomb"])
def test_a_hostile_archive_is_refused_in_words(graded: Graded, name: str) -> None:
    (exercise,) = graded.report(name).exercises
    assert exercise.score == 0 and exercise.status == "invalid" and exercise.message


def test_hostile_names_are_text_everywhere(graded: Graded) -> None:
    """In a cell of the gradebook, on a page and on the terminal."""
    out = graded.place.path("OUT")
    with (out / "gradebook.csv").open(newline="", encoding="utf-8-sig") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []
    for page in out.glob("*.html"):
        assert "<img" not in page.read_text() and "<script>alert" not in page.read_text()
    for text in (graded.run.stdout, graded.run.stderr, *(path.read_text() for path in out.iterdir())):
        assert "\x1b]" not in text and "\x1b[31m" not in text and "\x1b[2J" not in text
    full = [row for row in graded.summary.students if row.score == row.max_score]
    assert len(full) == len(NEIGHBOURS) + len({FORMULA, MARKUP, CODES})


def test_each_class_of_threats_is_tried_in_at_least_three_ways() -> None:
    tried = Counter(attack.threat for attack in ATTACKS)
    assert tried.keys() == {f"A{number}" for number in range(1, 21)}
    assert min(tried.values()) >= 3
