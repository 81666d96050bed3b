"""Broadcasting: shapes, outer products, standardizing, channel biases, distances and masks.

Expected values come from PyTorch's own functions or from plain loops, never from an expression
that broadcasts the way an answer would.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from grader.testing import compare

B, N, M, D = 2, 3, 5, 7  # batches, points of x, points of y, coordinates
C, H, W = 3, 4, 5  # channels, height, width; the images of a batch are B

FakeCuda = Callable[..., Any]
Shape = tuple[int, ...]

no_tensors = pytest.mark.forbid(
    "numpy",
    *("torch.broadcast_shapes", "torch.broadcast_tensors", "torch.broadcast_to"),
    *("torch.tensor", "torch.as_tensor", "torch.empty", "torch.empty_strided", "torch.zeros", "torch.ones"),
    *("torch.full", "torch.rand", "torch.randn", "torch.arange"),
)
no_outer = pytest.mark.forbid("torch.outer", "torch.ger", "torch.einsum", "torch.matmul")
no_cdist = pytest.mark.forbid("torch.cdist")
no_triangle = pytest.mark.forbid("torch.tril", "torch.triu")
no_loops = pytest.mark.forbid("loops")


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


def sizes(count: int) -> list[int]:
    """Different sizes, none below 2."""
    return [int(size) + 2 for size in torch.randperm(7)[:count]]


# --- 1. broadcast_shape -------------------------------------------------------------------------


def check_shapes(student: Any, cases: list[tuple[Shape, Shape, Shape]], rule: str) -> None:
    """Hold the student's common shape against the right one, for cases (a, b, right) that all fit."""
    for a, b, right in cases:
        try:
            answer = student.broadcast_shape(a, b)
        except ValueError:
            answer = None
        assert answer is not None, f"two shapes that fit were refused; {rule}"
        assert isinstance(answer, tuple), f"a tuple is asked for, a {type(answer).__name__} came back"
        assert tuple(answer) == right, f"the common shape is another one; {rule}"


@pytest.mark.public
@pytest.mark.points(2)
@no_tensors
@pytest.mark.hint("write the two shapes below each other: at which end are they flush?")
def test_shape_aligns_from_the_last_dim(student: Any) -> None:
    """broadcast_shape lines the shapes up at their last dim, and takes a missing dim for a 1.

    Lining up at the first dim refuses the first example.
    """
    assert tuple(student.broadcast_shape((3,), (2, 3))) == (2, 3)
    assert tuple(student.broadcast_shape((2, 3), (3,))) == (2, 3)
    assert tuple(student.broadcast_shape((5, 1, 7), (4, 1))) == (5, 4, 7)
    assert tuple(student.broadcast_shape((7, 1, 5), (8, 1, 6, 1))) == (8, 7, 6, 5)


@pytest.mark.public
@pytest.mark.points(1)
@no_tensors
@pytest.mark.hint("what do two sizes that meet have to be, if neither of them is 1?")
def test_shape_refuses_what_does_not_fit(student: Any) -> None:
    """broadcast_shape raises ValueError where two sizes differ and neither is 1."""
    with pytest.raises(ValueError):
        student.broadcast_shape((3,), (4,))
    with pytest.raises(ValueError):
        student.broadcast_shape((2,), (2, 3))
    with pytest.raises(ValueError):
        student.broadcast_shape((2, 1), (8, 4, 3))


@pytest.mark.points(1)
@no_tensors
@pytest.mark.hint("swap the two shapes: may the result change?")
def test_shape_stretches_either_side(student: Any) -> None:
    """broadcast_shape stretches a size of 1 on either side.

    That only the first of the two is stretched is one of the rules that are often told and wrong.
    """
    p, q, r = sizes(3)
    cases = [((p, 1), (p, q), (p, q)), ((1, q), (p, q), (p, q)), ((p, 1, r), (p, q, r), (p, q, r))]
    swapped = [(b, a, right) for a, b, right in cases]
    check_shapes(student, cases + swapped, "the size of 1 may be on either side")


@pytest.mark.points(1)
@no_tensors
@pytest.mark.hint("does a 1 in both shapes say anything about the other sizes?")
def test_shape_takes_ones_on_both_sides(student: Any) -> None:
    """broadcast_shape takes shapes that both have a size of 1 and are not the same.

    That such shapes are an error is one of the rules that are often told and wrong.
    """
    p, q = sizes(2)
    cases = [
        ((1, q), (1, 1), (1, q)),
        ((1, 1), (1,), (1, 1)),
        ((1,), (1, 1, 1), (1, 1, 1)),
        ((p, 1, 1), (1,), (p, 1, 1)),
    ]
    check_shapes(student, [*cases, ((1, q), (p, 1), (p, q))], "sizes of 1 in both shapes are no error")


@pytest.mark.points(1)
@no_tensors
@pytest.mark.hint("is one dim's answer allowed to depend on another dim?")
def test_shape_stretches_several_dims(student: Any) -> None:
    """broadcast_shape stretches any number of dims, in both shapes at once.

    That all other dims must agree once one is stretched is one of the rules that are often told and wrong.
    """
    p, q, r, s = sizes(4)
    cases = [
        ((p, 1), (1, q), (p, q)),
        ((p, 1, r, 1), (q, 1, s), (p, q, r, s)),
        ((1, 1, 1), (p, q, r), (p, q, r)),
        ((p, q, r, s), (1, q, 1, 1), (p, q, r, s)),
    ]
    check_shapes(student, cases, "each dim is decided by itself")


