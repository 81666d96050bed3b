"""A submission: which file answers which exercise, what is refused and in which words, and its sha256."""

from __future__ import annotations

import ast
import errno
import os
import re
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from grader import source
from grader.course import Course
from grader.errors import UsageError
from grader.notebook_writing import notebook_of
from grader.source import MAX_BYTES, MAX_LINE
from grader.submission import MAX_DEPTH, Attempt, Submission, check_paths
from tests.grader.conftest import Write

CODE = "def softmax(x):\n    return x\n"


@pytest.fixture
def alice(tmp_path: Path) -> Path:
    """An empty folder outside the course, for what a student hands in."""
    folder = tmp_path / "handed_in/alice"
    folder.mkdir(parents=True)
    return folder


def only(course: Course, *paths: Path) -> Attempt:
    """The one attempt in `paths`."""
    [attempt] = Submission.gather(paths, course).attempts
    return attempt


def found(course: Course, *paths: Path, names: Sequence[str] = (), every: bool = False) -> dict[str, str]:
    attempts = Submission.gather(paths, course, names, every=every).attempts
    return {attempt.exercise.name: attempt.status for attempt in attempts}


def usage_error(course: Course, *paths: Path, names: Sequence[str] = ()) -> str:
    with pytest.raises(UsageError) as caught:
        Submission.gather(paths, course, names)
    return str(caught.value)


# Where the files are ---------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["softmax.py", "exercises/01_softmax/softmax.py", "a b/ü/softmax.py"])
def test_a_file_counts_at_any_depth_of_a_folder(course: Course, alice: Path, write: Write, place: str) -> None:
    file = write(alice / place, CODE)
    assert only(course, alice) == Attempt(
        exercise=course.exercises[0],
        label=f"alice/{place}",
        file=file,
        source=CODE.encode(),
        root=alice,
    )


def test_exercises_come_in_the_course_s_order(course: Course, alice: Path, write: Write) -> None:
    files = [write(alice / f"{name}.py", CODE) for name in ("attention", "softmax")]
    assert list(found(course, alice)) == ["softmax", "attention"]
    assert list(found(course, *files)) == ["softmax", "attention"]


def test_a_single_file_brings_nothing_along(course: Course, alice: Path, write: Write) -> None:
    file = write(alice / "softmax.py", CODE)
    write(alice / "attention.py", CODE)
    attempt = only(course, file)
    assert (attempt.file, attempt.root, attempt.label) == (file, None, "alice/softmax.py")


