"""What both sides hold a copy of, and what becomes of it.

A *watch* remembers what the other side knows of a tensor, array, generator or container, and
says what has changed since. `write` does to ours what the other side did to its copy.

Bytes are compared, not version counters: `p.data.add_(…)` and writes through numpy leave no
other trace.
"""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch

from grader.boundary import wire
from grader.boundary.arrays import array_from_wire, array_to_wire, same_array
from grader.boundary.tensors import frozen, same_bytes, same_memory, tensor_from_wire, tensor_to_wire
from grader.boundary.wire import Blob, ProtocolError


class Encoder(Protocol):
    """What a watch asks of the message that a change is to be part of."""

    def content(self, value: Any) -> wire.Items | wire.Mapping:
        """The elements of a container."""

    def output(self, tensor: torch.Tensor) -> wire.Output | None:
        """A tensor with its graph; None where the message cannot carry one."""


class Watch(Protocol):
    @property
    def value(self) -> Any: ...

    def change(self, key: int, encoder: Encoder) -> wire.Update | None:
        """What has become of the value since this was last asked; None: nothing."""


class TensorWatch:
    """`known`: what the other side knows of the tensor; None for a leaf of which it only knows that it exists."""

    def __init__(self, tensor: torch.Tensor, known: wire.Tensor | None) -> None:
        self.value = tensor
        self._grad_fn = tensor.grad_fn
        self._data: wire.Tensor | None = None
        self._grad: wire.Tensor | None = None
        self._requires_grad = tensor.requires_grad
        if known is not None:
            self.agree(known)

    @property
    def read(self) -> bool:
        """Whether the other side knows the tensor's data."""
        return self._data is not None

    def agree(self, known: wire.Tensor) -> None:
        """Both sides have what `known`, a message's own, says."""
        self._data, self._grad = known, known.grad

    def wrote(self, update: wire.Update) -> None:
        """The other side's update was written into the tensor."""
        if isinstance(update.value, wire.Tensor):
            same = update.value.stride == list(self.value.stride())
            self._data = update.value if same else frozen(tensor_to_wire(self.value))
        if update.grad_changed:
            self._grad = update.grad
        self._requires_grad = self.value.requires_grad

    def change(self, key: int, encoder: Encoder) -> wire.Update | None:
        tensor, update = self.value, wire.Update(key)
        if tensor.grad_fn is not self._grad_fn:  # written to in place by what autograd records
            update.value = encoder.output(tensor)
        if update.value is None and self._data is not None and not same_bytes(tensor, self._data):
            update.value = self._data = frozen(tensor_to_wire(tensor))
        if tensor.is_leaf:
            self._grad_change(update)
        if update.value is None and not update.grad_changed and update.requires_grad is None:
            return None
        return update

    def _grad_change(self, update: wire.Update) -> None:
        grad = self.value.grad
        if grad is None:
            update.grad_changed = self._grad is not None
            self._grad = None
        elif self._grad is None or not same_bytes(grad, self._grad):
            update.grad_changed = True
            update.grad = self._grad = frozen(tensor_to_wire(grad))
        if self.value.requires_grad != self._requires_grad:
            update.requires_grad = self._requires_grad = self.value.requires_grad


class ArrayWatch:
    def __init__(self, array: np.ndarray[Any, Any], known: wire.Array) -> None:
        self.value = array
        self._known = known

    def change(self, key: int, encoder: Encoder) -> wire.Update | None:
        if same_array(self.value, self._known):
            return None
        self._known = _frozen_array(self.value)
        return wire.Update(key, value=self._known)


class GeneratorWatch:
    def __init__(self, generator: torch.Generator, known: wire.Generator) -> None:
        self.value = generator
        self._known = known.state

    def change(self, key: int, encoder: Encoder) -> wire.Update | None:
        now = generator_to_wire(self.value)
        if same_memory(now.state.view, self._known.view):
            return None
        self._known = now.state
        return wire.Update(key, value=now)


class ContainerWatch:
    """A list, dict or set: it has changed where it does not hold the very same things."""

    def __init__(self, value: Any) -> None:
        self.value = value
        self._known = value.copy()

    def change(self, key: int, encoder: Encoder) -> wire.Update | None:
        if _same_elements(self.value, self._known):
            return None
        self._known = self.value.copy()
        return wire.Update(key, value=encoder.content(self.value))


