"""The report: what one submission earned, as plain structs that are written as one JSON object.

The structs *are* the format, and `Report` is what every renderer (terminal, JSON, and whatever
comes later) reads. Scores are points. Times are seconds. `None` becomes `null`.

`schema()` derives the JSON Schema from the structs; it is published in grader/report.schema.json.
After a change:

    python -m grader.report > grader/report.schema.json
"""

from __future__ import annotations

import inspect
import json
import math
import os
import re
import secrets
import shutil
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

SCHEMA_VERSION: Final = 1

Outcome = Literal["passed", "failed", "todo", "timeout", "crashed", "deferred", "error"]
"""What became of a test; the meanings stand in `OUTCOMES`."""

OUTCOMES: dict[Outcome, str] = {
    "passed": "the answer is right",
    "failed": "the answer is wrong",
    "todo": "not written yet: the stub is unchanged or raised NotImplementedError",
    "timeout": "no answer within the test's time",
    "crashed": "the submission's process died: out of memory, a segmentation fault, an exit",
    "deferred": "needs an accelerator that this machine lacks; decided elsewhere",
    "error": "the grader or the suite is at fault; never the student's loss",
}

UNDECIDED: tuple[Outcome, ...] = ("deferred", "error")
"""Outcomes that decide nothing: their points are neither won nor lost here."""

Status = Literal["passed", "failed", "todo", "missing", "invalid", "deferred", "error"]
"""What became of an exercise: `missing` has no file, `invalid` has one that cannot be loaded, in `todo`
nothing is written yet, `failed` lost points, `deferred` lost none but waits for some to be decided."""

Processes = Literal["fork", "spawn", "none"]

Visibility = Literal["public", "hidden"]


class Test(msgspec.Struct, kw_only=True, frozen=True):
    """One test of one exercise. `message` is safe to show to the student whatever `visibility` is.

    `forbidden`: it failed because the submission uses what the test forbids.
    """

    __test__ = False

    name: str
    title: str
    outcome: Outcome
    forbidden: bool
    points: float
    score: float
    visibility: Visibility
    gpu: bool
    duration_s: float
    message: str | None
    hint: str | None


class Exercise(msgspec.Struct, kw_only=True, frozen=True):
    """One exercise of one submission. `max_score` counts what was decided here.

    `notes`: what else there is to know of its file, such as a notebook's cells that raised.
    `hints_shown`: how many of its hints `grade hint` has shown where it was worked on; null where that is not known.
    """

    name: str
    title: str
    score: float
    max_score: float
    deferred_points: float
    status: Status
    message: str | None
    notes: list[str]
    hints_shown: int | None
    tests: list[Test]


class Isolation(msgspec.Struct, kw_only=True, frozen=True):
    """How far the submission's code was kept apart from the grader.

    `processes`: `fork` (a confined child of the zygote), `spawn` (a fresh interpreter) or
    `none` (`--in-process`: no isolation at all, and no grade).
    `held`: the layers in force. `missing`: the others, each with the reason.
    """

    processes: Processes
    held: list[str]
    missing: dict[str, str]


class Environment(msgspec.Struct, kw_only=True, frozen=True):
    """What graded: `grader` is its version, as `grader.version.version` tells it."""

    grader: str
    python: str
    torch: str | None
    device: str
    isolation: Isolation


class SubmissionId(msgspec.Struct, kw_only=True, frozen=True):
    id: str
    sha256: str


class CourseId(msgspec.Struct, kw_only=True, frozen=True):
    name: str
    sha256: str


class Report(msgspec.Struct, kw_only=True, frozen=True):
    """What one submission earned."""

    schema_version: Literal[1] = SCHEMA_VERSION
    submission: SubmissionId
    course: CourseId
    seed: int
    started_at: str
    duration_s: float
    environment: Environment
    score: float
    max_score: float
    deferred_points: float
    exercises: list[Exercise]


def total(points: list[float]) -> float:
    """The sum of `points`, free of the noise that shared points (n/k each) would leave in it."""
    return round(math.fsum(points), 6)