def test_a_file_given_twice_counts_once(
    course: Course, alice: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(alice / "softmax.py", CODE)
    monkeypatch.chdir(alice)
    assert only(course, file, alice, alice / "../alice/softmax.py", Path("softmax.py")).status == "ready"


def test_a_path_that_is_a_link_to_a_folder_is_followed(course: Course, alice: Path, write: Write) -> None:
    file = write(alice / "softmax.py", CODE)
    link = alice.parent / "link"
    link.symlink_to(alice)
    assert only(course, link).file == file


def test_links_to_folders_inside_are_not_followed(course: Course, alice: Path, tmp_path: Path, write: Write) -> None:
    write(alice / "softmax.py", CODE)
    write(tmp_path / "bob/attention.py", CODE)
    (alice / "bob").symlink_to(tmp_path / "bob")
    (alice / "again").symlink_to(alice)
    assert found(course, alice) == {"softmax": "ready"}


@pytest.mark.parametrize(
    "folder", [".git", ".ipynb_checkpoints", "__pycache__", "__MACOSX", "lib/site-packages", "node_modules", "env"]
)
def test_folders_that_nobody_writes_in_by_hand_are_passed_over(
    course: Course, alice: Path, write: Write, folder: str
) -> None:
    write(alice / "env/pyvenv.cfg", "")
    write(alice / "softmax.py", CODE)
    write(alice / folder / "softmax.py", "another")
    assert only(course, alice).source == CODE.encode()


def test_other_files_are_no_concern(course: Course, alice: Path, write: Write) -> None:
    write(alice / "softmax.py", CODE)
    for name in ("._softmax.py", "softmax.pyc", "softmax", "my_softmax.py", "softmax.txt", "Softmax.py"):
        write(alice / name, b"\xff")
    (alice / "attention.py").mkdir()
    os.mkfifo(alice / "pipe.py")
    assert found(course, alice) == {"softmax": "ready"}


def test_folders_in_folders_end_somewhere(course: Course, alice: Path, write: Write) -> None:
    write(alice / "/".join("d" * (MAX_DEPTH - 1)) / "softmax.py", CODE)
    write(alice / "/".join("e" * (MAX_DEPTH + 1)) / "attention.py", CODE)
    assert found(course, alice) == {"softmax": "ready"}


def test_a_folder_that_may_not_be_entered_costs_what_is_in_it(
    course: Course, alice: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(alice / "softmax.py", CODE)
    (alice / "closed").mkdir()
    exists = Path.exists

    def denied(path: Path) -> bool:
        if path.parent.name == "closed":
            raise PermissionError(errno.EACCES, "Permission denied")
        return exists(path)

    monkeypatch.setattr(Path, "exists", denied)
    assert found(course, alice) == {"softmax": "ready"}


# A whole course --------------------------------------------------------------------------------


def test_the_course_s_own_answers_are_never_a_submission(course: Course, write: Write) -> None:
    """Solutions, suites and wrong answers lie below the course's folder, with the same names."""
    write(course.suites_folder / "softmax.py", CODE)
    attempts = Submission.gather([course.root], course).attempts
    assert [attempt.file for attempt in attempts] == [exercise.stub for exercise in course.exercises]
    assert {attempt.status for attempt in attempts} == {"ready"}


def test_a_path_above_the_course_makes_no_difference(course: Course) -> None:
    assert found(course, course.root.parent) == {"softmax": "ready", "attention": "ready"}


@pytest.mark.parametrize("given", [".", "..", "exercises"])
def test_a_worker_may_read_nothing_hidden(course: Course, given: str) -> None:
    for attempt in Submission.gather([course.root / given], course).attempts:
        assert attempt.root == (course.exercises_folder if given == "exercises" else attempt.exercise.folder)


def test_a_file_beside_hidden_folders_may_be_read_alone(course: Course, write: Write) -> None:
    course.exercises[0].stub.unlink()
    file = write(course.root / "softmax.py", CODE)
    [attempt] = Submission.gather([course.root], course, ["softmax"]).attempts
    assert (attempt.file, attempt.root) == (file, None)


def test_a_hidden_folder_behind_a_link_stays_hidden(course: Course, tmp_path: Path) -> None:
    course.solutions_folder.rename(tmp_path / "private")
    course.solutions_folder.symlink_to(tmp_path / "private")
    attempts = Submission.gather([tmp_path], course).attempts
    assert [attempt.file for attempt in attempts] == [exercise.stub for exercise in course.exercises]


def test_a_hidden_folder_is_graded_if_it_is_asked_for(course: Course) -> None:
    attempts = Submission.gather([course.solutions_folder], course).attempts
    assert [attempt.file for attempt in attempts] == [exercise.solution for exercise in course.exercises]


# Nothing there, or too much --------------------------------------------------------------------


def test_a_missing_file_counts_where_it_is_due(course: Course, alice: Path, write: Write) -> None:
    write(alice / "softmax.py", CODE)
    assert found(course, alice) == {"softmax": "ready"}
    assert found(course, alice, every=True) == {"softmax": "ready", "attention": "missing"}
    assert found(course, alice, names=["attention"]) == {"attention": "missing"}
    course.exercises[1].stub.unlink()
    assert found(course, course.exercises_folder) == {"softmax": "ready", "attention": "missing"}
    assert found(course, course.exercises[1].folder) == {"attention": "missing"}


def test_a_missing_file_is_named(course: Course, alice: Path) -> None:
    attempt = Submission.gather([alice], course, every=True).attempts[0]
    assert attempt == Attempt(
        course.exercises[0], "softmax.py", status="missing", message="There is no file softmax.py."
    )


def test_an_empty_submission_lacks_everything_where_a_whole_course_is_due(course: Course, alice: Path) -> None:
    assert found(course, alice, every=True) == {"softmax": "missing", "attention": "missing"}


def test_a_folder_without_exercises_is_a_usage_error(course: Course, alice: Path, write: Write) -> None:
    listed = "The exercises of Tiny: softmax, attention. Files are named after them."
    assert usage_error(course, alice) == f"{alice} holds no exercise. {listed}"
    assert usage_error(course, alice, names=["softmax"]) == f"{alice} holds no exercise. {listed}"
    write(alice / "zebra.py", CODE)
    write(alice / "sub/softmaxx.py", CODE)
    near = "It has softmaxx.py. Did you mean 'softmax'?"
    assert usage_error(course, alice) == f"{alice} holds no exercise. {near} {listed}"


def test_duplicates_are_for_the_student_to_sort_out(course: Course, alice: Path, write: Write) -> None:
    write(alice / "b/softmax.py", CODE)
    write(alice / "a/softmax.py", CODE)
    write(alice / "attention.py", CODE)
    softmax, attention = Submission.gather([alice], course).attempts
    assert (softmax.status, softmax.file, softmax.source, softmax.root) == ("invalid", None, b"", None)
    assert softmax.message == ("2 files for one exercise: alice/a/softmax.py and alice/b/softmax.py. Keep one of them.")
    assert attention.status == "ready"


def test_duplicates_in_two_paths_are_found(course: Course, alice: Path, tmp_path: Path, write: Write) -> None:
    first, second = write(alice / "softmax.py", CODE), write(tmp_path / "bob/softmax.py", CODE)
    assert only(course, first, second).status == "invalid"


def test_an_exercise_that_is_not_asked_for_may_be_doubled(course: Course, alice: Path, write: Write) -> None:
    for place in ("a/softmax.py", "b/softmax.py", "attention.py"):
        write(alice / place, CODE)
    assert found(course, alice, names=["attention"]) == {"attention": "ready"}


# Wrong paths -----------------------------------------------------------------------------------


def test_a_path_that_does_not_exist(course: Course, alice: Path, write: Write) -> None:
    write(alice / "softmax.py", CODE)
    expected = f"{alice / 'softmx.py'} does not exist. Did you mean 'softmax.py'?"
    assert usage_error(course, alice, alice / "softmx.py") == expected
    assert usage_error(course, alice / "no/where") == f"{alice / 'no/where'} does not exist."
    assert usage_error(course, alice / "softmax.py/x") == f"{alice / 'softmax.py/x'} does not exist."
    assert usage_error(course, alice / ("x" * 300)) == f"{alice / ('x' * 300)} does not exist."


def test_a_path_that_cannot_be_reached_does_not_exist(alice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(path: Path) -> bool:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "exists", denied)
    monkeypatch.setattr(Path, "iterdir", denied)
    with pytest.raises(UsageError, match=r"/x does not exist\.$"):
        check_paths([alice / "x"])


def test_a_link_that_leads_nowhere(course: Course, alice: Path) -> None:
    (alice / "gone.py").symlink_to(alice / "nothing")
    (alice / "circle.py").symlink_to(alice / "circle.py")
    for name in ("gone.py", "circle.py"):
        assert usage_error(course, alice / name) == f"{alice / name} is a link that leads nowhere."


def test_a_folder_that_may_not_be_read(alice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != alice)
    with pytest.raises(UsageError, match="alice cannot be opened: you may not read that folder"):
        check_paths([alice])


@pytest.mark.parametrize("name", ["softmax.txt", "softmax", ".py", ".ipynb"])
def test_a_file_that_is_no_code(course: Course, alice: Path, write: Write, name: str) -> None:
    path = write(alice / name, CODE)
    assert usage_error(course, path) == (
        f"{path} is neither a folder nor a .py file nor a notebook (.ipynb), which is what grade takes."
    )


def test_a_file_that_answers_no_exercise(course: Course, alice: Path, write: Write) -> None:
    path = write(alice / "softmax_final.py", CODE)
    assert usage_error(course, path) == (
        f"{path} answers no exercise: a file is named after its exercise. Did you mean 'softmax'? "
        "The exercises of Tiny: softmax, attention."
    )


def test_an_exercise_that_there_is_not(course: Course, alice: Path) -> None:
    assert "No exercise is called 'sofmax'. Did you mean 'softmax'?" in usage_error(course, alice, names=["sofmax"])


# What is in a file -----------------------------------------------------------------------------


def refused(course: Course, folder: Path) -> str:
    """Why the one exercise in `folder` cannot be graded."""
    attempt = only(course, folder)
    assert attempt.status == "invalid"
    assert attempt.root is None
    assert attempt.message is not None
    return attempt.message


def test_a_bad_file_costs_its_own_exercise_only(course: Course, alice: Path, write: Write) -> None:
    write(alice / "softmax.py", "def softmax(:")
    write(alice / "attention.py", CODE)
    assert found(course, alice) == {"softmax": "invalid", "attention": "ready"}


def test_a_link_within_the_submission_is_followed(course: Course, alice: Path, write: Write) -> None:
    write(alice / "work/final.py", CODE)
    (alice / "softmax.py").symlink_to("work/final.py")
    assert only(course, alice).source == CODE.encode()


@pytest.mark.parametrize("given", ["alice", "alice/softmax.py"])
def test_a_link_out_of_the_submission_is_refused(course: Course, alice: Path, write: Write, given: str) -> None:
    write(alice.parent / "bob/softmax.py", CODE)
    (alice / "softmax.py").symlink_to("../bob/softmax.py")
    assert refused(course, alice.parent / given) == (
        "alice/softmax.py is a link that leads out of the submission. Hand in the file itself."
    )


def test_a_link_to_a_folder_s_neighbour_with_the_same_beginning_is_refused(
    course: Course, alice: Path, write: Write
) -> None:
    write(alice.parent / "alice2/softmax.py", CODE)
    (alice / "softmax.py").symlink_to("../alice2/softmax.py")
    assert "leads out of the submission" in refused(course, alice)


def test_links_that_lead_nowhere_cannot_be_read(course: Course, alice: Path) -> None:
    (alice / "softmax.py").symlink_to("nothing")
    assert refused(course, alice) == "alice/softmax.py cannot be read: No such file or directory."
    (alice / "softmax.py").unlink()
    (alice / "softmax.py").symlink_to("softmax.py")
    assert refused(course, alice) == "alice/softmax.py cannot be read: Too many levels of symbolic links."


def test_a_named_pipe_is_not_waited_for(course: Course, alice: Path) -> None:
    os.mkfifo(alice / "softmax.py")
    assert refused(course, alice) == "alice/softmax.py is not an ordinary file."
    assert refused(course, alice / "softmax.py") == "alice/softmax.py is not an ordinary file."


def test_a_socket_is_not_opened(course: Course, alice: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(alice)  # a socket's path is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("softmax.py")
        assert refused(course, alice) == "softmax.py cannot be read: No such device or address."


def test_a_file_that_may_not_be_read(
    course: Course, alice: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(alice / "softmax.py", CODE)

    def denied(path: Path, flags: int) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", denied)
    assert refused(course, alice) == "alice/softmax.py cannot be read: Permission denied."


def test_a_file_that_is_too_large_is_not_read_to_its_end(course: Course, alice: Path, write: Write) -> None:
    write(alice / "softmax.py", b"#" * MAX_BYTES)
    assert only(course, alice).status == "ready"
    with (alice / "softmax.py").open("r+b") as file:
        file.truncate(10**12)  # a sparse file
    assert refused(course, alice) == "alice/softmax.py is larger than 100 kB, too large for code written by hand."


@pytest.mark.parametrize(
    ("content", "line", "byte"),
    [
        (b"x = 1\ny = 'caf\xe9'\n", 2, "0xe9"),
        (b"\xef\xbb\xbf# bom\r\n\r\n# \xfc", 3, "0xfc"),
        (b"x = 1\r# \xfc", 2, "0xfc"),
        ("x = 1\n".encode("utf-16"), 1, "0xff"),
    ],
    ids=["latin-1", "byte order mark", "carriage returns", "utf-16"],
)
def test_a_file_that_is_not_utf8(
    course: Course, alice: Path, write: Write, content: bytes, line: int, byte: str
) -> None:
    write(alice / "softmax.py", content)
    assert refused(course, alice) == (
        f"alice/softmax.py, line {line}: this is not UTF-8 text (byte {byte}). Save it as UTF-8."
    )


@pytest.mark.parametrize("name", ["utf-8", "UTF8", "utf_8", "utf-8-sig"])
def test_utf8_may_be_declared(course: Course, alice: Path, write: Write, name: str) -> None:
    write(alice / "softmax.py", f"# -*- coding: {name} -*-\nx = 'é'\n")
    assert only(course, alice).status == "ready"


@pytest.mark.parametrize("rest", ["", "# coding: utf-8\n"])
def test_a_byte_order_mark_is_no_mistake(course: Course, alice: Path, write: Write, rest: str) -> None:
    write(alice / "softmax.py", f"\ufeff{rest}x = 'é'\n")
    assert only(course, alice).status == "ready"


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"# coding: latin-1\nx = '\xc3\xa9'\n", " declares the encoding iso-8859-1."),
        (b"#!/usr/bin/python\n# vim: set fileencoding=utf-7 :\n", " declares the encoding utf-7."),
        (b" \r# coding: latin-1\rx = '\xc3\xa9'\r", " declares the encoding iso-8859-1."),
        (b"# coding: klingon\n", ": unknown encoding: klingon."),
        (b"\xef\xbb\xbf# coding: latin-1\n", ": encoding problem: utf-8."),
    ],
)
def test_another_encoding_may_not(course: Course, alice: Path, write: Write, content: bytes, complaint: str) -> None:
    """Who compiles the bytes would read other text than who reads them as UTF-8."""
    write(alice / "softmax.py", content)
    message = refused(course, alice)
    assert message.startswith(f"alice/softmax.py{complaint} Save ")
    assert message.endswith("as UTF-8 and take that line out.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("x = 1\ny = = 2\n", "line 2: invalid syntax\n    y = = 2\n        ^"),
        ("x = 1\r\ny = = 2\r\n", "line 2: invalid syntax\n    y = = 2\n        ^"),
        ("def f():\n\treturn = 2\n", "line 2: invalid syntax\n    return = 2\n           ^"),
        ("é = 1 +* 2", "line 1: invalid syntax\n    é = 1 +* 2\n           ^"),
        ("x = (1,\n\n", "line 1: '(' was never closed\n    x = (1,\n        ^"),
        ("if x:\ny = 1", "line 2: expected an indented block after 'if' statement on line 1\n    y = 1\n    ^"),
        ("try:\n    x\n\n", "line 3: expected 'except' or 'finally' block"),
    ],
)
def test_a_syntax_error_is_shown_with_its_line_and_a_caret(
    course: Course, alice: Path, write: Write, content: str, message: str
) -> None:
    write(alice / "softmax.py", content)
    assert refused(course, alice) == f"alice/softmax.py, {message}"


