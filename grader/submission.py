"""What one student hands in: which of its files answers which exercise.

Every file is read once, as bytes, before anything runs. What is wrong with one file costs that
exercise alone; what is wrong with the paths that `grade` was given is a `UsageError`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from grader.course import Course, Exercise
from grader.errors import UsageError, did_you_mean
from grader.source import MAX_BYTES, SourceError, parse, read, same_code

MAX_DEPTH = 100  # of folders in folders

NOTEBOOK = ".ipynb"
SUFFIXES = (".py", NOTEBOOK)
MAX_NOTEBOOK = 20_000_000  # bytes: outputs, pictures among them, come with a notebook

NOT_ENTERED = {"__pycache__", "__MACOSX", "site-packages", "node_modules"}


@dataclass(frozen=True)
class Attempt:
    """One exercise of a submission.

    Attributes:
        label: the file as messages and tracebacks name it.
        file: its real place; None where there is none, or more than one.
        parts: of a notebook, the first and last line of each of its code cells in `source`.
        root: the folder that the file's code may read, if any. It holds nothing hidden.
        unchanged: it is the course's stub, but for white space at the ends of lines.
        notes: what else the student should know of how the file was read.
        status: `missing` (no file) and `invalid` (a file that cannot be graded) come with `message`.
    """

    exercise: Exercise
    label: str
    file: Path | None = None
    source: bytes = b""
    parts: tuple[tuple[int, int], ...] = ()
    root: Path | None = None
    unchanged: bool = False
    status: Literal["ready", "missing", "invalid"] = "ready"
    message: str | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Submission:
    """What is to be graded: one attempt for each exercise that the paths hold or that was asked for."""

    id: str
    sha256: str
    attempts: tuple[Attempt, ...]

    @classmethod
    def gather(
        cls,
        paths: Sequence[Path],
        course: Course,
        only: Sequence[str] = (),
        *,
        every: bool = False,
        base: Path | None = None,
    ) -> Submission:
        """Find the exercises in `paths`, which are folders or single files: `.py`, or `.ipynb` (a notebook).

        An exercise without a file is `missing` if it was asked for: by `only`, by `every` (a whole
        course is due), or by a path that holds the course's own folder for it. Otherwise it is left out.

        Args:
            base: the folder below which messages name the files; the working folder by default.

        Raises:
            UsageError: a path or a name in `only` leads nowhere.
        """
        check_paths(paths)
        wanted = course.select(only)
        files = _files(paths, course, base or Path.cwd(), empty_too=every)
        due = {exercise.name for exercise in wanted if every or only or _holds(paths, exercise.folder)}
        attempts = tuple(
            _attempt(exercise, candidates)
            for exercise in wanted
            if (candidates := [file for file in files if file.path.stem == exercise.name]) or exercise.name in due
        )
        return cls(_id(paths), _sha256(attempts, files), attempts)

    @classmethod
    def unusable(cls, id: str, course: Course, only: Sequence[str], message: str) -> Submission:
        """One of which nothing can be graded; `message` says why."""
        attempts = tuple(
            Attempt(exercise, f"{exercise.name}.py", status="invalid", message=message)
            for exercise in course.select(only)
        )
        what = "\0".join([*(attempt.exercise.name for attempt in attempts), message])
        return cls(id, hashlib.sha256(what.encode("utf-8", "replace")).hexdigest(), attempts)


@dataclass(frozen=True)
class File:
    """A file with code. `base` is the folder it was found in or given with; `root` is as in `Attempt`."""

    path: Path
    base: Path
    root: Path | None
    here: Path

    @property
    def label(self) -> str:
        """From `here` if it lies there (the working folder, so that a terminal can open it); else from `base`."""
        below = self.here if self.path.is_relative_to(self.here) else self.base.parent
        return printable(self.path.relative_to(below))

    @property
    def is_notebook(self) -> bool:
        return self.path.suffix == NOTEBOOK

    def read(self) -> bytes:
        return read(self.path, self.base, self.label, MAX_NOTEBOOK if self.is_notebook else MAX_BYTES)


def check_paths(paths: Iterable[Path]) -> None:
    """Raises UsageError for the first path that does not exist, or is a folder that may not be opened."""
    for path in paths:
        if not _exists(path):
            if os.path.islink(path):  # noqa: PTH114  # Path.is_symlink raises where a name is too long
                raise UsageError(f"{printable(path)} is a link that leads nowhere.")
            raise UsageError(f"{printable(path)} does not exist.{did_you_mean(path.name, _beside(path))}")
        if path.is_dir() and not os.access(path, os.R_OK | os.X_OK):
            raise UsageError(f"{printable(path)} cannot be opened: you may not read that folder.")


def _exists(path: Path) -> bool:
    """Unlike Path.exists, an answer for every path: what cannot be reached is not there."""
    try:
        return path.exists()
    except OSError:
        return False


def _beside(path: Path) -> list[str]:
    try:
        return [printable(Path(other.name)) for other in path.parent.iterdir()]
    except OSError:
        return []


def printable(path: Path) -> str:
    """`path` as text; names need not be text on every file system."""
    return str(path).encode("utf-8", "replace").decode()


def _holds(paths: Iterable[Path], folder: Path) -> bool:
    return any(folder.is_relative_to(path.resolve()) for path in paths)


def _files(paths: Iterable[Path], course: Course, here: Path, *, empty_too: bool) -> list[File]:
    """The files with code that `paths` hold, each once however often it was given."""
    found: dict[Path, File] = {}
    for path in paths:
        for file in _in_folder(path, course, here, empty_too) if path.is_dir() else [_given(path, course, here)]:
            found.setdefault(file.path, file)
    return list(found.values())


def _given(path: Path, course: Course, here: Path) -> File:
    """A file that was named by itself. What lies beside it is no part of the submission."""
    if path.suffix not in SUFFIXES:
        raise UsageError(
            f"{printable(path)} is neither a folder nor a .py file nor a notebook (.ipynb), which is what grade takes."
        )
    if path.stem not in course.names:
        raise UsageError(
            f"{printable(path)} answers no exercise: a file is named after its exercise."
            f"{did_you_mean(path.stem, course.names)} {course.listed()}"
        )
    base = path.parent.resolve()
    return File(base / path.name, base, None, here)


def _in_folder(folder: Path, course: Course, here: Path, empty_too: bool) -> list[File]:
    """The files below `folder`. Where none answers an exercise, that is an error unless `empty_too`."""
    place = folder.resolve()
    hidden = {path.resolve() for path in (course.suites_folder, course.solutions_folder, course.answers_folder)}
    files = [File(path, place, _root(path, place, hidden), here) for path in _code_files(place, hidden)]
    answered = any(file.path.stem in course.names for file in files)
    if not (answered or empty_too or any(_holds([place], exercise.folder) for exercise in course.exercises)):
        near = ((file.path.name, did_you_mean(file.path.stem, course.names)) for file in files)
        hint = next((f" It has {printable(Path(name))}.{question}" for name, question in near if question), "")
        raise UsageError(f"{printable(folder)} holds no exercise.{hint} {course.listed()} Files are named after them.")
    return files


def _code_files(folder: Path, closed: set[Path]) -> Iterator[Path]:
    """The files with code below `folder`, links to folders not followed and the folders `closed` not entered."""
    for parent, folders, files in os.walk(folder):
        here = Path(parent)
        deep = len(here.parts) - len(folder.parts) >= MAX_DEPTH
        folders[:] = [] if deep else sorted(name for name in folders if _entered(here / name, closed))
        yield from (here / name for name in sorted(files) if name.endswith(SUFFIXES))


def _entered(folder: Path, closed: set[Path]) -> bool:
    ignored = folder.name.startswith(".") or folder.name in NOT_ENTERED
    return not (ignored or folder in closed or _exists(folder / "pyvenv.cfg"))


def _root(file: Path, folder: Path, hidden: Iterable[Path]) -> Path | None:
    """The widest of the submission's folder and the file's own that holds nothing of the course's `hidden` ones."""
    safe = (root for root in (folder, file.parent) if not any(path.is_relative_to(root) for path in hidden))
    return next(safe, None)


