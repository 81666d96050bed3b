"""Runs in a new child. What it is to be; the details come as the first message on its channel."""

from __future__ import annotations

import ctypes
import signal
import sys

import msgspec

from grader.boundary.channel import Channel, ChannelClosed
from grader.events import Job
from grader.processes.child import Launcher, Role

PR_SET_PDEATHSIG = 1


def run(role: Role, channel: Channel, launcher: Launcher) -> None:
    """Be a judge or a worker until the work is done. `launcher`: for a judge, to start its workers."""
    try:
        first = channel.receive()
    except ChannelClosed:
        return
    if role == "judge":
        from grader.judge.main import serve as judge

        judge(channel, msgspec.msgpack.decode(first, type=Job), launcher)
    else:
        from grader.worker.serve import Settings
        from grader.worker.serve import serve as work

        work(channel, msgspec.msgpack.decode(first, type=Settings))


def die_with_parent() -> None:
    """On Linux, have the kernel end this process when its parent ends."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
