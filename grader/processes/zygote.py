"""Runs in the zygote: import what every child needs, then fork one for whoever asks.

`python -m grader.processes.zygote FD MODULE…`, where FD is the first control socket. The zygote
says `Ready` once, or `Refused` and ends. On each control socket it then answers one request at a
time; when the first of them is closed, it ends, and every child with it.

It must stay single-threaded, and must not touch an accelerator: neither survives a fork.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import traceback
from typing import NoReturn

import msgspec

from grader.boundary.channel import Channel
from grader.boundary.memory import keep_freed_memory
from grader.processes.child import Role
from grader.processes.forked import Forker
from grader.processes.requests import MAX_MESSAGE, End, Ended, Ready, Refused, Reply, Request, Running, Start, Started
from grader.processes.roles import die_with_parent, run

OWN_MODULES = ("grader.judge.main", "grader.worker.serve")
"""What a child runs, imported once as well."""


def main() -> None:
    """Be the zygote."""
    control = socket.socket(fileno=int(sys.argv[1]))
    try:
        for module in (*sys.argv[2:], *OWN_MODULES):
            importlib.import_module(module)
        from grader.bans.dispatch import prepare  # imports torch, which may be what fails

        prepare()
        keep_freed_memory()
    except BaseException as error:
        reply(control, Refused(f"{type(error).__name__}: {error}"))
        raise SystemExit(1) from error
    gc.collect()
    gc.freeze()  # children share these pages as long as nobody's collector writes into them
    reply(control, Ready())
    Zygote(control).serve()


def reply(control: socket.socket, message: Reply) -> None:
    with contextlib.suppress(OSError):  # whoever asked may be gone
        control.send(msgspec.msgpack.encode(message))


class Zygote:
    """Serves control sockets, each with the children that were asked for through it."""

    def __init__(self, first: socket.socket) -> None:
        self._first = first
        self._children: dict[socket.socket, set[int]] = {first: set()}
        self._selector = selectors.DefaultSelector()
        self._selector.register(first, selectors.EVENT_READ)

    def serve(self) -> None:
        while self._first in self._children:
            for key, _ in self._selector.select():
                control: socket.socket = key.fileobj  # type: ignore[assignment]
                if control in self._children:
                    self._answer(control)
        for control in list(self._children):
            self._forget(control)

    def _answer(self, control: socket.socket) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(control, MAX_MESSAGE, 1)
        except OSError:
            data, descriptors = b"", []
        if not data:
            self._forget(control)
            return
        request = msgspec.msgpack.decode(data, type=Request)
        if isinstance(request, Start):
            reply(control, self._start(request.role, descriptors[0], control))
        else:
            reply(control, self._end(request, control))

    def _start(self, role: Role, channel: int, control: socket.socket) -> Reply:
        """Fork a child; a judge also gets a control socket of its own, to ask for its workers."""
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            pid = os.fork()
            if pid == 0:
                ours.close()
                self._become(role, channel, theirs)
        except OSError as error:
            ours.close()
            return Refused(f"no process could be forked: {error.strerror}")
        finally:
            theirs.close()
            os.close(channel)
        self._children[control].add(pid)
        if role == "judge":
            self._children[ours] = set()
            self._selector.register(ours, selectors.EVENT_READ)
        else:
            ours.close()
        return Started(pid)

    def _become(self, role: Role, channel: int, control: socket.socket) -> NoReturn:
        """Runs in the child: let go of all that is the zygote's, and be something else."""
        code = 1
        try:
            os.setsid()  # a process group of its own, to be killed as one
            die_with_parent()
            self._selector.close()
            for other in self._children:
                other.close()
            self._children.clear()
            run(role, Channel(channel, channel), Forker(control))
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


if __name__ == "__main__":
    main()
