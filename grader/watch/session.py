"""What is known while an exercise is worked on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from grader.course import Course
from grader.recall import Recall
from grader.report import Exercise, Report
from grader.submission import Attempt, Submission
from grader.words import headline

DONE = ("passed", "deferred")
"""Statuses with nothing left to do."""


class Session:
    """The exercises in `paths`, and what each came to.

    Attributes:
        current: the exercise that is worked on.
        results: by exercise, in the course's order; those that were graded, now or before.
        passed: titles of the current exercise's tests that pass since its last grading.
    """

    def __init__(self, course: Course, paths: Sequence[Path], only: Sequence[str], recall: Recall) -> None:
        self._course = course
        self._paths = paths
        self._only = only
        self._recall = recall
        self.results: dict[str, Exercise] = {}
        self.passed: list[str] = []
        self.submission = self.read()
        self.names = [attempt.exercise.name for attempt in self.submission.attempts]
        for attempt in self.submission.attempts:
            kept = recall.of(attempt)
            if kept is not None:
                self.results[attempt.exercise.name] = kept.exercise
        self.current = next((name for name in self.names if not self.is_done(name)), self.names[0])

    def read(self) -> Submission:
        """The files as they are now.

        Raises:
            UsageError: as for `Submission.gather`.
        """
        self.submission = Submission.gather(self._paths, self._course, self._only)
        return self.submission

    def is_done(self, name: str) -> bool:
        return name in self.results and self.results[name].status in DONE

    def open(self) -> list[Attempt]:
        """The attempts whose results do not stand, or were never known."""
        return [attempt for attempt in self.submission.attempts if self._recall.of(attempt) is None]

    def turn_to(self, name: str) -> None:
        """Work on another exercise."""
        if name != self.current:
            self.current, self.passed = name, []

    def next(self) -> str:
        """The next exercise that is not done, the first one after the last; where all are done, just the next."""
        at = self.names.index(self.current) + 1
        others = [*self.names[at:], *self.names[:at]]
        return next((name for name in others if not self.is_done(name)), others[0])

    def saved(self, paths: Iterable[Path]) -> str | None:
        """The exercise that one of the files saved answers, if any; the current one where there are several."""
        stems = {path.stem for path in paths}
        return self.current if self.current in stems else next((name for name in self.names if name in stems), None)

    def note(self, report: Report, submission: Submission) -> None:
        """Take in new results."""
        self._recall.keep(submission, report)
        for exercise in report.exercises:
            if exercise.name == self.current:
                self.passed = _newly_passed(self.results.get(exercise.name), exercise)
            self.results[exercise.name] = exercise


def _newly_passed(before: Exercise | None, now: Exercise) -> list[str]:
    """Titles of the tests that pass now and did not before; none where there was no before."""
    if before is None:
        return []
    passed = {test.name for test in before.tests if test.outcome == "passed"}
    new = (test for test in now.tests if test.outcome == "passed" and test.name not in passed)
    return list(dict.fromkeys(headline(test.title) for test in new))
