"""Autograd: graphs, gradients, and what flows where.

Shapes: `...` any dimensions; n entries of a tensor, or rows of a batch.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn


def gradient(f: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """df/dx. All flags are set on another tensor, which shares the memory of x and nothing else."""
    leaf = x.detach().requires_grad_()  # (...)
    y = f(leaf)  # ()
    if not y.requires_grad:
        return torch.zeros_like(x)  # a constant: there is no graph to go back through
    (grad,) = torch.autograd.grad(y, leaf, materialize_grads=True)  # zeros where the graph misses the leaf
    return grad


@torch.no_grad()
def numeric_gradient(f: Callable[[Tensor], Tensor], x: Tensor, eps: float = 1e-6) -> Tensor:
    """Central differences, an entry at a time, in float64."""
    n = x.numel()
    point = x.detach().to(torch.float64)  # (...)
    steps = eps * torch.eye(n, dtype=torch.float64, device=x.device).view(n, *x.shape)  # (n, ...)
    slopes = torch.zeros(n, dtype=torch.float64, device=x.device)  # (n,)
    for i, step in enumerate(steps):
        slopes[i] = (f(point + step) - f(point - step)) / (2 * eps)
    return slopes.view(x.shape).to(x.dtype)


def unbroadcast(grad: Tensor, shape: tuple[int, ...]) -> Tensor:
    """Sum over the dimensions that broadcasting has stretched or put in front."""
    padded = (1,) * (grad.dim() - len(shape)) + tuple(shape)  # absent dimensions count as 1
    stretched = [dim for dim, size in enumerate(padded) if size == 1]
    if stretched:  # a sum over no dimensions would be one over all
        grad = grad.sum(stretched, keepdim=True)
    return grad.reshape(shape)  # drops the ones in front


def count_graph_nodes(tensor: Tensor) -> int:
    """Nodes reached from `tensor.grad_fn`, each once, without recursion."""
    seen = set()
    waiting = [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:  # None: an input that needs no gradient
            seen.add(node)
            waiting.extend(parent for parent, _ in node.next_functions)
    return len(seen)


class LeakyReLUFn(torch.autograd.Function):
    """x where x > 0, else slope * x."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, slope: float) -> Tensor:
        ctx.save_for_backward(x)  # so that autograd notices if x is changed before backward
        ctx.slope = slope
        return torch.where(x > 0, x, slope * x)  # (...)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, grad, ctx.slope * grad), None  # (...); one for each argument of forward


def accumulate(
    model: nn.Module,
    loss_fn: Callable[[Tensor, Tensor], Tensor],
    batches: list[tuple[Tensor, Tensor]],
) -> float:
    """The gradients and the loss of one big batch, batch by batch."""
    rows = sum(len(x) for x, _ in batches)
    model.zero_grad()
    total: Tensor | float = 0.0
    for x, y in batches:
        loss = loss_fn(model(x), y) * (len(x) / rows)  # (): its share of the mean over all rows
        loss.backward()  # adds to .grad, and frees this batch's graph
        total = total + loss.detach()
    return float(total)


def td_loss(q: Tensor, target: Tensor) -> Tensor:
    """Mean squared error, with a constant for target."""
    return ((q - target.detach()) ** 2).mean()  # ()
