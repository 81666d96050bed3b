"""Custom modules: Linear, MLP, Dropout, BatchNorm1d, EMA and count_parameters, against PyTorch's own.

Modules are built in the student's process, moved to float64 with `.to`, and filled through
`load_state_dict`, so that their start values play no part in the value tests. All sizes differ
and exceed 1, so that a transposed weight or a mean over the wrong dimension cannot pass.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.testing import compare

N, C, I, O = 6, 5, 7, 3  # samples, columns, input and output features  # noqa: E741

Remote = Callable[[str], Any]
FakeCuda = Callable[..., Any]

no_linear = pytest.mark.forbid("torch.nn.Linear", "torch.nn.functional.linear")
no_dropout = pytest.mark.forbid("torch.nn.Dropout", "torch.nn.functional.dropout")
no_batch_norm = pytest.mark.forbid("torch.nn.functional.batch_norm")

in_both_modes = pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])

VIEWS = ["transposed", "every second row", "expanded"]


def draw(*shape: int) -> Tensor:
    """Normal numbers in float64, from the generator that is seeded anew for each test."""
    return torch.randn(shape, dtype=torch.float64)


def batch(kind: str, columns: int) -> Tensor:
    """An input with so many columns: a view of another tensor, or one with a special number of rows."""
    return {
        "transposed": draw(columns, N).t(),
        "every second row": draw(2 * N, columns)[::2],
        "expanded": draw(N, 1).expand(N, columns),
        "3-D transposed": draw(2, N, columns).transpose(0, 1),
        "one row": draw(1, columns),
        "no rows": draw(0, columns),
    }[kind]


def loaded(model: Any, values: dict[str, Tensor]) -> Any:
    """`model` in float64, holding `values`."""
    model.to(torch.float64)
    model.load_state_dict(values)
    return model


def reseeder(remote: Remote) -> Callable[[], None]:
    """A function that sets one seed in the student's process, the same at every call."""
    seed = int(torch.randint(2**31, ()))
    return lambda: remote("torch").manual_seed(seed)


def snapshot(model: Any) -> dict[str, Tensor]:
    """The state dict as it is now, whatever the model does to its tensors later."""
    return {key: tensor.detach().clone() for key, tensor in model.state_dict().items()}


# --- 1. Linear ----------------------------------------------------------------------------------


def linear_values(inputs: int = I, outputs: int = O) -> dict[str, Tensor]:
    return {"weight": draw(outputs, inputs), "bias": draw(outputs)}


@pytest.mark.public
@pytest.mark.points(2)
@no_linear
@pytest.mark.hint("weight is (out_features, in_features): which axis of it meets the last axis of x?")
def test_linear_computes_the_affine_map(student: Any) -> None:
    """Linear computes x @ weight.T + bias, and nothing after it.

    The weight and bias are loaded from a state dict, so their names and shapes count.
    """
    example = {"weight": torch.tensor([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]]), "bias": torch.tensor([0.5, -1.0])}
    layer = student.Linear(3, 2)
    layer.load_state_dict(example)
    answer = layer(torch.tensor([[1.0, 2.0, 3.0]]))
    mistakes = {
        "an activation after the affine map": torch.tensor([[0.0, 3.0]]),
        "leaving the bias out": torch.tensor([[-2.0, 4.0]]),
        "taking the bias off": torch.tensor([[-2.5, 5.0]]),
    }
    compare(answer, torch.tensor([[-1.5, 3.0]]), rule="x @ weight.T + bias", mistakes=mistakes)

    values, x = linear_values(), draw(N, I)
    expected = F.linear(x, values["weight"], values["bias"])
    compare(loaded(student.Linear(I, O), values)(x), expected, rule="x @ weight.T + bias")


@pytest.mark.points(1)
@no_linear
@pytest.mark.hint("try inputs with one, three and four dimensions, and layers of one feature: what may change?")
@pytest.mark.parametrize(
    ("lead", "inputs", "outputs"),
    [
        pytest.param((), I, O, id="a vector"),
        pytest.param((1,), I, O, id="one row"),
        pytest.param((2, 4), I, O, id="3-D"),
        pytest.param((2, 1, 4), I, O, id="4-D"),
        pytest.param((0,), I, O, id="no rows"),
        pytest.param((2, 4), 1, O, id="one input feature"),
        pytest.param((2, 4), I, 1, id="one output feature"),
    ],
)
def test_linear_acts_on_the_last_dimension(student: Any, lead: tuple[int, ...], inputs: int, outputs: int) -> None:
    """Linear acts on the last dimension, whatever stands before it.

    A product that takes 2-D input alone, a reshape that is not undone, or a squeeze is caught here.
    """
    values, x = linear_values(inputs, outputs), draw(*lead, inputs)
    expected = F.linear(x, values["weight"], values["bias"])
    answer = loaded(student.Linear(inputs, outputs), values)(x)
    compare(answer, expected, rule="the shape of x, with out_features at its end")


@pytest.mark.points(2)
@no_linear
@pytest.mark.hint("print list(layer.named_parameters()): what does a module see, and what is a plain attribute?")
def test_linear_registers_its_parameters(student: Any) -> None:
    """Linear's weight and bias are parameters that an optimizer finds.

    A plain tensor as attribute is not in `parameters()`, is not saved and does not move.
    """
    layer = student.Linear(I, O)
    found = {name: (tuple(p.shape), p.requires_grad) for name, p in layer.named_parameters()}
    assert set(found) == {"weight", "bias"}, "the parameters are called weight and bias, and there is no other"
    assert found["weight"] == ((O, I), True), "weight is (out_features, in_features) and asks for a gradient"
    assert found["bias"] == ((O,), True), "bias is (out_features,) and asks for a gradient"
    assert set(layer.state_dict()) == {"weight", "bias"}, "the state dict holds the two parameters and nothing else"


@pytest.mark.points(1)
@no_linear
@pytest.mark.hint("how does a module say 'there is such a parameter, and it is None'?")
def test_linear_without_bias(student: Any) -> None:
    """With bias=False, Linear has no bias: the attribute is None and the state dict lacks the key."""
    values, x = {"weight": draw(O, I)}, draw(N, I)
    expected = F.linear(x, values["weight"])
    layer = student.Linear(I, O, bias=False)
    assert layer.bias is None, "layer.bias is to be None"
    assert {name for name, _ in layer.named_parameters()} == {"weight"}, "weight is the only parameter"
    assert set(layer.state_dict()) == {"weight"}, "weight is the only key of the state dict"
    compare(loaded(layer, values)(x), expected, rule="x @ weight.T")


