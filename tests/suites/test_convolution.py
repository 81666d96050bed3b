"""Convolution: sizes, a causal one over time, conv2d and its special cases, a layer, and receptive fields.

The oracle is PyTorch's own convolution on the CPU, in float64 unless a dtype is what a test is
about. All sizes differ, except where a mistake shows in the shape unless two of them agree.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.testing import compare

N, CI, CO = 2, 3, 5  # samples, channels in and out
H, W, T = 8, 11, 9  # height, width, time steps

Remote = Callable[[str], Any]
FakeCuda = Callable[..., Any]
Layer = tuple[int, int, int]

conv2d: Callable[..., Tensor] = F.conv2d  # the oracle, for options that are ints in one test and pairs in the next

no_convolution = pytest.mark.forbid("torch.nn.functional.conv2d", "torch.nn.functional.unfold")

CAUSAL = "the sum over channels and taps, the last tap on step t and zeros before the start"
CONV2D = "the sum over channels, rows and columns of the kernel, at every place where it fits"
DEPTHWISE = "each channel with its own kernel, and no sum over channels"
POINTWISE = "the same linear map of the channels at every place"


def draw(*shape: int) -> Tensor:
    """Normal numbers in float64, from the generator that is seeded anew for each test."""
    return torch.randn(shape, dtype=torch.float64)


def causal(x: Tensor, weight: Tensor, bias: Tensor | None = None, dilation: int = 1) -> Tensor:
    return F.conv1d(F.pad(x, (dilation * (weight.shape[2] - 1), 0)), weight, bias, dilation=dilation)


def refused() -> Any:
    """What is said where an error of no particular type is asked for."""
    return pytest.raises((ValueError, RuntimeError, IndexError, AssertionError))


# --- what the four functions have in common -----------------------------------------------------


@dataclass(frozen=True)
class Case:
    """A function, its oracle, and the shapes and options that a common test calls it with."""

    oracle: Callable[..., Tensor]
    x: tuple[int, ...]
    others: tuple[tuple[int, ...], ...]  # weight, and bias where there is one
    rule: str
    options: dict[str, Any] = field(default_factory=dict)

    def tensors(self) -> list[Tensor]:
        """Random x, weight and perhaps bias; the weight such that the result is about as large as x."""
        x, weight, *bias = (draw(*shape) for shape in (self.x, *self.others))
        return [x, weight / weight[0].numel() ** 0.5, *bias]


CASES = {
    "conv1d_causal": Case(causal, (N, CI, T), ((CO, CI, 4), (CO,)), CAUSAL, {"dilation": 2}),
    "conv2d": Case(
        conv2d,
        (N, 4, H, W),
        ((6, 2, 3, 2), (6,)),
        CONV2D,
        {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 3), "groups": 2},
    ),
    "depthwise": Case(lambda x, w: conv2d(x, w, groups=x.shape[1]), (N, CO, H, W), ((CO, 1, 3, 3),), DEPTHWISE),
    "pointwise": Case(lambda x, w: conv2d(x, w[:, :, None, None]), (N, CI, H, W), ((CO, CI),), POINTWISE),
}

over_all = pytest.mark.parametrize("name", list(CASES))


def view_of(kind: str, shape: tuple[int, ...]) -> Tensor:
    """A tensor (N, C, …) of this shape that is a view of another one."""
    samples, channels, *places = shape
    return {
        "channels last": draw(samples, *places, channels).movedim(-1, 1),
        "every second sample": draw(2 * samples, channels, *places)[::2],
        "every second column": draw(samples, channels, *places[:-1], 2 * places[-1] + 1)[..., 1::2],
        "expanded": draw(1, channels, *places).expand(shape),
    }[kind]


@pytest.mark.points(3)
@no_convolution
@pytest.mark.hint(
    "try x[::2], x[..., 1::2], an expanded x and one in channels_last: do you count on an order in memory?"
)
@over_all
@pytest.mark.parametrize("kind", ["channels last", "every second sample", "every second column", "expanded"])
def test_functions_read_views(student: Any, name: str, kind: str) -> None:
    """Functions take inputs and weights that are views of other tensors.

    `.view(…)` works on contiguous memory alone, and strides computed from the shape are wrong elsewhere.
    """
    case = CASES[name]
    _, weight, *bias = case.tensors()
    x = view_of(kind, case.x)
    weight = weight.permute(*reversed(range(weight.dim()))).contiguous().permute(*reversed(range(weight.dim())))
    expected = case.oracle(x, weight, *bias, **case.options)
    compare(getattr(student, name)(x, weight, *bias, **case.options), expected, rule=case.rule)


@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("print x, weight and bias after the call: which of your lines writes into a view of one of them?")
@over_all
def test_functions_leave_their_arguments_alone(student: Any, name: str) -> None:
    """Functions leave x, weight and bias as they were.

    A slice of x is a view: `patch *= w` writes into x itself.
    """
    case = CASES[name]
    tensors, options = case.tensors(), dict(case.options)
    if name == "conv2d":
        options["padding"] = 0  # a padded copy would hide what happens to x
    before = [t.clone() for t in tensors]
    answer = getattr(student, name)(*tensors, **options)
    assert isinstance(answer, Tensor), "a tensor is asked for"
    for what, tensor, old in zip(("x", "weight", "bias"), tensors, before):
        compare(tensor, old, rule=f"{what} as it was before the call")


@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("what do a reshape to -1, or a stack of results for each sample, do where there is no sample?")
@over_all
def test_functions_take_empty_batches(student: Any, name: str) -> None:
    """Functions give an empty result of the right shape for an empty batch."""
    case = CASES[name]
    x, *others = case.tensors()
    expected = case.oracle(x, *others, **case.options)[:0]
    compare(getattr(student, name)(x[:0], *others, **case.options), expected, rule="no samples, all else as usual")


@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("is there a squeeze, or a dimension that you take to be larger than one?")
@pytest.mark.parametrize(
    ("name", "shapes"),
    [
        pytest.param("conv1d_causal", [(1, 1, T), (1, 1, 2)], id="conv1d_causal"),
        pytest.param("conv2d", [(1, 1, 1, W), (1, 1, 1, 3)], id="conv2d, one row"),
        pytest.param("conv2d", [(N, CI, H, 1), (CO, CI, 3, 1)], id="conv2d, one column"),
        pytest.param("depthwise", [(1, 1, 3, 4), (1, 1, 3, 3)], id="depthwise"),
        pytest.param("pointwise", [(1, CI, 1, 1), (1, CI)], id="pointwise, one place"),
        pytest.param("pointwise", [(N, 1, H, 1), (CO, 1)], id="pointwise, one channel in"),
    ],
)
def test_functions_keep_sizes_of_one(student: Any, name: str, shapes: list[tuple[int, ...]]) -> None:
    """Functions keep dimensions of size one."""
    x, weight = (draw(*shape) for shape in shapes)
    expected = CASES[name].oracle(x, weight)
    compare(getattr(student, name)(x, weight), expected, rule=CASES[name].rule)


@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("which dtype does a buffer have that nobody gave one?")
@over_all
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32], ids=["bf16", "f32"])
def test_functions_keep_the_dtype(student: Any, name: str, dtype: torch.dtype) -> None:
    """Functions answer in the dtype of x.

    A result collected in a new float32 tensor, or widened on the way, is caught here.
    """
    case = CASES[name]
    x, *others = case.tensors()
    tensors = [x.to(dtype), *((t / 4).to(dtype) for t in others)]  # small sums, which a rounding hardly shifts
    expected = case.oracle(*(t.double() for t in tensors), **case.options).to(dtype)
    compare(getattr(student, name)(*tensors, **case.options), expected, rule=f"{case.rule}, in the dtype of x")


@pytest.mark.points(3)
@no_convolution
@pytest.mark.hint("does the whole computation go through x, weight and bias themselves, not through .data or numbers?")
@over_all
def test_functions_gradients(student: Any, name: str) -> None:
    """Gradients reach x, weight and bias."""
    case = CASES[name]
    tensors = case.tensors()
    twins = [t.clone().requires_grad_() for t in tensors]
    result = case.oracle(*twins, **case.options)
    g = torch.randn_like(result)
    expected = torch.autograd.grad((result * g).sum(), twins)
    for t in tensors:
        t.requires_grad_()
    answer = getattr(student, name)(*tensors, **case.options)
    assert isinstance(answer, Tensor) and answer.shape == g.shape, "the shape of the result is wrong"
    assert answer.requires_grad, "the result is cut off from the arguments: no gradient reaches them"
    total: Any = (answer * g).sum()
    total.backward()
    for what, tensor, right in zip(("x", "weight", "bias"), tensors, expected):
        compare(tensor.grad, right, rule=f"the gradient of {what}")


@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("on which device are the tensors that you create?")
@over_all
def test_functions_on_another_device(student: Any, fake_cuda: FakeCuda, name: str) -> None:
    """Functions compute on the device of x (checked on a simulated GPU).

    A buffer of zeros, a range of indices or a copy on the CPU is caught here.
    """
    case = CASES[name]
    fake_cuda(getattr(student, name), *case.tensors(), **case.options)


# --- 1. conv_out --------------------------------------------------------------------------------

GRID = list(itertools.product([1, 2, 5, 6, 9], [1, 2, 3, 5], [1, 2, 3], [0, 1, 2], [1, 2, 3]))


def torch_size(size: int, kernel_size: int, stride: int, padding: int, dilation: int) -> int | None:
    """The size of PyTorch's result, None where it raises."""
    x, weight = torch.zeros(1, 1, size), torch.zeros(1, 1, kernel_size)
    try:
        return F.conv1d(x, weight, None, stride, padding, dilation).shape[2]
    except RuntimeError:
        return None


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("lay the kernel, gaps included, at the left end: how far can it still move, and in how many steps?")
def test_conv_out_counts_places(student: Any) -> None:
    """conv_out counts the places of the kernel: the first one, and one for each whole step to the right.

    A dilated kernel has gaps of dilation - 1 between its taps; padding stands at both ends.
    """
    assert student.conv_out(32, 3) == 30, "conv_out(32, 3) is 30: the first place, and 29 steps"
    assert student.conv_out(32, 3, stride=2) == 15, (
        "conv_out(32, 3, stride=2) is 15: a step that does not fit is left out"
    )
    assert student.conv_out(32, 3, padding=1) == 32, "conv_out(32, 3, padding=1) is 32: one zero at each end"
    assert student.conv_out(32, 3, stride=2, padding=1) == 16, "conv_out(32, 3, stride=2, padding=1) is 16"
    answer = student.conv_out(11, 3, dilation=3)
    assert answer == 5, f"conv_out(11, 3, dilation=3) is 5, not {answer}: three taps with two gaps of two reach over 7"


