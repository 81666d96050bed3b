"""A batch from its submissions to its outputs.

find       whose submissions there are                          intake
keep       what an earlier run graded, where it still stands    desk, resume
grade      the others, several at a time                        desk, station
write      a report each, then the gradebook and the summary    folder, summary
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from grader.batch.desk import Desk, Handled, Source
from grader.batch.folder import Folder
from grader.batch.gradebook import gradebook
from grader.batch.summary import ExerciseInfo, Student, Summary, exercise_infos
from grader.course import Course
from grader.errors import UsageError
from grader.grading import Options
from grader.intake import Handin, find
from grader.report import CourseId

GRADEBOOK = "gradebook.csv"


@dataclass(frozen=True)
class Plan:
    """What is asked of a batch.

    Attributes:
        seed: None for that of the batch that is gone on with, or a new one.
        fresh: grade everything again.
        options: how to grade; their seed is set by the batch.
    """

    submissions: Path
    out: Path
    only: tuple[str, ...]
    jobs: int
    seed: int | None
    fresh: bool
    options: Options


@dataclass(frozen=True)
class Graded:
    """One submission is through. `number` of `count`."""

    row: Student
    source: Source
    number: int
    count: int


def run(course: Course, plan: Plan, watch: Callable[[Graded], None] = lambda graded: None) -> Summary:
    """Grade a class. `watch` is called for each submission that is through.

    Raises:
        UsageError: there is nothing to grade, or the folder to write to is of no use.
        GraderError: it cannot go on; every report that was written stands.
    """
    if plan.submissions.is_dir() and plan.out.resolve().is_relative_to(plan.submissions.resolve()):
        raise UsageError(
            f"--out {plan.out} lies in {plan.submissions}, among the submissions. Name a folder beside it."
        )
    with Folder.held(plan.out) as folder:
        found = find(plan.submissions, course, folder.scratch)
        batch = Batch(course, plan, folder, found.ignored)
        try:
            batch.grade(found.handins, watch)
        except BaseException:
            folder.write_summary(batch.summary(finished=False))
            raise
        summary = batch.summary(finished=True)
        folder.write(GRADEBOOK, gradebook(summary).encode())
        folder.write_summary(summary)
        return summary


class Batch:
    """The submissions of a class, being graded."""

    def __init__(self, course: Course, plan: Plan, folder: Folder, ignored: Sequence[str]) -> None:
        self._course = course
        self._plan = plan
        self._folder = folder
        self._ignored = list(ignored)
        self._options = replace(plan.options, seed=self._seed())
        self._started_at = datetime.now(UTC)
        self._exercises: list[ExerciseInfo] = []
        self._rows: list[Student] = []
        folder.write_summary(self.summary(finished=False))  # whoever resumes needs the seed

    def _seed(self) -> int:
        if self._plan.seed is not None:
            return self._plan.seed
        earlier = None if self._plan.fresh else self._folder.summary()
        return secrets.randbits(32) if earlier is None else earlier.seed

    def grade(self, handins: Sequence[Handin], watch: Callable[[Graded], None]) -> None:
        """Grade them all, `plan.jobs` at a time."""
        desk = Desk(self._course, self._options, self._folder, self._plan.only, self._plan.fresh)
        for number, handled in enumerate(_results(desk, handins, self._plan.jobs), 1):
            self._exercises = self._exercises or exercise_infos([handled.report])
            self._rows.append(handled.row)
            watch(Graded(handled.row, handled.source, number, len(handins)))

    def summary(self, finished: bool) -> Summary:
        return Summary(
            course=CourseId(name=self._course.name, sha256=self._course.sha256),
            seed=self._options.seed,
            started_at=self._started_at.isoformat(timespec="seconds"),
            finished_at=datetime.now(UTC).isoformat(timespec="seconds") if finished else None,
            exercises=self._exercises,
            students=sorted(self._rows, key=lambda row: (row.id.casefold(), row.id)),
            ignored=self._ignored,
        )


def _results(desk: Desk, handins: Sequence[Handin], jobs: int) -> Iterator[Handled]:
    """What became of each hand-in, as it comes. No more are begun ahead than it takes to keep `jobs` threads busy."""
    waiting = iter(handins)
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="grade")
    try:
        running = {pool.submit(desk.handle, handin) for handin in islice(waiting, jobs)}
        while running:
            done, running = wait(running, return_when=FIRST_COMPLETED)
            running |= {pool.submit(desk.handle, handin) for handin in islice(waiting, len(done))}
            for future in done:
                yield future.result()
    finally:
        desk.close()  # it ends what the threads wait for
        pool.shutdown(cancel_futures=True)
