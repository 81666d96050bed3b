"""Activations: seven functions and PReLU, against PyTorch's own.

What all of them have in common is tested over all of them, each with its own bans; what one of
them has for itself follows, task by task.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from grader.testing import compare

B, T, D = 3, 4, 5  # shape of most inputs
N, C, L = 2, 6, 7  # samples, channels and length, for PReLU

Remote = Callable[[str], Any]
FakeCuda = Callable[..., Any]

ORACLES: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "mish": F.mish,
    "softmax": lambda x: torch.softmax(x, 1),
    "PReLU": lambda x: F.prelu(x, torch.full((1,), 0.25, dtype=x.dtype)),
}

BANS = {
    "sigmoid": pytest.mark.forbid(
        "torch.sigmoid", "torch.special.expit", "torch.tanh", "torch.nn.functional.logsigmoid"
    ),
    "tanh": pytest.mark.forbid("torch.tanh", "torch.sigmoid"),
    "relu": pytest.mark.forbid("torch.relu", "torch.nn.functional.threshold", "torch.nn.functional"),
    "leaky_relu": pytest.mark.forbid(
        "torch.nn.functional.leaky_relu", "torch.relu", "torch.nn.functional.threshold", "torch.nn.functional"
    ),
    "elu": pytest.mark.forbid("torch.nn.functional.elu", "torch.selu", "torch.celu"),
    "mish": pytest.mark.forbid("torch.nn.functional.mish", "torch.nn.functional.softplus"),
    "softmax": pytest.mark.forbid("torch.softmax", "torch.log_softmax", "torch.logsumexp"),
    "PReLU": pytest.mark.forbid("torch.prelu"),
}

POINTWISE = ["sigmoid", "tanh", "relu", "leaky_relu", "elu", "mish"]


def over(names: list[str]) -> pytest.MarkDecorator:
    """Run a test for each of the functions, with the bans of its own row."""
    return pytest.mark.parametrize("name", [pytest.param(name, marks=BANS[name]) for name in names])


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


def apply(student: Any, name: str, x: Tensor) -> Any:
    """The student's function of this name on x; softmax over dim 1, PReLU as it starts."""
    if name == "softmax":
        return student.softmax(x, 1)
    if name == "PReLU":
        layer = student.PReLU()
        layer.to(x.dtype)
        return layer(x)
    return getattr(student, name)(x)


def slope_of(function: Callable[[Tensor], Tensor], x: Tensor, g: Tensor) -> Tensor:
    """The gradient of (function(x) * g).sum() in x."""
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad((function(x) * g).sum(), x)[0]


def check_gradient(answer: Any, x: Tensor, g: Tensor, right: Tensor, mistakes: dict[str, Tensor] | None = None) -> None:
    """Go back from `answer`, which came of x, and hold x.grad against `right`."""
    fits = isinstance(answer, Tensor) and answer.shape == g.shape
    assert fits, "a tensor of the shape of x is asked for"
    assert answer.requires_grad, "the result is not connected to the input: no gradient can flow back"
    (answer * g).sum().backward()
    compare(x.grad, right, rule="the gradient of x", mistakes=mistakes)


# --- what all have in common --------------------------------------------------------------------


@pytest.mark.points(2)
@pytest.mark.hint("does your code name a dimension, or walk through one, where every number goes its own way?")
@over(POINTWISE)
@pytest.mark.parametrize("shape", [(), (1,), (D,), (2, T, 1, D)], ids=["0-D", "one", "1-D", "4-D"])
def test_functions_take_any_shape(student: Any, name: str, shape: tuple[int, ...]) -> None:
    """Functions of single numbers take any shape, a single number too.

    A loop over the rows, or an index that assumes a matrix, is caught here.
    """
    x = draw(*shape)
    expected = ORACLES[name](x)
    compare(apply(student, name, x), expected, rule=f"{name} of each number, in the shape of x")


@pytest.mark.points(2)
@pytest.mark.hint("try x.transpose(0, 2), x[::2] and an expanded x: does your code count on the order in memory?")
@over(list(ORACLES))
@pytest.mark.parametrize("layout", ["transposed", "every second row", "expanded"])
def test_functions_read_views(student: Any, name: str, layout: str) -> None:
    """Functions take views of other tensors.

    `x.view(…)` works on contiguous memory alone.
    """
    views = {
        "transposed": draw(D, T, B).transpose(0, 2),
        "every second row": draw(2 * B, T, D)[::2],
        "expanded": draw(1, T, D).expand(B, T, D),
    }
    x = views[layout]
    expected = ORACLES[name](x.contiguous())
    compare(apply(student, name, x), expected, rule=f"{name} of a view is {name} of its copy")


@pytest.mark.points(2)
@pytest.mark.hint("what does each line of your code do with no samples at all?")
@over(list(ORACLES))
def test_functions_take_empty_batches(student: Any, name: str) -> None:
    """Functions give an empty result for an empty batch."""
    x = draw(0, T, D)
    compare(apply(student, name, x), draw(0, T, D), rule="the shape and dtype of x, with nothing in it")