@pytest.mark.points(2)
@no_linear
@pytest.mark.hint("plot layer.weight of a large layer: where does it end on both sides, and is it flat between?")
def test_linear_weight_starts_uniform(student: Any) -> None:
    """Linear's weight starts uniform between -1/sqrt(in_features) and 1/sqrt(in_features).

    Memory that was never filled, zeros, a normal distribution or a bound from the wrong side fail.
    """
    inputs, outputs = 200, 300
    layer = student.Linear(inputs, outputs)
    weight, bound = layer.weight.detach().double(), 1 / math.sqrt(inputs)
    assert bool(weight.isfinite().all()) and bool(layer.bias.isfinite().all()), "every start value is finite"
    assert float(weight.abs().max()) <= bound * (1 + 1e-6), "no weight exceeds 1/sqrt(in_features)"
    # Kolmogorov and Smirnov: the sorted weights lie beside evenly spaced ones. With 60,000 draws a
    # distance of .014 is 3.4 / sqrt(60,000), which chance exceeds once in ten billion times.
    ranked = (weight.flatten().sort().values / bound + 1) / 2
    even = (torch.arange(len(ranked), dtype=torch.float64) + 0.5) / len(ranked)
    assert float((ranked - even).abs().max()) < 0.014, "the weights fill the whole interval evenly"


@pytest.mark.points(1)
@no_linear
@pytest.mark.hint("build two layers in a row: who decides where the random numbers start?")
def test_linear_start_follows_the_seed(student: Any, remote: Remote) -> None:
    """Linear draws its start values from the global generator, does not reseed it, and keeps them.

    One seed gives one start; two layers built one after the other differ; two calls agree.
    """
    x, reseed = torch.randn(N, I), reseeder(remote)
    reseed()
    first, second = student.Linear(I, O), student.Linear(I, O)
    reseed()
    again = student.Linear(I, O)
    compare(again.weight, first.weight, rule="the same start under the same seed")
    compare(again.bias, first.bias, rule="the same start under the same seed")
    assert not torch.equal(first.weight, second.weight), "two layers built in a row start with the same weight"
    compare(first(x), first(x).detach().clone(), rule="the same result at every call")


@pytest.mark.points(1)
@no_linear
@pytest.mark.hint("what is type(nn.Parameter(t).to(torch.float64)), and is it still registered?")
def test_linear_builds_in_a_dtype_on_a_device(student: Any) -> None:
    """Linear creates its parameters in the dtype and on the device that it is given.

    `nn.Parameter(…).to(…)` is a plain tensor and no longer registered.
    """
    layer, x = student.Linear(in_features=I, out_features=O, dtype=torch.float64), draw(N, I)
    assert {name: p.dtype for name, p in layer.named_parameters()} == {
        "weight": torch.float64,
        "bias": torch.float64,
    }, "weight and bias are parameters of the dtype asked for"
    expected = F.linear(x, layer.weight.detach(), layer.bias.detach())
    compare(layer(x), expected, rule="x @ weight.T + bias, in the dtype asked for")
    layer = student.Linear(I, O, device="meta")  # a device without data, there on every machine
    assert {name: p.device.type for name, p in layer.named_parameters()} == {
        "weight": "meta",
        "bias": "meta",
    }, "weight and bias are parameters on the device asked for"


@pytest.mark.points(1)
@no_linear
@pytest.mark.hint("does every tensor of the layer follow `.to`, and does forward keep the dtype?")
def test_linear_in_half_precision(student: Any) -> None:
    """Linear moved to bfloat16 computes and answers in bfloat16."""
    values, x = linear_values(), torch.randn(N, I).to(torch.bfloat16)
    rounded = [values[key].to(torch.bfloat16).float() for key in ("weight", "bias")]
    expected = F.linear(x.float(), *rounded).to(torch.bfloat16)
    layer = student.Linear(I, O)
    layer.load_state_dict(values)
    layer.to(torch.bfloat16)
    compare(layer(x), expected, rule="x @ weight.T + bias, in the dtype of the module and of x", atol=5e-2)


@pytest.mark.points(1)
@no_linear
@pytest.mark.hint("does the computation go through the parameters themselves?")
def test_linear_gradients(student: Any) -> None:
    """Gradients reach Linear's input, weight and bias."""
    values, x, g = linear_values(), draw(N, I), draw(N, O)
    ours = [t.clone().requires_grad_() for t in (x, values["weight"], values["bias"])]
    expected = torch.autograd.grad((F.linear(*ours) * g).sum(), ours)
    layer = loaded(student.Linear(I, O), values)
    x.requires_grad_()
    (layer(x) * g).sum().backward()
    for name, grad, right in zip(("x", "weight", "bias"), (x.grad, layer.weight.grad, layer.bias.grad), expected):
        compare(grad, right, rule=f"the gradient of {name}")


@pytest.mark.points(1)
@no_linear
@pytest.mark.hint("try x.t(), x[::2], an expanded x and x.transpose(0, 1) in 3-D; and look at x again afterwards")
@pytest.mark.parametrize("kind", [*VIEWS, "3-D transposed"])
def test_linear_reads_views(student: Any, kind: str) -> None:
    """Linear takes views of other tensors and leaves its input as it was."""
    values, x = linear_values(), batch(kind, I)
    before, expected = x.clone(), F.linear(x, values["weight"], values["bias"])
    compare(loaded(student.Linear(I, O), values)(x), expected, rule="x @ weight.T + bias")
    compare(x, before, rule="the input as it was")


@pytest.mark.points(1)
@no_linear
@pytest.mark.hint("is there a tensor in the layer that .to(device) does not know of, or one made in forward?")
@pytest.mark.parametrize("bias", [True, False], ids=["with bias", "without bias"])
def test_linear_moves_to_another_device(student: Any, fake_cuda: FakeCuda, bias: bool) -> None:
    """Linear works on a GPU once it has been moved there (checked on a simulated one)."""
    fake_cuda(student.Linear(I, O, bias=bias), torch.randn(N, I))


# --- 2. MLP -------------------------------------------------------------------------------------

SIZES = (7, 5, 3, 2)