def test_a_long_line_is_cut_around_the_caret(course: Course, alice: Path, write: Write) -> None:
    write(alice / "softmax.py", "x = " + "a + " * 50 + "$ + b" * 50)
    _, line, caret = refused(course, alice).split("\n")
    assert len(line) == 4 + MAX_LINE
    assert line[caret.index("^")] == "$"


def test_a_caret_is_left_out_where_its_place_is_unknown(course: Course, alice: Path, write: Write) -> None:
    """Python 3.11 counts from the brace inside an f-string; later versions from the line's start."""
    write(alice / "softmax.py", "x = 1\nlabel = f'{a b}'\n")
    _, line, *caret = refused(course, alice).split("\n")
    assert line == "    label = f'{a b}'"
    assert not caret or caret[0].index("^") >= line.index("a b")


def test_null_bytes_are_no_python(course: Course, alice: Path, write: Write) -> None:
    write(alice / "softmax.py", b"x = 1\n\0\n")
    assert "source code string cannot contain null bytes" in refused(course, alice)


@pytest.mark.parametrize(
    "content",
    ["-" * 90_000 + "1", "1" + "+1" * 45_000, "a" + "[0]" * 30_000, "not " * 20_000 + "1", "lambda:" * 10_000 + "1"],
    ids=["minus", "plus", "index", "not", "lambda"],
)
def test_deeply_nested_code_is_refused(course: Course, alice: Path, write: Write, content: str) -> None:
    write(alice / "softmax.py", content)
    assert refused(course, alice) == "alice/softmax.py cannot be parsed: it is nested too deeply."