@pytest.mark.points(3)
@pytest.mark.hint("print x before and after the call; which of your lines end in an underscore, or assign to x[…]?")
@over(list(ORACLES))
def test_functions_leave_their_input_alone(student: Any, name: str) -> None:
    """Functions leave their input as it was.

    `x -= …`, `x[x < 0] = 0` and methods that end in an underscore write into the caller's tensor.
    """
    x = draw(B, T, D)
    before, expected = x.clone(), ORACLES[name](x)
    compare(apply(student, name, x), expected, rule=f"{name} of x")
    compare(x, before, rule="the input as it was")


@pytest.mark.points(3)
@pytest.mark.hint("is a tensor of another dtype in your computation, and what does the result of the two become?")
@over(list(ORACLES))
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bf16", "f16"])
def test_functions_keep_half_precision(student: Any, name: str, dtype: torch.dtype) -> None:
    """Functions answer in the dtype of their input, in half precision too.

    Wider numbers in between are fine, as long as the result goes back to the dtype of x.
    """
    x = torch.randn(B, T, D).clamp(-4, 4).to(dtype)
    expected = ORACLES[name](x.float()).to(dtype)
    compare(apply(student, name, x), expected, rule=f"{name} of x, in the dtype of x")


@pytest.mark.points(3)
@pytest.mark.hint("every comparison with NaN is False: on which side of your condition does it fall?")
@over(list(ORACLES))
def test_functions_pass_nan_on(student: Any, name: str) -> None:
    """Functions give NaN for NaN, so that nobody overlooks it, and the right numbers beside it.

    `torch.where(x > 0, x, 0)` turns NaN into an innocent 0.
    """
    x = torch.randn(B, T, D)
    x[1, 2, 3] = math.nan
    expected = ORACLES[name](x)
    compare(
        apply(student, name, x),
        expected,
        rule="NaN where x is NaN (softmax: in that row), the usual values elsewhere",
        mistakes={"turning NaN into 0": expected.nan_to_num(0.0)},
    )


def far_out() -> Tensor:
    """(2, 8) float32 numbers: large ones above, their negatives below."""
    large = torch.tensor([20.0, 50.0, 89.0, 100.0, 200.0, 1e3, 1e4])
    large = torch.cat([large, 100 + 900 * torch.rand(1)])
    return torch.stack([large, -large])


@pytest.mark.points(4)
@pytest.mark.hint("how large may x be before exp(x) is inf in float32? What is inf / inf?")
@over(list(ORACLES))
def test_functions_stand_large_inputs(student: Any, name: str) -> None:
    """Functions are right far from 0 as well, on both sides.

    exp(x) is inf from about 89 on in float32, and inf / inf or inf - inf is NaN.
    """
    x = far_out()
    expected = ORACLES[name](x)
    compare(apply(student, name, x), expected, rule=f"{name} of large numbers, finite as it is")


@pytest.mark.points(4)
@pytest.mark.hint("torch.where computes both branches, and their gradients too. What is 0 * inf?")
@over(list(ORACLES))
def test_functions_have_finite_gradients_far_out(student: Any, name: str) -> None:
    """Gradients stay finite and right far from 0, even where the values were right already.

    An exp that overflows in the branch not taken still has an infinite slope, and 0 * inf is NaN.
    """
    x = far_out()
    g = torch.randn(x.shape)
    right = slope_of(ORACLES[name], x, g)
    x.requires_grad_()
    check_gradient(apply(student, name, x), x, g, right)


@pytest.mark.points(3)
@pytest.mark.hint("does the whole computation stay in the graph, and does nothing in it get overwritten afterwards?")
@over(list(ORACLES))
def test_functions_have_the_right_gradient(student: Any, name: str) -> None:
    """Gradients agree with PyTorch's.

    `detach`, `.data` or `.item()` on the way cut the graph; writing into the result of exp breaks it.
    """
    x, g = draw(B, T, D), draw(B, T, D)
    right = slope_of(ORACLES[name], x, g)
    x.requires_grad_()
    check_gradient(apply(student, name, x), x, g, right)


@pytest.mark.points(1)
@pytest.mark.hint("zero is neither above nor below zero: which line of yours takes care of it?")
@over([*POINTWISE, "PReLU"])
def test_functions_are_exact_at_zero(student: Any, name: str) -> None:
    """Functions are exact at 0 and at -0."""
    x = torch.tensor([[0.0, -0.0]], dtype=torch.float64)
    expected = ORACLES[name](x)
    compare(apply(student, name, x), expected, rule=f"{name} of 0", rtol=1e-15, atol=0)


