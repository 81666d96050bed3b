"""Losses and updates: log_softmax, nll_loss, cross_entropy, accuracy, sgd_step, clip_grad_norm_.

What the losses have in common is tested over all of them, each with its own bans; what one of
them has for itself follows, task by task. The oracles are PyTorch's own functions and its SGD.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from grader.testing import compare

N, C, T, H, W = 6, 5, 4, 2, 3  # samples, classes, positions, height and width

Remote = Callable[[str], Any]
FakeCuda = Callable[..., Any]

no_softmax = pytest.mark.forbid("torch.softmax", "torch.log_softmax", "torch.logsumexp")
no_nll = pytest.mark.forbid("torch.nn.functional.nll_loss")
no_cross_entropy = pytest.mark.forbid("torch.nn.functional.cross_entropy", "torch.softmax", "torch.log_softmax")
no_optimizer = pytest.mark.forbid("torch.optim")
no_clip = pytest.mark.forbid("torch.nn.utils.clip_grad_norm_", "torch.nn.utils.clip_grad_value_")

BANS: dict[str, Any] = {
    "log_softmax": no_softmax,
    "nll_loss": no_nll,
    "cross_entropy": no_cross_entropy,
    "accuracy": (),
    "sgd_step": no_optimizer,
    "clip_grad_norm_": no_clip,
}

LOSSES = ["log_softmax", "nll_loss", "cross_entropy"]
ALL = [*LOSSES, "accuracy"]


def over(names: list[str]) -> pytest.MarkDecorator:
    """Run a test for each of the functions, with the bans of its own row."""
    return pytest.mark.parametrize("name", [pytest.param(name, marks=BANS[name]) for name in names])


def draw(*shape: int) -> Tensor:
    """Normal numbers in float64, from the generator that is seeded anew for each test."""
    return torch.randn(shape, dtype=torch.float64)


def there(remote: Remote, source: str) -> Any:
    """A function from its source, made in the student's process."""
    return remote("builtins").eval(source)


def oracle(name: str, x: Tensor, target: Tensor) -> Tensor:
    """PyTorch's answer; accuracy as a 0-d tensor, log_softmax over dim 1."""
    if name == "log_softmax":
        return F.log_softmax(x, 1)
    if name == "accuracy":
        return (x.argmax(1) == target).double().mean()
    return F.nll_loss(x, target) if name == "nll_loss" else F.cross_entropy(x, target)


def apply(student: Any, name: str, x: Tensor, target: Tensor) -> Any:
    """The student's answer to the same question."""
    function = getattr(student, name)
    if name == "accuracy":
        return number(function(x, target))
    return function(x, 1) if name == "log_softmax" else function(x, target)


def number(answer: Any) -> Tensor:
    """The float that `accuracy` is to return, as a tensor."""
    assert isinstance(answer, (float, int)), "a float is asked for, not a tensor"
    return torch.tensor(float(answer), dtype=torch.float64)


def slack(name: str) -> float | None:
    """The absolute tolerance where it is not the usual one: an accuracy may have been a mean in float32."""
    return 1e-6 if name == "accuracy" else None


def slope_of(function: Callable[[Tensor], Tensor], x: Tensor, g: Tensor) -> Tensor:
    """The gradient of (function(x) * g).sum() in x."""
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad((function(x) * g).sum(), x)[0]


def check_gradient(answer: Any, x: Tensor, g: Tensor, right: Tensor, mistakes: dict[str, Tensor] | None = None) -> None:
    """Go back from `answer`, which came of x, and hold x.grad against `right`."""
    fits = isinstance(answer, Tensor) and answer.shape == g.shape
    assert fits, "a tensor of another shape is asked for"
    assert answer.requires_grad, "the result is not connected to the input: no gradient can flow back"
    (answer * g).sum().backward()
    compare(x.grad, right, rule="the gradient of the first argument", mistakes=mistakes)


# --- what the losses have in common -------------------------------------------------------------


@pytest.mark.points(2)
@pytest.mark.hint("try x.t(), x[::2] and an expanded x, and a target from every second entry: does memory order count?")
@over(ALL)
@pytest.mark.parametrize("layout", ["transposed", "every second row", "expanded"])
def test_losses_read_views(student: Any, name: str, layout: str) -> None:
    """Losses take views of other tensors, as numbers and as targets.

    `x.view(…)` works on contiguous memory alone.
    """
    x = {
        "transposed": draw(C, N).t(),
        "every second row": draw(2 * N, C)[::2],
        "expanded": draw(1, C).expand(N, C),
    }[layout]
    target = torch.randint(C, (2 * N,))[::2]
    expected = oracle(name, x.contiguous(), target.contiguous())
    compare(apply(student, name, x, target), expected, rule=f"{name} of a view is {name} of its copy", atol=slack(name))


@pytest.mark.points(2)
@pytest.mark.hint("print both arguments before and after the call: which of your lines write into them?")
@over(ALL)
def test_losses_leave_their_arguments_alone(student: Any, name: str) -> None:
    """Losses leave numbers and targets as they were.

    `target[target == ignore_index] = 0` changes the caller's targets.
    """
    x, target = draw(N, C), torch.randint(C, (N,))
    if name == "nll_loss":
        target[::2] = -100
    numbers, places = x.clone(), target.clone()
    expected = oracle(name, x, target)
    compare(apply(student, name, x, target), expected, rule=name, atol=slack(name))
    compare(x, numbers, rule="the first argument as it was", rtol=0, atol=0)
    compare(target, places, rule="the target as it was")


@pytest.mark.points(2)
@pytest.mark.hint("where do you squeeze, and what else has the size 1?")
@over(ALL)
@pytest.mark.parametrize(("rows", "classes"), [(1, C), (N, 1), (1, 1)], ids=["one row", "one class", "one of each"])
def test_losses_of_one_row_or_class(student: Any, name: str, rows: int, classes: int) -> None:
    """Losses work with one row, and with one class.

    A squeeze of all dims, and a reduction that forgets keepdim, are caught here.
    """
    x, target = draw(rows, classes), torch.randint(classes, (rows,))
    expected = oracle(name, x, target)
    compare(
        apply(student, name, x, target), expected, rule=f"{name}, in the shape it has for many rows", atol=slack(name)
    )


