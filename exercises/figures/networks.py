"""Figures of networks: what flows through them, step by step."""

from __future__ import annotations

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from style import (
    BLUE,
    INK,
    PALE,
    PALE_BLUE,
    PALE_GREEN,
    PALE_ORANGE,
    PALE_PINK,
    arrow,
    box,
    canvas,
    cells,
    frame,
    number,
    write,
)
from torch import nn


def body_and_head() -> Figure:
    """The shapes in a small CNN, and where the numbers of each channel land in the flat row."""
    layers = (nn.Conv2d(1, 4, 3, padding=1), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(64, 10))
    shapes = [torch.Size((1, 1, 8, 8))]
    for layer in layers:
        shapes.append(layer(torch.zeros(shapes[-1])).shape)
    figure, axes = canvas(5.2)
    fills = (PALE_BLUE, PALE_ORANGE, PALE_GREEN, PALE_PINK)
    _sheets(axes, 0.4, shapes[0], (PALE,))
    _sheets(axes, 3.7, shapes[1], fills)
    _sheets(axes, 7.9, shapes[2], fills)
    each = shapes[2][2] * shapes[2][3]
    parts = [[f"{each * c}–{each * (c + 1) - 1}"] for c in range(4)]
    cells(axes, (11.0, 1.0), parts, [[fill] for fill in fills], size=(0.95, 0.75), font=9)
    cells(axes, (13.15, 1.0), [[k] for k in range(10)], [[PALE]] * 10, size=(0.5, 0.3), font=8)
    for left, right, label in (
        (2.6, 3.6, "conv,\nReLU"),
        (6.8, 7.8, "pool"),
        (9.9, 10.9, "flatten"),
        (12.05, 13.05, "linear"),
    ):
        arrow(axes, (left, 2.5), (right, 2.5))
        write(axes, ((left + right) / 2, 2.5 - (0.5 if "\n" in label else 0.3)), label)
    for x, shape in zip((1.4, 5.15, 8.85, 11.5, 13.4), shapes, strict=True):
        write(axes, (x, 4.75), f"({', '.join(['N', *map(str, shape[1:])])})")
    write(axes, (5.15, 0.4), "body", bold=True)
    write(axes, (12.5, 0.4), "head", bold=True)
    return figure


def _sheets(axes: Axes, left: float, shape: torch.Size, fills: tuple[str, ...]) -> None:
    """A channel is a sheet; a pixel is a quarter of a unit wide. The first channel lies on top."""
    side, step = shape[2] * 0.25, 0.3
    top = 2.5 - (side + step * (len(fills) - 1)) / 2
    last = len(fills) - 1
    for c in range(last, -1, -1):
        corner = (left + step * (last - c), top + step * (last - c))
        cells(axes, corner, [[""]], [[fills[c]]], size=(side, side))


def lstm_step() -> Figure:
    """The step of the lesson's example, with its numbers."""
    cell = nn.LSTMCell(2, 1)
    weights = {
        "weight_ih": [[1.0, 0], [0, 1], [-1, 1], [1, -1]],
        "weight_hh": [[2.0], [-2], [0], [4]],
        "bias_ih": [0.0] * 4,
        "bias_hh": [-2, 1, 0.5, 0],
    }
    cell.load_state_dict({name: torch.tensor(values) for name, values in weights.items()})
    x, h, c = torch.tensor([[1.0, 2]]), torch.tensor([[0.5]]), torch.tensor([[2.0]])
    with torch.no_grad():
        new_h, new_c = cell(x, (h, c))
        a = (x @ cell.weight_ih.T + cell.bias_ih + h @ cell.weight_hh.T + cell.bias_hh)[0]
    i, f, o = a[[0, 1, 3]].sigmoid().tolist()
    g = a[2].tanh().item()
    assert torch.isclose(f * c + i * g, new_c)

    figure, axes = canvas(6.1)
    box(axes, (6.8, 5.2), "a = W_ih x + b_ih + W_hh h + b_hh", PALE, width=8.6)
    for name, left, fill, function, value in (
        ("f", 3.4, PALE_ORANGE, "sigmoid", f),
        ("i", 5.7, PALE_ORANGE, "sigmoid", i),
        ("g", 8.1, PALE_BLUE, "tanh", g),
        ("o", 10.2, PALE_ORANGE, "sigmoid", o),
    ):
        arrow(axes, (left, 4.8), (left, 4.15))
        box(axes, (left, 3.75), function, fill, width=1.7)
        write(axes, (left + 0.12, 3.05), f"{name} = {number(value, 3)}", align="left")

    top, middle, right = 0.8, 2.2, 11.8
    for at, sign in (((3.4, top), "×"), ((6.9, top), "+"), ((6.9, middle), "×"), ((right, middle + 0.3), "×")):
        box(axes, at, sign, PALE_GREEN, width=0.6, height=0.6)
    box(axes, (right, 1.6), "tanh", PALE_BLUE, width=1.1, height=0.5)
    for points in (
        ((1.7, top), (3.1, top)),  # c
        ((3.7, top), (6.6, top)),
        ((7.2, top), (12.4, top)),  # c'
        ((3.4, 3.35), (3.4, top + 0.3)),  # f
        ((5.7, 3.35), (5.7, middle), (6.6, middle)),  # i
        ((8.1, 3.35), (8.1, middle), (7.2, middle)),  # g
        ((6.9, middle - 0.3), (6.9, top + 0.3)),
        ((right, top), (right, 1.35)),
        ((right, 1.85), (right, middle)),
        ((10.2, 3.35), (10.2, middle + 0.3), (right - 0.3, middle + 0.3)),  # o
        ((right + 0.3, middle + 0.3), (12.5, middle + 0.3)),  # h'
        ((1.7, 5.0), (2.5, 5.0)),
        ((2.0, 5.5), (2.5, 5.5)),
    ):
        arrow(axes, *points)
    write(axes, (1.0, top), f"c = {number(c.item())}", color=BLUE)
    write(axes, (1.0, 4.95), f"h = {number(h.item())}", color=BLUE)
    write(axes, (1.0, 5.5), f"x = ({', '.join(map(number, x[0].tolist()))})", color=BLUE)
    write(axes, (13.2, top), f"c' = {number(new_c.item(), 3)}", color=BLUE)
    write(axes, (13.25, middle + 0.3), f"h' = {number(new_h.item(), 3)}", color=BLUE)
    return figure


