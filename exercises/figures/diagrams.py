"""Figures of what PyTorch keeps behind a tensor and in a module."""

from __future__ import annotations

from typing import Any, cast

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from style import (
    BLUE,
    GREEN,
    PALE,
    PALE_BLUE,
    RED,
    Point,
    arrow,
    box,
    canvas,
    number,
    write,
)
from torch import Tensor, nn


def graph() -> Figure:
    """z = exp(x) sin(x): values on the way there, gradients on the way back."""
    x = torch.tensor(1.0, requires_grad=True)
    a, b = x.exp(), x.sin()
    z = a * b
    da, db = torch.autograd.grad(z, (a, b), retain_graph=True)
    (by_a,) = torch.autograd.grad(a, x, da, retain_graph=True)
    (by_b,) = torch.autograd.grad(b, x, db, retain_graph=True)
    assert torch.isclose(by_a + by_b, torch.autograd.grad(z, x)[0])

    figure, axes = canvas(5.9)
    tall = 1.5
    for middle, text, fill, node, above, height in (
        ((1.5, 2.7), f"x = {number(x.item())}", PALE_BLUE, "AccumulateGrad", 1.05, tall),
        ((5.9, 1.2), "exp", PALE, _node(a), 0.7, 0.8),
        ((5.9, 4.2), "sin", PALE, _node(b), -0.7, 0.8),
        ((10.3, 2.7), "×", PALE, _node(z), 1.05, tall),
    ):
        box(axes, middle, text, fill, height=height)
        write(axes, (middle[0], middle[1] - above), node, size=9)
    for start, end, values, gradients in (
        ((2.55, 2.4), (4.85, 1.2), ((3.2, 1.5), x), ((4.2, 2.2), by_a)),
        ((2.55, 3.0), (4.85, 4.2), ((4.2, 3.3), x), ((3.2, 4.0), by_b)),
        ((6.95, 1.2), (9.25, 2.4), ((8.6, 1.5), a), ((7.6, 2.2), da)),
        ((6.95, 4.2), (9.25, 3.0), ((7.6, 3.3), b), ((8.6, 4.0), db)),
        ((11.35, 2.7), (13.0, 2.7), ((12.2, 2.2), z), ((12.2, 3.2), torch.ones(()))),
    ):
        _there_and_back(axes, start, end)
        write(axes, values[0], number(values[1].item()), color=BLUE)
        write(axes, gradients[0], number(gradients[1].item()), color=RED)
    write(axes, (13.4, 2.7), "z")
    total = f"x.grad = {number(by_a.item())} + {number(by_b.item())} = {number((by_a + by_b).item())}"
    write(axes, (0.5, 5.4), total, color=RED, align="left")
    write(axes, (9.3, 5.4), "→ values", color=BLUE, align="left")
    write(axes, (11.3, 5.4), "← gradients", color=RED, align="left")
    return figure


def _node(tensor: Tensor) -> str:
    assert tensor.grad_fn is not None
    return tensor.grad_fn.name()


def _there_and_back(axes: Axes, start: Point, end: Point) -> None:
    """Two arrows side by side."""
    shift = 0.14
    arrow(axes, (start[0], start[1] - shift), (end[0], end[1] - shift), color=BLUE)
    arrow(axes, (end[0], end[1] + shift), (start[0], start[1] + shift), color=RED)


class _Net(nn.Module):
    """One of each of what a module may hold."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Linear(8, 16)
        self.norm = nn.BatchNorm1d(16, affine=False)
        self.scale = nn.Parameter(torch.ones(1))
        self.register_buffer("mask", torch.ones(16), persistent=False)
        self.offset = torch.zeros(16)
        self.extra = [nn.Linear(16, 4)]


PARTS = {
    "stem.weight": "parameter of a Linear",
    "stem.bias": "parameter of a Linear",
    "norm.running_mean": "buffer of a BatchNorm1d",
    "norm.running_var": "buffer of a BatchNorm1d",
    "norm.num_batches_tracked": "buffer of a BatchNorm1d",
    "scale": "parameter",
    "mask": "buffer, persistent=False",
    "offset": "plain tensor",
    "extra[0].weight": "Linear in a plain list",
    "extra[0].bias": "Linear in a plain list",
}


def module_parts() -> Figure:
    """What a module may hold, and what of it the module sees."""
    net = _Net()
    parameters, saved = dict(net.named_parameters()), net.state_dict()
    net.to("meta")
    figure, axes = canvas(6.6)
    columns = (9.25, 11.2, 13.1)
    for x, title in zip(columns, ("parameters()", "state_dict()", "moved by .to"), strict=True):
        write(axes, (x, 0.4), title)
    for i, (name, what) in enumerate(PARTS.items()):
        y = 1.0 + 0.56 * i
        write(axes, (0.2, y), f"net.{name}", align="left")
        write(axes, (4.8, y), what, align="left")
        for x, seen in zip(columns, (name in parameters, name in saved, _tensor(net, name).is_meta), strict=True):
            write(axes, (x, y), "●" if seen else "–", color=GREEN if seen else RED, size=12)
    return figure


def _tensor(net: nn.Module, name: str) -> Tensor:
    """The tensor at a dotted name, also where the module itself does not see it."""
    here: Any = net
    for part in name.split("."):
        attribute, _, index = part.partition("[")
        here = getattr(here, attribute)
        here = here[int(index[:-1])] if index else here
    return cast(Tensor, here)
