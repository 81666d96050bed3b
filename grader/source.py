"""One untrusted source file: read within limits, and turned down where it cannot be Python in UTF-8.

Nothing is imported, run or compiled here: `grade` itself reads these files, and a few lines of
Python can make a compiler work for hours. The worker compiles them, confined and on a clock.
"""

from __future__ import annotations

import ast
import codecs
import os
import stat
import tokenize
import warnings
from io import BytesIO
from pathlib import Path

MAX_BYTES = 100_000  # some 2500 lines; parsing takes up to a second then, for f-strings on Python 3.11
MAX_LINE = 56  # of a line of code in a message, so that the caret under it stays in place


class SourceError(Exception):
    """A file that cannot be graded; the message is for the student."""


def read(path: Path, base: Path, label: str, limit: int = MAX_BYTES) -> bytes:
    """What the file at `path` holds; a link is followed within the folder `base` only.

    Raises:
        SourceError: it leads elsewhere, is no ordinary file, cannot be opened, or is too large.
    """
    path = Path(os.path.realpath(path))  # unlike Path.resolve, not undone by links in a circle
    if not path.is_relative_to(base):
        raise SourceError(f"{label} is a link that leads out of the submission. Hand in the file itself.")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)  # a pipe must not block
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise SourceError(f"{label} is not an ordinary file.")
            source = file.read(limit + 1)
    except OSError as error:
        raise SourceError(f"{label} cannot be read: {error.strerror}.") from error
    if len(source) > limit:
        raise SourceError(f"{label} is larger than {limit // 1000} kB, too large for code written by hand.")
    return source


def parse(source: bytes, label: str) -> None:
    """Check the grammar of `source`. What only a compiler notices is left to the worker.

    Raises:
        SourceError: it is not Python in UTF-8.
    """
    text = _decode(source, label)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, label, "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        raise SourceError(_syntax_message(error, text, label)) from error
    except (ValueError, RecursionError, MemoryError, OverflowError) as error:
        reason = str(error) if isinstance(error, ValueError) else "it is nested too deeply"
        raise SourceError(f"{label} cannot be parsed: {reason}.") from error


def same_code(source: bytes, other: bytes) -> bool:
    """Whether the two differ in nothing but a byte order mark, line ends and white space at the ends of lines."""
    return _trimmed(source) == _trimmed(other)


def _trimmed(source: bytes) -> list[bytes]:
    return [line.rstrip() for line in source.removeprefix(codecs.BOM_UTF8).rstrip().splitlines()]


def _decode(source: bytes, label: str) -> str:
    """UTF-8 only: what a file declares would otherwise decide how each of its readers understands it."""
    try:
        text = source.decode("utf-8-sig")
        lines = BytesIO(_newlines(source))  # the compiler takes a lone \r for the end of a line; tokenize does not
        encoding, _ = tokenize.detect_encoding(lines.readline)
    except UnicodeDecodeError as error:
        line = _newlines(error.object[: error.start]).count(b"\n") + 1
        found = f"this is not UTF-8 text (byte 0x{error.object[error.start]:02x})"
        raise SourceError(f"{label}, line {line}: {found}. Save it as UTF-8.") from error
    except SyntaxError as error:
        raise SourceError(f"{label}: {error.msg}. Save the file as UTF-8 and take that line out.") from error
    if codecs.lookup(encoding).name not in ("utf-8", "utf-8-sig"):
        raise SourceError(f"{label} declares the encoding {encoding}. Save it as UTF-8 and take that line out.")
    return text


def _newlines(source: bytes) -> bytes:
    return source.replace(b"\r\n", b"\n").replace(b"\r", b"\n")


def _syntax_message(error: SyntaxError, text: str, label: str) -> str:
    """Where, what, and the student's own line with a caret below it."""
    if not error.lineno:
        return f"{label}: {error.msg}"
    head = f"{label}, line {error.lineno}: {error.msg}"
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    line = lines[min(error.lineno, len(lines)) - 1].rstrip()
    if not line:
        return head
    if (error.text or "").rstrip() != line:  # inside an f-string, Python 3.11 counts from its brace
        return f"{head}\n    {line.strip()[:MAX_LINE]}"
    line = line.expandtabs(1)
    column = min(max((error.offset or 1) - 1, 0), len(line))
    indent = len(line) - len(line.lstrip())
    start = max(min(indent, column), column - MAX_LINE + 8)
    return f"{head}\n    {line[start : start + MAX_LINE]}\n    {' ' * (column - start)}^"
