"""Tensor creation: linspace, multiples, checkerboard, copies from and to NumPy, and normal numbers.

Expected values come from plain Python. Whether memory is shared is found out by writing, in the
student's process: what the test itself gets is a copy in any case.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from grader.testing import compare

Remote = Callable[[str], Any]
Array = np.ndarray[Any, Any]

no_linspace = pytest.mark.forbid("torch.linspace", "torch.logspace", "numpy")
no_loops = pytest.mark.forbid("loops")
no_normal = pytest.mark.forbid("torch.normal")


def number(low: int, high: int) -> int:
    """A random whole number, `high` not included."""
    return int(torch.randint(low, high, ()))


def real() -> float:
    """A random number of a size between 1 and 10, of either sign."""
    return float(1 + 9 * torch.rand((), dtype=torch.float64)) * (1 - 2 * number(0, 2))


def telling(mistakes: dict[str, Tensor], expected: Tensor) -> dict[str, Tensor]:
    """The mistakes that show on this input."""
    return {name: wrong for name, wrong in mistakes.items() if not torch.equal(wrong, expected)}


def there(remote: Remote, source: str) -> Any:
    """A function from its source, made in the student's process."""
    return remote("builtins").eval(source)


# --- 1. linspace --------------------------------------------------------------------------------


def spaced(start: float, stop: float, n: int, gaps: int) -> Tensor:
    """start, and n - 1 numbers after it, at a distance of which `gaps` lead to stop."""
    return torch.tensor([start + (stop - start) * i / gaps for i in range(n)], dtype=torch.float32)


def check_spaced(answer: Any, start: float, stop: float, n: int) -> None:
    """Within the rounding of float32 of the larger end."""
    rule = "n numbers at equal distances, from start to stop, in float32"
    mistakes = {
        "leaving out stop, which makes n gaps": spaced(start, stop, n, n),
        "dividing by n + 1": spaced(start, stop, n, n + 1),
        "leaving out both ends": spaced(start, stop, n + 2, n + 1)[1:-1],
        "swapping start and stop": spaced(stop, start, n, n - 1),
    }
    expected, atol = spaced(start, stop, n, n - 1), 1e-6 * max(abs(start), abs(stop))
    compare(answer, expected, rule=rule, mistakes=telling(mistakes, expected), rtol=0, atol=atol)


@pytest.mark.public
@pytest.mark.points(2)
@no_linspace
@pytest.mark.hint("draw five points on a line: how many gaps are between them?")
def test_linspace_includes_both_ends(student: Any) -> None:
    """linspace gives n numbers at equal distances, start and stop among them, in float32."""
    check_spaced(student.linspace(0.0, 1.0, 5), 0.0, 1.0, 5)
    start, n = real(), number(6, 12)
    stop = start + abs(real())
    check_spaced(student.linspace(start, stop, n), start, stop, n)


@pytest.mark.points(2)
@no_linspace
@pytest.mark.hint("try stop below start, and stop equal to start: what sign has the distance?")
@pytest.mark.parametrize("kind", ["descending", "equal", "through zero"])
def test_linspace_goes_any_way(student: Any, kind: str) -> None:
    """linspace goes down as well as up, and stays where start is stop.

    A distance that is taken as positive, or a range that has to ascend, fails here.
    """
    start, n = abs(real()), number(4, 9)
    stop = {"descending": start - 2, "equal": start, "through zero": -2 * start}[kind]
    check_spaced(student.linspace(start, stop, n), start, stop, n)


@pytest.mark.points(2)
@no_linspace
@pytest.mark.hint("is start + (n - 1) * step the same as stop, after rounding? Print the difference for some n")
def test_linspace_ends_exactly(student: Any) -> None:
    """linspace starts with exactly start and ends with exactly stop, whatever is rounded between.

    Adding up steps, or a step that was rounded, misses the end by a little for some n.
    """
    for _ in range(60):
        start, stop, n = real(), real(), number(3, 400)
        ends = torch.tensor([start, stop], dtype=torch.float32)
        answer = student.linspace(start, stop, n)
        assert isinstance(answer, torch.Tensor) and answer.shape == (n,), "n numbers are asked for"
        compare(answer[[0, -1]], ends, rule="start and stop themselves, rounded to float32", rtol=0, atol=0)


