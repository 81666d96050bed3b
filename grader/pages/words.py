"""How the pages word things, beyond what `grader.words` words everywhere."""

from __future__ import annotations

from pathlib import Path

from grader.batch.summary import Standing, Student
from grader.report import Outcome, one_line

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

STANDINGS: dict[Standing, str] = {
    "graded": "graded",
    "deferred": "graded in part",
    "invalid": "cannot be loaded",
    "missing": "no file",
    "error": "grader failed",
}


def percent(part: float, whole: float) -> str:
    """A share in whole percent; 0 and 100 only where it is none and all."""
    if not whole:
        return "–"
    share = part / whole
    return f"{round(100 * share) if share in (0, 1) else min(max(round(100 * share), 1), 99)} %"


def moment(stamp: str) -> str:
    """A time of a report or a summary, to the minute."""
    return f"{stamp[:16].replace('T', ' ')} UTC" if stamp.endswith("+00:00") else stamp


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
