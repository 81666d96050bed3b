"""What is no plain data stays in the worker, and the judge holds a stand-in."""

from __future__ import annotations

import copy
import gc
import pickle
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
import torchvision  # type: ignore[import-untyped]
from torch import nn

from grader.boundary.standin import NotData, StandIn, describe
from grader.boundary.wire import CannotCross
from tests.grader.boundary.conftest import Judge


def test_attributes_are_read_and_written(student: Any) -> None:
    config = student.Config(3, names=["a"])
    assert config.width == 3 and config.names == ["a"]
    config.width = 5
    config.extra = torch.ones(2)
    assert config.width == 5 and torch.equal(config.extra, torch.ones(2))
    del config.extra
    with pytest.raises(AttributeError, match="extra"):
        _ = config.extra
    assert not hasattr(config, "depth")


def test_an_object_is_one_stand_in_however_often_it_is_read(student: Any) -> None:
    model = student.MLP()
    assert model.layers is model.layers
    assert model.layers[0] is model.layers[0] is not model.layers[1]
    box = student.Box([model])
    assert box[0] is model and box.itself() is box


def test_items_length_and_iteration(student: Any) -> None:
    box = student.Box([1, "two"])
    box[1] = [3]
    assert box[1] == [3] and len(box) == 2 and list(box) == [1, [3]]
    with pytest.raises(IndexError):
        box[2]
    with pytest.raises(TypeError):
        len(student.Config(1, []))
    with pytest.raises(TypeError):
        iter(student.Config(1, [])).__next__()


def test_modules_give_their_parameters_and_state(student: Any) -> None:
    model = student.MLP()
    shapes = {name: tuple(p.shape) for name, p in model.named_parameters()}
    assert shapes == {
        "layers.0.weight": (4, 3),
        "layers.0.bias": (4,),
        "layers.1.weight": (2, 4),
        "layers.1.bias": (2,),
    }
    state = {name: torch.full_like(value, 1) for name, value in model.state_dict().items()}
    assert model.load_state_dict(state).missing_keys == []
    assert torch.equal(model.layers[0].weight, torch.ones(4, 3))
    model.eval()
    assert model.training is False and model.layers[0].training is False
    model.to(torch.float64)
    assert model.layers[1].bias.dtype == torch.float64
    assert [type(layer) for layer in model.layers] == [StandIn, StandIn]


def test_isinstance_and_issubclass_know_the_classes_of_torch(student: Any, remote: Any) -> None:
    model = student.MLP()
    assert isinstance(model, nn.Module) and not isinstance(model, nn.Linear)
    assert isinstance(model.layers, nn.ModuleList) and isinstance(model.layers[0], nn.Linear)
    assert isinstance(model.layers[0].weight, nn.Parameter) and isinstance(model.layers[0].weight, torch.Tensor)
    assert not isinstance(model, torch.Tensor | int | list)
    assert issubclass(student.MLP, nn.Module) and not issubclass(student.MLP, nn.Linear)
    assert issubclass(remote("torch.optim").SGD, torch.optim.Optimizer)
    assert not isinstance(student.Config(1, []), nn.Module)


def test_isinstance_and_issubclass_know_the_classes_of_the_submission(student: Any) -> None:
    model = student.Scaled()
    assert isinstance(model, student.Scaled) and not isinstance(model, student.MLP)
    assert not isinstance(3, student.MLP)
    assert issubclass(student.OwnError, ValueError) and not issubclass(student.Scaled, student.MLP)
    with pytest.raises(TypeError):
        isinstance(model, model)


def test_a_generator_gives_item_after_item(student: Any) -> None:
    assert list(student.count_to(3)) == [0, 1, 2]
    numbers = student.count_to(5)
    assert next(numbers) == 0 and next(numbers) == 1
    got = []
    with pytest.raises(ValueError, match="too far"):
        for number in numbers:
            got.append(number)
    assert got == [2, 3, 4]
    with pytest.raises(StopIteration):
        next(student.count_to(0))


def test_an_iterator_of_the_test_is_read_item_by_item(student: Any) -> None:
    taken: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(4):
            taken.append(number)
            yield number

    assert student.total(numbers()) == 6 and taken == [0, 1, 2, 3]
    assert student.total(map(len, ["a", "bc"])) == 3
    items = iter([1, 2, 3])
    assert student.apply(next, items) == 1 and next(items) == 2

    def broken() -> Iterator[int]:
        yield 1
        raise KeyError("mine")

    with pytest.raises(KeyError) as caught:
        student.total(broken())
    assert type(caught.value) is KeyError


def test_an_optimizer_is_built_on_a_student_s_model(student: Any, remote: Any) -> None:
    model, x = student.Scaled(), torch.ones(3)
    optimizer = remote("torch.optim").SGD(model.parameters(), lr=0.5)
    assert isinstance(optimizer, torch.optim.SGD)
    weight = model.weight
    model(x).sum().backward()
    optimizer.step()
    assert torch.equal(weight, torch.tensor([0.5, 1.5, 2.5])) and model.weight is weight
    optimizer.zero_grad()
    assert weight.grad is None
    assert optimizer.param_groups[0]["lr"] == 0.5


def test_an_optimizer_in_the_judge_trains_the_worker_s_model(student: Any) -> None:
    model, x = student.MLP(), torch.randn(5, 3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.05)
    losses = []
    for _ in range(20):
        optimizer.zero_grad()
        loss = (model(x) - 1).square().mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.5 * losses[0]


