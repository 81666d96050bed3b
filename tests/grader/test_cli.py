"""The `grade` command as a user runs it: what it says, and its exit codes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import jsonschema
import pytest

from grader.cli import COMMANDS
from grader.commands.grade import OTHERS
from grader.report import schema

SUITE = """
import pytest

@pytest.mark.points(3)
@pytest.mark.public
@pytest.mark.hint("which axis?")
def test_value(student):
    "It doubles."
    assert student.NAME(3) == 6, "twice the number"

def test_text(student):
    assert student.NAME("a") == "aa"
"""
RIGHT = "def NAME(x):\n    print('seen')\n    return 2 * x\n"
WRONG = "def NAME(x):\n    return x * x\n"

Grade = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A course of two exercises, and the submission of a student who got one of them right."""
    for number, name in enumerate(("double", "halve")):
        _write(tmp_path / f"course/exercises/{number:02}_{name}/README.md", f"# About {name}\n")
        _write(
            tmp_path / f"course/exercises/{number:02}_{name}/{name}.py",
            f"def {name}(x):\n    raise NotImplementedError\n",
        )
        _write(tmp_path / f"course/tests/suites/test_{name}.py", SUITE.replace("NAME", name))
    _write(tmp_path / "course/pyproject.toml", '[tool.grader]\nname = "Tiny"\npreload = ["torch"]\n')
    _write(tmp_path / "alice/double.py", RIGHT.replace("NAME", "double"))
    _write(tmp_path / "alice/halve.py", WRONG.replace("NAME", "halve"))
    return tmp_path


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


@pytest.fixture
def grade(home: Path) -> Grade:
    def grade(*arguments: str, stdin: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "grader", *arguments]
        env = os.environ | {"COLUMNS": "100", "PYTHONPATH": os.pathsep.join(sys.path)} | environment
        return subprocess.run(command, cwd=home, env=env, input=stdin, capture_output=True, text=True, timeout=300)

    return grade


def test_one_right_and_one_wrong(grade: Grade, home: Path) -> None:
    done = grade("alice", "--course", "course", "--json", "report.json", "--seed", "5")
    assert (done.returncode, done.stderr) == (1, "")
    for expected in ("2 passed", "2 failed", "It doubles", "halve(3) returned 9", "twice the number", "which axis?"):
        assert expected in done.stdout
    report = json.loads((home / "report.json").read_text())
    jsonschema.validate(report, schema())
    assert (report["score"], report["max_score"], report["seed"]) == (4, 8, 5)
    assert [exercise["status"] for exercise in report["exercises"]] == ["passed", "failed"]
    assert report["environment"]["isolation"]["processes"] == ("fork" if sys.platform == "linux" else "spawn")
    assert "test_" not in done.stdout


def test_all_right_and_the_report_on_standard_output(grade: Grade) -> None:
    done = grade("alice", "--course", "course", "--only", "double", "--json", "-")
    assert done.returncode == 0
    assert json.loads(done.stdout)["score"] == 4
    assert "2 passed" in done.stderr


def test_files_that_cannot_be_used_cost_their_exercise_alone(grade: Grade, home: Path) -> None:
    (home / "alice/halve.py").write_text("def halve(x:\n")
    done = grade("alice", "--course", "course")
    assert done.returncode == 1
    assert "alice/halve.py, line 1" in done.stdout and "2 passed" in done.stdout
    (home / "alice/halve.py").write_text("1 / 0\n")
    done = grade("alice", "--course", "course")
    assert "ZeroDivisionError" in done.stdout and "alice/halve.py, line 1: 1 / 0" in done.stdout
    assert "2 passed" in done.stdout


def test_a_broken_suite_is_the_graders_fault(grade: Grade, home: Path) -> None:
    (home / "course/tests/suites/test_halve.py").write_text("import nothing_like_it\n")
    done = grade("alice", "--course", "course", "--seed", "1")
    assert done.returncode == 3
    assert "The grader is at fault, not you" in done.stdout and "2 passed" in done.stdout


def test_in_process_prints_and_is_no_grade(grade: Grade) -> None:
    done = grade("alice/double.py", "--course", "course", "--in-process")
    assert done.returncode == 0
    assert "seen" in done.stdout and "not a grade" in done.stdout


def test_the_debugger(grade: Grade, home: Path) -> None:
    done = grade("alice/halve.py", "--course", "course", "--pdb", "-k", "value", stdin="p 1000 + 337\nq\n")
    assert "1337" in done.stdout
    assert done.returncode == 130


