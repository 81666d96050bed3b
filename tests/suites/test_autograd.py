"""Autograd: gradients by graph and by differences, broadcasting backwards, nodes, a Function, batches, targets.

A graph ends where a tensor crosses into the student's process. So what has to see a whole graph
(the nodes that are counted, an input changed after forward) is run there, from a line of source
by `there`; all else uses functions of this file, which are called back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from grader.testing import compare

N, I, O = 6, 5, 3  # rows, input and output features  # noqa: E741

Remote = Callable[[str], Any]
FakeCuda = Callable[..., Any]
Batches = list[tuple[Tensor, Tensor]]

no_autograd = pytest.mark.forbid(
    "torch.Tensor.backward", "torch.autograd.grad", "torch.autograd.functional", "torch.func"
)
no_leaky_relu = pytest.mark.forbid("torch.nn.functional.leaky_relu")

KINDS = ["0-d", "one entry", "transposed", "every second row", "expanded", "no entries"]


def draw(*shape: int) -> Tensor:
    """Normal numbers in float64, from the generator that is seeded anew for each test."""
    return torch.randn(shape, dtype=torch.float64)


def tensor_of(kind: str) -> Tensor:
    """A tensor of an odd shape, or a view of another one."""
    return {
        "0-d": draw(),
        "one entry": draw(1, 1),
        "transposed": draw(4, 3).t(),
        "every second row": draw(6, 4)[::2],
        "expanded": draw(3, 1).expand(3, 4),
        "no entries": draw(0, 3),
    }[kind]


def there(remote: Remote, source: str) -> Any:
    """A function from its source, made in the student's process."""
    return remote("builtins").eval(source)


# --- 1. gradient --------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("which tensor has to ask for a gradient before f is called? What does torch.autograd.grad return?")
def test_gradient_is_df_dx(student: Any) -> None:
    """gradient returns the derivative of f by each entry of x."""
    x = torch.tensor([1.0, -3.0])
    compare(student.gradient(lambda t: (t**2).sum(), x), torch.tensor([2.0, -6.0]), rule="2 * x for the sum of x**2")

    x, w = draw(N, I), draw(N, I)
    expected = w * x.cos()
    mistakes = {"the direction downhill": -expected, "a mean in place of the sum": expected / x.numel()}
    answer = student.gradient(lambda t: (w * t.sin()).sum(), x)
    compare(answer, expected, rule="w * cos(x) for the sum of w * sin(x)", mistakes=mistakes)


@pytest.mark.points(3)
@pytest.mark.hint("call it twice, with an x whose .grad is filled already: what are x.grad and x.requires_grad after?")
@pytest.mark.parametrize("state", ["asks for nothing", "asks for a gradient", "holds a gradient"])
def test_gradient_leaves_x_alone(student: Any, state: str) -> None:
    """gradient changes neither x nor x.grad nor x.requires_grad, and gives the same when called again.

    `backward()` adds to x.grad what was there before; clearing x.grad loses it.
    """
    x, w, held = draw(N, I), draw(N, I), draw(N, I)
    expected, before, before_grad = w * x.cos(), x.clone(), held.clone()
    x.requires_grad_(state != "asks for nothing")
    if state == "holds a gradient":
        x.grad = held
    for _ in range(2):
        answer = student.gradient(lambda t: (w * t.sin()).sum(), x)
        compare(answer, expected, rule="the derivative of f, the same at every call")
    compare(x, before, rule="x as it was")
    assert x.requires_grad == (state != "asks for nothing"), "x.requires_grad is not what it was"
    if state == "holds a gradient":
        mistakes = {"adding to x.grad": before_grad + expected, "a second sum in x.grad": before_grad + 2 * expected}
        compare(x.grad, before_grad, rule="x.grad as it was", mistakes=mistakes)
    else:
        assert x.grad is None, "x.grad was empty and is not any more"


@pytest.mark.points(2)
@pytest.mark.hint("what does f's result know of x where f does not use x, and how does torch.autograd.grad take that?")
@pytest.mark.parametrize("kind", ["a constant", "a function of something else"])
def test_gradient_of_a_function_without_x(student: Any, kind: str) -> None:
    """gradient is zeros, shaped like x, where f does not use x.

    A constant has no graph; a function of another tensor has one that never meets x.
    """
    other = draw(I).requires_grad_()
    x = draw(N, I)
    f = {
        "a constant": lambda t: torch.ones((), dtype=torch.float64),
        "a function of something else": lambda t: (other * 2).sum(),
    }[kind]
    compare(student.gradient(f, x), torch.zeros(N, I, dtype=torch.float64), rule="zeros of the shape of x")


@pytest.mark.points(2)
@pytest.mark.hint("try a 0-d x, x.t(), an expanded x, one of size 0, and other dtypes")
@pytest.mark.parametrize("kind", [*KINDS, "float32", "bfloat16"])
def test_gradient_has_the_shape_and_dtype_of_x(student: Any, kind: str) -> None:
    """gradient has the shape and dtype of x, whatever x is a view of."""
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}.get(kind, torch.float64)
    x = tensor_of(kind) if kind in KINDS else draw(N, I).to(dtype)
    w = draw(*x.shape).to(dtype)
    before, expected = x.clone(), w * x.cos()
    compare(student.gradient(lambda t: (w * t.sin()).sum(), x), expected, rule="a derivative for each entry of x")
    compare(x, before, rule="x as it was")


