"""The lessons' figures: each is there, small, safe and readable, and is drawn by the script that lies beside them."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from grader.course import Course
from grader.submission import Submission

ROOT = Path(__file__).parents[2]
EXERCISES = ROOT / "exercises"
SCRIPT = EXERCISES / "figures/draw.py"

IMAGE = re.compile(r"!\[(?P<alt>[^\]]*)\]\((?P<file>[^)]*)\)")
LESSONS = sorted(EXERCISES.glob("*_*/README.md"))
FIGURES = sorted(EXERCISES.glob("*/*.svg"))

DARK = "#1f2328"
"""The colour of what is written on the pale fills, which are the same on every page."""

PAGES = ("#ffffff", "#0d1117")
"""GitHub's, light and dark."""

figures = pytest.mark.parametrize("figure", FIGURES, ids=lambda figure: figure.stem)


def elements(figure: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """Each element's name and attributes, without their namespaces."""
    for element in ElementTree.parse(figure).iter():
        yield bare(element.tag), {bare(name): value for name, value in element.attrib.items()}


def bare(name: str) -> str:
    return name.rpartition("}")[2]


def texts(figure: Path) -> list[str | None]:
    return [element.text for element in ElementTree.parse(figure).iter() if bare(element.tag) == "text"]


def draw(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True, check=False)


def luminance(color: str) -> float:
    """As WCAG defines it."""
    parts = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(color: str, page: str) -> float:
    darker, lighter = sorted((luminance(color), luminance(page)))
    return (lighter + 0.05) / (darker + 0.05)


# In the lessons --------------------------------------------------------------------------------


def test_every_image_in_a_lesson_is_a_figure_beside_it_and_says_what_it_shows() -> None:
    shown = []
    for lesson in LESSONS:
        text = lesson.read_text(encoding="utf-8")
        images = list(IMAGE.finditer(text))
        assert len(images) == text.count("![") <= 1, lesson
        for image in images:
            assert image["file"] == f"{lesson.parent.name.partition('_')[2]}.svg"
            assert len(image["alt"].split()) > 10, lesson
            shown.append(lesson.parent / image["file"])
    assert shown == FIGURES != []


def test_the_figures_disturb_no_grade() -> None:
    course = Course.load(ROOT)
    attempts = Submission.gather([EXERCISES], course).attempts
    assert [attempt.file for attempt in attempts] == [exercise.stub for exercise in course.exercises]
    assert not {path.stem for path in SCRIPT.parent.iterdir()} & set(course.names)


# Each figure -----------------------------------------------------------------------------------


@figures
def test_a_figure_is_an_svg_and_small(figure: Path) -> None:
    name, _ = next(elements(figure))
    assert name == "svg"
    assert figure.stat().st_size < 40_000


@figures
def test_a_figure_runs_nothing_and_fetches_nothing(figure: Path) -> None:
    for name, attributes in elements(figure):
        assert name not in ("script", "foreignObject", "image", "a")
        assert not [attribute for attribute in attributes if attribute.startswith("on")]
        assert attributes.get("href", "#").startswith("#")
    source = figure.read_text(encoding="utf-8")
    assert not re.search(r"@import|url\((?!#)", source)


@figures
def test_what_is_written_reads_on_a_light_and_on_a_dark_page(figure: Path) -> None:
    styles = [attributes["style"] for name, attributes in elements(figure) if name == "text"]
    colors = {color for style in styles for color in re.findall(r"fill: (#\w{6})", style)} - {DARK}
    assert colors
    for color in colors:
        assert min(contrast(color, page) for page in PAGES) > 3, color


# The script ------------------------------------------------------------------------------------


def test_a_figure_drawn_again_is_the_same_to_the_byte_and_says_what_the_lesson_shows(tmp_path: Path) -> None:
    for folder in ("once", "twice"):
        done = draw("broadcasting", "--into", tmp_path / folder)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    once, twice = (tmp_path / folder / "broadcasting.svg" for folder in ("once", "twice"))
    assert once.read_bytes() == twice.read_bytes()
    assert texts(once) == texts(EXERCISES / "03_broadcasting/broadcasting.svg")


def test_a_name_without_a_figure_is_refused_with_the_names_that_have_one() -> None:
    done = draw("install_check")
    assert done.returncode == 2
    assert "'install_check' is not one of" in done.stderr
    for figure in FIGURES:
        assert f"'{figure.stem}'" in done.stderr
