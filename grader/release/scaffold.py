"""A new exercise: a file in each of its places, with an example that `grade check` accepts."""

from __future__ import annotations

import json
import keyword
import os
import tomllib
from pathlib import Path

import msgspec

from grader.course import EXERCISE_FOLDER, TABLE, Course, Settings
from grader.errors import CourseError, UsageError
from grader.release.texts import render
from grader.release.writing import add


def lay_out(name: str, root: Path | None) -> list[Path]:
    """Lay out the exercise `name` with the next number, and return its files.

    Args:
        root: the course's folder, by default the one above the working folder. Where it is new or empty but for
            hidden files (the working folder, if there is no course above), it becomes a course.

    Raises:
        UsageError: `name` cannot name an exercise, or there is no course and no room for one.
        CourseError: the course is not as it must be.
    """
    if not (name.isascii() and EXERCISE_FOLDER.fullmatch(f"0_{name}")) or keyword.iskeyword(name):
        raise UsageError(
            f"'{name}' cannot name an exercise: a name has letters, digits and _, and is no word of Python's own, "
            f"as in '{_near(name)}'."
        )
    root, begun = _root(root)
    settings = Settings(name=_called(root), preload=()) if begun else _settings(root)
    folders = _folders(root / settings.exercises)
    taken = [folder for folder, other in folders.items() if other == name]
    if taken:
        raise UsageError(f"There is an exercise '{name}' already: {root / settings.exercises / taken[0]}.")
    number = max((int(folder.partition("_")[0]) for folder in folders), default=-1) + 1
    files = _files(name, f"{number:02}_{name}", settings)
    if begun:
        files |= {"pyproject.toml": f"{TABLE}\nname = {json.dumps(settings.name)}\npreload = []\n".encode()}
    paths = add(root, files)
    Course.load(root)
    return paths


def _files(name: str, folder: str, settings: Settings) -> dict[str, bytes]:
    places = {
        f"{settings.exercises}/{folder}/README.md": "README.md",
        f"{settings.exercises}/{folder}/{name}.py": "stub.py",
        f"{settings.solutions}/{folder}/{name}.py": "solution.py",
        f"{settings.suites}/test_{name}.py": "suite.py",
        f"{settings.answers}/{name}/wrong.py": "wrong.py",
        f"{settings.answers}/{name}/right_loop.py": "right_loop.py",
        f"{settings.answers}/{name}/right_shares.py": "right_shares.py",
    }
    title = name.replace("_", " ").capitalize()
    return {place: render(f"exercise/{kind}.j2", name=name, title=title) for place, kind in places.items()}


def _root(given: Path | None) -> tuple[Path, bool]:
    """The course's folder, and whether the course is yet to be begun there."""
    here = Path(os.path.realpath(given or Path.cwd()))
    if not here.exists() or (here.is_dir() and all(path.name.startswith(".") for path in here.iterdir())):
        if given is None and (above := _course_above(here)):
            return above, False
        return here, True
    found = _course_above(here) if given is None else here if _table(here) is not None else None
    if found is None:
        raise UsageError(
            f"{here} is no course and not empty. Start one in an empty folder, or name the course with --course DIR."
        )
    return found, False


def _course_above(folder: Path) -> Path | None:
    return next((each for each in (folder, *folder.parents) if _table(each) is not None), None)


def _table(folder: Path) -> object:
    """The table as it stands. `Course.load` asks for a course with exercises, which this one need not have yet."""
    try:
        return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8")).get("tool", {}).get("grader")
    except (OSError, ValueError):
        return None


def _settings(root: Path) -> Settings:
    try:
        return msgspec.convert(_table(root), Settings)
    except msgspec.ValidationError as error:
        raise CourseError(f"{root / 'pyproject.toml'}, {TABLE}: {str(error).replace('$.', '')}.") from error


def _folders(exercises: Path) -> dict[str, str]:
    """The folders of exercises, and the exercises' names."""
    names = [path.name for path in exercises.iterdir() if path.is_dir()] if exercises.is_dir() else []
    return {name: match["name"] for name in sorted(names) if (match := EXERCISE_FOLDER.fullmatch(name))}


def _called(root: Path) -> str:
    return root.name.replace("-", " ").replace("_", " ").strip().capitalize() or "A course"


def _near(name: str) -> str:
    """A name like it that would do."""
    near = "".join(sign if sign.isascii() and sign.isalnum() else "_" for sign in name.lower()).strip("_")
    return near if near and not near[0].isdigit() and not keyword.iskeyword(near) else f"my_{near or 'exercise'}"