# --- 2. numeric_gradient ------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_autograd
@pytest.mark.hint("write the quotient down for one entry: how far apart are the two points?")
def test_numeric_gradient_takes_central_differences(student: Any) -> None:
    """numeric_gradient is (f(x + eps e) - f(x - eps e)) / (2 eps) for each entry.

    With a large eps it shows that the points lie on both sides of x.
    """
    x = torch.tensor([1.0, -3.0])
    answer = student.numeric_gradient(lambda t: (t**2).sum(), x)
    compare(answer, torch.tensor([2.0, -6.0]), rule="2 * x for the sum of x**2")

    x, eps = draw(2, 3), 0.25
    mistakes = {
        "a difference to one side": 3 * x**2 + 3 * x * eps + eps**2,
        "a division by eps in place of 2 * eps": 2 * (3 * x**2 + eps**2),
        "an eps of your own": 3 * x**2 + 1e-12,
    }
    answer = student.numeric_gradient(lambda t: (t**3).sum(), x, eps=eps)
    rule = "the difference to both sides, which is 3 * x**2 + eps**2 for the sum of x**3"
    compare(answer, 3 * x**2 + eps**2, rule=rule, mistakes=mistakes, rtol=1e-8, atol=1e-8)

    x = torch.zeros(2, 3, dtype=torch.float64)
    answer = student.numeric_gradient(lambda t: (t**3).sum(), x)
    rule = "eps**2, which is left of 3 * x**2 + eps**2 at 0, with 1e-6 for eps"
    compare(answer, torch.full_like(x, 1e-12), rule=rule, rtol=1e-9, atol=0)


@pytest.mark.points(2)
@no_autograd
@pytest.mark.hint("how many times is f called for six entries, and where do the other entries stand meanwhile?")
def test_numeric_gradient_agrees_with_autograd(student: Any) -> None:
    """numeric_gradient agrees with autograd where the entries of x work together.

    Moving all entries at once, or leaving one moved while the next one moves, is caught here.
    """
    x, w = draw(2, 3), draw(6, 6)

    def f(t: Tensor) -> Tensor:
        flat = t.flatten()
        return flat @ w @ flat.sin() + flat[0] * flat[1:].sum()

    leaf = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad(f(leaf), leaf)
    rule = "the derivative by each entry, with the others held"
    compare(student.numeric_gradient(f, x), expected, rule=rule, rtol=1e-6, atol=1e-6)
    compare(student.numeric_gradient(f, x, 1e-3), expected, rule=rule, rtol=1e-4, atol=1e-4)


@pytest.mark.points(2)
@no_autograd
@pytest.mark.hint("when does reshape(-1) copy, and which entries share one place in memory if x is expanded?")
@pytest.mark.parametrize("kind", KINDS)
def test_numeric_gradient_of_any_view_and_shape(student: Any, kind: str) -> None:
    """numeric_gradient takes views of other tensors, and shapes from 0-d to size 0.

    Steps written into `x.reshape(-1)` get lost where that is a copy.
    """
    x = tensor_of(kind)
    w, before = draw(*x.shape), x.clone()
    expected = w * x.cos()
    answer = student.numeric_gradient(lambda t: (w * t.sin()).sum(), x)
    compare(answer, expected, rule="a derivative for each entry of x", rtol=1e-6, atol=1e-6)
    compare(x, before, rule="x as it was", rtol=0, atol=0)


@pytest.mark.points(2)
@no_autograd
@pytest.mark.hint("is (x + eps) - 2 * eps + eps exactly x? And can a leaf that asks for a gradient be written to?")
@pytest.mark.parametrize("asks", [False, True], ids=["plain", "asks for a gradient"])
def test_numeric_gradient_leaves_x_as_it_was(student: Any, asks: bool) -> None:
    """numeric_gradient leaves x as it was to the last bit, and takes an x that asks for a gradient.

    Steps there and back in x itself do not end where they began.
    """
    x, w = draw(4, 6), draw(4, 6)
    before, expected = x.clone(), w * x.cos()
    x.requires_grad_(asks)
    answer = student.numeric_gradient(lambda t: (w * t.sin()).sum(), x)
    compare(answer, expected, rule="a derivative for each entry of x", rtol=1e-6, atol=1e-6)
    assert torch.equal(x, before), "x is not bit for bit what it was"
    assert x.requires_grad == asks, "x.requires_grad is not what it was"
    assert x.grad is None, "x.grad was empty and is not any more"


@pytest.mark.points(2)
@no_autograd
@pytest.mark.hint("how many digits does float32 have, and how many are left of f after a step of 1e-6?")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def test_numeric_gradient_computes_in_float64(student: Any, dtype: torch.dtype) -> None:
    """numeric_gradient steps in float64 and answers in the dtype of x.

    In float32 the difference of two nearly equal numbers is noise.
    """
    x = draw(2, 3).to(dtype)
    leaf = x.double().requires_grad_()

    def f(t: Tensor) -> Tensor:
        return (t**3).sum() * 5 + (t + 3).square().sum()

    (expected,) = torch.autograd.grad(f(leaf), leaf)
    compare(student.numeric_gradient(f, x), expected.to(dtype), rule="differences in float64, then the dtype of x")


# --- 3. unbroadcast -----------------------------------------------------------------------------

