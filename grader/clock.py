"""Ends a worker that takes too long."""

from __future__ import annotations

import threading
from collections.abc import Callable


class Clock:
    """Calls `ring` once `seconds` have passed since `start`, unless stopped before.

    It rings in a thread of its own, so it works while the judge waits to read, waits to write, or
    computes; and it works on every platform.
    """

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._timer: threading.Timer | None = None
        self.seconds = 0.0
        self.rang = False

    def start(self, seconds: float) -> None:
        self.stop()
        self.seconds = seconds
        self._timer = threading.Timer(seconds, self._expire)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _expire(self) -> None:
        self.rang = True
        self._ring()
