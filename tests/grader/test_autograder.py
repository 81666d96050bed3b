"""The autograder for Gradescope: what is packed, and that what comes out there is what comes out here."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

import grader
from grader.autograder import pack
from grader.commands.gradescope import gradescope
from grader.course import Course
from grader.errors import CourseError, GraderError, UsageError
from grader.export.gradescope import failure, results
from grader.report import Report
from tests.grader.conftest import Write

SUITE = """
import pytest, torch

@pytest.mark.points(3)
def test_value(student):
    "It doubles."
    x = torch.rand(3)
    assert torch.equal(student.NAME(x), 2 * x)

@pytest.mark.gpu
def test_gpu(student):
    "It doubles there too."
"""


@pytest.fixture
def home(tmp_path: Path, write: Write) -> Path:
    """A course of two exercises with all that belongs to one, and what must not be packed."""
    root = tmp_path / "home"
    write(root / "pyproject.toml", '[tool.grader]\nname = "Tiny"\npreload = ["torch"]\n')
    for number, name in enumerate(("double", "twice")):
        write(root / f"exercises/{number:02}_{name}/README.md", f"# About {name}\n")
        write(root / f"exercises/{number:02}_{name}/{name}.py", f"def {name}(x):\n    raise NotImplementedError\n")
        write(root / f"solutions/{number:02}_{name}/{name}.py", f"def {name}(x):\n    return 2 * x\n")
        write(root / f"tests/suites/test_{name}.py", SUITE.replace("NAME", name))
        write(root / f"tests/course/{name}/wrong.py", "secret")
    write(root / "tests/suites/__pycache__/test_double.pyc", b"\0")
    write(root / "exercises/.ipynb_checkpoints/double.py", "old")
    return root


@pytest.fixture
def archive(home: Path) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(pack(Course.load(home), seed=5)))


# What is packed --------------------------------------------------------------------------------


def test_the_course_is_packed_without_its_answers(archive: zipfile.ZipFile) -> None:
    assert [name for name in archive.namelist() if not name.startswith("grader/")] == [
        "constraints.txt",
        "course/exercises/00_double/README.md",
        "course/exercises/00_double/double.py",
        "course/exercises/01_twice/README.md",
        "course/exercises/01_twice/twice.py",
        "course/pyproject.toml",
        "course/tests/suites/test_double.py",
        "course/tests/suites/test_twice.py",
        "failed.json",
        "pyproject.toml",
        "run_autograder",
        "seed",
        "setup.sh",
    ]


def test_the_packed_course_is_the_course(archive: zipfile.ZipFile, home: Path, tmp_path: Path) -> None:
    archive.extractall(tmp_path / "source")
    packed, course = Course.load(tmp_path / "source/course"), Course.load(home)
    assert (packed.sha256, packed.names) == (course.sha256, course.names)
    assert [each.title for each in packed.exercises] == [each.title for each in course.exercises]


def test_the_whole_grader_is_packed(archive: zipfile.ZipFile) -> None:
    folder = Path(grader.__file__).parent
    here = {f"grader/{path.relative_to(folder)}" for path in folder.rglob("*") if path.is_file()}
    packed = {name for name in archive.namelist() if name.startswith("grader/")}
    assert packed == {name for name in here if "__pycache__" not in name}
    assert {"grader/__main__.py", "grader/report.schema.json", "grader/autograder/run_autograder"} <= packed


def test_the_same_course_makes_the_same_zip(home: Path, write: Write) -> None:
    first = pack(Course.load(home), 5)
    os.utime(write(home / "tests/suites/__pycache__/new.pyc", b"\1"))
    (home / "exercises/00_double/double.py").chmod(0o755)
    os.utime(home / "exercises/00_double/double.py", (1, 1))
    assert pack(Course.load(home), 5) == first
    assert pack(Course.load(home), 6) != first


def test_scripts_and_nothing_else_can_be_run(archive: zipfile.ZipFile) -> None:
    modes = {info.filename: stat.S_IMODE(info.external_attr >> 16) for info in archive.infolist()}
    assert {name for name, mode in modes.items() if mode == 0o755} == {"setup.sh", "run_autograder"}
    assert set(modes.values()) == {0o755, 0o644}
    assert {info.create_system for info in archive.infolist()} == {3}


def test_pip_can_install_what_is_packed(archive: zipfile.ZipFile) -> None:
    packed = tomllib.loads(archive.read("pyproject.toml").decode())
    own = tomllib.loads((Path(grader.__file__).parents[1] / "pyproject.toml").read_text())
    for key in ("name", "version", "requires-python", "scripts"):
        assert packed["project"][key] == own["project"][key]
    assert sorted(packed["project"]["dependencies"]) == sorted(own["project"]["dependencies"])
    assert packed["build-system"] == own["build-system"]
    assert packed["tool"]["hatch"] == own["tool"]["hatch"]


def test_versions_are_those_in_use_here(archive: zipfile.ZipFile) -> None:
    import torch

    lines = archive.read("constraints.txt").decode().splitlines()
    assert f"torch=={torch.__version__.partition('+')[0]}" in lines
    assert not [line for line in lines if "+" in line or line.startswith(("ruff", "mypy"))]


@pytest.mark.parametrize("place", ["../suites", "/suites"])
def test_a_course_that_lies_elsewhere_cannot_be_packed(home: Path, place: str) -> None:
    course = Course.load(home)
    elsewhere = Course(course.root, msgspec.structs.replace(course.settings, suites=place), course.exercises)
    with pytest.raises(CourseError, match="The course's suites lie outside of its folder"):
        pack(elsewhere, 0)


def test_a_grader_that_is_not_installed_cannot_be_packed(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("grader.packing.distribution", missing)
    with pytest.raises(GraderError, match="Install it with pip, and pack again"):
        pack(Course.load(home), 0)


def test_the_command_writes_the_zip(home: Path, tmp_path: Path) -> None:
    arguments = [str(tmp_path / "new/out"), "--course", str(home), "--seed", "5"]
    result = CliRunner().invoke(gradescope, arguments, standalone_mode=False)
    assert result.return_value == 0
    assert (tmp_path / "new/out/autograder.zip").read_bytes() == pack(Course.load(home), 5)
    assert str(tmp_path / "new/out/autograder.zip") in result.stdout


def test_a_folder_that_cannot_be_written_is_named(home: Path) -> None:
    arguments = [str(home / "pyproject.toml"), "--course", str(home)]
    result = CliRunner().invoke(gradescope, arguments, standalone_mode=False)
    assert isinstance(result.exception, UsageError)
    assert "autograder.zip cannot be written: " in str(result.exception)


# setup.sh --------------------------------------------------------------------------------------

APT = '#!/bin/sh\necho "apt-get $*"\n'
PYTHON = """#!/bin/sh
case "$1" in
-c) exit NEW ;;
-m) mkdir -p "$3/bin" && printf '#!/bin/sh\\necho "pip $*"\\n' > "$3/bin/pip" && chmod +x "$3/bin/pip"
    echo "$(basename "$0") $*" ;;
