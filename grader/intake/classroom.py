"""GitHub Classroom: a clone of each student's repository.

    softmax-submissions/softmax-alice/.git      made by `gh classroom clone student-repos`
    softmax-submissions/softmax-bob-b/.git

A repository is called after the assignment and the user. What all of them begin with, up to a dash, is the
assignment; the folder around them names it too, when it has kept its name.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from grader.course import Course
from grader.intake.claims import Claim, Taken

AROUND = "-submissions"


def classroom(entries: Sequence[Path], course: Course) -> Taken:
    repositories = [path for path in entries if path.is_dir() and (path / ".git").exists()]
    rest = [path for path in entries if path not in repositories]
    assignment = _assignment([path.name for path in repositories], entries[0].parent.name) if repositories else ""
    claims = [Claim(path.name.removeprefix(assignment), path) for path in repositories]
    return Taken(claims, rest=rest)


def _assignment(names: Sequence[str], around: str) -> str:
    """What comes before the user in each of `names`; nothing where that cannot be told."""
    assignment = f"{around.removesuffix(AROUND)}-"
    if around.endswith(AROUND) and all(name.startswith(assignment) and name != assignment for name in names):
        return assignment
    shared = os.path.commonprefix(names)  # noqa: RUF071  # letters are meant: repositories lie side by side
    shared = shared[: shared.rfind("-") + 1]
    return shared if len(names) > 1 and shared not in names else ""