SHAPES = [
    pytest.param((4, 2, 3), (3,), id="in front"),
    pytest.param((4, 2, 3), (2, 3), id="one in front"),
    pytest.param((4, 2, 3), (4, 1, 3), id="in the middle"),
    pytest.param((4, 2, 3), (4, 1, 1), id="two inside"),
    pytest.param((4, 2, 3), (2, 1), id="in front and inside"),
    pytest.param((4, 2, 3), (1, 1, 1), id="all, three kept"),
    pytest.param((4, 2, 3), (1,), id="all, one kept"),
    pytest.param((4, 2, 3), (), id="to 0-d"),
    pytest.param((4, 2, 3), (4, 2, 3), id="nothing"),
    pytest.param((), (), id="0-d stays 0-d"),
    pytest.param((1, 2, 3), (2, 3), id="size 1 in front"),
    pytest.param((4, 1, 3), (1, 3), id="size 1 stays"),
    pytest.param((3, 3, 3), (3,), id="one size everywhere, in front"),
    pytest.param((3, 3, 3), (3, 1), id="one size everywhere, inside"),
    pytest.param((0, 3), (3,), id="no rows"),
    pytest.param((0, 3), (1, 3), id="no rows, kept"),
    pytest.param((2, 0), (2, 1), id="no columns"),
    pytest.param((2, 0), (0,), id="no columns stay none"),
]


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("an entry that was used four times: what is the sum of its four gradients?")
def test_unbroadcast_is_broadcasting_backwards(student: Any) -> None:
    """unbroadcast gives the gradient of a tensor that was broadcast.

    Each entry was used several times, so its gradients add up.
    """
    rule = "the sum over what broadcasting repeated, in the shape asked for"
    summed = torch.tensor([[12.0], [12.0]])
    mistakes = {"sums over the leading dimensions alone": torch.full((2, 3), 4.0), "a mean": torch.ones(2, 1)}
    mistakes["a dimension of size 1 dropped"] = torch.tensor([12.0, 12.0])
    compare(student.unbroadcast(torch.ones(4, 2, 3), (2, 1)), summed, rule=rule, mistakes=mistakes)

    a, b, g = draw(2, 1).requires_grad_(), draw(4, 1, 3).requires_grad_(), draw(4, 2, 3)
    expected = torch.autograd.grad(a * b, (a, b), g)
    a, b = a.detach(), b.detach()
    compare(student.unbroadcast(g * b, a.shape), expected[0], rule=rule)
    compare(student.unbroadcast(g * a, b.shape), expected[1], rule=rule)


@pytest.mark.points(3)
@pytest.mark.hint("write shape below grad.shape, aligned on the right: which columns differ, and which lack a number?")
@pytest.mark.parametrize(("large", "shape"), SHAPES)
def test_unbroadcast_sums_to_the_shape(student: Any, large: tuple[int, ...], shape: tuple[int, ...]) -> None:
    """unbroadcast sums over new and stretched dimensions, over no others, and has the shape asked for.

    0-d and empty shapes, equal shapes and sizes of 1 that were there before are among them.
    """
    grad = draw(*large)
    start = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
    (expected,) = torch.autograd.grad(start.expand(large), start, grad)
    compare(student.unbroadcast(grad, shape), expected, rule="the sum over what broadcasting repeated")


@pytest.mark.points(2)
@pytest.mark.hint("try a transposed and an expanded grad, and other dtypes; and look at grad again afterwards")
@pytest.mark.parametrize("kind", ["transposed", "every second row", "expanded", "float32", "bfloat16"])
def test_unbroadcast_reads_views_and_keeps_dtypes(student: Any, kind: str) -> None:
    """unbroadcast takes views of other tensors, keeps the dtype, and leaves grad as it was."""
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}.get(kind, torch.float64)
    grad = tensor_of(kind) if kind in KINDS else draw(3, 4).to(dtype)
    before = grad.clone()
    for shape in ((3, 1), (4,), (3, 4)):
        expected = before.double().sum_to_size(shape).to(dtype)
        # a sum near 0 keeps the rounding of its terms
        compare(student.unbroadcast(grad, shape), expected, rule="the sum, in the dtype of grad", atol=_atol(dtype))
    compare(grad, before, rule="grad as it was", rtol=0, atol=0)


def _atol(dtype: torch.dtype) -> float | None:
    return 1e-1 if dtype == torch.bfloat16 else None


# --- 4. count_graph_nodes -----------------------------------------------------------------------


REDUCE = "__import__('functools').reduce"


def nodes_behind(tensor: Tensor) -> int:
    """The right count: a walk with a list, each node once."""
    waiting: list[Any] = [tensor.grad_fn] if tensor.grad_fn is not None else []
    seen = set(waiting)
    while waiting:
        for node, _ in waiting.pop().next_functions:
            if node is not None and node not in seen:
                seen.add(node)
                waiting.append(node)
    return len(seen)


