"""A student's page: everything that the report tells, in words, and nothing that is hidden."""

from __future__ import annotations

import pytest

from grader.display import FAULT
from grader.pages import feedback_page
from grader.report import Outcome, Report
from tests.grader.pages.reading import Page
from tests.grader.pages.school import OUTCOMES, School, case, exercise, report


def read(made: Report) -> Page:
    return Page(feedback_page(made, "PyTorch 101"))


def folded(page: Page) -> str:
    return " ".join(" ".join(element.inside.split()) for element in page.all("details"))


def test_the_page_begins_with_who_and_how_much() -> None:
    page = read(report(exercise(case("passed", points=3.0), case("failed", points=1.5))))
    assert page.all("title")[0].inside == "ada, PyTorch 101"
    assert page.all("h1")[0].inside == "ada"
    assert "3 of 4.5 points" in page.text


def test_a_lost_test_shows_title_outcome_points_message_and_hint() -> None:
    page = read(report(exercise(case("failed", title="Rows sum to 1.", points=0.5, message="a\n  b", hint="divide"))))
    (card,) = page.all("article")
    assert " ".join(card.inside.split()) == "✗ Rows sum to 1 failed · 0.5 points a b Hint: divide"
    assert page.all("pre")[0].inside == "a\n  b"


@pytest.mark.parametrize(("outcome", "word"), [("failed", "failed"), ("timeout", "timed out"), ("crashed", "crashed")])
def test_how_a_test_was_lost_stands_beside_it(outcome: Outcome, word: str) -> None:
    assert f"{word} · 1 point" in read(report(exercise(case(outcome)))).all("article")[0].inside


def test_cases_of_one_test_stand_together_with_what_each_was_told() -> None:
    lost = [case("failed", f"test_softmax[{n}]", points=0.25, message=message) for n, message in enumerate("aab")]
    (card,) = read(report(exercise(*lost))).all("article")
    told = " ".join(card.inside.split())
    assert told == "✗ softmax is right failed · 2 cases, 0.5 points a failed · 0.25 points b Hint: what is exp(1000)?"


@pytest.mark.parametrize("outcome", OUTCOMES)
def test_the_case_of_a_hidden_test_is_not_shown(outcome: Outcome) -> None:
    page = feedback_page(report(exercise(case(outcome, "test_softmax[secret-3]"))), "PyTorch 101")
    assert "secret" not in page and "test_softmax" not in page


def test_the_case_of_a_public_test_is_shown() -> None:
    page = read(report(exercise(case("failed", "test_softmax[big numbers]", visibility="public"))))
    assert "case big numbers" in page.text


def test_passed_tests_are_counted_case_by_case_and_folded() -> None:
    won = [case("passed", f"test_softmax[{n}]", title="Sums to 1.") for n in range(3)]
    page = read(report(exercise(*won)))
    assert folded(page) == "3 tests passed ✓ Sums to 1 3 cases, 3 points"
    assert "open" not in page.all("details")[0].attributes


def test_tests_to_do_are_listed_and_folded_where_nothing_is_written() -> None:
    todo = case("todo", title="To come.")
    begun = read(report(exercise(case("passed", title="Done."), todo)))
    assert "Not written yet ○ To come" in begun.text and "To come" not in folded(begun)
    fresh = read(report(exercise(todo)))
    assert "not started" in fresh.text and "To come" in folded(fresh)


def test_deferred_tests_are_explained() -> None:
    page = read(report(exercise(case("passed"), case("deferred", "test_gpu", title="It runs there.", points=2.0))))
    assert "2 points still to be decided: neither won nor lost here." in page.text
    assert "Waiting for a GPU" in page.text and "◇ It runs there 2 points" in page.text


def test_a_fault_of_the_grader_is_said_first_and_explained() -> None:
    page = read(report(exercise(case("passed"), case("error", "test_broken", message="the suite raised"))))
    assert page.all("h2")[0].inside == FAULT
    assert "count neither for nor against you" in page.text
    assert "not judged · 1 point the suite raised" in page.text
    assert page.text.index(FAULT) < page.text.index("Next: report the fault above")
    assert "Hint" not in page.text


def test_a_suite_that_cannot_be_run_is_a_fault_too() -> None:
    page = read(report(exercise(status="error", message="test_softmax.py: SyntaxError")))
    assert FAULT in page.text and "test_softmax.py: SyntaxError" in page.text


def test_a_file_that_cannot_be_loaded_says_why_and_shows_no_tests() -> None:
    made = exercise(case("failed", title="Never run."), status="invalid", message="line 3: invalid syntax")
    page = read(report(made))
    assert "cannot be loaded" in page.text and "line 3: invalid syntax" in page.text
    assert "Never run" not in page.text


def test_an_exercise_without_a_file_says_so() -> None:
    assert "no file" in read(report(exercise(case("todo"), status="missing"))).text


def test_notes_on_the_file_are_shown() -> None:
    page = read(report(exercise(case("passed"), notes=("cell 3 raised NameError",))))
    assert "About the file cell 3 raised NameError" in page.text


def test_the_next_step_is_the_terminals() -> None:
    assert "Next: nothing left to do here, all is right. Well done!" in read(report(exercise(case("passed")))).text


def test_several_exercises_have_an_overview_that_leads_to_each() -> None:
    page = read(School(1).report(0))
    ids = {element.attributes["id"] for element in page.all("section") if "id" in element.attributes}
    assert {link.attributes["href"] for link in page.all("a")} == {f"#{id}" for id in ids}
    assert len(ids) == 16


def test_a_report_without_exercises_is_a_page() -> None:
    assert "Next: nothing was graded." in read(report()).text


def test_a_long_message_has_an_end() -> None:
    page = read(report(exercise(case("failed", message="x" * 50_000))))
    assert "(40000 more characters; the report has them all)" in page.text
    assert len(page.text) < 15_000


@pytest.mark.parametrize(
    ("outcomes", "won", "later"),
    [
        (["passed"] * 999 + ["failed"], 98.0, 0.0),
        (["passed"] * 2, 100.0, 0.0),
        (["failed"] * 999 + ["passed"], 2.0, 0.0),
        (["failed"], 0.0, 0.0),
        (["passed", "deferred"], 50.0, 50.0),
        (["deferred"], 0.0, 100.0),
    ],
)
def test_a_bar_is_full_only_if_all_is_won_and_empty_only_if_nothing_is(
    outcomes: list[Outcome], won: float, later: float
) -> None:
    page = read(report(exercise(*map(case, outcomes))))
    widths = [element.attributes["style"] for element in page.all("span") if "style" in element.attributes]
    assert widths[:2] == [f"width:{won}%", f"width:{later}%"]


def test_the_page_tells_what_graded_it() -> None:
    page = read(report(exercise(case("passed")), missing={"filesystem": "no Landlock"}))
    assert "Graded 2026-01-02 03:04 UTC with seed 7, on cpu; grader 1.0.0+3f9a12bc" in page.text
    assert "Not confined by filesystem." in page.text
