"""Asks a zygote for children, in `grade` and in a judge."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from typing import Literal

import msgspec

from grader.boundary.channel import Channel
from grader.errors import GraderError
from grader.processes.child import Role
from grader.processes.environment import environment
from grader.processes.requests import MAX_MESSAGE, End, Ended, Ready, Refused, Reply, Request, Running, Start, Started

ANSWER_SECONDS = 60.0
"""How long a fork server may take to answer `grade`."""


class Forker:
    """A control socket to a zygote. May be used from several threads."""

    processes: Literal["fork", "spawn"] = "fork"

    def __init__(self, control: socket.socket) -> None:
        self._control = control
        self._lock = threading.Lock()  # a request and its reply belong together

    def start(self, role: Role, *descriptors: int) -> ForkedChild:
        """Start a child that waits for its first message; it gets a copy of `descriptors` as well.

        Raises:
            GraderError: the zygote cannot fork.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            answer = self.request(Start(role), theirs.fileno(), *descriptors)
        if not isinstance(answer, Started):
            ours.close()
            raise GraderError(f"No {role} process could be started: {_reason(answer)}.")
        descriptor = ours.detach()
        return ForkedChild(answer.pid, Channel(descriptor, descriptor), self)

    def bench(self) -> tuple[ForkedChild, Forker]:
        """A bench that waits for its first message, and what starts the judges that it forks.

        Raises:
            GraderError: the zygote cannot fork.
        """
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            child = self.start("bench", theirs.fileno())
        forker = Forker(ours)
        forker.limit()
        return child, forker

    def limit(self) -> None:
        """From now on, one that does not answer within `ANSWER_SECONDS` counts as gone: it may have been stopped."""
        self._control.settimeout(ANSWER_SECONDS)

    def request(self, message: Request, *descriptors: int) -> Reply | None:
        """The zygote's reply, None where it is gone."""
        with self._lock, contextlib.suppress(OSError):
            socket.send_fds(self._control, [msgspec.msgpack.encode(message)], descriptors)
            return self.reply()
        return None

    def reply(self) -> Reply | None:
        data = self._control.recv(MAX_MESSAGE)
        return msgspec.msgpack.decode(data, type=Reply) if data else None

    def close(self) -> None:
        self._control.close()


class ForkedChild:
    """A child of the zygote's. It stays a zombie until `end`, so its number cannot come to mean another."""

    def __init__(self, pid: int, channel: Channel, forker: Forker) -> None:
        self.channel = channel
        self._pid = pid
        self._forker = forker
        self._code: int | None = None

    def kill(self) -> None:
        if self._code is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(self._pid, signal.SIGKILL)

    def end(self, grace_s: float = 0.0) -> int:
        self.channel.close()
        deadline = time.monotonic() + grace_s
        while self._code is None:
            kill = time.monotonic() >= deadline
            answer = self._forker.request(End(self._pid, kill))
            if isinstance(answer, Running):
                time.sleep(0.002)
            else:
                self._code = answer.code if isinstance(answer, Ended) else -signal.SIGKILL
        return self._code


class ZygoteProcess(Forker):
    """A zygote of our own, started at once and waited for when it is first needed.

    Args:
        preload: modules to import before the first fork.
    """

    def __init__(self, preload: Sequence[str]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        super().__init__(ours)
        self._said: Reply | None = None  # Ready or Refused, once it is known
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-m", "grader.processes.zygote", str(theirs.fileno()), *preload],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=None if os.environ.get("GRADER_DEBUG") else subprocess.DEVNULL,
                env=environment(),
                cwd="/",
                pass_fds=[theirs.fileno()],
                start_new_session=True,  # Ctrl-C is for `grade` to deal with
            )

    def start(self, role: Role, *descriptors: int) -> ForkedChild:
        self._wait()
        return super().start(role, *descriptors)

    def _wait(self) -> None:
        with self._lock:
            if self._said is None:
                self._said = self.reply() or Refused(f"exit code {self._process.wait()}")
                self.limit()
        if not isinstance(self._said, Ready):
            raise GraderError(f"The grader could not import what the course needs: {_reason(self._said)}.")

    def close(self) -> None:
        """End the zygote, and every process that comes from it."""
        super().close()
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def _reason(answer: Reply | None) -> str:
    return answer.reason if isinstance(answer, Refused) else "the process that starts others is gone"
