"""`grade release`: what is in a release, what is not, and that it is tried before anybody gets it."""

from __future__ import annotations

import json
import shutil
import tomllib
import zipfile
from pathlib import Path

import pytest

import grader
from grader.commands.release import release
from grader.course import Course
from grader.errors import CourseError, UsageError
from grader.release.making import Release, check, make
from tests.grader.conftest import Write
from tests.grader.release.conftest import Run

OWN = [
    ".gitignore",
    "README.md",
    "exercises/00_fizz/README.md",
    "exercises/00_fizz/fizz.py",
    "exercises/01_median/README.md",
    "exercises/01_median/median.py",
    "exercises/README.md",
    "pyproject.toml",
    "tests/suites/README.md",
    "tests/suites/hidden.json",
    "tests/suites/test_fizz.py",
    "tests/suites/test_median.py",
]


# What is in it ---------------------------------------------------------------------------------


def test_lessons_stubs_public_tests_and_the_grader_are_in_it_and_nothing_else(made: Release) -> None:
    assert [place for place in made.files if not place.startswith("grader/")] == OWN
    package = Path(grader.__file__).parent
    here = {f"grader/{path.relative_to(package)}" for path in package.rglob("*") if path.is_file()}
    assert {place for place in made.files if place.startswith("grader/")} == {
        place for place in here if "__pycache__" not in place
    }


def test_lessons_and_stubs_are_as_they_are_in_the_course(made: Release, second: Course) -> None:
    for place in (place for place in OWN if place.startswith("exercises/")):
        assert made.files[place] == (second.root / place).read_bytes()


def test_suites_hold_public_tests_and_what_they_reach(made: Release) -> None:
    suite = made.files["tests/suites/test_fizz.py"].decode()
    assert "def test_fizz_counts_to_n(" in suite and "FIRST = " in suite
    for gone in ("both_words", "any_length", "gives_texts", "CYCLE", "expected", "itertools", "random", "fixture"):
        assert gone not in suite
    assert not [line for line in suite.splitlines() if line.lstrip().startswith("#")]


def test_hidden_tests_are_listed_by_title_and_points_alone(made: Release) -> None:
    fizz, median = json.loads(made.files["tests/suites/hidden.json"])
    assert fizz == {
        "name": "fizz",
        "title": "Fizz",
        "tests": [
            {"title": "fizz says both words where 3 and 5 divide the number.", "points": 3},
            {"title": "fizz takes any length, 0 too.", "points": 2},
            {"title": "fizz gives nothing but texts.", "points": 1},
        ],
    }
    assert sum(test["points"] for test in median["tests"]) == 8
    listed = made.files["tests/suites/README.md"].decode()
    assert listed.startswith("# Graded on submission\n")
    assert "| fizz takes any length, 0 too. | 2 |\n" in listed


def test_the_readme_tells_the_points_here_and_on_submission(made: Release) -> None:
    readme = made.files["README.md"].decode()
    assert readme.startswith("# Plain Python\n")
    assert "| [fizz](exercises/00_fizz/) | Fizz | 2 | 6 |\n" in readme
    assert "| | **all** | **5** | **14** |\n" in readme
    assert "    pip install --editable .\n" in readme and "    grade exercises/\n" in readme


