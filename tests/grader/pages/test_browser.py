"""The overview in a browser: its script sorts and filters, and its policy lets nothing else run."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from grader.intake.person import Person
from grader.pages import index_page
from grader.pages.theme import digest
from grader.report import Outcome
from tests.grader.pages.reading import Page
from tests.grader.pages.school import case, exercise, report, row, summary

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --enable-logging=stderr --virtual-time-budget=5000 --dump-dom"
)
REPORT = """
const names = () => [...document.querySelectorAll("#students-table tbody tr")]
  .filter((row) => row.getClientRects().length).map((row) => row.querySelector("a").textContent);
const head = (title) => [...document.querySelectorAll("#students-table thead th")]
  .find((cell) => cell.textContent === title);
const tell = (value) => {
  const told = document.createElement("pre");
  told.id = "told";
  told.textContent = JSON.stringify(value);
  document.body.append(told);
};
"""
"""What the tests' own scripts say with `tell` is what they assert on."""


@pytest.fixture(scope="session")
def browser() -> str:
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        missing = f"none of {', '.join(BROWSERS)} is installed"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


@cache
def page() -> str:
    """Four students: their names are in another order than their totals, and one needs a look."""
    lost: list[tuple[str, float, Outcome]] = [
        ("s10", 9.0, "failed"),
        ("s9", 10.0, "crashed"),
        ("dora", 2.5, "deferred"),
    ]
    made = [
        report(exercise(case("passed", points=points), case(outcome, "test_b", points=20 - points)), id=name)
        for name, points, outcome in lost
    ]
    made.append(report(exercise(case("todo", points=20.0), status="missing"), id="cleo"))
    rows = [row(one, Person(name="Zoë <b>" if one.submission.id == "dora" else None)) for one in made]
    return index_page(summary(*made, students=rows), zip(rows, made, strict=True))


def open_page(browser: str, folder: Path, page: str) -> tuple[Page, str]:
    """What the browser makes of `page`, and what it wrote to its console."""
    path = folder / "index.html"
    path.write_text(page, encoding="utf-8")
    ran = subprocess.run(
        [browser, *FLAGS.split(), f"--user-data-dir={folder / 'profile'}", path.as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return Page(ran.stdout), "\n".join(line for line in ran.stderr.splitlines() if "CONSOLE" in line)


def told(browser: str, folder: Path, script: str) -> Any:
    """What `script` tells when it runs after the page's own; nothing may stand on the console."""
    script = f"(() => {{{REPORT}{script}}})();"
    allowed = page().replace("script-src ", f"script-src 'sha256-{digest(script)}' ", 1)
    seen, console = open_page(browser, folder, allowed.replace("</body>", f"<script>{script}</script></body>"))
    assert console == ""
    (said,) = [element for element in seen.elements if element.attributes.get("id") == "told"]
    return json.loads(said.inside)


def test_a_click_on_the_total_sorts_by_it_and_a_second_one_turns_it_round(browser: str, tmp_path: Path) -> None:
    script = """
      const said = [names()];
      for (const click of [1, 2]) {
        head("Total").firstChild.click();
        said.push(names(), head("Total").ariaSort);
      }
      tell(said);
    """
    falling = ["s9", "s10", "Zoë <b>", "cleo"]
    assert told(browser, tmp_path, script) == [
        ["s10", "s9", "Zoë <b>", "cleo"],
        falling,
        "descending",
        falling[::-1],
        "ascending",
    ]


def test_names_sort_as_people_sort_them(browser: str, tmp_path: Path) -> None:
    script = """head("Student").firstChild.click(); tell(names());"""
    assert told(browser, tmp_path, script) == ["cleo", "s9", "s10", "Zoë <b>"]


def test_no_file_sorts_below_every_number(browser: str, tmp_path: Path) -> None:
    script = """head("softmax").firstChild.click(); tell(names());"""
    assert told(browser, tmp_path, script) == ["s9", "s10", "Zoë <b>", "cleo"]


def test_every_heading_that_sorts_can_be_reached_with_the_keyboard(browser: str, tmp_path: Path) -> None:
    script = """
      tell([...document.querySelectorAll("#students-table thead button")].map((button) => {
        button.focus();
        return document.activeElement === button && button.textContent;
      }));
    """
    sorted_by = ["Student", "Total", "Decided", "Deferred", "Standing", "To look at", "softmax"]
    assert told(browser, tmp_path, script) == sorted_by


def test_typing_hides_the_rows_that_do_not_fit(browser: str, tmp_path: Path) -> None:
    script = """
      const box = document.getElementById("filter-text");
      const type = (text) => { box.value = text; box.dispatchEvent(new Event("input")); };
      const count = () => document.getElementById("filter-count").textContent;
      const said = [];
      for (const text of ["ZOË", "dora", "s", "nobody", ""]) { type(text); said.push(names(), count()); }
      tell(said);
    """
    assert told(browser, tmp_path, script) == [
        ["Zoë <b>"],
        "1 of 4 shown",
        ["Zoë <b>"],
        "1 of 4 shown",
        ["s10", "s9"],
        "2 of 4 shown",
        [],
        "0 of 4 shown",
        ["s10", "s9", "Zoë <b>", "cleo"],
        "4 of 4 shown",
    ]


def test_the_menu_shows_a_standing_or_those_who_need_a_look(browser: str, tmp_path: Path) -> None:
    script = """
      const menu = document.getElementById("filter-kind");
      tell([...menu.options].map((option) => {
        menu.value = option.value;
        menu.dispatchEvent(new Event("change"));
        return [option.textContent, names()];
      }));
    """
    assert told(browser, tmp_path, script) == [
        ["all", ["s10", "s9", "Zoë <b>", "cleo"]],
        ["those who need a look", ["s9"]],
        ["graded", ["s10", "s9"]],
        ["graded in part", ["Zoë <b>"]],
        ["no file", ["cleo"]],
    ]


@pytest.mark.parametrize(
    "foreign",
    [
        "<script>document.body.id = 'taken'</script>",
        "<img src='data:,' onerror=\"document.body.id = 'taken'\">",
        "<iframe srcdoc=\"<script>parent.document.body.id = 'taken'</script>\"></iframe>",
    ],
)
def test_a_script_that_is_not_the_pages_own_does_not_run(browser: str, tmp_path: Path, foreign: str) -> None:
    seen, console = open_page(browser, tmp_path, page().replace("</body>", f"{foreign}</body>"))
    assert "id" not in seen.all("body")[0].attributes
    assert "Content Security Policy" in console


def test_without_its_script_the_page_still_shows_everything(browser: str, tmp_path: Path) -> None:
    without = page().replace("<script>", "<template>").replace("</script>", "</template>")
    seen, console = open_page(browser, tmp_path, without)
    assert console == ""
    assert len(seen.all("svg")) == 2 and "s10" in seen.text
    (filters,) = [element for element in seen.elements if element.attributes.get("class") == "filters"]
    assert "hidden" in filters.attributes
