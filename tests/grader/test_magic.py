"""`%grade` in a notebook: what it grades, what it shows, and what it leaves alone."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest

import grader
from grader import magic
from grader.course import Course
from grader.grading import Options
from grader.magic import Shown
from grader.notebook_writing import notebook_of
from grader.recall import FOLDER
from grader.report import Exercise, Report
from grader.submission import Submission
from tests.grader.conftest import Write
from tests.grader.test_display import HOSTILE, case, marks, report

Line = Callable[[str], object]


class Shell:
    """What of IPython's shell an extension needs."""

    def __init__(self) -> None:
        self.magics: dict[tuple[str, str], Line] = {}

    def register_magic_function(self, function: Line, magic_kind: str, magic_name: str) -> None:
        self.magics[magic_kind, magic_name] = function


@pytest.fixture
def folder(course: Course, write: Write, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the student's notebook of softmax lies; it is the working folder."""
    write(course.root / "pyproject.toml", '[tool.grader]\nname = "Tiny"\npreload = []\n')
    folder = course.root / "exercises/01_softmax"
    write(folder / "softmax.ipynb", notebook_of(b"def softmax(x):\n    return 2\n", "", "softmax", "softmax.py"))
    monkeypatch.chdir(folder)
    return folder


class Graded:
    """Stands in for grading: keeps what was asked for."""

    def __init__(self) -> None:
        self.submission = Submission("", "", ())
        self.options = Options(seed=0)
        self.exercises = [marks(case(points=2), case("failed", title="It sums", message="not so", hint="why?"))]

    def __call__(self, course: Course, submission: Submission, options: Options, launcher: object) -> Report:
        self.submission, self.options = submission, options
        return report(*self.exercises)

    @property
    def file(self) -> Path | None:
        (attempt,) = self.submission.attempts
        return attempt.file


@pytest.fixture
def graded(monkeypatch: pytest.MonkeyPatch) -> Graded:
    @contextlib.contextmanager
    def launched(*given: object) -> Iterator[None]:
        yield

    stand_in = Graded()
    monkeypatch.setattr(magic, "grade", stand_in)
    monkeypatch.setattr(magic, "launched", launched)
    return stand_in


def run(line: str) -> Shown:
    shown = magic.magic(line)
    assert shown is not None
    return shown


# What is graded --------------------------------------------------------------------------------


def test_the_extension_registers_a_line_magic() -> None:
    shell = Shell()
    grader.load_ipython_extension(shell)
    assert list(shell.magics) == [("line", "grade")]


def test_a_notebook_is_graded_as_it_lies_there(folder: Path, write: Write) -> None:
    suite = "def test_two(student):\n    assert student.softmax(1) == 2\n"
    write(folder.parents[1] / "tests/suites/test_softmax.py", suite + suite.replace("two", "three").replace("2", "3"))
    before = sorted(folder.parent.rglob("*"))
    exercise = run("softmax").report.exercises[0]
    assert [(test.name, test.outcome) for test in exercise.tests] == [("test_two", "passed"), ("test_three", "failed")]
    assert sorted(folder.parent.rglob("*")) == before
    assert not (folder.parents[1] / FOLDER).exists()


@pytest.mark.parametrize("line", ["softmax", "", "softmax.ipynb", "../01_softmax/softmax.ipynb"])
def test_the_notebook_is_found(folder: Path, graded: Graded, line: str) -> None:
    run(line)
    assert graded.file == folder.resolve() / "softmax.ipynb"


def test_the_notebook_comes_before_a_folder_of_its_name(folder: Path, graded: Graded) -> None:
    (folder / "softmax").mkdir()
    run("softmax")
    assert graded.file == folder.resolve() / "softmax.ipynb"


def test_other_notebooks_beside_it_do_not_count(folder: Path, graded: Graded, write: Write) -> None:
    write(folder / "scratch.ipynb", "{}")
    run("")
    assert graded.file == folder.resolve() / "softmax.ipynb"


def test_tests_and_exercises_may_be_chosen(folder: Path, graded: Graded) -> None:
    run(".. --only attention -k 'sums or not'")
    assert [attempt.exercise.name for attempt in graded.submission.attempts] == ["attention"]
    assert graded.options.select == "sums or not"


def test_a_course_elsewhere_may_be_named(
    folder: Path, graded: Graded, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "elsewhere/softmax.ipynb", (folder / "softmax.ipynb").read_bytes())
    monkeypatch.chdir(tmp_path / "elsewhere")
    run(f"softmax --course '{folder.parents[1]}'")
    assert graded.file == (tmp_path / "elsewhere/softmax.ipynb").resolve()


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("attention", "There is no attention.ipynb in "),
        ("nowhere/softmax.ipynb", "nowhere/softmax.ipynb does not exist"),
        ("sofmax.ipynb", "Did you mean 'softmax.ipynb'?"),
        ("--only sofmax softmax", "Did you mean 'softmax'?"),
        ("softmax --seed 3", "No such option '--seed'"),
        ("'softmax", "No closing quotation"),
        ("softmax attention", "unexpected extra argument"),
    ],
)
def test_what_cannot_be_graded_is_said_in_a_line(
    folder: Path, graded: Graded, capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    assert magic.magic(line) is None
    told = capsys.readouterr().err
    assert told.startswith("%grade: ") and said in told and "Traceback" not in told


def test_a_name_is_needed_where_it_cannot_be_told(
    folder: Path, graded: Graded, write: Write, capsys: pytest.CaptureFixture[str]
) -> None:
    write(folder / "attention.ipynb", "{}")
    assert magic.magic("") is None
    assert "holds attention.ipynb and softmax.ipynb. Say which" in capsys.readouterr().err
    for path in folder.glob("*.ipynb"):
        path.unlink()
    assert magic.magic("") is None
    assert "holds no notebook that is named after an exercise" in capsys.readouterr().err


def test_an_expression_that_selects_nothing_is_named(
    folder: Path, graded: Graded, capsys: pytest.CaptureFixture[str]
) -> None:
    graded.exercises = []
    assert magic.magic("softmax -k nothing") is None
    assert capsys.readouterr().err == "%grade: -k 'nothing' selects no test.\n"


def test_help_is_no_grade(folder: Path, graded: Graded, capsys: pytest.CaptureFixture[str]) -> None:
    assert magic.magic("--help") is None
    assert "Usage: %grade [OPTIONS] [NAME]" in capsys.readouterr().out


# What is shown ---------------------------------------------------------------------------------


class Parsed(HTMLParser):
    """The text of some HTML, and its tags with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


def html_of(*exercises: Exercise) -> Parsed:
    course: Any = None  # tells where the lessons are, and may be missing
    return Parsed(Shown(report(*exercises), course, "softmax.ipynb as it was saved at 12:00:00.")._repr_html_())


def test_the_table_is_shown_as_html() -> None:
    page = html_of(
        marks(case(points=2), case("failed", points=0.5, title="It sums.", message="In softmax:\nno", hint="why?")),
        marks(case("todo"), name="attention"),
    )
    assert "softmax 2/2.5 1 passed, 1 failed" in page.text
    assert "attention 0/1 not started" in page.text
    assert "✗ It sums (failed, 0.5 points) In softmax: no Hint: why?" in page.text
    assert 'Next: softmax, "It sums". Add --only softmax to see it alone.' in page.text
    assert "softmax.ipynb as it was saved at 12:00:00." in page.text
    bars = [attributes for tag, attributes in page.tags if tag == "progress"]
    assert bars == [{"max": "2.5", "value": "2.0"}, {"max": "1.0", "value": "0.0"}]


def test_what_is_not_written_is_named_where_something_is() -> None:
    started = html_of(marks(case(), case("todo", title="It sums."), case("todo", title="It sums.")))
    assert "Not written yet: It sums. Next" in started.text
    assert "Not written yet" not in html_of(marks(case("todo"))).text


def test_cases_that_are_alike_are_one() -> None:
    tests = [case("failed", name=f"test_rows[{number}]", message="no") for number in range(3)]
    assert html_of(marks(*tests)).text.count("✗ Rows sum to one (failed, 3 cases, 3 points)") == 1


def test_a_file_that_cannot_be_loaded_is_told_instead_of_its_tests() -> None:
    page = html_of(marks(case("failed", message="no"), status="invalid", message="line 3: invalid syntax"))
    assert "cannot be loaded" in page.text and "line 3: invalid syntax" in page.text
    assert "✗" not in page.text


def test_the_graders_fault_is_called_so() -> None:
    page = html_of(marks(case("error", message="No verdict: it ended.")))
    assert "The grader is at fault, not you." in page.text and "No verdict: it ended." in page.text


OURS = {"div", "table", "thead", "tr", "th", "tbody", "td", "progress", "p", "strong", "pre", "em", "small"}


def test_a_submission_cannot_write_html() -> None:
    attack = f"</pre><script>alert(1)</script><img src=x onerror=y>{HOSTILE}"
    hostile = case("failed", message=attack, title=attack, hint=attack)
    page = html_of(marks(hostile, case("todo", title=attack), name=attack, message=attack))
    assert {tag for tag, _ in page.tags} == OURS
    assert page.text.count("<script>alert(1)</script>") >= 5
    assert not re.search("[\x1b\x07\u202e]", page.text)


def test_without_html_the_text_of_grade_is_shown(folder: Path, graded: Graded) -> None:
    text = repr(run("softmax"))
    assert "1 passed, 1 failed" in text and "✗ It sums" in text and "Next: softmax" in text
    assert re.search(r"\nsoftmax\.ipynb as it was saved at \d\d:\d\d:\d\d\. Later changes do not count\.$", text)
    assert "\x1b" not in text


def test_ipython_shows_what_comes_back(folder: Path, graded: Graded) -> None:
    shells = pytest.importorskip("IPython.core.interactiveshell")
    shell = shells.InteractiveShell()
    notebook = nbformat.reads((folder / "softmax.ipynb").read_text(), as_version=4)
    result = shell.run_cell(notebook.cells[-1].source)
    assert isinstance(result.result, Shown)
    shell.display_formatter.active_types = ["text/plain", "text/html"]
    data, _ = shell.display_formatter.format(result.result)
    assert "<table>" in data["text/html"] and "1 passed, 1 failed" in data["text/plain"]