def layers_of(values: dict[str, Tensor], sizes: Sequence[int]) -> list[tuple[Tensor, Tensor]]:
    """The layers (weight, bias) of an MLP's state dict, in order.

    They are told by their shapes, so sizes must differ; the names are the student's business, and
    so is which way round a weight is stored.
    """
    by_shape = {tuple(tensor.shape): tensor for tensor in values.values()}
    layers = []
    for before, after in pairwise(sizes):
        weight = by_shape.get((after, before))
        if weight is None and (before, after) in by_shape:
            weight = by_shape[before, after].t()
        assert weight is not None, "each layer has a registered weight of its output size by its input size"
        assert (after,) in by_shape, "each layer has a registered bias"
        layers.append((weight, by_shape[after,]))
    return layers


def mlp_forward(layers: Sequence[tuple[Tensor, Tensor]], x: Tensor, hidden: bool = True, last: bool = False) -> Tensor:
    """An MLP with a ReLU after the hidden layers or not, after the last one or not."""
    for number, (weight, bias) in enumerate(layers, 1):
        x = F.linear(x, weight, bias)
        if last if number == len(layers) else hidden:
            x = x.relu()
    return x


def centred_mlp(student: Any, sizes: Sequence[int], x: Tensor) -> tuple[Any, dict[str, Tensor]]:
    """A student's MLP and its values: random, and such that on x every ReLU has something to cut off."""
    model = student.MLP(list(sizes))
    values = {key: draw(*tensor.shape) for key, tensor in model.state_dict().items()}
    for weight, bias in layers_of(values, sizes):
        bias -= F.linear(x, weight, bias).mean(0)  # each unit is now negative for some rows, positive for others
        x = F.linear(x, weight, bias).relu()
    return loaded(model, values), values


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("count the ReLUs: with L layers, how many gaps are there between them?")
def test_mlp_puts_relu_between_layers(student: Any) -> None:
    """MLP has a ReLU between each two layers and none after the last."""
    answer = student.MLP([8, 16, 4])(torch.randn(32, 8))
    assert tuple(answer.shape) == (32, 4), "MLP([8, 16, 4]) makes (32, 4) of (32, 8)"

    x = draw(64, SIZES[0])
    model, values = centred_mlp(student, SIZES, x)
    layers = layers_of(values, SIZES)
    compare(
        model(x),
        mlp_forward(layers, x),
        rule="linear layers with a ReLU between each two",
        mistakes={
            "a ReLU after the last layer too": mlp_forward(layers, x, last=True),
            "leaving out the ReLUs": mlp_forward(layers, x, hidden=False),
            "a ReLU on the input": mlp_forward(layers, x.relu()),
        },
    )


@pytest.mark.points(2)
@pytest.mark.hint("print list(model.parameters()): does a module look inside a Python list or dict?")
def test_mlp_registers_its_layers(student: Any) -> None:
    """MLP's layers are registered, each with a weight and a bias of its own.

    A Python list of layers gives a model with no parameters at all.
    """
    model = student.MLP(list(SIZES))
    found = sorted(tuple(sorted(p.shape)) for p in model.parameters())
    assert found, "model.parameters() is empty: the layers are not registered"
    right = [tuple(sorted(pair)) for pair in pairwise(SIZES)] + [(after,) for after in SIZES[1:]]
    assert found == sorted(right), "the parameters are one weight and one bias for each layer"
    assert len(model.state_dict()) == len(right), "the state dict holds the parameters and nothing else"
    assert all(p.requires_grad for p in model.parameters()), "every parameter asks for a gradient"
    square = student.MLP([4, 4, 4])
    assert len(list(square.parameters())) == 4, "layers of the same size have parameters of their own too"


@pytest.mark.points(1)
@pytest.mark.hint("with two sizes there is one layer: what stands after it?")
def test_mlp_with_one_layer(student: Any) -> None:
    """MLP with two sizes is a single linear layer without a ReLU."""
    x = draw(N, I)
    model, values = centred_mlp(student, (I, O), x)
    expected = mlp_forward(layers_of(values, (I, O)), x)
    compare(model(x), expected, rule="one linear layer", mistakes={"a ReLU after the last layer": expected.relu()})


@pytest.mark.points(1)
@pytest.mark.hint("build two models in a row and print their weights: is each one a fresh, random start?")
def test_mlp_start_follows_the_seed(student: Any, remote: Remote) -> None:
    """MLP starts from random, finite weights that follow the global seed.

    With weights that are all alike, the units of a layer would stay copies of one another.
    """
    reseed = reseeder(remote)
    reseed()
    first, second = snapshot(student.MLP(list(SIZES))), snapshot(student.MLP(list(SIZES)))
    reseed()
    again = snapshot(student.MLP(list(SIZES)))
    for key, tensor in first.items():
        assert bool(tensor.isfinite().all()), "every start value is finite"
        compare(again[key], tensor, rule="the same start under the same seed")
    for (weight, _), (other, _) in zip(layers_of(first, SIZES), layers_of(second, SIZES)):
        assert float(weight.std()) > 0, "the weights of a layer are all alike"
        assert not torch.equal(weight, other), "two models built in a row start with the same weights"


@pytest.mark.points(1)
@pytest.mark.hint("after backward(), which parameters have no gradient?")
def test_mlp_gradients(student: Any) -> None:
    """Gradients reach MLP's input and every layer."""
    x, g = draw(64, SIZES[0]), draw(64, SIZES[-1])
    model, values = centred_mlp(student, SIZES, x)
    ours = {key: tensor.clone().requires_grad_() for key, tensor in {"x": x, **values}.items()}
    output = mlp_forward(layers_of({key: ours[key] for key in values}, SIZES), ours["x"])
    expected = torch.autograd.grad((output * g).sum(), list(ours.values()))
    x.requires_grad_()
    (model(x) * g).sum().backward()
    parameters = {"x": x, **dict(model.named_parameters())}
    for key, right in zip(ours, expected):
        compare(parameters[key].grad, right, rule="the gradient of the input and of each layer's weight and bias")


