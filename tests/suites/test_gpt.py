"""GPT-2 from GELU to generated tokens, against the functions of torch.nn.functional on the same weights.

Modules are built in the student's process and filled through `load_state_dict`, so names and shapes count and start
values do not. `generate` is tested with small models of the suite's own, so that it does not depend on GPT2.
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

B, T, BLOCK, V, H, C, LAYERS = 4, 5, 7, 11, 3, 12, 2  # samples, tokens, positions, vocabulary, heads, features, layers
D = C // H
EPS = 1e-5

Values = dict[str, Tensor]
FakeCuda = Callable[..., None]
Remote = Callable[[str], Any]

no_gelu = pytest.mark.forbid("torch.nn.functional.gelu")
no_layer_norm = pytest.mark.forbid("torch.nn.functional.layer_norm")
no_mha = pytest.mark.forbid("torch.nn.MultiheadAttention")

VIEWS = ["transposed", "every second row", "expanded"]


def draw(*shape: int) -> Tensor:
    """Normal numbers in float64, from the generator that is seeded anew for each test."""
    return torch.randn(shape, dtype=torch.float64)


def layout(kind: str, *shape: int) -> Tensor:
    """Random numbers of this shape, as a view of another tensor."""
    *lead, rows, columns = shape
    return {
        "transposed": lambda: draw(*lead, columns, rows).transpose(-2, -1),
        "every second row": lambda: draw(*lead, 2 * rows, columns)[..., ::2, :],
        "expanded": lambda: draw(*lead, 1, columns).expand(shape),
    }[kind]()


def snapshot(module: Any) -> Values:
    """The state dict as it is now."""
    return {key: tensor.detach().clone() for key, tensor in module.state_dict().items()}


def loaded(module: Any, values: Values) -> Any:
    """`module` in float64, holding `values`."""
    module.to(torch.float64)
    module.load_state_dict(values)
    return module


def half(values: Values) -> Values:
    """The values as bfloat16 rounds them."""
    return {key: tensor.to(torch.bfloat16).float() for key, tensor in values.items()}


def config_of(student: Any, heads: int = H, block_size: int = BLOCK) -> Any:
    return student.GPTConfig(block_size=block_size, vocab_size=V, n_layer=LAYERS, n_head=heads, n_embd=C)


# The model once more, on a dict of values. Arguments after the input are for mistakes.


def below(values: Values, prefix: str) -> Values:
    """What a submodule has of the values, under its own names."""
    return {key.removeprefix(prefix + "."): tensor for key, tensor in values.items() if key.startswith(prefix + ".")}


def affine(values: Values, name: str, x: Tensor) -> Tensor:
    return F.linear(x, values[f"{name}.weight"], values[f"{name}.bias"])


def normed(values: Values, name: str, x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:], values[f"{name}.weight"], values[f"{name}.bias"], EPS)


def tanh_gelu(x: Tensor) -> Tensor:
    return F.gelu(x, approximate="tanh")


def attend(
    values: Values, x: Tensor, heads: int = H, scale: float | None = None, diagonal: int | None = 0, late: bool = False
) -> Tensor:
    """Attention with a mask up to a diagonal (None: no mask), put on before the softmax or too late."""
    shape = (*x.shape[:2], heads, C // heads)
    q, k, v = (part.reshape(shape).transpose(1, 2) for part in affine(values, "c_attn", x).chunk(3, -1))
    scores = q @ k.transpose(-2, -1) * (q.shape[-1] ** -0.5 if scale is None else scale)
    past = torch.ones(scores.shape[-2:], dtype=torch.bool).tril(scores.shape[-1] if diagonal is None else diagonal)
    weights = scores.softmax(-1) * past if late else scores.masked_fill(~past, -math.inf).softmax(-1)
    return affine(values, "c_proj", (weights @ v).transpose(1, 2).flatten(2))


def feed(values: Values, x: Tensor, activation: Callable[[Tensor], Tensor] = tanh_gelu) -> Tensor:
    return affine(values, "c_proj", activation(affine(values, "c_fc", x)))


def block_of(values: Values, x: Tensor) -> Tensor:
    x = x + attend(below(values, "attn"), normed(values, "ln_1", x))
    return x + feed(below(values, "mlp"), normed(values, "ln_2", x))


def logits_of(values: Values, idx: Tensor) -> Tensor:
    x = values["wte.weight"][idx] + values["wpe.weight"][: idx.shape[1]]
    for layer in range(LAYERS):
        x = block_of(below(values, f"h.{layer}"), x)
    return normed(values, "ln_f", x) @ values["wte.weight"].T


def affine_values(name: str, inputs: int, outputs: int) -> Values:
    return {f"{name}.weight": draw(outputs, inputs) * inputs**-0.5, f"{name}.bias": draw(outputs) / 2}


def norm_values(name: str) -> Values:
    return {f"{name}.weight": 1 + draw(C) / 4, f"{name}.bias": draw(C) / 4}


def attention_values() -> Values:
    return affine_values("c_attn", C, 3 * C) | affine_values("c_proj", C, C)


def mlp_values() -> Values:
    return affine_values("c_fc", C, 4 * C) | affine_values("c_proj", 4 * C, C)


def block_values() -> Values:
    values = norm_values("ln_1") | norm_values("ln_2")
    values |= {f"attn.{key}": tensor for key, tensor in attention_values().items()}
    return values | {f"mlp.{key}": tensor for key, tensor in mlp_values().items()}


def gpt_values() -> Values:
    values = {"wte.weight": draw(V, C) / 2, "wpe.weight": draw(BLOCK, C) / 2} | norm_values("ln_f")
    for layer in range(LAYERS):
        values |= {f"h.{layer}.{key}": tensor for key, tensor in block_values().items()}
    return values


MODULES: dict[str, tuple[Callable[[], Values], Callable[[Values, Tensor], Tensor]]] = {
    "CausalSelfAttention": (attention_values, attend),
    "MLP": (mlp_values, feed),
    "Block": (block_values, block_of),
}
"""The modules from (B, T, C) to (B, T, C): how their values are drawn, and what they compute."""


def check_gradients(
    module: Any, values: Values, reference: Callable[[Values, Tensor], Tensor], x: Tensor, integer: bool = False
) -> None:
    """The gradients of a module's parameters, and of its input where that has any."""
    ours = {key: tensor.clone().requires_grad_() for key, tensor in values.items()}
    leaf = x.clone() if integer else x.clone().requires_grad_()
    result = reference(ours, leaf)
    g = torch.randn_like(result)
    right = torch.autograd.grad((result * g).sum(), [*ours.values(), *([] if integer else [leaf])])
    if not integer:
        x.requires_grad_()
    (module(x) * g).sum().backward()
    for (name, parameter), expected in zip(sorted(module.named_parameters()), sorted_by_name(ours, right)):
        compare(parameter.grad, expected, rule=f"the gradient of {name}", atol=1e-10)
    if not integer:
        compare(x.grad, right[-1], rule="the gradient of the input", atol=1e-10)


