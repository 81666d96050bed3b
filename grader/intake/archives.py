"""Zips that strangers packed, unpacked with care.

Everything is checked before the first byte is written: where each member would lie, what it is, how large it says it
is, and that no two share their bytes. While writing, what comes out is counted. Nothing is written outside the
folder, and nothing through a link: the folder is new and empty, and no link is ever made in it.
"""

from __future__ import annotations

import os
import shutil
import struct
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import BinaryIO

from grader.intake.errors import ArchiveError
from grader.intake.kinds import what_it_is
from grader.intake.members import Flaw, Limits, Member, Parts, examine, megabytes, shown, too_much
from grader.intake.names import is_archive, is_code

STUDENT = Limits()
PART = Limits(members=10_000, total=500_000_000, file=200_000_000)
"""Of a download, what belongs to one student: archives, folders and all."""
DOWNLOAD = Limits(members=500_000, total=20_000_000_000, file=200_000_000, listed=500_000, archive=20_000_000_000)

CHUNK = 1 << 16
LISTED = b"PK\x01\x02"  # how an entry of the table of contents begins
PACKED = b"PK\x03\x04"  # how a member does
HEADER = 30  # bytes in front of a member's name

UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    OSError,
)
"""What zipfile raises for an archive that is broken or made to look so."""


def unpack(archive: Path, into: Path, limits: Limits = STUDENT) -> None:
    """Write what `archive` holds to the folder `into`, which is new or empty.

    Raises:
        ArchiveError: the archive is refused, whole; `into` is left empty.
    """
    with _opened(archive, limits) as zipped:
        members: list[Member] = []
        for item in examine(zipped.infolist(), limits):
            if isinstance(item, Flaw):
                raise _refused(archive, item.reason)
            members.append(item)
        if reason := too_much(members, limits):
            raise _refused(archive, reason)
        into.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            for member in members:
                _write(zipped, member, into, archive)
        except BaseException:
            _empty(into)
            raise


def unpack_download(
    archive: Path, into: Path, limits: Limits = DOWNLOAD, part: Limits = PART
) -> dict[Parts, ArchiveError]:
    """Write what the archive of a whole class holds to the new folder `into`.

    What is wrong with one student's part is returned, by place, and costs that part alone: the place is there, and
    empty. Files keep their times, which tell the newer of two attempts.

    Raises:
        ArchiveError: something is wrong with the archive as a whole, or outside of any part.
    """
    with _opened(archive, limits) as zipped:
        items = list(examine(zipped.infolist(), limits))
        members = [item for item in items if isinstance(item, Member)]
        depth = len(_around(items)) + 1  # of a student's part: below the folders around everything
        flaws = {item.parts: item for item in reversed(items) if isinstance(item, Flaw)}
        flaws |= _too_large_parts(members, depth, part)
        members = [member for member in members if not _lies_in(flaws, member.parts)]
        nobodys = (flaw.reason for place, flaw in flaws.items() if len(place) < depth)
        if reason := next(nobodys, None) or too_much(members, limits):
            raise _refused(archive, reason)
        into.mkdir(mode=0o700)
        refused = {place: _refused(archive, flaw.reason) for place, flaw in flaws.items()}
        for member in members:
            path = into.joinpath(*member.parts)
            try:
                _write(zipped, member, into, archive)
                _date(path, member)
            except ArchiveError as error:
                refused[member.parts] = error
                path.write_bytes(b"")
        for place, flaw in flaws.items():
            _mark(into, place[:depth], folder=flaw.folder or len(place) > depth)
        return refused


@contextmanager
def _opened(archive: Path, limits: Limits) -> Iterator[zipfile.ZipFile]:
    """The archive with its table of contents read, when that is a sound one."""
    name = shown(archive.name)
    with archive.open("rb") as file:
        if found := what_it_is(file):
            raise ArchiveError(f"{name} is no zip archive: it is {found}.")
        if file.seek(0, os.SEEK_END) > limits.archive:
            raise _refused(archive, f"is larger than {megabytes(limits.archive)}")
        if _entries(file) > limits.listed:
            raise _refused(archive, f"lists more than {limits.listed:,} files")
        try:
            zipped = zipfile.ZipFile(file)
            overlapping = _overlapping(zipped.infolist(), file, zipped.start_dir)
        except UNREADABLE as error:
            raise _damaged(archive) from error
        if overlapping:
            raise _refused(archive, "holds files that share their bytes")
        with zipped:
            yield zipped


