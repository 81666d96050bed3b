"""From what happened in a test to its outcome, and to what the student may read of it.

For a hidden test nothing is passed on that the submission could have put there (its exceptions'
texts, its printing, its values), and nothing of the test but what its author wrote for students.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from grader.bans.source import Violation
from grader.boundary.failures import Raised
from grader.boundary.wire import CannotCross
from grader.events import Target
from grader.judge.link import Seen, WorkerGone
from grader.judge.wording import Call, place, places
from grader.report import Outcome
from grader.testing import STAGES, Mismatch, Stage

MAX_TEXT = 2000
MAX_PRINTED = 1000
WRONG = "The answer is not the expected one."

NOT_DECIDED_BY_SUITE = (pytest.skip.Exception, pytest.xfail.Exception)


@dataclass(frozen=True)
class Verdict:
    """`message` may be shown to the student."""

    outcome: Outcome
    message: str | None = None
    forbidden: bool = False


@dataclass(frozen=True)
class Happened:
    """What happened in one test.

    `errors`: the exception that ended each of setup, call and teardown; those that went well are absent.
    """

    public: bool
    errors: Mapping[str, BaseException]
    seen: Seen
    gone: WorkerGone | None
    target: Target


def judge(happened: Happened) -> Verdict:
    """The verdict on a test that ran."""
    lost = next((error for error in happened.errors.values() if isinstance(error, WorkerGone)), happened.gone)
    if lost is not None:
        return Verdict(lost.outcome, _told(happened, [lost.message]))
    if happened.seen.violation is not None or happened.seen.denied is not None:
        return Verdict("failed", _forbidden(happened), forbidden=True)
    if happened.seen.absent is not None:
        return Verdict("failed", f"{happened.target.file} defines no {happened.seen.absent}.")
    if happened.seen.unwritten:
        return Verdict("todo")
    for error in happened.errors.values():
        return _of_error(error, happened)
    return Verdict("passed")


def _of_error(error: BaseException, happened: Happened) -> Verdict:
    if isinstance(error, Mismatch):
        return Verdict("failed", _told(happened, _mismatch(error, happened.public), error.actual))
    if isinstance(error, Raised):
        return Verdict("failed", _told(happened, _raised(error, happened)))
    if isinstance(error, AssertionError | pytest.fail.Exception):
        return Verdict("failed", _told(happened, _assertion(error, happened.public)))
    if isinstance(error, NotImplementedError):  # in this process, with --in-process
        return Verdict("todo")
    if isinstance(error, NOT_DECIDED_BY_SUITE):
        return Verdict("error", f"The suite left the test out: {error}")
    untouched = isinstance(error, CannotCross) or "call" not in happened.errors  # unless an answer is what it is about
    if not happened.seen.asked or (untouched and not happened.seen.answered):
        return Verdict("error", f"The test itself failed: {type(error).__name__}: {error}"[:MAX_TEXT])
    # The suite stumbled over what the submission gave it. Were it an error, an odd answer would cost nothing.
    detail = f": {error}" if happened.public else ""
    lines = [f"What came back cannot be used as the test needs it ({type(error).__name__}{detail})."]
    return Verdict("failed", _told(happened, lines))


def _told(happened: Happened, lines: Iterable[str], actual: Any = None) -> str:
    """The call that went wrong and `lines`; for a public test also what was printed."""
    call = _call(happened.seen, actual)
    if call is None:
        head = []
    elif happened.public:
        head = [f"{_written(call)}."]
    else:
        head = [f"In {call.label}:"]
    text = "\n".join([*head, *filter(None, lines)])[:MAX_TEXT]
    if happened.public and happened.seen.printed.strip():
        printed = happened.seen.printed.rstrip()
        text += f"\nPrinted:\n{printed[:MAX_PRINTED]}" + ("\n… and more" if len(printed) > MAX_PRINTED else "")
    return text


def _call(seen: Seen, actual: Any) -> Call | None:
    """The call that `actual` came from; otherwise the last one."""
    came = [call for call in seen.calls if actual is not None and call.result is actual]
    return came[-1] if came else seen.calls[-1] if seen.calls else None


def _written(call: Call) -> str:
    """The call in words, without what came back where words fail: a list may hold itself."""
    try:
        return str(call)
    except RecursionError:
        return f"{call.label}({call.given}) returned what cannot be written out"


def _mismatch(error: Mismatch, public: bool) -> list[str]:
    stage = STAGES[error.stage]
    detail = f": {error.detail}" if public else ""
    return [
        f"Expected: {error.rule}.",
        f"{stage[0].upper()}{stage[1:]}{detail}.",
        f"This is what {error.mistake} gives." if error.mistake else "",
    ]


def _raised(error: Raised, happened: Happened) -> list[str]:
    where = places(error.lines, happened.target)
    if happened.public:
        return [f"{error.kind}: {error.message}" if error.message else error.kind, where]
    return [f"Your code raised {error.builtin.__name__}.", where]


def _assertion(error: BaseException, public: bool) -> list[str]:
    """What the author wrote; for a public test also what did not hold, as pytest explains it."""
    text = str(error)
    if text.startswith("DID NOT RAISE"):
        return ["An error was to be raised here, and none was.", *([f"({text})"] if public else [])]
    written, found, explained = ("", "assert ", text[7:]) if text.startswith("assert ") else text.partition("\nassert ")
    if found:
        if not public:
            return [f"{written}." if written else WRONG]
        broken = explained.partition("\n")[0]  # the lines below it say where values came from, in the test's terms
        return [f"{written}." if written else "", f"This does not hold: {broken}"]
    if public or isinstance(error, pytest.fail.Exception):
        return [text]
    stage = _stage(text)
    return [f"{STAGES[stage][0].upper()}{STAGES[stage][1:]}." if stage else WRONG]


def _stage(text: str) -> Stage | None:
    """The stage at which torch.testing.assert_close gave up, from how its message begins."""
    starts: dict[str, Stage] = {
        "Tensor-likes are not": "values",
        "Scalars are not": "values",
        "The values for attribute 'shape'": "shape",
        "The values for attribute 'dtype'": "dtype",
        "The values for attribute 'device'": "device",
    }
    return next((stage for start, stage in starts.items() if text.startswith(start)), None)


def _forbidden(happened: Happened) -> str:
    violation: Violation | None = happened.seen.violation
    if violation is not None:
        return f"{place(violation.line, happened.target)}: {violation.reason}"
    assert happened.seen.denied is not None
    name, line = happened.seen.denied
    where = places([line], happened.target)
    return f"Your code calls {name}, which this exercise asks you to do without." + (f"\n{where}" if where else "")
