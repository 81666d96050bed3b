"""What one student hands in: which of its files answers which exercise.

Every file is read once, as bytes, before anything runs. It is untrusted: nothing here imports it,
follows it out of its folder, or reads without a limit. What is wrong with one file costs that
exercise alone; what is wrong with the paths that `grade` was given is a `UsageError`.
"""

from __future__ import annotations

import hashlib
import os
import stat
import tokenize
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

from grader.course import Course, Exercise
from grader.errors import UsageError, did_you_mean

MAX_BYTES = 1_000_000
MAX_DEPTH = 100  # of folders in folders
MAX_LINE = 56  # of a line of code in a message, so that the caret under it stays in place

NOT_ENTERED = {"__pycache__", "__MACOSX", "site-packages", "node_modules"}


class Unusable(Exception):
    """A file that cannot be graded; the message is for the student."""


@dataclass(frozen=True)
class Attempt:
    """One exercise of a submission.

    Attributes:
        label: the file as messages and tracebacks name it.
        file: its real place; None where there is none, or more than one.
        root: the folder that the file's code may read, if any. It holds nothing hidden.
        unchanged: it is the course's stub, but for white space at the ends of lines.
        status: `missing` (no file) and `invalid` (a file that cannot be graded) come with `message`.
    """

    exercise: Exercise
    label: str
    file: Path | None = None
    source: bytes = b""
    root: Path | None = None
    unchanged: bool = False
    status: Literal["ready", "missing", "invalid"] = "ready"
    message: str | None = None


@dataclass(frozen=True)
class Submission:
    """What is to be graded: one attempt for each exercise that the paths hold or that was asked for."""

    id: str
    sha256: str
    attempts: tuple[Attempt, ...]

    @classmethod
    def gather(
        cls, paths: Sequence[Path], course: Course, only: Sequence[str] = (), *, every: bool = False
    ) -> Submission:
        """Find the exercises in `paths`, which are folders or `.py` files.

        An exercise without a file is `missing` if it was asked for: by `only`, by `every` (a whole
        course is due), or by a path that holds the course's own folder for it. Otherwise it is left out.

        Raises:
            UsageError: a path or a name in `only` leads nowhere.
        """
        check_paths(paths)
        wanted = course.select(only)
        found = _candidates(paths, course)
        due = {exercise.name for exercise in wanted if every or only or _holds(paths, exercise.folder)}
        attempts = tuple(
            _attempt(exercise, found.get(exercise.name, []), course)
            for exercise in wanted
            if exercise.name in found or exercise.name in due
        )
        return cls(_id(paths), _sha256(attempts, found), attempts)


@dataclass(frozen=True)
class Candidate:
    """A file whose stem is an exercise's name. `base` is the folder it was found in or given with."""

    path: Path
    base: Path
    root: Path | None

    @property
    def label(self) -> str:
        """From the working folder if it lies there, so that a terminal can open it; else from `base`."""
        here = Path.cwd()
        below = here if self.path.is_relative_to(here) else self.base.parent
        return printable(self.path.relative_to(below))


def check_paths(paths: Iterable[Path]) -> None:
    """Raises UsageError for the first path that does not exist."""
    for path in paths:
        if path.is_symlink() and not os.path.exists(path):
            raise UsageError(f"{printable(path)} is a link that leads nowhere.")
        if not os.path.exists(path):
            names = os.listdir(path.parent) if path.parent.is_dir() else []
            raise UsageError(f"{printable(path)} does not exist.{did_you_mean(path.name, names)}")


def printable(path: Path) -> str:
    """`path` as text; names need not be text on every file system."""
    return str(path).encode("utf-8", "replace").decode()


def _holds(paths: Iterable[Path], folder: Path) -> bool:
    return any(folder.is_relative_to(path.resolve()) for path in paths)


