"""What happens to one hand-in: whatever it does, a report comes of it."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from grader.batch import resume
from grader.batch.folder import Folder, file_name
from grader.batch.station import Station
from grader.batch.summary import Student, student
from grader.course import Course
from grader.errors import GraderError, UsageError
from grader.events import Broken
from grader.grading import Options
from grader.intake import Handin, IntakeError
from grader.report import Report
from grader.submission import Submission
from grader.tally import Tally

Source = Literal["graded", "kept", "completed"]
"""Where a report comes from: from this run, from an earlier one, or from both (what was deferred then)."""

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE}
"""Errors that the next submission would meet as well."""


RESUME = "What is graded so far stands; run the same command again to go on."


@dataclass(frozen=True)
class Handled:
    """A hand-in's report, which is written, and its row."""

    report: Report
    row: Student
    source: Source


class Desk:
    """Handles hand-ins, in several threads at once.

    Args:
        only: the exercises that are due; all of them where it is empty.
        fresh: no earlier report stands.
    """

    def __init__(
        self, course: Course, options: Options, folder: Folder, only: Sequence[str] = (), fresh: bool = False
    ) -> None:
        self._course = course
        self._options = options
        self._folder = folder
        self._only = only
        self._fresh = fresh
        everything = Submission.unusable("", course, only, "")
        self._station = Station(course, everything, options, folder.scratch)

    def handle(self, handin: Handin) -> Handled:
        """Grade a hand-in unless its report stands, and write the report.

        Raises:
            GraderError: neither this one nor the next can be graded, or written.
        """
        name = file_name(handin.student)
        try:
            report, source = self._report(handin, name)
        except GraderError:
            raise
        except Exception as error:
            if isinstance(error, OSError) and error.errno in NO_ROOM:
                raise GraderError(
                    f"The batch cannot go on: {error.strerror}. Run the same command again to resume."
                ) from error
            report, source = self._broken(handin, error), "graded"
        if source != "kept":
            self._folder.write_report(name, report)
        return Handled(report, student(report, name, handin.label, handin.person, handin.earlier), source)

    def close(self) -> None:
        """End every process, and with them what is being graded."""
        self._station.close()

    def _report(self, handin: Handin, name: str) -> tuple[Report, Source]:
        if handin.problem is not None:
            return self._decide(self._unusable(handin, handin.problem), name)
        try:
            with handin.opened(self._folder.scratch) as files:
                submission = Submission.gather([files], self._course, self._only, every=True, base=files)
                return self._decide(replace(submission, id=handin.student), name)
        except (IntakeError, UsageError) as problem:
            return self._decide(self._unusable(handin, str(problem)), name)

    def _unusable(self, handin: Handin, problem: str) -> Submission:
        return Submission.unusable(handin.student, self._course, self._only, problem)

    def _decide(self, submission: Submission, name: str) -> tuple[Report, Source]:
        """Keep the earlier report where it stands; grade what it leaves open."""
        earlier = None if self._fresh else self._folder.report(name)
        seed, needed = self._options.seed, self._options.needed
        if earlier is None or not resume.stands(earlier, submission, self._course, seed, needed):
            return self._station.grade(submission, self._options), "graded"
        waiting = resume.deferred(earlier)
        if not waiting or not self._station.has_accelerator():
            return earlier, "kept"
        later = self._station.grade(submission, replace(self._options, only_tests=waiting))
        merged = resume.merged(earlier, later)
        return (earlier, "kept") if resume.deferred(merged) == waiting else (merged, "completed")

    def _broken(self, handin: Handin, error: Exception) -> Report:
        """The report of a hand-in that the grader stumbled over: its fault, not the student's."""
        tally = Tally(self._unusable(handin, "It could not be graded."), "none")
        tally.note(Broken(reason=f"The grader failed on this submission. {type(error).__name__}: {error}"))
        return tally.report(self._course, self._options.seed, datetime.now(UTC), 0.0)