@pytest.mark.points(1)
@no_tensors
@pytest.mark.hint("what does a size of 1 become beside any other size, and what is the shape of a single number?")
@pytest.mark.parametrize("kind", ["scalar", "empty", "refused"])
def test_shape_without_dims_or_with_size_zero(student: Any, kind: str) -> None:
    """broadcast_shape treats () as a shape that fits all, and 0 as a size like any other.

    The larger of two sizes is not the answer: a 1 is stretched to 0 as well, and nothing else is.
    """
    p, q = sizes(2)
    if kind == "scalar":
        check_shapes(student, [((), (), ()), ((), (p, q), (p, q)), ((p,), (), (p,))], "() fits every shape")
    elif kind == "empty":
        cases = [((0,), (1,), (0,)), ((1,), (0,), (0,)), ((0, 1), (q,), (0, q)), ((p, 1), (1, 0), (p, 0))]
        check_shapes(student, [*cases, ((0,), (), (0,)), ((p, 0), (0,), (p, 0))], "a 1 takes the other size, 0 too")
    else:
        for a, b in [((0,), (2,)), ((p, q), (0,)), ((0, q), (p, q))]:
            with pytest.raises(ValueError):
                student.broadcast_shape(a, b)


@pytest.mark.points(1)
@no_tensors
@pytest.mark.hint("try shapes of very different length, in either order")
def test_shape_agrees_with_pytorch(student: Any) -> None:
    """broadcast_shape gives the shape of PyTorch's own sums, for up to six dims and in either order."""
    cases = []
    for number in range(24):
        dims = number % 6 + 1
        full = torch.randint(2, 6, (dims,)).tolist()
        ones = torch.rand(2, dims) < 0.4
        a, b = (tuple(1 if one else size for one, size in zip(row, full)) for row in ones.tolist())
        b = b[int(torch.randint(dims + 1, ())) :]
        right = tuple((torch.zeros(a) + torch.zeros(b)).shape)
        cases += [(a, b, right), (b, a, right)]
    check_shapes(student, cases, "flush at the last dim, each dim by itself")


@pytest.mark.points(1)
@no_tensors
@pytest.mark.hint("is every dim looked at, the leading ones too, and is it ValueError?")
def test_shape_refuses_a_misfit_in_any_dim(student: Any) -> None:
    """broadcast_shape raises ValueError for a misfit in any dim, also where one size divides the other.

    Looking at the last dim alone, or repeating a size until it fits, is caught here.
    """
    p, q, r = sizes(3)
    cases: list[tuple[Shape, Shape]] = [
        ((p, r), (q, r)),
        ((p, q, r), (q, q, r)),
        ((p, q), (q, p)),
        ((2 * p,), (p,)),
        ((q, 2 * p), (q, p)),
        ((p, q, r), (p, q)),
        ((p,), (p, q)),
        ((1, p, 1), (r, q, 1)),
    ]
    for a, b in cases + [(b, a) for a, b in cases]:
        with pytest.raises(ValueError):
            student.broadcast_shape(a, b)


# --- 2. outer -----------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_outer
@pytest.mark.hint("the last dim belongs to b: which shape does a need, so that its dim comes before?")
def test_outer_multiplies_every_pair(student: Any) -> None:
    """outer has a[n] * b[m] in row n and column m.

    With as many numbers in a as in b, rows and columns that are swapped still have the right shape.
    """
    example = torch.tensor([[3, 4, 5], [6, 8, 10]])
    rule = "a[n] * b[m] in row n, column m"
    compare(student.outer(torch.tensor([1, 2]), torch.tensor([3, 4, 5])), example, rule=rule)
    for columns in (M, N):
        a, b = draw(N), draw(columns)
        expected = torch.outer(a, b)
        swapped = {"rows and columns swapped": expected.t().clone()}
        compare(student.outer(a, b), expected, rule=rule, mistakes=swapped)


@pytest.mark.points(1)
@no_outer
@pytest.mark.hint("try vectors of one number and of none")
@pytest.mark.parametrize(
    ("rows", "columns"),
    [(1, M), (N, 1), (1, 1), (0, M), (N, 0)],
    ids=["one row", "one column", "one number", "no rows", "no columns"],
)
def test_outer_of_one_number_or_none(student: Any, rows: int, columns: int) -> None:
    """outer keeps both dims, whatever their sizes."""
    a, b = draw(rows), draw(columns)
    expected = torch.outer(a, b)
    compare(student.outer(a, b), expected, rule="N rows, M columns")


@pytest.mark.points(1)
@no_outer
@pytest.mark.hint("is there a step that makes floats, or floats of another width?")
@pytest.mark.parametrize("dtype", [torch.int64, torch.bfloat16], ids=["int64", "bf16"])
def test_outer_keeps_the_dtype(student: Any, dtype: torch.dtype) -> None:
    """outer computes and answers in the dtype of its arguments."""
    if dtype == torch.int64:
        a, b = torch.randint(2**30, 2**31, (N,)), torch.randint(2**30, 2**31, (M,))
        expected = torch.tensor([[int(p) * int(q) for q in b] for p in a])
    else:
        a, b = torch.randn(N).to(dtype), torch.randn(M).to(dtype)
        expected = torch.outer(a.float(), b.float()).to(dtype)
    compare(student.outer(a, b), expected, rule="the products, in the dtype of a and b")