def _candidates(paths: Iterable[Path], course: Course) -> dict[str, list[Candidate]]:
    """The files for each exercise, each file once however often it was given."""
    found: dict[str, dict[Path, Candidate]] = {}
    for path in paths:
        for candidate in _in_folder(path, course) if path.is_dir() else [_given(path, course)]:
            found.setdefault(candidate.path.stem, {}).setdefault(candidate.path, candidate)
    return {name: list(files.values()) for name, files in found.items()}


def _given(path: Path, course: Course) -> Candidate:
    """A file that was named by itself. What lies beside it is no part of the submission."""
    if path.suffix != ".py":
        raise UsageError(f"{printable(path)} is neither a folder nor a .py file, which is what grade takes.")
    if path.stem not in course.names:
        raise UsageError(
            f"{printable(path)} answers no exercise: a file is named after its exercise."
            f"{did_you_mean(path.stem, course.names)} {course.listed()}"
        )
    base = path.parent.resolve()
    return Candidate(base / path.name, base, None)


def _in_folder(folder: Path, course: Course) -> list[Candidate]:
    folder = folder.resolve()
    hidden = [path.resolve() for path in (course.suites_folder, course.solutions_folder, course.answers_folder)]
    files = list(_python_files(folder, set(hidden)))
    found = [Candidate(path, folder, _root(path, folder, hidden)) for path in files if path.stem in course.names]
    if not found and not _holds([folder], course.exercises_folder) and not _holds_exercise(folder, course):
        near = [did_you_mean(path.stem, course.names) for path in files]
        hint = next((f" It has {path.name}.{hint}" for path, hint in zip(files, near, strict=True) if hint), "")
        raise UsageError(f"{printable(folder)} holds no exercise.{hint} {course.listed()} Files are named after them.")
    return found


def _holds_exercise(folder: Path, course: Course) -> bool:
    return any(_holds([folder], exercise.folder) for exercise in course.exercises)


def _python_files(folder: Path, closed: set[Path]) -> Iterator[Path]:
    """The `.py` files below `folder`, links to folders not followed and the folders `closed` not entered."""
    for parent, folders, files in os.walk(folder):
        here = Path(parent)
        deep = len(here.parts) - len(folder.parts) >= MAX_DEPTH
        folders[:] = [] if deep else sorted(name for name in folders if _entered(here / name, closed))
        yield from (here / name for name in sorted(files) if name.endswith(".py"))


def _entered(folder: Path, closed: set[Path]) -> bool:
    ignored = folder.name.startswith(".") or folder.name in NOT_ENTERED
    return not (ignored or folder in closed or (folder / "pyvenv.cfg").exists())


def _root(file: Path, folder: Path, hidden: Iterable[Path]) -> Path | None:
    """The widest of the submission's folder and the file's own that holds nothing of the course's `hidden` ones."""
    safe = (root for root in (folder, file.parent) if not any(path.is_relative_to(root) for path in hidden))
    return next(safe, None)


def _attempt(exercise: Exercise, candidates: Sequence[Candidate], course: Course) -> Attempt:
    """Read the file for `exercise`, or say why there is none to grade."""
    if not candidates:
        message = f"There is no file {exercise.name}.py."
        return Attempt(exercise, f"{exercise.name}.py", status="missing", message=message)
    chosen = candidates[0]
    if len(candidates) > 1:
        listed = " and ".join(candidate.label for candidate in candidates)
        message = f"{len(candidates)} files for one exercise: {listed}. Keep one of them."
        return Attempt(exercise, chosen.label, status="invalid", message=message)
    source = b""
    try:
        source = _read(chosen)
        _parse(source, chosen.label)
    except Unusable as problem:
        return Attempt(exercise, chosen.label, chosen.path, source, status="invalid", message=str(problem))
    unchanged = _is_stub(chosen.path, source, exercise.stub)
    return Attempt(exercise, chosen.label, chosen.path, source, chosen.root, unchanged)


