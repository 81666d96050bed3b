"""One zip of everything: the same forms inside it, folders around it, and whom a bad member costs what."""

from __future__ import annotations

import contextlib
import stat
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.intake import Found, IntakeError, archives, finding
from grader.intake.archives import unpack_download
from grader.intake.errors import ArchiveError
from grader.intake.members import Limits
from tests.grader.intake.conftest import CODE, Files, Look, Opened, member, packed, students, zipped

LINK = stat.S_IFLNK | 0o777
METADATA = "submission_1:\n  :submitters:\n  - :sid: '7'\n"

Unzip = Callable[[bytes], Found]


@pytest.fixture
def unzip(look: Look, tmp_path: Path) -> Unzip:
    """What is found in a zip called all.zip."""

    def unzip(data: bytes) -> Found:
        path = tmp_path / "all.zip"
        path.write_bytes(data)
        return look(path)

    return unzip


@pytest.mark.parametrize("around", ["", "all/", "hw1/", "all/hw1/"])
@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"alice/softmax.py": CODE, "bob.zip": zipped({"softmax.py": CODE})}, ["alice", "bob"]),
        ({"jo_softmax.py": CODE, "al_softmax.py": CODE, "grades.csv": ""}, ["al", "jo"]),
        ({"doejane_1_2_softmax.py": CODE, "roejim_LATE_3_4_softmax.py": CODE}, ["doejane_1", "roejim_3"]),
        ({f"Jané {n}_{n}_assignsubmission_file_/softmax.py": CODE for n in "12"}, ["Jané 1_1", "Jané 2_2"]),
        ({"submission_metadata.yml": METADATA, "submission_1/softmax.py": CODE}, ["7"]),
        ({"hw-ann/.git/HEAD": "x", "hw-ann/softmax.py": CODE, "hw-bob/.git/HEAD": "x"}, ["ann", "bob"]),
        ({"alice/attempt1/softmax.py": "", "alice/attempt2/softmax.py": CODE, "bob/": ""}, ["alice", "bob"]),
    ],
)
def test_a_zip_holds_any_of_the_forms_with_folders_around_or_without(
    unzip: Unzip, opened: Opened, files: Files, expected: list[str], around: str
) -> None:
    found = unzip(zipped({f"{around}{name}": content for name, content in files.items()} | {"__MACOSX/._hw1": ""}))
    assert students(found) == expected
    assert opened(found.handins[0]) == {"softmax.py": CODE}


@pytest.mark.parametrize("inside", ["softmax.py", "01_softmax/softmax.py", "exercises/01_softmax/softmax.py"])
def test_a_single_folder_with_a_student_s_own_files_is_the_student(unzip: Unzip, inside: str) -> None:
    assert students(unzip(zipped({f"alice/{inside}": CODE, "alice/helpers/a.py": "", "alice/data/b.py": ""}))) == [
        "alice"
    ]


@pytest.mark.parametrize("file", ["alice/attempt1/softmax.py", "alice/.git/HEAD", "alice/src/softmax.py"])
def test_a_single_folder_that_holds_less_than_two_students_is_a_student(unzip: Unzip, file: str) -> None:
    assert students(unzip(zipped({file: CODE}))) == ["alice"]


def test_a_single_folder_named_like_the_zip_is_around_the_students(unzip: Unzip) -> None:
    assert students(unzip(zipped({"all/alice/src/softmax.py": CODE}))) == ["alice"]


def test_other_files_beside_the_folder_around_the_students_do_no_harm(unzip: Unzip) -> None:
    link = (member("hw1/bob/softmax.py", mode=LINK), "x")
    files = [(member(name), CODE) for name in ("README.txt", "grades.csv", "hw1/alice/softmax.py", "hw1/c/softmax.py")]
    found = unzip(packed(*files, link))
    assert [(handin.student, bool(handin.problem)) for handin in found.handins] == [
        ("alice", False),
        ("bob", True),
        ("c", False),
    ]
    assert found.ignored == ("README.txt belongs to no student: its name tells none.",)


def test_times_in_the_zip_tell_the_newer_of_two_attempts(unzip: Unzip) -> None:
    old, new = member("alice.zip"), member("alice/softmax.py")
    old.date_time, new.date_time = (2026, 1, 2, 3, 4, 6), (2026, 1, 2, 3, 4, 8)
    [handin] = unzip(packed((new, CODE), (old, zipped({})))).handins
    assert (handin.label, handin.earlier) == ("alice", ("alice.zip",))


def test_times_that_are_none_do_no_harm(unzip: Unzip) -> None:
    data = zipped({"alice/softmax.py": CODE})
    at = data.index(b"PK\1\2") + 12
    assert students(unzip(data[:at] + bytes(4) + data[at + 4 :])) == ["alice"]


