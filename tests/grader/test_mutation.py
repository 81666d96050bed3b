"""`python -m tests.mutation`: what it changes in a solution, and what it makes of a suite that lets changes through."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from grader.boundary.channel import Channel
from grader.course import Course
from grader.errors import CourseError
from grader.grading import Options, switched_off
from grader.processes.child import Child, Launcher, Role
from grader.processes.launch import launched
from tests.mutation.__main__ import main
from tests.mutation.explained import explanations
from tests.mutation.mutants import Mutant, mutants
from tests.mutation.outcome import Outcome
from tests.mutation.run import Bench, Judgement, Killed, plain_source

STUB = "def double(x):\n    raise NotImplementedError('TODO 1: double')\n"
SOLUTION = "def double(x):\n    return 2 * x  # twice\n"
SUITE = """
def test_three(student):
    assert student.double(3) == 6

def test_text(student):
    assert student.double("a") == "aa"
"""


def changed(body: str, head: str = "import torch\n\ndef f(x, y):\n    ") -> set[str]:
    """The last lines of all mutants of a function with the body `body`."""
    return {mutant.source.rpartition("\n")[2].strip() for mutant in mutants(head + body)}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return x < y", {"return x <= y", "return x >= y"}),
        ("return 0 < x <= 1", {"return 0 <= x <= 1", "return 0 < x < 1", "return 1 < x <= 1", "return 0 < x <= 0"}),
        ("return x == y", {"return x != y"}),
        ("return x is y", {"return x is not y"}),
        ("return x - y", {"return x + y", "return y - x", "return x", "return y"}),
        ("return x / y", {"return x * y", "return y / x"}),
        ("return x ** y", {"return x * y", "return y ** x"}),
        ("return x & y", {"return x | y"}),
        ("return x and y", {"return x or y", "return x", "return y"}),
        ("return not x", {"return x"}),
        ("return -x", {"return x"}),
        ("return ~x", {"return x"}),
        ("return x if y else 0", {"return x", "return 0"}),
        ("return 3", {"return 4", "return 2", "pass"}),
        ("return 0.5", {"return 1.5", "return 0.55"}),
        ("return True", {"return False"}),
        ("return 'cuda'", {"return 'cudax'"}),
        ("return f'{x}.'", {"return f'{x}.x'"}),
        ("return x.mean(-1, keepdim=True)", {"return x.mean(-1)", "return x.mean(-2, keepdim=True)"}),
        ("return x.mean(-1, keepdim=True)", {"return x.mean(-1, keepdim=False)", "return x.mean(keepdim=True)"}),
        ("return x.detach().clone()", {"return x.detach()", "return x.clone()"}),
        ("return torch.exp(x)", {"return x", "return torch.expm1(x)"}),
        ("return f(x, y, 0)", {"return f(y, x, 0)", "return f(x, 0, y)", "return f(x, y)"}),
        ("return x.amax(y)", {"return x.amin(y)"}),
        ("return x.add(y)", {"return x.add_(y)", "return x.sub(y)"}),
        ("return x @ y.T", {"return y.T @ x", "return x @ y"}),
        ("return x, y", {"return (y, x)"}),
        ("return [x, y]", {"return [x]", "return [y]"}),
        ("return {x: 1, y: 2}", {"return {x: 1}", "return {y: 2}"}),
        ("return x[1:y:2]", {"return x", "return x[:y:2]", "return x[1::2]", "return x[1:y]"}),
        ("return [z for z in x if y]", {"return [z for z in x if True]", "return [z for z in x if False]"}),
        ("x += y", {"pass", "x = y", "x -= y"}),
        ("x = x + y", {"pass", "x += y"}),
        ("x[0] = y = 1", {"x[0] = 1", "y = 1"}),
        ("x.zero_()", {"pass"}),
        ("x.train()", {"x.eval()"}),
    ],
)
def test_what_an_expression_and_a_simple_statement_become(body: str, expected: set[str]) -> None:
    assert expected <= changed(body)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("if x: y = 1", "if True:\n        y = 1"),
        ("if x: y = 1", "if False:\n        y = 1"),
        ("if x: y = 1", "if not x:\n        y = 1"),
        ("if x: raise ValueError", "if x:\n        pass"),
        ("for z in x: y = z", "def f(x, y):\n    pass"),
        ("for z in x: continue", "for z in x:\n        break"),
        ("with torch.no_grad(): y = x", "def f(x, y):\n    y = x"),
        ("try:\n        y = x\n    except ValueError: y = 0", "def f(x, y):\n    y = x"),
        ("try:\n        y = x\n    finally: y = 0", "def f(x, y):\n    y = x"),
    ],
)
def test_what_a_compound_statement_becomes(body: str, expected: str) -> None:
    found = mutants(f"import torch\n\ndef f(x, y):\n    {body}\n")
    assert any(mutant.source.endswith(expected) for mutant in found)


def test_defaults_and_decorators_change() -> None:
    found = {mutant.source for mutant in mutants("import torch\n\n@torch.no_grad()\ndef f(x, n=1):\n    return x\n")}
    assert "import torch\n\ndef f(x, n=1):\n    return x" in found
    assert "import torch\n\n@torch.no_grad()\ndef f(x, n=2):\n    return x" in found


def test_what_is_read_by_people_alone_stays() -> None:
    source = '''
"""A module of 3."""
import torch

Number = int | float

def f(x: "list[int]", y: Number) -> "dict[str, 1]":
    """Raises ValueError below 0."""
    if y:
        raise ValueError("below " + str(0))
'''
    assert all(
        text in mutant.source
        for mutant in mutants(source)
        for text in ("A module of 3.", "import torch", "int | float", "list[int]", "dict[str, 1]", "below 0.")
    )
    assert len(mutants(source)) == 4  # the condition three times, and no error


def test_a_name_that_is_used_beyond_annotations_changes() -> None:
    assert len(mutants("SIZE = 3\n\ndef f(x: SIZE):\n    return SIZE\n")) > len(
        mutants("SIZE = 3\n\ndef f(x: SIZE): ...")
    )


def test_each_mutant_compiles_and_is_unlike_the_others_and_the_program() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    found = [ast.unparse(ast.parse(source)), *(mutant.source for mutant in mutants(source))]
    assert len(set(found)) == len(found) > 200
    for text in found:
        compile(text, "mutant", "exec")


def test_making_mutants_leaves_no_trace_in_the_next() -> None:
    expected = {"return x + 1", "return x", "return 1", "return 1 - x", "return x - 2", "return x - 0", "pass"}
    assert changed("return x - 1") == expected


def test_an_id_tells_the_function_the_change_and_the_statement() -> None:
    ids = [mutant.id for mutant in mutants("class A:\n    def f(self, x):\n        return (x + 1) * (x + 1)\n")]
    assert "A.f: x + 1 → x - 1, in: return (x + 1) * (x + 1)" in ids
    assert "A.f: x + 1 → x - 1, in: return (x + 1) * (x + 1) (2)" in ids
    assert "A.f: return (x + 1) * (x + 1) → pass" in ids
    assert len(set(ids)) == len(ids)


def test_an_id_stays_where_lines_move_and_comments_come() -> None:
    source = "def f(x):\n    y = x + 1\n    return y\n"
    moved = (
        "import torch\n\n\ndef g(x):\n    return x\n\n\ndef f(x):\n    # one more\n    y = (x\n    + 1)\n    return y\n"
    )
    assert {m.id for m in mutants(source)} == {m.id for m in mutants(moved) if m.function == "f"}


def test_a_long_id_shows_where_the_change_is() -> None:
    many = ", ".join(f"argument_{i}" for i in range(20))
    (found,) = [m.id for m in mutants(f"def f(x):\n    return g({many})\n") if "_8, argument_7" in m.id]
    assert found.startswith("f: …rgument_7, argument_8, argume… → …rgument_8, argument_7, argume…, in: return g(arg")
    assert len(found) < 200


# --- judging mutants --------------------------------------------------------------------------


class Watched:
    """A launcher that keeps the children it started."""

    processes: Any = "fork"

    def __init__(self, launcher: Launcher) -> None:
        self._launcher = launcher
        self.children: list[WatchedChild] = []

    def start(self, role: Role) -> Child:
        self.children.append(WatchedChild(self._launcher.start(role)))
        return self.children[-1]


class WatchedChild:
    def __init__(self, child: Child) -> None:
        self._child = child
        self.channel: Channel = child.channel
        self.ended = False

    def kill(self) -> None:
        self._child.kill()

    def end(self, grace_s: float = 0.0) -> int:
        self.ended = True
        return self._child.end(grace_s)


@pytest.fixture(scope="module")
def launcher() -> Iterator[Launcher]:
    with launched(("torch",), switched_off()) as started:
        yield started


@pytest.fixture
def bench(tmp_path: Path, launcher: Launcher) -> Bench:
    """A bench for a course with one exercise, double."""
    files = {
        "pyproject.toml": '[tool.grader]\nname = "Tiny"\npreload = ["torch"]\n',
        "exercises/01_double/double.py": STUB,
        "solutions/01_double/double.py": SOLUTION,
        "tests/suites/test_double.py": SUITE,
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return Bench(Course.load(tmp_path), Options(seed=0, off=switched_off()), Watched(launcher))


def judged(bench: Bench, source: str) -> Judgement:
    return bench.judge(bench.course.exercises[0], source)


@pytest.mark.parametrize(
    ("source", "test"),
    [
        ("def double(x):\n    return x + x", None),
        ("def double(x):\n    return x", "test_three"),
        ("def double(x):\n    return 2.0 * x", "test_text"),
        ("def double(x):\n    raise SystemExit", "test_three"),
        ("def double(x):\n    raise NotImplementedError", "test_three"),
        ("import nothing_like_it", "loading"),
    ],
)
def test_a_mutant_is_rejected_by_the_first_test_that_it_loses(bench: Bench, source: str, test: str | None) -> None:
    assert judged(bench, source) == Judgement(test)


def test_no_process_outlives_the_first_loss(bench: Bench) -> None:
    judged(bench, "def double(x):\n    return x")
    assert isinstance(bench.launcher, Watched)
    assert [child.ended for child in bench.launcher.children] == [True]


def test_a_fault_of_the_suite_rejects_nothing_and_is_told(bench: Bench) -> None:
    bench.course.exercises[0].suite.write_text("def test_broken(student):\n    1 / 0\n")
    found = judged(bench, SOLUTION)
    assert found.rejected_by is None
    assert ["test_broken" in fault for fault in found.faults] == [True]


def test_a_solution_that_is_not_accepted_stops_everything(bench: Bench) -> None:
    (exercise,) = bench.course.exercises
    assert plain_source(exercise, bench) == "def double(x):\n    return 2 * x"
    exercise.solution.write_text("def double(x):\n    return 2 * int(x)\n")
    with pytest.raises(CourseError, match=r"double\.py does not score in full before anything is changed: test_text"):
        plain_source(exercise, bench)


def test_all_mutants_are_judged_in_their_order(bench: Bench) -> None:
    every = mutants(SOLUTION)
    found = list(bench.judge_all(bench.course.exercises[0], every, jobs=2))
    assert [mutant for mutant, _ in found] == every
    assert all(judgement.rejected_by for _, judgement in found)


def test_killed_mutants_are_remembered(tmp_path: Path) -> None:
    one, other = Mutant("one", "f", "1"), Mutant("other", "f", "2")
    killed = Killed(tmp_path / "killed")
    killed.add("double", one)
    again = Killed(tmp_path / "killed")
    assert ("double", one) in again
    assert ("double", other) not in again
    assert ("half", one) not in again
    Killed(None).add("double", one)
    assert ("double", one) not in Killed(None)


# --- counting ---------------------------------------------------------------------------------


def outcome(living: int, explained: dict[str, str]) -> Outcome:
    every = [Mutant(f"f: {i}", "f", str(i)) for i in range(100)]
    return Outcome("double", "", every, [(mutant, Judgement()) for mutant in every[:living]], explained)


def test_up_to_three_in_a_hundred_may_live_on_unexplained() -> None:
    assert not outcome(3, {}).bad
    assert outcome(4, {}).bad
    assert not outcome(4, {"f: 0": "It is the same."}).bad


def test_an_explanation_of_what_does_not_live_on_is_told() -> None:
    found = outcome(3, {"f: 0": "It is the same.", "f: 50": "It is rejected.", "f: 200": "There is none."})
    assert found.bad
    assert found.stale == ["f: 50", "f: 200"]


def test_explanations_of_functions_that_are_not_looked_at_are_not_stale() -> None:
    assert outcome(0, {"g: 0": "It is the same."}).stale == []


def test_explanations_are_read_by_exercise(tmp_path: Path, course: Course) -> None:
    file = tmp_path / "equivalent.toml"
    file.write_text('[softmax]\n"f: x → y" = "They are the same."\n', encoding="utf-8")
    assert explanations(course, file) == {"softmax": {"f: x → y": "They are the same."}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[softmax", "is to hold a table of sentences for each exercise"),
        ("[softmax]\n'f: x' = 3\n", "is to hold a table of sentences for each exercise"),
        ("[soft]\n'f: x' = 'Same.'\n", "explains mutants of 'soft', which is no exercise"),
    ],
)
def test_explanations_that_cannot_be_read_are_told(tmp_path: Path, course: Course, text: str, message: str) -> None:
    file = tmp_path / "equivalent.toml"
    file.write_text(text)
    with pytest.raises(CourseError, match=message):
        explanations(course, file)


# --- the command ------------------------------------------------------------------------------


def test_mutants_are_listed_by_exercise_and_function() -> None:
    done = CliRunner().invoke(main, ["--list", "--only", "tensor_ops", "--function", "pick"])
    assert done.exit_code == 0
    assert "tensor_ops  pick: return x.gather" in done.output
    assert all(line.startswith("tensor_ops  pick: ") for line in done.output.splitlines())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--only", "tensor_op"], "No exercise is called 'tensor_op'. Did you mean 'tensor_ops'?"),
        (["--only", "tensor_ops", "--function", "pic"], "has no mutants in 'pic'. Did you mean 'pick'?"),
    ],
)
def test_what_cannot_be_chosen_is_told(options: list[str], message: str) -> None:
    done = CliRunner().invoke(main, ["--list", *options])
    assert done.exit_code == 1
    assert message in done.output


def test_every_explanation_belongs_to_a_mutant() -> None:
    course = Course.load(Path(__file__).parents[2])
    for exercise in course.exercises:
        ids = {mutant.id for mutant in mutants(exercise.solution.read_text(encoding="utf-8"))}
        assert explanations(course).get(exercise.name, {}).keys() <= ids