@pytest.mark.points(1)
@pytest.mark.hint("try one row, no rows and a view; then print the input and the list of sizes again")
@pytest.mark.parametrize("kind", [*VIEWS, "one row", "no rows"])
def test_mlp_takes_any_batch(student: Any, kind: str) -> None:
    """MLP takes views and batches of any size, and changes neither its input nor the list of sizes."""
    sizes, x = list(SIZES), batch(kind, SIZES[0])
    before = x.clone()
    model = student.MLP(sizes=sizes)
    assert sizes == list(SIZES), "the list of sizes has changed"
    values = {key: draw(*tensor.shape) for key, tensor in model.state_dict().items()}
    expected = mlp_forward(layers_of(values, SIZES), x)
    compare(loaded(model, values)(x), expected, rule="linear layers with a ReLU between each two, for each row")
    compare(x, before, rule="the input as it was")


@pytest.mark.points(1)
@pytest.mark.hint("which of the model's layers does .to(device) reach?")
def test_mlp_moves_to_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """MLP works on a GPU once it has been moved there (checked on a simulated one)."""
    fake_cuda(student.MLP(list(SIZES)), torch.randn(N, SIZES[0]))


# --- 3. Dropout ---------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(1)
@no_dropout
@pytest.mark.hint("how does a module know whether it is in training or in evaluation?")
@pytest.mark.parametrize("p", [0.3, 1.0])
def test_dropout_is_off_in_evaluation(student: Any, p: float) -> None:
    """Dropout in evaluation gives its input back, unscaled, whatever p is."""
    x = draw(N, C)
    before = x.clone()
    layer = student.Dropout(p)
    layer.eval()
    mistakes = {
        "multiplying by 1 - p in evaluation": before * (1 - p),
        "dividing by 1 - p in evaluation": before / (1 - p),
    }
    compare(layer(x), before, rule="the input as it is", mistakes=mistakes)


@pytest.mark.public
@pytest.mark.points(2)
@no_dropout
@pytest.mark.hint("the mean over many calls is to stay the mean of x: what do the kept elements make up for?")
def test_dropout_scales_what_it_keeps(student: Any) -> None:
    """Dropout in training zeroes some elements and divides the others by 1 - p."""
    p, x = 0.3, draw(40, 50)
    before = x.clone()
    out = student.Dropout(p)(x)
    assert isinstance(out, torch.Tensor) and out.shape == before.shape, "a tensor of the shape of x is asked for"
    kept = out != 0
    assert bool(kept.any()) and not bool(kept.all()), "in training, some elements are dropped and some are kept"
    compare(
        out,
        torch.where(kept, before / (1 - p), 0.0),
        rule="zero, or x / (1 - p)",
        mistakes={
            "keeping elements without 1 / (1 - p)": before * kept,
            "dividing by p": before * kept / p,
            "multiplying by 1 - p": before * kept * (1 - p),
        },
    )


@pytest.mark.points(1)
@no_dropout
@pytest.mark.hint("is p the probability of dropping or of keeping? Count zeros with a p other than a half")
@pytest.mark.parametrize("p", [0.1, 0.3, None, 0.8], ids=["rarely", "seldom", "default", "mostly"])
def test_dropout_rate(student: Any, p: float | None) -> None:
    """Dropout drops each element with probability p, a half by default."""
    layer = student.Dropout() if p is None else student.Dropout(p=p)
    dropped = float((layer(torch.ones(100, 200)) == 0).double().mean())
    # 20,000 draws: the standard error is at most .0036, and the margin six of them.
    assert abs(dropped - (0.5 if p is None else p)) < 0.022, "the share of dropped elements is not p"


@pytest.mark.points(2)
@no_dropout
@pytest.mark.hint("look at one row, one column and one sample of the mask: does it repeat along a dimension?")
@pytest.mark.parametrize("shape", [(400,), (40, 50), (20, 30, 40)], ids=["1-D", "2-D", "3-D"])
def test_dropout_decides_for_each_element(student: Any, shape: tuple[int, ...]) -> None:
    """Dropout decides for each element by itself, in inputs of any shape.

    One mask for all rows, one decision for a whole row, or a fixed number of zeros is caught here.
    """
    layer, x = student.Dropout(0.3), torch.ones(shape)
    kept = layer(x) != 0
    assert kept.shape == shape, "the shape of x is kept"
    for dim in range(len(shape)):
        assert not bool((kept == kept.narrow(dim, 0, 1)).all()), "the mask is the same all along a dimension"
    counts = {int((layer(x) == 0).sum()) for _ in range(10)}
    assert len(counts) > 1, "every call drops the same number of elements: they do not fall independently"


@pytest.mark.points(2)
@no_dropout
@pytest.mark.hint("call the layer twice, and build a second one: where does each mask come from?")
def test_dropout_draws_a_new_mask_each_time(student: Any) -> None:
    """Dropout draws a new mask at every call, in every layer.

    A layer that sets a seed, or that keeps its first mask, repeats itself.
    """
    x = torch.ones(40, 50)
    first = student.Dropout(0.5)
    masks = [first(x) != 0, first(x) != 0]
    second = student.Dropout(0.5)
    assert not torch.equal(*masks), "two calls of one layer used one mask"
    assert not torch.equal(masks[0], second(x) != 0), "two layers used one mask"


@pytest.mark.points(1)
@no_dropout
@pytest.mark.hint("what is 1 / (1 - p) at the ends, and what do you multiply it with?")
@pytest.mark.parametrize("p", [0.0, 1.0], ids=["keep all", "drop all"])
def test_dropout_at_its_ends(student: Any, p: float) -> None:
    """Dropout keeps everything with p=0, nothing with p=1, and never gives NaN; gradients too."""
    x, g = draw(N, C), draw(N, C)
    expected, gradient = x * (1 - p), g * (1 - p)
    mistakes = {"0 / 0": torch.full_like(x, math.nan)}
    x.requires_grad_()
    out = student.Dropout(p)(x)
    compare(out, expected, rule="everything for p=0, zeros for p=1", mistakes=mistakes)
    assert out.requires_grad, "the result is cut off from the input's graph"
    (out * g).sum().backward()
    compare(x.grad, gradient, rule="gradients as with any other p: zeros for p=1", mistakes=mistakes)


@pytest.mark.points(1)
@no_dropout
@pytest.mark.hint("which values of p are no probability? When does the caller want to hear of it?")
@pytest.mark.parametrize("p", [-0.1, 1.5], ids=["below", "above"])
def test_dropout_rejects_what_is_no_probability(student: Any, p: float) -> None:
    """Dropout raises ValueError when it is built with a p outside [0, 1]."""
    with pytest.raises(ValueError):
        student.Dropout(p)


