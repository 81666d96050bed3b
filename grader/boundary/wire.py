"""The messages that cross the boundary.

A message is a msgpack object (its *body*), and behind it the bytes of its tensors and arrays, so
that these are copied as little as possible. msgspec checks every field's type while it decodes:
what arrives is either one of the structs below or a `ProtocolError`. That the numbers in it make
sense (a shape that fits its bytes, a key that exists) is checked where they are used, in `arrays`
and `incoming`.

A body is limited much more tightly than a frame: a byte of it may become a hundred of Python
objects, while bytes behind it stay bytes.
"""

from __future__ import annotations

import struct
from typing import Any, Literal

import msgspec

from grader.boundary.channel import MAX_FRAME, Channel, ChannelClosed, Part, ProtocolError

__all__ = ["MAX_FRAME", "CannotCross", "Channel", "ChannelClosed", "Part", "ProtocolError", "decode", "encode"]

MAX_BODY = 1 << 24
"""The largest body, in bytes, that either side accepts (16 MiB)."""

MAX_DEPTH = 32
"""How deep containers may be nested."""


class CannotCross(TypeError):
    """A value that cannot be sent to the other side; the message says why, in one sentence."""


# --- values -------------------------------------------------------------------------------------


class Blob:
    """Bytes that travel behind the body."""

    __slots__ = ("view",)

    def __init__(self, view: memoryview) -> None:
        self.view = view

    def __len__(self) -> int:
        return self.view.nbytes

    def copy(self) -> Blob:
        return Blob(memoryview(bytearray(self.view)))


class Tensor(msgspec.Struct, array_like=True, tag="tensor"):
    """A tensor: the bytes of the storage that its strides reach, gaps zeroed."""

    dtype: str
    shape: list[int]
    stride: list[int]  # in elements
    device: str
    data: Blob
    requires_grad: bool = False
    leaf: bool = True
    parameter: bool = False
    conj: bool = False  # `data` is to be seen conjugated, or negated, as a view
    neg: bool = False
    key: int = 0  # the name that both sides know it by; 0: none
    grad: Tensor | None = None


class Array(msgspec.Struct, array_like=True, tag="array"):
    """A numpy array: the bytes that its strides reach. `scalar`: a numpy scalar."""

    dtype: str
    shape: list[int]
    strides: list[int]  # in bytes; may be negative
    offset: int  # of the first element within `data`, in bytes
    data: Blob
    writeable: bool = True
    scalar: bool = False
    key: int = 0


class Bytes(msgspec.Struct, array_like=True, tag="bytes"):
    data: Blob


class Generator(msgspec.Struct, array_like=True, tag="generator"):
    """A torch.Generator of the judge's, as the state it is in."""

    device: str
    state: Blob
    key: int = 0


class Items(msgspec.Struct, array_like=True, tag="items"):
    """`fields`: the names of a named tuple's items."""

    kind: Literal["list", "tuple", "set", "frozenset", "size"]
    items: list[Value]
    key: int = 0
    fields: list[str] = []


class Mapping(msgspec.Struct, array_like=True, tag="mapping"):
    items: list[tuple[Value, Value]]
    key: int = 0


class Slice(msgspec.Struct, array_like=True, tag="slice"):
    start: Value
    stop: Value
    step: Value


class Special(msgspec.Struct, array_like=True, tag="special"):
    """A value that is its text: a dtype, a device, a complex number, a large integer, …"""

    kind: Literal["dtype", "device", "layout", "memory_format", "complex", "int", "ellipsis", "range", "name"]
    text: str


class Shared(msgspec.Struct, array_like=True, tag="shared"):
    """Something that the receiver already has under this key."""

    key: int


class Output(msgspec.Struct, array_like=True, tag="output"):
    """The tensor at this place of the answer's `outputs`: one that carries a graph."""

    index: int


class Handle(msgspec.Struct, array_like=True, tag="handle"):
    """An object that stays with the sender. `bases`: its class and its bases, as `module:name`."""

    id: int
    bases: list[str]
    is_class: bool = False


class Own(msgspec.Struct, array_like=True, tag="own"):
    """An object of the receiver, which it once sent as a `Handle` or a `Function`."""

    id: int


class Function(msgspec.Struct, array_like=True, tag="function"):
    """A function of the sender's, to be called back; or an iterator, each call its next item."""

    id: int
    name: str
    iterator: bool = False


Value = (
    None
    | bool
    | int
    | float
    | str
    | Bytes
    | Tensor
    | Array
    | Generator
    | Items
    | Mapping
    | Slice
    | Special
    | Shared
    | Output
    | Handle
    | Own
    | Function
)

# --- messages -----------------------------------------------------------------------------------


