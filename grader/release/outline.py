"""What tests a course has, as its own judge collects them: which are public, what they are called and are worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import msgspec

from grader.course import Course, Exercise
from grader.errors import CourseError
from grader.grading import Options, grade, switched_off
from grader.processes.child import Launcher
from grader.report import Exercise as ExerciseReport
from grader.report import Report, Test, total
from grader.submission import Attempt, Submission

TODO = ("todo", "deferred")
PASSED = ("passed", "deferred")


class HiddenTest(msgspec.Struct, frozen=True):
    """What students know of a hidden test before they hand in: the cases of one function are one test."""

    title: str
    points: float


class Hidden(msgspec.Struct, frozen=True):
    """The hidden tests of one exercise."""

    name: str
    title: str
    tests: list[HiddenTest]


@dataclass(frozen=True)
class Outline:
    """One exercise's tests. Functions are named as in the suite, in its order."""

    exercise: Exercise
    public: tuple[str, ...]
    hidden: tuple[str, ...]
    cases: tuple[Test, ...]

    def points(self, visibility: str) -> float:
        return total([case.points for case in self.cases if case.visibility == visibility])

    def graded_on_submission(self) -> Hidden:
        tests = []
        for name in self.hidden:
            cases = [case for case in self.cases if _function(case) == name and case.visibility == "hidden"]
            tests.append(HiddenTest(cases[0].title, total([case.points for case in cases])))
        return Hidden(self.exercise.name, self.exercise.title, tests)


def outlines(course: Course, launcher: Launcher) -> list[Outline]:
    """The tests of each exercise; nothing of a submission runs.

    Raises:
        CourseError: a suite cannot be collected.
    """
    attempts = [Attempt(each, f"{each.name}.py", status="missing") for each in course.exercises]
    return [
        Outline(exercise, _functions(found, "public"), _functions(found, "hidden"), tuple(found.tests))
        for exercise, found in zip(course.exercises, run(course, attempts, launcher).exercises, strict=True)
    ]


def run(course: Course, attempts: Sequence[Attempt], launcher: Launcher) -> Report:
    """Grade `attempts`, in the order of the course's exercises, one for each.

    Raises:
        CourseError: a suite is at fault.
    """
    options = Options(seed=0, off=switched_off())
    report = grade(course, Submission(course.name, "", tuple(attempts)), options, launcher)
    for found in report.exercises:
        if found.status == "error" and (found.message or not found.tests):
            raise CourseError(f"The suite of {found.name} in {course.root} is at fault. {found.message}")
    return report


def prove(course: Course, released: Course, whole: Sequence[Outline], launcher: Launcher) -> None:
    """Try what is released of `course`: its tests are those of `whole`, its stubs win nothing, solutions everything.

    Raises:
        CourseError: that is not so.
    """
    for before, after in zip(whole, outlines(released, launcher), strict=True):
        expected = [case for case in before.cases if _function(case) in after.public + after.hidden]
        worth = {case.name: (case.points, case.visibility) for case in after.cases}
        lost = [name for name in before.public if name not in after.public]
        if lost or worth != {case.name: (case.points, case.visibility) for case in expected}:
            raise CourseError(
                f"The released suite of {before.exercise.name} does not hold the tests that it should"
                f"{', such as ' + lost[0] if lost else ''}. A public test is a function or a method of its own."
            )
    _each(released, lambda each: each.stub.read_bytes(), TODO, "The stub", launcher)
    solutions = {each.name: each.solution.read_bytes() for each in course.exercises}
    _each(released, lambda each: solutions[each.name], PASSED, "The solution", launcher)


def _each(
    course: Course, source: Callable[[Exercise], bytes], allowed: Sequence[str], what: str, launcher: Launcher
) -> None:
    attempts = [Attempt(each, f"{each.name}.py", source=source(each)) for each in course.exercises]
    for found in run(course, attempts, launcher).exercises:
        _hold(found, allowed, what)


def _hold(found: ExerciseReport, allowed: Sequence[str], what: str) -> None:
    for test in found.tests:
        if test.outcome not in allowed:
            raise CourseError(
                f"{what} of {found.name} does not fit the suite that students get: {test.name} {test.outcome}. "
                f"{test.message or ''} A public test may use what stands in its own suite, and nothing beside it."
            )


def _functions(found: ExerciseReport, visibility: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_function(test) for test in found.tests if test.visibility == visibility))


def _function(test: Test) -> str:
    return test.name.partition("[")[0]
