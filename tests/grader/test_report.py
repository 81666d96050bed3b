"""The report: how marks add up, what is written, and how a submission's text is made harmless."""

from __future__ import annotations

import itertools
import json
import os
import secrets
import stat
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import grader.report
from grader.report import (
    OUTCOMES,
    UNDECIDED,
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
    clean,
    exercise_report,
    one_line,
    schema,
    schema_json,
    to_json,
    total,
    write_whole,
)

SCHEMA = Path(grader.report.__file__).with_name("report.schema.json")
GRADER = Path(grader.report.__file__).parents[1]


def case(outcome: Outcome, points: float = 1.0, score: float | None = None, visibility: Visibility = "hidden") -> Test:
    won = points if outcome == "passed" else 0.0
    return Test(
        name=f"test_{outcome}",
        title=f"It {outcome}",
        outcome=outcome,
        forbidden=False,
        points=points,
        score=won if score is None else score,
        visibility=visibility,
        gpu=outcome == "deferred",
        duration_s=0.25,
        message=None if outcome == "passed" else "why",
        hint=None,
    )


def exercise(*outcomes: Outcome) -> Exercise:
    return exercise_report("softmax", "The softmax", [case(outcome) for outcome in outcomes])


def report(*exercises: Exercise, torch: str | None = "2.14.1") -> Report:
    return Report(
        submission=SubmissionId(id="alice", sha256="0" * 64),
        course=CourseId(name="Tiny", sha256="1" * 64),
        seed=2**32 - 1,
        started_at="2026-01-02T03:04:05+00:00",
        duration_s=1.5,
        environment=Environment(
            grader="1.0.0",
            python="3.11.7",
            torch=torch,
            device="cpu",
            isolation=Isolation(processes="fork", held=["seccomp"], missing={"landlock": "the kernel is too old"}),
        ),
        score=total([exercise.score for exercise in exercises]),
        max_score=total([exercise.max_score for exercise in exercises]),
        deferred_points=total([exercise.deferred_points for exercise in exercises]),
        exercises=list(exercises),
    )


EVERY_KIND = report(
    *(exercise(outcome) for outcome in OUTCOMES),
    exercise_report("norms", "Norms", [case("todo")], "missing", "There is no file norms.py."),
    exercise_report(
        "adam", "Adam", [case("failed", visibility="public")], "invalid", "adam.py, line 1: invalid syntax"
    ),
    exercise_report("views", "Views", [], "error", "The suite cannot be imported."),
)


# Adding up -------------------------------------------------------------------------------------


def test_shared_points_add_up_to_whole_ones() -> None:
    assert total([0.1] * 3) == 0.3
    assert total([1 / 3] * 3) == 1.0
    assert total([2 / 7] * 7) == 2.0
    assert total([]) == 0.0


def test_scores_are_summed_by_what_was_decided() -> None:
    tests = [
        case("passed", 3),
        case("failed", 2),
        case("todo", 1),
        case("timeout", 1),
        case("crashed", 1),
        case("deferred", 4),
        case("error", 8),
    ]
    marks = exercise_report("softmax", "The softmax", tests)
    assert (marks.score, marks.max_score, marks.deferred_points) == (3.0, 8.0, 12.0)
    assert (marks.name, marks.title, marks.message, marks.tests) == ("softmax", "The softmax", None, tests)


@pytest.mark.parametrize("outcome", UNDECIDED)
def test_what_is_undecided_wins_nothing(outcome: Outcome) -> None:
    marks = exercise_report("softmax", "", [case(outcome, 2, score=2)])
    assert (marks.score, marks.max_score, marks.deferred_points) == (0.0, 0.0, 2.0)


def expected_status(outcomes: Sequence[Outcome]) -> Status:
    """The rules once more, in the order in which a person would ask."""
    if not outcomes or "error" in outcomes:
        return "error"
    decided = [outcome for outcome in outcomes if outcome != "deferred"]
    if all(outcome == "passed" for outcome in decided):
        return "passed" if len(decided) == len(outcomes) else "deferred"
    return "todo" if all(outcome == "todo" for outcome in decided) else "failed"


def test_the_status_follows_from_the_outcomes() -> None:
    for size in range(len(OUTCOMES) + 1):
        for outcomes in itertools.combinations(OUTCOMES, size):
            assert exercise(*outcomes).status == expected_status(outcomes), outcomes


@pytest.mark.parametrize(
    ("outcomes", "status"),
    [
        ([], "error"),
        (["passed", "passed"], "passed"),
        (["passed", "deferred"], "deferred"),
        (["deferred"], "deferred"),
        (["todo", "todo"], "todo"),
        (["todo", "deferred"], "todo"),
        (["passed", "todo"], "failed"),
        (["passed", "todo", "deferred"], "failed"),
        (["failed"], "failed"),
        (["timeout", "deferred"], "failed"),
        (["crashed", "todo"], "failed"),
        (["passed", "error"], "error"),
        (["failed", "error"], "error"),
    ],
)
def test_a_status_in_plain_cases(outcomes: list[Outcome], status: Status) -> None:
    assert exercise(*outcomes).status == status


