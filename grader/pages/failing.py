"""Which tests a class loses, and what they are told: counted from reports that come one at a time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from grader.pages.words import first_lines
from grader.report import Exercise, Report, Test
from grader.words import LOST, base_name, grouped, headline

MAX_MESSAGES = 40
"""Different messages that are kept for one test: what a class can write must not fill the memory."""

MESSAGE_LINES = 3  # of a message; what follows are details that differ from student to student
MESSAGE_CHARS = 240


@dataclass
class Failing:
    """One test; the cases of a parametrized one count as one.

    `lost`: students who lost a case of it. `attempted`: students with a verdict on their answer.
    `messages`: how many of them were told what.
    """

    exercise: str
    title: str
    lost: int = 0
    attempted: int = 0
    messages: Counter[str] = field(default_factory=Counter)


class Failures:
    """All tests of a course. It grows with the course, not with the class."""

    def __init__(self) -> None:
        self._tests: dict[tuple[str, str], Failing] = {}

    def add(self, report: Report) -> None:
        """Count one student."""
        for exercise in report.exercises:
            if exercise.status not in ("missing", "invalid"):
                self._add(exercise)

    def worst(self, most: int) -> list[Failing]:
        """The tests that most students lost, at most `most` of them."""
        lost = [test for test in self._tests.values() if test.lost]
        return sorted(lost, key=lambda test: (-test.lost, test.attempted))[:most]

    def _add(self, exercise: Exercise) -> None:
        tried = [test for test in exercise.tests if test.outcome == "passed" or test.outcome in LOST]
        for tests in grouped(tried, key=base_name):
            new = Failing(exercise=exercise.name, title=headline(tests[0].title))
            _count(self._tests.setdefault((exercise.name, base_name(tests[0])), new), tests)


def _count(failing: Failing, tests: list[Test]) -> None:
    lost = [test for test in tests if test.outcome in LOST]
    failing.attempted += 1
    failing.lost += bool(lost)
    said = dict.fromkeys(first_lines(test.message or "", MESSAGE_LINES, MESSAGE_CHARS) for test in lost)
    for message in filter(None, said):
        if message in failing.messages or len(failing.messages) < MAX_MESSAGES:
            failing.messages[message] += 1
