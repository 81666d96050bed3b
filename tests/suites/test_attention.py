"""Attention: weights, masks, heads and a cache, against PyTorch's own attention.

All sizes differ and exceed 1, so that a transposed matrix, a softmax over the wrong dim or the root of the wrong size
cannot pass. Masks are drawn with a True and a False in each row; a test says so where it needs others.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.testing import compare

B, H, L, S, D, V = 2, 3, 5, 7, 4, 8  # samples, heads, queries, keys, features of a key and of a value
E = H * D

FakeCuda = Callable[..., None]
Remote = Callable[[str], Any]

no_sdpa = pytest.mark.forbid("torch.nn.functional.scaled_dot_product_attention")
no_mha = pytest.mark.forbid("torch.nn.MultiheadAttention")


def draw(*shape: int) -> Tensor:
    """Normal numbers in float64, from the generator that is seeded anew for each test."""
    return torch.randn(shape, dtype=torch.float64)


def draw_qkv() -> tuple[Tensor, Tensor, Tensor]:
    return draw(B, H, L, D), draw(B, H, S, D), draw(B, H, S, V)


def draw_keep(*shape: int) -> Tensor:
    """A mask with a True and a False in each row; no two rows are alike where they are few."""
    rows, keys = math.prod(shape[:-1]), shape[-1]
    kept = 1 + torch.randperm(max(rows, keys - 1))[:rows] % (keys - 1)  # how many keys of each row
    return (torch.rand(rows, keys).argsort(-1) < kept[:, None]).reshape(shape)


def layout(kind: str, *shape: int) -> Tensor:
    """Random numbers of this shape, as a view of another tensor."""
    *lead, rows, columns = shape
    return {
        "transposed": lambda: draw(*lead, columns, rows).transpose(-2, -1),
        "every second row": lambda: draw(*lead, 2 * rows, columns)[..., ::2, :],
        "expanded": lambda: draw(1, *shape[1:]).expand(shape),
    }[kind]()


def weights_of(q: Tensor, k: Tensor, keep: Tensor | None = None, scale: float | None = None) -> Tensor:
    """The weights by their definition, 0 in rows without a key. `scale` is for mistakes."""
    scores = q @ k.transpose(-2, -1) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if keep is None:
        return scores.softmax(-1)
    empty = ~keep.any(-1, keepdim=True)
    filled = scores.masked_fill(~keep, -math.inf).masked_fill(empty, 0.0)
    return filled.softmax(-1).masked_fill(empty, 0.0)


def example() -> tuple[Tensor, Tensor, Tensor]:
    """The q, k and v of the lesson."""
    q = torch.tensor([[2.0, 0.0, 0.0, 0.0]])
    k = torch.tensor([[0.0, 0.0, 0.0, 0.0], [1.0, 0.0, 0.0, 0.0]])
    return q, k, torch.tensor([[10.0, 0.0], [0.0, 10.0]])


# --- 1. attention_weights -----------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(3)
@no_sdpa
@pytest.mark.hint("which size stands under the root, and which numbers add up to 1?")
def test_weights_are_a_scaled_softmax_over_the_keys(student: Any) -> None:
    """attention_weights is the softmax over the keys of q @ k.T / sqrt(d).

    The d is the number of features of one query, not their total over all heads.
    """
    q, k, _ = example()
    expected = torch.tensor([[1 / (1 + math.e), math.e / (1 + math.e)]])
    compare(student.attention_weights(q, k), expected, rule="softmax over the keys of q @ k.T / sqrt(d)")

    q, k, _ = draw_qkv()
    scores = q @ k.transpose(-2, -1)
    mistakes = {
        "no scale": weights_of(q, k, scale=1.0),
        "scaling by 1 / d": weights_of(q, k, scale=1 / D),
        "multiplying by the root of d": weights_of(q, k, scale=D**0.5),
        "scaling by the features of all heads together": weights_of(q, k, scale=E**-0.5),
        "scaling by the number of keys": weights_of(q, k, scale=S**-0.5),
        "a softmax over the queries": (scores / D**0.5).softmax(-2),
        "scores without a softmax": scores / D**0.5,
        "scaling after the softmax": scores.softmax(-1) / D**0.5,
    }
    expected = weights_of(q, k)
    compare(
        student.attention_weights(q, k), expected, rule="softmax over the keys of q @ k.T / sqrt(d)", mistakes=mistakes
    )


@pytest.mark.points(1)
@no_sdpa
@pytest.mark.hint("try a matrix, a batch without heads, a fifth dim, and sizes of one and of none")
@pytest.mark.parametrize(
    ("lead", "queries", "keys", "features"),
    [
        pytest.param((), L, S, D, id="2-D"),
        pytest.param((B,), L, S, D, id="3-D"),
        pytest.param((3, B, 6), L, S, D, id="5-D"),
        pytest.param((1,), 1, S, D, id="one query"),
        pytest.param((B,), L, 1, D, id="one key"),
        pytest.param((B,), L, S, 1, id="one feature"),
        pytest.param((0, H), L, S, D, id="no samples"),
    ],
)
def test_weights_of_any_shape(student: Any, lead: tuple[int, ...], queries: int, keys: int, features: int) -> None:
    """attention_weights works on the last two dims, whatever stands before them.

    A `k.T`, a product for three dims alone, or a squeeze is caught here.
    """
    q, k = draw(*lead, queries, features), draw(*lead, keys, features)
    expected = weights_of(q, k)
    compare(student.attention_weights(q, k), expected, rule="(..., L, S), softmax over the keys of q @ k.T / sqrt(d)")


@pytest.mark.public
@pytest.mark.points(2)
@no_sdpa
@pytest.mark.hint("True means: may attend. Add up the weights of a row that has masked keys: is it still 1?")
def test_weights_of_masked_keys_are_zero(student: Any) -> None:
    """attention_weights gives 0 to masked keys, and the others share 1 among them.

    Zeroing weights after the softmax leaves rows that add up to less.
    """
    q, k, _ = example()
    answer = student.attention_weights(q, k, torch.tensor([[True, False]]))
    compare(answer, torch.tensor([[1.0, 0.0]]), rule="all the weight on the key that is kept")

    q, k, _ = draw_qkv()
    keep = draw_keep(L, S)
    mistakes = {
        "a mask whose True means blocked": weights_of(q, k, ~keep),
        "zeroing weights after the softmax": weights_of(q, k) * keep,
        "ignoring the mask": weights_of(q, k),
    }
    expected = weights_of(q, k, keep)
    compare(student.attention_weights(q, k, keep), expected, rule="softmax over the kept keys", mistakes=mistakes)


@pytest.mark.points(1)
@no_sdpa
@pytest.mark.hint("which weights should a query have that may attend to no key?")
def test_weights_of_a_fully_masked_row_are_zero(student: Any) -> None:
    """attention_weights gives zeros to a query that may attend to no key.

    A softmax of minus infinities is NaN, one of equal finite scores spreads the weight over all keys.
    """
    q, k, _ = draw_qkv()
    keep = draw_keep(L, S)
    keep[1] = False
    expected = weights_of(q, k, keep)
    mistakes = {
        "a softmax of nothing but minus infinity": torch.where(keep.any(-1, keepdim=True), expected, math.nan),
        "the same finite score for all keys": torch.where(keep.any(-1, keepdim=True), expected, 1 / S),
    }
    compare(student.attention_weights(q, k, keep), expected, rule="zeros where no key is kept", mistakes=mistakes)


@pytest.mark.points(2)
@no_sdpa
@pytest.mark.hint("how large is exp(100) in float32, and what may be taken off all scores of a row?")
def test_weights_stay_finite_at_large_scores(student: Any) -> None:
    """attention_weights is right for large scores of either sign, in float32.

    Exponentials that are taken before the largest score is off overflow, or are all 0.
    """
    q = torch.randint(-9, 10, (L, 16)).float()
    q[0], q[1] = 40, -40
    k = torch.randint(1, 20, (S, 16)).float()  # whole numbers: the scores are exact in float32
    expected = weights_of(q.double(), k.double()).float()
    compare(student.attention_weights(q, k), expected, rule="softmax over the keys, at large scores too")


@pytest.mark.points(2)
@no_sdpa
@pytest.mark.hint("is every step from q and k to the weights part of the graph?")
@pytest.mark.parametrize("masked", [False, True], ids=["all keys", "some keys"])
def test_weights_gradients(student: Any, masked: bool) -> None:
    """Gradients reach q and k, through the scale and the softmax."""
    q, k, _ = draw_qkv()
    g, keep = draw(B, H, L, S), draw_keep(B, 1, L, S) if masked else None
    ours = [t.clone().requires_grad_() for t in (q, k)]
    expected = torch.autograd.grad((weights_of(ours[0], ours[1], keep) * g).sum(), ours)
    q.requires_grad_()
    k.requires_grad_()
    (student.attention_weights(q, k, keep) * g).sum().backward()
    compare(q.grad, expected[0], rule="the gradient of q")
    compare(k.grad, expected[1], rule="the gradient of k")


# --- 2. attention -------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_sdpa
@pytest.mark.hint("the weights are there already: what is left to do with the values?")
def test_attention_is_a_weighted_mean_of_the_values(student: Any) -> None:
    """attention takes the mean of the values by the weights of their keys."""
    q, k, v = example()
    expected = torch.tensor([[10 / (1 + math.e), 10 * math.e / (1 + math.e)]])
    compare(student.attention(q, k, v), expected, rule="the mean of the values by the weights of their keys")

    q, k, v = draw_qkv()
    mistakes = {
        "no scale": weights_of(q, k, scale=1.0) @ v,
        "scaling by the features of a value": weights_of(q, k, scale=V**-0.5) @ v,
        "scaling by the features of all heads together": weights_of(q, k, scale=E**-0.5) @ v,
        "scores without a softmax": q @ k.transpose(-2, -1) / D**0.5 @ v,
        "the sum of the values": v.sum(-2, keepdim=True).expand(B, H, L, V),
        "the plain mean of the values": v.mean(-2, keepdim=True).expand(B, H, L, V),
    }
    expected = F.scaled_dot_product_attention(q, k, v)
    compare(student.attention(q, k, v), expected, rule="softmax(q @ k.T / sqrt(d)) @ v", mistakes=mistakes)


@pytest.mark.public
@pytest.mark.points(3)
@no_sdpa
@pytest.mark.hint("True means: may attend. When is a key to drop out: before the softmax or after it?")
def test_attention_leaves_masked_keys_out(student: Any) -> None:
    """attention attends to the keys where keep is True, and to no others."""
    q, k, v = example()
    answer = student.attention(q, k, v, torch.tensor([[True, False]]))
    compare(answer, torch.tensor([[10.0, 0.0]]), rule="the value of the key that is kept")

    q, k, v = draw_qkv()
    keep = draw_keep(L, S)
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=keep)
    mistakes = {
        "a mask whose True means blocked": weights_of(q, k, ~keep) @ v,
        "zeroing weights after the softmax": (weights_of(q, k) * keep) @ v,
        "zeroing scores before the softmax": (q @ k.transpose(-2, -1) / D**0.5 * keep).softmax(-1) @ v,
        "adding the mask to the scores": (q @ k.transpose(-2, -1) / D**0.5 + keep).softmax(-1) @ v,
        "ignoring the mask": weights_of(q, k) @ v,
        "a mask times infinity, whose 0 * inf is NaN": torch.full_like(expected, math.nan),
    }
    compare(student.attention(q, k, v, keep), expected, rule="attention to the kept keys only", mistakes=mistakes)


@pytest.mark.points(2)
@no_sdpa
@pytest.mark.hint("try masks with a size of 1 for samples, heads or queries: does each sample have its own?")
@pytest.mark.parametrize("shape", [(B, 1, 1, S), (B, 1, L, S), (1, H, 1, S), (B, H, L, S)], ids=str)
def test_attention_broadcasts_the_mask(student: Any, shape: tuple[int, ...]) -> None:
    """attention takes masks of any shape that broadcasts to (..., L, S).

    A padding mask of (B, 1, 1, S) is one, and so is a mask for each head.
    """
    q, k, v = draw_qkv()
    keep = draw_keep(*shape)
    expected = F.scaled_dot_product_attention(q, k, v, attn_mask=keep)
    mistakes = {"the first sample's mask for all": weights_of(q, k, keep[:1]) @ v}
    answer = student.attention(q, k, v, keep=keep)
    compare(answer, expected, rule="each query attends to its kept keys", mistakes=mistakes if shape[0] > 1 else None)


@pytest.mark.points(3)
@no_sdpa
@pytest.mark.hint("what is the softmax of a row of minus infinities, and what of a row of equal scores?")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16], ids=["f64", "f32", "f16"])
@pytest.mark.parametrize("kind", ["one query", "one sample"])
def test_attention_of_a_fully_masked_row_is_zero(student: Any, dtype: torch.dtype, kind: str) -> None:
    """attention gives zeros to a query that may attend to no key.

    Minus infinity makes such a row NaN; a large negative number makes it the mean of all values, or does not even fit
    into float16.
    """
    q, k, v = ((t / 2).to(dtype) for t in draw_qkv())
    if kind == "one query":
        keep = draw_keep(L, S)
        keep[2] = False
    else:
        keep = draw_keep(B, 1, 1, S)
        keep[1] = False
    expected = (weights_of(q.double(), k.double(), keep) @ v.double()).to(dtype)
    some = keep.any(-1, keepdim=True)
    mistakes = {
        "a softmax of nothing but minus infinity": torch.where(some, expected, math.nan),
        "the same score for all keys of such a row": torch.where(some, expected, v.mean(-2, keepdim=True)),
    }
    compare(student.attention(q, k, v, keep), expected, rule="zeros where no key is kept", mistakes=mistakes)


@pytest.mark.points(3)
@no_sdpa
@pytest.mark.hint("the result looks right and the gradient is NaN: did a NaN arise on the way and get replaced?")
@pytest.mark.parametrize("kind", ["one query", "one sample"])
def test_attention_of_a_fully_masked_row_has_finite_gradients(student: Any, kind: str) -> None:
    """Gradients are finite and right where a query may attend to no key.

    A NaN that is replaced by 0 in the result comes back in the gradient.
    """
    q, k, v = draw_qkv()
    keep = draw_keep(L, S) if kind == "one query" else draw_keep(B, 1, 1, S)
    keep[1] = False
    g = draw(B, H, L, V)
    ours = [t.clone().requires_grad_() for t in (q, k, v)]
    expected = torch.autograd.grad((weights_of(ours[0], ours[1], keep) @ ours[2] * g).sum(), ours)
    theirs = [t.requires_grad_() for t in (q, k, v)]
    (student.attention(*theirs, keep) * g).sum().backward()
    for name, leaf, right in zip("qkv", theirs, expected):
        compare(leaf.grad, right, rule=f"the gradient of {name}, to which a row without a key adds nothing")


@pytest.mark.points(2)
@no_sdpa
@pytest.mark.hint("suppose that all kept keys score far below zero: does your masked score lie below them still?")
def test_attention_mask_holds_at_extreme_scores(student: Any) -> None:
    """attention leaves masked keys out, even if kept keys score very low and masked ones very high.

    A number such as -10000 in place of a masked score, or added to it, then wins.
    """
    keep = draw_keep(1, S)
    sign = 1 - 2 * keep.float()  # -1 for a kept key
    q = torch.full((L, 16), 100.0)
    k = sign.t() * torch.full((S, 16), 54.0)  # whole numbers: the scores are exact in float32
    q[:, 0], k[:, 0] = torch.arange(1.0, L + 1), torch.randperm(S) - 3.0
    v = torch.randn(S, V)
    expected = (weights_of(q.double(), k.double(), keep) @ v.double()).float()
    scores = q @ k.t() / 4
    mistakes = {
        "-10000 as the score of a masked key": scores.masked_fill(~keep, -1e4).softmax(-1) @ v,
        "adding -10000 to the score of a masked key": (scores - 1e4 * ~keep).softmax(-1) @ v,
    }
    compare(student.attention(q, k, v, keep), expected, rule="attention to the kept keys only", mistakes=mistakes)


@pytest.mark.points(2)
@no_sdpa
@pytest.mark.hint("a mask of zeros and ones, or one to be added, would be taken for something else: which error?")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.int64, torch.uint8], ids=str)
def test_attention_refuses_masks_that_are_not_bool(student: Any, dtype: torch.dtype) -> None:
    """attention raises a TypeError for a mask that is not boolean.

    In a float mask 0 means "may attend" to one function, and "blocked" to the next.
    """
    q, k, v = draw_qkv()
    keep = draw_keep(L, S)
    expected = weights_of(q, k, keep) @ v
    compare(student.attention(q, k, v, keep), expected, rule="attention to the kept keys only")
    with pytest.raises(TypeError):
        student.attention(q, k, v, keep.to(dtype))


@pytest.mark.points(2)
@no_sdpa
@pytest.mark.hint("is every step from q, k and v to the result part of the graph?")
@pytest.mark.parametrize("masked", [False, True], ids=["all keys", "some keys"])
def test_attention_gradients(student: Any, masked: bool) -> None:
    """Gradients reach q, k and v."""
    q, k, v = draw_qkv()
    g, keep = draw(B, H, L, V), draw_keep(B, 1, 1, S) if masked else None
    ours = [t.clone().requires_grad_() for t in (q, k, v)]
    result = F.scaled_dot_product_attention(ours[0], ours[1], ours[2], attn_mask=keep)
    expected = torch.autograd.grad((result * g).sum(), ours)
    theirs = [t.requires_grad_() for t in (q, k, v)]
    (student.attention(*theirs, keep) * g).sum().backward()
    for name, leaf, right in zip("qkv", theirs, expected):
        compare(leaf.grad, right, rule=f"the gradient of {name}")


@pytest.mark.points(2)
@no_sdpa
@pytest.mark.hint("look at q, k, v and keep again after the call; try transposed, sliced and expanded ones")
@pytest.mark.parametrize("kind", ["transposed", "every second row", "expanded"])
def test_attention_reads_views(student: Any, kind: str) -> None:
    """attention and attention_weights take views of other tensors, and leave their arguments as they were."""
    q, k, v = layout(kind, B, H, L, D), layout(kind, B, H, S, D), layout(kind, B, H, S, V)
    keep = draw_keep(B, 1, 1, S).expand(B, 1, L, S)
    before = [t.clone() for t in (q, k, v, keep)]
    weights = weights_of(q, k, keep)
    expected = weights @ v
    compare(student.attention_weights(q, k, keep), weights, rule="softmax over the kept keys")
    compare(student.attention(q, k, v, keep), expected, rule="attention to the kept keys only")
    for name, now, then in zip(("q", "k", "v", "keep"), (q, k, v, keep), before):
        compare(now, then, rule=f"{name} as it was")


@pytest.mark.points(2)
@no_sdpa
@pytest.mark.hint("which step answers in another dtype than it got, and which number does not fit into float16?")
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bf16", "f16"])
@pytest.mark.parametrize("masked", [False, True], ids=["all keys", "some keys"])
def test_attention_in_half_precision(student: Any, dtype: torch.dtype, masked: bool) -> None:
    """attention and attention_weights compute in half precision and answer in it."""
    q, k, v = ((t / 2).to(dtype) for t in draw_qkv())
    keep = draw_keep(L, S) if masked else None
    weights = weights_of(q.float(), k.float(), keep)
    expected = (weights @ v.float()).to(dtype)
    compare(student.attention_weights(q, k, keep), weights.to(dtype), rule="softmax over the keys, in the dtype of q")
    compare(student.attention(q, k, v, keep), expected, rule="the mean of the values, in the dtype of q")


@pytest.mark.points(2)
@no_sdpa
@pytest.mark.hint("what is the sum over no keys at all? And does a size of 1 survive?")
@pytest.mark.parametrize(
    ("lead", "queries", "keys", "features", "values"),
    [
        pytest.param((), L, S, D, V, id="2-D"),
        pytest.param((B,), 1, S, D, V, id="one query"),
        pytest.param((1, H), L, 1, D, V, id="one key"),
        pytest.param((B,), L, S, 1, 1, id="one feature"),
        pytest.param((0, H), L, S, D, V, id="no samples"),
        pytest.param((B, H), 0, S, D, V, id="no queries"),
        pytest.param((B, H), L, 0, D, V, id="no keys"),
    ],
)
def test_attention_of_any_size(
    student: Any, lead: tuple[int, ...], queries: int, keys: int, features: int, values: int
) -> None:
    """attention returns (..., L, dv) for any sizes, zeros where there is no key."""
    q, k, v = draw(*lead, queries, features), draw(*lead, keys, features), draw(*lead, keys, values)
    expected = weights_of(q, k) @ v
    compare(student.attention(q, k, v), expected, rule="(..., L, dv), the mean of the values")
    keep = torch.ones(queries, keys, dtype=torch.bool)
    compare(student.attention(q, k, v, keep), expected, rule="(..., L, dv), the mean of the values")


@pytest.mark.points(1)
@no_sdpa
@pytest.mark.hint("on which device is a tensor that you create yourself, and where are q, k and v?")
@pytest.mark.parametrize("masked", [False, True], ids=["all keys", "some keys"])
def test_attention_on_another_device(student: Any, fake_cuda: FakeCuda, masked: bool) -> None:
    """attention works on the device of its inputs (checked on a simulated one)."""
    q, k, v = (t.float() for t in draw_qkv())
    keep = draw_keep(B, 1, 1, S) if masked else None
    fake_cuda(student.attention, q, k, v, keep)


# --- 3. combine_masks ---------------------------------------------------------------------------


def combined(causal: Tensor, key_keep: Tensor) -> Tensor:
    """Both masks, place by place."""
    samples, (queries, keys) = len(key_keep), causal.shape
    mask = torch.zeros(samples, 1, queries, keys, dtype=torch.bool)
    for b in range(samples):
        for i in range(queries):
            for j in range(keys):
                mask[b, 0, i, j] = bool(causal[i, j]) and bool(key_keep[b, j])
    return mask


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("may a query see a key that comes early enough and is padding?")
def test_combine_masks_asks_for_both(student: Any) -> None:
    """combine_masks is True where the query may see the key and the key is data."""
    causal = torch.tensor([[True, False], [True, True]])
    answer = student.combine_masks(causal, torch.tensor([[True, True], [False, True]]))
    expected = torch.tensor([[[[True, False], [True, True]]], [[[False, False], [False, True]]]])
    compare(answer, expected, rule="True where both masks are True, (B, 1, L, S)")

    causal, key_keep = torch.ones(L, S, dtype=torch.bool).tril(S - L), draw_keep(B, S)
    key_keep[0, 0], key_keep[1, 1] = False, False
    keys = key_keep[:, None, None, :]
    mistakes = {
        "or in place of and": causal | keys,
        "the causal mask alone": causal.expand(B, 1, L, S),
        "the padding mask alone": keys.expand(B, 1, L, S),
        "the first sample's padding for all": (causal & keys[:1]).expand(B, 1, L, S),
    }
    expected = combined(causal, key_keep)
    compare(student.combine_masks(causal, key_keep), expected, rule="True where both masks are True", mistakes=mistakes)


@pytest.mark.points(2)
@pytest.mark.hint("try as many samples as queries, a sample that is nothing but padding, and sizes of one and of none")
@pytest.mark.parametrize(
    ("samples", "queries", "keys"),
    [(L, L, S), (S, L, S), (L, L, L), (B, L, 3), (1, L, S), (B, 1, S), (B, L, 1), (0, L, S), (B, 0, S)],
    ids=str,
)
def test_combine_masks_of_any_size(student: Any, samples: int, queries: int, keys: int) -> None:
    """combine_masks pairs each sample with all queries, whatever the sizes are.

    Where two sizes agree, the padding of key j is easily laid along the queries, without an error. A sample of nothing
    but padding stays all False.
    """
    causal = torch.ones(queries, keys, dtype=torch.bool).tril(keys - queries)
    key_keep = torch.rand(samples, keys) < 0.5
    if samples > 1:
        key_keep[0], key_keep[-1] = True, False
        key_keep[0, keys // 2] = False
    expected = combined(causal, key_keep)
    compare(student.combine_masks(causal, key_keep), expected, rule="True where both masks are True, (B, 1, L, S)")


@pytest.mark.points(1)
@pytest.mark.hint("look at both masks again after the call, and try transposed and expanded ones")
@pytest.mark.parametrize("kind", ["plain", "views"])
def test_combine_masks_leaves_its_arguments(student: Any, kind: str) -> None:
    """combine_masks leaves both masks as they were, and takes views of other tensors."""
    causal, key_keep = draw_keep(L, S), draw_keep(1, S)
    if kind == "views":
        causal, key_keep = draw_keep(S, L).t(), draw_keep(1, S).expand(B, S)
    before, expected = (causal.clone(), key_keep.clone()), combined(causal, key_keep)
    compare(student.combine_masks(causal, key_keep), expected, rule="True where both masks are True")
    compare(causal, before[0], rule="the causal mask as it was")
    compare(key_keep, before[1], rule="the padding mask as it was")


@pytest.mark.points(1)
@pytest.mark.hint("is there a tensor that is created without a device?")
def test_combine_masks_on_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """combine_masks works on the device of the masks (checked on a simulated one)."""
    fake_cuda(student.combine_masks, draw_keep(L, S), draw_keep(B, S))


# --- 4. to_mha_mask -----------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(1)
@pytest.mark.hint("look up what True means in attn_mask of nn.MultiheadAttention")
@pytest.mark.parametrize("shape", [(L, S), (B, S), (B * H, L, S)], ids=str)
def test_to_mha_mask_speaks_of_blocked_keys(student: Any, shape: tuple[int, ...]) -> None:
    """to_mha_mask returns a boolean mask whose True means blocked."""
    keep = draw_keep(*shape)
    mistakes = {"a mask whose True still means: may attend": keep.clone()}
    compare(student.to_mha_mask(keep), ~keep, rule="a bool mask of the same shape, True = blocked", mistakes=mistakes)


@pytest.mark.points(2)
@pytest.mark.hint("give the mask to nn.MultiheadAttention: does it attend where keep is True?")
@pytest.mark.parametrize("argument", ["attn_mask", "attn_mask of each head", "key_padding_mask"])
def test_to_mha_mask_works_in_pytorchs_module(student: Any, argument: str) -> None:
    """With to_mha_mask's result, nn.MultiheadAttention attends where keep is True.

    It holds for a mask of (L, S), one of (B * H, L, S) and a padding mask of (B, S).
    """
    values = mha_values()
    query, key, value = draw(B, L, E), draw(B, S, E), draw(B, S, E)
    shape = {"attn_mask": (L, S), "attn_mask of each head": (B * H, L, S), "key_padding_mask": (B, S)}[argument]
    keep = draw_keep(*shape)
    before = keep.clone()
    full = (
        keep[:, None, None, :] if argument == "key_padding_mask" else keep.reshape(-1, H if len(shape) > 2 else 1, L, S)
    )
    expected = mha_by_hand(values, query, key, value, full)
    mask = student.to_mha_mask(keep)
    compare(keep, before, rule="keep as it was")
    assert isinstance(mask, Tensor) and mask.dtype == torch.bool, "a boolean tensor is asked for"
    assert mask.shape == keep.shape, "the mask has the shape of keep"
    answer, _ = pytorch_mha(values)(query, key, value, **{argument.split()[0]: mask}, need_weights=False)
    mistakes = {"a mask whose True means: may attend": mha_by_hand(values, query, key, value, ~full)}
    compare(answer, expected, rule="attention where keep is True", mistakes=mistakes)


# --- 5. MultiHeadAttention ----------------------------------------------------------------------


def mha_values(bias: bool = True) -> dict[str, Tensor]:
    """Values for the parameters of nn.MultiheadAttention; each bias is far from 0."""
    values = {"in_proj_weight": draw(3 * E, E) / E**0.5, "out_proj.weight": draw(E, E) / E**0.5}
    if bias:
        values |= {"in_proj_bias": draw(3 * E), "out_proj.bias": draw(E)}
    return values


def pytorch_mha(values: dict[str, Tensor]) -> nn.MultiheadAttention:
    """PyTorch's own module, in float64, with these values."""
    module = nn.MultiheadAttention(E, H, bias="in_proj_bias" in values, batch_first=True, dtype=torch.float64)
    module.load_state_dict(values)
    return module


