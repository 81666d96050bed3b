"""Tensors to bytes and back.

What crosses is the stretch of storage that the strides reach, so that a transposed, sliced or
expanded tensor arrives as just that. Bytes between the elements of a slice belong to something
else and are sent as zeros.
"""

from __future__ import annotations

import ctypes
import math
import re
from typing import Any

import numpy as np
import torch

from grader.boundary import wire
from grader.boundary.wire import Blob, CannotCross, ProtocolError

MAX_BYTES = wire.MAX_FRAME
MAX_DIMS = 64

DTYPES: dict[str, torch.dtype] = {
    str(dtype).removeprefix("torch."): dtype
    for dtype in (value for value in vars(torch).values() if isinstance(value, torch.dtype))
    if not re.match(r"torch\.(qu?int|quint)", str(dtype))
}
"""Every dtype but the quantized ones, by name."""

_NAMES = {dtype: name for name, dtype in DTYPES.items()}

SMALL = 1 << 14  # bytes: up to here a copy costs less than the objects that would save it


def tensor_to_wire(tensor: torch.Tensor) -> wire.Tensor:
    """The data of `tensor`, without its graph, its gradient or its key.

    The bytes are those of its own memory, where that has no gaps: see `frozen`.

    Raises:
        CannotCross: for sparse, quantized, nested and fake tensors.
    """
    if tensor.layout != torch.strided or tensor.is_quantized or tensor.is_nested:
        raise CannotCross(f"a sparse, quantized or nested tensor ({tensor.layout}) cannot cross; its dense form can")
    try:
        plain = _plain(tensor)
        data = _region(plain)
    except (RuntimeError, NotImplementedError, ValueError) as error:
        raise CannotCross(f"a {type(tensor).__name__} without memory of its own cannot cross") from error
    return wire.Tensor(
        dtype=dtype_name(tensor.dtype),
        shape=list(plain.shape),
        stride=list(plain.stride()),
        device="cpu" if tensor.is_cpu else str(tensor.device),
        data=Blob(data),
        requires_grad=tensor.requires_grad,
        leaf=tensor.is_leaf,
        parameter=type(tensor) is not torch.Tensor and isinstance(tensor, torch.nn.Parameter),
        conj=plain.is_conj(),
        neg=plain.is_neg(),
    )


def dtype_name(dtype: torch.dtype) -> str:
    return _NAMES.get(dtype) or str(dtype).removeprefix("torch.")


def _plain(tensor: torch.Tensor) -> torch.Tensor:
    """`tensor` without its graph and, where it has data at all, on the CPU."""
    plain = torch.Tensor.detach(tensor)  # not its own class's, which would run when nothing is forbidden any more
    return plain if plain.is_cpu or plain.is_meta else plain.cpu()


def tensor_from_wire(sent: wire.Tensor) -> torch.Tensor:
    """A plain tensor with memory of its own, that does not require grad.

    Raises:
        ProtocolError: where dtype, shape, strides, device and bytes do not fit each other.
    """
    dtype = checked_dtype(sent.dtype)
    shape, stride = sent.shape, sent.stride
    device = checked_device(sent.device)
    check_size(shape, dtype)
    if len(shape) != len(stride) or min(stride, default=0) < 0 or max(stride, default=0) > MAX_BYTES:
        raise ProtocolError(f"strides {stride} do not fit the shape {shape}")
    if (sent.conj and not dtype.is_complex) or (sent.neg and not (dtype.is_complex or dtype.is_floating_point)):
        raise ProtocolError(f"no tensor of dtype {sent.dtype} is conjugated or negated")
    size = 0 if device.type == "meta" else span(shape, stride) * dtype.itemsize
    if size != len(sent.data):
        raise ProtocolError(f"{len(sent.data)} bytes came for a tensor of {size}")
    try:
        if device.type == "meta":
            tensor = torch.empty_strided(shape, stride, dtype=dtype, device="meta")
        else:
            tensor = _filled(shape, stride, dtype, sent.data.view)
        if device.type not in ("cpu", "meta"):
            tensor = tensor.to(device)
        tensor = tensor.conj() if sent.conj else tensor
        return torch._neg_view(tensor) if sent.neg else tensor
    except RuntimeError as error:
        raise ProtocolError(f"not a tensor: {error}") from None


def _filled(shape: list[int], stride: list[int], dtype: torch.dtype, data: memoryview) -> torch.Tensor:
    if len(data) < SMALL and stride == _row_major(shape):
        tensor = torch.empty(shape, dtype=dtype, device="cpu")
        assert tensor.nbytes == len(data)
        ctypes.memmove(tensor.data_ptr(), data.tobytes(), len(data))
    else:
        memory = torch.empty(len(data), dtype=torch.uint8, device="cpu")
        memory.numpy()[:] = np.frombuffer(data, np.uint8) if len(data) else 0
        tensor = torch.empty(0, dtype=dtype, device="cpu").set_(memory.untyped_storage(), 0, shape, stride)
    if dtype == torch.bool and len(data) and np.frombuffer(data, np.uint8).max() > 1:
        raise ProtocolError("a boolean that is neither 0 nor 1")  # torch takes for granted that there are no others
    return tensor


