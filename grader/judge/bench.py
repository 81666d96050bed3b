"""Runs in a bench: the suites are collected once, then a judge is forked for each submission.

A judge that starts here finds pytest where collecting left it; it runs the tests of its own
submission and ends. Nothing of one judge is left for the next, each being a fork of its own.
"""

from __future__ import annotations

import contextlib
import gc
import socket

import msgspec
import pytest

from grader.boundary.channel import Channel, ChannelClosed
from grader.errors import GraderError
from grader.events import Benched, Broken, Event, Job
from grader.judge.collection import Collection
from grader.judge.in_worker import InWorker
from grader.judge.main import finish, run_pytest
from grader.judge.running import Judge
from grader.judge.side import accelerator
from grader.processes.child import Role
from grader.processes.forked import Forker
from grader.processes.forking import ForkServer
from grader.processes.requests import Adopt, Adopted


def serve(channel: Channel, job: Job, zygote: Forker, serves: socket.socket) -> None:
    """Collect the suites of `job`'s targets; then fork judges for whoever asks on `serves`, until that is closed.

    Args:
        channel: says `Benched`, or `Broken` where the suites cannot be collected at all.
        zygote: where the judges' workers come from.
    """

    def adopt(judges: socket.socket) -> None:
        """A judge's own control socket leads to the zygote: its workers must not come from here."""
        with judges:
            if not isinstance(zygote.request(Adopt(), judges.fileno()), Adopted):
                raise GraderError("the zygote is gone")

    def fork_judges(collection: Collection, session: pytest.Session) -> None:
        def be_judge(role: Role, own: Channel, workers: Forker, nothing: socket.socket | None) -> None:
            zygote.close()
            channel.close()
            _judge(own, workers, collection, session)

        gc.collect()
        gc.freeze()  # judges share these pages as long as nobody's collector writes into them
        _say(channel, Benched(device=accelerator().type))
        ForkServer(serves, be_judge, adopt).serve()

    broken = run_pytest(job, fork_judges)
    if broken is not None:
        _say(channel, Broken(reason=broken))


def _judge(channel: Channel, launcher: Forker, collection: Collection, session: pytest.Session) -> None:
    """Runs in a judge: grade the submission that the first message names."""
    encoder = msgspec.msgpack.Encoder()

    def emit(event: Event) -> None:
        channel.send(encoder.encode(event))

    try:
        job = msgspec.msgpack.decode(channel.receive(), type=Job)
        side = InWorker(job, launcher)
        broken = None
        try:
            Judge(job, collection, side, emit).run(session)
        except ChannelClosed:
            raise
        except BaseException as error:  # pytest's own included: whatever it is, the tests are not through
            broken = f"{type(error).__name__}: {error}"
        finish(side, emit, broken)
    except ChannelClosed:
        return  # nobody listens any more


def _say(channel: Channel, event: Event) -> None:
    with contextlib.suppress(ChannelClosed):  # whoever asked may be gone
        channel.send(msgspec.msgpack.encode(event))
