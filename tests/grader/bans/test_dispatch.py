"""The check at run time: what a ban denies, what it leaves alone, and that it ends."""

from __future__ import annotations

import gc
import importlib
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import torch

from grader.bans import dispatch
from grader.bans.dispatch import ForbiddenCall, banned
from tests.grader.bans.cases import CASES, PRELUDE, VALUES, Case

FILENAME = "/submissions/answer.py"


def submission(expression: str) -> Any:
    """A function `answer` that evaluates the expression on line 100 of a submission, and its inputs."""
    lines = (PRELUDE + VALUES).splitlines()
    lines += [""] * (98 - len(lines)) + ["def answer():", f"    return {expression}"]
    scope: dict[str, Any] = {}
    exec(compile("\n".join(lines), FILENAME, "exec"), scope)
    return scope["answer"]


def cases(*groups: str) -> list[Any]:
    return [
        pytest.param(case, expression, id=f"{case.name}-{expression}"[:90])
        for case in CASES
        for group in groups
        for expression in getattr(case, group)
    ]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what torch says about prototypes and old names
        yield


@pytest.mark.parametrize(("case", "expression"), cases("stopped", "unseen"))
def test_denies_every_spelling(case: Case, expression: str) -> None:
    answer = submission(expression)
    denied: list[tuple[str, int]] = []
    with banned(case.forbid, denied.append, filename=FILENAME), pytest.raises(ForbiddenCall):
        answer()
    assert [line for _, line in denied] == [100]
    assert denied[0][0] in case.forbid


@pytest.mark.parametrize(("case", "expression"), cases("allowed"))
def test_leaves_alternatives_alone(case: Case, expression: str) -> None:
    denied: list[tuple[str, int]] = []
    answer = submission(expression)
    with banned(case.forbid, denied.append, filename=FILENAME):
        answer()
    assert not denied


# --- beginning and end --------------------------------------------------------------------------

SOFTMAX = ("torch.softmax",)
X = torch.arange(6.0).reshape(2, 3)


def ban(*names: str) -> Any:
    return banned(names or SOFTMAX, lambda found: None, filename=None)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_ends(case: Case) -> None:
    answers = [submission(expression) for expression in (*case.stopped, *case.unseen)]
    before = [_outcome(answer) for answer in answers]
    with banned(case.forbid, lambda found: None, filename=FILENAME):
        pass
    assert [_outcome(answer) for answer in answers] == before


def _outcome(answer: Any) -> type:
    try:
        return type(answer())
    except Exception as error:
        return type(error)


def test_ends_after_an_exception() -> None:
    with pytest.raises(KeyError), ban():
        raise KeyError
    torch.softmax(X, 1)


def test_bans_nest() -> None:
    with ban():
        with ban("torch.autograd.grad"), ban("torch.autograd.grad", "torch.tanh"):
            assert _outcome(lambda: torch.softmax(X, 1)) is ForbiddenCall
            assert _outcome(lambda: torch.tanh(X)) is ForbiddenCall
        with ban():
            assert _outcome(lambda: torch.softmax(X, 1)) is ForbiddenCall
        assert _outcome(lambda: torch.softmax(X, 1)) is ForbiddenCall
        assert _outcome(lambda: torch.tanh(X)) is torch.Tensor
    leaf = X.clone().requires_grad_()
    torch.autograd.grad(torch.softmax(leaf, 1).sum(), leaf)


def test_reports_to_the_innermost_ban() -> None:
    outer: list[tuple[str, int]] = []
    inner: list[tuple[str, int]] = []
    with banned(SOFTMAX, outer.append, filename=None), banned(SOFTMAX, inner.append, filename=None):
        assert _outcome(lambda: torch.softmax(X, 1)) is ForbiddenCall
    assert (outer, inner) == ([], [("torch.softmax", 0)])


def test_reports_each_line_once() -> None:
    source = "def answer(x):\n for _ in range(3):\n  try: x.softmax(1)\n  except RuntimeError: pass\n return 1\n"
    scope: dict[str, Any] = {}
    exec(compile(source, FILENAME, "exec"), scope)
    denied: list[tuple[str, int]] = []
    with banned(SOFTMAX, denied.append, filename=FILENAME):
        assert scope["answer"](X) == 1
    assert denied == [("torch.softmax", 3)]


def test_tells_what_is_forbidden() -> None:
    with ban(), pytest.raises(ForbiddenCall, match=r"torch\.softmax is forbidden in this exercise: write it yourself"):
        torch.softmax(X, 1)


def test_rejects_unknown_names() -> None:
    with pytest.raises(ValueError, match=r"did you mean 'torch\.softmax'"):
        ban("torch.sofmax")


# --- ways round ---------------------------------------------------------------------------------


def test_holds_in_other_threads() -> None:
    outcomes: list[type] = []
    with ban():
        thread = threading.Thread(target=lambda: outcomes.append(_outcome(lambda: torch.softmax(X, 1))))
        thread.start()
        thread.join()
    assert outcomes == [ForbiddenCall]


@pytest.mark.parametrize(
    "guard",
    [
        torch.no_grad,
        torch.inference_mode,
        torch._C._DisableTorchDispatch,
        torch._C.DisableTorchFunction,
        torch._C._AutoDispatchBelowAutograd,
    ],
)
def test_holds_under_guards(guard: Any) -> None:
    with ban(), guard():
        assert _outcome(lambda: torch.softmax(torch.ones(2, 3), 1)) is ForbiddenCall