@pytest.mark.points(1)
@no_dropout
@pytest.mark.hint("the gradient takes the same mask and the same factor as the value")
def test_dropout_gradients(student: Any) -> None:
    """Gradients pass where an element was kept, with the same factor, and nowhere else."""
    p, x, g = 0.3, draw(40, 50).requires_grad_(), draw(40, 50)
    layer = student.Dropout(p)
    out = layer(x)
    (out * g).sum().backward()
    kept = out.detach() != 0
    compare(x.grad, torch.where(kept, g / (1 - p), 0.0), rule="the cotangent, masked and scaled like the value")
    x.grad = None
    layer.eval()
    (layer(x) * g).sum().backward()
    compare(x.grad, g, rule="the cotangent as it is, in evaluation")


@pytest.mark.points(1)
@no_dropout
@pytest.mark.hint("what is the dtype of a bfloat16 tensor times a float32 mask?")
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64], ids=["bf16", "f16", "f64"])
def test_dropout_keeps_the_dtype(student: Any, dtype: torch.dtype) -> None:
    """Dropout keeps the dtype of its input."""
    x = torch.randn(40, 50).clamp(min=0.1).to(dtype)
    before = x.clone()
    out = student.Dropout(0.3)(x)
    assert isinstance(out, torch.Tensor), "a tensor is asked for"
    compare(out, torch.where(out != 0, before.double() / 0.7, 0.0).to(dtype), rule="the dtype of x")


@pytest.mark.points(1)
@no_dropout
@pytest.mark.hint("try x.t(), x[::2], an expanded and an empty x; and look at x again afterwards")
@pytest.mark.parametrize("kind", [*VIEWS, "no rows"])
def test_dropout_reads_views(student: Any, kind: str) -> None:
    """Dropout takes views of other tensors and empty ones, and leaves its input as it was."""
    x = batch(kind, C)
    before = x.clone()
    out = student.Dropout(0.5)(x)
    assert isinstance(out, torch.Tensor) and out.shape == before.shape, "a tensor of the shape of x is asked for"
    compare(out, torch.where(out != 0, before * 2, 0.0), rule="zero, or x / (1 - p)")
    compare(x, before, rule="the input as it was")


@pytest.mark.points(1)
@no_dropout
@pytest.mark.hint("on which device is the mask created?")
def test_dropout_works_on_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """Dropout draws its mask on the device of the input (checked on a simulated GPU)."""
    fake_cuda(student.Dropout(0.3), torch.randn(N, C))


# --- 4. BatchNorm1d -----------------------------------------------------------------------------

EPS, MOMENTUM = 0.3, 0.2  # large enough that their place and direction show
PARAMETERS, STATISTICS = ("weight", "bias"), ("running_mean", "running_var", "num_batches_tracked")


def norm_values() -> dict[str, Tensor]:
    return {
        "weight": draw(C),
        "bias": draw(C),
        "running_mean": draw(C),
        "running_var": draw(C).exp(),
        "num_batches_tracked": torch.tensor(4),
    }


def torch_norm(values: dict[str, Tensor]) -> nn.BatchNorm1d:
    bn = nn.BatchNorm1d(C, eps=EPS, momentum=MOMENTUM).double()
    bn.load_state_dict(values)
    return bn


def norm(student: Any, values: dict[str, Tensor]) -> Any:
    return loaded(student.BatchNorm1d(C, eps=EPS, momentum=MOMENTUM), values)


def by_hand(values: dict[str, Tensor], x: Tensor, mean: Tensor, var: Tensor) -> Tensor:
    return (x - mean) / torch.sqrt(var + EPS) * values["weight"] + values["bias"]


@pytest.mark.public
@pytest.mark.points(2)
@no_batch_norm
@pytest.mark.hint("over which dimension does each column have its mean, and is its variance over N or N - 1 here?")
def test_batch_norm_in_training(student: Any) -> None:
    """BatchNorm1d in training normalizes by the batch's mean and its variance over N."""
    answer = student.BatchNorm1d(2)(torch.tensor([[1.0, 10.0], [3.0, 30.0]]))
    example = torch.tensor([[-1.0, -1.0], [1.0, 1.0]])
    mistakes = {"the variance over N - 1 as normalizer": example / math.sqrt(2)}
    compare(answer, example, rule="each column standardized", mistakes=mistakes, rtol=0, atol=1e-4)

    values, x = norm_values(), draw(N, C) * 3 + 1
    mean, var = x.mean(0), x.var(0, correction=0)
    with torch.no_grad():
        expected = torch_norm(values)(x)
    compare(
        norm(student, values)(x),
        expected,
        rule="(x - mean) / sqrt(var + eps) * weight + bias, with the batch's own mean and variance",
        mistakes={
            "the running statistics in training": by_hand(values, x, values["running_mean"], values["running_var"]),
            "eps outside the root": (x - mean) / (var.sqrt() + EPS) * values["weight"] + values["bias"],
            "leaving out weight and bias": (x - mean) / (var + EPS).sqrt(),
            "leaving out eps": (x - mean) / var.sqrt() * values["weight"] + values["bias"],
        },
    )


@pytest.mark.public
@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("in evaluation a sample's result must not depend on the samples beside it")
@pytest.mark.parametrize("rows", [N, 1, 0])
def test_batch_norm_in_evaluation(student: Any, rows: int) -> None:
    """BatchNorm1d in evaluation normalizes by the running statistics, for any number of rows."""
    values, x = norm_values(), draw(rows, C)
    expected = by_hand(values, x, values["running_mean"], values["running_var"])
    mistakes = {}
    if rows:
        mistakes["the batch's own statistics"] = by_hand(values, x, x.mean(0), x.var(0, correction=0))
    model = norm(student, values)
    model.eval()
    compare(model(x), expected, rule="the running mean and variance in place of the batch's", mistakes=mistakes)


