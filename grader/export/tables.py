"""The CSV files that learning platforms hand out, and that a grade is filled into."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from grader.errors import UsageError, did_you_mean
from grader.report import one_line

MAX_BYTES = 50_000_000


class Sheet:
    """A CSV file: its header and its rows, each as long as the header."""

    def __init__(self, path: Path, header: list[str], rows: list[list[str]]) -> None:
        self.path = path
        self.header = header
        self.rows = rows

    @classmethod
    def read(cls, path: Path) -> Sheet:
        """The file at `path`, separated by commas, semicolons or tabs.

        Raises:
            UsageError: it cannot be read, or is no CSV in UTF-8 with a header.
        """
        try:
            if path.stat().st_size > MAX_BYTES:
                raise UsageError(f"{path} is too large for a list of students: more than {MAX_BYTES // 10**6} MB.")
            text = path.read_bytes().decode("utf-8-sig")
            header, *rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        except OSError as error:
            raise UsageError(f"{path} cannot be read: {error.strerror or error}.") from error
        except UnicodeDecodeError as error:
            raise UsageError(f"{path} is not UTF-8 text. Hand over the file as the platform made it.") from error
        except csv.Error as error:
            raise UsageError(f"{path} is no CSV file: {error}.") from error
        except ValueError as error:  # nothing to unpack
            raise UsageError(f"{path} is empty.") from error
        width = len(header)
        return cls(path, [cell.strip() for cell in header], [(row + [""] * width)[:width] for row in rows if any(row)])

    def column(self, name: str) -> int:
        """Where the column `name` is, in whatever case it is written.

        Raises:
            UsageError: there is none.
        """
        place = self.find(name)
        if place is None:
            columns = [one_line(cell) for cell in self.header]
            raise UsageError(
                f"{self.path} has no column '{name}'.{did_you_mean(name, columns)} "
                f"Its columns: {', '.join(columns)}. Download it with the platform set to English."
            )
        return place

    def find(self, name: str) -> int | None:
        """As `column`, or None."""
        folded = [cell.casefold() for cell in self.header]
        return folded.index(name.casefold()) if name.casefold() in folded else None

    def cells(self, row: list[str], *names: str) -> list[str]:
        """What `row` has in those of the columns that there are."""
        return [row[place] for name in names if (place := self.find(name)) is not None]


def _delimiter(text: str) -> str:
    """What separates the cells of the first line."""
    first = text.split("\n", 1)[0]
    return max(",;\t", key=first.count)
