"""A class to make pages of: any size, every outcome, and texts of your choice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from grader.batch.summary import Student, Summary, exercise_infos, student
from grader.intake.person import Person
from grader.report import (
    CourseId,
    Environment,
    Exercise,
    Isolation,
    Outcome,
    Report,
    Status,
    SubmissionId,
    Test,
    Visibility,
    exercise_report,
    total,
)

NAMES = [
    "install_check", "tensor_creation", "tensor_ops", "broadcasting", "autograd", "custom_module", "activations",
    "losses", "training", "convolution", "pooling", "cnn", "lstm", "attention", "gpt", "fine_tuning",
]  # fmt: skip
OUTCOMES: list[Outcome] = ["passed", "failed", "todo", "timeout", "crashed", "deferred", "error"]


def case(
    outcome: Outcome = "passed",
    name: str = "test_softmax",
    title: str = "softmax is right.",
    points: float = 1.0,
    message: str | None = "In softmax:\nExpected: rows that sum to 1.",
    hint: str | None = "what is exp(1000)?",
    visibility: Visibility = "hidden",
) -> Test:
    return Test(
        name=name,
        title=title,
        outcome=outcome,
        forbidden=False,
        points=points,
        score=points if outcome == "passed" else 0.0,
        visibility=visibility,
        gpu=outcome == "deferred",
        duration_s=0.25,
        message=None if outcome == "passed" else message,
        hint=hint,
    )


def exercise(
    *tests: Test,
    name: str = "softmax",
    title: str = "The softmax",
    status: Status | None = None,
    message: str | None = None,
    notes: tuple[str, ...] = (),
) -> Exercise:
    return exercise_report(name, title, list(tests), status, message, notes)


def report(*exercises: Exercise, id: str = "ada", missing: dict[str, str] | None = None) -> Report:
    isolation = Isolation(processes="fork", held=["filesystem", "system_calls"], missing=missing or {})
    return Report(
        submission=SubmissionId(id=id, sha256="0" * 64),
        course=CourseId(name="Tiny", sha256="1" * 64),
        seed=7,
        started_at="2026-01-02T03:04:05+00:00",
        duration_s=1.5,
        environment=Environment(
            grader="1.0.0+3f9a12bc", python="3.11.7", torch="2.14.1", device="cpu", isolation=isolation
        ),
        score=total([exercise.score for exercise in exercises]),
        max_score=total([exercise.max_score for exercise in exercises]),
        deferred_points=total([exercise.deferred_points for exercise in exercises]),
        exercises=list(exercises),
    )


def row(report: Report, person: Person | None = None, earlier: tuple[str, ...] = ()) -> Student:
    id = report.submission.id
    return student(report, f"{id}.json", f"{id}.zip", person or Person(), earlier)


def summary(*reports: Report, students: list[Student] | None = None, ignored: tuple[str, ...] = ()) -> Summary:
    return Summary(
        course=CourseId(name="Tiny", sha256="1" * 64),
        seed=7,
        started_at="2026-01-02T03:04:05+00:00",
        finished_at="2026-01-02T03:14:05+00:00",
        exercises=exercise_infos(reports),
        students=[row(report) for report in reports] if students is None else students,
        ignored=list(ignored),
    )


@dataclass(frozen=True)
class School:
    """A class of `size`, whose reports are made when they are asked for. The last students come to less."""

    size: int
    exercises: int = 16
    tests: int = 7

    def report(self, number: int) -> Report:
        return report(*(self._exercise(number, place) for place in range(self.exercises)), id=f"s{number:03}")

    def reports(self) -> Iterator[Report]:
        return (self.report(number) for number in range(self.size))

    def summary(self) -> Summary:
        students = [row(self.report(number), Person(name=f"Student {number}")) for number in range(self.size)]
        return summary(self.report(0), students=students)

    def pairs(self) -> Iterator[tuple[Student, Report]]:
        return ((row(report), report) for report in self.reports())

    def _exercise(self, number: int, place: int) -> Exercise:
        name = NAMES[place]
        tests = [self._case(number, place, test) for test in range(self.tests)]
        title = name.replace("_", " ").capitalize()
        if number % 10 == 9 and place > self.exercises // 2:
            return exercise(*tests, name=name, title=title, status="missing")
        return exercise(*tests, name=name, title=title)

    def _case(self, number: int, place: int, test: int) -> Test:
        mixed = (number * 7 + place * 5 + test * 3) % 23
        outcome = (
            OUTCOMES[mixed] if mixed < len(OUTCOMES) else "failed" if mixed * self.size < 22 * number else "passed"
        )
        if outcome in ("timeout", "crashed", "error") and number % 8:
            outcome = "passed"
        return case(outcome, f"test_{test}", f"Task {test + 1} of {NAMES[place]} gives what was asked for.", 5 + test)