def sorted_by_name(values: Values, gradients: tuple[Tensor, ...]) -> list[Tensor]:
    return [gradient for _, gradient in sorted(zip(values, gradients), key=lambda pair: pair[0])]


# --- 1. gelu ------------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_gelu
@pytest.mark.hint("compare the formula factor by factor: the half, the root of 2/pi, the cube and its factor, the 1")
def test_gelu_has_the_tanh_form(student: Any) -> None:
    """gelu is GPT-2's tanh form, not the one by the error function.

    The two are less than a thousandth apart, which published weights feel.
    """
    example = torch.tensor([-1.0, 0.0, 1.0, 2.0])
    right = torch.tensor([-0.158808, 0.0, 0.841192, 1.954598])
    compare(student.gelu(example), right, rule="0.5 x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))")

    x = torch.cat([torch.linspace(-6, 6, 37, dtype=torch.float64), 2 * draw(30)])
    inner = math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)
    mistakes = {
        "the form by the error function": F.gelu(x),
        "the sigmoid form": x * torch.sigmoid(1.702 * x),
        "ReLU": x.relu(),
        "SiLU": F.silu(x),
        "leaving the half out": x * (1 + torch.tanh(inner)),
        "leaving the root out": 0.5 * x * (1 + torch.tanh(2 / math.pi * (x + 0.044715 * x**3))),
        "leaving the cube out": 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * x)),
        "a square in place of the cube": 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**2))),
    }
    compare(student.gelu(x), tanh_gelu(x), rule="GELU in its tanh form", mistakes=mistakes)


@pytest.mark.points(1)
@no_gelu
@pytest.mark.hint("is every step from x to the result part of the graph?")
def test_gelu_gradients(student: Any) -> None:
    """Gradients go through both factors of gelu, the x and the smooth step."""
    x, g = 2 * draw(T, C), draw(T, C)
    ours = x.clone().requires_grad_()
    (expected,) = torch.autograd.grad((tanh_gelu(ours) * g).sum(), ours)
    x.requires_grad_()
    (student.gelu(x) * g).sum().backward()
    compare(x.grad, expected, rule="the derivative of GELU in its tanh form")


@pytest.mark.points(1)
@no_gelu
@pytest.mark.hint("what is tanh of a very large number, and what is exp of one?")
def test_gelu_of_large_numbers(student: Any) -> None:
    """gelu of large numbers is the number or 0, and its gradient 1 or 0, in float32.

    A tanh out of exponentials overflows.
    """
    x = torch.cat([10 + 990 * torch.rand(20), -10 - 990 * torch.rand(20), torch.tensor([1e4, -1e4])])
    expected, slope = x.clamp(min=0), (x > 0).float()
    x.requires_grad_()
    answer = student.gelu(x)
    compare(answer, expected, rule="x far above zero, and 0 far below")
    answer.sum().backward()
    compare(x.grad, slope, rule="a slope of 1 far above zero, and of 0 far below")


@pytest.mark.points(1)
@no_gelu
@pytest.mark.hint("try 0-d, empty, transposed and expanded tensors, and look at x again afterwards")
@pytest.mark.parametrize("kind", [*VIEWS, "0-d", "empty", "one number"])
def test_gelu_of_any_shape(student: Any, kind: str) -> None:
    """gelu takes any shape and any view, and leaves its input as it was."""
    special = {"0-d": (), "empty": (0, C), "one number": (1, 1)}
    x = draw(*special[kind]) if kind in special else layout(kind, B, T, C)
    before, expected = x.clone(), tanh_gelu(x)
    compare(student.gelu(x), expected, rule="GELU of each number")
    compare(x, before, rule="x as it was")


@pytest.mark.points(1)
@no_gelu
@pytest.mark.hint("which of your constants has a dtype of its own?")
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bf16", "f16"])
def test_gelu_in_half_precision(student: Any, dtype: torch.dtype) -> None:
    """gelu of half precision numbers is in half precision."""
    x = torch.randn(T, C).to(dtype)
    expected = tanh_gelu(x.float()).to(dtype)
    compare(student.gelu(x), expected, rule="GELU in the dtype of x")


# --- 2. LayerNorm -------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_layer_norm
@pytest.mark.hint("over which dim are mean and variance, by what does the variance divide, and where does eps stand?")
def test_layer_norm_standardizes_each_row(student: Any) -> None:
    """LayerNorm standardizes over the last dimension, then scales and shifts.

    The variance divides by the number of features, not by one less.
    """
    answer = student.LayerNorm(4)(torch.tensor([[1.0, 2.0, 3.0, 6.0]]))
    right = torch.tensor([[-1.069043, -0.534521, 0.0, 1.603564]])
    compare(answer, right, rule="(x - mean) / sqrt(var + eps) at the start, where weight is 1 and bias 0")

    x, weight, bias = 1 + 2 * draw(B, T, C), 1 + draw(C) / 2, draw(C)
    mean, var = x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)
    both = x - x.mean((1, 2), keepdim=True)
    mistakes = {
        "a variance that divides by one less": (x - mean) / (x.var(-1, keepdim=True) + EPS).sqrt() * weight + bias,
        "leaving the mean in": x / (var + EPS).sqrt() * weight + bias,
        "dividing by the variance": (x - mean) / (var + EPS) * weight + bias,
        "eps outside the root": (x - mean) / (var.sqrt() + EPS) * weight + bias,
        "leaving eps out": (x - mean) / var.sqrt() * weight + bias,
        "statistics over tokens and features": both / (both.square().mean((1, 2), keepdim=True) + EPS).sqrt() * weight
        + bias,
        "leaving weight and bias out": (x - mean) / (var + EPS).sqrt(),
        "leaving the bias out": (x - mean) / (var + EPS).sqrt() * weight,
    }
    expected = F.layer_norm(x, (C,), weight, bias, EPS)
    layer = loaded(student.LayerNorm(C), {"weight": weight, "bias": bias})
    rule = "(x - mean) / sqrt(var + eps) * weight + bias, over the last dim"
    compare(layer(x), expected, rule=rule, mistakes=mistakes)


