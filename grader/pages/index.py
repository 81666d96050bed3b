"""The overview of a class, for whoever runs the course.

The reports come one at a time and are gone once they are counted; what is kept grows with the course and with
the rows of the summary, not with what was handed in.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from grader.batch.summary import ExerciseInfo, Marks, Standing, Student, Summary
from grader.pages.charts import LEVELS, heat_map, histogram
from grader.pages.failing import Failures
from grader.pages.theme import render
from grader.pages.words import STANDINGS, first_lines, percent, shares
from grader.report import Report
from grader.words import count, number

MAX_FAILING = 15
MAX_SAID = 3
"""Messages that are shown of one failing test."""

MAX_REASONS = 6  # why to look at a student; the page and the report have them all
REASON_LINES, REASON_CHARS = 4, 300


@dataclass
class Counters:
    """What is kept of the reports."""

    reports: int = 0
    failures: Failures = field(default_factory=Failures)
    versions: Counter[str] = field(default_factory=Counter)
    processes: Counter[str] = field(default_factory=Counter)
    held: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)

    def add(self, report: Report) -> None:
        """Count one report."""
        self.reports += 1
        self.failures.add(report)
        environment, isolation = report.environment, report.environment.isolation
        torch = f", torch {environment.torch}" if environment.torch else ""
        self.versions[f"grader {environment.grader}, Python {environment.python}{torch}, {environment.device}"] += 1
        self.processes[isolation.processes] += 1
        self.held.update(isolation.held)
        self.missing.update(f"{layer} ({why})" if why else layer for layer, why in isolation.missing.items())


@dataclass(frozen=True)
class ExerciseRow:
    """One exercise over the whole class."""

    info: ExerciseInfo
    won: float  # percent of the decided points, for the bar
    share: str
    full: int
    started: int


def index_page(summary: Summary, reports: Iterable[tuple[Student, Report]]) -> str:
    """The HTML page of a class. `reports` is read once, one report at a time."""
    counters = Counters()
    for _, report in reports:
        counters.add(report)
    students = summary.students
    points = sum(exercise.points for exercise in summary.exercises)
    totals = [student.score for student in students]
    return render(
        "index.html.j2",
        script=True,
        title=f"{summary.course.name}: the class",
        summary=summary,
        points=points,
        figures=_figures(students, points),
        histogram=histogram(totals, points) if students else None,
        heat_map=heat_map(students, summary.exercises) if students and summary.exercises else None,
        levels=LEVELS,
        exercises=[_exercise(info, students) for info in summary.exercises],
        failing=counters.failures.worst(MAX_FAILING),
        max_said=MAX_SAID,
        to_look_at=[(student, _reasons(student)) for student in students if student.look],
        standings=_standings(students),
        cell=_cell,
        earlier=[student for student in students if student.earlier],
        counters=counters,
        everywhere=lambda many: "" if many == counters.reports else f"in {many} of {counters.reports} reports",
    )


def _figures(students: list[Student], points: float) -> list[tuple[str, str, str]]:
    """The page's first numbers: what it is, the number, and a word on it."""
    totals = [student.score for student in students]
    decided = sum(student.max_score for student in students)
    open_points = sum(student.deferred_points for student in students)
    waiting = sum(bool(student.deferred_points) for student in students)
    empty = sum(student.standing == "missing" for student in students)
    looks = sum(bool(student.look) for student in students)
    mean, median = (statistics.fmean(totals), statistics.median(totals)) if totals else (0.0, 0.0)
    return [
        ("Students", f"{len(students)}", f"{empty} without an answer"),
        ("Mean", f"{mean:.1f}", f"of {number(points)}, {percent(mean, points)}"),
        ("Median", f"{median:.1f}", f"of {number(points)}, {percent(median, points)}"),
        ("Points decided", percent(decided, decided + open_points), "of all that can be had"),
        ("Deferred", f"{waiting}", f"waiting for {number(open_points)} points in all"),
        ("Need a look", f"{looks}", "by a person"),
    ]


def _exercise(info: ExerciseInfo, students: list[Student]) -> ExerciseRow:
    marks = [student.exercises[info.name] for student in students if info.name in student.exercises]
    score, decided = sum(one.score for one in marks), sum(one.max_score for one in marks)
    return ExerciseRow(
        info=info,
        won=shares(score, decided, 0.0)[0],
        share=percent(score, decided),
        full=sum(one.status in ("passed", "deferred") for one in marks),
        started=sum(one.status not in ("missing", "todo") for one in marks),
    )


def _cell(marks: Marks | None) -> str:
    """An exercise in the table of students."""
    return "–" if marks is None or marks.status == "missing" else number(marks.score)


def _reasons(student: Student) -> list[str]:
    reasons = [first_lines(reason, REASON_LINES, REASON_CHARS) for reason in student.look[:MAX_REASONS]]
    more = len(student.look) - MAX_REASONS
    return [*reasons, f"and {count(more, 'more reason')}"] if more > 0 else reasons


def _standings(students: list[Student]) -> list[tuple[Standing, str]]:
    """The standings that there are, for the filter."""
    present = {student.standing for student in students}
    return [(standing, word) for standing, word in STANDINGS.items() if standing in present]
