"""Folders, zips and files by hand: whose they are, which attempt counts, and what ends up in the hand-in."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from grader.course import Course
from grader.errors import UsageError
from grader.intake import Handin, IntakeError, find, finding
from grader.intake.layout import MAX_ARCHIVES
from tests.grader.conftest import Write
from tests.grader.intake.conftest import CODE, Look, Opened, contents, students, zipped


@pytest.fixture
def one_exercise(course_folder: Path) -> Course:
    """The course with a single exercise."""
    (course_folder / "exercises/02_attention").rename(course_folder / "attention")
    return Course.load(course_folder)


@pytest.fixture
def similar_names(course_folder: Path, write: Write) -> Course:
    """The course with the exercises ops and tensor_ops besides."""
    for folder in ("03_ops", "04_tensor_ops"):
        write(course_folder / f"exercises/{folder}/README.md", "# A lesson\n")
        write(course_folder / f"tests/suites/test_{folder[3:]}.py", "")
    return Course.load(course_folder)


@pytest.fixture
def zoe(download: Path) -> None:
    """Another student, where a folder that is alone would be one around all students."""
    (download / "zoe").mkdir()


def only(look: Look) -> Handin:
    """The one hand-in that is not Zoe's."""
    [handin] = [handin for handin in look().handins if handin.student != "zoe"]
    return handin


def dated(path: Path, moment: int) -> None:
    os.utime(path, (moment, moment))


# Folders and zips --------------------------------------------------------------------------------


def test_folders_and_zips_may_be_mixed(look: Look, opened: Opened, download: Path, write: Write) -> None:
    write(download / "bob.zip", zipped({"softmax.py": CODE}))
    write(download / "alice/softmax.py", CODE)
    write(download / "Carol Ångström/softmax.ipynb", "{}")
    found = look()
    assert students(found) == ["Carol Ångström", "alice", "bob"]
    assert [handin.label for handin in found.handins] == ["Carol Ångström", "alice", "bob.zip"]
    assert [opened(handin) for handin in found.handins[1:]] == [{"softmax.py": CODE}] * 2
    assert found.ignored == ()


def test_a_plain_folder_is_taken_as_it_is(look: Look, download: Path, scratch: Path, write: Write) -> None:
    write(download / "alice/a/softmax.py", CODE)
    with only(look).opened(scratch) as folder:
        assert folder == download / "alice"
    assert (download / "alice/a/softmax.py").exists()


def test_a_laid_out_hand_in_is_named_after_the_student_and_private(
    look: Look, download: Path, scratch: Path, write: Write
) -> None:
    write(download / "alice.zip", zipped({"softmax.py": CODE}))
    with only(look).opened(scratch) as folder:
        assert folder.name == "alice"
        assert folder.is_relative_to(scratch)
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_empty_folder_is_a_hand_in(look: Look, opened: Opened, download: Path) -> None:
    (download / "alice").mkdir()
    assert only(look).problem is None
    assert opened(only(look)) == {}


@pytest.mark.parametrize(
    "name", ["__MACOSX", ".DS_Store", "Thumbs.db", ".git", "desktop.ini", "grades.csv", "Grades.CSV"]
)
@pytest.mark.parametrize("folder", [True, False])
def test_junk_is_no_student_and_not_worth_a_word(
    look: Look, download: Path, write: Write, name: str, folder: bool
) -> None:
    write(download / "alice/softmax.py", CODE)
    write(download / name / "softmax.py" if folder else download / name, CODE)
    found = look()
    assert (students(found), found.ignored) == (["alice"], ())


def test_what_belongs_to_nobody_is_told(look: Look, download: Path, write: Write) -> None:
    write(download / "alice/softmax.py", CODE)
    write(download / "notes.txt", "")
    write(download / "softmax.py", CODE)
    write(download / "helper.py", CODE)
    write(download / "_softmax.py", CODE)
    write(download / "01_softmax/softmax.py", CODE)
    write(download / "attention/attention.py", CODE)
    write(download / "alice_notes.txt", "")
    os.mkfifo(download / "pipe")
    (download / "bob").symlink_to(download / "alice")
    assert look().ignored == (
        "bob is a link: put the files themselves there.",
        "pipe is no ordinary file: put the files themselves there.",
        "01_softmax belongs to no student: it is named after a folder of the course.",
        "attention belongs to no student: it is named after a folder of the course.",
        "_softmax.py belongs to no student: its name tells none.",
        "alice_notes.txt belongs to no student: its name tells none.",
        "helper.py belongs to no student: its name tells none.",
        "notes.txt belongs to no student: its name tells none.",
        "softmax.py belongs to no student: its name tells none.",
    )