def exercise_report(
    name: str,
    title: str,
    tests: list[Test],
    status: Status | None = None,
    message: str | None = None,
    notes: Sequence[str] = (),
    hints_shown: int | None = None,
) -> Exercise:
    """Add up `tests`. `status` is worked out from their outcomes unless the caller knows better."""
    decided = [test for test in tests if test.outcome not in UNDECIDED]
    return Exercise(
        name=name,
        title=title,
        score=total([test.score for test in decided]),
        max_score=total([test.points for test in decided]),
        deferred_points=total([test.points for test in tests if test.outcome in UNDECIDED]),
        status=status or _status(tests),
        message=message,
        notes=list(notes),
        hints_shown=hints_shown,
        tests=tests,
    )


def with_exercises(report: Report, exercises: list[Exercise]) -> Report:
    """`report` with other exercises, added up."""
    return msgspec.structs.replace(
        report,
        score=total([exercise.score for exercise in exercises]),
        max_score=total([exercise.max_score for exercise in exercises]),
        deferred_points=total([exercise.deferred_points for exercise in exercises]),
        exercises=exercises,
    )


def has_error(exercise: Exercise) -> bool:
    """Whether the grader was at fault somewhere: such a result is not to be kept."""
    return exercise.status == "error" or any(test.outcome == "error" for test in exercise.tests)


def _status(tests: list[Test]) -> Status:
    outcomes = {test.outcome for test in tests}
    if "error" in outcomes or not outcomes:  # nothing tested is nothing passed
        return "error"
    if outcomes <= {"passed"}:
        return "passed"
    if outcomes <= {"passed", "deferred"}:
        return "deferred"
    if outcomes <= {"todo", "deferred"}:
        return "todo"
    return "failed"


def schema() -> dict[str, Any]:
    """The JSON Schema of `Report`."""
    described = msgspec.json.schema(Report)
    described["$defs"]["Report"]["required"].insert(0, "schema_version")  # it has a default, and is always written
    for definition in described["$defs"].values():
        if "description" in definition:  # a docstring, which Python 3.13 strips of its indent
            definition["description"] = inspect.cleandoc(definition["description"])
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Report", **described}


def schema_json() -> str:
    return json.dumps(schema(), indent=2) + "\n"


def to_json(of: msgspec.Struct) -> bytes:
    """A report, or another of our structs, as it is written to a file."""
    return msgspec.json.format(msgspec.json.encode(of), indent=2) + b"\n"


def write_whole(path: Path, data: bytes) -> None:
    """Write `data` to `path` whole or not at all: a temporary file beside it, then a rename.

    A link is followed. A rename would put a file in the place of what is no regular file (a pipe,
    /dev/null), and cut off what standard output or error is redirected to (/dev/stdout): these are
    written to as they are.

    Raises:
        OSError: the folder cannot be written, or the disk is full.
    """
    descriptor = _standard_stream(path)
    if descriptor is not None:
        with os.fdopen(os.dup(descriptor), "wb") as stream:
            stream.write(data)
        return
    if path.exists() and not path.is_file():
        path.write_bytes(data)
        return
    path = Path(os.path.realpath(path))
    temporary = path.with_name(f".grade-{secrets.token_hex(8)}")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if path.exists():
            shutil.copymode(path, temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _standard_stream(path: Path) -> int | None:
    """The descriptor of standard output or error if that is what `path` leads to."""
    for descriptor in (1, 2):
        try:
            if os.path.samestat(path.stat(), os.fstat(descriptor)):
                return descriptor
        except OSError:  # there is no such file, or no such stream
            continue
    return None


ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)")
"""Terminal commands: colours and cursor moves; titles, links and clipboard writes."""

INVISIBLE = {"Cc", "Cf"}
"""Unicode's categories of what moves, hides or reverses the text around it: control and format characters."""


def clean(text: str) -> str:
    """`text` from a submission, with nothing left in it but what can be read: every renderer's first step.

    Takes out terminal commands and invisible characters; newlines and tabs stay.
    """
    text = ESCAPES.sub("", text.replace("\r\n", "\n"))
    text = text.translate({0x0D: "\n", 0x85: "\n", 0x2028: "\n", 0x2029: "\n"})
    text = "".join(sign for sign in text if sign in "\n\t" or unicodedata.category(sign) not in INVISIBLE)
    return text.encode("utf-8", "replace").decode()


def one_line(text: str) -> str:
    """`clean`, for what has to stay within its line."""
    return " ".join(clean(text).split())


if __name__ == "__main__":
    sys.stdout.write(schema_json())