def test_brackets_in_brackets_are_refused(course: Course, alice: Path, write: Write) -> None:
    write(alice / "softmax.py", "(" * 90_000)
    assert "too many nested parentheses" in refused(course, alice)


def test_nothing_is_compiled(course: Course, alice: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compiler writes out the body of `finally` twice: twenty of them inside one another fill the memory."""
    flags: list[int] = []

    def parsed(text: str, label: str, mode: str, flag: int, *, dont_inherit: bool) -> None:
        flags.append(flag)

    monkeypatch.setattr(source, "compile", parsed, raising=False)
    write(alice / "softmax.py", CODE)
    assert only(course, alice).status == "ready"
    assert flags == [ast.PyCF_ONLY_AST]


def test_warnings_of_the_parser_are_kept_to_itself(course: Course, alice: Path, write: Write) -> None:
    write(alice / "softmax.py", "x = '\\d'\nassert (x, 'always true')\n1 is 1\n")
    assert only(course, alice).status == "ready"


def test_an_empty_file_is_python(course: Course, alice: Path, write: Write) -> None:
    write(alice / "softmax.py", b"")
    assert only(course, alice).status == "ready"


# The stub --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        lambda stub: stub,
        lambda stub: stub.replace(b"\n", b"\r\n"),
        lambda stub: stub.replace(b"\n", b"  \t\n") + b"\n\n  \n",
        lambda stub: stub.rstrip(),
        lambda stub: b"\xef\xbb\xbf" + stub,
    ],
    ids=["copied", "CRLF", "trailing space", "no last newline", "byte order mark"],
)
def test_a_stub_is_unchanged_whatever_an_editor_did_to_it(
    course: Course, alice: Path, write: Write, change: Callable[[bytes], bytes]
) -> None:
    write(alice / "softmax.py", change(course.exercises[0].stub.read_bytes()))
    assert only(course, alice).unchanged


@pytest.mark.parametrize(
    "change",
    [
        lambda stub: stub.replace(b"    raise", b"     raise"),
        lambda stub: stub.replace(b"\n\n\n", b"\n"),
        lambda stub: b"\n" + stub,
        lambda stub: stub + b"# done\n",
        lambda stub: b"",
    ],
    ids=["indented", "empty lines", "a line before", "a comment", "emptied"],
)
def test_any_other_change_is_one(course: Course, alice: Path, write: Write, change: Callable[[bytes], bytes]) -> None:
    write(alice / "softmax.py", change(course.exercises[0].stub.read_bytes()))
    attempt = only(course, alice)
    assert (attempt.status, attempt.unchanged) == ("ready", False)


def test_the_stub_in_its_place_may_be_the_student_s_own_work(course: Course, alice: Path) -> None:
    assert not only(course, course.exercises[0].stub).unchanged
    (alice / "softmax.py").hardlink_to(course.exercises[0].stub)
    assert not only(course, alice).unchanged


def test_without_a_stub_nothing_is_unchanged(course: Course, alice: Path, write: Write) -> None:
    write(alice / "softmax.py", course.exercises[0].stub.read_bytes())
    course.exercises[0].stub.unlink()
    assert not only(course, alice).unchanged


# Names -----------------------------------------------------------------------------------------


def test_the_id_is_the_name_of_what_was_given(
    course: Course, alice: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = write(alice / "softmax.py", CODE), write(alice / "deep/er/attention.py", CODE)
    assert Submission.gather([alice], course).id == "alice"
    assert Submission.gather([first], course).id == "softmax.py"
    assert Submission.gather([first, second], course).id == "alice"
    monkeypatch.chdir(alice)
    assert Submission.gather([Path()], course).id == "alice"
    monkeypatch.setattr(os.path, "commonpath", lambda paths: "/")
    assert Submission.gather([first, second], course).id == "submission"


def test_a_label_leads_from_the_working_folder_to_the_file(
    course: Course, alice: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(alice / "week 1/softmax.py", CODE)
    monkeypatch.chdir(alice.parent.parent)
    assert only(course, alice).label == "handed_in/alice/week 1/softmax.py"
    monkeypatch.chdir(alice / "week 1")
    assert only(course, alice).label == "softmax.py"
    monkeypatch.chdir(course.root)
    assert only(course, alice).label == "alice/week 1/softmax.py"


def test_names_need_not_be_text(course: Course, alice: Path, write: Write) -> None:
    odd = alice / os.fsdecode(b"b\xf6b\n\x1b[31m")
    write(odd / "softmax.py", CODE)
    submission = Submission.gather([odd], course)
    assert submission.id == "b?b\n\x1b[31m"
    assert submission.attempts[0].label == "b?b\n\x1b[31m/softmax.py"
    assert usage_error(course, odd / "softmx.py").endswith("softmx.py does not exist. Did you mean 'softmax.py'?")
    assert "b?b" in usage_error(course, write(odd / "x.txt", ""))
    assert "softma?.py" in usage_error(course, write(alice / os.fsdecode(b"no/softma\xff.py"), CODE).parent)


# Its sha256 ------------------------------------------------------------------------------------


def test_sha256_changes_with_all_that_is_graded(course: Course, alice: Path, write: Write) -> None:
    seen: set[str] = set()

    def changed(*names: str, every: bool = False) -> bool:
        before = len(seen)
        seen.add(Submission.gather([alice], course, names, every=every).sha256)
        return len(seen) > before

    file = write(alice / "softmax.py", CODE)
    assert changed()
    assert not changed()
    write(file, CODE + "\n")
    assert changed()
    moved = write(alice / "01/softmax.py", CODE)
    file.unlink()
    assert changed()
    write(moved.parent / "attention.py", CODE)
    assert changed()
    assert changed("softmax")
    assert changed("attention")
    write(alice / "helper.py", "can be imported")
    assert changed()
    write(alice / "helper.py", "can be imported, and matters")
    assert changed()
    double = write(alice / "02/softmax.py", CODE)
    assert changed()
    write(double, CODE * 2)
    assert changed()
    (moved.parent / "attention.py").unlink()
    assert changed()
    assert changed(every=True)


def test_sha256_is_that_of_the_content_and_not_of_the_place_or_the_notes(
    course: Course, alice: Path, tmp_path: Path, write: Write
) -> None:
    write(alice / "softmax.py", CODE)
    write(alice / "attention.py", CODE)
    before = Submission.gather([alice], course).sha256
    write(alice / "notes.txt", "not code")
    write(alice / ".git/hooks.py", "not entered")
    assert Submission.gather([alice], course).sha256 == before
    files = [alice / "softmax.py", alice / "attention.py"]
    assert Submission.gather(files, course).sha256 == Submission.gather(files[::-1], course).sha256 == before
    moved = alice.rename(tmp_path / "bob")
    assert Submission.gather([moved], course).sha256 == before


def test_sha256_leaves_out_what_an_answer_cannot_import(course: Course, write: Write) -> None:
    before = Submission.gather([course.root], course).sha256
    write(course.root / "grader/zoo.py", "not the student's")
    assert Submission.gather([course.root], course).sha256 == before
    write(course.exercises[0].folder / "helper.py", "the student's")
    assert Submission.gather([course.root], course).sha256 != before


def test_sha256_copes_with_helpers_that_cannot_be_read(course: Course, alice: Path, write: Write) -> None:
    write(alice / "softmax.py", CODE)
    before = Submission.gather([alice], course).sha256
    os.mkfifo(alice / "helper.py")
    write(alice / os.fsdecode(b"h\xe9lper.py"), b"x" * (MAX_BYTES + 1))
    assert re.fullmatch(r"[0-9a-f]{64}", Submission.gather([alice], course).sha256)
    assert Submission.gather([alice], course).sha256 != before


# A notebook and its module ---------------------------------------------------------------------


def twins(folder: Path, course: Course) -> list[str]:
    """The statuses and files of what `folder` holds."""
    return [
        f"{attempt.status} {attempt.file and attempt.file.name}"
        for attempt in Submission.gather([folder], course).attempts
    ]


def test_a_notebook_stands_for_the_module_that_it_was_made_of(course: Course, write: Write, tmp_path: Path) -> None:
    code = b"def softmax(x):\n    return x\n"
    write(tmp_path / "alice/softmax.py", code)
    made = notebook_of(code, "", "softmax", "softmax.py")
    write(tmp_path / "alice/softmax.ipynb", made)
    assert twins(tmp_path / "alice", course) == ["ready softmax.ipynb"]
    write(tmp_path / "alice/softmax.ipynb", made.replace(b"return x", b"return 2"))
    assert twins(tmp_path / "alice", course) == ["ready softmax.ipynb"]
    write(tmp_path / "alice/softmax.py", code.replace(b"return x", b"return 2"))
    assert twins(tmp_path / "alice", course) == ["ready softmax.ipynb"]
    write(tmp_path / "alice/softmax.py", code.replace(b"return x", b"return 3"))
    assert twins(tmp_path / "alice", course) == ["invalid None"]


def test_a_notebook_elsewhere_is_another_answer(course: Course, write: Write, tmp_path: Path) -> None:
    code = b"def softmax(x):\n    return x\n"
    write(tmp_path / "alice/a/softmax.py", code)
    write(tmp_path / "alice/b/softmax.ipynb", notebook_of(code, "", "softmax", "softmax.py"))
    assert twins(tmp_path / "alice", course) == ["invalid None"]


@pytest.mark.parametrize("data", [b"{", b'{"metadata": 3, "nbformat": 4, "cells": []}', b"\xff", b"[]"])
def test_a_broken_notebook_stands_for_no_module(course: Course, write: Write, tmp_path: Path, data: bytes) -> None:
    write(tmp_path / "alice/softmax.py", b"def softmax(x):\n    return x\n")
    write(tmp_path / "alice/softmax.ipynb", data)
    assert twins(tmp_path / "alice", course) == ["invalid None"]
