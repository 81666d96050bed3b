"""What a student reads of a test: everything if it is public; title, outcome and hint if it is hidden."""

from __future__ import annotations

import pytest

from tests.grader.judge.conftest import Grader

SECRET = "31337"

SUITE = """
    SECRET = 31337.0

    def compared(student):
        x = torch.full((2, 3), SECRET)
        compare(student.double(x, dim=1), 2 * x, rule="twice x", mistakes={"squaring": x * x})
    def asserted(student):
        assert student.double(SECRET, 1) == 2 * SECRET, "twice the number"
    def bare(student):
        assert student.double(SECRET, 1) == 2 * SECRET
    def close(student):
        torch.testing.assert_close(student.double(torch.tensor([SECRET]), 1), torch.tensor([2 * SECRET]))
    def raises(student):
        with pytest.raises(ZeroDivisionError, match="31337"):
            student.double(SECRET, 1)
    def fails(student):
        student.double(SECRET, 1)
        pytest.fail("not so")
    def stumbles(student):
        student.double(SECRET, 1).nothing_of_the_kind_31337
"""
NAMES = ["compared", "asserted", "bare", "close", "raises", "fails", "stumbles"]


def suite(mark: str) -> str:
    return SUITE + "".join(f"\n    test_{name} = pytest.mark.{mark}({name})" for name in NAMES)


ANSWERS = {
    "wrong": "def double(x, dim):\n    return x * x\n",
    "wrong shape": "def double(x, dim):\n    return x[0] if hasattr(x, 'dim') else x\n",
    "raises": "def double(x, dim):\n    raise ValueError(f'it is {x}')\n",
    "raises its own": "def double(x, dim):\n    raise type(f'It_is_{x}'.replace('.', ''), (Exception,), {})\n",
    "prints": "import sys\ndef double(x, dim):\n    print(x)\n    print(x, file=sys.stderr)\n    return 0\n",
    "returns text": "def double(x, dim):\n    return str(x)\n",
    "exits": "import os\ndef double(x, dim):\n    os._exit(int(float(x.sum() if hasattr(x, 'sum') else x)) % 251)\n",
    "names": "def double(x, dim):\n    double.__name__ = double.__qualname__ = str(x)\n    return double\n",
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=list(ANSWERS))
def test_nothing_of_a_hidden_test_is_told(run: Grader, answer: str) -> None:
    graded = run(suite("hint('think')"), answer)
    assert len(graded.tests) == len(NAMES) and set(graded.outcomes.values()) <= {"failed", "crashed"}
    for test in graded.tests.values():
        told = f"{test.title} {test.message} {test.hint}"
        for secret in (SECRET, "62674", "216", "assert ", "match"):
            assert secret not in told, told


def test_what_is_told_of_a_hidden_test(run: Grader) -> None:
    graded = run(suite("hint('think')"), ANSWERS["wrong"])
    assert {name: test.message for name, test in graded.tests.items()} == {
        "compared": "In double:\nExpected: twice x.\nThe shape and dtype are right, the values are not.\n"
        "This is what squaring gives.",
        "asserted": "In double:\ntwice the number.",
        "bare": "In double:\nThe answer is not the expected one.",
        "close": "In double:\nThe shape and dtype are right, the values are not.",
        "raises": "In double:\nAn error was to be raised here, and none was.",
        "fails": "In double:\nnot so",
        "stumbles": "In double:\nWhat came back cannot be used as the test needs it (AttributeError).",
    }


def test_what_is_told_of_a_public_test(run: Grader) -> None:
    graded = run(suite("public"), ANSWERS["wrong"])
    assert graded.message("compared").splitlines()[:2] == [
        "double([[3.134e+04, 3.134e+04, 3.134e+04], [3.134e+04, 3.134e+04, 3.134e+04]] (float32), dim=1) returned "
        "[[9.82e+08, 9.82e+08, 9.82e+08], [9.82e+08, 9.82e+08, 9.82e+08]] (float32).",
        "Expected: twice x.",
    ]
    assert "This is what squaring gives." in graded.message("compared")
    assert graded.message("asserted") == (
        "double(31337.0, 1) returned 982007569.0.\ntwice the number.\nThis does not hold: 982007569.0 == (2 * 31337.0)"
    )
    assert "ZeroDivisionError" in graded.message("raises")
    assert "31337.0 came back" not in graded.message("close") and "not close" in graded.message("close")


def test_errors_of_the_students_own(run: Grader) -> None:
    answer = """
        def helper(x):
            return x.nothing
        def double(x, dim):
            y = 1
            return helper(y)
    """
    lines = "topic.py, line 6: return helper(y)\ntopic.py, line 3: return x.nothing"
    public = run(suite("public"), answer).message("bare")
    assert public == (
        "double(31337.0, 1) raised AttributeError.\nAttributeError: 'int' object has no attribute 'nothing'\n" + lines
    )
    hidden = run(suite("hint('think')"), answer).message("bare")
    assert hidden == "In double:\nYour code raised AttributeError.\n" + lines


