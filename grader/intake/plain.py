"""A folder, a zip or files for each student, named by hand or by a script.

alice/              a folder
alice.zip           a zip; other archives are a hand-in that cannot be graded
alice_softmax.py    single files: what stands before `_` and an exercise's name is the student, and
alice_softmax.ipynb what stands before the first `_` where no exercise is named
alice_attempt2/     attempts, of all of them: the last counts. Also alice-attempt-2.zip, alice (1).zip as
alice/attempt_2/    browsers name a second download, and a folder with nothing but attempts
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from grader.course import Course
from grader.intake.claims import Claim, Taken
from grader.intake.members import shown
from grader.intake.names import (
    Order,
    attempts_in,
    is_archive,
    is_code,
    split_attempt,
    stem_of,
)


def plain(entries: Sequence[Path], course: Course) -> Taken:
    taken = Taken()
    for path in entries:
        name = path.name
        if path.is_dir():
            if is_courses_own(name, course):
                taken.ignored.append(f"{shown(name)} belongs to no student: it is named after a folder of the course.")
            else:
                taken.claims.extend(_folder(path, *split_attempt(name)))
        elif is_archive(name):
            student, order = split_attempt(stem_of(name))
            taken.claims.append(Claim(student, path, order))
        elif is_code(name) and (claim := _file(path, name, course)):
            taken.claims.append(claim)
        else:
            taken.rest.append(path)
    return taken


def is_courses_own(name: str, course: Course) -> bool:
    """Whether a folder is named as in the course: then it is a part of one submission, and no student."""
    own = {exercise.folder.name for exercise in course.exercises} | {course.exercises_folder.name}
    return name in own or name in course.names


def _folder(path: Path, student: str, order: Order) -> Iterator[Claim]:
    attempts = attempts_in(path)
    if not attempts:
        yield Claim(student, path, order)
    for number, attempt in attempts:
        yield Claim(student, attempt, (*order, number))


def _file(path: Path, name: str, course: Course) -> Claim | None:
    """None where the name tells no student."""
    stem, order = split_attempt(stem_of(name))
    longest_first = sorted(course.names, key=len, reverse=True)
    exercise = next((known for known in longest_first if stem == known or stem.endswith(f"_{known}")), None)
    if exercise:
        student = stem.removesuffix(exercise).removesuffix("_")
    else:
        student, _, exercise = stem.partition("_")
        if len(course.names) == 1:
            exercise = course.names[0]
    if not student or not exercise:
        return None
    student, earlier_order = split_attempt(student)
    return Claim(student, path, max(order, earlier_order), file=f"{exercise}{path.suffix}")