def test_attention_made_in_the_worker(remote: Any) -> None:
    attention, ours = remote("torch.nn").MultiheadAttention(8, 2, batch_first=True), nn.MultiheadAttention(8, 2)
    ours.batch_first = True
    attention.load_state_dict(ours.state_dict())
    x = torch.randn(2, 3, 8)
    for got, expected in zip(attention(x, x, x), ours(x, x, x), strict=True):
        torch.testing.assert_close(got, expected)


def test_a_resnet_made_in_the_worker(student: Any, remote: Any) -> None:
    model = remote("torchvision.models").resnet18(weights=None, num_classes=4)
    assert isinstance(model, torchvision.models.ResNet) and isinstance(model.fc, nn.Linear)
    assert sum(p.numel() for p in model.parameters()) == sum(
        p.numel() for p in torchvision.models.resnet18(num_classes=4).parameters()
    )
    model.fc = remote("torch.nn").Linear(512, 2)
    model.eval()
    out = model(torch.randn(1, 3, 32, 32))
    assert out.shape == (1, 2)
    out.sum().backward()
    assert model.conv1.weight.grad.shape == (64, 3, 7, 7)


def test_functions_and_classes_of_torch_go_by_name(student: Any) -> None:
    x = torch.tensor([-1.0, 2.0])
    for function in (nn.functional.relu, torch.relu, nn.functional.gelu, torch.special.expit, np.exp):
        assert student.kind_of(function) in ("builtins.function", "builtins.builtin_function_or_method", "numpy.ufunc")
    assert torch.equal(student.apply(nn.functional.relu, x), torch.tensor([0.0, 2.0]))
    assert isinstance(student.apply(nn.Linear, 2, 3), nn.Linear)
    assert student.apply(int, "12") == 12
    with pytest.raises(ValueError):
        student.fails(ValueError)


def test_copies_are_made_in_the_worker(student: Any) -> None:
    model = student.Scaled()
    for twin in (copy.deepcopy(model), copy.copy(model)):
        assert isinstance(twin, student.Scaled) and twin is not model
    twin = copy.deepcopy(model)
    with torch.no_grad():
        model.weight.fill_(9.0)
    assert model.weight[0] == 9 and twin.weight[0] == 1
    with pytest.raises(CannotCross):
        pickle.dumps(model)


def test_text_truth_and_comparison_are_not_the_worker_s(student: Any) -> None:
    lying = student.lying_object(float)
    assert repr(lying) == "<lying_object(…), in the worker>"
    assert str(student.MLP().layers[0]) == "<MLP(…).layers[…], in the worker>"
    assert lying != 1.0 and (lying == torch.ones(3)) is not True
    with pytest.raises(NotData, match="True or False"):
        assert lying
    with pytest.raises(TypeError):
        lying - 1.0
    with pytest.raises(TypeError):
        torch.ones(3) - lying
    with pytest.raises(TypeError):
        float(lying)
    with pytest.raises(NotData, match="length"):
        list(lying)


@pytest.mark.parametrize("kind", [torch.Tensor, float, int, list, np.ndarray, torch.Size, dict, str, slice])
def test_no_object_passes_for_data(student: Any, kind: type) -> None:
    lying = student.lying_object(kind)
    assert type(lying) is StandIn and not isinstance(lying, kind)


def test_nobody_takes_an_address_from_the_worker(student: Any) -> None:
    lying = student.lying_object(int)
    for name in ("__array_interface__", "__array__", "__cuda_array_interface__", "__dlpack__", "__torch_function__"):
        assert not hasattr(lying, name)
    assert np.asarray(lying).dtype == object
    for convert in (torch.as_tensor, torch.tensor):
        with pytest.raises((NotData, TypeError, RuntimeError)):
            convert(lying)


def test_a_lying_tensor_is_rebuilt_from_its_bytes(student: Any) -> None:
    got = student.lying_tensor()
    assert type(got) is torch.Tensor and got.shape == (3,)
    assert not torch.equal(got, torch.ones(3)) and torch.equal(got, torch.arange(3.0))


def test_a_result_can_be_held_in_the_worker(judge: Judge, student: Any, remote: Any) -> None:
    x = judge.ask("held", remote("torch").ones, 3, requires_grad=True)
    y = judge.ask("held", remote("operator").mul, x, 2)
    assert type(y) is StandIn and not isinstance(y, torch.Tensor)
    assert student.graph_nodes(y) == 2
    assert torch.equal(student.same(judge.ask("getattr", y, "data")), torch.full((3,), 2.0))


def test_handles_are_released_once_the_judge_lets_go(judge: Judge, student: Any) -> None:
    student.same(1)
    before = judge.counts()["objects"]
    boxes = [student.Box([number]) for number in range(10)]
    assert judge.counts()["objects"] >= before + 10
    del boxes[5:]
    gc.collect()
    student.same(1)
    during = judge.counts()["objects"]
    assert before + 5 <= during < before + 10
    assert [box[0] for box in boxes] == list(range(5))
    del boxes
    gc.collect()
    student.same(1)
    assert judge.counts()["objects"] <= before + 1


def test_an_object_of_an_earlier_test_says_so(judge: Judge, student: Any) -> None:
    box = student.Box([1])
    again = judge.begin()
    with pytest.raises(CannotCross, match="earlier test"):
        again.same(box)
    with pytest.raises(CannotCross, match="earlier test"):
        _ = box.items
    assert again.same(2) == 2


def test_labels_say_how_a_test_came_to_an_object(student: Any) -> None:
    assert describe(student) == "an object"
    assert describe(student.MLP().layers[0]) == "MLP(…).layers[…]"
