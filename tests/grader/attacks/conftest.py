"""All attacks in one class, graded once by the real command, between neighbours who did nothing."""

from __future__ import annotations

import ctypes
import getpass
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from grader.batch.folder import file_name
from grader.batch.summary import Summary, read_report, read_summary
from grader.report import Report
from tests.grader.attacks.archives import ARCHIVES
from tests.grader.attacks.attack import read_attacks
from tests.grader.attacks.course import (
    HONEST,
    IN_ENVIRONMENT,
    IN_HOME,
    IN_NEIGHBOUR,
    RIGHT,
    put,
    write_course,
)

NEIGHBOURS = ("0_before", "m_beside", "zz_after")
SEED = 7
PR_SET_CHILD_SUBREAPER = 36


@dataclass(frozen=True)
class Place:
    """A course, a class that hands in, a home folder and one for temporary files, for commands that are run there."""

    root: Path

    @property
    def folders(self) -> dict[str, Path]:
        return {name: self.root / name.lower() for name in ("OUT", "COURSE", "CLASS", "HOME", "TMP")}

    def path(self, name: str) -> Path:
        return self.folders[name]

    def grade(self, *arguments: str, without: str = "") -> subprocess.CompletedProcess[str]:
        """Run `grade` as a user would, with a secret in the environment and one at home."""
        environment = {
            **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
            "HOME": str(self.path("HOME")),
            "TMPDIR": str(self.path("TMP")),
            "TOKEN": IN_ENVIRONMENT,
            "MPLCONFIGDIR": str(self.root),
            **({"GRADER_WITHOUT": without} if without else {}),
        }
        return subprocess.run(
            [sys.executable, "-m", "grader", *arguments],
            env=environment,
            cwd=self.root,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )

    def grade_class(self, *arguments: str, without: str = "") -> subprocess.CompletedProcess[str]:
        places = str(self.path("CLASS")), "--out", str(self.path("OUT")), "--course", str(self.path("COURSE"))
        return self.grade("batch", *places, "--seed", str(SEED), *arguments, without=without)


@dataclass(frozen=True)
class Graded:
    """A batch that was graded. `before`: what lay where no grading may write; `left`: processes that outlived it."""

    place: Place
    run: subprocess.CompletedProcess[str]
    summary: Summary
    before: Mapping[str, object]
    left: Sequence[str]

    def report(self, student: str) -> Report:
        return read_report(self.place.path("OUT") / file_name(student))

    def text(self, student: str) -> str:
        """The report as it is written."""
        return (self.place.path("OUT") / file_name(student)).read_text()


def new_place(root: Path) -> Place:
    """A place with a course, and with three neighbours who answer everything right."""
    place = Place(root)
    write_course(place.path("COURSE"))
    put(place.path("HOME") / ".token", IN_HOME)
    place.path("TMP").mkdir()
    for name in NEIGHBOURS:
        put(place.path("CLASS") / name / "target.py", f"# {IN_NEIGHBOUR}\n{HONEST}{RIGHT}")
    return place


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return new_place(tmp_path)


@pytest.fixture(scope="session")
def graded(tmp_path_factory: pytest.TempPathFactory) -> Graded:
    """The class of all attackers."""
    place = new_place(tmp_path_factory.mktemp("attacks"))
    folder = place.path("CLASS")
    for attack in read_attacks():
        attack.write(folder / attack.name, place.folders)
    for name, build in ARCHIVES.items():
        put(folder / name, build(place.folders))
    before = contents(place)
    with orphans() as left:
        run = place.grade_class("-j", "2", "--feedback")
    assert run.returncode in (0, 3), run.stderr
    return Graded(place, run, read_summary(place.path("OUT")), before, left)


def contents(place: Place) -> dict[str, object]:
    """What lies where a submission must change nothing: each file's bytes, each link's end."""
    return {
        str(path): path.readlink() if path.is_symlink() else _read(path) if path.is_file() else None
        for name in ("COURSE", "CLASS", "HOME", "TMP")
        for path in sorted(place.path(name).rglob("*"))
        if not {"__pycache__", f"torchinductor_{getpass.getuser()}"} & set(path.parts)  # of pytest's and torch's making
    }


def _read(path: Path) -> bytes:
    """A file's bytes, and no trace in its times that it was read."""
    with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NOATIME)) as file:
        return file.read()


def notes_reading(probe: Path) -> bool:
    """Whether the file system of `probe`, a new file, notes when a file was read."""
    put(probe, "probe")
    os.utime(probe, (0, 1))
    probe.read_text()
    return probe.stat().st_atime > 1


class orphans:  # noqa: N801  # reads as the function that it might be
    """Gather the processes that what runs in the context leaves behind: they become this process's children."""

    def __enter__(self) -> list[str]:
        self._before = _children()
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._left: list[str] = []
        return self._left

    def __exit__(self, *error: object) -> None:
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        self._left += sorted(_children() - self._before)


def _children() -> set[str]:
    """This process's children that still run, by number and name."""
    return set(_running(os.getpid()))


def _running(parent: int) -> Iterator[str]:
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            number, _, rest = status.read_text().partition(" ")
        except OSError:  # it has ended in the meantime
            continue
        name, _, fields = rest.rpartition(")")
        state, of, *_ = fields.split()
        if int(of) == parent and state != "Z":
            yield f"{number} {name[1:]}"