esac
"""


@pytest.mark.parametrize(("old", "python"), [("0", "python3"), ("1", "python3.11")], ids=["new enough", "too old"])
def test_the_image_is_set_up(archive: zipfile.ZipFile, tmp_path: Path, write: Write, old: str, python: str) -> None:
    root = tmp_path / "autograder"
    archive.extractall(root / "source")
    for name, text in (("apt-get", APT), ("python3", PYTHON), ("python3.11", PYTHON)):
        write(tmp_path / f"bin/{name}", text.replace("NEW", old)).chmod(0o755)
    environment = {"PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "AUTOGRADER_ROOT": str(root)}
    done = subprocess.run(
        ["bash", root / "source/setup.sh"], env=environment, capture_output=True, text=True, check=True
    )
    lines = done.stdout.splitlines()
    assert lines[:2] == ["apt-get update", "apt-get install -y --no-install-recommends python3 python3-venv"]
    assert ("apt-get install -y --no-install-recommends python3.11 python3.11-venv" in lines) == (old == "1")
    assert lines[-2] == f"{python} -m venv {root}/venv"
    assert lines[-1].startswith(f"pip install --no-cache-dir --constraint {root}/source/constraints.txt")
    assert lines[-1].endswith(f" {root}/source")


# run_autograder --------------------------------------------------------------------------------

RunThere = Callable[..., tuple[dict[str, Any], subprocess.CompletedProcess[str]]]


@pytest.fixture
def there(archive: zipfile.ZipFile, tmp_path: Path, write: Write) -> RunThere:
    """Runs the autograder on a submission's files, in a folder laid out as Gradescope does it."""

    def there(
        files: dict[str, str], source: dict[str, str] | None = None, **environment: str
    ) -> tuple[dict[str, Any], subprocess.CompletedProcess[str]]:
        root = tmp_path / "autograder"
        archive.extractall(root / "source")
        (root / "run_autograder").write_bytes((root / "source/run_autograder").read_bytes())
        (root / "run_autograder").chmod(0o755)
        (root / "submission").mkdir()
        for name, text in files.items():
            write(root / "submission" / name, text)
        for name, text in (source or {}).items():
            write(root / "source" / name, text)
        env = os.environ | {
            "AUTOGRADER_ROOT": str(root),
            "AUTOGRADER_PYTHON": sys.executable,
            "PYTHONPATH": str(root / "source"),
        }
        done = subprocess.run(
            [root / "run_autograder"], cwd=root, env=env | environment, capture_output=True, text=True, timeout=300
        )
        return json.loads((root / "results/results.json").read_text()), done

    return there