def test_the_caller_may_know_the_status_better() -> None:
    marks = exercise_report("softmax", "", [case("todo")], "missing", "There is no file softmax.py.")
    assert (marks.status, marks.message, marks.max_score) == ("missing", "There is no file softmax.py.", 1.0)


# The format ------------------------------------------------------------------------------------


def keys(kind: type[msgspec.Struct]) -> list[str]:
    return list(kind.__struct_fields__)


def test_the_keys_are_the_contract_s() -> None:
    assert keys(Report) == [
        *("schema_version", "submission", "course", "seed", "started_at", "duration_s", "environment"),
        *("score", "max_score", "deferred_points", "exercises"),
    ]
    assert keys(SubmissionId) == ["id", "sha256"]
    assert keys(CourseId) == ["name", "sha256"]
    assert keys(Environment) == ["grader", "python", "torch", "device", "isolation"]
    assert keys(Exercise) == [
        *("name", "title", "score", "max_score", "deferred_points", "status", "message", "notes", "hints_shown"),
        "tests",
    ]
    assert keys(Test) == [
        *("name", "title", "outcome", "forbidden", "points", "score", "visibility", "gpu", "duration_s", "message"),
        "hint",
    ]


def test_every_key_is_written() -> None:
    written = json.loads(to_json(EVERY_KIND))
    assert list(written) == keys(Report)
    assert written["schema_version"] == 1
    assert list(written["exercises"][0]) == keys(Exercise)
    assert list(written["exercises"][0]["tests"][0]) == keys(Test)
    assert written["exercises"][0]["tests"][0]["hint"] is None


def test_the_json_reads_back_and_is_laid_out_for_people() -> None:
    data = to_json(EVERY_KIND)
    assert msgspec.json.decode(data, type=Report) == EVERY_KIND
    assert data.startswith(b'{\n  "schema_version": 1,\n')
    assert data.endswith(b"}\n")


def test_the_published_schema_is_up_to_date() -> None:
    assert json.loads(SCHEMA.read_text("utf-8")) == schema(), "run: python -m grader.report > grader/report.schema.json"
    assert SCHEMA.read_text("utf-8") == schema_json()


def test_the_schema_can_be_printed() -> None:
    printed = subprocess.run([sys.executable, "-m", "grader.report"], cwd=GRADER, capture_output=True, check=True)
    assert printed.stdout.decode() == schema_json()
    assert printed.stderr == b""


def test_the_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("example", [EVERY_KIND, report(), report(exercise("passed"), torch=None)])
def test_reports_keep_to_the_schema(example: Report) -> None:
    jsonschema.validate(json.loads(to_json(example)), schema())


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (["schema_version"], 2),
        (["seed"], "1"),
        (["environment", "isolation", "processes"], "magic"),
        (["exercises", 0, "status"], "good"),
        (["exercises", 0, "tests", 0, "outcome"], "skipped"),
        (["exercises", 0, "tests", 0, "visibility"], "secret"),
        (["exercises", 0, "tests", 0, "message"], 3),
        (["exercises", 0, "tests", 0, "score"], None),
    ],
)
def test_the_schema_turns_other_values_down(place: list[str | int], value: Any) -> None:
    written = json.loads(to_json(EVERY_KIND))
    *inner, last = place
    target = written
    for step in inner:
        target = target[step]
    target[last] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(written, schema())
    del target[last]
    with pytest.raises(jsonschema.ValidationError, match="required"):
        jsonschema.validate(written, schema())


# Writing ---------------------------------------------------------------------------------------


