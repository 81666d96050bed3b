"""Python values to wire values.

Arguments are shared: the caller sees what the callee did to a tensor, an array, a generator, a
list, a dict or a set that it was given. Results are copies, but for tensors that keep their graph
or their identity: an argument handed back, a parameter. One thing twice in a message is one thing
on the other side.
"""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from grader.boundary import naming, wire
from grader.boundary.arrays import array_to_wire
from grader.boundary.links import Links
from grader.boundary.objects import Objects
from grader.boundary.shares import Busy, Shares
from grader.boundary.tensors import frozen
from grader.boundary.watch import leaf_to_wire
from grader.boundary.wire import MAX_DEPTH, Blob, CannotCross

MAX_INT_BITS = 1 << 13  # Python refuses to write out many more than that in decimal

MAX_ODD_KEYS = 1 << 13
"""How many keys and elements of dicts and sets a message may have that are no text, numbers or bytes.

A hash can be chosen at will for tuples and the like, and a dict full of equal hashes takes forever.
"""


class Outgoing(Shares):
    """Encodes the values of one message.

    `busy`: the calls under way; what they share need not be sent again. `answers`: whether the message
    is an answer; else it asks. `outputs`: the results that carry a graph.
    """

    def __init__(self, links: Links, objects: Objects, busy: Busy, answers: bool = False) -> None:
        super().__init__()
        self._links = links
        self._objects = objects
        self._busy = busy
        self._answers = answers
        self._odd_keys = 0
        self.outputs: list[torch.Tensor] = []

    def encode(self, value: Any, depth: int = 0) -> wire.Value:
        """Raises CannotCross with one sentence that says what cannot cross, and why."""
        kind = type(value)
        if value is None or kind is bool or kind is float:
            return value  # type: ignore[no-any-return]
        if kind in self._objects.references:
            return self._objects.export(value)
        if depth > MAX_DEPTH:
            raise CannotCross(f"containers nested more than {MAX_DEPTH} deep cannot cross")
        if issubclass(kind, torch.Tensor):  # and not isinstance, which an object can lie to
            return self._known(value) or self._tensor(value)
        if issubclass(kind, np.ndarray | np.number | np.bool_):
            return self._known(value) or self._array(value)
        if issubclass(kind, list | tuple | dict | set | frozenset):
            return self._container(value, depth + 1)
        sent = _simple(value, kind, lambda part: self.encode(part, depth + 1))
        return sent if sent is not _NOT_SIMPLE else self._known(value) or self._object(value)

    def content(self, value: Any, key: int = 0, depth: int = 0) -> wire.Items | wire.Mapping:
        """The elements of a container, themselves encoded."""
        if isinstance(value, dict):
            pairs = [(self._key(name, depth), self.encode(item, depth)) for name, item in dict.items(value)]
            return wire.Mapping(items=pairs, key=key)
        base, kind = next((base, kind) for base, kind in _KINDS if isinstance(value, base))
        encode = self._key if kind in ("set", "frozenset") else self.encode
        items = [encode(item, depth) for item in base.__iter__(value)]  # not its own class's, as with tensors
        return wire.Items(kind=kind, items=items, key=key, fields=_field_names(value) if kind == "tuple" else [])

    def output(self, tensor: torch.Tensor) -> wire.Output | None:
        """A tensor with its graph; None where the message cannot carry one."""
        if not self._answers or not tensor.requires_grad or tensor.is_leaf:
            return None
        index = next((index for index, output in enumerate(self.outputs) if output is tensor), len(self.outputs))
        if index == len(self.outputs):
            self.outputs.append(tensor)
        return wire.Output(index)

    def _known(self, value: Any) -> wire.Shared | None:
        """The key that the other side already knows `value` by, if there is one."""
        key = self.key_of(value)
        if not key and (self._answers or not isinstance(value, torch.Tensor) or value.is_leaf):
            key = self._busy.key_of(value)  # a graph, in a call, is to end here: it goes as something new
        if not key and isinstance(value, torch.Tensor):
            key = self._links.key_of(value)
            watch = self._links.mirrored.get(key)
            if watch is None or (self._links.is_ours(key) and not watch.read):
                return None
        return wire.Shared(key) if key else None

    def _new(self, value: Any) -> int:
        """A key for something that the other side learns of by this message."""
        key = self._links.new_key()
        self.share(key, value)
        return key

    def _tensor(self, tensor: torch.Tensor) -> wire.Value:
        output = self.output(tensor)
        if output is not None:
            return output
        sent = leaf_to_wire(tensor)
        if not self._answers:
            sent.key = self._new(tensor)
            if tensor.requires_grad:
                self._links.name(tensor, sent.key)
        elif sent.parameter or sent.requires_grad:
            sent.key = self._links.key_of(tensor)  # theirs, where they once named it: they may hold it yet
            if not sent.key or self._links.is_ours(sent.key):
                sent.key = self._links.show(tensor, frozen(sent))
            self.share(sent.key, tensor)
        else:
            sent.key = self._new(tensor)
        return sent

    def _array(self, array: np.ndarray[Any, Any] | np.generic) -> wire.Array:
        sent = array_to_wire(array)
        if isinstance(array, np.ndarray):
            sent.key = self._new(array)
        return sent

    def _container(self, value: Any, depth: int) -> wire.Value:
        if not isinstance(value, list | dict | set):
            return self.content(value, 0, depth)
        return self._known(value) or self.content(value, self._new(value), depth)

    def _object(self, value: Any) -> wire.Value:
        sent = self._objects.export(value)
        if isinstance(sent, wire.Generator):
            sent.key = self._new(value)
        return sent

    def _key(self, value: Any, depth: int) -> wire.Value:
        """The key of a dict or an element of a set."""
        if not isinstance(value, str | int | float | bool | bytes | None):
            self._odd_keys += 1
            if self._odd_keys > MAX_ODD_KEYS:
                raise CannotCross(f"more than {MAX_ODD_KEYS} keys that are neither text nor numbers cannot cross")
        return self.encode(value, depth)