@pytest.mark.points(1)
@pytest.mark.hint("what slope does PyTorch give abs, or a branch of where that is not taken, at 0? And your function?")
@over(["sigmoid", "tanh", "elu", "mish"])
def test_smooth_functions_have_their_slope_at_zero(student: Any, name: str) -> None:
    """Functions without a kink have their slope at 0 too.

    Of |x| the gradient at 0 is 0, so what is computed from it alone stands still there.
    """
    x, g = torch.tensor([[0.0, -0.0]], dtype=torch.float64), draw(1, 2)
    right = slope_of(ORACLES[name], x, g)
    x.requires_grad_()
    check_gradient(apply(student, name, x), x, g, right)


@pytest.mark.points(1)
@pytest.mark.hint("which of your tensors is made without saying on which device?")
@over(list(ORACLES))
def test_functions_work_on_another_device(student: Any, fake_cuda: FakeCuda, name: str) -> None:
    """Functions work on the device of their input (checked on a simulated GPU)."""
    x = torch.randn(B, T, D)
    if name == "softmax":
        fake_cuda(student.softmax, x, 1)
    else:
        fake_cuda(student.PReLU() if name == "PReLU" else getattr(student, name), x)


# --- 1. sigmoid ---------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(1)
@BANS["sigmoid"]
@pytest.mark.hint("compare a few results with torch.sigmoid on paper: which sign stands in the exponent?")
def test_sigmoid_values(student: Any) -> None:
    """sigmoid squashes every number into (0, 1)."""
    answer = student.sigmoid(torch.tensor([-2.0, 0.0, 2.0]))
    compare(answer, torch.tensor([0.119203, 0.5, 0.880797]), rule="1 / (1 + exp(-x))")
    x = 3 * draw(B, T, D)
    mistakes = {"the other sign in the exponent": torch.sigmoid(-x), "tanh": torch.tanh(x)}
    compare(student.sigmoid(x), torch.sigmoid(x), rule="1 / (1 + exp(-x))", mistakes=mistakes)


@pytest.mark.points(1)
@BANS["sigmoid"]
@pytest.mark.hint("float16 ends at 65504: from where on is exp(x) infinite there?")
def test_sigmoid_in_float16(student: Any) -> None:
    """sigmoid and its gradient are finite in float16, where exp overflows much sooner."""
    x = torch.tensor([12.0, 20.0, 50.0, 100.0]).to(torch.float16)
    x = torch.stack([x, -x])
    g = torch.randn(x.shape).clamp(-3, 3).to(torch.float16)
    expected = torch.sigmoid(x.float()).to(torch.float16)
    right = slope_of(torch.sigmoid, x.float(), g.float()).to(torch.float16)
    x.requires_grad_()
    answer = student.sigmoid(x)
    compare(answer, expected, rule="1 / (1 + exp(-x)), in float16")
    check_gradient(answer, x, g, right)


# --- 2. tanh ------------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(1)
@BANS["tanh"]
@pytest.mark.hint("tanh is odd: what is to come out for x and -x?")
def test_tanh_values(student: Any) -> None:
    """tanh squashes every number into (-1, 1), with 0 in the middle."""
    answer = student.tanh(torch.tensor([-1.0, 0.0, 1.0]))
    compare(answer, torch.tensor([-0.761594, 0.0, 0.761594]), rule="(exp(x) - exp(-x)) / (exp(x) + exp(-x))")
    x = 2 * draw(B, T, D)
    compare(
        student.tanh(x),
        torch.tanh(x),
        rule="(exp(x) - exp(-x)) / (exp(x) + exp(-x))",
        mistakes={
            "the hyperbolic tangent of half of x": torch.tanh(x / 2),
            "the hyperbolic tangent of twice x": torch.tanh(2 * x),
            "the absolute value of x instead of x": torch.tanh(x).abs(),
        },
    )


@pytest.mark.points(2)
@BANS["tanh"]
@pytest.mark.hint("how many digits are left of exp(x) - 1 when x is tiny? Which function of torch keeps them?")
@pytest.mark.parametrize("size", [1e-6, 1e-4, 1e-2], ids=["tiny", "smaller", "small"])
def test_tanh_near_zero(student: Any, size: float) -> None:
    """tanh keeps its digits near 0, where it is almost x itself.

    The difference of two numbers close to 1 keeps few of them.
    """
    x = size * (0.5 + torch.rand(2, 20)) * torch.tensor([[1.0], [-1.0]])
    expected = torch.tanh(x.double()).float()
    compare(student.tanh(x), expected, rule="tanh to a relative accuracy of float32", rtol=2e-6, atol=0)


# --- 3. relu ------------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(1)
@BANS["relu"]
@pytest.mark.hint("what is to become of the negative numbers, and what of the others?")
def test_relu_values(student: Any) -> None:
    """relu replaces what is negative by 0 and keeps the rest."""
    compare(student.relu(torch.tensor([-2.0, 0.0, 3.0])), torch.tensor([0.0, 0.0, 3.0]), rule="max(0, x)")
    x = draw(B, T, D)
    mistakes = {"the absolute value": x.abs(), "keeping the negative side": -torch.relu(-x), "a step": (x > 0) + 0.0}
    compare(student.relu(x), torch.relu(x), rule="max(0, x)", mistakes=mistakes)


