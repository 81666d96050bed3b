"""A save or a key, a grade, a screen."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from queue import Queue

import watchfiles
from rich.console import Console

from grader.batch.station import Station
from grader.course import Course
from grader.errors import UsageError
from grader.events import Event
from grader.grading import Options
from grader.progress import progress
from grader.recall import FOLDER, Recall
from grader.submission import Submission
from grader.watch import keys, screen
from grader.watch.hinting import next_hint
from grader.watch.session import Session

STEP_MS = 50
"""How long nothing more is saved before a save counts: an editor may write several files."""


@dataclass(frozen=True)
class Saved:
    """Files that were saved."""

    paths: frozenset[Path]


@dataclass(frozen=True)
class Key:
    name: str


class Superseded(Exception):
    """Something was saved while tests ran, or `q` was pressed: their result is of no interest any more."""


class Watch:
    """`grade watch`, until `q` or Ctrl-C."""

    def __init__(
        self, course: Course, paths: Sequence[Path], only: Sequence[str], options: Options, out: Console
    ) -> None:
        self._course = course
        self._paths = paths
        self._options = options
        self._out = out
        self._session = Session(course, paths, only, Recall(course, options.off))
        self._events: Queue[Saved | Key] = Queue()

    def run(self) -> None:
        with (
            tempfile.TemporaryDirectory(prefix="grade-", ignore_cleanup_errors=True) as scratch,
            _station(self._course, self._options, Path(scratch)) as station,
            keys.pressed(lambda key: self._events.put(Key(key.lower()))),
            _watched(self._paths, self._events),
        ):
            self._grade(station, [self._session.current])
            while self._handle(self._events.get(), station):
                pass

    def _handle(self, event: Saved | Key, station: Station) -> bool:
        """False where it is time to quit."""
        match event:
            case Key("q"):
                return False
            case Key("n"):
                self._session.turn_to(self._session.next())
                self._grade(station, [self._session.current])
            case Key("a"):
                self._grade(station, self._session.names)
                screen.show_all(self._session, self._course, self._out)
            case Key("h"):
                current = self._session.current
                hint = next_hint(self._course, current, self._session.results.get(current))
                screen.show(self._session, self._course, self._out, hint)
            case Saved(paths):
                self._session.turn_to(self._session.saved(paths) or self._session.current)
                self._grade(station, [self._session.current])
        return True

    def _grade(self, station: Station, names: Sequence[str]) -> None:
        """Grade what has changed of the exercises `names`, and show the current one."""
        try:
            submission = self._session.read()
            due = tuple(attempt for attempt in self._session.open() if attempt.exercise.name in names)
            if due:
                graded = replace(submission, attempts=due)
                with progress(self._out) as tell:
                    report = station.grade(graded, self._options, lambda event: self._told(event, tell))
                self._session.note(report, graded)
        except Superseded:
            return  # the save is the next event
        except UsageError as error:
            self._out.print(str(error), style="red")
            return
        screen.show(self._session, self._course, self._out)

    def _told(self, event: Event, tell: Callable[[Event], None]) -> None:
        """Called with each event of a judge: stops it where something was saved meanwhile, or is to end."""
        with self._events.mutex:
            if any(isinstance(waiting, Saved) or waiting == Key("q") for waiting in self._events.queue):
                raise Superseded
        tell(event)


@contextmanager
def _station(course: Course, options: Options, scratch: Path) -> Iterator[Station]:
    station = Station(course, Submission.unusable("", course, (), ""), options, scratch)
    try:
        yield station
    finally:
        station.close()


@contextmanager
def _watched(paths: Sequence[Path], events: Queue[Saved | Key]) -> Iterator[None]:
    """Puts what is saved below `paths` into `events`."""
    stop = threading.Event()

    def watch() -> None:
        for changes in watchfiles.watch(*paths, step=STEP_MS, stop_event=stop, watch_filter=_Answers()):
            events.put(Saved(frozenset(Path(path) for _, path in changes)))

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(timeout=5)


class _Answers(watchfiles.DefaultFilter):
    """Everything but what editors and this grader leave about."""

    def __call__(self, change: watchfiles.Change, path: str) -> bool:
        return FOLDER not in Path(path).parts and super().__call__(change, path)
