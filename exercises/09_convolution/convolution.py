"""Convolution: a small kernel slides over an input, and at each place a weighted sum is taken.

The lesson is in README.md beside this file. Images are (N, C, H, W): samples, channels, height, width.
Every tensor is floating point; results have the dtype of `x` and lie on its device, and no argument is changed.
"""

from torch import Tensor, nn


def conv_out(size: int, kernel_size: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """How many places a kernel finds along one dimension, which is the size of the result.

    Args:
        size: of the input along this dimension, at least 1.
        kernel_size: how many taps the kernel has.
        stride: how far the kernel moves between two places.
        padding: how many zeros stand at each of the two ends.
        dilation: how far apart two neighbouring taps are.

    Returns:
        A plain int, at least 1.

    Raises:
        ValueError: where the kernel, gaps included, is larger than the padded input.

    Example:
        >>> conv_out(32, 3), conv_out(32, 3, stride=2, padding=1), conv_out(11, 3, dilation=3)
        (30, 16, 5)
    """
    raise NotImplementedError("TODO 1: conv_out")


def conv1d_causal(x: Tensor, weight: Tensor, bias: Tensor | None = None, dilation: int = 1) -> Tensor:
    """A convolution over time whose result at step t is made of the inputs up to step t, t included.

    The last tap of the kernel lies on step t, the one before it on t - dilation, and so on.
    Before the first step there are zeros.

    Args:
        x: (N, Ci, T) with T at least 1; T may be smaller than K.
        weight: (Co, Ci, K).
        bias: (Co,), or None.
        dilation: how far apart two neighbouring taps are.

    Returns:
        (N, Co, T).

    Example:
        >>> conv1d_causal(torch.tensor([[[1.0, 2.0, 3.0, 4.0]]]), torch.tensor([[[1.0, 10.0]]]))
        tensor([[[10., 21., 32., 43.]]])
    """
    raise NotImplementedError("TODO 2: conv1d_causal")


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, int] = 1,
    padding: int | tuple[int, int] = 0,
    dilation: int | tuple[int, int] = 1,
    groups: int = 1,
) -> Tensor:
    """Slide each kernel over the image, as it is (not flipped), and take a weighted sum at each place.

    An int stands for both directions; a pair is (height, width).

    Args:
        x: (N, Ci, H, W).
        weight: (Co, Ci / groups, kh, kw).
        bias: (Co,), or None.
        stride: how far the kernel moves between two places.
        padding: how many zeros stand at each of the two ends.
        dilation: how far apart two neighbouring taps are.
        groups: channels are cut into so many blocks of neighbours; each block of the output looks at
            one block of the input. Divides Ci and Co.

    Returns:
        (N, Co, Ho, Wo), where Ho and Wo are what `conv_out` says.

    Raises:
        ValueError (or RuntimeError): where the kernel, gaps included, is larger than the padded input.

    Example:
        >>> x = torch.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]])
        >>> conv2d(x, torch.tensor([[[[1.0, 2.0], [0.0, -1.0]]]]))
        tensor([[[[0., 2.],
                  [6., 8.]]]])
    """
    raise NotImplementedError("TODO 3: conv2d")


def depthwise(x: Tensor, weight: Tensor) -> Tensor:
    """A convolution of each channel with a kernel of its own; nothing is added up over channels.

    Stride 1, no padding, no bias.

    Args:
        x: (N, C, H, W).
        weight: (C, 1, k, k).

    Returns:
        (N, C, H - k + 1, W - k + 1).

    Example:
        >>> x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[10.0, 20.0], [30.0, 40.0]]]])
        >>> depthwise(x, torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]], [[[0.0, 1.0], [1.0, 0.0]]]])).flatten()
        tensor([ 5., 50.])
    """
    raise NotImplementedError("TODO 4: depthwise")


def pointwise(x: Tensor, weight: Tensor) -> Tensor:
    """A convolution with 1 x 1 kernels: the same linear map of the channels at every place.

    Args:
        x: (N, Ci, H, W).
        weight: (Co, Ci).

    Returns:
        (N, Co, H, W).

    Example:
        >>> pointwise(torch.tensor([[[[1.0, 2.0]], [[10.0, 20.0]]]]), torch.tensor([[1.0, 1.0], [2.0, 0.0]]))
        tensor([[[[11., 22.]],
                 [[ 2.,  4.]]]])
    """
    raise NotImplementedError("TODO 5: pointwise")


class Conv2d(nn.Module):
    """A layer that holds the weight and bias of a `conv2d`.

    Parameters: `weight` (out_channels, in_channels / groups, kh, kw) and `bias` (out_channels,). Their
    start is up to you: random, drawn from the global generator (PyTorch takes uniform numbers in
    ±1/sqrt(in_channels / groups * kh * kw)). With bias=False, `bias` is None and no key of the state dict.

    Example:
        >>> layer = Conv2d(4, 6, 3, stride=2, padding=1, groups=2)
        >>> layer.weight.shape, layer(torch.randn(2, 4, 8, 11)).shape
        (torch.Size([6, 2, 3, 3]), torch.Size([2, 6, 4, 6]))
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        """Create the parameters.

        Args:
            in_channels, out_channels: the channels of what comes in and goes out.
            kernel_size: an int for a square kernel, or (kh, kw).
            stride, padding, dilation, groups: as in `conv2d`.
            bias: whether there is a bias.

        Raises:
            ValueError: where groups does not divide in_channels, or does not divide out_channels.
        """
        raise NotImplementedError("TODO 6: Conv2d")

    def forward(self, x: Tensor) -> Tensor:
        """Apply `conv2d` with the layer's parameters.

        Args:
            x: (N, in_channels, H, W), in the dtype of the parameters.

        Returns:
            (N, out_channels, Ho, Wo).
        """
        raise NotImplementedError("TODO 6: Conv2d")


def receptive_field(layers: list[tuple[int, int, int]]) -> int:
    """How far apart, along one dimension, the inputs that one output depends on may be, both ends counted.

    Args:
        layers: (kernel_size, stride, dilation) of each layer, from the input to the output.

    Returns:
        A plain int; 1 where there are no layers.

    Example:
        >>> receptive_field([(3, 1, 1), (3, 2, 1), (3, 1, 2)])
        13
    """
    raise NotImplementedError("TODO 7: receptive_field")
