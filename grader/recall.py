"""What was graded before and would come out the same: not graded again.

Results lie in the course's folder `.grade/`, an exercise each. One stands as long as everything it came
of is the same: the answer and the files beside it that it mentions, the suites, the grader, Python, torch,
the layers of confinement, and whether there is a GPU. The seed is no part of it: whoever wants the inputs
of another seed says `--seed`, and is graded anew.

Only what a person reads on the terminal is recalled. A report that is written is always graded for.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from grader.course import Course
from grader.report import CourseId, Environment, Exercise, Report, SubmissionId, has_error, with_exercises, write_whole
from grader.submission import Attempt, Submission
from grader.version import installed_torch, version

FOLDER = ".grade"
MAX_BYTES = 1_000_000  # of a file beside an answer; of a larger one its size and time count
WORD = re.compile(rb"\w+")


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise's result. `key`: of all that it came of."""

    key: str
    seed: int
    environment: Environment
    exercise: Exercise


class Recall:
    """The results of earlier runs in a course's folder.

    Args:
        off: what is done without, of `fork` and the layers of confinement.
    """

    def __init__(self, course: Course, off: Sequence[str] = ()) -> None:
        self._course = course
        self._folder = course.root / FOLDER / "results"
        self._common = hashlib.sha256(
            msgspec.json.encode(
                [course.sha256, version(), platform.python_version(), installed_torch(), sorted(off), _has_gpu()]
            )
        ).digest()

    def of(self, attempt: Attempt) -> Kept | None:
        """What `attempt` came to before, where that still stands."""
        kept = self.last(attempt.exercise.name)
        return kept if kept is not None and kept.key == self._key(attempt) else None

    def last(self, exercise: str) -> Kept | None:
        """What `exercise` came to last, whether or not that still stands; None where nothing is known."""
        try:
            return msgspec.json.decode((self._folder / f"{exercise}.json").read_bytes(), type=Kept)
        except (OSError, msgspec.DecodeError, RecursionError):
            return None

    def keep(self, submission: Submission, report: Report) -> None:
        """Remember what `submission` came to. Where that cannot be written, nothing is remembered."""
        results = {exercise.name: exercise for exercise in report.exercises}
        for attempt in submission.attempts:
            exercise = results.get(attempt.exercise.name)
            if exercise is not None and not has_error(exercise):
                kept = Kept(key=self._key(attempt), seed=report.seed, environment=report.environment, exercise=exercise)
                self._write(f"{exercise.name}.json", msgspec.json.encode(kept))

    def _write(self, name: str, data: bytes) -> None:
        try:
            if not self._folder.is_dir():
                self._folder.mkdir(parents=True)
                (self._folder.parent / ".gitignore").write_text("*\n")
            write_whole(self._folder / name, data)
        except OSError:
            return

    def _key(self, attempt: Attempt) -> str:
        digest = hashlib.sha256(self._common)
        for part in (attempt.exercise.name, attempt.label, attempt.status, attempt.message or "", *attempt.notes):
            digest.update(part.encode("utf-8", "replace") + b"\0")
        digest.update(hashlib.sha256(attempt.source).digest() + bytes([attempt.unchanged]))
        for path in _mentioned(attempt):
            digest.update(os.fsencode(path) + b"\0" + _content(path))
        return digest.hexdigest()


def recalled(course: Course, submission: Submission, kept: Sequence[Kept], graded: Report | None = None) -> Report:
    """The report of results kept and those of `graded`, in the course's order.

    What is said of the whole (seed, environment) is that of `graded`; without it, of the first result.
    """
    report = graded or Report(
        submission=SubmissionId(id=submission.id, sha256=submission.sha256),
        course=CourseId(name=course.name, sha256=course.sha256),
        seed=kept[0].seed,
        started_at="",
        duration_s=0.0,
        environment=kept[0].environment,
        score=0.0,
        max_score=0.0,
        deferred_points=0.0,
        exercises=[],
    )
    exercises = [*report.exercises, *(one.exercise for one in kept)]
    return with_exercises(report, sorted(exercises, key=lambda exercise: course.names.index(exercise.name)))


def _has_gpu() -> bool:
    """Whether there may be one that torch could use; no more than a guess, and cheap."""
    return platform.system() == "Darwin" or any(Path(path).exists() for path in ("/dev/nvidiactl", "/dev/dri"))


def _mentioned(attempt: Attempt) -> Iterator[Path]:
    """The files in the answer's reach whose names its source mentions, or that of another of them."""
    if attempt.root is None:
        return
    beside: dict[Path, bytes] = {}
    for parent, folders, names in os.walk(attempt.root):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        beside |= {Path(parent, name): Path(name).stem.encode() for name in names}
    waiting = [attempt.source]
    found: set[Path] = set()
    while waiting:
        words = set(WORD.findall(waiting.pop()))
        for path, stem in beside.items():
            if path not in found and path != attempt.file and set(WORD.findall(stem)) & words:
                found.add(path)
                waiting += [_bytes(path)] if path.suffix == ".py" else []
    yield from sorted(found)


def _content(path: Path) -> bytes:
    try:
        about = path.stat()
        if about.st_size > MAX_BYTES:
            return f"{about.st_size} {about.st_mtime_ns}".encode()
    except OSError:
        return b""
    return hashlib.sha256(_bytes(path)).digest()


def _bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES) if path.is_file() else b""
    except OSError:
        return b""