@pytest.mark.points(2)
@pytest.mark.hint(
    "compare with torch.nn.functional.conv1d's shapes: what if nothing is left over, what if the kernel just fits?"
)
def test_conv_out_agrees_with_torch(student: Any) -> None:
    """conv_out gives the size of PyTorch's convolution, as a plain int, for every mix of options."""
    for options in GRID:
        right = torch_size(*options)
        if right is not None:
            answer = student.conv_out(*options)
            assert answer == right, "for some size, kernel_size, stride, padding and dilation PyTorch has another size"
            assert type(answer) is int, "a plain int is asked for"


@pytest.mark.points(2)
@pytest.mark.hint("what is -1 // 2, and what is int(-1 / 2)? And which comparison says that nothing fits?")
def test_conv_out_refuses_what_does_not_fit(student: Any) -> None:
    """conv_out raises ValueError wherever the kernel, gaps included, is larger than the padded input."""
    assert student.conv_out(9, 3) == 7, "where the kernel fits there is no error"
    for options in GRID:
        if torch_size(*options) is None:
            with pytest.raises(ValueError):
                student.conv_out(*options)


# --- 2. conv1d_causal ---------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("at step t the last tap lies on t: where do the zeros have to stand?")
def test_causal_values(student: Any) -> None:
    """conv1d_causal adds up channels and taps, the last tap on the present step.

    Zeros on both sides, a flipped kernel or zeros at the end are caught here.
    """
    x, weight = torch.tensor([[[1.0, 2.0, 3.0, 4.0]]]), torch.tensor([[[1.0, 10.0]]])
    example = torch.tensor([[[10.0, 21.0, 32.0, 43.0]]])
    flipped = {"a flipped kernel": causal(x, weight.flip(2))}
    compare(student.conv1d_causal(x, weight), example, rule=CAUSAL, mistakes=flipped)

    x, weight = draw(N, CI, T), draw(CO, CI, 3)
    expected = causal(x, weight)
    mistakes = {
        "zeros on both sides": F.conv1d(x, weight, padding=1),
        "zeros after the end": F.conv1d(F.pad(x, (0, 2)), weight),
        "a flipped kernel": causal(x, weight.flip(2)),
        "leaving the present step out": F.conv1d(F.pad(x, (3, 0)), weight)[..., :-1],
    }
    compare(student.conv1d_causal(x, weight), expected, rule=CAUSAL, mistakes=mistakes)


