"""A hand-in: of all that one student handed in, the attempt that counts."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from grader.intake.claims import Claim
from grader.intake.errors import IntakeError
from grader.intake.layout import Piece, files_in, known_problem, laid_out
from grader.intake.names import Order, student_id
from grader.intake.person import Person

Label = Callable[[Path], str]


@dataclass(frozen=True)
class Handin:
    """The attempt that counts of one student.

    Attributes:
        student: an id; printable, fit for a file's name, and in one batch unique whatever the case.
        label: its place in the download, for messages.
        person: who the student is, as far as the download tells.
        earlier: the labels of attempts that do not count.
        problem: why nothing of it can be graded, for the student, if that is known already.
        pieces: the folders and files it is made of.
    """

    student: str
    label: str
    person: Person
    earlier: tuple[str, ...]
    problem: str | None
    pieces: tuple[Piece, ...]

    @contextmanager
    def opened(self, scratch: Path) -> Iterator[Path]:
        """A folder with this student's files and nobody else's; a laid-out one lies below `scratch` and is removed.

        Raises:
            IntakeError: it cannot be laid out; the message is for the student.
        """
        if self.problem:
            raise IntakeError(self.problem)
        with laid_out(self.pieces, self.student, scratch) as folder:
            yield folder


def handins(claims: Iterable[Claim], label: Label) -> list[Handin]:
    """One for each student, of the claims of one form. `label` names a path."""
    students: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in claims:
        students[unicodedata.normalize("NFC", claim.student)].append(claim)
    return [_handin(student_id(student), its, label) for student, its in students.items()]


def _handin(student: str, claims: Sequence[Claim], label: Label) -> Handin:
    """Of folders and archives the last counts. Single files are one attempt together: the last of each name."""
    ranked = sorted(claims, key=_rank) if len(claims) > 1 else claims
    last = ranked[-1]
    files = {claim.file: claim for claim in ranked if claim.file}
    counts = sorted(files.values(), key=lambda claim: claim.path) if last.file else [last]
    pieces = tuple(Piece(claim.path, claim.file or claim.path.name) for claim in counts)
    return Handin(
        student=student,
        label=_listed([label(claim.path) for claim in counts]),
        person=counts[0].person,
        earlier=tuple(label(claim.path) for claim in ranked if claim not in counts),
        problem=counts[0].problem or known_problem(pieces),
        pieces=pieces,
    )


def _rank(claim: Claim) -> tuple[Order, float, Path]:
    return claim.order, _modified(claim.path), claim.path


def _modified(path: Path) -> float:
    """When a file was last changed, or the newest in a folder: a folder's own time is that of unpacking it."""
    times = [file.lstat().st_mtime for file in files_in(path)] if path.is_dir() else []
    return max(times, default=path.lstat().st_mtime if path.exists() else 0.0)


def _listed(labels: Sequence[str]) -> str:
    return labels[0] if len(labels) == 1 else f"{labels[0]} and {len(labels) - 1} more"
