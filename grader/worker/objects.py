"""Runs in the worker. Its objects, as the judge knows them: by number."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Iterator
from typing import Any

from grader.boundary import wire
from grader.boundary.failures import qualified
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


class TestIterator(TestFunction):
    """An iterator of the test's, seen from the submission."""

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        return self()


class Held:
    """A result that stays in the worker though it is plain data: see `operations.held`."""

    def __init__(self, value: Any) -> None:
        self.value = value


class WorkerObjects:
    """The worker's side: any object goes out as a handle, and stays until the judge lets go."""

    references: frozenset[type] = frozenset({TestFunction, TestIterator, Held})

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._objects: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}  # id -> number; the object is alive as long as it is in here
        self._functions: dict[int, TestFunction] = {}
        self._last = 0

    def export(self, value: Any) -> wire.Handle | wire.Own:
        if isinstance(value, TestFunction):
            return wire.Own(value.number)
        if type(value) is Held:
            value = value.value
        number = self._numbers.get(id(value))
        if number is None:
            self._last = number = self._last + 1
            self._objects[number] = value
            self._numbers[id(value)] = number
        kind: type = value if isinstance(value, type) else type(value)
        return wire.Handle(number, _bases(kind), kind is value)

    def resolve(self, sent: wire.Handle | wire.Own | wire.Function) -> Any:
        if isinstance(sent, wire.Own) and sent.id in self._objects:
            return self._objects[sent.id]
        if isinstance(sent, wire.Function):
            kind = TestIterator if sent.iterator else TestFunction
            return self._functions.setdefault(sent.id, kind(self._peer, sent))
        raise ProtocolError("no such object")

    def named(self, qualified: str) -> Any:
        """A class or function of an installed library, `module:qualified.name`."""
        module, _, path = qualified.partition(":")
        value: Any = importlib.import_module(module)
        for part in path.split("."):
            value = getattr(value, part)
        return value

    def released(self) -> list[int]:
        return []

    def release(self, numbers: list[int]) -> None:
        for number in numbers:
            if number in self._objects:
                del self._numbers[id(self._objects.pop(number))]

    def clear(self) -> None:
        self._objects.clear()
        self._numbers.clear()
        self._functions.clear()


@functools.lru_cache(maxsize=256)
def _bases(kind: type) -> list[str]:
    return [qualified(base) for base in kind.__mro__]
