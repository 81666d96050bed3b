"""`grade check`, on a course that is sound and on courses that are not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from grader.answers import right_answers, wrong_answers
from grader.check import Findings, check_exercise
from grader.course import Course
from grader.errors import CourseError
from grader.grading import Options, switched_off
from grader.processes.child import Launcher
from grader.processes.launch import launched

HINTS = "\n".join(f"<details><summary>{step}</summary>\n\nThink.\n\n</details>" for step in ("Rule", "Shapes", "Line"))

FILES = {
    "pyproject.toml": '[tool.grader]\nname = "Tiny"\npreload = ["torch"]\n',
    "exercises/01_double/README.md": f"# Double\n\n## Hints\n\n### 1. double\n\n{HINTS}\n",
    "exercises/01_double/double.py": "def double(x):\n    raise NotImplementedError('TODO 1: double')\n",
    "solutions/01_double/double.py": "def double(x):\n    return 2 * x\n",
    "tests/suites/test_double.py": (
        "import pytest\n\n"
        "@pytest.mark.hint('think')\ndef test_value(student):\n    assert student.double(3) == 6\n\n"
        "@pytest.mark.hint('think')\ndef test_text(student):\n    assert student.double('a') == 'aa'\n"
    ),
    "tests/course/double/right_sum.py": "def double(x):\n    return x + x\n",
    "tests/course/double/right_lambda.py": "double = lambda x: x * 2\n",
    "tests/course/double/wrong.py": (
        '"""Wrong answers."""\n'
        "# --- square: the square -> test_value, test_text\ndef double(x):\n    return x * x\n"
        "# --- number: no text -> test_text\ndef double(x):\n    return 2 * float(x)\n"
    ),
}


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with launched(("torch",), switched_off()) as started:
        yield started


Check = Callable[..., Findings]


@pytest.fixture
def check(tmp_path: Path, launcher: Launcher) -> Check:
    """Checks the sound course with some of its files replaced (or left out, with None)."""

    def check(replaced: dict[str, str | None] | None = None) -> Findings:
        course = _course(tmp_path, replaced or {})
        return check_exercise(course, course.exercises[0], Options(seed=0, off=switched_off()), launcher, jobs=2)

    return check


def _course(root: Path, replaced: dict[str, str | None]) -> Course:
    for name, text in (FILES | replaced).items():
        if text is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    return Course.load(root)


def test_a_sound_course(check: Check) -> None:
    found = check()
    assert found.problems == []
    assert (found.points, found.tests, dict(found.sound)) == (2, 2, {"stub": 1, "right": 3, "wrong": 2})


@pytest.mark.parametrize(
    ("file", "text", "problem"),
    [
        ("exercises/01_double/double.py", "def double(x):\n    return 6  # TODO 1\n", "stub: test_value passed."),
        ("exercises/01_double/double.py", "import nothing_like_it  # TODO 1\n", "stub: double.py cannot be loaded"),
        ("solutions/01_double/double.py", "def double(x):\n    return 6\n", "right answer solution: test_text failed"),
        (
            "tests/course/double/right_sum.py",
            "def double(x):\n    return 6\n",
            "right_sum: test_text failed",
        ),
        ("tests/course/double/right_sum.py", None, "fewer than 2 alternatives beside the solution"),
        (
            "tests/course/double/wrong.py",
            "# --- right: not wrong -> test_value, test_text\ndef double(x):\n    return x + x\n",
            "wrong answer right: test_value does not reject it: passed",
        ),
        (
            "tests/course/double/wrong.py",
            "# --- todo: unwritten -> test_value, test_text\ndef double(x):\n    raise NotImplementedError\n",
            "wrong answer todo: test_text does not reject it: todo",
        ),
        (
            "tests/course/double/wrong.py",
            "# --- square: the square -> test_value\ndef double(x):\n    return x * x\n",
            "no wrong answer is made for test_text",
        ),
        (
            "tests/course/double/wrong.py",
            "# --- square: the square -> test_value, test_txt\ndef double(x):\n    return x * x\n",
            "wrong answer square: there is no test test_txt",
        ),
        ("tests/course/double/wrong.py", None, "no wrong answer is made for test_value"),
        (
            "tests/suites/test_double.py",
            "def test_value(student):\n    assert student.double(3) == 6\n",
            "test_value has no hint",
        ),
        ("tests/suites/test_double.py", "import nothing_like_it\n", "nothing_like_it"),
        ("exercises/01_double/README.md", "# Double\n", "task 1 has 0 hints in the lesson, not 3"),
        ("exercises/01_double/README.md", None, "there is no lesson"),
    ],
)
def test_what_is_not_sound_is_named(check: Check, file: str, text: str | None, problem: str) -> None:
    problems = check({file: text}).problems
    assert any(problem in found for found in problems), problems


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("# --- square the square -> test_value\n", "is no head of a block"),
        ("# --- square: the square\n", "is no head of a block"),
        ("# --- a: b -> test_c\n# --- a: d -> test_e\n", "two blocks are called a"),
    ],
)
def test_a_block_that_cannot_be_read(tmp_path: Path, text: str, told: str) -> None:
    course = _course(tmp_path, {"tests/course/double/wrong.py": text})
    with pytest.raises(CourseError, match=told):
        wrong_answers(course, course.exercises[0])


def test_answers(tmp_path: Path) -> None:
    course = _course(tmp_path, {})
    (exercise,) = course.exercises
    assert [answer.name for answer in right_answers(course, exercise)] == ["solution", "right_lambda", "right_sum"]
    square, number = wrong_answers(course, exercise)
    assert (square.name, square.what, square.tests) == ("square", "the square", ("test_value", "test_text"))
    assert number.source.decode() == "def double(x):\n    return 2 * x\n\n\ndef double(x):\n    return 2 * float(x)\n"


def test_a_course_without_a_solution(tmp_path: Path) -> None:
    course = _course(tmp_path, {"solutions/01_double/double.py": None})
    with pytest.raises(CourseError, match="has no solution"):
        right_answers(course, course.exercises[0])
