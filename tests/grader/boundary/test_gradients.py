"""Autograd works across the boundary as it does within one process."""

from __future__ import annotations

import gc
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.grader.boundary.conftest import Judge


def grad(tensor: Tensor) -> Tensor:
    assert tensor.grad is not None
    return tensor.grad


def test_a_function_s_gradient_arrives_in_the_input(student: Any) -> None:
    x = torch.randn(3, requires_grad=True)
    y = student.square(x)
    assert y.requires_grad and not y.is_leaf
    y.sum().backward()
    torch.testing.assert_close(grad(x), 2 * x.detach())


def test_gradients_add_up_over_two_calls(student: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    for _ in range(2):
        student.square(x).sum().backward()
    assert torch.equal(grad(x), torch.full((3,), 4.0))
    x.grad = None
    student.square(x).sum().backward()
    assert torch.equal(grad(x), torch.full((3,), 2.0))


def test_a_module_s_parameters_have_gradients(student: Any) -> None:
    model, x = student.Scaled(), torch.ones(3, requires_grad=True)
    weight = model.weight
    assert weight.grad is None
    model(x).sum().backward()
    assert torch.equal(grad(weight), torch.ones(3)) and model.weight is weight
    assert torch.equal(grad(x), weight.detach())
    model(x).sum().backward()
    assert torch.equal(grad(weight), torch.full((3,), 2.0))
    assert torch.equal(grad(model.weight), torch.full((3,), 2.0))


def test_a_parameter_read_only_after_backward_has_its_gradient(student: Any) -> None:
    model = student.MLP()
    model(torch.randn(4, 3)).sum().backward()
    assert all(p.grad is not None and p.grad.shape == p.shape for p in model.parameters())


def test_zero_grad_reaches_the_mirror(student: Any) -> None:
    model = student.Scaled()
    weight = model.weight
    model(torch.ones(3)).sum().backward()
    model.zero_grad()
    assert weight.grad is None
    model(torch.ones(3)).sum().backward()
    assert torch.equal(grad(weight), torch.ones(3))
    weight.grad = None
    model.train_on(torch.ones(3), 2)
    assert torch.equal(grad(weight), torch.full((3,), 2.0))
    grad(weight).zero_()
    model.train_on(torch.ones(3), 1)
    assert torch.equal(grad(weight), torch.ones(3))
    model.drop_gradients()
    assert weight.grad is None


def test_the_worker_s_steps_are_seen_in_the_mirror(student: Any) -> None:
    model = student.Scaled()
    weight = model.weight
    model(torch.ones(3)).sum().backward()
    model.step(0.5)
    assert torch.equal(weight, torch.tensor([0.5, 1.5, 2.5]))
    model.step_by_data(0.5)
    assert torch.equal(weight, torch.tensor([0.0, 1.0, 2.0]))
    assert torch.equal(model.weight, weight)


@pytest.mark.parametrize("how", ["no_grad", "data", "new data", "numpy"])
def test_what_a_test_writes_into_a_parameter_is_seen_by_the_worker(student: Any, how: str) -> None:
    model = student.Scaled()
    weight = model.weight
    with torch.no_grad():
        if how == "no_grad":
            weight.fill_(7.0)
        elif how == "data":
            weight.data.fill_(7.0)
        elif how == "new data":
            weight.data = torch.full((3,), 7.0)
        else:
            weight.detach().numpy()[:] = 7.0
    assert torch.equal(model(torch.ones(3)), torch.full((3,), 7.0))
    assert torch.equal(model.state_dict()["weight"], torch.full((3,), 7.0))
    model.frozen.fill_(2.0)
    assert torch.equal(model(torch.ones(3)), torch.full((3,), 14.0))


def test_requires_grad_of_a_parameter_goes_both_ways(student: Any) -> None:
    model = student.Scaled()
    weight, frozen = model.weight, model.frozen
    weight.requires_grad = False
    assert not model(torch.ones(3)).requires_grad
    model.requires_grad_(True)
    assert weight.requires_grad and frozen.requires_grad
    model(torch.ones(3)).sum().backward()
    assert grad(frozen) is not None and grad(weight) is not None


def test_a_parameter_replaced_by_to_is_mirrored_anew(student: Any) -> None:
    model = student.Scaled()
    weight = model.weight
    model.to(torch.float64)
    assert model.weight.dtype == torch.float64 and weight.dtype == torch.float64
    model(torch.ones(3, dtype=torch.float64)).sum().backward()
    assert grad(model.weight).dtype == torch.float64
    model.to("meta")
    assert model.weight.device.type == "meta"


def test_autograd_grad_works_and_leaves_grad_alone(student: Any) -> None:
    model, x = student.Scaled(), torch.ones(3, requires_grad=True)
    for_x, for_weight = torch.autograd.grad(model(x).sum(), [x, model.weight])
    assert torch.equal(for_x, model.weight) and torch.equal(for_weight, torch.ones(3))
    assert x.grad is None and model.weight.grad is None


def test_non_leaf_inputs_pass_gradients_on(student: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 3
    y.retain_grad()
    student.square(student.square(y)).sum().backward()
    torch.testing.assert_close(grad(y), 4 * y.detach() ** 3)
    torch.testing.assert_close(grad(x), 12 * y.detach() ** 3)


def test_a_result_may_be_part_of_two_graphs(student: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = student.square(x)
    (y * 2).sum().backward(retain_graph=True)
    student.product(y, x).sum().backward()
    torch.testing.assert_close(grad(x), torch.full((3,), 2 * 2 + 3.0))


def test_a_graph_may_be_gone_through_twice(student: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    loss = student.square(x).sum()
    loss.backward(retain_graph=True)
    loss.backward()
    assert torch.equal(grad(x), torch.full((3,), 4.0))


def test_several_outputs_some_unused(student: Any) -> None:
    x = torch.randn(3, requires_grad=True)
    result = student.several(x)
    assert result["sin"] is result["again"] and not result["plain"].requires_grad and result["count"] == 3
    result["cos"].sum().backward(retain_graph=True)
    torch.testing.assert_close(grad(x), -x.detach().sin())
    result["sin"].sum().backward()
    torch.testing.assert_close(grad(x), x.detach().cos() - x.detach().sin())


def test_one_tensor_as_two_arguments(student: Any) -> None:
    x = torch.full((2,), 3.0, requires_grad=True)
    student.product(x, x).sum().backward()
    assert torch.equal(grad(x), torch.full((2,), 6.0))
    w = torch.nn.Parameter(torch.ones(2))
    student.product(w, x).sum().backward()
    assert torch.equal(grad(w), torch.full((2,), 3.0))


def test_expanded_and_transposed_inputs(student: Any) -> None:
    x = torch.randn(3, 1, requires_grad=True)
    student.square(x.expand(3, 4)).sum().backward()
    torch.testing.assert_close(grad(x), 8 * x.detach())
    x.grad = None
    student.square(x.t()).sum().backward()
    torch.testing.assert_close(grad(x), 2 * x.detach())


def test_complex_gradients(student: Any) -> None:
    x = torch.randn(3, dtype=torch.complex128, requires_grad=True)
    ours = x.detach().clone().requires_grad_()
    student.square(x).abs().sum().backward()
    torch.autograd.backward((ours * ours).abs().sum())
    torch.testing.assert_close(grad(x), grad(ours))


def test_gradcheck_and_gradgradcheck(student: Any) -> None:
    x, y = (torch.randn(2, 2, dtype=torch.float64, requires_grad=True) for _ in range(2))
    assert torch.autograd.gradcheck(student.product, (x, y))
    assert torch.autograd.gradgradcheck(student.product, (x, y))
    assert torch.autograd.gradcheck(student.Cube.apply, (x,))
    assert torch.autograd.gradgradcheck(student.Cube.apply, (x,))


def test_gradcheck_through_a_module(student: Any) -> None:
    model = student.MLP()
    model.to(torch.float64)
    assert torch.autograd.gradcheck(model, (torch.randn(2, 3, dtype=torch.float64, requires_grad=True),))


def test_second_and_third_derivatives(student: Any) -> None:
    x = torch.full((1,), 2.0, requires_grad=True)
    (first,) = torch.autograd.grad(student.Cube.apply(x), x, create_graph=True)
    (second,) = torch.autograd.grad(first, x, create_graph=True)
    (third,) = torch.autograd.grad(second, x)
    assert [d.item() for d in (first, second, third)] == [12.0, 12.0, 6.0]


def test_a_gradient_penalty_reaches_the_parameters(student: Any) -> None:
    model, x = student.MLP(), torch.randn(4, 3, requires_grad=True)
    (slope,) = torch.autograd.grad(model(x).sum(), x, create_graph=True)
    torch.autograd.backward(slope.square().sum())
    assert all(p.grad is not None for p in (model.layers[0].weight, model.layers[1].weight))


def test_no_grad_holds_in_the_worker(student: Any) -> None:
    model, x = student.Scaled(), torch.ones(3, requires_grad=True)
    with torch.no_grad():
        assert not model(x).requires_grad
    with torch.inference_mode():
        assert not model(x).requires_grad
        assert model.weight.sum() == 6
    assert model(x).requires_grad


def test_hooks_of_the_test_run(student: Any) -> None:
    model = student.Scaled()
    seen: list[Tensor] = []
    model.weight.register_hook(seen.append)
    model(torch.ones(3)).sum().backward()
    assert len(seen) == 1 and torch.equal(seen[0], torch.ones(3))


def test_a_callback_is_part_of_the_graph(student: Any) -> None:
    w = torch.full((2,), 5.0, requires_grad=True)
    x = torch.ones(2, requires_grad=True)
    student.apply_twice(lambda given: given * w, x).sum().backward()
    assert torch.equal(grad(x), torch.full((2,), 25.0)) and torch.equal(grad(w), torch.full((2,), 10.0))
    assert torch.equal(student.gradient(lambda given: (given**3).sum(), x), torch.full((2,), 3.0))
    assert torch.equal(student.gradient(lambda given: student.square(given).sum(), x), torch.full((2,), 2.0))


def test_a_callback_given_a_non_leaf(student: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x * 3
    result = student.apply(lambda given: given * given, y)
    (for_y,) = torch.autograd.grad(result.sum(), y, retain_graph=True)
    assert torch.equal(for_y, torch.full((2,), 6.0))
    result.sum().backward()
    assert torch.equal(grad(x), torch.full((2,), 18.0))


def test_a_training_step_in_the_worker_with_a_loss_of_the_test(student: Any) -> None:
    model = student.Scaled()
    target = torch.zeros(3)
    before = model.weight.detach().clone()
    value = student.module_calls(model, lambda out: (out - target).square().sum(), torch.ones(3), 0.25)
    assert value == 14.0
    torch.testing.assert_close(model.weight.detach(), before - 0.25 * 2 * before)


def test_backward_within_the_worker_adds_to_the_argument_s_gradient(student: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    student.backward_here(x)
    student.backward_here(x)
    assert torch.equal(grad(x), torch.full((3,), 4.0))
    student.square(x).sum().backward()
    assert torch.equal(grad(x), torch.full((3,), 6.0))


def test_a_state_kept_in_the_worker_carries_its_graph(student: Any) -> None:
    model = student.Recurrent()
    first = torch.ones(2, requires_grad=True)
    second = torch.ones(2, requires_grad=True)
    model(first)
    model(second).sum().backward()
    assert (grad(first) > 0).all() and (grad(second) > grad(first)).all()
    for _ in range(3):
        result = model(torch.ones(2, requires_grad=True))  # inputs that nobody holds
    result.sum().backward()


def test_an_input_kept_by_the_worker(student: Any) -> None:
    model, x = student.Scaled(), torch.ones(3, requires_grad=True)
    model.keep(x)
    assert model.seen is x
    del x
    gc.collect()
    assert torch.equal(model.seen, torch.ones(3))


def test_long_chains_of_calls(student: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    y = x
    for _ in range(50):
        y = student.product(y, x)
    torch.autograd.backward(y.sum())
    assert torch.equal(grad(x), torch.full((2,), 51.0))


def test_graphs_are_released_once_the_judge_lets_go(judge: Judge, student: Any) -> None:
    x = torch.ones(2, requires_grad=True)
    results = [student.square(x) for _ in range(10)]
    assert judge.counts()["graphs"] == 10
    del results[2:]
    gc.collect()
    assert judge.counts()["graphs"] == 2
    torch.autograd.grad(results[0].sum(), x, create_graph=True)
    del results
    gc.collect()
    assert judge.counts()["graphs"] == 0


def test_a_wrong_gradient_shape_is_the_student_s_error(student: Any) -> None:
    with pytest.raises(RuntimeError):
        student.square(torch.ones(3, requires_grad=True)).backward(torch.ones(2))
