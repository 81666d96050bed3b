"""Pooling: counts of windows, maxima, means, adaptive windows, local response norm, and global means.

The oracle is PyTorch's own function on the CPU, in float64 unless a dtype is what a test is about.
All sizes differ, except where a mistake shows in the shape unless two of them agree.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from grader.testing import compare

N, C = 2, 5  # samples, channels
H, W, T = 8, 11, 9  # height, width, time steps

Remote = Callable[[str], Any]
FakeCuda = Callable[..., Any]

# the oracles, for arguments that a test takes from a table
max_pool2d: Callable[..., Tensor] = F.max_pool2d
avg_pool2d: Callable[..., Tensor] = F.avg_pool2d
adaptive_avg_pool2d: Callable[..., Tensor] = F.adaptive_avg_pool2d
norm: Callable[..., Tensor] = F.local_response_norm

no_max_pool = pytest.mark.forbid("torch.nn.functional.max_pool2d", "torch.nn.functional.unfold")
no_avg_pool = pytest.mark.forbid("torch.nn.functional.avg_pool2d")
no_adaptive_pool = pytest.mark.forbid("torch.nn.functional.adaptive_avg_pool2d")
no_norm = pytest.mark.forbid("torch.nn.functional.local_response_norm", "torch.nn.functional.avg_pool3d")

MAX = "the largest number of each window"
AVG = "the mean of each window"
ADAPTIVE = "the mean of each window, from its start rounded down to its end rounded up"
NORM = "x divided by a power of the squares in neighbouring channels, alpha divided by size"
GLOBAL = "the mean of each channel"


def draw(*shape: int) -> Tensor:
    """Normal numbers in float64, from the generator that is seeded anew for each test."""
    return torch.randn(shape, dtype=torch.float64)


# --- what the functions have in common ----------------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A function, its oracle, and the options that a common test calls it with."""

    oracle: Callable[..., Tensor]
    rule: str
    options: dict[str, Any] = field(default_factory=dict)

    def right(self, x: Tensor) -> Tensor:
        return self.oracle(x.contiguous(), **self.options)


CASES = {
    "max_pool2d": Case(max_pool2d, MAX, {"kernel_size": 3, "stride": 2, "padding": 1}),
    "avg_pool2d": Case(avg_pool2d, AVG, {"kernel_size": 3, "stride": 2, "padding": 1, "count_include_pad": False}),
    "adaptive_avg_pool2d": Case(adaptive_avg_pool2d, ADAPTIVE, {"output_size": (3, 4)}),
    "local_response_norm": Case(norm, NORM, {"size": 4, "alpha": 0.7, "beta": 0.6, "k": 1.5}),
    "GlobalAvgPool": Case(lambda x: x.mean(dim=(2, 3)), GLOBAL),
}

BANS = {
    "max_pool2d": [no_max_pool],
    "avg_pool2d": [no_avg_pool],
    "adaptive_avg_pool2d": [no_adaptive_pool],
    "local_response_norm": [no_norm],
    "GlobalAvgPool": [],
}

over_all = pytest.mark.parametrize("name", [pytest.param(name, marks=BANS[name]) for name in CASES])


def target(student: Any, name: str) -> Any:
    """The function of this name, or an instance of the class."""
    thing = getattr(student, name)
    return thing() if name == "GlobalAvgPool" else thing


def view_of(kind: str) -> Tensor:
    """A tensor (N, C, H, W) that is a view of another one."""
    return {
        "channels last": draw(N, H, W, C).movedim(-1, 1),
        "transposed": draw(N, C, W, H).mT,
        "every second sample": draw(2 * N, C, H, W)[::2],
        "every second column": draw(N, C, H, 2 * W + 1)[..., 1::2],
        "expanded": draw(1, C, H, W).expand(N, C, H, W),
    }[kind]


@pytest.mark.points(3)
@pytest.mark.hint(
    "try x[::2], x[..., 1::2], x.mT, an expanded x, one in channels_last: do you count on an order in memory?"
)
@over_all
@pytest.mark.parametrize(
    "kind", ["channels last", "transposed", "every second sample", "every second column", "expanded"]
)
def test_functions_read_views(student: Any, name: str, kind: str) -> None:
    """Functions take inputs that are views of other tensors.

    `.view(…)` works on contiguous memory alone, and strides computed from the shape are wrong elsewhere.
    """
    case, x = CASES[name], view_of(kind)
    expected = case.right(x)
    compare(target(student, name)(x, **case.options), expected, rule=case.rule)