def _entries(file: BinaryIO) -> int:
    """At least as many as the table of contents has, without reading it into memory."""
    file.seek(0)
    count, window = 0, b""
    while chunk := file.read(CHUNK):
        window = window[1 - len(LISTED) :] + chunk
        count += window.count(LISTED)
    return count


def _overlapping(infos: Iterable[zipfile.ZipInfo], file: BinaryIO, contents: int) -> bool:
    """Whether members share bytes with each other or with the table of contents: a few bytes for many large files."""
    end = 0
    for info in sorted(infos, key=lambda info: info.header_offset):
        if info.header_offset < end:
            return True
        file.seek(info.header_offset)
        header = file.read(HEADER)
        if not header.startswith(PACKED):
            raise zipfile.BadZipFile("no member where one should be")
        name, extra = struct.unpack_from("<HH", header, HEADER - 4)
        end = info.header_offset + HEADER + name + extra + info.compress_size
    return end > contents


def _write(zipped: zipfile.ZipFile, member: Member, into: Path, archive: Path) -> None:
    """Raises ArchiveError where other bytes come out than the table of contents says."""
    if member.folder:
        folder_at(into, member.parts)
        return
    target = folder_at(into, member.parts[:-1]) / member.parts[-1]
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        written = 0
        for chunk in _chunks(zipped, member, archive):
            written += len(chunk)
            if written > member.info.file_size:
                break
            file.write(chunk)
    if written != member.info.file_size:
        raise _damaged(archive, member)


def _chunks(zipped: zipfile.ZipFile, member: Member, archive: Path) -> Iterator[bytes]:
    try:
        with zipped.open(member.info) as stream:
            while chunk := stream.read(CHUNK):
                yield chunk
    except UNREADABLE as error:
        raise _damaged(archive, member) from error


def _too_large_parts(members: Iterable[Member], length: int, limits: Limits) -> dict[Parts, Flaw]:
    parts: defaultdict[Parts, list[Member]] = defaultdict(list)
    for member in members:
        parts[member.parts[:length]].append(member)
    return {
        place: Flaw(place, reason, folder=True) for place, its in parts.items() if (reason := too_much(its, limits))
    }


def _lies_in(places: Collection[Parts], parts: Parts) -> bool:
    return any(parts[:length] in places for length in range(1, len(parts) + 1))


def _around(items: Iterable[Member | Flaw]) -> Parts:
    """The folders around all that can be a student's."""
    folders = [
        item.parts if item.folder else item.parts[:-1]
        for item in items
        if item.folder or is_code(item.parts[-1]) or is_archive(item.parts[-1])
    ]
    return tuple(os.path.commonprefix(folders)) if folders else ()  # noqa: RUF071  # of parts, not of letters


def _mark(into: Path, place: Parts, *, folder: bool) -> None:
    """See that something lies at `place`: it tells whose part it was."""
    with suppress(FileExistsError):  # something does, or at a place above a file
        path = folder_at(into, place[:-1]) / place[-1]
        if folder:
            path.mkdir(mode=0o700)
        else:
            path.touch(mode=0o600)


def _date(path: Path, member: Member) -> None:
    try:
        moment = datetime(*member.info.date_time).timestamp()
        os.utime(path, (moment, moment))
    except (ValueError, OverflowError):  # the 0th of a month; nothing hangs on it but which attempt is the newer
        return


def folder_at(into: Path, parts: Parts) -> Path:
    """The folder at `parts`, made with all those above it: Path.mkdir gives its mode to the last one only."""
    folder = into
    for part in parts:
        folder /= part
        folder.mkdir(mode=0o700, exist_ok=True)
    return folder


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _refused(archive: Path, reason: str) -> ArchiveError:
    return ArchiveError(f"{shown(archive.name)} {reason}.")


def _damaged(archive: Path, member: Member | None = None) -> ArchiveError:
    where = f", at '{shown('/'.join(member.parts))}'" if member else ""
    return ArchiveError(f"{shown(archive.name)} is damaged{where}.")
