"""Gradescope's results.json: what a student reads there, and what decides nothing there."""

from __future__ import annotations

import json
from typing import Any

import pytest

from grader.errors import UsageError
from grader.export.gradescope import failure, results
from grader.report import Report
from tests.grader.export.conftest import ALL_OUTCOMES, HOSTILE, case, exercise, report


def exported(report: Report) -> dict[str, Any]:
    loaded = json.loads(results(report))
    assert isinstance(loaded, dict)
    return loaded


def test_scores_are_those_of_the_report() -> None:
    right, wrong = case("right", "passed", 2.5), case("wrong", "failed", 3.0)
    found = exported(report("alice", exercise("softmax", right, wrong)))
    assert (found["score"], found["execution_time"]) == (2.5, 1.5)
    assert [(test["score"], test["max_score"], test["status"]) for test in found["tests"]] == [
        (2.5, 2.5, "passed"),
        (0.0, 3.0, "failed"),
    ]


@pytest.mark.parametrize("outcome", ["failed", "todo", "timeout", "crashed"])
def test_every_loss_is_a_failed_test(outcome: Any) -> None:
    [test] = exported(report("alice", exercise("softmax", case("a", outcome))))["tests"]
    assert (test["status"], test["score"]) == ("failed", 0.0)


@pytest.mark.parametrize("outcome", ["deferred", "error"])
def test_what_nobody_decided_is_neither_passed_nor_failed(outcome: Any) -> None:
    found = exported(report("alice", exercise("softmax", case("a", outcome, 2.0), case("b", "passed"))))
    test = found["tests"][0]
    assert not {"score", "max_score", "status"} & test.keys()
    assert "2 points, neither won nor lost" in test["output"]
    assert found["score"] == 1.0
    assert "1, points: 2; neither won nor lost here" in found["output"]


def test_everything_is_visible_but_what_the_autograder_prints() -> None:
    found = exported(
        report("alice", exercise("softmax", case("a", "failed"), case("b", "passed", visibility="public")))
    )
    assert (found["visibility"], found["stdout_visibility"]) == ("visible", "hidden")
    assert {test["visibility"] for test in found["tests"]} == {"visible"}


def test_tests_have_their_title_message_and_hint() -> None:
    wrong = case("a", "failed", title="Rows add up to 1.", message="In softmax:\nwrong", hint="which axis?")
    slow = case("b", "timeout", message="There was no answer.")
    right = case("c", "passed", hint="unneeded")
    todo = case("d", "todo", hint="too early")
    first, second, third, fourth = exported(report("alice", exercise("softmax", wrong, slow, right, todo)))["tests"]
    assert (first["number"], first["name"]) == ("1.1", "softmax: Rows add up to 1")
    assert first["output"] == "In softmax:\nwrong\nHint: which axis?"
    assert second["output"] == "Timed out.\nThere was no answer."
    assert (third["output"], fourth["output"]) == ("", "To do.")


def test_cases_are_told_apart_and_hidden_ones_by_number_alone() -> None:
    tests = [case(f"a[{name}]", "passed", title="Any.", visibility="public") for name in ("relu", "gelu")]
    names = [test["name"] for test in exported(report("alice", exercise("softmax", *tests)))["tests"]]
    assert names == ["softmax: Any (case relu)", "softmax: Any (case gelu)"]
    titled = [case(f"a[secret-{n}]", "passed", title="Any input.") for n in (1, 2)]
    data = results(report("alice", exercise("softmax", *titled)))
    assert b"secret" not in data
    assert [test["name"] for test in json.loads(data)["tests"]] == [
        "softmax: Any input (case 1)",
        "softmax: Any input (case 2)",
    ]


def test_what_is_wrong_with_a_file_stands_above_all_tests() -> None:
    bad = exercise("softmax", case("a", "todo"), status="invalid", message="softmax.py, line 1: no.", notes=["cell 3"])
    output = exported(report("alice", bad))["output"]
    assert output == "softmax: 0 of 1 points\n    softmax.py, line 1: no.\n    cell 3\nSeed 7."


def test_a_fault_of_the_grader_is_said_loudly() -> None:
    broken = exercise("softmax", status="error", message="no suite")
    assert "The grader is at fault, not you. These points count neither" in exported(report("alice", broken))["output"]


def test_texts_stay_texts() -> None:
    test = case("a", "failed", title=HOSTILE, message=HOSTILE, hint=HOSTILE)
    found = exported(report(HOSTILE, exercise("softmax", test, message=HOSTILE)))
    texts = [found["output"], found["tests"][0]["name"], found["tests"][0]["output"]]
    for text in texts:
        assert not set("\x00\x07\x1b\u202e") & set(text)
        assert "<b>red</b> evil" in text
    assert found["output_format"] == "text"
    assert (found["tests"][0]["output_format"], found["tests"][0]["name_format"]) == ("text", "text")


def test_a_report_made_in_process_is_no_grade() -> None:
    with pytest.raises(UsageError, match="The report of alice was made with --in-process and is no grade"):
        results(report("alice", exercise("softmax", case("a", "passed")), processes="none"))


def test_every_outcome_can_be_exported_and_always_alike() -> None:
    made = report("alice", exercise("softmax", *(case(outcome, outcome) for outcome in ALL_OUTCOMES)))
    assert len(exported(made)["tests"]) == len(ALL_OUTCOMES)
    assert results(made) == results(made)


def test_a_failed_autograder_says_that_it_is_no_grade() -> None:
    found = json.loads(failure())
    assert found["score"] == 0
    assert "your work is not at fault, and this score is no grade" in found["output"]
    assert [(test["status"], "score" in test) for test in found["tests"]] == [("failed", False)]
