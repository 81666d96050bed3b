"""The autograd graph, continued on the other side.

A result that requires grad is, for the side that asked, the output of one node, `Crossing`,
whose inputs are the leaves from which the other side computed it: the arguments of the call and
the other side's own parameters (as mirrors). Its backward asks the other side for the
vector-Jacobian product and hands the parts to autograd here, which then accumulates, hooks and
chains them as always. Since the product is itself asked for like any call, with a graph of its
own where `create_graph` is set, second derivatives work as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from grader.boundary.wire import ProtocolError

Product = Callable[[int, list[torch.Tensor | None]], Any]


class Ticket:
    """Keeps a graph of the other side alive as long as somebody here may ask for its gradients."""

    def __init__(self, graph: int, product: Product, released: list[int]) -> None:
        self.graph = graph
        self.product = product
        self._released = released

    def __del__(self) -> None:
        self._released.append(self.graph)


class Crossing(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, ticket: Ticket, outputs: list[torch.Tensor], *leaves: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        ctx.ticket = ticket
        ctx.leaves = [(leaf.shape, leaf.dtype, leaf.device) for leaf in leaves]
        ctx.set_materialize_grads(False)
        return tuple(outputs)

    @staticmethod
    def backward(ctx: Any, *grads: torch.Tensor | None) -> Any:
        product = ctx.ticket.product(ctx.ticket.graph, list(grads))
        if not isinstance(product, list) or len(product) != len(ctx.leaves):
            raise ProtocolError("there is one gradient for each leaf")
        for part, leaf in zip(product, ctx.leaves, strict=True):
            if part is not None and (
                not isinstance(part, torch.Tensor) or (part.shape, part.dtype, part.device) != leaf
            ):
                raise ProtocolError("a gradient is a tensor like its leaf")
        return None, None, *product


def cross(ticket: Ticket, outputs: Sequence[torch.Tensor], leaves: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
    """`outputs`, as results of `leaves`."""
    if not all(tensor.is_floating_point() or tensor.is_complex() for tensor in outputs):
        raise ProtocolError("only floating point tensors have a gradient")
    with torch.enable_grad():
        return Crossing.apply(ticket, list(outputs), *leaves)  # type: ignore[no-any-return]


def reachable_leaves(outputs: list[torch.Tensor]) -> list[torch.Tensor]:
    """The leaves that the graphs of `outputs` start from, each once."""
    leaves: dict[int, torch.Tensor] = {}
    waiting = [output.grad_fn for output in outputs]
    seen = set(waiting)
    while waiting:
        node: Any = waiting.pop()
        if hasattr(node, "variable"):
            leaves[id(node.variable)] = node.variable
        for parent, _ in node.next_functions:
            if parent is not None and parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return list(leaves.values())


def vector_jacobian_product(
    outputs: list[torch.Tensor], leaves: list[torch.Tensor], grads: list[torch.Tensor | None]
) -> list[torch.Tensor | None]:
    """The gradients of `leaves`, given those of `outputs`; None where there is none."""
    wanted = [(output, grad) for output, grad in zip(outputs, grads, strict=True) if grad is not None]
    if not wanted or not leaves:
        return [None] * len(leaves)
    return list(
        torch.autograd.grad(
            [output for output, _ in wanted],
            leaves,
            [grad for _, grad in wanted],
            retain_graph=True,
            create_graph=torch.is_grad_enabled(),
            allow_unused=True,
        )
    )
