"""What the names in a marker stand for."""

from __future__ import annotations

import inspect

import pytest
import torch

from grader.bans import names
from grader.bans.names import key_of, parse
from tests.grader.bans.cases import CASES


@pytest.mark.parametrize(
    ("leaves", "key"),
    [
        ("leaky_relu leaky_relu_ LeakyReLU", "leakyrelu"),
        ("softmax _softmax Softmax Softmax2d special_softmax _masked_softmax _sparse_softmax softmax_", "softmax"),
        ("nll_loss nll_loss2d NLLLoss NLLLoss2d", "nll"),
        ("cross_entropy CrossEntropyLoss cross_entropy_loss", "crossentropy"),
        ("conv2d Conv2d conv1d LazyConv2d Conv3d thnn_conv2d", "conv"),
        ("linear Linear LazyLinear mkldnn_linear", "linear"),
        ("max_pool2d MaxPool2d max_pool2d_with_indices mkldnn_max_pool2d", "maxpool"),
        ("layer_norm LayerNorm native_layer_norm", "layernorm"),
        ("tril tril_", "tril"),
    ],
)
def test_spellings_of_one_thing_share_a_key(leaves: str, key: str) -> None:
    assert {key_of(leaf) for leaf in leaves.split()} == {key}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("relu", "leaky_relu"),
        ("softmax", "log_softmax"),
        ("fill", "masked_fill"),
        ("tanh", "tanh_backward"),
        ("unfold", "im2col"),
        ("normal", "log_normal"),
        ("linear", "bilinear"),
    ],
)
def test_different_things_do_not(one: str, other: str) -> None:
    assert key_of(one) != key_of(other)


@pytest.mark.parametrize("name", sorted({name for case in CASES for name in case.forbid}))
def test_the_course_names_things_that_exist(name: str) -> None:
    assert names.resolve(name) is not None


@pytest.mark.parametrize("paths", names.PYTHON_ONLY.values())
def test_what_is_written_in_python_exists(paths: tuple[str, ...]) -> None:
    """Private names of torch's are among them: they may move with its version."""
    for path in paths:
        thing = names.resolve(path)
        assert inspect.ismodule(thing) or inspect.isclass(thing) or inspect.isfunction(thing), path


@pytest.mark.parametrize(
    ("forbidden", "path"),
    [
        ("torch.softmax", "torch.nn.Softmax"),
        ("torch.softmax", "torch.Tensor.softmax"),
        ("torch.softmax", "torch.ops.aten._softmax.default"),
        ("torch.softmax", "torch.nn.modules.activation.Softmax.forward"),
        ("torch.nn.Conv2d", "torch.nn.functional.conv1d"),
        ("torch.nn.functional.unfold", "torch.nn.Unfold"),
        ("torch.optim", "torch.optim.SGD"),
        ("numpy", "numpy.random.rand"),
        ("pickle", "dill.dumps"),
        ("torch.matmul", "operator.matmul"),
        ("torch.cumsum", "torch.Tensor.cumsum"),
        ("torch.nn.LSTM", "torch.nn.LSTMCell"),
    ],
)
def test_paths(forbidden: str, path: str) -> None:
    assert parse([forbidden]).by_path(path) == forbidden


@pytest.mark.parametrize(
    ("forbidden", "path"),
    [
        ("torch.softmax", "numpy.softmax"),
        ("torch.softmax", "torch.log_softmax"),
        ("torch.nn.functional.unfold", "torch.Tensor.unfold"),
        ("torch.nn.RNN", "torch.nn.utils.rnn.pad_sequence"),
        ("torch.optim", "torch.optimize"),
        ("torch.tensor", "torch.Tensor"),
        ("torch.autograd.grad", "torch.no_grad"),
        ("torch.Tensor.backward", "torch.autograd.grad"),
    ],
)
def test_other_paths(forbidden: str, path: str) -> None:
    assert parse([forbidden]).by_path(path) is None


@pytest.mark.parametrize(
    ("forbidden", "method", "is_it"),
    [
        ("torch.softmax", "softmax", True),
        ("torch.relu", "relu_", True),
        ("torch.matmul", "__matmul__", True),
        ("torch.Tensor.backward", "backward", True),
        ("numpy", "numpy", True),
        ("torch.cumsum", "cumsum_", True),
        ("torch.nn.functional.unfold", "unfold", False),
        ("torch.nn.Linear", "linear", False),
    ],
)
def test_methods(forbidden: str, method: str, is_it: bool) -> None:
    assert (parse([forbidden]).by_method(method) == forbidden) is is_it


@pytest.mark.parametrize("method", sorted(names.METHODS))
def test_methods_are_methods_of_tensors(method: str) -> None:
    assert any(key_of(name) == method for name in dir(torch.Tensor))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("torch.sofmax", r"did you mean 'torch\.softmax'"),
        ("torch.nn.functional.nosuch", r"nothing is called"),
        ("loop", "did you mean 'loops'"),
        ("softmax", "nothing is called 'softmax'"),
        ("torch softmax", "is no dotted name"),
    ],
)
def test_names_that_stand_for_nothing(name: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse([name])


def test_loops() -> None:
    assert parse(["loops"]).loops
    assert not parse(["loops"]).torch
    assert parse(["torch.softmax", "loops"]).torch