def check_count(student: Any, remote: Remote, build: str, *leaves: Tensor) -> int:
    """Have the student count the graph of what the source `build` makes of `leaves`; return the right count.

    The graph is built where the student's function runs, for it would be cut off at the boundary.
    """
    expected = nodes_behind(eval(build)(*leaves))
    counted = there(remote, f"lambda count, *leaves: count(({build})(*leaves))")(student.count_graph_nodes, *leaves)
    assert type(counted) is int, "an int is asked for, no tensor and no set"
    assert counted == expected, "not the number of different nodes in the graph"
    return expected


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("print y.grad_fn, y.grad_fn.next_functions, and theirs: where does it end?")
@pytest.mark.parametrize(
    ("build", "right"),
    [
        pytest.param("lambda x: x * 2", 2, id="x * 2"),
        pytest.param("lambda x: (x.exp() + 1).sum()", 4, id="(x.exp() + 1).sum()"),
        pytest.param("lambda x: x.exp() * x.sin()", 4, id="x.exp() * x.sin()"),
        pytest.param("lambda x: x.exp() * x.detach()", 3, id="x.exp() * x.detach()"),
    ],
)
def test_count_small_graphs(student: Any, remote: Remote, build: str, right: int) -> None:
    """count_graph_nodes counts one node for each operation and one for each leaf.

    The leaf's AccumulateGrad counts; an input that needs no gradient has no node (None).
    """
    x = torch.randn(3, requires_grad=True)
    assert check_count(student, remote, build, x) == right, "this version of PyTorch builds another graph"


@pytest.mark.points(3)
@pytest.mark.hint("if y is used twice, on how many ways does one get from the result to y, and how many nodes is y?")
@pytest.mark.parametrize(
    "build",
    [
        pytest.param("lambda x, w: (lambda y: y * y)(x.exp() * w)", id="one result used twice"),
        pytest.param("lambda x, w: (x * w + x) * w", id="leaves used twice"),
        pytest.param(f"lambda x, w: {REDUCE}(lambda y, _: y * y.sin(), range(14), x)", id="nested"),
        pytest.param(f"lambda x, w: {REDUCE}(lambda y, _: y * y.sin(), range(50), x)", id="nested deeply"),
        pytest.param("lambda x, w: (lambda a, b: a.sin() * b)(*x.unbind(0)) * w", id="a node with two results"),
        pytest.param("lambda x, w: (x.exp() * w).exp().sum() + w.exp().exp().sum()", id="names that come again"),
    ],
)
def test_count_shared_nodes_once(student: Any, remote: Remote, build: str) -> None:
    """count_graph_nodes counts a node once, on however many ways it is reached.

    A walk without a memory counts a diamond's lower half twice, and nested diamonds forever; a
    memory of names takes two nodes of one kind for the same.
    """
    x, w = torch.randn(2, 3, requires_grad=True), torch.randn(3, requires_grad=True)
    check_count(student, remote, build, x, w)


@pytest.mark.points(1)
@pytest.mark.hint("what is grad_fn of a tensor that no operation made?")
@pytest.mark.parametrize("asks", [True, False], ids=["a leaf", "a tensor without a graph"])
def test_count_without_a_graph_is_zero(student: Any, remote: Remote, asks: bool) -> None:
    """count_graph_nodes is 0 where there is no grad_fn, for leaves and for tensors that need no gradient."""
    build = "lambda x: x" if asks else "lambda x: x * 2"
    check_count(student, remote, build, torch.randn(3, requires_grad=asks))


@pytest.mark.points(2)
@pytest.mark.hint("how deep may Python functions call themselves, and what can remember the nodes still to visit?")
def test_count_long_chain(student: Any, remote: Remote) -> None:
    """count_graph_nodes walks through thousands of nodes in a row, where recursion ends at about a thousand."""
    build = f"lambda x: {REDUCE}(lambda y, _: y.neg(), range(5000), x)"
    check_count(student, remote, build, torch.randn(3, requires_grad=True))


# --- 5. LeakyReLUFn -----------------------------------------------------------------------------

SLOPES = [0.2, 0.0, 1.5, -0.5]


def leaky_gradient(x: Tensor, slope: float, g: Tensor) -> Tensor:
    leaf = x.detach().clone().requires_grad_()
    return torch.autograd.grad(F.leaky_relu(leaf, slope), leaf, g)[0]


@pytest.mark.public
@pytest.mark.points(2)
@no_leaky_relu
@pytest.mark.hint("which of the two branches is an entry in, and which factor has each?")
def test_leaky_relu_forward(student: Any) -> None:
    """LeakyReLUFn.apply(x, slope) is x where x > 0, else slope * x."""
    x = torch.tensor([-2.0, 0.0, 3.0])
    compare(student.LeakyReLUFn.apply(x, 0.1), torch.tensor([-0.2, 0.0, 3.0]), rule="x, or slope * x below 0")
    x = draw(N, I)
    mistakes = {"a plain ReLU": x.relu(), "the slope on both sides": 0.3 * x}
    mistakes["the slope above 0"] = -F.leaky_relu(-x, 0.3)
    answer = student.LeakyReLUFn.apply(x, 0.3)
    compare(answer, F.leaky_relu(x, 0.3), rule="x, or slope * x below 0", mistakes=mistakes)


@pytest.mark.public
@pytest.mark.points(2)
@no_leaky_relu
@pytest.mark.hint("backward returns a value for each argument of forward after ctx: which one for a plain number?")
def test_leaky_relu_backward(student: Any) -> None:
    """LeakyReLUFn's backward gives x the incoming gradient, times slope below 0, and slope None.

    One value for each argument of forward is asked for.
    """
    x, g = draw(N, I), draw(N, I)
    expected = leaky_gradient(x, 0.3, g)
    local = leaky_gradient(x, 0.3, torch.ones_like(g))
    x.requires_grad_()
    (answer,) = torch.autograd.grad(student.LeakyReLUFn.apply(x, 0.3), x, g)
    mistakes = {"the slope alone, without the incoming gradient": local, "the incoming gradient as it is": g}
    compare(answer, expected, rule="the incoming gradient, times slope where x <= 0", mistakes=mistakes)