RIGHT = "def double(x):\n    return 2 * x\n"


def test_grades_there_are_those_from_here(there: RunThere, home: Path, tmp_path: Path) -> None:
    found, done = there({"double.py": RIGHT})
    assert done.returncode == 0
    arguments = ["autograder/submission", "--all", "--course", str(home), "--seed", "5", "--json", "report.json"]
    subprocess.run([sys.executable, "-m", "grader", *arguments], cwd=tmp_path, capture_output=True, timeout=300)
    here = json.loads(results(msgspec.json.decode((tmp_path / "report.json").read_bytes(), type=Report)))
    for each in (found, here):
        del each["execution_time"]
    assert found == here
    assert (found["score"], [test.get("score") for test in found["tests"]]) == (3, [3, None, 0, None])


def test_an_exercise_that_is_missing_has_its_row(there: RunThere) -> None:
    found, _ = there({"notes.txt": "I had no time."})
    assert found["score"] == 0
    assert "double: 0 of 3 points\n    There is no file double.py." in found["output"]
    assert len(found["tests"]) == 4


def test_a_submission_s_modules_do_not_get_in_the_way(there: RunThere) -> None:
    found, _ = there({"double.py": RIGHT, "grader/__init__.py": "1 / 0", "torch.py": "1 / 0", "json.py": "1 / 0"})
    assert found["score"] == 3


def test_what_fails_leaves_results_that_are_no_grade(there: RunThere) -> None:
    found, done = there({"double.py": RIGHT}, AUTOGRADER_PYTHON="/nowhere/python")
    assert found == json.loads(failure())
    assert "/nowhere/python" in done.stderr


def test_it_is_the_packed_grader_that_grades(there: RunThere) -> None:
    found, _ = there({"double.py": RIGHT}, source={"grader/submission.py": "1 / 0"})
    assert found == json.loads(failure())


def test_a_grader_that_refuses_leaves_results_that_are_no_grade(there: RunThere) -> None:
    found, done = there({"double.py": RIGHT}, GRADER_WITHOUT="nonsense")
    assert found == json.loads(failure())
    assert "nonsense" in done.stderr and "grade: exit code 2" in done.stdout


def test_a_suite_that_is_broken_costs_nothing_and_is_loud(there: RunThere) -> None:
    found, _ = there({"double.py": RIGHT}, source={"course/tests/suites/test_twice.py": "import nothing_like_it"})
    assert found["score"] == 3
    assert "The grader is at fault, not you. These points count neither for nor against you." in found["output"]