@pytest.mark.points(2)
@pytest.mark.hint("print x after the call: which of your lines writes into x, or into a slice of it?")
@over_all
def test_functions_leave_x_alone(student: Any, name: str) -> None:
    """Functions leave x as it was.

    A slice of x is a view: collecting a sum or a maximum in it writes into x itself.
    """
    case, x = CASES[name], draw(N, C, H, W)
    options = {**case.options, "padding": 0} if "padding" in case.options else case.options
    before = x.clone()
    answer = target(student, name)(x, **options)  # without padding, which would hide what happens to x
    assert isinstance(answer, Tensor), "a tensor is asked for"
    compare(x, before, rule="x as it was before the call")


@pytest.mark.points(2)
@pytest.mark.hint("what do a reshape to -1, x[0], or a stack of results for each sample do where there is no sample?")
@over_all
def test_functions_take_empty_batches(student: Any, name: str) -> None:
    """Functions give an empty result of the right shape for an empty batch."""
    case, x = CASES[name], draw(N, C, H, W)
    expected = case.right(x)[:0]
    compare(target(student, name)(x[:0], **case.options), expected, rule="no samples, all else as usual")


@pytest.mark.points(2)
@pytest.mark.hint("is there a squeeze, or a dimension that you take to be larger than one?")
@over_all
@pytest.mark.parametrize(
    "shape",
    [
        pytest.param((1, 1, 1, W), id="one row"),
        pytest.param((N, C, H, 1), id="one column"),
        pytest.param((1, C, H, W), id="one sample"),
        pytest.param((N, 1, H, W), id="one channel"),
        pytest.param((1, 1, 1, 1), id="one number"),
    ],
)
def test_functions_keep_sizes_of_one(student: Any, name: str, shape: tuple[int, ...]) -> None:
    """Functions take samples, channels, rows and columns that are alone, and keep their dimensions."""
    case, x = CASES[name], draw(*shape)
    expected = case.right(x)
    compare(target(student, name)(x, **case.options), expected, rule=case.rule)


@pytest.mark.points(2)
@pytest.mark.hint("which dtype does a buffer have that nobody gave one?")
@over_all
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=["bf16", "f32"])
def test_functions_keep_the_dtype(student: Any, name: str, dtype: torch.dtype) -> None:
    """Functions answer in the dtype of x.

    A result collected in a new float32 tensor, or widened on the way, is caught here.
    """
    case = CASES[name]
    x = (draw(N, C, H, W) / 8).to(dtype)  # small sums, which a rounding hardly shifts
    expected = case.right(x.double()).to(dtype)
    compare(target(student, name)(x, **case.options), expected, rule=f"{case.rule}, in the dtype of x")


@pytest.mark.points(3)
@pytest.mark.hint("does the whole computation go through x itself, not through .data, detach() or numbers?")
@over_all
def test_functions_gradients(student: Any, name: str) -> None:
    """Gradients reach x, by every way that leads from it to the result."""
    case, x = CASES[name], draw(N, C, H, W)
    twin = x.clone().requires_grad_()
    result = case.right(twin)
    g = torch.randn_like(result)
    (expected,) = torch.autograd.grad((result * g).sum(), twin)
    x.requires_grad_()
    answer = target(student, name)(x, **case.options)
    assert isinstance(answer, Tensor) and answer.shape == g.shape, "the shape of the result is wrong"
    assert answer.requires_grad, "the result is cut off from x: no gradient reaches it"
    total: Any = (answer * g).sum()
    total.backward()
    compare(x.grad, expected, rule="the gradient of x")


@pytest.mark.points(2)
@pytest.mark.hint("on which device are the tensors that you create?")
@over_all
def test_functions_on_another_device(student: Any, fake_cuda: FakeCuda, name: str) -> None:
    """Functions compute on the device of x (checked on a simulated GPU).

    A border, counts or indices made on the CPU are caught here.
    """
    fake_cuda(target(student, name), draw(N, C, H, W), **CASES[name].options)


# --- 1. pool_out --------------------------------------------------------------------------------

GRID = list(itertools.product([1, 3, 4, 5, 7, 10], [1, 2, 3], [1, 2, 3, 5], [0, 1], [1, 2], [False, True]))


