"""Packs the autograder: the same files, in the same order and with the same times, for the same course."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, PackageNotFoundError, distribution, version
from pathlib import Path

import grader
from grader.course import Course
from grader.errors import CourseError, GraderError
from grader.export.gradescope import failure
from grader.version import PACKAGE

ARCHIVE = "autograder.zip"
SCRIPTS = ("setup.sh", "run_autograder")
EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time that a zip can tell
HERE = Path(__file__).parent


def pack(course: Course, seed: int) -> bytes:
    """The zip of an autograder for `course`, which draws its inputs from `seed`.

    Raises:
        CourseError: a part of the course lies outside of its folder.
        GraderError: the grader is not installed, so that what it needs is not known.
    """
    installed = _installed()
    files = {name: (HERE / name).read_bytes() for name in SCRIPTS} | {
        "failed.json": failure(),
        "seed": f"{seed}\n".encode(),
        "constraints.txt": _constraints(installed).encode(),
        "pyproject.toml": _pyproject(installed).encode(),
    }
    package = Path(grader.__file__).parent
    files |= {f"grader/{name}": data for name, data in _below(package)}
    files |= {f"course/{name}": data for name, data in _course(course)}
    return _zip(files)


def _zip(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(name, EPOCH)
            info.create_system = 3  # Unix, wherever it is packed: else there are no executables
            info.external_attr = (0o100755 if name in SCRIPTS else 0o100644) << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(info, files[name])
    return stream.getvalue()


def _below(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below `folder` that is neither hidden nor a by-product of running Python, with its place there."""
    for path in folder.rglob("*"):
        place = path.relative_to(folder)
        if path.is_file() and not any(part.startswith(".") or part == "__pycache__" for part in place.parts):
            yield place.as_posix(), path.read_bytes()


def _course(course: Course) -> Iterator[tuple[str, bytes]]:
    """What grading needs of a course."""
    yield "pyproject.toml", (course.root / "pyproject.toml").read_bytes()
    for key in ("exercises", "suites"):
        place = Path(getattr(course.settings, key))
        if place.is_absolute() or ".." in place.parts:
            raise CourseError(
                f"The course's {key} lie outside of its folder ({place}), so that they cannot be packed with it. "
                f"Move them into {course.root}."
            )
        yield from ((f"{place.as_posix()}/{name}", data) for name, data in _below(course.root / place))


# What pip needs --------------------------------------------------------------------------------


def _installed() -> Distribution:
    try:
        return distribution(PACKAGE)
    except PackageNotFoundError as error:
        raise GraderError(
            f"The grader is not installed here as the package {PACKAGE}, so what it needs is not known. "
            "Install it with pip, and pack again."
        ) from error


def _requirements(installed: Distribution) -> list[str]:
    """What the grader needs, without what only its tests need."""
    return [line for line in installed.requires or [] if "extra ==" not in line]


def _constraints(installed: Distribution) -> str:
    """The versions in use here. Not which build of them: torch may be built for the CPU there."""
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in _requirements(installed)]
    return "".join(f"{name}=={version(name).partition('+')[0]}\n" for name in names)


def _pyproject(installed: Distribution) -> str:
    """The grader's own; it may not lie beside an installed package."""
    project = {
        "name": installed.metadata["Name"],
        "version": installed.version,
        "requires-python": installed.metadata["Requires-Python"],
        "dependencies": _requirements(installed),
    }
    lines = [f"{key} = {json.dumps(value)}" for key, value in project.items()]
    return "\n".join(
        [
            "[build-system]",
            'requires = ["hatchling>=1.26"]',
            'build-backend = "hatchling.build"',
            "",
            "[project]",
            *lines,
            "",
            "[project.scripts]",
            'grade = "grader.cli:main"',
            "",
            "[tool.hatch.build.targets.wheel]",
            'packages = ["grader"]',
            "",
        ]
    )
