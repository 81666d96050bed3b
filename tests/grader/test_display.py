"""The terminal: the table, what went wrong, what to do next, and what a hostile submission cannot do to it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from rich.console import Console

from grader import display
from grader.course import Course
from grader.display import MAX_LINE, MAX_LINES, MAX_TITLES, next_step, progress, show
from grader.events import Broken, Collected, Event, Finished, Started, TestInfo
from grader.report import (
    OUTCOMES,
    CourseId,
    Environment,
    Exercise,
    Isolation,
    Outcome,
    Report,
    Status,
    SubmissionId,
    Test,
    Visibility,
    exercise_report,
    total,
)

HOSTILE = "\x1b[2J\x1b[31mred\x1b]0;t\x07 [bold]b[/bold] :smile: \u202edesrever\rover\x07"


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever runs these tests may have told rich something about their own terminal."""
    for name in ("NO_COLOR", "FORCE_COLOR", "COLORTERM", "COLUMNS", "LINES", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")


def case(
    outcome: Outcome = "passed",
    points: float = 1.0,
    title: str = "Rows sum to one",
    name: str = "test_rows",
    message: str | None = None,
    hint: str | None = None,
    visibility: Visibility = "hidden",
) -> Test:
    return Test(
        name=name,
        title=title,
        outcome=outcome,
        forbidden=False,
        points=points,
        score=points if outcome == "passed" else 0.0,
        visibility=visibility,
        gpu=outcome == "deferred",
        duration_s=0.1,
        message=message,
        hint=hint,
    )


def marks(
    *tests: Test,
    name: str = "softmax",
    title: str = "The softmax",
    status: Status | None = None,
    message: str | None = None,
) -> Exercise:
    return exercise_report(name, title, list(tests), status, message)


CONFINED = Isolation(processes="fork", held=["landlock", "seccomp"], missing={})


def report(*exercises: Exercise, isolation: Isolation = CONFINED) -> Report:
    return Report(
        submission=SubmissionId(id="alice", sha256=""),
        course=CourseId(name="Tiny", sha256=""),
        seed=7,
        started_at="",
        duration_s=0.0,
        environment=Environment(grader="1.0.0", python="3.11.7", torch=None, device="cpu", isolation=isolation),
        score=total([exercise.score for exercise in exercises]),
        max_score=total([exercise.max_score for exercise in exercises]),
        deferred_points=total([exercise.deferred_points for exercise in exercises]),
        exercises=list(exercises),
    )


def shown(graded: Report, width: int = 80, encoding: str = "utf-8", course: Course | None = None) -> str:
    """What stands on a terminal `width` wide, without the white space at the ends of lines."""
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding, errors="replace")
    out = display.console(stream)
    out.width = width
    show(graded, out, course)
    stream.flush()
    return "\n".join(line.rstrip() for line in raw.getvalue().decode(encoding).splitlines())


def row(text: str, name: str) -> str:
    """The table's row for `name`."""
    return next(line for line in text.splitlines() if line.startswith(f"  {name}  "))


def bar(*tests: Test, encoding: str = "utf-8", width: int = 120) -> str:
    found = re.search(r"[━─·#.-]{6,}", row(shown(report(marks(*tests)), width, encoding), "softmax"))
    assert found is not None
    return found[0]


# The table -------------------------------------------------------------------------------------


def test_a_row_counts_points_and_outcomes() -> None:
    tests = [case(outcome, points) for points, outcome in enumerate(OUTCOMES, 1)]
    text = row(shown(report(marks(*tests)), 160), "softmax")
    assert text.split("  ")[-2:] == [
        "1/15",
        "1 passed, 1 failed, 1 timed out, 1 crashed, 1 to do, 1 deferred, 1 not judged",
    ]