def _attempt(exercise: Exercise, candidates: Sequence[File]) -> Attempt:
    """Read the file for `exercise`, or say why there is none to grade."""
    if not candidates:
        message = f"There is no file {exercise.name}.py."
        return Attempt(exercise, f"{exercise.name}.py", status="missing", message=message)
    candidates = _without_twin(candidates)
    chosen = candidates[0]
    if len(candidates) > 1:
        listed = " and ".join(candidate.label for candidate in candidates)
        message = f"{len(candidates)} files for one exercise: {listed}. Keep one of them."
        return Attempt(exercise, chosen.label, status="invalid", message=message)
    source = b""
    try:
        source = chosen.read()
        if chosen.is_notebook:
            return _from_notebook(exercise, chosen, source)
        parse(source, chosen.label)
    except SourceError as problem:
        return Attempt(exercise, chosen.label, chosen.path, source, status="invalid", message=str(problem))
    unchanged = _is_stub(chosen.path, source, exercise.stub)
    return Attempt(exercise, chosen.label, chosen.path, source, root=chosen.root, unchanged=unchanged)


def _without_twin(candidates: Sequence[File]) -> Sequence[File]:
    """Of a notebook and the module beside it that it was made of, or that was made of it, the notebook alone."""
    notebooks = [file for file in candidates if file.is_notebook]
    modules = [file for file in candidates if not file.is_notebook]
    if [file.path.parent for file in notebooks] != [file.path.parent for file in modules] or len(notebooks) != 1:
        return candidates
    from grader.notebook_writing import says_the_same

    try:
        same = says_the_same(notebooks[0].read(), modules[0].read(), notebooks[0].label)
    except SourceError:
        return candidates
    return notebooks if same else candidates


