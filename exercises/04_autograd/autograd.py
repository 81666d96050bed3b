"""Autograd: graphs, gradients, and what flows where. The lesson is in README.md beside this file."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def gradient(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """The gradient of f at x, from autograd.

    `x`, `x.grad` and `x.requires_grad` are afterwards what they were before, whatever they were.

    Args:
        f: makes a scalar (shape ()) of a tensor like `x`, with differentiable operations. It may
            also be a function that does not use its argument.
        x: any shape, floating point; it may ask for a gradient or not.

    Returns:
        Shape, dtype and device of `x`; zeros where f does not depend on `x`.

    Example:
        >>> gradient(lambda t: (t**2).sum(), torch.tensor([1.0, -3.0]))
        tensor([ 2., -6.])
    """
    raise NotImplementedError("TODO 1: gradient")


def numeric_gradient(f: Callable[[Tensor], Tensor], x: Tensor, eps: float = 1e-6) -> Tensor:
    """The gradient of f at x, from central differences, without autograd.

    For each entry i: (f(x + eps * e_i) - f(x - eps * e_i)) / (2 * eps), where e_i is 1 at entry i
    and 0 elsewhere. `f` is given float64 tensors, and all arithmetic is done in float64.

    Args:
        f: makes a scalar (shape ()) of a float64 tensor of the shape of `x`.
        x: any shape, floating point, any strides; it may ask for a gradient. It stays as it was.
        eps: how far to step to both sides.

    Returns:
        Shape, dtype and device of `x`.

    Example:
        >>> numeric_gradient(lambda t: (t**2).sum(), torch.tensor([1.0, -3.0]))
        tensor([ 2., -6.])
    """
    raise NotImplementedError("TODO 2: numeric_gradient")


def unbroadcast(grad: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Sum `grad` down to `shape`: the backward pass of broadcasting.

    Args:
        grad: floating point, of a shape to which `shape` can be broadcast; sizes may be 0.
        shape: the shape of the tensor that was broadcast; () for a 0-d one.

    Returns:
        A tensor of exactly this shape, in the dtype and on the device of `grad`.

    Example:
        >>> unbroadcast(torch.ones(4, 2, 3), (2, 1))
        tensor([[12.],
                [12.]])
    """
    raise NotImplementedError("TODO 3: unbroadcast")


def count_graph_nodes(tensor: Tensor) -> int:
    """How many nodes the graph behind `tensor` has.

    Every node that is reached from `tensor.grad_fn` by `next_functions` counts once, the
    AccumulateGrad nodes of the leaves too.

    Args:
        tensor: any tensor. Its graph may be thousands of nodes deep.

    Returns:
        A plain int; 0 for a leaf and for a tensor without a graph.

    Example:
        >>> x = torch.ones(3, requires_grad=True)
        >>> count_graph_nodes(x * 2)        # MulBackward0, AccumulateGrad
        2
    """
    raise NotImplementedError("TODO 4: count_graph_nodes")


class LeakyReLUFn(torch.autograd.Function):
    """Leaky ReLU with its backward pass written by hand: `LeakyReLUFn.apply(x, slope)`.

    Example:
        >>> x = torch.tensor([-2.0, 0.0, 3.0], requires_grad=True)
        >>> y = LeakyReLUFn.apply(x, 0.1)
        >>> y
        tensor([-0.2000,  0.0000,  3.0000], grad_fn=<LeakyReLUFnBackward>)
        >>> y.sum().backward()
        >>> x.grad
        tensor([0.1000, 0.1000, 1.0000])
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float) -> Tensor:
        """x where x > 0, else slope * x.

        Args:
            ctx: keeps what `backward` needs; tensors by `ctx.save_for_backward`.
            x: any shape, floating point. It stays as it was.
            slope: any number: also 0, above 1 or negative.

        Returns:
            Same shape and dtype as `x`.
        """
        raise NotImplementedError("TODO 5: LeakyReLUFn")

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """The gradient for each argument of `forward` after `ctx`; the slope at x = 0 is `slope`.

        Args:
            ctx: what `forward` has kept.
            grad: the gradient of the result, of the shape of `x`. It stays as it was.

        Returns:
            The gradient for x, and for slope, which is no tensor, None.
        """
        raise NotImplementedError("TODO 5: LeakyReLUFn")


def accumulate(
    model: nn.Module,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    batches: list[tuple[Tensor, Tensor]],
) -> float:
    """Leave in `.grad` of the model's parameters what one big batch would, batch by batch.

    What was in `.grad` before is gone afterwards. Parameters are not changed, and frozen ones
    (requires_grad=False) get no gradient.

    Args:
        model: any module without batch statistics.
        loss_fn: `loss_fn(model(x), y)` is the mean loss over the rows of a batch, of shape ().
        batches: a list of one or more pairs (x, y), each of (n, …) with its own n of 1 or more.
            It stays as it was.

    Returns:
        The mean loss over all rows, a Python float. It is read once, after the last batch: each
        `.item()` makes a GPU wait.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> model.load_state_dict({"weight": torch.tensor([[0.0]])})
        >>> batches = [(torch.ones(3, 1), torch.ones(3, 1)), (torch.ones(1, 1), 5 * torch.ones(1, 1))]
        >>> accumulate(model, nn.functional.mse_loss, batches)      # (1 + 1 + 1 + 25) / 4
        7.0
        >>> model.weight.grad                                       # (-2 - 2 - 2 - 10) / 4
        tensor([[-4.]])
    """
    raise NotImplementedError("TODO 6: accumulate")


def td_loss(q: Tensor, target: Tensor) -> Tensor:
    """The mean squared error between q and a target that counts as a constant.

    Args:
        q: any shape, floating point.
        target: shape and dtype of `q`. It may ask for a gradient, and gets none from here; it stays as it was.

    Returns:
        Shape (), in the dtype of `q`, with a gradient for `q` alone.

    Example:
        >>> q = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> td_loss(q, torch.tensor([0.0, 4.0]))
        tensor(2.5000, grad_fn=...)
    """
    raise NotImplementedError("TODO 7: td_loss")
