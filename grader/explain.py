"""The source of a public test, for whoever wants to see what it asks."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from grader.course import Course
from grader.errors import UsageError, did_you_mean

PUBLIC = "pytest.mark.public"


@dataclass(frozen=True)
class Shown:
    """A test's source. `where`: the suite's file and the line it begins in."""

    where: str
    source: str


def explain(course: Course, name: str) -> list[Shown]:
    """The public tests called `name`, of whatever exercise; a case's name means its test.

    Raises:
        UsageError: no public test is called so.
    """
    function = name.partition("[")[0]
    known: list[str] = []
    found: list[Shown] = []
    for exercise in course.exercises:
        text = exercise.suite.read_text(encoding="utf-8")
        for test in _public_tests(text):
            known.append(test.name)
            if test.name == function:
                first = min([test.lineno, *(decorator.lineno for decorator in test.decorator_list)])
                source = "\n".join(text.split("\n")[first - 1 : test.end_lineno])
                found.append(Shown(f"{exercise.suite.relative_to(course.root)}, line {first}", source))
    if not found:
        raise UsageError(
            f"--explain {name}: no public test is called so.{did_you_mean(function, known)} "
            "Of a hidden test, the title and the hint are all there is to see."
        )
    return found


def _public_tests(suite: str) -> Iterator[ast.FunctionDef]:
    """The test functions that a mark of their own, or one of the whole suite, makes public."""
    body = ast.parse(suite).body
    marks = (node for node in body if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "pytestmark")
    everywhere = any(PUBLIC in ast.unparse(mark.value) for mark in marks)
    for test in (node for node in body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")):
        if everywhere or PUBLIC in map(ast.unparse, test.decorator_list):
            yield test
