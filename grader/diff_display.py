"""The terminal: what `grade diff` found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from grader.csv_cells import number
from grader.diff import Circumstance, Diff, Marks, StudentChange, TestChange, Verdict
from grader.report import one_line
from grader.words import WORDS

MAX_DETAILS = 20  # of one student among several; --json FILE has them all
ABSENT = "not there"


def show(diff: Diff, out: Console) -> None:
    """Print `diff`: under which circumstances the sides were made, whose tests changed, and counts."""
    for circumstance in diff.circumstances:
        out.print(Text(_sentence(circumstance), style="yellow"))
    if diff.students:
        if diff.circumstances:
            out.print()
        out.print(_table(diff.students, out))
        out.print()
    for where, students in (("before", diff.students_before), ("after", diff.students_after)):
        if students:
            out.print(Text(f"Only {where}: {', '.join(map(one_line, students))}."))
    out.print(Text(_counts(diff)))


def _sentence(circumstance: Circumstance) -> str:
    old, new = (one_line(" and ".join(side)) for side in (circumstance.before, circumstance.after))
    return f"Different {circumstance.what}: {old} before, {new} after."


def _counts(diff: Diff) -> str:
    sides = {"only before": diff.students_before, "only after": diff.students_after}
    more = "".join(f", {len(students)} {where}" for where, students in sides.items() if students)
    return f"{len(diff.students)} changed, {diff.unchanged} unchanged{more}."


def _table(students: Sequence[StudentChange], out: Console) -> Table:
    arrow = "→" if out.encoding.startswith("utf") else "->"
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(overflow="fold", ratio=1)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, justify="right")
    for student in students:
        name = Text(one_line(student.id), style="bold")
        if not student.same_code:
            name.append("  other code", style="not bold dim")
        points = f"{_marks(student.before)} {arrow} {_marks(student.after)}"
        table.add_row(name, points, _change(student.before.score, student.after.score))
        details = list(_details(student, arrow))
        shown = len(details) if len(students) == 1 else MAX_DETAILS
        for what, words, change in details[:shown]:
            table.add_row(Text(f"  {what}"), words, change)
        if more := details[shown:]:
            table.add_row(Text(f"  and {len(more)} more; --json FILE has all", style="dim"), "", "")
    return table


def _details(student: StudentChange, arrow: str) -> Iterator[tuple[str, str, Text]]:
    for name in student.exercises_before:
        yield f"{one_line(name)}, the whole exercise", f"there {arrow} {ABSENT}", Text()
    for name in student.exercises_after:
        yield f"{one_line(name)}, the whole exercise", f"{ABSENT} {arrow} there", Text()
    for test in student.tests:
        yield _name(test), f"{_words(test.before)} {arrow} {_words(test.after)}", _difference(test)


def _name(test: TestChange) -> str:
    return f"{one_line(test.exercise)}  {one_line(test.name)}"


def _words(verdict: Verdict | None) -> str:
    return WORDS[verdict.outcome] if verdict else ABSENT


def _difference(test: TestChange) -> Text:
    before, after = (verdict.score if verdict else 0.0 for verdict in (test.before, test.after))
    worth = [number(verdict.points) for verdict in (test.before, test.after) if verdict]
    change = _change(before, after)
    return change.append(f" of {' and '.join(dict.fromkeys(worth))}", style="dim")


def _marks(marks: Marks) -> str:
    return f"{number(marks.score)}/{number(marks.max_score)}"


def _change(before: float, after: float) -> Text:
    change = round(after - before, 6)
    sign, style = ("+", "green") if change > 0 else ("", "red") if change < 0 else ("±", "dim")
    return Text(f"{sign}{number(change)}", style=style)
