"""What a release says to students: its README, and what of the hidden tests may be known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from grader.course import Course
from grader.release.outline import Outline

README = "README.md"
HIDDEN = "hidden.json"


def readme(course: Course, whole: Sequence[Outline], python: str, *, complete: bool) -> bytes:
    """The release's README. `complete`: the hidden tests are in it; `python`: the oldest version that will do."""
    return render(
        "README.md.j2",
        course=course.name,
        folder=course.settings.exercises,
        suites=course.settings.suites,
        python=python,
        complete=complete,
        exercises=[
            {
                "name": each.exercise.name,
                "folder": each.exercise.folder.name,
                "title": each.exercise.title,
                "public": each.points("public"),
                "hidden": each.points("hidden"),
            }
            for each in whole
        ],
    )


def graded_on_submission(whole: Sequence[Outline]) -> dict[str, bytes]:
    """The hidden tests' titles and points, for programs and for people, by the names of their files."""
    hidden = [each.graded_on_submission() for each in whole]
    return {
        HIDDEN: msgspec.json.format(msgspec.json.encode(hidden), indent=2) + b"\n",
        README: render("hidden.md.j2", exercises=hidden),
    }


def render(template: str, **values: Any) -> bytes:
    """What the template makes of `values`."""
    return _templates().get_template(template).render(values).encode()


@cache
def _templates() -> Environment:
    found = Environment(  # Markdown, not HTML: nothing to escape but what would end a cell of a table
        loader=PackageLoader("grader.release"), undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
    )
    found.filters["cell"] = lambda text: " ".join(str(text).split()).replace("|", "\\|")
    found.filters["points"] = lambda number: f"{number:g}"
    return found
