"""What becomes of a test, whatever the submission does."""

from __future__ import annotations

import pytest

from grader.processes.spawned import Spawner
from tests.grader.judge.conftest import Grader, Make

DOUBLE = "def double(x):\n    return 2 * x\n"

SUITE = """
    def test_double(student):
        x = torch.ones(3)
        compare(student.double(x), 2 * x, rule="twice x")
    def test_after(student):
        assert student.double(2) == 4
"""


def test_right_and_wrong(run: Grader) -> None:
    assert run(SUITE, DOUBLE).outcomes == {"double": "passed", "after": "passed"}
    assert run(SUITE, "def double(x):\n    return x * x\n").outcomes == {"double": "failed", "after": "passed"}


def test_scores_add_up(run: Grader) -> None:
    suite = """
        @pytest.mark.points(3)
        @pytest.mark.parametrize("x", [1, 2, 5, 7])
        def test_shared(student, x):
            assert student.double(x) == 2 * x
        @pytest.mark.points(2)
        def test_whole(student):
            assert student.double(1) == 3
    """
    graded = run(suite, DOUBLE)
    assert {name: (test.points, test.score) for name, test in graded.tests.items()} == {
        "shared[1]": (0.75, 0.75),
        "shared[2]": (0.75, 0.75),
        "shared[3]": (0.75, 0.75),
        "shared[4]": (0.75, 0.75),
        "whole": (2, 0),
    }
    assert (graded.report.score, graded.report.max_score, graded.exercise.status) == (3, 5, "failed")


def test_selecting_tests_does_not_change_what_each_is_worth(run: Grader) -> None:
    suite = """
        @pytest.mark.points(3)
        @pytest.mark.parametrize("x", [1, 2, 5, 7])
        def test_shared(student, x):
            assert student.double(x) == 2 * x
        def test_other(student): ...
    """
    assert [test.points for test in run(suite, DOUBLE, select="5 or 7").tests.values()] == [0.75, 0.75]
    assert set(run(suite, DOUBLE, only_tests={"topic": ("test_other",)}).tests) == {"other"}


@pytest.mark.parametrize(
    "body",
    [
        "raise NotImplementedError('TODO 1')",
        "return NotImplemented",
    ],
    ids=["raised", "returned"],
)
def test_not_implemented(run: Grader, body: str) -> None:
    """Raising it is `todo`, also where the test takes a RuntimeError, which it is, for an answer."""
    suite = """
        def test_value(student):
            assert student.double(2) == 4
        def test_error(student):
            with pytest.raises((ValueError, RuntimeError)):
                student.double("text")
    """
    outcome = "todo" if body.startswith("raise") else "failed"
    graded = run(suite, f"def double(x):\n    {body}\n")
    assert graded.outcomes == {"value": outcome, "error": outcome}
    assert graded.exercise.status == outcome


def test_an_endless_loop_costs_its_own_test_alone(make: Make) -> None:
    answer = """
        def double(x):
            while not isinstance(x, int):
                pass
            return 2 * x
    """
    graded = make(timeout_s=1.0)(SUITE, answer)
    assert graded.outcomes == {"double": "timeout", "after": "passed"}
    assert "within 1 seconds" in graded.message("double")


def test_a_test_has_a_clock_of_its_own(run: Grader) -> None:
    suite = """
        @pytest.mark.timeout(0.5)
        def test_double(student):
            student.double(1)
    """
    graded = run(suite, "import time\ndef double(x):\n    time.sleep(60)\n")
    assert graded.outcomes == {"double": "timeout"}
    assert "within 0.5 seconds" in graded.message("double")


def test_a_clock_counts_all_calls_of_a_test(make: Make) -> None:
    """An iterator that never ends answers each call at once."""
    suite = "def test_items(student):\n    list(student.numbers())\n"
    answer = "import itertools\ndef numbers():\n    return (object() for _ in itertools.count())\n"
    assert make(timeout_s=1.0)(suite, answer).outcomes == {"items": "timeout"}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("os._exit(0)", "ended its own process"),
        ("sys.exit(0)", "ended its own process"),
        ("raise SystemExit", "ended its own process"),
        ("raise KeyboardInterrupt", "ended its own process"),
        ("ctypes.string_at(0)", "segmentation fault"),
        ("signal.raise_signal(signal.SIGABRT)", "abort"),
        ("channel().send(b'nonsense')", "no valid answer"),
        ("channel()._write((1 << 62).to_bytes(8, 'little'))", "no valid answer"),
        ("channel().close()", "ended its own process"),
    ],
)
def test_a_worker_that_dies_costs_its_own_test_alone(run: Grader, body: str, told: str) -> None:
    answer = f"""
        import ctypes, gc, os, signal, sys

        def channel():
            return next(thing for thing in gc.get_objects() if type(thing).__name__ == "Channel")

        def double(x):
            if isinstance(x, int):
                return 2 * x
            {body}
            return 2 * x
    """
    graded = run(SUITE, answer)
    assert graded.outcomes == {"double": "crashed", "after": "passed"}
    assert told in graded.message("double")


