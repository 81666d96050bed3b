"""`--explain`: public tests are shown, hidden ones are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from grader.course import Course
from grader.errors import UsageError
from grader.explain import explain
from tests.grader.conftest import Write

SUITE = '''import pytest

@pytest.mark.points(2)
@pytest.mark.public
@pytest.mark.parametrize("x", [1, 2])
def test_shown(student, x):
    """softmax of one number is 1."""
    assert student.softmax(x) == 1

def test_secret(student):
    assert student.softmax(0.5) == 12345
'''


@pytest.fixture
def course(course_folder: Path, write: Write) -> Course:
    write(course_folder / "tests/suites/test_softmax.py", SUITE)
    write(
        course_folder / "tests/suites/test_attention.py",
        "import pytest\npytestmark = [pytest.mark.public]\n" + "def test_all(): ...\n",
    )
    return Course.load(course_folder)


def test_a_public_test_is_shown_with_its_marks(course: Course) -> None:
    (shown,) = explain(course, "test_shown[2]")
    assert shown.where == "tests/suites/test_softmax.py, line 3"
    assert shown.source == "\n".join(SUITE.split("\n")[2:8])


def test_a_suite_that_is_public_as_a_whole(course: Course) -> None:
    (shown,) = explain(course, "test_all")
    assert shown.source == "def test_all(): ..."


@pytest.mark.parametrize(("name", "more"), [("test_secret", ""), ("test_show", "Did you mean 'test_shown'")])
def test_of_a_hidden_test_nothing_is_shown(course: Course, name: str, more: str) -> None:
    with pytest.raises(UsageError, match=f"no public test is called so.*{more}") as caught:
        explain(course, name)
    assert "12345" not in str(caught.value) and "'test_secret'" not in str(caught.value)