@pytest.mark.points(3)
@pytest.mark.hint("take one sample, then none at all: what is the mean over nothing?")
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        pytest.param("log_softmax", "no rows", marks=no_softmax),
        pytest.param("nll_loss", "no rows", marks=no_nll),
        pytest.param("nll_loss", "all ignored", marks=no_nll),
        pytest.param("cross_entropy", "no rows", marks=no_cross_entropy),
    ],
)
def test_losses_of_nothing(student: Any, name: str, kind: str) -> None:
    """The mean over no rows is NaN, as in PyTorch, and log_softmax of no rows is empty.

    A 0 would claim a perfect batch; `max(count, 1)` under the fraction hides that nothing was there.
    """
    rows = 0 if kind == "no rows" else N
    x, target = draw(rows, C), torch.full((rows,), -100)
    expected = x.clone() if name == "log_softmax" else torch.tensor(torch.nan, dtype=torch.float64)
    zero = {"a 0 in place of 0 / 0": torch.zeros((), dtype=torch.float64)}
    compare(
        apply(student, name, x, target),
        expected,
        rule="NaN for a mean over nothing, no rows for no rows",
        mistakes=zero,
    )


@pytest.mark.points(3)
@pytest.mark.hint("does everything between input and result stay a tensor of the graph? By what is the sum divided?")
@over(LOSSES)
def test_losses_have_the_right_gradient(student: Any, name: str) -> None:
    """The gradients of the losses are those of PyTorch.

    `.item()`, `.detach()`, `.data` and `no_grad` cut the graph; in-place changes damage it.
    """
    x, target = draw(N, C), torch.randint(C, (N,))
    g = draw(N, C) if name == "log_softmax" else draw()
    right = slope_of(lambda t: oracle(name, t, target), x, g)
    mistakes = {"a sum in place of the mean": right * N} if name != "log_softmax" else None
    x.requires_grad_()
    check_gradient(apply(student, name, x, target), x, g, right, mistakes)


@pytest.mark.points(2)
@pytest.mark.hint("call backward far out: which exponential overflowed, or which logarithm got a 0?")
@over(["log_softmax", "cross_entropy"])
def test_losses_have_finite_gradients_far_out(student: Any, name: str) -> None:
    """The gradients of log_softmax and cross_entropy are right far from 0, in float32.

    A value that was clamped, or rescued afterwards, has a gradient of 0 or NaN.
    """
    x, target = 1000 * torch.randn(N, C), torch.randint(C, (N,))
    x[0, 0], target[0] = x[0].max() + 500, 1  # surely wrong by far: the gradient must still pull
    g = torch.randn(N, C) if name == "log_softmax" else torch.ones(())
    right = slope_of(lambda t: oracle(name, t, target), x.double(), g.double()).float()
    x.requires_grad_()
    check_gradient(apply(student, name, x, target), x, g, right)


@pytest.mark.points(2)
@pytest.mark.hint("which of your tensors has a dtype that x does not decide?")
@over(LOSSES)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bfloat16", "float16"])
def test_losses_keep_half_precision(student: Any, name: str, dtype: torch.dtype) -> None:
    """Losses answer in the dtype of their input, in half precision too."""
    x, target = torch.randn(N, C).to(dtype), torch.randint(C, (N,))
    expected = oracle(name, x.float(), target).to(dtype)
    compare(apply(student, name, x, target), expected, rule=f"{name}, in the dtype of the first argument")


@pytest.mark.points(1)
@pytest.mark.hint("which of your tensors is made without saying on which device?")
@over(LOSSES)
def test_losses_work_on_another_device(student: Any, fake_cuda: FakeCuda, name: str) -> None:
    """Losses work on the device of their input (checked on a simulated GPU)."""
    x, target = torch.randn(N, C), torch.randint(C, (N,))
    fake_cuda(getattr(student, name), x, *([1] if name == "log_softmax" else [target]))


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("which of your tensors is made without saying on which device?")
@over(ALL)
def test_losses_on_the_accelerator(student: Any, device: torch.device, name: str) -> None:
    """On an accelerator, the losses and accuracy are what they are on the CPU."""
    x, target = torch.randn(N, C), torch.randint(C, (N,))
    expected = oracle(name, x, target)
    answer = apply(student, name, x.to(device), target.to(device))
    if name != "accuracy":
        assert answer.device.type == device.type, "the result is not on the device of the input"
    compare(answer.cpu(), expected, rule="the same as on the CPU", rtol=1e-4, atol=1e-4)


# --- 1. log_softmax -----------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_softmax
@pytest.mark.hint("exp of your result along dim: does it add up to 1, and along which dim?")
def test_log_softmax_values(student: Any) -> None:
    """log_softmax is the logarithm of the softmax along dim.

    Another dim, the softmax itself and another base of the logarithm are told apart.
    """
    x = torch.tensor([[0.0, 0.0], [0.0, 1.0]])
    expected = torch.tensor([[-0.693147, -0.693147], [-1.313262, -0.313262]])
    compare(student.log_softmax(x, dim=1), expected, rule="the logarithm of softmax over dim 1")

    x = draw(N, C)
    mistakes = {
        "the other dim": F.log_softmax(x, 0),
        "softmax without its logarithm": F.softmax(x, 1),
        "minus the logarithm": -F.log_softmax(x, 1),
        "all numbers taken as one row": F.log_softmax(x.flatten(), 0).view(N, C),
        "a logarithm to base 10": F.softmax(x, 1).log10(),
    }
    compare(
        student.log_softmax(x, 1), F.log_softmax(x, 1), rule="the logarithm of softmax over dim 1", mistakes=mistakes
    )