def test_no_test_can_take_a_dead_worker_for_an_error(run: Grader) -> None:
    suite = """
        def test_raises(student):
            with pytest.raises(Exception):
                student.double(1)
        def test_swallows(student):
            try:
                student.double(1)
            except BaseException:
                pass
    """
    graded = run(suite, "import os\ndef double(x):\n    os._exit(1)\n")
    assert graded.outcomes == {"raises": "crashed", "swallows": "crashed"}


def test_a_dead_worker_costs_its_own_test_alone_where_a_fixture_puts_things_back(run: Grader) -> None:
    """What a fixture asks of the dead worker while it is torn down must not reach the tests that follow."""
    suite = """
        @pytest.fixture
        def put_back(student):
            yield
            student.double(1)
        def test_dies(student, put_back):
            student.double("exit")
        def test_after(student, put_back):
            assert student.double(2) == 4
        def test_last(student):
            assert student.double(3) == 6
    """
    answer = "import os\ndef double(x):\n    return 2 * x if isinstance(x, int) else os._exit(1)\n"
    assert run(suite, answer).outcomes == {"dies": "crashed", "after": "passed", "last": "passed"}


def test_too_much_that_comes_back(run: Grader) -> None:
    answer = "import torch\ndef double(x):\n    return torch.zeros(x)\n"
    suite = """
        @pytest.mark.timeout(120)
        def test_double(student):
            for _ in range(8):
                student.double(200 << 20 >> 2)
    """
    assert run(suite, answer).outcomes == {"double": "crashed"}


def test_an_odd_answer_is_no_fault_of_the_suite(run: Grader) -> None:
    """What a test stumbles over after the submission was asked is the submission's: an error would cost it nothing."""
    suite = """
        def test_odd(student):
            assert student.double(torch.ones(3)).sum() == 6
        def test_suite(student):
            None + 1
        @pytest.fixture
        def broken():
            raise RuntimeError("in the fixture")
        def test_fixture(student, broken): ...
        def test_cannot_cross(student):
            student.double(object())
        def test_skipped(student):
            pytest.skip("not today")
    """
    graded = run(suite, "def double(x):\n    return None\n")
    assert graded.outcomes == {
        "odd": "failed",
        "suite": "error",
        "fixture": "error",
        "cannot_cross": "error",
        "skipped": "error",
    }
    assert "in the fixture" in graded.message("fixture")
    assert "not today" in graded.message("skipped")
    assert (graded.report.score, graded.report.max_score, graded.report.deferred_points) == (0, 1, 4)


def test_gpu_tests_wait_for_an_accelerator(run: Grader) -> None:
    suite = """
        @pytest.mark.gpu
        @pytest.mark.points(2)
        def test_there(student, device):
            assert device.type != "cpu"
        def test_here(student, device):
            assert device == torch.device("cpu")
    """
    torch = pytest.importorskip("torch")
    there = "passed" if torch.accelerator.is_available() else "deferred"
    graded = run(suite, "")
    assert graded.outcomes == {"there": there, "here": "passed"}
    if there == "deferred":
        assert (graded.report.score, graded.report.max_score, graded.report.deferred_points) == (1, 1, 2)
        assert graded.exercise.status == "deferred"


def test_tests_that_need_not_run_leave_no_trace_on_the_next(run: Grader) -> None:
    """What a suite set up for its tests is torn down before the next exercise, whichever of them ran last."""
    suite = """
        @pytest.fixture(scope="module", autouse=True)
        def module():
            yield
            torch.torn_down = getattr(torch, "torn_down", 0) + 1
        def test_here(student):
            assert getattr(torch, "torn_down", 0) == student.exercises_before
        @pytest.mark.gpu
        def test_there(student): ...
    """
    answers = {
        "first": (suite, "exercises_before = 0"),
        "gone": (suite, None),
        "broken": (suite, "1 / 0"),
        "last": (suite, "exercises_before = 1"),
    }
    report = run.report(answers)
    assert [exercise.tests[0].outcome for exercise in report.exercises] == ["passed", "todo", "failed", "passed"]


def test_a_missing_file_loses_its_points(run: Grader) -> None:
    graded = run(SUITE, None)
    assert graded.outcomes == {"double": "todo", "after": "todo"}
    assert (graded.exercise.status, graded.report.max_score) == ("missing", 2)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ("x = 1\nimport nothing_like_it\n", "topic.py, line 2: import nothing_like_it"),
        ("raise ValueError('no')", "ValueError: no"),
        ("import os\nos._exit(3)\n", "ended its own process"),
        ("while True: pass", "within 1 seconds"),
    ],
)
def test_a_file_that_cannot_be_loaded_costs_its_exercise_alone(make: Make, answer: str, told: str) -> None:
    report = make(timeout_s=1.0).report({"topic": (SUITE, answer), "other": (SUITE, DOUBLE)})
    first, second = report.exercises
    assert first.message is not None and told in first.message
    assert (first.status, first.score, first.max_score) == ("invalid", 0, 2)
    assert second.status == "passed"


