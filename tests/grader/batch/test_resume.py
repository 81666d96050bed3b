"""What of an earlier batch still stands, and what is added to it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from grader.batch import resume
from grader.batch.desk import Desk
from grader.batch.folder import Folder, file_name
from grader.batch.station import Station
from grader.course import Course
from grader.grading import Options
from grader.intake import find
from grader.report import Report, to_json, total
from grader.submission import Submission
from tests.grader.batch.conftest import ADD, DOUBLE, WRONG, Class, put


def test_what_stands_is_not_graded_again(school: Class) -> None:
    school.hands_in("alice", double=DOUBLE, add=ADD)
    school.hands_in("bob", add=ADD)
    school.grade()
    before = {path.name: path.stat().st_mtime_ns for path in school.out.glob("*.json")}
    summary = school.grade()
    assert school.sources == {"alice": "kept", "bob": "kept"}
    after = {path.name: path.stat().st_mtime_ns for path in school.out.glob("*.json")}
    assert {name for name in before if before[name] != after[name]} == {"summary.json"}
    assert summary.seed == school.report("alice").seed


def test_what_has_changed_is_graded_again(school: Class) -> None:
    school.hands_in("alice", double=DOUBLE, add=ADD)
    school.hands_in("bob", double=DOUBLE, add=WRONG)
    school.grade()
    school.hands_in("bob", add=ADD)
    school.hands_in("carol", add=ADD)
    school.grade()
    assert school.sources == {"alice": "kept", "bob": "graded", "carol": "graded"}
    assert school.report("bob").score == 4


def test_fresh_keeps_nothing_not_even_the_seed(school: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    school.hands_in("alice", add=ADD)
    school.grade(seed=1)
    monkeypatch.setattr("secrets.randbits", lambda bits: 12345)
    assert school.grade(fresh=True).seed == 12345
    assert school.sources == {"alice": "graded"}


def test_another_seed_is_another_grade(school: Class) -> None:
    school.hands_in("alice", add=ADD)
    school.grade(seed=1)
    school.grade(seed=2)
    assert school.sources == {"alice": "graded"}
    school.grade()
    assert school.sources == {"alice": "kept"} and school.report("alice").seed == 2


def test_a_suite_that_was_mended_is_another_grade(school: Class) -> None:
    school.hands_in("alice", add=ADD)
    school.grade()
    suite = school.course.suites_folder / "test_add.py"
    put(suite, suite.read_text() + "\n\ndef test_more(student):\n    assert student.add(1, 1) == 2\n")
    school.course = Course.load(school.course.root)
    school.grade()
    assert school.sources == {"alice": "graded"} and len(school.report("alice").exercises[1].tests) == 3


def test_a_report_that_cannot_be_read_is_no_report(school: Class) -> None:
    school.hands_in("alice", add=ADD)
    school.grade()
    (school.out / "alice.json").write_bytes(b'{"submission": ')
    school.grade()
    assert school.sources == {"alice": "graded"} and school.report("alice").score == 2


Change = Callable[[Report], Report]


def _with_environment(**changes: object) -> Change:
    return lambda report: msgspec.structs.replace(
        report, environment=msgspec.structs.replace(report.environment, **changes)
    )


def _with_isolation(**changes: object) -> Change:
    return lambda report: _with_environment(isolation=msgspec.structs.replace(report.environment.isolation, **changes))(
        report
    )


def _with_error(report: Report) -> Report:
    first, *rest = report.exercises
    tests = [msgspec.structs.replace(first.tests[0], outcome="error"), *first.tests[1:]]
    return msgspec.structs.replace(report, exercises=[msgspec.structs.replace(first, tests=tests), *rest])


CHANGES: dict[str, Change] = {
    "another grader": _with_environment(grader="0.9+00000000"),
    "another Python": _with_environment(python="3.10.0"),
    "another torch": _with_environment(torch="1.0.0"),
    "in process": _with_isolation(processes="none"),
    "a needed layer was missing": _with_isolation(missing={"filesystem": "switched off"}),
    "an error of ours": _with_error,
    "another submission's code": lambda report: msgspec.structs.replace(
        report, submission=msgspec.structs.replace(report.submission, sha256="0" * 64)
    ),
    "another student": lambda report: msgspec.structs.replace(
        report, submission=msgspec.structs.replace(report.submission, id="bob")
    ),
}


def test_what_a_report_must_tell_to_stand(school: Class) -> None:
    folder = school.hands_in("alice", double=DOUBLE, add=ADD)
    school.grade(seed=1)
    report = school.report("alice")
    submission = Submission.gather([folder], school.course, every=True, base=folder)
    assert submission.sha256 == report.submission.sha256 and submission.id == "alice"

    def stands(given: Report, seed: int = 1) -> bool:
        return resume.stands(given, submission, school.course, seed, ("filesystem",))

    assert stands(report) and not stands(report, seed=2)
    assert stands(_with_environment(torch=None)(report))  # nothing had to be run
    assert [what for what, change in CHANGES.items() if stands(change(report))] == []


# What was deferred -----------------------------------------------------------------------------


def test_what_was_deferred_is_added_where_there_is_an_accelerator(
    school: Class, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The station's answer stands in for a machine with a GPU."""
    school.hands_in("alice", double=DOUBLE, add=ADD)
    school.hands_in("bob", add=ADD)
    school.grade()
    assert school.report("alice").deferred_points == 1
    asked: list[object] = []

    def grade(station: Station, submission: Submission, options: Options) -> Report:
        asked.append((submission.id, options.only_tests))
        return _decided(school.report(submission.id))

    monkeypatch.setattr(Station, "grade", grade)
    monkeypatch.setattr(Station, "has_accelerator", lambda station: True)
    school.grade()
    assert school.sources == {"alice": "completed", "bob": "completed"}
    assert ("alice", {"double": ["test_there"]}) in asked
    report = school.report("alice")
    assert (report.score, report.max_score, report.deferred_points) == (5, 5, 0)
    assert report.environment.device == "cuda"
    assert [exercise.status for exercise in report.exercises] == ["passed", "passed"]
    school.grade()
    assert school.sources == {"alice": "kept", "bob": "kept"} and len(asked) == 2


