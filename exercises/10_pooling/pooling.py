"""Pooling: each window of an image becomes one number; and normalisation across neighbouring channels.

The lesson is in README.md beside this file. Images are (N, C, H, W): samples, channels, height, width.
Every tensor is floating point; results have the dtype of `x` and lie on its device, and no argument is changed.
"""

from torch import Tensor, nn


def pool_out(
    size: int, kernel_size: int, stride: int, padding: int = 0, dilation: int = 1, ceil_mode: bool = False
) -> int:
    """How many windows there are along one dimension, which is the size of the result.

    Args:
        size: of the input along this dimension, at least 1. The window, gaps included, fits into the padded input.
        kernel_size: how many numbers a window holds.
        stride: how far apart two windows are.
        padding: how much stands at each of the two ends, at most half a window.
        dilation: how far apart two neighbouring numbers of a window are.
        ceil_mode: whether a window counts that runs over the end of the padded input. Even then, each window
            starts in the input or in the padding before it, never in the padding after its end.

    Returns:
        A plain int, at least 1.

    Example:
        >>> pool_out(6, 3, 2), pool_out(6, 3, 2, ceil_mode=True), pool_out(5, 2, 2, padding=1, ceil_mode=True)
        (2, 3, 3)
    """
    raise NotImplementedError("TODO 1: pool_out")


def max_pool2d(x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0) -> Tensor:
    """The largest number of each window. Padding never wins, however small the numbers of the image are.

    A NaN in a window makes its result NaN. Of several equal numbers the first of the window, row by row,
    gets the whole gradient.

    Args:
        x: (N, C, H, W).
        kernel_size: rows and columns of a window.
        stride: how far apart two windows are; None means kernel_size.
        padding: how wide the border on all four sides is, at most kernel_size // 2.

    Returns:
        (N, C, Ho, Wo), without the windows that run over the border.

    Example:
        >>> max_pool2d(torch.tensor([[[[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 8.0, 1.0]]]]), 2)
        tensor([[[[5., 8.]]]])
    """
    raise NotImplementedError("TODO 2: max_pool2d")


def avg_pool2d(
    x: Tensor, kernel_size: int, stride: int | None = None, padding: int = 0, count_include_pad: bool = True
) -> Tensor:
    """The mean of each window, with a border of zeros.

    Args:
        x: (N, C, H, W).
        kernel_size: rows and columns of a window.
        stride: how far apart two windows are; None means kernel_size.
        padding: how wide the border on all four sides is, at most kernel_size // 2.
        count_include_pad: whether the zeros of the border count as numbers of the window. If not, the mean
            is over those numbers of the window that belong to the image.

    Returns:
        (N, C, Ho, Wo), without the windows that run over the border.

    Example:
        >>> x = torch.tensor([[[[9.0, 9.0], [9.0, 9.0]]]])
        >>> avg_pool2d(x, 3, stride=1, padding=1)
        tensor([[[[4., 4.],
                  [4., 4.]]]])
        >>> avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
        tensor([[[[9., 9.],
                  [9., 9.]]]])
    """
    raise NotImplementedError("TODO 3: avg_pool2d")


def adaptive_avg_pool2d(x: Tensor, output_size: int | tuple[int, int]) -> Tensor:
    """Means over windows that are chosen such that the result has a given size.

    Along each dimension, window i of o goes from ⌊i·size / o⌋ to ⌈(i + 1)·size / o⌉, its end left out.
    So windows may overlap, and need not be equally large.

    Args:
        x: (N, C, H, W).
        output_size: height and width of the result, or one int for both; at least 1. It may be larger than H or W.

    Returns:
        (N, C, Ho, Wo).

    Example:
        >>> adaptive_avg_pool2d(torch.tensor([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]]), (1, 3))
        tensor([[[[1.5000, 3.0000, 4.5000]]]])
    """
    raise NotImplementedError("TODO 4: adaptive_avg_pool2d")


def local_response_norm(x: Tensor, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> Tensor:
    """Each number, divided by (k + alpha / size · Σ squares) ** beta.

    The sum runs over the squares at the same place in the channels c - size // 2 to c + (size - 1) // 2, as far
    as there are any; alpha is divided by size everywhere, near the first and last channel too.

    Args:
        x: (N, C, L) or (N, C, H, W). For float16 and bfloat16, compute in float32 inside: squares overflow.
        size: how many channels a window holds; may be even, and larger than C.
        alpha, beta, k: as in the formula.

    Returns:
        The shape and dtype of x.

    Example:
        >>> local_response_norm(torch.tensor([[[1.0], [2.0], [3.0]]]), 3, alpha=3.0, beta=1.0)
        tensor([[[0.1667],
                 [0.1333],
                 [0.2143]]])
    """
    raise NotImplementedError("TODO 5: local_response_norm")


class GlobalAvgPool(nn.Module):
    """The mean of each channel of each sample, over all of the image: (N, C, H, W) -> (N, C). No parameters.

    Example:
        >>> GlobalAvgPool()(torch.tensor([[[[1.0, 2.0], [3.0, 6.0]], [[10.0, 20.0], [30.0, 60.0]]]]))
        tensor([[ 3., 30.]])
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) -> (N, C)."""
        raise NotImplementedError("TODO 6: GlobalAvgPool")