def torch_count(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil_mode: bool) -> int | None:
    """The size of PyTorch's result; None where the padding is too large, or the window does not fit."""
    if size + 2 * padding < dilation * (kernel - 1) + 1 or 2 * padding > kernel:
        return None
    x = torch.zeros(1, 1, size)
    return F.max_pool1d(x, kernel, stride, padding, dilation, ceil_mode).shape[2]


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("lay the window, gaps included, at the left end: how far can it still move, and in how many steps?")
def test_pool_out_counts_windows(student: Any) -> None:
    """pool_out counts the windows: the first one, and one for each whole step to the right.

    A dilated window has gaps of dilation - 1 between its numbers; padding stands at both ends.
    """
    assert student.pool_out(6, 3, 2) == 2, "pool_out(6, 3, 2) is 2: a step that does not fit is left out"
    assert student.pool_out(32, 2, 2) == 16, "pool_out(32, 2, 2) is 16: the first window, and 15 steps"
    assert student.pool_out(32, 3, 1, padding=1) == 32, "pool_out(32, 3, 1, padding=1) is 32: one at each end"
    answer = student.pool_out(11, 3, 1, dilation=3)
    assert answer == 5, f"pool_out(11, 3, 1, dilation=3) is 5, not {answer}: three numbers reach over 7"


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("rounded up, where does the last window start: in the input, in the padding before it, or behind?")
def test_pool_out_ceil_mode(student: Any) -> None:
    """With ceil_mode, pool_out counts a last window that runs over the end, unless it starts behind the input."""
    answer = student.pool_out(6, 3, 2, ceil_mode=True)
    assert answer == 3, f"pool_out(6, 3, 2, ceil_mode=True) is 3, not {answer}: the last window starts in the input"
    answer = student.pool_out(7, 3, 2, ceil_mode=True)
    assert answer == 3, f"pool_out(7, 3, 2, ceil_mode=True) is 3, not {answer}: the last window just fits"
    answer = student.pool_out(5, 2, 2, padding=1, ceil_mode=True)
    assert answer == 3, (
        f"pool_out(5, 2, 2, padding=1, ceil_mode=True) is 3, not {answer}: a fourth window would start in the padding"
    )


@pytest.mark.points(3)
@pytest.mark.hint(
    "compare with the shapes of torch.nn.functional.max_pool1d, with ceil_mode, padding and dilation at once"
)
def test_pool_out_agrees_with_torch(student: Any) -> None:
    """pool_out gives the size of PyTorch's pooling, as a plain int, for every mix of options.

    Rounding up alone counts windows that start behind the input.
    """
    for options in GRID:
        right = torch_count(*options)
        if right is not None:
            answer = student.pool_out(*options)
            mode = "with" if options[-1] else "without"
            assert answer == right, f"for some sizes and options, {mode} ceil_mode, PyTorch has another size"
            assert type(answer) is int, "a plain int is asked for"


# --- 2. max_pool2d ------------------------------------------------------------------------------

STEPS = [
    pytest.param((H, W), 3, None, 0, id="stride left out"),
    pytest.param((H, W), 4, None, 2, id="stride left out, padding"),
    pytest.param((W, H), 3, 1, 1, id="same size"),
    pytest.param((H, W), 2, 3, 0, id="gaps between windows"),
    pytest.param((H, W), 5, 2, 2, id="overlapping windows"),
    pytest.param((H, H), 4, 3, 1, id="square image"),
    pytest.param((H, W), 1, 2, 0, id="every second number"),
]


def arguments(kernel: int, stride: int | None, padding: int) -> dict[str, Any]:
    """The arguments of a pooling, without a stride where there is none."""
    given = {"kernel_size": kernel, "padding": padding}
    return given if stride is None else {**given, "stride": stride}


@pytest.mark.public
@pytest.mark.points(2)
@no_max_pool
@pytest.mark.hint("where does the second window start if nobody gives a stride, and what if rows are left over?")
def test_max_pool_takes_the_largest_number(student: Any) -> None:
    """max_pool2d takes the largest number of each window, and windows lie side by side.

    A stride of 1, or a padding that nobody asked for, is caught here.
    """
    x = torch.tensor([[[[1.0, 5.0, 2.0, 0.0], [3.0, 4.0, 8.0, 1.0]]]])
    compare(student.max_pool2d(x, 2), torch.tensor([[[[5.0, 8.0]]]]), rule=MAX)

    x = draw(N, C, H, W)
    expected = max_pool2d(x, 3)
    mistakes = {
        "moving by one from window to window": max_pool2d(x, 3, 1),
        "padding without being asked": max_pool2d(x, 3, None, 1),
        "a mean": avg_pool2d(x, 3),
        "keeping the windows that run over the border": max_pool2d(x, 3, ceil_mode=True),
    }
    compare(student.max_pool2d(x, 3), expected, rule=MAX, mistakes=mistakes)


