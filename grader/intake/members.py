"""What may come out of a zip: decided from its table of contents, before anything is written.

What a member is called, what it is and how large it says it is are the archive's own words. Here they are held
against `Limits`; `archives.py` counts what really comes out.
"""

from __future__ import annotations

import contextlib
import re
import stat
import unicodedata
import zipfile
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from grader.submission import MAX_DEPTH, NOT_ENTERED

Parts = tuple[str, ...]

RATIO_FLOOR = 1_000_000  # bytes: a smaller file does no harm, however well it is packed
NAME_BYTES = 255  # of one name; what file systems take
PATH_BYTES = 1_024  # of a whole path
BEGINNING = 8  # parts of an endless path that are looked at
SHOWN = 60  # characters of a path in a message

UTF8 = 1 << 11
ENCRYPTED = 1 << 0 | 1 << 6 | 1 << 13  # the usual way, the strong one, the table of contents too
PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)  # of the others, a few bytes can fill the memory in one step

DRIVE = re.compile(r"[A-Za-z]:")
JUNK = {"thumbs.db", "desktop.ini"}


@dataclass(frozen=True)
class Limits:
    """How much may come out of an archive. What is never graded does not count.

    Attributes:
        members: files and folders.
        total, file: bytes, of all files and of one.
        ratio: how many times larger a file may be than what it is packed into.
        depth: names in a path.
        listed: members with those that are passed over; a table of contents takes memory.
        archive: bytes of the archive itself.
    """

    members: int = 2_000
    total: int = 50_000_000
    file: int = 20_000_000
    ratio: int = 200
    depth: int = 20
    listed: int = 100_000
    archive: int = 200_000_000


@dataclass(frozen=True)
class Member:
    """A file or folder that is to come out, at the place `parts`."""

    info: zipfile.ZipInfo
    parts: Parts
    folder: bool


@dataclass(frozen=True)
class Flaw:
    """What is wrong at a place, which is a file or a `folder`. `reason` goes after the archive's name.

    The place of a member whose path is unsound is the folder where the path ceases to be sound.
    """

    parts: Parts
    reason: str
    folder: bool


def examine(infos: Sequence[zipfile.ZipInfo], limits: Limits) -> Iterator[Member | Flaw]:
    """The members that are to come out, and what is wrong with others. Members that clash are both."""
    members: list[Member] = []
    repositories: set[Parts] = set()
    environments = {tuple(path.split("/")[:-1]) for path in map(path_of, infos) if path.endswith("/pyvenv.cfg")}
    for info in infos:
        path = path_of(info)
        if not _is_endless(path) and is_ungraded(path.split("/"), environments):
            repositories.update(_repository(path))
            continue
        parts, unsound = _place(path)
        folder = path.endswith("/")
        if reason := unsound or _wrong(info, parts, folder, limits):
            yield Flaw(parts, f"holds '{shown(path)}', which {reason}", folder or not parts or unsound is not None)
        elif parts:
            members.append(Member(info, parts, folder))
    members.extend(Member(zipfile.ZipInfo(), parts, True) for parts in sorted(repositories))
    yield from members
    yield from _clashes(members)


def too_much(members: Iterable[Member], limits: Limits) -> str | None:
    """What is wrong with `members` as a whole, by what they say of themselves."""
    members = list(members)
    if len(members) > limits.members:
        return f"holds more than {limits.members:,} files"
    if sum(member.info.file_size for member in members) > limits.total:
        return f"holds more than {megabytes(limits.total)} in all"
    return None


def path_of(info: zipfile.ZipInfo) -> str:
    """A member's path as it was packed. macOS writes UTF-8 without saying so, which then reads as code page 437."""
    path = info.orig_filename
    if not info.flag_bits & UTF8:
        with contextlib.suppress(UnicodeError):
            return path.encode("cp437").decode("utf-8")
    return path


