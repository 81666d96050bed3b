"""Chooses how processes are started on this machine."""

from __future__ import annotations

import sys
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

from grader.processes.child import Launcher
from grader.processes.spawned import Spawner

FORK = "fork"

WARM = ("torch._dynamo",)
"""What a worker's first fake tensor imports, half a second: worth it in a zygote of which many workers come."""


@contextmanager
def launched(preload: Sequence[str], off: Collection[str] = ()) -> Iterator[Launcher]:
    """A launcher, whose processes all end with the context.

    On Linux it forks from a zygote, which starts to import `preload` at once and in the background.
    Elsewhere, or with `fork` in `off`, it starts a fresh interpreter for each process.
    """
    if sys.platform != "linux" or FORK in off:
        yield Spawner()
        return
    from grader.processes.forked import ZygoteProcess

    zygote = ZygoteProcess(preload)
    try:
        yield zygote
    finally:
        zygote.close()
