"""`grade new-exercise`: every place filled, with an example that the course's check accepts."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from grader.check import check
from grader.commands.new_exercise import new_exercise
from grader.course import Course
from grader.errors import CourseError, GraderError, UsageError
from tests.grader.conftest import Write
from tests.grader.release.conftest import Run


def test_from_an_empty_folder_to_a_course_without_problems(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "my-course"
    (folder / ".git").mkdir(parents=True)
    monkeypatch.chdir(folder)
    for name in ("mean", "second_one"):
        assert run(new_exercise, name).return_value == 0
    course = Course.load(folder)
    assert (course.name, course.names, course.settings.preload) == ("My course", ("mean", "second_one"), ())
    out = Console(file=io.StringIO(), width=100)
    assert check(course, (), 0, 2, out), out.file.getvalue()  # type: ignore[attr-defined]


def test_it_takes_the_next_number_and_the_courses_folders(run: Run, home: Path) -> None:
    table = home / "pyproject.toml"
    table.write_text(table.read_text() + 'solutions = "answers/right"\n')
    result = run(new_exercise, "mode", "--course", home)
    files = [str(Path(line).relative_to(home)) for line in result.stdout.splitlines()[:-1]]
    assert files == [
        "exercises/02_mode/README.md",
        "exercises/02_mode/mode.py",
        "answers/right/02_mode/mode.py",
        "tests/suites/test_mode.py",
        "tests/course/mode/wrong.py",
        "tests/course/mode/right_loop.py",
        "tests/course/mode/right_shares.py",
    ]
    assert Course.load(home).names == ("fizz", "median", "mode")


def test_a_course_that_is_only_a_table_gets_its_first_exercise(run: Run, tmp_path: Path, write: Write) -> None:
    write(tmp_path / "pyproject.toml", '[tool.grader]\nname = "Bare"\n')
    assert run(new_exercise, "mean", "--course", tmp_path).return_value == 0
    assert Course.load(tmp_path).name == "Bare"


def test_the_course_above_is_taken(run: Run, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "exercises/empty").mkdir()
    monkeypatch.chdir(home / "exercises/empty")
    assert run(new_exercise, "mode").return_value == 0
    monkeypatch.chdir(home)
    assert run(new_exercise, "mean").stdout.startswith("exercises/03_mean/README.md\n")
    assert (home / "exercises/02_mode/mode.py").is_file()


@pytest.mark.parametrize(
    ("name", "near"), [("2 words", "my_2_words"), ("class", "my_class"), ("mean-of", "mean_of"), ("été", "t")]
)
def test_a_name_that_is_none_is_refused_with_one_that_would_do(run: Run, home: Path, name: str, near: str) -> None:
    result = run(new_exercise, name, "--course", home)
    assert isinstance(result.exception, UsageError) and f"as in '{near}'" in str(result.exception)


def test_an_exercise_that_there_is_stays_as_it_is(run: Run, home: Path) -> None:
    result = run(new_exercise, "fizz", "--course", home)
    assert isinstance(result.exception, UsageError) and "an exercise 'fizz' already" in str(result.exception)


def test_a_file_in_its_place_is_left_and_nothing_is_written(run: Run, home: Path, write: Write) -> None:
    write(home / "tests/suites/test_mode.py", "mine")
    result = run(new_exercise, "mode", "--course", home)
    assert isinstance(result.exception, UsageError) and "test_mode.py exists already" in str(result.exception)
    assert not (home / "exercises/02_mode").exists()


def test_a_folder_with_other_things_is_no_course(run: Run, tmp_path: Path, write: Write) -> None:
    write(tmp_path / "letter.txt", "Dear")
    result = run(new_exercise, "mean", "--course", tmp_path)
    assert isinstance(result.exception, UsageError) and "no course and not empty" in str(result.exception)


def test_a_mistake_in_the_table_is_told(run: Run, tmp_path: Path, write: Write) -> None:
    write(tmp_path / "pyproject.toml", '[tool.grader]\nname = "Bare"\nsuites = 3\n')
    result = run(new_exercise, "mean", "--course", tmp_path)
    assert isinstance(result.exception, CourseError) and "suites" in str(result.exception)


def test_a_folder_that_cannot_be_written_is_told(run: Run, home: Path, write: Write) -> None:
    write(home / "solutions/02_mode", "a file in the way")
    result = run(new_exercise, "mode", "--course", home)
    assert isinstance(result.exception, GraderError) and "could not be written" in str(result.exception)
