"""What `grade watch` shows: one screen, drawn anew each time; on no terminal, one below the other."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from grader.course import Course
from grader.display import bar, show_lost, show_message
from grader.report import Exercise, one_line
from grader.watch.session import Session
from grader.words import LOST, alike, count, headline, number, outcomes

MAX_PASSED = 5
"""Titles of what passed since the last save; more are counted."""

KEYS = {"n": "next exercise", "h": "hint", "a": "all", "q": "quit"}


def show(session: Session, course: Course, out: Console, hint: str | None = None) -> None:
    """The current exercise: what passed since the last save, the first failing test in full, the rest in a line."""
    out.clear()
    _progress(session, course, out)
    exercise = session.results.get(session.current)
    if exercise is None:
        out.print(Text(f"{session.current} was not graded yet.", style="dim"))
    else:
        _exercise(exercise, session.passed, out)
    if hint is not None:
        out.print()
        show_message(hint, out, lead="Hint: ")
    _keys(out)


def show_all(session: Session, course: Course, out: Console) -> None:
    """A line for each exercise."""
    out.clear()
    _progress(session, course, out)
    table = Table.grid(padding=(0, 2, 0, 0))
    for name in session.names:
        exercise = session.results.get(name)
        marks = f"{number(exercise.score)}/{number(exercise.max_score)}" if exercise else ""
        told = outcomes(exercise) if exercise else "not graded yet"
        here = ">" if name == session.current else " "
        table.add_row(Text(f"{here} {name}", style="bold" if name == session.current else ""), Text(marks), Text(told))
    out.print(table)
    _keys(out)


def _progress(session: Session, course: Course, out: Console) -> None:
    done = sum(session.is_done(name) for name in session.names)
    results = session.results.values()
    score, decided = (sum(marks) for marks in ((one.score for one in results), (one.max_score for one in results)))
    line = Text(f"{one_line(course.name)}  ", style="bold")
    line.append(f"{done} of {count(len(session.names), 'exercise')} done, {number(score)} points", style="not bold")
    out.print(line)
    if decided:
        out.print(bar(score, decided, 0.0, min(out.width - 1, 60), out))
    out.print()


def _exercise(exercise: Exercise, passed: Sequence[str], out: Console) -> None:
    heading = Text(one_line(exercise.name), style="bold")
    heading.append(f"  {number(exercise.score)}/{number(exercise.max_score)}  {outcomes(exercise)}", style="not bold")
    out.print(heading)
    for message in (exercise.message, *exercise.notes):
        if message:
            show_message(message, out)
    if passed:
        more = [f"and {len(passed) - MAX_PASSED} more"] if len(passed) > MAX_PASSED else []
        out.print(Text(f"Since the last save: {'; '.join([*passed[:MAX_PASSED], *more])}.", style="green"))
    lost = alike(test for test in exercise.tests if test.outcome in LOST)
    if exercise.status == "invalid":
        return
    if lost:
        show_lost(lost[0], out, set())
    rest = [*lost[1:], *alike(test for test in exercise.tests if test.outcome in ("todo", "error"))]
    _in_a_line_each(rest, out)
    if not lost and not rest:
        out.print(Text("All is right here.", style="green"))


def _in_a_line_each(groups: Sequence[Sequence[object]], out: Console) -> None:
    """As many as fit on the screen; how many more there are."""
    room = max(3, out.height - 30) if out.is_terminal else len(groups)
    titles = list(dict.fromkeys((group[0].outcome, headline(group[0].title)) for group in groups))  # type: ignore[attr-defined]
    if titles:
        out.print()
    for outcome, title in titles[:room]:
        sign = "○" if outcome == "todo" else "✗"
        sign = sign if out.encoding.startswith("utf") else {"○": "o", "✗": "x"}[sign]
        out.print(Padding(Text(f"{sign} {title}", no_wrap=True, overflow="ellipsis", style="dim"), (0, 0, 0, 2)))
    if len(titles) > room:
        out.print(Text(f"  and {len(titles) - room} more", style="dim"))


def _keys(out: Console) -> None:
    if out.is_terminal:
        out.print()
        out.print(Text("  ".join(f"[{key}] {what}" for key, what in KEYS.items()), style="dim"))
