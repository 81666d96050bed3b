"""Canvas: "Download Submissions" of an assignment, a flat folder of files.

    doejane_4217_90311_softmax.py         name, user id, file id, the student's own name for the file
    doejane_LATE_4217_90312_attention-1.py      handed in late; a file of that name handed in once more
    anon_x7Gq2_90313_softmax.py           anonymous grading: a code for the user (LATE_anon_… when late)
    doejane_4217_text.html, …_link.html   a text or an address typed in: nothing to grade

The name is the sortable one, small and without its punctuation. Canvas puts `-1`, `-2` … before the suffix to keep
names apart: the highest is the last upload. (Source: canvas-lms, lib/content_zipper.rb, make_unique_filename.)
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from grader.course import Course
from grader.intake.claims import Claim, Taken
from grader.intake.members import shown
from grader.intake.person import Person

FILE = re.compile(r"(?P<name>.+?)_(?:LATE_)?(?P<user>\d+)_\d+_(?P<file>.+)", re.DOTALL)
ANONYMOUS = re.compile(r"(?:LATE_)?(?P<name>anon)_(?P<user>[A-Za-z0-9]+)_\d+_(?P<file>.+)", re.DOTALL)
TYPED = re.compile(r".+_(?P<kind>text|link)\.html")
AGAIN = re.compile(r"(?P<stem>.+)-(?P<number>\d{1,3})(?P<suffix>\.[^.]+|\.tar\.[^.]+)", re.DOTALL)


def canvas(entries: Sequence[Path], course: Course) -> Taken:
    taken = Taken()
    for path in entries:
        name = path.name
        match = None if path.is_dir() else ANONYMOUS.fullmatch(name) or FILE.fullmatch(name)
        if match:
            file, number = _original(match["file"])
            person = Person(number=match["user"])
            student = f"{match['name']}_{match['user']}"
            taken.claims.append(Claim(student, path, (number,), file=file, person=person))
        else:
            taken.rest.append(path)
    if taken.claims:
        typed = {path for path in taken.rest if TYPED.fullmatch(path.name)}
        taken.ignored = [f"{shown(path.name)} was typed into Canvas: no file to grade." for path in sorted(typed)]
        taken.rest = [path for path in taken.rest if path not in typed]
    return taken


def _original(name: str) -> tuple[str, int]:
    """The student's own name for a file, and how often one of that name had been handed in before."""
    match = AGAIN.fullmatch(name)
    return (f"{match['stem']}{match['suffix']}", int(match["number"])) if match else (name, 0)