def test_what_may_not_be_read_is_told(
    look: Look, download: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(download / "alice/softmax.py", CODE)
    write(download / "bob/softmax.py", CODE)
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "bob" and allowed(path, mode))
    found = look()
    assert (students(found), found.ignored) == (["alice"], ("bob cannot be opened: you may not read it.",))


def test_an_attempt_that_may_not_be_read_is_a_problem(
    look: Look, download: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(download / "alice/attempt1/softmax.py", CODE)
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "attempt1" and allowed(path, mode))
    assert only(look).problem == "attempt1 cannot be opened: it may not be read."


@pytest.mark.parametrize("suffix", [".tar", ".tar.gz", ".tgz", ".rar", ".7z", ".tar.xz", ".TAR.GZ"])
def test_another_kind_of_archive_is_a_hand_in_that_cannot_be_graded(
    look: Look, download: Path, scratch: Path, write: Write, suffix: str
) -> None:
    write(download / f"alice{suffix}", b"...")
    write(download / f"bob/hw{suffix}", b"...")
    write(download / "bob/notes.txt", b"...")
    write(download / "bob/__MACOSX/x", b"...")
    for handin, name, student in zip(look().handins, ("alice", "hw"), ("alice", "bob"), strict=True):
        problem = f"{name}{suffix} is an archive that is not unpacked here. Hand in a zip, or the files themselves."
        assert (handin.student, handin.problem) == (student, problem)
        with pytest.raises(IntakeError) as caught, handin.opened(scratch):
            pass
        assert str(caught.value) == problem


@pytest.mark.parametrize("beside", ["softmax.py", "softmax.ipynb", "hw.zip", "hw/softmax.py"])
@pytest.mark.usefixtures("zoe")
def test_another_kind_of_archive_beside_something_gradable_is_no_problem(
    look: Look, download: Path, write: Write, beside: str
) -> None:
    write(download / "alice/data.tar.gz", b"...")
    write(download / "alice" / beside, CODE)
    assert only(look).problem is None


# Attempts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("earlier", "last"),
    [
        ("alice", "alice_attempt1"),
        ("alice_attempt9", "alice_attempt10"),
        ("alice-attempt-1", "alice-attempt-2.zip"),
        ("alice.zip", "alice (1).zip"),
        ("alice(1).zip", "alice (2).zip"),
        ("alice (9).zip", "alice_attempt1.zip"),
        ("alice_attempt2.zip", "alice_attempt2 (1).zip"),
        ("alice Attempt 1", "alice ATTEMPT 2"),
        ("alice_attempt1.tar.gz", "alice_attempt2"),
    ],
)
def test_the_attempt_with_the_highest_number_counts(
    look: Look, download: Path, write: Write, earlier: str, last: str
) -> None:
    for moment, name in enumerate([last, earlier]):
        file = write(download / name / "softmax.py" if "." not in name else download / name, zipped({"softmax.py": ""}))
        dated(file, moment)
    handin = only(look)
    assert (handin.student, handin.label, handin.earlier) == ("alice", last, (earlier,))


def test_attempts_may_be_folders_in_a_student_s_folder(
    look: Look, opened: Opened, download: Path, write: Write
) -> None:
    for name in ("attempt1/softmax.py", "attempt_2/softmax.py", "attempt_10/softmax.py", "notes.txt"):
        write(download / "alice" / name, name)
    write(download / "alice/attempt12", "a file")
    write(download / "alice/__MACOSX/attempt13", "a file")
    (download / "alice/attempt14").symlink_to(download / "alice/attempt1")
    write(download / "alice/attempt-11.zip", zipped({"softmax.py": CODE}))
    handin = only(look)
    assert handin.student == "alice"
    assert handin.label == "alice/attempt-11.zip"
    assert handin.earlier == ("alice/attempt1", "alice/attempt_2", "alice/attempt_10")
    assert opened(handin) == {"softmax.py": CODE}


def test_attempts_may_be_in_a_student_s_zip(look: Look, opened: Opened, download: Path, write: Write) -> None:
    last = zipped({"softmax.py": CODE})
    write(download / "alice.zip", zipped({"attempt9/softmax.py": "old", "attempt10.zip": last, "notes.txt": ""}))
    assert opened(only(look)) == {"softmax.py": CODE}