@pytest.mark.points(1)
@no_outer
@pytest.mark.hint("try x[:, 1] and x[::2] as arguments, and look at both vectors again afterwards")
@pytest.mark.parametrize("layout", ["a column", "every second number", "expanded"])
def test_outer_reads_views(student: Any, layout: str) -> None:
    """outer takes vectors that are views of other tensors, and leaves them as they were."""
    a, b = {
        "a column": (draw(N, 4)[:, 1], draw(M, 4)[:, 2]),
        "every second number": (draw(2 * N)[::2], draw(3 * M)[1::3]),
        "expanded": (draw(1).expand(N), draw(M)),
    }[layout]
    before, expected = (a.clone(), b.clone()), torch.outer(a, b)
    compare(student.outer(a, b), expected, rule="a[n] * b[m] in row n, column m")
    for vector, old in zip((a, b), before):
        compare(vector, old, rule="the arguments as they were")


@pytest.mark.points(1)
@no_outer
@pytest.mark.hint("does every step from a and b to the result keep the graph?")
def test_outer_gradients(student: Any) -> None:
    """Gradients reach both vectors of outer, summed over the dim along which each was stretched."""
    a, b, g = draw(N), draw(M), draw(N, M)
    right_a, right_b = g @ b, g.t() @ a
    a.requires_grad_()
    b.requires_grad_()
    (student.outer(a, b) * g).sum().backward()
    compare(a.grad, right_a, rule="the gradient of a")
    compare(b.grad, right_b, rule="the gradient of b")


# --- 3. standardize -----------------------------------------------------------------------------


def standardized(x: Tensor, dim: int, correction: int = 0) -> Tensor:
    """Each vector along `dim` by itself: no broadcasting, so nothing to be laid along the wrong dim."""
    first = x.movedim(dim, 0)
    vectors = first.flatten(1).unbind(1)
    columns = [(vector - vector.mean()) / vector.std(correction=correction) for vector in vectors]
    return torch.stack(columns, 1).reshape(first.shape).movedim(0, dim)


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("mean and deviation have one number for each vector along dim: how many is that, and in which shape?")
@pytest.mark.parametrize("dim", [0, 1, 2, -1, -2])
def test_standardize_along_each_dim(student: Any, dim: int) -> None:
    """standardize takes off the mean along dim and divides by the population's deviation."""
    example = torch.tensor([[-1.0, 1.0], [-1.0, 1.0]])
    compare(student.standardize(torch.tensor([[1.0, 3.0], [5.0, 9.0]]), 1), example, rule="(x - mean) / deviation")
    x = draw(4, 3, 5) * 3 + 2
    expected = standardized(x, dim)
    compare(
        student.standardize(x, dim),
        expected,
        rule="(x - mean) / deviation, along dim",
        mistakes={
            "the sample's deviation, over n - 1,": standardized(x, dim, correction=1),
            "the mean and deviation of the whole tensor": (x - x.mean()) / x.std(correction=0),
            "taking the mean off and not dividing": x - x.mean(dim, keepdim=True),
            "dividing by the variance": expected / x.std(dim, correction=0, keepdim=True),
        },
    )


@pytest.mark.public
@pytest.mark.points(1)
@pytest.mark.hint(
    "which number may stand in for a deviation of 0, so that the quotient is 0 there and right elsewhere?"
)
def test_standardize_constant_vectors_are_zero(student: Any) -> None:
    """standardize gives exactly 0 where all numbers along dim are equal, and the usual result elsewhere."""
    x = torch.stack([torch.full((4,), 2.5), torch.randn(4), torch.full((4,), -3.0), torch.randn(4), torch.zeros(4)])
    expected = torch.zeros(5, 4)
    expected[1::2] = standardized(x[1::2].double(), 1).float()
    for answer in (student.standardize(x, 1), student.standardize(x.t(), 0).t()):
        compare(answer, expected, rule="0 where the deviation is 0, (x - mean) / deviation elsewhere")
        compare(answer[::2], torch.zeros(3, 4), rule="exactly 0 where the deviation is 0", rtol=0, atol=0)