@pytest.mark.points(1)
@no_softmax
@pytest.mark.hint("try 1-D and 3-D input, each dim, and dims counted from the end: what must keepdim do?")
@pytest.mark.parametrize(
    ("shape", "dim"), [((C,), 0), ((C,), -1), ((3, C, T), 0), ((3, C, T), 1), ((3, C, T), 2), ((3, C, T), -2)]
)
def test_log_softmax_along_each_dim(student: Any, shape: tuple[int, ...], dim: int) -> None:
    """log_softmax works along any dim of any shape."""
    x = draw(*shape)
    compare(student.log_softmax(x, dim), F.log_softmax(x, dim), rule="the logarithm of softmax along dim")


@pytest.mark.public
@pytest.mark.points(3)
@no_softmax
@pytest.mark.hint("what is exp(1000) in float32, and exp(-1000)? Which number may be taken off a whole row?")
@pytest.mark.parametrize("offset", [1000.0, -1000.0, 0.0], ids=["far above", "far below", "rows far apart"])
def test_log_softmax_stands_large_inputs(student: Any, offset: float) -> None:
    """log_softmax is finite and right for large numbers, and for rows that lie far apart.

    log(softmax(x)) is -inf where a probability is too small for float32; one maximum for all rows
    leaves nothing of a row that lies far below another.
    """
    x = torch.randn(N, C) + offset
    x[::2, 0] += 300  # -300 is no probability that float32 knows, but an ordinary logarithm
    if offset == 0.0:
        x[1::2] -= 500
    expected = F.log_softmax(x.double(), 1).float()
    mistakes = {
        "the logarithm of a finished softmax": F.softmax(x, 1).log(),
        "exponentials without the maximum taken off first": x - x.exp().sum(1, keepdim=True).log(),
        "one maximum for all rows": (x - x.max()) - (x - x.max()).exp().sum(1, keepdim=True).log(),
    }
    # x - (maximum + logarithm) is as good a form, and is rounded where x is: 1e-4 apart in float32
    rule = "x - log(sum(exp(x))), computed safely"
    compare(student.log_softmax(x, 1), expected, rule=rule, mistakes=mistakes, atol=5e-4)


@pytest.mark.points(1)
@no_softmax
@pytest.mark.hint("mask a class out with -inf: what is its logarithm of a probability, and what becomes of the others?")
def test_log_softmax_of_minus_infinity(student: Any) -> None:
    """log_softmax gives -inf for an entry of -inf, and ignores it for the others.

    -inf times 0 is NaN, and a clamp makes an impossible class possible.
    """
    x = draw(N, C)
    x[::2, 1], x[1, 3] = -torch.inf, -torch.inf
    expected = F.log_softmax(x, 1)
    compare(student.log_softmax(x, 1), expected, rule="-inf stays -inf, the rest is softmax over what is left")


@pytest.mark.points(1)
@no_softmax
@pytest.mark.hint("how far does float16 count, and in which dtype do you add?")
def test_log_softmax_of_a_long_float16_row(student: Any) -> None:
    """log_softmax of a float16 row that is longer than the largest number of float16 is finite."""
    x = torch.full((2, 70_000), float(torch.randn(())), dtype=torch.float16)
    expected = F.log_softmax(x.float(), 1).half()
    compare(student.log_softmax(x, 1), expected, rule="the logarithm of one part in so many")


# --- 2. nll_loss --------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_nll
@pytest.mark.hint("which number of each row do you need, and how do you ask a tensor for one number of each row?")
def test_nll_loss_values(student: Any) -> None:
    """nll_loss is the mean of minus the log-probabilities at the targets.

    The numbers are taken as they are: they are logarithms already.
    """
    log_probs, target = torch.tensor([[-1.0, -2.0], [-3.0, -4.0], [-5.0, -7.0]]), torch.tensor([1, 0, 1])
    compare(student.nll_loss(log_probs, target), torch.tensor(4.0), rule="the mean of 2, 3 and 7")

    x, target = draw(N, C), torch.randint(C, (N,))
    right = F.nll_loss(x, target)
    mistakes = {
        "no minus": -right,
        "a sum in place of the mean": N * right,
        "a mean over all classes": right / C,
        "columns picked for all rows": -x[:, target].mean(),
        "a log_softmax too many": F.cross_entropy(x, target),
    }
    compare(student.nll_loss(x, target), right, rule="the mean of -log_probs at the targets", mistakes=mistakes)


def some_ignored(ignored: int) -> Tensor:
    """Targets for N rows, the first and the fourth of them `ignored`, the others classes that are not."""
    target = (ignored + 1 + torch.randint(C - 1, (N,))) % C if ignored >= 0 else torch.randint(C, (N,))
    target[::3] = ignored
    return target


@pytest.mark.public
@pytest.mark.points(3)
@no_nll
@pytest.mark.hint("how many rows count, and which index may you use for a row that does not?")
@pytest.mark.parametrize("ignored", [None, -1, 2], ids=["the default", "-1", "a class"])
def test_nll_loss_averages_over_kept_rows(student: Any, ignored: int | None) -> None:
    """nll_loss is the mean over the rows whose target is not ignore_index.

    Dividing by all rows makes the loss depend on the padding; an index of -100 does not exist, and
    one of -1 is silently the last class.
    """
    x, index = draw(N, C), -100 if ignored is None else ignored
    target = some_ignored(index)
    kept = target != index
    right = F.nll_loss(x, target, ignore_index=index)
    mistakes = {
        "a mean over all rows": right * kept.sum() / N,
        "a sum over the kept rows": right * kept.sum(),
        "taking class 0 for ignored rows": -x[range(N), torch.where(kept, target, 0)].mean(),
    }
    if ignored is not None:
        mistakes["paying no heed to ignore_index"] = -x[range(N), target].mean()
    answer = student.nll_loss(x, target) if ignored is None else student.nll_loss(x, target, ignore_index=ignored)
    compare(answer, right, rule="the mean over the rows that are not ignored", mistakes=mistakes)

    x, target = draw(3, 1), torch.tensor([0, -100, 0])
    compare(student.nll_loss(x, target), -(x[0, 0] + x[2, 0]) / 2, rule="the same where there is one class")


