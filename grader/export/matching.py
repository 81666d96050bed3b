"""Which student of a batch has which row of a platform's list: nobody is lost silently, and nobody is guessed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from grader.batch.summary import Student
from grader.export.grades import whose
from grader.report import one_line

Row = list[str]
StudentKey = Callable[[Student], Iterable[str | None]]
RowKey = Callable[[Row], Iterable[str]]
"""What somebody is known by, of one kind: no spelling, one or several."""


@dataclass(frozen=True)
class Matching:
    """`students`: for each row whose it is, or None. `notes`: a sentence for everybody without a counterpart.
    `complete`: every student has a row."""

    students: tuple[Student | None, ...]
    notes: tuple[str, ...]
    complete: bool


def match(
    students: Sequence[Student],
    rows: Sequence[Row],
    keys: Sequence[tuple[StudentKey, RowKey]],
    named: Callable[[Row], str],
    where: str,
) -> Matching:
    """Find each student's row.

    Args:
        keys: what tells a student and a row, the surest first. One that fits several rows decides nothing.
        named: how messages name a row.
        where: how they name the list.
    """
    indexes = [(key, _index(rows, row_key)) for key, row_key in keys]
    found: dict[int, list[Student]] = {}
    notes: list[str] = []
    for student in students:
        place = _place(student, indexes)
        if place is None:
            notes.append(f"{whose(student)}: graded, and not in the {where}; left out of the file.")
        else:
            found.setdefault(place, []).append(student)
    for place, row in enumerate(rows):
        claims = found.get(place, [])
        if not claims:
            notes.append(f"{one_line(named(row))}: in the {where}, and nothing of theirs was graded.")
        elif len(claims) > 1:
            listed = " and ".join(map(whose, claims))
            notes.append(f"{one_line(named(row))}: {listed} both fit this row of the {where}; neither is filled in.")
    sole = {place: claims[0] for place, claims in found.items() if len(claims) == 1}
    return Matching(
        students=tuple(sole.get(place) for place in range(len(rows))),
        notes=tuple(notes),
        complete=len(sole) == len(students),
    )


def _place(student: Student, indexes: Iterable[tuple[StudentKey, dict[str, list[int]]]]) -> int | None:
    for key, index in indexes:
        for spelling in key(student):
            places = index.get(_folded(spelling or ""), [])
            if len(places) == 1:
                return places[0]
    return None


def _index(rows: Iterable[Row], key: RowKey) -> dict[str, list[int]]:
    index: dict[str, list[int]] = {}
    for place, row in enumerate(rows):
        for spelling in set(map(_folded, key(row))) - {""}:
            index.setdefault(spelling, []).append(place)
    return index


def _folded(text: str) -> str:
    """`text` for comparing: case, accents' encodings and spaces make no difference."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def spoken(name: str) -> str:
    """A name as it is spoken: `Lovelace, Ada` is `Ada Lovelace`."""
    last, comma, first = name.partition(",")
    return f"{first} {last}".strip() if comma else name