@pytest.mark.points(2)
@no_batch_norm
@pytest.mark.hint("the estimate of the whole population's variance divides by N - 1; momentum is the share of the new")
def test_batch_norm_tracks_statistics(student: Any) -> None:
    """BatchNorm1d's running statistics follow mean and unbiased variance, batch after batch.

    The result is normalized by the variance over N, but the one over N - 1 is what is kept.
    """
    values = norm_values()
    model, ours = norm(student, values), torch_norm(values)
    biased = swapped = values["running_var"]
    mean_swapped = values["running_mean"]
    for n in (4, 2, 6):
        x = draw(n, C) * 2 + 1
        with torch.no_grad():
            ours(x)
        biased = (1 - MOMENTUM) * biased + MOMENTUM * x.var(0, correction=0)
        swapped = MOMENTUM * swapped + (1 - MOMENTUM) * x.var(0)
        mean_swapped = MOMENTUM * mean_swapped + (1 - MOMENTUM) * x.mean(0)
        model(x)
        state = model.state_dict()
        compare(
            state["running_mean"],
            ours.state_dict()["running_mean"],
            rule="(1 - momentum) * old + momentum * the batch's mean",
            mistakes={"swapping momentum and 1 - momentum": mean_swapped},
        )
        compare(
            state["running_var"],
            ours.state_dict()["running_var"],
            rule="(1 - momentum) * old + momentum * the batch's variance over N - 1",
            mistakes={"the variance over N": biased, "swapping momentum and 1 - momentum": swapped},
        )


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("build one with nothing but num_features: which eps and momentum does the signature promise?")
def test_batch_norm_defaults(student: Any) -> None:
    """BatchNorm1d has PyTorch's eps and momentum where none are given."""
    x = draw(N, C) * 0.003  # so little variance that eps shows
    ours, model = nn.BatchNorm1d(C).double(), student.BatchNorm1d(num_features=C)
    with torch.no_grad():
        expected = ours(x)
    model.to(torch.float64)
    compare(model(x), expected, rule="the result with the default eps")
    for key in STATISTICS:
        compare(model.state_dict().get(key), ours.state_dict()[key], rule=f"{key} with the default momentum")


@pytest.mark.points(2)
@no_batch_norm
@pytest.mark.hint("which of the five tensors does an optimizer change, and which are only saved and moved?")
def test_batch_norm_parameters_and_buffers(student: Any) -> None:
    """BatchNorm1d has two parameters and three buffers, named as PyTorch names them, all saved.

    Statistics held as parameters would be trained; held as plain attributes they would be lost.
    """
    model = student.BatchNorm1d(C)
    assert {name for name, _ in model.named_parameters()} == set(PARAMETERS), "the parameters are weight and bias"
    assert {name for name, _ in model.named_buffers()} >= set(STATISTICS), "the statistics and the counter are buffers"
    assert set(model.state_dict()) == {*PARAMETERS, *STATISTICS}, "the state dict has PyTorch's five keys"
    model(torch.randn(N, C))
    assert {name for name, _ in model.named_buffers()} >= set(STATISTICS), "after a call, some buffer is none any more"


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("a fresh layer in evaluation changes nothing but by eps: which start values does that take?")
def test_batch_norm_start_values(student: Any) -> None:
    """BatchNorm1d starts with weight 1, bias 0, running mean 0, running variance 1, counter 0."""
    state = snapshot(student.BatchNorm1d(C))
    for key, right in nn.BatchNorm1d(C).state_dict().items():
        compare(state.get(key), right, rule=f"the start of {key} in the state dict")


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("what may a model that is only being used change in itself?")
def test_batch_norm_evaluation_changes_nothing(student: Any) -> None:
    """BatchNorm1d in evaluation leaves statistics and counter alone."""
    values = norm_values()
    model = norm(student, values)
    model.eval()
    model(draw(N, C))
    for key, tensor in model.state_dict().items():
        compare(tensor, values[key], rule=f"{key} as it was")


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("what does the unbiased variance divide by, with a single sample?")
def test_batch_norm_rejects_one_sample(student: Any) -> None:
    """BatchNorm1d raises ValueError for a single sample in training."""
    model = norm(student, norm_values())
    with pytest.raises(ValueError):
        model(draw(1, C))


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("what is to be counted, and in which mode?")
def test_batch_norm_counts_batches(student: Any) -> None:
    """BatchNorm1d counts the batches that it was trained on."""
    model = student.BatchNorm1d(C)
    for number in (1, 2, 3):
        model(torch.randn(N, C))
        counter = model.state_dict().get("num_batches_tracked")
        compare(counter, torch.tensor(number), rule="the number of batches so far")


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("mean and variance depend on x as well: does your graph know?")
@in_both_modes
def test_batch_norm_gradients(student: Any, training: bool) -> None:
    """Gradients of BatchNorm1d reach weight and bias, and x through the batch's mean and variance too."""
    values, x, g = norm_values(), draw(N, C), draw(N, C)
    ours, twin = torch_norm(values).train(training), x.clone().requires_grad_()
    expected = torch.autograd.grad((ours(twin) * g).sum(), [twin, ours.weight, ours.bias])
    model = norm(student, values)
    model.train(training)
    x.requires_grad_()
    (model(x) * g).sum().backward()
    for name, grad, right in zip(("x", "weight", "bias"), (x.grad, model.weight.grad, model.bias.grad), expected):
        compare(grad, right, rule=f"the gradient of {name}")


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("print bn.running_mean.requires_grad after a training step: does it hold on to the batch's graph?")
def test_batch_norm_statistics_carry_no_graph(student: Any) -> None:
    """BatchNorm1d's running statistics hold no graph, so a second step works, and evaluation after it.

    Statistics that are not detached keep every batch's graph alive.
    """
    model = norm(student, norm_values())
    for _ in range(2):
        model(draw(N, C).requires_grad_()).sum().backward()
    assert not model.running_mean.requires_grad, "running_mean is part of the graph of the training batch"
    assert not model.running_var.requires_grad, "running_var is part of the graph of the training batch"
    model.eval()
    model(draw(N, C)).sum().backward()


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("does every tensor of the layer follow `.to`, and does forward keep the dtype?")
@in_both_modes
def test_batch_norm_in_half_precision(student: Any, training: bool) -> None:
    """BatchNorm1d moved to bfloat16 answers in bfloat16."""
    x = torch.randn(16, C).to(torch.bfloat16)
    expected = F.batch_norm(x.float(), torch.zeros(C), torch.ones(C), training=training).to(torch.bfloat16)
    model = student.BatchNorm1d(C)
    model.to(torch.bfloat16)
    model.train(training)
    compare(model(x), expected, rule="(x - mean) / sqrt(var + eps), in the dtype of the module and of x", atol=5e-2)


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("try x.t(), x[::2] and an expanded x; and look at x again afterwards")
@pytest.mark.parametrize("kind", VIEWS)
def test_batch_norm_reads_views(student: Any, kind: str) -> None:
    """BatchNorm1d takes views of other tensors and leaves its input as it was."""
    values, x = norm_values(), batch(kind, C)
    before = x.clone()
    expected = by_hand(values, x, x.mean(0), x.var(0, correction=0))
    compare(norm(student, values)(x), expected, rule="(x - mean) / sqrt(var + eps) * weight + bias")
    compare(x, before, rule="the input as it was")


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("is there a tensor in the layer that .to(device) does not know of, or one made in forward?")
@in_both_modes
def test_batch_norm_moves_to_another_device(student: Any, fake_cuda: FakeCuda, training: bool) -> None:
    """BatchNorm1d works on a GPU once it has been moved there (checked on a simulated one)."""
    model = student.BatchNorm1d(C)
    model.train(training)
    fake_cuda(model, torch.randn(N, C))