def _read(candidate: Candidate) -> bytes:
    """What the file holds; a link is followed within the submission's folder only."""
    path = Path(os.path.realpath(candidate.path))  # unlike Path.resolve, not undone by links in a circle
    if not path.is_relative_to(candidate.base):
        raise Unusable(f"{candidate.label} is a link that leads out of the submission. Hand in the file itself.")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)  # a pipe must not block
        with open(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise Unusable(f"{candidate.label} is not an ordinary file.")
            source = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise Unusable(f"{candidate.label} cannot be read: {error.strerror}.") from error
    if len(source) > MAX_BYTES:
        raise Unusable(f"{candidate.label} is larger than {MAX_BYTES / 1e6:g} MB, too large for code written by hand.")
    return source


def _parse(source: bytes, label: str) -> None:
    """Raises Unusable where `source` is not Python in UTF-8. Compiles it; runs nothing."""
    text = _decode(source, label)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, label, "exec", dont_inherit=True)
    except SyntaxError as error:
        raise Unusable(_syntax_message(error, text, label)) from error
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        raise Unusable(f"{label} cannot be parsed: {str(error) or 'it is nested too deeply'}.") from error


def _decode(source: bytes, label: str) -> str:
    """UTF-8 only: what a file declares would otherwise decide how each of its readers understands it."""
    try:
        text = source.decode("utf-8-sig")
        encoding, _ = tokenize.detect_encoding(BytesIO(source).readline)
    except UnicodeDecodeError as error:
        line = source.count(b"\n", 0, error.start) + 1
        message = f"{label}, line {line}: this is not UTF-8 text (byte 0x{source[error.start]:02x}). Save it as UTF-8."
        raise Unusable(message) from error
    except SyntaxError as error:
        raise Unusable(f"{label}: {error.msg}. Save the file as UTF-8 and take that line out.") from error
    if encoding not in ("utf-8", "utf-8-sig"):
        raise Unusable(f"{label} declares the encoding {encoding}. Save it as UTF-8 and take that line out.")
    return text


def _syntax_message(error: SyntaxError, text: str, label: str) -> str:
    """Where, what, and the student's own line with a caret below it."""
    if not error.lineno:
        return f"{label}: {error.msg}"
    head = f"{label}, line {error.lineno}: {error.msg}"
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    line = lines[min(error.lineno, len(lines)) - 1].rstrip().expandtabs(1)
    column = min(max((error.offset or 1) - 1, 0), len(line))
    indent = len(line) - len(line.lstrip())
    start = max(min(indent, column), column - MAX_LINE + 8)
    return f"{head}\n    {line[start : start + MAX_LINE]}\n    {' ' * (column - start)}^" if line else head


def _is_stub(file: Path, source: bytes, stub: Path) -> bool:
    """Whether `source` is a copy of the stub. The stub in its place may be the student's own work."""
    if not stub.is_file() or file.samefile(stub):
        return False
    return _trimmed(source) == _trimmed(stub.read_bytes())


def _trimmed(source: bytes) -> list[bytes]:
    return [line.rstrip() for line in source.rstrip().splitlines()]


def _id(paths: Sequence[Path]) -> str:
    """The name of the folder or file that was given; of several, of the folder they share."""
    shared = Path(os.path.commonpath([path.resolve() for path in paths]))
    return printable(Path(shared.name)) if shared.name else "submission"


def _sha256(attempts: Iterable[Attempt], found: dict[str, list[Candidate]]) -> str:
    """Of the files that are graded: their places below the paths given, and what they hold."""
    digest = hashlib.sha256()
    for attempt in attempts:
        places = [candidate.path.relative_to(candidate.base) for candidate in found.get(attempt.exercise.name, [])]
        digest.update("\0".join([attempt.exercise.name, *map(printable, places)]).encode() + b"\0")
        digest.update(hashlib.sha256(attempt.source).digest())
    return digest.hexdigest()