@pytest.mark.points(1)
@no_linspace
@pytest.mark.hint("by what do you divide when there is one number, and what is left when there is none?")
@pytest.mark.parametrize("n", [0, 1, 2], ids=["none", "one", "two"])
def test_linspace_of_few_numbers(student: Any, n: int) -> None:
    """linspace of one number is start, and of none is empty, in float32."""
    start, stop = real(), real()
    expected = torch.tensor([start, stop][:n], dtype=torch.float32)
    compare(student.linspace(start, stop, n), expected, rule="start alone, both ends, or nothing, in float32")


# --- 2. multiples -------------------------------------------------------------------------------


def listed(start: int, stop: int, k: int) -> Tensor:
    return torch.tensor([number for number in range(start, stop + 1) if number % k == 0], dtype=torch.int64)


def check_multiples(answer: Any, start: int, stop: int, k: int) -> None:
    expected = listed(start, stop, k)
    mistakes = {
        "leaving stop out": listed(start, stop - 1, k),
        "leaving start out": listed(start + 1, stop, k),
        "leaving both ends out": listed(start + 1, stop - 1, k),
        "stepping from start, multiple or not": torch.arange(start, max(start, stop + 1), k),
    }
    compare(
        answer,
        expected,
        rule="every multiple of k from start to stop, both included, in int64",
        mistakes=telling(mistakes, expected),
    )


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("which is the first multiple that is not below start? And what does arange do with its end?")
def test_multiples_lie_between_start_and_stop(student: Any) -> None:
    """multiples gives the multiples of k from start to stop, and stop itself where it is one."""
    check_multiples(student.multiples(3, 12, 4), 3, 12, 4)
    k = number(5, 9)
    start, stop = k * number(2, 5) + number(1, k), k * number(8, 12)
    check_multiples(student.multiples(start, stop, k), start, stop, k)


@pytest.mark.points(3)
@pytest.mark.hint("write the list by hand where start or stop is a multiple, above and below zero")
@pytest.mark.parametrize("sign", [1, 0, -1], ids=["positive", "around zero", "negative"])
@pytest.mark.parametrize("ends", ["both", "start", "stop", "neither"])
def test_multiples_of_every_kind_of_ends(student: Any, ends: str, sign: int) -> None:
    """multiples keeps start and stop where they are multiples, also among negative numbers.

    An end that is left out, a remainder that is skipped, and rounding towards zero are caught here.
    """
    k = number(5, 9)
    first, last = k * (10 * sign - number(2, 5)), k * (10 * sign + number(2, 5))
    start = first if ends in ("both", "start") else first + number(1, k)
    stop = last if ends in ("both", "stop") else last - number(1, k)
    check_multiples(student.multiples(start, stop, k), start, stop, k)


@pytest.mark.points(2)
@pytest.mark.hint("what is in the result when start and stop are one number, or when nothing is between them?")
@pytest.mark.parametrize(
    "kind", ["one multiple", "one other number", "between two multiples", "stop first", "far apart"]
)
def test_multiples_of_short_ranges(student: Any, kind: str) -> None:
    """multiples of a range with one multiple or none is a tensor of one number or none, in int64.

    An empty list becomes float32; and arange raises where its end lies before its start.
    """
    k = number(5, 9)
    at = k * number(-6, 7)
    start, stop = {
        "one multiple": (at, at),
        "one other number": (at + 2, at + 2),
        "between two multiples": (at + 1, at + k - 1),
        "stop first": (at + 1, at),
        "far apart": (at + 5 * k, at),
    }[kind]
    check_multiples(student.multiples(start, stop, k), start, stop, k)