# What costs one student ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (member("hw/bob/../../../softmax.py"), "holds 'hw/bob/../../../softmax.py', which leads out of it."),
        (member("hw/bob/a\\softmax.py"), "holds 'hw/bob/a\\softmax.py', which has a backslash in its name."),
        (member("hw/bob/attention.py", mode=LINK), "holds 'hw/bob/attention.py', which is a link."),
        (member("hw/bob/softmax.py"), "holds 'hw/bob/softmax.py' twice."),
        (member("hw/bob/softmax.py/x.py"), "holds 'hw/bob/softmax.py' as a file and as a folder."),
        (member("hw/bob/" + "a/" * 30 + "x"), f"holds 'hw/bob/{'a/' * 26}a…', which lies more than 20 folders deep."),
    ],
)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_member_that_is_refused_costs_its_student_alone(
    unzip: Unzip, opened: Opened, scratch: Path, bad: zipfile.ZipInfo, reason: str
) -> None:
    found = unzip(packed((member("hw/alice/softmax.py"), CODE), (member("hw/bob/softmax.py"), CODE), (bad, "x")))
    alice, bob = found.handins
    assert opened(alice) == {"softmax.py": CODE}
    assert bob.problem == f"all.zip {reason} Hand in a new zip, of your .py and .ipynb files only."
    with pytest.raises(IntakeError), bob.opened(scratch):
        pass
    assert found.ignored == ()


@pytest.mark.parametrize("below", [".py/" + "a/" * 1000, ".py/a\\b/", ".py/" + "x" * 400])
def test_a_member_that_would_lie_in_a_file_costs_nobody_else(unzip: Unzip, below: str) -> None:
    files = [(member("alice/softmax.py"), CODE), (member("bob_softmax.py"), CODE), (member(f"bob_softmax{below}"), "")]
    alice, bob = unzip(packed(*files)).handins
    assert alice.problem is None
    assert bob.problem and bob.problem.startswith("all.zip holds 'bob_softmax.py/")


def test_a_file_in_the_place_of_the_folder_around_everything_is_survived(unzip: Unzip) -> None:
    with pytest.raises(UsageError, match=r"all\.zip holds no submission\."):
        unzip(packed((member("hw/a/", mode=LINK), ""), (member("hw/b/", mode=LINK), ""), (member("hw"), "")))


@pytest.mark.parametrize("name", ["doejane_1_2_softmax.py", "bob.zip", "bob/softmax.py", "bob/", "bob.tar.gz"])
def test_a_student_whose_every_file_is_refused_is_still_there(unzip: Unzip, name: str) -> None:
    found = unzip(packed((member("alice/softmax.py"), CODE), (member(name, mode=LINK), "/etc/passwd")))
    [handin] = [handin for handin in found.handins if handin.student != "alice"]
    assert handin.student == ("doejane_1" if "_" in name else "bob")
    assert handin.problem and "which is a link" in handin.problem


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["bob_softmax.py", "./bob_softmax.py"], "holds 'bob_softmax.py' twice."),
        (["bob", "bob/softmax.py"], "holds 'bob' as a file and as a folder."),
    ],
)
def test_a_student_whose_files_clash_is_still_there(unzip: Unzip, names: list[str], found: str) -> None:
    alice, bob = unzip(packed((member("alice/softmax.py"), CODE), *((member(name), CODE) for name in names))).handins
    assert (alice.problem, bob.student) == (None, "bob")
    assert bob.problem and bob.problem.startswith(f"all.zip {found}")


def test_a_damaged_member_costs_its_student_alone(unzip: Unzip, opened: Opened) -> None:
    data = zipped({"bob/softmax.py": CODE, "alice/softmax.py": CODE}, zipfile.ZIP_STORED)
    found = unzip(data.replace(b"def", b"DEF", 1))
    alice, bob = found.handins
    assert opened(alice) == {"softmax.py": CODE}
    assert bob.problem and bob.problem.startswith("all.zip is damaged, at 'bob/softmax.py'.")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({f"bob/{n}.txt": "" for n in range(9)}, "holds more than 8 files"),
        ({f"bob/{n}.txt": bytes(900_000) for n in range(3)}, "holds more than 2 MB in all"),
        ({"bob/x.txt": bytes(1_100_000)}, "holds 'bob/x.txt', which is larger than 1 MB"),
    ],
)
def test_too_much_in_one_part_costs_that_student_alone(
    unzip: Unzip, monkeypatch: pytest.MonkeyPatch, files: Files, reason: str
) -> None:
    small = Limits(members=8, total=2_000_000, file=1_000_000)
    large = Limits(members=20, total=10_000_000, file=1_000_000)
    monkeypatch.setattr(finding, "unpack_download", lambda path, into: unpack_download(path, into, large, small))
    found = unzip(zipped({**files, "alice/softmax.py": CODE, "carol.zip": zipped({})}))
    assert students(found) == ["alice", "bob", "carol"]
    assert [handin.student for handin in found.handins if handin.problem] == ["bob"]
    assert found.handins[1].problem and found.handins[1].problem.startswith(f"all.zip {reason}.")


