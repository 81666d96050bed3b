"""What a file is that should be a zip, told by how it begins."""

from __future__ import annotations

from typing import BinaryIO

HEAD = 512
ZIP = (b"PK\x03\x04", b"PK\x05\x06")  # a member, or the end of an empty table of contents

KINDS = {
    b"Rar!": "a RAR archive",
    b"7z\xbc\xaf\x27\x1c": "a 7-Zip archive",
    b"\x1f\x8b": "a gzip archive",
    b"BZh": "a bzip2 archive",
    b"\xfd7zXZ": "an xz archive",
    b"%PDF": "a PDF document",
    b"PK": "a part of an archive that was split",
}


def what_it_is(file: BinaryIO) -> str | None:
    """What a file is that is no zip; None where it begins as a zip does."""
    file.seek(0)
    head = file.read(HEAD)
    if head.startswith(ZIP):
        return None
    if not head:
        return "empty"
    if head[257:262] == b"ustar":
        return "a tar archive"
    if head.lstrip().lower().startswith((b"<!doctype html", b"<html")):
        return "a web page"
    return next((kind for magic, kind in KINDS.items() if head.startswith(magic)), "another kind of file")