def _decided(report: Report) -> Report:
    """`report` as a machine with a GPU gives it: its deferred tests alone, and passed."""
    exercises = []
    for exercise in report.exercises:
        tests = [
            msgspec.structs.replace(test, outcome="passed", score=test.points)
            for test in exercise.tests
            if test.outcome == "deferred"
        ]
        exercises.append(msgspec.structs.replace(exercise, tests=tests))
    environment = msgspec.structs.replace(report.environment, device="cuda")
    return msgspec.structs.replace(report, exercises=exercises, environment=environment)


def test_a_layer_that_was_missing_there_is_missing_from_the_whole(school: Class) -> None:
    school.hands_in("alice", double=DOUBLE)
    school.grade()
    report = school.report("alice")
    missing = {"memory": "not where a GPU is used"}
    later = _with_isolation(missing=missing, held=["filesystem"])(_decided(report))
    isolation = resume.merged(report, later).environment.isolation
    assert isolation.missing == missing and "memory" not in isolation.held and "filesystem" in isolation.held


def test_merging_changes_nothing_that_was_decided(school: Class) -> None:
    school.hands_in("alice", double=DOUBLE, add=WRONG)
    school.grade()
    report = school.report("alice")
    worse = [
        msgspec.structs.replace(
            exercise, tests=[msgspec.structs.replace(test, outcome="failed", score=0.0) for test in exercise.tests]
        )
        for exercise in report.exercises
    ]
    merged = resume.merged(report, msgspec.structs.replace(report, exercises=worse))
    assert merged.score == report.score
    assert merged.max_score == total([report.max_score, report.deferred_points])
    assert merged.exercises[1] == report.exercises[1]


def test_without_an_accelerator_nothing_is_run_again(school: Class, monkeypatch: pytest.MonkeyPatch) -> None:
    school.hands_in("alice", double=DOUBLE)
    school.grade()
    monkeypatch.setattr(Station, "grade", lambda *args: pytest.fail("graded again"))
    school.grade()
    assert school.sources == {"alice": "kept"}


def test_a_desk_writes_before_it_says_so(school: Class, tmp_path: Path) -> None:
    school.hands_in("alice", add=ADD)
    with Folder.held(school.out) as folder:
        (handin,) = find(school.folder, school.course, folder.scratch).handins
        made = Desk(school.course, Options(seed=0), folder)
        try:
            handled = made.handle(handin)
        finally:
            made.close()
        assert (school.out / "alice.json").read_bytes() == to_json(handled.report)
        assert file_name("alice") == handled.row.report
