"""Limits that no kernel keeps: of a scratch folder as a whole, of threads, and of what lists hold."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest
import torch

from grader.boundary.wire import Answer, Call, Items, Own, ProtocolError, Shared, Update, Value
from grader.judge import scratch
from grader.judge.guard import MAX_THREADS, TOO_MANY, Guard
from tests.grader.boundary.test_hostile import judge_of


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "scratch"
    made.mkdir()
    return made


def test_an_ordinary_scratch_folder_is_not_overfull(folder: Path) -> None:
    (folder / "model.pt").write_bytes(bytes(1 << 20))
    (folder / "runs/first").mkdir(parents=True)
    (folder / "runs/loop").symlink_to(folder)
    assert not scratch.is_overfull(folder)


def test_many_small_files_are_too_much(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "MAX_FILES", 10)
    for number in range(10):
        (folder / str(number)).mkdir()
    assert not scratch.is_overfull(folder)
    (folder / "0/one more").touch()
    assert scratch.is_overfull(folder)


def test_large_files_are_too_much_together(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "MAX_BYTES", 3 << 12)
    (folder / "first").write_bytes(os.urandom(2 << 12))
    assert not scratch.is_overfull(folder)
    (folder / "second").write_bytes(os.urandom(2 << 12))
    assert scratch.is_overfull(folder)


def test_folders_that_cannot_be_followed_are_too_much(folder: Path) -> None:
    nest(folder, scratch.MAX_DEPTH + 1, "d")
    assert scratch.is_overfull(folder)


def test_a_folder_that_is_gone_is_not_overfull(folder: Path) -> None:
    assert not scratch.is_overfull(folder / "gone")


def test_a_scratch_folder_goes_whatever_is_in_it(folder: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    (folder / "link").symlink_to(outside)
    (folder / "closed").mkdir()
    (folder / "closed/file").touch()
    (folder / "closed").chmod(0)
    os.mkfifo(folder / "pipe")
    nest(folder, 1500, "d" * 100)
    scratch.remove(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["outside"]
    assert (outside / "kept").exists()


def nest(folder: Path, depth: int, name: str) -> None:
    """Make folders within folders, by a descriptor each: a path would be too long."""
    here = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir(name, dir_fd=here)
        inner = os.open(name, os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = inner
    os.close(here)


def test_a_guard_ends_what_has_too_many_threads(folder: Path) -> None:
    stop, killed = threading.Event(), threading.Event()
    threads = [threading.Thread(target=stop.wait) for _ in range(MAX_THREADS)]
    for thread in threads:
        thread.start()
    guard = Guard(folder, os.getpid(), killed.set)
    try:
        assert killed.wait(10) and guard.told == TOO_MANY
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def test_a_guard_ends_what_overfills_its_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scratch, "MAX_FILES", 1)
    killed = threading.Event()
    guard = Guard(folder, os.getpid(), killed.set)
    (folder / "first").touch()
    (folder / "second").touch()
    assert killed.wait(10) and guard.told == scratch.TOO_MUCH


def nested(width: int, depth: int) -> Value:
    """A list of lists of lists, where each holds the same one many times."""
    value: Value = Items("list", [0], key=-1)
    for key in range(2, depth):
        value = Items("list", [value, *[Shared(1 - key)] * (width - 1)], key=-key)
    return value


def test_lists_that_hold_one_another_endlessly_are_no_answer() -> None:
    with pytest.raises(ProtocolError, match="endlessly"):
        judge_of(Answer(nested(6, 25))).ask("call")


def test_nor_may_an_argument_become_one() -> None:
    lists: list[list[object]] = [[] for _ in range(25)]
    updates = [Update(key, Items("list", [Shared(key + 1)] * 6)) for key in range(1, 25)]  # the outermost first
    with pytest.raises(ProtocolError, match="endlessly"):
        judge_of(Answer(None, updates=updates)).ask("call", *lists)


def test_nor_be_put_together_from_callback_to_callback() -> None:
    def again(*args: object) -> object:
        return judge.ask("call", again)

    calls = [
        Call("call", [Own(1), Items("list", [Shared(1 - key)] * 100 if key > 1 else [0], key=-key)])
        for key in range(1, 9)
    ]
    judge = judge_of(*calls, Answer(1))
    with pytest.raises(ProtocolError, match="endlessly"):
        judge.ask("call", again)


def test_a_row_that_a_matrix_holds_many_times_is_an_answer() -> None:
    row: Value = Items("list", [1.0] * 500, key=-1)
    got = judge_of(Answer(Items("list", [row, *[Shared(-1)] * 499], key=-2))).ask("call")
    assert torch.tensor(got).shape == (500, 500) and got[0] is got[499]
