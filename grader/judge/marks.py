"""What a test's marks say, checked while the suite is collected."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import pytest

from grader.bans.names import parse
from grader.events import TestInfo

MARKS = {
    "points": "points(n): what a test is worth, 1 by default; the cases of a parametrized test share it",
    "public": "public: shipped to students and shown in full; every other test is hidden",
    "gpu": "gpu: needs an accelerator; deferred where there is none",
    "hint": "hint(text): shown when the test fails, a direction and not the answer",
    "timeout": "timeout(seconds): the test's clock, otherwise the course's",
    "forbid": "forbid(name, ...): calls that would be the answer, by their names in torch",
}


@dataclass(frozen=True)
class Marks:
    """One test's marks. `points` is what this case is worth."""

    info: TestInfo
    forbidden: tuple[str, ...]


def read(items: Iterable[pytest.Item], exercise: str, timeout_s: float) -> dict[pytest.Item, Marks]:
    """The marks of an exercise's `items`; a parametrized test's points are shared by all its cases.

    Raises:
        ValueError: a mark makes no sense; the message names the test.
    """
    functions: dict[str, list[pytest.Item]] = {}
    for item in items:
        functions.setdefault(item.nodeid.partition("[")[0], []).append(item)
    return {
        item: _read(item, exercise, number, len(cases), timeout_s)
        for cases in functions.values()
        for number, item in enumerate(cases, 1)
    }


def _read(item: pytest.Item, exercise: str, number: int, cases: int, timeout_s: float) -> Marks:
    points = _number(item, "points", 1.0)
    timeout_s = _number(item, "timeout", timeout_s)
    hint = _argument(item, "hint", None)
    if hint is not None and not isinstance(hint, str):
        raise ValueError(f"{item.name}: hint takes a text, not {hint!r}")
    public = item.get_closest_marker("public") is not None
    return Marks(
        info=TestInfo(
            exercise=exercise,
            name=item.name if public else _numbered(item, number),
            title=_title(item),
            points=points / cases,
            visibility="public" if public else "hidden",
            gpu=item.get_closest_marker("gpu") is not None,
            hint=hint,
            timeout_s=timeout_s,
        ),
        forbidden=_forbidden(item),
    )


def _numbered(item: pytest.Item, number: int) -> str:
    """The name of a hidden test: what pytest calls a case is made of the case's inputs."""
    function, parametrized, _ = item.name.partition("[")
    return f"{function}[{number}]" if parametrized else function


def _argument(item: pytest.Item, mark: str, default: Any) -> Any:
    """The one argument of the closest mark of this name."""
    found = item.get_closest_marker(mark)
    if found is None:
        return default
    if len(found.args) != 1 or found.kwargs:
        raise ValueError(f"{item.name}: {mark} takes one argument, as in {MARKS[mark].partition(':')[0]}")
    return found.args[0]


def _number(item: pytest.Item, mark: str, default: float) -> float:
    value = _argument(item, mark, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < float("inf"):
        raise ValueError(f"{item.name}: {mark} takes a number above 0, not {value!r}")
    return float(value)


def _forbidden(item: pytest.Item) -> tuple[str, ...]:
    names = dict.fromkeys(name for mark in item.iter_markers("forbid") for name in mark.args)
    try:
        parse(tuple(names))
    except ValueError as error:
        raise ValueError(f"{item.name}: {error}") from None
    return tuple(names)


def _title(item: pytest.Item) -> str:
    """The first line of the docstring; without one, the name as words."""
    described = inspect.getdoc(getattr(item, "function", None)) or ""
    first = described.strip().partition("\n")[0].strip()
    return first or item.name.partition("[")[0].removeprefix("test_").replace("_", " ")
