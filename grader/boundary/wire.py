"""The messages that cross the boundary, and the channel that carries them.

A message is one msgpack object behind an eight-byte length. msgspec checks every field's type
while it decodes, so what arrives is either one of the structs below or a `ProtocolError`; that
the numbers in it make sense (a shape that fits its bytes, a key that exists) is checked where
they are used, in `arrays` and `exchange`.
"""

from __future__ import annotations

import io
import struct
from typing import Literal

import msgspec

MAX_FRAME = 1 << 28
"""The largest message, in bytes, that either side accepts (256 MiB)."""

MAX_DEPTH = 64
"""How deep containers may be nested."""


class ProtocolError(Exception):
    """The other side sent something that is no message, or a message that makes no sense."""


class ChannelClosed(Exception):
    """The other side is gone."""


# --- values -------------------------------------------------------------------------------------


class Tensor(msgspec.Struct, array_like=True, tag="tensor"):
    """A tensor: the bytes of the storage that its strides reach, gaps zeroed."""

    dtype: str
    shape: list[int]
    stride: list[int]  # in elements
    device: str
    data: memoryview
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
    data: memoryview
    writeable: bool = True
    scalar: bool = False
    key: int = 0


class Bytes(msgspec.Struct, array_like=True, tag="bytes"):
    data: memoryview


class Items(msgspec.Struct, array_like=True, tag="items"):
    kind: Literal["list", "tuple", "set", "frozenset", "size"]
    items: list[Value]
    key: int = 0


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
    """A tensor, array, list, dict or set that the receiver already has under this key."""

    key: int


class Output(msgspec.Struct, array_like=True, tag="output"):
    """The tensor at this place of the answer's `outputs`: one that carries a graph."""

    index: int


class Handle(msgspec.Struct, array_like=True, tag="handle"):
    """An object that stays with the sender. `bases`: its class and its bases, by qualified name."""

    id: int
    name: str
    bases: list[str]
    is_class: bool = False


class Own(msgspec.Struct, array_like=True, tag="own"):
    """An object of the receiver, which it once sent as a `Handle` or a `Function`."""

    id: int


class Function(msgspec.Struct, array_like=True, tag="function"):
    """A function of the sender's, to be called back."""

    id: int
    name: str


Value = (
    None
    | bool
    | int
    | float
    | str
    | Bytes
    | Tensor
    | Array
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
    value: Tensor | Array | Items | Mapping | None = None  # None: unchanged
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
    outputs: list[Tensor] = []  # the tensors in `value` that carry a graph
    graph: int = 0
    leaves: list[Leaf] = []  # what the graph starts from
    updates: list[Update] = []
    notes: Notes | None = None


class Failure(msgspec.Struct, array_like=True, tag="failure"):
    """The call raised. `lines`: lines of the submission's file that it passed, outermost first."""

    kind: str
    bases: list[str]
    message: str
    lines: list[int] = []
    origin: int = 0  # the sender's number for it, should it travel back
    token: int = 0  # the receiver's number for it, where it has travelled back
    updates: list[Update] = []
    notes: Notes | None = None


class Notes(msgspec.Struct, array_like=True):
    """What a worker has to say beside an answer: text that was printed, and denied calls."""

    printed: str = ""
    denied: list[tuple[str, int]] = []  # (name, line of the submission's file or 0)
    advice: list[str] = []


Message = Call | Answer | Failure

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Message)


def encode(message: Message) -> bytes:
    """Raises ValueError where the message is too large."""
    frame = _encoder.encode(message)
    if len(frame) > MAX_FRAME:
        raise ValueError(f"{len(frame) >> 20} MiB at once cannot cross; the limit is {MAX_FRAME >> 20} MiB")
    return frame


def decode(frame: bytes | bytearray) -> Message:
    """Raises ProtocolError where `frame` is no message."""
    try:
        return _decoder.decode(frame)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ProtocolError(f"not a message: {error}") from None


# --- the channel --------------------------------------------------------------------------------

_LENGTH = struct.Struct("<Q")


class Channel:
    """A two-way stream of frames over file descriptors (a socket, or two pipes)."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._reader = io.FileIO(read_fd, "rb")
        self._writer = io.FileIO(write_fd, "wb", closefd=write_fd != read_fd)

    @property
    def descriptors(self) -> tuple[int, ...]:
        return tuple({self._reader.fileno(), self._writer.fileno()})

    def send(self, frame: bytes) -> None:
        """Raises ChannelClosed where nobody reads."""
        small = len(frame) < 1 << 16  # one system call rather than one copy less
        self._write(_LENGTH.pack(len(frame)) + (frame if small else b""))
        if not small:
            self._write(frame)

    def receive(self) -> bytearray:
        """The next frame. Raises ChannelClosed at the end, ProtocolError where it is too large."""
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        if length > MAX_FRAME:
            raise ProtocolError(f"a message of {length} bytes; the limit is {MAX_FRAME}")
        return self._read(length)

    def close(self) -> None:
        for stream in (self._writer, self._reader):
            stream.close()

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        try:
            while view:
                view = view[self._writer.write(view) or 0 :]
        except (OSError, ValueError) as error:
            raise ChannelClosed(str(error)) from None

    def _read(self, size: int) -> bytearray:
        buffer = bytearray(size)
        view = memoryview(buffer)
        try:
            while view:
                count = self._reader.readinto(view)
                if not count:
                    raise ChannelClosed("end of stream")
                view = view[count:]
        except (OSError, ValueError) as error:
            raise ChannelClosed(str(error)) from None
        return buffer
