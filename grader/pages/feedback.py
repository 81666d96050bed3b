"""One student's page: what was earned, what is not right yet, and what to do about it.

It holds what the report holds and nothing else: of a hidden test its title, outcome, message and hint.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from grader.display import FAULT, next_step
from grader.pages.theme import render
from grader.pages.words import SIGNS, shares
from grader.report import OUTCOMES, Exercise, Outcome, Report, Test, clean
from grader.words import LOST, WORDS, base_name, cases, count, grouped, headline, outcomes, points

MAX_MESSAGE = 10_000
"""Characters of one message; the report has the whole."""


@dataclass(frozen=True)
class Part:
    """The cases of a test that came out alike, or the one case that there is."""

    outcome: Outcome
    aside: str  # which cases, how many points
    message: str


@dataclass(frozen=True)
class Told:
    """One test with all its cases. `tests`: how many cases."""

    title: str
    hint: str
    tests: int
    parts: list[Part]


@dataclass(frozen=True)
class Section:
    """One exercise, its tests sorted by what the student makes of them."""

    exercise: Exercise
    outcomes: str
    won: float
    later: float
    message: str
    lost: list[Told]
    todo: list[Told]
    deferred: list[Told]
    errors: list[Told]
    passed: list[Told]


def feedback_page(report: Report, course_name: str) -> str:
    """The HTML page of one student's `report`."""
    won, later = shares(report.score, report.max_score, report.deferred_points)
    return render(
        "feedback.html.j2",
        title=f"{report.submission.id}, {course_name}",
        course_name=course_name,
        report=report,
        won=won,
        later=later,
        sections=[_section(exercise) for exercise in report.exercises],
        next_step=next_step(report),
        fault=FAULT,
        faults=[exercise for exercise in report.exercises if exercise.status == "error"],
        legend=[(SIGNS[outcome], word, OUTCOMES[outcome]) for outcome, word in WORDS.items()],
        signs=SIGNS,
    )


def _section(exercise: Exercise) -> Section:
    won, later = shares(exercise.score, exercise.max_score, exercise.deferred_points)
    tests = [] if exercise.status in ("missing", "invalid") else exercise.tests
    return Section(
        exercise=exercise,
        outcomes=outcomes(exercise),
        won=won,
        later=later,
        message=_clipped(exercise.message),
        lost=_told(test for test in tests if test.outcome in LOST),
        todo=_told(test for test in tests if test.outcome == "todo"),
        deferred=_told(test for test in tests if test.outcome == "deferred"),
        errors=_told(test for test in tests if test.outcome == "error"),
        passed=_told(test for test in tests if test.outcome == "passed"),
    )


def _told(tests: Iterable[Test]) -> list[Told]:
    """`tests`, the cases of one test together."""
    groups = grouped(tests, key=lambda test: (base_name(test), test.title, test.hint))
    return [
        Told(
            title=headline(group[0].title),
            hint=clean(group[0].hint or "").strip(),
            tests=len(group),
            parts=[_part(alike) for alike in grouped(group, key=lambda test: (test.outcome, test.message))],
        )
        for group in groups
    ]


def _part(tests: list[Test]) -> Part:
    worth = points(sum(test.points for test in tests))
    return Part(
        outcome=tests[0].outcome,
        aside=", ".join(filter(None, [cases(tests), worth])),
        message=_clipped(tests[0].message),
    )


def _clipped(text: str | None) -> str:
    kept = clean(text or "").expandtabs(4).strip("\n")
    if len(kept) <= MAX_MESSAGE:
        return kept
    return f"{kept[:MAX_MESSAGE]}\n({count(len(kept) - MAX_MESSAGE, 'more character')}; the report has them all)"
