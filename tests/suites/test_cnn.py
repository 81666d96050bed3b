"""From convolutions to a classifier: flatten, flat_features, fc_as_conv, SmallCNN and train_digits.

Bodies and layers are built in the student's process. SmallCNN may have any layers, so its tests hold
its answers against each other; only training is judged by what it achieves, on scikit-learn's digits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from grader.testing import compare

N, C, H, W = 2, 3, 4, 5  # samples, channels, height, width

Remote = Callable[[str], Any]
FakeCuda = Callable[..., Any]

no_flatten = pytest.mark.forbid("torch.flatten")

FLATTEN = "the dimensions from start_dim on as one, in the order in which they lie"


def draw(*shape: int) -> Tensor:
    """Normal numbers in float64, from the generator that is seeded anew for each test."""
    return torch.randn(shape, dtype=torch.float64)


def there(remote: Remote, source: str) -> Any:
    """What an expression is in the student's process, where it may use torch and nn. Random numbers start anew."""
    remote("torch").manual_seed(int(torch.randint(2**31, ())))
    return remote("builtins").eval(f"(lambda torch: (lambda nn: {source})(torch.nn))(__import__('torch'))")


def snapshot(model: Any) -> dict[str, Tensor]:
    """The state dict as it is now, whatever is done to the model later."""
    return {key: tensor.detach().clone() for key, tensor in model.state_dict().items()}


def check_state(model: Any, before: dict[str, Tensor]) -> None:
    """Hold the state dict of a module against what it was."""
    after = model.state_dict()
    assert set(after) == set(before), "the module has other parameters or buffers than before"
    for key, tensor in before.items():
        compare(after[key], tensor, rule="every parameter and buffer as it was before the call")


def view_of(kind: str, shape: tuple[int, int, int, int]) -> Tensor:
    """A tensor (N, C, H, W) of this shape that is a view of another one."""
    n, c, h, w = shape
    return {
        "channels last": draw(n, h, w, c).permute(0, 3, 1, 2),
        "transposed": draw(n, c, w, h).transpose(2, 3),
        "every second sample": draw(2 * n, c, h, w)[::2],
        "every second column": draw(n, c, h, 2 * w + 1)[..., 1::2],
        "expanded": draw(1, c, h, 1).expand(shape),
    }[kind]


# --- 1. flatten ---------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_flatten
@pytest.mark.hint("which dimensions stay, and in which order do the numbers of one sample follow each other?")
def test_flatten_makes_a_row_of_each_sample(student: Any) -> None:
    """flatten makes one row of each sample, channels first, then rows, then columns.

    A batch that is joined with the rest, or another order of the numbers, is caught here.
    """
    x = torch.tensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
    compare(student.flatten(x), torch.tensor([[1, 2, 3, 4], [5, 6, 7, 8]]), rule=FLATTEN)

    x = draw(N, C, H, W)
    mistakes = {
        "joining the samples too": x.flatten(),
        "joining the last two dimensions alone": x.flatten(2),
        "putting the channels last": x.permute(0, 2, 3, 1).flatten(1),
        "mixing the samples": x.transpose(0, 1).flatten().view(N, -1),
    }
    compare(student.flatten(x), x.flatten(1), rule=FLATTEN, mistakes=mistakes)


@pytest.mark.points(2)
@no_flatten
@pytest.mark.hint("try start_dim from the first dimension to the last, and sizes of one: which dimensions stay?")
@pytest.mark.parametrize(
    ("shape", "start_dim"),
    [
        pytest.param((N, C, H, W), 0, id="all"),
        pytest.param((N, C, H, W), 2, id="the last two"),
        pytest.param((N, C, H, W), 3, id="the last one"),
        pytest.param((N, C, 2, H, W), 2, id="5-D"),
        pytest.param((N, C), 1, id="rows already"),
        pytest.param((H,), 0, id="a vector"),
        pytest.param((1, C, H, 1), 1, id="one sample"),
        pytest.param((N, 1, 1, 1), 1, id="one number each"),
        pytest.param((1, 1, H, W), 2, id="ones that stay"),
    ],
)
def test_flatten_keeps_dimensions_before_start_dim(student: Any, shape: tuple[int, ...], start_dim: int) -> None:
    """flatten keeps the dimensions before start_dim, those of size one too."""
    x = draw(*shape)
    expected = torch.flatten(x, start_dim)
    compare(student.flatten(x, start_dim=start_dim), expected, rule=FLATTEN)


