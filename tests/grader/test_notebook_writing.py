"""`grade notebook`: a module with its lesson as a notebook, and a notebook as a module."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from grader.commands.notebook import notebook
from grader.course import Course
from grader.errors import UsageError
from grader.notebook import to_module
from grader.notebook_writing import module_of, notebook_of
from grader.source import SourceError
from tests.grader.conftest import Write

ROOT = Path(__file__).parents[2]
MODULES = sorted([*ROOT.glob("exercises/[0-9]*/*.py"), *ROOT.glob("solutions/[0-9]*/*.py")])

LESSON = """# Two functions

What they are.

## Tasks

Write them.

### 1. exp

It grows.

### 2. `softmax`

It sums to one.

## Hints

### 1. exp

<details><summary>Rule</summary>

Which one?

</details>
"""
CODE = '''"""Two functions."""

import math

E = math.e


def exp(x):
    return E**x


# It follows from exp.
@staticmethod
def softmax(x):
    return [1.0]


HALF = 0.5


class Other:
    pass
'''


def made(code: str = CODE, lesson: str = LESSON) -> Any:
    data = notebook_of(code.encode(), lesson, "softmax", "softmax.py")
    read = nbformat.reads(data.decode(), as_version=4)
    nbformat.validate(read)
    return read


def cells(of: Any, kind: str) -> list[str]:
    return [cell.source for cell in of.cells if cell.cell_type == kind]


def back(code: str) -> str:
    """`code`, made a notebook and a module again."""
    module, notes = module_of(notebook_of(code.encode(), LESSON, "softmax", "softmax.py"), "softmax.ipynb")
    assert notes == ()
    return module.decode()


# From a module to a notebook -------------------------------------------------------------------


def test_the_code_is_cut_at_definitions() -> None:
    assert cells(made(), "code") == [
        '"""Two functions."""\n\nimport math\n\nE = math.e',
        "def exp(x):\n    return E**x",
        "# It follows from exp.\n@staticmethod\ndef softmax(x):\n    return [1.0]\n\n\nHALF = 0.5",
        "class Other:\n    pass",
        "%load_ext grader\n%grade softmax",
    ]


def test_each_task_stands_before_its_cell() -> None:
    heads = [cell.source.partition("\n")[0] for cell in made().cells]
    assert heads == [
        "# Two functions",
        "## Tasks",
        '"""Two functions."""',
        "### 1. exp",
        "def exp(x):",
        "### 2. `softmax`",
        "# It follows from exp.",
        "class Other:",
        "## Hints",
        "Save the notebook, then run the cell below: what is saved is graded.",
        "%load_ext grader",
    ]


def test_tasks_that_name_no_definition_stay_where_they_were() -> None:
    lesson = LESSON.replace("### 1. exp\n\nIt grows.", "### 1. Think\n\nOf growth.")
    heads = [text.partition("\n")[0] for text in cells(made(lesson=lesson), "markdown")]
    assert heads[:4] == ["# Two functions", "## Tasks", "### 1. Think", "### 2. `softmax`"]


@pytest.mark.parametrize("path", sorted(ROOT.glob("exercises/[0-9]*/*.py")), ids=lambda path: path.stem)
def test_the_whole_lesson_is_there(path: Path) -> None:
    lesson = (path.parent / "README.md").read_text()
    text = cells(made(path.read_text(), lesson), "markdown")
    assert sorted(line for cell in text[:-1] for line in cell.split("\n") if line) == sorted(
        line for line in lesson.split("\n") if line
    )


def test_a_heading_in_a_block_of_code_is_none() -> None:
    lesson = "# A\n\n```\n## no heading\n```\n\n## B\n"
    assert cells(made(lesson=lesson), "markdown")[:2] == ["# A\n\n```\n## no heading\n```", "## B"]


def test_without_a_lesson_there_is_code_alone() -> None:
    assert len(cells(made(lesson=""), "markdown")) == 1


def test_the_same_module_makes_the_same_bytes() -> None:
    first, second = (notebook_of(CODE.encode(), LESSON, "softmax", "softmax.py") for _ in range(2))
    assert first == second


def test_a_module_that_is_no_python_is_named() -> None:
    with pytest.raises(SourceError, match=r"softmax\.py, line 1: invalid syntax"):
        notebook_of(b"def f(:\n", LESSON, "softmax", "softmax.py")


# And back --------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", MODULES, ids=lambda path: "-".join(path.parts[-3::2]))
def test_stubs_and_solutions_come_back_as_they_were(path: Path) -> None:
    assert back(path.read_text()) == path.read_text()


@pytest.mark.parametrize(
    "code",
    [
        CODE,
        "def f():\n    pass\n",
        "x = 1\n",
        "class A:\n    x = 1\n\n\nasync def f():\n    pass\n",
        'X = """\n# no comment\n"""\n\n\ndef f():\n    pass\n',
        'def f():\n    return """\n%no magic\n!nor this\n\n\n\npass\n"""\n',
        "if True:\n    def f():\n        pass\n",
        "def f():\n    pass  # because\n\n\n# the end\n",
        'PATTERN = "\\d"\n\n\ndef f():\n    return "\\d"\n',
    ],
)
def test_code_comes_back_as_it_was(code: str) -> None:
    assert back(code) == code


def test_blank_lines_between_definitions_are_all_that_changes() -> None:
    assert back("\n\nx = 1\ndef f():\n    pass\n\n\n\n\ndef g():\n    pass") == (
        "x = 1\n\n\ndef f():\n    pass\n\n\ndef g():\n    pass\n"
    )