@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("with gaps between its taps, how far back does the first tap reach?")
@pytest.mark.parametrize("dilation", [2, 3])
def test_causal_dilation(student: Any, dilation: int) -> None:
    """conv1d_causal reaches dilation steps further back with each tap, and keeps the length."""
    x, weight, bias = draw(N, CI, T), draw(CO, CI, 3), draw(CO)
    expected = causal(x, weight, bias, dilation)
    taps = weight.shape[2]
    mistakes = {
        "leaving the dilation out": causal(x, weight, bias),
        "padding as if there were no gaps": F.conv1d(F.pad(x, (taps - 1, 0)), weight, bias, dilation=dilation),
        "zeros on both sides": F.conv1d(x, weight, bias, padding=dilation, dilation=dilation),
    }
    compare(student.conv1d_causal(x, weight, bias, dilation=dilation), expected, rule=CAUSAL, mistakes=mistakes)


@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("change the input after some step: which results may change, and which may not?")
@pytest.mark.parametrize("dilation", [1, 2])
def test_causal_never_sees_the_future(student: Any, dilation: int) -> None:
    """conv1d_causal gives the same results up to a step, whatever comes after it, and others from then on."""
    x, weight, bias = draw(N, CI, T), draw(CO, CI, 4), draw(CO)
    first = student.conv1d_causal(x, weight, bias, dilation)
    assert isinstance(first, Tensor) and first.shape == (N, CO, T), "the result has as many steps as x"
    for step in (0, 3, T - 2):
        changed = torch.cat([x[..., : step + 1], draw(N, CI, T - step - 1)], dim=2)
        second = student.conv1d_causal(changed, weight, bias, dilation)
        compare(second[..., : step + 1], first[..., : step + 1], rule="what does not depend on later steps")
        same = torch.isclose(second[..., step + 1], first[..., step + 1]).all()
        assert not same, "the result at a step does not depend on the input at this step"


@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("try kernels longer than the sequence, a sequence of one step, and a kernel of one tap")
@pytest.mark.parametrize(("steps", "taps", "dilation"), [(3, 6, 1), (1, 4, 1), (T, 1, 3), (4, 3, 5), (1, 1, 1)])
def test_causal_short_sequences(student: Any, steps: int, taps: int, dilation: int) -> None:
    """conv1d_causal takes sequences that are shorter than the kernel, down to one step, and a kernel of one tap."""
    x, weight = draw(N, CI, steps), draw(CO, CI, taps)
    expected = causal(x, weight, None, dilation)
    compare(student.conv1d_causal(x, weight, dilation=dilation), expected, rule=CAUSAL)


@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("which dimension of the result does bias belong to, and which one does it meet in `out + bias`?")
@pytest.mark.parametrize("steps", [T, CO], ids=["longer", "as many steps as channels"])
def test_causal_bias(student: Any, steps: int) -> None:
    """conv1d_causal adds the bias to the channels.

    `out + bias` adds it to the time steps, and says nothing where there are as many of them.
    """
    x, weight, bias = draw(N, CI, steps), draw(CO, CI, 3), draw(CO)
    expected = causal(x, weight, bias)
    mistakes = {"leaving the bias out": causal(x, weight)}
    if steps == CO:
        mistakes["adding the bias to the time steps"] = causal(x, weight) + bias
    compare(student.conv1d_causal(x, weight, bias), expected, rule=f"{CAUSAL}, plus the bias", mistakes=mistakes)


# --- 3. conv2d ----------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("does the kernel's upper left corner lie on the image's upper left corner?")
def test_conv2d_slides_the_kernel_as_it_is(student: Any) -> None:
    """conv2d adds up channels and taps, with the kernel as it is.

    In mathematics a convolution flips the kernel; in PyTorch it does not.
    """
    x = torch.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    weight = torch.tensor([[[[1.0, 2.0], [0.0, -1.0]]]])
    mistakes = {"a flipped kernel": conv2d(x, weight.flip(2, 3)), "a transposed kernel": conv2d(x, weight.mT)}
    example = torch.tensor([[[[0.0, 2.0], [6.0, 8.0]]]])
    compare(student.conv2d(x, weight), example, rule=CONV2D, mistakes=mistakes)

    x, weight, bias = draw(N, CI, H, W), draw(CO, CI, 3, 3), draw(CO)
    expected = conv2d(x, weight, bias)
    mistakes = {
        "a flipped kernel": conv2d(x, weight.flip(2, 3), bias),
        "a transposed kernel": conv2d(x, weight.mT, bias),
        "leaving the bias out": conv2d(x, weight),
    }
    compare(student.conv2d(x, weight, bias), expected, rule=f"{CONV2D}, plus the bias", mistakes=mistakes)


