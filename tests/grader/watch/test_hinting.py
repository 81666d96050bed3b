"""The hint key of `grade watch`."""

from __future__ import annotations

from pathlib import Path

from grader.course import Course
from grader.hints_shown import hints_shown
from grader.report import exercise_report
from grader.watch.hinting import next_hint
from tests.grader.conftest import Write
from tests.grader.test_display import case

LESSON = """# The softmax

## Hints

### 1. softmax

<details><summary>Rule</summary>first</details>
<details><summary>Shapes</summary>second</details>
<details><summary>A line</summary>third</details>

### 2. other

<details><summary>Rule</summary>elsewhere</details>
<details><summary>Shapes</summary>further</details>
<details><summary>A line</summary>last</details>
"""
SUITE = "def test_softmax(student): student.softmax(1)\n\n\ndef test_other(student): student.other(1)\n"


def test_hints_come_one_by_one_for_the_task_that_is_not_done(course_folder: Path, write: Write) -> None:
    write(course_folder / "exercises/01_softmax/README.md", LESSON)
    write(course_folder / "tests/suites/test_softmax.py", SUITE)
    course = Course.load(course_folder)
    result = exercise_report("softmax", "", [case("passed", name="test_softmax"), case("failed", name="test_other")])
    hints = [next_hint(course, "softmax", result) for _ in range(4)]
    assert [hint.rpartition("\n")[2] for hint in hints] == ["elsewhere", "further", "last", "last"]
    assert hints[0].startswith("task 2, other, 1 of 3.") and hints_shown(course) == {"softmax": 3}
    assert next_hint(course, "softmax", None).endswith("first")
    assert next_hint(course, "attention", None) == "there are none for attention."
