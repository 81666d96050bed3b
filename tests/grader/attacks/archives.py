"""Hand-ins that are archives, built here because no repository should hold them, and students' names that bite."""

from __future__ import annotations

import io
import stat
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.grader.attacks.course import HONEST, RIGHT

Build = Callable[[Mapping[str, Path]], bytes]


def packed(members: Mapping[str, str], links: Mapping[str, str] | None = None) -> bytes:
    """A zip, with links where its `links` say so."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
        for name, to in (links or {}).items():
            link = zipfile.ZipInfo(name)
            link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
            archive.writestr(link, to)
    return data.getvalue()


def traversal(places: Mapping[str, Path]) -> bytes:
    """Unpacks a neighbour's answer, and a file among the reports."""
    return packed({"target.py": HONEST, "../zz_after/target.py": "", f"{places['OUT']}/pwned": "", "../../pwned": ""})


def links(places: Mapping[str, Path]) -> bytes:
    """Has a link to the solution for an answer."""
    return packed({}, {"target.py": f"{places['COURSE']}/solutions/00_target/target.py"})


def bomb(places: Mapping[str, Path]) -> bytes:
    """Unpacks to a gigabyte."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("target.py", "w") as member:
        for _ in range(1 << 10):
            member.write(bytes(1 << 20))
    return data.getvalue()


def honest(places: Mapping[str, Path]) -> bytes:
    """Is right, and comes from somebody with a hostile name."""
    return packed({"target.py": HONEST + RIGHT})


FORMULA = "=cmd|' C calc'!A0.zip"
MARKUP = "<img src=x onerror=alert(1)>.zip"
CODES = "\x1b[31mred\x1b]0;title\x07.zip"

ARCHIVES: dict[str, Build] = {
    "a20-traversal.zip": traversal,
    "a20-links.zip": links,
    "a20-bomb.zip": bomb,
    FORMULA: honest,
    MARKUP: honest,
    CODES: honest,
}
