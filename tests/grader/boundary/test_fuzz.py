"""Frames of a real worker, changed at random: decoding them in the judge raises ProtocolError or nothing."""

from __future__ import annotations

import contextlib
import copy
import resource
import struct
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.boundary.channel import Channel, ChannelClosed
from grader.boundary.failures import Raised
from grader.boundary.standin import NotData
from grader.boundary.wire import CannotCross, ProtocolError
from tests.grader.boundary.conftest import SUBMISSION, CountingWorker, Judge, fork

EXAMPLES = 2000
MEMORY = 2 << 30  # beyond what the process has: far more than a frame, far less than a lying length

EXPECTED = (ProtocolError, ChannelClosed, Raised)


class Recording(Channel):
    """Keeps what comes in."""

    def __init__(self, inner: Channel) -> None:
        self._inner = inner
        self.frames: list[bytes] = []

    def send(self, frame: bytes | Sequence[Any]) -> None:
        self._inner.send(frame)

    def receive(self) -> bytearray:
        frame = self._inner.receive()
        self.frames.append(bytes(frame))
        return frame


class Replay(Channel):
    def __init__(self, frames: Sequence[bytes]) -> None:
        self._frames = list(frames)

    def send(self, frame: bytes | Sequence[Any]) -> None: ...

    def receive(self) -> bytearray:
        if not self._frames:
            raise ChannelClosed("no more frames")
        return bytearray(self._frames.pop(0))


