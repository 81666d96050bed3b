"""Files written to a folder of their own."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

from grader.course import Course
from grader.errors import GraderError, UsageError


def check_free(folder: Path) -> None:
    """Raises UsageError where there is anything at `folder` but an empty folder."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{folder} is no folder. Name one that is new or empty.")
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty, and nothing in it is to be lost. Name a folder that is new or empty.")


def check_outside(folder: Path, course: Course) -> None:
    """Raises UsageError where `folder` lies in the course: what is graded there would have two courses above it."""
    if Path(os.path.realpath(folder)).is_relative_to(course.root):
        raise UsageError(f"{folder} lies in the course itself, {course.root}. Name a folder outside of it.")


def write(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` to `folder`, which is new or empty: beside it at first, then moved there.

    Raises:
        UsageError: it is neither.
        GraderError: it cannot be written.
    """
    check_free(folder)
    folder = folder.absolute()
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".grade-", dir=folder.parent, ignore_cleanup_errors=True) as beside:
            whole = Path(beside, "whole")
            fill(whole, files)
            folder.mkdir(exist_ok=True)
            for path in sorted(whole.iterdir()):
                path.rename(folder / path.name)
    except OSError as error:
        raise GraderError(f"{folder} could not be written: {error.strerror or error}.") from error


def add(folder: Path, files: Mapping[str, bytes]) -> list[Path]:
    """Add `files` to a folder, none in the place of another; their paths.

    Raises:
        UsageError: there is such a file already; nothing was written.
        GraderError: one cannot be written.
    """
    paths = {folder / place: data for place, data in files.items()}
    for path in paths:
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path} exists already, and is not to be lost. Move it away, or choose another name.")
    for path, data in paths.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        except OSError as error:
            raise GraderError(f"{path} could not be written: {error.strerror or error}.") from error
    return list(paths)


def fill(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write `files` below `folder`, which is new."""
    folder.mkdir()
    for place, data in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
