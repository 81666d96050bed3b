"""Runs where the submission runs: from a file's source to a module.

The source comes from the judge, which has read it already; the file need not be readable here.
"""

from __future__ import annotations

import sys
import types
from collections.abc import Sequence

from grader.boundary.failures import failure

Problem = list[object]
"""A part of a file that raised: its number, the exception's kind, its text, and the lines it passed."""


def load(
    source: bytes, filename: str, name: str, parts: Sequence[tuple[int, int]] = ()
) -> tuple[types.ModuleType, list[Problem]]:
    """Run a submission's file as the module `name`.

    Args:
        parts: first and last line of each part that is to run by itself (a notebook's cells). What one of
            them raises costs the rest of that part alone. Without parts, what the file raises is raised.
    """
    module = types.ModuleType(name)
    module.__file__ = filename
    sys.modules[name] = module  # dataclasses and pickling look it up there
    if parts:
        module.__dict__["display"] = _display
    lines = source.splitlines(keepends=True)
    problems: list[Problem] = []
    for number, (first, last) in enumerate(parts, 1):
        part = b"\n" * (first - 1) + b"".join(lines[first - 1 : last])  # lines keep their numbers
        try:
            run(part, filename, module)
        except (Exception, SystemExit) as error:
            said = failure(error, filename)
            problems.append([number, said.kind, said.message, said.lines])
    if not parts:
        run(source, filename, module)
    return module, problems


def _display(*shown: object, **how: object) -> None:
    """In the place of what Jupyter gives every notebook: nobody looks on here."""


def run(source: bytes, filename: str, module: types.ModuleType) -> None:
    exec(compile(source, filename, "exec", dont_inherit=True), module.__dict__)
