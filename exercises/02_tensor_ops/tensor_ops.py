"""Tensor operations: views, gather and scatter. The lesson is in README.md beside this file.

No function changes its arguments; whether a result shares memory with them is up to you. A float16, bfloat16,
float32 or float64 input keeps its dtype (`one_hot` is always float32), every result is on the device of the
input, and inputs need not be contiguous.
"""

from torch import Tensor


def split_heads(x: Tensor, num_heads: int) -> Tensor:
    """Cut the features of every time step into heads, and put the heads before time.

    Head h holds the features h*D up to (h+1)*D of every step.

    Args:
        x: (B, T, H*D), floating point.
        num_heads: H, which divides the last size of `x`.

    Returns:
        (B, H, T, D), of the dtype of `x`.

    Example:
        >>> split_heads(torch.tensor([[[0., 1., 2., 3.], [4., 5., 6., 7.]]]), num_heads=2)
        tensor([[[[0., 1.],
                  [4., 5.]],

                 [[2., 3.],
                  [6., 7.]]]])
    """
    raise NotImplementedError("TODO 1: split_heads")


def merge_heads(x: Tensor) -> Tensor:
    """Undo `split_heads`: put the heads of every time step side by side again.

    Args:
        x: (B, H, T, D), floating point.

    Returns:
        (B, T, H*D), of the dtype of `x`.

    Example:
        >>> merge_heads(torch.tensor([[[[0., 1.], [4., 5.]], [[2., 3.], [6., 7.]]]]))
        tensor([[[0., 1., 2., 3.],
                 [4., 5., 6., 7.]]])
    """
    raise NotImplementedError("TODO 2: merge_heads")


def pick(x: Tensor, index: Tensor) -> Tensor:
    """Take one number from each row: result[n] = x[n, index[n]].

    Args:
        x: (N, C), floating point; N may be 0.
        index: (N,), int64, each from 0 to C-1.

    Returns:
        (N,), of the dtype of `x`; for N = 1 too.

    Example:
        >>> pick(torch.tensor([[1., 2., 3.], [4., 5., 6.]]), torch.tensor([2, 0]))
        tensor([3., 4.])
    """
    raise NotImplementedError("TODO 3: pick")


def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    """Turn every label into a row that is 1 at the label and 0 elsewhere.

    Args:
        labels: any shape (a single number or an empty tensor too), int64, int32 or uint8,
            each from 0 to num_classes-1.
        num_classes: C, which may be more than the labels make use of.

    Returns:
        The shape of `labels` with C at its end, float32.

    Example:
        >>> one_hot(torch.tensor([2, 0]), num_classes=4)
        tensor([[0., 0., 1., 0.],
                [1., 0., 0., 0.]])
    """
    raise NotImplementedError("TODO 4: one_hot")


def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    """Add every row of `values` to the row of the result that its index names.

    result[m] is the sum of all values[n] with index[n] == m, and zeros where there is none.

    Args:
        values: (N, D), floating point; N may be 0.
        index: (N,), int64, each from 0 to num_rows-1; numbers may repeat.
        num_rows: M, which may be more than the indices make use of.

    Returns:
        (M, D), of the dtype of `values`.

    Example:
        >>> scatter_sum(torch.tensor([[1., 2.], [3., 4.], [5., 6.]]), torch.tensor([2, 0, 2]), num_rows=4)
        tensor([[3., 4.],
                [0., 0.],
                [6., 8.],
                [0., 0.]])
    """
    raise NotImplementedError("TODO 5: scatter_sum")


def pad_chunks(x: Tensor, size: int) -> Tensor:
    """Cut the rows of `x` into chunks of `size` rows; what the last chunk lacks is zeros at its end.

    Args:
        x: (T, D), floating point; T may be 0, or less than `size`.
        size: rows of a chunk, at least 1.

    Returns:
        (ceil(T/size), size, D), of the dtype of `x`. Where `size` divides T nothing is added.

    Example:
        >>> pad_chunks(torch.tensor([[1., 2.], [3., 4.], [5., 6.]]), size=2)
        tensor([[[1., 2.],
                 [3., 4.]],

                [[5., 6.],
                 [0., 0.]]])
    """
    raise NotImplementedError("TODO 6: pad_chunks")


def zero_row_min(x: Tensor) -> Tensor:
    """A copy of `x` in which the smallest number of each row is 0; the first one where several are smallest.

    Gradients are 0 at the places that were zeroed, and pass unchanged everywhere else.

    Args:
        x: (N, M), floating point, M at least 1; N may be 0. It stays as it was.

    Returns:
        (N, M), of the dtype of `x`, a new tensor.

    Example:
        >>> zero_row_min(torch.tensor([[3., 1., 2.], [5., -4., -4.]]))
        tensor([[ 3.,  0.,  2.],
                [ 5.,  0., -4.]])
    """
    raise NotImplementedError("TODO 7: zero_row_min")