@pytest.mark.points(1)
@pytest.mark.hint("up to which size are whole numbers exact in a float?")
def test_multiples_of_large_numbers(student: Any) -> None:
    """multiples is exact for numbers that no float can hold.

    `start / k` is a float, and so is what `math.ceil` is given.
    """
    for _ in range(10):  # one of them may come out right by chance
        k = 2 * number(2, 8) + 1
        start = k * (2**60 // k + number(0, 1000)) + 1
        check_multiples(student.multiples(start, start + 3 * k, k), start, start + 3 * k, k)


# --- 3. checkerboard ----------------------------------------------------------------------------


def board(height: int, width: int) -> Tensor:
    squares = [(row + column) % 2 for row in range(height) for column in range(width)]
    return torch.tensor(squares, dtype=torch.int64).reshape(height, width)


def check_board(answer: Any, height: int, width: int) -> None:
    expected = board(height, width)
    mistakes = {
        "a 1 in the first corner": 1 - expected,
        "counting on from row to row": torch.arange(height * width).view(height, width) % 2,
        "columns that are all alike": torch.arange(height)[:, None].expand(height, width) % 2,
        "rows that are all alike": torch.arange(width).expand(height, width) % 2,
    }
    rule = "(height, width) in int64, 0 where row and column are both even or both odd, else 1"
    compare(answer, expected, rule=rule, mistakes=telling(mistakes, expected))


@pytest.mark.public
@pytest.mark.points(2)
@no_loops
@pytest.mark.hint("what do row and column of each 0 have in common?")
@pytest.mark.parametrize(("height", "width"), [(2, 3), (3, 4)], ids=["2 by 3", "3 by 4"])
def test_checkerboard_alternates(student: Any, height: int, width: int) -> None:
    """checkerboard alternates 0 and 1 along rows and columns, with 0 in the first corner, in int64."""
    check_board(student.checkerboard(height, width), height, width)


@pytest.mark.points(2)
@no_loops
@pytest.mark.hint("try boards that are wide, tall and square, of odd and even sizes")
@pytest.mark.parametrize(("odd_height", "odd_width"), [(0, 0), (0, 1), (1, 0), (1, 1)], ids=["ee", "eo", "oe", "oo"])
@pytest.mark.parametrize("form", ["wide", "tall", "square"])
def test_checkerboard_of_every_form(student: Any, form: str, odd_height: int, odd_width: int) -> None:
    """checkerboard makes wide, tall and square boards of odd and even sizes.

    Height and width taken for one, and rows that go on where the last one ended, are caught here.
    """
    low, high = 2 * number(1, 4), 2 * number(5, 8)
    height = {"wide": low, "tall": high, "square": low}[form] + odd_height
    width = {"wide": high, "tall": low, "square": low}[form] + odd_width
    check_board(student.checkerboard(height, width), height, width)


@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("which shape has a board without rows, and does it still have columns?")
@pytest.mark.parametrize(("height", "width"), [(0, 3), (3, 0), (0, 0), (1, 1), (1, 4), (5, 1)])
def test_checkerboard_of_small_sizes(student: Any, height: int, width: int) -> None:
    """checkerboard of no rows or columns is empty and keeps its shape; one row or column stays 2-D."""
    check_board(student.checkerboard(height, width), height, width)


# --- 4. from_numpy_copy -------------------------------------------------------------------------


def drawn(*shape: int) -> Array:
    return torch.randn(shape, dtype=torch.float64).numpy().copy()


def tensor_of(array: Array) -> Tensor:
    return torch.tensor(array.copy())


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("print the dtype of np.array([1.0, 2.0]), and of what you make of it")
def test_from_numpy_copy_keeps_numbers_and_dtype(student: Any) -> None:
    """from_numpy_copy makes a tensor with the numbers, the shape and the dtype of the array."""
    for array in (np.array([1.0, 2.0]), drawn(3, 4)):
        expected = tensor_of(array)
        compare(student.from_numpy_copy(array), expected, rule="the same numbers, in the array's dtype")


@pytest.mark.points(2)
@pytest.mark.hint("change the array afterwards, and look at the tensor; then the other way round")
@pytest.mark.parametrize("writer", ["array", "tensor"])
@pytest.mark.parametrize("layout", ["rows", "columns first", "read-only"])
def test_from_numpy_copy_shares_no_memory(student: Any, remote: Remote, layout: str, writer: str) -> None:
    """from_numpy_copy makes a tensor of its own: writing to the array or the tensor leaves the other alone.

    `torch.from_numpy` and `torch.as_tensor` share the memory of the array.
    """
    array = drawn(3, 4) if layout != "columns first" else drawn(4, 3).T
    array.flags.writeable = layout != "read-only" or writer == "array"
    before, expected = array.copy(), tensor_of(array)
    if writer == "array":
        function = there(remote, "lambda copy, array: (copy(array), array.fill(7))[0]")
        compare(function(student.from_numpy_copy, array), expected, rule="the numbers as they were, in own memory")
    else:
        function = there(remote, "lambda copy, array: (copy(array).fill_(7), array.copy())[1]")
        after = function(student.from_numpy_copy, array)
        assert np.array_equal(after, before), "writing into the tensor has changed the array"


@pytest.mark.points(2)
@pytest.mark.hint("try a[::-1], a.T, a[:, ::2], np.broadcast_to, an array without numbers, and one without dimensions")
@pytest.mark.parametrize(
    "layout", ["backwards", "both backwards", "transposed", "every second", "broadcast", "read-only", "empty", "0-d"]
)
def test_from_numpy_copy_reads_every_layout(student: Any, layout: str) -> None:
    """from_numpy_copy takes arrays of any strides and shape, read-only ones too, and leaves them as they are.

    PyTorch has no negative strides, and some functions refuse arrays that have them.
    """
    array = {
        "backwards": drawn(3, 4)[:, ::-1],
        "both backwards": drawn(3, 4)[::-1, ::-2],
        "transposed": drawn(4, 3).T,
        "every second": drawn(3, 8)[:, ::2],
        "broadcast": np.broadcast_to(drawn(4), (3, 4)),
        "read-only": drawn(3, 4),
        "empty": drawn(0, 4),
        "0-d": drawn(),
    }[layout]
    if layout == "read-only":
        array.flags.writeable = False
    before, expected = array.copy(), tensor_of(array)
    compare(student.from_numpy_copy(array), expected, rule="the same numbers, in the array's shape and dtype")
    assert np.array_equal(array, before), "the array has changed"


DTYPES = [
    "float16",
    "float32",
    "float64",
    "int8",
    "uint8",
    "int16",
    "int32",
    "int64",
    "bool",
    "complex64",
    "complex128",
]


@pytest.mark.points(2)
@pytest.mark.hint("which constructors have a dtype of their own, whatever they are given?")
@pytest.mark.parametrize("dtype", DTYPES)
def test_from_numpy_copy_keeps_every_dtype(student: Any, dtype: str) -> None:
    """from_numpy_copy keeps whole numbers, bools, complex numbers and floats of every size what they are."""
    array = (10 * np.abs(drawn(3, 4))).astype(dtype)
    expected = tensor_of(array)
    compare(student.from_numpy_copy(array), expected, rule="the same numbers, in the array's dtype")


# --- 5. to_numpy --------------------------------------------------------------------------------


def check_array(answer: Any, expected: Tensor) -> None:
    assert isinstance(answer, np.ndarray), "a NumPy array is asked for"
    compare(torch.tensor(answer.copy()), expected, rule="an array of the same numbers, in the tensor's shape and dtype")


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("what does the error say about a tensor that requires a gradient? What keeps it in the graph?")
@pytest.mark.parametrize("grad", [False, True], ids=["without gradient", "with gradient"])
def test_to_numpy_gives_an_array(student: Any, grad: bool) -> None:
    """to_numpy gives an array of the tensor's numbers, also where it requires a gradient."""
    check_array(student.to_numpy(torch.tensor([1.0, 2.0], requires_grad=grad)), torch.tensor([1.0, 2.0]))
    x = torch.randn(3, 4, dtype=torch.float64)
    expected = x.clone()
    check_array(student.to_numpy(x.requires_grad_(grad)), expected)


@pytest.mark.points(2)
@pytest.mark.hint("which dtypes has NumPy, and what has to become of one that it lacks?")
@pytest.mark.parametrize("dtype", [*DTYPES, "bfloat16"])
def test_to_numpy_keeps_the_dtype(student: Any, dtype: str) -> None:
    """to_numpy keeps every dtype that NumPy has, and makes float32 of bfloat16."""
    x = (10 * torch.rand(3, 4)).to(getattr(torch, dtype))
    check_array(student.to_numpy(x), x.float() if dtype == "bfloat16" else x.clone())


@pytest.mark.points(2)
@pytest.mark.hint("write into the array, and look at the tensor; then the other way round")
@pytest.mark.parametrize("writer", ["array", "tensor"])
@pytest.mark.parametrize("kind", ["plain", "with gradient", "transposed", "bfloat16"])
def test_to_numpy_shares_no_memory(student: Any, remote: Remote, kind: str, writer: str) -> None:
    """to_numpy gives an array of its own: writing to the array or the tensor leaves the other alone.

    `t.numpy()`, `np.asarray(t)` and `t.detach()` share the memory of the tensor.
    """
    x = torch.randn(4, 3, dtype=torch.bfloat16 if kind == "bfloat16" else torch.float32)
    x = x.T if kind == "transposed" else x
    before = x.clone()
    x.requires_grad_(kind == "with gradient")
    if writer == "tensor":
        function = there(remote, "lambda to_numpy, x: (to_numpy(x), x.detach().fill_(7))[0]")
        check_array(function(student.to_numpy, x), before.float())
    else:
        function = there(remote, "lambda to_numpy, x: (to_numpy(x).fill(7), x.detach().clone())[1]")
        compare(function(student.to_numpy, x), before, rule="the tensor as it was")


@pytest.mark.points(2)
@pytest.mark.hint("try x.conj(), x.conj().imag, x.t(), x[::2], an expanded x, and x without dimensions or numbers")
@pytest.mark.parametrize(
    "kind", ["conjugate", "imaginary part", "transposed", "every second", "expanded", "empty", "0-d"]
)
def test_to_numpy_reads_views(student: Any, kind: str) -> None:
    """to_numpy takes views, tensors without numbers and tensors without dimensions.

    A conjugate and the imaginary part of one only remember that a sign is to be changed: NumPy cannot.
    """
    z = torch.randn(3, 4, dtype=torch.complex128)
    x = {
        "conjugate": z.conj(),
        "imaginary part": z.conj().imag,
        "transposed": z.real.t(),
        "every second": z.real[:, ::2],
        "expanded": z.real[:1].expand(3, 4),
        "empty": z.real[:0],
        "0-d": z.real[0, 0],
    }[kind]
    check_array(student.to_numpy(x), x.clone().resolve_conj().resolve_neg())


@pytest.mark.points(1)
@pytest.mark.hint("does the tensor still require a gradient after your function has seen it?")
def test_to_numpy_leaves_the_tensor_in_place(student: Any, remote: Remote) -> None:
    """to_numpy leaves a tensor that requires a gradient as it is, numbers, flag and graph.

    Functions with an underscore at the end change the tensor itself.
    """
    x = torch.randn(3, 4)
    function = there(remote, "lambda f, x: (y := x * 1, f(y), f(x)) and (y.requires_grad, x.requires_grad)")
    assert tuple(function(student.to_numpy, x.clone().requires_grad_())) == (True, True), "it is cut off from its graph"
    ours = x.clone().requires_grad_()
    student.to_numpy(ours)
    compare(ours.detach(), x, rule="the numbers as they were")


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("NumPy knows the CPU's memory only: what has to happen first?")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int64], ids=["f32", "bf16", "i64"])
def test_to_numpy_on_the_accelerator(student: Any, device: torch.device, dtype: torch.dtype) -> None:
    """to_numpy copies a tensor from the accelerator, also where it requires a gradient."""
    x = (10 * torch.randn(3, 4)).to(dtype)
    ours = x.to(device).requires_grad_(dtype.is_floating_point)
    check_array(student.to_numpy(ours), x.float() if dtype == torch.bfloat16 else x)


