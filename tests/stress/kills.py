"""Kill processes of a batch at random moments; nothing may be lost.

    python -m tests.stress.kills [BATCHES] [--submissions N] [--seed N]

Each batch (20) grades N (24) small submissions while, every so often, one process of its family (zygote, bench, judge
or worker, whichever comes) is killed or stopped for good. Every submission must then have the report that an
undisturbed run gives it, and no process, descriptor or scratch folder may be left.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import random
import signal
import tempfile
import threading
import time
from pathlib import Path

from grader import grading
from grader.batch import station
from grader.batch.run import Plan, run
from grader.batch.summary import Summary
from grader.course import Course
from grader.grading import Options
from grader.processes import forked

SUITE = """
import pytest, torch

@pytest.mark.parametrize("size", [2, 3, 5, 7])
def test_double(student, size):
    x = torch.rand(size)
    assert torch.equal(student.double(x), 2 * x)
"""
RIGHT = "import time\ndef double(x):\n    time.sleep(0.05)\n    return 2 * x\n"
WRONG = "import time\ndef double(x):\n    time.sleep(0.05)\n    return 2 * x[:3]\n"
PAUSE_S = (0.5, 4.0)
"""From one strike to the next."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("batches", type=int, nargs="?", default=20)
    parser.add_argument("--submissions", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rng = random.Random(asked.seed)
    grading.SILENCE_SECONDS = 3.0  # a process that was stopped is to be noticed soon
    forked.ANSWER_SECONDS = 3.0
    station.TRIES = 100  # no grading machine is struck every other second
    with tempfile.TemporaryDirectory(prefix="kills-") as folder:
        root = Path(folder)
        tempfile.tempdir = str(root / "tmp")
        Path(tempfile.tempdir).mkdir()
        course = laid_out(root, asked.submissions)
        expected = marks(graded(course, root, 0))
        strikes = 0
        for number in range(1, asked.batches + 1):
            before = descriptors(), scratch_folders()
            stop = threading.Event()
            struck: list[int] = []
            striker = threading.Thread(target=strike, args=(stop, struck, random.Random(rng.random())))
            striker.start()
            found = marks(graded(course, root, number))
            stop.set()
            striker.join()
            strikes += len(struck)
            lost = {name for name in expected if found.get(name) != expected[name]}
            left = family(os.getpid())
            assert not lost, f"batch {number}: {sorted(lost)} differ: {[found.get(name) for name in sorted(lost)]}"
            assert not left, f"batch {number}: processes left: {left}"
            after = descriptors(), scratch_folders()
            assert after == before, f"batch {number}: descriptors and folders were {before}, are {after}"
            print(f"batch {number}: {len(struck)} strikes, {len(found)} reports as they should be", flush=True)
    print(f"{asked.batches} batches of {asked.submissions}, {strikes} strikes, nothing lost and nothing left")


def laid_out(root: Path, submissions: int) -> Course:
    """A course of one exercise, and a class."""
    files = {
        "course/pyproject.toml": '[tool.grader]\nname = "Small"\npreload = ["torch"]\n',
        "course/exercises/01_double/README.md": "# Double\n",
        "course/tests/suites/test_double.py": SUITE,
    }
    for number in range(submissions):
        files[f"class/s{number:03}/double.py"] = WRONG if number % 3 else RIGHT
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return Course.load(root / "course")


def graded(course: Course, root: Path, number: int) -> Summary:
    return run(course, Plan(root / "class", root / f"out{number}", (), 2, 0, False, Options(seed=0)))


def marks(summary: Summary) -> dict[str, tuple[str, float]]:
    return {row.id: (row.standing, row.score) for row in summary.students}


def strike(stop: threading.Event, struck: list[int], rng: random.Random) -> None:
    while not stop.wait(rng.uniform(*PAUSE_S)):
        victims = family(os.getpid())
        if victims:
            with contextlib.suppress(ProcessLookupError):
                os.kill(rng.choice(victims), rng.choice([signal.SIGKILL] * 4 + [signal.SIGSTOP]))
                struck.append(1)


def family(pid: int) -> list[int]:
    """Children, and theirs."""
    found = []
    with contextlib.suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += [int(child), *family(int(child))]
    return found


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def scratch_folders() -> list[str]:
    return sorted(path.name for path in Path(tempfile.gettempdir()).glob("grade-*"))


if __name__ == "__main__":
    started = time.perf_counter()
    main()
    print(f"{time.perf_counter() - started:.0f} s")