def loaded(model: Any, values: dict[str, Tensor]) -> Any:
    """`model` in float64, holding `values`."""
    model.to(torch.float64)
    model.load_state_dict(values)
    return model


def into_heads(x: Tensor, heads: int) -> Tensor:
    return x.reshape(*x.shape[:2], heads, E // heads).transpose(1, 2)


def out_of_heads(x: Tensor) -> Tensor:
    return x.transpose(1, 2).flatten(2)


def mha_by_hand(
    values: dict[str, Tensor],
    query: Tensor,
    key: Tensor,
    value: Tensor,
    keep: Tensor | None = None,
    *,
    heads: int = H,
    scale: float | None = None,
    split: Callable[[Tensor, int], Tensor] = into_heads,
    merge: Callable[[Tensor], Tensor] = out_of_heads,
    order: tuple[int, int, int] = (0, 1, 2),
) -> Tensor:
    """Multi-head attention written out. The last four are for mistakes."""
    weights = values["in_proj_weight"].chunk(3)
    zeros = torch.zeros(E, dtype=query.dtype)
    biases = values["in_proj_bias"].chunk(3) if "in_proj_bias" in values else (zeros,) * 3
    inputs = zip((query, key, value), order)
    q, k, v = (split(F.linear(x, weights[third], biases[third]), heads) for x, third in inputs)
    mixed = merge(weights_of(q, k, keep, scale) @ v)
    return F.linear(mixed, values["out_proj.weight"], values.get("out_proj.bias"))


@pytest.mark.public
@pytest.mark.points(3)
@no_mha
@pytest.mark.hint("which axis holds the heads, and which features belong to head 0? Undo it the same way")
def test_mha_agrees_with_pytorch(student: Any) -> None:
    """MultiHeadAttention computes what nn.MultiheadAttention computes with the same parameters.

    Query and key have different lengths, and key and value different contents.
    """
    values = mha_values()
    inputs = draw(B, L, E), draw(B, S, E), draw(B, S, E)
    expected = pytorch_mha(values)(*inputs, need_weights=False)[0].detach()
    plain = {**values, "out_proj.weight": torch.eye(E, dtype=torch.float64), "out_proj.bias": torch.zeros(E).double()}
    mistakes = {
        "scaling by the features of all heads together": mha_by_hand(values, *inputs, scale=E**-0.5),
        "no scale": mha_by_hand(values, *inputs, scale=1.0),
        "one head for all features": mha_by_hand(values, *inputs, heads=1),
        "heads made with view alone, which mixes up the places": mha_by_hand(
            values, *inputs, split=lambda x, heads: x.reshape(B, heads, -1, D)
        ),
        "heads of every third feature": mha_by_hand(
            values, *inputs, split=lambda x, heads: x.reshape(B, -1, D, heads).permute(0, 3, 1, 2)
        ),
        "heads merged without transposing them back": mha_by_hand(values, *inputs, merge=lambda x: x.reshape(B, -1, E)),
        "taking the thirds of in_proj_weight in another order": mha_by_hand(values, *inputs, order=(1, 0, 2)),
        "leaving out out_proj": mha_by_hand(plain, *inputs),
        "leaving out the bias of out_proj": expected - values["out_proj.bias"],
        "making the values from the key": mha_by_hand(values, inputs[0], inputs[1], inputs[1]),
    }
    answer = loaded(student.MultiHeadAttention(E, H), values)(*inputs)
    compare(answer, expected, rule="the result of nn.MultiheadAttention", mistakes=mistakes)


@pytest.mark.public
@pytest.mark.points(2)
@no_mha
@pytest.mark.hint("print the state dict of nn.MultiheadAttention(12, 3); does yours load it?")
def test_mha_parameters_are_those_of_pytorch(student: Any) -> None:
    """MultiHeadAttention has the parameters of nn.MultiheadAttention: the same names and shapes.

    State dicts go from one to the other and back; a plain tensor as attribute is in none of them.
    """
    right = {"in_proj_weight": (3 * E, E), "in_proj_bias": (3 * E,), "out_proj.weight": (E, E), "out_proj.bias": (E,)}
    values = mha_values()
    model = student.MultiHeadAttention(embed_dim=E, num_heads=H)
    found = {name: tuple(p.shape) for name, p in model.named_parameters()}
    assert found == right, "the parameters have the names and shapes of those of nn.MultiheadAttention"
    assert all(p.requires_grad for p in model.parameters()), "every parameter asks for a gradient"
    assert set(model.state_dict()) == set(right), "the state dict holds the four parameters and nothing else"
    state = loaded(model, values).state_dict()
    for name, tensor in values.items():
        compare(state[name], tensor, rule="the values that were loaded")


@pytest.mark.points(1)
@no_mha
@pytest.mark.hint("bias=False: which two parameters are gone?")
def test_mha_without_bias(student: Any) -> None:
    """With bias=False, MultiHeadAttention has neither of its two biases."""
    values = mha_values(bias=False)
    inputs = draw(B, L, E), draw(B, S, E), draw(B, S, E)
    expected = pytorch_mha(values)(*inputs, need_weights=False)[0].detach()
    model = student.MultiHeadAttention(E, H, bias=False)
    assert set(model.state_dict()) == set(values), "the two weights are the only keys of the state dict"
    assert {name for name, _ in model.named_parameters()} == set(values), "the two weights are the only parameters"
    compare(loaded(model, values)(*inputs), expected, rule="the result of nn.MultiheadAttention without biases")


@pytest.mark.points(1)
@no_mha
@pytest.mark.hint("what becomes of the features left over where the heads do not share them out evenly?")
@pytest.mark.parametrize(("features", "heads"), [(10, 3), (4, 8)])
def test_mha_refuses_heads_that_do_not_fit(student: Any, features: int, heads: int) -> None:
    """MultiHeadAttention raises a ValueError where embed_dim is not divisible by num_heads."""
    student.MultiHeadAttention(E, H)
    with pytest.raises(ValueError):
        student.MultiHeadAttention(features, heads)


@pytest.mark.points(1)
@no_mha
@pytest.mark.hint("build two modules in a row: what fills their weights, and where do the numbers come from?")
def test_mha_start_follows_the_seed(student: Any, remote: Remote) -> None:
    """MultiHeadAttention starts from random, finite weights that follow the global seed.

    Memory that was never filled holds anything; weights that are all alike make all heads alike.
    """
    seed = int(torch.randint(2**31, ()))
    starts = []
    for reseed in (True, False, True):
        if reseed:
            remote("torch").manual_seed(seed)
        starts.append({name: t.detach().clone() for name, t in student.MultiHeadAttention(E, H).state_dict().items()})
    first, second, again = starts
    for name, tensor in first.items():
        assert bool(tensor.isfinite().all()), "every start value is finite"
        assert float(tensor.abs().max()) < 100, "a start value is huge"
        compare(again[name], tensor, rule="the same start under the same seed")
        if name.endswith("weight"):
            assert all(float(third.std()) > 0 for third in tensor.chunk(3)), "the weights are all alike"
            assert not torch.equal(tensor, second[name]), "two modules built in a row start with the same weights"


@pytest.mark.points(2)
@no_mha
@pytest.mark.hint("where do samples and heads stand in (B, H, L, S), and does each keep its own mask?")
@pytest.mark.parametrize("shape", [(L, S), (B, 1, 1, S), (B, 1, L, S), (1, H, 1, S), (B, H, L, S)], ids=str)
def test_mha_broadcasts_the_mask(student: Any, shape: tuple[int, ...]) -> None:
    """MultiHeadAttention takes a boolean mask that broadcasts to (B, H, L, S), True = may attend."""
    values, keep = mha_values(), draw_keep(*shape)
    inputs = draw(B, L, E), draw(B, S, E), draw(B, S, E)
    blocked = (~keep).expand(B, H, L, S).reshape(B * H, L, S)
    expected = pytorch_mha(values)(*inputs, attn_mask=blocked, need_weights=False)[0].detach()
    mistakes = {
        "a mask whose True means blocked": mha_by_hand(values, *inputs, ~keep),
        "ignoring the mask": mha_by_hand(values, *inputs),
    }
    if shape[0] == B:
        mistakes["the first sample's mask for all"] = mha_by_hand(values, *inputs, keep[:1])
    answer = loaded(student.MultiHeadAttention(E, H), values)(*inputs, keep=keep)
    compare(answer, expected, rule="attention to the kept keys, in each head", mistakes=mistakes)


@pytest.mark.points(2)
@no_mha
@pytest.mark.hint("out_proj comes after attention: what does it make of zeros?")
def test_mha_of_a_fully_masked_row_is_the_output_bias(student: Any) -> None:
    """MultiHeadAttention gives a query without any key the bias of out_proj, with finite gradients.

    nn.MultiheadAttention gives NaN there.
    """
    values, keep = mha_values(), draw_keep(B, 1, L, S)
    keep[0, 0, 3], keep[1] = False, False
    query, key, value, g = draw(B, L, E), draw(B, S, E), draw(B, S, E), draw(B, L, E)
    ours = [t.clone().requires_grad_() for t in (query, key, value)]
    result = mha_by_hand(values, ours[0], ours[1], ours[2], keep)
    expected, gradients = result.detach(), torch.autograd.grad((result * g).sum(), ours)
    theirs = [t.requires_grad_() for t in (query, key, value)]
    answer = loaded(student.MultiHeadAttention(E, H), values)(*theirs, keep)
    some = keep[:, 0].any(-1, keepdim=True)
    mistakes = {
        "a softmax of nothing but minus infinity": torch.where(some, expected, math.nan),
        "zeroing the result after out_proj": torch.where(some, expected, 0.0),
    }
    compare(answer, expected, rule="the bias of out_proj where no key is kept", mistakes=mistakes)
    (answer * g).sum().backward()
    for leaf, right in zip(theirs, gradients):
        compare(leaf.grad, right, rule="the gradients of query, key and value")


@pytest.mark.points(2)
@no_mha
@pytest.mark.hint("after backward(), which parameters have no gradient?")
def test_mha_gradients(student: Any) -> None:
    """Gradients reach query, key and value, and every parameter."""
    values, g = mha_values(), draw(B, L, E)
    inputs = {"query": draw(B, L, E), "key": draw(B, S, E), "value": draw(B, S, E)}
    ours = {name: t.clone().requires_grad_() for name, t in {**inputs, **values}.items()}
    result = mha_by_hand({name: ours[name] for name in values}, *(ours[name] for name in inputs))
    expected = dict(zip(ours, torch.autograd.grad((result * g).sum(), list(ours.values()))))
    for tensor in inputs.values():
        tensor.requires_grad_()
    model = loaded(student.MultiHeadAttention(E, H), values)
    (model(**inputs) * g).sum().backward()
    for name, leaf in {**inputs, **dict(model.named_parameters())}.items():
        compare(leaf.grad, expected[name], rule="the gradient of each input and each parameter")


@pytest.mark.points(1)
@no_mha
@pytest.mark.hint("try batches of none, a single place, a single head, and heads of a single feature")
@pytest.mark.parametrize(
    ("samples", "queries", "keys", "heads"),
    [(0, L, S, H), (1, 1, 1, H), (B, 1, S, H), (B, L, 1, H), (B, L, S, 1), (B, L, S, E)],
    ids=["no samples", "one place", "one query", "one key", "one head", "heads of one feature"],
)
def test_mha_of_any_size(student: Any, samples: int, queries: int, keys: int, heads: int) -> None:
    """MultiHeadAttention returns (B, L, E) for any number of samples, places and heads."""
    values = mha_values()
    inputs = draw(samples, queries, E), draw(samples, keys, E), draw(samples, keys, E)
    expected = mha_by_hand(values, *inputs, heads=heads)
    answer = loaded(student.MultiHeadAttention(E, heads), values)(*inputs)
    compare(answer, expected, rule="(B, L, E), the result of nn.MultiheadAttention")


@pytest.mark.points(1)
@no_mha
@pytest.mark.hint("call it twice, with the same views as query, key and value, and look at them afterwards")
@pytest.mark.parametrize("kind", ["transposed", "every second row", "expanded"])
def test_mha_reads_views(student: Any, kind: str) -> None:
    """MultiHeadAttention takes views, one tensor in three roles, and leaves its arguments as they were."""
    values, x = mha_values(), layout(kind, B, S, E)
    keep = draw_keep(B, 1, 1, S).expand(B, 1, S, S)
    before, expected = (x.clone(), keep.clone()), mha_by_hand(values, x, x, x, keep)
    model = loaded(student.MultiHeadAttention(E, H), values)
    compare(model(x, x, x, keep), expected, rule="attention of a sequence to itself")
    compare(model(x, x, x, keep), expected, rule="the same at the second call")
    compare(x, before[0], rule="the input as it was")
    compare(keep, before[1], rule="the mask as it was")


@pytest.mark.points(1)
@no_mha
@pytest.mark.hint("after model.to(dtype), which tensor still has its old dtype?")
def test_mha_in_half_precision(student: Any) -> None:
    """MultiHeadAttention moved to bfloat16 computes and answers in bfloat16."""
    values = {name: (t / 2).to(torch.bfloat16).double() for name, t in mha_values().items()}
    query, key, value = (t.to(torch.bfloat16) for t in (draw(B, L, E), draw(B, S, E), draw(B, S, E)))
    keep = draw_keep(L, S)
    expected = mha_by_hand(values, query.double(), key.double(), value.double(), keep).to(torch.bfloat16)
    model = loaded(student.MultiHeadAttention(E, H), values)
    model.to(torch.bfloat16)
    answer = model(query, key, value, keep)
    compare(answer, expected, rule="attention in the dtype of module and inputs", rtol=5e-2, atol=1e-1)


@pytest.mark.points(1)
@no_mha
@pytest.mark.hint("is there a tensor in the module that .to(device) does not know of, or one made in forward?")
@pytest.mark.parametrize("masked", [False, True], ids=["all keys", "some keys"])
def test_mha_moves_to_another_device(student: Any, fake_cuda: FakeCuda, masked: bool) -> None:
    """MultiHeadAttention works on a GPU once it has been moved there (checked on a simulated one)."""
    keep = draw_keep(B, 1, 1, S) if masked else None
    inputs = torch.randn(B, L, E), torch.randn(B, S, E), torch.randn(B, S, E)
    fake_cuda(student.MultiHeadAttention(E, H), *inputs, keep)


# --- 6. CrossAttention --------------------------------------------------------------------------


def loaded_cross(student: Any, values: dict[str, Tensor]) -> Any:
    """A student's CrossAttention holding `values`: its keys may have any prefix."""
    model = student.CrossAttention(E, H)
    state = {key: name for key in model.state_dict() for name in values if key.endswith(name)}
    found = sorted(state.values()) == sorted(values) and len(model.state_dict()) == len(values)
    assert found, "the parameters are those of one multi-head attention, under names that end as there"
    return loaded(model, {key: values[name] for key, name in state.items()})


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("who asks, and who answers?")
@pytest.mark.parametrize("places", [S, L], ids=["other length", "same length"])
def test_cross_attention_asks_x_and_answers_from_context(student: Any, places: int) -> None:
    """CrossAttention takes queries from x, and keys and values from all of context.

    With both sequences of one length, values from x or a causal mask raise no error.
    """
    values, x, context = mha_values(), draw(B, L, E), draw(B, places, E)
    expected = pytorch_mha(values)(x, context, context, need_weights=False)[0].detach()
    causal = torch.ones(L, places, dtype=torch.bool).tril()
    mistakes = {
        "queries from the context": mha_by_hand(values, context, x, x),
        "attention of x to itself": mha_by_hand(values, x, x, x),
        "a causal mask": mha_by_hand(values, x, context, context, causal),
    }
    if places == L:
        mistakes["values from x"] = mha_by_hand(values, x, context, x)
        mistakes["keys from x"] = mha_by_hand(values, x, x, context)
    model = loaded_cross(student, values)
    compare(model(x, context), expected, rule="queries from x, keys and values from context", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("whose places does the mask speak of, and is it passed on?")
@pytest.mark.parametrize("shape", [(B, 1, 1, S), (L, S), (B, H, L, S)], ids=str)
def test_cross_attention_passes_the_mask_on(student: Any, shape: tuple[int, ...]) -> None:
    """CrossAttention attends to the places of context where keep is True."""
    values, x, context, keep = mha_values(), draw(B, L, E), draw(B, S, E), draw_keep(*shape)
    expected = mha_by_hand(values, x, context, context, keep)
    mistakes = {
        "a mask whose True means blocked": mha_by_hand(values, x, context, context, ~keep),
        "ignoring the mask": mha_by_hand(values, x, context, context),
    }
    answer = loaded_cross(student, values)(x, context, keep=keep)
    compare(answer, expected, rule="attention to the kept places of context", mistakes=mistakes)


@pytest.mark.points(1)
@pytest.mark.hint("with a single place to attend to, what are the weights?")
@pytest.mark.parametrize(("queries", "places"), [(L, 1), (1, S), (1, 1)])
def test_cross_attention_of_single_places(student: Any, queries: int, places: int) -> None:
    """CrossAttention keeps the shape of x where x or context has a single place."""
    values, x, context = mha_values(), draw(B, queries, E), draw(B, places, E)
    before, expected = (x.clone(), context.clone()), mha_by_hand(values, x, context, context)
    compare(loaded_cross(student, values)(x, context), expected, rule="a result for each place of x")
    compare(x, before[0], rule="x as it was")
    compare(context, before[1], rule="the context as it was")


@pytest.mark.points(1)
@pytest.mark.hint("is there a tensor in the module that .to(device) does not know of, or one made in forward?")
@pytest.mark.parametrize("masked", [False, True], ids=["all places", "some places"])
def test_cross_attention_moves_to_another_device(student: Any, fake_cuda: FakeCuda, masked: bool) -> None:
    """CrossAttention works on a GPU once it has been moved there (checked on a simulated one)."""
    keep = draw_keep(B, 1, 1, S) if masked else None
    fake_cuda(student.CrossAttention(E, H), torch.randn(B, L, E), torch.randn(B, S, E), keep)


# --- 7. kv_step ---------------------------------------------------------------------------------


def steps_of(t: Tensor) -> tuple[Tensor, ...]:
    """(B, H, T, d) as T tensors of (B, H, 1, d)."""
    return tuple(step.clone() for step in torch.split(t, 1, dim=2))


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("which keys can the newest query see: does its own belong to them?")
def test_kv_step_attends_to_old_and_new_keys(student: Any) -> None:
    """kv_step attends to the keys of all steps so far, the newest among them, and returns them as the new cache."""
    q, k, v = draw(B, H, 2, D), draw(B, H, 2, D), draw(B, H, 2, D)
    (q0, q1), (k0, k1), (v0, v1) = steps_of(q), steps_of(k), steps_of(v)
    expected = F.scaled_dot_product_attention(q1, k, v)
    out, cache = student.kv_step(None, q0, k0, v0)
    compare(out, v0, rule="the first value, for there is no other")
    out, cache = student.kv_step(cache, q1, k1, v1)
    mistakes = {
        "attention to the old keys alone": v0,
        "attention to the new key alone": v1,
        "no scale": weights_of(q1, k, scale=1.0) @ v,
    }
    compare(out, expected, rule="attention of the newest query to both keys", mistakes=mistakes)
    keys, values = cache
    compare(keys, k, rule="the keys in order of arrival", mistakes={"the newest key first": k.flip(2)})
    compare(values, v, rule="the values in order of arrival", mistakes={"the newest value first": v.flip(2)})


@pytest.mark.points(3)
@pytest.mark.hint("run it for ten steps and compare with causal attention over all ten at once")
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=["f64", "bf16"])
def test_kv_step_agrees_with_causal_attention(student: Any, dtype: torch.dtype) -> None:
    """Ten calls of kv_step give the ten rows of causal attention, in the dtype of the inputs."""
    q, k, v = ((draw(B, H, 10, D) / 2).to(dtype) for _ in "qkv")
    causal = torch.ones(10, 10, dtype=torch.bool).tril()
    rows = (weights_of(q.double(), k.double(), causal) @ v.double()).to(dtype)
    cache: Any = None
    for step, right in zip(zip(steps_of(q), steps_of(k), steps_of(v)), steps_of(rows)):
        out, cache = student.kv_step(cache, *step)
        compare(out, right, rule="the row of causal attention over all steps")
    keys, values = cache
    compare(keys, k, rule="the keys of all steps in order of arrival")
    compare(values, v, rule="the values of all steps in order of arrival")


@pytest.mark.points(2)
@pytest.mark.hint("start two different continuations from one cache: does the second see anything of the first?")
def test_kv_step_leaves_the_old_cache(student: Any) -> None:
    """kv_step leaves the caller's cache and arguments as they were: two continuations can start from one cache.

    A cache that grows in place, or a hidden one, mixes them up.
    """
    old = draw(B, H, 4, D), draw(B, H, 4, D)
    before = [t.clone() for t in old]
    continuations = [tuple(draw(B, H, 1, D) for _ in "qkv") for _ in range(2)]
    for q, k, v in continuations:
        given = [t.clone() for t in (q, k, v)]
        both = torch.cat([old[0], k], 2), torch.cat([old[1], v], 2)
        expected = weights_of(q, both[0]) @ both[1]
        out, _ = student.kv_step(old, q, k, v)
        compare(out, expected, rule="attention to the keys of this cache and the new one")
        for now, then in zip((*old, q, k, v), (*before, *given)):
            compare(now, then, rule="the old cache and the arguments as they were")


@pytest.mark.points(1)
@pytest.mark.hint("is there a tensor that is created without a device?")
@pytest.mark.parametrize("first", [True, False], ids=["first step", "later step"])
def test_kv_step_on_another_device(student: Any, fake_cuda: FakeCuda, first: bool) -> None:
    """kv_step works on the device of its inputs (checked on a simulated one)."""
    cache = None if first else (torch.randn(B, H, 4, D), torch.randn(B, H, 4, D))
    fake_cuda(student.kv_step, cache, *(torch.randn(B, H, 1, D) for _ in "qkv"))


# --- on an accelerator --------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.points(1)
@no_sdpa
@pytest.mark.hint("is something computed in a dtype that is too narrow, or made on another device?")
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32], ids=["f16", "bf16", "f32"])
def test_attention_on_the_accelerator(student: Any, device: torch.device, dtype: torch.dtype) -> None:
    """On an accelerator, attention in half precision comes close to float32, and a fully masked row is zero."""
    q, k, v = ((t / 2).to(dtype) for t in draw_qkv())
    keep = draw_keep(B, 1, L, S)
    keep[1, 0, 2] = False
    expected = (weights_of(q.float(), k.float(), keep) @ v.float()).to(dtype)
    answer = student.attention(*(t.to(device) for t in (q, k, v, keep)))
    assert isinstance(answer, Tensor) and answer.device.type == device.type, "the result is not where the inputs are"
    compare(answer.cpu(), expected, rule="attention to the kept keys", rtol=1e-2, atol=1e-2)


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("which tensors did .to(device) not move?")
@pytest.mark.parametrize("name", [pytest.param("MultiHeadAttention", marks=no_mha), "CrossAttention"])
def test_modules_on_the_accelerator(student: Any, device: torch.device, name: str) -> None:
    """On an accelerator, the modules compute there what they compute on the CPU."""
    values, x, context, keep = mha_values(), draw(B, L, E), draw(B, S, E), draw_keep(B, 1, 1, S)
    expected = mha_by_hand(values, x, context, context, keep).float()
    if name == "CrossAttention":
        model, inputs = loaded_cross(student, values), [x, context]
    else:
        model, inputs = loaded(student.MultiHeadAttention(E, H), values), [x, context, context]
    model.to(device=device, dtype=torch.float32)
    answer = model(*(t.float().to(device) for t in inputs), keep.to(device)).detach()
    assert answer.device.type == device.type, "the result is not where the inputs are"
    compare(answer.cpu(), expected, rule="the same as on the CPU", rtol=1e-3, atol=1e-3)


