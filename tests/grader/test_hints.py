"""`grade hint`: which task is not done, which hint comes next, and what is remembered."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest

from grader.commands.hint import hint
from grader.course import Course, Exercise
from grader.errors import GraderError, UsageError
from grader.hints import Hint, Task, first_open, task_finder, tasks_in
from grader.hints_shown import FILE, hints_shown, remember_shown, shown_of
from grader.recall import FOLDER, Recall
from grader.report import Outcome, Status
from grader.submission import Submission
from tests.grader.conftest import Write
from tests.grader.test_display import case, marks, report

COURSE = Course.load(Path(__file__).parents[2])

STEPS = "\n".join(
    f"<details><summary>{label}</summary>\n\nTASK: {label}?\n\n</details>" for label in ("Rule", "Shapes", "Line")
)
LESSON = (
    "# The softmax\n\n## Tasks\n\n### 1. exp\n\nWrite it.\n\n## Hints\n\n"
    f"### 1. exp\n\n{STEPS.replace('TASK', 'exp')}\n\n### 2. softmax\n\n{STEPS.replace('TASK', 'softmax')}\n"
)
TASKS = tasks_in(LESSON)
SUITE = """
import pytest

def test_exp(student):
    assert student.exp(0) == 1

def test_softmax(student):
    assert student.softmax([student.exp(0)]) == [1]
"""


# The lesson ------------------------------------------------------------------------------------


def test_a_lesson_has_hints_for_its_tasks() -> None:
    assert [(task.number, task.title, len(task.hints)) for task in TASKS] == [(1, "exp", 3), (2, "softmax", 3)]
    assert TASKS[1].hints[1] == Hint("Shapes", "softmax: Shapes?")


def test_line_ends_of_other_systems_hide_no_hints() -> None:
    assert tasks_in(LESSON.replace("\n", "\r\n")) == TASKS


def test_the_part_on_hints_ends_with_the_next_one() -> None:
    assert tasks_in(f"{LESSON}\n## Reading\n\n### 3. A book\n") == TASKS


def test_a_lesson_without_hints_has_none() -> None:
    assert tasks_in("# Softmax\n\n### 1. exp\n") == ()


# From a test to its task -----------------------------------------------------------------------

FINDER = """
import pytest

NAMES = ["exp", "softmax"]
each = pytest.mark.parametrize("name", NAMES)

def rows(student, x):
    return student.softmax(x)

class Deep:
    def call(self, student):
        return rows(student, 0)

def helper(student):
    return Deep().call(student)

def test_of_its_own(student):
    student.exp(0)

def test_of_two(student):
    student.softmax(0), student.exp(0)

def test_that_mentions_another(student):
    student.exp({"softmax": 1})

def test_by_string(student):
    getattr(student, "exp")

def test_through_others(student):
    helper(student)

@each
def test_of_each(student, name):
    getattr(student, name)

def test_of_another_library(torch):
    torch.softmax(0)
