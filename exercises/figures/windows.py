"""Figures of windows that move over an input."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from style import (
    BLUE,
    INK,
    NOTHING,
    PALE_BLUE,
    PALE_GREEN,
    PALE_ORANGE,
    RED,
    canvas,
    cells,
    frame,
    number,
    rounded,
    row,
    write,
)
from torch import Tensor
from torch.nn import functional as F


def kernel() -> Figure:
    """One number of a convolution with stride and padding, and where the weights of a dilated kernel lie."""
    torch.manual_seed(3)
    x, weight = torch.randint(1, 6, (5, 5)), torch.tensor([[1, 0, 0], [0, 2, 0], [0, 0, -1]])
    out = F.conv2d(x[None, None].double(), weight[None, None].double(), stride=2, padding=1)[0, 0]
    size, (i, j) = 0.55, (1, 2)
    figure, axes = canvas(5.4)

    padded = F.pad(x, (1, 1, 1, 1)).tolist()
    inside = [[PALE_BLUE if 0 < h < 6 and 0 < w < 6 else NOTHING for w in range(7)] for h in range(7)]
    cells(axes, (0.3, 1.0), padded, inside, size=(size, size))
    frame(axes, (0.3 + 2 * j * size, 1.0 + 2 * i * size), 3 * size, 3 * size)
    write(axes, (2.2, 0.5), "x, padding=1", bold=True)

    middle = 1.0 + 2 * size
    cells(axes, (5.0, middle), rounded(weight.tolist()), [[PALE_ORANGE] * 3] * 3, size=(size, size))
    cells(axes, (7.7, middle), rounded(out.tolist()), [[PALE_GREEN] * 3] * 3, size=(size, size))
    frame(axes, (7.7 + j * size, middle + i * size), size, size)
    for left, symbol, big in ((4.57, "⋆", 24), (7.18, "=", 16)):
        write(axes, (left, middle + 1.5 * size), symbol, size=big)
    write(axes, (5.82, 0.5), "weight", bold=True)
    write(axes, (8.52, 0.5), "out, stride=2", bold=True)
    seen = [padded[2 * i + step][2 * j + step] for step in range(3)]
    assert seen[0] + 2 * seen[1] - seen[2] == out[i, j]
    write(axes, (7.2, 4.4), f"{seen[0]} + 2·{seen[1]} − {seen[2]} = {number(out[i, j].item())}", color=RED)

    taps = torch.zeros(5, 5, dtype=torch.int64)
    taps[::2, ::2] = 1
    fills = [[PALE_ORANGE if tap else NOTHING for tap in line] for line in taps.tolist()]
    spread = [["" if not taps[h, w] else number(weight[h // 2, w // 2].item()) for w in range(5)] for h in range(5)]
    cells(axes, (10.8, 1.0 + size), spread, fills, size=(size, size))
    write(axes, (12.17, 0.5), "weight, dilation=2", bold=True)
    write(axes, (12.17, 4.9), "extent 2·(3−1)+1 = 5")
    return figure


def along_one_dimension() -> Figure:
    """Which windows there are along one dimension, and what each of them gives."""
    six, five = torch.tensor([1.0, 5, 2, 0, 3, 4]), torch.arange(1.0, 6)
    figure, axes = canvas(6.6)
    floor, ceil = (F.max_pool1d(six[None], 3, 2, ceil_mode=mode)[0] for mode in (False, True))
    _windows(axes, (0.5, 0.4), "max, kernel 3, stride 2", six, [(0, 3), (2, 5)], floor)
    _windows(axes, (8.2, 0.4), "the same, ceil_mode=True", six, [(0, 3), (2, 5), (4, 7)], ceil)

    padded = F.max_pool1d(five[None], 2, 2, padding=1, ceil_mode=True)[0]
    _windows(axes, (1.2, 3.7), "max, kernel 2, stride 2, padding 1, ceil_mode", five, [(-1, 1), (1, 3), (3, 5)], padded)
    for place in (-1, 5):
        cells(axes, (1.2 + 0.8 * place, 4.2), [["−∞"]], [[NOTHING]])
    _bracket(axes, 1.2, 5.55, 5, 7, INK, ":")
    write(axes, (6.0, 6.0), "no window")

    starts = [(i * 5 // 3, -(-(i + 1) * 5 // 3)) for i in range(3)]
    means = F.adaptive_avg_pool1d(five[None], 3)[0]
    _windows(axes, (8.7, 3.7), "adaptive mean, 5 to 3", five, starts, means)
    return figure


def _windows(
    axes: Axes, corner: tuple[float, float], title: str, x: Tensor, spans: Iterable[tuple[int, int]], out: Tensor
) -> None:
    """Numbers, brackets under the windows, and each window's result under its bracket."""
    (left, top), size = corner, 0.8
    write(axes, (left, top), title, align="left", bold=True)
    row(axes, (left, top + 0.5), map(number, x.tolist()), PALE_BLUE)
    for i, ((start, end), value) in enumerate(zip(spans, out.tolist(), strict=True)):
        _bracket(axes, left, top + 1.5 + 0.2 * (i % 2), start, end, BLUE)
        row(axes, (left + (start + end - 1) / 2 * size, top + 1.95), [number(value)], PALE_GREEN)


def _bracket(axes: Axes, left: float, y: float, start: int, end: int, color: str, style: str = "-") -> None:
    begin, stop = left + 0.8 * start + 0.06, left + 0.8 * end - 0.06
    axes.plot([begin, begin, stop, stop], [y - 0.12, y, y, y - 0.12], color=color, linestyle=style)
