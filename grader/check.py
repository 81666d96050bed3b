"""The course against itself.

For each exercise: the stub scores nothing and every test calls it unwritten; the solution and the
alternatives score everything; each wrong answer is rejected by each of the tests that it names;
every hidden test has a wrong answer that it rejects; every test has a hint, and every task of the
stub has its three hints in the lesson.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from rich.text import Text

from grader.answers import Answer, WrongAnswer, right_answers, wrong_answers
from grader.course import Course, Exercise
from grader.grading import Options, grade, switched_off
from grader.processes.child import Launcher
from grader.processes.launch import launched
from grader.report import Report, Test
from grader.submission import Attempt, Submission

HINTS = 3
"""How many steps a task's hints have."""

TASK = re.compile(r"TODO (\d+)")
SECTION = re.compile(r"^### (\d+)\. ", re.MULTILINE)


@dataclass(frozen=True)
class Case:
    """One answer, and the function that says what is wrong with its report."""

    exercise: Exercise
    kind: str
    answer: Answer
    judge: Callable[[Report], Iterator[str]]
    tests: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Result:
    case: Case
    report: Report
    problems: list[str]


def check(course: Course, only: Sequence[str], seed: int, jobs: int, out: Console) -> bool:
    """Check the exercises in `only` (all, where it is empty) and print what was found. True if all is well.

    Raises:
        UsageError, CourseError: as for the course and its answers.
    """
    exercises = course.select(only)
    cases = [case for exercise in exercises for case in _cases(course, exercise)]
    off = switched_off()
    with launched(course.settings.preload, off) as launcher, ThreadPoolExecutor(jobs) as pool:
        run = _Runner(course, Options(seed=seed, off=off), launcher)
        with Progress(console=out, transient=True, disable=not out.is_terminal) as bar:
            results = list(bar.track(pool.map(run, cases), total=len(cases), description="Checking"))
    problems = [f"{_name(result.case)}: {problem}" for result in results for problem in result.problems]
    for exercise in exercises:
        mine = [result for result in results if result.case.exercise is exercise]
        problems += [f"{exercise.name}: {problem}" for problem in _gaps(exercise, mine)]
    _show(exercises, results, problems, out)
    return not problems


def _cases(course: Course, exercise: Exercise) -> Iterator[Case]:
    yield Case(exercise, "stub", Answer("stub", exercise.stub.read_bytes()), _unwritten)
    for answer in right_answers(course, exercise):
        yield Case(exercise, "right", answer, _all_passed)
    for wrong in wrong_answers(course, exercise):
        yield Case(exercise, "wrong", wrong, _Rejected(wrong), wrong.tests)


def _name(case: Case) -> str:
    return f"{case.exercise.name}, {case.kind if case.kind == case.answer.name else f'{case.kind} answer {case.answer.name}'}"


class _Runner:
    """Grades one case at a time; called from several threads."""

    def __init__(self, course: Course, options: Options, launcher: Launcher) -> None:
        self._course = course
        self._options = options
        self._launcher = launcher

    def __call__(self, case: Case) -> Result:
        attempt = Attempt(case.exercise, f"{case.exercise.name}.py", source=case.answer.source)
        submission = Submission(case.answer.name, "", (attempt,))
        options = Options(seed=self._options.seed, off=self._options.off, only_tests=case.tests)
        report = grade(self._course, submission, options, self._launcher)
        return Result(case, report, list(case.judge(report)))


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


def _gaps(exercise: Exercise, results: Sequence[Result]) -> Iterator[str]:
    """What is missing around the answers."""
    named = {name for result in results for name in result.case.tests or ()}
    tests = _tests(next(result.report for result in results if result.case.kind == "stub"))
    for name in dict.fromkeys(_function(test) for test in tests if test.visibility == "hidden" and not test.gpu):
        if name not in named:
            yield f"no wrong answer is made for {name}"
    for name in dict.fromkeys(_function(test) for test in tests if not test.hint):
        yield f"{name} has no hint"
    if sum(result.case.kind == "right" for result in results) < 3:
        yield "fewer than two alternatives beside the solution"
    lesson = exercise.lesson.read_text(encoding="utf-8") if exercise.lesson.is_file() else ""
    if not lesson:
        yield "there is no lesson"
    hints = hints_of(lesson)
    for task in sorted({int(number) for number in TASK.findall(exercise.stub.read_text(encoding="utf-8"))}):
        if len(hints.get(task, [])) != HINTS:
            yield f"task {task} has {len(hints.get(task, []))} hints in the lesson, not {HINTS}"


def hints_of(lesson: str) -> dict[int, list[str]]:
    """The hints in a lesson, by the number of their task, in the order in which they are to be given."""
    _, _, part = lesson.partition("\n## Hints\n")
    pieces = SECTION.split(part)
    found = re.compile(r"<details><summary>.*?</summary>(.*?)</details>", re.DOTALL)
    return {
        int(number): [hint.strip() for hint in found.findall(text)]
        for number, text in zip(pieces[1::2], pieces[2::2], strict=True)
    }


def _show(exercises: Sequence[Exercise], results: Sequence[Result], problems: Sequence[str], out: Console) -> None:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for heading in ("exercise", "points", "tests", "right answers", "wrong answers"):
        table.add_column(heading, justify="left" if heading == "exercise" else "right")
    for exercise in exercises:
        mine = [result for result in results if result.case.exercise is exercise]
        stub = next(result.report for result in mine if result.case.kind == "stub")
        points = stub.max_score + stub.deferred_points
        table.add_row(exercise.name, f"{points:g}", str(len(_tests(stub))), _count(mine, "right"), _count(mine, "wrong"))
    out.print(table)
    for problem in problems:
        out.print(Text("✗ ", style="red").append(problem, style="default"))
    out.print(f"{len(results)} answers checked, {len(problems)} problems.")


def _count(results: Sequence[Result], kind: str) -> str:
    of_kind = [result for result in results if result.case.kind == kind]
    return f"{sum(not result.problems for result in of_kind)}/{len(of_kind)}"