@pytest.mark.points(1)
@no_nll
@pytest.mark.hint("what should a row that does not count do to the weights?")
def test_nll_loss_gradient_with_ignored_rows(student: Any) -> None:
    """nll_loss has gradient 0 in ignored rows, and -1 / (number of kept rows) at the other targets."""
    x, target, g = draw(N, C), some_ignored(-100), draw()
    right = slope_of(lambda t: F.nll_loss(t, target), x, g)
    mistakes = {"a mean over all rows": right * (target != -100).sum() / N}
    x.requires_grad_()
    check_gradient(student.nll_loss(x, target), x, g, right, mistakes)


# --- 3. cross_entropy ---------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_cross_entropy
@pytest.mark.hint("which two functions of yours make it, and which of them takes the logits?")
def test_cross_entropy_values(student: Any) -> None:
    """cross_entropy of raw logits is nll_loss of their log_softmax."""
    logits, target = torch.tensor([[0.0, 0.0], [0.0, 1.0]]), torch.tensor([0, 0])
    compare(student.cross_entropy(logits, target), torch.tensor(1.003205), rule="the mean of 0.6931 and 1.3133")

    x, target = draw(N, C), torch.randint(C, (N,))
    right = F.cross_entropy(x, target)
    mistakes = {
        "a softmax before the loss": F.cross_entropy(x.softmax(1), target),
        "nll_loss of the raw logits": F.nll_loss(x, target),
        "nll_loss of probabilities": F.nll_loss(x.softmax(1), target),
        "a softmax over the rows": F.nll_loss(x.log_softmax(0), target),
        "a sum in place of the mean": N * right,
    }
    compare(
        student.cross_entropy(x, target),
        right,
        rule="the mean of -log_softmax(logits) at the targets",
        mistakes=mistakes,
    )


@pytest.mark.public
@pytest.mark.points(1)
@no_cross_entropy
@pytest.mark.hint("the loss of sure and right answers goes to 0: what keeps yours above?")
def test_cross_entropy_of_sure_answers(student: Any) -> None:
    """cross_entropy of answers that are sure and right is 0.

    With a softmax before the loss, ten classes can never get below 1.46.
    """
    target = torch.randperm(10)
    logits = 40 * F.one_hot(target, 10).float()
    mistakes = {"a softmax before the loss": F.cross_entropy(logits.softmax(1), target)}
    compare(student.cross_entropy(logits, target), torch.tensor(0.0), rule="no loss", mistakes=mistakes)


@pytest.mark.points(2)
@no_cross_entropy
@pytest.mark.hint("print shapes: where do the classes go before every position becomes a row?")
@pytest.mark.parametrize("further", [(T,), (H, W)], ids=["positions", "pixels"])
def test_cross_entropy_with_further_dims(student: Any, further: tuple[int, ...]) -> None:
    """cross_entropy takes the classes in dim 1, whatever follows, and averages over all targets.

    A reshape to (-1, C) without moving the classes to the end mixes positions with classes.
    """
    x, target, g = draw(N, C, *further), torch.randint(C, (N, *further)), draw()
    expected = F.cross_entropy(x, target)
    right = slope_of(lambda t: F.cross_entropy(t, target), x, g)
    mistakes = {
        "rows cut without moving the classes to the end": F.cross_entropy(x.reshape(-1, C), target.flatten()),
        "a sum over positions": expected * target[0].numel(),
    }
    x.requires_grad_()
    answer = student.cross_entropy(x, target)
    compare(answer, expected, rule="the mean over all samples and positions", mistakes=mistakes)
    check_gradient(answer, x, g, right)


@pytest.mark.points(2)
@no_cross_entropy
@pytest.mark.hint("which shapes may target have, given that of logits? Who notices if it has another?")
@pytest.mark.parametrize(("positions", "classes"), [(4, 6), (6, 4)], ids=["more classes", "fewer classes"])
def test_cross_entropy_refuses_classes_last(student: Any, positions: int, classes: int) -> None:
    """cross_entropy refuses logits that have their classes in the last dim.

    gather is content with an index that is smaller than its input, and gives a wrong loss in silence.
    """
    logits, target = draw(N, positions, classes), torch.randint(4, (N, positions))
    with pytest.raises((ValueError, RuntimeError, IndexError, AssertionError)):
        student.cross_entropy(logits, target)


@pytest.mark.points(3)
@no_cross_entropy
@pytest.mark.hint("what is the loss of an answer that is sure and wrong, and who may bound it?")
def test_cross_entropy_stands_large_logits(student: Any) -> None:
    """cross_entropy is right for large logits: sure and wrong answers cost as much as they should.

    A clamp of the probability, or a small number added to it, bounds the loss.
    """
    x = 1e4 * torch.randn(N, C)
    target = x.argmin(1)
    right = F.cross_entropy(x.double(), target).float()
    probabilities = x.softmax(1)[range(N), target]
    mistakes = {
        "the logarithm of a finished softmax": -probabilities.log().mean(),
        "a softmax before the loss": F.cross_entropy(x.softmax(1), target),
    }
    for small in (1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6):
        mistakes[f"a probability kept above {small}"] = -probabilities.clamp(min=small).log().mean()
    compare(student.cross_entropy(x, target), right, rule="the gap between the logits, unbounded", mistakes=mistakes)


# --- 4. accuracy --------------------------------------------------------------------------------


def predicting(predictions: Tensor, classes: int) -> Tensor:
    """Logits whose largest entry in each row is at `predictions`."""
    logits = draw(len(predictions), classes)
    rows = torch.arange(len(predictions))
    logits[rows, predictions] = logits.amax(1) + 0.5 + torch.rand(len(predictions), dtype=torch.float64)
    return logits


