"""Custom modules: Linear, MLP, Dropout, BatchNorm1d, EMA and count_parameters, against PyTorch's own.

Modules are built in the student's process, moved to float64 with `.to`, and filled through
`load_state_dict`, so that their start values play no part in the value tests.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
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


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


def views(columns: int) -> dict[str, Tensor]:
    """(N, columns) inputs that are views of other tensors."""
    return {
        "transposed": draw(columns, N).t(),
        "every second row": draw(2 * N, columns)[::2],
        "expanded": draw(N, 1).expand(N, columns),
    }


LAYOUTS = ["transposed", "every second row", "expanded"]


def loaded(model: Any, values: dict[str, Tensor]) -> Any:
    """`model` in float64, holding `values`."""
    model.to(torch.float64)
    model.load_state_dict(values)
    return model


def seeds(remote: Remote) -> Callable[[], None]:
    """A function that sets one seed in the student's process, the same at every call."""
    seed = int(torch.randint(2**31, ()))
    return lambda: remote("torch").manual_seed(seed)


# --- 1. Linear ----------------------------------------------------------------------------------


def linear_values(bias: bool = True) -> dict[str, Tensor]:
    return {"weight": draw(O, I), "bias": draw(O)} if bias else {"weight": draw(O, I)}


@pytest.mark.public
@pytest.mark.points(3)
@no_linear
@pytest.mark.hint("weight is (out_features, in_features): which axis of it meets the last axis of x?")
def test_linear_computes_the_affine_map(student: Any) -> None:
    """Linear computes x @ weight.T + bias, and nothing after it.

    The weight and bias are loaded from the state dict, so their names and shapes count.
    """
    example = {"weight": torch.tensor([[1.0, 0.0, -1.0], [2.0, 1.0, 0.0]]), "bias": torch.tensor([0.5, -1.0])}
    layer = student.Linear(3, 2)
    layer.load_state_dict(example)
    answer = layer(torch.tensor([[1.0, 2.0, 3.0]]))
    compare(answer, torch.tensor([[-1.5, 3.0]]), rule="x @ weight.T + bias")

    values, x = linear_values(), draw(N, I)
    expected = F.linear(x, values["weight"], values["bias"])
    compare(
        loaded(student.Linear(I, O), values)(x),
        expected,
        rule="x @ weight.T + bias",
        mistakes={
            "an activation after the affine map": expected.relu(),
            "leaving the bias out": expected - values["bias"],
            "taking the bias off": expected - 2 * values["bias"],
        },
    )


@pytest.mark.points(2)
@no_linear
@pytest.mark.hint("try inputs with one, three and four dimensions: does only the last one change?")
@pytest.mark.parametrize("lead", [(), (1,), (2, 4), (2, 1, 4), (0,)], ids=["row", "one", "3-D", "4-D", "empty"])
def test_linear_acts_on_the_last_dimension(student: Any, lead: tuple[int, ...]) -> None:
    """Linear acts on the last dimension, whatever stands before it.

    A matrix product for 2-D input alone, or a reshape that is not undone, is caught here.
    """
    values, x = linear_values(), draw(*lead, I)
    expected = F.linear(x, values["weight"], values["bias"])
    compare(loaded(student.Linear(I, O), values)(x), expected, rule="the shape of x with O features at its end")


@pytest.mark.points(2)
@no_linear
@pytest.mark.hint("print list(layer.named_parameters()): what does a module see, and what is a plain attribute?")
def test_linear_registers_its_parameters(student: Any) -> None:
    """Linear's weight and bias are parameters that an optimizer finds.

    A plain tensor as attribute is not in `parameters()`, is not saved and does not move.
    """
    layer = student.Linear(I, O)
    found = {name: (tuple(p.shape), p.requires_grad) for name, p in layer.named_parameters()}
    assert found == {"weight": ((O, I), True), "bias": ((O,), True)}, "the parameters are weight (O, I) and bias (O,)"
    assert set(layer.state_dict()) == {"weight", "bias"}


@pytest.mark.points(2)
@no_linear
@pytest.mark.hint("how does a module say 'there is such a parameter, and it is None'?")
def test_linear_without_bias(student: Any) -> None:
    """With bias=False, Linear has no bias: the attribute is None and the state dict lacks the key."""
    layer = student.Linear(I, O, bias=False)
    assert layer.bias is None, "layer.bias is to be None"
    assert set(layer.state_dict()) == {"weight"} == {name for name, _ in layer.named_parameters()}
    values, x = linear_values(bias=False), draw(N, I)
    compare(loaded(layer, values)(x), F.linear(x, values["weight"]), rule="x @ weight.T")


