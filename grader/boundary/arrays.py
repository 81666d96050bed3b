"""Tensors and numpy arrays to bytes and back.

What crosses is the stretch of storage that the strides reach, so that a transposed, sliced or
expanded tensor arrives as just that. Bytes between the elements of a slice belong to something
else and are sent as zeros.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from grader.boundary import wire
from grader.boundary.wire import ProtocolError

MAX_BYTES = wire.MAX_FRAME
MAX_DIMS = 64

DTYPES: dict[str, torch.dtype] = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (value for name, value in vars(torch).items() if isinstance(value, torch.dtype))
    if not str(dtype).removeprefix("torch.").startswith(("qint", "quint"))
}
"""Every dtype but the quantized ones, by name."""

NUMPY_KINDS = "biufc"  # no objects, strings or dates


class CannotCross(TypeError):
    """A value that cannot be sent to the other side; the message says why, in one sentence."""


# --- tensors ------------------------------------------------------------------------------------


def tensor_to_wire(tensor: torch.Tensor) -> wire.Tensor:
    """The data of `tensor`, without its graph, its gradient or its key.

    Raises:
        CannotCross: for sparse, quantized and nested tensors.
    """
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested:
        raise CannotCross(f"a {tensor.layout} or quantized tensor cannot cross; send its dense form")
    conj, neg = tensor.is_conj(), tensor.is_neg()
    plain = tensor.detach()
    if conj:
        plain = plain.conj()
    if neg:
        plain = torch._neg_view(plain)
    if plain.device.type == "meta":
        data = memoryview(b"")
    else:
        plain = plain.cpu()
        data = _region(plain).numpy().data
    return wire.Tensor(
        dtype=str(tensor.dtype).removeprefix("torch."),
        shape=list(plain.shape),
        stride=list(plain.stride()),
        device=str(tensor.device),
        data=data,
        requires_grad=tensor.requires_grad,
        leaf=tensor.is_leaf,
        parameter=isinstance(tensor, torch.nn.Parameter),
        conj=conj,
        neg=neg,
    )


def tensor_from_wire(sent: wire.Tensor) -> torch.Tensor:
    """A plain tensor with memory of its own, that does not require grad.

    Raises:
        ProtocolError: where dtype, shape, strides, device and bytes do not fit each other.
    """
    dtype = DTYPES.get(sent.dtype)
    if dtype is None:
        raise ProtocolError(f"no such dtype: {sent.dtype!r}")
    shape, stride = sent.shape, sent.stride
    device = checked_device(sent.device)
    check_size(shape, dtype)
    if len(shape) != len(stride) or min(stride, default=0) < 0 or max(stride, default=0) > MAX_BYTES:
        raise ProtocolError(f"strides {stride} do not fit the shape {shape}")
    size = 0 if device.type == "meta" else span(shape, stride) * dtype.itemsize
    if size != len(sent.data):
        raise ProtocolError(f"{len(sent.data)} bytes came for a tensor of {size}")
    if device.type == "meta":
        return torch.empty_strided(shape, stride, dtype=dtype, device="meta")
    memory = torch.empty(size, dtype=torch.uint8)
    if size:
        memory.copy_(torch.frombuffer(sent.data, dtype=torch.uint8))
    tensor = torch.empty(0, dtype=dtype).set_(memory.untyped_storage(), 0, shape, stride)
    if device.type != "cpu":
        tensor = tensor.to(device)
    if sent.conj:
        tensor = tensor.conj()
    return torch._neg_view(tensor) if sent.neg else tensor


def span(shape: list[int], stride: list[int]) -> int:
    """How many elements of storage a tensor reaches."""
    return 0 if 0 in shape else 1 + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))


def check_size(shape: list[int], dtype: torch.dtype) -> None:
    """Raises ProtocolError where a tensor of this shape is none, or too large to be built."""
    if len(shape) > MAX_DIMS or min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize > MAX_BYTES:
        raise ProtocolError(f"no tensor of shape {shape} can cross")


def checked_device(name: str) -> torch.device:
    """Raises ProtocolError for a device that this machine does not have."""
    kind, _, index = name.partition(":")
    accelerator = torch.accelerator.current_accelerator() if kind not in ("cpu", "meta") else None
    known = kind in ("cpu", "meta") or (accelerator is not None and kind == accelerator.type)
    if not known or (index and not (index.isdecimal() and int(index) < max(1, torch.accelerator.device_count()))):
        raise ProtocolError(f"no such device: {name[:40]!r}")
    return torch.device(name)


def same_bytes(tensor: torch.Tensor, sent: wire.Tensor) -> bool:
    """Whether `tensor`, once decoded from `sent`, still holds what it held then."""
    if list(tensor.shape) != sent.shape or str(tensor.dtype) != f"torch.{sent.dtype}":
        return False
    if not len(sent.data):
        return True
    now = _region(tensor.detach().cpu()) if list(tensor.stride()) == sent.stride else None
    return now is not None and torch.equal(now, torch.frombuffer(sent.data, dtype=torch.uint8))


def _region(tensor: torch.Tensor) -> torch.Tensor:
    """The bytes (uint8) that the strides of a CPU tensor reach; gaps between elements are zeros."""
    shape, stride = list(tensor.shape), list(tensor.stride())
    size = span(shape, stride)
    if tensor.is_conj() or tensor.is_neg():
        tensor = tensor.conj() if tensor.is_conj() else torch._neg_view(tensor)
    for dim, step in enumerate(stride):
        if step == 0 and shape[dim] > 1:  # expanded: one copy stands for all
            tensor = tensor.narrow(dim, 0, 1)
    itemsize = tensor.dtype.itemsize
    if tensor.numel() == size:
        return _as_bytes(tensor, tensor.storage_offset() * itemsize, size * itemsize)
    if itemsize == 1:  # some one-byte dtypes cannot be copied as themselves
        place = tensor.storage_offset(), tensor.shape, tensor.stride()
        tensor = torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage(), *place)
    clean = torch.zeros(size, dtype=tensor.dtype)
    clean.as_strided(tensor.shape, tensor.stride()).copy_(tensor)
    return _as_bytes(clean, 0, size * itemsize)


def _as_bytes(tensor: torch.Tensor, offset: int, size: int) -> torch.Tensor:
    return torch.empty(0, dtype=torch.uint8).set_(tensor.untyped_storage(), offset, (size,), (1,))


# --- numpy --------------------------------------------------------------------------------------


def array_to_wire(array: np.ndarray[Any, Any] | np.generic) -> wire.Array:
    """Raises CannotCross for arrays of anything but numbers and booleans."""
    if array.dtype.kind not in NUMPY_KINDS or array.dtype.itemsize > 16:
        raise CannotCross(f"a numpy array of dtype {array.dtype} cannot cross; numbers and booleans can")
    scalar = isinstance(array, np.generic)
    array = np.asarray(array)
    before, after = _reach(list(array.shape), list(array.strides), array.itemsize)
    data = np.zeros(before + after, dtype=np.uint8)
    inside: np.ndarray[Any, Any] = np.ndarray(array.shape, array.dtype, data, before, array.strides)
    inside[...] = array
    return wire.Array(
        dtype=array.dtype.str,
        shape=list(array.shape),
        strides=list(array.strides),
        offset=before,
        data=data.data,
        writeable=array.flags.writeable,
        scalar=scalar,
    )


def array_from_wire(sent: wire.Array) -> np.ndarray[Any, Any] | np.generic:
    """Raises ProtocolError where dtype, shape, strides and bytes do not fit each other."""
    try:
        dtype = np.dtype(sent.dtype)
    except (TypeError, ValueError, SyntaxError):
        raise ProtocolError(f"no such numpy dtype: {sent.dtype[:40]!r}") from None
    shape, strides = sent.shape, sent.strides
    if dtype.kind not in NUMPY_KINDS or len(shape) > 32 or len(shape) != len(strides) or min(shape, default=0) < 0:
        raise ProtocolError(f"no array of dtype {sent.dtype[:40]!r} and shape {shape} can cross")
    if math.prod(shape) * dtype.itemsize > MAX_BYTES or max(map(abs, strides), default=0) > MAX_BYTES:
        raise ProtocolError(f"no array of shape {shape} can cross")
    before, after = _reach(shape, strides, dtype.itemsize)
    if (before, before + after) != (sent.offset, len(sent.data)):
        raise ProtocolError(f"{len(sent.data)} bytes came for an array of {before + after}")
    array: np.ndarray[Any, Any] = np.ndarray(shape, dtype, bytearray(sent.data), before, strides)
    if sent.scalar:
        return array[()] if array.ndim == 0 else array  # type: ignore[no-any-return]
    array.flags.writeable = sent.writeable
    return array


def same_array(array: np.ndarray[Any, Any], sent: wire.Array) -> bool:
    """Whether `array`, once decoded from `sent`, still holds what it held then."""
    now = array_to_wire(array)
    return (now.dtype, now.shape, now.strides) == (sent.dtype, sent.shape, sent.strides) and np.array_equal(
        np.frombuffer(now.data, np.uint8), np.frombuffer(sent.data, np.uint8)
    )


def _reach(shape: list[int], strides: list[int], itemsize: int) -> tuple[int, int]:
    """How many bytes an array reaches before and after (and with) its first element."""
    if 0 in shape:
        return 0, 0
    steps = [(size - 1) * step for size, step in zip(shape, strides, strict=True)]
    return -sum(step for step in steps if step < 0), sum(step for step in steps if step > 0) + itemsize
