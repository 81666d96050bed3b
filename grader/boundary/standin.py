"""What the judge holds in place of an object that stays in the worker.

A `StandIn` forwards attribute reads, calls, indexing, iteration and `len` to the object it
stands for. It does not forward comparison, truth or text: those are verdicts, and a verdict is
never the worker's to give.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any
from weakref import WeakValueDictionary

import torch

from grader.boundary import wire
from grader.boundary.arrays import CannotCross
from grader.boundary.exchange import LIBRARIES, by_name
from grader.boundary.peer import Peer
from grader.boundary.wire import ProtocolError


class NotData(AssertionError):
    """A test needed a value, and an object that is no plain data came back."""


class StandIn:
    """An object of the worker's.

    `isinstance(stand_in, torch.nn.Module)` is true where the object's class derives from it;
    `issubclass` likewise for a class.
    """

    __slots__ = ("__weakref__", "_standin_bases", "_standin_id", "_standin_is_class", "_standin_label", "_standin_peer")

    def __init__(self, peer: Peer, sent: wire.Handle) -> None:
        self._standin_peer = peer
        self._standin_id = sent.id
        self._standin_bases = _known_classes(sent.bases)
        self._standin_is_class = sent.is_class
        self._standin_label = ""

    def __getattr__(self, name: str) -> Any:
        return _labelled(self._standin_peer.ask("getattr", self, name), self, f".{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_standin_"):
            object.__setattr__(self, name, value)
        else:
            self._standin_peer.ask("setattr", self, name, value)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return _labelled(self._standin_peer.ask("call", self, *args, **kwargs), self, "(…)")

    def __getitem__(self, index: Any) -> Any:
        return _labelled(self._standin_peer.ask("getitem", self, index), self, "[…]")

    def __setitem__(self, index: Any, value: Any) -> None:
        self._standin_peer.ask("setitem", self, index, value)

    def __len__(self) -> int:
        length = self._standin_peer.ask("len", self)
        if type(length) is not int or not 0 <= length < 1 << 48:
            raise ProtocolError("a length is a number")
        return length

    def __iter__(self) -> Iterator[Any]:
        items = self._standin_peer.ask("iter", self)
        while True:
            try:
                item = self._standin_peer.ask("next", items)
            except StopIteration:
                return
            yield _labelled(item, self, "[…]")

    def __next__(self) -> Any:
        return self._standin_peer.ask("next", self)

    def __bool__(self) -> bool:
        raise NotData(f"{describe(self)} is an object, where True or False was asked for")

    def __repr__(self) -> str:
        return f"<{describe(self)}, in the worker>"

    def __del__(self) -> None:
        self._standin_peer.objects.dropped.append(self._standin_id)  # type: ignore[attr-defined]

    # `__class__` and `__bases__` are what isinstance and issubclass look at.

    @property
    def __class__(self) -> Any:
        return type if self._standin_is_class else next(iter(self._standin_bases), object)

    @__class__.setter
    def __class__(self, value: Any) -> None:
        raise TypeError("the class of an object in the worker cannot be changed from here")

    @property
    def __bases__(self) -> tuple[type, ...]:
        if not self._standin_is_class:
            raise AttributeError("__bases__")
        return self._standin_bases[:1]


def describe(value: StandIn) -> str:
    """How the test came to it: `MLP(…).layers[…]`. Nothing in it is the worker's choice."""
    return value._standin_label.lstrip(".") or "an object"


def _labelled(value: Any, parent: StandIn, step: str) -> Any:
    if type(value) is StandIn and not value._standin_label:
        value._standin_label = parent._standin_label + step
    return value


def _known_classes(names: list[str]) -> tuple[type, ...]:
    """Those of the named classes that are installed here; nothing is imported on the worker's word."""
    classes = []
    for name in names[:32]:
        module, _, qualname = name.partition(":")
        value: Any = sys.modules.get(module) if module.partition(".")[0] in LIBRARIES else None
        for part in qualname.split("."):
            value = getattr(value, "__dict__", {}).get(part)
        if isinstance(value, type) and value is not object:
            classes.append(value)
    return tuple(classes)


class JudgeObjects:
    """The judge's side: it exports the functions of a test, and holds stand-ins."""

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._standins: WeakValueDictionary[int, StandIn] = WeakValueDictionary()
        self._functions: dict[int, Any] = {}
        self.dropped: list[int] = []

    def clear(self) -> None:
        self._standins.clear()
        self._functions.clear()
        self.dropped.clear()

    def released(self) -> list[int]:
        """Handles that no stand-in holds any more."""
        ids, self.dropped[:] = list(self.dropped), []
        return [id for id in ids if id not in self._standins]

    def export(self, value: Any) -> wire.Own | wire.Function | wire.Special:
        if type(value) is StandIn:
            if value._standin_peer is not self._peer:
                raise CannotCross(f"{describe(value)} belongs to a worker that is gone")
            return wire.Own(value._standin_id)
        name = by_name(value)
        if name is not None:
            return wire.Special("name", name)
        if isinstance(value, torch.nn.Module) and any(True for _ in value.parameters()):
            raise CannotCross(
                f'a {type(value).__name__} with parameters cannot cross; make it there: remote("torch.nn")'
            )
        if not callable(value):
            raise CannotCross(f"a {type(value).__module__}.{type(value).__name__} cannot cross; plain data can")
        number = next((id for id, known in self._functions.items() if known is value), len(self._functions) + 1)
        self._functions[number] = value
        return wire.Function(number, getattr(value, "__name__", type(value).__name__))

    def resolve(self, sent: wire.Handle | wire.Own | wire.Function) -> Any:
        if isinstance(sent, wire.Handle):
            standin = self._standins.get(sent.id)
            if standin is None:
                standin = self._standins[sent.id] = StandIn(self._peer, sent)
            return standin
        if isinstance(sent, wire.Own) and sent.id in self._functions:
            return self._functions[sent.id]
        raise ProtocolError("no such object")

    def named(self, qualified: str) -> Any:
        raise ProtocolError("nothing is looked up by name here")

    def call(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """The operation `call`: a function of the test's, called back."""
        if not any(function is known for known in self._functions.values()):
            raise ProtocolError("only functions that were passed in can be called")
        return function(*args, **kwargs)