@pytest.mark.points(2)
@no_linear
@pytest.mark.hint("plot layer.weight of a large layer: where does it end on both sides, and is it flat between?")
def test_linear_weight_starts_uniform(student: Any) -> None:
    """Linear's weight starts uniform between -1/sqrt(in_features) and 1/sqrt(in_features).

    Memory that was never filled, zeros, a normal distribution or a bound from the wrong side fail.
    """
    fan_in, fan_out = 200, 300
    layer = student.Linear(fan_in, fan_out)
    weight, bound = layer.weight.detach().double(), 1 / math.sqrt(fan_in)
    assert bool(weight.isfinite().all()) and bool(layer.bias.isfinite().all()), "every start value is finite"
    assert float(weight.abs().max()) <= bound * (1 + 1e-6), "no weight exceeds 1/sqrt(in_features)"
    # 60,000 draws: six standard errors are 1.4 % of the bound for the mean, 1.2 % for the deviation.
    assert abs(float(weight.mean())) < 0.015 * bound, "the weights average to zero"
    assert abs(float(weight.std()) * math.sqrt(3) / bound - 1) < 0.015, "the weights fill the whole interval evenly"


@pytest.mark.points(1)
@no_linear
@pytest.mark.hint("build two layers in a row: who decides where the random numbers start?")
def test_linear_start_follows_the_seed(student: Any, remote: Remote) -> None:
    """Linear draws its weights from the global generator, and does not reseed it.

    One seed gives one start; two layers built one after the other differ.
    """
    reseed = seeds(remote)
    reseed()
    first, second = student.Linear(I, O), student.Linear(I, O)
    reseed()
    again = student.Linear(I, O)
    compare(again.weight, first.weight, rule="the same start under the same seed")
    compare(again.bias, first.bias, rule="the same start under the same seed")
    assert not torch.equal(first.weight, second.weight), "two layers built in a row start differently"


@pytest.mark.points(2)
@no_linear
@pytest.mark.hint("what is type(nn.Parameter(t).to(torch.float64)), and is it still registered?")
def test_linear_builds_in_a_dtype_on_a_device(student: Any) -> None:
    """Linear creates its parameters in the dtype and on the device that it is given.

    `nn.Parameter(…).to(…)` is a plain tensor and no longer registered.
    """
    layer = student.Linear(I, O, dtype=torch.float64)
    assert {name: p.dtype for name, p in layer.named_parameters()} == dict.fromkeys(("weight", "bias"), torch.float64)
    compare(layer(draw(N, I)).detach() * 0, torch.zeros(N, O, dtype=torch.float64), rule="float64 throughout")
    layer = student.Linear(I, O, device="meta")  # a device without data, there on every machine
    assert {name: p.device.type for name, p in layer.named_parameters()} == dict.fromkeys(("weight", "bias"), "meta")


@pytest.mark.points(1)
@no_linear
@pytest.mark.hint("does every tensor of the layer follow `.to`, and does forward keep the dtype?")
def test_linear_in_half_precision(student: Any) -> None:
    """Linear moved to bfloat16 computes and answers in bfloat16."""
    layer = student.Linear(I, O)
    values, x = linear_values(), torch.randn(N, I).to(torch.bfloat16)
    layer.load_state_dict(values)
    layer.to(torch.bfloat16)
    rounded = [values[key].to(torch.bfloat16).float() for key in ("weight", "bias")]
    compare(layer(x), F.linear(x.float(), *rounded).to(torch.bfloat16), rule="bfloat16 throughout", atol=5e-2)


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
@pytest.mark.hint("try x.t(), x[::2] and an expanded x; and look at x again afterwards")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_linear_reads_views(student: Any, layout: str) -> None:
    """Linear takes views of other tensors and leaves its input as it was."""
    values, x = linear_values(), views(I)[layout]
    before, expected = x.clone(), F.linear(x, values["weight"], values["bias"])
    compare(loaded(student.Linear(I, O), values)(x), expected, rule="x @ weight.T + bias")
    compare(x, before, rule="the input as it was")


