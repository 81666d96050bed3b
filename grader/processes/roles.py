"""Runs in a new child. What it is to be; the details come as the first message on its channel."""

from __future__ import annotations

import ctypes
import signal
import socket
import sys

import msgspec

from grader.boundary.channel import Channel, ChannelClosed
from grader.events import Job
from grader.processes.child import Launcher, Role

PR_SET_PDEATHSIG = 1


def run(role: Role, channel: Channel, control: socket.socket | None, serves: socket.socket | None) -> None:
    """Be a judge, a bench or a worker until the work is done.

    Args:
        control: where a judge or a bench asks for its workers; None to start them as fresh interpreters.
        serves: where a bench is asked for judges.
    """
    try:
        first = channel.receive()
    except ChannelClosed:
        return
    if role == "worker":
        from grader.worker.serve import Settings
        from grader.worker.serve import serve as work

        work(channel, msgspec.msgpack.decode(first, type=Settings))
        return
    job = msgspec.msgpack.decode(first, type=Job)
    if role == "bench":
        from grader.judge.bench import serve as bench

        assert control is not None and serves is not None, "a bench is forked"
        bench(channel, job, control, serves)
    else:
        from grader.judge.main import serve as judge

        judge(channel, job, _launcher(control))


def _launcher(control: socket.socket | None) -> Launcher:
    if control is None:
        from grader.processes.spawned import Spawner

        return Spawner()
    from grader.processes.forked import Forker

    return Forker(control)


def die_with_parent() -> None:
    """On Linux, have the kernel end this process when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
