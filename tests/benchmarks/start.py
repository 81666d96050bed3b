"""How long `grade` takes, against what its imports and its tests take in any case: ratios, measured in one run.

    python tests/benchmarks/start.py [RUNS]

Each figure is the median over RUNS (5) rounds; in every round the commands run one after another, so that a
machine that slows down slows all of them. The targets stand beside the figures.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXERCISE = ROOT / "solutions/06_activations"


def seconds(*command: str) -> tuple[float, str]:
    started = time.perf_counter()
    done = subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.PIPE, text=True, check=False)
    return time.perf_counter() - started, done.stdout


def round_() -> dict[str, float]:
    """One round's ratios."""
    torch, _ = seconds("-c", "import torch")
    imports, _ = seconds("-c", "import torch, torchvision, pytest")
    help_, _ = seconds("-m", "grader", "--help")
    grade, report = seconds("-m", "grader", str(EXERCISE), "--json", "-", "--seed", "0")
    seconds("-m", "grader", "exercises")
    again, _ = seconds("-m", "grader", "exercises")
    tests = sum(test["duration_s"] for exercise in json.loads(report)["exercises"] for test in exercise["tests"])
    return {
        "grade --help / import torch (under 0.15)": help_ / torch,
        "grade where nothing has changed / import torch (under 0.15)": again / torch,
        "grade on one exercise / (imports + tests) (under 1.6)": grade / (imports + tests),
        "  its tests' own time, in units of import torch": tests / torch,
    }


def workers(runs: int) -> float:
    """Milliseconds from asking a warm zygote for a worker to its first answer."""
    from grader.course import Course
    from grader.events import Job, Target
    from grader.judge.in_worker import InWorker
    from grader.processes.launch import launched

    course = Course.load(ROOT)
    target = Target(exercise="nothing", suite="", file="nothing.py", source=b"", root="")
    times = []
    with launched(course.settings.preload) as launcher:
        side = InWorker(Job(targets=[target], seed=0, rootdir=str(ROOT), scratch="/tmp"), launcher)
        for _ in range(runs):
            started = time.perf_counter()
            problem = side.open(target, accelerator=False)
            side.begin(0, (), 10.0)
            times.append(time.perf_counter() - started)
            assert problem is None, problem
            side.end()
            side.close()
    return 1000 * statistics.median(times[1:])


def main(arguments: Sequence[str]) -> None:
    runs = int(arguments[0]) if arguments else 5
    rounds = [round_() for _ in range(runs)]
    for name in rounds[0]:
        figures = sorted(figure[name] for figure in rounds)
        print(f"{name:56} {statistics.median(figures):6.2f}   ({figures[0]:.2f} to {figures[-1]:.2f})")
    print(f"{'a fresh worker, warm zygote, in ms (under 60)':56} {workers(20):6.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])