# --- 6. normal ----------------------------------------------------------------------------------


def generators() -> tuple[torch.Generator, torch.Generator]:
    """Two generators at one place, which is not the place at which a fresh one starts."""
    seed = number(0, 2**31)
    pair = torch.Generator().manual_seed(seed), torch.Generator().manual_seed(seed)
    for generator in pair:
        torch.randn(5, generator=generator)
    return pair


@pytest.mark.public
@pytest.mark.points(2)
@no_normal
@pytest.mark.hint("what do a factor and a summand do to mean and standard deviation of standard normal numbers?")
def test_normal_scales_and_shifts(student: Any) -> None:
    """normal is mean + std * randn(shape), the random numbers from the generator that is given."""
    ours, theirs = generators()
    mean, std = 10 * real(), 2 + abs(real())
    z = torch.randn(3, 4, generator=ours)
    mistakes = {
        "taking std for the variance": mean + std**0.5 * z,
        "squaring std": mean + std**2 * z,
        "leaving the mean out": std * z,
        "scaling the mean too": std * (mean + z),
        "leaving std out": mean + z,
        "swapping mean and std": std + mean * z,
    }
    rule = "mean + std * randn(shape, generator=generator)"
    answer = student.normal((3, 4), mean, std, generator=theirs)
    compare(answer, mean + std * z, rule=rule, mistakes=mistakes, rtol=1e-4, atol=1e-4)


