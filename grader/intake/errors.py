"""What can be wrong with one student's hand-in. What is wrong with a whole download is a `UsageError`.

    IntakeError          it cannot be laid out
    └── ArchiveError     an archive in it is refused or broken

Each message is for the student.
"""

from __future__ import annotations


class IntakeError(Exception):
    """Nothing of a hand-in can be graded; the message says why, and what to hand in instead."""


class ArchiveError(IntakeError):
    """An archive that is not unpacked. `found` is the message without the advice to the student."""

    def __init__(self, found: str) -> None:
        super().__init__(f"{found} Hand in a new zip, of your .py and .ipynb files only.")
        self.found = found
