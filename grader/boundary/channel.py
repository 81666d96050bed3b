"""The channel between the two sides: frames of bytes over file descriptors."""

from __future__ import annotations

import io
import struct
from collections.abc import Sequence

MAX_FRAME = 1 << 28
"""The largest frame, in bytes, that either side accepts (256 MiB)."""

SMALL = 1 << 16  # parts up to here are copied together: one system call rather than one copy less

_LENGTH = struct.Struct("<Q")

Part = bytes | bytearray | memoryview


class ProtocolError(Exception):
    """The other side sent something that is no message, or a message that makes no sense."""


class ChannelClosed(Exception):
    """The other side is gone."""


class Channel:
    """A two-way stream of frames over file descriptors (a socket, or two pipes)."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self._reader = io.FileIO(read_fd, "rb")
        self._writer = io.FileIO(write_fd, "wb", closefd=write_fd != read_fd)

    @property
    def descriptors(self) -> tuple[int, ...]:
        return tuple({self._reader.fileno(), self._writer.fileno()})

    def send(self, frame: bytes | Sequence[Part]) -> None:
        """Send one frame, whole or in parts. Raises ChannelClosed where nobody reads."""
        parts: Sequence[Part] = [frame] if isinstance(frame, bytes) else frame
        gathered = bytearray(_LENGTH.pack(sum(map(len, parts))))
        for part in parts:
            if len(part) <= SMALL:
                gathered += part
                continue
            self._write(gathered)
            self._write(part)
            gathered = bytearray()
        self._write(gathered)

    def receive(self) -> bytearray:
        """The next frame. Raises ChannelClosed at the end, ProtocolError where it is too large."""
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        if length > MAX_FRAME:
            raise ProtocolError(f"a message of {length} bytes; the limit is {MAX_FRAME}")
        return self._read(length)

    def close(self) -> None:
        for stream in (self._writer, self._reader):
            stream.close()

    def _write(self, data: Part) -> None:
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