@pytest.mark.points(1)
@BANS["relu"]
@pytest.mark.hint("what is 0 * inf, and what is inf - inf?")
def test_relu_of_infinity(student: Any) -> None:
    """relu gives 0 for -inf and inf for inf.

    Multiplying by a mask gives -inf * 0, and a mean of x and |x| gives -inf + inf: both are NaN.
    """
    x = torch.randn(2, D)
    x[0, 1], x[1, 2] = math.inf, -math.inf
    expected = torch.relu(x)
    compare(
        student.relu(x),
        expected,
        rule="max(0, x), of infinities too",
        mistakes={"multiplying x by a mask": torch.where(x == -math.inf, math.nan, expected)},
    )


@pytest.mark.points(1)
@BANS["relu"]
@pytest.mark.hint("exactly at the kink there are several choices: which one does torch.relu make?")
def test_relu_gradient_at_zero(student: Any) -> None:
    """relu has the gradient 0 at 0, as in PyTorch.

    `maximum(x, 0)` and `(x + abs(x)) / 2` give a half there, a condition that puts 0 on the other side one.
    """
    x, g = draw(B, D), draw(B, D)
    x[:, 1], x[:, 3] = 0.0, -0.0
    right = slope_of(torch.relu, x, g)
    mistakes = {
        "a gradient of a half at 0": torch.where(x == 0, g / 2, right),
        "a gradient of one at 0": torch.where(x == 0, g, right),
    }
    x.requires_grad_()
    check_gradient(student.relu(x), x, g, right, mistakes)


@pytest.mark.points(1)
@BANS["relu"]
@pytest.mark.hint("exp keeps its result for the way back: what happens when relu overwrites it?")
def test_relu_after_exp(student: Any) -> None:
    """relu may follow exp: the way back still works.

    exp needs its own result for its gradient, and a relu that works in place has changed it.
    """
    x, g = draw(B, D), draw(B, D)
    right = slope_of(lambda x: torch.relu(x.exp()), x, g)
    x.requires_grad_()
    check_gradient(student.relu(x.exp()), x, g, right)


# --- 4. leaky_relu ------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(1)
@BANS["leaky_relu"]
@pytest.mark.hint("which numbers are multiplied by the slope, and which slope is the default?")
def test_leaky_relu_values(student: Any) -> None:
    """leaky_relu multiplies what is negative by a small slope."""
    answer = student.leaky_relu(torch.tensor([-2.0, 0.0, 3.0]), 0.5)
    compare(answer, torch.tensor([-1.0, 0.0, 3.0]), rule="x where x > 0, else negative_slope * x")
    x = draw(B, T, D)
    compare(
        student.leaky_relu(x),
        F.leaky_relu(x),
        rule="x where x > 0, else 0.01 * x",
        mistakes={
            "dropping the negative side": x.relu(),
            "a slope of 0.1": F.leaky_relu(x, 0.1),
            "a slope on the positive side": -F.leaky_relu(-x),
        },
    )


SLOPES = [0.0, 1.0, 1.5, -0.5]


@pytest.mark.points(2)
@BANS["leaky_relu"]
@pytest.mark.hint("for which slopes does the larger of x and slope * x lie on the right side?")
@pytest.mark.parametrize("slope", SLOPES, ids=["zero", "one", "above one", "negative"])
def test_leaky_relu_any_slope(student: Any, slope: float) -> None:
    """leaky_relu takes any slope: zero, above one, negative.

    max(slope * x, x) is another function for slopes above one.
    """
    x = draw(B, T, D)
    expected = F.leaky_relu(x, slope)
    mistakes = {"the default slope": F.leaky_relu(x)}
    if slope not in (0.0, 1.0):
        mistakes["the larger of slope * x and x"] = torch.maximum(slope * x, x)
    answer = student.leaky_relu(x, negative_slope=slope)
    compare(answer, expected, rule="x where x > 0, else negative_slope * x", mistakes=mistakes)


@pytest.mark.points(1)
@BANS["leaky_relu"]
@pytest.mark.hint("what does the negative side let through on the way back?")
@pytest.mark.parametrize("slope", SLOPES, ids=["zero", "one", "above one", "negative"])
def test_leaky_relu_gradients(student: Any, slope: float) -> None:
    """leaky_relu's gradient is 1 or the slope, whatever the slope is."""
    x, g = draw(B, T, D), draw(B, T, D)
    right = slope_of(lambda x: F.leaky_relu(x, slope), x, g)
    x.requires_grad_()
    check_gradient(student.leaky_relu(x, slope), x, g, right, {"a dead negative side": torch.where(x > 0, g, 0.0)})


