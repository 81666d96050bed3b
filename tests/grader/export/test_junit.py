"""JUnit XML: what counts as what, and that any text makes a file that can be read."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from grader.export.junit import junit
from grader.report import Report
from tests.grader.export.conftest import ALL_OUTCOMES, HOSTILE, case, exercise, report, softmax


def parsed(*reports: Report, course: str = "Tiny") -> ET.Element:
    return ET.fromstring(junit(course, ((each.submission.id, each) for each in reports)))


def test_a_suite_for_each_student_and_exercise() -> None:
    two = exercise("softmax", case("a", "passed")), exercise("attention", case("b", "failed"), case("c", "passed"))
    root = parsed(report("alice", *two), report("bob", *two))
    assert [(suite.get("name"), suite.get("tests"), suite.get("failures")) for suite in root] == [
        ("alice.softmax", "1", "0"),
        ("alice.attention", "2", "1"),
        ("bob.softmax", "1", "0"),
        ("bob.attention", "2", "1"),
    ]
    assert (root.tag, root.get("name"), root.get("tests"), root.get("failures")) == ("testsuites", "Tiny", "6", "2")


def test_each_outcome_is_what_tools_know() -> None:
    root = parsed(report("alice", exercise("softmax", *(case(outcome, outcome) for outcome in ALL_OUTCOMES))))
    found = {test.get("name"): [(child.tag, child.get("type")) for child in test] for test in root.iter("testcase")}
    assert found == {
        "test_passed": [],
        "test_failed": [("failure", "failed")],
        "test_timeout": [("failure", "timeout")],
        "test_crashed": [("failure", "crashed")],
        "test_error": [("error", "error")],
        "test_todo": [("skipped", "todo")],
        "test_deferred": [("skipped", "deferred")],
    }
    assert {name: root[0].get(name) for name in ("failures", "errors", "skipped")} == {
        "failures": "3",
        "errors": "1",
        "skipped": "2",
    }


def test_points_are_properties_of_the_suite() -> None:
    [suite] = parsed(report("alice", softmax("passed", "failed", "deferred")))
    properties = {each.get("name"): each.get("value") for each in suite.iter("property")}
    assert properties == {
        "title": "Softmax",
        "status": "failed",
        "score": "2",
        "max_score": "4",
        "deferred_points": "2",
        "seed": "7",
    }
    assert [child.tag for child in suite] == ["properties", "testcase", "testcase", "testcase"]


def test_a_failure_tells_the_title_the_points_the_message_and_the_hint() -> None:
    wrong = case("a", "failed", 2.0, title="Rows add up to 1.", message="In softmax:\nwrong", hint="which axis?")
    failure = parsed(report("alice", exercise("softmax", wrong))).find(".//failure")
    assert failure is not None
    assert failure.get("message") == "In softmax:"
    assert failure.text == "Rows add up to 1. (0 of 2 points)\nIn softmax:\nwrong\nHint: which axis?"


def test_points_that_nobody_decided_are_not_lost_in_words_either() -> None:
    skipped = parsed(report("alice", exercise("softmax", case("a", "deferred", 2.0)))).find(".//skipped")
    assert skipped is not None and skipped.text == "It is a. (2 points, undecided)"


def test_times_are_seconds() -> None:
    [suite] = parsed(report("alice", softmax("passed", "failed")))
    assert (suite.get("time"), suite[1].get("time"), suite.get("timestamp")) == (
        "0.500",
        "0.250",
        "2026-01-02T03:04:05+00:00",
    )


def test_an_exercise_without_tests_is_an_error_and_not_fine() -> None:
    [suite] = parsed(report("alice", exercise("softmax", status="error", message="no suite")))
    assert (suite.get("tests"), suite.get("errors")) == ("1", "1")
    error = suite.find("testcase/error")
    assert error is not None and error.text == "no suite"


def test_what_is_wrong_with_a_file_is_printed() -> None:
    [suite] = parsed(
        report("alice", exercise("softmax", case("a", "todo"), status="invalid", message="line 1", notes=["n"]))
    )
    assert suite.findtext("system-out") == "line 1\nn"


def test_any_text_makes_a_file_that_can_be_read() -> None:
    test = case(HOSTILE, "failed", title=HOSTILE, message=HOSTILE, hint=HOSTILE)
    root = parsed(report(HOSTILE, exercise(HOSTILE, test, message=HOSTILE, notes=[HOSTILE])), course=HOSTILE)
    failure = root.find(".//failure")
    assert failure is not None and failure.text is not None
    assert "<b>red</b> evil" in failure.text and "]]> &" in failure.text
    assert not set("\x00\x07\x1b\u202e\ufffe\uffff") & set(ET.tostring(root, encoding="unicode"))


def test_names_of_any_language_survive() -> None:
    root = parsed(report("Åsa", softmax("passed")), course="Çourse")
    assert (root.get("name"), root[0].get("name")) == ("Çourse", "Åsa.softmax")


def test_no_student_makes_an_empty_file() -> None:
    assert len(ET.fromstring(junit("Tiny", []))) == 0
