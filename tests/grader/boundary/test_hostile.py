"""A worker that sends what no honest worker would: the judge takes it for what it is, or not at all."""

from __future__ import annotations

import socket
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
import torch

from grader.boundary import wire
from grader.boundary.channel import MAX_FRAME, Channel, ChannelClosed
from grader.boundary.failures import Raised
from grader.boundary.peer import MAX_NESTED
from grader.boundary.wire import (
    Answer,
    Array,
    Blob,
    Call,
    Failure,
    Handle,
    Items,
    Leaf,
    Mapping,
    Output,
    Own,
    ProtocolError,
    Shared,
    Special,
    Tensor,
    Update,
)
from tests.grader.boundary.conftest import Judge

Message = wire.Message


class Script(Channel):
    """The channel to a worker that says what it was told to say, whatever it is asked."""

    def __init__(self, *messages: Message | bytes) -> None:
        self.frames = [bytearray(m if isinstance(m, bytes) else b"".join(wire.encode(m))) for m in messages]
        self.sent: list[Message] = []

    def send(self, frame: bytes | Sequence[Any]) -> None:
        parts: Sequence[Any] = [frame] if isinstance(frame, bytes) else frame
        whole = b"".join(parts)
        self.sent.append(wire.decode(bytearray(whole)))

    def receive(self) -> bytearray:
        if not self.frames:
            raise ChannelClosed("end of script")
        return self.frames.pop(0)


def judge_of(*messages: Message | bytes) -> Judge:
    return Judge(Script(*messages), 0)


def blob(size: int = 0, byte: bytes = b"\0") -> Blob:
    return Blob(memoryview(byte * size))


def tensor(**changes: Any) -> Tensor:
    right: dict[str, Any] = {"dtype": "float32", "shape": [2], "stride": [1], "device": "cpu", "data": blob(8)}
    return Tensor(**{**right, **changes})


def array(**changes: Any) -> Array:
    right: dict[str, Any] = {"dtype": "<f4", "shape": [2], "strides": [4], "offset": 0, "data": blob(8)}
    return Array(**{**right, **changes})


def deep(depth: int) -> Any:
    value: Any = None
    for _ in range(depth):
        value = Items("list", [value])
    return value


BAD_VALUES: dict[str, Any] = {
    "unknown dtype": tensor(dtype="float31"),
    "quantized dtype": tensor(dtype="qint8", shape=[8]),
    "no dtype at all": tensor(dtype="nn"),
    "negative size": tensor(shape=[-2]),
    "huge size": tensor(shape=[1 << 62]),
    "huge size without elements": tensor(shape=[0, 1 << 62], stride=[1, 1], data=blob()),
    "huge product": tensor(shape=[1 << 20, 1 << 20], stride=[0, 0], data=blob(4)),
    "many dimensions": tensor(shape=[1] * 100, stride=[1] * 100, data=blob(4)),
    "too few bytes": tensor(data=blob(7)),
    "too many bytes": tensor(data=blob(9)),
    "negative stride": tensor(stride=[-1]),
    "huge stride": tensor(stride=[1 << 40]),
    "strides of another shape": tensor(stride=[1, 1]),
    "no such device": tensor(device="gpu"),
    "device with odd digits": tensor(device="cuda:٣"),
    "device with many digits": tensor(device="cuda:" + "9" * 5000),
    "cpu with an index": tensor(device="cpu:7"),
    "a boolean that is none": tensor(dtype="bool", data=blob(2, b"\2")),
    "a conjugated float": tensor(conj=True),
    "a negated integer": tensor(dtype="int32", neg=True),
    "an integer that requires grad": tensor(dtype="int32", requires_grad=True, key=-1),
    "a leaf without a key": tensor(requires_grad=True),
    "a leaf that is none": tensor(requires_grad=True, leaf=False, key=-1),
    "a leaf under a key of ours": Items("list", [tensor(key=5), Shared(5)]),
    "a gradient of another shape": tensor(requires_grad=True, key=-1, grad=tensor(shape=[1], data=blob(4))),
    "a gradient of another dtype": tensor(requires_grad=True, key=-1, grad=tensor(dtype="int32")),
    "numpy objects": array(dtype="|O"),
    "numpy records": array(dtype="<f4,<f4"),
    "numpy nonsense": array(dtype="(1000000000,)f4"),
    "numpy void": array(dtype="|V4"),
    "numpy text": array(dtype="<U1"),
    "numpy negative size": array(shape=[-2]),
    "numpy huge size": array(shape=[1 << 62], strides=[0], data=blob(4)),
    "numpy huge size without elements": array(shape=[0, 1 << 62], strides=[4, 4], data=blob()),
    "numpy beyond its memory": array(strides=[8]),
    "numpy before its memory": array(strides=[-4], offset=0),
    "numpy odd offset": array(offset=4),
    "numpy scalar with dimensions": array(scalar=True),
    "numpy boolean that is none": array(dtype="|b1", strides=[1], data=blob(2, b"\7")),
    "deep": deep(wire.MAX_DEPTH + 3),
    "unknown key": Shared(12345),
    "no key": Shared(0),
    "no output": Output(0),
    "an own object that is none": Own(99),
    "a function of the worker's": wire.Function(1, "f"),
    "a name to look up": Special("name", "os:system"),
    "a dtype that is none": Special("dtype", "nn"),
    "a lazily imported module": Special("layout", "_dynamo"),
    "a device that is none": Special("device", "nowhere"),
    "a long integer": Special("int", "f" * 100_000),
    "an integer that is none": Special("int", "zz"),
    "a complex number that is none": Special("complex", "x"),
    "a range with step 0": Special("range", "1 2 0"),
    "a range of words": Special("range", "a b c"),
    "a range of huge numbers": Special("range", "1 " * 5000),
    "a size of words": Items("size", ["a"]),
    "a list as a key": Mapping([(Items("list", []), 1)]),
    "a list in a set": Items("set", [Items("list", [])]),
    "a slice of nothing": wire.Slice(Shared(99), None, None),
    "many odd keys": Items("set", [Items("tuple", [n]) for n in range(10_000)]),
    "names of a tuple that are none": Items("tuple", [1], fields=["a b"]),
    "names of a tuple that hide": Items("tuple", [1], fields=["__class__"]),
    "too many names of a tuple": Items("tuple", [1], fields=["a", "b"]),
    "a generator in no state": wire.Generator("cpu", blob()),
    "a generator in a wrong state": wire.Generator("cpu", blob(5056, b"\xff")),
    "a generator of no device": wire.Generator("tpu", blob(5056)),
    "a generator on meta": wire.Generator("meta", blob(5056)),
}


