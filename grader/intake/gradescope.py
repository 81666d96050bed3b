"""Gradescope: "Export Submissions" of an assignment.

    submission_metadata.yml
    submission_90311/softmax.py

    submission_90311:                          a key for each folder
      :submitters:                             more than one for a group: each of them gets the grade
      - :name: Jané Doe
        :sid: '4217'
        :email: doe@example.edu
      :created_at: 2026-11-02 18:04:11.912839000 Z

Ruby writes the file, hence the colons. A student is known by the sid, or else the email address, or else the name.
Of two submissions of one student, the later counts. What else the file says (scores, results, history) is not read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import yaml

from grader.course import Course
from grader.errors import UsageError
from grader.intake.claims import Claim, Taken
from grader.intake.members import shown
from grader.intake.person import Person
from grader.submission import printable

METADATA = "submission_metadata.yml"
MAX_BYTES = 50_000_000  # a class's results and histories are in it


class Submitter(msgspec.Struct, frozen=True, rename=":{}".format):
    name: str | None = None
    sid: str | None = None
    email: str | None = None


class Submission(msgspec.Struct, frozen=True, rename=":{}".format):
    submitters: list[Submitter] = []
    created_at: str = ""


def gradescope(entries: Sequence[Path], course: Course) -> Taken:
    """Raises UsageError where the metadata cannot be read: without it, nobody's name is known."""
    file = next((path for path in entries if path.name == METADATA), None)
    if not file:
        return Taken(rest=list(entries))
    taken = Taken()
    submissions = _read(file)
    for folder, submission in submissions.items():
        claims = list(_claims(file.parent / Path(folder).name, submission))
        taken.claims.extend(claims)
        if not claims:
            taken.ignored.append(f"{shown(folder)} has no submitters in {METADATA}.")
    for path in entries:
        if path.name.startswith("submission_") and path != file and path.name not in submissions:
            taken.ignored.append(f"{shown(path.name)} is not in {METADATA}.")
        elif path != file and path.name not in submissions:
            taken.rest.append(path)
    return taken


def _claims(folder: Path, submission: Submission) -> Iterator[Claim]:
    problem = None
    if not folder.is_dir() or folder.is_symlink():
        problem = f"The download has no folder {shown(folder.name)}. Download the submissions again."
    for submitter in submission.submitters:
        student = submitter.sid or submitter.email or submitter.name
        if student:
            person = Person(name=submitter.name or None, email=submitter.email or None, number=submitter.sid or None)
            yield Claim(student, folder, (_moment(submission.created_at),), person=person, problem=problem)


def _read(file: Path) -> dict[str, Submission]:
    try:
        if file.stat().st_size > MAX_BYTES:
            raise UsageError(
                f"{printable(file)} is larger than {MAX_BYTES // 1_000_000} MB: not a file of Gradescope's."
            )
        loaded: Any = yaml.load(file.read_bytes(), Loader=_loader())  # builds nothing but text
        return msgspec.convert(loaded, dict[str, Submission])
    except (yaml.YAMLError, msgspec.ValidationError, ValueError, RecursionError, OSError) as error:
        reason = " ".join(str(error).split())
        raise UsageError(f"{printable(file)} cannot be read: {reason}. Export the submissions again.") from error


def _loader() -> type[yaml.BaseLoader]:
    """Every scalar stays text: a sid of 0123 is no number. Written in C where that is at hand, and ten times faster."""
    loader: type[yaml.BaseLoader] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
    return loader


def _moment(text: str) -> float:
    """Seconds, for the order of two submissions; 0 where `text` is no time."""
    try:
        moment = yaml.safe_load(text[:40])
    except yaml.YAMLError:
        return 0.0
    if not isinstance(moment, datetime):
        return 0.0
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
