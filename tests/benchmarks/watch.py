"""How long it takes from a save to the result on the screen of `grade watch`, beyond the tests' own time.

    python -m tests.benchmarks.watch [SAVES]

A pseudo-terminal stands in for the student's. The median over SAVES (10) is printed; it should be under 0.5 s.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from grader.course import Course
from grader.recall import Recall
from tests.grader.watch.test_loop import watching

ROOT = Path(__file__).parents[2]
NAME = "06_activations"


def main(arguments: Sequence[str]) -> None:
    saves = int(arguments[0]) if arguments else 10
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        root = Path(folder, "course")
        for part in ("pyproject.toml", "exercises", "tests/suites"):
            source, target = ROOT / part, root / part
            target.parent.mkdir(parents=True, exist_ok=True)
            (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
        answer = root / f"exercises/{NAME}/{NAME[3:]}.py"
        solution = (ROOT / f"solutions/{NAME}/{NAME[3:]}.py").read_text()
        recall = Recall(Course.load(root))
        beyond = []
        with watching(root) as terminal:
            terminal.until("q] quit")
            for number in range(saves):
                started = time.perf_counter()
                answer.write_text(f"{solution}\n# {number}\n")
                terminal.until("All is right here.")
                waited = time.perf_counter() - started
                kept = recall.last(NAME[3:])
                assert kept is not None
                beyond.append(waited - sum(test.duration_s for test in kept.exercise.tests))
    print(f"from a save to the result, beyond the tests' own time (under 0.5): {statistics.median(beyond):.2f} s")
    print(f"  from {min(beyond):.2f} to {max(beyond):.2f} s, {saves} saves of {NAME[3:]}")


if __name__ == "__main__":
    main(sys.argv[1:])
