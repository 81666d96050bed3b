"""Starting processes, ending them, and leaving none behind."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import msgspec
import pytest

from grader.boundary.channel import Channel, ChannelClosed
from grader.errors import GraderError
from grader.processes.child import Child, Launcher
from grader.processes.environment import environment
from grader.processes.forked import ForkedChild
from grader.processes.launch import FORK, launched
from grader.processes.spawned import Spawner

linux = pytest.mark.skipif(sys.platform != "linux", reason="the zygote is for Linux")


@pytest.fixture(scope="module", params=["fork", "spawn"])
def launcher(request: pytest.FixtureRequest) -> Iterator[Launcher]:
    if request.param == "fork" and sys.platform != "linux":
        pytest.skip("the zygote is for Linux")
    with launched((), () if request.param == "fork" else (FORK,)) as started:
        assert started.processes == request.param
        yield started


def test_a_child_ends_with_its_channel(launcher: Launcher) -> None:
    child = launcher.start("worker")
    assert child.end(grace_s=30) == 0


def test_a_child_is_killed_where_it_does_not_end(launcher: Launcher) -> None:
    child = launcher.start("worker")
    os.kill(_pid(child), signal.SIGSTOP)  # it does not see its channel close
    assert child.end() == -signal.SIGKILL
    assert child.end() == -signal.SIGKILL
    child.kill()


def test_a_killed_child_closes_its_channel(launcher: Launcher) -> None:
    child = launcher.start("worker")
    child.kill()
    with pytest.raises(ChannelClosed):
        child.channel.receive()
    assert child.end() == -signal.SIGKILL


def test_a_message_that_makes_no_sense_ends_the_child(launcher: Launcher) -> None:
    child = launcher.start("judge")
    child.channel.send(msgspec.msgpack.encode({"not": "a job"}))
    with pytest.raises(ChannelClosed):
        child.channel.receive()
    assert child.end(grace_s=30) == 1


def test_children_do_not_hold_each_others_channels(launcher: Launcher) -> None:
    """Otherwise a worker could talk into another's channel, and none would see the end of its own."""
    first, second = launcher.start("worker"), launcher.start("worker")
    first.kill()
    with pytest.raises(ChannelClosed):
        first.channel.receive()
    assert first.end() == -signal.SIGKILL
    second.end()


def test_the_environment_is_not_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("A_TOKEN", "secret")
    monkeypatch.setenv("PATH", "/somewhere")
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    passed = environment()
    assert "A_TOKEN" not in passed and passed["PATH"] == "/somewhere" and passed["OMP_NUM_THREADS"] == "1"


@linux
def test_a_module_that_cannot_be_imported_is_named() -> None:
    with launched(("nothing_like_it",)) as started:
        for _ in range(2):
            with pytest.raises(GraderError, match="nothing_like_it"):
                started.start("judge")


@linux
def test_a_zygote_that_dies_is_an_error_not_a_wait(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "deadly.py").write_text("import os\nos._exit(7)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with launched(("deadly",)) as started, pytest.raises(GraderError, match="exit code 7"):
        started.start("judge")


@linux
def test_no_process_outlives_the_launcher() -> None:
    before = _children_of(os.getpid())
    with ExitStack() as stack:
        started = stack.enter_context(launched(()))
        children = [started.start("worker") for _ in range(3)]
        (zygote,) = _children_of(os.getpid()) - before
        forked = _children_of(zygote)
        assert len(forked) == 3
    assert not [pid for pid in (zygote, *forked) if _alive(pid)]
    for child in children:
        child.channel.close()


@linux
def test_children_die_with_a_zygote_that_is_killed() -> None:
    before = _children_of(os.getpid())
    with launched(()) as started:
        child = started.start("worker")
        (zygote,) = _children_of(os.getpid()) - before
        (forked,) = _children_of(zygote)
        os.kill(zygote, signal.SIGKILL)
        deadline = time.monotonic() + 20
        while _alive(forked) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not _alive(forked)
        assert child.end() == -signal.SIGKILL
        with pytest.raises(GraderError, match="is gone"):
            started.start("worker")


def test_spawned_children_have_pipes_of_their_own() -> None:
    child = Spawner().start("worker")
    assert isinstance(child.channel, Channel) and len(child.channel.descriptors) == 2
    child.end()


def _pid(child: Child) -> int:
    return child._pid if isinstance(child, ForkedChild) else child._process.pid  # type: ignore[attr-defined]


def _children_of(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