SYNC_MODE = "lambda *_: __import__('torch').cuda.set_sync_debug_mode({!r})"
"""A hook of a module: what makes the CPU wait for the GPU is an error ('error') or not ('default')."""


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("does your code look at a number on the GPU: .item(), if keep.any(), a boolean mask as index?")
@pytest.mark.parametrize(
    "name",
    [
        pytest.param("attention", marks=no_sdpa),
        "combine_masks",
        pytest.param("MultiHeadAttention", marks=no_mha),
        "kv_step",
    ],
)
def test_nothing_waits_for_the_accelerator(student: Any, remote: Remote, device: torch.device, name: str) -> None:
    """On an accelerator, nothing makes the CPU wait for a result.

    `.item()`, `if keep.any():` and `x[mask]` stop until the GPU is done.
    """
    q, k, v = (t.float() for t in draw_qkv())
    keep = draw_keep(B, 1, 1, S)
    if name == "attention":
        call, inputs, expected = student.attention, [q, k, v, keep], weights_of(q, k, keep) @ v
    elif name == "combine_masks":
        causal, padding = draw_keep(L, S), draw_keep(B, S)
        call, inputs, expected = student.combine_masks, [causal, padding], combined(causal, padding)
    elif name == "kv_step":
        step = steps_of(q)[:3]
        call, inputs = remote("functools").partial(student.kv_step, None), list(step)
        expected = step[2]
    else:
        values, x = mha_values(), draw(B, L, E)
        inputs, expected = [x.float()] * 3, mha_by_hand(values, x, x, x).float()
        model = loaded(student.MultiHeadAttention(E, H), values)
        model.to(device=device, dtype=torch.float32)
        call = model.forward
    inputs = [t.to(device) for t in inputs]
    box = remote("torch.nn").Identity()  # its hooks run in the process where the function runs, right around it
    box.forward = call
    box(*inputs)  # the first call may load kernels
    if device.type == "cuda":
        box.register_forward_pre_hook(remote("builtins").eval(SYNC_MODE.format("error")))
        box.register_forward_hook(remote("builtins").eval(SYNC_MODE.format("default")), always_call=True)
    answer = box(*inputs)[0] if name == "kv_step" else box(*inputs)
    compare(answer.detach().cpu(), expected, rule="the same as on the CPU", rtol=1e-3, atol=1e-3)