@pytest.mark.parametrize(
    ("exercise", "words"),
    [
        (marks(case(), case()), "2 passed"),
        (marks(case(), case("failed"), case("failed")), "1 passed, 2 failed"),
        (marks(case("todo"), case("todo")), "not started"),
        (marks(case("todo"), status="missing"), "no file"),
        (marks(case("failed"), status="invalid"), "cannot be loaded"),
        (marks(case("todo"), case("deferred")), "not started"),
    ],
)
def test_a_row_says_in_words_how_it_stands(exercise: Exercise, words: str) -> None:
    assert row(shown(report(exercise)), "softmax").endswith(f"  {words}")


def test_the_total_is_shown_for_more_than_one_exercise() -> None:
    first, second = marks(case(points=1.5)), marks(case("failed", 2), case("deferred", 1), name="norms")
    assert "Total" not in shown(report(first))
    assert row(shown(report(first, first)), "Total").endswith("  3/3")
    text = shown(report(first, second))
    assert row(text, "Total").split("  ")[-2:] == ["1.5/3.5", "1 point still to be decided"]
    assert text.index("softmax") < text.index("norms") < text.index("Total")


@pytest.mark.parametrize(("points", "written"), [(1 / 3, "0.33/0.33"), (2.0, "2/2"), (2.5, "2.5/2.5")])
def test_points_are_rounded_for_the_eye(points: float, written: str) -> None:
    assert f"  {written}  " in shown(report(marks(case(points=points))))


def test_a_bar_is_full_if_all_is_won_and_empty_if_nothing_is() -> None:
    assert bar(case(), case()) == "━" * 24
    assert bar(case("failed"), case("failed")) == "─" * 24
    assert bar(case(), case("failed")) == "━" * 12 + "─" * 12
    assert bar(case(points=999), case("failed")) == "━" * 23 + "─"
    assert bar(case(), case("failed", 999)) == "━" + "─" * 23


def test_a_bar_is_full_whatever_the_points_are() -> None:
    for points in range(1, 40):
        assert bar(case(points=points / 7), case(points=points / 10)) == "━" * 24


def test_a_bar_keeps_room_for_what_is_undecided() -> None:
    assert bar(case(), case("deferred")) == "━" * 12 + "·" * 12
    assert bar(case(points=2), case("error")) == "━" * 16 + "·" * 8
    assert bar(case("deferred")) == "·" * 24
    assert bar(case(), case("failed"), case("deferred")) == "━" * 8 + "─" * 8 + "·" * 8
    assert bar(case(points=999), case("deferred")) == "━" * 23 + "·", "not full, and nothing is lost"
    assert bar(case(), case("failed"), case("deferred", 999)) == "━" + "─" + "·" * 22, "a loss is seen"


def test_a_bar_without_points_is_empty() -> None:
    assert bar(case(points=0)) == "─" * 24
    assert bar() == "─" * 24


def test_a_bar_shrinks_with_the_terminal() -> None:
    assert len(bar(case(), width=200)) == 24
    assert len(bar(case(), width=80)) == 10
    assert len(bar(case(), width=40)) == 6


# Terminals -------------------------------------------------------------------------------------

EVERYTHING = report(
    marks(
        case(),
        case("failed", message="the shape is right, the values are not", hint="What does exp do to 1000?"),
        *(case(outcome) for outcome in OUTCOMES),
    ),
    marks(case(), name="custom_module", title="Modules of your own"),
    marks(case("todo"), name="norms", status="missing", message="There is no file norms.py."),
    isolation=Isolation(processes="fork", held=[], missing={"landlock": "the kernel is too old", "seccomp": ""}),
)


@pytest.mark.parametrize("width", [40, 60, 80])
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_everything_fits_the_terminal(width: int, encoding: str) -> None:
    text = shown(EVERYTHING, width, encoding)
    assert max(map(len, text.splitlines())) <= width
    for name in ("softmax", "custom_module", "norms"):
        assert row(text, name)