# --- 5. elu -------------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(1)
@BANS["elu"]
@pytest.mark.hint("which side stays as it is, and where does the other side end far below 0?")
def test_elu_values(student: Any) -> None:
    """elu bends the negative side towards -alpha."""
    answer = student.elu(torch.tensor([-1.0, 0.0, 2.0]), 2.0)
    compare(answer, torch.tensor([-1.264241, 0.0, 2.0]), rule="x where x > 0, else alpha * (exp(x) - 1)")
    x = draw(B, T, D)
    compare(
        student.elu(x),
        F.elu(x),
        rule="x where x > 0, else exp(x) - 1",
        mistakes={"exp(x) - 1 on both sides": torch.expm1(x), "leaving out the - 1": torch.where(x > 0, x, x.exp())},
    )


@pytest.mark.points(1)
@BANS["elu"]
@pytest.mark.hint("what does alpha multiply: x in the exponent, exp(x), or all of exp(x) - 1?")
@pytest.mark.parametrize("alpha", [0.0, 0.5, 2.0], ids=["zero", "small", "large"])
def test_elu_alpha(student: Any, alpha: float) -> None:
    """elu's alpha scales the whole negative side, and its gradient with it."""
    x, g = draw(B, T, D), draw(B, T, D)
    expected, right = F.elu(x, alpha), slope_of(lambda x: F.elu(x, alpha), x, g)
    mistakes = {
        "leaving out alpha": F.elu(x),
        "alpha inside the exponent": torch.where(x > 0, x, torch.expm1(alpha * x)),
        "alpha on exp(x) alone": torch.where(x > 0, x, alpha * x.exp() - 1),
        "alpha on both sides": alpha * F.elu(x),
    }
    x.requires_grad_()
    answer = student.elu(x, alpha=alpha)
    compare(answer, expected, rule="x where x > 0, else alpha * (exp(x) - 1)", mistakes=mistakes)
    check_gradient(answer, x, g, right)


@pytest.mark.points(2)
@BANS["elu"]
@pytest.mark.hint("how many digits are left of exp(x) - 1 when x is tiny? Which function of torch keeps them?")
def test_elu_near_zero(student: Any) -> None:
    """elu keeps its digits just below 0, where it is almost x itself.

    exp(x) is rounded to seven digits before the 1 is taken off.
    """
    x = -1e-5 * (0.5 + torch.rand(4, D))
    expected = F.elu(x.double()).float()
    compare(
        student.elu(x),
        expected,
        rule="alpha * (exp(x) - 1) to the relative accuracy of float32",
        mistakes={"taking 1 off exp(x)": x.exp() - 1},
        rtol=2e-6,
        atol=0,
    )


# --- 6. mish ------------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(1)
@BANS["mish"]
@pytest.mark.hint("three steps: exp and log make a softplus, tanh squashes it, and x scales it")
def test_mish_values(student: Any) -> None:
    """mish is x times the tanh of its softplus."""
    answer = student.mish(torch.tensor([-1.192376, 0.0, 2.0]))
    compare(answer, torch.tensor([-0.308843, 0.0, 1.943959]), rule="x * tanh(log(1 + exp(x)))")
    x = 2 * draw(B, T, D)
    compare(
        student.mish(x),
        F.mish(x),
        rule="x * tanh(log(1 + exp(x)))",
        mistakes={
            "a sigmoid in place of tanh and softplus": x * torch.sigmoid(x),
            "leaving out the softplus": x * torch.tanh(x),
            "leaving out the factor x": torch.tanh(F.softplus(x)),
            "leaving out the tanh": x * F.softplus(x),
        },
    )


@pytest.mark.points(1)
@BANS["mish"]
@pytest.mark.hint("plot your function on both sides of 0: does it fall before it rises, and how deep?")
def test_mish_has_its_minimum(student: Any) -> None:
    """mish dips below 0 before it rises: it has one minimum, at the right place and depth.

    The similar x * sigmoid(x) lies higher there, and a curve cut off at 0 never dips.
    """
    x = torch.linspace(-8, 4, 481, dtype=torch.float64)
    expected = F.mish(x)
    place = int(expected.argmin())
    mistakes = {"x * sigmoid(x)": x * torch.sigmoid(x), "a curve without the dip": expected.relu()}
    answer = student.mish(x)
    compare(answer, expected, rule="x * tanh(softplus(x)), which dips below 0", mistakes=mistakes)
    assert int(answer.argmin()) == place, "the lowest point lies elsewhere"


# --- 7. softmax ---------------------------------------------------------------------------------

SHAPES_AND_DIMS = [((B, T, D), 0), ((B, T, D), 1), ((B, T, D), 2), ((B, T, D), -1), ((B, T, D), -2), ((D,), 0)]


