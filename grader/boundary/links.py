"""What the two sides know each other's things by.

A *key* names a tensor (or, during one call, an array, generator, list, dict or set) on both
sides: positive where the judge named it, negative where the worker did. The side that did not
name a tensor holds a *twin* of it. A parameter, or another leaf that requires grad, keeps its
twin, here called a *mirror*, for as long as the test runs, so that `model.weight` is one tensor
however often it is read, `.grad` turns up in it after `backward()`, and what either side writes
into it reaches the other with the next message.
"""

from __future__ import annotations

from weakref import ReferenceType, WeakValueDictionary, ref

import torch

from grader.boundary import wire
from grader.boundary.tensors import check_size, checked_device, checked_dtype
from grader.boundary.watch import Encoder, TensorWatch, write_tensor
from grader.boundary.wire import ProtocolError

_NOBODY = (lambda: None), 0


class Graph:
    """A piece of autograd's graph on this side: from `leaves` to `outputs`."""

    def __init__(self, outputs: list[torch.Tensor], leaves: list[torch.Tensor]) -> None:
        self.outputs = outputs
        self.leaves = leaves


class Links:
    """All that one side remembers of tensors between messages.

    `mirrored`: the leaves that both sides hold as one, ours and theirs. `graphs`: by number, those of
    ours that the other side may ask for gradients of.
    """

    def __init__(self, sign: int) -> None:
        self._sign = sign
        self._last = 0
        self.clear()

    def clear(self) -> None:
        self.tensors: WeakValueDictionary[int, torch.Tensor] = WeakValueDictionary()
        self._keys: dict[int, tuple[ReferenceType[torch.Tensor], int]] = {}  # by id
        self.mirrored: dict[int, TensorWatch] = {}
        self.graphs: dict[int, Graph] = {}

    def new_key(self) -> int:
        self._last += 1
        return self._sign * self._last

    def is_ours(self, key: int) -> bool:
        return key * self._sign > 0

    def name(self, tensor: torch.Tensor, key: int) -> None:
        """Give `tensor` a key, beside any that it has. The other side's goes before ours."""
        self.tensors[key] = tensor
        if not self.is_ours(key) or self.is_ours(self.key_of(tensor) or key):
            self._keys[id(tensor)] = ref(tensor), key

    def key_of(self, tensor: torch.Tensor) -> int:
        """The key of `tensor`, 0 if it has none."""
        named, key = self._keys.get(id(tensor), _NOBODY)
        return key if named() is tensor else 0

    def show(self, tensor: torch.Tensor, known: wire.Tensor | None) -> int:
        """Let the other side mirror a leaf of ours. `known`: what it is about to learn of it."""
        key = self.key_of(tensor)
        if not key:
            key = self.new_key()
            self.name(tensor, key)
        if key not in self.mirrored:
            self.mirrored[key] = TensorWatch(tensor, known)
        elif known is not None:
            self.mirrored[key].agree(known)
        return key

    def mirror(self, leaf: wire.Leaf, known: wire.Tensor | None = None) -> torch.Tensor:
        """The tensor that a leaf of theirs is on this side. It is made where there is none.

        A leaf of ours that nobody holds any more gets a tensor that nobody will see.
        """
        ours = self.tensors.get(leaf.key)
        if ours is None:
            ours = _placeholder(leaf, known is None or known.requires_grad)
            if self.is_ours(leaf.key):
                return ours
            self.name(ours, leaf.key)
            self.mirrored[leaf.key] = TensorWatch(ours, None)
        if known is not None and leaf.key in self.mirrored:
            self.apply(wire.Update(leaf.key, known, True, known.grad, known.requires_grad))
        return ours

    def changes(self, encoder: Encoder) -> list[wire.Update]:
        """What was written here into leaves that both sides hold."""
        updates = (watch.change(key, encoder) for key, watch in self.mirrored.items())
        return [update for update in updates if update is not None]

    def apply(self, update: wire.Update, outputs: tuple[torch.Tensor, ...] = ()) -> None:
        """Write their update into a tensor that both sides know. Silent where it is gone."""
        tensor = self.tensors.get(update.key)
        if tensor is None:
            return
        write_tensor(tensor, update, outputs)
        if update.key in self.mirrored:
            self.mirrored[update.key].wrote(update)


def _placeholder(leaf: wire.Leaf, requires_grad: bool) -> torch.Tensor:
    """A leaf of the right shape and no memory to speak of: its data follow if it is ever read."""
    dtype = checked_dtype(leaf.dtype)
    check_size(leaf.shape, dtype)
    try:
        with torch.inference_mode(False), torch.no_grad():
            data = torch.zeros((), dtype=dtype, device=checked_device(leaf.device)).expand(leaf.shape)
            return torch.nn.Parameter(data, requires_grad) if leaf.parameter else data.requires_grad_(requires_grad)
    except RuntimeError as error:  # an integer
        raise ProtocolError(f"a tensor of dtype {leaf.dtype} has no gradient: {str(error)[:200]}") from None