@pytest.mark.points(1)
@no_linear
@pytest.mark.hint("is there a tensor in the layer that .to(device) does not know of, or one made in forward?")
@pytest.mark.parametrize("bias", [True, False])
def test_linear_moves_to_another_device(student: Any, fake_cuda: FakeCuda, bias: bool) -> None:
    """Linear works on a GPU once it has been moved there (checked on a simulated one)."""
    fake_cuda(student.Linear(I, O, bias=bias), draw(N, I).float())


# --- 2. MLP -------------------------------------------------------------------------------------

SIZES = [7, 5, 3, 2]


def mlp_values(model: Any, sizes: Sequence[int]) -> tuple[dict[str, Tensor], list[tuple[Tensor, Tensor]]]:
    """Random values for the state dict of an MLP, and its layers (weight, bias) in order.

    Layers are told by their shapes, so sizes must differ; the names are the student's business.
    """
    values = {key: draw(*tensor.shape) for key, tensor in model.state_dict().items()}
    by_shape = {tuple(tensor.shape): tensor for tensor in values.values()}
    layers = []
    for before, after in zip(sizes, sizes[1:]):
        weight = by_shape.get((after, before))
        if weight is None and (before, after) in by_shape:
            weight = by_shape[before, after].t()
        assert weight is not None, "each layer has a registered weight of its output size by its input size"
        assert (after,) in by_shape, "each layer has a registered bias"
        layers.append((weight, by_shape[after,]))
    return values, layers


def mlp_forward(layers: Sequence[tuple[Tensor, Tensor]], x: Tensor, hidden: bool = True, last: bool = False) -> Tensor:
    """An MLP with a ReLU after the hidden layers or not, after the last one or not."""
    for number, (weight, bias) in enumerate(layers, 1):
        x = F.linear(x, weight, bias)
        if last if number == len(layers) else hidden:
            x = x.relu()
    return x


def centred_mlp(student: Any, sizes: list[int], x: Tensor) -> tuple[Any, list[tuple[Tensor, Tensor]]]:
    """A student's MLP with random values, half of whose outputs on x are negative, and its layers."""
    model = student.MLP(list(sizes))
    values, layers = mlp_values(model, sizes)
    last = layers[-1][1]
    last -= mlp_forward(layers, x).median(0).values
    return loaded(model, values), layers


@pytest.mark.public
@pytest.mark.points(3)
@pytest.mark.hint("count the ReLUs: with L layers, how many gaps are there between them?")
def test_mlp_puts_relu_between_layers(student: Any) -> None:
    """MLP has a ReLU between each two layers and none after the last."""
    assert tuple(student.MLP([8, 16, 4])(torch.randn(32, 8)).shape) == (32, 4)
    x = draw(64, SIZES[0])
    model, layers = centred_mlp(student, SIZES, x)
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


@pytest.mark.points(3)
@pytest.mark.hint("print list(model.parameters()): does a module look inside a Python list?")
def test_mlp_registers_its_layers(student: Any) -> None:
    """MLP's layers are registered: their parameters are found and saved.

    A Python list of layers gives a model with no parameters at all.
    """
    model = student.MLP(list(SIZES))
    found = sorted(tuple(sorted(p.shape)) for p in model.parameters())
    assert found, "model.parameters() is empty: the layers are not registered"
    assert found == sorted([(5, 7), (5,), (3, 5), (3,), (2, 3), (2,)]), "one weight and one bias for each layer"
    assert len(model.state_dict()) == 6
    assert all(p.requires_grad and bool(p.isfinite().all()) for p in model.parameters())


@pytest.mark.points(2)
@pytest.mark.hint("with two sizes there is one layer: what stands after it?")
def test_mlp_with_one_layer(student: Any) -> None:
    """MLP with two sizes is a single linear layer without a ReLU."""
    x = draw(N, I)
    model, layers = centred_mlp(student, [I, O], x)
    expected = mlp_forward(layers, x)
    compare(model(x), expected, rule="one linear layer", mistakes={"a ReLU after the last layer": expected.relu()})


