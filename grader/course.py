"""The course: a folder whose pyproject.toml has a `[tool.grader]` table.

    [tool.grader]
    name = "PyTorch 101"        # the rest is optional; `Settings` has the defaults
    suites = "tests/suites"

Nothing here knows which exercises there are, or of PyTorch.
"""

from __future__ import annotations

import hashlib
import os
import re
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

import msgspec

from grader.errors import CourseError, UsageError, did_you_mean

TABLE = "[tool.grader]"
MAX_BYTES = 1_000_000  # of a pyproject.toml: one that lies in a submission is untrusted
EXERCISE_FOLDER = re.compile(r"(?P<number>\d+)_(?P<name>[A-Za-z]\w*)")

Text = Annotated[str, msgspec.Meta(min_length=1)]
PositiveInt = Annotated[int, msgspec.Meta(gt=0)]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=86_400)]  # a clock needs a finite number


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """The `[tool.grader]` table. Folders are relative to the course."""

    name: Text
    exercises: Text = "exercises"
    solutions: Text = "solutions"
    suites: Text = "tests/suites"
    answers: Text = "tests/course"  # wrong and alternative answers, for `grade check`
    preload: tuple[str, ...] = ("torch", "torchvision")  # imported once, before any submission
    timeout_s: Seconds = 10.0  # a test's clock, where it is not marked with its own
    memory_mb: PositiveInt = 2048  # what a submission's process may allocate
    output_chars: PositiveInt = 8192  # of a submission's printing, per test, what is kept


@dataclass(frozen=True)
class Exercise:
    """One exercise: a lesson, a stub, a solution and a suite.

    Students get no solutions and may rename or delete their stub: of the paths below only `suite`
    is known to exist.
    """

    number: int
    name: str
    title: str
    folder: Path
    lesson: Path
    stub: Path
    solution: Path
    suite: Path