@pytest.mark.points(2)
@no_flatten
@pytest.mark.hint("try x.permute(…), x[::2] and an expanded x: which methods count on an order in memory?")
@pytest.mark.parametrize("start_dim", [1, 2])
@pytest.mark.parametrize(
    "kind", ["channels last", "transposed", "every second sample", "every second column", "expanded"]
)
def test_flatten_reads_views(student: Any, kind: str, start_dim: int) -> None:
    """flatten takes views of other tensors, goes by their indices, and leaves them as they were.

    `.view(…)` refuses them; the numbers in the order of memory are others.
    """
    x = view_of(kind, (N, C, H, W))
    before, expected = x.clone(), torch.flatten(x, start_dim)
    compare(student.flatten(x, start_dim), expected, rule=FLATTEN)
    compare(x, before, rule="the input as it was before the call")


@pytest.mark.points(2)
@no_flatten
@pytest.mark.hint("how could a reshape find out what -1 stands for, where there are no elements to divide up?")
@pytest.mark.parametrize(("samples", "start_dim"), [(0, 1), (0, 2), (0, 3), (0, 0)])
def test_flatten_takes_empty_batches(student: Any, samples: int, start_dim: int) -> None:
    """flatten gives an empty result of the right shape where there are no samples."""
    x = draw(samples, C, H, W)
    expected = torch.flatten(x, start_dim)
    compare(student.flatten(x, start_dim), expected, rule="no samples, and as many columns as with samples")


@pytest.mark.points(1)
@no_flatten
@pytest.mark.hint("is the result the tensor itself in another shape, or numbers that were copied out of it?")
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.int64, torch.bool], ids=str)
def test_flatten_keeps_dtype_and_gradient(student: Any, dtype: torch.dtype) -> None:
    """flatten answers in the dtype of x, and gradients flow back through it."""
    x = draw(N, C, H, W).mul(4).round().to(dtype)
    expected = torch.flatten(x, 1)
    compare(student.flatten(x), expected, rule="the numbers as they were, in the dtype of x")
    if dtype.is_floating_point:
        g = draw(N, C, H, W).to(dtype)
        x.requires_grad_()
        answer = student.flatten(x)
        assert answer.requires_grad, "the result is cut off from x: no gradient reaches it"
        (answer * g.reshape(N, -1)).sum().backward()
        compare(x.grad, g, rule="each gradient at the place where its number came from")


# --- 2. flat_features ---------------------------------------------------------------------------

SMALL = "nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.MaxPool2d(2))"
WITH_NORM = """nn.Sequential(
    nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.Sequential(nn.ReLU(), nn.Dropout(0.5)),
    nn.Sequential(nn.Conv2d(8, 4, 3), nn.BatchNorm2d(4)))"""


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("what comes out if one image goes through the body?")
def test_flat_features_counts_what_comes_out(student: Any, remote: Remote) -> None:
    """flat_features is how many numbers the body makes of one image, as an int.

    The number of channels alone, or the number of inputs, is caught here.
    """
    body = there(remote, SMALL)
    answer = student.flat_features(body, (3, 8, 10))
    assert answer == 96, f"a body that makes (1, 8, 3, 4) of (1, 3, 8, 10) has 96 features, not {answer}"
    assert type(answer) is int, "a plain int is asked for"
    answer = student.flat_features(body, (3, 12, 8))
    assert answer == 120, f"the same body makes (1, 8, 5, 3) of (1, 3, 12, 8), 120 features, not {answer}"


