"""The folder that a batch writes to."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.batch.folder import Folder, file_name


@pytest.mark.parametrize(
    "student", ["alice", "Jane Doe_1234567", "doejane_12", "a.b@c.edu", "Zoë", "o-1", "50", "Bob O'Neil (2)"]
)
def test_an_id_that_can_name_a_file_does(student: str) -> None:
    assert file_name(student) == f"{student}.json"


@pytest.mark.parametrize(
    "student",
    [
        *("summary", "Gradebook", "INDEX", "con", "", ".", "..", "../alice", "a/b", "a\\b", ".hidden"),
        *("a\x00b", "a\nb", " a", "a ", "x" * 300, "ü" * 300, "a:b", "*"),
    ],
)
def test_any_other_gets_a_name_of_its_own(student: str, tmp_path: Path) -> None:
    name = file_name(student)
    assert name.endswith(".json") and name not in ("summary.json", "index.json")
    assert "/" not in name and "\\" not in name and not name.startswith(".")
    (tmp_path / name).write_text("")
    assert name != file_name(student + "x") != file_name("alice")


def test_ids_that_look_alike_keep_apart() -> None:
    names = [file_name(student) for student in ("a/b", "a\\b", "a:b", "a_b")]
    assert len({name.casefold() for name in names}) == 4


def test_what_a_killed_batch_left_is_cleared_away(tmp_path: Path) -> None:
    (tmp_path / ".grade-scratch" / "deep").mkdir(parents=True)
    (tmp_path / ".grade-0123456789abcdef").write_text("half a repo")
    (tmp_path / ".grade-link").symlink_to(tmp_path.parent)
    (tmp_path / "alice.json").write_text("{}")
    with Folder.held(tmp_path) as folder:
        assert not list(folder.scratch.iterdir())
        assert sorted(path.name for path in tmp_path.iterdir()) == [".grade-lock", ".grade-scratch", "alice.json"]
    assert [path.name for path in tmp_path.iterdir()] == ["alice.json"]
    assert tmp_path.parent.is_dir()
