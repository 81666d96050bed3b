"""The course against itself.

For each exercise: the stub scores nothing and every test calls it unwritten; the solution and the
alternatives score everything; each wrong answer is rejected by each of the tests that it names;
every hidden test has a wrong answer that it rejects; every test has a hint, and every task of the
stub has its three hints in the lesson.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Literal

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from grader.answers import Answer, WrongAnswer, right_answers, wrong_answers
from grader.course import Course, Exercise
from grader.grading import Options, grade, switched_off
from grader.hints import tasks_in
from grader.processes.child import Launcher
from grader.processes.launch import WARM, launched
from grader.report import Report, Test, clean
from grader.submission import Attempt, Submission

HINTS = 3
"""How many steps a task's hints have."""

ALTERNATIVES = 2
"""How many right answers in other styles an exercise has at least."""

TASK = re.compile(r"TODO (\d+)")


@dataclass(frozen=True)
class Case:
    """One answer, and the function that says what is wrong with its report."""

    kind: Literal["stub", "right", "wrong"]
    answer: Answer
    judge: Callable[[Report], Iterator[str]]
    tests: tuple[str, ...] | None = None

    def __str__(self) -> str:
        return self.kind if self.kind == "stub" else f"{self.kind} answer {self.answer.name}"


@dataclass(frozen=True)
class Findings:
    """What was found of one exercise. `problems` is empty where all is well."""

    exercise: Exercise
    points: float
    tests: int
    checked: Counter[str]
    sound: Counter[str]
    problems: list[str]


def check(course: Course, only: Sequence[str], seed: int, jobs: int, out: Console) -> bool:
    """Check the exercises in `only` (all, where it is empty) and print what was found. True if all is well.

    Raises:
        UsageError, CourseError: as for the course and its answers.
    """
    exercises = course.select(only)
    off = switched_off()
    with (
        launched((*course.settings.preload, *WARM), off) as launcher,
        Progress(console=out, transient=True, disable=not out.is_terminal) as bar,
    ):
        found = [
            check_exercise(course, exercise, Options(seed=seed, off=off), launcher, jobs)
            for exercise in bar.track(exercises, description="Checking")
        ]
    _show(found, out)
    return not any(findings.problems for findings in found)


def check_exercise(course: Course, exercise: Exercise, options: Options, launcher: Launcher, jobs: int) -> Findings:
    """Check one exercise, `jobs` answers at a time.

    Raises:
        CourseError: its answers cannot be read.
    """
    cases = _cases(course, exercise)
    with ThreadPoolExecutor(jobs) as pool:
        reports = list(pool.map(lambda case: _report(course, exercise, case, options, launcher), cases))
    problems = {case: list(case.judge(report)) for case, report in zip(cases, reports, strict=True)}
    stub = reports[0]
    named = {name for case in cases for name in case.tests or ()}
    return Findings(
        exercise=exercise,
        points=stub.max_score + stub.deferred_points,
        tests=len(_tests(stub)),
        checked=Counter(case.kind for case in cases),
        sound=Counter(case.kind for case in cases if not problems[case]),
        problems=[
            *(f"{case}: {problem}" for case in cases for problem in problems[case]),
            *_gaps(exercise, cases, _tests(stub), named),
        ],
    )


def _cases(course: Course, exercise: Exercise) -> list[Case]:
    return [
        Case("stub", Answer("stub", exercise.stub.read_bytes()), _unwritten),
        *(Case("right", answer, _all_passed) for answer in right_answers(course, exercise)),
        *(Case("wrong", wrong, _Rejected(wrong), wrong.tests) for wrong in wrong_answers(course, exercise)),
    ]


def _report(course: Course, exercise: Exercise, case: Case, options: Options, launcher: Launcher) -> Report:
    attempt = Attempt(exercise, f"{exercise.name}.py", source=case.answer.source)
    submission = Submission(case.answer.name, "", (attempt,))
    only = None if case.tests is None else {exercise.name: case.tests}
    return grade(course, submission, replace(options, only_tests=only), launcher)


# What a report is to say -----------------------------------------------------------------------


def _tests(report: Report) -> list[Test]:
    return [test for exercise in report.exercises for test in exercise.tests]


def _faults(report: Report) -> Iterator[str]:
    for exercise in report.exercises:
        if exercise.status in ("error", "invalid", "missing"):
            yield exercise.message or f"its status is {exercise.status}"


def _unexpected(report: Report, *allowed: str) -> Iterator[str]:
    yield from _faults(report)
    for test in _tests(report):
        if test.outcome not in allowed:
            yield f"{test.name} {test.outcome}. {test.message or ''}".strip()


def _unwritten(report: Report) -> Iterator[str]:
    return _unexpected(report, "todo", "deferred")


def _all_passed(report: Report) -> Iterator[str]:
    return _unexpected(report, "passed", "deferred")


class _Rejected:
    """Each test named has at least one case that the answer loses."""

    def __init__(self, answer: WrongAnswer) -> None:
        self._answer = answer

    def __call__(self, report: Report) -> Iterator[str]:
        yield from _faults(report)
        for name in self._answer.tests:
            tests = [test for test in _tests(report) if _function(test) == name]
            if not tests:
                yield f"there is no test {name}"
            elif not any(test.outcome in ("failed", "crashed", "timeout") for test in tests):
                yield f"{name} does not reject it: {', '.join(sorted({test.outcome for test in tests}))}"


def _function(test: Test) -> str:
    return test.name.partition("[")[0]


def _gaps(exercise: Exercise, cases: Sequence[Case], tests: Sequence[Test], named: Collection[str]) -> Iterator[str]:
    """What is missing around the answers. `named`: the tests that a wrong answer was made for."""
    for name in dict.fromkeys(_function(test) for test in tests if test.visibility == "hidden" and not test.gpu):
        if name not in named:
            yield f"no wrong answer is made for {name}"
    for name in dict.fromkeys(_function(test) for test in tests if not test.hint):
        yield f"{name} has no hint"
    if sum(case.kind == "right" for case in cases) < 1 + ALTERNATIVES:
        yield f"fewer than {ALTERNATIVES} alternatives beside the solution"
    lesson = exercise.lesson.read_text(encoding="utf-8") if exercise.lesson.is_file() else ""
    if not lesson:
        yield "there is no lesson"
    hints = {task.number: len(task.hints) for task in tasks_in(lesson)}
    for task in sorted({int(number) for number in TASK.findall(exercise.stub.read_text(encoding="utf-8"))}):
        if hints.get(task, 0) != HINTS:
            yield f"task {task} has {hints.get(task, 0)} hints in the lesson, not {HINTS}"


def _show(found: Sequence[Findings], out: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("exercise", "points", "tests", "right answers", "wrong answers"):
        table.add_column(heading, justify="left" if heading == "exercise" else "right")
    for of in found:
        counts = [f"{of.sound[kind]}/{of.checked[kind]}" for kind in ("right", "wrong")]
        table.add_row(of.exercise.name, f"{of.points:g}", str(of.tests), *counts)
    out.print(table)
    problems = [f"{of.exercise.name}, {problem}" for of in found for problem in of.problems]
    for problem in problems:
        out.print(Text("✗ ", style="red").append(clean(problem), style="default"))
    answers = sum(of.checked.total() for of in found)
    out.print(f"{answers} answers checked, {len(problems)} problem{'' if len(problems) == 1 else 's'}.")
