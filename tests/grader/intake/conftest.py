"""Archives as honest and dishonest people pack them, and downloads as platforms hand them out."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from grader.course import Course
from grader.intake import Found, Handin, find

CODE = "def softmax(x):\n    return x\n"

Files = Mapping[str, str | bytes]
Look = Callable[..., Found]
Opened = Callable[[Handin], dict[str, str]]


def zipped(files: Files, compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip, as bytes; a name that ends with a slash is a folder."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def member(name: str, *, mode: int = stat.S_IFREG | 0o644, system: int = 3) -> zipfile.ZipInfo:
    """A member's description that can be lied in. ZipInfo itself tidies names up."""
    info = zipfile.ZipInfo("placeholder")
    info.filename = info.orig_filename = name
    info.create_system = system
    info.external_attr = mode << 16
    info.compress_type = zipfile.ZIP_DEFLATED
    return info


def packed(*members: tuple[zipfile.ZipInfo, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for info, content in members:
            archive.writestr(info, content)
    return buffer.getvalue()


def contents(folder: Path) -> dict[str, str]:
    """Every file below `folder`, by its place."""
    return {
        str(path.relative_to(folder)): path.read_bytes().decode(errors="replace")
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def download(tmp_path: Path) -> Path:
    """The folder that a platform's download was unpacked to."""
    folder = tmp_path / "download"
    folder.mkdir()
    return folder


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    """A scratch folder. A test that leaves a laid-out hand-in there fails."""
    folder = tmp_path / "scratch"
    folder.mkdir()
    yield folder
    assert {path.name for path in folder.iterdir()} <= {"download"}


@pytest.fixture
def look(course: Course, download: Path, scratch: Path) -> Look:
    """Find the hand-ins in the download, or in the path given."""

    def look(path: Path = download) -> Found:
        before = snapshot(path)
        found = find(path, course, scratch)
        assert snapshot(path) == before
        return found

    return look


@pytest.fixture
def opened(scratch: Path) -> Opened:
    """The files of a hand-in when it is laid out."""

    def opened(handin: Handin) -> dict[str, str]:
        with handin.opened(scratch) as folder:
            return contents(folder)

    return opened


def snapshot(path: Path) -> list[tuple[str, int, int]]:
    """What must stay as it is while a download is read."""
    paths = [path, *path.rglob("*")] if path.exists() else []
    return sorted((os.fspath(each), each.lstat().st_mtime_ns, each.lstat().st_size) for each in paths)


def students(found: Found) -> list[str]:
    return [handin.student for handin in found.handins]
