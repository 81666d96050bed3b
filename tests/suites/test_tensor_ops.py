"""Tensor operations: heads, pick, one_hot, scatter_sum, pad_chunks and zero_row_min.

Expected values come from plain loops or from another operation than the one asked for, and are
computed before the student's function sees its input.
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

B, T, H, D = 2, 3, 5, 7  # samples, time steps, heads, features of a head
N, C = 6, 4  # rows, columns

FakeCuda = Callable[..., Any]

no_one_hot = pytest.mark.forbid("torch.nn.functional.one_hot", "torch.eye")
no_loops = pytest.mark.forbid("loops")

LAYOUTS = ["transposed", "every second row", "expanded"]
DTYPES = pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64], ids=["bf16", "f16", "f64"])


def draw(*shape: int) -> Tensor:
    return torch.randn(shape, dtype=torch.float64)


def views(rows: int, columns: int) -> dict[str, Tensor]:
    """(rows, columns) inputs that are views of other tensors."""
    return {
        "transposed": draw(columns, rows).t(),
        "every second row": draw(2 * rows, columns)[::2],
        "expanded": draw(1, columns).expand(rows, columns),
    }


def gradient(function: Callable[[Tensor], Any], x: Tensor, g: Tensor) -> Tensor | None:
    """The gradient at x of (function(x) * g).sum()."""
    leaf = x.clone().requires_grad_()
    out = function(leaf)
    assert isinstance(out, torch.Tensor) and out.shape == g.shape, "the shape of the result is wrong"
    assert out.requires_grad, "the result is cut off from the input: no gradient reaches it"
    total: Any = (out * g).sum()
    total.backward()
    return leaf.grad


# --- 1. split_heads -----------------------------------------------------------------------------


def heads_of(x: Tensor, heads: int) -> Tensor:
    return torch.stack(x.chunk(heads, dim=-1), dim=1)


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("number the features of two time steps: which numbers may one head of one step hold?")
def test_split_heads_cuts_the_features(student: Any) -> None:
    """split_heads cuts each step's features into heads and puts the heads before time.

    A view straight to (B, H, T, D) has the right shape, and heads that mix time steps.
    """
    example = torch.arange(8.0).view(1, 2, 4)
    heads = torch.tensor([[[[0.0, 1.0], [4.0, 5.0]], [[2.0, 3.0], [6.0, 7.0]]]])
    straight = {"a view straight to (B, H, T, D)": example.view(1, 2, 2, 2).clone()}
    compare(student.split_heads(example, 2), heads, rule="the features cut into heads", mistakes=straight)

    x = draw(B, T, H * D)
    expected = heads_of(x, H)
    mistakes = {
        "a view straight to (B, H, T, D)": x.view(B, H, T, D).clone(),
        "leaving time before the heads": expected.transpose(1, 2),
        "making heads of every H-th feature": x.view(B, T, D, H).permute(0, 3, 1, 2).clone(),
        "taking num_heads for the size of a head": heads_of(x, D),
        "swapping the features with time": expected.transpose(2, 3),
    }
    rule = "(B, H, T, D), where head h holds features h*D up to (h+1)*D of each step"
    compare(student.split_heads(x, H), expected, rule=rule, mistakes=mistakes)


@pytest.mark.points(2)
@pytest.mark.hint("try slices, transposes and expansions of other tensors; and look at them again afterwards")
@pytest.mark.parametrize("layout", ["time first", "every second step", "every second feature", "expanded"])
def test_split_heads_reads_views(student: Any, layout: str) -> None:
    """split_heads takes views of other tensors and leaves its input as it was.

    What counts on numbers that lie side by side in memory fails here.
    """
    x = {
        "time first": draw(T, B, H * D).transpose(0, 1),
        "every second step": draw(B, 2 * T, H * D)[:, ::2],
        "every second feature": draw(B, T, 2 * H * D)[..., ::2],
        "expanded": draw(1, T, H * D).expand(B, T, H * D),
    }[layout]
    before, expected = x.clone(), heads_of(x, H)
    compare(student.split_heads(x, H), expected, rule="the features of each step, cut into heads")
    compare(x, before, rule="the input as it was")


@pytest.mark.points(1)
@pytest.mark.hint("does the result come from the input itself, or from numbers copied out of it?")
def test_split_heads_gradients(student: Any) -> None:
    """Gradients pass through split_heads, each to the feature it belongs to."""
    x, g = draw(B, T, H * D), draw(B, H, T, D)
    expected = torch.cat(g.unbind(1), dim=-1)
    answer = gradient(lambda leaf: student.split_heads(leaf, H), x, g)
    compare(answer, expected, rule="the cotangent, with its heads side by side")


# --- 2. merge_heads -----------------------------------------------------------------------------


def side_by_side(x: Tensor) -> Tensor:
    return torch.cat(x.unbind(1), dim=-1)


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("which two dimensions have to be neighbours before they can be joined?")
def test_merge_heads_puts_heads_side_by_side(student: Any) -> None:
    """merge_heads puts the heads of each step side by side.

    A reshape alone joins heads with time.
    """
    example = torch.tensor([[[[0.0, 1.0], [4.0, 5.0]], [[2.0, 3.0], [6.0, 7.0]]]])
    alone = {"a reshape without the transpose": example.reshape(1, 2, 4).clone()}
    answer = student.merge_heads(example)
    compare(answer, torch.arange(8.0).view(1, 2, 4), rule="the heads of each step side by side", mistakes=alone)

    x = draw(B, H, T, D)
    expected = side_by_side(x)
    mistakes = {
        "a reshape without the transpose": x.reshape(B, T, H * D).clone(),
        "interleaving the heads": x.permute(0, 2, 3, 1).reshape(B, T, H * D),
        "putting time steps side by side, not heads": x.reshape(B, H, T * D).clone(),
    }
    rule = "(B, T, H*D), the heads of each step side by side"
    compare(student.merge_heads(x), expected, rule=rule, mistakes=mistakes)


@pytest.mark.public
@pytest.mark.points(1)
@pytest.mark.hint("cut a tensor with view and transpose, then merge it: is it the one you started from?")
def test_merge_heads_undoes_the_split(student: Any) -> None:
    """merge_heads gives back the tensor that was split."""
    x = draw(B, T, H * D)
    heads, expected = x.view(B, T, H, D).transpose(1, 2), x.clone()
    compare(student.merge_heads(heads), expected, rule="the tensor before it was split")


@pytest.mark.points(1)
@pytest.mark.hint("what does `view` say to an input that is not contiguous, and what else joins dimensions?")
@pytest.mark.parametrize("layout", ["heads last", "every second step", "every second feature", "expanded"])
def test_merge_heads_reads_views(student: Any, layout: str) -> None:
    """merge_heads takes views of other tensors and leaves its input as it was."""
    x = {
        "heads last": draw(B, T, D, H).permute(0, 3, 1, 2),
        "every second step": draw(B, H, 2 * T, D)[:, :, ::2],
        "every second feature": draw(B, H, T, 2 * D)[..., ::2],
        "expanded": draw(B, 1, T, D).expand(B, H, T, D),
    }[layout]
    before, expected = x.clone(), side_by_side(x)
    compare(student.merge_heads(x), expected, rule="the heads of each step side by side")
    compare(x, before, rule="the input as it was")


@pytest.mark.points(1)
@pytest.mark.hint("does the result come from the input itself, or from numbers copied out of it?")
def test_merge_heads_gradients(student: Any) -> None:
    """Gradients pass through merge_heads, each to the head it belongs to."""
    x, g = draw(B, H, T, D), draw(B, T, H * D)
    expected = heads_of(g, H)
    compare(gradient(student.merge_heads, x, g), expected, rule="the cotangent, split into heads")


# --- 3. pick ------------------------------------------------------------------------------------


def picked(x: Tensor, index: Tensor) -> Tensor:
    """x[n, index[n]] by a mask of the same shape as x."""
    mask = torch.arange(x.shape[1]) == index.unsqueeze(1)
    return torch.where(mask, x, 0).sum(1)


def columns(rows: int = N) -> Tensor:
    """A column for each row, never the one of the row's own number, and not all the same."""
    start = torch.arange(rows)
    return (start + torch.randint(1, C, (rows,))) % C


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("what shape has x[:, index]? One number for each row is asked for")
def test_pick_takes_one_number_from_each_row(student: Any) -> None:
    """pick takes from each row the number that the row's own index names.

    `x[:, index]` takes all the indices from every row, which is (N, N).
    """
    example, chosen = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]), torch.tensor([2, 0])
    every = {"x[:, index], every index for every row,": example[:, chosen]}
    compare(student.pick(example, chosen), torch.tensor([3.0, 4.0]), rule="x[n, index[n]]", mistakes=every)

    x, index = draw(N, C), columns()
    expected = picked(x, index)
    mistakes = {
        "x[:, index], every index for every row,": x[:, index],
        "leaving the dimension that gather needs": expected.unsqueeze(1),
        "x[index], whole rows,": x[index],
    }
    compare(student.pick(x, index), expected, rule="x[n, index[n]] for each row n", mistakes=mistakes)