# --- 5. EMA -------------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("decay is the share of the old average, and the first batch is a batch like any other")
@pytest.mark.parametrize("decay", [0.9, None], ids=["0.9", "default"])
def test_ema_follows_the_formula(student: Any, decay: float | None) -> None:
    """EMA keeps decay * average + (1 - decay) * the batch's mean, from zeros on.

    Swapped weights, a start at the first mean or a correction for the start are caught here.
    """
    if decay is not None:
        answer = student.EMA(2, decay=decay)(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        mistakes = {
            "swapping decay and 1 - decay": torch.tensor([1.8, 2.7]),
            "starting at the first mean, or correcting for the start,": torch.tensor([2.0, 3.0]),
        }
        rule = "decay * average + (1 - decay) * mean, from zeros on"
        compare(answer, torch.tensor([0.2, 0.3]), rule=rule, mistakes=mistakes)

    model, d = (student.EMA(C), 0.99) if decay is None else (student.EMA(C, decay=decay), decay)
    model.to(torch.float64)
    average = swapped = torch.zeros(C, dtype=torch.float64)
    started: Tensor | None = None
    for step, n in enumerate((4, 1, 6), 1):
        x = draw(n, C)
        mean = x.mean(0)
        average = d * average + (1 - d) * mean
        swapped = (1 - d) * swapped + d * mean
        started = mean if started is None else d * started + (1 - d) * mean
        mistakes = {
            "swapping decay and 1 - decay": swapped,
            "starting at the first mean": started,
            "a correction for the start": average / (1 - d**step),
        }
        compare(model(x), average, rule="decay * average + (1 - decay) * mean over the rows", mistakes=mistakes)
        compare(model.average, average, rule="`average` holds what forward returned")


@pytest.mark.points(1)
@pytest.mark.hint("which attribute tells a module its mode?")
def test_ema_rests_in_evaluation(student: Any) -> None:
    """EMA in evaluation returns the average and leaves it alone."""
    x = draw(N, C)
    average = 0.1 * x.mean(0)
    model = student.EMA(num_features=C, decay=0.9)
    model.to(torch.float64)
    model(x)
    model.eval()
    for _ in range(2):
        compare(model(draw(N, C)), average, rule="the average of the training batches")
    compare(model.average, average, rule="the average of the training batches")


@pytest.mark.points(1)
@pytest.mark.hint("register_buffer has a third argument")
def test_ema_average_is_a_buffer_that_is_not_saved(student: Any) -> None:
    """EMA's average is a buffer, absent from the state dict, and no parameter."""
    model = student.EMA(C)
    buffers = {name: tensor.clone() for name, tensor in model.named_buffers()}
    assert "average" in buffers, "`average` is not a buffer"
    compare(buffers["average"], torch.zeros(C), rule="zeros at first")
    assert "average" not in model.state_dict(), "`average` is in the state dict"
    assert not list(model.parameters()), "nothing here is trained"
    model(torch.randn(N, C))
    assert "average" in dict(model.named_buffers()), "after a call, `average` is not a buffer any more"


@pytest.mark.points(1)
@pytest.mark.hint("what does module.to(dtype) move, and what stays behind?")
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64], ids=["bf16", "f64"])
def test_ema_follows_the_dtype(student: Any, dtype: torch.dtype) -> None:
    """EMA's average moves along with `.to(dtype)`."""
    x = torch.randn(N, C).to(dtype)
    expected = (x.double().mean(0) * 0.5).to(dtype)
    model = student.EMA(C, decay=0.5)
    model.to(dtype)
    compare(model(x), expected, rule="an average in the module's dtype")
    assert model.average.dtype == dtype, "`average` did not keep the module's dtype"


@pytest.mark.points(1)
@pytest.mark.hint("what keeps a batch's graph alive once the batch is gone?")
def test_ema_carries_no_gradient(student: Any) -> None:
    """EMA's result carries no gradient, and neither does its buffer."""
    model = student.EMA(C)
    x = torch.randn(N, C, requires_grad=True)
    assert not model(x).requires_grad, "the result carries a gradient"
    assert not model.average.requires_grad, "`average` is part of the batch's graph"


@pytest.mark.points(1)
@pytest.mark.hint("try x.t(), x[::2] and an expanded x; and look at x again afterwards")
@pytest.mark.parametrize("kind", VIEWS)
def test_ema_reads_views(student: Any, kind: str) -> None:
    """EMA takes views of other tensors and leaves its input as it was."""
    x = batch(kind, C)
    before, expected = x.clone(), x.mean(0) * 0.5
    model = student.EMA(C, decay=0.5)
    model.to(torch.float64)
    compare(model(x), expected, rule="decay * average + (1 - decay) * mean over the rows")
    compare(x, before, rule="the input as it was")


@pytest.mark.points(1)
@pytest.mark.hint("what does .to(device) move, and what stays behind?")
@in_both_modes
def test_ema_moves_to_another_device(student: Any, fake_cuda: FakeCuda, training: bool) -> None:
    """EMA works on a GPU once it has been moved there (checked on a simulated one)."""
    model = student.EMA(C)
    model.train(training)
    fake_cuda(model, torch.randn(N, C))


# --- 6. count_parameters ------------------------------------------------------------------------