@pytest.mark.points(2)
@pytest.mark.hint("does your count hold for every body: one without parameters, one that flattens, one that is linear?")
@pytest.mark.parametrize(
    ("source", "shape", "right"),
    [
        pytest.param(
            "nn.Sequential(nn.Conv2d(3, 6, 3, stride=2, padding=1))", (3, 9, 12), 180, id="stride and padding"
        ),
        pytest.param("nn.Sequential(nn.AvgPool2d(2), nn.MaxPool2d(3))", (3, 19, 12), 18, id="no parameters"),
        pytest.param("nn.Sequential(nn.Conv2d(2, 5, 3), nn.Flatten())", (2, 6, 7), 100, id="flattens"),
        pytest.param("nn.Sequential(nn.Conv2d(2, 5, 3), nn.AdaptiveAvgPool2d(1))", (2, 6, 7), 5, id="one place"),
        pytest.param("nn.Sequential(nn.Flatten(), nn.Linear(24, 7))", (2, 3, 4), 7, id="linear"),
        pytest.param("nn.Conv2d(4, 6, (3, 2), groups=2)", (4, 5, 8), 126, id="a bare layer"),
    ],
)
def test_flat_features_of_any_body(
    student: Any, remote: Remote, source: str, shape: tuple[int, int, int], right: int
) -> None:
    """flat_features counts for bodies of every kind, whatever the shape of what they make."""
    answer = student.flat_features(there(remote, source), shape)
    assert answer == right, "what the body makes of one image has another number of elements"
    assert type(answer) is int, "a plain int is asked for"


@pytest.mark.points(2)
@pytest.mark.hint("print body.state_dict() and the parameters' .grad and .requires_grad before and after the call")
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_flat_features_leaves_no_trace(student: Any, remote: Remote, training: bool) -> None:
    """flat_features leaves parameters, statistics, gradients and requires_grad of the body as they were.

    A trial run in training mode moves the statistics of BatchNorm.
    """
    body = there(remote, WITH_NORM)
    body.train(training)
    body[0].weight.requires_grad_(False)
    flags = {name: p.requires_grad for name, p in body.named_parameters()}
    before = snapshot(body)
    assert student.flat_features(body, (3, 8, 9)) == 80, "what the body makes of one image has another size"
    check_state(body, before)
    assert {name: p.requires_grad for name, p in body.named_parameters()} == flags, "requires_grad has changed"
    assert all(p.grad is None for p in body.parameters()), "a parameter has a gradient now"


@pytest.mark.points(2)
@pytest.mark.hint("which modules does .eval() reach, which does .train() reach, and were all in the same mode before?")
@pytest.mark.parametrize("whole", [True, False], ids=["training", "evaluation"])
def test_flat_features_gives_modes_back(student: Any, remote: Remote, whole: bool) -> None:
    """flat_features gives each module of the body its mode back, also where a part has another one than the whole."""
    body = there(remote, WITH_NORM)
    body.train(whole)
    body[1].train(not whole)
    body[3].train(not whole)
    body[3][1].train(whole)
    modes = {name: module.training for name, module in body.named_modules()}
    assert student.flat_features(body, (3, 8, 9)) == 80, "what the body makes of one image has another size"
    after = {name: module.training for name, module in body.named_modules()}
    assert after == modes, "a module of the body is in another mode than before"


@pytest.mark.points(1)
@pytest.mark.hint("of how many values does BatchNorm take a mean where one image has shrunk to one place?")
def test_flat_features_of_a_single_place(student: Any, remote: Remote) -> None:
    """flat_features works where BatchNorm meets one value per channel, which it refuses in training mode."""
    body = there(remote, "nn.Sequential(nn.Conv2d(3, 6, (4, 5)), nn.BatchNorm2d(6))")
    body.train()
    assert student.flat_features(body, (C, H, W)) == 6, "six channels, each with one place"


@pytest.mark.points(2)
@pytest.mark.hint("of which dtype is an image that nobody gave one, and of which is the body?")
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=["f64", "bf16"])
def test_flat_features_in_another_dtype(student: Any, remote: Remote, dtype: torch.dtype) -> None:
    """flat_features sends an image of the body's dtype, and the body keeps that dtype."""
    body = there(remote, WITH_NORM)
    body.to(dtype)
    assert student.flat_features(body, (3, 8, 9)) == 80, "what the body makes of one image has another size"
    assert all(p.dtype == dtype for p in body.parameters()), "the body has another dtype than before"


# --- 3. fc_as_conv ------------------------------------------------------------------------------


def linear_layer(remote: Remote, weight: Tensor) -> Any:
    """A linear layer with this weight, without a bias."""
    layer = there(remote, f"nn.Linear({weight.shape[1]}, {weight.shape[0]}, bias=False)")
    layer.to(weight.dtype)
    layer.load_state_dict({"weight": weight})
    return layer