@pytest.mark.points(2)
@no_leaky_relu
@pytest.mark.hint("try x = 0, and slopes of 0, above 1 and below 0: does the result still tell the sign of x?")
@pytest.mark.parametrize("slope", SLOPES)
def test_leaky_relu_takes_any_slope(student: Any, slope: float) -> None:
    """LeakyReLUFn works with every slope, and at x = 0, where the gradient is slope.

    max(x, slope * x) is right for slopes from 0 to 1; the sign of the result for positive ones.
    """
    x, g = draw(N, I), draw(N, I)
    x[1:3] = 0.0
    expected, expected_grad = F.leaky_relu(x, slope), leaky_gradient(x, slope, g)
    x.requires_grad_()
    answer = student.LeakyReLUFn.apply(x, slope)
    compare(answer, expected, rule="x where x > 0, else slope * x")
    (grad,) = torch.autograd.grad(answer, x, g)
    compare(grad, expected_grad, rule="the incoming gradient where x > 0, else slope times it")


@pytest.mark.points(2)
@no_leaky_relu
@pytest.mark.hint("what does ctx.save_for_backward watch that an attribute of ctx does not?")
def test_leaky_relu_notices_a_changed_input(student: Any, remote: Remote) -> None:
    """LeakyReLUFn gives no wrong gradient where x is changed between forward and backward.

    Autograd refuses if x was kept by save_for_backward; as an attribute of ctx it is used as it is
    by then. (A mask made in forward is right either way.)
    """
    x, g = draw(N, I), draw(N, I)
    expected = leaky_gradient(x, 0.3, g)
    x.requires_grad_()
    changed = there(remote, "lambda apply, x, slope: (apply(x, slope), x.detach().neg_())[0]")
    answer = changed(student.LeakyReLUFn.apply, x, 0.3)
    try:
        (grad,) = torch.autograd.grad(answer, x, g)
    except RuntimeError as error:
        assert "inplace operation" in str(error), "backward failed, and not because x was changed"
    else:
        compare(grad, expected, rule="the gradient at the x that forward saw, or an error")


@pytest.mark.points(1)
@no_leaky_relu
@pytest.mark.hint("may the gradient that comes in belong to somebody else as well?")
def test_leaky_relu_leaves_the_incoming_gradient(student: Any, remote: Remote) -> None:
    """LeakyReLUFn's backward does not write into the gradient that it is given.

    Where results are added up, all of them are given the same tensor.
    """
    x, g = draw(N, I), draw(N, I)
    expected = leaky_gradient(x, 0.3, g) + leaky_gradient(x, 0.7, g)
    x.requires_grad_()
    both = there(remote, "lambda apply, x, one, other: apply(x, one) + apply(x, other)")
    (grad,) = torch.autograd.grad(both(student.LeakyReLUFn.apply, x, 0.3, 0.7), x, g)
    compare(grad, expected, rule="the sum of both gradients")


@pytest.mark.points(2)
@no_leaky_relu
@pytest.mark.hint("try x.t(), an expanded x, shapes from 0-d to size 0, other dtypes; and look at x again afterwards")
@pytest.mark.parametrize("kind", [*KINDS, "float32", "bfloat16", "float16"])
def test_leaky_relu_of_any_view_and_dtype(student: Any, kind: str) -> None:
    """LeakyReLUFn takes views, any shape and any dtype, keeps shape and dtype, and leaves x as it was."""
    dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}.get(kind, torch.float64)
    x = tensor_of(kind) if kind in KINDS else draw(N, I).to(dtype)
    g, before = draw(*x.shape).to(dtype), x.clone()
    expected = F.leaky_relu(x.double(), 0.3).to(dtype)
    expected_grad = leaky_gradient(x.double(), 0.3, g.double()).to(dtype)
    compare(student.LeakyReLUFn.apply(x, 0.3), expected, rule="x, or slope * x below 0")
    compare(x, before, rule="x as it was")
    x = x.detach().requires_grad_()
    (grad,) = torch.autograd.grad(student.LeakyReLUFn.apply(x, 0.3), x, g)
    compare(grad, expected_grad, rule="the incoming gradient, times slope where x <= 0")


@pytest.mark.points(1)
@no_leaky_relu
@pytest.mark.hint("which class has to stand in the brackets after LeakyReLUFn?")
def test_leaky_relu_is_a_function_of_autograd(student: Any, remote: Remote) -> None:
    """LeakyReLUFn is a torch.autograd.Function, and makes one node of the graph.

    Operations that autograd knows already need no backward by hand.
    """
    inherits = remote("builtins").issubclass(student.LeakyReLUFn, remote("torch.autograd").Function)
    assert inherits is True, "LeakyReLUFn does not inherit from torch.autograd.Function"
    x = torch.randn(N, I, requires_grad=True)
    name = there(remote, "lambda apply, x: apply(x, 0.3).grad_fn.name()")(student.LeakyReLUFn.apply, x)
    assert name == "LeakyReLUFnBackward", "the node behind the result is not that of LeakyReLUFn"


# --- 6. accumulate ------------------------------------------------------------------------------


