"""The terminal: how far the tests are, while `grade` runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TaskID, TextColumn
from rich.table import Column

from grader.events import Collected, Event, Finished, Started
from grader.report import one_line


@contextmanager
def progress(out: Console, enabled: bool = True) -> Iterator[Callable[[Event], None]]:
    """Yields what to call with each event; shows how far the tests are if `out` is a terminal."""
    if not (enabled and out.is_interactive and out.file.isatty()):
        yield lambda event: None
        return
    rest = Column(ratio=1, no_wrap=True, overflow="ellipsis")
    columns = (
        SpinnerColumn("line"),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=16),
        MofNCompleteColumn(),
        TextColumn("{task.fields[title]}", markup=False, style="dim", table_column=rest),
    )
    with Progress(*columns, console=out, transient=True, expand=True) as bar:
        yield _Tracker(bar)


class _Tracker:
    """Counts the tests that are through and names the one that runs."""

    def __init__(self, bar: Progress) -> None:
        self.bar = bar
        self.titles: dict[tuple[str, str], str] = {}
        self.task: TaskID = bar.add_task("Starting", total=None, title="")

    def __call__(self, event: Event) -> None:
        if isinstance(event, Collected):
            self.titles = {(test.exercise, test.name): one_line(test.title) for test in event.tests}
            self.bar.update(self.task, total=len(event.tests), description="Grading")
        elif isinstance(event, Started):
            title = self.titles.get((event.exercise, event.name), "")
            self.bar.update(self.task, description=one_line(event.exercise), title=title)
        elif isinstance(event, Finished):
            self.bar.advance(self.task)