AS_CONV = "the weight that does to the image what the layer does to the flattened image"


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("number (c * H + h) * W + w of a flattened image lay where in the image?")
def test_fc_as_conv_computes_the_same(student: Any, remote: Remote) -> None:
    """fc_as_conv gives the weight with which a convolution computes what the linear layer does.

    Channels taken for the last dimension, rows for columns and a flipped kernel are caught here.
    """
    x, weight = draw(N, C, H, W), draw(7, C * H * W)
    expected = (x.flatten(1) @ weight.T)[:, :, None, None]
    channels_last = weight.view(7, H, W, C).permute(0, 3, 1, 2)
    answer = student.fc_as_conv(linear_layer(remote, weight), C, H, W)
    assert isinstance(answer, Tensor), "a tensor is asked for"
    mistakes = {
        "counting the channels last": channels_last,
        "taking rows for columns": weight.view(7, C, W, H).transpose(2, 3),
        "a flipped kernel": weight.view(7, C, H, W).flip(2, 3),
    }
    compare(answer, weight.view(7, C, H, W), rule=AS_CONV, mistakes=mistakes)
    compare(F.conv2d(x, answer.detach()), expected, rule="as a convolution, what the layer gives")


@pytest.mark.points(2)
@pytest.mark.hint("which shape has the weight of a convolution with one output, one channel, or one row?")
@pytest.mark.parametrize(
    ("out", "shape"),
    [
        pytest.param(7, (1, H, W), id="one channel"),
        pytest.param(7, (C, 1, W), id="one row"),
        pytest.param(7, (C, H, 1), id="one column"),
        pytest.param(1, (C, H, W), id="one output"),
        pytest.param(2, (6, 1, 1), id="one place"),
        pytest.param(C, (C, C, C), id="all the same"),
    ],
)
def test_fc_as_conv_keeps_four_dimensions(student: Any, remote: Remote, out: int, shape: tuple[int, int, int]) -> None:
    """fc_as_conv gives (out, channels, height, width), with sizes of one and with equal sizes."""
    channels, height, width = shape
    weight = draw(out, channels * height * width)
    answer = student.fc_as_conv(linear_layer(remote, weight), channels=channels, height=height, width=width)
    compare(answer, weight.view(out, *shape), rule=AS_CONV)


@pytest.mark.points(2)
@pytest.mark.hint("does the layer still work afterwards, and did its dtype survive?")
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=["f64", "bf16"])
def test_fc_as_conv_leaves_the_layer_alone(student: Any, remote: Remote, dtype: torch.dtype) -> None:
    """fc_as_conv answers in the dtype of the layer, and the layer stays as it was."""
    weight = draw(7, C * H * W).to(dtype)
    layer = linear_layer(remote, weight)
    before = snapshot(layer)
    compare(student.fc_as_conv(layer, C, H, W), weight.view(7, C, H, W), rule=AS_CONV)
    check_state(layer, before)


# --- 4. SmallCNN --------------------------------------------------------------------------------


def small_cnn(student: Any, num_classes: int, in_channels: int) -> Any:
    """A student's model in float64, in eval mode."""
    model = student.SmallCNN(num_classes, in_channels)
    model.to(torch.float64)
    model.eval()
    return model


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("how many columns has the last layer, and how many channels does the first one expect?")
def test_small_cnn_gives_a_score_for_each_class(student: Any) -> None:
    """SmallCNN makes (N, num_classes) of a batch of images, one channel each by default."""
    shape = tuple(student.SmallCNN(10)(torch.rand(2, 1, 8, 8)).shape)
    assert shape == (2, 10), f"SmallCNN(10) makes {shape} of (2, 1, 8, 8), (2, 10) is right"
    shape = tuple(student.SmallCNN(4, in_channels=3)(torch.rand(5, 3, 8, 8)).shape)
    assert shape == (5, 4), f"SmallCNN(4, in_channels=3) makes {shape} of (5, 3, 8, 8), (5, 4) is right"


@pytest.mark.points(2)
@pytest.mark.hint("which of your layers expects a number that follows from the size of the image?")
@pytest.mark.parametrize(("height", "width"), [(9, 9), (8, 13), (17, 12), (11, 8), (32, 29)])
def test_small_cnn_takes_any_size(student: Any, height: int, width: int) -> None:
    """SmallCNN takes images of any height and width from 8 on.

    A linear layer whose in_features belong to one size is caught here.
    """
    answer = student.SmallCNN(4, 3)(torch.rand(N, 3, height, width))
    assert isinstance(answer, Tensor), "a tensor is asked for"
    assert tuple(answer.shape) == (N, 4), "a row of scores for each image, whatever its size"
    assert bool(answer.isfinite().all()), "every score is finite"