_KINDS: list[tuple[Any, Any]] = [
    (torch.Size, "size"),
    (list, "list"),
    (tuple, "tuple"),
    (frozenset, "frozenset"),
    (set, "set"),
]

_NOT_SIMPLE = object()


def _simple(value: Any, kind: type, encode: Callable[[Any], wire.Value]) -> Any:
    """Values that are neither containers nor arrays; `_NOT_SIMPLE` for all others."""
    if issubclass(kind, bool):  # not only exact types: a subclass crosses as what it derives from
        return bool(value)
    if issubclass(kind, int):
        return _integer(int.__index__(value))
    if issubclass(kind, float):
        return float.__float__(value)
    if issubclass(kind, str):
        return str.__str__(value).encode("utf-8", "replace").decode()
    if issubclass(kind, complex):
        return wire.Special("complex", repr(complex.__complex__(value)))
    if issubclass(kind, bytes | bytearray | memoryview):
        return wire.Bytes(Blob(memoryview(bytes(value))))
    if kind is slice:
        return wire.Slice(encode(value.start), encode(value.stop), encode(value.step))
    if kind is range and max(map(abs, (value.start, value.stop, value.step))) < 1 << 63:
        return wire.Special("range", f"{value.start} {value.stop} {value.step}")
    if value is Ellipsis:
        return wire.Special("ellipsis", "")
    for name, constants in naming.CONSTANTS.items():
        if kind is constants:
            return wire.Special(name, str(value).removeprefix("torch."))  # type: ignore[arg-type]
    return _NOT_SIMPLE


def _integer(number: int) -> int | wire.Special:
    if -(1 << 63) <= number < 1 << 63:
        return number
    if number.bit_length() > MAX_INT_BITS:
        raise CannotCross(f"an integer of {number.bit_length()} bits cannot cross; the limit is {MAX_INT_BITS}")
    return wire.Special("int", hex(number))


def _field_names(value: Any) -> list[str]:
    """The names of a named tuple's items, also of torch's own (`torch.max(x, 0).values`)."""
    kind = type(value)
    if kind is tuple:
        return []
    names: Any = getattr(kind, "_fields", None) or getattr(kind, "__match_args__", ())
    if not isinstance(names, tuple) or len(names) != len(value) or not all(map(is_field_name, names)):
        return []
    return list(names)


def is_field_name(name: Any) -> bool:
    return isinstance(name, str) and name.isidentifier() and not name.startswith("_") and not keyword.iskeyword(name)
