"""The course: where it is found, what its table and its layout may be, and what its sha256 covers."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from grader.course import MAX_BYTES, Course, Settings
from grader.errors import CourseError, GraderError, UsageError, did_you_mean
from tests.grader.conftest import Write


def refused(root: Path) -> str:
    """What `Course.load` says against the course in `root`, on one line."""
    with pytest.raises(CourseError) as caught:
        Course.load(root)
    return str(caught.value)


def table(root: Path, lines: str) -> None:
    (root / "pyproject.toml").write_text(f"[tool.grader]\n{lines}\n")


# Finding it ------------------------------------------------------------------------------------


@pytest.mark.parametrize("start", [".", "exercises", "exercises/01_softmax/softmax.py", "no/such/folder"])
def test_a_course_is_found_at_or_above_a_path(course_folder: Path, start: str) -> None:
    assert Course.find(course_folder / start).root == course_folder


def test_a_path_is_followed_to_where_it_leads(course_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(course_folder / "exercises")
    assert Course.find(tmp_path / "link").root == course_folder


def test_paths_outside_the_course_are_no_matter_if_one_lies_in_it(course_folder: Path, tmp_path: Path) -> None:
    assert Course.find(tmp_path, course_folder / "exercises", course_folder).root == course_folder


def test_no_course_is_a_usage_error_that_names_the_option(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"No course here: .*--course DIR"):
        Course.find(tmp_path)


@pytest.mark.parametrize(
    "content", ['[project]\nname = "x"\n', "[tool]\n", "tool = 3\n", "[tool]\ngrader = 1\n", "= no"]
)
def test_a_pyproject_without_the_table_makes_no_course(tmp_path: Path, write: Write, content: str) -> None:
    write(tmp_path / "pyproject.toml", content)
    with pytest.raises(UsageError, match="No course here"):
        Course.find(tmp_path)


def test_more_than_one_course_is_refused(course_folder: Path, write: Write) -> None:
    """A submission with a course of its own must not have its suites run."""
    inner = write(course_folder / "handed_in/alice/pyproject.toml", '[tool.grader]\nname = "Mine"\n').parent
    with pytest.raises(UsageError, match=f"More than one course here: {inner} and {course_folder}"):
        Course.find(inner)
    with pytest.raises(UsageError, match="More than one course here"):
        Course.find(inner.parent, inner)


def test_load_takes_the_folder_itself_only(course_folder: Path) -> None:
    assert Course.load(course_folder).name == "Tiny"
    with pytest.raises(UsageError, match=r"exercises is no course: .*\[tool.grader\]"):
        Course.load(course_folder / "exercises")


def test_broken_toml_is_the_course_s_mistake_only_where_it_is_a_course_s(course_folder: Path, write: Write) -> None:
    write(course_folder / "exercises/pyproject.toml", "no = = toml")
    assert Course.find(course_folder / "exercises").root == course_folder
    write(course_folder / "pyproject.toml", "[tool.grader]\nname = \n")
    with pytest.raises(CourseError, match=r"pyproject.toml cannot be read as TOML: .*line 2"):
        Course.find(course_folder)


@pytest.mark.parametrize(
    "content",
    [b"a = " + b"[" * 90_000, b"a = " + b"1" * 5000, b"# \xff", b"[tool.grader]\n" + b"#" * MAX_BYTES],
    ids=["too deep", "too long a number", "not UTF-8", "too large"],
)
def test_a_hostile_pyproject_below_the_course_is_passed_over(course_folder: Path, write: Write, content: bytes) -> None:
    write(course_folder / "exercises/pyproject.toml", content)
    assert Course.find(course_folder / "exercises").root == course_folder


def test_a_pyproject_that_is_a_pipe_is_not_waited_for(course_folder: Path) -> None:
    os.mkfifo(course_folder / "exercises/pyproject.toml")
    assert Course.find(course_folder / "exercises").root == course_folder


def test_a_pyproject_that_may_not_be_read_is_passed_over(
    course_folder: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = write(course_folder / "exercises/pyproject.toml", "")
    readable = Path.read_bytes

    def read_bytes(path: Path) -> bytes:
        if path == closed:
            raise PermissionError(13, "Permission denied")
        return readable(path)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert Course.find(course_folder / "exercises").root == course_folder


def test_names_that_lead_nowhere_are_no_course(tmp_path: Path) -> None:
    (tmp_path / "circle").symlink_to(tmp_path / "circle")
    for root in (tmp_path / "circle", tmp_path / ("x" * 300)):
        with pytest.raises(UsageError, match="is no course"):
            Course.load(root)


# The table -------------------------------------------------------------------------------------


def test_the_settings_have_defaults(course: Course, course_folder: Path) -> None:
    assert course.settings == Settings(name="Tiny")
    assert course.settings.preload == ("torch", "torchvision")
    assert course.exercises_folder == course_folder / "exercises"
    assert course.solutions_folder == course_folder / "solutions"
    assert course.suites_folder == course_folder / "tests/suites"
    assert course.answers_folder == course_folder / "tests/course"


def test_the_settings_say_where_things_lie(course_folder: Path) -> None:
    (course_folder / "tests/suites").rename(course_folder / "hidden")
    (course_folder / "exercises").rename(course_folder / "tasks")
    table(course_folder, 'name = "T"\nsuites = "hidden"\nexercises = "./tasks"\nsolutions = "answers"\ntimeout_s = 3')
    course = Course.load(course_folder)
    softmax = course.exercises[0]
    assert softmax.stub == course_folder / "tasks/01_softmax/softmax.py"
    assert softmax.solution == course_folder / "answers/01_softmax/softmax.py"
    assert softmax.suite == course_folder / "hidden/test_softmax.py"
    assert course.settings.timeout_s == 3.0


def test_an_unknown_key_is_refused_with_the_one_that_was_meant(course_folder: Path) -> None:
    table(course_folder, 'name = "T"\nsuite = "x"')
    assert "[tool.grader] has no key 'suite'. Did you mean 'suites'? Its keys: name, exercises" in refused(
        course_folder
    )


@pytest.mark.parametrize(
    ("lines", "complaint"),
    [
        ("", "missing required field `name`"),
        ('name = ""', "length >= 1 - at `name`"),
        ('name = "T"\ntimeout_s = "3"', "Expected `float`, got `str` - at `timeout_s`"),
        ('name = "T"\ntimeout_s = 0', "at `timeout_s`"),
        ('name = "T"\ntimeout_s = inf', "at `timeout_s`"),
        ('name = "T"\ntimeout_s = nan', "at `timeout_s`"),
        ('name = "T"\nmemory_mb = -1', "at `memory_mb`"),
        ('name = "T"\noutput_chars = 0', "at `output_chars`"),
        ('name = "T"\npreload = "torch"', "at `preload`"),
    ],
)
def test_a_wrong_value_is_refused_by_its_key(course_folder: Path, lines: str, complaint: str) -> None:
    table(course_folder, lines)
    message = refused(course_folder)
    assert message.startswith(f"{course_folder / 'pyproject.toml'}, [tool.grader]: ")
    assert complaint in message


# The layout ------------------------------------------------------------------------------------


def test_exercises_come_in_the_order_of_their_numbers(course_folder: Path, write: Write) -> None:
    for folder in ("10_norms", "3_views", "03_adam"):
        (course_folder / "exercises" / folder).mkdir()
        write(course_folder / f"tests/suites/test_{folder.partition('_')[2]}.py", "")
    course = Course.load(course_folder)
    assert course.names == ("softmax", "attention", "adam", "views", "norms")
    assert [exercise.number for exercise in course.exercises] == [1, 2, 3, 3, 10]


def test_what_is_not_named_like_an_exercise_is_none(course_folder: Path, write: Write) -> None:
    for name in ("data", "03-norms", "04_", "05_2d", "_06_x", "07_a b"):
        (course_folder / "exercises" / name).mkdir()
    write(course_folder / "exercises/08_notes", "a file")
    assert Course.load(course_folder).names == ("softmax", "attention")


@pytest.mark.parametrize(
    ("lesson", "title"),
    [
        ("# The softmax\n\n# Another\n", "The softmax"),
        ("\ufeff# With a byte order mark\r\n", "With a byte order mark"),
        ("A picture\n\n## Smaller\n#   Spaced  \n", "Spaced"),
        ("#No heading\n## Nor this\n", "linear maps"),
        ("# \n", "linear maps"),
        (b"# caf\xe9\n", "caf\ufffd"),
        (None, "linear maps"),
    ],
)
def test_a_title_is_the_lesson_s_first_heading(
    course_folder: Path, write: Write, lesson: str | bytes | None, title: str
) -> None:
    write(course_folder / "tests/suites/test_linear_maps.py", "")
    folder = course_folder / "exercises/03_linear_maps"
    folder.mkdir()
    if lesson is not None:
        write(folder / "README.md", lesson)
    assert Course.load(course_folder).exercises[2].title == title


def test_an_exercise_without_a_suite_is_a_mistake(course_folder: Path) -> None:
    suite = course_folder / "tests/suites/test_attention.py"
    suite.unlink()
    assert refused(course_folder) == f"The exercise 'attention' has no suite: {suite} does not exist."


def test_two_folders_for_one_exercise_are_a_mistake(course_folder: Path) -> None:
    exercises = course_folder / "exercises"
    (exercises / "1_softmax").mkdir()
    assert refused(course_folder) == (
        f"Two folders for the exercise 'softmax': {exercises / '01_softmax'} and {exercises / '1_softmax'}."
    )


def test_no_folder_of_exercises_is_a_mistake(course_folder: Path) -> None:
    table(course_folder, 'name = "T"\nexercises = "tasks"')
    assert f"no folder {course_folder / 'tasks'}; [tool.grader] names it with the key 'exercises'" in refused(
        course_folder
    )


def test_a_course_without_exercises_is_a_mistake(course_folder: Path) -> None:
    table(course_folder, 'name = "T"\nexercises = "tests"')
    assert "holds no exercise: no folder is named like 03_topic" in refused(course_folder)


def test_students_may_lack_stubs_and_solutions(course_folder: Path) -> None:
    (course_folder / "exercises/01_softmax/softmax.py").unlink()
    (course_folder / "solutions/01_softmax/softmax.py").unlink()
    assert Course.load(course_folder).names == ("softmax", "attention")


# Choosing exercises ----------------------------------------------------------------------------


def test_select_keeps_the_course_s_order(course: Course) -> None:
    assert course.select(()) == course.exercises
    assert course.select(["attention", "softmax", "attention"]) == course.exercises
    assert course.select(["attention"]) == course.exercises[1:]


def test_select_offers_the_name_that_was_meant(course: Course) -> None:
    expected = "No exercise is called 'atention'. Did you mean 'attention'? The exercises of Tiny: softmax, attention."
    with pytest.raises(UsageError, match=f"^{re.escape(expected)}$"):
        course.select(["softmax", "atention"])


# What decides marks ----------------------------------------------------------------------------


def test_sha256_covers_the_settings_the_exercises_and_the_suites(course_folder: Path, write: Write) -> None:
    seen = {Course.load(course_folder).sha256}

    def changed() -> bool:
        before = len(seen)
        seen.add(Course.load(course_folder).sha256)
        return len(seen) == before + 1

    assert not changed()
    table(course_folder, 'name = "Tiny"\ntimeout_s = 11')
    assert changed()
    suites = course_folder / "tests/suites"
    write(suites / "test_softmax.py", "def test_nothing(): ...\n")
    assert changed()
    write(suites / "conftest.py", "")
    assert changed()
    data = write(suites / "data/values.json", "{}")
    assert changed()
    data.rename(data.with_name("other.json"))
    assert changed()
    (course_folder / "exercises/02_attention").rename(course_folder / "exercises/not_now")
    assert changed()


def test_sha256_leaves_out_what_decides_nothing(course_folder: Path, write: Write) -> None:
    before = Course.load(course_folder).sha256
    suites = course_folder / "tests/suites"
    write(suites / "__pycache__/test_softmax.pyc", "x")
    write(suites / "data/.DS_Store", "x")
    write(suites / ".pytest_cache/x", "x")
    write(course_folder / "exercises/01_softmax/softmax.py", "the student's own work")
    write(course_folder / "exercises/01_softmax/README.md", "# Another title")
    write(course_folder / "pyproject.toml", '[project]\nversion = "2"\n[tool.grader] # same\nname = "Tiny"\n')
    assert Course.load(course_folder).sha256 == before


def test_sha256_takes_any_name(course_folder: Path, write: Write) -> None:
    before = Course.load(course_folder).sha256
    write(course_folder / "tests/suites" / os.fsdecode(b"caf\xe9.txt"), "")
    assert Course.load(course_folder).sha256 != before


def test_sha256_does_not_depend_on_the_place(course_folder: Path, tmp_path: Path) -> None:
    before = Course.load(course_folder).sha256
    assert Course.load(course_folder.rename(tmp_path / "elsewhere")).sha256 == before


# The errors ------------------------------------------------------------------------------------


def test_exit_codes_tell_whose_fault_it_is() -> None:
    assert (GraderError.exit_code, CourseError.exit_code, UsageError.exit_code) == (3, 3, 2)
    assert issubclass(CourseError, GraderError) and issubclass(UsageError, GraderError)


def test_did_you_mean_asks_only_where_a_name_is_close() -> None:
    assert did_you_mean("atention", iter(["softmax", "attention"])) == " Did you mean 'attention'?"
    assert did_you_mean("zebra", ["softmax", "attention"]) == ""
    assert did_you_mean("zebra", []) == ""
