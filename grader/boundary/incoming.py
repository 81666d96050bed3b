"""Wire values to Python values, and what became of those that were shared."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import numpy as np
import torch

from grader.boundary import naming, watch, wire
from grader.boundary.arrays import array_from_wire
from grader.boundary.links import Links
from grader.boundary.objects import Objects
from grader.boundary.outgoing import MAX_INT_BITS, MAX_ODD_KEYS, is_field_name
from grader.boundary.shares import Busy, Shares
from grader.boundary.tensors import checked_device, tensor_from_wire
from grader.boundary.watch import Watch
from grader.boundary.wire import MAX_DEPTH, ProtocolError

MAX_REPEATED = 1 << 20
"""How many values containers may hold in all, counting what they share each time: a few lists that hold one
another would take for ever to compare or to write out."""


class NamedTuple(tuple[Any, ...]):
    """A named tuple of the other side: its items by index and by name."""

    _fields: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name in self._fields:
            return self[self._fields.index(name)]
        raise AttributeError(f"a named tuple with {', '.join(self._fields)} has no attribute {name!r}")


class Incoming(Shares):
    """Decodes the values of one message.

    `busy`: the calls under way; what they share is not sent again. `answers`: whether the message is
    an answer; else it asks, and what becomes of its arguments is watched. `outputs`: the results that
    carry a graph.
    """

    def __init__(self, links: Links, objects: Objects, busy: Busy, answers: bool = False) -> None:
        super().__init__()
        self._links = links
        self._objects = objects
        self._busy = busy
        self._answers = answers
        self._odd_keys = 0
        self._repeats = False
        self.outputs: tuple[torch.Tensor, ...] = ()

    def decode(self, sent: wire.Value, depth: int = 0) -> Any:
        """Raises ProtocolError where the value makes no sense."""
        if depth > MAX_DEPTH + 1:
            raise ProtocolError("nested too deep")
        decode = _DECODERS.get(type(sent))
        value = sent if decode is None else decode(self, sent, depth)
        if not depth:
            self.check([value])
        return value

    def check(self, values: Iterable[Any]) -> None:
        """Raises ProtocolError where something is held so often, by what is held often itself, that it is endless."""
        try:
            endless = self._repeats and _count(values, {}) > MAX_REPEATED
        except RecursionError:
            endless = True
        if endless:
            raise ProtocolError("lists within lists, endlessly")

    def apply(self, update: wire.Update, ours: Any) -> None:
        """Let something that this side shared become what the other side made of it."""
        match ours, update.value:
            case torch.Tensor(), None | wire.Tensor() | wire.Output():
                watch.write_tensor(ours, update, self.outputs)
            case np.ndarray(), wire.Array():
                watch.write_array(ours, update.value)
            case torch.Generator(), wire.Generator():
                watch.set_state(ours, update.value)
            case list(), wire.Items():
                new = self.decode(update.value)
                if not isinstance(new, list):
                    raise ProtocolError("a list stays a list")
                ours[:] = new
            case ((dict() | set()), wire.Items() | wire.Mapping()):
                new = self.decode(update.value)
                if type(new) is not (dict if isinstance(ours, dict) else set):
                    raise ProtocolError("a container stays what it is")
                ours.clear()
                ours.update(new)
            case _:
                raise ProtocolError("an update of something else")

    # one kind of value each

    def _keep(self, key: int, value: Any, watched: Watch | None) -> Any:
        """Remember what has a key: within the message, and an argument to say later what became of it."""
        if not key:
            return value
        if self._links.is_ours(key):
            raise ProtocolError("something new under a key of ours")
        self.share(key, value)
        if not self._answers and watched is not None:
            self._watches[key] = watched
        return value

    def _tensor(self, sent: wire.Tensor, depth: int) -> torch.Tensor:
        if not self._answers:
            return self._argument(sent)
        if sent.parameter or sent.requires_grad:
            return self._leaf(sent)
        return self._keep(sent.key, tensor_from_wire(sent), None)  # type: ignore[no-any-return]

    def _argument(self, sent: wire.Tensor) -> torch.Tensor:
        tensor = tensor_from_wire(sent)
        try:
            if sent.requires_grad:
                tensor = self._twin(tensor, sent)
            elif sent.parameter:
                tensor = torch.nn.Parameter(tensor, requires_grad=False)
            if sent.grad is not None:
                tensor.grad = tensor_from_wire(sent.grad)
        except RuntimeError as error:  # an integer that requires grad, a gradient of another shape
            raise ProtocolError(f"not a tensor: {str(error)[:200]}") from None
        return self._keep(sent.key, tensor, watch.TensorWatch(tensor, sent))  # type: ignore[no-any-return]

    def _twin(self, tensor: torch.Tensor, sent: wire.Tensor) -> torch.Tensor:
        """Make `tensor` the twin of a tensor that requires grad: a leaf if that is one."""
        if not sent.key or self._links.is_ours(sent.key):
            raise ProtocolError("a tensor that requires grad comes with a key of its own")
        if sent.leaf:
            leaf = torch.nn.Parameter(tensor) if sent.parameter else tensor.requires_grad_()
            self._links.name(leaf, sent.key)
            return leaf
        origin = torch.zeros((), dtype=tensor.dtype, device=tensor.device).expand(tensor.shape).requires_grad_()
        self._links.name(origin, sent.key)
        with torch.enable_grad():
            return _Inner.apply(origin, [tensor])  # type: ignore[no-any-return]

    def _leaf(self, sent: wire.Tensor) -> torch.Tensor:
        """A leaf of theirs as a result: its mirror. Or one of ours that they kept from an earlier call."""
        if not sent.key or not sent.leaf:
            raise ProtocolError("a leaf comes with a key")
        if self._links.is_ours(sent.key) and sent.key not in self._links.tensors:
            return tensor_from_wire(sent)
        leaf = wire.Leaf(sent.key, sent.dtype, sent.shape, sent.device, sent.parameter)
        tensor = self._links.mirror(leaf, sent)
        self.share(sent.key, tensor)
        return tensor

    def _array(self, sent: wire.Array, depth: int) -> Any:
        array = array_from_wire(sent)
        return self._keep(sent.key, array, None if sent.scalar else watch.ArrayWatch(array, sent))  # type: ignore[arg-type]

    def _generator(self, sent: wire.Generator, depth: int) -> torch.Generator:
        try:
            generator = torch.Generator(checked_device(sent.device))
        except RuntimeError as error:
            raise ProtocolError(f"not a generator: {str(error)[:200]}") from None
        watch.set_state(generator, sent)
        return self._keep(sent.key, generator, watch.GeneratorWatch(generator, sent))  # type: ignore[no-any-return]

    def _container(self, sent: wire.Items | wire.Mapping, depth: int) -> Any:
        """A container is known by its key before its elements are decoded: it may hold itself."""
        value: Any
        if isinstance(sent, wire.Mapping):
            value = self._keep(sent.key, {}, None)
            for name, item in sent.items:
                value[self._hashable(name, depth + 1)] = self.decode(item, depth + 1)
        elif sent.kind == "list":
            value = self._keep(sent.key, [], None)
            value.extend([self.decode(item, depth + 1) for item in sent.items])
        elif sent.kind == "set":
            value = self._keep(sent.key, set(), None)
            value.update([self._hashable(item, depth + 1) for item in sent.items])
        else:
            return self._immutable(sent, depth + 1)
        return self._keep(sent.key, value, None if self._answers else watch.ContainerWatch(value))

    def _immutable(self, sent: wire.Items, depth: int) -> Any:
        if sent.kind == "frozenset":
            return frozenset([self._hashable(item, depth) for item in sent.items])
        items = [self.decode(item, depth) for item in sent.items]
        if sent.kind == "tuple":
            if not sent.fields:
                return tuple(items)
            if len(sent.fields) != len(items) or not all(map(is_field_name, sent.fields)):
                raise ProtocolError("the names of a named tuple do not fit it")
            named = NamedTuple(items)
            named._fields = tuple(sent.fields)
            return named
        if not all(type(item) is int for item in items):
            raise ProtocolError("a size is made of integers")
        return torch.Size(items)

    def _hashable(self, sent: wire.Value, depth: int) -> Any:
        if type(sent) not in (str, int, float, bool, type(None), wire.Bytes):
            self._odd_keys += 1
            if self._odd_keys > MAX_ODD_KEYS:
                raise ProtocolError("too many keys that are neither text nor numbers")
        value = self.decode(sent, depth)
        try:
            hash(value)
        except TypeError:
            raise ProtocolError(f"{type(value).__name__} cannot be a key") from None
        return value

    def _shared(self, sent: wire.Shared, depth: int) -> Any:
        holder = self if sent.key in self.things else self._busy.holder(sent.key)
        if holder is not None:
            thing = holder.things[sent.key]
            self._repeats |= isinstance(thing, list | dict | set)
            return thing
        tensor = self._links.tensors.get(sent.key)
        if tensor is None:
            raise ProtocolError(f"nothing has the key {sent.key}")
        return tensor

    def _output(self, sent: wire.Output, depth: int) -> torch.Tensor:
        if not 0 <= sent.index < len(self.outputs):
            raise ProtocolError("no such output")
        return self.outputs[sent.index]

    def _bytes(self, sent: wire.Bytes, depth: int) -> bytes:
        return bytes(sent.data.view)

    def _slice(self, sent: wire.Slice, depth: int) -> slice[Any, Any, Any]:
        return slice(*(self.decode(part, depth + 1) for part in (sent.start, sent.stop, sent.step)))

    def _special(self, sent: wire.Special, depth: int) -> Any:
        if len(sent.text) > MAX_INT_BITS // 4 + 3:
            raise ProtocolError(f"too long for a {sent.kind}")
        try:
            match sent.kind:
                case "int":
                    return int(sent.text, 16)
                case "complex":
                    return complex(sent.text)
                case "range":
                    return range(*(int(part) for part in sent.text.split()))
                case "ellipsis":
                    return ...
                case "name":
                    return self._objects.named(sent.text)
                case kind:
                    return naming.constant(kind, sent.text)
        except (ValueError, TypeError) as error:
            raise ProtocolError(f"no such {sent.kind}: {sent.text[:40]!r} ({str(error)[:80]})") from None

    def _object(self, sent: wire.Handle | wire.Own | wire.Function, depth: int) -> Any:
        return self._objects.resolve(sent)


def _count(values: Iterable[Any], known: dict[int, int]) -> int:
    """How many values these are with all that they hold. What holds itself counts as one within itself."""
    count = 0
    for value in values:
        if not isinstance(value, list | tuple | set | frozenset | dict):
            count += 1
            continue
        if id(value) not in known:
            known[id(value)] = 1
            inside = chain.from_iterable(value.items()) if isinstance(value, dict) else value
            known[id(value)] += _count(inside, known)
        count += known[id(value)]
    return count


_DECODERS: dict[type, Callable[[Incoming, Any, int], Any]] = {
    wire.Tensor: Incoming._tensor,
    wire.Array: Incoming._array,
    wire.Generator: Incoming._generator,
    wire.Items: Incoming._container,
    wire.Mapping: Incoming._container,
    wire.Shared: Incoming._shared,
    wire.Output: Incoming._output,
    wire.Bytes: Incoming._bytes,
    wire.Slice: Incoming._slice,
    wire.Special: Incoming._special,
    wire.Handle: Incoming._object,
    wire.Own: Incoming._object,
    wire.Function: Incoming._object,
}
"""What is not in here is plain data already."""


class _Inner(torch.autograd.Function):
    """An inner node of the graph: the twin of a tensor that is no leaf on the other side."""

    @staticmethod
    def forward(ctx: Any, origin: torch.Tensor, data: list[torch.Tensor]) -> torch.Tensor:
        return data[0]  # in a list: were it an argument, the result would be a view of it

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads[0], None