@pytest.mark.points(1)
@no_layer_norm
@pytest.mark.hint("print list(layer.named_parameters()) with and without bias: what is there, and what are its values?")
def test_layer_norm_parameters(student: Any) -> None:
    """LayerNorm's parameters are weight, ones at first, and bias, zeros at first; with bias=False there is none."""
    layer = student.LayerNorm(C)
    assert {name for name, p in layer.named_parameters() if p.requires_grad} == {"weight", "bias"}, (
        "weight and bias are parameters, and there is no other"
    )
    assert set(layer.state_dict()) == {"weight", "bias"}, "the state dict holds the two parameters and nothing else"
    compare(layer.weight, torch.ones(C), rule="ones, of shape (C,)")
    compare(layer.bias, torch.zeros(C), rule="zeros, of shape (C,)")

    x, weight = draw(B, T, C), draw(C)
    expected = F.layer_norm(x, (C,), weight, None, EPS)
    layer = student.LayerNorm(C, bias=False)
    assert layer.bias is None, "layer.bias is to be None"
    assert set(layer.state_dict()) == {"weight"}, "weight is the only key of the state dict"
    compare(loaded(layer, {"weight": weight})(x), expected, rule="no shift without a bias")


@pytest.mark.points(2)
@no_layer_norm
@pytest.mark.hint("take rows whose spread is about the root of eps: what does eps do to them, and where does it stand?")
@pytest.mark.parametrize("eps", [None, 1e-3, 0.5], ids=["default", "small", "large"])
def test_layer_norm_adds_eps_under_the_root(student: Any, eps: float | None) -> None:
    """LayerNorm adds eps to the variance, under the root; rows with little spread show it."""
    used = EPS if eps is None else eps
    x = math.sqrt(used) * (3 + draw(B, T, C))
    mean, var = x.mean(-1, keepdim=True), x.var(-1, correction=0, keepdim=True)
    mistakes = {
        "eps outside the root": (x - mean) / (var.sqrt() + used),
        "leaving eps out": (x - mean) / var.sqrt(),
        "an eps of its own": F.layer_norm(x, (C,), eps=EPS if eps else 1e-6),
        "the larger of variance and eps": (x - mean) / var.clamp(min=used).sqrt(),
    }
    expected = F.layer_norm(x, (C,), eps=used)
    layer = student.LayerNorm(C) if eps is None else student.LayerNorm(C, eps=eps)
    layer.to(torch.float64)
    compare(layer(x), expected, rule="(x - mean) / sqrt(var + eps)", mistakes=mistakes)


@pytest.mark.points(2)
@no_layer_norm
@pytest.mark.hint("how many digits does float32 have, and how many are left of the difference of two large numbers?")
def test_layer_norm_far_from_zero(student: Any) -> None:
    """LayerNorm keeps its digits for rows far from zero, in float32.

    The mean of squares less the square of the mean is right on paper and mostly rounding there.
    """
    x = (1000 + draw(40, 64)).float()
    expected = F.layer_norm(x.double(), (64,), eps=EPS).float()
    compare(student.LayerNorm(64)(x), expected, rule="each row standardized, whatever its mean", rtol=0, atol=2e-3)


@pytest.mark.points(1)
@no_layer_norm
@pytest.mark.hint("what is left of a row of equal numbers when its mean is off, and by what is that divided?")
@pytest.mark.parametrize("features", [1, C], ids=["one feature", "equal numbers"])
def test_layer_norm_of_rows_without_spread(student: Any, features: int) -> None:
    """LayerNorm makes a row without spread the bias, and a row of one feature is such a row."""
    weight, bias = draw(features), draw(features)
    x = torch.randint(-9, 9, (T, 1)).double().expand(T, features)
    expected = bias.expand(T, features)
    layer = loaded(student.LayerNorm(features), {"weight": weight, "bias": bias})
    compare(layer(x), expected, rule="the bias, where nothing is left of x")


@pytest.mark.points(1)
@no_layer_norm
@pytest.mark.hint("do mean and variance of a row depend on x? Then the gradient has to pass through them")
def test_layer_norm_gradients(student: Any) -> None:
    """Gradients reach LayerNorm's parameters and its input, through mean and variance as well."""
    values = {"weight": 1 + draw(C) / 2, "bias": draw(C)}
    layer = loaded(student.LayerNorm(C), values)
    check_gradients(layer, values, lambda v, x: F.layer_norm(x, (C,), v["weight"], v["bias"], EPS), draw(B, T, C))


@pytest.mark.points(1)
@no_layer_norm
@pytest.mark.hint("try one, two and four dims, none at all in a batch, and views; look at x again afterwards")
@pytest.mark.parametrize("kind", [*VIEWS, "one row", "2-D", "4-D", "empty"])
def test_layer_norm_of_any_shape(student: Any, kind: str) -> None:
    """LayerNorm works on the last dimension whatever stands before it, takes views, and leaves its input alone."""
    special = {"one row": (C,), "2-D": (T, C), "4-D": (B, 1, T, C), "empty": (0, T, C)}
    x = draw(*special[kind]) if kind in special else layout(kind, B, T, C)
    weight, bias = draw(C), draw(C)
    before, expected = x.clone(), F.layer_norm(x, (C,), weight, bias, EPS)
    layer = loaded(student.LayerNorm(C), {"weight": weight, "bias": bias})
    compare(layer(x), expected, rule="each row over the last dim standardized")
    compare(x, before, rule="x as it was")


# --- 3. CausalSelfAttention ---------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(3)
@no_mha
@pytest.mark.hint("check one by one: which third is which, how heads are cut, the root in the scale, the mask")
def test_attention_is_causal_and_multi_headed(student: Any) -> None:
    """CausalSelfAttention attends to the past in each head, scaled by the root of a head's features.

    Loading the weights asks for the right names and shapes.
    """
    values, x = attention_values(), draw(B, T, C)
    mistakes = {
        "attention to the future as well": attend(values, x, diagonal=None),
        "a mask that lets the next token through": attend(values, x, diagonal=1),
        "a mask put on after the softmax": attend(values, x, late=True),
        "scaling by the features of all heads": attend(values, x, scale=C**-0.5),
        "no scale": attend(values, x, scale=1.0),
        "scaling by 1 / d": attend(values, x, scale=1 / D),
        "a single head": attend(values, x, heads=1),
    }
    expected = attend(values, x)
    layer = loaded(student.CausalSelfAttention(config_of(student)), values)
    compare(layer(x), expected, rule="causal attention in each head, then c_proj", mistakes=mistakes)