@pytest.mark.public
@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("first the image gets its border of zeros, then the kernel moves: where is its second place?")
@pytest.mark.parametrize(("stride", "padding"), [(1, 2), (2, 0), (3, 1)])
def test_conv2d_stride_and_padding(student: Any, stride: int, padding: int) -> None:
    """conv2d moves by stride over an image with zeros on all four sides.

    Padding that is left out, stands on one side, or copies the border is caught here.
    """
    x, weight, bias = draw(N, CI, H, W), draw(CO, CI, 3, 3), draw(CO)
    expected = conv2d(x, weight, bias, stride, padding)
    edge = F.pad(x, (padding,) * 4, mode="replicate")
    mistakes = {
        "leaving the stride out": conv2d(x, weight, bias, 1, padding),
        "leaving the padding out": conv2d(x, weight, bias, stride),
        "a border that repeats the image's edge": conv2d(edge, weight, bias, stride),
    }
    rule = f"{CONV2D}, on the padded image, a stride from place to place"
    compare(student.conv2d(x, weight, bias, stride=stride, padding=padding), expected, rule=rule, mistakes=mistakes)


@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("do you tell height from width: in the image, in the kernel, in the size of the result?")
@pytest.mark.parametrize(
    ("size", "kernel"),
    [
        pytest.param((H, W), (3, 2), id="wide image, tall kernel"),
        pytest.param((W, H), (2, 5), id="tall image, wide kernel"),
        pytest.param((H, W), (1, 4), id="a row"),
        pytest.param((H, W), (4, 1), id="a column"),
        pytest.param((H, H), (2, 4), id="square image"),
        pytest.param((H, W), (3, 3), id="square kernel"),
    ],
)
def test_conv2d_images_and_kernels_need_not_be_square(
    student: Any, size: tuple[int, int], kernel: tuple[int, int]
) -> None:
    """conv2d takes images and kernels that are not square."""
    x, weight = draw(N, CI, *size), draw(CO, CI, *kernel)
    expected = conv2d(x, weight)
    compare(student.conv2d(x, weight), expected, rule=CONV2D)


@pytest.mark.points(3)
@no_convolution
@pytest.mark.hint("a pair is (height, width); in which order does F.pad take its numbers?")
@pytest.mark.parametrize("option", ["stride", "padding", "dilation", "all"])
def test_conv2d_takes_pairs(student: Any, option: str) -> None:
    """conv2d takes stride, padding and dilation as pairs: height first, then width."""
    pairs = {"stride": (3, 2), "padding": (2, 1), "dilation": (1, 2)}
    options = pairs if option == "all" else {option: pairs[option]}
    swapped = {name: (pair[1], pair[0]) for name, pair in options.items()}
    x, weight, bias = draw(N, CI, H, W), draw(CO, CI, 3, 2), draw(CO)
    expected = conv2d(x, weight, bias, **options)
    mistakes = {"swapping height and width": conv2d(x, weight, bias, **swapped)}
    answer = student.conv2d(x, weight, bias, **options)
    compare(answer, expected, rule=f"{CONV2D}; a pair is (height, width)", mistakes=mistakes)


@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("is the border of zeros still there when the stride is not 1? And what of rows that are left over?")
@pytest.mark.parametrize(("size", "stride"), [((7, 9), 2), ((8, 10), 2), ((8, 11), 4)])
def test_conv2d_pads_before_it_strides(student: Any, size: tuple[int, int], stride: int) -> None:
    """conv2d keeps its padding where the stride exceeds 1, whether rows are left over or not.

    The result is what stride 1 gives, with only every stride-th row and column kept, from the first on.
    """
    x, weight = draw(N, CI, *size), draw(CO, CI, 3, 3)
    expected = conv2d(x, weight, padding=1)[:, :, ::stride, ::stride]
    answer = student.conv2d(x, weight, stride=stride, padding=1)
    mistakes = {"leaving the padding out": conv2d(x, weight, stride=stride)}
    compare(answer, expected, rule="every stride-th row and column of what stride 1 gives", mistakes=mistakes)


@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("a dilated kernel has the same weights, further apart: what lies between two taps?")
@pytest.mark.parametrize("dilation", [2, 3])
def test_conv2d_dilation(student: Any, dilation: int) -> None:
    """conv2d with dilation uses the same weights with gaps between them, and no more padding.

    It is the convolution with a larger kernel that has zeros between its weights.
    """
    x, weight = draw(N, CI, H, W), draw(CO, CI, 3, 2)
    spread = torch.zeros(CO, CI, 2 * dilation + 1, dilation + 1, dtype=torch.float64)
    spread[:, :, ::dilation, ::dilation] = weight
    expected = conv2d(x, spread)
    mistakes = {
        "leaving the dilation out": conv2d(x, weight),
        "a margin of zeros around the image": conv2d(x, weight, padding=dilation - 1),
        "moving further from place to place": conv2d(x, weight, stride=dilation),
    }
    answer = student.conv2d(x, weight, dilation=dilation)
    compare(answer, expected, rule=f"{CONV2D}, with gaps between its taps", mistakes=mistakes)


