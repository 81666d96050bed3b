"""`grade new`: a folder to work in, from a course or from a release."""

from __future__ import annotations

from pathlib import Path

from grader.commands.new import new
from grader.course import Course
from grader.errors import UsageError
from grader.release.making import Release
from tests.grader.conftest import Write
from tests.grader.release.conftest import Run


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_of_a_course_its_release_is_copied(run: Run, made: Release, second: Course, tmp_path: Path) -> None:
    result = run(new, tmp_path / "mine", "--course", second.root)
    assert result.return_value == 0
    assert files_of(tmp_path / "mine") == made.files
    assert f"Start with {tmp_path / 'mine/exercises/00_fizz'}." in result.stdout


def test_of_a_release_the_release_is_copied_without_its_by_products(
    run: Run, made: Release, released: Path, tmp_path: Path, write: Write
) -> None:
    for place in (".grade/state.json", "exercises/00_fizz/__pycache__/a.pyc", ".venv/pyvenv.cfg", "report.json"):
        write(released / place, "left behind")
    assert run(new, tmp_path / "mine", "--course", released).return_value == 0
    assert files_of(tmp_path / "mine") == made.files


def test_an_empty_folder_will_do(run: Run, released: Path, tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    assert run(new, tmp_path / "mine", "--course", released).return_value == 0
    assert Course.load(tmp_path / "mine").names == ("fizz", "median")


def test_a_folder_with_work_in_it_is_left_as_it_is(run: Run, released: Path, tmp_path: Path, write: Write) -> None:
    write(tmp_path / "mine/exercises/00_fizz/fizz.py", "my work")
    result = run(new, tmp_path / "mine", "--course", released)
    assert isinstance(result.exception, UsageError) and "is not empty" in str(result.exception)
    assert files_of(tmp_path / "mine") == {"exercises/00_fizz/fizz.py": b"my work"}


def test_a_file_is_no_folder(run: Run, released: Path, tmp_path: Path, write: Write) -> None:
    result = run(new, write(tmp_path / "mine", ""), "--course", released)
    assert isinstance(result.exception, UsageError) and "is no folder" in str(result.exception)


def test_a_folder_in_the_release_is_refused(run: Run, released: Path) -> None:
    result = run(new, released / "mine", "--course", released)
    assert isinstance(result.exception, UsageError) and "lies in the course itself" in str(result.exception)
