"""Plain data arrives as what it was, both ways."""

from __future__ import annotations

import math
from collections import OrderedDict
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor

from grader.boundary.failures import Raised
from grader.boundary.tensors import DTYPES, check_size
from grader.boundary.wire import CannotCross, ProtocolError


def bits(tensor: Tensor) -> bytes:
    return tensor.detach().resolve_conj().resolve_neg().contiguous().flatten().view(torch.uint8).numpy().tobytes()


@pytest.mark.filterwarnings("ignore:.*support is experimental:UserWarning")
@pytest.mark.parametrize("name", sorted(DTYPES))
def test_a_tensor_of_every_dtype_comes_back_bit_by_bit(student: Any, name: str) -> None:
    dtype = DTYPES[name]
    raw = torch.randint(0, 2 if dtype == torch.bool else 256, (12 * dtype.itemsize,), dtype=torch.uint8)
    tensor = torch.empty(0, dtype=dtype).set_(raw.untyped_storage(), 0, (3, 4), (1, 3))
    back = student.same(tensor)
    assert back is tensor
    copy, again = student.twice([tensor])
    assert copy[0] is tensor and again[0] is tensor
    boxed = student.Box([tensor])
    assert type(boxed.items[0]) is Tensor
    for got in (boxed.items[0], boxed[0]):
        assert got is not tensor and got.dtype == dtype and got.stride() == (1, 3)
        memory = torch.empty(0, dtype=torch.uint8).set_(got.untyped_storage(), 0, raw.shape, (1,))
        assert torch.equal(memory, raw)


def layouts() -> dict[str, Tensor]:
    x = torch.randn(4, 6)
    return {
        "0-d": torch.tensor(3.5),
        "empty": torch.empty(0, 3),
        "empty later": torch.empty(3, 0)[:, :0],
        "transposed": x.t(),
        "every second": x[::2, ::3],
        "middle": x[1:3, 2:4],
        "expanded": torch.randn(4, 1).expand(4, 5),
        "expanded 0-d": torch.tensor(2.0).expand(3, 3),
        "windows": torch.arange(8.0).unfold(0, 4, 2),
        "diagonal": torch.eye(3).diagonal(),
        "channels last": torch.randn(2, 3, 4, 5).to(memory_format=torch.channels_last),
        "conjugated": torch.randn(3, 2, dtype=torch.complex64).conj(),
        "conjugated and sliced": torch.randn(6, 2, dtype=torch.complex64).conj()[::2],
        "imaginary": torch.randn(3, dtype=torch.complex128).conj().imag,
        "meta": torch.empty(2, 3, device="meta"),
        "booleans": torch.randn(5, 5)[::2] > 0,
        "float8 with gaps": torch.randn(6).to(torch.float8_e4m3fn)[::2],
    }


@pytest.mark.parametrize("name", layouts())
def test_a_tensor_keeps_its_layout(student: Any, name: str) -> None:
    tensor = layouts()[name]
    got = student.Box([tensor])[0]
    assert got.shape == tensor.shape and got.stride() == tensor.stride() and got.dtype == tensor.dtype
    assert got.is_conj() == tensor.is_conj() and got.is_neg() == tensor.is_neg() and got.device == tensor.device
    if name != "meta":
        assert bits(got) == bits(tensor)
        shape, stride, dtype, *_, conj = student.facts(tensor)
        assert (shape, stride, dtype, conj) == (tuple(tensor.shape), tensor.stride(), tensor.dtype, tensor.is_conj())
        assert student.byte_sum(tensor) == sum(bits(tensor))


def test_gaps_between_elements_are_not_sent(student: Any) -> None:
    secret = torch.tensor([1.0, 42.0, 3.0])
    got = student.Box([secret[::2]])[0]
    assert torch.equal(torch.empty(0).set_(got.untyped_storage(), 0, (3,), (1,)), torch.tensor([1.0, 0.0, 3.0]))


