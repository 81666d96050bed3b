"""Moodle: "Download all submissions" of an assignment, in folders or (an option, and long ago) as flat files.

    Jané Doe_4217_assignsubmission_file_/softmax.py     name, participant id; the `_` at the end is not always there
    Jané Doe_4217_assignsubmission_file_softmax.py
    Jané Doe_4217_assignsubmission_onlinetext_/…        a text typed in: nothing to grade
    Participant_4217_assignsubmission_file_/…           anonymous submissions

A name has no `_` in it. Of a group's submission, the name and number are the group's. (Source: moodle,
mod/assign/classes/downloader.php.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from grader.course import Course
from grader.intake.claims import Claim, Taken
from grader.intake.members import shown
from grader.intake.person import Person
from grader.submission import printable

ENTRY = re.compile(r"(?P<name>.+?)_(?P<number>\d+)_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?", re.DOTALL)


def moodle(entries: Sequence[Path], course: Course) -> Taken:
    taken = Taken()
    for path in entries:
        match = ENTRY.fullmatch(path.name)
        if not match or path.is_dir() == bool(match["file"]):
            taken.rest.append(path)
        elif match["plugin"] != "file":
            taken.ignored.append(f"{shown(path.name)} was typed into Moodle: no file to grade.")
        else:
            person = Person(name=printable(Path(match["name"])), number=match["number"])
            student = f"{match['name']}_{match['number']}"
            taken.claims.append(Claim(student, path, file=match["file"] or None, person=person))
    return taken