@pytest.mark.public
@pytest.mark.points(2)
@BANS["softmax"]
@pytest.mark.hint("along which dim do the results add up to 1? What does keepdim=True do for what follows?")
@pytest.mark.parametrize(("shape", "dim"), SHAPES_AND_DIMS)
def test_softmax_values(student: Any, shape: tuple[int, ...], dim: int) -> None:
    """softmax turns the numbers along dim into probabilities, whichever dim that is."""
    x = draw(*shape)
    powers = x.exp()
    compare(
        student.softmax(x, dim),
        torch.softmax(x, dim),
        rule=f"exp(x) / sum(exp(x)), summed over dim {dim}",
        mistakes={
            **{f"summing over dim {other}": powers / powers.sum(other, keepdim=True) for other in range(x.dim())},
            "summing over the whole tensor": powers / powers.sum(),
            "leaving out the sum": powers,
            "computing in float32": torch.softmax(x.float(), dim).double(),
        },
    )


@pytest.mark.points(2)
@BANS["softmax"]
@pytest.mark.hint("whose maximum do you take off: that of the row, or that of the whole tensor?")
@pytest.mark.parametrize("dim", [0, 1], ids=["columns", "rows"])
def test_softmax_keeps_distant_rows_apart(student: Any, dim: int) -> None:
    """softmax gives each row its probabilities, even where another row lies far above it.

    With the maximum of the whole tensor taken off, every exp of the lower row is 0, and 0 / 0 is NaN.
    """
    x = torch.randn(2, D)
    x[1] -= 500.0
    if dim == 0:
        x = x.t()
    expected = torch.softmax(x, dim)
    powers = (x - x.max()).exp()
    mistakes = {"taking off the maximum of the whole tensor": powers / powers.sum(dim, keepdim=True)}
    compare(student.softmax(x, dim), expected, rule="exp(x) / sum(exp(x)), row by row", mistakes=mistakes)


@pytest.mark.points(1)
@BANS["softmax"]
@pytest.mark.hint("exp(-inf) is 0: what do you take off before, and is that finite?")
def test_softmax_of_masked_entries(student: Any) -> None:
    """softmax gives entries of -inf probability 0 and shares 1 among the others, however low they are.

    A finite stand-in for -inf, or an average where the maximum belongs, is caught here.
    """
    x = torch.randn(B, D)
    x[0, 1] = x[1, 2] = x[1, 4] = x[2, 0] = -math.inf
    x[2] -= 1000.0
    expected = torch.softmax(x, 1)
    compare(student.softmax(x, 1), expected, rule="probability 0 for -inf, the usual ones beside it")


@pytest.mark.points(1)
@BANS["softmax"]
@pytest.mark.hint("what is 0 / 0? Is there a line in your code that hides it?")
def test_softmax_without_a_finite_maximum(student: Any) -> None:
    """softmax gives NaN for a row of nothing but -inf and for one with +inf in it, as PyTorch does.

    `nan_to_num`, or a number added to the sum, hides such a row.
    """
    x = torch.randn(B, D)
    x[0], x[2, 3] = -math.inf, math.inf
    expected = torch.softmax(x, 1)
    mistakes = {
        "hiding NaN": expected.nan_to_num(0.0),
        "an even share for masked rows": expected.nan_to_num(1 / D),
    }
    compare(student.softmax(x, 1), expected, rule="NaN in the rows that have no answer", mistakes=mistakes)


@pytest.mark.points(1)
@BANS["softmax"]
@pytest.mark.hint("what is the maximum of no numbers? And what is there to do when x holds none?")
@pytest.mark.parametrize("shape", [(3, 0), (0, 3)])
@pytest.mark.parametrize("dim", [0, 1, -1])
def test_softmax_of_empty_dims(student: Any, shape: tuple[int, ...], dim: int) -> None:
    """softmax of a tensor without numbers is empty, whichever of its dims is the empty one."""
    x = draw(*shape)
    compare(student.softmax(x, dim), draw(*shape), rule="an empty tensor of the shape of x")


@pytest.mark.points(1)
@BANS["softmax"]
@pytest.mark.hint("float16 ends at 65504: can a sum of exponentials reach that?")
def test_softmax_of_a_long_row_in_float16(student: Any) -> None:
    """softmax of a long float16 row works: the sum is taken in a wider dtype.

    A sum that has become inf makes every probability 0.
    """
    x = torch.full((2, 70_000), 1.0, dtype=torch.float16) * torch.randint(1, 5, (2, 1)).to(torch.float16)
    expected = torch.softmax(x.float(), 1).to(torch.float16)
    compare(
        student.softmax(x, 1),
        expected,
        rule="equal shares for equal numbers",
        mistakes={"a sum that overflows": torch.zeros_like(expected)},
        rtol=2e-2,
        atol=0,
    )


@pytest.mark.points(1)
@BANS["softmax"]
@pytest.mark.hint("can the sum of the exponentials be 0 after the maximum is taken off? What needs to be added to it?")
@pytest.mark.parametrize("dim", [0, 2])
def test_softmax_of_one_entry(student: Any, dim: int) -> None:
    """softmax of a single number is 1, to the last digit.

    A small number added to the denominator keeps the probabilities from adding up to 1.
    """
    x = draw(1, T, 1)
    expected = torch.ones(1, T, 1, dtype=torch.float64)
    compare(student.softmax(x, dim), expected, rule="probability 1 for the only entry", rtol=1e-12, atol=0)