def tied(torch_nn: Any) -> Any:
    """An embedding of 5 words in 4 dimensions and an output layer that shares its weight."""
    embedding, head = torch_nn.Embedding(5, 4), torch_nn.Linear(4, 5, bias=False)
    head.weight = embedding.weight
    return torch_nn.Sequential(embedding, head)


@pytest.mark.public
@pytest.mark.points(1)
@pytest.mark.hint("how many numbers does one tensor hold, and which tensors does the module name?")
def test_count_adds_up_all_layers(student: Any, remote: Remote) -> None:
    """count_parameters adds up the numbers in all parameters, those of inner modules too."""
    torch_nn = remote("torch.nn")
    assert student.count_parameters(torch_nn.Linear(3, 2)) == 8, "Linear(3, 2) has six weights and two biases"
    inner = torch_nn.Sequential(torch_nn.Linear(16, 4), torch_nn.PReLU(3))
    model = torch_nn.Sequential(torch_nn.Linear(8, 16), torch_nn.ReLU(), inner)
    right = (8 * 16 + 16) + (16 * 4 + 4) + 3
    assert student.count_parameters(model) == right, "parameters of inner modules count, however deep they lie"


@pytest.mark.points(1)
@pytest.mark.hint("is a number that has two names two numbers?")
def test_count_takes_tied_weights_once(student: Any, remote: Remote) -> None:
    """count_parameters counts a parameter that is used in two places once."""
    torch_nn = remote("torch.nn")
    assert student.count_parameters(tied(torch_nn)) == 20, "a tied weight is one parameter"
    twice = torch_nn.Linear(3, 2)
    model = torch_nn.Sequential(twice, torch_nn.ReLU(), twice)
    assert student.count_parameters(module=model) == 8, "a layer that is used twice is one layer"


@pytest.mark.points(1)
@pytest.mark.hint("what makes two parameters the same one: their values, their shape, or something else?")
def test_count_tells_copies_apart(student: Any, remote: Remote) -> None:
    """count_parameters counts layers that merely look alike each for itself."""
    torch_nn = remote("torch.nn")
    layer = torch_nn.Linear(3, 2)
    copies = torch_nn.Sequential(layer, remote("copy").deepcopy(layer))
    assert student.count_parameters(copies) == 16, "a copy is another layer, though its values are the same"
    without_data = torch_nn.Sequential(torch_nn.Linear(3, 2, device="meta"), torch_nn.Linear(2, 3, device="meta"))
    assert student.count_parameters(without_data) == 17, "parameters on the meta device count, each for itself"


@pytest.mark.points(1)
@pytest.mark.hint("what does a state dict hold beside parameters?")
def test_count_leaves_buffers_out(student: Any, remote: Remote) -> None:
    """count_parameters counts no buffers."""
    norm_layer = remote("torch.nn").BatchNorm1d(5)
    assert student.count_parameters(norm_layer) == 10, "running statistics and counters are no parameters"


@pytest.mark.points(1)
@pytest.mark.hint("which flag does an optimizer look at?")
def test_count_trainable_only(student: Any, remote: Remote) -> None:
    """count_parameters leaves frozen parameters out if asked, and only then."""
    torch_nn = remote("torch.nn")
    model = torch_nn.Sequential(torch_nn.Linear(3, 2), torch_nn.Linear(2, 5))
    model[0].requires_grad_(False)
    assert student.count_parameters(model) == 23, "by default frozen parameters count too"
    assert student.count_parameters(model, trainable_only=True) == 15, "frozen parameters are not trainable"
    model.requires_grad_(False)
    assert student.count_parameters(model, True) == 0, "where everything is frozen, nothing is trainable"
    assert student.count_parameters(tied(torch_nn), True) == 20, "a tied weight is one parameter"


@pytest.mark.points(1)
@pytest.mark.hint("what does numel() return, and what does .sum() of a tensor?")
def test_count_is_a_plain_int(student: Any, remote: Remote) -> None:
    """count_parameters returns an int, 0 for a module without parameters."""
    torch_nn = remote("torch.nn")
    for module, right in ((torch_nn.Linear(3, 2), 8), (torch_nn.ReLU(), 0)):
        count = student.count_parameters(module)
        assert type(count) is int, "an int is asked for, no tensor and no float"
        assert count == right, "the number of the parameters, none at all in a ReLU"


# --- on an accelerator --------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("which tensors did .to(device) not move?")
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        pytest.param("Linear", (C, O), marks=no_linear, id="Linear"),
        pytest.param("MLP", ([C, 4, O],), id="MLP"),
        pytest.param("BatchNorm1d", (C,), marks=no_batch_norm, id="BatchNorm1d"),
        pytest.param("EMA", (C,), id="EMA"),
    ],
)
def test_modules_on_the_accelerator(student: Any, device: torch.device, name: str, arguments: tuple[Any, ...]) -> None:
    """On an accelerator, every module moves as a whole and computes there what it does on the CPU."""
    build, x = getattr(student, name), torch.randn(N, C)
    here, there = build(*arguments), build(*arguments)
    there.load_state_dict(snapshot(here))
    there.to(device)
    for training in (False, True):
        here.train(training)
        there.train(training)
        expected, answer = here(x).detach(), there(x.to(device)).detach()
        assert answer.device.type == device.type, "the result is not on the device of module and input"
        moved = [*there.parameters(), *there.buffers()]
        assert all(tensor.device == answer.device for tensor in moved), "a parameter or buffer stayed behind"
        compare(answer.cpu(), expected, rule="the same as on the CPU", rtol=1e-3, atol=1e-3)


@pytest.mark.gpu
@pytest.mark.points(1)
@no_dropout
@pytest.mark.hint("on which device is the mask created, and of which dtype is it?")
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16], ids=["f32", "f16"])
def test_dropout_on_the_accelerator(student: Any, device: torch.device, dtype: torch.dtype) -> None:
    """On an accelerator, Dropout drops and scales there as it does on the CPU."""
    x = torch.randn(100, 200).clamp(min=0.1).to(dtype)
    out = student.Dropout(0.3)(x.to(device))
    assert isinstance(out, torch.Tensor) and out.device.type == device.type, "the result is not on the device of x"
    out = out.cpu()
    compare(out, torch.where(out != 0, x.double() / 0.7, 0.0).to(dtype), rule="zero, or x / (1 - p)")
    assert abs(float((out == 0).double().mean()) - 0.3) < 0.022, "the share of dropped elements is not p"
