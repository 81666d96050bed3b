"""Cells of a CSV file: what a spreadsheet would run becomes text, and everything else stays as it is."""

from __future__ import annotations

import csv
import io

import pytest

from grader.csv_cells import safe, table


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+1+1",
        "-1-1",
        "@SUM(A1)",
        "  =1",
        "\u00a0=1",
        "\t=1",
        "\tname",
        "\u3000＝1",
        "＋1",
        "－1",
        "＠a",
        "-1e5",
    ],
)
def test_what_begins_as_a_formula_gets_an_apostrophe(cell: str) -> None:
    assert safe(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["\r=1", "\n=1"])
def test_a_line_break_before_a_formula_hides_nothing(cell: str) -> None:
    assert safe(cell) == "'\n=1"


@pytest.mark.parametrize("cell", ["\u200b=1", "\ufeff=1", "\x00=1", "\x1b[31m=1"])
def test_what_cannot_be_seen_before_a_formula_hides_nothing(cell: str) -> None:
    assert safe(cell) == "'=1"


@pytest.mark.parametrize(
    "cell", ["-3", "-", "+4.5", "0", "12.25", "Ada Lovelace", "a=b", "", "'quoted", "O'Neill-Smith"]
)
def test_everything_else_stays_as_it_is(cell: str) -> None:
    assert safe(cell) == cell


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, ""), (2.0, "2"), (2.5, "2.5"), (11.238095, "11.238095"), (-0.0, "0"), (-1.5, "-1.5"), (7, "7")],
)
def test_numbers_stay_numbers(value: object, cell: str) -> None:
    assert safe(value) == cell


def test_a_table_reads_back_as_it_was() -> None:
    rows = [["Student", "Score"], ['a "b", c\nd', "1"], ["é;=1", ""]]
    data = table(rows)
    assert list(csv.reader(io.StringIO(data.decode(), newline=""))) == rows
    assert b'"\xc3\xa9;=1"' in data
