"""What the name of a file or folder tells: whose it is, which attempt, and whether it is anything at all."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from grader.intake.members import is_ungraded

CODE = (".py", ".ipynb")
OTHER_ARCHIVES = (
    *(".tar.gz", ".tar.bz2", ".tar.xz", ".tar.zst", ".tar"),
    *(".tgz", ".tbz2", ".txz", ".rar", ".7z", ".gz", ".bz2", ".xz"),
)

COPY = re.compile(r"(?P<rest>.+?) ?\((?P<number>\d{1,3})\)", re.DOTALL)
ATTEMPT = re.compile(r"(?P<rest>.+?)[ _-]attempt[ _-]?(?P<number>\d{1,3})", re.IGNORECASE | re.DOTALL)
ATTEMPT_ALONE = re.compile(r"attempt[ _-]?(?P<number>\d{1,3})", re.IGNORECASE)

ID_BYTES = 200  # an id becomes a file's name, with a suffix
NOT_IN_NAMES = set('/\\:*?"<>|')  # on one file system or another

Order = tuple[float, ...]


def is_junk(name: str) -> bool:
    """What operating systems and platforms leave in a download: never anybody's work, and not worth a word."""
    return is_ungraded([name]) or name.lower().endswith(".csv")


def is_code(name: str) -> bool:
    return name.endswith(CODE)


def is_zip(name: str) -> bool:
    return name.lower().endswith(".zip")


def is_other_archive(name: str) -> bool:
    return name.lower().endswith(OTHER_ARCHIVES)


def is_archive(name: str) -> bool:
    return is_zip(name) or is_other_archive(name)


def stem_of(name: str) -> str:
    """`name` without its suffix; that of an archive may be a double one."""
    double = next((suffix for suffix in OTHER_ARCHIVES if name.lower().endswith(suffix)), "")
    return name[: -len(double)] if double else Path(name).stem


def split_attempt(stem: str) -> tuple[str, Order]:
    """`alice_attempt2` and `alice (1)`, a browser's second download, are alice's. The higher number is the later."""
    copy, attempt = 0, 0
    if match := COPY.fullmatch(stem):
        stem, copy = match["rest"], int(match["number"])
    if match := ATTEMPT.fullmatch(stem):
        stem, attempt = match["rest"], int(match["number"])
    return stem, (attempt, copy)


def attempt_number(name: str) -> int | None:
    """The number of a folder or zip that is called just `attempt1` or `attempt_2`."""
    match = ATTEMPT_ALONE.fullmatch(stem_of(name) if is_zip(name) else name)
    return int(match["number"]) if match else None


def attempts_in(folder: Path) -> list[tuple[int, Path]]:
    """The attempts in a student's folder, when there is nothing else in it that could be graded."""
    found: list[tuple[int, Path]] = []
    for path in sorted(folder.iterdir()):
        number = attempt_number(path.name)
        container = path.is_dir() or is_zip(path.name)
        if path.is_symlink() or is_junk(path.name):
            continue
        if number is not None and container:
            found.append((number, path))
        elif container or is_code(path.name):
            return []
    return found


def student_id(text: str) -> str:
    """`text` as an id: never empty, printable, and fit for the name of a file on any system."""
    text = unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode())
    usable = "".join(
        character if character.isprintable() and character not in NOT_IN_NAMES else "_" for character in text
    )
    short = usable.strip().encode()[:ID_BYTES].decode(errors="ignore").rstrip(". ")
    return re.sub(r"^\.+", "_", short) or "_"


def unique(ids: Iterable[str]) -> list[str]:
    """`ids` with a number after each that was there before, be it in other case."""
    ids = list(ids)
    taken: set[str] = set()
    wanted = {student.casefold() for student in ids}
    result: list[str] = []
    for student in ids:
        name, number = student, 1
        while name.casefold() in taken or (number > 1 and name.casefold() in wanted):
            number += 1
            name = f"{student}-{number}"
        taken.add(name.casefold())
        result.append(name)
    return result
