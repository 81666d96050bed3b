"""A class graded for real: nothing is lost, whatever anybody hands in and whatever dies on the way."""

from __future__ import annotations

import contextlib
import errno
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path

import pytest

from grader.batch.folder import Folder, file_name
from grader.batch.summary import read_summary
from grader.confine import NEEDED
from grader.errors import GraderError, NotConfinedError, UsageError
from grader.report import write_whole
from grader.submission import Submission
from tests.grader.batch.conftest import ADD, DOUBLE, WRONG, Class, put, row, scores

linux = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_a_report_for_everybody_a_gradebook_and_a_summary(school: Class) -> None:
    school.hands_in("alice", double=DOUBLE, add=ADD)
    school.hands_in("bob", double=DOUBLE, add=WRONG)
    school.hands_in("carol")
    summary = school.grade(seed=3)
    assert scores(summary) == {"alice": 4, "bob": 3, "carol": 0}
    assert {student.id: student.standing for student in summary.students} == {
        "alice": "deferred",
        "bob": "deferred",
        "carol": "missing",
    }
    assert sorted(path.name for path in school.out.iterdir()) == [
        *("alice.json", "bob.json", "carol.json", "gradebook.csv", "summary.json"),
    ]
    assert read_summary(school.out) == summary
    assert summary.finished_at is not None and summary.seed == 3
    assert [(exercise.name, exercise.points) for exercise in summary.exercises] == [("double", 3), ("add", 2)]
    report = school.report("bob")
    assert (report.submission.id, report.seed, report.score, report.max_score) == ("bob", 3, 3, 4)
    assert [exercise.status for exercise in school.report("carol").exercises] == ["missing", "missing"]


def test_the_score_is_what_grading_alone_gives(school: Class) -> None:
    """The same inputs, the same verdicts, the same messages, whether or not the suites were collected before."""
    school.hands_in("alice", double="def double(x):\n    return x\n", add="def add(a, b):\n    raise KeyError(a)\n")
    school.grade(seed=3)
    together = school.report("alice")
    school.grade(seed=3, fresh=True, off=("fork",))
    alone = school.report("alice")
    assert together.environment.isolation.processes == "fork" and alone.environment.isolation.processes == "spawn"
    told = [[(test.name, test.outcome, test.score, test.message) for test in one.tests] for one in together.exercises]
    assert told == [
        [(test.name, test.outcome, test.score, test.message) for test in one.tests] for one in alone.exercises
    ]


def test_what_one_does_costs_no_other(school: Class) -> None:
    school.hands_in("alice", double=DOUBLE, add=ADD)
    school.hands_in("loops", double="def double(x):\n    while True: pass\n", add=ADD)
    school.hands_in("exits", double=DOUBLE, add="import os\nos._exit(0)\n")
    school.hands_in("garbles", double="def double(:\n", add="\x00")
    school.hands_in("imports", double="import add\n\n" + DOUBLE, add=ADD)
    (school.folder / "zipped.zip").write_bytes(b"PK\x03\x04 and then nothing")
    with zipfile.ZipFile(school.folder / "climbs.zip", "w") as archive:
        archive.writestr("../../add.py", ADD)
    summary = school.grade()
    assert scores(summary) == {
        "alice": 4,
        "loops": 2,
        "exits": 2,
        "garbles": 0,
        "imports": 4,
        "zipped": 0,
        "climbs": 0,
    }
    assert row(summary, "garbles").standing == row(summary, "zipped").standing == "invalid"
    for student in ("zipped", "climbs"):
        messages = {exercise.message for exercise in school.report(student).exercises}
        assert len(messages) == 1 and student in str(messages)
        assert school.report(student).max_score == 4
        assert row(summary, student).look
    assert not list(school.folder.parent.glob("add.py"))