@pytest.mark.points(2)
@no_normal
@pytest.mark.hint("call it twice with one generator. Which generator has moved on, and which must not?")
def test_normal_moves_its_generator_alone(student: Any, remote: Remote) -> None:
    """normal takes its numbers from the generator, one draw after another, and leaves the global one alone.

    Seeding, whatever is seeded, makes the next numbers the same again or disturbs who else draws.
    """
    ours, theirs = generators()
    expected = [5.0 + 2.0 * torch.randn(3, 4, generator=ours) for _ in range(2)]
    state = remote("torch").get_rng_state().clone()
    for numbers in expected:
        answer = student.normal((3, 4), 5.0, 2.0, generator=theirs)
        compare(answer, numbers, rule="the numbers that the generator gives next", rtol=1e-4)
    assert torch.equal(remote("torch").get_rng_state(), state), "the global generator has moved"


@pytest.mark.points(1)
@no_normal
@pytest.mark.hint("try std = 0, a shape without dimensions, a shape with one and with three, and one without numbers")
@pytest.mark.parametrize("shape", [(), (6,), (2, 3, 4), (0, 3)], ids=["0-d", "1-D", "3-D", "empty"])
@pytest.mark.parametrize("spread", [True, False], ids=["some spread", "no spread"])
def test_normal_of_every_shape(student: Any, shape: tuple[int, ...], spread: bool) -> None:
    """normal makes tensors of any shape, and with std = 0 all numbers are the mean."""
    ours, theirs = generators()
    mean, std = real(), 2.0 if spread else 0.0
    expected = mean + std * torch.randn(shape, generator=ours)
    answer = student.normal(shape, mean, std, generator=theirs)
    compare(answer, expected, rule="mean + std * randn(shape), in the shape that was asked for", rtol=1e-4)