def five_of_seven() -> tuple[Tensor, Tensor]:
    """Logits (7, 11) and targets, five of which are met. All predictions differ, so chance cannot help."""
    target = torch.randperm(11)[:7]
    predictions = target.clone()
    wrong = torch.randperm(7)[:2]
    unused = [c for c in range(11) if c not in target.tolist()]
    predictions[wrong] = torch.tensor(unused[:2])
    return predicting(predictions, 11), target


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("print the shapes on both sides of ==; and is your answer a float?")
def test_accuracy_values(student: Any) -> None:
    """accuracy is the share of rows whose largest logit is at the target, as a float.

    (N, 1) == (N,) compares every row with every target.
    """
    logits = torch.tensor([[2.0, 1.0, 0.0], [0.0, 3.0, 1.0], [1.0, 0.0, 4.0], [5.0, 2.0, 1.0]])
    target = torch.tensor([0, 1, 2, 1])
    mistakes = {
        "every row compared with every target": torch.tensor(5 / 16, dtype=torch.float64),
        "a count in place of a share": torch.tensor(3.0, dtype=torch.float64),
        "a percentage": torch.tensor(75.0, dtype=torch.float64),
        "the share of wrong rows": torch.tensor(0.25, dtype=torch.float64),
    }
    right = torch.tensor(0.75, dtype=torch.float64)
    compare(number(student.accuracy(logits, target)), right, rule="right rows / all rows", mistakes=mistakes, atol=1e-6)


@pytest.mark.points(1)
@pytest.mark.hint("in which dtype do you take the mean, and along which dim the argmax?")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=["f64", "f32", "bf16"])
def test_accuracy_of_any_dtype(student: Any, dtype: torch.dtype) -> None:
    """accuracy is exact to 1e-6 whatever the dtype of the logits.

    A mean in the dtype of the logits is rounded to three digits in bfloat16.
    """
    logits, target = five_of_seven()
    answer = number(student.accuracy(logits.to(dtype), target))
    compare(answer, torch.tensor(5 / 7, dtype=torch.float64), rule="right rows / all rows", atol=1e-6)


@pytest.mark.points(1)
@pytest.mark.hint("two logits of a row are the largest: which one is the prediction?")
def test_accuracy_counts_the_first_of_ties(student: Any) -> None:
    """accuracy takes the first of several largest logits as the prediction.

    "The target's logit is the largest" would let a model that gives every class the same be perfect.
    """
    first = torch.randint(0, 2, (9,))
    last = torch.randint(3, C, (9,))
    logits = predicting(first, C)
    logits[range(9), last] = logits[range(9), first]
    order = torch.randperm(9)
    target = torch.where(torch.arange(9) < 3, first, last)
    answer = number(student.accuracy(logits[order], target[order]))
    mistakes = {
        "credit for every tie": torch.tensor(1.0, dtype=torch.float64),
        "the last of the largest": torch.tensor(6 / 9, dtype=torch.float64),
    }
    right = torch.tensor(3 / 9, dtype=torch.float64)
    compare(answer, right, rule="the first of the largest counts", mistakes=mistakes, atol=1e-6)


@pytest.mark.points(1)
@pytest.mark.hint("what does your division do with no rows at all?")
def test_accuracy_of_no_rows(student: Any) -> None:
    """accuracy of an empty batch is 0.0, without an error."""
    answer = number(student.accuracy(draw(0, C), torch.zeros(0, dtype=torch.int64)))
    compare(answer, torch.zeros((), dtype=torch.float64), rule="0.0 where there are no rows")


# --- 5. sgd_step --------------------------------------------------------------------------------

SHAPES = [(3, 4), (5,), ()]
LRS = [0.1, 0.3, 0.05, 0.2, 0.15]

Steps = Sequence[Sequence[Tensor | None]]


def by_torch(
    values: list[Tensor], steps: Steps, momentum: float, weight_decay: float
) -> tuple[list[Tensor], list[Tensor | None]]:
    """Parameters and buffers after these steps of torch.optim.SGD."""
    params = [value.clone().requires_grad_() for value in values]
    optimizer = torch.optim.SGD(params, lr=1.0, momentum=momentum, weight_decay=weight_decay)
    for lr, grads in zip(LRS, steps):
        optimizer.param_groups[0]["lr"] = lr
        for param, grad in zip(params, grads):
            param.grad = None if grad is None else grad.clone()
        optimizer.step()
    buffers = [optimizer.state[param].get("momentum_buffer") for param in params]
    return [param.detach() for param in params], buffers


def by_student(
    student: Any, values: list[Tensor], steps: Steps, momentum: float, weight_decay: float
) -> tuple[list[Tensor], list[Tensor | None]]:
    """The same with the student's steps."""
    params = [value.clone().requires_grad_() for value in values]
    buffers: list[Tensor | None] = [None] * len(params)
    for lr, grads in zip(LRS, steps):
        for param, grad in zip(params, grads):
            param.grad = None if grad is None else grad.clone()
        student.sgd_step(params, buffers, lr, momentum=momentum, weight_decay=weight_decay)
    assert len(buffers) == len(params), "buffers is to stay as long as params"
    return [param.detach() for param in params], buffers


def by_mistake(value: Tensor, grads: list[Tensor], momentum: float, weight_decay: float, mistake: str) -> Tensor:
    """One parameter after these steps, done wrong in one way."""
    buffer: Tensor | None = None
    for lr, grad in zip(LRS, grads):
        step = grad if mistake == "late" else grad + weight_decay * value
        step = step * {"damped": 1 - momentum, "inside": lr}.get(mistake, 1.0)
        first = (1 - momentum) * step if mistake == "first" else step
        buffer = first if buffer is None or mistake == "forgotten" else momentum * buffer + step
        move = step + momentum * buffer if mistake == "nesterov" else buffer
        move = move + weight_decay * value if mistake == "late" else move
        value = value + lr * move if mistake == "uphill" else value - (1 if mistake == "inside" else lr) * move
    return value


