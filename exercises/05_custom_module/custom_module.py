"""Custom modules: parameters, buffers, and what changes between training and evaluation.

The lesson is in README.md beside this file.
"""

import torch
from torch import Tensor, nn


class Linear(nn.Module):
    """The affine map y = x @ weight.T + bias on the last dimension. There is no activation in it.

    Parameters: `weight` (out_features, in_features), drawn uniformly from
    [-1/sqrt(in_features), 1/sqrt(in_features)); `bias` (out_features,), whose start is up to you
    (PyTorch draws it like the weight). With bias=False, `bias` is None and no key of the state dict.

    Example:
        >>> Linear(3, 2)(torch.randn(4, 5, 3)).shape
        torch.Size([4, 5, 2])
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        """Create the parameters.

        Args:
            in_features: the size of the last dimension of what comes in.
            out_features: the size of the last dimension of what goes out.
            bias: whether there is a bias.
            device, dtype: where the parameters lie, and of which dtype; None means PyTorch's default.
        """
        raise NotImplementedError("TODO 1: Linear")

    def forward(self, x: Tensor) -> Tensor:
        """Apply the map to every row.

        Args:
            x: (…, in_features), in the dtype of the parameters; one row or no rows work too.

        Returns:
            (…, out_features), in the dtype of `x`.
        """
        raise NotImplementedError("TODO 1: Linear")


class MLP(nn.Module):
    """Linear layers, each with a bias, with a ReLU between each two and none after the last.

    Example:
        >>> MLP([8, 16, 4])(torch.randn(32, 8)).shape
        torch.Size([32, 4])
    """

    def __init__(self, sizes: list[int]) -> None:
        """Create the layers, from a random start.

        Args:
            sizes: the features of the input and of each layer's output; two or more numbers.
        """
        raise NotImplementedError("TODO 2: MLP")

    def forward(self, x: Tensor) -> Tensor:
        """Apply the layers in order.

        Args:
            x: (N, sizes[0]), in the dtype of the parameters.

        Returns:
            (N, sizes[-1]), in the dtype of `x`.
        """
        raise NotImplementedError("TODO 2: MLP")


class Dropout(nn.Module):
    """In training, zero each element with probability p and divide the others by 1 - p.

    Each element is decided on by itself, anew at every call. In evaluation the input comes back as it is.

    Example:
        >>> Dropout(0.5)(torch.ones(6))
        tensor([2., 0., 2., 2., 0., 0.])    # say
        >>> Dropout(0.5).eval()(torch.ones(6))
        tensor([1., 1., 1., 1., 1., 1.])
    """

    def __init__(self, p: float = 0.5) -> None:
        """Keep p.

        Args:
            p: how likely an element is dropped, 0 and 1 included.

        Raises:
            ValueError: where p is outside [0, 1].
        """
        raise NotImplementedError("TODO 3: Dropout")

    def forward(self, x: Tensor) -> Tensor:
        """Drop elements in training, none in evaluation.

        Args:
            x: any shape, floating point.

        Returns:
            Same shape and dtype as `x`. With p=1: zeros, and a gradient of zeros.
        """
        raise NotImplementedError("TODO 3: Dropout")


class BatchNorm1d(nn.Module):
    """Standardize each column, then scale by `weight` and shift by `bias`.

    Parameters: `weight` (C,), ones at first; `bias` (C,), zeros at first.
    Buffers: `running_mean` (C,), zeros at first; `running_var` (C,), ones at first;
    `num_batches_tracked` (), int64, 0 at first. A training batch moves the running statistics by
    new = (1 - momentum) * old + momentum * batch, and adds one to the counter.

    Example:
        >>> bn = BatchNorm1d(2)
        >>> bn(torch.tensor([[1.0, 10.0], [3.0, 30.0]]))
        tensor([[-1.0000, -1.0000],
                [ 1.0000,  1.0000]], grad_fn=...)
        >>> bn.running_mean, bn.running_var
        (tensor([0.2000, 2.0000]), tensor([ 1.1000, 20.9000]))
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        """Create the two parameters and the three buffers.

        Args:
            num_features: C, the number of columns.
            eps: what is added to the variance, under the root.
            momentum: the share of the new batch in the running statistics.
        """
        raise NotImplementedError("TODO 4: BatchNorm1d")

    def forward(self, x: Tensor) -> Tensor:
        """Normalize, and in training keep track.

        Training normalizes by the batch's mean and its variance over N; the variance that goes
        into `running_var` is the one over N - 1. Evaluation normalizes by the running statistics
        and leaves them alone.

        Args:
            x: (N, C), in the dtype of the parameters.

        Returns:
            (N, C), in the dtype of `x`.

        Raises:
            ValueError: in training, where N is 1.
        """
        raise NotImplementedError("TODO 4: BatchNorm1d")


class EMA(nn.Module):
    """An exponential moving average of column means.

    Buffer: `average` (C,), zeros at first, non-persistent: moved by `.to`, absent from the state dict.

    Example:
        >>> EMA(2, decay=0.9)(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        tensor([0.2000, 0.3000])
    """

    def __init__(self, num_features: int, decay: float = 0.99) -> None:
        """Create the buffer.

        Args:
            num_features: C, the number of columns.
            decay: the share of the old average in the new one.
        """
        raise NotImplementedError("TODO 5: EMA")

    def forward(self, x: Tensor) -> Tensor:
        """In training, set average = decay * average + (1 - decay) * (mean of x over N); then return it.

        Args:
            x: (N, C), in the dtype of the buffer.

        Returns:
            (C,), the average, without a gradient.
        """
        raise NotImplementedError("TODO 5: EMA")


def count_parameters(module: nn.Module, trainable_only: bool = False) -> int:
    """How many numbers the parameters of `module` and of all modules in it hold.

    A parameter that is reached twice counts once; buffers do not count.

    Args:
        module: any module.
        trainable_only: leave out frozen parameters (requires_grad=False).

    Returns:
        A plain int, 0 where there are no parameters.

    Example:
        >>> count_parameters(nn.Linear(3, 2))
        8
    """
    raise NotImplementedError("TODO 6: count_parameters")
