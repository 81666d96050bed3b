"""A judge's end and a worker's end of one channel, the worker in a forked process without confinement."""

from __future__ import annotations

import os
import socket
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from grader.boundary.channel import Channel
from grader.boundary.peer import Peer
from grader.boundary.standin import JudgeObjects, StandIn
from grader.confine import Confinement
from grader.worker.serve import Settings, Worker

SUBMISSION = Path(__file__).parent / "submission.py"
SETTINGS = Settings(
    readable="",
    importable=[],
    scratch="",
    layers_off=[],
    accelerator=False,
    memory_bytes=0,
    cpu_s=0,
    file_bytes=0,
    open_files=0,
    output_chars=1000,
)

torch.set_num_threads(1)  # no thread pool is to exist where we fork


class Judge(Peer):
    """The smallest judge. `exit_code`: what the worker is to end with."""

    def __init__(self, channel: Channel, pid: int) -> None:
        super().__init__(channel, 1, {})
        self.objects: JudgeObjects = JudgeObjects(self)
        self._operations["call"] = self.objects.call
        self.pid = pid
        self.exit_code = 0

    def remote(self, name: str) -> Any:
        return self.ask("import", name)

    def begin(self) -> Any:
        """Forget everything, and start a test. Returns the submission's module."""
        self.links.clear()
        self.objects.clear()
        return self.ask("begin", 0, [])

    def counts(self) -> dict[str, int]:
        """How much the worker remembers."""
        found: dict[str, int] = self.ask("counts")
        return found


class CountingWorker(Worker):
    def __init__(self, channel: Channel) -> None:
        super().__init__(channel, SETTINGS, Confinement([], {}))
        self._operations["counts"] = self._counts

    def _counts(self) -> dict[str, int]:
        asking = len(self._busy.asking)
        return {"objects": len(self.objects._objects), "graphs": len(self.links.graphs), "asking": asking}


def fork(serve: Callable[[Channel], None]) -> tuple[Channel, int]:
    """Run `serve` in a new process, on the other end of the channel that is returned."""
    ours, theirs = socket.socketpair()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # that threads do not survive a fork
        pid = os.fork()
    if pid == 0:
        code = 1
        try:
            ours.close()
            descriptor = theirs.detach()
            serve(Channel(descriptor, descriptor))
            code = 0
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        finally:
            os._exit(code)
    theirs.close()
    descriptor = ours.detach()
    return Channel(descriptor, descriptor), pid


@pytest.fixture(scope="module")
def worker() -> Iterator[Judge]:
    """One worker for all tests of a module; `student` begins a test in it."""
    channel, pid = fork(lambda channel: CountingWorker(channel).serve())
    judge = Judge(channel, pid)
    judge.ask("load", SUBMISSION.read_bytes(), str(SUBMISSION), "submission")
    yield judge
    channel.close()
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == judge.exit_code


@pytest.fixture
def judge(worker: Judge) -> Judge:
    worker.begin()
    return worker


@pytest.fixture
def student(judge: Judge) -> Any:
    module = judge.begin()
    assert type(module) is StandIn
    return module


@pytest.fixture
def remote(judge: Judge) -> Any:
    return judge.remote
