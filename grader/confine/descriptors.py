"""Runs in the worker. The layer `descriptors`: nothing inherited stays open but the channel."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

from grader.confine.policy import LayerError, Policy


def close_others(policy: Policy) -> None:
    """Lead 0, 1 and 2 to /dev/null and close the rest, except what the policy keeps.

    Python objects that hold a closed descriptor keep its number, which the next file may get:
    collect garbage before opening anything.
    """
    if sys.platform == "win32":
        raise LayerError("needs Linux or macOS")
    null = os.open(os.devnull, os.O_RDWR)
    stays = {0, 1, 2, *policy.keep}
    for descriptor in {0, 1, 2}.difference(policy.keep):
        os.dup2(null, descriptor)
    for descriptor in _open() - stays:
        with contextlib.suppress(OSError):  # the one that the list was read from
            os.close(descriptor)
    left = {descriptor for descriptor in _open() - stays if _is_open(descriptor)}
    if left:
        raise LayerError(f"{len(left)} descriptors could not be closed")


def _open() -> set[int]:
    return {int(entry.name) for entry in Path("/dev/fd").iterdir()}  # on macOS too, and exact, unlike a range


def _is_open(descriptor: int) -> bool:
    with contextlib.suppress(OSError):
        os.fstat(descriptor)
        return True
    return False