@pytest.mark.points(1)
@no_mha
@pytest.mark.hint("how large is your mask, and how large are the scores of a short sequence?")
@pytest.mark.parametrize(
    ("samples", "tokens", "heads"),
    [
        pytest.param(B, 1, H, id="one token"),
        pytest.param(B, BLOCK - 1, H, id="almost full"),
        pytest.param(B, BLOCK, H, id="full"),
        pytest.param(1, T, H, id="one sample"),
        pytest.param(0, T, H, id="no samples"),
        pytest.param(B, T, 1, id="one head"),
        pytest.param(B, T, C, id="one feature for each head"),
    ],
)
def test_attention_of_any_length(student: Any, samples: int, tokens: int, heads: int) -> None:
    """CausalSelfAttention takes from 1 to block_size tokens, and any number of heads that divides the features."""
    values, x = attention_values(), draw(samples, tokens, C)
    expected = attend(values, x, heads=heads)
    layer = loaded(student.CausalSelfAttention(config_of(student, heads)), values)
    compare(layer(x), expected, rule="causal attention in each head, then c_proj")


# --- 4. MLP -------------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("what stands between the two linear maps, and does anything follow the second?")
def test_mlp_is_wide_with_gelu(student: Any) -> None:
    """MLP goes to four times the features, through GELU in the tanh form, and back.

    Loading the weights asks for the right names and shapes.
    """
    values, x = mlp_values(), 2 * draw(B, T, C)
    mistakes = {
        "ReLU in place of GELU": feed(values, x, torch.relu),
        "GELU by the error function": feed(values, x, F.gelu),
        "no activation": feed(values, x, lambda hidden: hidden),
        "an activation after the second map": tanh_gelu(feed(values, x)),
    }
    expected = feed(values, x)
    layer = loaded(student.MLP(config_of(student)), values)
    compare(layer(x), expected, rule="c_proj(gelu(c_fc(x)))", mistakes=mistakes)


# --- 5. Block -----------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(3)
@pytest.mark.hint("what is x when the second norm reads it? And is anything but a sum done to x itself?")
def test_block_adds_to_the_stream(student: Any) -> None:
    """Block adds attention and MLP to x, each applied to a normalized copy of the stream so far.

    Loading the weights asks for the right names and shapes.
    """
    values, x = block_values(), 2 * draw(B, T, C)
    attn, mlp = below(values, "attn"), below(values, "mlp")
    middle = x + attend(attn, normed(values, "ln_1", x))
    post = normed(values, "ln_1", x + attend(attn, x))
    both = attend(attn, normed(values, "ln_1", x)) + feed(mlp, normed(values, "ln_2", x))
    mistakes = {
        "a norm after each sum": normed(values, "ln_2", post + feed(mlp, post)),
        "no sums": feed(mlp, normed(values, "ln_2", attend(attn, normed(values, "ln_1", x)))),
        "no sum around the MLP": feed(mlp, normed(values, "ln_2", middle)),
        "one norm for both": middle + feed(mlp, normed(values, "ln_1", middle)),
        "both branches side by side": x + both,
        "no norms": x + attend(attn, x) + feed(mlp, x + attend(attn, x)),
        "attention alone": middle,
    }
    expected = block_of(values, x)
    layer = loaded(student.Block(config_of(student)), values)
    rule = "x + attn(ln_1(x)), then that plus mlp(ln_2(that))"
    compare(layer(x), expected, rule=rule, mistakes=mistakes, atol=1e-10)


@pytest.mark.points(2)
@pytest.mark.hint("add one number to all features of a token: what do the norms see, and what does the stream keep?")
def test_block_passes_a_shift_on(student: Any) -> None:
    """Block adds the same to a token whose features are all shifted by one number: the norms take the shift off.

    It holds for pre-norm with residual sums, and for nothing else.
    """
    values, x, shift = block_values(), draw(B, T, C), 3 * draw(B, T, 1)
    layer = loaded(student.Block(config_of(student)), values)
    added = layer(x).detach() - x
    assert float(added.abs().max()) > 1e-3, "the branches add nothing to x"
    moved = layer(x + shift).detach() - (x + shift)
    compare(moved, added, rule="what is added stays, when a token's features shift together", atol=1e-9)


in_each_module = pytest.mark.parametrize("name", [pytest.param("CausalSelfAttention", marks=no_mha), "MLP", "Block"])


@pytest.mark.points(1)
@in_each_module
@pytest.mark.hint("is every parameter used, and is nothing on the way detached?")
def test_layers_gradients(student: Any, name: str) -> None:
    """Gradients reach the input and every parameter of CausalSelfAttention, MLP and Block."""
    draw_values, reference = MODULES[name]
    values = draw_values()
    check_gradients(loaded(getattr(student, name)(config_of(student)), values), values, reference, draw(B, T, C))


@pytest.mark.points(1)
@in_each_module
@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.hint("try x.transpose(1, 2), a slice and an expanded x; does += change what the caller holds?")
def test_layers_read_views(student: Any, name: str, kind: str) -> None:
    """CausalSelfAttention, MLP and Block take views of other tensors and leave their input as it was."""
    draw_values, reference = MODULES[name]
    values, x = draw_values(), layout(kind, B, T, C)
    before, expected = x.clone(), reference(values, x)
    layer = loaded(getattr(student, name)(config_of(student)), values)
    compare(layer(x), expected, rule="the same as for a contiguous tensor", atol=1e-10)
    compare(x, before, rule="x as it was")


@pytest.mark.points(1)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("LayerNorm", marks=no_layer_norm),
        pytest.param("CausalSelfAttention", marks=no_mha),
        "MLP",
        "Block",
        "GPT2",
    ],
)
@pytest.mark.hint("print the dtype after each step: which one makes float32 out of bfloat16?")
def test_modules_in_half_precision(student: Any, name: str) -> None:
    """Every module that is moved to bfloat16 computes and answers in bfloat16."""
    if name == "GPT2":
        values, x, module = gpt_values(), torch.randint(V, (B, T)), student.GPT2(config_of(student))
        expected = logits_of(half(values), x)
    elif name == "LayerNorm":
        values, x, module = {"weight": 1 + draw(C) / 4, "bias": draw(C)}, draw(B, T, C), student.LayerNorm(C)
        x = x.to(torch.bfloat16)
        rounded = half(values)
        expected = F.layer_norm(x.float(), (C,), rounded["weight"], rounded["bias"], EPS)
    else:
        draw_values, reference = MODULES[name]
        values, x, module = draw_values(), draw(B, T, C).to(torch.bfloat16), getattr(student, name)(config_of(student))
        expected = reference(half(values), x.float())
    module.load_state_dict(values)
    module.to(torch.bfloat16)
    rule = "what float32 gives, in the dtype of the module"
    compare(module(x), expected.to(torch.bfloat16), rule=rule, rtol=0.1, atol=0.25 if name == "GPT2" else 0.15)


