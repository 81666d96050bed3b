"""The judge's end of a worker's channel."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import msgspec
import pytest

from grader.bans.source import Violation, check
from grader.boundary.channel import Channel, ChannelClosed, Part, ProtocolError
from grader.boundary.failures import Raised
from grader.boundary.peer import Peer
from grader.boundary.standin import JudgeObjects, StandIn, describe
from grader.boundary.wire import Notes
from grader.clock import Clock
from grader.events import Target
from grader.judge.guard import Guard
from grader.judge.wording import Call, ending
from grader.processes.child import Child

MAX_BYTES = 1 << 30
"""What a worker may send during one test."""

MAX_PRINTED = 1 << 16
"""How many characters of printing are kept, whatever a worker calls its own limit."""

GRACE_SECONDS = 3.0
"""How long a worker that has closed its channel may take to end by itself, so that it can be said how."""

Problems = list[tuple[int, str, str, list[int]]]
"""What went wrong in parts of a file: see `worker.loading.load`."""

KILLED = -9
"""The exit code of a process that was killed."""

REMOTE = "remote "
"""How the label of a library module begins that a test imported in the worker."""


class WorkerGone(pytest.fail.Exception):  # type: ignore[misc, name-defined]  # untyped in pytest
    """The worker had to be ended, or ended by itself.

    It is no `Exception`, so no test can take it for an answer; and it is one of pytest's own, so that
    pytest finishes a teardown in which a fixture meets it.

    `killed`: somebody else ended it, and neither the judge nor, as far as can be seen, the submission.
    """

    def __init__(self, outcome: Literal["timeout", "crashed"], message: str, killed: bool = False) -> None:
        super().__init__(message)
        self.outcome = outcome
        self.message = message
        self.killed = killed


class Forbidden(Exception):
    """The source of what a test reads uses what the test forbids."""


@dataclass
class Seen:
    """What the judge saw of a submission during one test."""

    calls: deque[Call]
    printed: str = ""
    denied: tuple[str, int] | None = None  # the first forbidden call: its name, the line it came from
    violation: Violation | None = None  # the first forbidden use found in the source
    absent: str | None = None  # a name that the submission does not define
    unwritten: bool = False  # NotImplementedError was raised
    asked: bool = False  # the submission was asked for anything
    answered: bool = False  # something came back, beside what the module defines

    @classmethod
    def nothing(cls) -> Seen:
        return cls(deque(maxlen=50))


class Metered(Channel):
    """The child's channel, with a limit on what may come in."""

    def __init__(self, inner: Channel) -> None:
        self._inner = inner
        self.left = MAX_BYTES

    @property
    def descriptors(self) -> tuple[int, ...]:
        return self._inner.descriptors

    def send(self, frame: bytes | Sequence[Part]) -> None:
        self._inner.send(frame)

    def receive(self) -> bytearray:
        frame = self._inner.receive()
        self.left -= len(frame)
        if self.left < 0:
            raise ProtocolError(f"more than {MAX_BYTES >> 20} MiB came back during one test")
        return frame

    def close(self) -> None:
        self._inner.close()


