"""How outcomes, points and tests are put into words, wherever a person reads them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable

from grader.report import Exercise, Outcome, Status, Test, one_line

WORDS: dict[Outcome, str] = {
    "passed": "passed",
    "failed": "failed",
    "timeout": "timed out",
    "crashed": "crashed",
    "todo": "to do",
    "deferred": "deferred",
    "error": "not judged",
}
"""The outcomes as a student reads them, in the order they are counted in."""

LOST: dict[Outcome, str] = {"failed": "", "timeout": "timed out", "crashed": "crashed"}
"""Outcomes that are shown test by test, each with what is added to the title."""

UNTESTED: dict[Status, str] = {"missing": "no file", "invalid": "cannot be loaded", "todo": "not started"}
"""Statuses that say more than a count of outcomes."""


def number(value: float) -> str:
    """`value` as scores are shown: two digits at most, and none in vain."""
    return f"{round(value, 2):g}"


def points(value: float) -> str:
    return f"{number(value)} point{'' if value == 1 else 's'}"


def count(many: int, what: str) -> str:
    return f"{many} {what}{'' if many == 1 else 's'}"


def outcomes(exercise: Exercise) -> str:
    """How many tests came out how, or why there is nothing to count."""
    if exercise.status in UNTESTED:
        return UNTESTED[exercise.status]
    counts = Counter(test.outcome for test in exercise.tests)
    return ", ".join(f"{counts[outcome]} {word}" for outcome, word in WORDS.items() if counts[outcome])


def headline(title: str) -> str:
    """A test's title in one line, without the full stop."""
    return one_line(title).removesuffix(".")


def base_name(test: Test) -> str:
    """The test's function: its name without the case."""
    return test.name.partition("[")[0]


def cases(tests: list[Test]) -> str:
    """Which cases of a parametrized test these are; of a hidden one only how many, as an id could tell its inputs."""
    ids = [one_line(test.name.partition("[")[2].removesuffix("]")) for test in tests]
    if tests[0].visibility == "hidden" or not ids[0]:
        return f"{len(tests)} cases" if len(tests) > 1 else ""
    return f"case{'s' if len(ids) > 1 else ''} {', '.join(ids)}"


def grouped(tests: Iterable[Test], key: Callable[[Test], object]) -> list[list[Test]]:
    """`tests` with the same key together, in the order of the first of each."""
    groups: dict[object, list[Test]] = {}
    for test in tests:
        groups.setdefault(key(test), []).append(test)
    return list(groups.values())


def alike(tests: Iterable[Test]) -> list[list[Test]]:
    """`tests`, those together that are cases of one test and came out in the same way."""
    return grouped(tests, lambda test: (base_name(test), test.outcome, test.message))