@pytest.mark.points(2)
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("gelu", marks=no_gelu),
        pytest.param("LayerNorm", marks=no_layer_norm),
        pytest.param("CausalSelfAttention", marks=no_mha),
        "MLP",
        "Block",
        "GPT2",
    ],
)
@pytest.mark.hint("which tensors do you create in forward, and which does .to(device) not know of?")
def test_everything_on_another_device(student: Any, fake_cuda: FakeCuda, name: str) -> None:
    """gelu works on a GPU, and so does every module once it has been moved there (checked on a simulated one).

    A mask or positions made on the CPU are caught here.
    """
    target = getattr(student, name)
    if name != "gelu":
        target = target(C if name == "LayerNorm" else config_of(student))
    fake_cuda(target, torch.randint(V, (B, T)) if name == "GPT2" else torch.randn(B, T, C))


# --- 6. GPT2 ------------------------------------------------------------------------------------


def logits_with_mistake(values: Values, idx: Tensor, mistake: str) -> Tensor:
    """The logits with one thing wrong."""
    start = values["wte.weight"][idx] + (0 if mistake == "positions" else values["wpe.weight"][: idx.shape[1]])
    x = start
    for layer in range(LAYERS):
        x = block_of(below(values, f"h.{layer}"), start if mistake == "last layer" else x)
    return (x if mistake == "norm" else normed(values, "ln_f", x)) @ values["wte.weight"].T


@pytest.mark.public
@pytest.mark.points(3)
@pytest.mark.hint("follow x: what is added at the start, what does each block get, what comes after the last?")
def test_gpt2_computes_logits(student: Any) -> None:
    """GPT2 adds token and position embedding, goes through its blocks and the last norm, and ends with wte as head.

    Loading the weights asks for the right names and shapes, and for no others.
    """
    values, idx = gpt_values(), torch.randint(V, (B, T))
    values["wte.weight"][:, 0] += 1
    mistakes = {
        "leaving the positions out": logits_with_mistake(values, idx, "positions"),
        "feeding every block the embedding": logits_with_mistake(values, idx, "last layer"),
        "leaving the last norm out": logits_with_mistake(values, idx, "norm"),
    }
    expected = logits_of(values, idx)
    model = loaded(student.GPT2(config_of(student)), values)
    compare(model(idx), expected, rule="ln_f of the stream, times wte transposed", mistakes=mistakes, atol=1e-10)


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("compare shapes with the stub: biases, four times, three times, and a head that is no new parameter")
def test_gpt2_has_124_million_parameters(student: Any, remote: Remote) -> None:
    """GPT2 in the smallest published size has 124 439 808 parameters.

    A head of its own would add 38.6 million. The model is built without data, on the device "meta".
    """
    config = student.GPTConfig(block_size=1024, vocab_size=50257, n_layer=12, n_head=12, n_embd=768)
    remote("torch").set_default_device("meta")
    try:
        model = student.GPT2(config)
    finally:
        remote("torch").set_default_device(None)
    assert sum(math.prod(parameter.shape) for parameter in model.parameters()) == 124_439_808, (
        "the number of parameters is not that of GPT-2 with 12 layers and 768 features"
    )


@pytest.mark.points(1)
@pytest.mark.hint("print the keys: which tensor is saved, and is there one that should not be, or one that is missing?")
def test_gpt2_state(student: Any) -> None:
    """GPT2's state dict holds its parameters and nothing else, and another model continues from it.

    Masks are not saved, and the head has no key.
    """
    right = {key: tuple(tensor.shape) for key, tensor in gpt_values().items()}
    idx = torch.randint(V, (B, T))
    model, other = student.GPT2(config_of(student)), student.GPT2(config_of(student))
    state = snapshot(model)
    assert {key: tuple(tensor.shape) for key, tensor in state.items()} == right, (
        "the keys and shapes of the state dict are those of the parameters in the stub"
    )
    assert {name for name, p in model.named_parameters() if p.requires_grad} == set(right), (
        "all of it are parameters that ask for a gradient"
    )
    expected = model(idx).detach().clone()
    other.load_state_dict(state)
    compare(other(idx), expected, rule="the same logits from the same state")
    assert model.config.block_size == BLOCK, "model.config is the config"


@pytest.mark.points(1)
@pytest.mark.hint("build two models in a row, and two under one seed: which agree, and is every number a start value?")
def test_gpt2_start_follows_the_seed(student: Any, remote: Remote) -> None:
    """GPT2 starts finite and random, from the global generator, which it does not seed."""
    seed = int(torch.randint(2**31, ()))
    remote("torch").manual_seed(seed)
    first, second = (snapshot(student.GPT2(config_of(student))) for _ in range(2))
    remote("torch").manual_seed(seed)
    again = snapshot(student.GPT2(config_of(student)))
    for key, tensor in first.items():
        assert bool(tensor.isfinite().all()), "a start value is not finite"
        compare(again[key], tensor, rule="the same start under the same seed")
    for key in ("wte.weight", "wpe.weight", "h.0.attn.c_attn.weight", "h.1.mlp.c_fc.weight"):
        assert not torch.equal(first[key], second[key]), "two models built in a row start with the same weights"
        assert float(first[key].std()) > 0, "the weights of a matrix start all the same"


@pytest.mark.points(1)
@pytest.mark.hint("what is the first position, and which is the last that exists? Try one token, and one sample")
@pytest.mark.parametrize(
    ("samples", "tokens"),
    [(B, 1), (B, 2), (B, BLOCK), (1, T), (0, T)],
    ids=["one token", "two tokens", "full", "one sample", "no samples"],
)
def test_gpt2_of_any_length(student: Any, samples: int, tokens: int) -> None:
    """GPT2 takes from 1 to block_size tokens."""
    values, idx = gpt_values(), torch.randint(V, (samples, tokens))
    expected = logits_of(values, idx)
    model = loaded(student.GPT2(config_of(student)), values)
    compare(model(idx), expected, rule="(B, T, V), the logits after each token", atol=1e-10)


@pytest.mark.points(1)
@pytest.mark.hint("what happens on the way to a position that does not exist, and what should the caller read?")
def test_gpt2_refuses_too_many_tokens(student: Any) -> None:
    """GPT2 raises a ValueError for more than block_size tokens."""
    model = student.GPT2(config_of(student))
    for tokens in (BLOCK + 1, 3 * BLOCK):
        with pytest.raises(ValueError):
            model(torch.randint(V, (B, tokens)))


@pytest.mark.points(1)
@pytest.mark.hint("change the last token: which logits may change? And are the given tokens still there?")
def test_gpt2_does_not_see_the_future(student: Any) -> None:
    """GPT2's logits do not depend on later tokens; idx may be a view, and stays as it was."""
    values, idx = gpt_values(), torch.randint(V, (T, B)).t()
    before = idx.clone()
    expected = logits_of(values, idx)
    model = loaded(student.GPT2(config_of(student)), values)
    compare(model(idx), expected, rule="the same as for contiguous tokens", atol=1e-10)
    compare(idx, before, rule="idx as it was")
    for t in range(1, T):
        other = torch.cat([idx[:, :t], (idx[:, t:] + 1) % V], 1)
        compare(model(other)[:, :t], expected[:, :t], rule="the same logits before the token that changed", atol=1e-10)