def test_a_fault_of_ours_is_a_report_that_says_so(school: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    school.hands_in("alice", double=DOUBLE, add=ADD)
    school.hands_in("bob", double=DOUBLE, add=ADD)
    really = Submission.gather

    def gather(paths: list[Path], *args: object, **kwargs: object) -> Submission:
        if paths[0].name == "alice":
            raise ZeroDivisionError("a bug")
        return really(paths, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(Submission, "gather", gather)
    summary = school.grade()
    assert row(summary, "alice").standing == "error" and row(summary, "bob").score == 4
    assert "ZeroDivisionError: a bug" in str(school.report("alice").exercises[0].message)
    monkeypatch.undo()
    school.grade()
    assert school.sources == {"alice": "graded", "bob": "kept"}


def test_without_the_layers_that_must_hold_nothing_is_run(school: Class, tmp_path: Path) -> None:
    mark = tmp_path / "was here"
    school.hands_in("alice", add=f"open({str(mark)!r}, 'w')\n" + ADD)
    off = ("filesystem", "system_calls")
    with pytest.raises(NotConfinedError, match=r"filesystem .switched off.*--no-sandbox"):
        school.grade(off=off, needed=NEEDED)
    assert not mark.exists() and not (school.out / "alice.json").exists()
    school.grade(off=off)
    assert mark.exists() and set(school.report("alice").environment.isolation.missing) == set(off)
    with pytest.raises(NotConfinedError):  # the report that stands there was made unconfined
        school.grade(off=off, needed=NEEDED)


def test_a_batch_cannot_be_written_to_by_two(school: Class) -> None:
    school.hands_in("alice", add=ADD)
    with Folder.held(school.out), pytest.raises(UsageError, match="another batch is being graded there"):
        school.grade()


def test_a_full_disk_stops_the_batch_and_what_is_written_stands(school: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    for student in ("alice", "bob", "carol"):
        school.hands_in(student, add=ADD)
    really = write_whole

    def write(path: Path, data: bytes) -> None:
        if path.name == "bob.json":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        really(path, data)

    monkeypatch.setattr("grader.batch.folder.write_whole", write)
    with pytest.raises(GraderError, match=r"bob\.json could not be written: No space left.*make room"):
        school.grade(jobs=1)
    assert sorted(path.name for path in school.out.iterdir()) == ["alice.json", "summary.json"]
    assert read_summary(school.out).finished_at is None
    monkeypatch.undo()
    school.grade()
    assert school.sources == {"alice": "kept", "bob": "graded", "carol": "graded"}


def test_reports_do_not_go_among_the_submissions(school: Class) -> None:
    school.hands_in("alice", add=ADD)
    school.out = school.folder / "grades"
    with pytest.raises(UsageError, match="among the submissions"):
        school.grade()
    assert not school.out.exists()


def test_a_folder_that_cannot_be_made(school: Class, tmp_path: Path) -> None:
    school.hands_in("alice", add=ADD)
    school.out = put(tmp_path / "file", "")
    with pytest.raises(UsageError, match="that is a file"):
        school.grade()
    school.out = tmp_path / "file" / "below"
    with pytest.raises(GraderError, match="cannot be written to"):
        school.grade()


def test_everything_written_is_private(school: Class) -> None:
    school.hands_in("alice", add=ADD)
    before = os.umask(0o077)
    try:
        school.grade()
    finally:
        os.umask(before)
    assert (school.out.stat().st_mode & 0o777) == 0o700
    assert {path.stat().st_mode & 0o777 for path in school.out.iterdir()} == {0o600}


# What dies on the way --------------------------------------------------------------------------

SLOW = "import time\ntime.sleep(1)\n" + ADD


@linux
@pytest.mark.parametrize(
    ("victim", "how"),
    [
        *((victim, signal.SIGKILL) for victim in ("zygote", "bench", "judge", "worker")),
        *((victim, signal.SIGSTOP) for victim in ("zygote", "judge")),
    ],
)
def test_a_process_that_dies_costs_nobody_anything(
    school: Class, victim: str, how: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker may die by its submission's own doing; killed, it gets a second chance. The others are ours."""
    if how == signal.SIGSTOP and victim != "worker":
        monkeypatch.setattr("grader.grading.SILENCE_SECONDS", 2.0)
        monkeypatch.setattr("grader.processes.forked.ANSWER_SECONDS", 2.0)
    for student in ("alice", "bob", "carol", "dave"):
        school.hands_in(student, double=DOUBLE, add=SLOW)
    struck: list[int] = []
    others = _children(os.getpid())  # other tests' zygotes
    striker = threading.Thread(target=_strike, args=(victim, how, struck, others))
    striker.start()
    summary = school.grade()
    striker.join()
    assert struck
    assert scores(summary) == dict.fromkeys(("alice", "bob", "carol", "dave"), 4)
    assert set(_children(os.getpid())) <= set(others)


def _strike(victim: str, how: signal.Signals, struck: list[int], others: list[int]) -> None:
    """Send the signal to a process of that kind, as soon as there is one that is at work."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, ValueError):
            found = _cast(others).get(victim)
            if found:
                time.sleep(0.3)
                os.kill(found, how)
                struck.append(found)
                return
        time.sleep(0.02)


def _cast(others: list[int]) -> dict[str, int]:
    """Who is who below this process, once all kinds are there: the bench is the zygote's child that has children."""
    (zygote,) = (child for child in _children(os.getpid()) if child not in others)
    children = _children(zygote)
    parents = [child for child in children if _children(child)]
    workers = [child for child in children if not _children(child)]
    if not parents or not workers:
        return {}
    return {"zygote": zygote, "bench": parents[0], "judge": _children(parents[0])[0], "worker": workers[0]}


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").iterdir()  # a child belongs to the thread that started it
    return [int(child) for task in tasks for child in (task / "children").read_text().split()]


def _family(pid: int) -> list[int]:
    children = _children(pid)
    return [*children, *(other for child in children for other in _family(child))]


@linux
def test_a_batch_that_is_killed_goes_on_where_it_was(school: Class) -> None:
    students = [f"student{number}" for number in range(6)]
    for student in students:
        school.hands_in(student, double=DOUBLE, add=SLOW)
    command = [
        *(sys.executable, "-m", "grader", "batch", str(school.folder), "--out", str(school.out)),
        *("--course", str(school.course.root), "-j", "1"),
    ]
    killed = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not list(school.out.glob("student*.json")) and time.monotonic() < deadline:
        time.sleep(0.02)
    family = _family(killed.pid)
    killed.kill()
    killed.wait()
    there = {path.name for path in school.out.glob("student*.json")}
    assert there and len(there) < len(students)
    seed = read_summary(school.out).seed
    summary = school.grade()
    assert {file_name(name) for name, source in school.sources.items() if source == "kept"} == there
    assert summary.seed == seed and scores(summary) == dict.fromkeys(students, 4)
    assert not list(school.out.glob(".grade-*"))
    assert not [pid for pid in family if _is_running(pid)]


def _is_running(pid: int) -> bool:
    """Whether it is there, and not a zombie that nobody has asked for yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