def test_printing_is_shown_for_public_tests(run: Grader) -> None:
    assert run(suite("public"), ANSWERS["prints"]).message("bare").endswith("Printed:\n31337.0\n31337.0")


def test_what_a_hidden_test_handed_over_does_not_turn_up_in_a_public_one(run: Grader) -> None:
    both = """
        def test_a(student):
            student.keep("31337")
        @pytest.mark.public
        def test_b(student):
            assert student.tell() is None
    """
    answer = """
        kept = []
        def keep(x):
            kept.append(x)
        def tell():
            print(kept)
            return kept
    """
    graded = run(both, answer)
    assert list(graded.tests) == ["a", "b"]
    assert graded.outcomes == {"a": "passed", "b": "failed"}
    assert SECRET not in graded.message("b")


def test_the_cases_of_a_hidden_test_are_numbered(run: Grader) -> None:
    """What pytest calls a case is made of its inputs."""
    suite = """
        @pytest.mark.parametrize("x", ["31337", "b"])
        def test_hidden(student, x): ...
        @pytest.mark.public
        @pytest.mark.parametrize("x", ["a", "b"])
        def test_public(student, x): ...
    """
    assert list(run(suite, "").tests) == ["hidden[1]", "hidden[2]", "public[a]", "public[b]"]


def test_titles(run: Grader) -> None:
    titled = '''
        def test_first(student):
            """It holds.

            And this is for the author.
            """
        def test_second_of_them(student): ...
    '''
    assert [test.title for test in run(titled, "").tests.values()] == ["It holds.", "second of them"]


def test_a_forbidden_call_in_the_source(run: Grader) -> None:
    forbids = """
        @pytest.mark.public
        @pytest.mark.forbid("torch.softmax")
        def test_soft(student):
            try:
                student.soft(torch.ones(3))
            except BaseException:
                pass
        @pytest.mark.forbid("torch.softmax")
        def test_other(student):
            assert student.other() == 1
    """
    answer = """
        import torch.nn.functional as F
        def soft(x):
            return F.softmax(x, 0)
        def other():
            return 1
    """
    graded = run(forbids, answer)
    assert graded.outcomes == {"soft": "failed", "other": "passed"}
    assert "topic.py, line 4" in graded.message("soft") and "torch.softmax" in graded.message("soft")


def test_a_forbidden_call_that_no_source_shows(run: Grader) -> None:
    forbids = """
        @pytest.mark.forbid("torch.softmax")
        def test_soft(student):
            x = torch.ones(3)
            compare(student.soft(x, "soft", "max"), torch.softmax(x, 0), rule="softmax")
    """
    answer = """
        import torch
        def soft(x, a, b):
            try:
                return getattr(torch, a + b)(x, 0)
            except Exception:
                return x.exp() / x.exp().sum()
    """
    graded = run(forbids, answer)
    assert graded.outcomes == {"soft": "failed"}
    assert "torch.softmax" in graded.message("soft") and "topic.py, line 5" in graded.message("soft")


def test_device_bugs_show_without_a_device(run: Grader) -> None:
    suite = """
        def test_module(student, fake_cuda):
            fake_cuda(student.Masked(), torch.ones(2, 3))
        def test_function(student, fake_cuda):
            fake_cuda(student.shifted, torch.ones(2, 3))
        def test_values(student, fake_cuda):
            fake_cuda(student.positive, torch.ones(2, 3))
            fake_cuda(student.total, torch.ones(2, 3))
    """
    answer = """
        import torch
        class Masked(torch.nn.Module):
            def forward(self, x):
                return x * torch.ones(3)
        def shifted(x):
            return x + torch.ones(3, device=x.device)
        def positive(x):
            return x[x > 0]
        def total(x):
            return x.sum().item()
    """
    assert run(suite, answer).outcomes == {"module": "failed", "function": "passed", "values": "passed"}


def test_libraries_in_the_worker(run: Grader) -> None:
    suite = """
        def test_count(student, remote):
            model = remote("torch.nn").Linear(3, 2)
            assert student.count(model) == 2
            assert isinstance(model, torch.nn.Module)
    """
    assert run(suite, "def count(m):\n    return len(list(m.parameters()))\n").outcomes == {"count": "passed"}


def test_a_name_that_is_not_defined(run: Grader) -> None:
    suite = """
        def test_absent(student):
            with pytest.raises(Exception):
                student.double(2)
    """
    graded = run(suite, "def duoble(x):\n    return 2 * x\n")
    assert graded.outcomes == {"absent": "failed"}
    assert graded.message("absent") == "topic.py defines no double."


def test_a_result_that_stays_in_the_worker(run: Grader) -> None:
    suite = """
        def test_graph(student, held):
            x = torch.ones(3, requires_grad=True)
            y = held(student.double, x)
            assert student.nodes(y) == 2
            assert student.nodes(student.double(x)) != 2
    """
    answer = """
        def double(x):
            return 2 * x
        def nodes(y):
            return {"MulBackward0": 2}.get(type(y.grad_fn).__name__, 0)
    """
    assert run(suite, answer).outcomes == {"graph": "passed"}