class Link(Peer):
    """A channel to one worker, whose clock runs out and whose end is told in words.

    `gone`: why there is no worker any more; None while there is one.
    """

    def __init__(self, child: Child, scratch: Path, source: bytes, filename: str) -> None:
        self.objects: JudgeObjects
        self._metered = Metered(child.channel)
        super().__init__(self._metered, 1, {})
        self.objects = JudgeObjects(self)
        self._operations["call"] = self.objects.call
        self.filename = filename
        self.clock = Clock(child.kill)
        self.gone: WorkerGone | None = None
        self.seen = Seen.nothing()
        self._child = child
        self._scratch = scratch
        self._guard: Guard | None = None
        self._source = source
        self._forbidden: tuple[str, ...] = ()
        self._module: Any = None

    def hello(self) -> dict[str, Any]:
        """Which layers hold the worker, before it runs a line of the submission. From then on it is guarded."""
        said: dict[str, Any] = self.ask("hello")
        self._guard = Guard(self._scratch, said["process"], self._child.kill)
        return said

    def load(self, target: Target) -> Problems:
        """Have a file loaded. What it raises is raised; what its parts raise is returned."""
        problems = self.ask("load", target.source, target.file, target.exercise, target.parts)
        try:
            return msgspec.convert(problems, Problems)
        except msgspec.ValidationError as error:
            raise self._lost(ProtocolError(str(error))) from None

    def begin(self, seed: int, forbidden: tuple[str, ...]) -> StandIn:
        """Start a test: both sides forget the last one. Returns the submission's module."""
        self.links.clear()
        self.objects.clear()
        self._metered.left = MAX_BYTES
        self._forbidden = ()
        module = self.ask("begin", seed, list(forbidden))
        if type(module) is not StandIn:  # with anything else, each test would seem to be at fault itself
            raise self._lost(ProtocolError("a module is an object"))
        self._module = module
        self.seen = Seen.nothing()
        self._forbidden = forbidden
        return module

    def remote(self, name: str) -> Any:
        """A library's module, imported in the worker."""
        module = self.ask("import", name)
        if isinstance(module, StandIn):
            module._standin_label = REMOTE + name
        return module

    def end(self, grace_s: float = 0.0) -> int:
        """End the worker. Returns its exit code."""
        self.clock.close()
        if self._guard is not None:
            self._guard.close()
        return self._child.end(grace_s)

    # what a Peer leaves to its side

    def ask(self, op: str, /, *args: Any, **kwargs: Any) -> Any:
        if self.gone is not None:
            raise self.gone
        self.seen.asked = True
        if op == "getattr" and args[0] is self._module:
            self._check_source(args[1])
        call = self._note_call(op, args, kwargs)
        try:
            result = super().ask(op, *args, **kwargs)
        except (ChannelClosed, ProtocolError) as error:
            raise self._lost(error) from None
        except Raised as error:
            self.seen.unwritten |= isinstance(error, NotImplementedError)
            if op == "getattr" and args[0] is self._module and isinstance(error, AttributeError):
                self.seen.absent = args[1]
            if call is not None:
                call.raised = error
            raise
        self.seen.answered |= op != "getattr" or args[0] is not self._module
        if call is not None:
            call.returned(result)
        return result

    def noted(self, notes: Notes) -> None:
        self.seen.printed = (self.seen.printed + notes.printed)[:MAX_PRINTED]
        for name, line in notes.denied:
            if name not in self._forbidden:  # it is shown for hidden tests too
                raise ProtocolError("a denied call of what is not forbidden")
            self.seen.denied = self.seen.denied or (name, line)

    def _note_call(self, op: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call | None:
        if op not in ("call", "fake_device") or not isinstance(args[0], StandIn):
            return None
        label = describe(args[0])
        if label.startswith(REMOTE):
            return None
        call = Call(label, args[1:], kwargs)
        self.seen.calls.append(call)
        return call

    def _check_source(self, name: str) -> None:
        violation = check(self._source, name, self._forbidden) if self._forbidden else None
        if violation is not None:
            self.seen.violation = violation
            raise Forbidden(str(violation))

    def _lost(self, error: ChannelClosed | ProtocolError) -> WorkerGone:
        """Why there is no more to be had from the worker; it is ended in any case."""
        rang, since = self.clock.rang, time.monotonic()
        code = self.end(GRACE_SECONDS if isinstance(error, ChannelClosed) else 0.0)
        lived_on = time.monotonic() - since >= GRACE_SECONDS  # and was ended here
        if self._guard is not None and self._guard.told is not None:
            self.gone = WorkerGone("crashed", self._guard.told)
        elif rang:
            self.gone = WorkerGone("timeout", f"There was no answer within {self.clock.seconds:g} seconds.")
        elif isinstance(error, ProtocolError):
            self.gone = WorkerGone("crashed", "What came back was no valid answer.")
        elif lived_on:
            self.gone = WorkerGone("crashed", "The code closed its connection to the grader.")
        else:
            self.gone = WorkerGone("crashed", ending(code), killed=code == KILLED)
        return self.gone