@pytest.mark.parametrize("beside", ["softmax.py", "src/softmax.py", "hw.zip"])
def test_a_folder_with_other_work_beside_is_one_attempt(look: Look, download: Path, write: Write, beside: str) -> None:
    write(download / "alice/attempt1/softmax.py", CODE)
    write(download / "alice" / beside, CODE)
    assert (only(look).label, only(look).earlier) == ("alice", ())


@pytest.mark.parametrize(("folder_time", "zip_time", "counts"), [(1, 2, "alice.zip"), (2, 1, "alice")])
def test_of_a_folder_and_a_zip_the_newer_counts(
    look: Look, download: Path, write: Write, folder_time: int, zip_time: int, counts: str
) -> None:
    dated(write(download / "alice/src/softmax.py", CODE), folder_time)
    dated(write(download / "alice/attention.py", CODE), 0)
    dated(write(download / "alice.zip", zipped({})), zip_time)
    handin = only(look)
    assert handin.label == counts
    assert {handin.label, *handin.earlier} == {"alice", "alice.zip"}


def test_of_files_and_a_folder_the_newer_counts(look: Look, opened: Opened, download: Path, write: Write) -> None:
    dated(write(download / "alice_softmax.py", CODE), 1)
    dated(write(download / "alice/softmax.py", "old"), 0)
    assert opened(only(look)) == {"softmax.py": CODE}
    assert only(look).earlier == ("alice",)


# Single files ------------------------------------------------------------------------------------


def test_files_named_after_their_exercises_are_one_hand_in(
    look: Look, opened: Opened, download: Path, write: Write
) -> None:
    write(download / "jo_smith_softmax.py", CODE)
    write(download / "jo_smith_attention.ipynb", "{}")
    write(download / "al_softmax.py", "other")
    found = look()
    assert students(found) == ["al", "jo_smith"]
    assert [handin.label for handin in found.handins] == ["al_softmax.py", "jo_smith_attention.ipynb and 1 more"]
    assert opened(found.handins[1]) == {"softmax.py": CODE, "attention.ipynb": "{}"}


def test_the_longest_name_of_an_exercise_is_meant(
    similar_names: Course, download: Path, scratch: Path, write: Write
) -> None:
    write(download / "jo_smith_tensor_ops.py", CODE)
    write(download / "jo_ops.py", CODE)
    write(download / "tensor_ops.py", "nobody's")
    found = find(download, similar_names, scratch)
    assert [(handin.student, handin.pieces[0].name) for handin in found.handins] == [
        ("jo", "ops.py"),
        ("jo_smith", "tensor_ops.py"),
    ]


def test_a_file_without_an_exercise_s_name_keeps_what_follows_the_student(
    look: Look, opened: Opened, download: Path, write: Write
) -> None:
    write(download / "jo_my_work.py", CODE)
    assert only(look).student == "jo"
    assert opened(only(look)) == {"my_work.py": CODE}


def test_a_file_answers_the_only_exercise_whatever_it_is_called(
    one_exercise: Course, opened: Opened, download: Path, scratch: Path, write: Write
) -> None:
    write(download / "jo_my_work.py", CODE)
    [handin] = find(download, one_exercise, scratch).handins
    assert (handin.student, opened(handin)) == ("jo", {"softmax.py": CODE})


@pytest.mark.parametrize("last", ["jo_softmax (1).py", "jo_softmax_attempt2.py", "jo_attempt2_softmax.py"])
def test_of_two_files_for_one_exercise_the_last_counts(
    look: Look, opened: Opened, download: Path, write: Write, last: str
) -> None:
    write(download / last, CODE)
    write(download / "jo_softmax.py", "old")
    write(download / "jo_attention.py", CODE)
    assert only(look).earlier == ("jo_softmax.py",)
    assert opened(only(look)) == {"softmax.py": CODE, "attention.py": CODE}


def test_a_file_swapped_for_a_link_is_not_followed(look: Look, download: Path, scratch: Path, write: Write) -> None:
    write(download / "jo_softmax.py", CODE)
    handin = only(look)
    (download / "jo_softmax.py").unlink()
    (download / "jo_softmax.py").symlink_to("/etc/passwd")
    with pytest.raises(IntakeError, match=r"jo_softmax\.py cannot be read"), handin.opened(scratch):
        pass