def in_batches(sizes: list[int]) -> Batches:
    """Rows for a Linear(I, O), cut into batches of these sizes. Each batch lies elsewhere, so means differ."""
    shifts = [3.0 * number for number in range(len(sizes))]
    return [(draw(n, I) + shift, draw(n, O) - shift) for n, shift in zip(sizes, shifts)]


def linear(remote: Remote) -> Any:
    return remote("torch.nn").Linear(I, O, dtype=torch.float64)


def big_batch(model: Any, batches: Batches) -> tuple[Tensor, Tensor, Tensor]:
    """The mean squared error over all rows, and its gradients for weight and bias."""
    weight, bias = (p.detach().clone().requires_grad_() for p in (model.weight, model.bias))
    x, y = (torch.cat(parts) for parts in zip(*batches))
    loss = F.mse_loss(F.linear(x, weight, bias), y)
    weight_grad, bias_grad = torch.autograd.grad(loss, (weight, bias))
    return loss.detach(), weight_grad, bias_grad


def mean_of(model: Any, batches: Batches, weights: list[float]) -> tuple[Tensor, Tensor]:
    """The sum of the batches' losses and weight gradients, so weighted: what wrong answers give."""
    parts = [big_batch(model, [batch]) for batch in batches]
    return (
        torch.stack([part[0] * share for part, share in zip(parts, weights)]).sum(),
        torch.stack([part[1] * share for part, share in zip(parts, weights)]).sum(0),
    )


@pytest.mark.public
@pytest.mark.points(3)
@pytest.mark.hint("a batch's mean counts each of its rows 1/n: what must its loss be multiplied by to count 1/all?")
def test_accumulate_gives_the_big_batch_gradients(student: Any, remote: Remote) -> None:
    """accumulate leaves the gradients of one big batch, also where the batches differ in size.

    Dividing by the number of batches gives a row of a small batch too much weight.
    """
    model, batches = linear(remote), in_batches([5, 4, 2])
    _, weight, bias = big_batch(model, batches)
    mistakes = {
        "a division by the number of batches": mean_of(model, batches, [1 / 3] * 3)[1],
        "a sum over the batches, undivided,": mean_of(model, batches, [1] * 3)[1],
        "a sum over the rows, undivided,": mean_of(model, batches, [5, 4, 2])[1],
        "the last batch alone": mean_of(model, batches, [0, 0, 1])[1],
    }
    student.accumulate(model, F.mse_loss, batches)
    compare(model.weight.grad, weight, rule="the gradient of the mean over all rows", mistakes=mistakes)
    compare(model.bias.grad, bias, rule="the gradient of the mean over all rows")


@pytest.mark.points(2)
@pytest.mark.hint("which loss would one big batch have? And what does type() say of your answer?")
def test_accumulate_returns_the_big_batch_loss(student: Any, remote: Remote) -> None:
    """accumulate returns the mean loss over all rows, as a Python float."""
    model, batches = linear(remote), in_batches([5, 4, 2])
    right = float(big_batch(model, batches)[0])
    answer = student.accumulate(model, F.mse_loss, batches)
    assert type(answer) is float, "a Python float is asked for, no tensor"
    assert answer == pytest.approx(right, rel=1e-9), "not the mean loss over all rows"


@pytest.mark.points(2)
@pytest.mark.hint("what does backward() do with what is in .grad already? Call it twice on one model.")
def test_accumulate_starts_from_zero(student: Any, remote: Remote) -> None:
    """accumulate does not add to gradients that were there before."""
    model, batches = linear(remote), in_batches([4, 2])
    _, weight, bias = big_batch(model, batches)
    (model(draw(N, I)) * draw(N, O)).sum().backward()
    mistakes = {"adding to the old gradient": model.weight.grad + weight}
    for _ in range(2):
        student.accumulate(model, F.mse_loss, batches)
        compare(model.weight.grad, weight, rule="the gradient of these batches alone", mistakes=mistakes)
        compare(model.bias.grad, bias, rule="the gradient of these batches alone")


@pytest.mark.points(1)
@pytest.mark.hint("try one batch, batches of one row, a small batch in front, and another loss")
@pytest.mark.parametrize("sizes", [[7], [4, 4, 1], [1, 6], [1, 1, 1], [3, 3]], ids=str)
def test_accumulate_takes_any_sizes(student: Any, remote: Remote, sizes: list[int]) -> None:
    """accumulate works with batches of any sizes and with another loss.

    The size of one batch is not the size of all.
    """
    model, parts = linear(remote), in_batches(sizes)
    batches = [(x, torch.randint(O, (len(x),))) for x, _ in parts]
    weight, bias = (p.detach().clone().requires_grad_() for p in (model.weight, model.bias))
    x, y = (torch.cat(column) for column in zip(*batches))
    loss = F.cross_entropy(F.linear(x, weight, bias), y)
    expected = torch.autograd.grad(loss, (weight, bias))
    answer = student.accumulate(model, lambda scores, labels: F.cross_entropy(scores, labels), batches)
    assert answer == pytest.approx(float(loss.detach()), rel=1e-9), "not the mean loss over all rows"
    compare(model.weight.grad, expected[0], rule="the gradient of the mean over all rows")
    compare(model.bias.grad, expected[1], rule="the gradient of the mean over all rows")