@pytest.mark.points(2)
@pytest.mark.hint("wte is used twice: does the gradient come from both ends?")
def test_gpt2_gradients(student: Any) -> None:
    """Gradients reach every parameter of GPT2, and wte both as embedding and as head."""
    values = gpt_values()
    check_gradients(loaded(student.GPT2(config_of(student)), values), values, logits_of, torch.randint(V, (B, T)), True)


# --- 7. next_token_loss -------------------------------------------------------------------------


def loss_of(logits: Tensor, idx: Tensor) -> Tensor:
    return F.cross_entropy(logits[:, :-1].transpose(1, 2), idx[:, 1:])


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("the logits at place 0 speak of which token? And of which does the last place speak?")
def test_loss_is_about_the_next_token(student: Any) -> None:
    """next_token_loss holds the logits at t against the token at t + 1, and takes the mean."""
    answer = student.next_token_loss(torch.zeros(1, 3, 4), torch.tensor([[0, 1, 2]]))
    compare(answer, torch.tensor(math.log(4)), rule="the mean cross entropy, ln V where all are equally likely")

    logits, idx = draw(B, T, V), torch.randint(V, (B, T))
    expected = loss_of(logits, idx)
    mistakes = {
        "holding logits against their own token": F.cross_entropy(logits.transpose(1, 2), idx),
        "holding logits against the token before": F.cross_entropy(logits[:, 1:].transpose(1, 2), idx[:, :-1]),
        "the first token as the one after the last": F.cross_entropy(logits.transpose(1, 2), idx.roll(-1, 1)),
        "a sum in place of a mean": expected * B * (T - 1),
        "a mean over T in place of T - 1": expected * (T - 1) / T,
        "the sum over tokens": expected * (T - 1),
        "a softmax before the cross entropy": loss_of(logits.softmax(-1), idx),
    }
    answer = student.next_token_loss(logits, idx)
    compare(answer, expected, rule="the mean cross entropy with the next token", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("one token has no next one: a mean over nothing. And where does cross_entropy look for the classes?")
@pytest.mark.parametrize(
    ("samples", "tokens"),
    [(B, 1), (B, 2), (1, T), (V, T), (B, V), (B, V + 1)],
    ids=["one token", "two tokens", "one sample", "as many samples", "as many tokens", "as many next tokens"],
)
def test_loss_of_any_length(student: Any, samples: int, tokens: int) -> None:
    """next_token_loss is right for any sizes, also where tokens and vocabulary are equally many; NaN for one token."""
    logits, idx = draw(samples, tokens, V), torch.randint(V, (samples, tokens))
    expected = loss_of(logits, idx) if tokens > 1 else torch.tensor(math.nan, dtype=torch.float64)
    compare(student.next_token_loss(logits, idx), expected, rule="the mean cross entropy with the next token")


@pytest.mark.points(1)
@pytest.mark.hint("what is the log of a probability that float32 rounds to 0?")
def test_loss_of_large_logits(student: Any) -> None:
    """next_token_loss and its gradient stay finite and right for large logits, in float32."""
    logits, idx = 500 * torch.randn(B, T, V), torch.randint(V, (B, T))
    ours = logits.double().requires_grad_()
    expected = loss_of(ours, idx)
    (grad,) = torch.autograd.grad(expected, ours)
    logits.requires_grad_()
    answer = student.next_token_loss(logits, idx)
    compare(answer, expected.detach().float(), rule="the mean cross entropy, at large logits too")
    answer.backward()
    compare(logits.grad, grad.float(), rule="its gradient")


@pytest.mark.points(1)
@pytest.mark.hint("may your code change what it is given, and can it flatten a tensor whose numbers lie apart?")
def test_loss_reads_views(student: Any, fake_cuda: FakeCuda) -> None:
    """next_token_loss takes views, leaves its arguments alone and stays on their device (a simulated one)."""
    logits, idx = draw(B, V, T).transpose(1, 2), torch.randint(V, (T, B)).t()
    before, expected = (logits.clone(), idx.clone()), loss_of(logits, idx)
    compare(student.next_token_loss(logits, idx), expected, rule="the mean cross entropy with the next token")
    compare(logits, before[0], rule="the logits as they were")
    compare(idx, before[1], rule="idx as it was")
    fake_cuda(student.next_token_loss, torch.randn(B, T, V), torch.randint(V, (B, T)))


# --- 8. generate --------------------------------------------------------------------------------

DRAWS = 4000  # a share of them has a spread of .008 at most: the .05 below are more than six of those


def table_model(remote: Remote, table: Tensor, block_size: int = BLOCK) -> Any:
    """A model whose logits depend on the last token alone: row `table[token]`."""
    model = remote("torch.nn").Embedding.from_pretrained(table)
    model.config = remote("types").SimpleNamespace(block_size=block_size)
    return model


def called_model(remote: Remote, forward: Callable[[Tensor], Tensor], block_size: int) -> Any:
    """A model that is a function of the suite's."""
    model = table_model(remote, torch.zeros(V, V), block_size)
    model.forward = forward
    return model


def shares(tokens: Tensor, vocabulary: int) -> Tensor:
    """How often each token was drawn."""
    return torch.bincount(tokens.flatten(), minlength=vocabulary)[:vocabulary].double() / tokens.numel()


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("what does temperature 0 ask for? Which place of the logits speaks of the token to come?")
def test_generate_is_greedy_at_temperature_zero(student: Any, remote: Remote) -> None:
    """generate with temperature 0 appends the likeliest token, again and again."""
    cycle = table_model(remote, torch.tensor([[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]))
    right = torch.tensor([[0, 1, 2, 0, 1], [2, 0, 1, 2, 0]])
    compare(student.generate(cycle, torch.tensor([[0], [2]]), 4, temperature=0), right, rule="the likeliest each time")

    table, idx = -5 + torch.randn(V, V), torch.randint(V, (B, 3))
    expected = idx
    for _ in range(6):
        expected = torch.cat([expected, table[expected[:, -1:]].argmax(-1)], 1)
    model = table_model(remote, table)
    rule = "the prompt, then the likeliest token each time"
    mistakes = {"leaving the prompt out": expected[:, 3:]}
    compare(student.generate(model, idx, 6, temperature=0), expected, rule=rule, mistakes=mistakes)
    compare(student.generate(model, idx, 6, top_k=1), expected, rule=rule)
    compare(student.generate(model, idx, 6, temperature=5.0, top_k=1), expected, rule=rule)


@pytest.mark.points(1)
@pytest.mark.hint("print idx before and after the call; try to append nothing, and a prompt that is a view")
@pytest.mark.parametrize("new", [0, 1, 5])
def test_generate_keeps_the_prompt(student: Any, remote: Remote, new: int) -> None:
    """generate returns the prompt followed by as many new tokens as asked for, and leaves idx as it was."""
    idx = torch.randint(V, (T, B)).t()
    before = idx.clone()
    answer = student.generate(table_model(remote, torch.randn(V, V)), idx, new)
    compare(idx, before, rule="idx as it was")
    assert isinstance(answer, Tensor) and answer.dtype == torch.int64, "tokens are asked for, as int64"
    assert tuple(answer.shape) == (B, T + new), "the prompt and max_new_tokens more"
    compare(answer[:, :T], before, rule="the prompt at the beginning")
    assert bool(((answer >= 0) & (answer < V)).all()), "a new token is not in the vocabulary"


@pytest.mark.points(2)
@pytest.mark.hint("a model has block_size positions: which part of a longer text can it still read?")
@pytest.mark.parametrize("prompt", [1, 3, 4, 9], ids=["short", "almost full", "full", "longer"])
def test_generate_crops_to_the_block_size(student: Any, remote: Remote, prompt: int) -> None:
    """generate shows the model all of a short text, and the last block_size tokens of a longer one."""
    size = 4
    weights, lengths = 1 + torch.randperm(V - 1)[:size], []

    def forward(idx: Tensor) -> Tensor:
        lengths.append(idx.shape[1])
        if idx.shape[1] > size:
            raise ValueError("more tokens than positions")
        ends = torch.stack([(idx[:, : t + 1] * weights[: t + 1]).sum(1) % V for t in range(idx.shape[1])], 1)
        return F.one_hot(ends, V).float()

    idx = torch.randint(V, (B, prompt))
    expected = idx
    for _ in range(6):
        expected = torch.cat([expected, forward(expected[:, -size:])[:, -1:].argmax(-1)], 1)
    lengths.clear()
    answer = student.generate(called_model(remote, forward, size), idx, 6, temperature=0)
    compare(answer, expected, rule="each token out of the last block_size ones")
    assert max(lengths) <= size, "the model was given more tokens than it has positions"


@pytest.mark.points(2)
@pytest.mark.hint("look at model.training before, during and after the call")
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
@pytest.mark.parametrize("temperature", [0.0, 1.0], ids=["greedy", "drawn"])
def test_generate_minds_the_mode(student: Any, remote: Remote, training: bool, temperature: float) -> None:
    """generate runs the model in evaluation mode, and leaves it in the mode in which it came."""
    modes: list[bool] = []

    def forward(idx: Tensor) -> Tensor:
        modes.append(model.training)
        return torch.zeros(*idx.shape, V)

    model = called_model(remote, forward, BLOCK)
    model.train(training)
    student.generate(model, torch.randint(V, (B, 2)), 3, temperature=temperature)
    assert modes, "the model was not called"
    assert not any(modes), "the model was called in training mode"
    assert model.training is training, "the model came back in another mode"


@pytest.mark.points(3)
@pytest.mark.hint("from logits to probabilities: where does the temperature stand, and what comes after it?")
@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_generate_draws_by_the_softmax(student: Any, remote: Remote, temperature: float) -> None:
    """generate draws from softmax(logits / temperature), for each row and each new token anew.

    A mean temperature, logits taken for probabilities, or one draw for all rows gives other shares.
    """
    logits = torch.tensor([2.0, 1.0, 0.0, -1.0, -2.0])[torch.randperm(5)]
    right = (logits.double() / temperature).softmax(0)
    model = table_model(remote, torch.stack([logits, logits + 50] * 2 + [logits - 50]))
    idx = torch.randint(5, (DRAWS, 2))
    answer = student.generate(model, idx, 2, temperature=temperature)
    assert tuple(answer.shape) == (DRAWS, 4), "the prompt and two tokens more"
    first, second = answer[:, 2], answer[:, 3]
    mistakes = {
        "multiplying by the temperature": (logits.double() * temperature).softmax(0),
        "ignoring the temperature": logits.double().softmax(0),
        "ignoring the logits": torch.full((5,), 0.2, dtype=torch.float64),
    }
    if temperature == 1:
        mistakes = {"ignoring the logits": mistakes["ignoring the logits"]}
    for tokens in (first, second):
        compare(shares(tokens, 5), right, rule="softmax(logits / temperature)", mistakes=mistakes, rtol=0, atol=0.05)
    if temperature == 1:
        seeded = [remote("torch").Generator().manual_seed(1) for _ in range(2)]
        expected = student.generate(model, idx, 2, temperature=temperature, generator=seeded[0])
        compare(
            student.generate(model, idx, 2, generator=seeded[1]), expected, rule="temperature 1 unless one is given"
        )
    same = float((first == second).double().mean())
    assert abs(same - float((right**2).sum())) < 0.05, "two new tokens of a row are not drawn independently"


@pytest.mark.points(2)
@pytest.mark.hint("count: how many tokens can come with top_k=k, which ones, and what are their shares?")
@pytest.mark.parametrize("k", [2, 3, 5, 9], ids=["two", "three", "all", "more than there are"])
def test_generate_draws_among_the_top_k(student: Any, remote: Remote, k: int) -> None:
    """generate with top_k draws among the k likeliest tokens of each row, by their softmax; k > V keeps all."""
    logits = torch.tensor([2.0, 1.2, 0.4, -0.4, -1.2])[torch.randperm(5)]
    kept = logits >= logits.sort(descending=True).values[min(k, 5) - 1]
    right = (logits.double() / 1.5).masked_fill(~kept, -math.inf).softmax(0)
    model = table_model(remote, torch.stack([logits, logits + 50, logits - 50, logits, logits]))
    answer = student.generate(model, torch.randint(5, (DRAWS, 2)), 2, temperature=1.5, top_k=k)[:, 2:]
    assert tuple(answer.shape) == (DRAWS, 2), "the prompt and two tokens more"
    assert bool(kept[answer].all()), "a token was drawn that is not among the k likeliest"
    compare(shares(answer[:, 0], 5), right, rule="the softmax over the kept tokens", rtol=0, atol=0.05)


@pytest.mark.points(2)
@pytest.mark.hint("how many tokens are at least as likely as the last one you keep?")
@pytest.mark.parametrize("kind", ["all tie", "second place"])
def test_generate_keeps_k_where_tokens_tie(student: Any, remote: Remote, kind: str) -> None:
    """generate with top_k=k draws among k tokens, also where more of them tie for the last place."""
    logits = torch.zeros(6)
    if kind == "second place":
        logits[int(torch.randint(6, ()))] = 0.5
    answer = student.generate(table_model(remote, logits.expand(6, 6).clone()), torch.zeros(1, 1).long(), 70, top_k=2)
    drawn = set(answer[0, 1:].tolist())
    assert len(drawn) <= 2, "more than k tokens were drawn"
    assert len(drawn) == 2, "fewer than k tokens were drawn, of k that are about equally likely"


@pytest.mark.points(2)
@pytest.mark.hint("which calls share their random numbers, and which calls may move the global generator?")
def test_generate_follows_its_generator(student: Any, remote: Remote) -> None:
    """generate draws from the generator it is given and leaves the global one alone; without one, from the global."""
    model, idx, torch_there = table_model(remote, torch.zeros(V, V)), torch.randint(V, (B, 2)), remote("torch")
    seed = int(torch.randint(2**31, ()))
    before = torch_there.get_rng_state().clone()
    generator = torch_there.Generator().manual_seed(seed)
    first = student.generate(model, idx, 12, generator=generator)
    second = student.generate(model, idx, 12, generator=generator)
    again = student.generate(model, idx, 12, generator=torch_there.Generator().manual_seed(seed))
    other = student.generate(model, idx, 12, generator=torch_there.Generator().manual_seed(seed + 1))
    compare(torch_there.get_rng_state(), before, rule="the global generator as it was")
    compare(again, first, rule="the same tokens from a generator with the same seed")
    assert not torch.equal(first, other), "another seed gives the same tokens"
    assert not torch.equal(first, second), "the generator was not moved on by the first call"
    torch_there.manual_seed(seed)
    first, second = student.generate(model, idx, 12), student.generate(model, idx, 12)
    torch_there.manual_seed(seed)
    compare(student.generate(model, idx, 12), first, rule="the same tokens under the same global seed")
    assert not torch.equal(first, second), "two calls in a row draw the same tokens"


@pytest.mark.points(1)
@pytest.mark.hint("how large is a logit divided by a very small temperature, and what is its exponential?")
@pytest.mark.parametrize("temperature", [1e-2, 1e-6])
def test_generate_at_low_temperature(student: Any, remote: Remote, temperature: float) -> None:
    """generate with a temperature near 0 comes to the greedy choice, and stays finite."""
    table = torch.stack([torch.randperm(V) for _ in range(V)]).float() - V / 2
    idx = torch.randint(V, (B, 2))
    expected = idx
    for _ in range(5):
        expected = torch.cat([expected, table[expected[:, -1:]].argmax(-1)], 1)
    answer = student.generate(table_model(remote, table), idx, 5, temperature=temperature)
    compare(answer, expected, rule="the likeliest token each time")


def boxed(remote: Remote, call: Any, model: Any) -> Any:
    """A module that runs `call(model, …)` and holds the model, so that the two move together."""
    box = remote("torch.nn").Module()
    box.model = model
    box.forward = remote("functools").partial(call, model)
    return box


@pytest.mark.points(1)
@pytest.mark.hint("does every tensor of yours start out where idx is?")
@pytest.mark.parametrize("temperature", [0.0, 1.0], ids=["greedy", "drawn"])
def test_generate_on_another_device(student: Any, remote: Remote, fake_cuda: FakeCuda, temperature: float) -> None:
    """generate works on the device of idx and model (checked on a simulated one)."""
    model = table_model(remote, torch.randn(V, V))
    idx = torch.randint(V, (B, 2))
    fake_cuda(boxed(remote, student.generate, model), idx, 3, temperature=temperature, top_k=None)
    fake_cuda(boxed(remote, student.generate, model), idx, 3, temperature=temperature, top_k=2)


# --- on an accelerator --------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("which step mixes dtypes when autocast computes some of them in bfloat16?")
def test_gpt2_under_autocast(student: Any, remote: Remote, device: torch.device) -> None:
    """On an accelerator, GPT2's loss under autocast to bfloat16 comes close to float32's."""
    values, idx = gpt_values(), torch.randint(V, (B, T))
    expected = loss_of(logits_of(values, idx), idx)
    model = loaded(student.GPT2(config_of(student)), values)
    model.to(device=device, dtype=torch.float32)
    autocast = remote("torch").autocast(device.type, dtype=torch.bfloat16)
    logits = autocast(model.forward)(idx.to(device)).detach()
    assert logits.device.type == device.type, "the logits are not where the tokens are"
    loss = loss_of(logits.cpu().double(), idx)
    compare(loss, expected, rule="about the loss that float32 gives", rtol=5e-2, atol=5e-2)


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("which tensors did .to(device) not move?")
def test_gpt2_on_the_accelerator(student: Any, device: torch.device) -> None:
    """On an accelerator, GPT2 and its loss are what they are on the CPU, and so are their gradients."""
    values, idx = gpt_values(), torch.randint(V, (B, T))
    ours = {key: tensor.clone().requires_grad_() for key, tensor in values.items()}
    expected = loss_of(logits_of(ours, idx), idx)
    grad = torch.autograd.grad(expected, ours["wpe.weight"])[0]
    model = loaded(student.GPT2(config_of(student)), values)
    model.to(device=device, dtype=torch.float32)
    loss = student.next_token_loss(model(idx.to(device)), idx.to(device))
    assert loss.device.type == device.type, "the loss is not where the tokens are"
    compare(loss.detach().cpu(), expected.detach().float(), rule="the same as on the CPU", rtol=1e-3, atol=1e-3)
    loss.backward()
    compare(model.wpe.weight.grad.cpu(), grad.float(), rule="the same gradient as on the CPU", rtol=1e-2, atol=1e-3)


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("where does a token that was drawn lie, and which generator can draw there?")
def test_generate_on_the_accelerator(student: Any, remote: Remote, device: torch.device) -> None:
    """On an accelerator, generate draws there, from a generator that lies there."""
    model, idx = table_model(remote, torch.zeros(V, V)), torch.randint(V, (B, 2))
    model.to(device)
    seed = int(torch.randint(2**31, ()))
    answers = []
    for _ in range(2):
        generator = remote("torch").Generator(device).manual_seed(seed)
        answer = student.generate(model, idx.to(device), 6, top_k=V - 1, generator=generator)
        assert answer.device.type == device.type, "the tokens are not where the prompt is"
        answers.append(answer.cpu())
    compare(answers[0][:, :2], idx, rule="the prompt at the beginning")
    compare(answers[1], answers[0], rule="the same tokens under the same seed")