@pytest.mark.points(1)
@no_normal
@pytest.mark.hint("which dtype has torch.randn after torch.set_default_dtype?")
def test_normal_follows_the_default_dtype(student: Any, remote: Remote) -> None:
    """normal answers in the default dtype, whichever it is."""
    ours, theirs = generators()
    expected = 5.0 + 2.0 * torch.randn(3, 4, generator=ours, dtype=torch.float64)
    torch_there = remote("torch")
    torch_there.set_default_dtype(torch.float64)
    try:
        answer = student.normal((3, 4), 5.0, 2.0, generator=theirs)
    finally:
        torch_there.set_default_dtype(torch.float32)
    compare(answer, expected, rule="mean + std * randn(shape), in the default dtype")


@pytest.mark.gpu
@pytest.mark.points(1)
@no_normal
@pytest.mark.hint("a generator belongs to a device: where do its numbers have to be made?")
def test_normal_on_the_accelerator(student: Any, device: torch.device) -> None:
    """normal makes its numbers on the device of the generator."""
    seed = number(0, 2**31)
    ours = torch.Generator(device).manual_seed(seed)
    theirs = torch.Generator(device).manual_seed(seed)
    expected = 5.0 + 2.0 * torch.randn(3, 4, generator=ours, device=device)
    answer = student.normal((3, 4), 5.0, 2.0, generator=theirs)
    compare(answer, expected, rule="mean + std * randn(shape), on the generator's device")