@pytest.mark.points(2)
@pytest.mark.hint("after backward(), which parameters have no gradient?")
def test_mlp_gradients(student: Any) -> None:
    """Gradients reach MLP's input and every layer."""
    x = draw(64, SIZES[0])
    model, layers = centred_mlp(student, SIZES, x)
    g, ours = draw(64, SIZES[-1]), x.clone().requires_grad_()
    leaves = [(w.detach().requires_grad_(), b.detach().requires_grad_()) for w, b in layers]
    flat = [ours] + [t for pair in leaves for t in pair]
    expected = torch.autograd.grad((mlp_forward(leaves, ours) * g).sum(), flat)
    x.requires_grad_()
    (model(x) * g).sum().backward()
    compare(x.grad, expected[0], rule="the gradient of x")
    grads = {tuple(p.shape): p.grad for p in model.parameters()}
    for leaf, right in zip(flat[1:], expected[1:]):
        shape = tuple(leaf.shape)
        grad = grads[shape] if shape in grads else grads[shape[::-1]]
        right = right if shape in grads else right.t()
        compare(grad, right, rule="the gradient of a layer's parameter")


@pytest.mark.points(1)
@pytest.mark.hint("print the list of sizes and the input after building and calling the model")
def test_mlp_leaves_its_arguments_alone(student: Any) -> None:
    """MLP changes neither the list of sizes nor its input."""
    sizes, x = list(SIZES), draw(N, SIZES[0])
    before = x.clone()
    model = student.MLP(sizes)
    assert sizes == SIZES, "the list of sizes has changed"
    model.to(torch.float64)
    model(x)
    compare(x, before, rule="the input as it was")


@pytest.mark.points(1)
@pytest.mark.hint("which of the model's layers does .to(device) reach?")
def test_mlp_moves_to_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """MLP works on a GPU once it has been moved there (checked on a simulated one)."""
    fake_cuda(student.MLP(list(SIZES)), torch.randn(N, SIZES[0]))


# --- 3. Dropout ---------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_dropout
@pytest.mark.hint("how does a module know whether it is in training or in evaluation?")
def test_dropout_is_off_in_evaluation(student: Any) -> None:
    """Dropout in evaluation gives its input back, unscaled."""
    layer = student.Dropout(0.3)
    layer.eval()
    x = draw(N, C)
    mistakes = {"scaling in evaluation": x * 0.7, "dividing by 1 - p in evaluation": x / 0.7}
    compare(layer(x), x.clone(), rule="the input as it is", mistakes=mistakes)


@pytest.mark.public
@pytest.mark.points(3)
@no_dropout
@pytest.mark.hint("the mean over many calls is to stay the mean of x: what do the kept elements make up for?")
def test_dropout_scales_what_it_keeps(student: Any) -> None:
    """Dropout in training zeroes some elements and divides the others by 1 - p."""
    p, x = 0.3, draw(40, 50)
    out = student.Dropout(p)(x)
    assert isinstance(out, torch.Tensor) and out.shape == x.shape, "the shape of x is kept"
    kept = out != 0
    assert bool(kept.any()) and not bool(kept.all()), "in training, some elements are dropped and some are kept"
    compare(
        out,
        torch.where(kept, x / (1 - p), 0.0),
        rule="zero, or x / (1 - p)",
        mistakes={
            "keeping elements without 1 / (1 - p)": x * kept,
            "dividing by p": x * kept / p,
            "multiplying by 1 - p": x * kept * (1 - p),
        },
    )


@pytest.mark.points(2)
@no_dropout
@pytest.mark.hint("is p the probability of dropping or of keeping? Count zeros with a p other than a half")
@pytest.mark.parametrize("p", [0.1, 0.3, None, 0.8])
def test_dropout_rate(student: Any, p: float | None) -> None:
    """Dropout drops each element with probability p, a half by default."""
    layer = student.Dropout() if p is None else student.Dropout(p)
    rate = 0.5 if p is None else p
    dropped = float((layer(torch.ones(100, 200)) == 0).double().mean())
    # 20,000 draws: the standard error is at most .0036, and the margin six of them.
    assert abs(dropped - rate) < 0.022, f"with p={rate}, {dropped:.3f} of the elements were dropped"


@pytest.mark.points(2)
@no_dropout
@pytest.mark.hint("look at one row, one column and one sample of the mask: does it repeat along a dimension?")
@pytest.mark.parametrize("shape", [(400,), (40, 50), (20, 30, 40)], ids=["1-D", "2-D", "3-D"])
def test_dropout_decides_for_each_element(student: Any, shape: tuple[int, ...]) -> None:
    """Dropout decides for each element by itself, in inputs of any shape.

    One mask for all rows, or one decision for a whole row, is caught here.
    """
    kept = student.Dropout(0.3)(torch.ones(shape)) != 0
    assert kept.shape == shape, "the shape of x is kept"
    for dim in range(len(shape)):
        assert not bool((kept == kept.narrow(dim, 0, 1)).all()), f"the mask is the same all along dimension {dim}"


