"""Both pages can be read by everybody: with a screen reader, on a phone, in the dark, without colours."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable

import pytest

from grader.pages import feedback_page, index_page
from tests.grader.pages.reading import Page
from tests.grader.pages.school import School


def feedback() -> Page:
    return Page(feedback_page(School(40).report(32), "Tiny"))


def index() -> Page:
    return Page(index_page(School(40).summary(), School(40).pairs()))


pages = pytest.mark.parametrize("make", [feedback, index])
Make = Callable[[], Page]


@pages
def test_headings_come_in_order_and_none_is_left_out(make: Make) -> None:
    levels = [int(element.tag[1]) for element in make().all("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


@pages
def test_each_table_has_a_caption_and_each_heading_cell_a_scope(make: Make) -> None:
    page = make()
    assert len(page.all("caption")) == len(page.all("table")) > 0
    assert {element.attributes.get("scope") for element in page.all("th")} == {"col", "row"}


@pages
def test_each_id_is_given_once_and_each_inner_link_finds_its_place(make: Make) -> None:
    page = make()
    ids = Counter(element.attributes["id"] for element in page.elements if "id" in element.attributes)
    assert max(ids.values()) == 1
    for element in page.all("a", "use"):
        if element.attributes["href"].startswith("#"):
            assert element.attributes["href"][1:] in ids


@pages
def test_the_page_tells_its_language_and_fits_a_phone_and_the_dark(make: Make) -> None:
    page = make()
    assert page.all("html")[0].attributes == {"lang": "en"}
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in [
        meta.attributes for meta in page.all("meta")
    ]
    (style,) = page.all("style")
    assert "prefers-color-scheme: dark" in style.inside and "@media print" in style.inside


@pages
def test_what_a_colour_says_is_said_by_a_word_or_a_shape_too(make: Make) -> None:
    for element in make().all("span"):
        kinds = element.attributes.get("class", "").split()
        if "sign" in kinds:
            assert element.inside in {"✓", "✗", "○", "◇", "!"}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_can_be_told_from_its_ground(scheme: str) -> None:
    """The contrast that WCAG 2 asks of text, 4.5 to 1, on the page and on what is raised from it."""
    style = feedback().all("style")[0].inside
    first, second = re.findall(r":root \{(.*?)\}", style, re.DOTALL)[:2]
    colours = dict(re.findall(r"--(\w+): (#\w{6})", first if scheme == "light" else second))
    for text in ("ink", "muted", "accent", "good", "bad", "wait"):
        for ground in ("paper", "raised"):
            assert contrast(colours[text], colours[ground]) >= 4.5, f"{text} on {ground}"


def contrast(first: str, second: str) -> float:
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
