"""Python values to wire values and back, and what one message shares with its answer.

    Outgoing   encodes the values of one message; remembers what it shared by key
    Incoming   decodes them; remembers what was shared, and says afterwards what was changed

Arguments are shared: the caller sees what the callee did to a tensor, an array, a list, a dict
or a set that it was given. Results are copies, but for tensors that keep their graph or their
identity (an argument handed back, a parameter).
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import torch

from grader.boundary import wire
from grader.boundary.arrays import (
    CannotCross,
    array_from_wire,
    array_to_wire,
    same_array,
    same_bytes,
    tensor_from_wire,
    tensor_to_wire,
)
from grader.boundary.links import Links, frozen, grad_change, write
from grader.boundary.wire import MAX_DEPTH, ProtocolError

NAMED = {"dtype": torch.dtype, "device": torch.device, "layout": torch.layout, "memory_format": torch.memory_format}
LIBRARIES = ("torch", "torchvision", "numpy", "builtins", "collections", "math", "operator")


class Objects(Protocol):
    """How one side treats what is not plain data."""

    def export(self, value: Any) -> wire.Handle | wire.Function | wire.Own | wire.Special:
        """Raises CannotCross where `value` may not be referred to from the other side."""

    def resolve(self, sent: wire.Handle | wire.Function | wire.Own) -> Any:
        """Raises ProtocolError where there is no such object."""

    def named(self, qualified: str) -> Any:
        """Raises ProtocolError where the other side may not refer to things by name."""


class Outgoing:
    """Encodes the values of one message.

    `answers`: the incoming call that the message answers; None where it asks.
    """

    def __init__(self, links: Links, objects: Objects, answers: Incoming | None = None) -> None:
        self._links = links
        self._objects = objects
        self._answers = answers
        self._keys: dict[int, int] = {}  # id -> key, of what this message shares
        self.shared: dict[int, Any] = {}  # key -> the thing itself
        self.outputs: list[torch.Tensor] = []

    def encode(self, value: Any, depth: int = 0) -> wire.Value:
        """Raises CannotCross with one sentence that says what cannot cross, and why."""
        if value is None or type(value) in (bool, float):
            return value  # type: ignore[no-any-return]
        if depth > MAX_DEPTH:
            raise CannotCross(f"containers nested more than {MAX_DEPTH} deep cannot cross")
        if isinstance(value, torch.Tensor):
            return self._tensor(value)
        if isinstance(value, np.ndarray | np.generic):
            return self._array(value)
        if isinstance(value, list | tuple | dict | set | frozenset) and not isinstance(value, type):
            return self._container(value, depth + 1)
        sent = _simple(value, lambda part: self.encode(part, depth + 1))
        return self._objects.export(value) if sent is _NOT_SIMPLE else sent  # type: ignore[no-any-return]

    def _tensor(self, tensor: torch.Tensor) -> wire.Value:
        known = self._reference(tensor)
        if known is not None:
            return known
        if self._answers is None:
            return self._argument(tensor)
        if tensor.requires_grad and tensor.is_leaf:
            key, shown = self._links.show(tensor)
            sent = tensor_to_wire(tensor)
            sent.key = key
            shown.data = frozen(sent)
            return sent
        if tensor.requires_grad:
            same = [index for index, output in enumerate(self.outputs) if output is tensor]
            if not same:
                self.outputs.append(tensor)
            return wire.Output(same[0] if same else len(self.outputs) - 1)
        return tensor_to_wire(tensor)

    def _reference(self, value: Any) -> wire.Shared | None:
        """The key that both sides already know `value` by, if there is one."""
        if self._answers is not None:
            key = self._answers.key_of(value)
        else:
            key = self._keys.get(id(value), 0)
        if not key and isinstance(value, torch.Tensor):
            key = self._links.name_of(value)
            if self._links.is_ours(key):
                return None
        return wire.Shared(key) if key else None

    def _argument(self, tensor: torch.Tensor) -> wire.Tensor:
        sent = tensor_to_wire(tensor)
        sent.key = self._share(tensor)
        if tensor.is_leaf and tensor.grad is not None:
            sent.grad = tensor_to_wire(tensor.grad)
        if tensor.requires_grad:
            self._links.name(tensor, sent.key)
        return sent

    def _array(self, array: np.ndarray[Any, Any] | np.generic) -> wire.Value:
        known = self._reference(array)
        if known is not None:
            return known
        sent = array_to_wire(array)
        if self._answers is None and isinstance(array, np.ndarray):
            sent.key = self._share(array)
        return sent

    def _container(self, value: Any, depth: int) -> wire.Value:
        mutable = isinstance(value, list | dict | set)
        known = self._reference(value) if mutable else None
        if known is not None:
            return known
        key = self._share(value) if mutable and self._answers is None else 0
        return self.content(value, key, depth)

    def content(self, value: Any, key: int = 0, depth: int = 0) -> wire.Items | wire.Mapping:
        """The elements of a container, themselves encoded."""
        if isinstance(value, dict):
            pairs = [(self.encode(name, depth), self.encode(item, depth)) for name, item in value.items()]
            return wire.Mapping(items=pairs, key=key)
        kind = next(kind for base, kind in _KINDS if isinstance(value, base))
        return wire.Items(kind=kind, items=[self.encode(item, depth) for item in value], key=key)

    def _share(self, value: Any) -> int:
        key = self._links.new_key()
        self._keys[id(value)] = key
        self.shared[key] = value
        return key


_KINDS: list[tuple[type, Any]] = [
    (torch.Size, "size"),
    (list, "list"),
    (tuple, "tuple"),
    (frozenset, "frozenset"),
    (set, "set"),
]


_NOT_SIMPLE = object()


def _simple(value: Any, encode: Callable[[Any], wire.Value]) -> Any:
    """Values that are neither containers nor arrays; `_NOT_SIMPLE` for all others."""
    if isinstance(value, bool):  # not only exact types: a subclass crosses as what it derives from
        return bool(value)
    if isinstance(value, int):
        number = int(value)
        return number if -(1 << 63) <= number < 1 << 63 else wire.Special("int", hex(number))
    if isinstance(value, float):
        return float(value)
    if isinstance(value, str):
        return str.__str__(value).encode("utf-8", "replace").decode()
    if isinstance(value, complex):
        return wire.Special("complex", repr(complex(value)))
    if isinstance(value, bytes | bytearray | memoryview):
        return wire.Bytes(memoryview(bytes(value)))
    if isinstance(value, slice):
        return wire.Slice(encode(value.start), encode(value.stop), encode(value.step))
    if isinstance(value, range):
        return wire.Special("range", f"{value.start} {value.stop} {value.step}")
    if value is Ellipsis:
        return wire.Special("ellipsis", "")
    for kind, base in NAMED.items():
        if isinstance(value, base):
            return wire.Special(kind, str(value).removeprefix("torch."))  # type: ignore[arg-type]
    return _NOT_SIMPLE


class Incoming:
    """Decodes the values of one message.

    `asked`: the outgoing call that the message answers; None where it asks itself.
    """

    def __init__(self, links: Links, objects: Objects, asked: Outgoing | None = None) -> None:
        self._links = links
        self._objects = objects
        self._asked = asked
        self._received: dict[int, tuple[Any, Any]] = {}  # key -> the thing, and what it held at first
        self._keys: dict[int, int] = {}  # id -> key
        self.outputs: tuple[torch.Tensor, ...] = ()

    def key_of(self, value: Any) -> int:
        return self._keys.get(id(value), 0)

    def decode(self, sent: wire.Value, depth: int = 0) -> Any:
        """Raises ProtocolError where the value makes no sense."""
        if depth > MAX_DEPTH + 2:
            raise ProtocolError("nested too deep")
        match sent:
            case None | bool() | int() | float() | str():
                return sent
            case wire.Tensor():
                return self._tensor(sent)
            case wire.Items() | wire.Mapping():
                return self._container(sent, depth + 1)
            case wire.Shared():
                return self._shared(sent.key)
            case wire.Output():
                if not 0 <= sent.index < len(self.outputs):
                    raise ProtocolError("no such output")
                return self.outputs[sent.index]
            case wire.Array():
                return self._keep(sent.key, array_from_wire(sent), sent)
            case wire.Bytes():
                return bytes(sent.data)
            case wire.Slice():
                return slice(*(self.decode(part, depth + 1) for part in (sent.start, sent.stop, sent.step)))
            case wire.Special():
                return self._special(sent)
            case wire.Handle() | wire.Own() | wire.Function():
                return self._objects.resolve(sent)

    def _keep(self, key: int, value: Any, before: Any) -> Any:
        """Remember an argument, to say later what became of it."""
        if self._asked is None and key:
            self._received[key] = (value, before)
            self._keys[id(value)] = key
        return value

    def _tensor(self, sent: wire.Tensor) -> torch.Tensor:
        if self._asked is not None:
            return self._result(sent)
        tensor = tensor_from_wire(sent)
        try:
            if sent.requires_grad:
                tensor = self._twin(tensor, sent)
            elif sent.parameter:
                tensor = torch.nn.Parameter(tensor, requires_grad=False)
            if sent.grad is not None:
                tensor.grad = tensor_from_wire(sent.grad)
        except RuntimeError as error:  # an integer that requires grad, a gradient of another shape
            raise ProtocolError(f"not a tensor: {error}") from None
        self._keep(sent.key, tensor, sent)
        return tensor

    def _result(self, sent: wire.Tensor) -> torch.Tensor:
        if not sent.key:
            tensor = tensor_from_wire(sent)
            return torch.nn.Parameter(tensor, requires_grad=False) if sent.parameter else tensor
        if self._links.is_ours(sent.key):
            raise ProtocolError("a result under a key of ours")
        leaf = wire.Leaf(sent.key, sent.dtype, sent.shape, sent.device, sent.parameter)
        tensor = self._links.mirror_of_leaf(leaf)
        if not same_bytes(tensor, sent):
            self._links.apply(wire.Update(sent.key, value=sent))
        return tensor

    def _twin(self, tensor: torch.Tensor, sent: wire.Tensor) -> torch.Tensor:
        """Make `tensor` the twin of a tensor that requires grad: a leaf if that is one."""
        if sent.leaf:
            leaf = torch.nn.Parameter(tensor) if sent.parameter else tensor.requires_grad_()
            self._links.name(leaf, sent.key)
            return leaf
        origin = torch.zeros((), dtype=tensor.dtype, device=tensor.device).expand(tensor.shape).requires_grad_()
        self._links.name(origin, sent.key)
        with torch.enable_grad():
            return _Inner.apply(origin, [tensor])  # type: ignore[no-any-return,no-untyped-call]

    def _container(self, sent: wire.Items | wire.Mapping, depth: int) -> Any:
        """A container is known by its key before its elements are decoded: it may hold itself."""
        value: Any
        if isinstance(sent, wire.Mapping):
            value = self._keep(sent.key, {}, None)
            for name, item in sent.items:
                value[self._hashable(name, depth)] = self.decode(item, depth)
        elif sent.kind == "list":
            value = self._keep(sent.key, [], None)
            value.extend(self.decode(item, depth) for item in sent.items)
        elif sent.kind == "set":
            value = self._keep(sent.key, set(), None)
            value.update(self._hashable(item, depth) for item in sent.items)
        else:
            return self._immutable(sent, depth)
        if sent.key and self._asked is None:
            self._received[sent.key] = (value, value.copy())
        return value

    def _immutable(self, sent: wire.Items, depth: int) -> Any:
        if sent.kind == "frozenset":
            return frozenset(self._hashable(item, depth) for item in sent.items)
        items = [self.decode(item, depth) for item in sent.items]
        if sent.kind == "tuple":
            return tuple(items)
        if not all(type(item) is int for item in items):
            raise ProtocolError("a size is made of integers")
        return torch.Size(items)

    def _hashable(self, sent: wire.Value, depth: int) -> Any:
        value = self.decode(sent, depth)
        try:
            hash(value)
        except TypeError:
            raise ProtocolError(f"{type(value).__name__} cannot be a key") from None
        return value

    def _shared(self, key: int) -> Any:
        if self._asked is not None and key in self._asked.shared:
            return self._asked.shared[key]
        if key in self._received:
            return self._received[key][0]
        tensor = self._links.tensors.get(key)
        if tensor is None:
            raise ProtocolError(f"nothing has the key {key}")
        return tensor

    def _special(self, sent: wire.Special) -> Any:
        try:
            match sent.kind:
                case "int":
                    return int(sent.text[:1024], 16)
                case "complex":
                    return complex(sent.text)
                case "range":
                    return range(*(int(part) for part in sent.text[:80].split()))
                case "ellipsis":
                    return ...
                case "name":
                    return self._objects.named(sent.text)
                case "device":
                    return torch.device(sent.text)
                case kind:
                    value = getattr(torch, sent.text, None)
                    if isinstance(value, NAMED[kind]):
                        return value
        except (ValueError, TypeError, RuntimeError) as error:
            raise ProtocolError(f"not a {sent.kind}: {error}") from None
        raise ProtocolError(f"no such {sent.kind}: {sent.text[:40]!r}")

    def changes(self, encode: Outgoing) -> list[wire.Update]:
        """What has become of the arguments since they came, or since this was last asked."""
        updates = []
        for key, (value, before) in list(self._received.items()):
            update = self._change(key, value, before, encode)
            if update is not None:
                updates.append(update)
        return updates

    def _change(self, key: int, value: Any, before: Any, encode: Outgoing) -> wire.Update | None:
        if isinstance(value, torch.Tensor):
            return self._tensor_change(key, value, before)
        if isinstance(value, np.ndarray):
            if same_array(value, before):
                return None
            return wire.Update(key, value=array_to_wire(value))
        if _same_elements(value, before):
            return None
        self._received[key] = (value, value.copy())
        return wire.Update(key, value=encode.content(value))

    def _tensor_change(self, key: int, tensor: torch.Tensor, before: wire.Tensor) -> wire.Update | None:
        update = wire.Update(key)
        after = before
        if not same_bytes(tensor, before):
            update.value = after = frozen(tensor_to_wire(tensor))
        if before.leaf and tensor.is_leaf:
            update.grad_changed, update.grad = grad_change(tensor, before.grad)
            if tensor.requires_grad != before.requires_grad:
                update.requires_grad = tensor.requires_grad
        if update.value is None and not update.grad_changed and update.requires_grad is None:
            return None
        after.grad = update.grad if update.grad_changed else before.grad
        after.requires_grad, after.leaf = tensor.requires_grad, before.leaf
        self._received[key] = (tensor, after)
        return update


def apply_update(update: wire.Update, asked: Outgoing, incoming: Incoming, links: Links) -> None:
    """Let something of ours become what the other side made of it."""
    ours = asked.shared.get(update.key)
    if ours is None:
        links.apply(update)
    elif isinstance(ours, torch.Tensor):
        write(ours, update)
    elif isinstance(ours, np.ndarray) and isinstance(update.value, wire.Array):
        new = array_from_wire(update.value)
        if new.shape != ours.shape or not ours.flags.writeable:
            raise ProtocolError("an array cannot change its shape")
        np.copyto(ours, new, casting="unsafe")
    elif isinstance(ours, list) and isinstance(update.value, wire.Items):
        ours[:] = incoming.decode(update.value)
    elif isinstance(ours, dict | set) and isinstance(update.value, wire.Items | wire.Mapping):
        new = incoming.decode(update.value)
        ours.clear()
        ours.update(new)


def _same_elements(now: Any, before: Any) -> bool:
    """Whether a container holds the very same things as before, in the same order."""
    if len(now) != len(before):
        return False
    if isinstance(now, dict):
        pairs = zip(now.items(), before.items(), strict=True)
        return all(a is b and x is y for (a, x), (b, y) in pairs)
    return all(a is b for a, b in zip(now, before, strict=True))


class _Inner(torch.autograd.Function):
    """An inner node of the graph: the twin of a tensor that is no leaf on the other side."""

    @staticmethod
    def forward(ctx: Any, origin: torch.Tensor, data: list[torch.Tensor]) -> torch.Tensor:
        return data[0]  # in a list: were it an argument, the result would be a view of it

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads[0], None


def by_name(value: Any) -> str | None:
    """The qualified name of a class or function of a well-known library, None for all else."""
    if not isinstance(value, type | types.BuiltinFunctionType | types.FunctionType | functools.partial):
        return None
    module, name = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str) or module.partition(".")[0] not in LIBRARIES:
        return None
    return f"{module}:{name}" if "<" not in name else None