def test_what_requires_grad_arrives_so(student: Any) -> None:
    leaf = torch.ones(2, requires_grad=True)
    assert student.facts(leaf)[3:5] == (True, True)
    assert student.facts(leaf * 2)[3:5] == (True, False)
    assert student.kind_of(torch.nn.Parameter(torch.ones(2))) == "torch.nn.parameter.Parameter"
    assert student.kind_of(torch.nn.Parameter(torch.ones(2), requires_grad=False)) == "torch.nn.parameter.Parameter"


def test_a_parameter_comes_back_as_one(student: Any) -> None:
    weight = student.Scaled().weight
    assert type(weight) is torch.nn.Parameter and isinstance(weight, torch.nn.Parameter)
    frozen = student.Scaled().frozen
    assert type(frozen) is torch.nn.Parameter and not frozen.requires_grad


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6.0).reshape(2, 3),
        np.arange(6)[::-1],
        np.arange(24).reshape(2, 3, 4)[:, ::-2, 1:],
        np.arange(6).reshape(2, 3).T,
        np.array(3),
        np.zeros((0, 2)),
        np.broadcast_to(np.arange(3), (2, 3)),
        np.array([True, False]),
        np.arange(3, dtype=">f4"),
        np.array([1 + 2j]),
        np.arange(4, dtype=np.float16),
        np.arange(4, dtype=np.longlong),
    ],
    ids=lambda array: f"{array.dtype.str}-{array.shape}-{array.strides}",
)
def test_an_array_keeps_its_layout(student: Any, array: np.ndarray[Any, Any]) -> None:
    assert student.same(array) is array
    got = student.Box([array])[0]
    assert type(got) is np.ndarray and got is not array
    assert got.dtype == array.dtype and got.shape == array.shape and got.strides == array.strides
    assert got.flags.writeable == array.flags.writeable
    assert np.array_equal(got, array)


def test_a_read_only_array_stays_read_only(student: Any) -> None:
    array = np.ones(3)
    array.flags.writeable = False
    assert not student.Box([array])[0].flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        student.fill(array, 2.0)


@pytest.mark.parametrize("scalar", [np.float32(1.5), np.int8(-3), np.bool_(True), np.complex64(1j), np.float64(2)])
def test_a_numpy_scalar_stays_one(student: Any, scalar: Any) -> None:
    got = student.same(scalar)
    assert type(got) is type(scalar) and got == scalar


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(1 << 63),
        1 << 64,
        -(1 << 3000),
        1.5,
        math.inf,
        1 + 2j,
        "",
        "Grüße \0 ∇",
        b"\x00\xff",
        ...,
        slice(None, 3, -1),
        slice(None),
        range(3, 30, 4),
        (),
        (1, (2, [3, {"four": 5}])),
        {1: "a", "b": None, (1, 2): [True]},
        {1, 2},
        frozenset({"a"}),
        torch.float8_e5m2,
        torch.bool,
        torch.device("cuda", 1),
        torch.device("cpu"),
        torch.strided,
        torch.sparse_coo,
        torch.channels_last,
        torch.Size([2, 3]),
        torch.Size([]),
    ],
    ids=repr,
)
def test_plain_values_come_back_as_they_were(student: Any, value: Any) -> None:
    got = student.Box([value])[0]
    assert type(got) is type(value) and got == value


def test_nan_and_negative_zero_come_back(student: Any) -> None:
    assert math.isnan(student.same(math.nan))
    assert math.copysign(1, student.same(-0.0)) == -1


def test_containers_arrive_as_their_plain_kind(student: Any) -> None:
    ordered, numbers, frozen, pair, size = student.containers()
    assert type(ordered) is dict and list(ordered) == ["a", "b"] and torch.equal(ordered["b"], torch.ones(2))
    assert numbers == {1, 2} and frozen == frozenset({3}) and pair == (4, [5]) and size == torch.Size([6, 7])
    assert student.kind_of(OrderedDict(a=1)) == "builtins.dict"