@pytest.mark.points(2)
@no_dropout
@pytest.mark.hint("call the layer twice, and build a second one: where does each mask come from?")
def test_dropout_draws_a_new_mask_each_time(student: Any) -> None:
    """Dropout draws a new mask at every call, in every layer.

    A layer that sets a seed, or that keeps its first mask, repeats itself.
    """
    x = torch.ones(40, 50)
    first, second = student.Dropout(0.5), student.Dropout(0.5)
    masks = [layer(x).ne(0) for layer in (first, first, second)]
    assert not torch.equal(masks[0], masks[1]), "two calls of one layer used one mask"
    assert not torch.equal(masks[0], masks[2]), "two layers used one mask"


@pytest.mark.points(2)
@no_dropout
@pytest.mark.hint("what is 1 / (1 - p) at the ends, and what do you multiply it with?")
@pytest.mark.parametrize("p", [0.0, 1.0])
def test_dropout_at_its_ends(student: Any, p: float) -> None:
    """Dropout keeps everything with p=0, nothing with p=1, and never gives NaN; gradients too."""
    layer, x, g = student.Dropout(p), draw(N, C), draw(N, C)
    expected = x.clone() * (1 - p)
    mistake = {"0 / 0": torch.full_like(x, math.nan)}
    x.requires_grad_()
    out = layer(x)
    compare(out, expected, rule="everything for p=0, zeros for p=1", mistakes=mistake)
    assert out.requires_grad, "the result stays connected to the input"
    (out * g).sum().backward()
    compare(x.grad, g * (1 - p), rule="gradients as with any other p", mistakes=mistake)


@pytest.mark.points(1)
@no_dropout
@pytest.mark.hint("which values of p are no probability? When does the caller want to hear of it?")
@pytest.mark.parametrize("p", [-0.1, 1.5])
def test_dropout_rejects_what_is_no_probability(student: Any, p: float) -> None:
    """Dropout raises ValueError where p is outside [0, 1]."""
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
    out = student.Dropout(0.3)(x)
    compare(out, torch.where(out != 0, x.double() / 0.7, 0.0).to(dtype), rule="the dtype of x")


@pytest.mark.points(1)
@no_dropout
@pytest.mark.hint("try x.t(), x[::2], an expanded and an empty x; and look at x again afterwards")
@pytest.mark.parametrize("layout", [*LAYOUTS, "empty"])
def test_dropout_reads_views(student: Any, layout: str) -> None:
    """Dropout takes views of other tensors and empty ones, and leaves its input as it was."""
    x = draw(0, C) if layout == "empty" else views(C)[layout]
    before = x.clone()
    out = student.Dropout(0.5)(x)
    assert isinstance(out, torch.Tensor)
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
KEYS = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")


def norm_values() -> dict[str, Tensor]:
    return {
        "weight": draw(C),
        "bias": draw(C),
        "running_mean": draw(C),
        "running_var": draw(C).exp(),
        "num_batches_tracked": torch.tensor(4),
    }


def oracle(values: dict[str, Tensor]) -> nn.BatchNorm1d:
    bn = nn.BatchNorm1d(C, eps=EPS, momentum=MOMENTUM).double()
    bn.load_state_dict(values)
    return bn


def norm(student: Any, values: dict[str, Tensor]) -> Any:
    return loaded(student.BatchNorm1d(C, eps=EPS, momentum=MOMENTUM), values)


def by_hand(values: dict[str, Tensor], x: Tensor, mean: Tensor, var: Tensor) -> Tensor:
    return (x - mean) / torch.sqrt(var + EPS) * values["weight"] + values["bias"]