@pytest.mark.points(1)
@pytest.mark.hint("what is .grad of a parameter with requires_grad=False?")
def test_accumulate_passes_over_frozen_parameters(student: Any, remote: Remote) -> None:
    """accumulate works with frozen parameters, which get no gradient and stay frozen."""
    model, batches = linear(remote), in_batches([4, 2])
    there(remote, "lambda model: model.bias.requires_grad_(False) is None")(model)
    _, weight, _ = big_batch(model, batches)
    student.accumulate(model, F.mse_loss, batches)
    compare(model.weight.grad, weight, rule="the gradient of the mean over all rows")
    grad = model.bias.grad
    assert grad is None or not grad.any(), "a frozen parameter was given a gradient"
    assert not model.bias.requires_grad, "a frozen parameter is frozen no more"


@pytest.mark.points(1)
@pytest.mark.hint("whose business is the step? And is the caller's list still whole?")
def test_accumulate_changes_nothing_but_grad(student: Any, remote: Remote) -> None:
    """accumulate leaves the parameters and the batches as they were."""
    model, batches = linear(remote), in_batches([4, 2])
    before = [tensor.detach().clone() for tensor in (model.weight, model.bias)]
    copies = [(x.clone(), y.clone()) for x, y in batches]
    student.accumulate(model, F.mse_loss, batches)
    compare(model.weight, before[0], rule="the weight as it was", rtol=0, atol=0)
    compare(model.bias, before[1], rule="the bias as it was", rtol=0, atol=0)
    assert len(batches) == len(copies), "the list of batches is not what it was"
    for (x, y), (old_x, old_y) in zip(batches, copies):
        compare(x, old_x, rule="the batch as it was", rtol=0, atol=0)
        compare(y, old_y, rule="the batch as it was", rtol=0, atol=0)
        assert not x.requires_grad, "a batch asks for a gradient"


# --- 7. td_loss ---------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("mean, squared, error: in which order are the three done?")
def test_td_loss_is_the_mean_squared_error(student: Any) -> None:
    """td_loss is the mean of (q - target)**2, a tensor of shape ()."""
    answer = student.td_loss(torch.tensor([1.0, 2.0]), torch.tensor([0.0, 4.0]))
    compare(answer, torch.tensor(2.5), rule="the mean of (q - target)**2")
    q, target = draw(N, I), draw(N, I)
    error = q - target
    mistakes = {
        "a sum": (error**2).sum(),
        "half the mean": (error**2).mean() / 2,
        "the absolute error": error.abs().mean(),
        "a square of the mean": error.mean() ** 2,
    }
    compare(student.td_loss(q, target), (error**2).mean(), rule="the mean of (q - target)**2", mistakes=mistakes)


@pytest.mark.points(2)
@pytest.mark.hint("call backward() on the result: which of q.grad and target.grad is to be None?")
def test_td_loss_trains_q_alone(student: Any) -> None:
    """td_loss sends a gradient into q and none into target, which asks for one.

    Under `torch.no_grad` there is none for q either; `target.detach_()` changes the caller's tensor.
    """
    q, target, c = draw(N, I), draw(N, I), draw()
    before, expected = target.clone(), c * 2 * (q - target) / q.numel()
    q.requires_grad_()
    target.requires_grad_()
    loss = student.td_loss(q, target)
    assert getattr(loss, "requires_grad", False), "the loss has no graph to go back through"
    (loss * c).backward()
    compare(q.grad, expected, rule="2 * (q - target) / number of entries, times the incoming gradient")
    assert target.grad is None, "target was given a gradient"
    assert target.requires_grad, "target no longer asks for a gradient: that is the caller's to decide"
    compare(target, before, rule="target as it was", rtol=0, atol=0)