def test_line_ends_and_marks_of_other_systems_are_taken() -> None:
    data = notebook_of(b"\xef\xbb\xbf" + CODE.replace("\n", "\r\n").encode(), LESSON, "softmax", "softmax.py")
    assert module_of(data, "softmax.ipynb")[0].decode() == CODE


def with_cells(*code: str) -> bytes:
    new = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in code])
    return str(nbformat.writes(new)).encode()


def test_what_a_student_adds_is_kept_and_magics_are_not() -> None:
    data = with_cells("%matplotlib inline\nimport torch", "def f():\n    pass", "", "f()", "%load_ext grader\n%grade f")
    module, notes = module_of(data, "f.ipynb")
    assert module.decode() == "import torch\n\n\ndef f():\n    pass\n\n\nf()\n"
    assert notes == ("1 magic or shell line of f.ipynb was left out.",)


def test_a_cell_that_cannot_be_parsed_is_kept_as_a_comment() -> None:
    module, notes = module_of(with_cells("x = 1", "def f(:"), "f.ipynb")
    assert module.decode() == "x = 1\n\n\n# def f(:\n"
    assert notes[0].startswith("Left out: code cell 2 of f.ipynb, line 1")


def test_the_cell_that_grades_is_not_worth_a_note() -> None:
    assert to_module(with_cells("x = 1", "%load_ext grader\n%grade f -k 'a b'"), "f.ipynb").notes == ()
    others = to_module(with_cells("%load_ext autoreload\n%graders"), "f.ipynb")
    assert others.notes == ("2 magic or shell lines of f.ipynb were left out.",)


# The command -----------------------------------------------------------------------------------


@pytest.fixture
def folder(course: Course, write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of softmax in a course, which is the working folder."""
    monkeypatch.chdir(course.root)
    folder = course.root / "exercises/01_softmax"
    write(folder / "softmax.py", CODE)
    write(folder / "README.md", LESSON)
    return folder


def run(*arguments: str) -> int:
    code = notebook.main(list(arguments), standalone_mode=False)
    assert isinstance(code, int)
    return code


@pytest.mark.parametrize("path", ["exercises/01_softmax", "exercises/01_softmax/", "exercises/01_softmax/softmax.py"])
def test_an_exercise_gets_its_notebook(folder: Path, path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path) == 0
    assert capsys.readouterr().out.startswith("exercises/01_softmax/softmax.ipynb\n")
    assert (folder / "softmax.ipynb").read_bytes() == notebook_of(CODE.encode(), LESSON, "softmax", "softmax.py")
    assert (folder / "softmax.py").read_text() == CODE


@pytest.mark.parametrize("path", [".", "exercises"])
def test_a_whole_course_gets_its_notebooks(folder: Path, path: str) -> None:
    assert run(path) == 0
    assert [file.name for file in sorted(folder.parent.rglob("*.ipynb"))] == ["softmax.ipynb", "attention.ipynb"]


def test_a_notebook_becomes_the_module_beside_it(
    folder: Path, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(folder.parents[2] / "elsewhere/mine.ipynb", with_cells("x = 1", "!ls"))
    assert run(str(path)) == 0
    assert path.with_suffix(".py").read_text() == "x = 1\n"
    assert capsys.readouterr().err == f"1 magic or shell line of {path} was left out.\n"


def test_nothing_is_written_over(folder: Path, write: Write) -> None:
    write(folder / "softmax.ipynb", with_cells("mine = 1"))
    with pytest.raises(UsageError, match=r"There already: exercises/01_softmax/softmax\.ipynb\. Nothing was written"):
        run("exercises")
    assert not (folder.parent / "02_attention/attention.ipynb").exists()
    with pytest.raises(UsageError, match=r"There already: exercises/01_softmax/softmax\.py\."):
        run("exercises/01_softmax/softmax.ipynb")
    assert (folder / "softmax.py").read_text() == CODE


def test_force_writes_over_what_is_there(folder: Path, write: Write) -> None:
    write(folder / "softmax.ipynb", with_cells("mine = 1"))
    assert run("exercises/01_softmax/softmax.ipynb", "--force") == 0
    assert (folder / "softmax.py").read_text() == "mine = 1\n"
    assert run("exercises/01_softmax", "--force") == 0
    assert b"%grade softmax" in (folder / "softmax.ipynb").read_bytes()


def test_a_file_that_holds_it_already_is_not_in_the_way(folder: Path) -> None:
    assert (run("exercises"), run("exercises/01_softmax"), run("exercises/01_softmax/softmax.ipynb")) == (0, 0, 0)


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("nowhere", "nowhere does not exist"),
        ("tests", "tests holds no stub of an exercise. The exercises of Tiny: softmax, attention."),
        ("pyproject.toml", "pyproject.toml is neither a notebook nor a module of an exercise."),
        ("exercises/sofmax.py", "Did you mean 'softmax'?"),
        ("exercises/broken.ipynb", "exercises/broken.ipynb is no Jupyter notebook"),
        ("exercises/attention.py", "exercises/attention.py, line 1: invalid syntax"),
    ],
)
def test_what_cannot_be_converted_is_named(folder: Path, write: Write, path: str, said: str) -> None:
    write(folder.parent / "sofmax.py", "")
    write(folder.parent / "broken.ipynb", "{")
    write(folder.parent / "attention.py", "def f(:\n")
    with pytest.raises(UsageError) as error:
        run(path)
    assert said in str(error.value)
