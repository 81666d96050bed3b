"""`results.json` of Gradescope's autograders.

The format: https://gradescope-autograders.readthedocs.io/en/latest/specs/. What matters here:

- `score` is the submission's. Without it Gradescope adds up the tests, and those without a score count nothing.
- A test with neither `score` nor `status` is information: neither passed nor failed. That is what a test is that
  nobody has decided (deferred to a GPU, or the grader at fault). What it is worth stands in its text.
- Every test is `visible`, hidden ones as well: their titles, messages and hints are made for students, and their
  inputs and expected values are in no report. Where a test is not visible, Gradescope hides the total too.
- What the autograder prints is for instructors: `stdout_visibility` is `hidden`.
- All texts are `text`: HTML, Markdown and colours in what a submission printed stay characters.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from grader.csv_cells import number
from grader.display import FAULT
from grader.errors import UsageError
from grader.report import UNDECIDED, Exercise, Report, Test, clean, one_line
from grader.words import WORDS

FAILED = (
    "The autograder failed; your work is not at fault, and this score is no grade.\n"
    "Please tell the course staff, with a link to this page. They can mend the autograder and run it again."
)

Verdict = Literal["passed", "failed"]


class Case(msgspec.Struct, kw_only=True, frozen=True):
    """One test, as Gradescope shows it. Undecided tests have no score and no status."""

    number: str
    name: str
    output: str
    score: float | UnsetType = UNSET
    max_score: float | UnsetType = UNSET
    status: Verdict | UnsetType = UNSET
    visibility: Literal["visible"] = "visible"
    name_format: Literal["text"] = "text"
    output_format: Literal["text"] = "text"


class Results(msgspec.Struct, kw_only=True, frozen=True):
    """The whole file."""

    score: float
    execution_time: float
    output: str
    tests: list[Case]
    output_format: Literal["text"] = "text"
    visibility: Literal["visible"] = "visible"
    stdout_visibility: Literal["hidden"] = "hidden"


def results(report: Report) -> bytes:
    """`results.json` for `report`.

    Raises:
        UsageError: it was made with --in-process, and is no grade.
    """
    if report.environment.isolation.processes == "none":
        whose = one_line(report.submission.id)
        raise UsageError(f"The report of {whose} was made with --in-process and is no grade. Grade it again without.")
    return _json(
        Results(
            score=report.score,
            execution_time=report.duration_s,
            output="\n".join(_overview(report)),
            tests=[case for place, exercise in enumerate(report.exercises, 1) for case in _cases(exercise, str(place))],
        )
    )


def failure() -> bytes:
    """`results.json` for a submission that could not be graded.

    Gradescope needs a score. 0 is what its own harness writes where an autograder fails.
    """
    failed = Case(number="1", name="The autograder ran", output=FAILED, status="failed")
    return _json(Results(score=0.0, execution_time=0.0, output=FAILED, tests=[failed]))


def _json(results: Results) -> bytes:
    return msgspec.json.format(msgspec.json.encode(results), indent=2) + b"\n"


# The whole submission --------------------------------------------------------------------------


def _overview(report: Report) -> Iterator[str]:
    for exercise in report.exercises:
        yield f"{one_line(exercise.name)}: {number(exercise.score)} of {number(exercise.max_score)} points"
        yield from (f"    {line}" for line in _remarks(exercise))
    tests = [test for exercise in report.exercises for test in exercise.tests]
    yield from _undecided([test for test in tests if test.outcome == "deferred"], "wait for a machine with a GPU")
    faults = [test for test in tests if test.outcome == "error"]
    yield from _undecided(faults, "could not be judged: the grader is at fault")
    yield f"Seed {report.seed}."


def _remarks(exercise: Exercise) -> Iterator[str]:
    """What there is to say of the file, or of the suite."""
    if exercise.status == "error":
        yield f"{FAULT}. These points count neither for nor against you."
    for text in (exercise.message, *exercise.notes):
        yield from clean(text or "").splitlines()


def _undecided(tests: list[Test], why: str) -> Iterator[str]:
    if tests:
        points = number(round(sum(test.points for test in tests), 6))
        yield f"Tests that {why}: {len(tests)}, points: {points}; neither won nor lost here."


# One test --------------------------------------------------------------------------------------


def _cases(exercise: Exercise, place: str) -> Iterator[Case]:
    for index, (test, name) in enumerate(zip(exercise.tests, _names(exercise.tests), strict=True), 1):
        decided = test.outcome not in UNDECIDED
        yield Case(
            number=f"{place}.{index}",
            name=f"{one_line(exercise.name)}: {name}",
            output="\n".join(_output(test)),
            score=test.score if decided else UNSET,
            max_score=test.points if decided else UNSET,
            status=_status(test) if decided else UNSET,
        )


def _status(test: Test) -> Verdict:
    return "passed" if test.outcome == "passed" else "failed"


def _names(tests: Iterable[Test]) -> Iterator[str]:
    """The tests' titles. Cases are told apart by their ids, and hidden ones by number: an id could tell an input."""
    seen: Counter[str] = Counter()
    for test in tests:
        function, _, case = test.name.partition("[")
        seen[function] += 1
        title = one_line(test.title).removesuffix(".")
        label = one_line(case.removesuffix("]")) if test.visibility == "public" else str(seen[function])
        yield f"{title} (case {label})" if case else title


def _output(test: Test) -> Iterator[str]:
    """What became of a test: the outcome where it is no plain pass or loss, the message, the hint."""
    if test.outcome == "error":
        yield f"{FAULT}. {number(test.points)} points, neither won nor lost."
    elif test.outcome == "deferred":
        yield f"Waits for a machine with a GPU. {number(test.points)} points, neither won nor lost here."
    elif test.outcome not in ("passed", "failed"):
        yield f"{WORDS[test.outcome].capitalize()}."
    if test.message:
        yield clean(test.message)
    if test.hint and test.outcome not in ("passed", "todo", *UNDECIDED):
        yield f"Hint: {clean(test.hint)}"