def _row_major(shape: list[int]) -> list[int]:
    """The strides of a contiguous tensor."""
    stride, step = [], 1
    for size in reversed(shape):
        stride.append(step)
        step *= max(size, 1)
    return stride[::-1]


def span(shape: list[int], stride: list[int]) -> int:
    """How many elements of storage a tensor reaches."""
    return 0 if 0 in shape else 1 + sum((size - 1) * step for size, step in zip(shape, stride, strict=True))


def check_size(shape: list[int], dtype: torch.dtype) -> None:
    """Raises ProtocolError where a tensor of this shape is none, or too large to be built."""
    if len(shape) > MAX_DIMS or min(shape, default=0) < 0 or count(shape) * dtype.itemsize > MAX_BYTES:
        raise ProtocolError(f"no tensor of shape {shape[:MAX_DIMS]} can cross")


def count(shape: list[int]) -> int:
    """The number of elements; of an empty tensor, what there were if its empty dimensions had one."""
    return math.prod(max(size, 1) for size in shape)


def checked_dtype(name: str) -> torch.dtype:
    """Raises ProtocolError where there is no such dtype."""
    dtype = DTYPES.get(name)
    if dtype is None:
        raise ProtocolError(f"no such dtype: {name[:40]!r}")
    return dtype


def checked_device(name: str) -> torch.device:
    """Raises ProtocolError for a device that this machine does not have."""
    if name in ("cpu", "meta"):
        return torch.device(name)
    match = re.fullmatch(r"([a-z]{1,20})(?::([0-9]{1,3}))?", name)
    accelerator = torch.accelerator.current_accelerator()
    if match is None or accelerator is None or match[1] != accelerator.type:
        raise ProtocolError(f"no such device: {name[:40]!r}")
    if int(match[2] or 0) >= torch.accelerator.device_count():
        raise ProtocolError(f"no such device: {name!r}")
    return torch.device(name)


def same_bytes(tensor: torch.Tensor, sent: wire.Tensor) -> bool:
    """Whether `tensor`, once decoded from `sent` or encoded to it, still holds what it held then."""
    plain = _plain(tensor)
    same = list(plain.shape) == sent.shape and list(plain.stride()) == sent.stride
    return same and _NAMES.get(plain.dtype) == sent.dtype and same_memory(_region(plain), sent.data.view)


def frozen(sent: wire.Tensor) -> wire.Tensor:
    """`sent` with bytes of its own: as encoded it looks into the tensor's memory."""
    sent.data = sent.data.copy()
    if sent.grad is not None:
        frozen(sent.grad)
    return sent


def _region(tensor: torch.Tensor) -> memoryview:
    """The bytes that the strides of a CPU tensor reach; gaps between its elements are zeros."""
    shape, stride, itemsize = list(tensor.shape), list(tensor.stride()), tensor.dtype.itemsize
    size = 0 if tensor.is_meta else span(shape, stride) * itemsize
    if not size:
        return memoryview(b"")
    storage, offset = tensor.untyped_storage(), tensor.storage_offset() * itemsize
    dense = tensor.is_contiguous() or _dense(shape, stride)
    if dense and size < SMALL and storage.data_ptr() and offset + size <= storage.nbytes():
        return memoryview(ctypes.string_at(storage.data_ptr() + int(offset), size))
    memory = torch.empty(0, dtype=torch.uint8, device="cpu").set_(storage, offset, (size,), (1,))
    if dense:
        return memory.numpy().data
    place = [1 if step == 0 else length for length, step in zip(shape, stride, strict=True)]
    steps = [step * itemsize for step in stride]
    clean = np.zeros(size, np.uint8)
    inside: np.ndarray[Any, Any] = np.ndarray(place, f"V{itemsize}", clean, 0, steps)
    inside[...] = np.ndarray(place, f"V{itemsize}", memory.numpy(), 0, steps)
    return clean.data


def _dense(shape: list[int], stride: list[int]) -> bool:
    """Whether a tensor reaches every element of its span. What is expanded counts once."""
    reached = 1
    for step, length in sorted(zip(stride, shape, strict=True)):
        if step and length > 1:
            if step != reached:
                return False
            reached *= length
    return True


def same_memory(one: memoryview, other: memoryview) -> bool:
    """Whether two stretches of memory hold the same bytes; a memoryview's own == is slow."""
    if len(one) < 1024:
        return one.tobytes() == other.tobytes()
    return np.array_equal(np.frombuffer(one, np.uint8), np.frombuffer(other, np.uint8))
