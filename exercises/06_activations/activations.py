"""Activation functions, safe for any finite input. The lesson is in README.md beside this file.

Every function takes a floating point tensor of any shape and returns a new one of the same shape and dtype;
the input stays as it was, a NaN stays a NaN, and the gradients of finite inputs are finite.
"""

from torch import Tensor, nn


def sigmoid(x: Tensor) -> Tensor:
    """Squash every number into (0, 1): 1 / (1 + exp(-x)).

    Args:
        x: any shape, floating point.

    Returns:
        Same shape and dtype as `x`.

    Example:
        >>> sigmoid(torch.tensor([-2.0, 0.0, 2.0]))
        tensor([0.1192, 0.5000, 0.8808])
    """
    raise NotImplementedError("TODO 1: sigmoid")


def tanh(x: Tensor) -> Tensor:
    """Squash every number into (-1, 1): (exp(x) - exp(-x)) / (exp(x) + exp(-x)).

    Inputs near 0 keep their relative accuracy: tanh(1e-6) is 1e-6, in float32 too.

    Args:
        x: any shape, floating point.

    Returns:
        Same shape and dtype as `x`.

    Example:
        >>> tanh(torch.tensor([-1.0, 0.0, 1.0]))
        tensor([-0.7616,  0.0000,  0.7616])
    """
    raise NotImplementedError("TODO 2: tanh")


def relu(x: Tensor) -> Tensor:
    """Replace what is negative by 0: max(0, x). The gradient at 0 is 0; -inf gives 0.

    Args:
        x: any shape, floating point.

    Returns:
        Same shape and dtype as `x`, a new tensor.

    Example:
        >>> relu(torch.tensor([-2.0, 0.0, 3.0]))
        tensor([0., 0., 3.])
    """
    raise NotImplementedError("TODO 3: relu")


def leaky_relu(x: Tensor, negative_slope: float = 0.01) -> Tensor:
    """x where x > 0, else negative_slope * x.

    Args:
        x: any shape, floating point.
        negative_slope: any number: also 0, above 1 or negative.

    Returns:
        Same shape and dtype as `x`.

    Example:
        >>> leaky_relu(torch.tensor([-2.0, 0.0, 3.0]), negative_slope=1.5)
        tensor([-3.,  0.,  3.])
    """
    raise NotImplementedError("TODO 4: leaky_relu")


def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """x where x > 0, else alpha * (exp(x) - 1).

    Inputs near 0 keep their relative accuracy.

    Args:
        x: any shape, floating point.
        alpha: not negative; far below 0 the result tends to -alpha.

    Returns:
        Same shape and dtype as `x`.

    Example:
        >>> elu(torch.tensor([-1.0, 0.0, 2.0]), alpha=2.0)
        tensor([-1.2642,  0.0000,  2.0000])
    """
    raise NotImplementedError("TODO 5: elu")


def mish(x: Tensor) -> Tensor:
    """x * tanh(softplus(x)), where softplus(x) = log(1 + exp(x)).

    Args:
        x: any shape, floating point.

    Returns:
        Same shape and dtype as `x`.

    Example:
        >>> mish(torch.tensor([-1.1924, 0.0, 2.0]))
        tensor([-0.3088,  0.0000,  1.9440])
    """
    raise NotImplementedError("TODO 6: mish")


def softmax(x: Tensor, dim: int) -> Tensor:
    """Turn the numbers along `dim` into probabilities: exp(x) / sum(exp(x)).

    An entry of -inf gets probability 0. A row of nothing but -inf, or one with +inf or NaN in it, is NaN.

    Args:
        x: any shape with at least one dim, floating point; sizes may be 0.
        dim: the dim along which the results add up to 1; may be negative.

    Returns:
        Same shape and dtype as `x`.

    Example:
        >>> softmax(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), dim=1)
        tensor([[0.5000, 0.5000],
                [1.0000, 0.0000]])
    """
    raise NotImplementedError("TODO 7: softmax")


class PReLU(nn.Module):
    """Leaky ReLU with slopes that are learned: x where x > 0, else slope * x.

    The slopes are the parameter `weight` of shape (num_parameters,).

    Args:
        num_parameters: 1 (a slope for all channels) or the number of channels C (a slope for each).
        init: what every slope starts with.

    Example:
        >>> prelu = PReLU(num_parameters=2)
        >>> prelu.load_state_dict({"weight": torch.tensor([0.5, -1.0])})
        >>> prelu(torch.tensor([[-4.0, -4.0], [4.0, 4.0]]))
        tensor([[-2.,  4.],
                [ 4.,  4.]], grad_fn=...)
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25) -> None:
        raise NotImplementedError("TODO 8: PReLU")

    def forward(self, x: Tensor) -> Tensor:
        """Apply each channel's slope.

        Args:
            x: (N, C, ...), floating point of the dtype of `weight`.

        Returns:
            Same shape and dtype as `x`.

        Raises:
            ValueError: where num_parameters is neither 1 nor C.
        """
        raise NotImplementedError("TODO 8: PReLU")