@pytest.mark.points(3)
@no_convolution
@pytest.mark.hint(
    "how many input channels does one kernel have, and which ones are they for the first and last output?"
)
@pytest.mark.parametrize(
    ("inputs", "outputs", "groups"),
    [
        pytest.param(4, 6, 2, id="two groups"),
        pytest.param(6, 9, 3, id="three groups"),
        pytest.param(3, 6, 3, id="two kernels for each channel"),
        pytest.param(4, 2, 2, id="one output for each group"),
    ],
)
def test_conv2d_groups(student: Any, inputs: int, outputs: int, groups: int) -> None:
    """conv2d with groups cuts channels into blocks of neighbours, and each block sees its own alone."""
    x, weight, bias = draw(N, inputs, H, W), draw(outputs, inputs // groups, 3, 2), draw(outputs)
    blocks = zip(x.chunk(groups, dim=1), weight.chunk(groups), bias.chunk(groups))
    expected = torch.cat([conv2d(*block) for block in blocks], dim=1)
    dealt = [conv2d(x[:, g::groups], weight[g::groups], bias[g::groups]) for g in range(groups)]
    mistakes = {
        "leaving the groups out": conv2d(x, weight.repeat(1, groups, 1, 1), bias),
        "dealing the channels out like cards": torch.stack(dealt, dim=2).flatten(1, 2),
    }
    answer = student.conv2d(x, weight, bias, groups=groups)
    compare(answer, expected, rule=f"{CONV2D}, in each block of channels for itself", mistakes=mistakes)


@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("which dimension of the result does bias belong to, and which one does it meet in `out + bias`?")
@pytest.mark.parametrize("columns", [W, CO + 2], ids=["wider", "as many columns as channels"])
def test_conv2d_bias(student: Any, columns: int) -> None:
    """conv2d adds the bias to the channels.

    `out + bias` adds it to the columns, and says nothing where there are as many of them.
    """
    x, weight, bias = draw(N, CI, H, columns), draw(CO, CI, 3, 3), draw(CO)
    expected, plain = conv2d(x, weight, bias), conv2d(x, weight)
    mistakes = {"leaving the bias out": plain}
    if plain.shape[3] == CO:
        mistakes["adding the bias to the columns"] = plain + bias
    compare(student.conv2d(x, weight, bias=bias), expected, rule=f"{CONV2D}, plus the bias", mistakes=mistakes)


@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("how far does the kernel reach, gaps included, and how large is the image with its border?")
@pytest.mark.parametrize(
    ("kernel", "options"),
    [
        pytest.param((5, 2), {}, id="too tall"),
        pytest.param((2, 8), {}, id="too wide"),
        pytest.param((3, 2), {"dilation": 2}, id="too tall with its gaps"),
        pytest.param((7, 2), {"padding": 1, "stride": 2}, id="too tall in spite of padding"),
        pytest.param((2, 9), {"stride": 3}, id="too wide, large stride"),
    ],
)
def test_conv2d_refuses_kernels_that_do_not_fit(student: Any, kernel: tuple[int, int], options: dict[str, int]) -> None:
    """conv2d raises an error where the kernel, gaps included, is larger than the padded image."""
    x, weight = draw(N, CI, 4, 7), draw(CO, CI, *kernel)
    fitting = student.conv2d(x, weight[:, :, :2, :2])
    assert isinstance(fitting, Tensor), "where the kernel fits there is a result"
    with refused():
        student.conv2d(x, weight, **options)


@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("a kernel as large as the padded image has one place")
@pytest.mark.parametrize(
    ("kernel", "options"),
    [
        pytest.param((4, 7), {}, id="as large as the image"),
        pytest.param((6, 9), {"padding": 1, "stride": 2}, id="as large as the padded image"),
        pytest.param((2, 3), {"dilation": 3}, id="as large as the image with its gaps"),
    ],
)
def test_conv2d_takes_kernels_that_just_fit(student: Any, kernel: tuple[int, int], options: dict[str, int]) -> None:
    """conv2d has one place for a kernel that just fits."""
    x, weight = draw(N, CI, 4, 7), draw(CO, CI, *kernel)
    expected = conv2d(x, weight, **options)
    compare(student.conv2d(x, weight, **options), expected, rule=CONV2D)


@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("is something computed in a narrower dtype on the way, or as a difference of large numbers?")
def test_conv2d_keeps_its_digits(student: Any) -> None:
    """conv2d in float32 is as exact as float32 allows."""
    x, weight, bias = torch.randn(N, 16, 6, 7), torch.randn(4, 16, 3, 3), torch.randn(4)
    expected = conv2d(x.double(), weight.double(), bias.double()).float()
    compare(student.conv2d(x, weight, bias), expected, rule=f"{CONV2D}, plus the bias", rtol=1e-4, atol=1e-4)


# --- 4. depthwise -------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("how many kernels does weight hold, and which channel is each one for?")
def test_depthwise_values(student: Any) -> None:
    """depthwise gives every channel a kernel of its own and adds up nothing over channels.

    With m kernels for each channel it would be a conv2d with groups=C, too.
    """
    x = torch.tensor([[[[1.0, 2.0], [3.0, 4.0]], [[10.0, 20.0], [30.0, 40.0]]]])
    weight = torch.tensor([[[[1.0, 0.0], [0.0, 1.0]]], [[[0.0, 1.0], [1.0, 0.0]]]])
    summed = {"adding up over channels": torch.full((1, 2, 1, 1), 55.0)}
    compare(student.depthwise(x, weight), torch.tensor([[[[5.0]], [[50.0]]]]), rule=DEPTHWISE, mistakes=summed)

    x, weight = draw(N, CO, H, W), draw(CO, 1, 3, 3)
    expected = conv2d(x, weight, groups=CO)
    mistakes = {
        "adding up over channels": conv2d(x, weight, groups=CO).sum(1, keepdim=True).expand(-1, CO, -1, -1),
        "adding up over channels, to one": conv2d(x, weight, groups=CO).sum(1, keepdim=True),
        "repeating each kernel for all input channels": conv2d(x, weight.repeat(1, CO, 1, 1)),
        "the first kernel for every channel": conv2d(x, weight[:1].repeat(CO, 1, 1, 1), groups=CO),
        "flipped kernels": conv2d(x, weight.flip(2, 3), groups=CO),
    }
    compare(student.depthwise(x, weight), expected, rule=DEPTHWISE, mistakes=mistakes)


@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("what does squeeze() do if there is one channel, one sample, or one place?")
@pytest.mark.parametrize(
    ("samples", "channels", "size"),
    [
        pytest.param(N, 1, 3, id="one channel"),
        pytest.param(N, CO, 1, id="kernels of one tap"),
        pytest.param(1, 1, 1, id="one of all"),
    ],
)
def test_depthwise_takes_one_channel(student: Any, samples: int, channels: int, size: int) -> None:
    """depthwise takes one channel, one sample, and kernels of one tap, and keeps all four dimensions."""
    x, weight = draw(samples, channels, H, W), draw(channels, 1, size, size)
    expected = conv2d(x, weight, groups=channels)
    compare(student.depthwise(x, weight), expected, rule=DEPTHWISE)


# --- 5. pointwise -------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("which dimension of x does weight's second dimension have to meet?")
def test_pointwise_values(student: Any) -> None:
    """pointwise maps the channels at every place by the same matrix."""
    x, weight = torch.tensor([[[[1.0, 2.0]], [[10.0, 20.0]]]]), torch.tensor([[1.0, 1.0], [2.0, 0.0], [0.0, -1.0]])
    example = torch.tensor([[[[11.0, 22.0]], [[2.0, 4.0]], [[-10.0, -20.0]]]])
    compare(student.pointwise(x, weight), example, rule=POINTWISE)

    x, weight = draw(N, CI, H, W), draw(CO, CI)
    expected = torch.tensordot(x, weight, dims=([1], [1])).movedim(-1, 1)
    mistakes = {
        "a reshape where a permute is needed": (x.reshape(N, H, W, CI) @ weight.T).permute(0, 3, 1, 2),
        "a reshape where a permute is needed, back as well": (x.reshape(N, H, W, CI) @ weight.T).reshape(N, CO, H, W),
    }
    compare(student.pointwise(x, weight), expected, rule=POINTWISE, mistakes=mistakes)


@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("try images with as many rows, or as many columns, as there are channels: what does @ add up over?")
@pytest.mark.parametrize(
    ("size", "outputs"),
    [
        pytest.param((H, CI), CO, id="as many columns as channels"),
        pytest.param((CI, W), CO, id="as many rows as channels"),
        pytest.param((CI, CI), CI, id="all the same"),
        pytest.param((H, H), CO, id="square image"),
    ],
)
def test_pointwise_adds_up_over_channels(student: Any, size: tuple[int, int], outputs: int) -> None:
    """pointwise adds up over channels, also where rows or columns are as many.

    `x @ weight.T` adds up over columns, `weight @ x` over rows: only the shape can tell, if it does.
    """
    x, weight = draw(N, CI, *size), draw(outputs, CI)
    expected = torch.tensordot(x, weight, dims=([1], [1])).movedim(-1, 1)
    mistakes = {}
    if size[1] == CI:
        mistakes["adding up over columns"] = x @ weight.T
    if size[0] == CI:
        mistakes["adding up over rows"] = weight @ x
    if outputs == CI:
        mistakes["a transposed weight"] = torch.tensordot(x, weight, dims=([1], [0])).movedim(-1, 1)
    compare(student.pointwise(x, weight), expected, rule=POINTWISE, mistakes=mistakes)


# --- 6. Conv2d ----------------------------------------------------------------------------------


def values_of(weight: tuple[int, ...], bias: bool = True) -> dict[str, Tensor]:
    """A random state dict."""
    values = {"weight": draw(*weight)}
    return {**values, "bias": draw(weight[0])} if bias else values


def loaded(layer: Any, values: dict[str, Tensor]) -> Any:
    """`layer` in float64, holding `values`."""
    layer.to(torch.float64)
    layer.load_state_dict(values)
    return layer


@pytest.mark.public
@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("which arguments of conv2d does the layer have to keep, and which are parameters?")
def test_layer_computes_conv2d(student: Any) -> None:
    """Conv2d computes what nn.Conv2d does with the same state dict.

    The weight and bias are loaded, so their names and shapes count.
    """
    layer = student.Conv2d(4, 6, 3, stride=2, padding=1, groups=2)
    shape = tuple(layer(torch.randn(2, 4, 8, 11)).shape)
    assert shape == (2, 6, 4, 6), f"Conv2d(4, 6, 3, stride=2, padding=1, groups=2) makes {shape} of (2, 4, 8, 11)"

    values, x = values_of((CO, CI, 3, 3)), draw(N, CI, H, W)
    expected = conv2d(x, values["weight"], values["bias"])
    mistakes = {"leaving the bias out": conv2d(x, values["weight"])}
    rule = "conv2d with the layer's weight and bias"
    compare(loaded(student.Conv2d(CI, CO, 3), values)(x), expected, rule=rule, mistakes=mistakes)


@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("are all of stride, padding, dilation and groups kept, and are pairs in their order?")
@pytest.mark.parametrize(
    ("kernel", "options"),
    [
        pytest.param(2, {"stride": 3}, id="stride"),
        pytest.param(3, {"padding": (2, 1)}, id="padding"),
        pytest.param((3, 2), {"dilation": 2}, id="dilation"),
        pytest.param((2, 3), {"groups": 2}, id="groups"),
        pytest.param((3, 2), {"stride": (2, 1), "padding": (1, 2), "dilation": (1, 3), "groups": 2}, id="all"),
    ],
)
def test_layer_takes_all_options(student: Any, kernel: int | tuple[int, int], options: dict[str, Any]) -> None:
    """Conv2d takes the options of nn.Conv2d, kernel sizes and the rest as an int or a pair, and its state dict."""
    twin = nn.Conv2d(4, 6, kernel, **options).double()
    values = values_of(tuple(twin.weight.shape))
    twin.load_state_dict(values)
    x = draw(N, 4, H, W)
    expected = twin(x).detach()
    compare(loaded(student.Conv2d(4, 6, kernel, **options), values)(x), expected, rule="what nn.Conv2d gives")


@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("print list(layer.named_parameters()): how many input channels does one kernel of a group see?")
@pytest.mark.parametrize("groups", [1, 2, 4])
def test_layer_registers_its_parameters(student: Any, groups: int) -> None:
    """Conv2d's weight and bias are parameters of PyTorch's shapes; a state dict brings them back.

    Each kernel sees the input channels of its group alone, so weight is smaller with groups.
    """
    layer, other = (student.Conv2d(4, 8, (3, 2), groups=groups) for _ in range(2))
    found = {name: (tuple(p.shape), p.requires_grad) for name, p in layer.named_parameters()}
    assert set(found) == {"weight", "bias"}, "the parameters are called weight and bias, and there is no other"
    right = (8, 4 // groups, 3, 2), True
    assert found["weight"] == right, "weight is (out_channels, in_channels / groups, kh, kw) and asks for a gradient"
    assert found["bias"] == ((8,), True), "bias is (out_channels,) and asks for a gradient"
    assert set(layer.state_dict()) == {"weight", "bias"}, "the state dict holds the two parameters and nothing else"
    x = torch.randn(N, 4, H, W)
    expected = layer(x).detach().clone()
    other.load_state_dict({key: tensor.detach().clone() for key, tensor in layer.state_dict().items()})
    compare(other(x), expected, rule="what the layer gives that the state dict comes from")


@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("how does a module say 'there is such a parameter, and it is None'?")
def test_layer_without_bias(student: Any) -> None:
    """With bias=False, Conv2d has no bias: the attribute is None and the state dict lacks the key."""
    values, x = values_of((CO, CI, 3, 3), bias=False), draw(N, CI, H, W)
    expected = conv2d(x, values["weight"])
    layer = student.Conv2d(CI, CO, 3, bias=False)
    assert layer.bias is None, "layer.bias is to be None"
    assert set(layer.state_dict()) == {"weight"}, "weight is the only key of the state dict"
    compare(loaded(layer, values)(x), expected, rule="conv2d with the layer's weight alone")


@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("which two numbers does groups have to divide, and who can see that before any input comes?")
@pytest.mark.parametrize(("inputs", "outputs", "groups"), [(4, 6, 3), (6, 4, 3), (3, 3, 2)])
def test_layer_refuses_groups_that_do_not_divide(student: Any, inputs: int, outputs: int, groups: int) -> None:
    """Conv2d raises an error, when it is built, where groups does not divide both numbers of channels."""
    assert student.Conv2d(inputs, outputs, 3).weight is not None, "without groups there is a layer"
    with refused():
        student.Conv2d(inputs, outputs, 3, groups=groups)


@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("build two layers in a row: who decides where the random numbers start?")
def test_layer_start_follows_the_seed(student: Any, remote: Remote) -> None:
    """Conv2d draws its start from the global generator, does not reseed it, and computes the same at every call."""
    seed, x = int(torch.randint(2**31, ())), torch.randn(N, CI, H, W)
    remote("torch").manual_seed(seed)
    first, second = student.Conv2d(CI, CO, 3), student.Conv2d(CI, CO, 3)
    remote("torch").manual_seed(seed)
    again = student.Conv2d(CI, CO, 3)
    weight, bias = first.weight.detach(), first.bias.detach()
    assert bool(weight.isfinite().all()) and bool(bias.isfinite().all()), "every start value is finite"
    assert float(weight.std()) > 0, "the weight starts with one number everywhere, so all kernels learn the same"
    compare(again.weight, weight, rule="the same start under the same seed")
    compare(again.bias, bias, rule="the same start under the same seed")
    assert not torch.equal(weight, second.weight.detach()), "two layers built in a row start with the same weight"
    compare(first(x), first(x).detach().clone(), rule="the same result at every call")


@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("does the computation go through the parameters themselves, also after layer.to(dtype)?")
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64], ids=["bf16", "f64"])
def test_layer_gradients(student: Any, dtype: torch.dtype) -> None:
    """Conv2d moved to another dtype computes in it, and gradients reach its input, weight and bias."""
    values = {key: tensor.to(dtype) / 32 for key, tensor in values_of((CO, CI, 3, 3)).items()}
    x = draw(N, CI, H, W).to(dtype)
    twins = [t.double().requires_grad_() for t in (x, values["weight"], values["bias"])]
    result = conv2d(*twins)
    g = (torch.randn_like(result) / 32).to(dtype)
    expected = torch.autograd.grad((result * g).sum(), twins)
    layer = student.Conv2d(CI, CO, 3)
    layer.to(dtype)
    layer.load_state_dict(values)
    x.requires_grad_()
    answer = layer(x)
    compare(answer, result.detach().to(dtype), rule="conv2d with the layer's weight and bias")
    total: Any = (answer * g).sum()
    total.backward()
    rtol, atol = (5e-2, 1e-1) if dtype == torch.bfloat16 else (None, None)
    for what, grad, right in zip(("x", "weight", "bias"), (x.grad, layer.weight.grad, layer.bias.grad), expected):
        compare(grad, right.to(dtype), rule=f"the gradient of {what}", rtol=rtol, atol=atol)