@pytest.mark.points(1)
@pytest.mark.hint("if one network makes both, which way may the gradient take?")
def test_td_loss_with_one_network_for_both(student: Any) -> None:
    """td_loss trains the weights by way of q alone where the same weights make q and target."""
    w, now, then, reward = draw(I), draw(N, I), draw(N, I), draw(N)
    target = reward + 0.9 * (then @ w)
    expected = 2 * ((now @ w - target)[:, None] * now).mean(0)
    both = 2 * ((now @ w - target)[:, None] * (now - 0.9 * then)).mean(0)
    w.requires_grad_()
    loss = student.td_loss(now @ w, reward + 0.9 * (then @ w))
    loss.backward()
    mistakes = {"a gradient by way of q and target": both}
    compare(w.grad, expected, rule="the gradient by way of q, target being a constant", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("try a 0-d q, an expanded one, other dtypes; and look at q again afterwards")
@pytest.mark.parametrize("kind", ["0-d", "one entry", "transposed", "every second row", "expanded", "bfloat16"])
def test_td_loss_of_any_view_and_dtype(student: Any, kind: str) -> None:
    """td_loss is a scalar in the dtype of q for any shape and view, and leaves q as it was."""
    dtype = torch.bfloat16 if kind == "bfloat16" else torch.float64
    q, target = (draw(3, 4).to(dtype) if kind == "bfloat16" else tensor_of(kind) for _ in range(2))
    before = q.clone()
    expected = F.mse_loss(q.double(), target.double()).to(dtype)
    compare(student.td_loss(q, target), expected, rule="the mean of (q - target)**2")
    compare(q, before, rule="q as it was", rtol=0, atol=0)


# --- on an accelerator --------------------------------------------------------------------------

CALLS = {
    "gradient": ("gradient", "lambda gradient, x: gradient(lambda t: (t * t).sum(), x)"),
    "gradient of a constant": ("gradient", "lambda gradient, x: gradient(lambda t: x.new_ones(()), x)"),
    "numeric_gradient": ("numeric_gradient", "lambda numeric, x: numeric(lambda t: (t * t).sum(), x)"),
    "unbroadcast": ("unbroadcast", "lambda unbroadcast, x: [unbroadcast(x, (3,)), unbroadcast(x, x.shape)]"),
    "LeakyReLUFn": ("LeakyReLUFn", "lambda function, x: function.apply(x, 0.3)"),
    "LeakyReLUFn backward": (
        "LeakyReLUFn",
        "lambda function, x: __import__('torch').autograd.grad(function.apply(x.requires_grad_(), 0.3).sum(), x)[0]",
    ),
    "td_loss": ("td_loss", "lambda td_loss, x: td_loss(x, x + 1)"),
}
"""What is called by what source, run in the student's process."""

BANS = {"numeric_gradient": [no_autograd], "LeakyReLUFn": [no_leaky_relu], "LeakyReLUFn backward": [no_leaky_relu]}


def over(names: list[str]) -> pytest.MarkDecorator:
    """Run a test for each of these calls, with the bans of its own task."""
    return pytest.mark.parametrize("name", [pytest.param(name, marks=BANS.get(name, [])) for name in names])


@pytest.mark.points(5)
@pytest.mark.hint("on which device do the tensors lie that you create yourself?")
@over(["gradient of a constant", "numeric_gradient", "unbroadcast", "LeakyReLUFn", "td_loss"])  # there is no backward
def test_results_are_on_the_device_of_the_input(student: Any, remote: Remote, fake_cuda: FakeCuda, name: str) -> None:
    """All that comes back lies where the input lies (checked on a simulated GPU).

    `torch.zeros(x.shape)` without a device is on the CPU, whatever x is.
    """
    attribute, source = CALLS[name]
    try:
        fake_cuda(there(remote, source), getattr(student, attribute), torch.randn(2, 3))
    except RuntimeError as error:  # x[x < 0] is no mistake, but has a size that nobody can know here
        if type(error).__name__ != "DynamicOutputShapeException":
            raise


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("on which device do the tensors lie that you create yourself?")
@over(list(CALLS))
def test_functions_on_the_accelerator(student: Any, remote: Remote, device: torch.device, name: str) -> None:
    """On an accelerator, every function computes there what it does on the CPU."""
    attribute, source = CALLS[name]
    call, function, x = there(remote, source), getattr(student, attribute), torch.randn(2, 3)
    answers, rights = call(function, x.to(device)), call(function, x)
    for answer, right in zip(*([it] if isinstance(it, Tensor) else it for it in (answers, rights))):
        assert answer.device.type == device.type, "the result is not on the device of the input"
        compare(answer.detach().cpu(), right.detach(), rule="the same as on the CPU", rtol=1e-4, atol=1e-4)


SYNC_MODE = "__import__('torch').cuda.set_sync_debug_mode({})"
"""Source that makes it an error, or not, that the CPU waits for the GPU ('error' or 'default')."""


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("does your code look at a number on the GPU: .item(), float(loss), if grad.any()?")
@over(["gradient", "unbroadcast", "td_loss"])
def test_functions_do_not_wait_for_results(student: Any, remote: Remote, device: torch.device, name: str) -> None:
    """On an accelerator, gradient, unbroadcast and td_loss do not make the CPU wait for a result."""
    attribute, source = CALLS[name]
    x = torch.randn(2, 3).to(device)
    box = remote("torch.nn").Identity()  # its hooks run in the process where the function runs, right around it
    box.forward = there(remote, source)
    box(getattr(student, attribute), x)  # the first call may load kernels
    if device.type == "cuda":
        box.register_forward_pre_hook(there(remote, f"lambda *_: {SYNC_MODE.format(repr('error'))}"))
        always = there(remote, f"lambda *_: {SYNC_MODE.format(repr('default'))}")
        box.register_forward_hook(always, always_call=True)
    answer = box(getattr(student, attribute), x)
    for part in [answer] if isinstance(answer, Tensor) else answer:
        assert part.device.type == device.type, "the result is not on the device of the input"


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("how often is a number read from the GPU, once or once for each batch?")
def test_accumulate_on_the_accelerator(student: Any, remote: Remote, device: torch.device) -> None:
    """On an accelerator, accumulate gives the same, and does not wait for it before the last batch."""
    model, batches = linear(remote), in_batches([5, 4, 2])
    loss, weight, _ = big_batch(model, batches)
    model.to(device)
    moved = [(x.to(device), y.to(device)) for x, y in batches]
    loss_fn = remote("torch.nn.functional").mse_loss
    student.accumulate(model, loss_fn, moved)  # the first call may load kernels
    if device.type == "cuda":  # once the model has seen all rows, waiting is allowed
        mode = SYNC_MODE.format("'error' if sum(seen) < 11 else 'default'")
        model.register_forward_hook(
            there(remote, f"lambda module, args, out, seen=[]: (seen.append(len(args[0])), {mode}, None)[-1]")
        )
    try:
        answer = student.accumulate(model, loss_fn, moved)
    finally:
        if device.type == "cuda":
            remote("torch").cuda.set_sync_debug_mode("default")
    assert answer == pytest.approx(float(loss), rel=1e-6), "not the loss that the CPU gives"
    compare(model.weight.grad.cpu(), weight, rule="the same as on the CPU", rtol=1e-6, atol=1e-6)