@pytest.mark.public
@pytest.mark.points(3)
@pytest.mark.hint("does anything follow the last linear layer? Who takes the softmax?")
def test_small_cnn_gives_logits(student: Any) -> None:
    """SmallCNN gives logits: neither a softmax nor a ReLU or sigmoid follows the last layer.

    `cross_entropy` takes the softmax itself, and a score may be negative.
    """
    rows = [small_cnn(student, 12, 1)(draw(32, 1, 8, 8)).detach() for _ in range(3)]
    answer = torch.cat(rows)
    ones = torch.ones(len(answer), dtype=torch.float64)
    assert not torch.allclose(answer.sum(1), ones, atol=1e-4), "each row adds up to 1: there is a softmax at the end"
    assert bool((answer < 0).any()), "no score is negative: is there an activation at the end?"


@pytest.mark.points(2)
@pytest.mark.hint("give an image alone, then the same image among others: is there a step that looks across the batch?")
def test_small_cnn_keeps_images_apart(student: Any) -> None:
    """In eval mode, each row of SmallCNN's result depends on its own image alone, and on that it does depend.

    A reshape that mixes samples, a softmax over the batch or statistics of the batch are caught here.
    """
    model, x = small_cnn(student, 6, 3), draw(5, 3, 9, 10)
    expected = model(x).detach().clone()
    assert tuple(expected.shape) == (5, 6), "a row of scores for each image"
    assert not torch.allclose(expected[:1], expected[1:]), "different images get the same scores"
    for i in range(5):
        compare(model(x[i : i + 1]).detach(), expected[i : i + 1], rule="the row that the image has in a batch")
    order = torch.tensor([3, 0, 4, 1, 2])
    compare(model(x[order]).detach(), expected[order], rule="the rows in the order of the images")


@pytest.mark.points(2)
@pytest.mark.hint("build two models, load the state dict of one into the other: what is it that did not come across?")
def test_small_cnn_comes_back_from_its_state_dict(student: Any) -> None:
    """A state dict of SmallCNN holds all that a model has learned.

    Layers in a plain list, tensors as plain attributes and buffers that are not saved are caught here.
    """
    first, second = student.SmallCNN(6, 3), student.SmallCNN(6, 3)
    assert len(list(first.parameters())) > 0, "no parameter is registered: an optimizer would find nothing"
    first.train()
    first(torch.randn(7, 3, 9, 10) * 3 + 1)  # running statistics move
    first.eval()
    second.eval()
    x = torch.randn(4, 3, 9, 10)
    expected = first(x).detach().clone()
    second.load_state_dict(snapshot(first))
    compare(second(x), expected, rule="what the model gives that the state dict comes from", rtol=1e-4, atol=1e-5)


@pytest.mark.points(2)
@pytest.mark.hint("who decides where the random numbers of your layers start, and is every parameter filled?")
def test_small_cnn_start_follows_the_seed(student: Any, remote: Remote) -> None:
    """SmallCNN starts with finite numbers from the global generator: one seed, one start; and answers repeat."""
    seed, x = int(torch.randint(2**31, ())), draw(N, 3, 8, 9)
    remote("torch").manual_seed(seed)
    first = small_cnn(student, 6, 3)
    remote("torch").manual_seed(seed)
    second = small_cnn(student, 6, 3)
    start = snapshot(first)
    assert all(bool(tensor.isfinite().all()) for tensor in start.values()), "every start value is finite"
    check_state(second, start)
    expected = first(x).detach().clone()
    compare(first(x), expected, rule="the same result at every call in eval mode")