@pytest.mark.public
@pytest.mark.points(3)
@no_batch_norm
@pytest.mark.hint("over which dimension does each column have its mean, and is its variance over N or N - 1 here?")
def test_batch_norm_in_training(student: Any) -> None:
    """BatchNorm1d in training normalizes by the batch's mean and its variance over N."""
    answer = student.BatchNorm1d(2)(torch.tensor([[1.0, 10.0], [3.0, 30.0]]))
    compare(answer, torch.tensor([[-1.0, -1.0], [1.0, 1.0]]), rule="each column standardized", rtol=0, atol=1e-4)

    values, x = norm_values(), draw(N, C) * 3 + 1
    with torch.no_grad():
        expected = oracle(values)(x)
    mean, var = x.mean(0), x.var(0, correction=0)
    compare(
        norm(student, values)(x),
        expected,
        rule="(x - mean) / sqrt(var + eps) * weight + bias, with the batch's own mean and variance",
        mistakes={
            "the variance over N - 1 as normalizer": by_hand(values, x, mean, x.var(0)),
            "the running statistics in training": by_hand(values, x, values["running_mean"], values["running_var"]),
            "eps outside the root": (x - mean) / (var.sqrt() + EPS) * values["weight"] + values["bias"],
            "leaving out weight and bias": (x - mean) / (var + EPS).sqrt(),
            "leaving out eps": (x - mean) / var.sqrt() * values["weight"] + values["bias"],
        },
    )


@pytest.mark.public
@pytest.mark.points(2)
@no_batch_norm
@pytest.mark.hint("in evaluation a sample's result must not depend on the samples beside it")
@pytest.mark.parametrize("rows", [N, 1, 0])
def test_batch_norm_in_evaluation(student: Any, rows: int) -> None:
    """BatchNorm1d in evaluation normalizes by the running statistics, for any number of rows."""
    values, x = norm_values(), draw(rows, C)
    model = norm(student, values)
    model.eval()
    mistakes = {}
    if rows:
        mistakes["the batch's own statistics"] = by_hand(values, x, x.mean(0), x.var(0, correction=0))
    expected = by_hand(values, x, values["running_mean"], values["running_var"])
    compare(model(x), expected, rule="the running mean and variance in their place", mistakes=mistakes)


@pytest.mark.points(3)
@no_batch_norm
@pytest.mark.hint("the estimate of the whole population's variance divides by N - 1; momentum is the share of the new")
def test_batch_norm_tracks_statistics(student: Any) -> None:
    """BatchNorm1d's running statistics follow mean and unbiased variance, batch after batch.

    The result is normalized by the variance over N, but the one over N - 1 is what is kept.
    """
    values = norm_values()
    model, ours, n = norm(student, values), oracle(values), 4
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


@pytest.mark.points(2)
@no_batch_norm
@pytest.mark.hint("which of the five tensors does an optimizer change, and which are only saved and moved?")
def test_batch_norm_parameters_and_buffers(student: Any) -> None:
    """BatchNorm1d has two parameters and three buffers, named as PyTorch names them, all saved.

    Statistics held as parameters would be trained; held as plain attributes they would be lost.
    """
    model = student.BatchNorm1d(C)
    assert {name for name, _ in model.named_parameters()} == set(KEYS[:2]), "the parameters are weight and bias"
    assert {name for name, _ in model.named_buffers()} >= set(KEYS[2:]), "the statistics and the counter are buffers"
    assert set(model.state_dict()) == set(KEYS), "the state dict has PyTorch's five keys"


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("a fresh layer in evaluation changes nothing but by eps: which start values does that take?")
def test_batch_norm_start_values(student: Any) -> None:
    """BatchNorm1d starts with weight 1, bias 0, running mean 0, running variance 1, counter 0."""
    state = {key: tensor.clone() for key, tensor in student.BatchNorm1d(C).state_dict().items()}
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
        compare(model.state_dict().get("num_batches_tracked"), torch.tensor(number), rule="the number of batches so far")


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("mean and variance depend on x as well: does your graph know?")
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_batch_norm_gradients(student: Any, training: bool) -> None:
    """Gradients of BatchNorm1d go through the batch's mean and variance too."""
    values, x, g = norm_values(), draw(N, C), draw(N, C)
    ours, twin = oracle(values), x.clone().requires_grad_()
    ours.train(training)
    (ours(twin) * g).sum().backward()
    model = norm(student, values)
    model.train(training)
    x.requires_grad_()
    (model(x) * g).sum().backward()
    compare(x.grad, _some(twin.grad), rule="the gradient of x")
    compare(model.weight.grad, _some(ours.weight.grad), rule="the gradient of weight")
    compare(model.bias.grad, _some(ours.bias.grad), rule="the gradient of bias")