@pytest.mark.parametrize("name", BAD_VALUES)
def test_a_value_that_makes_no_sense_is_a_protocol_error(name: str) -> None:
    with pytest.raises(ProtocolError):
        judge_of(Answer(BAD_VALUES[name])).ask("call", torch.ones(3))


@pytest.mark.parametrize("name", sorted(set(BAD_VALUES) - {"a leaf that is none"}))
def test_as_an_argument_of_a_callback_too(name: str) -> None:
    judge = judge_of(Call("call", [Own(1), BAD_VALUES[name]]))
    with pytest.raises(ProtocolError):
        judge.ask("call", lambda value: value)


LEAF = Leaf(-1, "float32", [2], "cpu", False)

BAD_MESSAGES: dict[str, Message] = {
    "an unknown operation": Call("getattr", ["a", "b"]),
    "a call of no function": Call("call", [3]),
    "a call of an argument": Call("call", [Shared(1)]),
    "a graph that is none": Call("backward", [7, None]),
    "a graph by a text": Call("backward", ["x"]),
    "a leaf of integers": Answer(Output(0), [tensor()], 1, [Leaf(-1, "int64", [2], "cpu", False)]),
    "a leaf of no dtype": Answer(Output(0), [tensor()], 1, [Leaf(-1, "x", [2], "cpu", False)]),
    "a huge leaf": Answer(Output(0), [tensor()], 1, [Leaf(-1, "float32", [1 << 40], "cpu", True)]),
    "a leaf of negative size": Answer(Output(0), [tensor()], 1, [Leaf(-1, "float32", [-1], "cpu", True)]),
    "an output of integers": Answer(Output(0), [tensor(dtype="int32")], 1, [LEAF]),
    "an output that is none": Answer(Output(1), [tensor()], 1, [LEAF]),
    "a negative output": Answer(Output(-1), [tensor()], 1, [LEAF]),
    "an update of another kind": Answer(None, updates=[Update(1, value=array())]),
    "an update of an odd shape of grad": Answer(None, updates=[Update(1, None, True, tensor(shape=[1], data=blob(4)))]),
    "an update of an odd dtype of grad": Answer(None, updates=[Update(1, None, True, tensor(dtype="int32"))]),
    "an update by no output": Answer(None, updates=[Update(1, Output(0))]),
    "an update with few bytes": Answer(None, updates=[Update(1, tensor(data=blob(1)))]),
    "a list that becomes a tuple": Answer(None, updates=[Update(2, Items("tuple", []))]),
    "a list that becomes a dict": Answer(None, updates=[Update(2, Mapping([]))]),
    "an array that grows": Answer(None, updates=[Update(3, array(shape=[4], data=blob(16)))]),
    "an array that becomes a tensor": Answer(None, updates=[Update(3, tensor())]),
    "a generator that becomes a list": Answer(None, updates=[Update(4, Items("list", []))]),
    "a generator in a wrong state": Answer(None, updates=[Update(4, wire.Generator("cpu", blob(3)))]),
}