class Point(NamedTuple):
    x: int
    y: int


def test_named_tuples_keep_their_names(student: Any) -> None:
    got: Any = student.pair()
    assert issubclass(type(got), tuple) and len(got) == 2 and got[0] == got.left == 1
    assert torch.equal(got.right, torch.ones(2))
    with pytest.raises(AttributeError, match="left, right"):
        _ = got.middle
    best: Any = student.top(torch.tensor([[1.0, 5.0], [3.0, 2.0]]))
    values, indices = best
    assert best.values is values and best.indices is indices and indices.tolist() == [1, 0]
    assert student.same(Point(1, 2)) == (1, 2)


def test_subclasses_of_numbers_arrive_as_numbers(student: Any) -> None:
    number, *rest = student.odd_numbers()
    assert type(number) is float and number == 1.5 and number != 2
    assert [type(value) for value in rest] == [np.float32, np.int64, np.bool_, bool]
    red, high = student.enums()
    assert high == 3 and type(high) is int
    assert red.value == 1


def test_keyword_arguments_arrive_by_name(student: Any) -> None:
    assert student.keywords(1, 2, 3, b=4, self=5, op=6) == [1, [2, 3], 4, {"self": 5, "op": 6}]


def test_one_thing_twice_is_one_thing(student: Any) -> None:
    for value in (torch.ones(2), np.ones(2), [1], {"a": 1}, {1}):
        assert student.is_the_same(value, value)
        assert not student.is_the_same(value, value.clone() if isinstance(value, Tensor) else value.copy())
    first, second = student.two_alike()
    assert first is second
    boxed = student.Box([[1]])
    assert boxed.items[0] is not boxed.items[0]


def test_a_list_that_holds_itself_goes_over_but_not_back(student: Any) -> None:
    value: list[Any] = []
    value.append(value)
    assert student.is_the_same(value, value)
    assert student.same(value) is value
    assert len(value) == 1 and value[0] is value


@pytest.mark.parametrize("which", ["sparse", "objects", "deep", "large int", "many keys", "large"])
def test_a_result_that_cannot_cross_is_a_type_error_in_one_sentence(student: Any, which: str) -> None:
    with pytest.raises(TypeError, match=r"cannot cross") as caught:
        student.unsendable(which)
    assert isinstance(caught.value, Raised) and caught.value.kind == "CannotCross"
    assert student.same(1) == 1


def test_a_cyclic_result_arrives_as_one(student: Any) -> None:
    got = student.unsendable("cyclic")
    assert len(got) == 1 and got[0] is got


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (torch.eye(2).to_sparse(), "sparse"),
        (np.array(["text"]), "numbers and booleans"),
        (torch.nn.Linear(2, 2), "remote"),
        (torch.nn.ReLU(), "remote"),
        (object(), "plain data"),
        (1 << 100_000, "bits"),
        (torch.empty(1 << 29, dtype=torch.uint8), "256 MiB"),
        (["x" * 1000] * 20_000, "16 MiB"),
    ],
    ids=["sparse", "text array", "module", "ReLU", "object", "large int", "large", "long list"],
)
def test_an_argument_that_cannot_cross_says_so_in_one_sentence(student: Any, value: Any, words: str) -> None:
    with pytest.raises(CannotCross, match=words) as caught:
        student.same(value)
    assert "\n" not in str(caught.value)
    assert student.same(1) == 1


def test_a_module_of_the_suite_cannot_cross(student: Any) -> None:
    class Doubling(torch.nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x * 2

    with pytest.raises(CannotCross, match=r"Doubling.*pass a function that calls it"):
        student.apply(Doubling(), torch.ones(2))


def test_no_tensor_is_too_large_to_be_refused() -> None:
    for shape in ([1 << 40], [1 << 20, 1 << 20], [-1], [1] * 65, [0, 1 << 62], [1 << 62, 1 << 62, 0]):
        with pytest.raises(ProtocolError):
            check_size(shape, torch.uint8)
