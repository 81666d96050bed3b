"""What the two sides know each other's things by.

A *key* names a tensor (or, during one call, a list, dict, set or array) on both sides: positive
where the judge named it, negative where the worker did. The side that did not name a tensor
holds a *twin* of it. A leaf that requires grad keeps its twin, here called a *mirror*, for as
long as the test runs, so that `model.weight` is one tensor however often it is read, `.grad`
turns up in it after `backward()`, and what either side writes into it reaches the other with
the next message.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakValueDictionary

import torch
from torch.utils.weak import WeakIdKeyDictionary

from grader.boundary import wire
from grader.boundary.arrays import (
    DTYPES,
    check_size,
    checked_device,
    same_bytes,
    tensor_from_wire,
    tensor_to_wire,
)
from grader.boundary.wire import ProtocolError


class Shown:
    """A leaf of this side that the other side mirrors, and what the other side last saw of it."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor
        self.data: wire.Tensor | None = None  # None: its data was never sent
        self.grad: wire.Tensor | None = None


class Mirror:
    """A leaf of the other side, as it stands here, and the state in which both sides agree."""

    def __init__(self, tensor: torch.Tensor) -> None:
        self.tensor = tensor
        self.agree()

    def agree(self) -> None:
        self._version = self.tensor._version
        self._grad = self.tensor.grad
        self._grad_version = self._grad._version if self._grad is not None else 0

    def update(self, key: int) -> wire.Update | None:
        """What was written here since the sides last agreed."""
        grad = self.tensor.grad
        written = self.tensor._version != self._version
        graded = grad is not self._grad or (grad is not None and grad._version != self._grad_version)
        if not written and not graded:
            return None
        self.agree()
        return wire.Update(
            key=key,
            value=tensor_to_wire(self.tensor) if written else None,
            grad_changed=graded,
            grad=tensor_to_wire(grad) if graded and grad is not None else None,
        )


class Graph:
    """A piece of autograd's graph on this side: from `leaves` to `outputs`."""

    def __init__(self, outputs: list[torch.Tensor], leaves: list[torch.Tensor]) -> None:
        self.outputs = outputs
        self.leaves = leaves


class Links:
    """All that one side remembers between messages."""

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._last = 0
        self.objects: dict[int, Any] = {}
        self.clear()

    def clear(self) -> None:
        """Forget everything but the objects that were exported for good."""
        self.tensors: WeakValueDictionary[int, torch.Tensor] = WeakValueDictionary()
        self.names: WeakIdKeyDictionary = WeakIdKeyDictionary()
        self.shown: dict[int, Shown] = {}
        self.mirrors: dict[int, Mirror] = {}
        self.graphs: dict[int, Graph] = {}

    def new_key(self) -> int:
        self._last += 1
        return self._sign * self._last

    def is_ours(self, key: int) -> bool:
        return key * self._sign > 0

    # tensors

    def name(self, tensor: torch.Tensor, key: int) -> None:
        self.tensors[key] = tensor
        self.names[tensor] = key

    def name_of(self, tensor: torch.Tensor) -> int:
        """The key of `tensor`, 0 if it has none."""
        return int(self.names.get(tensor, 0))

    def show(self, tensor: torch.Tensor) -> tuple[int, Shown]:
        """Let the other side mirror a leaf of ours."""
        key = self.name_of(tensor)
        if not key:
            key = self.new_key()
            self.name(tensor, key)
        return key, self.shown.setdefault(key, Shown(tensor))

    def mirror(self, key: int, make: Callable[[], torch.Tensor]) -> torch.Tensor:
        """Our mirror of their leaf `key`; `make` builds it the first time."""
        if key not in self.mirrors:
            tensor = make()
            self.mirrors[key] = Mirror(tensor)
            self.name(tensor, key)
        return self.mirrors[key].tensor

    def mirror_of_leaf(self, leaf: wire.Leaf) -> torch.Tensor:
        """The tensor that a leaf of a graph is on this side. A mirror is made where there is none."""
        known = self.tensors.get(leaf.key)
        if known is not None:
            return known
        if self.is_ours(leaf.key):
            raise ProtocolError(f"no tensor has the key {leaf.key}")

        def make() -> torch.Tensor:
            dtype = DTYPES.get(leaf.dtype, torch.int64)
            check_size(leaf.shape, dtype)
            if not (dtype.is_floating_point or dtype.is_complex):
                raise ProtocolError(f"a tensor of dtype {leaf.dtype!r} has no gradient")
            tensor = torch.zeros(leaf.shape, dtype=dtype, device=checked_device(leaf.device))
            return torch.nn.Parameter(tensor) if leaf.parameter else tensor.requires_grad_()

        return self.mirror(leaf.key, make)

    # what changed

    def mirror_updates(self) -> list[wire.Update]:
        """What was written into our mirrors of their leaves."""
        updates = (mirror.update(key) for key, mirror in self.mirrors.items())
        return [update for update in updates if update is not None]

    def shown_updates(self) -> list[wire.Update]:
        """What was written into our leaves that they mirror."""
        updates = []
        for key, shown in self.shown.items():
            update = wire.Update(key=key)
            if shown.data is not None and not same_bytes(shown.tensor, shown.data):
                update.value = shown.data = frozen(tensor_to_wire(shown.tensor))
            update.grad_changed, update.grad = grad_change(shown.tensor, shown.grad)
            if update.grad_changed:
                shown.grad = update.grad
            if update.value is not None or update.grad_changed:
                updates.append(update)
        return updates

    def apply(self, update: wire.Update) -> None:
        """Write their update into a tensor that both sides know. Silent where it is gone."""
        tensor = self.tensors.get(update.key)
        if tensor is None:
            return
        write(tensor, update)
        if update.key in self.mirrors:
            self.mirrors[update.key].agree()
        if update.key in self.shown:
            shown = self.shown[update.key]
            if isinstance(update.value, wire.Tensor):
                shown.data = frozen(tensor_to_wire(tensor))
            if update.grad_changed:
                shown.grad = update.grad


def grad_change(tensor: torch.Tensor, before: wire.Tensor | None) -> tuple[bool, wire.Tensor | None]:
    """Whether the gradient of a leaf differs from what the other side saw, and what it is now."""
    grad = tensor.grad
    if grad is None:
        return before is not None, None
    if before is not None and same_bytes(grad, before):
        return False, None
    return True, frozen(tensor_to_wire(grad))


def frozen(sent: wire.Tensor) -> wire.Tensor:
    """`sent` with bytes of its own: as encoded it looks into the tensor's memory."""
    sent.data = memoryview(bytearray(sent.data))
    return sent


def write(tensor: torch.Tensor, update: wire.Update) -> None:
    """Write new content, gradient and `requires_grad` into `tensor`, as its own code would have."""
    try:
        if isinstance(update.value, wire.Tensor):
            value = tensor_from_wire(update.value)
            if value.shape == tensor.shape and value.dtype == tensor.dtype and not _overlaps(tensor):
                with torch.no_grad():
                    tensor.copy_(value)
            else:
                tensor.data = value
        if update.requires_grad is not None:
            tensor.requires_grad_(update.requires_grad)
        if update.grad_changed:
            tensor.grad = tensor_from_wire(update.grad) if update.grad is not None else None
    except RuntimeError as error:  # a gradient of another shape, an integer that requires grad, …
        raise ProtocolError(f"an update that does not fit: {error}") from None


def _overlaps(tensor: torch.Tensor) -> bool:
    return any(step == 0 and size > 1 for size, step in zip(tensor.shape, tensor.stride(), strict=True))
