"""How the pages word things; they follow the terminal (`grader.display`)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

from grader.batch.summary import Standing, Student
from grader.display import WORDS
from grader.report import Exercise, Outcome, Status, Test, one_line

SIGNS: dict[Outcome, str] = {
    "passed": "✓",
    "failed": "✗",
    "timeout": "✗",
    "crashed": "✗",
    "todo": "○",
    "deferred": "◇",
    "error": "!",
}
"""Beside each outcome's word: a shape, so that colour is not all that tells them apart."""

UNTESTED: dict[Status, str] = {"missing": "no file", "invalid": "cannot be loaded", "todo": "not started"}
"""Statuses that say more than a count of outcomes."""

STANDINGS: dict[Standing, str] = {
    "graded": "graded",
    "deferred": "graded in part",
    "invalid": "cannot be loaded",
    "missing": "no file",
    "error": "grader failed",
}


def number(value: float) -> str:
    """`value` as scores are shown: two digits at most, and none in vain."""
    return f"{round(value, 2):g}"


def points(value: float) -> str:
    return f"{number(value)} point{'' if value == 1 else 's'}"


def count(many: int, what: str) -> str:
    return f"{many} {what}{'' if many == 1 else 's'}"


def percent(part: float, whole: float) -> str:
    """A share in whole percent; 0 and 100 only where it is none and all."""
    if not whole:
        return "–"
    share = part / whole
    return f"{round(100 * share) if share in (0, 1) else min(max(round(100 * share), 1), 99)} %"


def moment(stamp: str) -> str:
    """A time of a report or a summary, to the minute."""
    return f"{stamp[:16].replace('T', ' ')} UTC" if stamp.endswith("+00:00") else stamp


def outcomes(exercise: Exercise) -> str:
    """How many tests came out how, or why there is nothing to count."""
    if exercise.status in UNTESTED:
        return UNTESTED[exercise.status]
    counts = Counter(test.outcome for test in exercise.tests)
    return ", ".join(f"{counts[outcome]} {word}" for outcome, word in WORDS.items() if counts[outcome])


def headline(title: str) -> str:
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


def shares(score: float, decided: float, deferred: float) -> tuple[float, float]:
    """How much of a bar is won, and how much is undecided, in percent; full only if all is won, empty only if none."""
    whole = decided + deferred
    if not whole:
        return 0.0, 0.0
    later = min(100 * deferred / whole, 98.0 if score else 100.0)
    most = 100 - later if score >= decided else 98 - later
    won = min(max(100 * score / whole, 2.0), max(most, 2.0)) if score else 0.0
    return round(won, 1), round(min(later, 100 - won), 1)


def page_name(student: Student) -> str:
    """The student's page, beside the report."""
    return Path(student.report).with_suffix(".html").name


def person(student: Student) -> str:
    """What to call a student: the name where there is one."""
    return one_line(student.person.name or "") or one_line(student.id) or "(no name)"


def shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def first_lines(text: str, lines: int, most: int) -> str:
    """What `text` begins with: the same for messages that differ in their details only."""
    kept = [line for line in map(one_line, text.splitlines()) if line][:lines]
    return shortened(" ".join(kept), most)


def grouped(tests: Iterable[Test], key: Callable[[Test], object]) -> list[list[Test]]:
    """`tests` with the same key together, in the order of the first of each."""
    groups: dict[object, list[Test]] = {}
    for test in tests:
        groups.setdefault(key(test), []).append(test)
    return list(groups.values())