"""


@pytest.mark.parametrize(
    ("test", "message", "title"),
    [
        ("test_of_its_own", None, "exp"),
        ("test_of_its_own[1-True]", None, "exp"),
        ("test_of_two", None, "softmax"),
        ("test_of_two", "In exp:\nExpected: more.", "exp"),
        ("test_of_two", "exp(0) returned 3.", "exp"),
        ("test_of_two", "In Layer(…):\nExpected: more.", "softmax"),
        ("test_of_two", "exp.py, line 3: cumsum is not allowed here", "softmax"),
        ("test_of_its_own", "In softmax:\nExpected: more.", "exp"),
        ("test_that_mentions_another", None, "exp"),
        ("test_by_string", None, "exp"),
        ("test_through_others", None, "softmax"),
        ("test_of_each[1]", None, "softmax"),
        ("test_of_each[1]", "In exp:\nExpected: more.", "exp"),
        ("test_of_each[exp]", None, "exp"),
        ("test_of_each[0-exp]", "In softmax:\nExpected: more.", "exp"),
        ("test_of_another_library", None, None),
        ("test_that_is_not_there", None, None),
    ],
)
def test_a_test_is_about_one_of_the_tasks_that_it_uses(test: str, message: str | None, title: str | None) -> None:
    task = task_finder(FINDER, TASKS)(case("failed", name=test, message=message))
    assert (task and task.title) == title


@pytest.mark.parametrize("exercise", COURSE.exercises, ids=COURSE.names)
def test_every_test_of_the_course_is_about_a_task(exercise: Exercise) -> None:
    suite = exercise.suite.read_text()
    tasks = tasks_in(exercise.lesson.read_text())
    of = task_finder(suite, tasks)
    functions = [node.name for node in ast.parse(suite).body if isinstance(node, ast.FunctionDef)]
    found = {name: of(case("failed", name=name)) for name in functions if name.startswith("test_")}
    assert [name for name, task in found.items() if task is None] == []
    assert {task.number for task in tasks} == {task.number for task in found.values() if task}


@pytest.mark.parametrize(
    ("exercise", "test", "message", "title"),
    [
        ("activations", "test_sigmoid_values", None, "sigmoid"),
        ("activations", "test_functions_take_any_shape[3]", "In elu:\nExpected: more.", "elu"),
        ("losses", "test_losses_have_the_right_gradient[3]", None, "clip_grad_norm_"),
        ("lstm", "test_steps_pass_gradients[2]", "In rnn_step:\nExpected: more.", "rnn_step"),
        ("attention", "test_attention_reads_views[1]", None, "attention"),
        ("attention", "test_mha_agrees_with_pytorch", None, "MultiHeadAttention"),
        ("custom_module", "test_batch_norm_in_training", None, "BatchNorm1d"),
    ],
)
def test_tests_of_the_course_lead_to_their_tasks(exercise: str, test: str, message: str | None, title: str) -> None:
    (found,) = COURSE.select([exercise])
    task = task_finder(found.suite.read_text(), tasks_in(found.lesson.read_text()))(
        case("failed", name=test, message=message)
    )
    assert task is not None and task.title == title


def open_task(**outcomes: Outcome) -> Task | None:
    tests = [case(outcome, name=f"test_{name}") for name, outcome in outcomes.items()]
    return first_open(marks(*tests), SUITE, TASKS)


@pytest.mark.parametrize("lost", ["failed", "todo", "timeout", "crashed"])
def test_the_first_task_with_a_test_not_passed_is_open(lost: Outcome) -> None:
    assert open_task(softmax=lost, exp=lost) == TASKS[0]
    assert open_task(exp="passed", softmax=lost) == TASKS[1]


@pytest.mark.parametrize("undecided", ["deferred", "error"])
def test_what_was_not_decided_opens_no_task(undecided: Outcome) -> None:
    assert open_task(exp=undecided, softmax="failed") == TASKS[1]


def test_a_test_about_no_task_opens_none() -> None:
    assert open_task(other="failed") is None


# What is remembered ----------------------------------------------------------------------------


def test_hints_shown_are_counted_for_each_exercise(course: Course) -> None:
    assert hints_shown(course) == {}
    remember_shown(course, "softmax", 1, 2)
    remember_shown(course, "softmax", 2, 3)
    remember_shown(course, "attention", 7, 1)
    assert hints_shown(course) == {"softmax": 5, "attention": 1}
    assert [shown_of(course, "softmax", task) for task in (1, 2, 3)] == [2, 3, 0]


def test_what_was_shown_stays_shown(course: Course) -> None:
    remember_shown(course, "softmax", 1, 3)
    remember_shown(course, "softmax", 1, 1)
    assert shown_of(course, "softmax", 1) == 3


def test_what_is_remembered_is_nothing_for_git(course: Course) -> None:
    subprocess.run(["git", "init", "--quiet"], cwd=course.root, check=True)
    remember_shown(course, "softmax", 1, 1)
    told = subprocess.run(
        ["git", "status", "--porcelain", "--ignored"], cwd=course.root, check=True, capture_output=True, text=True
    )
    assert f"!! {FOLDER}/" in told.stdout.splitlines()


@pytest.mark.parametrize(
    "broken", [b"", b"{", b"[]", b'{"softmax": 3}', b'{"softmax": {"1": -1}}', b"\xff", b"[" * 9999]
)
def test_a_broken_file_starts_anew(course: Course, write: Write, broken: bytes) -> None:
    write(course.root / FOLDER / FILE, broken)
    assert hints_shown(course) == {}
    remember_shown(course, "softmax", 1, 1)
    assert hints_shown(course) == {"softmax": 1}


# The command -----------------------------------------------------------------------------------


@pytest.fixture
def softmax(course: Course, write: Write, monkeypatch: pytest.MonkeyPatch) -> Course:
    """The course, with a lesson and a suite of two tasks for softmax; the student works in its folder."""
    write(course.root / "exercises/01_softmax/README.md", LESSON)
    write(course.root / "tests/suites/test_softmax.py", SUITE)
    monkeypatch.chdir(course.root)
    return Course.load(course.root)


def graded(course: Course, status: Status | None = None, message: str | None = None, **outcomes: Outcome) -> None:
    """Keep a result of softmax, as grading it would."""
    tests = [case(outcome, name=f"test_{name}") for name, outcome in outcomes.items()]
    submission = Submission.gather([course.exercises_folder], course, ["softmax"])
    result = marks(*tests, status=status, message=message)
    Recall(course).keep(submission, report(result))


def run(*arguments: str) -> int:
    code = hint.main(list(arguments), standalone_mode=False)
    assert isinstance(code, int)
    return code


def test_hints_come_one_at_a_time(softmax: Course, capsys: pytest.CaptureFixture[str]) -> None:
    graded(softmax, exp="passed", softmax="failed")
    said = []
    for _ in range(4):
        assert run("softmax") == 0
        said.append(capsys.readouterr().out)
    assert "softmax, task 2: softmax" in said[0]
    for number, label in enumerate(("Rule", "Shapes", "Line")):
        assert f"Hint {number + 1} of 3: {label}" in said[number]
        assert [f"softmax: {other}?" in said[number] for other in ("Rule", "Shapes", "Line")].count(True) == 1
    assert "grade hint softmax has 2 more" in said[0]
    assert "more" not in said[2]
    assert "seen all 3 hints for task 2 of softmax" in said[3] and "grade hint softmax --all" in said[3]
    assert hints_shown(softmax) == {"softmax": 3}


def test_all_hints_at_once_count_as_shown(softmax: Course, capsys: pytest.CaptureFixture[str]) -> None:
    graded(softmax, exp="failed")
    assert run("softmax", "--all") == 0
    said = capsys.readouterr().out
    assert [said.count(f"exp: {label}?") for label in ("Rule", "Shapes", "Line")] == [1, 1, 1]
    assert hints_shown(softmax) == {"softmax": 3}


def test_a_task_may_be_chosen_and_nothing_is_graded(softmax: Course, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("softmax", "--task", "2") == 0
    said = capsys.readouterr().out
    assert "softmax: Rule?" in said and "grade hint softmax --task 2 has 2 more" in said
    assert Recall(softmax).last("softmax") is None


def test_a_task_that_is_not_there_is_named(softmax: Course) -> None:
    with pytest.raises(UsageError, match=r"--task 3: softmax has no such task\. Its tasks: 1 exp, 2 softmax\."):
        run("softmax", "--task", "3")


def test_a_mistyped_exercise_is_named(softmax: Course) -> None:
    with pytest.raises(UsageError, match="Did you mean 'softmax'"):
        run("sofmax")


def test_an_exercise_without_hints_is_named(softmax: Course) -> None:
    with pytest.raises(UsageError, match=r"no hints for attention: .*README\.md has no part '## Hints'"):
        run("attention")


def test_where_all_is_done_there_is_no_hint(softmax: Course, capsys: pytest.CaptureFixture[str]) -> None:
    graded(softmax, exp="passed", softmax="deferred")
    assert run("softmax") == 0
    assert capsys.readouterr().out == "Nothing to hint at: every task of softmax is done.\n"
    assert hints_shown(softmax) == {}


def test_a_file_that_cannot_be_loaded_comes_first(softmax: Course, write: Write) -> None:
    write(softmax.root / "exercises/01_softmax/softmax.py", "def softmax(:\n")
    graded(softmax, "invalid", "softmax.py, line 1: invalid syntax")
    with pytest.raises(UsageError, match=r"line 1: invalid syntax\nMend that first: .*--task N"):
        run("softmax")


def test_without_a_file_the_first_task_is_next(softmax: Course, capsys: pytest.CaptureFixture[str]) -> None:
    (softmax.root / "exercises/01_softmax/softmax.py").unlink()
    graded(softmax, "missing", exp="todo")
    assert run("softmax") == 0
    assert "exp: Rule?" in capsys.readouterr().out


def test_tests_that_name_no_task_leave_the_choice(softmax: Course) -> None:
    graded(softmax, other="failed")
    with pytest.raises(UsageError, match=r"cannot be told\. --task N chooses .* 1 exp, 2 softmax"):
        run("softmax")


def test_a_result_of_another_answer_is_not_believed(
    softmax: Course, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    graded(softmax, exp="passed", softmax="failed")
    write(
        softmax.root / "exercises/01_softmax/softmax.py",
        "def exp(x):\n    return 2\n\ndef softmax(x):\n    return [1]\n",
    )
    write(softmax.root / "pyproject.toml", '[tool.grader]\nname = "Tiny"\npreload = []\n')
    assert run("softmax") == 0
    assert "exp: Rule?" in capsys.readouterr().out
    kept = Recall(Course.load(softmax.root)).last("softmax")
    assert kept is not None and [test.outcome for test in kept.exercise.tests] == ["failed", "passed"]


def test_a_suite_that_is_broken_is_no_reason_for_a_hint(softmax: Course, write: Write) -> None:
    write(softmax.root / "tests/suites/test_softmax.py", "import nothing_like_it\n")
    write(softmax.root / "pyproject.toml", '[tool.grader]\nname = "Tiny"\npreload = []\n')
    with pytest.raises(GraderError, match=r"(?s)softmax could not be graded: .*nothing_like_it.*--task N"):
        run("softmax")


def test_a_hint_is_given_even_where_nothing_can_be_kept(softmax: Course, capsys: pytest.CaptureFixture[str]) -> None:
    (softmax.root / FOLDER).write_text("in the way")
    assert run("softmax", "--task", "1") == 0
    said = capsys.readouterr()
    assert "exp: Rule?" in said.out
    assert "could not be noted" in said.err and "--all" in said.err


def test_what_is_kept_is_plain_json(course: Course) -> None:
    remember_shown(course, "softmax", 1, 2)
    assert json.loads((course.root / FOLDER / FILE).read_text()) == {"softmax": {"1": 2}}