def _some(tensor: Tensor | None) -> Tensor:
    assert tensor is not None
    return tensor


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("print bn.running_mean.requires_grad after a training step: does it hold on to the batch's graph?")
def test_batch_norm_statistics_carry_no_graph(student: Any) -> None:
    """BatchNorm1d's running statistics hold no graph, so evaluation after a training step works.

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
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_batch_norm_in_half_precision(student: Any, training: bool) -> None:
    """BatchNorm1d moved to bfloat16 answers in bfloat16."""
    model = student.BatchNorm1d(C)
    model.to(torch.bfloat16)
    model.train(training)
    x = torch.randn(16, C).to(torch.bfloat16)
    expected = F.batch_norm(x.float(), torch.zeros(C), torch.ones(C), training=training)
    compare(model(x), expected.to(torch.bfloat16), rule="bfloat16 throughout", atol=5e-2)


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("try x.t(), x[::2] and an expanded x; and look at x again afterwards")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_batch_norm_reads_views(student: Any, layout: str) -> None:
    """BatchNorm1d takes views of other tensors and leaves its input as it was."""
    values, x = norm_values(), views(C)[layout]
    before = x.clone()
    expected = by_hand(values, x, x.mean(0), x.var(0, correction=0))
    compare(norm(student, values)(x), expected, rule="(x - mean) / sqrt(var + eps) * weight + bias")
    compare(x, before, rule="the input as it was")


@pytest.mark.points(1)
@no_batch_norm
@pytest.mark.hint("is there a tensor in the layer that .to(device) does not know of, or one made in forward?")
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_batch_norm_moves_to_another_device(student: Any, fake_cuda: FakeCuda, training: bool) -> None:
    """BatchNorm1d works on a GPU once it has been moved there (checked on a simulated one)."""
    model = student.BatchNorm1d(C)
    model.train(training)
    fake_cuda(model, torch.randn(N, C))


# --- 5. EMA -------------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(3)
@pytest.mark.hint("decay is the share of the old average, and the first batch is a batch like any other")
@pytest.mark.parametrize("decay", [0.9, None], ids=["0.9", "default"])
def test_ema_follows_the_formula(student: Any, decay: float | None) -> None:
    """EMA keeps decay * average + (1 - decay) * the batch's mean, from zeros on.

    Swapped weights, a start at the first mean or a correction for the start are caught here.
    """
    if decay:
        answer = student.EMA(2, decay=decay)(torch.tensor([[1.0, 2.0], [3.0, 4.0]]))
        compare(answer, torch.tensor([0.2, 0.3]), rule="decay * average + (1 - decay) * mean, from zeros on")
    model, d = student.EMA(C, decay=decay) if decay else student.EMA(C), decay or 0.99
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
    model = student.EMA(C, decay=0.9)
    model.to(torch.float64)
    x = draw(N, C)
    average = 0.1 * x.mean(0)
    model(x)
    model.eval()
    for _ in range(2):
        compare(model(draw(N, C)), average, rule="the average of the training batches")
    compare(model.average, average, rule="the average of the training batches")


@pytest.mark.points(2)
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
    model = student.EMA(C, decay=0.5)
    model.to(dtype)
    x = torch.randn(N, C).to(dtype)
    compare(model(x), (x.double().mean(0) * 0.5).to(dtype), rule="an average in the module's dtype")
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
@pytest.mark.parametrize("layout", LAYOUTS)
def test_ema_reads_views(student: Any, layout: str) -> None:
    """EMA takes views of other tensors and leaves its input as it was."""
    model, x = student.EMA(C, decay=0.5), views(C)[layout]
    model.to(torch.float64)
    before, expected = x.clone(), x.mean(0) * 0.5
    compare(model(x), expected, rule="decay * average + (1 - decay) * mean over the rows")
    compare(x, before, rule="the input as it was")


@pytest.mark.points(1)
@pytest.mark.hint("what does .to(device) move, and what stays behind?")
def test_ema_moves_to_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """EMA works on a GPU once it has been moved there (checked on a simulated one)."""
    fake_cuda(student.EMA(C), torch.randn(N, C))


# --- 6. count_parameters ------------------------------------------------------------------------


def tied(torch_nn: Any) -> Any:
    """An embedding of 5 words in 4 dimensions and an output layer that shares its weight."""
    embedding, head = torch_nn.Embedding(5, 4), torch_nn.Linear(4, 5, bias=False)
    head.weight = embedding.weight
    return torch_nn.Sequential(embedding, head)


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("how many numbers does one tensor hold, and which tensors does the module name?")
def test_count_adds_up_all_layers(student: Any, remote: Remote) -> None:
    """count_parameters adds up the numbers in all parameters, those of inner modules too."""
    torch_nn = remote("torch.nn")
    assert student.count_parameters(torch_nn.Linear(3, 2)) == 8
    inner = torch_nn.Sequential(torch_nn.Linear(16, 4), torch_nn.PReLU(3))
    model = torch_nn.Sequential(torch_nn.Linear(8, 16), torch_nn.ReLU(), inner)
    assert student.count_parameters(model) == 8 * 16 + 16 + 16 * 4 + 4 + 3


@pytest.mark.points(2)
@pytest.mark.hint("is a number that has two names two numbers?")
def test_count_takes_tied_weights_once(student: Any, remote: Remote) -> None:
    """count_parameters counts a parameter that is used in two places once."""
    torch_nn = remote("torch.nn")
    assert student.count_parameters(tied(torch_nn)) == 20, "a tied weight is one parameter"
    twice = torch_nn.Linear(3, 2)
    assert student.count_parameters(torch_nn.Sequential(twice, torch_nn.ReLU(), twice)) == 8, "a layer used twice"


@pytest.mark.points(1)
@pytest.mark.hint("what makes two parameters the same one: their values, their shape, or something else?")
def test_count_tells_copies_apart(student: Any, remote: Remote) -> None:
    """count_parameters counts two layers that merely look alike twice."""
    torch_nn = remote("torch.nn")
    layer = torch_nn.Linear(3, 2)
    assert student.count_parameters(torch_nn.Sequential(layer, remote("copy").deepcopy(layer))) == 16


@pytest.mark.points(1)
@pytest.mark.hint("what does a state dict hold beside parameters?")
def test_count_leaves_buffers_out(student: Any, remote: Remote) -> None:
    """count_parameters counts no buffers."""
    assert student.count_parameters(remote("torch.nn").BatchNorm1d(5)) == 10


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
    assert student.count_parameters(model, True) == 0
    assert student.count_parameters(tied(torch_nn), True) == 20, "a tied weight is one parameter"


@pytest.mark.points(1)
@pytest.mark.hint("what does numel() return, and what does .sum() of a tensor?")
def test_count_is_a_plain_int(student: Any, remote: Remote) -> None:
    """count_parameters returns an int, 0 for a module without parameters."""
    torch_nn = remote("torch.nn")
    for module, right in ((torch_nn.Linear(3, 2), 8), (torch_nn.ReLU(), 0)):
        count = student.count_parameters(module)
        assert type(count) is int, f"an int is asked for, a {type(count).__name__} came back"
        assert count == right


# --- on an accelerator --------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.points(4)
@pytest.mark.hint("which tensors did .to(device) not move?")
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        pytest.param("Linear", (C, O), marks=no_linear),
        ("MLP", ([C, 4, O],)),
        pytest.param("Dropout", (0.0,), marks=no_dropout),
        pytest.param("BatchNorm1d", (C,), marks=no_batch_norm),
        ("EMA", (C,)),
    ],
)
def test_modules_on_the_accelerator(student: Any, device: torch.device, name: str, arguments: tuple[Any, ...]) -> None:
    """On an accelerator, every module moves as a whole and computes there what it does on the CPU."""
    model, x = getattr(student, name)(*arguments), torch.randn(N, C)
    for training in (False, True):
        model.to("cpu")
        model.train(training)
        state = {key: tensor.detach().clone() for key, tensor in model.state_dict().items()}
        expected = model(x).detach().clone()
        if name == "EMA":
            model, expected = student.EMA(*arguments), expected * float(training)
            model.train(training)
        else:
            model.load_state_dict(state)
        model.to(device)
        answer = model(x.to(device))
        assert answer.device.type == device.type, "the result is not on the device of module and input"
        assert all(p.device == answer.device for p in model.parameters()), "parameters and result are on one device"
        compare(answer.cpu(), expected, rule="the same as on the CPU", rtol=1e-3, atol=1e-3)