class Update(msgspec.Struct, array_like=True):
    """What became of something shared: its new content, its gradient, its `requires_grad`."""

    key: int
    value: Tensor | Output | Array | Generator | Items | Mapping | None = None  # None: unchanged
    grad_changed: bool = False
    grad: Tensor | None = None
    requires_grad: bool | None = None  # None: unchanged


class Leaf(msgspec.Struct, array_like=True):
    """A leaf that a graph reaches: a tensor that the receiver knows, or is to stand in for."""

    key: int
    dtype: str
    shape: list[int]
    device: str
    parameter: bool


class Call(msgspec.Struct, array_like=True, tag="call"):
    """Do `op` with `args`. `grad`: whether autograd records."""

    op: str
    args: list[Value]
    kwargs: dict[str, Value] = {}
    grad: bool = True
    updates: list[Update] = []
    released: list[int] = []  # handles that the sender no longer holds
    graphs: list[int] = []  # graphs that it no longer holds


class Answer(msgspec.Struct, array_like=True, tag="answer"):
    """What came of a call."""

    value: Value
    outputs: list[Tensor] = []  # the tensors, in `value` and `updates`, that carry a graph
    graph: int = 0
    leaves: list[Leaf] = []  # what the graph starts from
    updates: list[Update] = []
    notes: Notes | None = None


class Failure(msgspec.Struct, array_like=True, tag="failure"):
    """The call raised. `lines`: lines of the submission's file that it passed, outermost first."""

    kind: str
    bases: list[str]  # its class and its bases, as `module:name`
    message: str
    lines: list[int] = []
    origin: int = 0  # the sender's number for it, should it travel back
    token: int = 0  # the receiver's number for it, where it has travelled back
    outputs: list[Tensor] = []
    graph: int = 0
    leaves: list[Leaf] = []
    updates: list[Update] = []
    notes: Notes | None = None


class Notes(msgspec.Struct, array_like=True):
    """What a worker has to say beside an answer: text that was printed, and denied calls."""

    printed: str = ""
    denied: list[tuple[str, int]] = []  # (name, line of the submission's file or 0)
    advice: list[str] = []


Message = Call | Answer | Failure

# --- messages to frames and back ----------------------------------------------------------------

_BODY = struct.Struct("<I")  # its length


class _Blobs:
    """The bytes behind the body of the one message that is being encoded or decoded."""

    def __init__(self) -> None:
        self.parts: list[Part] = []
        self.frame = memoryview(b"")
        self.at = 0

    def put(self, blob: Any) -> int:
        if type(blob) is not Blob:
            raise TypeError(f"a {type(blob).__name__} in a message")
        self.parts.append(blob.view)
        return len(blob)

    def take(self, kind: type, size: Any) -> Blob:
        if type(size) is not int or not 0 <= size <= len(self.frame) - self.at:
            raise ValueError("fewer bytes came than were announced")
        self.at += size
        return Blob(self.frame[self.at - size : self.at])


_blobs = _Blobs()
_encoder = msgspec.msgpack.Encoder(enc_hook=_blobs.put)
_decoder = msgspec.msgpack.Decoder(Message, dec_hook=_blobs.take)


def encode(message: Message) -> list[Part]:
    """The frame of `message`, in parts. They look into the memory of its tensors: send it at once.

    Raises:
        CannotCross: where the message is too large.
    """
    _blobs.parts = []
    body = _encoder.encode(message)
    parts: list[Part] = [_BODY.pack(len(body)), body, *_blobs.parts]
    if len(body) > MAX_BODY or sum(map(len, parts)) > MAX_FRAME:
        raise CannotCross(
            f"that much at once cannot cross: the limit is {MAX_FRAME >> 20} MiB of tensors and arrays, "
            f"{MAX_BODY >> 20} MiB of everything else"
        )
    return parts


def decode(frame: bytearray) -> Message:
    """Raises ProtocolError where `frame` is no message."""
    view = memoryview(frame)
    (size,) = _BODY.unpack(view[: _BODY.size]) if len(view) >= _BODY.size else (-1,)
    end = _BODY.size + size
    if not 0 <= size <= MAX_BODY or end > len(view):
        raise ProtocolError("not a message: its body is cut short or too long")
    _blobs.frame, _blobs.at = view, end
    try:
        message: Message = _decoder.decode(view[_BODY.size : end])
        if _blobs.at != len(view):
            raise ValueError("more bytes came than were announced")
    except (msgspec.MsgspecError, ValueError, TypeError, RecursionError) as error:
        raise ProtocolError(f"not a message: {str(error)[:200]}") from None
    finally:
        _blobs.frame = memoryview(b"")
    return message