@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("is there a tensor in the layer that .to(device) does not know of, or one made in forward?")
@pytest.mark.parametrize("bias", [True, False], ids=["with bias", "without bias"])
def test_layer_moves_to_another_device(student: Any, fake_cuda: FakeCuda, bias: bool) -> None:
    """Conv2d works on a GPU once it has been moved there (checked on a simulated one)."""
    fake_cuda(student.Conv2d(CI, CO, 3, padding=1, bias=bias), torch.randn(N, CI, H, W))


# --- 7. receptive_field -------------------------------------------------------------------------


def probe(layers: list[Layer]) -> int:
    """How far the gradient of one output of such a stack of convolutions reaches, all weights being one."""
    x = torch.zeros(1, 1, 600, dtype=torch.float64, requires_grad=True)
    y: Tensor = x
    for kernel_size, stride, dilation in layers:
        y = F.conv1d(y, torch.ones(1, 1, kernel_size, dtype=torch.float64), stride=stride, dilation=dilation)
    (grad,) = torch.autograd.grad(y[0, 0, 0], x)
    seen = grad[0, 0].nonzero()
    return int(seen.max() - seen.min()) + 1


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("one step in a layer's input is how many steps in the stack's input?")
def test_receptive_field_adds_up_layers(student: Any) -> None:
    """receptive_field grows by the reach of each kernel, measured in steps of the input.

    Strides before a layer multiply its reach; its own stride does not.
    """
    layers = [(3, 1, 1), (3, 1, 1), (3, 1, 1)]
    assert student.receptive_field(layers) == 7, "three layers of kernel size 3 see 7 inputs: two more with each layer"
    assert student.receptive_field([(3, 2, 1)]) == 3, "one layer sees its kernel, whatever its stride"
    answer = student.receptive_field([(3, 1, 1), (3, 2, 1), (3, 1, 2)])
    assert answer == 13, f"[(3, 1, 1), (3, 2, 1), (3, 1, 2)] sees 1 + 2 + 2 + 2 * 2 * 2 = 13 inputs, not {answer}"