@pytest.mark.public
@pytest.mark.points(2)
@no_max_pool
@pytest.mark.hint("which number loses against every other, however small?")
def test_max_pool_padding_never_wins(student: Any) -> None:
    """max_pool2d pads with what is smaller than every number.

    A border of zeros wins where the image is negative.
    """
    x = torch.tensor([[[[-1.0, -2.0], [-3.0, -4.0]]]])
    zeros = {"a border of zeros": torch.zeros(1, 1, 2, 2).clamp(max=0)}
    compare(student.max_pool2d(x, 2, padding=1), x.clone(), rule=f"{MAX}; padding never wins", mistakes=zeros)

    for scale in (1.0, 1e12):
        x = -(draw(N, C, H, W).abs() + 1) * scale
        expected = max_pool2d(x, 3, 2, 1)
        mistakes = {"a border of zeros": max_pool2d(F.pad(x, (1, 1, 1, 1)), 3, 2)}
        answer = student.max_pool2d(x, 3, stride=2, padding=1)
        compare(answer, expected, rule=f"{MAX}; padding never wins", mistakes=mistakes)


@pytest.mark.points(2)
@no_max_pool
@pytest.mark.hint("kernel_size, stride and padding are three numbers: which of your lines uses which?")
@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), STEPS)
def test_max_pool_steps(student: Any, size: tuple[int, int], kernel: int, stride: int | None, padding: int) -> None:
    """max_pool2d takes every mix of kernel size, stride and padding, and images that are not square."""
    x, options = draw(N, C, *size), arguments(kernel, stride, padding)
    expected = max_pool2d(x, **options)
    mistakes = {
        "moving by the kernel size": max_pool2d(x, kernel, kernel, padding),
        "leaving the padding out": max_pool2d(x, kernel, stride),
    }
    compare(student.max_pool2d(x, **options), expected, rule=MAX, mistakes=mistakes)
    answer = student.max_pool2d(x, kernel, stride, padding)
    compare(answer, expected, rule=f"{MAX}, with arguments by position", mistakes=mistakes)


@pytest.mark.points(3)
@no_max_pool
@pytest.mark.hint("if all numbers of a window are equal, which of them gets the gradient, and how much of it?")
@pytest.mark.parametrize(
    ("kernel", "stride", "padding", "values"),
    [
        pytest.param(2, None, 0, 3, id="side by side"),
        pytest.param(3, 2, 1, 3, id="overlapping"),
        pytest.param(3, None, 0, 1, id="all equal"),
        pytest.param(4, None, 2, 2, id="padding"),
    ],
)
def test_max_pool_ties(student: Any, kernel: int, stride: int | None, padding: int, values: int) -> None:
    """Of equal largest numbers, the first of the window, row by row, gets the whole gradient of max_pool2d.

    `amax` and `maximum` share it out; columns before rows find another first one.
    """
    x = torch.randint(values, (N, C, H, W)).double()
    twin = x.clone().requires_grad_()
    result = max_pool2d(twin, kernel, stride, padding)
    g = torch.randn_like(result)
    (expected,) = torch.autograd.grad((result * g).sum(), twin)

    shared_twin = x.clone().requires_grad_()
    padded = F.pad(shared_twin, (padding,) * 4, value=-math.inf)
    shared = padded.unfold(2, kernel, stride or kernel).unfold(3, kernel, stride or kernel).amax(dim=(-2, -1))
    (wrong,) = torch.autograd.grad((shared * g).sum(), shared_twin)

    x.requires_grad_()
    answer = student.max_pool2d(x, kernel, stride, padding)
    assert isinstance(answer, Tensor) and answer.shape == g.shape, "the shape of the result is wrong"
    assert answer.requires_grad, "the result is cut off from x: no gradient reaches it"
    total: Any = (answer * g).sum()
    total.backward()
    rule = "the gradient goes to the first of the largest numbers of each window"
    compare(x.grad, expected, rule=rule, mistakes={"sharing it out among equals": wrong})