MISTAKES = {
    "a first buffer of only (1 - momentum) times the gradient": "first",
    "a factor (1 - momentum) before every gradient": "damped",
    "weight decay added after the momentum": "late",
    "the learning rate inside the buffer": "inside",
    "a buffer that is forgotten between steps": "forgotten",
    "Nesterov's momentum": "nesterov",
    "a step uphill": "uphill",
}


@pytest.mark.public
@pytest.mark.points(2)
@no_optimizer
@pytest.mark.hint("param - lr * gradient, in place: what does weight decay add to the gradient?")
@pytest.mark.parametrize("weight_decay", [0.0, 0.5], ids=["plain", "weight decay"])
def test_sgd_step_without_momentum(student: Any, weight_decay: float) -> None:
    """sgd_step without momentum takes lr times the gradient off, weight decay included.

    The parameter itself changes: a new tensor in its place, or in a list, leaves the model as it was.
    """
    p = torch.tensor([1.0, -2.0], requires_grad=True)
    p.grad = torch.tensor([0.5, 1.0])
    expected = torch.tensor([0.95, -2.1]) if weight_decay == 0 else torch.tensor([0.9, -2.0])
    mistakes = {
        "an unchanged parameter": torch.tensor([1.0, -2.0]),
        "a step uphill": 2 * torch.tensor([1.0, -2.0]) - expected,
    }
    if weight_decay:
        mistakes["leaving the weight decay out"] = torch.tensor([0.95, -2.1])
        mistakes["a weight decay that is not multiplied by lr"] = torch.tensor([0.45, -1.1])
    student.sgd_step([p], [None], 0.1, weight_decay=weight_decay)
    compare(p.detach(), expected, rule="param - lr * (grad + weight_decay * param)", mistakes=mistakes)

    value, steps = draw(N), [[draw(N)] for _ in LRS]
    (right,), _ = by_torch([value], steps, 0.0, weight_decay)
    p, buffers = value.clone().requires_grad_(), [None]
    for lr, (grad,) in zip(LRS, steps):
        p.grad = grad.clone()
        student.sgd_step([p], buffers, lr, **({"weight_decay": weight_decay} if weight_decay else {}))
    compare(p.detach(), right, rule="steps without momentum, and without weight decay, unless they are asked for")

    values, steps = [draw(*shape) for shape in SHAPES], [[draw(*shape) for shape in SHAPES] for _ in LRS]
    rights, _ = by_torch(values, steps, 0.0, weight_decay)
    answers, _ = by_student(student, values, steps, 0.0, weight_decay)
    for answer, right in zip(answers, rights):
        compare(answer, right, rule="the parameters after five steps of torch.optim.SGD")


@pytest.mark.public
@pytest.mark.points(3)
@no_optimizer
@pytest.mark.hint(
    "what is the buffer after the first step? Where do lr and weight decay come in: before it or after it?"
)
@pytest.mark.parametrize("weight_decay", [0.0, 0.4], ids=["momentum", "with weight decay"])
def test_sgd_step_with_momentum(student: Any, weight_decay: float) -> None:
    """sgd_step with momentum makes five steps as torch.optim.SGD does, with a learning rate that changes.

    The first buffer is the whole gradient, weight decay goes into it, and lr does not.
    """
    values, steps = [draw(*shape) for shape in SHAPES], [[draw(*shape) for shape in SHAPES] for _ in LRS]
    rights, right_buffers = by_torch(values, steps, 0.9, weight_decay)
    answers, buffers = by_student(student, values, steps, 0.9, weight_decay)
    for i, (answer, right) in enumerate(zip(answers, rights)):
        mistakes = {
            phrase: by_mistake(values[i], [step[i] for step in steps], 0.9, weight_decay, kind)
            for phrase, kind in MISTAKES.items()
            if kind != "late" or weight_decay
        }
        compare(answer, right, rule="the parameters after five steps of torch.optim.SGD", mistakes=mistakes)
    for buffer, right_buffer in zip(buffers, right_buffers):
        assert right_buffer is not None
        compare(buffer, right_buffer, rule="momentum * buffer + (grad + weight_decay * param), in the caller's list")

    rights, _ = by_torch(values, steps, 1.0, weight_decay)
    answers, _ = by_student(student, values, steps, 1.0, weight_decay)
    for answer, right in zip(answers, rights):
        compare(answer, right, rule="with momentum 1, steps by the sum of all gradients so far")


@pytest.mark.points(2)
@no_optimizer
@pytest.mark.hint("what does weight decay, or a buffer that is not empty, do to a parameter without a gradient?")
def test_sgd_step_skips_parameters_without_gradient(student: Any) -> None:
    """sgd_step leaves a parameter alone whose gradient is None, and its buffer too.

    No gradient is not a gradient of 0: with that, weight decay and momentum would move a frozen parameter.
    """
    values = [draw(*shape) for shape in SHAPES]
    steps: Steps = [[draw(*shape) for shape in SHAPES] for _ in LRS]
    steps = [[None, b if i in (1, 2) else None, c] for i, (_, b, c) in enumerate(steps)]
    rights, right_buffers = by_torch(values, steps, 0.9, 0.3)
    answers, buffers = by_student(student, values, steps, 0.9, 0.3)
    for answer, right in zip(answers, rights):
        compare(answer, right, rule="what torch.optim.SGD makes of parameters without a gradient")
    for buffer, right_buffer in zip(buffers, right_buffers):
        if right_buffer is not None:
            compare(buffer, right_buffer, rule="a buffer that only steps with a gradient change")


ALIVE = (
    "lambda step, p, g: (setattr(p, 'grad', g), b := [None], "
    "[step([p], b, 0.1, momentum=0.9, weight_decay=0.2) for _ in range(2)], "
    "(p.requires_grad, p.is_leaf, b[0].requires_grad))[-1]"
)
"""Two steps, made where the student's function runs: what is p afterwards, and what its buffer?"""