def gpt_block() -> Figure:
    """The stream of GPT-2 and the branches that add to it, with the number of parameters of each part."""
    vocabulary, places, layers, width = 50257, 1024, 12, 768
    with torch.device("meta"):
        norm = nn.LayerNorm(width)
        attention = nn.ModuleList([nn.Linear(width, 3 * width), nn.Linear(width, width)])
        mlp = nn.ModuleList([nn.Linear(width, 4 * width), nn.Linear(4 * width, width)])
        tokens, positions = nn.Embedding(vocabulary, width), nn.Embedding(places, width)
    block = [norm, attention, norm, mlp]
    total = _count(tokens, positions, *layers * block, norm)

    figure, axes = canvas(5.5)
    stream, below = 1.7, 3.2
    write(axes, (0.65, stream), "idx\n(B, T)")
    arrow(axes, (1.2, stream), (1.6, stream))
    box(axes, (2.4, stream), "wte + wpe", PALE_GREEN, width=1.6)
    write(axes, (2.4, 2.4), _millions(tokens), size=9)
    write(axes, (2.4, 2.8), f"+ {_millions(positions)}", size=9)
    write(axes, (3.45, 0.5), "x  (B, T, C)", color=BLUE, align="left")
    arrow(axes, (3.2, stream), (5.8, stream), color=BLUE)
    arrow(axes, (6.4, stream), (9.2, stream), color=BLUE)
    arrow(axes, (9.8, stream), (10.8, stream), color=BLUE)
    for start, norm_name, branch_name, branch, fill in (
        (4.1, "ln_1", "attn", attention, PALE_ORANGE),
        (7.5, "ln_2", "mlp", mlp, PALE_PINK),
    ):
        end = start + 2.0
        box(axes, (end, stream), "+", PALE, width=0.6, height=0.6)
        arrow(axes, (start, stream), (start, below - 0.4))
        box(axes, (start, below), norm_name, PALE, width=1.0)
        arrow(axes, (start + 0.5, below), (end - 0.6, below))
        box(axes, (end, below), branch_name, fill, width=1.2)
        arrow(axes, (end, below - 0.4), (end, stream + 0.3))
        write(axes, (end, below + 0.65), _millions(branch), size=9)
    frame(axes, (3.4, 0.9), 6.95, 3.9, color=INK, style="--")
    write(axes, (3.6, 4.45), f"{layers} times, {_millions(*block)} each", align="left")
    box(axes, (11.3, stream), "ln_f", PALE, width=1.0)
    arrow(axes, (11.8, stream), (12.3, stream))
    box(axes, (13.0, stream), "wteᵀ", PALE_GREEN, width=1.4)
    write(axes, (13.0, 0.7), "logits\n(B, T, V)")
    write(axes, (13.0, 2.6), "the same\nweight", size=9)
    write(axes, (12.2, 4.2), f"{total:,}\nparameters\nin all".replace(",", " "))
    return figure


def _count(*modules: nn.Module) -> int:
    return sum(parameter.numel() for module in modules for parameter in module.parameters())


def _millions(*modules: nn.Module) -> str:
    return f"{_count(*modules) / 1e6:.2f} M"