@pytest.mark.points(3)
@no_max_pool
@pytest.mark.hint("is NaN > 1 true, and is 1 > NaN? Which of torch's maxima let a NaN through?")
@pytest.mark.parametrize(("kernel", "stride", "padding"), [(3, 1, 0), (3, 2, 1), (2, None, 0)])
def test_max_pool_nan(student: Any, kernel: int, stride: int | None, padding: int) -> None:
    """A NaN in a window of max_pool2d is its result, wherever in the window it stands.

    Comparisons with NaN are false, so a running maximum by `>` forgets one, or hides what comes after it.
    """
    x = draw(N, C, H, W)
    places = itertools.cycle([(3, 4), (0, 0), (5, 3), (2, 7), (4, 5)])
    for image, (row, column) in zip(x.flatten(0, 1), places):
        image[row, column] = math.nan  # a single one in each image
    expected = max_pool2d(x, kernel, stride, padding)
    skipped = max_pool2d(x.nan_to_num(nan=-math.inf), kernel, stride, padding)
    answer = student.max_pool2d(x, kernel, stride, padding)
    compare(answer, expected, rule=f"{MAX}, NaN if it holds one", mistakes={"skipping NaN": skipped})


# --- 3. avg_pool2d ------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_avg_pool
@pytest.mark.hint("by how many numbers is the sum divided in a corner, where part of the window is border?")
def test_avg_pool_takes_the_mean(student: Any) -> None:
    """avg_pool2d takes the mean of each window, and the zeros of the border count.

    In the corner of an image of ones, 3 by 3 with a border of one, that is 4 / 9.
    """
    x = torch.ones(1, 1, 3, 3, dtype=torch.float64)
    example = torch.tensor([[[[4.0, 6.0, 4.0], [6.0, 9.0, 6.0], [4.0, 6.0, 4.0]]]], dtype=torch.float64) / 9
    mistakes = {"dividing by as many numbers as the image has there": torch.ones_like(x)}
    compare(student.avg_pool2d(x, 3, stride=1, padding=1), example, rule=AVG, mistakes=mistakes)

    x = draw(N, C, H, W)
    expected = avg_pool2d(x, 3)
    mistakes = {
        "moving by one from window to window": avg_pool2d(x, 3, 1),
        "a sum": avg_pool2d(x, 3) * 9,
        "a maximum": max_pool2d(x, 3),
        "dividing by the kernel size alone": avg_pool2d(x, 3) * 3,
    }
    compare(student.avg_pool2d(x, 3), expected, rule=AVG, mistakes=mistakes)


@pytest.mark.public
@pytest.mark.points(3)
@no_avg_pool
@pytest.mark.hint("of each window, how many numbers lie in the image? In a corner, at an edge, inside?")
@pytest.mark.parametrize("counted", [True, False, None], ids=["counted", "not counted", "by default"])
def test_avg_pool_counts_the_border_or_not(student: Any, counted: bool | None) -> None:
    """avg_pool2d divides by all numbers of the window, or, if told so, by those of the image alone."""
    x = draw(N, C, H, W) + 2
    options = {} if counted is None else {"count_include_pad": counted}
    rule = f"{AVG}, over those of its numbers that are in the image" if counted is False else f"{AVG}, border counted"
    for kernel, stride, padding in [(3, 2, 1), (4, 3, 2), (2, 1, 1)]:
        expected = avg_pool2d(x, kernel, stride, padding, **options)
        other = avg_pool2d(x, kernel, stride, padding, count_include_pad=counted is False)
        name = "counting the border" if counted is False else "not counting the border"
        answer = student.avg_pool2d(x, kernel, stride, padding, **options)
        compare(answer, expected, rule=rule, mistakes={name: other})


@pytest.mark.points(2)
@no_avg_pool
@pytest.mark.hint("kernel_size, stride and padding are three numbers: which of your lines uses which?")
@pytest.mark.parametrize(("size", "kernel", "stride", "padding"), STEPS)
def test_avg_pool_steps(student: Any, size: tuple[int, int], kernel: int, stride: int | None, padding: int) -> None:
    """avg_pool2d takes every mix of kernel size, stride and padding, border counted or not."""
    x, options = draw(N, C, *size), arguments(kernel, stride, padding)
    for counted in (True, False):
        expected = avg_pool2d(x, **options, count_include_pad=counted)
        mistakes = {
            "moving by the kernel size": avg_pool2d(x, kernel, kernel, padding, count_include_pad=counted),
            "leaving the padding out": avg_pool2d(x, kernel, stride),
        }
        answer = student.avg_pool2d(x, **options, count_include_pad=counted)
        compare(answer, expected, rule=AVG, mistakes=mistakes)


# --- 4. adaptive_avg_pool2d ---------------------------------------------------------------------