@pytest.mark.points(1)
@no_optimizer
@pytest.mark.hint(
    "is an update a part of the next graph? Look at requires_grad of parameter and buffer after two steps."
)
def test_sgd_step_records_nothing(student: Any, remote: Remote) -> None:
    """sgd_step leaves a parameter a leaf that asks for a gradient, and a buffer without a graph.

    A buffer that is computed from the parameter with autograd on keeps the graphs of all steps.
    """
    p, g = draw(N).requires_grad_(), draw(N)
    asks, leaf, buffer_asks = there(remote, ALIVE)(student.sgd_step, p, g)
    assert asks and leaf, "the parameter is no longer a leaf that asks for a gradient"
    assert not buffer_asks, "the buffer belongs to a graph"


THRICE = (
    "lambda step, p, g, decay: (setattr(p, 'grad', g.clone()), b := [None], "
    "[step([p], b, 0.1, momentum=0.9, weight_decay=decay) for _ in range(3)], p.grad)[-1]"
)
"""Three steps on one gradient, made where the student's function runs: what is p.grad afterwards?"""


@pytest.mark.points(1)
@no_optimizer
@pytest.mark.hint("take a few steps on one and the same gradient and print p.grad: which tensors are the same one?")
@pytest.mark.parametrize("weight_decay", [0.0, 0.3], ids=["momentum", "with weight decay"])
def test_sgd_step_leaves_gradients_alone(student: Any, remote: Remote, weight_decay: float) -> None:
    """sgd_step leaves each p.grad as it was.

    A buffer that *is* the first gradient changes it at the next step; weight decay added to p.grad,
    and a zero_grad of one's own, change it at once.
    """
    p, g = draw(N).requires_grad_(), draw(N)
    grad = there(remote, THRICE)(student.sgd_step, p, g, weight_decay)
    compare(grad, g, rule="the gradient as it was", rtol=0, atol=0)


# --- 6. clip_grad_norm_ -------------------------------------------------------------------------


def with_gradients(*grads: Tensor | None) -> list[Tensor]:
    """Parameters that have these gradients; the one of a None is of shape (3,)."""
    params = [torch.randn(3) if grad is None else torch.randn(grad.shape).to(grad.dtype) for grad in grads]
    for param, grad in zip(params, grads):
        param.requires_grad_().grad = None if grad is None else grad.clone()
    return params


def length(grads: Sequence[Tensor]) -> Tensor:
    total: Tensor = torch.linalg.vector_norm(torch.cat([grad.flatten() for grad in grads]))
    return total


@pytest.mark.public
@pytest.mark.points(2)
@no_clip
@pytest.mark.hint("how long is one vector of all entries, and which one factor makes it as long as max_norm?")
def test_clip_grad_norm_scales_all_gradients(student: Any) -> None:
    """clip_grad_norm_ scales all gradients by one factor and returns their length before.

    A norm for each tensor changes the direction of the step, and so does a clamp of each entry.
    """
    a, b = with_gradients(torch.tensor([3.0]), torch.tensor([4.0]))
    answer = student.clip_grad_norm_([a, b], max_norm=1.0)
    mistakes = {"the length after scaling": torch.tensor(1.0), "the sum of the lengths": torch.tensor(7.0)}
    mistakes["the square of the length"] = torch.tensor(25.0)
    compare(answer, torch.tensor(5.0), rule="the length before scaling", mistakes=mistakes)
    compare(a.grad, torch.tensor([0.6]), rule="3 / 5", mistakes={"a norm for each tensor": torch.tensor([1.0])})
    compare(b.grad, torch.tensor([0.8]), rule="4 / 5", mistakes={"a norm for each tensor": torch.tensor([1.0])})

    grads = [draw(*shape) for shape in SHAPES]
    total = length(grads)
    max_norm = float(total) / 3
    params = with_gradients(*grads)
    before = [param.detach().clone() for param in params]
    mistakes = {"the length after scaling": total / 3, "the square of the length": total**2}
    compare(student.clip_grad_norm_(params, max_norm), total, rule="the 2-norm of all entries", mistakes=mistakes)
    for param, grad, value in zip(params, grads, before):
        wrong = {
            "gradients left as they were": grad,
            "a norm for each tensor": grad * (max_norm / grad.norm()).clamp(max=1),
            "a clamp of each entry": grad.clamp(-max_norm, max_norm),
        }
        compare(param.grad, grad / 3, rule="grad * max_norm / norm", mistakes=wrong, rtol=1e-5, atol=1e-5)
        compare(param.detach(), value, rule="the parameters as they were", rtol=0, atol=0)


@pytest.mark.points(1)
@no_clip
@pytest.mark.hint("what should happen to gradients that are short enough?")
def test_clip_grad_norm_never_stretches(student: Any) -> None:
    """clip_grad_norm_ leaves short gradients as they are, and returns their length."""
    grads = [draw(*shape) for shape in SHAPES]
    total = length(grads)
    params = with_gradients(*grads)
    mistakes = {"the length asked for": 3 * total}
    answer = student.clip_grad_norm_(params, 3 * float(total))
    compare(answer, total, rule="the 2-norm of all entries", mistakes=mistakes)
    for param, grad in zip(params, grads):
        wrong = {"scaling up to max_norm": 3 * grad}
        compare(param.grad, grad, rule="the gradient as it was", mistakes=wrong, rtol=1e-5, atol=1e-5)

    tiny = 1e-7 * draw(N)
    (param,) = with_gradients(tiny)
    student.clip_grad_norm_([param], 1.0)
    compare(param.grad, tiny, rule="a tiny gradient as it was", rtol=1e-5, atol=1e-5)