class Strict(Judge):
    """Notes what asking raises beside what it may raise."""

    surprise: BaseException | None = None

    def ask(self, op: str, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().ask(op, *args, **kwargs)
        except EXPECTED:
            raise
        except (CannotCross, NotData, RecursionError) as error:
            raise ProtocolError("the script went on with something else") from error
        except BaseException as error:
            self.surprise = self.surprise or error
            raise


def session(judge: Judge) -> None:
    """A bit of everything that a test asks for. What comes back may be anything."""

    def get(owner: Any, name: str) -> Any:
        return judge.ask("getattr", owner, name)

    def call(name: str, *args: Any) -> Any:
        return judge.ask("call", get(student, name), *args)

    student = judge.ask("begin", 0, [])
    call("same", [torch.ones(2, 3).t(), np.arange(6.0)[::-2], {1: (2, {3}), "b": b"bytes"}, 1 << 70, 2j])
    call("containers"), call("pair"), call("enums"), call("two_alike"), call("unsendable", "cyclic")
    numbers: list[int] = [1]
    x = torch.ones(3, requires_grad=True)
    call("change_all", numbers, {"old": 1}, {2})
    call("fill", torch.zeros(2), 1.0), call("fill", np.zeros(2), 1.0)
    call("draw", 3, torch.Generator().manual_seed(1))
    call("scale_in_place", x * 1, 2.0), call("want_gradient", torch.ones(2))
    model = call("Scaled")
    weight = get(model, "weight")
    _backward(judge.ask("call", model, x))
    judge.ask("call", get(model, "step"), 0.1)
    judge.ask("call", get(model, "zero_grad"))
    _backward(call("several", x))
    call("apply", lambda value: value, torch.ones(2))
    _backward(call("apply_twice", lambda value: value * weight if isinstance(weight, torch.Tensor) else value, x))
    call("gradient", lambda value: (value**3).sum(), x)
    call("change_then_call", [torch.ones(2)], list)
    call("total", iter([1, 2]))
    items = call("count_to", 2)
    judge.ask("next", items), judge.ask("iter", items)
    with contextlib.suppress(Raised):
        call("fails", ValueError)
    with contextlib.suppress(Raised):
        call("apply", lambda: call("fails_in_its_own_way"))


def _backward(value: Any) -> None:
    tensors = value.values() if type(value) is dict else [value]
    for tensor in tensors:
        if isinstance(tensor, torch.Tensor) and tensor.requires_grad and tensor.grad_fn is not None:
            torch.autograd.backward(tensor, torch.ones_like(tensor), retain_graph=True)


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    channel, pid = fork(lambda channel: CountingWorker(channel).serve())
    recording = Recording(channel)
    judge = Judge(recording, pid)
    judge.ask("load", SUBMISSION.read_bytes(), str(SUBMISSION), "submission")
    recording.frames.clear()
    session(judge)
    channel.close()
    return recording.frames


@pytest.fixture(scope="module", autouse=True)
def little_memory() -> Iterator[None]:
    """An attempt to allocate more than a frame's worth fails, and shows as an exception."""
    before = resource.getrlimit(resource.RLIMIT_AS)
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MEMORY, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


WORDS = (
    *("", "x", "\0", "cpu", "cuda", "meta", "float64", "bool", "complex64", "int8", "float8_e5m2", "<i8", "|b1"),
    *("dtype", "name", "int", "range", "list", "tuple", "set", "size", "frozenset", "call", "backward", "torch:Tensor"),
    *("tensor", "array", "items", "mapping", "shared", "output", "handle", "own", "generator", "failure"),
)

ODD: dict[type, list[Any]] = {
    int: [0, -1, 1, 2, 3, 7, 65, 1 << 20, 1 << 31, 1 << 62, (1 << 64) - 1, -2, -(1 << 63)],
    str: list(WORDS),
    bool: [True, False],
    list: [[], [1], [[]], [0, 0], [-1, -1], [["shared", 1]], [["shared", -1]], [["output", 0]], [["own", 1]]],
    dict: [{}, {"a": 1}],
}
"""What a place in a body is changed to, by what is there: msgspec would refuse another kind at once."""


def places(tree: Any) -> list[tuple[Any, Any]]:
    """Every (container, index) in a decoded body."""
    found, waiting = [], [tree]
    while waiting:
        node = waiting.pop()
        steps = node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
        for step in steps:
            found.append((node, step))
            waiting.append(node[step])
    return found


def restructured(frame: bytes, data: st.DataObject) -> bytes:
    """The frame with parts of its body replaced, repeated, swapped or left out."""
    size = struct.unpack("<I", frame[:4])[0]
    tree, rest = msgspec.msgpack.decode(frame[4 : 4 + size]), frame[4 + size :]
    for _ in range(data.draw(st.integers(1, 3))):
        spots = places(tree)
        node, step = data.draw(st.sampled_from(spots))
        like = [other[at] for other, at in spots if type(other[at]) is type(node[step])]
        how = data.draw(st.sampled_from(["odd", "copy", "any", "remove", "repeat"]))
        if how in ("odd", "copy"):
            choices = ODD.get(type(node[step]), []) if how == "odd" else like
            node[step] = copy.deepcopy(data.draw(st.sampled_from(choices or [None, 1.5])))
        elif how == "any":
            node[step] = data.draw(st.sampled_from([None, 1, 1.5, "x", True]))
        elif isinstance(node, list):
            node[step : step + 1] = [] if how == "remove" else [copy.deepcopy(node[step]) for _ in range(3)]
    body = msgspec.msgpack.encode(tree)
    return struct.pack("<I", len(body)) + body + rest


def scrambled(frame: bytes, data: st.DataObject) -> bytes:
    """The frame with bytes changed, left out or put in."""
    changed = bytearray(frame)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, min(len(changed), 400)))
        changed[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    return bytes(changed)


def surprise_of(frames: Sequence[bytes]) -> BaseException | None:
    judge = Strict(Replay(frames), 0)
    try:
        session(judge)
    except (*EXPECTED, RuntimeError, TypeError, AttributeError, ValueError):
        pass  # what the script itself makes of an odd answer
    return judge.surprise


def test_the_session_is_replayed_as_it_was(frames: list[bytes]) -> None:
    assert surprise_of(frames) is None
    assert len(frames) > 60


@pytest.mark.parametrize("change", [restructured, scrambled])
def test_a_changed_frame_raises_protocol_errors_only(
    frames: list[bytes], change: Callable[[bytes, st.DataObject], bytes]
) -> None:
    @settings(
        max_examples=EXAMPLES // 2,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def check(data: st.DataObject) -> None:
        at = data.draw(st.integers(0, len(frames) - 1))
        changed = [*frames[:at], change(frames[at], data), *frames[at + 1 :]]
        surprise = surprise_of(changed)
        if surprise is not None:
            raise AssertionError(f"frame {at}: {changed[at]!r}") from surprise

    check()
