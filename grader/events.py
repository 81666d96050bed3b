"""What `grade` and a judge say to each other: one job there, a stream of events back.

Both sides are trusted; the messages are still plain data, encoded with msgpack.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from grader.report import Outcome, Visibility


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One exercise to judge: its suite, and the submission's file for it."""

    exercise: str
    suite: str  # path of the suite
    file: str  # path of the submission's file, for messages and tracebacks
    source: bytes  # what the file holds: read once, before anything runs
    root: str  # the folder that the worker may read (the submission); "" for none
    importable: list[str] = []  # where the file may import from: its own folder, and the root
    parts: list[tuple[int, int]] = []  # a notebook's cells: the first and the last line of each in `source`
    decided: Literal["todo", "failed"] | None = None  # the outcome of all its tests, where nothing is to be run
    only_tests: list[str] | None = None  # names of test functions or of single cases; None: all


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """Judge `targets` and report each test."""

    targets: list[Target]
    seed: int
    rootdir: str  # the course
    scratch: str  # a private folder, for the judge and its workers
    select: str = ""  # pytest's -k
    timeout_s: float = 10.0
    in_process: bool = False
    pdb: bool = False
    layers_off: list[str] = []  # confinement layers switched off
    layers_needed: list[str] = []  # without one of these, nothing of a submission is run
    memory_bytes: int = 2 << 30
    output_chars: int = 8192


class TestInfo(msgspec.Struct, frozen=True, kw_only=True):
    """One collected test. What it is worth is fixed here, before any submission is loaded."""

    __test__ = False

    exercise: str
    name: str
    title: str
    points: float
    visibility: Visibility
    gpu: bool
    hint: str | None
    timeout_s: float


class Collected(msgspec.Struct, frozen=True, kw_only=True, tag="collected"):
    """The tests, and the suites that could not be collected (exercise -> what is wrong)."""

    tests: list[TestInfo]
    broken: dict[str, str]


class Loaded(msgspec.Struct, frozen=True, kw_only=True, tag="loaded"):
    """A submission's file was loaded, or could not be: then `problem` says why, for the student.

    `notes`: what went wrong in a part of it that the rest can do without (a notebook's cell).
    """

    exercise: str
    problem: str | None
    notes: list[str] = []


class Started(msgspec.Struct, frozen=True, kw_only=True, tag="started"):
    exercise: str
    name: str


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="finished"):
    """A test's verdict. `message` may be shown to the student, whatever the test's visibility."""

    exercise: str
    name: str
    outcome: Outcome
    forbidden: bool
    duration_s: float
    message: str | None


class Done(msgspec.Struct, frozen=True, kw_only=True, tag="done"):
    """The judge is through. `torch`: its version; `device`: what GPU tests ran on, or "cpu"."""

    torch: str | None
    device: str
    held: list[str]
    missing: dict[str, str]


class Benched(msgspec.Struct, frozen=True, kw_only=True, tag="benched"):
    """A bench has collected the suites. `device`: what GPU tests can run on here, or "cpu"."""

    device: str


class Unconfined(msgspec.Struct, frozen=True, kw_only=True, tag="unconfined"):
    """Nothing of the submission was run: needed layers are missing, each with the reason."""

    missing: dict[str, str]


class Broken(msgspec.Struct, frozen=True, kw_only=True, tag="broken"):
    """The judge itself failed."""

    reason: str


Event = Collected | Loaded | Started | Finished | Done | Benched | Unconfined | Broken
