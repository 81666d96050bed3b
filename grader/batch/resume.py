"""Which of a batch's earlier reports still stand, and how what was deferred is added to one."""

from __future__ import annotations

import platform
from collections.abc import Sequence

import msgspec

from grader.course import Course
from grader.report import Exercise, Report, Test, exercise_report, has_error, with_exercises
from grader.submission import Submission
from grader.version import installed_torch, version


def stands(report: Report, submission: Submission, course: Course, seed: int, needed: Sequence[str]) -> bool:
    """Whether `report` is what grading `submission` now would come to.

    Not so for one that holds an error of the grader's, or that was made unconfined or with `--in-process`.
    """
    environment = report.environment
    return (
        (report.submission.id, report.submission.sha256) == (submission.id, submission.sha256)
        and (report.course.sha256, report.seed) == (course.sha256, seed)
        and environment.grader == version()
        and environment.python == platform.python_version()
        and (environment.torch or "").partition("+")[0] in ("", installed_torch())
        and environment.isolation.processes != "none"
        and not set(needed) & set(environment.isolation.missing)
        and not any(map(has_error, report.exercises))
    )


def deferred(report: Report) -> dict[str, list[str]]:
    """exercise -> the tests that wait for an accelerator."""
    waiting = {
        exercise.name: [test.name for test in exercise.tests if test.outcome == "deferred"]
        for exercise in report.exercises
    }
    return {name: tests for name, tests in waiting.items() if tests}


def merged(report: Report, later: Report) -> Report:
    """`report` with what `later` decided of its deferred tests. All else of `report` stands."""
    decided = {
        (exercise.name, test.name): test
        for exercise in later.exercises
        for test in exercise.tests
        if test.outcome != "deferred"
    }
    exercises = [_merged(exercise, decided) for exercise in report.exercises]
    isolation = report.environment.isolation
    missing = isolation.missing | later.environment.isolation.missing
    both = msgspec.structs.replace(
        isolation, held=[layer for layer in isolation.held if layer not in missing], missing=missing
    )
    longer = msgspec.structs.replace(
        report,
        duration_s=round(report.duration_s + later.duration_s, 3),
        environment=msgspec.structs.replace(
            report.environment, device=later.environment.device, torch=later.environment.torch, isolation=both
        ),
    )
    return with_exercises(longer, exercises)


def _merged(exercise: Exercise, decided: dict[tuple[str, str], Test]) -> Exercise:
    tests = [
        decided.get((exercise.name, test.name), test) if test.outcome == "deferred" else test for test in exercise.tests
    ]
    kept = exercise.status if exercise.status in ("missing", "invalid") else None
    what = kept, exercise.message, exercise.notes, exercise.hints_shown
    return exercise_report(exercise.name, exercise.title, tests, *what)
