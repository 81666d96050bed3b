"""Reports and batches, made by hand."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from grader.batch.summary import Student, Summary, exercise_infos, student
from grader.intake.person import Person
from grader.report import (
    UNDECIDED,
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
    Visibility,
    exercise_report,
    to_json,
    total,
)

NOBODY = Person()


def case(
    name: str,
    outcome: Outcome,
    points: float = 1.0,
    *,
    title: str | None = None,
    visibility: Visibility = "hidden",
    message: str | None = None,
    hint: str | None = None,
) -> Test:
    return Test(
        name=f"test_{name}",
        title=title or f"It is {name}.",
        outcome=outcome,
        forbidden=False,
        points=points,
        score=points if outcome == "passed" else 0.0,
        visibility=visibility,
        gpu=outcome == "deferred",
        duration_s=0.25,
        message=message,
        hint=hint,
    )


def exercise(
    name: str, *tests: Test, status: Status | None = None, message: str | None = None, notes: Sequence[str] = ()
) -> Exercise:
    return exercise_report(name, name.capitalize(), list(tests), status, message, notes)


def report(
    id: str, *exercises: Exercise, seed: int = 7, processes: Processes = "fork", torch: str = "2.14.1", sha: str = "0"
) -> Report:
    return Report(
        submission=SubmissionId(id=id, sha256=sha * 64),
        course=CourseId(name="Tiny", sha256="1" * 64),
        seed=seed,
        started_at="2026-01-02T03:04:05+00:00",
        duration_s=1.5,
        environment=Environment(
            grader="1.0.0+00000000",
            python="3.11.7",
            torch=torch,
            device="cpu",
            isolation=Isolation(processes=processes, held=[], missing={}),
        ),
        score=total([each.score for each in exercises]),
        max_score=total([each.max_score for each in exercises]),
        deferred_points=total([each.deferred_points for each in exercises]),
        exercises=list(exercises),
    )


def softmax(*outcomes: Outcome) -> Exercise:
    """An exercise of two points a test."""
    return exercise("softmax", *(case(f"{place}", outcome, 2.0) for place, outcome in enumerate(outcomes)))


def batch(
    reports: Sequence[Report], people: Mapping[str, Person] | None = None, finished_at: str | None = "2026-01-02"
) -> Summary:
    rows: list[Student] = [
        student(
            each, f"{each.submission.id}.json", each.submission.id, (people or {}).get(each.submission.id, NOBODY), []
        )
        for each in reports
    ]
    return Summary(
        course=CourseId(name="Tiny", sha256="1" * 64),
        seed=7,
        started_at="2026-01-01",
        finished_at=finished_at,
        exercises=exercise_infos(reports),
        students=rows,
        ignored=[],
    )


SaveBatch = Callable[..., Path]


@pytest.fixture
def save(tmp_path: Path) -> SaveBatch:
    """Writes a batch's folder, as `grade batch` does, and returns its path."""

    def save(reports: Sequence[Report], people: Mapping[str, Person] | None = None, name: str = "out") -> Path:
        folder = tmp_path / name
        folder.mkdir()
        for each in reports:
            (folder / f"{each.submission.id}.json").write_bytes(to_json(each))
        (folder / "summary.json").write_bytes(msgspec.json.encode(batch(reports, people)))
        return folder

    return save


ALL_OUTCOMES: tuple[Outcome, ...] = ("passed", "failed", "todo", "timeout", "crashed", *UNDECIDED)
HOSTILE = "\x1b[31m<b>red</b>\x1b[0m \u202eevil\x00\x07\ud800 ]]> & \ufffe\uffff {{7*7}}"