@pytest.mark.points(2)
@pytest.mark.hint(
    "print the .grad of every parameter and of x after a backward: which is None, which is zero everywhere?"
)
def test_small_cnn_gradients(student: Any) -> None:
    """Gradients reach every parameter of SmallCNN, every channel of the images, and all parts of them.

    Frozen or unused layers, a detach and images that are cut to 8 × 8 are caught here.
    """
    model, x, g = small_cnn(student, 6, 3), draw(8, 3, 20, 24).requires_grad_(), draw(8, 6)
    answer = model(x)
    assert answer.requires_grad, "the result is cut off: no gradient reaches anything"
    (answer * g).sum().backward()
    for parameter in model.parameters():
        assert parameter.grad is not None, "a parameter gets no gradient: it is frozen, or plays no part"
        assert bool(parameter.grad.isfinite().all()), "a gradient is not finite"
    assert x.grad is not None, "no gradient reaches the images"
    for channel in x.grad.unbind(1):
        assert bool(channel.any()), "a channel of the images plays no part"
    for part in (x.grad[..., :10, :], x.grad[..., 10:, :], x.grad[..., :12], x.grad[..., 12:]):
        assert bool(part.any()), "a half of the images plays no part"


@pytest.mark.points(1)
@pytest.mark.hint("does any step of forward widen, or start from a tensor of another dtype?")
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=["f64", "bf16"])
def test_small_cnn_in_another_dtype(student: Any, dtype: torch.dtype) -> None:
    """SmallCNN moved to another dtype takes images of it and answers in it."""
    model = student.SmallCNN(6, 3)
    model.to(dtype)
    answer = model(draw(N, 3, 8, 9).to(dtype))
    assert isinstance(answer, Tensor) and answer.dtype == dtype, "the scores are not in the dtype of the images"
    assert bool(answer.isfinite().all()), "every score is finite"


@pytest.mark.points(2)
@pytest.mark.hint("try images in channels_last, x[::2] and an expanded x; and look at x again afterwards")
@pytest.mark.parametrize(
    "kind", ["channels last", "transposed", "every second sample", "every second column", "expanded"]
)
def test_small_cnn_reads_views(student: Any, kind: str) -> None:
    """SmallCNN takes images that are views of other tensors, and leaves them as they were.

    `.view(…)` in forward fails after channels_last images; an in-place step may change the images.
    """
    model, x = small_cnn(student, 6, 3), view_of(kind, (N, 3, 10, 9))
    before = x.clone()
    expected = model(before.clone()).detach().clone()
    compare(model(x), expected, rule="the same as for a contiguous copy of the images")
    compare(x, before, rule="the images as they were before the call")


# --- 5. train_digits ----------------------------------------------------------------------------


def digits() -> tuple[Tensor, Tensor]:
    """scikit-learn's digits in a random order: images (1797, 1, 8, 8) in [0, 1], and labels."""
    from sklearn.datasets import load_digits  # type: ignore[import-untyped, unused-ignore]

    data = load_digits()
    order = torch.randperm(len(data.target))
    images = torch.tensor(data.images, dtype=torch.float32)[:, None] / 16
    return images[order], torch.tensor(data.target, dtype=torch.int64)[order]


def share_right(model: Any, images: Tensor, labels: Tensor) -> float:
    """The share of the images whose label has the largest logit."""
    return float((model(images).detach().argmax(1) == labels).double().mean())


@pytest.mark.public
@pytest.mark.points(3)
@pytest.mark.timeout(90)
@pytest.mark.hint("does the loss fall from epoch to epoch? And in which mode is the model that you return?")
def test_train_digits_reads_new_digits(student: Any) -> None:
    """train_digits returns a model in eval mode that reads at least 95 % of the digits it has not seen.

    Too few steps, a model that is not trained at all, and one left in training mode are caught here.
    """
    images, labels = digits()
    train_images, train_labels = images[:1000].clone(), labels[:1000].clone()
    model = student.train_digits(train_images, train_labels, seed=int(torch.randint(1000, ())))
    compare(train_images, images[:1000], rule="the images as they were before the call")
    compare(train_labels, labels[:1000], rule="the labels as they were before the call")
    assert not any(module.training for module in model.modules()), "the model is to be in eval mode"
    share = share_right(model, images[1000:], labels[1000:])
    assert share >= 0.95, f"{share:.1%} of the digits that were not in the training data are read, 95 % is the aim"


