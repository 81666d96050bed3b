"""What the judge holds in place of an object that stays in the worker.

A `StandIn` forwards attribute reads, calls, indexing, iteration and `len` to the object it
stands for. It does not forward comparison, truth, arithmetic or text: those are verdicts, or lead
to them, and a verdict is never the worker's to give. Nor does it forward `__array_interface__`
and the like, by which numpy and torch would take memory addresses from it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import WeakValueDictionary

import torch

from grader.boundary import naming, wire
from grader.boundary.peer import Peer
from grader.boundary.watch import generator_to_wire
from grader.boundary.wire import CannotCross, ProtocolError

MAX_LENGTH = 1 << 25
"""What `len` of a stand-in may be: `list` makes room for as many before it asks for the first."""

SPECIAL_NAMES = frozenset(
    {"__name__", "__qualname__", "__doc__", "__module__", "__dict__", "__annotations__", "__all__", "__version__"}
)
"""The names with two underscores on both sides that are read from the object itself."""


class NotData(AssertionError):
    """A test needed a value, and an object that is no plain data came back."""


class StandIn:
    """An object of the worker's.

    `isinstance(stand_in, torch.nn.Module)` is true where the object's class derives from it;
    `issubclass` likewise for a class; and so is `isinstance(stand_in, student.MLP)`. It is never
    an instance of a type whose values cross as data: no tensor, no number, no list.
    """

    __slots__ = (
        "__weakref__",
        "_standin_bases",
        "_standin_id",
        "_standin_is_class",
        "_standin_label",
        "_standin_names",
        "_standin_peer",
    )

    def __init__(self, peer: Peer, sent: wire.Handle) -> None:
        self._standin_peer = peer
        self._standin_id = sent.id
        self._standin_names = sent.bases[:32]
        self._standin_bases = naming.known_classes(sent.bases, sent.is_class)
        self._standin_is_class = sent.is_class
        self._standin_label = ""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name not in SPECIAL_NAMES:
            raise AttributeError(f"{describe(self)} has no attribute {name!r} here")
        return _labelled(self._standin_peer.ask("getattr", self, name), self, f".{name}")

    def __setattr__(self, name: str, value: Any) -> None:
        if name.startswith("_standin_"):
            object.__setattr__(self, name, value)
        else:
            self._standin_peer.ask("setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        self._standin_peer.ask("delattr", self, name)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        return _labelled(self._standin_peer.ask("call", self, *args, **kwargs), self, "(…)")

    def __getitem__(self, index: Any) -> Any:
        return _labelled(self._standin_peer.ask("getitem", self, index), self, "[…]")

    def __setitem__(self, index: Any, value: Any) -> None:
        self._standin_peer.ask("setitem", self, index, value)

    def __len__(self) -> int:
        length = self._standin_peer.ask("len", self)
        if type(length) is not int or not 0 <= length < MAX_LENGTH:
            raise NotData(f"{describe(self)} has no sensible length")
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

    def __copy__(self) -> Any:
        return _labelled(self._standin_peer.ask("copy", self), self, "")

    def __deepcopy__(self, memo: Any) -> Any:
        return _labelled(self._standin_peer.ask("deepcopy", self), self, "")

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise CannotCross(f"{describe(self)} is in the worker and cannot be pickled")

    def __bool__(self) -> bool:
        raise NotData(f"{describe(self)} is an object, where True or False was asked for")

    def __repr__(self) -> str:
        return f"<{describe(self)}, in the worker>"

    def __del__(self) -> None:
        self._standin_peer.objects.dropped.append(self._standin_id)  # type: ignore[attr-defined]

    # `__class__` and `__bases__` are what isinstance and issubclass look at; the two methods, where
    # it is itself the class that something is held against.

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

    def __instancecheck__(self, value: Any) -> bool:
        names = value._standin_names if type(value) is StandIn else getattr(type(value), "bases", [])
        return self._standin_is_among(names)

    def __subclasscheck__(self, value: Any) -> bool:
        return self._standin_is_among(value._standin_names if type(value) is StandIn else getattr(value, "bases", []))

    def _standin_is_among(self, names: list[str]) -> bool:
        if not self._standin_is_class:
            raise TypeError(f"{describe(self)} is no class")
        return self._standin_names[:1] == [name for name in names if name in self._standin_names[:1]][:1]


def describe(value: StandIn) -> str:
    """How the test came to it: `MLP(…).layers[…]`. Nothing in it is the worker's choice."""
    return value._standin_label.lstrip(".") or "an object"


def _labelled(value: Any, parent: StandIn, step: str) -> Any:
    if type(value) is StandIn and not value._standin_label:
        value._standin_label = parent._standin_label + step
    return value


class JudgeObjects:
    """The judge's side: it exports the functions and iterators of a test, and holds stand-ins."""

    references: frozenset[type] = frozenset({StandIn})

    def __init__(self, peer: Peer) -> None:
        self._peer = peer
        self._standins: WeakValueDictionary[int, StandIn] = WeakValueDictionary()
        self._functions: dict[int, Any] = {}
        self._numbers: dict[int, int] = {}  # id -> number, of what is in `_functions` and so stays alive
        self._last = 0
        self.dropped: list[int] = []

    def clear(self) -> None:
        self._standins.clear()
        self._functions.clear()
        self._numbers.clear()
        self.dropped.clear()

    def released(self) -> list[int]:
        ids, self.dropped[:] = list(self.dropped), []
        return [id for id in ids if id not in self._standins]

    def release(self, numbers: list[int]) -> None:
        """A test's functions stay until it ends."""

    def export(self, value: Any) -> wire.Own | wire.Function | wire.Special | wire.Generator:
        if type(value) is StandIn:
            if self._standins.get(value._standin_id) is not value:
                raise CannotCross(f"{describe(value)} belongs to an earlier test or to a worker that is gone")
            return wire.Own(value._standin_id)
        name = naming.name_of(value)
        if name is not None:
            return wire.Special("name", name)
        if isinstance(value, torch.Generator):
            return generator_to_wire(value)
        kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
        if isinstance(value, torch.nn.Module):
            raise CannotCross(
                f"a module of the suite's ({kind}) cannot cross; make it in the worker, by "
                'remote("torch.nn"), or pass a function that calls it'
            )
        iterator = isinstance(value, Iterator)
        if not callable(value) and not iterator:
            raise CannotCross(f"an object of class {kind} cannot cross; plain data, functions and iterators can")
        return wire.Function(self._number(value), str(getattr(value, "__name__", kind)), iterator)

    def _number(self, value: Any) -> int:
        if id(value) not in self._numbers:
            self._last += 1
            self._functions[self._last] = value
            self._numbers[id(value)] = self._last
        return self._numbers[id(value)]

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
        """The operation `call`: a function of the test's, called back; or an iterator's next item."""
        if id(function) not in self._numbers:
            raise ProtocolError("only functions that were passed in can be called")
        return next(function) if isinstance(function, Iterator) else function(*args, **kwargs)
