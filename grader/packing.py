"""What is packed of a course and of the grader, for machines that have neither."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

import grader
from grader.course import Course
from grader.errors import CourseError, GraderError
from grader.version import PACKAGE


def below(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below `folder` that is neither hidden nor a by-product of running Python, with its place there."""
    for path in folder.rglob("*"):
        place = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in place.parts):
            yield place.as_posix(), path.read_bytes()


def the_grader() -> Iterator[tuple[str, bytes]]:
    """The grader's package, file by file."""
    return ((f"grader/{name}", data) for name, data in below(Path(grader.__file__).parent))


def inside(course: Course, key: str) -> Path:
    """The folder that the course's table names with `key`, from the course's own folder.

    Raises:
        CourseError: it lies elsewhere.
    """
    place = Path(getattr(course.settings, key))
    if place.is_absolute() or ".." in place.parts:
        raise CourseError(
            f"The course's {key} lie outside of its folder ({place}), so that they cannot be packed with it. "
            f"Move them into {course.root}."
        )
    return place


def installed() -> Distribution:
    """The grader as pip knows it.

    Raises:
        GraderError: pip does not know it.
    """
    try:
        return distribution(PACKAGE)
    except PackageNotFoundError as error:
        raise GraderError(
            f"The grader is not installed here as the package {PACKAGE}, so what it needs is not known. "
            "Install it with pip, and pack again."
        ) from error


def requirements(of: Distribution) -> list[str]:
    """What the grader needs, without what only its tests need."""
    return [line for line in of.requires or [] if "extra ==" not in line]


def pyproject(of: Distribution, dependencies: Sequence[str]) -> str:
    """The grader's own pyproject.toml, with these dependencies; the file may not lie beside an installed package."""
    project = {
        "name": of.metadata["Name"],
        "version": of.version,
        "requires-python": of.metadata["Requires-Python"],
        "dependencies": list(dependencies),
    }
    return "\n".join(
        [
            "[build-system]",
            'requires = ["hatchling>=1.26"]',
            'build-backend = "hatchling.build"',
            "",
            "[project]",
            *toml(project),
            "",
            "[project.scripts]",
            'grade = "grader.cli:main"',
            "",
            "[tool.hatch.build.targets.wheel]",
            'packages = ["grader"]',
            "",
        ]
    )


def toml(table: Mapping[str, object]) -> list[str]:
    """The lines of a table of texts, numbers and lists of texts, which TOML writes as JSON does."""
    return [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in table.items()]
