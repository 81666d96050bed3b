"""The charts of the overview, as SVG that belongs to the page: its colours follow the page, its text stays text."""

from __future__ import annotations

import io
import re
import statistics
import warnings
from collections.abc import Sequence
from typing import Any
from xml.etree import ElementTree

import matplotlib
import numpy as np
from markupsafe import Markup
from matplotlib.axes import Axes
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from grader.batch.summary import ExerciseInfo, Marks, Student
from grader.pages.words import person, shortened
from grader.report import one_line
from grader.words import count, number

INK, MUTED, ACCENT, PAPER = "#010101", "#020202", "#030303", "#040404"
PAINT = {INK: "var(--ink)", MUTED: "var(--muted)", ACCENT: "var(--accent)", PAPER: "var(--paper)"}
"""What matplotlib draws with, and the page's colour that takes its place."""

STYLE: Any = {  # the type of its keys differs between versions of matplotlib
    "svg.fonttype": "none",
    "svg.hashsalt": "grade",  # ids, and with them the page, are the same each time
    "font.size": 10,
    "font.sans-serif": ["DejaVu Sans"],  # to measure with; the page has its own
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
}

LEVELS = [
    ("#f3e3cf", "none"),
    ("#d3dcc3", "up to a quarter"),
    ("#a2ccba", "up to half"),
    ("#60aea7", "up to three quarters"),
    ("#2a878a", "more"),
    ("#0d4f5a", "all"),
]
"""The heat map's colours, from light to dark, and the share of the decided points that each stands for."""

BOUNDS = [-1, 1e-9, 0.25 + 1e-9, 0.5 + 1e-9, 0.75 + 1e-9, 1 - 1e-9, 2]
BINS = 20
MAX_NAMED = 50
"""Students whose names find room below the heat map."""


def histogram(totals: Sequence[float], points: float) -> Markup:
    """How many students have how many of `points`. There must be a student."""
    counts, edges = np.histogram(np.clip(totals, 0, points), bins=BINS, range=(0, points or 1))
    median = statistics.median(totals)
    told = "; ".join(
        f"{number(low)} to {number(high)} points: {count(many, 'student')}"
        for low, high, many in zip(edges[:-1], edges[1:], counts, strict=True)
        if many
    )
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(10, 3.2), layout="constrained")
        axes = figure.subplots()
        bars = axes.bar(edges[:-1], counts, 0.94 * np.diff(edges), align="edge", color=ACCENT, linewidth=0)
        axes.bar_label(bars, [str(many or "") for many in counts], padding=2)
        axes.axvline(median, color=INK, linewidth=1.2, linestyle=(0, (4, 3)))
        axes.set_xlim(0, points or 1)
        axes.set_ylim(0, max(counts) * 1.2)
        axes.set_xlabel("points")
        axes.set_ylabel("students")
        axes.yaxis.set_major_locator(MaxNLocator(integer=True))
        above = axes.get_xaxis_transform()  # x in points, y in heights of the chart
        axes.text(median, 1.03, f"median {number(median)}", transform=above, horizontalalignment="center")
        _quiet(axes)
        return _svg(figure, "totals", "Histogram of the totals", f"{told}. Median {number(median)} points.")


def heat_map(students: Sequence[Student], exercises: Sequence[ExerciseInfo]) -> Markup:
    """How much of each exercise each student won: a row for an exercise, a column for a student, by total."""
    ranked = sorted(students, key=lambda student: student.score)
    shares = [[_share(student.exercises.get(exercise.name)) for student in ranked] for exercise in exercises]
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # the reader's fonts draw it, not ours
        named = len(ranked) <= MAX_NAMED
        figure = Figure(figsize=(10, 0.3 * len(exercises) + (1.7 if named else 0.8)), layout="constrained")
        axes = figure.subplots()
        axes.imshow(
            np.array(shares, dtype=float),
            cmap=ListedColormap([colour for colour, _ in LEVELS]),
            norm=BoundaryNorm(BOUNDS, len(LEVELS)),
            aspect="auto",
            interpolation="none",
        )
        axes.set_yticks(range(len(exercises)), [_label(exercise.name) for exercise in exercises], parse_math=False)
        axes.hlines(np.arange(0.5, len(exercises) - 1), -0.5, len(ranked) - 0.5, PAPER, linewidth=1.5)
        if named:
            axes.vlines(np.arange(0.5, len(ranked) - 1), -0.5, len(exercises) - 0.5, PAPER, linewidth=1.5)
        names = [_label(person(student)) for student in ranked] if named else []
        axes.set_xticks(range(len(names)), names, rotation=90, fontsize=8, parse_math=False)
        axes.set_xlabel("students, from the lowest total to the highest")
        _quiet(axes)
        told = (
            f"{count(len(exercises), 'row')}, one for each exercise, and {count(len(ranked), 'column')}, one for each "
            "student, from the lowest total to the highest. The darker, the more was won; blank is no file, or nothing "
            "decided. The table of students has the numbers."
        )
        return _svg(figure, "heat", "Heat map of exercises and students", told)


def _share(marks: Marks | None) -> float:
    """What was won of what was decided; not a number where there is no answer, or no decision."""
    if marks is None or marks.status == "missing" or not marks.max_score:
        return float("nan")
    return marks.score / marks.max_score


def _label(text: str) -> str:
    """`text` as XML can hold it, and short."""
    return shortened(re.sub("[\ufffe\uffff]", "\ufffd", one_line(text)), 16)


def _quiet(axes: Axes) -> None:
    """No lines that say nothing."""
    for side in axes.spines.values():
        side.set_visible(False)
    axes.tick_params(length=0)


def _svg(figure: Figure, name: str, title: str, told: str) -> Markup:
    """`figure` as an element of a page. `title` and `told` are for who hears the page."""
    raw = io.BytesIO()
    unsaid = {"Creator": None, "Date": None, "Format": None, "Type": None}
    figure.savefig(raw, format="svg", transparent=True, metadata=unsaid)
    root = ElementTree.fromstring(raw.getvalue())
    for element in list(root):
        if not element.tag.endswith(("}g", "}defs")):  # matplotlib's word on who made it
            root.remove(element)
    for parent in root.iter():
        for style in [element for element in parent if element.tag.endswith("}style")]:
            parent.remove(style)  # it would hold for the whole page
    for element in root.iter():
        _adopt(element, name)
    root.attrib = {
        "viewBox": root.attrib["viewBox"],
        "role": "img",
        "aria-labelledby": f"{name}-title {name}-told",
    }
    for place, (tag, text) in enumerate((("title", title), ("desc", told))):
        element = ElementTree.Element(tag, id=f"{name}-{'told' if place else 'title'}")
        element.text = text
        root.insert(place, element)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


def _adopt(element: ElementTree.Element, name: str) -> None:
    """Make `element` one of the page's: no namespaces, the page's colours, ids that no other chart has."""
    element.tag = element.tag.rpartition("}")[2]
    element.tail = None
    element.text = element.text if element.tag == "text" else None
    adopted = {}
    for key, value in element.attrib.items():
        key = key.rpartition("}")[2]
        if key == "id":
            value = f"{name}-{value}"
        elif key == "href" and value.startswith("#"):
            value = f"#{name}-{value[1:]}"
        value = value.replace("url(#", f"url(#{name}-")
        for drawn, page in PAINT.items():
            value = value.replace(drawn, page)
        adopted[key] = value
    element.attrib = adopted
