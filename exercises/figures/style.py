"""How all figures look: colours, sizes, and the few shapes that they are drawn with.

GitHub shows a lesson on white or on near-black, and a figure has no background of its own. So what stands on the page
is of a medium lightness (`INK`, `BLUE`, `RED`, `GREEN`: at least 3:1 on both), and dark text (`DARK`) only stands on
pale fills. The hues are those of Okabe and Ito, which colour-blind readers can tell apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path as File
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch, PathPatch
from matplotlib.path import Path

INK = "#777b82"
BLUE, RED, GREEN = "#0a78b8", "#d55e00", "#00916a"

DARK = "#1f2328"
PALE_BLUE, PALE_ORANGE, PALE_GREEN, PALE_PINK, PALE = "#b9dcf4", "#fbd3a1", "#b5e3d2", "#efc3da", "#dfe2e6"
NOTHING = "none"
"""The fill of cells that are not really there; they are dotted."""

WIDTH = 14.0
"""The width of a canvas in its own units; a unit is 50 pixels where a figure is 700 pixels wide."""

Point = tuple[float, float]

SETTINGS: dict[Any, Any] = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],  # the first comes with matplotlib: the same everywhere
    "font.size": 10,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "lines.linewidth": 2,
    "path.simplify_threshold": 0.2,  # pixels; it is for paths of 128 points and more
    "svg.fonttype": "none",
    "svg.hashsalt": "figures",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}


def canvas(height: float) -> tuple[Figure, Axes]:
    """Room for a drawing, `WIDTH` by `height` units; y counts downwards, as rows do."""
    inches = 7.3
    figure = Figure(figsize=(inches, inches * height / WIDTH))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(0, WIDTH), ylim=(height, 0))
    axes.set_axis_off()
    return figure, axes


def panels(rows: int, columns: int, height: float) -> tuple[Figure, list[Axes]]:
    """Room for plots side by side, `height` inches high in all."""
    figure = Figure(figsize=(7.3, height), layout="constrained")
    return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def save(figure: Figure, file: File) -> None:
    """Write an SVG in which nothing tells when or where it was drawn."""
    nothing = dict.fromkeys(("Creator", "Date", "Format", "Type"))
    figure.savefig(file, format="svg", transparent=True, metadata=nothing)


def settings() -> mpl.RcParams:
    """matplotlib's own defaults with `SETTINGS`, whatever the reader's matplotlibrc says."""
    rc = mpl.rcParamsDefault.copy()
    rc.update(SETTINGS)
    return rc


def write(
    axes: Axes,
    at: Point,
    text: object,
    *,
    color: str = INK,
    size: float = 10,
    align: str = "center",
    bold: bool = False,
) -> None:
    """Text whose middle line is at the height of `at`."""
    axes.text(
        *at, str(text), color=color, fontsize=size, ha=align, va="center", fontweight="bold" if bold else "normal"
    )


def cells(
    axes: Axes,
    corner: Point,
    texts: Sequence[Sequence[object]],
    fills: Sequence[Sequence[str]],
    *,
    size: Point = (0.8, 0.8),
    font: float = 10,
) -> None:
    """A table of coloured cells. Cells of one colour are one path, which keeps files small."""
    (left, top), (width, height) = corner, size
    places: dict[str, list[Point]] = {}
    for i, (row, colors) in enumerate(zip(texts, fills, strict=True)):
        for j, (text, color) in enumerate(zip(row, colors, strict=True)):
            at = (left + j * width, top + i * height)
            places.setdefault(color, []).append(at)
            write(
                axes, (at[0] + width / 2, at[1] + height / 2), text, color=DARK if color != NOTHING else INK, size=font
            )
    for color, corners in places.items():
        outline = Path.make_compound_path(*(_rectangle(*at, width, height) for at in corners))
        dashed = ":" if color == NOTHING else "-"
        axes.add_patch(PathPatch(outline, facecolor=color, edgecolor=INK, linewidth=1, linestyle=dashed, clip_on=False))


def row(axes: Axes, corner: Point, texts: Iterable[object], fill: str, *, size: Point = (0.8, 0.8)) -> None:
    """A row of cells of one colour."""
    texts = list(texts)
    cells(axes, corner, [texts], [[fill] * len(texts)], size=size)


def frame(axes: Axes, corner: Point, width: float, height: float, color: str = RED, style: str = "-") -> None:
    """A rectangle without a fill, to point something out."""
    outline = _rectangle(*corner, width, height)
    axes.add_patch(PathPatch(outline, facecolor="none", edgecolor=color, linewidth=2.5, linestyle=style, clip_on=False))


def box(axes: Axes, middle: Point, text: str, fill: str, *, width: float = 2.0, height: float = 0.8) -> None:
    """A rounded box with text, around `middle`."""
    corner = (middle[0] - width / 2, middle[1] - height / 2)
    style = "round,pad=0,rounding_size=0.15"
    axes.add_patch(FancyBboxPatch(corner, width, height, boxstyle=style, facecolor=fill, edgecolor=INK, clip_on=False))
    write(axes, middle, text, color=DARK)


def arrow(axes: Axes, *points: Point, color: str = INK) -> None:
    """An arrow along straight lines from point to point."""
    axes.add_patch(FancyArrowPatch(path=Path(points), arrowstyle="-|>", mutation_scale=12, color=color, linewidth=1.5))


def number(value: float, digits: int = 2) -> str:
    """A number as text, with a proper minus sign and no zeros that say nothing."""
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text.replace("-", "−")


def rounded(values: Sequence[Sequence[float]], digits: int = 2) -> list[list[str]]:
    """A table of numbers as texts."""
    return [[number(value, digits) for value in line] for line in values]


def _rectangle(left: float, top: float, width: float, height: float) -> Path:
    right, bottom = left + width, top + height
    return Path([(left, top), (right, top), (right, bottom), (left, bottom), (left, top)], closed=True)