def test_a_suite_that_is_broken_is_nobodys_loss(run: Grader) -> None:
    report = run.report({"topic": ("import nothing_like_it", DOUBLE), "other": (SUITE, DOUBLE)})
    first, second = report.exercises
    assert first.message is not None and "nothing_like_it" in first.message
    assert (first.status, first.max_score) == ("error", 0)
    assert second.status == "passed"


@pytest.mark.parametrize(
    ("marks", "told"),
    [
        ("points(0)", "points takes a number above 0"),
        ("points()", "points takes one argument"),
        ("timeout('1')", "timeout takes a number above 0"),
        ("hint(3)", "hint takes a text"),
        ("forbid('torch.sofmax')", "did you mean 'torch.softmax'"),
    ],
)
def test_a_mark_that_makes_no_sense(run: Grader, marks: str, told: str) -> None:
    graded = run(f"@pytest.mark.{marks}\ndef test_double(student): ...\n", DOUBLE)
    assert graded.exercise.status == "error"
    assert graded.exercise.message is not None and told in graded.exercise.message


def test_a_judge_that_dies_leaves_no_test_without_a_word(run: Grader) -> None:
    suite = """
        import os
        def test_before(student): ...
        def test_dies(student):
            os._exit(5)
        def test_after(student): ...
    """
    graded = run(suite, "")
    assert graded.outcomes == {"before": "passed", "dies": "error", "after": "error"}
    assert "exit code 5" in graded.message("after")
    assert graded.report.score == 1


def test_a_worker_that_cannot_be_started_is_nobodys_loss(run: Grader) -> None:
    """The judge's scratch folder is gone, so no worker can have one."""
    suite = """
        import os, shutil
        def test_before(student): ...
        def test_breaks(student):
            import gc
            from grader.judge.in_worker import InWorker
            side = next(thing for thing in gc.get_objects() if isinstance(thing, InWorker))
            shutil.rmtree(side._job.scratch)
    """
    report = run.report({"first": (suite, ""), "second": ("def test_a(student): ...\ndef test_b(student): ...\n", "")})
    assert [[test.outcome for test in exercise.tests] for exercise in report.exercises] == [
        ["passed", "passed"],
        ["error", "error"],
    ]
    assert "No such file" in str(report.exercises[1].tests[1].message)


def test_each_exercise_has_a_worker_of_its_own(run: Grader) -> None:
    suite = "def test_alone(student):\n    assert student.count() == 1\n"
    answer = "import torch\ndef count():\n    torch.seen = getattr(torch, 'seen', 0) + 1\n    return torch.seen\n"
    report = run.report({"first": (suite, answer), "second": (suite, answer)})
    assert [exercise.status for exercise in report.exercises] == ["passed", "passed"]


def test_global_state_does_not_reach_the_next_test(run: Grader) -> None:
    suite = """
        def test_change(student):
            student.change()
        def test_state(student):
            assert student.state() == [True, "torch.float32", 1]
            assert student.draw() == student.first_draw
    """
    answer = """
        import torch
        first_draw = None
        def change():
            global first_draw
            torch.manual_seed(torch.initial_seed())
            torch.set_grad_enabled(False)
            torch.set_default_dtype(torch.float64)
            torch.set_num_threads(2)
        def state():
            return [torch.is_grad_enabled(), str(torch.get_default_dtype()), torch.get_num_threads()]
        def draw():
            return 1
        first_draw = 1
    """
    assert run(suite, answer).outcomes == {"change": "passed", "state": "passed"}


def test_inputs_follow_the_seed_and_the_worker_cannot_draw_them(run: Grader) -> None:
    suite = """
        def test_inputs(student):
            compare(student.draw(torch.randn(3)), torch.zeros(3), rule="nothing")
        test_inputs = pytest.mark.public(test_inputs)
    """
    answer = """
        import torch
        def draw(x):
            mine = torch.randn(3)
            torch.manual_seed(torch.initial_seed())
            return torch.stack([x, mine, torch.randn(3)])
    """
    first, again, other = (run(suite, answer, seed=seed).message("inputs") for seed in (1, 1, 2))
    assert first == again != other


@pytest.mark.parametrize("suite", [SUITE])
def test_without_fork(make: Make, suite: str) -> None:
    graded = make(launcher=Spawner())(suite, DOUBLE)
    assert graded.outcomes == {"double": "passed", "after": "passed"}
    assert graded.report.environment.isolation.processes == "spawn"


def test_a_worker_that_is_killed_gets_a_second_chance_and_no_third(run: Grader) -> None:
    """The suite kills it, as the system does where memory runs out."""
    suite = """
        import os, signal
        RUNS = []
        def test_once(student):
            RUNS.append(1)
            pid = student.pid()
            if len(RUNS) == 1:
                os.kill(pid, signal.SIGKILL)
            assert student.pid() > 0
        def test_always(student):
            os.kill(student.pid(), signal.SIGKILL)
            student.pid()
    """
    graded = run(suite, "import os\ndef pid(): return os.getpid()\n")
    assert graded.outcomes == {"once": "passed", "always": "crashed"}
    assert "The system ended it" in graded.message("always")
