"""The texts in the files of a release: plain ones, and those in notebooks, zips and a repository's history."""

from __future__ import annotations

import codecs
import io
import json
import os
import subprocess
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

COMPILED = (".pyc", ".pyo", ".so", ".pyd")
CLOSED = (".gz", ".tgz", ".bz2", ".xz", ".zst", ".tar", ".7z", ".rar", ".pt", ".pth", ".pkl")
"""What would have to be unpacked, or loaded, to be read."""

UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)  # what Windows' PowerShell writes

DEEPEST = 5  # of zips in zips
LARGEST = 100_000_000  # bytes of one file in a zip
GIT = ".git"


@dataclass(frozen=True)
class Text:
    """What `place` holds as text; `problem` says why that cannot be told."""

    place: str
    content: str = ""
    problem: str | None = None


def files_below(folder: Path) -> Iterator[tuple[str, bytes | Text]]:
    """Every file below `folder` with its place there, hidden ones too; or what keeps it from being read.

    Virtual environments are not entered, nor is `.git`: `history` reads it.
    """
    for parent, folders, names in os.walk(folder):
        here = Path(parent)
        links = [name for name in folders if (here / name).is_symlink()]
        folders[:] = sorted(name for name in folders if name != GIT and not (here / name / "pyvenv.cfg").exists())
        for path in (here / name for name in sorted([*names, *links]) if name != GIT):
            place = path.relative_to(folder).as_posix()
            try:
                if path.is_symlink():
                    yield place, Text(place, problem="is a link; put the file itself in its place")
                elif not path.is_file():  # reading a pipe would not end
                    yield place, Text(place, problem="is no ordinary file; delete it")
                else:
                    yield place, path.read_bytes()
            except OSError as error:
                yield place, Text(place, problem=f"cannot be read: {error.strerror}")


def texts(files: Iterable[tuple[str, bytes | Text]]) -> Iterator[Text]:
    """Of files, each with its place."""
    for place, data in files:
        if isinstance(data, Text):
            yield data
        else:
            yield from _of(place, data, 0)


def _of(place: str, data: bytes, depth: int) -> Iterator[Text]:
    if place.endswith(COMPILED):
        yield Text(place, problem="is compiled code, whose source cannot be read; delete it")
    elif place.endswith(CLOSED):
        yield Text(place, problem="cannot be looked into; put what is in it beside it, or in a zip")
    elif zipfile.is_zipfile(io.BytesIO(data)):
        yield from _in_zip(place, data, depth)
    else:
        text = data.decode("utf-16" if data.startswith(UTF_16) else "utf-8", "replace")
        yield Text(place, text)
        if place.endswith((".ipynb", ".json")):
            yield from (Text(place, each) for each in _in_json(text))


def _in_zip(place: str, data: bytes, depth: int) -> Iterator[Text]:
    if depth == DEEPEST:
        yield Text(place, problem="cannot be looked into: it is a zip in too many zips")
        return
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for info in archive.infolist():
                if info.file_size > LARGEST:
                    yield Text(f"{place}/{info.filename}", problem="is too large to be looked into")
                elif not info.is_dir():
                    yield from _of(f"{place}/{info.filename}", archive.read(info), depth + 1)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        yield Text(place, problem=f"cannot be looked into: {error}")


def _in_json(text: str) -> Iterator[str]:
    """Its texts without their escapes, lists of lines joined: so a notebook holds its cells."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return
    yield "\n".join(_strings(found))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield str(key)
            yield from _strings(each)
    elif isinstance(value, Iterable):
        items = list(value)
        if items and all(isinstance(each, str) for each in items):
            yield "".join(items)
        else:
            for each in items:
                yield from _strings(each)


def history(folder: Path) -> Iterator[Text]:
    """Every object of the repository that `folder` is, if it is one: files, and messages, of all commits it keeps."""
    if not (folder / GIT).exists():
        return
    git = ["git", "-C", str(folder), "cat-file"]
    listing = ["--batch-all-objects", "--batch-check=%(objectname) %(objecttype)"]
    try:
        for line in subprocess.run([*git, *listing], capture_output=True, check=True, text=True).stdout.splitlines():
            name, _, kind = line.partition(" ")
            if kind != "tree":  # names of files
                data = subprocess.run([*git, kind, name], capture_output=True, check=True).stdout
                yield from _of(f"{GIT}, {kind} {name[:8]}", data, 0)
    except (OSError, subprocess.CalledProcessError) as error:
        yield Text(GIT, problem=f"is a history that git cannot read: {error}")