def is_ungraded(parts: Sequence[str], environments: Collection[Parts] = ()) -> bool:
    """Whether a path leads to what is no work of a student's: hidden files, what programs leave behind,
    libraries. `environments` are the folders that hold a virtual environment."""
    ours = any(part in NOT_ENTERED or part.lower() in JUNK or re.match(r"\.[^.]", part) for part in parts)
    return ours or (bool(environments) and any(tuple(parts[:length]) in environments for length in range(len(parts))))


def legible(name: str) -> str:
    """`name` for a person to read: a terminal must not act on what is in it."""
    return "".join(character if character.isprintable() else "?" for character in name)


def shown(path: str) -> str:
    """`path` for a message: legible, and no longer than a line."""
    return legible(path) if len(path) <= SHOWN else f"{legible(path[:SHOWN])}…"


def _repository(path: str) -> Iterator[Parts]:
    """The place of a `.git` that `path` lies in. It stays, empty: it tells that its folder is a repository."""
    before, found, _ = path.partition("/.git/")
    parts, reason = _place(before)
    if found and not reason and not is_ungraded(parts):
        yield (*parts, ".git")


def _place(path: str) -> tuple[Parts, str | None]:
    """The sound beginning of `path`, and what is wrong with the rest."""
    if path.startswith("/") or DRIVE.match(path):
        return (), "leads out of it"
    endless = _is_endless(path)
    parts: list[str] = []
    for part in path[:PATH_BYTES].split("/", BEGINNING)[:BEGINNING] if endless else path.split("/"):
        if reason := _unsound(part):
            return tuple(parts), reason
        if part not in ("", "."):
            parts.append(part)
    return tuple(parts), "has too long a name" if endless else None


def _is_endless(path: str) -> bool:
    """Whether it would take long to look at each part of `path`, for thousands of such paths."""
    return len(path) > PATH_BYTES or path.count("/") > MAX_DEPTH


def _unsound(part: str) -> str | None:
    if part == "..":
        return "leads out of it"
    if "\\" in part:
        return "has a backslash in its name"
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in part):
        return "has a control character in its name"
    if len(part.encode()) > NAME_BYTES:
        return "has too long a name"
    return None


def _wrong(info: zipfile.ZipInfo, parts: Parts, folder: bool, limits: Limits) -> str | None:
    """What is wrong with a member whose path is sound."""
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind == stat.S_IFLNK:
        return "is a link"
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        return "is no ordinary file"
    if info.flag_bits & ENCRYPTED:
        return "is encrypted"
    if len("/".join(parts).encode()) > PATH_BYTES:
        return "has too long a name"
    if len(parts) > limits.depth:
        return f"lies more than {limits.depth} folders deep"
    if folder:
        return None
    if not parts:
        return "has no name"
    if info.compress_type not in PACKED:
        return "is packed by a method other than the usual one"
    if info.file_size > limits.file:
        return f"is larger than {megabytes(limits.file)}"
    if info.file_size > max(RATIO_FLOOR, limits.ratio * info.compress_size):
        return f"is more than {limits.ratio} times larger than what it is packed into"
    return None


def _clashes(members: Iterable[Member]) -> Iterator[Flaw]:
    """Members that would be written to one place, on a file system that tells no upper case from lower."""
    files: set[Parts] = set()
    folders: set[Parts] = set()
    for member in members:
        parts = tuple(unicodedata.normalize("NFC", part.casefold()) for part in member.parts)
        above = {parts[:length] for length in range(1, len(parts))}
        if not member.folder and parts in files:
            yield Flaw(member.parts, f"holds '{shown('/'.join(member.parts))}' twice", folder=False)
        clash = above & files or ({parts} & files if member.folder else {parts} & folders)
        if clash:
            place = member.parts[: len(min(clash))]
            yield Flaw(place, f"holds '{shown('/'.join(place))}' as a file and as a folder", folder=True)
        folders |= above
        (folders if member.folder else files).add(parts)


def megabytes(size: int) -> str:
    return f"{size / 1_000_000:g} MB"