def disjoint(x: Tensor, rows: int, columns: int) -> Tensor:
    """The mistake of windows that end where the next one starts."""
    for dim, out in ((2, rows), (3, columns)):
        size = x.shape[dim]
        x = torch.stack([x.narrow(dim, i * size // out, max(size // out, 1)).mean(dim) for i in range(out)], dim)
    return x


def equal(x: Tensor, rows: int, columns: int) -> Tensor:
    """The mistake of equally large windows at equal distances."""
    height, width = x.shape[2:]
    steps = height // rows, width // columns
    return avg_pool2d(x, (height - (rows - 1) * steps[0], width - (columns - 1) * steps[1]), steps)


@pytest.mark.public
@pytest.mark.points(2)
@no_adaptive_pool
@pytest.mark.hint("where does each window start and end, and may two windows share numbers?")
def test_adaptive_pool_rounds_outwards(student: Any) -> None:
    """adaptive_avg_pool2d rounds the start of a window down and its end up, so that neighbours may overlap.

    Windows of equal size, or such that end where the next one starts, are caught here.
    """
    x = torch.tensor([[[[1.0, 2.0, 3.0, 4.0, 5.0]]]])
    compare(student.adaptive_avg_pool2d(x, (1, 3)), torch.tensor([[[[1.5, 3.0, 4.5]]]]), rule=ADAPTIVE)

    x = draw(N, C, H, W)
    expected = adaptive_avg_pool2d(x, (3, 4))
    mistakes = {"windows of equal size": equal(x, 3, 4), "windows that never overlap": disjoint(x, 3, 4)}
    compare(student.adaptive_avg_pool2d(x, (3, 4)), expected, rule=ADAPTIVE, mistakes=mistakes)


@pytest.mark.points(3)
@no_adaptive_pool
@pytest.mark.hint("divide on paper: where does window i start and end if the size is no multiple of the output's?")
@pytest.mark.parametrize(
    ("size", "output"),
    [
        pytest.param((5, 7), (3, 2), id="odd"),
        pytest.param((11, 8), (4, 5), id="overlap in both"),
        pytest.param((9, 10), (6, 7), id="nearly as large"),
        pytest.param((12, 8), (4, 2), id="divisible"),
        pytest.param((12, 10), (4, 3), id="divisible in one"),
        pytest.param((9, 9), (4, 4), id="square"),
    ],
)
def test_adaptive_pool_windows(student: Any, size: tuple[int, int], output: tuple[int, int]) -> None:
    """adaptive_avg_pool2d finds its windows where the sizes divide and where they do not."""
    x = draw(N, C, *size)
    expected = adaptive_avg_pool2d(x, output)
    mistakes = {}
    if any(s % o for s, o in zip(size, output)):
        mistakes = {"windows of equal size": equal(x, *output), "windows that never overlap": disjoint(x, *output)}
    compare(student.adaptive_avg_pool2d(x, output), expected, rule=ADAPTIVE, mistakes=mistakes)


@pytest.mark.points(2)
@no_adaptive_pool
@pytest.mark.hint("what are the windows if there is one of them, one for each number, or more of them than numbers?")
@pytest.mark.parametrize(
    "output",
    [
        pytest.param((1, 1), id="one"),
        pytest.param((H, W), id="all"),
        pytest.param((1, W), id="one row"),
        pytest.param((H, 1), id="one column"),
        pytest.param((H + 3, 2 * W), id="more"),
    ],
)
def test_adaptive_pool_extremes(student: Any, output: tuple[int, int]) -> None:
    """adaptive_avg_pool2d makes one number of all, leaves a size as it is, and even makes it larger."""
    x = draw(N, C, H, W)
    expected = adaptive_avg_pool2d(x, output)
    compare(student.adaptive_avg_pool2d(x, output), expected, rule=ADAPTIVE)


@pytest.mark.points(1)
@no_adaptive_pool
@pytest.mark.hint("a pair is (height, width); what does a single int stand for?")
def test_adaptive_pool_takes_an_int_or_a_pair(student: Any) -> None:
    """adaptive_avg_pool2d takes a pair (height, width), or an int for both."""
    x = draw(N, C, H, W)
    for output in ((2, 5), (5, 2), 3, 1):
        expected = adaptive_avg_pool2d(x, output)
        mistakes = {"swapping height and width": adaptive_avg_pool2d(x.mT, output).mT}
        compare(student.adaptive_avg_pool2d(x, output), expected, rule=ADAPTIVE, mistakes=mistakes)


# --- 5. local_response_norm ---------------------------------------------------------------------


def normed(x: Tensor, size: int, alpha: float, beta: float, k: float, before: int, divisor: Tensor | float) -> Tensor:
    """The norm over `size` channels, of which `before` come before, with something else to divide alpha by."""
    squares = x.square()
    channels = range(x.shape[1])
    windows = [squares[:, max(c - before, 0) : max(c - before + size, 0)].sum(1) for c in channels]
    return x * (k + alpha / divisor * torch.stack(windows, 1)) ** -beta


def kept(channels: int, size: int) -> Tensor:
    """How many channels there are in each window, (C, 1, 1)."""
    before = size // 2
    counts = [min(c - before + size, channels) - max(c - before, 0) for c in range(channels)]
    return torch.tensor(counts, dtype=torch.float64)[:, None, None]


@pytest.mark.public
@pytest.mark.points(2)
@no_norm
@pytest.mark.hint("over which dimension do the neighbours lie, and what is alpha divided by at the ends?")
def test_norm_divides_by_neighbouring_channels(student: Any) -> None:
    """local_response_norm adds up squares over neighbouring channels and divides alpha by size.

    Neighbours in space, an alpha that is not divided, or one divided by the channels that exist, are caught here.
    """
    x = torch.tensor([[[1.0], [2.0], [3.0]]], dtype=torch.float64)
    example = torch.tensor([[[1 / 6], [2 / 15], [3 / 14]]], dtype=torch.float64)
    compare(student.local_response_norm(x, 3, alpha=3.0, beta=1.0), example, rule=NORM)

    x = draw(N, C, H, W)
    expected = norm(x, 3, 0.8, 0.75, 1.2)
    mistakes = {
        "an alpha that is not divided": normed(x, 3, 0.8, 0.75, 1.2, 1, 1.0),
        "dividing alpha by the channels that exist": normed(x, 3, 0.8, 0.75, 1.2, 1, kept(C, 3)),
        "neighbours in space": x * (1.2 + 0.8 * avg_pool2d(x.square(), 3, 1, 1)) ** -0.75,
        "multiplying instead of dividing": x * (x / expected),
    }
    compare(student.local_response_norm(x, 3, 0.8, 0.75, 1.2), expected, rule=NORM, mistakes=mistakes)


@pytest.mark.points(3)
@no_norm
@pytest.mark.hint("how many channels come before and how many after if size is even, 1, or larger than C?")
@pytest.mark.parametrize("size", [1, 2, 4, 5, 7, 12])
def test_norm_sizes(student: Any, size: int) -> None:
    """local_response_norm takes odd and even sizes, 1, and sizes beyond the number of channels.

    An even window has one channel more before than after.
    """
    x = draw(N, C, H, W)
    expected = norm(x, size, 0.9, 0.75, 1.3)
    mistakes = {
        "an alpha that is not divided": normed(x, size, 0.9, 0.75, 1.3, size // 2, 1.0),
        "dividing alpha by the channels that exist": normed(x, size, 0.9, 0.75, 1.3, size // 2, kept(C, size)),
    }
    if size % 2 == 0:
        mistakes["one channel more after than before"] = normed(x, size, 0.9, 0.75, 1.3, (size - 1) // 2, size)
        mistakes["as many channels after as before"] = normed(x, size + 1, 0.9, 0.75, 1.3, size // 2, size)
    if size == 1:
        mistakes.clear()  # all the same there
    compare(student.local_response_norm(x, size, 0.9, 0.75, 1.3), expected, rule=NORM, mistakes=mistakes)


@pytest.mark.points(1)
@no_norm
@pytest.mark.hint("which dimensions do you count from the front, which from the back, and how many do you expect?")
@pytest.mark.parametrize("steps", [T, C, 1])
def test_norm_of_signals(student: Any, steps: int) -> None:
    """local_response_norm takes (N, C, L), its channels still being dimension 1."""
    x = draw(N, C, steps)
    expected = norm(x, 3, 0.9, 0.75, 1.3)
    compare(student.local_response_norm(x, 3, 0.9, 0.75, 1.3), expected, rule=NORM)


@pytest.mark.points(2)
@no_norm
@pytest.mark.hint("what are alpha, beta and k unless told, and what does each of them do?")
@pytest.mark.parametrize(
    "options",
    [
        pytest.param({}, id="defaults"),
        pytest.param({"alpha": 0.03}, id="alpha"),
        pytest.param({"beta": 1.5}, id="beta"),
        pytest.param({"k": 2.5}, id="k"),
        pytest.param({"alpha": 0.02, "beta": 0.5, "k": 2.0}, id="all"),
    ],
)
def test_norm_options(student: Any, options: dict[str, float]) -> None:
    """local_response_norm takes alpha, beta and k, and has PyTorch's values for them."""
    x = draw(N, C, H, W) * 40
    expected = norm(x, 5, **options)
    compare(student.local_response_norm(x, 5, **options), expected, rule=NORM)


def large_in_half() -> tuple[Tensor, Tensor]:
    """Numbers whose squares are beyond float16, and their norm."""
    signs = torch.randint(2, (N, C, H, W)) * 2.0 - 1
    x = (signs * (300 + 200 * torch.rand(N, C, H, W))).half()
    return x, norm(x.float(), 4, 0.02, 0.75, 2.0).half()


@pytest.mark.points(2)
@no_norm
@pytest.mark.hint("what is the largest number of float16, and which number has it for a square?")
def test_norm_of_large_numbers_in_half(student: Any) -> None:
    """local_response_norm squares and adds up in float32 where x is float16.

    In float16 the squares are infinite, and the result is zero.
    """
    x, expected = large_in_half()
    mistakes = {"squares that overflow": torch.zeros_like(expected)}
    compare(student.local_response_norm(x, 4, 0.02, 0.75, 2.0), expected, rule=NORM, mistakes=mistakes)


# --- 6. GlobalAvgPool ---------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(1)
@pytest.mark.hint("which dimensions of (N, C, H, W) are to disappear?")
def test_global_pool_keeps_channels(student: Any) -> None:
    """GlobalAvgPool makes one number of each channel of each sample."""
    pool = student.GlobalAvgPool()
    x = torch.tensor([[[[1.0, 2.0], [3.0, 6.0]], [[10.0, 20.0], [30.0, 60.0]]]])
    compare(pool(x), torch.tensor([[3.0, 30.0]]), rule=GLOBAL)

    x = draw(N, C, H, W)
    expected = x.mean(dim=(2, 3))
    mistakes = {
        "flattening the channels as well": x.flatten(1),
        "a maximum": x.amax(dim=(2, 3)),
        "a sum": x.sum(dim=(2, 3)),
        "dimensions of one left behind": expected[:, :, None, None],
        "a mean over channels as well": x.mean(dim=(1, 2, 3)),
    }
    compare(pool(x), expected, rule=GLOBAL, mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("is it a module that other modules can hold, without parameters, for images of any size?")
def test_global_pool_is_a_module_without_parameters(student: Any, remote: Remote) -> None:
    """GlobalAvgPool is a module without parameters or a state, for images of any size."""
    pool = student.GlobalAvgPool()
    assert not list(pool.parameters()), "there is nothing to train in a mean"
    assert not dict(pool.state_dict()), "there is nothing to store of a mean"
    model = remote("torch.nn").Sequential(pool)
    for mode in (True, False):
        model.train(mode)
        for size in ((H, W), (W, H), (H, H)):
            x = draw(N, C, *size)
            expected = x.mean(dim=(2, 3))
            compare(model(x), expected, rule=GLOBAL)


# --- on an accelerator --------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.points(2)
@pytest.mark.hint("on which device, and in which dtype, is each tensor that you create?")
@over_all
@pytest.mark.parametrize("layout", ["contiguous", "channels last"])
def test_functions_on_the_accelerator(student: Any, device: torch.device, name: str, layout: str) -> None:
    """On an accelerator, functions compute there what they do on the CPU, in either memory layout."""
    case, x = CASES[name], torch.randn(N, C, H, W)
    expected = case.right(x.double()).float()
    moved = x.to(device)
    if layout == "channels last":
        moved = moved.contiguous(memory_format=torch.channels_last)
    answer = target(student, name)(moved, **case.options)
    assert isinstance(answer, Tensor) and answer.device.type == device.type, "the result is not on the device of x"
    compare(answer.cpu(), expected, rule=case.rule, rtol=1e-4, atol=1e-4)


@pytest.mark.gpu
@pytest.mark.points(1)
@no_norm
@pytest.mark.hint("what is the largest number of float16, and which number has it for a square?")
def test_norm_in_half_on_the_accelerator(student: Any, device: torch.device) -> None:
    """On an accelerator too, local_response_norm squares float16 in float32."""
    x, expected = large_in_half()
    answer = student.local_response_norm(x.to(device), 4, 0.02, 0.75, 2.0)
    assert isinstance(answer, Tensor) and answer.device.type == device.type, "the result is not on the device of x"
    mistakes = {"squares that overflow": torch.zeros_like(expected)}
    compare(answer.cpu(), expected, rule=NORM, mistakes=mistakes)