def test_its_pyproject_installs_the_grader_and_holds_the_courses_table(made: Release) -> None:
    found = tomllib.loads(made.files["pyproject.toml"].decode())
    assert found["tool"]["grader"] == {"name": "Plain Python", "preload": [], "timeout_s": 5.0}
    needed = {line.partition(">")[0] for line in found["project"]["dependencies"]}
    assert {"click", "pytest", "torch"} <= needed and not {"ruff", "mypy"} & needed
    assert found["project"]["scripts"] == {"grade": "grader.cli:main"}
    assert found["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["grader"]


def test_what_the_course_needs_itself_is_needed_by_its_release(home: Path) -> None:
    table = home / "pyproject.toml"
    table.write_text(table.read_text() + '[project]\nname = "plain"\ndependencies = ["pandas>=2", "pytorch-101"]\n')
    found = tomllib.loads(make(Course.load(home), complete=False).files["pyproject.toml"].decode())
    assert "pandas>=2" in found["project"]["dependencies"] and "pytorch-101" not in found["project"]["dependencies"]


def test_the_same_course_makes_the_same_release(made: Release, home: Path, write: Write) -> None:
    write(home / "exercises/00_fizz/__pycache__/fizz.pyc", b"\0")
    write(home / "exercises/.ipynb_checkpoints/fizz.py", "old")
    write(home / "exercises/figures/draw.py", "an author's script")
    write(home / "tests/suites/notes.txt", "an author's notes")
    assert make(Course.load(home), complete=False).files == made.files


def test_pictures_and_data_of_a_lesson_come_along(home: Path, write: Write) -> None:
    write(home / "exercises/00_fizz/fizz.svg", "<svg/>")
    write(home / "exercises/00_fizz/data/words.csv.gz", b"\x1f\x8b")
    files = make(Course.load(home), complete=False).files
    assert files["exercises/00_fizz/fizz.svg"] == b"<svg/>" and "exercises/00_fizz/data/words.csv.gz" in files


def test_for_those_who_learn_by_themselves_hidden_tests_are_in_it(second: Course) -> None:
    files = make(second, complete=True).files
    suite = "tests/suites/test_fizz.py"
    assert files[suite] == (second.root / suite).read_bytes()
    assert "tests/suites/hidden.json" not in files and "hidden.json" not in files["README.md"].decode()
    assert not [place for place in files if place.startswith(("solutions", "tests/course"))]


# What stands in its way ------------------------------------------------------------------------


def replaced(home: Path, place: str, old: str, new: str) -> Course:
    path = home / place
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new))
    return Course.load(home)


def test_a_release_is_not_released_again(released: Path) -> None:
    with pytest.raises(UsageError, match=r"is a release: .* --course DIR"):
        make(Course.load(released), complete=False)


def test_an_exercise_without_a_public_test_is_refused(home: Path) -> None:
    course = replaced(home, "tests/suites/test_fizz.py", "@pytest.mark.public\n", "")
    with pytest.raises(CourseError, match=r"'fizz' has no public test.*@pytest\.mark\.public"):
        make(course, complete=False)


def test_a_missing_solution_is_named(home: Path) -> None:
    (home / "solutions/00_fizz/fizz.py").unlink()
    with pytest.raises(CourseError, match="'fizz' has no solution"):
        make(Course.load(home), complete=False)


def test_a_broken_suite_is_named(home: Path) -> None:
    course = replaced(home, "tests/suites/test_fizz.py", "import itertools", "import nothing_like_it")
    with pytest.raises(CourseError, match=r"The suite of fizz .* is at fault\.[^$]*nothing_like_it"):
        make(course, complete=False)


def test_a_public_test_that_needs_another_file_is_told_apart(home: Path, write: Write) -> None:
    write(home / "tests/suites/beside.py", "FIRST = ['1', '2', 'fizz', '4', 'buzz']\n")
    course = replaced(
        home, "tests/suites/test_fizz.py", 'FIRST = ["1", "2", "fizz", "4", "buzz"]', "from beside import FIRST"
    )
    with pytest.raises(CourseError, match="beside"):
        make(course, complete=False)


def test_a_solution_that_fails_a_public_test_is_told(home: Path) -> None:
    course = replaced(home, "solutions/00_fizz/fizz.py", "range(1, n + 1)", "range(1, n)")
    with pytest.raises(CourseError, match=r"The solution of fizz does not fit .* test_fizz_counts_to_n\[5\] failed"):
        make(course, complete=False)


def test_a_stub_that_holds_the_answer_is_told(home: Path) -> None:
    shutil.copy(home / "solutions/00_fizz/fizz.py", home / "exercises/00_fizz/fizz.py")
    with pytest.raises(CourseError, match="The stub of fizz does not fit"):
        make(Course.load(home), complete=False)


def test_a_solution_that_lies_beside_a_lesson_is_found(home: Path) -> None:
    shutil.copy(home / "solutions/00_fizz/fizz.py", home / "exercises/00_fizz/my_try.py")
    with pytest.raises(
        CourseError, match=r"exercises/00_fizz/my_try\.py, line \d+: holds .* of solutions/00_fizz/fizz"
    ):
        make(Course.load(home), complete=False)


# --check ---------------------------------------------------------------------------------------


def test_a_release_is_clean(second: Course, released: Path) -> None:
    found = check(second, released, complete=False)
    assert found.leaks == [] and found.secrets > 60


