"""The terminal: how far a batch is, and what it came to."""

from __future__ import annotations

import statistics
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from grader.batch.run import GRADEBOOK, Graded
from grader.batch.summary import SUMMARY, Standing, Summary
from grader.report import one_line
from grader.words import count, number

LAST = 5
"""How many of the last outcomes stand below the bar."""

LISTED = 20
MAX_LINE = 200

WORDS: dict[Standing, str] = {
    "graded": "graded",
    "deferred": "graded but for tests that need a GPU",
    "invalid": "with nothing that can be loaded",
    "missing": "with nothing that answers an exercise",
    "error": "where the grader failed",
}


@contextmanager
def watched(out: Console) -> Iterator[Callable[[Graded], None]]:
    """Yields what to call with each submission that is through: a bar on a terminal, a line each elsewhere."""
    if not (out.is_interactive and out.file.isatty()):
        yield lambda graded: out.print(Text(_line(graded)), soft_wrap=True)
        return
    bar = Progress(
        TextColumn("Grading"),
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=out,
    )
    with Live(bar, console=out, transient=True) as live:
        yield _Screen(bar, live)


class _Screen:
    """The bar, and the last few outcomes below it."""

    def __init__(self, bar: Progress, live: Live) -> None:
        self._bar = bar
        self._live = live
        self._task = bar.add_task("", total=None, rate="")
        self._last: deque[str] = deque(maxlen=LAST)

    def __call__(self, graded: Graded) -> None:
        self._last.append(_line(graded))
        speed = self._bar.tasks[0].speed
        rate = f"{60 * speed:.0f} a minute" if speed else ""
        self._bar.update(self._task, completed=graded.number, total=graded.count, rate=rate)
        below = Text("\n".join(self._last), style="dim", no_wrap=True, overflow="ellipsis")
        self._live.update(Group(self._bar, below))


def _line(graded: Graded) -> str:
    row = graded.row
    marks = f"{number(row.score)}/{number(row.max_score)}"
    how = {"graded": "", "kept": ", graded before", "completed": ", deferred tests added"}[graded.source]
    look = ", needs a look" if row.look else ""
    return f"{graded.number}/{graded.count}  {one_line(row.id)}  {marks}  {row.standing}{how}{look}"


def show(summary: Summary, folder: Path, out: Console) -> None:
    """Print what a batch came to, and where it stands."""
    totals = [row.score for row in summary.students]
    standings = Counter(row.standing for row in summary.students)
    what = [f"{standings[standing]} {words}" for standing, words in WORDS.items() if standings[standing]]
    out.print()
    out.print(Text(f"{count(len(totals), 'submission')}: {', '.join(what)}."))
    points = sum(exercise.points for exercise in summary.exercises)
    out.print(
        Text(f"Mean {statistics.fmean(totals):.1f}, median {statistics.median(totals):.1f} of {points:g} points.")
    )
    _list([f"look at {row.id}: {reason}" for row in summary.students for reason in row.look], out)
    _list([f"not graded: {ignored}" for ignored in summary.ignored], out)
    earlier = sum(len(row.earlier) for row in summary.students)
    if earlier:
        out.print(Text(f"{count(earlier, 'earlier attempt')} not counted; {SUMMARY} lists them."))
    where = f"{folder / GRADEBOOK}, {folder / SUMMARY} and a report for each student."
    out.print(Text(f"Seed {summary.seed}. {where}"), soft_wrap=True)


def _list(lines: Sequence[str], out: Console) -> None:
    for line in lines[:LISTED]:
        out.print(Text(f"  {one_line(line)}"[:MAX_LINE]), soft_wrap=True)
    if len(lines) > LISTED:
        out.print(Text(f"  and {len(lines) - LISTED} more, in {SUMMARY}"))
