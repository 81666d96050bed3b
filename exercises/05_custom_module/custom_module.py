"""Custom modules: parameters, buffers, and what changes between training and evaluation."""

import torch
from torch import Tensor, nn


class Linear(nn.Module):
    """y = x @ weight.T + bias, on the last dimension. There is no activation in it.

    Parameters: `weight` (out_features, in_features), drawn uniformly from
    [-1/sqrt(in_features), 1/sqrt(in_features)); `bias` (out_features,), whose start is up to you
    (PyTorch draws it like the weight). With bias=False, `bias` is None and no key of the state dict.

    Example:
        Linear(3, 2)(torch.randn(4, 5, 3)).shape  ->  (4, 5, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        bias: bool = True,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        """Create the parameters on `device`, with `dtype`; None means PyTorch's default."""
        raise NotImplementedError("TODO 1: Linear")

    def forward(self, x: Tensor) -> Tensor:
        """(…, in_features) -> (…, out_features), in the dtype of x; one row or no rows work too."""
        raise NotImplementedError("TODO 1: Linear")


class MLP(nn.Module):
    """Linear layers, each with a bias, with a ReLU between each two and none after the last.

    Example:
        MLP([8, 16, 4])(torch.randn(32, 8)).shape  ->  (32, 4)
    """

    def __init__(self, sizes: list[int]) -> None:
        """`sizes`: the features of the input and of each layer's output; two or more numbers."""
        raise NotImplementedError("TODO 2: MLP")

    def forward(self, x: Tensor) -> Tensor:
        """(N, sizes[0]) -> (N, sizes[-1])."""
        raise NotImplementedError("TODO 2: MLP")


class Dropout(nn.Module):
    """In training, zero each element with probability p and divide the others by 1 - p.

    In evaluation, the input as it is.

    Example:
        Dropout(0.5)(torch.ones(6))  ->  tensor([2., 0., 2., 2., 0., 0.]), say
        Dropout(0.5).eval()(torch.ones(6))  ->  tensor([1., 1., 1., 1., 1., 1.])
    """

    def __init__(self, p: float = 0.5) -> None:
        """`p`: how likely an element is dropped, 0 and 1 included.

        Raises:
            ValueError: where p is outside [0, 1].
        """
        raise NotImplementedError("TODO 3: Dropout")

    def forward(self, x: Tensor) -> Tensor:
        """Any shape -> the same shape and dtype. With p=1: zeros, and a gradient of zeros."""
        raise NotImplementedError("TODO 3: Dropout")


class BatchNorm1d(nn.Module):
    """Standardize each column, then scale by `weight` and shift by `bias`.

    Parameters: `weight` (C,), ones at first; `bias` (C,), zeros at first.
    Buffers: `running_mean` (C,), zeros at first; `running_var` (C,), ones at first;
    `num_batches_tracked` (), int64, 0 at first. A training batch moves the running statistics by
    new = (1 - momentum) * old + momentum * batch, and adds one to the counter.

    Example:
        bn = BatchNorm1d(2)
        bn(torch.tensor([[1., 10.], [3., 30.]]))  ->  tensor([[-1., -1.], [1., 1.]]), but for eps
        bn.running_mean, bn.running_var  ->  tensor([0.2, 2.0]), tensor([1.1, 20.9])
    """

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1) -> None:
        """`num_features`: C. `eps` is added to the variance, under the root."""
        raise NotImplementedError("TODO 4: BatchNorm1d")

    def forward(self, x: Tensor) -> Tensor:
        """(N, C) -> (N, C), in the dtype of x.

        Training normalizes by the batch's mean and its variance over N; the variance that goes
        into `running_var` is the one over N - 1. Evaluation normalizes by the running statistics
        and leaves them alone.

        Raises:
            ValueError: in training, where N is 1.
        """
        raise NotImplementedError("TODO 4: BatchNorm1d")


class EMA(nn.Module):
    """An exponential moving average of column means.

    Buffer: `average` (C,), zeros at first, non-persistent: moved by `.to`, absent from the state dict.

    Example:
        EMA(2, decay=0.9)(torch.tensor([[1., 2.], [3., 4.]]))  ->  tensor([0.2, 0.3])
    """

    def __init__(self, num_features: int, decay: float = 0.99) -> None:
        """`num_features`: C."""
        raise NotImplementedError("TODO 5: EMA")

    def forward(self, x: Tensor) -> Tensor:
        """(N, C) -> (C,), the average, without a gradient.

        In training, first average = decay * average + (1 - decay) * (mean of x over N).
        """
        raise NotImplementedError("TODO 5: EMA")


def count_parameters(module: nn.Module, trainable_only: bool = False) -> int:
    """How many numbers the parameters of `module` and of all modules in it hold.

    A parameter that is reached twice counts once; buffers do not count. With `trainable_only`,
    frozen parameters (requires_grad=False) do not count either.

    Example:
        count_parameters(nn.Linear(3, 2))  ->  8
    """
    raise NotImplementedError("TODO 6: count_parameters")