@pytest.mark.points(2)
@pytest.mark.hint("which strides come before a layer, and are they added or multiplied?")
@pytest.mark.parametrize(
    "layers",
    [
        pytest.param([(5, 3, 1), (2, 2, 1), (4, 3, 1), (3, 1, 1)], id="strides"),
        pytest.param([(3, 1, 1), (2, 1, 2), (3, 1, 4)], id="dilations"),
        pytest.param([(7, 2, 1), (3, 3, 2), (1, 2, 1), (4, 1, 3)], id="both"),
        pytest.param([(2, 1, 3), (3, 4, 1)], id="the stride last"),
    ],
)
def test_receptive_field_agrees_with_gradients(student: Any, layers: list[Layer]) -> None:
    """receptive_field says how far the gradient of one output reaches, with strides and dilations."""
    more = torch.randint(1, 4, (2, 3)).tolist()  # two layers after these
    stacks = [layers, [*layers, *(tuple(layer) for layer in more)]]
    for stack in stacks:
        right = probe(stack)
        answer = student.receptive_field(list(stack))
        assert answer == right, "the gradient of one output reaches less far, or further"
        assert type(answer) is int, "a plain int is asked for"


@pytest.mark.points(1)
@pytest.mark.hint("without layers, the output is the input; and is the list still what it was?")
def test_receptive_field_without_layers(student: Any) -> None:
    """receptive_field of no layers is one input, and the list stays as it was."""
    assert student.receptive_field([]) == 1, "without layers, an output is one input"
    layers = [(2, 3, 1), (3, 1, 2)]
    before = list(layers)
    student.receptive_field(layers)
    assert layers == before, "the list of layers has changed"