@dataclass(frozen=True)
class Course:
    """A course and its exercises, in the order of their numbers."""

    root: Path
    settings: Settings
    exercises: tuple[Exercise, ...]

    @classmethod
    def load(cls, root: Path) -> Course:
        """The course whose folder is `root` itself.

        Raises:
            UsageError: `root` is no course.
            CourseError: it is one, with a mistake in its table or its layout.
        """
        root = Path(os.path.realpath(root))  # unlike Path.resolve, not undone by links in a circle
        table = _table(root)
        if table is None:
            raise UsageError(f"{root} is no course: it has no readable pyproject.toml with a {TABLE} table.")
        settings = _settings(root / "pyproject.toml", table)
        return cls(root, settings, _exercises(root, settings))

    @classmethod
    def find(cls, *starts: Path) -> Course:
        """The one course at or above the paths `starts`.

        A course's suites run unconfined. A submission could bring a course of its own, so where
        more than one is found, somebody has to say which.

        Raises:
            UsageError: there is none, or more than one.
            CourseError: as for `load`.
        """
        roots = dict.fromkeys(root for start in starts for root in _courses_above(start))
        if not roots:
            raise UsageError(
                f"No course here: no folder at or above {starts[0]} has a pyproject.toml with a {TABLE} table. "
                "Name the course with --course DIR."
            )
        if len(roots) > 1:
            listed = " and ".join(map(str, roots))
            raise UsageError(f"More than one course here: {listed}. Say which with --course DIR.")
        return cls.load(*roots)

    @property
    def name(self) -> str:
        return self.settings.name

    @property
    def exercises_folder(self) -> Path:
        return self.root / self.settings.exercises

    @property
    def suites_folder(self) -> Path:
        return self.root / self.settings.suites

    @property
    def solutions_folder(self) -> Path:
        return self.root / self.settings.solutions

    @property
    def answers_folder(self) -> Path:
        return self.root / self.settings.answers

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(exercise.name for exercise in self.exercises)

    def select(self, only: Sequence[str]) -> tuple[Exercise, ...]:
        """The exercises named in `only`, in the course's order; all of them where it is empty.

        Raises:
            UsageError: a name is no exercise.
        """
        for name in only:
            if name not in self.names:
                raise UsageError(f"No exercise is called '{name}'.{did_you_mean(name, self.names)} {self.listed()}")
        return tuple(exercise for exercise in self.exercises if not only or exercise.name in only)

    def listed(self) -> str:
        """A sentence that lists the exercises."""
        return f"The exercises of {self.name}: {', '.join(self.names)}."

    @cached_property
    def sha256(self) -> str:
        """Of all that decides marks: the settings, the exercises' names and every file in the suites' folder."""
        digest = hashlib.sha256(msgspec.json.encode([self.settings, self.names]))
        for path in _files(self.suites_folder):
            digest.update(b"\0" + os.fsencode(path.relative_to(self.suites_folder)) + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()


def _courses_above(start: Path) -> Iterable[Path]:
    start = Path(os.path.realpath(start))
    return (folder for folder in (start, *start.parents) if _table(folder) is not None)


def _table(folder: Path) -> dict[str, Any] | None:
    """The table in `folder`'s pyproject.toml as it stands, or None where none can be read.

    Raises:
        CourseError: the file is no TOML, and seems to be a course's.
    """
    path = folder / "pyproject.toml"
    try:
        if not path.is_file() or path.stat().st_size > MAX_BYTES:  # reading a pipe would not end
            return None
        data = path.read_bytes()
    except OSError:
        return None
    try:
        tools = tomllib.loads(data.decode()).get("tool")
    except (ValueError, RecursionError) as error:  # no TOML, no UTF-8, numbers too long, tables too deep
        if TABLE.encode() in data:
            raise CourseError(f"{path} cannot be read as TOML: {error}.") from error
        return None
    table = tools.get("grader") if isinstance(tools, dict) else None
    return table if isinstance(table, dict) else None


def _settings(path: Path, table: dict[str, Any]) -> Settings:
    known = Settings.__struct_fields__
    for key in table:
        if key not in known:
            raise CourseError(
                f"{path}: {TABLE} has no key '{key}'.{did_you_mean(key, known)} Its keys: {', '.join(known)}."
            )
    try:
        return msgspec.convert(table, Settings)
    except msgspec.ValidationError as error:
        raise CourseError(f"{path}, {TABLE}: {str(error).replace('$.', '')}.") from error


def _exercises(root: Path, settings: Settings) -> tuple[Exercise, ...]:
    folder = (root / settings.exercises).resolve()
    if not folder.is_dir():
        raise CourseError(f"The course has no folder {folder}; {TABLE} names it with the key 'exercises'.")
    found: dict[str, Exercise] = {}
    for path in sorted(folder.iterdir()):
        match = EXERCISE_FOLDER.fullmatch(path.name)
        if match and path.is_dir():
            exercise = _exercise(path, match["name"], int(match["number"]), root, settings)
            if exercise.name in found:
                raise CourseError(
                    f"Two folders for the exercise '{exercise.name}': {found[exercise.name].folder} and {path}."
                )
            found[exercise.name] = exercise
    if not found:
        raise CourseError(f"{folder} holds no exercise: no folder is named like 03_topic.")
    return tuple(sorted(found.values(), key=lambda exercise: (exercise.number, exercise.name)))


def _exercise(folder: Path, name: str, number: int, root: Path, settings: Settings) -> Exercise:
    suite = root / settings.suites / f"test_{name}.py"
    if not suite.is_file():
        raise CourseError(f"The exercise '{name}' has no suite: {suite} does not exist.")
    return Exercise(
        number=number,
        name=name,
        title=_title(folder / "README.md") or name.replace("_", " "),
        folder=folder,
        lesson=folder / "README.md",
        stub=folder / f"{name}.py",
        solution=root / settings.solutions / folder.name / f"{name}.py",
        suite=suite,
    )


def _title(lesson: Path) -> str | None:
    """The lesson's first heading."""
    if not lesson.is_file():
        return None
    lines = lesson.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    return next((line[2:].strip() for line in lines if line.startswith("# ")), None)


def _files(folder: Path) -> list[Path]:
    """Every file below `folder` that is no by-product of running Python, in a fixed order."""
    return sorted(
        path
        for path in folder.rglob("*")
        if path.is_file()
        and not any(part.startswith(".") or part == "__pycache__" for part in path.relative_to(folder).parts)
    )