def test_a_name_too_long_for_the_terminal_is_folded_not_cut() -> None:
    name = "a_very_long_name_for_an_exercise_indeed"
    lines = shown(report(marks(case(), name=name)), 40).splitlines()
    assert "".join(line[2:15].strip() for line in lines if not line.startswith("Seed"))[: len(name)] == name


def test_a_terminal_without_unicode_gets_ascii() -> None:
    text = shown(EVERYTHING, encoding="ascii")
    assert text.isascii()
    assert "?" not in text.replace("What does exp do to 1000?", "")
    assert "  x Rows sum to one  (1 point)" in text
    assert bar(case(), case("failed"), encoding="latin-1") == "#" * 12 + "-" * 12
    assert bar(case(), case("deferred"), encoding="ascii") == "#" * 12 + "." * 12


def test_a_character_that_a_terminal_lacks_is_replaced() -> None:
    assert "caf?" in shown(report(marks(case("failed", message="café"))), encoding="ascii")


def in_colour(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = io.StringIO()
    show(EVERYTHING, display.console(stream))
    return stream.getvalue()


def test_a_console_prints_text_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    display.console(stream).print("[bold]1[/bold] :smile: 'quoted'")
    assert stream.getvalue() == "[bold]1[/bold] :smile: 'quoted'\n"


def test_full_marks_are_green(monkeypatch: pytest.MonkeyPatch) -> None:
    coloured = in_colour(monkeypatch, FORCE_COLOR="1", COLUMNS="80")
    assert "\x1b[32m1/1" in coloured
    assert "\x1b[32m0/1" not in coloured


def test_what_is_no_terminal_gets_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in in_colour(monkeypatch)


def test_colour_is_never_all_that_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same characters with colours, with NO_COLOR and without a terminal."""
    plain = in_colour(monkeypatch)
    coloured = in_colour(monkeypatch, FORCE_COLOR="1", COLUMNS="80")
    uncoloured = in_colour(monkeypatch, NO_COLOR="1", FORCE_COLOR="1", COLUMNS="80")
    colours = re.compile(r"\x1b\[[0-9;]*3[0-9][;m0-9]*")
    assert colours.search(coloured)
    assert "\x1b[1m" in uncoloured
    assert not colours.search(uncoloured)
    for text in (coloured, uncoloured):
        assert re.sub(r"\x1b\[[0-9;]*m", "", text) == plain


# What went wrong -------------------------------------------------------------------------------


def test_a_lost_test_is_shown_with_message_and_hint() -> None:
    lost = case("failed", 2, message="got\n    [1, 2]\n", hint="What does exp do to 1000?", title="It is\nstable")
    assert (
        "softmax  The softmax\n"
        "\n"
        "  ✗ It is stable  (2 points)\n"
        "    got\n"
        "        [1, 2]\n"
        "    Hint: What does exp do to 1000?\n"
        "\n"
    ) in shown(report(marks(case(), lost)))


@pytest.mark.parametrize(
    ("outcome", "aside"), [("failed", "1 point"), ("timeout", "timed out, 1 point"), ("crashed", "crashed, 1 point")]
)
def test_a_lost_test_says_how_it_was_lost(outcome: Outcome, aside: str) -> None:
    assert f"  ✗ Rows sum to one  ({aside})\n" in shown(report(marks(case(outcome))))


def test_what_is_right_or_not_begun_is_not_dwelt_on() -> None:
    text = shown(report(marks(case()), marks(case("todo"), case("todo"), name="norms", title="Norms")))
    assert "The softmax" not in text
    assert "Norms" not in text
    assert "Rows sum to one" not in text


def test_what_is_still_to_do_is_named_once_it_is_begun() -> None:
    tests = [case(), case("todo", title="A"), case("todo", title="B"), case("todo", title="A")]
    assert "\n  Not written yet: A; B\n" in shown(report(marks(*tests)))


def test_a_long_list_of_titles_has_an_end() -> None:
    tests = [case("todo", title=f"T{number}") for number in range(MAX_TITLES + 3)]
    text = shown(report(marks(case(), *tests)), 200)
    assert f"T{MAX_TITLES - 1}; and 3 more\n" in text
    assert f"T{MAX_TITLES}" not in text


def test_what_waits_for_a_gpu_is_counted() -> None:
    text = shown(report(marks(case(), case("deferred", 2), case("deferred"))))
    assert "\nDeferred to a machine with a GPU: 2 tests, 3 points; neither won nor lost here.\n" in text
    assert "Deferred" not in shown(report(marks(case())))


def test_what_is_wrong_with_the_file_is_told_once() -> None:
    first, again = (case("failed", name=name, title=name, message="line 3: no", hint="Why?") for name in ("a", "b"))
    text = shown(report(marks(first, again)))
    assert text.count("line 3: no") == text.count("Hint: Why?") == 1
    assert "✗ b  (1 point)\n    As above.\n" in text
    two_lines = (case("failed", name=name, message="In f:\nno") for name in ("a", "b"))
    assert shown(report(marks(*two_lines))).count("In f:") == 2


def test_cases_that_are_alike_are_shown_once() -> None:
    cases = [case("failed", 0.5, name=f"test_rows[{number}]", message="the same") for number in (1, 2, 3)]
    text = shown(report(marks(*cases, case("failed", name="test_rows[4]", message="another"))))
    assert text.count("Rows sum to one  (") == 2
    assert "✗ Rows sum to one  (3 cases, 1.5 points)\n    the same\n" in text
    public = [case("failed", name=f"test_rows[{n}]", message="the same", visibility="public") for n in "ab"]
    assert "✗ Rows sum to one  (cases a, b, 2 points)\n" in shown(report(marks(*public)))


@pytest.mark.parametrize(("status", "outcome"), [("missing", "todo"), ("invalid", "failed")])
def test_what_cannot_be_graded_is_explained_once(status: Status, outcome: Outcome) -> None:
    message = "softmax.py, line 1:\n\tx = = 1\n\t    ^"
    exercise = marks(case(outcome), case("todo"), status=status, message=message)
    text = shown(report(exercise))
    assert "softmax  The softmax\n    softmax.py, line 1:\n        x = = 1\n            ^\n" in text
    assert "Rows sum to one" not in text


def test_a_case_is_named_only_where_its_inputs_may_be_seen() -> None:
    name = "test_rows[1e4-dim=0]"
    public = shown(report(marks(case("failed", name=name, visibility="public"))))
    assert "✗ Rows sum to one  (case 1e4-dim=0, 1 point)" in public
    hidden = report(marks(case("failed", name=name), case("error", name=name), case("todo", name=name)))
    assert "1e4" not in shown(hidden)
    assert "1e4" not in next_step(hidden)


def test_long_messages_have_an_end() -> None:
    lines = "\n".join(f"line {number}" for number in range(MAX_LINES + 5))
    text = shown(report(marks(case("failed", message=lines))))
    assert f"    line {MAX_LINES - 1}\n    (5 more lines; --json FILE keeps them all)\n" in text
    assert f"line {MAX_LINES}\n" not in text
    text = shown(report(marks(case("failed", message="#" * 100_000), case("error", message="$" * 100_000))))
    assert (text.count("#"), text.count("$")) == (MAX_LINE, MAX_LINE)
    assert "# (...)" in text


# A hostile submission --------------------------------------------------------------------------


@pytest.mark.parametrize("tty", [False, True])
def test_nothing_from_a_submission_commands_the_terminal(monkeypatch: pytest.MonkeyPatch, tty: bool) -> None:
    if tty:
        monkeypatch.setenv("FORCE_COLOR", "1")
    stream = io.StringIO()
    tests = [
        case(outcome, message=HOSTILE, hint=HOSTILE, title=HOSTILE, name=f"t[{HOSTILE}]", visibility="public")
        for outcome in OUTCOMES
    ]
    exercises = [
        marks(*tests, name=HOSTILE, title=HOSTILE, message=HOSTILE, status=status)
        for status in (None, "missing", "invalid", "error", "failed")
    ]
    isolation = Isolation(processes="fork", held=[], missing={HOSTILE: HOSTILE})
    show(report(*exercises, isolation=isolation), display.console(stream))
    text = re.sub(r"\x1b\[[0-9;]*m", "", stream.getvalue()) if tty else stream.getvalue()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]", text)
    assert "[bold]b[/bold]" in text
    assert ":smile:" in text


def test_a_message_stays_within_its_indent() -> None:
    faked = f"wrong\rNext: all is right\n\x1b[999DNext: all is right {'and so on ' * 20}"
    text = shown(report(marks(case("failed", message=faked))), 60)
    starts = [line for line in text.splitlines() if line.startswith(("Next", "and so"))]
    assert starts == ['Next: softmax, "Rows sum to one". Add --only softmax to see']


# The grader's faults ---------------------------------------------------------------------------


def test_a_fault_of_the_grader_is_loud_and_not_the_student_s() -> None:
    exercise = marks(case(), case("error", message="KeyError: 'x'\n  in conftest.py"))
    text = shown(report(exercise))
    panel = text[text.index("╭") : text.index("╯")]
    assert "The grader is at fault, not you" in panel
    assert "These points count neither for nor against you." in panel
    assert "│ softmax, Rows sum to one: KeyError: 'x'" in panel
    assert "in conftest.py" in panel
    assert "╭" not in shown(report(marks(case(), case("failed"))))


@pytest.mark.parametrize(
    ("exercise", "line"),
    [
        (marks(status="error", message="The suite cannot be imported."), "softmax: The suite cannot be imported."),
        (marks(status="error"), "softmax: no test was run."),
        (marks(case("error")), "softmax, Rows sum to one: no reason was recorded"),
    ],
)
def test_a_fault_is_explained(exercise: Exercise, line: str) -> None:
    text = shown(report(exercise))
    assert f"│ {line}" in text
    assert text.count("│ softmax") == 1


def test_a_fault_of_a_suite_is_explained_once() -> None:
    text = shown(report(marks(case("failed"), status="error", message="The suite is broken.")))
    assert text.count("The suite is broken.") == 1
    assert "✗ Rows sum to one" in text


def test_all_faults_share_a_panel() -> None:
    text = shown(report(marks(case("error")), marks(case("error"), name="norms")))
    assert text.count("╭") == 1
    assert "│ norms, Rows sum to one" in text


# Notices ---------------------------------------------------------------------------------------


def test_the_seed_is_told() -> None:
    assert "\nSeed 7: --seed 7 grades with the same inputs again.\n" in shown(report(marks(case())))


def test_what_is_not_confined_is_told() -> None:
    assert "confined" not in shown(report(marks(case())))
    loose = Isolation(processes="spawn", held=[], missing={"landlock": "the kernel is too old", "seccomp": ""})
    assert (
        "\nNot confined by landlock (the kernel is too old); seccomp. "
        "That is fine for your own files, not for other people's.\n"
    ) in shown(report(marks(case()), isolation=loose), 200)


def test_a_run_in_process_is_no_grade() -> None:
    alone = Isolation(processes="none", held=[], missing={"landlock": "off"})
    text = shown(report(marks(case()), isolation=alone))
    assert "\nRun in the grader's own process (--in-process): good for debugging, not a grade.\n" in text
    assert "Not confined" not in text


# What to do next -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exercises", "step"),
    [
        ([marks(case())], "nothing left to do here, all is right. Well done!"),
        (
            [marks(case(), case("deferred", 2))],
            "nothing to do here, well done. 2 points will be decided on a machine with a GPU.",
        ),
        ([marks(case("failed"))], 'softmax, "Rows sum to one". Add --only softmax to see it alone.'),
        ([marks(case("timeout"), case("todo"))], 'softmax, "Rows sum to one". Add --only softmax to see it alone.'),
        ([marks(case(), case("todo"))], "go on with softmax."),
        ([marks(case("todo"))], "go on with softmax."),
        ([marks(case("todo"), status="missing")], "write softmax.py."),
        ([marks(case("failed"), status="invalid")], "mend softmax.py, so that it can be loaded."),
        ([marks(case()), marks(case("todo"), name="b"), marks(case("failed"), name="c")], "go on with b."),
        ([marks(case("deferred")), marks(case("todo"), name="b")], "go on with b."),
        (
            [marks(case("failed")), marks(case("error"), name="b")],
            "report the fault above; the other exercises are graded as usual.",
        ),
        ([], "nothing was graded."),
    ],
)
def test_the_next_step(exercises: list[Exercise], step: str) -> None:
    graded = report(*exercises)
    assert next_step(graded) == step
    assert shown(graded, 200).endswith(f"\nNext: {step}")


def test_the_next_step_leads_to_the_lesson(course: Course, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    graded = report(marks(case("todo")))
    monkeypatch.chdir(course.root)
    assert next_step(graded, course) == "go on with softmax. Its lesson: exercises/01_softmax/README.md"
    missing = report(marks(case("todo"), status="missing"))
    assert next_step(missing, course) == "write softmax.py. Its lesson: exercises/01_softmax/README.md"
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert next_step(graded, course) == f"go on with softmax. Its lesson: {course.exercises[0].lesson}"
    course.exercises[0].lesson.unlink()
    assert next_step(graded, course) == "go on with softmax."
    assert next_step(report(marks(case("todo"), name="unknown")), course) == "go on with unknown."


# Progress --------------------------------------------------------------------------------------


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


INFO = TestInfo(
    exercise="softmax",
    name="test_rows",
    title=f"Rows {HOSTILE}",
    points=1.0,
    visibility="hidden",
    gpu=False,
    hint=None,
    timeout_s=10.0,
)

EVENTS: list[Event] = [
    Started(exercise="softmax", name="before the tests are known"),
    Collected(tests=[INFO, INFO], broken={}),
    Started(exercise="softmax", name="test_rows"),
    Finished(exercise="softmax", name="test_rows", outcome="failed", forbidden=False, duration_s=0.1, message=HOSTILE),
    Broken(reason="why"),
]


def watched(stream: io.StringIO, *, enabled: bool = True) -> str:
    out: Console = display.console(stream)
    with progress(out, enabled) as watch:
        for event in EVENTS:
            watch(event)
        if (bar := getattr(watch, "bar", None)) is not None:
            bar.refresh()
    return stream.getvalue()


def test_progress_shows_how_far_the_tests_are() -> None:
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", watched(Terminal()))
    assert re.search(r"softmax +\S+ 1/2 +Rows", text)


def test_progress_passes_on_no_commands() -> None:
    text = watched(Terminal())
    assert "\x1b[2J" not in text
    assert "\x1b]0;t" not in text
    assert "\u202e" not in text
    assert "[bold]b[/bold]" in text


@pytest.mark.parametrize(
    ("stream", "enabled", "environment"),
    [
        (io.StringIO, True, {}),
        (io.StringIO, True, {"FORCE_COLOR": "1"}),
        (Terminal, False, {}),
        (Terminal, True, {"TERM": "dumb"}),
    ],
    ids=["no terminal", "forced colour", "switched off", "dumb terminal"],
)
def test_progress_keeps_quiet(
    monkeypatch: pytest.MonkeyPatch, stream: Callable[[], io.StringIO], enabled: bool, environment: dict[str, str]
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert watched(stream(), enabled=enabled) == ""