def test_a_flaw_of_an_attempt_that_does_not_count_costs_nothing(unzip: Unzip, opened: Opened) -> None:
    bad = member("alice/attempt1/attention.py", mode=LINK)
    old, new = member("alice/attempt1/softmax.py"), member("alice/attempt2/softmax.py")
    found = unzip(packed((bad, "x"), (old, "old"), (new, CODE), (member("bob/softmax.py"), CODE)))
    assert found.handins[0].problem is None
    assert opened(found.handins[0]) == {"softmax.py": CODE}
    assert found.ignored == ("all.zip holds 'alice/attempt1/attention.py', which is a link.",)


def test_repositories_are_known_though_what_git_keeps_is_not_unpacked(unzip: Unzip, scratch: Path) -> None:
    files: dict[str, str | bytes] = {f"hw-{name}/.git/{n}": "x" for name in ("ann", "bob") for n in range(9)}
    assert students(unzip(zipped(files))) == ["ann", "bob"]
    assert list((scratch / "download/hw-ann/.git").iterdir()) == []


# What costs everybody ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (
            packed((member("alice/softmax.py"), CODE), (member("../x.py"), "")),
            "holds '../x.py', which leads out of it.",
        ),
        (
            packed((member("a/b/x.py"), ""), (member("a/c/x.py"), ""), (member("a/../x"), "")),
            "holds 'a/../x', which leads",
        ),
        (packed((member("/etc/passwd"), "")), "holds '/etc/passwd', which leads out of it."),
        (packed((member("alice/softmax.py"), CODE), (member("."), "")), "holds '.', which has no name."),
        (zipped({"alice/softmax.py": CODE})[:-30], "is damaged."),
        (b"Rar!", "is no zip archive: it is a RAR archive."),
    ],
)
def test_what_is_wrong_with_the_whole_is_an_error(unzip: Unzip, scratch: Path, data: bytes, found: str) -> None:
    with pytest.raises(UsageError) as caught:
        unzip(data)
    assert str(caught.value).startswith(f"all.zip {found}")
    assert str(caught.value).endswith("Submissions are a folder or a zip: download it again.")
    assert not list(scratch.iterdir())


def test_a_zip_that_holds_too_much_in_all_is_an_error(unzip: Unzip, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Limits(members=8)
    monkeypatch.setattr(finding, "unpack_download", lambda path, into: unpack_download(path, into, small, small))
    with pytest.raises(UsageError, match=r"all\.zip holds more than 8 files\."):
        unzip(zipped({f"{n}/softmax.py": CODE for n in range(9)}))


@pytest.mark.parametrize("files", [{}, {"softmax.py": CODE}, {"__MACOSX/x": ""}])
def test_a_zip_without_submissions_is_an_error(unzip: Unzip, files: Files) -> None:
    with pytest.raises(UsageError, match=r"all\.zip holds no submission\."):
        unzip(zipped(files))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mangled_downloads_are_refused_or_unpacked_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    files: Files = {"hw/alice/softmax.py": CODE, "hw/bob.zip": zipped({"softmax.py": CODE}), "hw/c/.git/x": "x"}
    mangled = bytearray(zipped(files))
    for _ in range(data.draw(st.integers(1, 6))):
        mangled[data.draw(st.integers(0, len(mangled) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.mktemp("mangled")
    (folder / "all.zip").write_bytes(mangled)
    try:
        refused = unpack_download(folder / "all.zip", folder / "into")
    except ArchiveError:
        assert not (folder / "into").exists()
    else:
        assert all(isinstance(error, ArchiveError) for error in refused.values())
    assert {path.name for path in folder.iterdir()} <= {"all.zip", "into"}


NAMES = st.sampled_from(
    ["alice", "Alice", "b", "b.py", "hw.zip", ".git", "pyvenv.cfg", "..", ".", "", "a\\b", "é", "e\u0301", "z" * 256]
)
PATHS = st.builds("/".join, st.lists(NAMES, min_size=1, max_size=5)).filter(bool)
MODES = st.sampled_from([0, stat.S_IFREG | 0o644, LINK])


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(members=st.lists(st.tuples(PATHS, MODES), min_size=1, max_size=8))
def test_downloads_with_any_names_are_refused_or_unpacked_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, members: list[tuple[str, int]]
) -> None:
    folder = tmp_path_factory.mktemp("odd")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile's, of names that come twice
        data = packed(*((member(f"hw/{path}", mode=mode), "x") for path, mode in members))
    (folder / "all.zip").write_bytes(data)
    with contextlib.suppress(ArchiveError):
        refused = unpack_download(folder / "all.zip", folder / "into")
        for path in (folder / "into").rglob("*"):
            assert path.is_file() or path.is_dir()
            assert not path.is_symlink()
        assert not any(part in ("", "..", ".") for place in refused for part in place)
    assert {path.name for path in folder.iterdir()} <= {"all.zip", "into"}


def test_limits_of_a_download_are_wider_than_a_part_s_and_those_than_a_student_s() -> None:
    for name in ("members", "total", "file"):
        sizes = [getattr(limits, name) for limits in (archives.STUDENT, archives.PART, archives.DOWNLOAD)]
        assert sizes == sorted(sizes)
