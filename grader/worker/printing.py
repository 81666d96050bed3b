"""Runs in the worker. What a submission prints, kept up to a limit and sent along with the next answer."""

from __future__ import annotations

import io
import sys


class Printed(io.TextIOBase):
    """A text stream that remembers the first `limit` characters and counts the rest."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[str] = []
        self._kept = 0
        self._dropped = 0

    def write(self, text: str) -> int:
        kept = text[: self._limit - self._kept]
        if kept:
            self._parts.append(kept)
        self._kept += len(kept)
        self._dropped += len(text) - len(kept)
        return len(text)

    def writable(self) -> bool:
        return True

    def take(self) -> str:
        """What was printed since this was last asked."""
        text = "".join(self._parts).encode("utf-8", "replace").decode()
        if self._dropped:
            text += f"\n… and {self._dropped} characters more"
        self._parts.clear()
        self._dropped = 0
        return text

    def restart(self) -> None:
        """Give the next test the whole limit again."""
        self._parts.clear()
        self._kept = self._dropped = 0


def capture(limit: int) -> Printed:
    """Send standard output and error of Python code to a `Printed`."""
    printed = Printed(limit)
    sys.stdout = sys.stderr = printed
    return printed
