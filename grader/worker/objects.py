"""Runs in the worker. Its objects, as the judge knows them: by number."""

from __future__ import annotations

import importlib
from typing import Any

from grader.boundary import wire
from grader.boundary.peer import Peer
from grader.boundary.wire import ProtocolError


class TestFunction:
    """A function of the test's, seen from the submission."""

    __test__ = False

    def __init__(self, peer: Peer, sent: wire.Function) -> None:
        self._peer = peer
        self.number = sent.id
        self.__name__ = sent.name

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return self._peer.ask("call", self, *args, **kwargs)


class WorkerObjects:
    """The worker's side: any object goes out as a handle, and stays until the judge lets go."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._objects: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}  # id -> number; the object is alive as long as it is in here
        self._functions: dict[int, TestFunction] = {}
        self._last = 0

    def export(self, value: Any) -> wire.Handle | wire.Own:
        if isinstance(value, TestFunction):
            return wire.Own(value.number)
        number = self._numbers.get(id(value))
        if number is None:
            self._last = number = self._last + 1
            self._objects[number] = value
            self._numbers[id(value)] = number
        is_class = isinstance(value, type)
        kind = value if is_class else type(value)
        bases = [f"{base.__module__}:{base.__qualname__}" for base in kind.__mro__]
        return wire.Handle(number, kind.__name__, bases, is_class)

    def resolve(self, sent: wire.Handle | wire.Own | wire.Function) -> Any:
        if isinstance(sent, wire.Own) and sent.id in self._objects:
            return self._objects[sent.id]
        if isinstance(sent, wire.Function):
            return self._functions.setdefault(sent.id, TestFunction(self._peer, sent))
        raise ProtocolError("no such object")

    def named(self, qualified: str) -> Any:
        """A class or function of an installed library, `module:qualified.name`."""
        module, _, path = qualified.partition(":")
        value: Any = importlib.import_module(module)
        for part in path.split("."):
            value = getattr(value, part)
        return value

    def release(self, numbers: list[int]) -> None:
        for number in numbers:
            if number in self._objects:
                del self._numbers[id(self._objects.pop(number))]

    def clear(self) -> None:
        self._objects.clear()
        self._numbers.clear()
        self._functions.clear()
