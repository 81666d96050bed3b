"""One student's files, and nobody else's, in a folder of their own.

A plain folder is taken as it is. Everything else is copied or unpacked: the download is never written to, and a
student's code, which may read its folder, must not find a neighbour's there.
"""

from __future__ import annotations

import os
import shutil
import stat
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from grader.intake.archives import folder_at, unpack
from grader.intake.errors import IntakeError
from grader.intake.members import is_ungraded, shown
from grader.intake.names import attempts_in, is_code, is_junk, is_other_archive, is_zip
from grader.submission import MAX_DEPTH

MAX_ARCHIVES = 10  # in one hand-in: each may grow to its limit


@dataclass(frozen=True)
class Piece:
    """A folder or file of a hand-in; `name` is what it is called there."""

    path: Path
    name: str


@contextmanager
def laid_out(pieces: Sequence[Piece], student: str, scratch: Path) -> Iterator[Path]:
    """The folder for `pieces`, which are one folder or else files. It lies below `scratch` and is removed afterwards,
    unless it is a folder of the download itself.

    Zips at its top are unpacked, each to a folder of its name; those within zips are not. Where that
    leaves nothing but attempts, the folder is that of the last.

    Raises:
        IntakeError: an archive is refused or damaged.
    """
    first = pieces[0].path
    if first.is_dir() and not _zips(first):
        yield first
        return
    with tempfile.TemporaryDirectory(dir=scratch) as temporary:
        folder = Path(temporary) / student
        folder.mkdir(mode=0o700)
        if first.is_dir():
            for file in files_in(first):
                below = file.relative_to(first).parts
                _copy_file(file, folder_at(folder, below[:-1]) / below[-1])
        elif len(pieces) == 1 and is_zip(pieces[0].name):
            unpack(first, folder)
        else:
            for piece in pieces:
                _copy_file(piece.path, folder / piece.name)
        _unpack_in_place(folder)
        _, last = max(attempts_in(folder), default=(0, folder))
        yield last


def known_problem(pieces: Sequence[Piece]) -> str | None:
    """Why nothing of a hand-in can be graded, if that shows from outside: it may not be read, or all there is is an
    archive of another kind."""
    for piece in pieces:
        if not os.access(piece.path, os.R_OK | (os.X_OK if piece.path.is_dir() else 0)):
            return f"{shown(piece.name)} cannot be opened: it may not be read."
    names = [piece.name for piece in pieces]
    if pieces[0].path.is_dir():
        inside = [path for path in sorted(pieces[0].path.iterdir()) if not is_junk(path.name)]
        names = [path.name for path in inside if not path.is_dir()]
        if len(names) < len(inside):
            return None
    archive = next(filter(is_other_archive, names), None)
    if not archive or any(is_code(name) or is_zip(name) for name in names):
        return None
    return f"{shown(archive)} is an archive that is not unpacked here. Hand in a zip, or the files themselves."


def _zips(folder: Path) -> list[Path]:
    """The zips at the top of `folder` that are to be unpacked: not those that somebody has unpacked beside them."""
    return sorted(
        path
        for path in folder.iterdir()
        if is_zip(path.name)
        and not is_junk(path.name)
        and stat.S_ISREG(path.lstat().st_mode)
        and not path.with_suffix("").is_dir()
    )


def _unpack_in_place(folder: Path) -> None:
    zips = _zips(folder)
    if len(zips) > MAX_ARCHIVES:
        raise IntakeError(f"{len(zips)} zips in one hand-in; up to {MAX_ARCHIVES} are unpacked. Hand in one.")
    for path in zips:
        names = chain([path.stem], (f"{path.stem}-{number}" for number in count(2)))
        unpack(path, next(place for name in names if not (place := folder / name).exists()))
        path.unlink()


def files_in(folder: Path) -> Iterator[Path]:
    """The ordinary files below `folder` that a student may have written: no links, nothing hidden, no libraries."""
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        deep = len(here.parts) - len(folder.parts) >= MAX_DEPTH
        folders[:] = [] if deep else sorted(name for name in folders if _entered(here / name))
        files = (here / name for name in sorted(names) if not is_ungraded([name]))
        yield from (file for file in files if stat.S_ISREG(file.lstat().st_mode))


def _entered(folder: Path) -> bool:
    return not is_ungraded([folder.name]) and not (folder / "pyvenv.cfg").exists()


def _copy_file(source: Path, target: Path) -> None:
    label = shown(source.name)
    try:
        descriptor = os.open(source, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)  # a pipe must not block
    except OSError as error:
        raise IntakeError(f"{label} cannot be read: {error.strerror}.") from error
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise IntakeError(f"{label} is not an ordinary file.")
        with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as copy:
            shutil.copyfileobj(file, copy)