@pytest.mark.points(2)
@pytest.mark.hint("which dimensions may lose their size of 1? Try one row, one column and no rows")
@pytest.mark.parametrize("shape", [(1, C), (N, 1), (1, 1), (0, C)], ids=["one row", "one column", "1x1", "no rows"])
def test_pick_keeps_the_dimension_of_the_rows(student: Any, shape: tuple[int, int]) -> None:
    """pick returns (N,) for one row, for one column and for no rows too.

    A bare `.squeeze()` takes the only row's dimension away.
    """
    x, index = draw(*shape), torch.randint(shape[1], (shape[0],))
    expected = picked(x, index)
    mistakes = {"a squeeze of every dimension": expected.squeeze()} if shape[0] == 1 else {}
    compare(student.pick(x, index), expected, rule="one number for each row, in one dimension", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("does a number that went through .item() or .tolist() still know where it came from?")
def test_pick_gradients(student: Any) -> None:
    """Gradients pass through pick to the numbers it took, and nowhere else."""
    x, index, g = draw(N, C), columns(), draw(N)
    expected = torch.where(torch.arange(C) == index.unsqueeze(1), g.unsqueeze(1), 0)
    answer = gradient(lambda leaf: student.pick(leaf, index), x, g)
    compare(answer, expected, rule="the cotangent at the places taken, zeros elsewhere")


@pytest.mark.points(1)
@pytest.mark.hint("try x.t(), x[::2] and an expanded x; and look at x and the index again afterwards")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_pick_reads_views(student: Any, layout: str) -> None:
    """pick takes views of other tensors, and leaves x and the index as they were.

    An index into the flat memory, computed by hand or in place, is caught here.
    """
    x, index = views(N, C)[layout], columns(2 * N)[::2]
    before, index_before, expected = x.clone(), index.clone(), picked(x, index)
    compare(student.pick(x, index), expected, rule="x[n, index[n]] for each row n")
    compare(x, before, rule="the input as it was")
    compare(index, index_before, rule="the index as it was")


@pytest.mark.points(1)
@pytest.mark.hint("where does the dtype of your result come from?")
@DTYPES
def test_pick_keeps_the_dtype(student: Any, dtype: torch.dtype) -> None:
    """pick keeps the dtype of x."""
    x, index = draw(N, C).to(dtype), columns()
    expected = picked(x, index)
    compare(student.pick(x, index), expected, rule="the dtype of x")


@pytest.mark.points(1)
@pytest.mark.hint("on which device does each tensor live that you create?")
def test_pick_on_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """pick works and stays on the device of x (checked on a simulated GPU)."""
    fake_cuda(student.pick, torch.randn(N, C), columns())


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("on which device does each tensor live that you create?")
def test_pick_on_the_accelerator(student: Any, device: torch.device) -> None:
    """pick gives the same on the accelerator as on the CPU, and stays there."""
    x, index = torch.randn(N, C), columns()
    expected = picked(x, index)
    compare(student.pick(x.to(device), index.to(device)), expected.to(device), rule="x[n, index[n]], on x's device")


# --- 4. one_hot ---------------------------------------------------------------------------------


def hot(labels: Tensor, num_classes: int) -> Tensor:
    return F.one_hot(labels.long(), num_classes).float()


@pytest.mark.public
@pytest.mark.points(2)
@no_one_hot
@pytest.mark.hint("write out the result for two labels by hand: its shape, and its dtype")
def test_one_hot_marks_the_label(student: Any) -> None:
    """one_hot is 1 at each label and 0 elsewhere, in float32."""
    answer = student.one_hot(torch.tensor([2, 0]), 4)
    compare(answer, torch.tensor([[0.0, 0, 1, 0], [1, 0, 0, 0]]), rule="1 at the label, 0 elsewhere")

    labels = torch.cat([torch.arange(C), torch.randint(C, (N - C,))])[torch.randperm(N)]
    expected = hot(labels, C)
    mistakes = {
        "the classes as rows and the labels as columns": expected.t(),
        "swapping ones and zeros": 1 - expected,
        "counting classes from 1": hot((labels - 1) % C, C),
    }
    compare(student.one_hot(labels, C), expected, rule="1 at the label, 0 elsewhere", mistakes=mistakes)


@pytest.mark.points(1)
@no_one_hot
@pytest.mark.hint("how many columns does the caller ask for? Does that depend on the labels?")
@pytest.mark.parametrize("largest", [0, 2])
def test_one_hot_has_columns_for_absent_classes(student: Any, largest: int) -> None:
    """one_hot has a column for every class, also for those that no label names.

    A size taken from the largest label is right only when the last class happens to occur.
    """
    labels = torch.randint(largest + 1, (N,))
    mistakes = {"taking the number of classes from the labels": hot(labels, int(labels.max()) + 1)}
    expected = hot(labels, C + 1)
    compare(student.one_hot(labels, C + 1), expected, rule="num_classes columns", mistakes=mistakes)


@pytest.mark.points(1)
@no_one_hot
@pytest.mark.hint("try labels of no, one, two and three dimensions, some of size 1, and a single class")
@pytest.mark.parametrize(
    ("shape", "classes"),
    [((), C), ((1,), C), ((2, 3), C), ((3, 1, 2), C), ((2, 3), 1)],
    ids=["a number", "one label", "2-D", "3-D", "one class"],
)
def test_one_hot_adds_a_last_dimension(student: Any, shape: tuple[int, ...], classes: int) -> None:
    """one_hot keeps the shape of the labels, whatever it is, and adds the classes at its end."""
    labels = torch.randint(classes, shape)
    expected = hot(labels, classes)
    compare(student.one_hot(labels, classes), expected, rule="the labels' shape, then the classes")


@pytest.mark.points(1)
@no_one_hot
@pytest.mark.hint("what is the largest of no labels, and the stack of no rows?")
@pytest.mark.parametrize("shape", [(0,), (2, 0), (0, 3)])
def test_one_hot_of_no_labels(student: Any, shape: tuple[int, ...]) -> None:
    """one_hot of no labels has no rows, and still its columns."""
    labels = torch.empty(shape, dtype=torch.int64)
    compare(student.one_hot(labels, C), torch.empty(*shape, C), rule="an empty tensor with the classes at its end")


@pytest.mark.points(1)
@no_one_hot
@pytest.mark.hint("which dtypes may an index have, and what does indexing with uint8 mean?")
@pytest.mark.parametrize("dtype", [torch.int32, torch.uint8], ids=["int32", "uint8"])
def test_one_hot_takes_other_integers(student: Any, dtype: torch.dtype) -> None:
    """one_hot takes int32 and uint8 labels too.

    `scatter` and `gather` want int64, and uint8 as an index is read as a mask.
    """
    labels = torch.cat([torch.arange(C), torch.randint(C, (N - C,))])[torch.randperm(N)]
    expected = hot(labels, C)
    compare(student.one_hot(labels.to(dtype), C), expected, rule="the same as from int64 labels")


@pytest.mark.points(1)
@no_one_hot
@pytest.mark.hint("try labels.t(), labels[::2] and expanded labels; and look at them again afterwards")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_hot_reads_views(student: Any, layout: str) -> None:
    """one_hot takes labels that are views of other tensors, and leaves them as they were."""
    labels = {
        "transposed": torch.randint(C, (3, 2)).t(),
        "every second row": torch.randint(C, (4, 3))[::2],
        "expanded": torch.randint(C, (3,)).expand(2, 3),
    }[layout]
    before, expected = labels.clone(), hot(labels, C)
    compare(student.one_hot(labels, C), expected, rule="1 at the label, 0 elsewhere")
    compare(labels, before, rule="the labels as they were")


@pytest.mark.points(1)
@no_one_hot
@pytest.mark.hint("on which device are the classes that the labels are compared with?")
def test_one_hot_on_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """one_hot is made on the device of the labels (checked on a simulated GPU)."""
    fake_cuda(student.one_hot, torch.randint(C, (N,)), C)


@pytest.mark.gpu
@pytest.mark.points(1)
@no_one_hot
@pytest.mark.hint("on which device are the classes that the labels are compared with?")
def test_one_hot_on_the_accelerator(student: Any, device: torch.device) -> None:
    """one_hot of labels on the accelerator is made there."""
    labels = torch.randint(C, (2, 3))
    expected = hot(labels, C)
    compare(student.one_hot(labels.to(device), C), expected.to(device), rule="1 at the label, on the labels' device")


# --- 5. scatter_sum -----------------------------------------------------------------------------


def summed(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    out = values.new_zeros(num_rows, values.shape[1])
    for row, target in zip(values, index.tolist()):
        out[target] += row
    return out


def last_only(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    out = values.new_zeros(num_rows, values.shape[1])
    for row, target in zip(values, index.tolist()):
        out[target] = row
    return out


def repeating() -> Tensor:
    """N row numbers below 4 in random order: one occurs three times, one twice, one never."""
    return torch.tensor([0, 0, 0, 1, 3, 3])[torch.randperm(N)]


@pytest.mark.public
@pytest.mark.points(2)
@no_loops
@pytest.mark.hint("let two rows have the same index: do both of them reach the result?")
def test_scatter_sum_adds_the_rows_of_an_index(student: Any) -> None:
    """scatter_sum adds up all rows that share an index, and leaves zeros where there is none.

    `out[index] += values` keeps one row of those that share an index.
    """
    example, targets = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), torch.tensor([2, 0, 2])
    right = torch.tensor([[3.0, 4.0], [0.0, 0.0], [6.0, 8.0], [0.0, 0.0]])
    kept, rule = "keeping the last of the rows that share an index", "the sum of the rows of each index"
    mistakes = {kept: last_only(example, targets, 4)}
    compare(student.scatter_sum(example, targets, 4), right, rule=rule, mistakes=mistakes)

    values, index = draw(N, D), repeating()
    expected = summed(values, index, 4)
    counts = torch.tensor([3.0, 1.0, 1.0, 2.0], dtype=torch.float64)
    mistakes = {kept: last_only(values, index, 4), "the mean of the rows": expected / counts.unsqueeze(1)}
    compare(student.scatter_sum(values, index, 4), expected, rule=rule, mistakes=mistakes)


@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("let every row have one and the same index: what is the sum then?")
def test_scatter_sum_into_a_single_row(student: Any) -> None:
    """scatter_sum adds up all rows where they all have the same index."""
    values, index = draw(N, D), torch.full((N,), int(torch.randint(1, C - 1, ())))
    expected = summed(values, index, C)
    mistakes = {
        "keeping the last of the rows that share an index": last_only(values, index, C),
        "the mean of the rows": expected / N,
    }
    compare(student.scatter_sum(values, index, C), expected, rule="the sum of all rows", mistakes=mistakes)


@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("who decides how many rows the result has: the largest index, or the caller?")
@pytest.mark.parametrize("rows", [N, 1, 0], ids=["many", "one", "none"])
def test_scatter_sum_has_rows_beyond_the_index(student: Any, rows: int) -> None:
    """scatter_sum returns as many rows as asked for, also those that no index names, also without any values."""
    values, index = draw(rows, D), torch.randint(3, (rows,))
    expected = summed(values, index, 5)
    compare(student.scatter_sum(values, index, 5), expected, rule="num_rows rows, zeros where nothing is added")


@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("each value is in exactly one sum: what is its gradient?")
def test_scatter_sum_gradients(student: Any) -> None:
    """Gradients pass through scatter_sum to every value, from the row it was added to."""
    values, index, g = draw(N, D), repeating(), draw(4, D)
    expected = g[index]
    answer = gradient(lambda leaf: student.scatter_sum(leaf, index, 4), values, g)
    compare(answer, expected, rule="for each value the cotangent of its row")


@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("try values.t(), values[::2] and expanded values; and look at them and the index again afterwards")
@pytest.mark.parametrize("layout", LAYOUTS)
def test_scatter_sum_reads_views(student: Any, layout: str) -> None:
    """scatter_sum takes views of other tensors, and leaves the values and the index as they were."""
    values, index = views(N, D)[layout], torch.stack([repeating(), repeating()], dim=1)[:, 0]
    before, index_before, expected = values.clone(), index.clone(), summed(values, index, 4)
    compare(student.scatter_sum(values, index, 4), expected, rule="the sum of the rows of each index")
    compare(values, before, rule="the values as they were")
    compare(index, index_before, rule="the index as it was")


@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("which dtype has the tensor that you add to?")
@DTYPES
def test_scatter_sum_keeps_the_dtype(student: Any, dtype: torch.dtype) -> None:
    """scatter_sum keeps the dtype of the values."""
    values, index = torch.randint(-8, 9, (N, D)).to(dtype), repeating()  # small integers: every sum is exact
    expected = summed(values, index, 4)
    compare(student.scatter_sum(values, index, 4), expected, rule="the dtype of the values")


@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("on which device is the tensor that you add to?")
def test_scatter_sum_on_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """scatter_sum adds up on the device of the values (checked on a simulated GPU)."""
    fake_cuda(student.scatter_sum, torch.randn(N, D), repeating(), 4)


@pytest.mark.gpu
@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("on which device is the tensor that you add to?")
def test_scatter_sum_on_the_accelerator(student: Any, device: torch.device) -> None:
    """scatter_sum adds up on the accelerator, where rows that share an index meet at the same time."""
    values, index = draw(1000, D).float(), torch.randint(4, (1000,))
    expected = summed(values.double(), index, 5).float()
    answer = student.scatter_sum(values.to(device), index.to(device), 5)
    # The order of the additions is not fixed there: a few hundred terms in float32.
    compare(answer, expected.to(device), rule="the sum of the rows of each index", rtol=1e-4, atol=1e-3)


# --- 6. pad_chunks ------------------------------------------------------------------------------


def chunked(x: Tensor, size: int) -> Tensor:
    steps, width = x.shape
    out = x.new_zeros(math.ceil(steps / size), size, width)
    for step in range(steps):
        out[step // size, step % size] = x[step]
    return out


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("how many rows are missing to a whole number of chunks, and at which end?")
def test_pad_chunks_fills_the_last_chunk(student: Any) -> None:
    """pad_chunks cuts the rows into chunks of `size` and fills the last one with zeros.

    `chunk` takes a number of pieces, not their size; cutting off the rest loses rows.
    """
    example = torch.tensor([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    right = torch.tensor([[[1.0, 2.0], [3.0, 4.0]], [[5.0, 6.0], [0.0, 0.0]]])
    compare(student.pad_chunks(example, 2), right, rule="chunks of `size` rows, zeros at the end")

    x = draw(10, D)
    expected = chunked(x, 4)
    mistakes = {
        "taking `size` for the number of chunks": F.pad(x, (0, 0, 0, 2)).view(4, 3, D),
        "dropping the rows that fill no chunk": expected[:-1],
        "zeros before the first row": F.pad(x, (0, 0, 2, 0)).view(3, 4, D),
        "repeating the last row in place of zeros": torch.cat([x, x[-1:], x[-1:]]).view(3, 4, D),
        "swapping the chunks with the places in them": expected.transpose(0, 1),
    }
    compare(student.pad_chunks(x, 4), expected, rule="(ceil(T/size), size, D), zeros at the end", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("how many rows are missing where `size` divides T?")
@pytest.mark.parametrize(("steps", "size"), [(8, 4), (6, 2), (4, 4), (3, 1)])
def test_pad_chunks_adds_nothing_to_full_chunks(student: Any, steps: int, size: int) -> None:
    """pad_chunks adds no chunk of zeros where `size` divides the number of rows."""
    x = draw(steps, D)
    expected = chunked(x, size)
    mistakes = {"a chunk of nothing but zeros at the end": F.pad(expected, (0, 0, 0, 0, 0, 1))}
    compare(student.pad_chunks(x, size), expected, rule="as many chunks as there are full ones", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("try fewer rows than one chunk holds, and no rows at all")
@pytest.mark.parametrize("steps", [3, 1, 0])
def test_pad_chunks_with_few_rows(student: Any, steps: int) -> None:
    """pad_chunks makes one chunk of fewer rows than `size`, and none of no rows."""
    x = draw(steps, D)
    mistakes = {"one chunk of zeros": torch.zeros(1, 5, D, dtype=x.dtype)} if steps == 0 else {}
    expected = chunked(x, 5)
    compare(student.pad_chunks(x, 5), expected, rule="(ceil(T/size), size, D)", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("does the result come from x itself, or from numbers copied out of it?")
@pytest.mark.parametrize("steps", [10, 8])
def test_pad_chunks_gradients(student: Any, steps: int) -> None:
    """Gradients pass through pad_chunks to every row; those of the padding go nowhere."""
    x, g = draw(steps, D), draw(math.ceil(steps / 4), 4, D)
    expected = g.flatten(0, 1)[:steps]
    answer = gradient(lambda leaf: student.pad_chunks(leaf, 4), x, g)
    compare(answer, expected, rule="the cotangent without its padding")


@pytest.mark.points(1)
@pytest.mark.hint("try x.t(), x[::2] and an expanded x, with and without padding; and look at x again afterwards")
@pytest.mark.parametrize("steps", [10, 8])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_pad_chunks_reads_views(student: Any, layout: str, steps: int) -> None:
    """pad_chunks takes views of other tensors and leaves its input as it was."""
    x = views(steps, D)[layout]
    before, expected = x.clone(), chunked(x, 4)
    compare(student.pad_chunks(x, 4), expected, rule="chunks of `size` rows, zeros at the end")
    compare(x, before, rule="the input as it was")


@pytest.mark.points(1)
@pytest.mark.hint("which dtype have the zeros that you add?")
@DTYPES
def test_pad_chunks_keeps_the_dtype(student: Any, dtype: torch.dtype) -> None:
    """pad_chunks keeps the dtype of x."""
    x = draw(10, D).to(dtype)
    expected = chunked(x, 4)
    compare(student.pad_chunks(x, 4), expected, rule="the dtype of x")


@pytest.mark.points(1)
@pytest.mark.hint("on which device are the zeros that you add?")
def test_pad_chunks_on_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """pad_chunks makes its zeros on the device of x (checked on a simulated GPU)."""
    fake_cuda(student.pad_chunks, torch.randn(10, D), 4)


# --- 7. zero_row_min ----------------------------------------------------------------------------


def places(x: Tensor) -> Tensor:
    """(N, M) bool, True at the first minimum of each row."""
    found = torch.zeros(x.shape, dtype=torch.bool)
    for n, row in enumerate(x.tolist()):
        found[n, row.index(min(row))] = True
    return found


def zeroed(x: Tensor) -> Tensor:
    return torch.where(places(x), 0, x)


def negative(rows: int, columns: int) -> Tensor:
    """All below -1: the smallest number is the one farthest from zero."""
    return -1 - draw(rows, columns).abs()


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("along which dimension does a row run? And which of -3 and 2 is smaller?")
def test_zero_row_min_zeroes_the_smallest_of_each_row(student: Any) -> None:
    """zero_row_min puts a 0 at the smallest number of each row, and keeps the others."""
    example = torch.tensor([[3.0, 1.0, 2.0], [5.0, 4.0, 6.0]])
    answer = student.zero_row_min(example)
    compare(answer, torch.tensor([[3.0, 0.0, 2.0], [5.0, 0.0, 6.0]]), rule="0 at the minimum of each row")

    x = negative(N, C)
    expected = zeroed(x)
    mistakes = {
        "the smallest of each column": torch.where(x == x.amin(0), 0, x),
        "the largest of each row": torch.where(x == x.amax(1, keepdim=True), 0, x),
        "the smallest of the whole tensor": torch.where(x == x.min(), 0, x),
        "subtracting the minimum from each row": x - x.amin(1, keepdim=True),
    }
    compare(student.zero_row_min(x), expected, rule="0 at the minimum of each row", mistakes=mistakes)


@pytest.mark.public
@pytest.mark.points(1)
@pytest.mark.hint("print x after the call: which of your lines writes to it?")
@pytest.mark.parametrize("layout", ["contiguous", *LAYOUTS])
def test_zero_row_min_leaves_its_input_alone(student: Any, layout: str) -> None:
    """zero_row_min returns a new tensor and leaves x as it was; x may be a view of another tensor."""
    x = negative(N, C) if layout == "contiguous" else views(N, C)[layout]
    before, expected = x.clone(), zeroed(x)
    compare(student.zero_row_min(x), expected, rule="0 at the minimum of each row")
    compare(x, before, rule="the input as it was", mistakes={"writing the zeros into x itself": expected})


@pytest.mark.points(2)
@pytest.mark.hint("let the smallest number occur twice in a row: how many zeros do you get?")
def test_zero_row_min_zeroes_one_of_equal_numbers(student: Any) -> None:
    """zero_row_min zeroes only the first of several equal minima.

    A comparison with the minimum zeroes them all.
    """
    x = draw(4, 5)
    low = x.amin(1) - 1
    x[0, 1] = x[0, 3] = low[0]
    x[1, 0] = x[1, 4] = low[1]
    x[2, 2] = x[2, 3] = x[2, 4] = low[2]
    x[3] = low[3]
    expected, ties = zeroed(x), x == x.amin(1, keepdim=True)
    last = ties & (ties.flip(1).cumsum(1).flip(1) == 1)
    mistakes = {"zeroing every equal minimum": torch.where(ties, 0, x), "zeroing the last": torch.where(last, 0, x)}
    compare(student.zero_row_min(x), expected, rule="0 at the first minimum of each row", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("try a single column, a single row and no rows")
@pytest.mark.parametrize("shape", [(N, 1), (1, C), (1, 1), (0, C)], ids=["one column", "one row", "1x1", "no rows"])
def test_zero_row_min_of_a_single_column(student: Any, shape: tuple[int, int]) -> None:
    """zero_row_min works on one column, on one row and on no rows, and keeps the shape."""
    x = negative(*shape)
    expected = zeroed(x)
    compare(student.zero_row_min(x), expected, rule="the shape of x, 0 at the minimum of each row")


@pytest.mark.points(1)
@pytest.mark.hint("does the zeroed number still depend on x? And do the others?")
def test_zero_row_min_gradients(student: Any) -> None:
    """The gradient of zero_row_min is 0 at the zeroed places and passes unchanged elsewhere."""
    x, g = draw(N, C), draw(N, C)
    expected = torch.where(places(x), 0, g)
    mistakes = {"taking away the minimum as a constant": g}
    answer = gradient(student.zero_row_min, x, g)
    compare(answer, expected, rule="the cotangent, 0 at the zeroed places", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("which dtype has x times a mask, where the mask is float32?")
@DTYPES
def test_zero_row_min_keeps_the_dtype(student: Any, dtype: torch.dtype) -> None:
    """zero_row_min keeps the dtype of x."""
    x = draw(N, C).to(dtype)
    expected = zeroed(x)
    compare(student.zero_row_min(x), expected, rule="the dtype of x")


@pytest.mark.points(1)
@pytest.mark.hint("on which device does each tensor live that you create?")
def test_zero_row_min_on_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """zero_row_min works and stays on the device of x (checked on a simulated GPU)."""
    fake_cuda(student.zero_row_min, torch.randn(N, C))


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("on which device does each tensor live that you create?")
def test_zero_row_min_on_the_accelerator(student: Any, device: torch.device) -> None:
    """zero_row_min zeroes the first of equal minima on the accelerator too, and leaves x alone there."""
    x = torch.randint(-2, 3, (64, 9)).float()
    expected, ours = zeroed(x), x.to(device)
    compare(student.zero_row_min(ours), expected.to(device), rule="0 at the first minimum of each row")
    compare(ours, x.to(device), rule="the input as it was")
