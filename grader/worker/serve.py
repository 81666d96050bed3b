"""Runs in the worker: from a fresh process to one that answers calls.

serve     confine the process, then answer until the judge closes the channel
Worker    the worker's end of the channel
"""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from grader.bans.dispatch import banned
from grader.boundary import wire
from grader.boundary.peer import Operation, Peer
from grader.boundary.wire import Channel
from grader.confine import Confinement, Policy, confine
from grader.worker import loading, operations, printing, state
from grader.worker.objects import WorkerObjects

UNBANNED = {"backward", "import", "load", "begin", "hello"}
"""Operations in which the submission may use what the test forbids: none of them is an answer."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """What a worker needs to know before its first call.

    `readable`: the submission's folder or file; `importable`: the folders it may import from.
    """

    readable: str
    importable: list[str]
    scratch: str
    layers_off: list[str]
    accelerator: bool
    memory_bytes: int
    cpu_s: int
    file_bytes: int
    open_files: int
    output_chars: int


class Worker(Peer):
    """The worker's end of the channel."""

    def __init__(self, channel: Channel, settings: Settings, confinement: Confinement) -> None:
        own: dict[str, Operation] = {"hello": self._hello, "load": self._load, "begin": self._begin}
        super().__init__(channel, -1, operations.ON_OBJECTS | own)
        self.objects: WorkerObjects = WorkerObjects(self)
        self._confinement = confinement
        self._printed = printing.capture(settings.output_chars)
        self._module: Any = None
        self._forbidden: list[str] = []
        self._denied: list[tuple[str, int]] = []

    # operations

    def _hello(self) -> dict[str, Any]:
        return {"held": self._confinement.held, "missing": self._confinement.missing, "process": os.getpid()}

    def _load(self, source: bytes, filename: str, name: str, parts: Sequence[list[int]] = ()) -> list[loading.Problem]:
        self.filename = filename
        self._module, problems = loading.load(source, filename, name, [(first, last) for first, last in parts])
        return problems

    def _begin(self, seed: int, forbidden: list[str]) -> Any:
        """Start a test: forget the last one's objects, reset global state. Returns the submission's module."""
        self.links.clear()
        self.objects.clear()
        self._forbidden = forbidden
        self._denied.clear()
        self._printed.restart()
        state.reset(seed)
        return self._module

    # what a Peer leaves to its side

    def running(self, op: str) -> AbstractContextManager[Any]:
        if not self._forbidden or op in UNBANNED:
            return contextlib.nullcontext()
        return banned(self._forbidden, self._denied.append, filename=self.filename)

    def notes(self) -> wire.Notes | None:
        notes = wire.Notes(printed=self._printed.take(), denied=[(name, line) for name, line in self._denied])
        self._denied.clear()
        return notes if notes.printed or notes.denied else None


def serve(channel: Channel, settings: Settings) -> None:
    """Confine this process for good, then answer the judge's calls."""
    confinement = confine(
        Policy(
            readable=(settings.readable,) if settings.readable else (),
            scratch=settings.scratch,
            keep=channel.descriptors,
            memory_bytes=settings.memory_bytes,
            cpu_s=settings.cpu_s,
            file_bytes=settings.file_bytes,
            open_files=settings.open_files,
            accelerator=settings.accelerator,
            off=tuple(settings.layers_off),
        )
    )
    sys.dont_write_bytecode = True
    tempfile.tempdir = settings.scratch
    sys.path += settings.importable  # last: nothing of the submission's shadows a library
    gc.collect()
    Worker(channel, settings, confinement).serve()