@pytest.mark.points(1)
@no_clip
@pytest.mark.hint("try a frozen parameter among others, only such ones, and an empty list")
@pytest.mark.parametrize("kind", ["some", "all", "no parameters"])
def test_clip_grad_norm_skips_missing_gradients(student: Any, kind: str) -> None:
    """clip_grad_norm_ skips parameters without a gradient; the length of no gradients is 0."""
    kinds: dict[str, list[Tensor | None]] = {
        "some": [None, draw(3, 4), None, draw(5)],
        "all": [None, None],
        "no parameters": [],
    }
    grads = kinds[kind]
    there_are = [grad for grad in grads if grad is not None]
    total = length(there_are) if there_are else torch.zeros(())
    params = with_gradients(*grads)
    answer = student.clip_grad_norm_(params, float(total) / 2 + 1e-3)
    compare(answer, total, rule="the length of the gradients there are", check_dtype=bool(there_are))
    for param, grad in zip(params, grads):
        if grad is None:
            assert param.grad is None, "a parameter without a gradient got one"
        else:
            right = grad * (float(total) / 2 + 1e-3) / total
            compare(param.grad, right, rule="grad * max_norm / norm", rtol=1e-5, atol=1e-5)


@pytest.mark.points(1)
@no_clip
@pytest.mark.hint("what is max_norm / 0, and 0 times that?")
def test_clip_grad_norm_of_zero_gradients(student: Any) -> None:
    """clip_grad_norm_ leaves gradients of 0 at 0, not at NaN."""
    grads = [torch.zeros(3, 4, dtype=torch.float64), torch.zeros(5, dtype=torch.float64)]
    params = with_gradients(*grads)
    answer = student.clip_grad_norm_(params, 1.0)
    compare(answer, torch.zeros((), dtype=torch.float64), rule="the length 0")
    for param, grad in zip(params, grads):
        compare(param.grad, grad, rule="gradients of 0", mistakes={"0 / 0": grad * torch.nan})


@pytest.mark.points(1)
@no_clip
@pytest.mark.hint("is the length a tensor all the way, with a dtype that the gradients decide?")
@pytest.mark.parametrize("kind", ["float32", "bfloat16", "one entry", "transposed"])
def test_clip_grad_norm_of_any_gradient(student: Any, kind: str) -> None:
    """clip_grad_norm_ returns a 0-d tensor of the gradients' dtype, for one entry and for views too."""
    grads = {
        "float32": [torch.randn(3, 4), torch.randn(5)],
        "bfloat16": [torch.randn(3, 4).bfloat16(), torch.randn(5).bfloat16()],
        "one entry": [draw()],
        "transposed": [draw(4, 3).t(), draw(5)],
    }[kind]
    total = length([grad.double() for grad in grads])
    params = with_gradients(*grads)
    answer = student.clip_grad_norm_(params, float(total) / 2)
    compare(answer, total.to(grads[0].dtype), rule="the 2-norm of all entries")
    for param, grad in zip(params, grads):
        near = 2e-2 if kind == "bfloat16" else 1e-5
        compare(param.grad, (grad.double() / 2).to(grad.dtype), rule="grad * max_norm / norm", rtol=near, atol=near)


# --- both updates elsewhere ---------------------------------------------------------------------

UPDATES = {
    "sgd_step": (
        "lambda step, p, g: (setattr(p, 'grad', g), b := [None], "
        "[step([p], b, 0.1, momentum=0.9, weight_decay=0.2) for _ in range(2)], [p.detach(), b[0]])[-1]"
    ),
    "clip_grad_norm_": "lambda clip, p, g: (setattr(p, 'grad', g), [clip([p], 0.1), p.grad])[-1]",
}
"""What is called by what source, run in the student's process."""


@pytest.mark.points(1)
@pytest.mark.hint("which of your tensors is made without saying on which device, or fetched from there?")
@over(list(UPDATES))
def test_updates_work_on_another_device(student: Any, remote: Remote, fake_cuda: FakeCuda, name: str) -> None:
    """Buffers and norms lie on the device of the gradients (checked on a simulated GPU)."""
    p, g = torch.randn(N, requires_grad=True), torch.randn(N)
    fake_cuda(there(remote, UPDATES[name]), getattr(student, name), p, g)


@pytest.mark.gpu
@pytest.mark.points(1)
@no_optimizer
@pytest.mark.hint("which of your tensors is made without saying on which device?")
def test_sgd_step_on_the_accelerator(student: Any, remote: Remote, device: torch.device) -> None:
    """On an accelerator, sgd_step makes the steps that it makes on the CPU, with buffers there."""
    value, g = torch.randn(N), torch.randn(N)
    run = there(remote, UPDATES["sgd_step"])
    rights = run(student.sgd_step, value.clone().requires_grad_(), g)
    answers = run(student.sgd_step, value.to(device).requires_grad_(), g.to(device))
    for answer, right in zip(answers, rights):
        assert answer.device.type == device.type, "the parameter or its buffer is not on the device"
        compare(answer.cpu(), right, rule="the same as on the CPU", rtol=1e-4, atol=1e-4)


@pytest.mark.gpu
@pytest.mark.points(1)
@no_clip
@pytest.mark.hint("on which device is the length that you return?")
def test_clip_grad_norm_on_the_accelerator(student: Any, remote: Remote, device: torch.device) -> None:
    """On an accelerator, clip_grad_norm_ returns its norm on the device of the gradients."""
    g = torch.randn(N)
    total = g.norm()
    expected = g * 0.1 / total
    run = there(remote, UPDATES["clip_grad_norm_"])
    norm, clipped = run(student.clip_grad_norm_, torch.zeros(N).to(device).requires_grad_(), g.to(device))
    assert isinstance(norm, Tensor) and norm.device.type == device.type, "the norm is not on the device"
    compare(norm.cpu(), total, rule="the same as on the CPU", rtol=1e-4, atol=1e-4)
    compare(clipped.cpu(), expected, rule="the same as on the CPU", rtol=1e-4, atol=1e-4)
