"""Adds up what a judge says of one submission."""

from __future__ import annotations

import platform
from dataclasses import dataclass, field
from datetime import datetime

from grader.course import Course
from grader.events import Broken, Collected, Done, Event, Finished, Loaded, TestInfo
from grader.report import (
    CourseId,
    Environment,
    Exercise,
    Isolation,
    Outcome,
    Processes,
    Report,
    Status,
    SubmissionId,
    Test,
    exercise_report,
    total,
)
from grader.submission import Attempt, Submission
from grader.version import version


@dataclass
class Tally:
    """What a judge has said so far of one submission."""

    submission: Submission
    processes: Processes
    tests: list[TestInfo] = field(default_factory=list)
    verdicts: dict[tuple[str, str], Finished] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)  # exercise -> why its file cannot be loaded
    notes: dict[str, list[str]] = field(default_factory=dict)  # exercise -> what else was seen while it was loaded
    faults: dict[str, str] = field(default_factory=dict)  # exercise -> what is wrong with its suite
    broken: str | None = None
    done: Done | None = None

    def note(self, event: Event) -> None:
        match event:
            case Collected():
                self.tests, self.faults = event.tests, dict(event.broken)
            case Loaded():
                if event.problem is not None:
                    self.problems[event.exercise] = event.problem
                self.notes[event.exercise] = event.notes
            case Finished():
                self.verdicts[event.exercise, event.name] = event
            case Done():
                self.done = event
            case Broken():
                self.broken = event.reason

    def report(self, course: Course, seed: int, started_at: datetime, duration_s: float) -> Report:
        """Add up. A test without a verdict scores nothing, and is the grader's fault."""
        exercises = [
            exercise for attempt in self.submission.attempts if (exercise := self._exercise(attempt)) is not None
        ]
        return Report(
            submission=SubmissionId(id=self.submission.id, sha256=self.submission.sha256),
            course=CourseId(name=course.name, sha256=course.sha256),
            seed=seed,
            started_at=started_at.isoformat(timespec="seconds"),
            duration_s=round(duration_s, 3),
            environment=self._environment(),
            score=total([exercise.score for exercise in exercises]),
            max_score=total([exercise.max_score for exercise in exercises]),
            deferred_points=total([exercise.deferred_points for exercise in exercises]),
            exercises=exercises,
        )

    def _exercise(self, attempt: Attempt) -> Exercise | None:
        """None where -k left none of its tests."""
        name = attempt.exercise.name
        tests = [self._test(info) for info in self.tests if info.exercise == name]
        fault = self.faults.get(name) or self.faults.get("") or (None if self.tests else self.broken)
        if not tests and fault is None:
            return None
        problem = self.problems.get(name) or attempt.message
        status: Status | None = None
        if fault is not None:
            status = "error"
        elif attempt.status != "ready":
            status = attempt.status
        elif problem is not None:
            status = "invalid"
        notes = [*attempt.notes, *self.notes.get(name, [])]
        return exercise_report(name, attempt.exercise.title, tests, status, fault or problem, notes)

    def _test(self, info: TestInfo) -> Test:
        verdict = self.verdicts.get((info.exercise, info.name))
        outcome: Outcome = verdict.outcome if verdict is not None else "error"
        return Test(
            name=info.name,
            title=info.title,
            outcome=outcome,
            forbidden=verdict is not None and verdict.forbidden,
            points=info.points,
            score=info.points if outcome == "passed" else 0.0,
            visibility=info.visibility,
            gpu=info.gpu,
            duration_s=verdict.duration_s if verdict is not None else 0.0,
            message=verdict.message if verdict is not None else f"No verdict: {self.broken or 'the judge gave none'}.",
            hint=info.hint,
        )

    def _environment(self) -> Environment:
        done = self.done
        return Environment(
            grader=version(),
            python=platform.python_version(),
            torch=done.torch if done is not None else None,
            device=done.device if done is not None else "cpu",
            isolation=Isolation(
                processes=self.processes,
                held=done.held if done is not None else [],
                missing=done.missing if done is not None else {},
            ),
        )
