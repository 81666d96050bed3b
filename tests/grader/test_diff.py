"""`grade diff`: what counts as a difference, what is said beside it, and what it looks like."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner, Result
from rich.console import Console

from grader.commands.diff import diff as command
from grader.diff import Diff, StudentChange, TestChange, Verdict, compare, compare_reports
from grader.diff_display import show
from grader.errors import UsageError
from grader.report import Outcome, Report, Test, to_json
from tests.grader.export.conftest import HOSTILE, SaveBatch, case, exercise, report, save, softmax

__all__ = ["save"]  # the fixture


def between(before: Sequence[Report], after: Sequence[Report]) -> Diff:
    old, new = ({each.submission.id: lambda each=each: each for each in side} for side in (before, after))
    return compare(old, new)


def only(before: Report, after: Report) -> StudentChange:
    [change] = between([before], [after]).students
    return change


def alice(*tests: Test) -> Report:
    return report("alice", exercise("softmax", *tests))


# What differs ----------------------------------------------------------------------------------


def test_nothing_differs_between_a_report_and_itself() -> None:
    made = alice(case("a", "passed"), case("b", "failed"))
    assert compare_reports("alice", made, made) is None
    found = between([made], [made])
    assert (found.empty, found.unchanged) == (True, 1)


def test_an_outcome_that_changed_is_told_with_its_points() -> None:
    change = only(
        alice(case("a", "failed", 2.0), case("b", "passed")), alice(case("a", "passed", 2.0), case("b", "passed"))
    )
    assert change.tests == [
        TestChange(
            exercise="softmax",
            name="test_a",
            title="It is a.",
            before=Verdict(outcome="failed", score=0.0, points=2.0),
            after=Verdict(outcome="passed", score=2.0, points=2.0),
        )
    ]
    assert (change.before.score, change.after.score, change.before.max_score) == (1.0, 3.0, 3.0)


def test_an_outcome_that_changed_within_a_loss_is_a_difference_too() -> None:
    change = only(alice(case("a", "failed")), alice(case("a", "timeout")))
    assert [(test.name, test.before and test.before.outcome) for test in change.tests] == [("test_a", "failed")]


def test_a_test_worth_something_else_is_a_difference() -> None:
    [test] = only(alice(case("a", "failed", 1.0)), alice(case("a", "failed", 2.0))).tests
    assert test.before is not None and test.after is not None
    assert (test.before.points, test.after.points) == (1.0, 2.0)


def test_words_alone_are_no_difference() -> None:
    before, after = (alice(case("a", "failed", message=text, hint=text)) for text in ("old", "new"))
    assert between([before], [after]).empty


def test_a_renamed_test_is_on_one_side_each() -> None:
    change = only(alice(case("old", "passed")), alice(case("new", "passed")))
    assert [(test.name, test.before is None, test.after is None) for test in change.tests] == [
        ("test_old", False, True),
        ("test_new", True, False),
    ]


def test_exercises_on_one_side_are_named_without_their_tests() -> None:
    change = only(report("alice", softmax("passed")), report("alice", exercise("attention", case("a", "passed"))))
    assert (change.exercises_before, change.exercises_after, change.tests) == (["softmax"], ["attention"], [])


def test_students_are_told_by_their_ids() -> None:
    ada, bob, eve = (report(name, softmax("passed")) for name in ("ada", "bob", "eve"))
    found = between([bob, ada], [report("ada", softmax("failed")), eve])
    assert ([change.id for change in found.students], found.unchanged) == (["ada"], 0)
    assert (found.students_before, found.students_after) == (["bob"], ["eve"])


def test_a_student_on_one_side_is_a_difference() -> None:
    ada, bob = report("ada", softmax("passed")), report("bob", softmax("passed"))
    assert not between([ada, bob], [ada]).empty
    assert not between([ada], [ada, bob]).empty


def test_another_submission_is_told_of() -> None:
    assert only(report("a", softmax("passed")), report("a", softmax("failed"))).same_code
    assert not only(report("a", softmax("passed")), report("a", softmax("failed"), sha="1")).same_code


def test_reports_are_loaded_a_student_at_a_time() -> None:
    order: list[str] = []

    def loaded(name: str) -> Report:
        order.append(name)
        return report("x", softmax("passed"))

    compare({"a": lambda: loaded("old a"), "b": lambda: loaded("old b")}, {"b": lambda: loaded("new b")})
    assert order == ["old a", "old b", "new b"]


# Under which circumstances ---------------------------------------------------------------------


def test_circumstances_are_told_and_are_no_difference() -> None:
    before = report("a", softmax("passed"), seed=1, torch="2.13.0")
    found = between([before], [report("a", softmax("passed"), seed=2)])
    assert [(each.what, each.before, each.after) for each in found.circumstances] == [
        ("seed", ["1"], ["2"]),
        ("torch", ["2.13.0"], ["2.14.1"]),
    ]
    assert found.empty


def test_courses_and_graders_are_circumstances_too() -> None:
    before = report("a", softmax("passed"))
    other = msgspec.structs.replace(before.course, sha256="2" * 64)
    machine = msgspec.structs.replace(before.environment, grader="1.1.0+1", python="3.13.0", device="cuda")
    after = msgspec.structs.replace(before, course=other, environment=machine)
    assert [each.what for each in between([before], [after]).circumstances] == ["course", "grader", "Python", "device"]


def test_all_that_was_found_on_a_side_is_told() -> None:
    before = [report("a", softmax("passed"), seed=1), report("b", softmax("passed"), seed=2)]
    after = [report("a", softmax("passed"), seed=1), report("b", softmax("passed"), seed=1)]
    [seeds] = between(before, after).circumstances
    assert (seeds.before, seeds.after) == (["1", "2"], ["1"])


# What it looks like ----------------------------------------------------------------------------


def shown(found: Diff, width: int = 100) -> str:
    out = Console(file=io.StringIO(), width=width, markup=False, highlight=False, emoji=False, legacy_windows=False)
    show(found, out)
    assert isinstance(out.file, io.StringIO)
    return out.file.getvalue()


def test_the_terminal_says_who_what_and_how_much() -> None:
    before = [alice(case("a", "failed", 2.0), case("b", "passed")), report("bob", softmax("passed"))]
    after = [alice(case("a", "passed", 2.0), case("c", "todo")), report("eve", softmax("passed"), seed=8)]
    lines = [" ".join(line.split()) for line in shown(between(before, after)).splitlines()]
    assert lines == [
        "Different seed: 7 before, 7 and 8 after.",
        "",
        "alice 1/3 → 2/3 +1",
        "softmax test_a failed → passed +2 of 2",
        "softmax test_b passed → not there -1 of 1",
        "softmax test_c not there → to do ±0 of 1",
        "",
        "Only before: bob.",
        "Only after: eve.",
        "1 changed, 0 unchanged, 1 only before, 1 only after.",
    ]


def test_of_many_tests_of_many_students_some_are_shown_and_the_others_counted() -> None:
    outcomes: tuple[Outcome, ...] = ("passed", "failed")
    tests = {outcome: [case(f"{n}", outcome) for n in range(25)] for outcome in outcomes}
    before, after = ([report(name, exercise("softmax", *each)) for name in ("ada", "bob")] for each in tests.values())
    text = shown(between(before, after))
    assert text.count("test_") == 40
    assert text.count("and 5 more; --json FILE has all") == 2
    assert shown(between(before[:1], after[:1])).count("test_") == 25


def test_nothing_in_a_report_can_colour_or_move() -> None:
    before, after = (report(HOSTILE, exercise(HOSTILE, case(HOSTILE, "passed", points))) for points in (1.0, 2.0))
    text = shown(between([before], [after]))
    assert not set("\x1b\x00\x07\u202e") & set(text)


# The command -----------------------------------------------------------------------------------


def run(*arguments: str | Path) -> Result:
    result = CliRunner().invoke(command, list(map(str, arguments)), standalone_mode=False)
    if result.exception is not None:
        raise result.exception
    return result


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    """Two reports of different students."""
    old, new = tmp_path / "old.json", tmp_path / "new.json"
    old.write_bytes(to_json(report("alice", softmax("passed"))))
    new.write_bytes(to_json(report("alice2", softmax("failed"))))
    return old, new


def test_two_reports_are_compared_whoever_they_are_of(two: tuple[Path, Path]) -> None:
    result = run(*two)
    assert result.return_value == 1
    assert "alice and alice2" in result.stdout and "passed → failed" in result.stdout
    assert run(two[0], two[0]).return_value == 0


def test_two_batches_are_compared(save: SaveBatch) -> None:
    ada, bob = report("ada", softmax("passed")), report("bob", softmax("passed"))
    old, new = save([ada, bob], name="old"), save([ada, report("bob", softmax("failed"))], name="new")
    result = run(old, new)
    assert result.return_value == 1
    assert "1 changed, 1 unchanged." in result.stdout and "ada" not in result.stdout
    assert run(old, old).return_value == 0


def test_programs_read_json(two: tuple[Path, Path], tmp_path: Path) -> None:
    run(*two, "--json", tmp_path / "diff.json")
    result = run(*two, "--json", "-")
    written = json.loads((tmp_path / "diff.json").read_text())
    assert json.loads(result.stdout) == written
    assert "1 changed" in result.stderr
    assert written["schema_version"] == 1
    assert written["students"][0]["tests"][0]["after"] == {"outcome": "failed", "score": 0.0, "points": 2.0}


def test_what_cannot_be_compared(two: tuple[Path, Path], tmp_path: Path, save: SaveBatch) -> None:
    folder = save([])
    for arguments, complaint in (
        ([two[0], folder], "Compare two batches, or two reports."),
        ([tmp_path, folder], "is no batch's folder"),
        ([two[0], tmp_path / "gone.json"], "gone.json does not exist"),
        ([two[0], folder / "summary.json"], "is no report of this grader"),
        ([*two, "--json", tmp_path / "no/diff.json"], "cannot be written: No such file or directory"),
    ):
        with pytest.raises(UsageError) as caught:
            run(*arguments)
        assert complaint in str(caught.value)