@pytest.mark.skipif(sys.platform != "linux", reason="confinement is for Linux")
def test_what_does_not_hold_is_said(grade: Grade) -> None:
    done = grade("alice/double.py", "--course", "course", "--json", "-", GRADER_WITHOUT="fork,filesystem")
    isolation = json.loads(done.stdout)["environment"]["isolation"]
    assert isolation["processes"] == "spawn"
    assert "filesystem" in isolation["missing"] and "filesystem" not in isolation["held"]
    assert "system_calls" in isolation["held"]
    assert "Not confined by filesystem" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_stopped_from_outside_it_leaves_nothing_behind(home: Path, number: int, code: int) -> None:
    _write(home / "alice/double.py", "open('here', 'w')\nwhile True:\n    pass\n")
    (home / "scratch").mkdir()
    running = subprocess.Popen(
        [sys.executable, "-m", "grader", "alice", "--course", "course"],
        cwd=home,
        env=os.environ | {"TMPDIR": str(home / "scratch"), "PYTHONPATH": os.pathsep.join(sys.path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 120
    while not list((home / "scratch").glob("*/*/here")) and time.monotonic() < deadline:
        time.sleep(0.01)
    running.send_signal(number)
    _, told = running.communicate(timeout=60)
    assert running.returncode == code and "Traceback" not in told
    assert list((home / "scratch").iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["bob", "--course", "course"], "bob does not exist."),
        (["alise", "--course", "course"], "Did you mean 'alice'?"),
        (["alice"], "No course here"),
        (["alice", "--course", "alice"], "is no course"),
        (["alice", "--course", "course", "--only", "haLve"], "Did you mean 'halve'?"),
        (["alice", "--course", "course", "--seed", "-1"], "not in the range"),
        (["alice", "--course", "course", "--json", "nowhere/report.json"], "there is no folder nowhere"),
        (["alice", "--course", "course", "--json", "alice"], "that is a folder"),
        (["course/tests", "--course", "course"], "holds no exercise"),
        (["--sed", "1"], "No such option"),
        (["check", "--course", "course", "--only", "nothing"], "No exercise is called 'nothing'"),
        (["check", "--course", "course"], "has no solution"),
        ([], "Usage: grade"),
    ],
)
def test_wrong_use(grade: Grade, arguments: list[str], told: str) -> None:
    done = grade(*arguments)
    assert told in done.stderr, done.stderr
    assert done.returncode == (3 if told == "has no solution" else 2)
    assert "Traceback" not in done.stderr and done.stdout == ""


def test_a_switch_that_there_is_not(grade: Grade) -> None:
    done = grade("alice", "--course", "course", GRADER_WITHOUT="filesystm")
    assert done.returncode == 2 and "Did you mean 'filesystem'?" in done.stderr


def test_no_test_selected(grade: Grade) -> None:
    done = grade("alice", "--course", "course", "-k", "nothing_like_it")
    assert done.returncode == 2 and "selects no test" in done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["check", "--help"]])
def test_help_imports_no_torch(grade: Grade, arguments: list[str], home: Path) -> None:
    (home / "torch.py").write_text("raise SystemExit('torch was imported')")
    done = grade(*arguments, PYTHONPATH=os.pathsep.join([str(home), *sys.path]))
    assert done.returncode == 0 and done.stdout.startswith("Usage: grade")


def test_the_terminal_process_imports_no_torch(home: Path) -> None:
    """It waits for the zygote, and draws; torch is for the others."""
    code = (
        "import sys, grader.grading, grader.display, grader.processes.forked, grader.check\n"
        "print([name for name in sys.modules if name.partition('.')[0] in ('torch', 'numpy', 'pytest')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["grade", "ba"], "plain,batch"),
        (["grade", ""], "plain,watch"),
        (["grade", ""], "file,"),
        (["grade", "--se"], "plain,--seed"),
        (["grade", "batch", "class", "--fr"], "plain,--fresh"),
        (["grade", "exercises", "--in"], "plain,--in-process"),
    ],
)
def test_the_shell_can_complete(words: list[str], expected: str) -> None:
    asked = {"_GRADE_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    done = subprocess.run(
        [sys.executable, "-m", "grader"], env=os.environ | asked, capture_output=True, text=True, check=False
    )
    assert expected in done.stdout.splitlines(), done.stdout + done.stderr


def test_the_help_names_every_command() -> None:
    assert set(OTHERS) | {"release", "new-exercise"} == set(COMMANDS)
