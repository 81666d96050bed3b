"""Broadcasting: shapes that are stretched to fit each other. The lesson is in README.md beside this file.

No function changes its arguments. Masks are boolean, and True means "may be seen, counts".
"""

import torch
from torch import Tensor


def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of x + y, where x has the shape `a` and y the shape `b`.

    Plain Python on numbers: no tensor is made.

    Args:
        a, b: any number of sizes, also none; a size may be 0.

    Returns:
        The common shape, a tuple (a torch.Size is one).

    Raises:
        ValueError: where the shapes do not fit.

    Example:
        >>> broadcast_shape((5, 1, 7), (4, 1))
        (5, 4, 7)
    """
    raise NotImplementedError("TODO 1: broadcast_shape")


def outer(a: Tensor, b: Tensor) -> Tensor:
    """Every number of `a` times every number of `b`.

    Args:
        a: (N,), any number dtype.
        b: (M,), the dtype of `a`. N and M may be 0.

    Returns:
        (N, M), the dtype of `a` and `b`: entry [n, m] is a[n] * b[m].

    Example:
        >>> outer(torch.tensor([1, 2]), torch.tensor([3, 4, 5]))
        tensor([[ 3,  4,  5],
                [ 6,  8, 10]])
    """
    raise NotImplementedError("TODO 2: outer")


def standardize(x: Tensor, dim: int) -> Tensor:
    """Take off the mean along `dim`, and divide by the standard deviation along `dim`.

    The deviation is that of the population: the root of the mean of (x - mean)**2, with nothing added to it.
    Where the deviation is 0 the result is 0, and the gradient is finite.

    Args:
        x: any shape with at least one dim, floating point.
        dim: may be negative; its size is at least 1, other sizes may be 0.

    Returns:
        Same shape and dtype as `x`.

    Example:
        >>> standardize(torch.tensor([[1.0, 3.0], [2.0, 2.0]]), dim=1)
        tensor([[-1.,  1.],
                [ 0.,  0.]])
    """
    raise NotImplementedError("TODO 3: standardize")


def add_channel_bias(x: Tensor, bias: Tensor) -> Tensor:
    """Add one number to each channel.

    Args:
        x: (N, C, H, W), floating point.
        bias: (C,), the dtype of `x`.

    Returns:
        (N, C, H, W), the dtype of `x`: entry [n, c, h, w] is x[n, c, h, w] + bias[c].

    Example:
        >>> add_channel_bias(torch.zeros(1, 2, 1, 2), torch.tensor([10.0, 20.0]))
        tensor([[[[10., 10.]],
                 [[20., 20.]]]])
    """
    raise NotImplementedError("TODO 4: add_channel_bias")


def pairwise_sq_dist(x: Tensor, y: Tensor) -> Tensor:
    """The squared Euclidean distance of every point of `x` from every point of `y`, in each batch.

    Never negative, and exactly 0 between equal points, however far they are from the origin.

    Args:
        x: (B, N, D), N points in D dimensions, floating point.
        y: (B, M, D), the dtype of `x`.

    Returns:
        (B, N, M), the dtype of `x`: entry [b, n, m] is the sum over d of (x[b, n, d] - y[b, m, d])**2.

    Example:
        >>> pairwise_sq_dist(torch.tensor([[[0.0, 0.0], [3.0, 4.0]]]), torch.tensor([[[0.0, 0.0]]]))
        tensor([[[ 0.],
                 [25.]]])
    """
    raise NotImplementedError("TODO 5: pairwise_sq_dist")


def causal_mask(query_len: int, key_len: int, device: torch.device | str | None = None) -> Tensor:
    """Which keys each query may see: those up to its own place in time.

    The last query stands at the place of the last key, so query i sees key j where
    j <= i + (key_len - query_len). With more queries than keys the first rows are all False.

    Args:
        query_len, key_len: 0 or more.
        device: where the mask is made; None means PyTorch's default.

    Returns:
        (query_len, key_len), bool, True where the query may see the key.

    Example:
        >>> causal_mask(2, 4)
        tensor([[ True,  True,  True, False],
                [ True,  True,  True,  True]])
    """
    raise NotImplementedError("TODO 6: causal_mask")


def length_mask(lengths: Tensor, max_len: int) -> Tensor:
    """Which places of a padded batch hold data: the first lengths[b] of sequence b.

    Args:
        lengths: (B,), int64, on any device. A length of max_len or more makes a row all True.
        max_len: 0 or more.

    Returns:
        (B, max_len), bool, on the device of `lengths`: True where t < lengths[b].

    Example:
        >>> length_mask(torch.tensor([2, 0]), max_len=3)
        tensor([[ True,  True, False],
                [False, False, False]])
    """
    raise NotImplementedError("TODO 7: length_mask")