# --- on an accelerator --------------------------------------------------------------------------
# The oracle runs on the CPU, so cuDNN's TF32 plays no part in it; matrix products use TF32 only if asked to.


@pytest.mark.gpu
@pytest.mark.points(2)
@no_convolution
@pytest.mark.hint("on which device, and in which dtype, is each tensor that you create?")
@over_all
@pytest.mark.parametrize("layout", ["contiguous", "channels last"])
def test_functions_on_the_accelerator(student: Any, device: torch.device, name: str, layout: str) -> None:
    """On an accelerator, functions compute there what they do on the CPU, in either memory layout."""
    case = CASES[name]
    tensors = [t.float() for t in case.tensors()]
    expected = case.oracle(*(t.double() for t in tensors), **case.options).float()
    moved = [t.to(device) for t in tensors]
    if layout == "channels last":
        moved[0] = moved[0].movedim(1, -1).contiguous().movedim(-1, 1)
    answer = getattr(student, name)(*moved, **case.options)
    assert isinstance(answer, Tensor) and answer.device.type == device.type, "the result is not on the device of x"
    compare(answer.cpu(), expected, rule=case.rule, rtol=1e-4, atol=1e-4)


@pytest.mark.gpu
@pytest.mark.points(1)
@no_convolution
@pytest.mark.hint("which tensors did .to(device) not move?")
def test_layer_on_the_accelerator(student: Any, device: torch.device) -> None:
    """On an accelerator, Conv2d moves as a whole and computes there what it does on the CPU."""
    x = torch.randn(N, 4, H, W)
    layer = student.Conv2d(4, 6, 3, stride=2, padding=1, groups=2)
    expected = conv2d(x, layer.weight.detach(), layer.bias.detach(), 2, 1, 1, 2)
    layer.to(device)
    answer = layer(x.to(device)).detach()
    assert answer.device.type == device.type, "the result is not on the device of module and input"
    compare(answer.cpu(), expected, rule="the same as on the CPU", rtol=1e-4, atol=1e-4)