@pytest.mark.points(2)
@pytest.mark.hint("print the shape of x.mean(dim): to which dim of x is it lined up?")
@pytest.mark.parametrize("dim", [0, 1, -1])
@pytest.mark.parametrize("shape", [(5, 5), (4, 4, 4)], ids=["matrix", "cube"])
def test_standardize_a_square(student: Any, shape: Shape, dim: int) -> None:
    """standardize uses each row's own mean and deviation in a square matrix too.

    Statistics that have lost their dim still fit a square, and are silently laid along the wrong dim.
    """
    x = draw(*shape) * 3 + 2
    mean, deviation = x.mean(dim), x.std(dim, correction=0)
    expected = standardized(x, dim)
    mistakes = {
        "a mean and deviation that have lost their dim": (x - mean) / deviation,
        "a deviation that has lost its dim": (x - mean.unsqueeze(dim)) / deviation,
        "a mean that has lost its dim": (x - mean) / deviation.unsqueeze(dim),
    }
    if dim == 0:  # there they land where they belong
        mistakes = {}
    compare(student.standardize(x, dim), expected, rule="(x - mean) / deviation, along dim", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("what is the deviation of one number, and what does Tensor.std say about it unless told otherwise?")
@pytest.mark.parametrize(
    ("shape", "dim"),
    [((4, 1), 1), ((1, 5), 0), ((1,), 0), ((0, 5), 1), ((2, 0, 3), -1)],
    ids=["a column", "a row", "one number", "no rows", "an empty batch"],
)
def test_standardize_one_number_or_no_vectors(student: Any, shape: Shape, dim: int) -> None:
    """standardize gives 0 along a dim of size 1, and an empty tensor for an empty batch."""
    x = draw(*shape)
    compare(student.standardize(x, dim), torch.zeros(shape, dtype=torch.float64), rule="0, in the shape of x")


@pytest.mark.points(1)
@pytest.mark.hint("is anything added to the deviation, or a small deviation taken for 0?")
def test_standardize_small_spread(student: Any) -> None:
    """standardize brings the smallest spread to a deviation of 1.

    A small number added below the fraction bar, as normalization layers do, is caught here.
    """
    x = draw(6, 5) * 1e-8
    mean, deviation = x.mean(1, keepdim=True), x.std(1, correction=0, keepdim=True)
    expected = standardized(x, 1)
    mistakes = {
        f"{small:g} added {where}": (x - mean) / below
        for small in (1e-5, 1e-6, 1e-8, 1e-12)
        for where, below in (
            ("to the deviation", deviation + small),
            ("to the variance", (deviation**2 + small).sqrt()),
        )
    }
    compare(student.standardize(x, 1), expected, rule="(x - mean) / deviation, nothing added", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("how many digits are left of the variance when it is the difference of two large numbers?")
def test_standardize_far_from_zero(student: Any) -> None:
    """standardize keeps its digits in float32 where the numbers are far from 0.

    The mean of the squares minus the square of the mean loses them all.
    """
    x = torch.randn(6, 8) + 1e4
    expected = standardized(x.double(), 1).float()
    naive = (x - x.mean(1, keepdim=True)) / (x.square().mean(1, keepdim=True) - x.mean(1, keepdim=True).square()).sqrt()
    mistakes = {"the mean of squares minus the squared mean": naive}
    rule = "(x - mean) / deviation, the mean taken off before squaring"
    compare(student.standardize(x, 1), expected, rule=rule, mistakes=mistakes, rtol=5e-2, atol=5e-2)


@pytest.mark.points(1)
@pytest.mark.hint("which dtype does each step have, and which has x?")
def test_standardize_keeps_the_dtype(student: Any) -> None:
    """standardize answers in bfloat16 for bfloat16."""
    x = torch.randn(3, 16).to(torch.bfloat16)
    expected = standardized(x.double(), 1).to(torch.bfloat16)
    compare(student.standardize(x, 1), expected, rule="(x - mean) / deviation, in the dtype of x")


@pytest.mark.points(1)
@pytest.mark.hint("try x.t(), x[::2] and an expanded x; and look at x again afterwards")
@pytest.mark.parametrize("layout", ["transposed", "every second row", "expanded"])
def test_standardize_reads_views(student: Any, layout: str) -> None:
    """standardize takes views of other tensors and leaves its input as it was."""
    x = {"transposed": draw(5, 6).t(), "every second row": draw(12, 5)[::2], "expanded": draw(6, 1).expand(6, 5)}[
        layout
    ]
    before, expected = x.clone(), standardized(x, 0)
    compare(student.standardize(x, 0), expected, rule="(x - mean) / deviation, along dim")
    compare(x, before, rule="the input as it was")


@pytest.mark.points(1)
@pytest.mark.hint("do the mean and the deviation depend on x, as far as autograd can see?")
@pytest.mark.parametrize("dim", [0, -1])
def test_standardize_gradients(student: Any, dim: int) -> None:
    """The gradient of standardize goes through the mean and the deviation too."""
    x, g = draw(4, 5) * 3 + 2, draw(4, 5)
    ours = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad((standardized(ours, dim) * g).sum(), ours)
    fixed = g / x.std(dim, correction=0, keepdim=True)
    mistakes = {
        "taking mean and deviation for constants": fixed,
        "taking the deviation for a constant": fixed - fixed.mean(dim, keepdim=True),
    }
    x.requires_grad_()
    (student.standardize(x, dim) * g).sum().backward()
    compare(x.grad, expected, rule="the gradient of (x - mean) / deviation", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("torch.where sends a gradient of 0 into the branch not taken: what is 0 times an infinite slope?")
def test_standardize_gradient_at_constant_vectors(student: Any) -> None:
    """The gradient of standardize is finite where the deviation is 0, and right elsewhere.

    Replacing NaN in the result leaves NaN in the gradient, and so does the root of a variance of 0.
    """
    x = torch.stack([torch.full((4,), 1.5), *torch.randn(2, 4), torch.full((4,), -2.0)]).double()
    g = draw(4, 4)
    ours = x[1:3].clone().requires_grad_()
    (expected,) = torch.autograd.grad((standardized(ours, 1) * g[1:3]).sum(), ours)
    x.requires_grad_()
    (student.standardize(x, 1) * g).sum().backward()
    assert x.grad is not None, "no gradient reaches x"
    assert bool(x.grad.isfinite().all()), "the gradient has NaN or infinite entries"
    compare(x.grad[1:3], expected, rule="the gradient of (x - mean) / deviation")


# --- 4. add_channel_bias ------------------------------------------------------------------------


def biased(x: Tensor, bias: Tensor) -> Tensor:
    """Channel by channel."""
    return torch.stack([x[:, c] + float(bias[c]) for c in range(x.shape[1])], 1)


def misplaced(x: Tensor, bias: Tensor) -> dict[str, Tensor | Callable[[], Tensor]]:
    """The results of laying the bias along another dim, where it fits there."""
    shapes = {"width": (-1,), "height": (-1, 1), "batch": (-1, 1, 1, 1)}
    dims = {"width": 3, "height": 2, "batch": 0}
    return {
        f"a bias along the {name}": x + bias.reshape(shape)
        for name, shape in shapes.items()
        if x.shape[dims[name]] == len(bias)
    }


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("broadcasting lines up at the last dim: how many dims come after the channels?")
def test_bias_goes_to_each_channel(student: Any) -> None:
    """add_channel_bias adds bias[c] to all of channel c, in every image."""
    example = torch.tensor([10.0, 20.0]).reshape(1, 2, 1, 1).expand(1, 2, 1, 3)
    answer = student.add_channel_bias(torch.zeros(1, 2, 1, 3), torch.tensor([10.0, 20.0]))
    compare(answer, example, rule="x[n, c, h, w] + bias[c]")
    x, bias = draw(B, C, H, W), draw(C)
    expected = biased(x, bias)
    mistakes = {"taking the bias off": 2 * x - expected}
    compare(student.add_channel_bias(x, bias), expected, rule="x[n, c, h, w] + bias[c]", mistakes=mistakes)


@pytest.mark.points(2)
@pytest.mark.hint("no error does not mean the right dim: try an image as wide, or as high, as it has channels")
@pytest.mark.parametrize(
    "shape",
    [(B, C, H, C), (B, C, C, W), (C, C, H, W), (C, C, C, C)],
    ids=["as wide", "as high", "as many images", "all the same"],
)
def test_bias_finds_the_channels_by_place(student: Any, shape: Shape) -> None:
    """add_channel_bias finds the channels where another dim has their size too.

    A bias along the width or the height fits such images, and is silently wrong.
    """
    x, bias = draw(*shape), draw(C)
    expected, mistakes = biased(x, bias), misplaced(x, bias)
    compare(student.add_channel_bias(x, bias), expected, rule="x[n, c, h, w] + bias[c]", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("try no images, one channel, and images of one pixel or none")
@pytest.mark.parametrize(
    "shape",
    [(0, C, H, W), (B, C, 0, W), (B, 1, H, W), (B, C, 1, 1), (1, 1, 1, 1)],
    ids=["no images", "no pixels", "one channel", "one pixel", "one number"],
)
def test_bias_on_sizes_zero_and_one(student: Any, shape: Shape) -> None:
    """add_channel_bias keeps the shape of x, whatever its sizes."""
    x, bias = draw(*shape), draw(shape[1])
    expected = biased(x, bias)
    compare(student.add_channel_bias(x, bias), expected, rule="x[n, c, h, w] + bias[c], in the shape of x")


@pytest.mark.points(1)
@pytest.mark.hint("is there a step that changes the dtype?")
def test_bias_keeps_the_dtype(student: Any) -> None:
    """add_channel_bias answers in bfloat16 for bfloat16."""
    x, bias = torch.randn(B, C, H, W).to(torch.bfloat16), torch.randn(C).to(torch.bfloat16)
    expected = biased(x.double(), bias.double()).to(torch.bfloat16)
    compare(student.add_channel_bias(x, bias), expected, rule="x[n, c, h, w] + bias[c], in the dtype of x")


@pytest.mark.points(1)
@pytest.mark.hint("try a permuted, a sliced and an expanded x; and look at x and the bias again afterwards")
@pytest.mark.parametrize("layout", ["channels last", "every second row", "expanded"])
def test_bias_reads_views(student: Any, layout: str) -> None:
    """add_channel_bias takes views of other tensors and leaves its arguments as they were."""
    x = {
        "channels last": draw(B, H, W, C).permute(0, 3, 1, 2),
        "every second row": draw(B, C, 2 * H, W)[:, :, ::2],
        "expanded": draw(B, 1, H, W).expand(B, C, H, W),
    }[layout]
    bias = draw(2 * C)[::2]
    before, expected = (x.clone(), bias.clone()), biased(x, bias)
    compare(student.add_channel_bias(x, bias), expected, rule="x[n, c, h, w] + bias[c]")
    for tensor, old in zip((x, bias), before):
        compare(tensor, old, rule="the arguments as they were")


@pytest.mark.points(1)
@pytest.mark.hint("every pixel of a channel has the same bias: what is the gradient of a number that is used often?")
def test_bias_gradients(student: Any) -> None:
    """Gradients reach x as they are, and the bias summed over all pixels of its channel."""
    x, bias, g = draw(B, C, H, W), draw(C), draw(B, C, H, W)
    x.requires_grad_()
    bias.requires_grad_()
    (student.add_channel_bias(x, bias) * g).sum().backward()
    compare(x.grad, g, rule="the gradient of x")
    compare(bias.grad, g.sum((0, 2, 3)), rule="the gradient of bias, summed over images and pixels")


# --- 5. pairwise_sq_dist ------------------------------------------------------------------------


def distances(x: Tensor, y: Tensor) -> Tensor:
    """Pair by pair, in float64."""
    x, y = x.double(), y.double()
    rows = [(p - q).square().sum() for ours, theirs in zip(x, y) for p in ours for q in theirs]
    flat = torch.stack(rows) if rows else torch.zeros(0, dtype=torch.float64)
    return flat.reshape(len(x), x.shape[1], y.shape[1])


@pytest.mark.public
@pytest.mark.points(2)
@no_cdist
@pytest.mark.hint("which four dims does the difference of every pair have, and which of them is summed away?")
def test_distance_of_every_pair(student: Any) -> None:
    """pairwise_sq_dist has the squared distance of x[b, n] from y[b, m] at [b, n, m]."""
    x, y = torch.tensor([[[0.0, 0.0], [3.0, 4.0]]]), torch.tensor([[[0.0, 0.0]]])
    rule = "the sum over d of (x[b, n, d] - y[b, m, d])**2"
    compare(student.pairwise_sq_dist(x, y), torch.tensor([[[0.0], [25.0]]]), rule=rule)
    x, y = draw(B, N, D), draw(B, M, D)
    expected = distances(x, y)
    compare(
        student.pairwise_sq_dist(x, y),
        expected,
        rule=rule,
        mistakes={
            "the distance, not squared,": expected.sqrt(),
            "the mean over the coordinates": expected / D,
            "the points of x and y swapped": expected.transpose(1, 2).clone(),
        },
    )


@pytest.mark.points(2)
@no_cdist
@pytest.mark.hint("x*x + y*y - 2*x*y: how large are these numbers, and how large is what is left of them?")
def test_distance_far_from_zero(student: Any) -> None:
    """pairwise_sq_dist keeps its digits in float32 where the points are far from the origin.

    Expanding the square takes large numbers from each other, and what is left is noise.
    """
    x, y = torch.randn(B, N, D) + 1e3, torch.randn(B, M, D) + 1e3
    expected = distances(x, y).float()
    expanded = x.square().sum(2)[:, :, None] + y.square().sum(2)[:, None] - 2 * x @ y.mT
    mistakes = {"expanding the square": expanded, "expanding the square, cut off at 0,": expanded.clamp(min=0)}
    rule = "the sum of squared differences, the difference taken first"
    compare(student.pairwise_sq_dist(x, y), expected, rule=rule, mistakes=mistakes)


@pytest.mark.points(2)
@no_cdist
@pytest.mark.hint("what is the distance of a point from itself, and can a sum of squares be negative?")
@pytest.mark.parametrize("offset", [0.0, 1e3], ids=["near", "far"])
def test_distance_of_equal_points_is_zero(student: Any, offset: float) -> None:
    """pairwise_sq_dist is exactly 0 between equal points, and nowhere negative.

    A root taken later turns a distance below 0 into NaN.
    """
    x = torch.randn(2, 30, 16) + offset
    y = torch.cat([x.clone(), x + 1e-3 * torch.randn_like(x)], 1)
    answer = student.pairwise_sq_dist(x, y)
    compare(answer[:, :, :30], distances(x, x).float(), rule="the distance of every pair")
    diagonal = answer.diagonal(0, 1, 2)
    compare(diagonal, torch.zeros(2, 30), rule="exactly 0 between equal points", rtol=0, atol=0)
    assert bool((answer >= 0).all()), "a squared distance is negative"


@pytest.mark.points(1)
@no_cdist
@pytest.mark.hint("try no batches, no points, one point, and points with one coordinate")
@pytest.mark.parametrize(
    ("batch", "n", "m", "d"),
    [(0, N, M, D), (B, 0, M, D), (B, N, 0, D), (1, N, M, D), (B, 1, 1, D), (B, N, M, 1)],
    ids=["no batches", "no points in x", "no points in y", "one batch", "one point each", "one coordinate"],
)
def test_distance_on_sizes_zero_and_one(student: Any, batch: int, n: int, m: int, d: int) -> None:
    """pairwise_sq_dist keeps its three dims, whatever their sizes."""
    x, y = draw(batch, n, d), draw(batch, m, d)
    expected = distances(x, y)
    compare(student.pairwise_sq_dist(x, y), expected, rule="the distance of every pair, (B, N, M)")


@pytest.mark.points(1)
@no_cdist
@pytest.mark.hint("is there a step that changes the dtype?")
def test_distance_keeps_the_dtype(student: Any) -> None:
    """pairwise_sq_dist answers in bfloat16 for bfloat16."""
    x, y = torch.randn(B, N, 4).to(torch.bfloat16), torch.randn(B, M, 4).to(torch.bfloat16)
    expected = distances(x, y).to(torch.bfloat16)
    compare(student.pairwise_sq_dist(x, y), expected, rule="the distance of every pair, in the dtype of x")


@pytest.mark.points(1)
@no_cdist
@pytest.mark.hint("try x.mT, x[:, ::2] and an expanded x; and look at x and y again afterwards")
@pytest.mark.parametrize("layout", ["transposed", "every second point", "expanded"])
def test_distance_reads_views(student: Any, layout: str) -> None:
    """pairwise_sq_dist takes views of other tensors and leaves its arguments as they were."""
    x, y = {
        "transposed": (draw(B, D, N).mT, draw(B, D, M).mT),
        "every second point": (draw(B, 2 * N, D)[:, ::2], draw(B, 2 * M, D)[:, 1::2]),
        "expanded": (draw(1, N, D).expand(B, N, D), draw(B, M, D)),
    }[layout]
    before, expected = (x.clone(), y.clone()), distances(x, y)
    compare(student.pairwise_sq_dist(x, y), expected, rule="the distance of every pair")
    for tensor, old in zip((x, y), before):
        compare(tensor, old, rule="the arguments as they were")


@pytest.mark.points(1)
@no_cdist
@pytest.mark.hint("does every step keep the graph, and is there a root whose slope is infinite at 0?")
def test_distance_gradients(student: Any) -> None:
    """Gradients reach both x and y, and are finite where two points are equal."""
    x, y, g = draw(B, N, D), draw(B, M, D), draw(B, N, M)
    y[:, 0] = x[:, 1]
    ours, theirs = x.clone().requires_grad_(), y.clone().requires_grad_()
    right_x, right_y = torch.autograd.grad((distances(ours, theirs) * g).sum(), (ours, theirs))
    x.requires_grad_()
    y.requires_grad_()
    (student.pairwise_sq_dist(x, y) * g).sum().backward()
    compare(x.grad, right_x, rule="the gradient of x")
    compare(y.grad, right_y, rule="the gradient of y")


# --- 6. causal_mask -----------------------------------------------------------------------------


def causal(query_len: int, key_len: int, shift: int | None = None) -> Tensor:
    """Entry by entry; `shift` is how far ahead of its own number a query sees."""
    shift = key_len - query_len if shift is None else shift
    rows = [[j <= i + shift for j in range(key_len)] for i in range(query_len)]
    return torch.tensor(rows, dtype=torch.bool).reshape(query_len, key_len)


def causal_mistakes(query_len: int, key_len: int) -> dict[str, Tensor | Callable[[], Tensor]]:
    """Other masks of that shape; those that equal the right one are left out."""
    right = causal(query_len, key_len)
    wrong = {
        "the first query at the first key, as with is_causal of scaled_dot_product_attention,": causal(
            query_len, key_len, 0
        ),
        "True for what may not be seen": ~right,
        "hiding each query's own place": causal(query_len, key_len, key_len - query_len - 1),
        "counting the places from the end": right.flip(0, 1),
    }
    return {name: mask for name, mask in wrong.items() if not torch.equal(mask, right)}


@pytest.mark.public
@pytest.mark.points(2)
@no_triangle
@pytest.mark.hint("draw the last row first: which keys does the last query see?")
@pytest.mark.parametrize(("query_len", "key_len"), [(3, 3), (2, 4)], ids=["square", "more keys"])
def test_causal_mask_shows_the_past(student: Any, query_len: int, key_len: int) -> None:
    """causal_mask is True for the keys up to the query's own place, the last query being at the last key."""
    expected = causal(query_len, key_len)
    answer = student.causal_mask(query_len, key_len)
    mistakes = causal_mistakes(query_len, key_len)
    compare(answer, expected, rule="True where j <= i + (key_len - query_len)", mistakes=mistakes)


@pytest.mark.points(2)
@no_triangle
@pytest.mark.hint("try more queries than keys, one of each, and none")
@pytest.mark.parametrize(
    ("query_len", "key_len"),
    [(5, 3), (6, 1), (1, 6), (1, 1), (3, 8), (0, 4), (4, 0), (0, 0)],
    ids=["more queries", "one key", "one query", "one each", "more keys", "no queries", "no keys", "nothing"],
)
def test_causal_mask_of_any_sizes(student: Any, query_len: int, key_len: int) -> None:
    """causal_mask keeps to its rule for more queries than keys, for one query, and for none.

    A single query sees every key; with more queries than keys the first ones see nothing.
    """
    expected, mistakes = causal(query_len, key_len), causal_mistakes(query_len, key_len)
    answer = student.causal_mask(query_len, key_len)
    compare(answer, expected, rule="True where j <= i + (key_len - query_len)", mistakes=mistakes)


@pytest.mark.points(1)
@no_triangle
@pytest.mark.hint(
    "in scaled_dot_product_attention a boolean mask says what may be seen; what does a mask of floats do?"
)
def test_causal_mask_serves_attention(student: Any) -> None:
    """causal_mask, given to attention, lets new queries see what they see in the whole sequence.

    A mask of floats is added to the scores there, instead of hiding anything.
    """
    length, new = 7, 3
    q, k, v = draw(1, length, D), draw(1, length, D), draw(1, length, D)
    expected = F.scaled_dot_product_attention(q, k, v, is_causal=True)[:, -new:]
    mask = student.causal_mask(new, length)
    assert isinstance(mask, Tensor) and mask.dtype == torch.bool, "a boolean tensor is asked for"
    answer = F.scaled_dot_product_attention(q[:, -new:], k, v, attn_mask=mask)
    first = F.scaled_dot_product_attention(q[:, -new:], k, v, is_causal=True)
    rule = "the last queries of a sequence see what they see among all queries"
    compare(answer, expected, rule=rule, mistakes={"the first query at the first key, as with is_causal,": first})


@pytest.mark.points(1)
@no_triangle
@pytest.mark.hint("which tensors are made inside, and where?")
def test_causal_mask_on_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """causal_mask is made on the device that is asked for (checked on simulated ones)."""
    mask = student.causal_mask(3, 5, device="meta")  # a device without data, there on every machine
    assert mask.device.type == "meta", "the mask is on another device"
    assert (tuple(mask.shape), mask.dtype) == ((3, 5), torch.bool), "the shape or the dtype depends on the device"
    fake_cuda(student.causal_mask, 3, 5, device=torch.device("cuda"))


@pytest.mark.gpu
@pytest.mark.points(1)
@no_triangle
@pytest.mark.hint("which tensors are made inside, and where?")
def test_causal_mask_on_the_accelerator(student: Any, device: torch.device) -> None:
    """causal_mask is made on the accelerator if that is asked for, and is the same there."""
    for where in (device, device.type):
        mask = student.causal_mask(3, 5, device=where)
        assert mask.device.type == device.type, "the mask is on another device"
        compare(mask.cpu(), causal(3, 5), rule="the same as on the CPU")


# --- 7. length_mask -----------------------------------------------------------------------------


def by_length(lengths: Tensor, max_len: int) -> Tensor:
    """Entry by entry."""
    rows = [[t < length for t in range(max_len)] for length in lengths.tolist()]
    return torch.tensor(rows, dtype=torch.bool).reshape(len(lengths), max_len)


@pytest.mark.public
@pytest.mark.points(2)
@no_loops
@pytest.mark.hint("the places 0, 1, 2, … lie along the last dim: which shape do the lengths need beside them?")
def test_length_mask_marks_the_data(student: Any) -> None:
    """length_mask is True at the first lengths[b] places of row b."""
    lengths = torch.tensor([2, 0, 3, 5])
    expected = by_length(lengths, 5)
    mistakes = {
        "t <= length, one place too many,": by_length(lengths + 1, 5),
        "True for the padding": ~expected,
        "counting from the end": expected.flip(1),
    }
    compare(student.length_mask(lengths, 5), expected, rule="True where t < lengths[b]", mistakes=mistakes)


@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("try as many sequences as places: does each row have its own length?")
def test_length_mask_of_a_square(student: Any) -> None:
    """length_mask goes by rows, with as many sequences as places too.

    Places and lengths then fit each other without a further dim, and are silently paired.
    """
    lengths = torch.cat([torch.tensor([0]), torch.randperm(5) + 1])
    expected = by_length(lengths, 6)
    paired = (torch.arange(6) < lengths).expand(6, 6)
    mistakes = {"pairing place t with length t": paired, "rows and columns swapped": expected.t().clone()}
    compare(student.length_mask(lengths, 6), expected, rule="True where t < lengths[b]", mistakes=mistakes)


@pytest.mark.points(2)
@no_loops
@pytest.mark.hint("try lengths of 0, of max_len and beyond it, and no sequences or places at all")
@pytest.mark.parametrize(
    ("lengths", "max_len"),
    [([0, 0, 0], 4), ([4, 4], 4), ([1, 2, 1], 5), ([3, 9, 0, 6], 5), ([3], 5), ([], 5), ([2, 0, 1], 0)],
    ids=["all padding", "all full", "all short", "beyond", "one", "no sequences", "no places"],
)
def test_length_mask_extremes(student: Any, lengths: list[int], max_len: int) -> None:
    """length_mask has max_len places in every row, from none of them True to all of them."""
    given = torch.tensor(lengths, dtype=torch.int64)
    expected = by_length(given, max_len)
    compare(student.length_mask(given, max_len), expected, rule="True where t < lengths[b], (B, max_len)")


@pytest.mark.points(1)
@no_loops
@pytest.mark.hint(
    "try a column of a matrix, every second number and an expanded tensor; look at lengths again afterwards"
)
@pytest.mark.parametrize("layout", ["a column", "every second number", "expanded"])
def test_length_mask_reads_views(student: Any, layout: str) -> None:
    """length_mask takes lengths that are a view of another tensor, and leaves them as they were."""
    given = torch.randint(0, 9, (8, 3))
    given[0], given[2] = 8, 3
    lengths = {"a column": given[:, 1], "every second number": given[::2, 0], "expanded": given[2:3, 0].expand(6)}[
        layout
    ]
    before, expected = lengths.clone(), by_length(lengths, 5)
    compare(student.length_mask(lengths, 5), expected, rule="True where t < lengths[b]")
    compare(lengths, before, rule="the lengths as they were")


@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("on which device are the places, and on which the lengths?")
def test_length_mask_on_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """length_mask works on the device of lengths (checked on a simulated one)."""
    fake_cuda(student.length_mask, torch.tensor([2, 0, 3]), 5)


@pytest.mark.gpu
@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("on which device are the places, and on which the lengths?")
def test_length_mask_on_the_accelerator(student: Any, device: torch.device) -> None:
    """length_mask of lengths on an accelerator is there as well, and the same."""
    lengths = torch.tensor([2, 0, 3, 9])
    mask = student.length_mask(lengths.to(device), 5)
    assert mask.device.type == device.type, "the mask is not on the device of lengths"
    compare(mask.cpu(), by_length(lengths, 5), rule="the same as on the CPU")