def test_a_file_swapped_for_a_pipe_is_not_waited_for(look: Look, download: Path, scratch: Path, write: Write) -> None:
    write(download / "jo_softmax.py", CODE)
    handin = only(look)
    (download / "jo_softmax.py").unlink()
    os.mkfifo(download / "jo_softmax.py")
    with pytest.raises(IntakeError, match=r"jo_softmax\.py is not an ordinary file"), handin.opened(scratch):
        pass


# Zips within -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("zoe")
def test_zips_at_the_top_of_a_folder_are_unpacked_beside_a_copy_of_the_rest(
    look: Look, opened: Opened, download: Path, write: Write
) -> None:
    write(download / "alice/hw.zip", zipped({"softmax.py": CODE, "deeper.zip": zipped({"x.py": CODE})}))
    write(download / "alice/src/attention.py", CODE)
    files = opened(only(look))
    assert files.pop("hw/deeper.zip").startswith("PK")
    assert files == {"hw/softmax.py": CODE, "src/attention.py": CODE}


def test_zips_at_the_top_of_a_zip_are_unpacked(look: Look, opened: Opened, download: Path, write: Write) -> None:
    inner = zipped({"softmax.py": CODE})
    write(download / "alice.zip", zipped({"hw.zip": inner, "hw2.ZIP": inner, "src/data.zip": inner}))
    files = opened(only(look))
    assert files.pop("src/data.zip").startswith("PK")
    assert files == {"hw/softmax.py": CODE, "hw2/softmax.py": CODE}


@pytest.mark.usefixtures("zoe")
def test_a_zip_that_somebody_unpacked_stays_packed(look: Look, opened: Opened, download: Path, write: Write) -> None:
    write(download / "alice/hw.zip", zipped({"softmax.py": "old"}))
    write(download / "alice/hw/softmax.py", CODE)
    assert opened(only(look))["hw/softmax.py"] == CODE
    assert not [name for name in opened(only(look)) if name.endswith(".py") and name != "hw/softmax.py"]


@pytest.mark.usefixtures("zoe")
def test_a_zip_named_like_a_file_beside_it_finds_another_place(
    look: Look, opened: Opened, download: Path, write: Write
) -> None:
    write(download / "alice/hw.zip", zipped({"softmax.py": CODE}))
    write(download / "alice/hw", "a file")
    write(download / "alice/hw.ZIP", zipped({"softmax.py": CODE}))
    assert opened(only(look)) == {"hw": "a file", "hw-2/softmax.py": CODE, "hw-3/softmax.py": CODE}


def test_links_special_files_and_what_is_never_graded_are_not_copied(
    look: Look, opened: Opened, download: Path, write: Write
) -> None:
    write(download / "bob/attention.py", "bob's")
    alice = download / "alice"
    write(alice / "hw.zip", zipped({"softmax.py": CODE}))
    for name in (".git/config", "env/pyvenv.cfg", "env/lib/x.py", "__pycache__/x.pyc", "a/.hidden.py"):
        write(alice / name, "")
    (alice / "file.py").symlink_to(download / "bob/attention.py")
    (alice / "folder").symlink_to(download / "bob")
    (alice / "link.zip").symlink_to(alice / "hw.zip")
    os.mkfifo(alice / "pipe.py")
    assert opened(look().handins[0]) == {"hw/softmax.py": CODE}


def test_links_and_hidden_files_are_no_zips(look: Look, download: Path, scratch: Path, write: Write) -> None:
    write(download / "alice/._hw.zip", "left by macOS")
    (download / "alice/link.zip").symlink_to(write(download.parent / "hw.zip", zipped({"softmax.py": CODE})))
    with only(look).opened(scratch) as folder:
        assert folder == download / "alice"


@pytest.mark.usefixtures("zoe")
def test_a_copy_can_be_read_by_its_owner_alone(look: Look, download: Path, scratch: Path, write: Write) -> None:
    write(download / "alice/hw.zip", zipped({}))
    write(download / "alice/a/b/run.py", CODE).chmod(0o6777)
    with only(look).opened(scratch) as folder:
        modes = [stat.S_IMODE((folder / path).stat().st_mode) for path in ("a", "a/b", "a/b/run.py")]
    assert modes == [0o700, 0o700, 0o600]