PUT_IN = {
    "notes.md": ("    return median([abs(number - centre) for number in numbers])", "solutions/01_median/median.py"),
    "exercises/00_fizz/fizz.py": ("# test_fizz_says_both_words looks at 15", "tests/suites/test_fizz.py"),
    "tests/suites/test_fizz.py": ("    assert student.fizz(n) == expected(n)", "tests/suites/test_fizz.py"),
    "README.md": ("try lengths that 3 and 5 do not divide, and 0", "tests/suites/test_fizz.py"),
    "tests/suites/test_median.py": ("def draw(count: int) -> list[float]:", "tests/suites/test_median.py"),
    "a/b/c.txt": ("left.remove(max(left))", "tests/course/median/right_peeling.py"),
    ".notes": ("#     return sorted(numbers)[len(numbers) // 2]", "tests/course/median/wrong.py"),
    "grader/course.py": ("texts[step - 1 :: step] = [word] * (n // step)", "tests/course/fizz/right_slices.py"),
}
"""What is added to files of a release, and where it comes from."""


def test_whatever_is_put_in_it_is_found(second: Course, released: Path) -> None:
    for place, (text, _) in PUT_IN.items():
        (released / place).parent.mkdir(parents=True, exist_ok=True)
        with (released / place).open("a") as file:
            file.write(f"\n{text}\n")
    found: dict[str, str] = {}
    for leak in check(second, released, complete=False).leaks:
        place = leak.place.partition(",")[0]
        found[place] = found.get(place, "") + leak.what
    assert found.keys() == PUT_IN.keys()
    for place, (_, origin) in PUT_IN.items():
        assert f"of {origin}" in found[place]


def test_a_hidden_test_s_title_may_be_told(second: Course, released: Path) -> None:
    (released / "plan.md").write_text("Next: fizz says both words where 3 and 5 divide the number.")
    assert check(second, released, complete=False).leaks == []


def test_with_hidden_tests_only_answers_are_secret(second: Course, released: Path) -> None:
    shutil.copy(second.suites_folder / "test_fizz.py", released / "tests/suites/test_fizz.py")
    assert check(second, released, complete=False).leaks != []
    assert check(second, released, complete=True).leaks == []
    shutil.copy(second.exercises[0].solution, released)
    assert check(second, released, complete=True).leaks != []


# The command -----------------------------------------------------------------------------------


def test_the_command_writes_the_release(run: Run, made: Release, second: Course, tmp_path: Path) -> None:
    result = run(release, tmp_path / "new/release", "--course", second.root)
    assert result.return_value == 0
    written = {
        path.relative_to(tmp_path / "new/release").as_posix()
        for path in (tmp_path / "new").rglob("*")
        if path.is_file()
    }
    assert written == set(made.files)
    assert "2 exercises of Plain Python with 3 public tests (5 points); 7 hidden tests (14 points)" in result.stdout
    checked = run(release, tmp_path / "new/release", "--check", "--course", second.root)
    assert checked.return_value == 0 and "nothing in it of the hidden tests, solutions and answers" in checked.stdout


def test_the_command_tells_what_leaks_and_leaves_with_1(run: Run, second: Course, released: Path) -> None:
    with zipfile.ZipFile(released / "more.zip", "w") as archive:
        archive.write(second.exercises[0].solution, "fizz.py")
    result = run(release, released, "--check", "--course", second.root)
    assert result.return_value == 1
    assert "more.zip/fizz.py, line 1: holds" in result.stdout and "Give " in result.stdout


def test_a_folder_with_anything_in_it_is_left_as_it_is(run: Run, second: Course, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    result = run(release, tmp_path, "--course", second.root)
    assert isinstance(result.exception, UsageError) and "is not empty" in str(result.exception)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("place", ["released", "exercises/released"])
def test_a_folder_in_the_course_is_refused(run: Run, home: Path, place: str) -> None:
    result = run(release, home / place, "--course", home)
    assert isinstance(result.exception, UsageError) and "lies in the course itself" in str(result.exception)


def test_a_release_that_is_not_there_cannot_be_checked(run: Run, second: Course, tmp_path: Path) -> None:
    result = run(release, tmp_path / "nowhere", "--check", "--course", second.root)
    assert isinstance(result.exception, UsageError) and "is no folder" in str(result.exception)
