"""The folder that a batch writes to: who may write there, under which names, and what is left of earlier runs.

    <student>.json    a report each, written whole or not at all
    gradebook.csv     when the batch is through
    summary.json      from the start, so that `--resume` knows the seed
    .grade-…          what is being written, and the scratch folders; gone when the batch ends

Everything is readable by its owner alone: marks are private.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TypeVar

import msgspec

from grader.batch.summary import SUMMARY, Summary
from grader.errors import GraderError, UsageError
from grader.report import Report, to_json, write_whole

T = TypeVar("T")

OURS = ".grade-"
"""How the names begin of what a batch leaves behind when it is killed."""

LOCK = f"{OURS}lock"

RESERVED = {"summary", "gradebook", "index", "con", "nul", "aux", "prn"}
MAX_STEM = 100  # bytes; file systems allow 255


class Folder:
    """The folder of a batch, held by one batch at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.scratch = path / f"{OURS}scratch"

    @classmethod
    @contextmanager
    def held(cls, path: Path) -> Iterator[Folder]:
        """Make the folder if need be, keep others out, and clear away what a killed batch left.

        Raises:
            UsageError: it is no folder, or another batch writes there.
            GraderError: it cannot be written to.
        """
        folder = cls(path)
        if path.exists() and not path.is_dir():
            raise UsageError(f"--out {path}: that is a file; name a folder.")
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = (path / LOCK).open("w")
        except OSError as error:
            raise GraderError(f"--out {path} cannot be written to: {error.strerror}. Name another folder.") from error
        with lock, _locked(lock, path):
            folder._clear()
            folder.scratch.mkdir(mode=0o700)
            try:
                yield folder
            finally:
                folder._clear()

    def report(self, name: str) -> Report | None:
        """The report in the file `name`; None where there is none that can be read."""
        return self._read(name, Report)

    def summary(self) -> Summary | None:
        """The summary of an earlier run; None where there is none that can be read."""
        return self._read(SUMMARY, Summary)

    def write_report(self, name: str, report: Report) -> None:
        self.write(name, to_json(report))

    def write_summary(self, summary: Summary) -> None:
        self.write(SUMMARY, to_json(summary))

    def write(self, name: str, data: bytes) -> None:
        """Write a file whole or not at all.

        Raises:
            GraderError: the disk is full, or the folder can no longer be written to.
        """
        try:
            write_whole(self.path / name, data)
        except OSError as error:
            raise GraderError(
                f"{self.path / name} could not be written: {error.strerror or error}. What is graded so far stands; "
                "make room and run the same command again, it goes on where it was."
            ) from error

    def _read(self, name: str, kind: type[T]) -> T | None:
        try:
            return msgspec.json.decode((self.path / name).read_bytes(), type=kind)
        except (OSError, msgspec.DecodeError, RecursionError):
            return None

    def _clear(self) -> None:
        for left in self.path.glob(f"{OURS}*"):
            if left.name == LOCK:
                continue
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                with contextlib.suppress(OSError):
                    left.unlink()


@contextmanager
def _locked(lock: IO[str], path: Path) -> Iterator[None]:
    """Hold the folder; the kernel lets go of it however this process ends."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        raise UsageError(f"--out {path}: another batch is being graded there. Wait for it, or stop it.") from error
    try:
        yield
    finally:
        Path(lock.name).unlink(missing_ok=True)


def file_name(student: str) -> str:
    """The report's file for the id `student`: the id itself where it can be a name, else told apart by a digest."""
    stem = re.sub(r"[^\w.@+=,'() -]", "_", student).strip(" .-")
    while len(os.fsencode(stem)) > MAX_STEM:
        stem = stem[:-1]
    if not stem or stem != student or stem.lower() in RESERVED:
        stem = f"{stem or 'student'}-{hashlib.sha256(student.encode('utf-8', 'replace')).hexdigest()[:8]}"
    return f"{stem}.json"
