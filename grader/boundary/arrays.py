"""Numpy arrays to bytes and back: the stretch of memory that the strides reach, gaps zeroed."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.boundary import wire
from grader.boundary.tensors import MAX_BYTES, count, same_memory
from grader.boundary.wire import Blob, CannotCross, ProtocolError

_WIDE = ("i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "c8", "c16")

ARRAY_DTYPES: dict[str, np.dtype[Any]] = {
    name: np.dtype(name) for name in ("|b1", "|i1", "|u1", *(f"{order}{code}" for order in "<>" for code in _WIDE))
}
"""The dtypes that a numpy array may have to cross: booleans and numbers, but no long doubles."""


def array_to_wire(array: np.ndarray[Any, Any] | np.generic) -> wire.Array:
    """Raises CannotCross for arrays of anything but numbers and booleans."""
    dtype = array.dtype
    if dtype.str not in ARRAY_DTYPES:
        raise CannotCross(f"a numpy array of dtype {dtype} cannot cross; numbers and booleans can")
    plain = np.asarray(array)
    before, data = _array_region(plain)
    return wire.Array(
        dtype=dtype.str,
        shape=list(plain.shape),
        strides=list(plain.strides),
        offset=before,
        data=Blob(data),
        writeable=array.flags.writeable,
        scalar=isinstance(array, np.generic),
    )


def array_from_wire(sent: wire.Array) -> np.ndarray[Any, Any] | np.generic:
    """Raises ProtocolError where dtype, shape, strides and bytes do not fit each other."""
    dtype = ARRAY_DTYPES.get(sent.dtype)
    shape, strides = sent.shape, sent.strides
    if dtype is None or len(shape) > 32 or len(shape) != len(strides) or min(shape, default=0) < 0:
        raise ProtocolError(f"no array of dtype {sent.dtype[:40]!r} and shape {shape[:32]} can cross")
    if count(shape) * dtype.itemsize > MAX_BYTES or max(map(abs, strides), default=0) > MAX_BYTES:
        raise ProtocolError(f"no array of shape {shape} can cross")
    before, after = _reach(shape, strides, dtype.itemsize)
    if (before, before + after) != (sent.offset, len(sent.data)):
        raise ProtocolError(f"{len(sent.data)} bytes came for an array of {before + after}")
    array: np.ndarray[Any, Any] = np.ndarray(shape, dtype, bytearray(sent.data.view), before, strides)
    if dtype.kind == "b" and array.size and array.view(np.uint8).max() > 1:
        raise ProtocolError("a boolean that is neither 0 nor 1")
    if sent.scalar:
        if shape:
            raise ProtocolError("a scalar has no dimensions")
        return array[()]
    array.flags.writeable = sent.writeable
    return array


def same_array(array: np.ndarray[Any, Any], sent: wire.Array) -> bool:
    """Whether `array`, once decoded from `sent` or encoded to it, still holds what it held then."""
    same = array.dtype.str == sent.dtype and list(array.shape) == sent.shape and list(array.strides) == sent.strides
    return same and same_memory(_array_region(array)[1], sent.data.view)


def _array_region(array: np.ndarray[Any, Any]) -> tuple[int, memoryview]:
    """The bytes that the strides of an array reach, and where among them its first element is."""
    if array.flags.c_contiguous:
        return 0, array.reshape(-1).view(np.uint8).data
    before, after = _reach(list(array.shape), list(array.strides), array.itemsize)
    data = np.zeros(before + after, dtype=np.uint8)
    inside: np.ndarray[Any, Any] = np.ndarray(array.shape, array.dtype, data, before, array.strides)
    inside[...] = array
    return before, data.data


def _reach(shape: list[int], strides: list[int], itemsize: int) -> tuple[int, int]:
    """How many bytes an array reaches before and after (and with) its first element."""
    if 0 in shape:
        return 0, 0
    steps = [(size - 1) * step for size, step in zip(shape, strides, strict=True)]
    return -sum(step for step in steps if step < 0), sum(step for step in steps if step > 0) + itemsize
