"""Tensor creation: constructors, NumPy and random numbers. The lesson is in README.md beside this file.

No function changes its arguments, but for the state of the generator that `normal` draws from.
"""

import numpy as np
import torch
from torch import Tensor


def linspace(start: float, stop: float, n: int) -> Tensor:
    """Numbers at equal distances from `start` to `stop`, both included.

    Args:
        start: the first number.
        stop: the last number, exactly; it may be smaller than `start`, or equal.
        n: how many, 0 or more. One number is `start`.

    Returns:
        (n,), float32.

    Example:
        >>> linspace(0.0, 1.0, 5)
        tensor([0.0000, 0.2500, 0.5000, 0.7500, 1.0000])
    """
    raise NotImplementedError("TODO 1: linspace")


def multiples(start: int, stop: int, k: int) -> Tensor:
    """The multiples of k from `start` to `stop`, in ascending order, both ends included.

    Args:
        start: the smallest number that may be in the result.
        stop: the largest. Where it is below `start`, the result is empty.
        k: 1 or more.

    Returns:
        (m,), int64; also where there are none.

    Example:
        >>> multiples(3, 12, 4)
        tensor([ 4,  8, 12])
    """
    raise NotImplementedError("TODO 2: multiples")


def checkerboard(height: int, width: int) -> Tensor:
    """A board of zeros and ones in which neighbours differ, 0 at [0, 0].

    Args:
        height, width: 0 or more.

    Returns:
        (height, width), int64.

    Example:
        >>> checkerboard(2, 3)
        tensor([[0, 1, 0],
                [1, 0, 1]])
    """
    raise NotImplementedError("TODO 3: checkerboard")


def from_numpy_copy(array: np.ndarray) -> Tensor:
    """A tensor with the numbers of an array, in memory of its own.

    Args:
        array: any shape and any strides, negative ones too; it may be read-only.

    Returns:
        A tensor on the CPU with the shape and the dtype of `array`.

    Example:
        >>> from_numpy_copy(np.array([1.0, 2.0]))
        tensor([1., 2.], dtype=torch.float64)
    """
    raise NotImplementedError("TODO 4: from_numpy_copy")


def to_numpy(tensor: Tensor) -> np.ndarray:
    """An array with the numbers of a tensor, in memory of its own.

    Args:
        tensor: on any device, of any shape and dtype; it may require a gradient, and be a view,
            such as a conjugate.

    Returns:
        An array with the shape and the dtype of `tensor`; float32 for bfloat16, which NumPy
        does not have.

    Example:
        >>> to_numpy(torch.tensor([1.0, 2.0], requires_grad=True))
        array([1., 2.], dtype=float32)
    """
    raise NotImplementedError("TODO 5: to_numpy")


def normal(shape: tuple[int, ...], mean: float, std: float, *, generator: torch.Generator) -> Tensor:
    """Random numbers with a normal distribution, all from one draw of `torch.randn`.

    Args:
        shape: any shape.
        mean: of the distribution.
        std: its standard deviation, 0 or more.
        generator: where the random numbers come from, and no other generator moves.

    Returns:
        `shape`, in the default dtype, on the device of `generator`.

    Example:
        >>> normal((2, 3), 5.0, 0.0, generator=torch.Generator())
        tensor([[5., 5., 5.],
                [5., 5., 5.]])
    """
    raise NotImplementedError("TODO 6: normal")
