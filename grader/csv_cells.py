"""Cells of a CSV file that a spreadsheet will open.

A spreadsheet takes a cell for a formula by its first character, whatever the file's quotes say. Names and
messages come from students: an apostrophe before such a cell keeps it text. See OWASP, "CSV Injection":
https://owasp.org/www-community/attacks/CSV_Injection.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable

from grader.report import clean

FORMULA = tuple("=+-@")
HARMLESS = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?|-")
"""Numbers, and the lone dash with which platforms mark an empty cell."""


def safe(cell: object) -> str:
    """`cell` as text that no spreadsheet takes for a formula. None is an empty cell; a number stays a number."""
    if cell is None:
        return ""
    if isinstance(cell, float):
        return number(cell)
    text = clean(str(cell))
    return f"'{text}" if _is_formula(text) else text


def number(value: float) -> str:
    """`value` with as many digits as a score has, and none in vain: 2, 2.5, 11.238095."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def table(rows: Iterable[Iterable[object]]) -> bytes:
    """A CSV file of `rows`. Every cell is safe, and quoted: a spreadsheet may separate at semicolons."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n").writerows(map(safe, row) for row in rows)
    return text.getvalue().encode()


def _is_formula(text: str) -> bool:
    """Whether `text` begins as a formula does, perhaps after spaces or in full-width characters."""
    if HARMLESS.fullmatch(text):
        return False
    return text.startswith(("\t", "\n")) or unicodedata.normalize("NFKC", text.lstrip()[:1]).startswith(FORMULA)