@pytest.mark.parametrize("name", BAD_MESSAGES)
def test_a_message_that_makes_no_sense_is_a_protocol_error(name: str) -> None:
    judge = judge_of(BAD_MESSAGES[name])
    with pytest.raises(ProtocolError):
        judge.ask("call", torch.ones(2), [1], np.ones(2, dtype=np.float32), torch.Generator(), lambda: None)


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x01",
        b"\xff\xff\xff\xff",
        struct.pack("<I", 5) + b"ab",
        struct.pack("<I", 0),
        struct.pack("<I", 1) + b"\xc1",
        struct.pack("<I", 5) + b"\xdd\xff\xff\xff\xff",
        struct.pack("<I", 5) + b"\xdf\xff\xff\xff\xff",
        struct.pack("<I", 5) + b"\xc6\xff\xff\xff\xff",
        struct.pack("<I", 1 << 20) + b"\x91" * (1 << 20),
        b"".join(wire.encode(Answer(1))) + b"more",
        struct.pack("<I", len(b := msgspec.msgpack.encode(["answer", ["bytes", 10]]))) + b,
        struct.pack("<I", len(b := msgspec.msgpack.encode(["answer", ["bytes", -1]]))) + b,
        struct.pack("<I", len(b := msgspec.msgpack.encode(["answer", ["bytes", "x"]]))) + b,
        struct.pack("<I", len(b := msgspec.msgpack.encode(["answer", ["bytes", [[]]]]))) + b,
        struct.pack("<I", len(b := msgspec.msgpack.encode(["answer", ["nothing", 1]]))) + b,
        struct.pack("<I", len(b := msgspec.msgpack.encode(["answer"]))) + b,
        struct.pack("<I", len(b := msgspec.msgpack.encode({"type": "answer"}))) + b,
        struct.pack("<I", len(b := b"\x92\xa6answer\xa2\xff\xfe")) + b,
        b"\x80\x04\x95cos\nsystem\n",
    ],
    ids=lambda frame: frame[:24].hex(),
)
def test_bytes_that_are_no_message_are_a_protocol_error(frame: bytes) -> None:
    with pytest.raises(ProtocolError):
        judge_of(frame).ask("call")


def test_a_frame_s_length_is_limited_before_memory_is_taken() -> None:
    ours, theirs = socket.socketpair()
    descriptor = ours.detach()
    channel = Channel(descriptor, descriptor)
    for length in (MAX_FRAME + 1, (1 << 64) - 1):
        theirs.send(struct.pack("<Q", length))
        with pytest.raises(ProtocolError, match="limit"):
            channel.receive()
    theirs.close()
    with pytest.raises(ChannelClosed):
        channel.receive()
    channel.close()


def test_an_exception_may_have_any_name_and_bases() -> None:
    for kind in ("", "\0", "a\0b", "1", "é" * 500, "<b>", "\U0001f600"):
        for bases in ([], ["builtins:MemoryError"], ["builtins:SystemExit"], ["x" * 10_000], ["builtins:int"]):
            with pytest.raises(Raised):
                judge_of(Failure(kind, bases, "m", [1 << 62, -1])).ask("call")


def test_the_skip_and_the_failure_of_pytest_cannot_be_raised_from_the_worker() -> None:
    for kind in (pytest.skip.Exception, pytest.fail.Exception, SystemExit, KeyboardInterrupt):
        name = f"{kind.__module__}:{kind.__qualname__}"
        with pytest.raises(Raised) as caught:
            judge_of(Failure(kind.__name__, [name, "builtins:BaseException"], "m", token=1)).ask("call")
        assert not isinstance(caught.value, kind)


@pytest.mark.parametrize("name", ["torch:Tensor", "torch.nn.parameter:Parameter", "builtins:float", "numpy:ndarray"])
def test_a_handle_cannot_claim_to_be_data(name: str) -> None:
    got = judge_of(Answer(Handle(1, [name, "builtins:object"]))).ask("call")
    assert not isinstance(got, torch.Tensor | float) and type(got).__name__ == "StandIn"


def test_a_handle_s_classes_are_not_imported() -> None:
    names = ["antigravity:x", "torch._dynamo:x", "torch:nn.Module", "torch", "", ":", "a:b:c", "torch:_"]
    assert judge_of(Answer(Handle(1, names))).ask("call") is not None
    assert "antigravity" not in sys.modules