def _same_elements(now: Any, before: Any) -> bool:
    if len(now) != len(before):
        return False
    if isinstance(now, dict):
        pairs = zip(now.items(), before.items(), strict=True)
        return all(a is b and x is y for (a, x), (b, y) in pairs)
    if isinstance(now, set):
        return {id(item) for item in now} == {id(item) for item in before}
    return all(a is b for a, b in zip(now, before, strict=True))


def watch(value: Any) -> Watch | None:
    """A watch over what the other side holds a copy of, as it is now."""
    if isinstance(value, torch.Tensor):
        return TensorWatch(value, frozen(leaf_to_wire(value)))
    if isinstance(value, np.ndarray):
        return ArrayWatch(value, _frozen_array(value))
    if isinstance(value, torch.Generator):
        return GeneratorWatch(value, generator_to_wire(value))
    return ContainerWatch(value) if isinstance(value, list | dict | set) else None


def leaf_to_wire(tensor: torch.Tensor) -> wire.Tensor:
    """A tensor with its gradient, if it has one."""
    sent = tensor_to_wire(tensor)
    if tensor.is_leaf and tensor.grad is not None:
        sent.grad = tensor_to_wire(tensor.grad)
    return sent


def _frozen_array(array: np.ndarray[Any, Any]) -> wire.Array:
    sent = array_to_wire(array)
    sent.data = sent.data.copy()
    return sent


# --- generators ---------------------------------------------------------------------------------


def generator_to_wire(generator: torch.Generator) -> wire.Generator:
    return wire.Generator(str(generator.device), Blob(generator.get_state().numpy().data))


def set_state(generator: torch.Generator, sent: wire.Generator) -> None:
    """Raises ProtocolError where it is the state of no such generator."""
    if not len(sent.state):
        raise ProtocolError("a generator has a state")
    try:
        generator.set_state(torch.frombuffer(bytearray(sent.state.view), dtype=torch.uint8))
    except (RuntimeError, TypeError) as error:
        raise ProtocolError(f"not the state of a generator: {str(error)[:200]}") from None


# --- writing ------------------------------------------------------------------------------------


def write_array(ours: np.ndarray[Any, Any], sent: wire.Array) -> None:
    new = array_from_wire(sent)
    if new.shape != ours.shape or new.dtype != ours.dtype or not ours.flags.writeable:
        raise ProtocolError("an array changes neither its shape nor its dtype")
    np.copyto(ours, new)


def write_tensor(ours: torch.Tensor, update: wire.Update, outputs: tuple[torch.Tensor, ...] = ()) -> None:
    """Write new content, gradient and `requires_grad` into `ours`, as its own code would have."""
    try:
        if isinstance(update.value, wire.Output):
            _write_output(ours, update.value.index, outputs)
        elif isinstance(update.value, wire.Tensor):
            _write_data(ours, tensor_from_wire(update.value))
        if update.requires_grad is not None:
            ours.requires_grad_(update.requires_grad)
        if update.grad_changed:
            ours.grad = tensor_from_wire(update.grad) if update.grad is not None else None
    except (RuntimeError, TypeError) as error:  # a gradient of another shape, an integer that requires grad, …
        raise ProtocolError(f"an update that does not fit: {str(error)[:200]}") from None


def _write_output(ours: torch.Tensor, index: int, outputs: tuple[torch.Tensor, ...]) -> None:
    """The other side wrote with autograd recording: so does this one."""
    if not 0 <= index < len(outputs) or outputs[index].shape != ours.shape:
        raise ProtocolError("no such output")
    with torch.enable_grad():
        ours.copy_(outputs[index])


def _write_data(ours: torch.Tensor, value: torch.Tensor) -> None:
    overlaps = any(step == 0 and size > 1 for size, step in zip(ours.shape, ours.stride(), strict=True))
    if value.shape == ours.shape and value.dtype == ours.dtype and value.device == ours.device and not overlaps:
        with torch.no_grad():
            ours.copy_(value)
    else:
        ours.data = value