def _from_notebook(exercise: Exercise, chosen: File, data: bytes) -> Attempt:
    from grader.notebook import to_module

    module = to_module(data, chosen.label)
    return Attempt(
        exercise,
        chosen.label,
        chosen.path,
        module.source,
        parts=module.parts,
        root=chosen.root,
        notes=module.notes,
    )


def _is_stub(file: Path, source: bytes, stub: Path) -> bool:
    """Whether `source` is a copy of the stub. The stub in its place may be the student's own work."""
    return stub.is_file() and not file.samefile(stub) and same_code(source, stub.read_bytes())


def _id(paths: Sequence[Path]) -> str:
    """The name of the folder or file that was given; of several, of the folder they share."""
    shared = Path(os.path.commonpath([path.resolve() for path in paths]))
    return printable(Path(shared.name)) if shared.name else "submission"


def _sha256(attempts: Sequence[Attempt], files: Iterable[File]) -> str:
    """Of the code that is graded: the exercises, and each file that answers one or that an answer could import.

    Files count with their places below the paths given, and with what they hold.
    """
    names = [attempt.exercise.name for attempt in attempts]
    roots = {attempt.root for attempt in attempts if attempt.root}
    read_already = {attempt.file: attempt.source for attempt in attempts}
    digest = hashlib.sha256("\0".join(names).encode())
    for file in sorted(files, key=lambda file: (file.path.relative_to(file.base), file.path)):
        if file.path.stem in names or not roots.isdisjoint(file.path.parents):
            digest.update(b"\0" + os.fsencode(file.path.relative_to(file.base)) + b"\0")
            source = read_already[file.path] if file.path in read_already else _held(file)
            digest.update(hashlib.sha256(source).digest())
    return digest.hexdigest()


def _held(file: File) -> bytes:
    """What `file` holds; of one that cannot be graded, nothing."""
    try:
        return file.read()
    except SourceError:
        return b""
