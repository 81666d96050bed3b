"""Runs in a process that forks others on request: the zygote, or a bench.

It answers one request at a time on each of its *control* sockets. A child lives no longer than the
control socket that it was asked for through; when the first of them closes, the server ends, and
every child with it.

It must stay single-threaded, and must not touch an accelerator: neither survives a fork.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import traceback
from collections.abc import Callable
from typing import NoReturn

import msgspec

from grader.boundary.channel import Channel
from grader.processes.child import Role
from grader.processes.forked import Forker
from grader.processes.parent import die_with_parent
from grader.processes.requests import MAX_MESSAGE, Adopt, Adopted, End, Ended, Refused, Reply, Request, Running, Start
from grader.processes.requests import Started as StartedReply

Become = Callable[[Role, Channel, Forker, socket.socket | None], None]
"""What a new child does: its role, its channel, what starts its workers, and a control socket to serve, if any."""


class ForkServer:
    """Serves control sockets, each with the children that were asked for through it.

    Args:
        first: the control socket that the server lives as long as.
        become: called in each child; the child ends when it returns.
        adopt: passes one end of a new control socket to whoever serves it; by default this server does.
    """

    def __init__(
        self, first: socket.socket, become: Become, adopt: Callable[[socket.socket], None] | None = None
    ) -> None:
        self._first = first
        self._become_it = become
        self._adopt = adopt or self._take
        self._children: dict[socket.socket, set[int]] = {}
        self._selector = selectors.DefaultSelector()
        self._take(first)

    def serve(self) -> None:
        """Answer until the first control socket is closed."""
        while self._first in self._children:
            for key, _ in self._selector.select():
                control: socket.socket = key.fileobj  # type: ignore[assignment]
                if control in self._children:
                    self._answer(control)
        for control in list(self._children):
            self._forget(control)

    def _take(self, control: socket.socket) -> None:
        self._children[control] = set()
        self._selector.register(control, selectors.EVENT_READ)

    def _answer(self, control: socket.socket) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(control, MAX_MESSAGE, 2)
        except OSError:
            data, descriptors = b"", []
        if not data:
            self._forget(control)
            return
        request = msgspec.msgpack.decode(data, type=Request)
        if isinstance(request, Start):
            reply(control, self._start(request.role, descriptors, control))
        elif isinstance(request, Adopt):
            self._take(socket.socket(fileno=descriptors[0]))
            reply(control, Adopted())
        else:
            reply(control, self._end(request, control))

    def _start(self, role: Role, descriptors: list[int], control: socket.socket) -> Reply:
        """Fork a child; all but a worker also get a control socket of their own, to ask for workers."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            try:
                pid = os.fork()
                if pid == 0:
                    ours.close()
                    self._become(role, descriptors, theirs)
            except OSError as error:
                ours.close()
                return Refused(f"no process could be forked: {error.strerror}")
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)
        self._children[control].add(pid)
        if role == "worker":
            ours.close()
        else:
            self._adopt(ours)
        return StartedReply(pid)

    def _become(self, role: Role, descriptors: list[int], control: socket.socket) -> NoReturn:
        """Runs in the child: let go of all that is the server's, and be something else."""
        code = 1
        try:
            os.setsid()  # a process group of its own, to be killed as one
            die_with_parent()
            self._selector.close()
            for other in self._children:
                other.close()
            self._children.clear()
            channel, *rest = descriptors
            serves = socket.socket(fileno=rest[0]) if rest else None
            self._become_it(role, Channel(channel, channel), Forker(control), serves)
            code = 0
        except SystemExit as leaving:
            code = leaving.code if isinstance(leaving.code, int) else 1
        except BaseException:
            if os.environ.get("GRADER_DEBUG"):
                traceback.print_exc()
        finally:
            os._exit(code)

    def _end(self, request: End, control: socket.socket) -> Reply:
        if request.pid not in self._children[control]:
            return Refused(f"{request.pid} is not a child asked for here")
        code = reap(request.pid, request.kill)
        if code is None:
            return Running()
        self._children[control].discard(request.pid)
        return Ended(code)

    def _forget(self, control: socket.socket) -> None:
        """Whoever held the other end is gone, or going: so go the children."""
        self._selector.unregister(control)
        control.close()
        for pid in self._children.pop(control):
            reap(pid)


def reply(control: socket.socket, message: Reply) -> None:
    with contextlib.suppress(OSError):  # whoever asked may be gone
        control.send(msgspec.msgpack.encode(message))


def reap(pid: int, kill: bool = True) -> int | None:
    """How `pid` ended. If it still runs, None, or with `kill` it is killed with its process group."""
    ended, status = os.waitpid(pid, os.WNOHANG)
    if not ended:
        if not kill:
            return None
        for how in (os.killpg, os.kill):  # it may not have its own group yet
            with contextlib.suppress(ProcessLookupError, PermissionError):
                how(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    return os.waitstatus_to_exitcode(status)
