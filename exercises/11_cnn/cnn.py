"""From convolutions to a classifier: the layers between an image and its scores, and a CNN that reads digits.

The lesson is in README.md beside this file. Images are (N, C, H, W): samples, channels, height, width.
No function changes its arguments.
"""

from torch import Tensor, nn


def flatten(x: Tensor, start_dim: int = 1) -> Tensor:
    """Make one dimension of all dimensions from `start_dim` on, in the order in which they lie.

    Args:
        x: any dtype, with more than `start_dim` dimensions; it may be a view, and hold no samples.
        start_dim: the first dimension that is joined, 0 or more; those before it stay.

    Returns:
        A tensor of x's dtype, on its device.

    Example:
        >>> flatten(torch.tensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]]))
        tensor([[1, 2, 3, 4],
                [5, 6, 7, 8]])
    """
    raise NotImplementedError("TODO 1: flatten")


def flat_features(body: nn.Module, in_shape: tuple[int, int, int]) -> int:
    """How many numbers `body` makes of one image, which is the in_features of the linear layer after it.

    The body is afterwards what it was: parameters, their gradients and requires_grad, buffers (such as
    the statistics of BatchNorm), dtype, device, and the mode (`training`) of each of its modules.

    Args:
        body: takes (N, C, H, W) and returns a tensor of N samples; in any mode, dtype, on any device,
            and perhaps without parameters (then it works in float32, on the CPU).
        in_shape: (C, H, W) of one image.

    Returns:
        A plain int.

    Example:
        >>> flat_features(nn.Sequential(nn.Conv2d(3, 8, 3), nn.MaxPool2d(2)), (3, 8, 10))  # (N, 8, 3, 4)
        96
    """
    raise NotImplementedError("TODO 2: flat_features")


def fc_as_conv(linear: nn.Linear, channels: int, height: int, width: int) -> Tensor:
    """The weight with which a convolution computes on an image what `linear` computes on the flattened image.

    That is, F.conv2d(x, weight, linear.bias) has the numbers of linear(flatten(x)) for x (N, C, H, W).

    Args:
        linear: with in_features = channels * height * width.
        channels, height, width: of the image.

    Returns:
        (out_features, channels, height, width), in the dtype and on the device of the layer's weight.

    Example:
        >>> fc_as_conv(nn.Linear(24, 5), 2, 3, 4).shape
        torch.Size([5, 2, 3, 4])
    """
    raise NotImplementedError("TODO 3: fc_as_conv")


class SmallCNN(nn.Module):
    """A small convolutional network for classification, of whatever layers you like.

    It answers with logits: plain scores, with no softmax or other activation after the last layer. The
    layers start at random (from the global generator), and each of their parameters has a part in the
    result. In eval mode a row of the result depends on its own image alone. Like any module, it may be
    moved to another dtype or device.

    Example:
        >>> SmallCNN(10)(torch.rand(2, 1, 8, 8)).shape
        torch.Size([2, 10])
    """

    def __init__(self, num_classes: int, in_channels: int = 1) -> None:
        """Create the layers.

        Args:
            num_classes: K, how many logits there are for each image.
            in_channels: C, of the images.
        """
        raise NotImplementedError("TODO 4: SmallCNN")

    def forward(self, x: Tensor) -> Tensor:
        """Give each image a score for each class.

        Args:
            x: (N, C, H, W) with any H and W of at least 8, in the dtype of the parameters.

        Returns:
            (N, K) logits, in the dtype of x.
        """
        raise NotImplementedError("TODO 4: SmallCNN")


def train_digits(images: Tensor, labels: Tensor, seed: int = 0) -> nn.Module:
    """Train a SmallCNN on these images and labels, and on nothing else.

    About 1,000 of scikit-learn's digits have to be enough to read at least 95 % of the others, within 60
    seconds on one core (a few are enough). The same data and seed give the same model.

    Args:
        images: (N, 1, 8, 8) in [0, 1], float32.
        labels: (N,) int64, the digits 0 to 9.
        seed: decides the start of the model and the order of the batches.

    Returns:
        The trained model, in eval mode; the largest of its logits says which digit it is.

    Example:
        >>> model = train_digits(images[:1000], labels[:1000])
        >>> model(images[1000:]).argmax(1)                              # (N - 1000,)
    """
    raise NotImplementedError("TODO 5: train_digits")