@pytest.mark.parametrize("name", ["alice.zip", "alice/hw.zip"])
def test_a_broken_zip_is_the_student_s_problem(
    look: Look, download: Path, scratch: Path, write: Write, name: str
) -> None:
    write(download / name, b"Rar!")
    with pytest.raises(IntakeError) as caught, only(look).opened(scratch):
        pass
    assert str(caught.value) == (
        f"{Path(name).name} is no zip archive: it is a RAR archive. "
        "Hand in a new zip, of your .py and .ipynb files only."
    )


@pytest.mark.usefixtures("zoe")
def test_many_zips_in_one_hand_in_are_refused(
    look: Look, opened: Opened, download: Path, scratch: Path, write: Write
) -> None:
    for number in range(MAX_ARCHIVES):
        write(download / f"alice/{number}.zip", zipped({"softmax.py": CODE}))
    assert len(opened(only(look))) == MAX_ARCHIVES
    write(download / "alice/one more.zip", zipped({"softmax.py": CODE}))
    with pytest.raises(IntakeError, match="11 zips in one hand-in; up to 10 are unpacked"), only(look).opened(scratch):
        pass


# Ids ---------------------------------------------------------------------------------------------


def test_ids_that_differ_in_case_get_numbers(look: Look, download: Path) -> None:
    for name in ("alice", "Alice", "ALICE", "alice-2"):
        (download / name).mkdir()
    found = look()
    assert students(found) == ["ALICE", "Alice-3", "alice-2", "alice-4"]
    assert [handin.label for handin in found.handins] == ["ALICE", "Alice", "alice-2", "alice"]


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("Zoe\u0308 Müller", "Zoë Müller"),
        ("李雷", "李雷"),
        ("a\nb", "a_b"),
        ("a\u202eb", "a_b"),
        ("a:b*c", "a_b_c"),
        ("con. ", "con"),
        (os.fsdecode(b"h\xe9"), "h_"),
        ("ü" * 127, "ü" * 100),
    ],
)
def test_ids_are_printable_and_fit_for_a_file_s_name(look: Look, download: Path, name: str, student: str) -> None:
    (download / name).mkdir()
    assert students(look()) == [student]


# Paths that hold no submission -------------------------------------------------------------------


def usage_error(look: Look, path: Path) -> str:
    with pytest.raises(UsageError) as caught:
        look(path)
    return str(caught.value)


def test_a_path_that_leads_nowhere_is_an_error(look: Look, download: Path) -> None:
    assert "does not exist. Did you mean 'download'?" in usage_error(look, download.parent / "downlaod")


@pytest.mark.parametrize(("content", "kind"), [(b"", "empty"), (b"\x1f\x8b", "a gzip archive"), (b"x", "another kind")])
def test_a_path_that_is_neither_folder_nor_zip_is_an_error(
    look: Look, tmp_path: Path, write: Write, content: bytes, kind: str
) -> None:
    message = usage_error(look, write(tmp_path / "all.tgz", content))
    assert message.startswith(f"all.tgz is no zip archive: it is {kind}")
    assert message.endswith("Submissions are a folder or a zip: download it again.")


def test_a_path_that_is_no_ordinary_file_is_an_error(look: Look, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert usage_error(look, tmp_path / "pipe") == f"{tmp_path}/pipe is neither a folder nor a zip."


def test_a_zip_that_cannot_be_unpacked_is_an_error(
    look: Look, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(path: Path, into: Path) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(finding, "unpack_download", no_space)
    message = usage_error(look, write(tmp_path / "all.zip", zipped({})))
    assert message == f"{tmp_path}/all.zip cannot be unpacked: No space left on device."


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([], "It is empty."),
        ([".DS_Store", "grades.csv"], "It is empty."),
        (["softmax.py"], "softmax.py belongs to no student: its name tells none."),
        (["01_softmax/softmax.py"], "01_softmax belongs to no student: it is named after a folder of the course."),
    ],
)
def test_a_folder_without_submissions_is_an_error(
    look: Look, download: Path, write: Write, files: list[str], reason: str
) -> None:
    for name in files:
        write(download / name, CODE)
    assert usage_error(look, download) == (
        f"{download} holds no submission. {reason} "
        "Put a folder or a zip for each student there, or files named like alice_softmax.py."
    )


def test_contents_are_those_of_the_download(look: Look, download: Path, scratch: Path, write: Write) -> None:
    write(download / "alice/a/softmax.py", CODE)
    with only(look).opened(scratch) as folder:
        assert contents(folder) == {"a/softmax.py": CODE}