@pytest.mark.points(3)
@pytest.mark.timeout(180)
@pytest.mark.hint("train on labels that mean nothing, twice: what should be learned, and does the second model differ?")
def test_train_digits_learns_from_its_arguments_alone(student: Any, remote: Remote) -> None:
    """train_digits learns nothing from shuffled labels; the same data and seed, 0 by default, give the same model.

    Digits that it loads for itself, and random numbers that the seed does not decide, are caught here.
    """
    images, labels = digits()
    shuffled = labels[:1000][torch.randperm(1000)]
    seed = int(torch.randint(1000, ()))
    first = student.train_digits(images[:1000], shuffled, seed)
    share = share_right(first, images[1000:], labels[1000:])
    assert share < 0.4, "with shuffled labels there is nothing to learn: other digits are read by chance alone"
    expected = first(images[1000:]).detach().clone()
    remote("torch").rand(1)  # so that the global generator is not where it was
    second = student.train_digits(images[:1000], shuffled, seed)
    compare(second(images[1000:]), expected, rule="the same model from the same data and seed", rtol=1e-3, atol=1e-3)

    few = images[:200], labels[:200]
    models = [student.train_digits(*few), student.train_digits(*few, seed=0), student.train_digits(*few, seed=1)]
    plain, zero, one = (model(images[1000:]).detach().clone() for model in models)
    compare(plain, zero, rule="the model of seed 0, where no seed is given", rtol=1e-3, atol=1e-3)
    assert not torch.allclose(zero, one, rtol=1e-3, atol=1e-3), "another seed gives the same model"


# --- on another device --------------------------------------------------------------------------

ON_DEVICE: dict[str, tuple[str, str]] = {
    "flat_features": (SMALL, "lambda f, body: lambda x: x.new_zeros(f(body, (3, 8, 10)))"),
    "fc_as_conv": ("nn.Linear(60, 7)", "lambda f, layer: lambda x: f(layer, 3, 4, 5)"),
}
"""A module, and a call of the student's function on it, as expressions: the simulated GPU moves what a module holds."""

BOXED = "lambda box, module, forward: (setattr(box, 'module', module), setattr(box, 'forward', forward), box)[2]"


@pytest.mark.points(3)
@pytest.mark.hint(
    "on which device are the tensors that you create, and is there one that .to(device) does not know of?"
)
@pytest.mark.parametrize("name", ["flatten", "flat_features", "fc_as_conv", "SmallCNN"])  # simulation itself flattens
def test_all_on_another_device(student: Any, remote: Remote, fake_cuda: FakeCuda, name: str) -> None:
    """Functions and SmallCNN work on the device of x, body, layer or model (checked on a simulated GPU).

    An image, a buffer or a plain tensor on the CPU is caught here.
    """
    if name == "flatten":
        fake_cuda(student.flatten, torch.randn(N, C, H, W))
    elif name == "SmallCNN":
        fake_cuda(student.SmallCNN(6, 3), torch.randn(N, 3, 9, 10))
    else:
        source, call = ON_DEVICE[name]
        module = there(remote, source)
        run = there(remote, call)(getattr(student, name), module)
        fake_cuda(there(remote, BOXED)(there(remote, "nn.Identity()"), module, run), torch.randn(N))


# --- on an accelerator --------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.points(2)
@pytest.mark.hint("which tensors did .to(device) not move, and where are those that forward creates?")
def test_epoch_on_the_accelerator(student: Any, remote: Remote, device: torch.device) -> None:
    """On an accelerator, an epoch of training goes as on the CPU, and flat_features finds the device."""
    images, labels = torch.rand(8, 25, 1, 8, 8), torch.randint(10, (8, 25))
    body = there(remote, SMALL)
    body.to(device)
    assert student.flat_features(body, (3, 8, 10)) == 96, "the same size as on the CPU"
    start = snapshot(student.SmallCNN(10))
    losses = []
    for place in (torch.device("cpu"), device):
        model = student.SmallCNN(10)
        model.load_state_dict(start)
        model.to(place)
        model.eval()  # dropout would differ
        optimizer = remote("torch.optim").SGD(model.parameters(), lr=0.02)
        total = 0.0
        for x, y in zip(images, labels):
            answer = model(x.to(place))
            assert answer.device.type == place.type, "the scores are not on the device of the images"
            loss = F.cross_entropy(answer, y.to(place))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call, unused-ignore]
            optimizer.step()
            total += float(loss) / len(images)
        losses.append(total)
    assert abs(losses[0] - losses[1]) < 1e-3, "the mean loss of the epoch is not that of the CPU"
