"""Find the students in what a learning platform hands out."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from grader.course import Course
from grader.errors import UsageError
from grader.intake.archives import unpack_download
from grader.intake.canvas import canvas
from grader.intake.claims import Form
from grader.intake.classroom import classroom
from grader.intake.errors import ArchiveError
from grader.intake.gradescope import METADATA, gradescope
from grader.intake.handin import Handin, handins
from grader.intake.members import Parts, legible, shown
from grader.intake.moodle import moodle
from grader.intake.names import attempt_number, is_archive, is_code, is_junk, stem_of, unique
from grader.intake.plain import is_courses_own, plain
from grader.submission import check_paths, printable

FORMS: tuple[Form, ...] = (gradescope, moodle, canvas, classroom, plain)


@dataclass(frozen=True)
class Found:
    """The students' hand-ins, sorted by id, and a sentence for each thing that belongs to nobody."""

    handins: tuple[Handin, ...]
    ignored: tuple[str, ...]


def find(path: Path, course: Course, scratch: Path) -> Found:
    """The hand-ins in `path`, a folder or a zip. A zip is unpacked below `scratch`, which must outlive the hand-ins.

    Raises:
        UsageError: `path` is neither, holds no submission, or is an archive that is broken as a whole.
    """
    check_paths([path])
    top, broken = (path.absolute(), {}) if path.is_dir() else _unpacked(path, scratch.absolute())
    entries, ignored = _unwrapped(top, course, stem_of(path.name))
    found: list[Handin] = []
    for form in FORMS:
        taken = form(entries, course)
        found += handins(taken.claims, lambda place: legible(str(place.relative_to(top))))
        ignored += taken.ignored
        entries = taken.rest
    ignored += [f"{shown(entry.name)} belongs to no student: its name tells none." for entry in entries]
    if not found:
        raise UsageError(_nothing(path, ignored, course))
    found = [_with_problem(handin, broken, top) for handin in found]
    ignored += [
        error.found for place, error in broken.items() if not any(_touches(handin, top, place) for handin in found)
    ]
    return Found(_sorted(found), tuple(ignored))


def _unpacked(path: Path, scratch: Path) -> tuple[Path, Mapping[Parts, ArchiveError]]:
    into = scratch / "download"
    if not path.is_file():
        raise UsageError(f"{printable(path)} is neither a folder nor a zip.")
    try:
        return into, unpack_download(path, into)
    except ArchiveError as error:
        raise UsageError(f"{error.found} Submissions are a folder or a zip: download it again.") from error
    except OSError as error:
        raise UsageError(f"{printable(path)} cannot be unpacked: {error.strerror}.") from error


def _unwrapped(top: Path, course: Course, name: str) -> tuple[list[Path], list[str]]:
    """What `_entries` gives for the folder that the students lie in: `top`, or one that is around everything."""
    entries, ignored = _entries(top)
    work = [path for path in entries if _could_be_work(path)]
    if METADATA in (path.name for path in entries) or len(work) != 1 or not _is_wrapping(work[0], course, name):
        return entries, ignored
    inner, inner_ignored = _unwrapped(work[0], course, name)
    others = [f"{shown(path.name)} belongs to no student: its name tells none." for path in entries if path not in work]
    return inner, [*ignored, *others, *inner_ignored]


def _is_wrapping(folder: Path, course: Course, name: str) -> bool:
    """Whether a folder that is alone holds students, and is none itself.

    It does if it holds more than one thing that could be a student's, or is named like the zip it came in, and
    nothing in it looks like one submission's own files.
    """
    if moodle([folder], course).claims:
        return False
    inside = _entries(folder)[0] if folder.is_dir() else []
    names = [path.name for path in inside]
    if METADATA in names:
        return True
    own = any(is_courses_own(stem_of(other) if is_code(other) else other, course) for other in names)
    if own or any(attempt_number(other) is not None for other in names) or (folder / ".git").exists():
        return False
    work = [path for path in inside if _could_be_work(path)]
    return len(work) > 1 or (bool(work) and folder.name == name)


def _could_be_work(path: Path) -> bool:
    return path.is_dir() or is_archive(path.name) or is_code(path.name)


def _entries(folder: Path) -> tuple[list[Path], list[str]]:
    """What lies at the top of `folder`, and sentences for what must not be followed or opened."""
    entries: list[Path] = []
    ignored: list[str] = []
    for path in sorted(folder.iterdir()):
        if is_junk(path.name):
            continue
        if path.is_symlink() or not (path.is_dir() or path.is_file()):
            kind = "a link" if path.is_symlink() else "no ordinary file"
            ignored.append(f"{shown(path.name)} is {kind}: put the files themselves there.")
        elif not os.access(path, os.R_OK | (os.X_OK if path.is_dir() else 0)):
            ignored.append(f"{shown(path.name)} cannot be opened: you may not read it.")
        else:
            entries.append(path)
    return entries, ignored


def _nothing(path: Path, ignored: Sequence[str], course: Course) -> str:
    found = f" {ignored[0]}" if ignored else " It is empty."
    return (
        f"{printable(path)} holds no submission.{found} "
        f"Put a folder or a zip for each student there, or files named like alice_{course.names[0]}.py."
    )


def _with_problem(handin: Handin, broken: Mapping[Parts, ArchiveError], top: Path) -> Handin:
    error = next((error for place, error in broken.items() if _touches(handin, top, place)), None)
    return replace(handin, problem=str(error)) if error else handin


def _touches(handin: Handin, top: Path, place: Parts) -> bool:
    """Whether what is broken at `place` is a part of the hand-in, or the hand-in of it."""
    for piece in handin.pieces:
        parts = piece.path.relative_to(top).parts
        length = min(len(parts), len(place))
        if parts[:length] == place[:length]:
            return True
    return False


def _sorted(found: Sequence[Handin]) -> tuple[Handin, ...]:
    in_order = sorted(found, key=lambda handin: (handin.student, handin.label))
    ids = unique(handin.student for handin in in_order)
    named = (replace(handin, student=student) for handin, student in zip(in_order, ids, strict=True))
    return tuple(sorted(named, key=lambda handin: handin.student))