def test_a_file_is_written_and_replaced(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    write_whole(path, b"first")
    write_whole(path, b"2nd")
    assert path.read_bytes() == b"2nd"
    assert list(tmp_path.iterdir()) == [path]


def test_who_has_the_old_file_open_keeps_the_whole_of_it(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(b"first")
    with path.open("rb") as before:
        write_whole(path, b"2nd")
        assert before.read() == b"first"


def test_a_private_file_stays_private(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.touch(0o600)
    write_whole(path, b"{}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize("step", ["os.fsync", "pathlib.Path.replace"])
@pytest.mark.parametrize("reason", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_failure_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, reason: BaseException
) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(b"first")

    def fail(*_: object) -> None:
        raise reason

    monkeypatch.setattr(step, fail)
    with pytest.raises(type(reason)):
        write_whole(path, b"2nd")
    assert path.read_bytes() == b"first"
    assert list(tmp_path.iterdir()) == [path]


def test_a_file_that_took_the_temporary_name_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(secrets, "token_hex", lambda _: "taken")
    victim = tmp_path / "victim"
    (tmp_path / ".grade-taken").symlink_to(victim)
    with pytest.raises(FileExistsError):
        write_whole(tmp_path / "report.json", b"{}")
    assert not victim.exists()


def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        write_whole(tmp_path / "no/report.json", b"{}")
    with pytest.raises(IsADirectoryError):
        write_whole(tmp_path, b"{}")


@pytest.mark.parametrize("exists", [True, False])
def test_a_link_is_followed(tmp_path: Path, exists: bool) -> None:
    target, link = tmp_path / "there/report.json", tmp_path / "link.json"
    target.parent.mkdir()
    if exists:
        target.write_bytes(b"first")
    link.symlink_to("there/report.json")
    write_whole(link, b"2nd")
    assert link.is_symlink()
    assert target.read_bytes() == b"2nd"
    assert list(target.parent.iterdir()) == [target]


def test_a_link_in_a_circle_makes_room(tmp_path: Path) -> None:
    link = tmp_path / "report.json"
    link.symlink_to(link)
    write_whole(link, b"{}")
    assert link.read_bytes() == b"{}"


def test_a_pipe_is_written_to_as_it_is(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_whole(pipe, b"{}")
        assert os.read(reader, 10) == b"{}"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert list(tmp_path.iterdir()) == [pipe]


def test_a_device_is_written_to_as_it_is(tmp_path: Path) -> None:
    write_whole(Path("/dev/null"), b"{}")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    if Path("/dev/full").exists():
        (tmp_path / "full").symlink_to("/dev/full")
        with pytest.raises(OSError, match="No space left"):
            write_whole(tmp_path / "full", b"{}")


WRITES = """
import sys
from pathlib import Path
from grader.report import write_whole
print("before", flush=True)
write_whole(Path(sys.argv[1]), b"report\\n")
print("after", flush=True)
"""


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1", "link"])
@pytest.mark.parametrize("piped", [True, False], ids=["pipe", "file"])
def test_standard_output_keeps_what_else_is_printed(tmp_path: Path, name: str, piped: bool) -> None:
    (tmp_path / "link").symlink_to("/dev/stdout")
    path = str(tmp_path / name)
    with (tmp_path / "out.txt").open("w+b") as out:
        stdout = subprocess.PIPE if piped else out
        done = subprocess.run([sys.executable, "-c", WRITES, path], cwd=GRADER, stdout=stdout, check=True)
        out.seek(0)
        assert (done.stdout if piped else out.read()) == b"before\nreport\nafter\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["link", "out.txt"]


def test_a_closed_standard_output_is_no_obstacle(tmp_path: Path) -> None:
    code = "import os, sys; os.close(1); os.close(2)" + WRITES.replace('print("before", flush=True)', "").replace(
        'print("after", flush=True)', ""
    )
    path = tmp_path / "report.json"
    subprocess.run([sys.executable, "-c", code, str(path)], cwd=GRADER, check=False)
    assert path.read_bytes() == b"report\n"


# A submission's text ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain\ttext\nwith é, 数, → and 🙂", "plain\ttext\nwith é, 数, → and 🙂"),
        ("\x1b[31mred\x1b[0m \x1b[1;38;5;9mbold", "red bold"),
        ("\x1b[2J\x1b[H\x1b[1Aup\x1b[?25l", "up"),
        ("\x1b]0;a title\x07after", "after"),
        ("\x1b]8;;https://example.com\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1b]52;c;aGk=\x07\x1bPq#0\x1b\\\x1b_x\x1b\\\x1b^x\x1b\\\x1bXx\x07end", "end"),
        ("\x1b]0;no end", "]0;no end"),
        ("\x1bc\x1b7\x1b(0", "c7(0"),
        ("\x1b\x1b[31m[31mtwice", "[31mtwice"),
        ("\x9b31mred\x9d0;title\x9c", "31mred0;title"),
        ("12%\r34%\r\nnext\rfake", "12%\n34%\nnext\nfake"),
        ("back\b\b\b\bspace\x7f\x00\x07\x0b\x0c", "backspace"),
        ("a\u2028b\u2029c\x85d", "a\nb\nc\nd"),
        ("x\u202eesrever\u202c\u2066i\u2069\u061c\u200e\u200f", "xesreveri"),
        ("z\u200bw\u200cn\u200dj\u2060\ufeff\u00ad\U000e0041", "zwnj"),
        ("half\ud800a\udc00pair", "half?a?pair"),
        ("", ""),
    ],
)
def test_clean_leaves_what_can_be_read(text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


def test_clean_lets_no_control_character_through() -> None:
    everything = "".join(map(chr, range(0x3000)))
    left = {sign for sign in clean(everything) if not sign.isprintable() and not sign.isspace()}
    assert not {sign for sign in left if ord(sign) < 0xA0}
    assert {sign for sign in clean(everything) if ord(sign) < 0x20} == {"\t", "\n"}


@pytest.mark.parametrize("start", ["\x1b[", "\x1b]", "\x1b[0;", "\x1b"])
def test_clean_is_quick_with_commands_that_never_end(start: str) -> None:
    assert "\x1b" not in clean(start * 100_000)
    assert "\x1b" not in clean(start + "0" * 500_000)


def test_one_line_is_one_line() -> None:
    assert one_line("  a\n\n b\r\tc\u2028\x1b[31md ") == "a b c d"


def test_every_outcome_is_described() -> None:
    assert set(OUTCOMES) == set(Outcome.__args__)  # type: ignore[attr-defined]  # a Literal's values