def test_holds_in_what_was_compiled_before() -> None:
    jit: Any = torch.jit
    traced = jit.trace(lambda x: torch.softmax(x, 1), (X,))
    scripted = jit.script(torch.nn.Softmax(1))
    with ban():
        assert _outcome(lambda: traced(X)) in (ForbiddenCall, RuntimeError)
        assert _outcome(lambda: scripted(X)) in (ForbiddenCall, RuntimeError, torch.jit.Error)
    traced(X)
    scripted(X)


def test_holds_in_backward_hooks() -> None:
    leaf: Any = torch.ones(2, 3, requires_grad=True)
    leaf.register_hook(lambda grad: grad.softmax(1))
    with ban(), pytest.raises(ForbiddenCall):
        leaf.sum().backward()


@pytest.mark.parametrize("layout", [torch.Tensor.to_mkldnn, lambda x: torch.nested.nested_tensor([x])])
def test_holds_for_other_layouts(layout: Any) -> None:
    with ban():
        assert _outcome(lambda: torch.softmax(layout(X), -1)) is ForbiddenCall


def test_holds_for_fake_tensors() -> None:
    from torch._subclasses.fake_tensor import FakeTensorMode

    with ban("torch.nn.functional.linear"), FakeTensorMode():
        x, w = torch.empty(2, 3, device="cuda"), torch.empty(4, 3, device="cuda")
        assert _outcome(lambda: torch.nn.functional.linear(x, w)) is ForbiddenCall
        assert (x @ w.T).shape == (2, 4)


def test_refuses_other_libraries_to_the_submission() -> None:
    """`jax` stands for any that is not imported yet; installed it need not be."""
    answer = submission("importlib.import_module('jax.numpy')")
    denied: list[tuple[str, int]] = []
    with banned(SOFTMAX, denied.append, filename=FILENAME):
        assert _outcome(answer) is ForbiddenCall
        assert _outcome(lambda: importlib.import_module("jax.numpy")) is ModuleNotFoundError
    assert denied == [("torch.softmax", 100)]
    with banned(["loops"], denied.append, filename=FILENAME):
        assert _outcome(answer) is ModuleNotFoundError
    assert _outcome(answer) is ModuleNotFoundError


def test_aliases_of_python_functions_are_denied() -> None:
    from torch.nn.functional import cross_entropy as mine

    with ban("torch.nn.functional.cross_entropy"):
        assert _outcome(lambda: mine(X, torch.tensor([0, 1]))) is ForbiddenCall


def test_functions_of_other_libraries_are_denied() -> None:
    special = pytest.importorskip("scipy.special")
    dispatch._prepare.cache_clear()  # as in a worker, where the submission is loaded before the first ban
    with ban():
        assert _outcome(lambda: special.softmax(X.numpy())) is ForbiddenCall
        special.gamma(2.0)
    special.softmax(X.numpy())


def test_denies_on_an_accelerator_as_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one, that its keys are there to be denied and are given back."""
    if torch.version.cuda is None:
        pytest.skip("torch is built without CUDA")
    dispatch._prepare.cache_clear()
    monkeypatch.setattr(dispatch, "_backends", lambda: ("CPU", "CUDA"))
    with ban("torch.softmax", "torch.normal"):
        assert _outcome(lambda: torch.softmax(X, 1)) is ForbiddenCall
    dispatch._prepare.cache_clear()
    torch.softmax(X, 1)


def test_library_handles_are_not_to_be_found() -> None:
    def handles() -> int:
        known = gc.get_objects()
        return sum(type(part).__name__ == "_DispatchModule" for part in [*known, *gc.get_referents(*known)])

    before = handles()
    with ban():
        assert handles() == before


def test_only_the_frame_that_began_can_end() -> None:
    held = ban()
    with held:
        with pytest.raises(RuntimeError, match="a ban ends where it began"):
            _leave(held)
        assert _outcome(lambda: torch.softmax(X, 1)) is ForbiddenCall


def _leave(held: Any) -> None:
    held.__exit__(None, None, None)


def test_randn_is_the_same_as_without_a_ban() -> None:
    expected = torch.randn(3, generator=torch.Generator().manual_seed(1))
    with ban("torch.normal"):
        drawn = torch.randn(3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(drawn, expected)


def test_backward_of_allowed_code_runs() -> None:
    """Formulas of autograd call operators of their own."""
    x, w = torch.ones(2, 3, requires_grad=True), torch.ones(4, 3, requires_grad=True)
    forbidden = sorted({name for case in CASES for name in case.forbid if "autograd" not in name})
    forbidden = [name for name in forbidden if name not in ("torch.Tensor.backward", "torch.matmul", "torch.func")]
    with ban(*forbidden):
        y: Any = (x @ w.T).unfold(1, 2, 1).exp().log1p().std(0) + torch.logaddexp(x, x).sum()
        y = torch.where(y > 0, y, 2 * y).clamp(min=0).index_select(0, torch.tensor([0, 0]))
        y.mean().backward()
    assert x.grad is not None
    assert w.grad is not None
