"""A module as a notebook to work in, and a notebook as a module again.

The notebook has the lesson in Markdown, each task before the cell it is about, and at the end a cell that
grades. The same module and lesson make the same bytes. A module that is made of that notebook is the
module again, but for blank lines around definitions.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
import warnings
from collections.abc import Iterator
from itertools import pairwise

import nbformat
from nbformat import NotebookNode

from grader import source
from grader.notebook import to_module

DEFINITION = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

FENCE = re.compile(r" {0,3}(```|~~~)")
HEADING = re.compile(r"#{2,3} ")
HINTS = "## Hints"

BETWEEN = "\n\n\n"
"""Two blank lines, as between definitions."""

MADE_OF = "grader_made_of"
"""In a notebook's metadata: the digest of the module that it was made of."""

SAVE_FIRST = "Save the notebook, then run the cell below: what is saved is graded."


def notebook_of(code: bytes, lesson: str, name: str, label: str) -> bytes:
    """The notebook of a module.

    Args:
        code: the module.
        lesson: its lesson, in Markdown; may be empty.
        name: the exercise that the last cell grades.
        label: what messages call the module.

    Raises:
        SourceError: `code` is not Python in UTF-8.
    """
    source.parse(code, label)
    sections = _sections(lesson)
    hints = next((index for index, text in enumerate(sections) if text.startswith(HINTS)), len(sections))
    before, hinted = sections[:hints], sections[hints:]
    cells: list[NotebookNode] = []
    first, *rest = _parts(_text(code))
    placed = [(_about(part, before), part) for part in rest]
    taken = {text for text, _ in placed if text is not None}
    cells += [_markdown(text) for text in before if text not in taken]
    cells += [_code(first)] if first else []
    told: set[str] = set()
    for text, part in placed:
        if text is not None and text not in told:
            told.add(text)
            cells.append(_markdown(text))
        cells.append(_code(part))
    cells += [_markdown("\n\n".join(hinted))] if hinted else []
    cells += [_markdown(SAVE_FIRST), _code(f"%load_ext grader\n%grade {name}")]
    return _written(cells, _digest(code))


def says_the_same(notebook: bytes, module: bytes, label: str) -> bool:
    """Whether `module` is what the notebook was made of, or what it comes to: not another answer.

    Raises:
        SourceError: as for `module_of`.
    """
    code, _ = module_of(notebook, label)
    metadata = json.loads(notebook.decode("utf-8-sig")).get("metadata")
    made_of = metadata.get(MADE_OF) if isinstance(metadata, dict) else None
    return made_of == _digest(module) or source.same_code(module, code)


def module_of(notebook: bytes, label: str) -> tuple[bytes, tuple[str, ...]]:
    """The module that a notebook's code makes up, and what was left out of it, a sentence each.

    Raises:
        SourceError: it is no notebook, or holds more code than is written by hand.
    """
    module = to_module(notebook, label)
    lines = module.source.decode().split("\n")
    cells = [_without_pass("\n".join(lines[first - 1 : last])) for first, last in module.parts]
    return (BETWEEN.join(filter(None, cells)) + "\n").encode(), module.notes


# The code --------------------------------------------------------------------------------------


def _tree(code: str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(code)


def _text(code: bytes) -> str:
    return code.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")


def _parts(text: str) -> Iterator[str]:
    """What stands before the first definition, then each definition with what follows it."""
    lines = text.split("\n")
    starts = [1, *_starts(_tree(text), lines), len(lines) + 1]
    return ("\n".join(lines[start - 1 : end - 1]).strip("\n") for start, end in pairwise(starts))


def _starts(module: ast.Module, lines: list[str]) -> Iterator[int]:
    """The line at which each definition at the top level begins: decorators and comments above it are its own."""
    end = 0
    for node in module.body:
        if isinstance(node, DEFINITION):
            start = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            while start - 1 > end and lines[start - 2].startswith("#"):
                start -= 1
            yield start
        end = node.end_lineno or end


def _without_pass(cell: str) -> str:
    """`cell` without the statements at its top level that do nothing: magics stood there."""
    lines = cell.split("\n")
    idle = {node.lineno for node in _tree(cell).body if isinstance(node, ast.Pass)}
    kept = [line for number, line in enumerate(lines, 1) if not (number in idle and line.rstrip() == "pass")]
    return "\n".join(kept).strip("\n")


# The lesson ------------------------------------------------------------------------------------


def _sections(lesson: str) -> list[str]:
    """The lesson, cut before each heading of the second and third level."""
    sections: list[list[str]] = [[]]
    fenced = False
    for line in lesson.split("\n"):
        fenced ^= bool(FENCE.match(line))
        if HEADING.match(line) and not fenced:
            sections.append([])
        sections[-1].append(line)
    return [text for section in sections if (text := "\n".join(section).strip("\n"))]


def _about(part: str, sections: list[str]) -> str | None:
    """The section whose heading names what `part` defines; None where there is none."""
    name = next(node.name for node in _tree(part).body if isinstance(node, DEFINITION))
    tasks = [text for text in sections if text.startswith("### ")]
    return next((text for text in tasks if name in re.findall(r"\w+", text.partition("\n")[0])), None)


# The notebook ----------------------------------------------------------------------------------


def _markdown(text: str) -> NotebookNode:
    cell: NotebookNode = nbformat.v4.new_markdown_cell(text)
    return cell


def _code(text: str) -> NotebookNode:
    cell: NotebookNode = nbformat.v4.new_code_cell(text)
    return cell


def _digest(code: bytes) -> str:
    return hashlib.sha256(code).hexdigest()


def _written(cells: list[NotebookNode], made_of: str) -> bytes:
    for number, cell in enumerate(cells, 1):
        cell.id = f"cell-{number}"  # nbformat's own are random
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
        MADE_OF: made_of,
    }
    made = nbformat.v4.new_notebook(cells=cells, metadata=metadata)
    nbformat.validate(made)
    return str(nbformat.writes(made)).encode() + b"\n"
