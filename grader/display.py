"""The terminal: a report for a person to read. What runs meanwhile is in `progress`.

Whatever comes from a submission goes through `clean` and is printed as plain text: it cannot
colour, move, hide or fake anything. Colour is never the only carrier of a meaning.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from typing import TextIO

from rich.console import Console
from rich.padding import Padding
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from grader.course import Course
from grader.progress import progress
from grader.report import Exercise, Report, Status, Test, clean, one_line
from grader.words import LOST, alike, cases, count, headline, number, outcomes, points

__all__ = ["console", "next_step", "progress", "show"]

STYLES: dict[Status, str] = {"missing": "dim", "invalid": "red", "todo": "dim"}

FAULT = "The grader is at fault, not you"

MAX_LINES = 30  # of one message; the report has the whole
MAX_LINE = 500  # characters of one line
MAX_TITLES = 8  # in one sentence


def console(stream: TextIO) -> Console:
    """A console that prints text as it is: no markup, no emoji codes, no guessed colours."""
    return Console(file=stream, markup=False, highlight=False, emoji=False)


def show(report: Report, out: Console, course: Course | None = None, unchanged: Collection[str] = ()) -> None:
    """Print `report`: the table, what went wrong and what to do next.

    Args:
        course: tells where the lessons are.
        unchanged: exercises that were not graded again, since nothing has changed.
    """
    out.print()
    out.print(Padding(_table(report, out, unchanged), (0, 0, 0, 2)))
    for exercise in report.exercises:
        _show_exercise(exercise, out)
    _show_errors(report, out)
    out.print()
    for line in _notices(report, unchanged):
        out.print(Text(line, style="dim"))
    out.print(Text("Next: ", style="bold").append(Text(next_step(report, course), style="not bold")))


# The table -------------------------------------------------------------------------------------


def _table(report: Report, out: Console, unchanged: Collection[str]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    longest = max(len(name) for name in ("Total", *(exercise.name for exercise in report.exercises)))
    table.add_column(overflow="fold", width=min(longest, out.width // 3))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    table.add_column(ratio=1)
    width = max(6, min(24, (out.width - 48) // 3))
    for exercise in report.exercises:
        won = bar(exercise.score, exercise.max_score, exercise.deferred_points, width, out)
        told = Text(outcomes(exercise), style=STYLES.get(exercise.status, ""))
        if exercise.name in unchanged:
            told.append(", unchanged", style="dim")
        table.add_row(Text(one_line(exercise.name)), won, _score(exercise), told)
    if len(report.exercises) > 1:
        table.add_row("", "", "", "")
        won = bar(report.score, report.max_score, report.deferred_points, width, out)
        table.add_row(Text("Total", style="bold"), won, _score(report), _waiting(report))
    return table


def bar(score: float, decided: float, deferred: float, width: int, out: Console) -> Text:
    """Won, open and undecided points. Full only if all are won, and empty only if none is."""
    whole = decided + deferred
    won = max(int(width * (score / whole)), 1) if score else 0
    if whole and score == decided:  # nothing lost
        later = width - won
    else:
        later = min(int(width * (deferred / whole)), width - won - 1) if whole else 0
    solid, light, dots = ("━", "─", "·") if _is_unicode(out) else ("#", "-", ".")
    drawn = Text(solid * won, style="green")
    drawn.append(light * (width - won - later), style="dim")
    return drawn.append(dots * later, style="blue")


def _is_unicode(out: Console) -> bool:
    return out.encoding.startswith("utf")


def _score(marks: Exercise | Report) -> Text:
    full = marks.score == marks.max_score and marks.max_score > 0
    return Text(f"{number(marks.score)}/{number(marks.max_score)}", style="green" if full else "")


def _waiting(report: Report) -> Text:
    waiting = report.deferred_points
    return Text(f"{points(waiting)} still to be decided" if waiting else "", style="blue")


# One exercise ----------------------------------------------------------------------------------


def _show_exercise(exercise: Exercise, out: Console) -> None:
    """What is not right yet in `exercise`; nothing where all is right or nothing is written."""
    lost = [test for test in exercise.tests if test.outcome in LOST]
    todo = [test for test in exercise.tests if test.outcome == "todo"]
    unusable = exercise.status in ("missing", "invalid")
    if not (unusable or lost or exercise.notes or (todo and exercise.status != "todo")):
        return
    _heading(exercise, out)
    for note in exercise.notes:
        show_message(note, out)
    if exercise.message and exercise.status != "error":  # that stands with the grader's faults
        show_message(exercise.message, out)
    if unusable:
        return
    told: set[str] = set()
    for tests in alike(lost):
        show_lost(tests, out, told)
    _sentence("Not written yet", todo, out)


def _heading(exercise: Exercise, out: Console) -> None:
    out.print()
    heading = Text(one_line(exercise.name), style="bold")
    out.print(heading.append(f"  {one_line(exercise.title)}", style="not bold dim"))


def show_lost(tests: list[Test], out: Console, told: set[str]) -> None:
    """One lost test, or several cases of one that are alike.

    A message of one line is about the file, not about the test: a forbidden call, a missing name.
    It stands in `told` once it was shown, and is not repeated.
    """
    test = tests[0]
    cross = "✗" if _is_unicode(out) else "x"
    title = Text(f"{cross} ", style="red").append(headline(test.title), style="bold default")
    aside = ", ".join(filter(None, [LOST[test.outcome], cases(tests), points(sum(test.points for test in tests))]))
    out.print()
    out.print(Padding(title.append(f"  ({aside})", style="not bold dim"), (0, 0, 0, 2)))
    if test.message in told:
        show_message("As above.", out)
        return
    if test.message:
        show_message(test.message, out)
        if "\n" not in test.message:
            told.add(test.message)
    if test.hint:
        show_message(test.hint, out, lead="Hint: ")


def show_message(text: str, out: Console, lead: str = "") -> None:
    """A paragraph from a submission or a suite, made safe and cut."""
    out.print(Padding(Text(lead, style="cyan").append(_clipped(text), style="default"), (0, 0, 0, 4)))


def _clipped(text: str) -> str:
    """`text`, cleaned, with an end where it does not find one itself."""
    lines = clean(text).expandtabs(4).strip("\n").split("\n")
    kept = [line if len(line) <= MAX_LINE else f"{line[:MAX_LINE]} (...)" for line in lines[:MAX_LINES]]
    if len(lines) > MAX_LINES:
        kept.append(f"({len(lines) - MAX_LINES} more lines; --json FILE keeps them all)")
    return "\n".join(kept)


def _sentence(lead: str, tests: list[Test], out: Console) -> None:
    """`lead` and the titles of `tests`, in as few lines as it takes."""
    if tests:
        titles = list(dict.fromkeys(headline(test.title) for test in tests))
        more = [f"and {len(titles) - MAX_TITLES} more"] if len(titles) > MAX_TITLES else []
        out.print()
        text = Text(f"{lead}: ").append("; ".join([*titles[:MAX_TITLES], *more]), style="dim")
        out.print(Padding(text, (0, 0, 0, 2)))


# What is not about the answers -----------------------------------------------------------------


def _show_errors(report: Report, out: Console) -> None:
    lines = [line for exercise in report.exercises for line in _errors(exercise)]
    if lines:
        lead = "These points count neither for nor against you. Please show this to whoever runs the course.\n"
        out.print()
        out.print(Panel(Text("\n".join([lead, *lines])), title=Text(FAULT), border_style="red", title_align="left"))


def _errors(exercise: Exercise) -> Iterable[str]:
    name = one_line(exercise.name)
    tests = [test for test in exercise.tests if test.outcome == "error"]
    if exercise.status == "error" and exercise.message:
        yield f"{name}: {_clipped(exercise.message)}"
    elif exercise.status == "error" and not tests:
        yield f"{name}: no test was run."
    for test in tests:
        yield f"{name}, {headline(test.title)}: {_clipped(test.message or 'no reason was recorded')}"


def _notices(report: Report, unchanged: Collection[str]) -> Iterable[str]:
    isolation = report.environment.isolation
    if isolation.processes == "none":
        yield "Run in the grader's own process (--in-process): good for debugging, not a grade."
    elif isolation.missing:
        layers = "; ".join(f"{layer} ({reason})" if reason else layer for layer, reason in isolation.missing.items())
        yield clean(f"Not confined by {layers}. That is fine for your own files, not for other people's.")
    deferred = [test for exercise in report.exercises for test in exercise.tests if test.outcome == "deferred"]
    if deferred:
        what = f"{count(len(deferred), 'test')}, {points(sum(test.points for test in deferred))}"
        yield f"Deferred to a machine with a GPU: {what}; neither won nor lost here."
    if unchanged:
        yield f"Not graded again, since nothing has changed: {count(len(unchanged), 'exercise')}. --fresh grades anew."
    if len(unchanged) < len(report.exercises):
        yield f"Seed {report.seed}: --seed {report.seed} grades with the same inputs again."


def next_step(report: Report, course: Course | None = None) -> str:
    """One sentence: what the student does next. The first exercise that is not right yet decides."""
    if not report.exercises:
        return "nothing was graded."
    if any(exercise.status == "error" for exercise in report.exercises):
        return "report the fault above; the other exercises are graded as usual."
    unfinished = [exercise for exercise in report.exercises if exercise.status not in ("passed", "deferred")]
    if unfinished:
        return _step(unfinished[0], course)
    if report.deferred_points:
        waiting = points(report.deferred_points)
        return f"nothing to do here, well done. {waiting} will be decided on a machine with a GPU."
    return "nothing left to do here, all is right. Well done!"


def _step(exercise: Exercise, course: Course | None) -> str:
    name = one_line(exercise.name)
    lost = [test for test in exercise.tests if test.outcome in LOST]
    if exercise.status == "missing":
        return f"write {name}.py.{_lesson(exercise.name, course)}"
    if exercise.status == "invalid":
        return f"mend {name}.py, so that it can be loaded."
    if lost:
        return f'{name}, "{headline(lost[0].title)}". Add --only {name} to see it alone.'
    return f"go on with {name}.{_lesson(exercise.name, course)}"


def _lesson(name: str, course: Course | None) -> str:
    lessons = [exercise.lesson for exercise in course.exercises if exercise.name == name] if course else []
    if not lessons or not lessons[0].is_file():
        return ""
    path = os.path.relpath(lessons[0])
    return f" Its lesson: {lessons[0] if path.startswith('..') else path}"
