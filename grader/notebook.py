"""A notebook as the module that its code cells make up.

Every cell keeps its lines, so that a place in a message can be found in the notebook. What is no
Python (magics, shell lines, cells in another language) is left out and counted; a cell that cannot be
parsed is left out and named, and costs none of the others.

Nothing is run here. What a cell raises is found out where the submission runs (`worker.loading`).
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from grader import source

KEPT_MAGICS = {"%%time", "%%capture"}
"""Cell magics below which stands ordinary Python, to be run as it is."""

MAGIC = re.compile(r"\s*([%!?]|[\w.\[\]'\" ,]+=\s*[%!]|[\w.]+\?{1,2}\s*$)")
"""A line that IPython understands and Python does not: `%magic`, `!command`, `x = !command`, `?name`, `name?`."""

GRADING = re.compile(r"\s*%(load_ext\s+grader|grade)\b")
"""The grader's own magics: left out without a word."""


@dataclass(frozen=True)
class Module:
    """The code of a notebook.

    Attributes:
        source: the code cells, one below the other.
        parts: the first and last line of each code cell in `source`.
        notes: what was left out, a sentence each.
    """

    source: bytes
    parts: tuple[tuple[int, int], ...]
    notes: tuple[str, ...]


def to_module(data: bytes, label: str) -> Module:
    """The module that a notebook's code cells make up.

    Raises:
        SourceError: `data` is no notebook, or holds more code than is written by hand.
    """
    text: list[str] = []
    parts: list[tuple[int, int]] = []
    notes: list[str] = []
    left_out: Counter[str] = Counter()
    for number, cell in enumerate(_code_cells(data, label), 1):
        code = _python(cell, left_out)
        try:
            source.parse(code.encode("utf-8", "replace"), f"code cell {number} of {label}")
        except source.SourceError as problem:
            notes.append(f"Left out: {problem}")
            code = "\n".join(f"# {line}" for line in code.split("\n"))
        parts.append((len(text) + 1, len(text) + len(code.split("\n"))))
        text += [*code.split("\n"), ""]
    joined = "\n".join(text).encode("utf-8", "replace")
    if len(joined) > source.MAX_BYTES:
        raise source.SourceError(f"{label} holds more than {source.MAX_BYTES // 1000} kB of code.")
    return Module(joined, tuple(parts), (*notes, *_counted(left_out, label)))


def _counted(left_out: Counter[str], label: str) -> Iterator[str]:
    for what, count in left_out.items():
        yield f"{count} {what}{'' if count == 1 else 's'} of {label} {'was' if count == 1 else 'were'} left out."


def _code_cells(data: bytes, label: str) -> list[str]:
    """The text of each code cell; older formats are brought up to date."""
    import nbformat
    from nbformat import reader

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            read = reader.reads(data.decode("utf-8-sig"))
            _drop_outputs(read)  # large, of no use here, and slow to bring up to date
            cells = nbformat.convert(read, 4).cells
        return [_text(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    except Exception as error:  # whatever a file that is no notebook makes nbformat raise
        detail = "it is not text in UTF-8" if isinstance(error, UnicodeDecodeError) else "nbformat cannot read it"
        raise source.SourceError(f"{label} is no Jupyter notebook: {detail}. Save it anew from Jupyter.") from error


def _drop_outputs(notebook: Any) -> None:
    sheets = notebook.get("worksheets", [notebook])  # nbformat 3 has worksheets
    for cell in (cell for sheet in sheets for cell in sheet["cells"]):
        if "outputs" in cell:
            cell["outputs"] = []


def _text(given: object) -> str:
    text = "".join(given) if isinstance(given, list) else given
    if not isinstance(text, str):
        raise TypeError("the source of a cell is no text")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _python(cell: str, left_out: Counter[str]) -> str:
    """The cell without what only IPython understands. Lines keep their numbers."""
    lines = cell.split("\n")
    first = next((number for number, line in enumerate(lines) if line.strip()), 0)
    if lines[first].lstrip().startswith("%%"):
        magic = lines[first].split()[0]
        left_out["magic or shell line" if magic in KEPT_MAGICS else "cell in another language"] += 1
        if magic not in KEPT_MAGICS:
            return "\n".join(f"# {line}" for line in lines)
        lines[first] = ""
    for _ in lines:
        found = _stumbled("\n".join(lines))
        if found is None or not MAGIC.match(lines[found]):
            break
        if not GRADING.match(lines[found]):
            left_out["magic or shell line"] += 1
        _leave_out(lines, found)
    return "\n".join(lines)


def _stumbled(code: str) -> int | None:
    """The index of the line where Python's grammar does not hold; None where it does, or where that cannot be said."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(code, "cell", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        lines = code.count("\n") + 1
        return error.lineno - 1 if error.lineno is not None and 1 <= error.lineno <= lines else None
    except (ValueError, RecursionError, MemoryError, OverflowError):
        return None
    return None


def _leave_out(lines: list[str], found: int) -> None:
    """Put a statement that does nothing in the line's place; what it continues goes with it."""
    line = lines[found]
    lines[found] = f"{line[: len(line) - len(line.lstrip())]}pass"
    while line.rstrip().endswith("\\") and found + 1 < len(lines):
        found += 1
        line, lines[found] = lines[found], ""
