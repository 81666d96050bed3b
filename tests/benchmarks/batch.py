"""What a class costs: ratios, measured in one run.

    python -m tests.benchmarks.batch throughput [SUBMISSIONS [EXERCISE…]]
    python -m tests.benchmarks.batch long [SUBMISSIONS]

`throughput` grades the same submissions (20), of four exercises each unless others are named, with
`grade batch`, and for comparison a few of them with one pytest process each, whose tests import the
submission into that very process and need no judge, worker or confinement. `long` grades many (2,000)
of a small exercise and compares the last hundred with the first, and the parent's memory at the end with
that at its start. The targets stand beside the figures.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXERCISES = ("02_tensor_ops", "03_broadcasting", "06_activations", "13_attention")
ALONE = 3
"""How many submissions are graded with a pytest process each."""

PLUGIN = """
import importlib, random, sys
import pytest, torch

def pytest_configure(config):
    for name in ("points(n)", "public", "gpu", "hint(text)", "timeout(seconds)", "forbid(name)"):
        config.addinivalue_line("markers", name)

@pytest.fixture
def student(request):
    torch.manual_seed(0)
    return importlib.import_module(request.node.path.stem.removeprefix("test_"))

@pytest.fixture
def device():
    return torch.device("cpu")

@pytest.fixture
def remote():
    return importlib.import_module

@pytest.fixture
def held():
    return lambda target, *args, **kwargs: target(*args, **kwargs)

@pytest.fixture
def fake_cuda():
    from grader.worker.fake import run_on_fake_device
    return lambda target, *args, **kwargs: run_on_fake_device(target, args, kwargs)
"""
"""Gives the suites in the submission's own process what the grader's plugin gives them in the judge."""


def seconds(command: Sequence[str], **environment: str) -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    return time.perf_counter() - started


def throughput(folder: Path, count: int, exercises: Sequence[str]) -> None:
    for number in range(count):
        student = folder / f"class/student{number:03}"
        student.mkdir(parents=True)
        for exercise in exercises:
            shutil.copy(ROOT / f"solutions/{exercise}/{exercise[3:]}.py", student)
    (folder / "inprocess.py").write_text(PLUGIN)
    suites = [str(ROOT / f"tests/suites/test_{exercise[3:]}.py") for exercise in exercises]
    only = [part for exercise in exercises for part in ("--only", exercise[3:])]
    torch = statistics.median(seconds(["-c", "import torch"]) for _ in range(3))
    alone = statistics.median(
        seconds(
            [
                "-m",
                "pytest",
                "-q",
                "-p",
                "inprocess",
                "-p",
                "no:cacheprovider",
                "-m",
                "not gpu",
                "-c",
                os.devnull,
                *suites,
            ],
            PYTHONPATH=os.pathsep.join([str(folder), str(folder / f"class/student{number:03}"), str(ROOT)]),
            OMP_NUM_THREADS="1",
        )
        for number in range(ALONE)
    )
    print(f"import torch {torch:.2f} s; a pytest process for a submission of {len(exercises)} exercises {alone:.2f} s")
    for jobs, target in ((1, 15), (2, 25)):
        out = folder / f"out{jobs}"
        whole = seconds(
            ["-m", "grader", "batch", str(folder / "class"), "--out", str(out), "-j", str(jobs), "--seed", "0", *only]
        )
        each = spacing(out)
        tests = own_time(out) / count
        print(f"-j {jobs}: {count} submissions in {whole:.1f} s, once started one every {each:.2f} s")
        print(f"  a pytest process each / that (over {target}): {alone / each:.1f}")
        print(
            f"  a pytest process each / the tests' own {tests:.2f} s, the most there is to be had: {alone / tests:.1f}"
        )
        print(
            f"  beyond its tests' own time, in units of import torch (under 0.15): {(each * jobs - tests) / torch:.2f}"
        )


def spacing(out: Path) -> float:
    """Seconds from one report to the next: what a submission takes, start-up aside."""
    times = sorted(path.stat().st_mtime for path in out.glob("student*.json"))
    return (times[-1] - times[0]) / (len(times) - 1)


def own_time(out: Path) -> float:
    """What the tests of all reports took themselves."""
    reports = [json.loads(path.read_bytes()) for path in out.glob("student*.json")]
    return sum(
        test["duration_s"] for report in reports for exercise in report["exercises"] for test in exercise["tests"]
    )


def long(folder: Path, count: int) -> None:
    from grader.batch.run import Graded, Plan, run
    from grader.course import Course
    from grader.grading import Options

    root = folder / "course"
    for path, text in {
        "pyproject.toml": '[tool.grader]\nname = "Small"\npreload = ["torch"]\n',
        "exercises/01_double/README.md": "# Double\n",
        "tests/suites/test_double.py": "def test_double(student):\n    assert student.double(2) == 4\n",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    for number in range(count):
        student = folder / f"class/student{number:05}"
        student.mkdir(parents=True)
        (student / "double.py").write_text(f"def double(x):\n    return 2 * x  # {number}\n")
    times: list[float] = [time.perf_counter()]
    memory: list[int] = []

    def watch(graded: Graded) -> None:
        times.append(time.perf_counter())
        memory.append(resident())

    plan = Plan(folder / "class", folder / "out", (), 2, 0, False, Options(seed=0))
    run(Course.load(root), plan, watch)
    rest = times[101] - times[1], times[-1] - times[-101]
    print(f"{count} submissions, {1000 * (times[-1] - times[1]) / (count - 1):.0f} ms each")
    print(f"  the last hundred / the first (at most 1, but for noise): {rest[1] / rest[0]:.2f}")
    grown = (memory[-1] - memory[0]) / 1e6
    print(f"  what the parent's memory grows by, from the first report to the last (under 50 MB): {grown:.1f} MB")


def resident() -> int:
    """This process's memory, in bytes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def main(arguments: Sequence[str]) -> None:
    what, *rest = arguments or ["throughput"]
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        if what == "long":
            long(Path(folder), int(rest[0]) if rest else 2000)
        else:
            throughput(Path(folder), int(rest[0]) if rest else 20, rest[1:] or EXERCISES)


if __name__ == "__main__":
    main(sys.argv[1:])
