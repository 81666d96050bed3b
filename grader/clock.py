"""Ends a process that takes too long."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class Clock:
    """Calls `ring` once `seconds` have passed since `start`, unless stopped before.

    It rings in a thread of its own, so it works while its owner waits to read, waits to write, or computes;
    and it works on every platform. One thread serves all starts: a test is shorter than starting one takes.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None
        self._deadline: float | None = None
        self._wakes = float("inf")  # when the thread looks at the deadline next
        self._closed = False
        self.seconds = 0.0
        self.rang = False

    def start(self, seconds: float) -> None:
        """Start anew. `seconds` is kept, to be told."""
        with self._changed:
            self.seconds = seconds
            self._deadline = time.monotonic() + seconds
            if self._thread is None:
                self._thread = threading.Thread(target=self._watch, daemon=True)
                self._thread.start()
            elif self._deadline < self._wakes:
                self._changed.notify()

    def stop(self) -> None:
        with self._changed:
            self._deadline = None

    def close(self) -> None:
        """Stop for good, and let the thread end."""
        with self._changed:
            self._deadline = None
            self._closed = True
            self._changed.notify()

    def _watch(self) -> None:
        with self._changed:
            while not self._closed:
                now = time.monotonic()
                if self._deadline is not None and self._deadline <= now:
                    self._deadline = None
                    self.rang = True
                    self._ring()
                self._wakes = float("inf") if self._deadline is None else self._deadline
                self._changed.wait(None if self._deadline is None else self._deadline - now)
