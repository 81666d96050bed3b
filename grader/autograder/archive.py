"""Packs the autograder: the same files, in the same order and with the same times, for the same course."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, version
from pathlib import Path

from grader.course import Course
from grader.export.gradescope import failure
from grader.packing import below, inside, installed, pyproject, requirements, the_grader

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
    package = installed()
    files = {name: (HERE / name).read_bytes() for name in SCRIPTS} | {
        "failed.json": failure(),
        "seed": f"{seed}\n".encode(),
        "constraints.txt": _constraints(package).encode(),
        "pyproject.toml": pyproject(package, requirements(package)).encode(),
    }
    files |= dict(the_grader())
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


def _course(course: Course) -> Iterator[tuple[str, bytes]]:
    """What grading needs of a course."""
    yield "pyproject.toml", (course.root / "pyproject.toml").read_bytes()
    for key in ("exercises", "suites"):
        place = inside(course, key)
        yield from ((f"{place.as_posix()}/{name}", data) for name, data in below(course.root / place))


def _constraints(of: Distribution) -> str:
    """The versions in use here. Not which build of them: torch may be built for the CPU there."""
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in requirements(of)]
    return "".join(f"{name}=={version(name).partition('+')[0]}\n" for name in names)
