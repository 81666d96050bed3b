"""What came of an exercise's mutants, and how it is shown."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from tests.mutation.mutants import Mutant
from tests.mutation.run import Judgement

LIMIT = 0.03
"""The share of an exercise's mutants that may live on without an explanation."""


@dataclass(frozen=True)
class Outcome:
    """One exercise's mutants.

    Attributes:
        plain: the solution that they differ from.
        mutants: all of them; those in `living` are rejected by no test.
        explanations: of the exercise, by a mutant's id.
    """

    exercise: str
    plain: str
    mutants: Sequence[Mutant]
    living: Sequence[tuple[Mutant, Judgement]]
    explanations: dict[str, str]

    @property
    def unexplained(self) -> list[tuple[Mutant, Judgement]]:
        return [(mutant, judgement) for mutant, judgement in self.living if mutant.id not in self.explanations]

    @property
    def stale(self) -> list[str]:
        """What is explained though it is rejected, or though there is no such mutant (of the functions looked at)."""
        living = {mutant.id for mutant, _ in self.living}
        functions = {mutant.function for mutant in self.mutants}
        return [id for id in self.explanations if id not in living and id.partition(":")[0] in functions]

    @property
    def share(self) -> float:
        return len(self.unexplained) / max(len(self.mutants), 1)

    @property
    def bad(self) -> bool:
        return self.share > LIMIT or bool(self.stale)


def show(outcomes: Sequence[Outcome], out: Console) -> None:
    """Print a table, then what lives on without an explanation and explanations that fit nothing."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("exercise", "mutants", "killed", "survived", "explained", "unexplained"):
        table.add_column(heading, justify="left" if heading == "exercise" else "right")
    for of in outcomes:
        total, living = len(of.mutants), len(of.living)
        explained = living - len(of.unexplained)
        table.add_row(of.exercise, *map(str, (total, total - living, living, explained)), f"{of.share:.1%}")
    out.print(table)
    for of in outcomes:
        for line in _findings(of):
            out.print(line, markup=False, highlight=False, soft_wrap=True)


def _findings(of: Outcome) -> Iterator[str]:
    for mutant, judgement in of.unexplained:
        # The id is written as equivalent.toml takes it for a key.
        yield f"\n{of.exercise}: no test rejects {json.dumps(mutant.id, ensure_ascii=False)}"
        yield from _difference(of.plain, mutant.source)
        yield from (f"  The grader or the suite is at fault: {fault}" for fault in judgement.faults)
    for id in of.stale:
        yield f"\n{of.exercise}: equivalent.toml explains what does not live on: {json.dumps(id, ensure_ascii=False)}"


def _difference(plain: str, changed: str) -> Iterator[str]:
    lines = difflib.unified_diff(plain.splitlines(), changed.splitlines(), n=0, lineterm="")
    return (f"  {line}" for line in lines if not line.startswith(("---", "+++", "@@")))