# --- 8. PReLU -----------------------------------------------------------------------------------


def prelu(student: Any, weight: Tensor) -> Any:
    """The student's PReLU in float64, holding `weight`."""
    layer = student.PReLU(len(weight))
    layer.to(torch.float64)
    layer.load_state_dict({"weight": weight})
    return layer


@pytest.mark.public
@pytest.mark.points(1)
@BANS["PReLU"]
@pytest.mark.hint("max(0, x) + slope * min(0, x): what is left for a negative x?")
def test_prelu_shares_one_slope(student: Any) -> None:
    """PReLU has one slope for all negative numbers, 0.25 at first."""
    compare(
        student.PReLU()(torch.tensor([[-4.0, 4.0]])),
        torch.tensor([[-1.0, 4.0]]),
        rule="x where x > 0, else slope * x",
        mistakes={"max(0, slope * x)": torch.tensor([[0.0, 1.0]])},
    )
    weight, x = draw(1), draw(N, C, L)
    expected = F.prelu(x, weight)
    mistakes = {"max(0, slope * x)": (weight * x).relu(), "the slope it started with": F.prelu(x, weight * 0 + 0.25)}
    compare(prelu(student, weight)(x), expected, rule="x where x > 0, else slope * x", mistakes=mistakes)


@pytest.mark.public
@pytest.mark.points(2)
@BANS["PReLU"]
@pytest.mark.hint("the slopes have shape (C,): which shape stands beside (N, C, …) so that they meet dim 1?")
@pytest.mark.parametrize("inner", [(), (L,), (3, 5)], ids=["(N, C)", "(N, C, L)", "(N, C, H, W)"])
def test_prelu_has_a_slope_for_each_channel(student: Any, inner: tuple[int, ...]) -> None:
    """PReLU has a slope for each channel, which is dim 1, whatever follows it."""
    weight, x = draw(C), draw(N, C, *inner)
    expected = F.prelu(x, weight)
    mistakes = {"the first channel's slope for all": F.prelu(x, weight[:1])}
    compare(prelu(student, weight)(x), expected, rule="x where x > 0, else the slope of its channel", mistakes=mistakes)


@pytest.mark.points(1)
@BANS["PReLU"]
@pytest.mark.hint("with all sizes equal, broadcasting never complains: which dim do your slopes meet?")
@pytest.mark.parametrize("dims", [2, 3, 4])
def test_prelu_channel_is_dim_one(student: Any, dims: int) -> None:
    """PReLU's channels are dim 1 also where other dims have the same size.

    Slopes that meet the last dim raise no error there, and give wrong numbers.
    """
    weight, x = draw(C), draw(*[C] * dims)
    expected = F.prelu(x, weight)
    first = F.prelu(x.transpose(0, 1), weight).transpose(0, 1)
    mistakes = {"slopes along the samples": first}
    if dims > 2:
        mistakes["slopes along the last dim"] = F.prelu(x.transpose(1, -1), weight).transpose(1, -1)
    compare(prelu(student, weight)(x), expected, rule="x where x > 0, else the slope of its channel", mistakes=mistakes)


@pytest.mark.points(2)
@BANS["PReLU"]
@pytest.mark.hint("print list(layer.named_parameters()): does an optimizer find the slopes, and how do they start?")
@pytest.mark.parametrize(
    ("arguments", "start"),
    [({}, [0.25]), ({"num_parameters": C}, [0.25] * C), ({"num_parameters": 3, "init": -0.5}, [-0.5] * 3)],
    ids=["default", "per channel", "another start"],
)
def test_prelu_registers_its_slopes(student: Any, arguments: dict[str, Any], start: list[float]) -> None:
    """PReLU's slopes are a parameter called weight, of shape (num_parameters,), filled with init.

    A plain tensor or a buffer is never trained.
    """
    layer = student.PReLU(**arguments)
    found = {name: (tuple(p.shape), p.requires_grad) for name, p in layer.named_parameters()}
    assert found == {"weight": ((len(start),), True)}, "the only parameter is weight, of shape (num_parameters,)"
    compare(layer.weight.detach().clone(), torch.tensor(start), rule="init in every slope")
    assert set(layer.state_dict()) == {"weight"}, "the state dict holds weight and nothing else"


