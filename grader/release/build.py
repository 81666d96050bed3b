"""A release, file by file: the same files for the same course.

README.md               for students
pyproject.toml          installs the grader; the course's table
.gitignore
grader/                 the grader, which no package index has
exercises/              lessons and stubs, with what lies beside them
tests/suites/           the public tests; hidden.json and README.md tell the others' titles and points
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from grader.course import EXERCISE_FOLDER, TABLE, Course, Settings
from grader.errors import CourseError, UsageError
from grader.packing import below, inside, installed, pyproject, requirements, the_grader, toml
from grader.release.outline import Outline
from grader.release.suite import Parts, split
from grader.release.texts import HIDDEN, README, graded_on_submission, readme
from grader.version import PACKAGE

IGNORED = "__pycache__/\n*.py[cod]\n*.egg-info/\n.venv/\n"
KEPT = ("name", "exercises", "suites", "preload", "timeout_s", "memory_mb", "output_chars")
"""The table's keys that mean something to students."""


def is_release(course: Course) -> bool:
    """Whether `course` is what students have, with nothing left to take out."""
    return (course.suites_folder / HIDDEN).is_file() or not course.solutions_folder.is_dir()


def check_whole(course: Course) -> None:
    """Raises UsageError where `course` is itself a release, CourseError where a solution is missing."""
    if is_release(course):
        raise UsageError(
            f"{course.root} is a release: it has no solutions and no hidden tests. "
            "Name the course that it was made from with --course DIR."
        )
    for exercise in course.exercises:
        if not exercise.solution.is_file():
            raise CourseError(f"The exercise '{exercise.name}' has no solution: {exercise.solution} does not exist.")


def released_files(course: Course, whole: Sequence[Outline], *, complete: bool) -> dict[str, bytes]:
    """The files of a release of `course`, whose tests are `whole`, with the hidden tests if `complete`.

    Raises:
        CourseError: the course cannot be released as it is.
        GraderError: the grader is not installed, so that what it needs is not known.
    """
    package = installed()
    project = pyproject(package, _dependencies(course, requirements(package)))
    python = re.sub(r"[^\d.].*", "", str(package.metadata["Requires-Python"]).removeprefix(">="))
    suites = inside(course, "suites").as_posix()
    files = {
        README: readme(course, whole, python, complete=complete),
        "pyproject.toml": f"{project}\n{_table(course.settings)}".encode(),
        ".gitignore": IGNORED.encode(),
        **dict(the_grader()),
        **dict(_exercises(course)),
    }
    if complete:
        files |= {f"{suites}/{name}": data for name, data in below(course.suites_folder)}
    else:
        files |= {f"{suites}/{each.exercise.suite.name}": _public(each).encode() for each in whole}
        files |= {f"{suites}/{name}": data for name, data in graded_on_submission(whole).items()}
    return dict(sorted(files.items()))


def parts(of: Outline) -> Parts:
    """The suite of one exercise in two.

    Raises:
        CourseError: it cannot be cut.
    """
    suite = of.exercise.suite
    return split(suite.read_text(encoding="utf-8-sig"), str(suite), of.public, of.hidden)


def _public(of: Outline) -> str:
    if not of.public:
        raise CourseError(
            f"The exercise '{of.exercise.name}' has no public test, so that students could try nothing. "
            f"Mark one in {of.exercise.suite} with @pytest.mark.public."
        )
    where = f"; {HIDDEN} lists the others, which are graded on submission" if of.hidden else ""
    return f'"""The public tests of {of.exercise.name}{where}."""\n\n{parts(of).public}'


def _exercises(course: Course) -> Iterator[tuple[str, bytes]]:
    """The exercises' folders and the files beside them; not what else an author keeps there."""
    folder = inside(course, "exercises")
    for place, data in below(course.exercises_folder):
        top, *rest = Path(place).parts
        if (not rest or EXERCISE_FOLDER.fullmatch(top)) and not place.endswith((".pyc", ".pyo", "~")):
            yield f"{folder.as_posix()}/{place}", data


def _dependencies(course: Course, needed: Sequence[str]) -> list[str]:
    """What the grader needs, and what the course's own project adds."""
    table = tomllib.loads((course.root / "pyproject.toml").read_text(encoding="utf-8"))
    added = table.get("project", {}).get("dependencies", [])
    return [*needed, *(line for line in added if line not in needed and not line.startswith(PACKAGE))]


def _table(settings: Settings) -> str:
    defaults = Settings(name=settings.name)
    changed = {
        key: value
        for key, value in msgspec.to_builtins(settings).items()
        if key in KEPT and (key == "name" or getattr(settings, key) != getattr(defaults, key))
    }
    return "\n".join([TABLE, *toml(changed), ""])
