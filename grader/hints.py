"""A lesson's hints, and which of its tasks a test is about.

    ## Hints

    ### 2. softmax

    <details><summary>Rule</summary>
    What does exp do to 1000?
    </details>

Nothing marks a test with its task. Its suite tells: a test is about the tasks whose names it uses, as
`student.softmax`, or where it has none of these, through what else the suite defines and as strings. Of
several, it is the one that the case's id names (of a hidden test it is a number), the one whose call the
message tells of, or else the last: it needs the others.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from grader.report import Exercise, Test
from grader.words import LOST, base_name

SECTION = re.compile(r"^### (\d+)\. +(.*)$", re.MULTILINE)
HINT = re.compile(r"<details><summary>(.*?)</summary>(.*?)</details>", re.DOTALL)

CALL = re.compile(r"In (\w+)|(\w+)\(")
"""How a message begins that tells of a call: `In softmax:` or `softmax(...) returned`."""

Suite = dict[str, ast.stmt]
"""What a suite defines at its top level, by name."""


@dataclass(frozen=True)
class Hint:
    """One step: what kind of help it is, and the text, in Markdown."""

    label: str
    text: str


@dataclass(frozen=True)
class Task:
    """A task and its hints, in the order in which they are to be given."""

    number: int
    title: str
    hints: tuple[Hint, ...]

    @property
    def names(self) -> frozenset[str]:
        """The words of the title; what is to be written is among them."""
        return frozenset(re.findall(r"[^\W\d]\w*", self.title))


def tasks_in(lesson: str) -> tuple[Task, ...]:
    """The tasks that a lesson has hints for."""
    part = lesson.replace("\r\n", "\n").partition("\n## Hints\n")[2].partition("\n## ")[0]
    pieces = SECTION.split(part)[1:]
    return tuple(
        Task(int(number), title.strip(), tuple(Hint(*map(str.strip, hint)) for hint in HINT.findall(text)))
        for number, title, text in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True)
    )


def first_open(result: Exercise, suite: str, tasks: Sequence[Task]) -> Task | None:
    """The first task with a test that is lost or still to do; None where no such test is about a task.

    Args:
        suite: the source of the suite that `result` came of.
    """
    of = task_finder(suite, tasks)
    undone = [of(test) for test in result.tests if test.outcome in LOST or test.outcome == "todo"]
    return min((task for task in undone if task is not None), key=_number, default=None)


def task_finder(suite: str, tasks: Sequence[Task]) -> Callable[[Test], Task | None]:
    """A function from a test to the task that it is about.

    Raises:
        SyntaxError: `suite` is not Python.
    """
    by_name = {name: task for task in tasks for name in task.names}
    defined = _definitions(ast.parse(suite))

    @cache
    def of_function(name: str) -> set[str]:
        if name not in defined:
            return set()
        reached = list(_reached(name, defined))
        return (_asked([defined[name]]) & by_name.keys()) or ((_asked(reached) | _strings(reached)) & by_name.keys())

    def of_test(test: Test) -> Task | None:
        names = of_function(base_name(test))
        case = test.name.partition("[")[2].removesuffix("]")
        called = CALL.match(test.message or "")
        narrowed = names & set(case.split("-")) or names & set(called.groups() if called else ())
        return max((by_name[name] for name in narrowed or names), key=_number, default=None)

    return of_test


def _number(task: Task) -> int:
    return task.number


def _definitions(module: ast.Module) -> Suite:
    found: Suite = {}
    for statement in module.body:
        if isinstance(statement, ast.FunctionDef | ast.ClassDef):
            found[statement.name] = statement
        elif isinstance(statement, ast.Assign | ast.AnnAssign):
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            names = [node.id for target in targets for node in ast.walk(target) if isinstance(node, ast.Name)]
            found |= dict.fromkeys(names, statement)
    return found


def _asked(statements: Iterable[ast.stmt]) -> set[str]:
    """What they ask the submission for by name."""
    attributes = (node for node in _nodes(statements) if isinstance(node, ast.Attribute))
    return {node.attr for node in attributes if isinstance(node.value, ast.Name) and node.value.id == "student"}


def _strings(statements: Iterable[ast.stmt]) -> set[str]:
    constants = (node.value for node in _nodes(statements) if isinstance(node, ast.Constant))
    return {value for value in constants if isinstance(value, str)}


def _nodes(statements: Iterable[ast.stmt]) -> Iterator[ast.AST]:
    return (node for statement in statements for node in ast.walk(statement))


def _reached(name: str, defined: Suite) -> Iterator[ast.stmt]:
    """The definitions that `name` comes to use, directly or through others."""
    waiting, seen = [name], {name}
    while waiting:
        statement = defined[waiting.pop()]
        yield statement
        new = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} & defined.keys() - seen
        waiting += sorted(new)
        seen |= new
