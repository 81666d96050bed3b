"""Ends a worker that takes more than it may of what no limit of the kernel's counts."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from grader.judge.scratch import TOO_MUCH, is_overfull

SECONDS = 0.1
"""How often it looks."""

MAX_THREADS = 256
TOO_MANY = f"It started more threads than it may, which is {MAX_THREADS}."


class Guard:
    """Looks at a worker's scratch folder and threads until it is closed; calls `kill` where there is too much.

    `told`: why it did so, in words for the student.
    """

    def __init__(self, scratch: Path, process: int, kill: Callable[[], None]) -> None:
        self.told: str | None = None
        self._scratch = scratch
        self._process = process
        self._kill = kill
        self._closed = threading.Event()
        threading.Thread(target=self._watch, daemon=True).start()

    def close(self) -> None:
        self._closed.set()

    def _watch(self) -> None:
        while not self._closed.wait(SECONDS):
            if is_overfull(self._scratch):
                self.told = TOO_MUCH
            elif _threads(self._process) > MAX_THREADS:
                self.told = TOO_MANY
            if self.told is not None:
                self._kill()
                return


def _threads(process: int) -> int:
    """How many threads a process has; 0 where nobody can tell."""
    try:
        status = Path(f"/proc/{process}/status").read_text(errors="replace")
    except OSError:
        return 0
    return int(status.partition("\nThreads:")[2].partition("\n")[0] or 0)
