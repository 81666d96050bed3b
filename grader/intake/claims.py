"""What a form makes of a download: which of its entries are whose.

A form is a function in a module of its own. It gets the entries that no form before it knew, and takes those that
follow its convention.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from grader.course import Course
from grader.intake.names import Order
from grader.intake.person import Person


@dataclass(frozen=True)
class Claim:
    """One folder, archive or file of one student.

    Attributes:
        order: its number among the student's attempts; the last one counts.
        file: what a single file is called in the hand-in, where it joins the student's others. Of two with one
            name, the last counts. None: `path` is an attempt by itself.
        problem: why nothing of it can be graded.
    """

    student: str
    path: Path
    order: Order = ()
    file: str | None = None
    person: Person = field(default_factory=Person)
    problem: str | None = None


@dataclass
class Taken:
    """What a form took. `ignored` has a sentence for what it knows and nobody can be graded for."""

    claims: list[Claim] = field(default_factory=list)
    ignored: list[str] = field(default_factory=list)
    rest: list[Path] = field(default_factory=list)


Form = Callable[[Sequence[Path], Course], Taken]
"""Gets what lies at the top of the download, in the order of its names; junk and links are left out already."""
