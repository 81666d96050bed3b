"""Runs in a new child. What it is to be; the details come as the first message on its channel."""

from __future__ import annotations

import socket

import msgspec

from grader.boundary.channel import Channel, ChannelClosed
from grader.events import Job
from grader.processes.child import Launcher, Role
from grader.processes.forked import Forker


def run(role: Role, channel: Channel, launcher: Launcher, serves: socket.socket | None = None) -> None:
    """Be a judge, a bench or a worker until the work is done.

    Args:
        launcher: starts the workers of a judge, or of a bench's judges.
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

        assert isinstance(launcher, Forker) and serves is not None, "a bench is forked"
        bench(channel, job, launcher, serves)
    else:
        from grader.judge.main import serve as judge

        judge(channel, job, launcher)
