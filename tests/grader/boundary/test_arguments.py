"""What a submission does to its arguments is seen by the test, and what a test does, by the submission."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor


@pytest.mark.parametrize(
    "x",
    [
        torch.ones(3),
        torch.ones(2, 3).t(),
        torch.ones(4, 4)[::2, 1::2],
        torch.ones(3, dtype=torch.bool),
        torch.ones(2, dtype=torch.bfloat16),
        torch.ones(()),
        torch.ones(1 << 18),
    ],
    ids=lambda x: f"{x.dtype}-{tuple(x.shape)}-{x.stride()}",
)
def test_a_tensor_filled_in_place_is_seen(student: Any, x: Tensor) -> None:
    student.fill(x, 0)
    assert not x.any()


def test_a_view_is_written_where_it_lies(student: Any) -> None:
    whole = torch.ones(4, 4)
    student.fill(whole[1], 7.0)
    assert whole.sum() == 12 + 28 and torch.equal(whole[1], torch.full((4,), 7.0))


def test_writing_through_data_is_seen(student: Any) -> None:
    x = torch.ones(3)
    student.scale_data(x, 3.0)
    assert torch.equal(x, torch.full((3,), 3.0))


@pytest.mark.parametrize("array", [np.ones(3), np.ones((4, 4))[::2, ::-1], np.ones((2, 3)).T, np.array(1.0)])
def test_an_array_filled_in_place_is_seen(student: Any, array: np.ndarray[Any, Any]) -> None:
    student.fill(array, 5.0)
    assert (array == 5).all()


def test_lists_dicts_and_sets_are_changed_in_place(student: Any) -> None:
    numbers: list[int] = [1, 2, 3]
    table: dict[str, Any] = {"old": 1, "same": 2}
    found = {1}
    student.change_all(numbers, table, found)
    assert numbers == [10, 2, 3, 4] and found == {1, 7}
    assert table == {"same": 2, "new": [10, 2, 3, 4]} and table["new"] is numbers


def test_changes_are_seen_after_an_exception_too(student: Any) -> None:
    numbers, x = [1, 2], torch.ones(2)
    with pytest.raises(ValueError, match="halfway"):
        student.change_and_fail(numbers, x)
    assert numbers == [] and torch.equal(x, torch.zeros(2))


@pytest.mark.parametrize("fail", [False, True])
def test_a_result_with_a_graph_may_be_put_into_an_argument(student: Any, fail: bool) -> None:
    results: list[Tensor] = []
    x = torch.ones(2, requires_grad=True)
    if fail:
        with pytest.raises(ValueError, match="later"):
            student.append_product(results, x, fail=True)
    else:
        student.append_product(results, x)
    torch.autograd.backward(results[0].sum())
    assert torch.equal(x.grad, torch.full((2,), 2.0))  # type: ignore[arg-type]


def test_what_was_not_changed_is_not_written(student: Any) -> None:
    x, array = torch.ones(3), np.ones(3)
    version = x._version
    student.same([x, array])
    assert x._version == version
    array.flags.writeable = False
    student.same(array)


def test_an_argument_handed_back_is_the_argument(student: Any) -> None:
    for value in (torch.ones(2), np.ones(2), [1], {"a": [1]}, {1}, torch.ones(2, requires_grad=True)):
        assert student.same(value) is value
    x = torch.ones(2)
    assert student.same({"x": [x]})["x"][0] is x
    y = student.same(x)
    y += 1
    assert torch.equal(x, y)


def test_results_are_copies(student: Any) -> None:
    box = student.Box([torch.ones(2), [1]])
    tensor, items = box[0], box[1]
    tensor += 1
    items.append(2)
    assert torch.equal(box[0], torch.ones(2)) and box[1] == [1]


def test_in_place_arithmetic_keeps_its_gradient(student: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    y = x * 1
    got = student.scale_in_place(y, 3.0)
    assert got is y and torch.equal(y, torch.full((3,), 3.0))
    y.sum().backward()
    assert torch.equal(x.grad, torch.full((3,), 3.0))  # type: ignore[arg-type]


def test_a_plain_tensor_multiplied_in_place_by_one_with_a_graph_has_one_too(student: Any) -> None:
    x, by = torch.ones(3), torch.full((3,), 2.0, requires_grad=True)
    assert student.multiply_in_place(x, by) is x
    assert x.requires_grad and torch.equal(x, by)
    (x * 5).sum().backward()
    assert torch.equal(by.grad, torch.full((3,), 5.0))  # type: ignore[arg-type]


def test_a_leaf_that_requires_grad_cannot_be_changed_in_place(student: Any) -> None:
    x = torch.ones(3, requires_grad=True)
    with pytest.raises(RuntimeError, match="leaf"):
        student.scale_in_place(x, 2.0)
    with torch.no_grad():
        student.scale_in_place(x, 2.0)
    assert torch.equal(x, torch.full((3,), 2.0)) and x.is_leaf


def test_requires_grad_set_by_the_submission_is_seen(student: Any) -> None:
    x = torch.full((2,), 3.0)
    y = student.want_gradient(x)
    assert x.requires_grad and x.is_leaf
    y.backward()
    assert torch.equal(x.grad, torch.full((2,), 6.0))  # type: ignore[arg-type]


def test_new_data_of_another_shape_is_seen(student: Any) -> None:
    x = torch.zeros(2)
    student.resize(x)
    assert torch.equal(x, torch.ones(5, dtype=torch.float64))


def test_a_callback_is_given_the_test_s_own_things(student: Any) -> None:
    items: list[Any] = [torch.ones(2)]
    seen: list[Any] = []

    def look(given: list[Any]) -> int:
        seen.append((given, list(given), given[0]))
        given.append("callback")
        return len(given)

    first = items[0]
    assert student.change_then_call(items, look) == 3
    assert seen[0][0] is items and seen[0][1][1:] == ["before"] and seen[0][2] is first
    assert items[0] is first and items[1:] == ["before", "callback", "after"]


def test_what_a_callback_changes_is_seen_by_the_submission(student: Any) -> None:
    items = [1]
    assert student.length_after(lambda given: given.append(2), items) == 2 and items == [1, 2]
    assert student.length_after(lambda given: items.append(3), items) == 3
    x = torch.ones(3)
    assert student.sum_after(lambda given: x.fill_(2.0), x) == 6
    assert student.sum_after(lambda given: given.fill_(3.0), x) == 9 and x.sum() == 9
    array = np.zeros(2)
    student.apply(lambda given: given.fill(4), array)
    assert array.sum() == 8


def test_a_callback_may_change_what_the_submission_made(student: Any) -> None:
    def double(x: Tensor) -> Tensor:
        return x.mul_(2)

    def through(x: Tensor) -> Any:
        return student.apply(double, x)

    assert torch.equal(student.apply(through, torch.ones(2)), torch.full((2,), 2.0))


def test_a_generator_crosses_by_its_state(student: Any) -> None:
    ours, theirs = torch.Generator().manual_seed(7), torch.Generator().manual_seed(7)
    for n in (3, 4):
        assert torch.equal(student.draw(n, generator=theirs), torch.randn(n, generator=ours))
    assert torch.equal(ours.get_state(), theirs.get_state())
    state = theirs.get_state()
    assert student.same(theirs) is theirs and student.kind_of(theirs) == "torch._C.Generator"
    assert torch.equal(theirs.get_state(), state)


def test_a_generator_of_the_worker_stays_there(student: Any, remote: Any) -> None:
    generator = remote("torch").Generator()
    generator.manual_seed(3)
    expected = torch.randn(4, generator=torch.Generator().manual_seed(3))
    assert torch.equal(student.draw(4, generator=generator), expected)
    assert not torch.equal(student.draw(4, generator=generator), expected)


def test_a_generator_drawn_from_in_a_callback(student: Any) -> None:
    generator = torch.Generator().manual_seed(1)
    twin = torch.Generator().manual_seed(1)

    def pull(given: torch.Generator) -> Tensor:
        assert given is generator
        return torch.randn(2, generator=given)

    assert torch.equal(student.apply(pull, generator), torch.randn(2, generator=twin))
    assert torch.equal(student.draw(2, generator=generator), torch.randn(2, generator=twin))


def test_the_worker_s_global_generator_is_seeded_by_the_test(student: Any, remote: Any) -> None:
    remote("torch").manual_seed(5)
    assert torch.equal(student.draw(3), torch.randn(3, generator=torch.Generator().manual_seed(5)))