@pytest.mark.points(1)
@BANS["PReLU"]
@pytest.mark.hint("slope_c is used wherever channel c is negative: do all those places reach weight.grad?")
@pytest.mark.parametrize("slopes", [1, C], ids=["shared", "per channel"])
def test_prelu_gradients(student: Any, slopes: int) -> None:
    """PReLU's slopes learn: gradients reach the input and the slopes."""
    weight, x, g = draw(slopes), draw(N, C, L), draw(N, C, L)
    ours = [x.clone().requires_grad_(), weight.clone().requires_grad_()]
    right_x, right_weight = torch.autograd.grad((F.prelu(*ours) * g).sum(), ours)
    layer = prelu(student, weight)
    x.requires_grad_()
    check_gradient(layer(x), x, g, right_x)
    compare(layer.weight.grad, right_weight, rule="the gradient of weight")


@pytest.mark.points(1)
@BANS["PReLU"]
@pytest.mark.hint("what may training turn a slope into? Is your formula the same function then?")
def test_prelu_takes_any_slope(student: Any) -> None:
    """PReLU takes the slopes as they are: negative, zero, above one.

    Slopes that are clipped, or a maximum of x and slope * x, give another function.
    """
    weight, x = torch.tensor([-1.5, -0.25, 0.0, 1.0, 2.5], dtype=torch.float64), draw(8, 5, L)
    expected = F.prelu(x, weight)
    slope = weight[:, None]
    mistakes = {
        "slopes clipped at 0": F.prelu(x, weight.relu()),
        "slopes clipped to [0, 1]": F.prelu(x, weight.clamp(0, 1)),
        "the larger of x and slope * x": torch.maximum(x, slope * x),
        "the absolute value of the slopes": F.prelu(x, weight.abs()),
    }
    compare(prelu(student, weight)(x), expected, rule="x where x > 0, else the slope of its channel", mistakes=mistakes)


@pytest.mark.points(1)
@BANS["PReLU"]
@pytest.mark.hint("which numbers of slopes make sense for (N, C, …)? Broadcasting allows more than those")
@pytest.mark.parametrize(
    ("slopes", "shape"),
    [(C, (N, C + 1, L)), (L, (N, C, L)), (C, (N, 1, L)), (N, (N, C))],
    ids=["one channel more", "length", "one channel", "samples"],
)
def test_prelu_rejects_other_channel_counts(student: Any, slopes: int, shape: tuple[int, ...]) -> None:
    """PReLU raises an error where it has neither one slope nor one for each channel.

    Broadcasting would pair them with another dim, or blow up a single channel, without a word.
    """
    weight, x = draw(slopes), draw(*shape)
    fitting = draw(N, slopes, 3)
    expected = F.prelu(fitting, weight)
    layer = prelu(student, weight)
    compare(layer(fitting), expected, rule="x where x > 0, else the slope of its channel")
    with pytest.raises((ValueError, RuntimeError, IndexError, AssertionError)):
        layer(x)


# --- on an accelerator --------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.points(3)
@pytest.mark.hint("is something computed in a dtype that is too narrow, or made on another device?")
@over(list(ORACLES))
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bf16", "f16"])
def test_functions_on_the_accelerator(student: Any, device: torch.device, name: str, dtype: torch.dtype) -> None:
    """On an accelerator, half precision comes close to float32."""
    x = torch.randn(B, T, D).clamp(-4, 4).to(dtype)
    expected = ORACLES[name](x.float()).to(dtype)
    x = x.to(device)
    if name == "PReLU":
        layer = student.PReLU()
        layer.to(device=device, dtype=dtype)
        answer = layer(x)
    else:
        answer = apply(student, name, x)
    assert isinstance(answer, Tensor) and answer.device.type == device.type, "the result is not where the input is"
    compare(answer.detach().cpu(), expected, rule=f"{name} of x, in the dtype of x", rtol=1e-2, atol=1e-2)


SYNC_MODE = "lambda *_: __import__('torch').cuda.set_sync_debug_mode({!r})"
"""A hook of a module: what makes the CPU wait for the GPU is an error ('error') or not ('default')."""


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("does your code look at a number on the GPU: .item(), float(x.max()), if x.max() > 0?")
@over(list(ORACLES))
def test_functions_do_not_wait_for_results(student: Any, remote: Remote, device: torch.device, name: str) -> None:
    """On an accelerator, nothing makes the CPU wait for a result.

    `.item()` and `if (x > 0).any()` stop until the GPU is done.
    """
    x = torch.randn(B, T, D)
    expected = ORACLES[name](x)
    x = x.to(device)
    if name == "softmax":
        call = remote("functools").partial(student.softmax, dim=1)
    elif name == "PReLU":
        layer = student.PReLU()
        layer.to(device)
        call = layer.forward
    else:
        call = getattr(student, name)
    box = remote("torch.nn").Identity()  # its hooks run in the process where the function runs, right around it
    box.forward = call
    box(x)  # the first call may load kernels
    if device.type == "cuda":
        box.register_forward_pre_hook(remote("builtins").eval(SYNC_MODE.format("error")))
        box.register_forward_hook(remote("builtins").eval(SYNC_MODE.format("default")), always_call=True)
    compare(box(x).detach().cpu(), expected, rule="the same as on the CPU", rtol=1e-4, atol=1e-4)