def test_gradients_are_checked_before_autograd_sees_them() -> None:
    bad: list[Any] = [
        3,
        Items("list", []),
        Items("list", [1]),
        Items("list", [tensor(shape=[1], data=blob(4))]),
        Items("list", [tensor(dtype="float64", data=blob(16))]),
        Items("list", [tensor(device="meta", data=blob())]),
        Items("list", [tensor(), tensor()]),
        Items("tuple", [tensor()]),
        Handle(3, []),
    ]
    for product in bad:
        x = torch.ones(2, requires_grad=True)
        judge = judge_of(Answer(Output(0), [tensor()], 1, [Leaf(1, "float32", [2], "cpu", False)]), Answer(product))
        y = judge.ask("call", x)
        with pytest.raises(ProtocolError):
            y.sum().backward()
        assert x.grad is None


def test_leaves_take_no_memory_until_they_are_read() -> None:
    leaves = [Leaf(-n, "float32", [1 << 26], "cpu", True) for n in range(1, 500)]  # 125 GiB
    got = judge_of(Answer(Output(0), [tensor()], 1, leaves)).ask("call")
    assert got.requires_grad


def test_expanded_tensors_take_no_memory() -> None:
    items: list[Any] = [tensor(shape=[1 << 26], stride=[0], data=blob(4)) for _ in range(500)]
    assert len(judge_of(Answer(Items("list", items))).ask("call")) == 500


def test_calls_that_never_end_are_cut_off() -> None:
    def again() -> Any:
        return judge.ask("call", again)

    judge = judge_of(*[Call("call", [Own(1)])] * (2 * MAX_NESTED))
    with pytest.raises((ProtocolError, ChannelClosed)):
        judge.ask("call", again)
    sent = judge.channel.sent  # type: ignore[attr-defined]
    assert any(isinstance(message, Failure) and "Recursion" in message.kind for message in sent)


def test_gradients_that_ask_for_gradients_are_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    def f(x: torch.Tensor) -> Any:
        return judge.ask("call", x)

    script: list[Message] = [
        Call("call", [Own(1), tensor(requires_grad=True, key=-1)]),
        Answer(Output(0), [tensor()], 1, [Leaf(-1, "float32", [2], "cpu", False)]),
        *[Call("backward", [2, tensor()])] * (2 * MAX_NESTED),
    ]
    judge = judge_of(*script)
    with pytest.raises((ProtocolError, ChannelClosed)):
        judge.ask("call", f)


def test_a_released_function_and_graph_are_only_the_worker_s_loss() -> None:
    judge = judge_of(Call("call", [Own(1)], released=[1, -5, 1 << 60], graphs=[9]), Answer(1))
    assert judge.ask("call", lambda: 2) == 1


class Gone(BaseException):
    """What a judge's channel may raise: no Exception, and no class that this package knows."""


@pytest.mark.parametrize("kind", [Gone, ChannelClosed, KeyboardInterrupt, TimeoutError])
def test_what_the_channel_raises_comes_out_of_nested_callbacks_unharmed(kind: type[BaseException]) -> None:
    raised = kind("late")

    class Late(Script):
        def receive(self) -> bytearray:
            if not self.frames:
                raise raised
            return super().receive()

    calls: list[Callable[[], Any]] = []
    judge = Judge(Late(*[Call("call", [Own(1)])] * 3), 0)

    def again() -> Any:
        calls.append(again)
        try:
            return judge.ask("call", again)
        except ValueError:
            return None

    with pytest.raises(kind) as caught:
        judge.ask("call", again)
    assert caught.value is raised and len(calls) == 3


def test_what_the_channel_raises_comes_out_of_backward_unharmed() -> None:
    x = torch.ones(2, requires_grad=True)
    raised = Gone()

    class Late(Script):
        def receive(self) -> bytearray:
            if not self.frames:
                raise raised
            return super().receive()

    judge = Judge(Late(Answer(Output(0), [tensor()], 1, [Leaf(1, "float32", [2], "cpu", False)])), 0)
    y = judge.ask("call", x)
    with pytest.raises(Gone) as caught:
        y.sum().backward()
    assert caught.value is raised


@pytest.mark.parametrize("kind", [KeyError, pytest.fail.Exception])
def test_a_channel_that_cannot_write_is_no_answer_either(kind: type[BaseException]) -> None:
    class Full(Script):
        def send(self, frame: Any) -> None:
            if self.sent:
                raise kind("full")
            super().send(frame)

    judge = Judge(Full(Call("call", [Own(1)])), 0)
    with pytest.raises(kind):
        judge.ask("call", lambda: 1)
