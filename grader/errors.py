"""What can go wrong outside a submission.

    GraderError          the grader itself failed                    exit 3
    ├── NotConfinedError submissions cannot be confined here         exit 3
    ├── CourseError      the course is not as it must be             exit 3
    └── UsageError       a path, a name or an option is wrong        exit 2

Each message names the thing, what was found there, and what to do next. What is wrong with a
*submission* is never an exception: it is a status or an outcome in the report.
"""

from __future__ import annotations

from collections.abc import Iterable


class GraderError(Exception):
    """The grader itself failed. The message is for the person who ran `grade`."""

    exit_code = 3


class CourseError(GraderError):
    """The course's configuration or layout is wrong: for its author to mend."""


class NotConfinedError(GraderError):
    """Layers of confinement are missing that must hold. Nothing of the submission was run."""


class UsageError(GraderError):
    """`grade` was asked for something that is not there."""

    exit_code = 2


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A question to end a message with where one of `known` is close to `name`; otherwise nothing."""
    from difflib import get_close_matches

    matches = get_close_matches(name, known, n=1)
    return f" Did you mean '{matches[0]}'?" if matches else ""
