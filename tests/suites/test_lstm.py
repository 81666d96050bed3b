"""Recurrent networks: the steps of RNN, LSTM and GRU, and an LSTM over sequences, against PyTorch's own.

All sizes differ and exceed 1, both biases are non-zero, and every gate has weights of its own, so
that no gate can stand in for another and no dimension for another one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pad_packed_sequence

from grader.testing import compare

B, T, D, H = 3, 7, 5, 4  # sequences, steps, input and hidden features

Remote = Callable[[str], Any]
FakeCuda = Callable[..., Any]

no_rnn = pytest.mark.forbid("torch.nn.RNN", "torch.nn.RNNCell")
no_lstm = pytest.mark.forbid("torch.nn.LSTM", "torch.nn.LSTMCell")
no_gru = pytest.mark.forbid("torch.nn.GRU", "torch.nn.GRUCell")
no_loops = pytest.mark.forbid("loops")
no_packing = pytest.mark.forbid("torch.nn.utils.rnn.pack_padded_sequence", "torch.nn.utils.rnn.pad_packed_sequence")

KEYS = ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0")
GATES = {"rnn_step": 1, "lstm_step": 4, "gru_step": 3}

each_step = pytest.mark.parametrize(
    "name",
    [
        pytest.param("rnn_step", marks=no_rnn),
        pytest.param("lstm_step", marks=no_lstm),
        pytest.param("gru_step", marks=no_gru),
    ],
)

VIEWS = ["transposed", "every second", "expanded"]

OUTPUTS = "h after every step, (B, T, H)"
LAST_H = "the hidden state after the last step, (B, H)"
LAST_C = "the cell state after the last step, (B, H)"


def draw(*shape: int) -> Tensor:
    """Normal numbers in float64, from the generator that is seeded anew for each test."""
    return torch.randn(shape, dtype=torch.float64)


def view(kind: str, *shape: int) -> Tensor:
    """A tensor of this shape that is a view of another one."""
    if kind == "transposed":
        return draw(shape[1], shape[0], *shape[2:]).transpose(0, 1)
    if kind == "every second":
        return draw(2 * shape[0], *shape[1:])[::2]
    return draw(1, *shape[1:]).expand(shape)


def weights(gates: int, inputs: int = D, hidden: int = H) -> list[Tensor]:
    """w_ih, w_hh, b_ih and b_hh."""
    rows = gates * hidden
    return [0.5 * draw(rows, inputs), 0.5 * draw(rows, hidden), draw(rows), draw(rows)]


def states(name: str, batch: int = B, hidden: int = H) -> list[Tensor]:
    """The state before a step: h, and c where there is one."""
    return [draw(batch, hidden) for _ in range(2 if name == "lstm_step" else 1)]


def step(function: Any, name: str, x: Tensor, state: Sequence[Tensor], values: Sequence[Tensor]) -> list[Any]:
    """The new state that a step returns: [h], or [h, c] of an LSTM."""
    if name != "lstm_step":
        return [function(x, state[0], *values)]
    return list(pair(function(x, (state[0], state[1]), *values)))


def pair(result: Any) -> tuple[Any, Any]:
    """`result`, which has to be a pair."""
    assert isinstance(result, (tuple, list)) and len(result) == 2, "a pair is asked for"
    return result[0], result[1]


def torch_step(name: str) -> Any:
    """PyTorch's own function for this step."""
    return {"rnn_step": torch.rnn_tanh_cell, "lstm_step": torch.lstm_cell, "gru_step": torch.gru_cell}[name]


def parts(result: Any) -> list[Any]:
    """outputs, h and c of what `lstm` and its relatives return."""
    outputs, state = pair(result)
    return [outputs, *pair(state)]


def whole(x: Tensor, values: Sequence[Tensor], state: Sequence[Tensor] | None = None) -> list[Tensor]:
    """outputs, h and c of PyTorch's LSTM."""
    zeros = x.new_zeros(1, x.shape[0], values[1].shape[1])
    h, c = (zeros, zeros) if state is None else (state[0][None], state[1][None])
    outputs, h, c = torch.lstm(x, (h, c), list(values), True, 1, 0.0, False, False, True)
    return [outputs, h[0], c[0]]


def packed(x: Tensor, lengths: Tensor, values: Sequence[Tensor]) -> list[Tensor]:
    """outputs, h and c of PyTorch's LSTM on a packed batch, with outputs padded to all steps of x."""
    pack = pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    zeros = x.new_zeros(1, len(lengths), values[1].shape[1])
    data, h, c = torch.lstm(pack.data, pack.batch_sizes, (zeros, zeros), list(values), True, 1, 0.0, False, False)
    back = PackedSequence(data, pack.batch_sizes, pack.sorted_indices, pack.unsorted_indices)
    outputs, _ = pad_packed_sequence(back, batch_first=True, total_length=x.shape[1])
    return [outputs, h[0][pack.unsorted_indices], c[0][pack.unsorted_indices]]


def compare_parts(result: Any, expected: Sequence[Tensor], **tolerances: float) -> None:
    """Hold outputs, h and c against the expected ones."""
    for part, right, rule in zip(parts(result), expected, (OUTPUTS, LAST_H, LAST_C)):
        compare(part, right, rule=rule, **tolerances)  # type: ignore[arg-type]


def gradients(call: Callable[..., Sequence[Any]], tensors: Sequence[Tensor], cotangents: Sequence[Tensor]) -> list[Any]:
    """The gradient at each of `tensors` of what `call` returns for them, weighted by `cotangents`."""
    leaves = [tensor.clone().requires_grad_() for tensor in tensors]
    total: Any = torch.stack([(out * g).sum() for out, g in zip(call(*leaves), cotangents)]).sum()
    assert total.requires_grad, "the results have no graph"
    total.backward()
    return [leaf.grad for leaf in leaves]


def on_fake_cuda(fake_cuda: FakeCuda, function: Any, *args: Any, **kwargs: Any) -> None:
    """`fake_cuda`, where a size may depend on values: fine on a GPU, but a simulated one holds no values."""
    try:
        fake_cuda(function, *args, **kwargs)
    except RuntimeError as error:
        if type(error).__name__ != "DynamicOutputShapeException":
            raise


def unchanged(before: Sequence[Tensor], after: Sequence[Tensor]) -> None:
    for old, new in zip(before, after):
        compare(new, old, rule="every argument as it was")


# --- 1. rnn_step --------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_rnn
@pytest.mark.hint("which two tensors have a weight of their own, and what is taken of the sum?")
def test_rnn_step_follows_the_formula(student: Any) -> None:
    """rnn_step computes tanh(W_ih x + b_ih + W_hh h + b_hh), from the previous hidden state.

    A step without h, without one of the biases, without tanh, or with an output in the place of h is caught here.
    """
    x, h, (w_ih, w_hh, b_ih, b_hh) = draw(B, D), draw(B, H), weights(1)
    from_x = x @ w_ih.T + b_ih
    total = from_x + h @ w_hh.T + b_hh
    mistakes = {
        "feeding an output back in the place of the hidden state": torch.tanh(
            from_x + torch.tanh(from_x) @ w_hh.T + b_hh
        ),
        "leaving the hidden state out": torch.tanh(from_x),
        "leaving b_hh out": torch.tanh(total - b_hh),
        "leaving b_ih out": torch.tanh(total - b_ih),
        "leaving tanh out": total,
        "ReLU in the place of tanh": total.clamp(min=0),
        "a sigmoid in the place of tanh": torch.sigmoid(total),
        "an untransposed w_hh": torch.tanh(from_x + h @ w_hh + b_hh),
    }
    answer = student.rnn_step(x, h, w_ih, w_hh, b_ih, b_hh)
    compare(answer, torch.tanh(total), rule="tanh(W_ih x + b_ih + W_hh h + b_hh)", mistakes=mistakes)

    x, h = torch.tensor([[1.0, 0.0, -1.0]]), torch.tensor([[0.5, -0.5]])
    w_ih = torch.tensor([[0.5, 0.0, 0.0], [0.0, 1.0, 1.0]])
    w_hh = torch.tensor([[1.0, 0.0], [1.0, -1.0]])
    answer = student.rnn_step(x, h, w_ih, w_hh, torch.tensor([0.0, 0.5]), torch.tensor([-0.5, -1.5]))
    compare(answer, torch.tensor([[0.4621, -0.7616]]), rule="tanh(W_ih x + b_ih + W_hh h + b_hh)", atol=1e-4)


# --- 2. lstm_step -------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(3)
@no_lstm
@pytest.mark.hint("in which order are the four gates stacked, and which of the two cell states does h' see?")
def test_lstm_step_follows_the_formula(student: Any) -> None:
    """lstm_step computes c' = f c + i g and h' = o tanh(c'), with gates in the order i, f, g, o.

    Another order of the gates, no tanh around c', or the old c in h' is caught here.
    """
    x, h, c, values = draw(B, D), draw(B, H), draw(B, H), weights(4)
    expected_h, expected_c = torch.lstm_cell(x, (h, c), *values)
    w_ih, w_hh, b_ih, b_hh = values
    a = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=1)

    def cell(i: int, f: int, g: int, o: int) -> tuple[Tensor, Tensor]:
        new = torch.sigmoid(a[f]) * c + torch.sigmoid(a[i]) * torch.tanh(a[g])
        return torch.sigmoid(a[o]) * torch.tanh(new), new

    other_order, swapped = cell(0, 1, 3, 2), cell(1, 0, 2, 3)
    o = torch.sigmoid(a[3])
    new_h, new_c = pair(student.lstm_step(x, (h, c), *values))
    mistakes = {
        "the order i, f, o, g": other_order[1],
        "swapping i and f": swapped[1],
        "returning (c, h)": expected_h,
        "a sigmoid in the place of tanh for g": torch.sigmoid(a[1]) * c + torch.sigmoid(a[0]) * torch.sigmoid(a[2]),
        "adding i * g to a c that is not forgotten": c + torch.sigmoid(a[0]) * torch.tanh(a[2]),
    }
    compare(new_c, expected_c, rule="c' = f * c + i * g, second of the pair", mistakes=mistakes)
    mistakes = {
        "the order i, f, o, g": other_order[0],
        "swapping i and f": swapped[0],
        "leaving out the tanh around c'": o * expected_c,
        "the old c in h'": o * torch.tanh(c),
    }
    compare(new_h, expected_h, rule="h' = o * tanh(c'), first of the pair", mistakes=mistakes)

    x, h, c = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5]]), torch.tensor([[2.0]])
    w_ih = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0], [1.0, -1.0]])
    w_hh = torch.tensor([[2.0], [-2.0], [0.0], [4.0]])
    b_ih, b_hh = torch.zeros(4), torch.tensor([-2.0, 1.0, 0.5, 0.0])
    new_h, new_c = pair(student.lstm_step(x, (h, c), w_ih, w_hh, b_ih, b_hh))
    compare(new_c, torch.tensor([[2.2142]]), rule="c' = f * c + i * g, second of the pair", atol=1e-4)
    compare(new_h, torch.tensor([[0.7138]]), rule="h' = o * tanh(c'), first of the pair", atol=1e-4)


@pytest.mark.points(1)
@no_lstm
@pytest.mark.hint("a large bias opens a gate for good, a large negative one closes it: what is left of c' and h'?")
@pytest.mark.parametrize("gate", ["forget", "input", "output"])
def test_lstm_step_has_gates_that_open_and_close(student: Any, gate: str) -> None:
    """lstm_step's gates let all through where they are open, and nothing where they are closed.

    Each gate is looked at by itself: the forget gate for c, the input gate for g, the output gate for h'.
    """
    x, h, c, values = draw(B, D), draw(B, H), draw(B, H), weights(4)
    w_ih, w_hh, b_ih, b_hh = values
    wide = torch.zeros(4, H, dtype=torch.float64)  # what is added to each gate
    if gate == "forget":
        wide[0], wide[1] = -80, 80
        open_c = c
    elif gate == "input":
        wide[0], wide[1] = 80, -80
        open_c = torch.tanh((x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=1)[2])
    else:
        wide[3] = 80
        open_c = torch.lstm_cell(x, (h, c), *values)[1]
    new_h, new_c = pair(student.lstm_step(x, (h, c), w_ih, w_hh, b_ih + wide.flatten(), b_hh))
    compare(new_c, open_c, rule="c' = f * c + i * g")
    if gate == "output":
        compare(new_h, torch.tanh(open_c), rule="h' = tanh(c'), the output gate being 1")
        new_h, _ = pair(student.lstm_step(x, (h, c), w_ih, w_hh, b_ih - wide.flatten(), b_hh))
        compare(new_h, torch.zeros_like(h), rule="h' = 0, the output gate being 0")


# --- 3. lstm ------------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(3)
@no_lstm
@pytest.mark.hint("which dimension of x is time, and what is the state before the first step?")
def test_lstm_runs_over_time(student: Any) -> None:
    """lstm takes (B, T, D), starts from zeros and returns every h, and the last h and c.

    Time in dim 0, a random start, or cell states as outputs are caught here.
    """
    x, values = draw(B, T, D), weights(4)
    expected = whole(x, values)
    h = c = torch.zeros(B, H, dtype=torch.float64)
    cells = []
    for t in range(T):
        h, c = torch.lstm_cell(x[:, t], (h, c), *values)
        cells.append(c)
    outputs, h, c = parts(student.lstm(x, *values))
    mistakes: dict[str, Tensor | Callable[[], Tensor]] = {
        "returning c": torch.stack(cells, 1),
        "time in dim 0": lambda: whole(x.transpose(0, 1), values)[0].transpose(0, 1),
        "running from the last step to the first": lambda: whole(x.flip(1), values)[0].flip(1),
        "returning the last h alone": expected[1],
    }
    compare(outputs, expected[0], rule=OUTPUTS, mistakes=mistakes)
    compare(h, expected[1], rule=LAST_H, mistakes={"returning (c, h)": expected[2]})
    compare(c, expected[2], rule=LAST_C)


@pytest.mark.points(2)
@no_lstm
@pytest.mark.hint("call it twice without a state: does the result depend on anything but the arguments?")
def test_lstm_starts_from_zeros(student: Any) -> None:
    """lstm without a state is lstm with a state of zeros, at every call.

    A random start, or one that the last call left behind, is caught here.
    """
    x, values = draw(B, T, D), weights(4)
    expected = whole(x, values)
    for given in ((), (None,), ((torch.zeros(B, H, dtype=x.dtype), torch.zeros(B, H, dtype=x.dtype)),), ()):
        compare_parts(student.lstm(x, *values, *given), expected)


@pytest.mark.public
@pytest.mark.points(2)
@no_lstm
@pytest.mark.hint("what does the first step see of the state that was handed in?")
def test_lstm_starts_from_a_given_state(student: Any) -> None:
    """lstm starts from the (h, c) that it is given, both of shape (B, H), and leaves them as they were."""
    x, values, state = draw(B, T, D), weights(4), (draw(B, H), draw(B, H))
    before, expected = [tensor.clone() for tensor in state], whole(x, values, state)
    from_zeros, without_c = whole(x, values)[0], whole(x, values, (state[0], torch.zeros_like(state[1])))[0]
    without_h = whole(x, values, (torch.zeros_like(state[0]), state[1]))[0]
    mistakes = {
        "starting from zeros": from_zeros,
        "starting from h alone": without_c,
        "starting from c alone": without_h,
        "reading the state as (c, h)": whole(x, values, (state[1], state[0]))[0],
    }
    result = student.lstm(x, *values, state=state)
    compare(parts(result)[0], expected[0], rule=OUTPUTS, mistakes=mistakes)
    compare_parts(result, expected)
    unchanged(before, state)


@pytest.mark.points(2)
@no_lstm
@pytest.mark.hint("what is there to return after one step, and after none?")
@pytest.mark.parametrize("steps", [1, 0], ids=["one step", "no step"])
@pytest.mark.parametrize("given", [True, False], ids=["state given", "no state"])
def test_lstm_takes_one_step_or_none(student: Any, steps: int, given: bool) -> None:
    """lstm works on sequences of one step, and on empty ones: no outputs, and the state before them.

    `torch.stack` of an empty list, or a squeeze of dim 1, is caught here.
    """
    x, values = draw(B, steps, D), weights(4)
    state = (draw(B, H), draw(B, H)) if given else None
    start = state or (torch.zeros(B, H, dtype=torch.float64), torch.zeros(B, H, dtype=torch.float64))
    right = whole(x, values, state) if steps else [torch.zeros(B, 0, H, dtype=torch.float64), *start]
    expected = [tensor.clone() for tensor in right]
    compare_parts(student.lstm(x, *values, state=state), expected)


@pytest.mark.points(1)
@no_lstm
@pytest.mark.hint("is there anything that grows, or is rounded, from step to step?")
def test_lstm_stays_accurate_over_fifty_steps(student: Any) -> None:
    """lstm stays within float32 rounding of PyTorch's over fifty steps."""
    x, values = torch.randn(B, 50, D), [(0.5 * draw(*w.shape)).float() for w in weights(4)]
    expected = whole(x, values)
    compare_parts(student.lstm(x, *values), expected, rtol=1e-4, atol=2e-5)


@pytest.mark.points(3)
@no_lstm
@pytest.mark.hint("does the graph go from the last output back to the first step, and on to the state handed in?")
def test_lstm_gradients_go_through_time(student: Any) -> None:
    """Gradients go through all steps of lstm, to x, weights, biases and the initial state.

    A state that is detached between the steps gives right outputs and wrong gradients.
    """
    tensors = [draw(B, T, D), *weights(4), draw(B, H), draw(B, H)]
    cotangents = [draw(B, T, H), draw(B, H), draw(B, H)]
    expected = gradients(lambda x, *r: whole(x, r[:4], r[4:]), tensors, cotangents)
    answer = gradients(lambda x, *r: parts(student.lstm(x, *r[:4], state=(r[4], r[5]))), tensors, cotangents)
    for name, grad, right in zip(("x", "w_ih", "w_hh", "b_ih", "b_hh", "h", "c"), answer, expected):
        compare(grad, right, rule=f"the gradient of {name}")


@pytest.mark.points(1)
@no_lstm
@pytest.mark.hint("try x.transpose(0, 1), x[::2] and an expanded x; and look at all arguments again afterwards")
@pytest.mark.parametrize("kind", VIEWS)
def test_lstm_reads_views(student: Any, kind: str) -> None:
    """lstm takes views of other tensors and leaves its arguments as they were."""
    x, values = view(kind, B, T, D), weights(4)
    arguments = [x, *values]
    before, expected = [tensor.clone() for tensor in arguments], whole(x, values)
    compare_parts(student.lstm(x, *values), expected)
    unchanged(before, arguments)


@pytest.mark.points(1)
@no_lstm
@pytest.mark.hint("of which dtype are the zeros that the state starts with?")
def test_lstm_keeps_the_dtype(student: Any) -> None:
    """lstm computes in the dtype of x, bfloat16 among them: outputs and state."""
    x, values = draw(B, 3, D).bfloat16(), [(0.5 * w).bfloat16() for w in weights(4)]
    expected = [part.bfloat16() for part in whole(x.float(), [w.float() for w in values])]
    compare_parts(student.lstm(x, *values), expected, atol=0.1)


@pytest.mark.points(1)
@no_lstm
@pytest.mark.hint("on which device are the zeros that the state starts with?")
@pytest.mark.parametrize("given", [True, False], ids=["state given", "no state"])
def test_lstm_starts_on_the_device_of_x(student: Any, fake_cuda: FakeCuda, given: bool) -> None:
    """lstm works on a GPU, with a state and without (checked on a simulated one)."""
    x, values = torch.randn(B, T, D), [w.float() for w in weights(4)]
    state = (torch.randn(B, H), torch.randn(B, H)) if given else None
    on_fake_cuda(fake_cuda, student.lstm, x, *values, state=state)


# --- 4. gru_step --------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(3)
@no_gru
@pytest.mark.hint("what does r multiply: h itself, or something that was made of h? And which of z and 1 - z keeps h?")
def test_gru_step_follows_the_formula(student: Any) -> None:
    """gru_step computes (1 - z) n + z h with n = tanh(W_in x + b_in + r (W_hn h + b_hn)).

    Cho's form with r * h inside the product, swapped z, or a bias outside of r is caught here.
    """
    x, h, values = draw(B, D), draw(B, H), weights(3)
    expected = torch.gru_cell(x, h, *values)
    w_ih, w_hh, b_ih, b_hh = values
    x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, dim=1)
    h_r, h_z, h_n = (h @ w_hh.T + b_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n, b_n = torch.tanh(x_n + r * h_n), b_hh[2 * H :]
    cho = torch.tanh(x_n + (r * h) @ w_hh[2 * H :].T + b_n)
    one_bias = torch.tanh(x_n + b_n + r * (h_n - b_n))
    mistakes = {
        "r * h inside the product, as in Cho's paper,": (1 - z) * cho + z * h,
        "swapping z and 1 - z": z * n + (1 - z) * h,
        "b_hn outside of r": (1 - z) * one_bias + z * h,
        "the order z, r, n": (1 - r) * torch.tanh(x_n + z * h_n) + r * h,
        "leaving r out": (1 - z) * torch.tanh(x_n + h_n) + z * h,
    }
    answer = student.gru_step(x, h, *values)
    compare(
        answer,
        expected,
        rule="(1 - z) * n + z * h, with n = tanh(W_in x + b_in + r * (W_hn h + b_hn))",
        mistakes=mistakes,
    )

    x, h = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5]])
    w_ih = torch.tensor([[1.0, 0.0], [0.0, -1.0], [-1.0, 1.0]])
    w_hh = torch.tensor([[2.0], [2.0], [4.0]])
    answer = student.gru_step(x, h, w_ih, w_hh, torch.tensor([-1.0, 0.0, 0.5]), torch.tensor([0.0, 1.0, -1.0]))
    compare(answer, torch.tensor([[0.7386]]), rule="(1 - z) * n + z * h", atol=1e-4)


@pytest.mark.points(1)
@no_gru
@pytest.mark.hint("let a large bias open or close a gate for good: what is left of the formula?")
@pytest.mark.parametrize("case", ["keep", "reset", "renew"])
def test_gru_step_has_gates_that_open_and_close(student: Any, case: str) -> None:
    """gru_step keeps h where z is 1; where z is 0 it takes n, in which r decides on all that comes from h."""
    x, h, (w_ih, w_hh, b_ih, b_hh) = draw(B, D), draw(B, H), weights(3)
    wide = torch.zeros(3, H, dtype=torch.float64)  # what is added to each gate
    from_x, from_h = (x @ w_ih.T + b_ih)[:, 2 * H :], (h @ w_hh.T + b_hh)[:, 2 * H :]
    if case == "keep":
        wide[1] = 80
        expected, rule = h, "h, where z is 1"
    elif case == "reset":
        wide[0] = wide[1] = -80
        expected, rule = torch.tanh(from_x), "tanh(W_in x + b_in), where z and r are 0"
    else:
        wide[0], wide[1] = 80, -80
        expected, rule = torch.tanh(from_x + from_h), "tanh(W_in x + b_in + W_hn h + b_hn), where z is 0 and r is 1"
    compare(student.gru_step(x, h, w_ih, w_hh, b_ih + wide.flatten(), b_hh), expected, rule=rule)


# --- 1, 2 and 4: all three steps ----------------------------------------------------------------


@pytest.mark.points(2)
@each_step
@pytest.mark.hint("try one sequence, no sequence, one feature, one hidden unit: which dimension got lost?")
@pytest.mark.parametrize(
    ("batch", "inputs", "hidden"), [(1, D, H), (0, D, H), (B, 1, H), (B, D, 1), (1, 1, 1)], ids=str
)
def test_steps_take_sizes_of_one_and_none(student: Any, name: str, batch: int, inputs: int, hidden: int) -> None:
    """Each step works for one sequence, no sequence, one feature and one hidden unit."""
    x, state = draw(batch, inputs), states(name, batch, hidden)
    values = weights(GATES[name], inputs, hidden)
    expected = step(torch_step(name), name, x, state, values)
    for part, right in zip(step(getattr(student, name), name, x, state, values), expected):
        compare(part, right, rule="the new state, (B, H)")


@pytest.mark.points(2)
@each_step
@pytest.mark.hint(
    "try x.t(), h[::2] and an expanded c; then print the state that you handed in once more: who wrote to it?"
)
@pytest.mark.parametrize("kind", VIEWS)
def test_steps_read_views_and_write_nothing(student: Any, name: str, kind: str) -> None:
    """Each step takes views of other tensors, as input, state and weights, and leaves all arguments as they were.

    `c *= f` and its like write to the caller's tensor.
    """
    x, state, values = view(kind, B, D), [view(kind, *s.shape) for s in states(name)], weights(GATES[name])
    values[:2] = [view("transposed", *w.shape) for w in values[:2]]
    arguments = [x, *state, *values]
    before = [tensor.clone() for tensor in arguments]
    expected = step(torch_step(name), name, x, state, values)
    for part, right in zip(step(getattr(student, name), name, x, state, values), expected):
        compare(part, right, rule="the step of the formula")
    unchanged(before, arguments)


@pytest.mark.points(2)
@each_step
@pytest.mark.hint("which of the tensors did the graph lose?")
def test_steps_pass_gradients(student: Any, name: str) -> None:
    """Gradients go through each step to its input, its state, its weights and its biases."""
    tensors = [draw(B, D), *states(name), *weights(GATES[name])]
    cotangents = [draw(B, H), draw(B, H)]
    ours, theirs = getattr(student, name), torch_step(name)
    expected = gradients(lambda x, *r: step(theirs, name, x, r[:-4], r[-4:]), tensors, cotangents)
    answer = gradients(lambda x, *r: step(ours, name, x, r[:-4], r[-4:]), tensors, cotangents)
    names = [*["x", "h", "c"][: len(tensors) - 4], "w_ih", "w_hh", "b_ih", "b_hh"]
    for which, grad, right in zip(names, answer, expected):
        compare(grad, right, rule=f"the gradient of {which}")


@pytest.mark.points(1)
@each_step
@pytest.mark.hint("of which dtype is the result, when all arguments share another one than float32?")
def test_steps_keep_the_dtype(student: Any, name: str) -> None:
    """Each step answers in the dtype of its arguments, bfloat16 among them."""
    x, state, values = draw(B, D).bfloat16(), [s.bfloat16() for s in states(name)], weights(GATES[name])
    values = [(0.5 * w).bfloat16() for w in values]
    exact = step(torch_step(name), name, x.float(), [s.float() for s in state], [w.float() for w in values])
    for part, right in zip(step(getattr(student, name), name, x, state, values), exact):
        compare(part, right.bfloat16(), rule="the step of the formula, in the dtype of x", atol=0.1)


@pytest.mark.points(1)
@each_step
@pytest.mark.hint("which exponentials does the step take, and what becomes of each when a gate is driven far out?")
def test_steps_stand_saturated_gates(student: Any, name: str) -> None:
    """Each step stays finite and right where its gates are driven far into saturation, in float32.

    Exponentials that overflow give NaN here.
    """
    gates = GATES[name]
    batch, hidden = 6, 8
    w_ih, w_hh, b_ih, b_hh = [w.float() for w in weights(gates, 1, hidden)]
    w_ih = 1000 * w_ih.sign()
    x = torch.ones(batch, 1)
    x[::2] = -1.0  # both signs at every gate
    state = [s.float() for s in states(name, batch, hidden)]
    expected = step(torch_step(name), name, x, state, (w_ih, w_hh, b_ih, b_hh))
    for part, right in zip(step(getattr(student, name), name, x, state, (w_ih, w_hh, b_ih, b_hh)), expected):
        compare(part, right, rule="the step of the formula, with every gate open or closed")


@pytest.mark.points(1)
@each_step
@pytest.mark.hint("is there a tensor in the step that was made, and where was it made?")
def test_steps_stay_on_the_device(student: Any, fake_cuda: FakeCuda, name: str) -> None:
    """Each step works on a GPU (checked on a simulated one)."""
    x, values = torch.randn(B, D), [w.float() for w in weights(GATES[name])]
    state = [s.float() for s in states(name)]
    on_fake_cuda(fake_cuda, getattr(student, name), x, tuple(state) if len(state) == 2 else state[0], *values)


# --- 5. LSTM ------------------------------------------------------------------------------------


def filled(student: Any, values: Sequence[Tensor]) -> Any:
    """The student's LSTM in float64, holding `values`."""
    layer = student.LSTM(values[0].shape[1], values[1].shape[1])
    layer.to(torch.float64)
    layer.load_state_dict(dict(zip(KEYS, values)))
    return layer


@pytest.mark.public
@pytest.mark.points(3)
@no_lstm
@pytest.mark.hint("print nn.LSTM(3, 4).state_dict() and compare names and shapes with your own")
def test_lstm_module_takes_torch_weights(student: Any) -> None:
    """LSTM loads the state dict of nn.LSTM, and computes the same with it, from zeros and from a state."""
    twin = nn.LSTM(D, H, batch_first=True, dtype=torch.float64)
    x, state = draw(B, T, D), (draw(B, H), draw(B, H))
    values = [tensor.detach().clone() for tensor in twin.state_dict().values()]
    expected = whole(x, values), whole(x, values, state)
    layer = student.LSTM(D, H)
    layer.to(torch.float64)
    layer.load_state_dict(dict(zip(twin.state_dict(), values)))
    compare_parts(layer(x), expected[0])
    compare_parts(layer(x, state), expected[1])


@pytest.mark.points(3)
@no_lstm
@pytest.mark.hint("print list(layer.named_parameters()): which names, and how many rows for four gates?")
def test_lstm_module_registers_its_parameters(student: Any) -> None:
    """LSTM has four parameters that an optimizer finds, of nn.LSTM's names and shapes, and saves no more.

    A single bias, names of one's own, or plain tensors are caught here. What one layer saves, another one loads.
    """
    layer = student.LSTM(input_size=D, hidden_size=H)
    found = {name: (tuple(p.shape), p.requires_grad) for name, p in layer.named_parameters()}
    assert set(found) == set(KEYS), "the parameters have other names than those of nn.LSTM, or another number"
    assert found["weight_ih_l0"] == ((4 * H, D), True), "weight_ih_l0 is (4*H, D) and asks for a gradient"
    assert found["weight_hh_l0"] == ((4 * H, H), True), "weight_hh_l0 is (4*H, H) and asks for a gradient"
    assert found["bias_ih_l0"] == ((4 * H,), True), "bias_ih_l0 is (4*H,) and asks for a gradient"
    assert found["bias_hh_l0"] == ((4 * H,), True), "bias_hh_l0 is (4*H,) and asks for a gradient"
    saved = {key: tensor.detach().clone() for key, tensor in layer.state_dict().items()}
    assert set(saved) == set(KEYS), "the state dict holds the four parameters and nothing else"
    x, second = torch.randn(B, T, D), student.LSTM(D, H)
    expected = [part.detach().clone() for part in parts(layer(x))]
    second.load_state_dict(saved)
    compare_parts(second(x), expected)


@pytest.mark.points(2)
@no_lstm
@pytest.mark.hint(
    "torch.empty is memory as it was found: who fills it? And can gates learn to differ if all start alike?"
)
def test_lstm_module_has_a_random_start(student: Any, remote: Remote) -> None:
    """LSTM's start values are finite, its weights are not constant, and one seed gives one start.

    Memory that was never filled, and zeros, are caught here.
    """
    seed, torch_there = int(torch.randint(2**31, ())), remote("torch")
    torch_there.use_deterministic_algorithms(True, warn_only=True)  # fills new memory with NaN
    try:
        torch_there.manual_seed(seed)
        first = student.LSTM(D, H).state_dict()
        torch_there.manual_seed(seed)
        second = student.LSTM(D, H).state_dict()
    finally:
        torch_there.use_deterministic_algorithms(False)
    for key in KEYS:
        value = first[key].detach()
        assert bool(value.isfinite().all()), f"{key} starts with numbers that are not finite"
        if key.startswith("weight"):
            assert bool((value != value.flatten()[0]).any()), f"{key} starts with one number everywhere"
        compare(second[key].detach(), value, rule="the same start under the same seed")


@pytest.mark.points(1)
@no_lstm
@pytest.mark.hint("what is left in the module after a call, and who asked for it?")
def test_lstm_module_forgets_the_last_call(student: Any) -> None:
    """LSTM starts anew at every call, whatever batch came before."""
    values, x = weights(4), draw(B, T, D)
    other = draw(B + 3, T - 2, D)
    expected, expected_other = whole(x, values), whole(other, values)
    layer = filled(student, values)
    for batch, right in ((x, expected), (x, expected), (other, expected_other), (x, expected)):
        compare_parts(layer(batch), right)


@pytest.mark.points(2)
@no_lstm
@pytest.mark.hint("does the computation go through the parameters themselves?")
def test_lstm_module_passes_gradients(student: Any) -> None:
    """Gradients reach the input and all four parameters of LSTM."""
    x, values = draw(B, T, D), weights(4)
    cotangents = [draw(B, T, H), draw(B, H), draw(B, H)]
    expected = gradients(lambda x, *r: whole(x, r), [x, *values], cotangents)
    layer = filled(student, values)
    (grad,) = gradients(lambda x: parts(layer(x)), [x], cotangents)
    compare(grad, expected[0], rule="the gradient of x")
    for key, right in zip(KEYS, expected[1:]):
        compare(getattr(layer, key).grad, right, rule=f"the gradient of {key}")


@pytest.mark.points(1)
@no_lstm
@pytest.mark.hint("does every tensor of the layer follow `.to`, and which dtype does the state start with?")
def test_lstm_module_in_half_precision(student: Any) -> None:
    """LSTM moved to bfloat16 computes and answers in bfloat16."""
    x, values = draw(B, 3, D).bfloat16(), [(0.5 * w).bfloat16() for w in weights(4)]
    expected = [part.bfloat16() for part in whole(x.float(), [w.float() for w in values])]
    layer = student.LSTM(D, H)
    layer.to(torch.bfloat16)
    layer.load_state_dict(dict(zip(KEYS, values)))
    compare_parts(layer(x), expected, atol=0.1)


@pytest.mark.points(1)
@no_lstm
@pytest.mark.hint("is there a tensor in the layer that .to(device) does not know of, or one made in forward?")
def test_lstm_module_moves_to_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """LSTM works on a GPU once it has been moved there (checked on a simulated one)."""
    on_fake_cuda(fake_cuda, student.LSTM(D, H), torch.randn(B, T, D))


# --- 6. last_valid ------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@no_loops
@pytest.mark.hint("for which index does a sequence of three steps have its last step?")
def test_last_valid_picks_the_last_real_step(student: Any) -> None:
    """last_valid picks the output of the last real step of each sequence.

    The last column, which is padding for most sequences, and an index that is off by one are caught here.
    """
    outputs, lengths = draw(B, T, H), torch.tensor([3, 6, 2])
    rows = torch.arange(B)
    mistakes = {
        "outputs[:, -1]": outputs[:, -1],
        "taking lengths for the index": outputs[rows, lengths],
        "going one step too far back": outputs[rows, lengths - 2],
        "indexing all rows with all lengths": outputs[:, lengths - 1],
    }
    right = outputs[rows, lengths - 1]
    compare(
        student.last_valid(outputs, lengths), right, rule="outputs[b, lengths[b] - 1] for every b", mistakes=mistakes
    )

    example = torch.tensor([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])
    answer = student.last_valid(example, torch.tensor([2, 3]))
    compare(answer, torch.tensor([[2.0], [6.0]]), rule="outputs[b, lengths[b] - 1] for every b")


@pytest.mark.points(2)
@no_loops
@pytest.mark.hint("try sequences of a single step, sequences without padding, one sequence, and no sequence at all")
@pytest.mark.parametrize(
    ("lengths", "hidden"),
    [((1, T, 1), H), ((T, 1, T), H), ((T, T, T), H), ((1, 1, 1), H), ((4,), H), ((4,), 1), ((), H)],
    ids=str,
)
def test_last_valid_at_its_borders(student: Any, lengths: tuple[int, ...], hidden: int) -> None:
    """last_valid takes sequences of one step and of all steps, one sequence or none, and one hidden unit."""
    outputs, given = draw(len(lengths), T, hidden), torch.tensor(lengths, dtype=torch.int64)
    right = outputs[torch.arange(len(lengths)), given - 1]
    compare(student.last_valid(outputs, given), right, rule="outputs[b, lengths[b] - 1] for every b, (B, H)")


@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("try outputs.transpose(0, 1), bfloat16, and look at lengths again afterwards")
@pytest.mark.parametrize("kind", VIEWS)
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16], ids=["f64", "bf16"])
def test_last_valid_leaves_its_arguments(student: Any, kind: str, dtype: torch.dtype) -> None:
    """last_valid takes views in any dtype, keeps the dtype, and leaves outputs and lengths as they were."""
    shape = (B, T, H)
    outputs = view(kind, *shape) if dtype == torch.float64 else draw(T, B, H).to(dtype).transpose(0, 1)
    lengths = torch.tensor([4, 2, 5])
    before, right = [outputs.clone(), lengths.clone()], outputs[torch.arange(B), lengths - 1]
    compare(student.last_valid(outputs, lengths), right, rule="outputs[b, lengths[b] - 1] for every b")
    unchanged(before, [outputs, lengths])


@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("which places of outputs did the result come from?")
def test_last_valid_passes_gradients(student: Any) -> None:
    """last_valid passes the gradient on to the steps that it picked, and to no other."""
    outputs, lengths, g = draw(B, T, H), torch.tensor([5, 1, 3]), draw(B, H)
    expected = torch.zeros(B, T, H, dtype=torch.float64)
    expected[torch.arange(B), lengths - 1] = g
    (grad,) = gradients(lambda out: [student.last_valid(out, lengths)], [outputs], [g])
    compare(grad, expected, rule="the gradient at the last real steps, zero elsewhere")


@pytest.mark.points(1)
@no_loops
@pytest.mark.hint("is there a tensor that was made in the function, or moved?")
def test_last_valid_stays_on_the_device(student: Any, fake_cuda: FakeCuda) -> None:
    """last_valid works on a GPU, with lengths there as well (checked on a simulated one)."""
    on_fake_cuda(fake_cuda, student.last_valid, torch.randn(B, T, H), torch.tensor([4, 2, 5]))


# --- 7. lstm_masked -----------------------------------------------------------------------------


def padded(x: Tensor, lengths: Tensor, value: float) -> Tensor:
    """`x` with `value` in its padding."""
    padding = torch.arange(x.shape[1]) >= lengths[:, None]
    return x.masked_fill(padding[:, :, None], value)


@pytest.mark.public
@pytest.mark.points(3)
@no_packing
@pytest.mark.hint("what does a sequence that is over do with its state while the others go on?")
def test_lstm_masked_stops_at_each_length(student: Any) -> None:
    """lstm_masked gives zeros after a sequence's end, and the state after its last real step.

    A state that keeps running over the padding is caught here.
    """
    x, values, lengths = draw(B, T, D), weights(4), torch.tensor([7, 4, 2])
    expected = packed(x, lengths, values)
    running = whole(x, values)
    valid = torch.arange(T) < lengths[:, None]
    last = running[0][torch.arange(B), lengths - 1]
    mistakes = {
        "leaving the outputs after the end as they are": running[0],
        "repeating the last output after the end": torch.where(valid[:, :, None], running[0], last[:, None]),
    }
    outputs, h, c = parts(student.lstm_masked(x, lengths, *values))
    compare(outputs, expected[0], rule="h after every real step, zeros after the end, (B, T, H)", mistakes=mistakes)
    mistakes = {
        "a state that keeps running on the padding": running[1],
        "taking h from the last column": expected[0][:, -1],
    }
    compare(h, expected[1], rule="the hidden state after each sequence's last real step, (B, H)", mistakes=mistakes)
    mistakes = {"a state that keeps running on the padding": running[2]}
    compare(c, expected[2], rule="the cell state after each sequence's last real step, (B, H)", mistakes=mistakes)


@pytest.mark.points(2)
@no_packing
@pytest.mark.hint("shuffle the batch: do outputs, h and c come back in the order of x?")
@pytest.mark.parametrize("lengths", [(2, 7, 5), (1, 3, 7), (4, 1, 7)], ids=str)
def test_lstm_masked_takes_lengths_in_any_order(student: Any, lengths: tuple[int, ...]) -> None:
    """lstm_masked takes lengths in any order, and returns its results in the order of x."""
    x, values, given = draw(B, T, D), weights(4), torch.tensor(lengths)
    expected = packed(x, given, values)
    compare_parts(student.lstm_masked(x, given, *values), expected)


@pytest.mark.points(2)
@no_packing
@pytest.mark.hint("how many steps does x have, whatever the longest sequence is? And what of one sequence alone?")
@pytest.mark.parametrize(
    ("lengths", "inputs", "hidden"),
    [((T, T, T), D, H), ((1, 1, 1), D, H), ((3, 2, 5), D, H), ((4,), D, H), ((4, 2, 6), 1, H), ((4, 2, 6), D, 1)],
    ids=str,
)
def test_lstm_masked_returns_all_steps(student: Any, lengths: tuple[int, ...], inputs: int, hidden: int) -> None:
    """lstm_masked returns as many steps as x has, of sequences without padding, of short ones, of a single one.

    Outputs that end with the longest sequence, and lost dimensions of size 1, are caught here.
    """
    x, values, given = draw(len(lengths), T, inputs), weights(4, inputs, hidden), torch.tensor(lengths)
    expected = packed(x, given, values)
    compare_parts(student.lstm_masked(x, given, *values), expected)


@pytest.mark.points(2)
@no_packing
@pytest.mark.hint("what is 0 times NaN?")
def test_lstm_masked_keeps_nan_out_of_its_results(student: Any) -> None:
    """lstm_masked lets nothing of the padding into outputs and state, be it NaN."""
    x, values, lengths = draw(B, T, D), weights(4), torch.tensor([3, 6, 1])
    expected = packed(x, lengths, values)
    compare_parts(student.lstm_masked(padded(x, lengths, float("nan")), lengths, *values), expected)


@pytest.mark.points(3)
@no_packing
@pytest.mark.hint(
    "a weight's gradient is a sum over all steps: what does a padded step add to it? When should NaN be gone?"
)
def test_lstm_masked_keeps_nan_out_of_its_gradients(student: Any) -> None:
    """lstm_masked lets nothing of the padding into any gradient, and gives the padding a gradient of zero.

    A choice between results comes too late: the branch that was not taken has a gradient, too.
    """
    x, values, lengths = draw(B, T, D), weights(4), torch.tensor([3, 6, 1])
    cotangents = [draw(B, T, H), draw(B, H), draw(B, H)]
    expected = gradients(lambda x, *r: packed(x, lengths, r), [x, *values], cotangents)
    dirty = padded(x, lengths, float("nan"))
    answer = gradients(lambda x, *r: parts(student.lstm_masked(x, lengths, *r)), [dirty, *values], cotangents)
    for name, grad, right in zip(("x", "w_ih", "w_hh", "b_ih", "b_hh"), answer, expected):
        compare(grad, right, rule=f"the gradient of {name}")


@pytest.mark.points(1)
@no_packing
@pytest.mark.hint("try x.transpose(0, 1), x[::2] and an expanded x; and look at x and lengths again afterwards")
@pytest.mark.parametrize("kind", VIEWS)
def test_lstm_masked_leaves_its_arguments(student: Any, kind: str) -> None:
    """lstm_masked takes views of other tensors and leaves x, lengths and weights as they were."""
    x, values, lengths = view(kind, B, T, D), weights(4), torch.tensor([5, 2, 6])
    arguments = [x, lengths, *values]
    before, expected = [tensor.clone() for tensor in arguments], packed(x, lengths, values)
    compare_parts(student.lstm_masked(x, lengths, *values), expected)
    unchanged(before, arguments)


@pytest.mark.points(1)
@no_packing
@pytest.mark.hint("of which dtype are the zeros, of the state and after a sequence's end?")
def test_lstm_masked_keeps_the_dtype(student: Any) -> None:
    """lstm_masked computes in the dtype of x, bfloat16 among them: outputs and state."""
    x, values, lengths = draw(B, 4, D).bfloat16(), [(0.5 * w).bfloat16() for w in weights(4)], torch.tensor([2, 4, 1])
    expected = [part.bfloat16() for part in packed(x.float(), lengths, [w.float() for w in values])]
    compare_parts(student.lstm_masked(x, lengths, *values), expected, atol=0.1)


@pytest.mark.points(1)
@no_packing
@pytest.mark.hint("where was the mask made, and where the state?")
def test_lstm_masked_stays_on_the_device(student: Any, fake_cuda: FakeCuda) -> None:
    """lstm_masked works on a GPU, with lengths there as well (checked on a simulated one)."""
    x, values = torch.randn(B, T, D), [w.float() for w in weights(4)]
    on_fake_cuda(fake_cuda, student.lstm_masked, x, torch.tensor([5, 2, 6]), *values)


# --- on an accelerator --------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.points(2)
@no_lstm
@pytest.mark.hint("on which device does the state start, and does anything go back to the CPU between the steps?")
@pytest.mark.parametrize("what", ["lstm", "LSTM"])
def test_lstm_on_the_accelerator(student: Any, device: torch.device, what: str) -> None:
    """On an accelerator, lstm and LSTM agree with PyTorch's own, and their state starts there."""
    x, twin = torch.randn(B, 20, D), nn.LSTM(D, H, batch_first=True).to(device)
    values = [tensor.detach().clone() for tensor in twin.state_dict().values()]
    with torch.no_grad(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
        outputs, (h, c) = twin(x.to(device))
    expected = [outputs.cpu(), h[0].cpu(), c[0].cpu()]
    if what == "lstm":
        answer = parts(student.lstm(x.to(device), *values))
    else:
        layer = student.LSTM(D, H)
        layer.load_state_dict({key: tensor.cpu() for key, tensor in zip(KEYS, values)})
        layer.to(device)
        answer = parts(layer(x.to(device)))
    for part, right, rule in zip(answer, expected, (OUTPUTS, LAST_H, LAST_C)):
        assert isinstance(part, Tensor) and part.device.type == device.type, "a result is not on the device of x"
        compare(part.detach().cpu(), right, rule=rule, rtol=1e-4, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.points(1)
@no_lstm
@pytest.mark.hint("of which dtype are the zeros that the state starts with?")
def test_lstm_in_bfloat16_on_the_accelerator(student: Any, device: torch.device) -> None:
    """On an accelerator, lstm computes and answers in bfloat16 where its arguments are."""
    x, values = draw(B, 4, D).bfloat16(), [(0.5 * w).bfloat16() for w in weights(4)]
    expected = [part.bfloat16() for part in whole(x.float(), [w.float() for w in values])]
    answer = parts(student.lstm(x.to(device), *[w.to(device) for w in values]))
    for part, right, rule in zip(answer, expected, (OUTPUTS, LAST_H, LAST_C)):
        assert isinstance(part, Tensor) and part.device.type == device.type, "a result is not on the device of x"
        compare(part.cpu(), right, rule=rule, atol=0.1)


@pytest.mark.gpu
@pytest.mark.points(1)
@no_packing
@pytest.mark.hint("where was the mask made, and where the state?")
def test_lstm_masked_on_the_accelerator(student: Any, device: torch.device) -> None:
    """On an accelerator, lstm_masked works with lengths that lie there, too, and keeps NaN out."""
    x, values, lengths = torch.randn(B, T, D), [0.5 * w.float() for w in weights(4)], torch.tensor([3, 6, 1])
    expected = packed(x, lengths, values)
    dirty = padded(x, lengths, float("nan")).to(device)
    answer = parts(student.lstm_masked(dirty, lengths.to(device), *[w.to(device) for w in values]))
    for part, right, rule in zip(answer, expected, (OUTPUTS, LAST_H, LAST_C)):
        assert isinstance(part, Tensor) and part.device.type == device.type, "a result is not on the device of x"
        compare(part.cpu(), right, rule=rule, rtol=1e-4, atol=1e-5)


@pytest.mark.gpu
@pytest.mark.points(1)
@each_step
@pytest.mark.hint("is there a tensor in the step that was made, and where was it made?")
def test_steps_on_the_accelerator(student: Any, device: torch.device, name: str) -> None:
    """On an accelerator, each step computes there what PyTorch's own computes."""
    x, values = torch.randn(B, D), [0.5 * w.float() for w in weights(GATES[name])]
    state = [s.float() for s in states(name)]
    expected = step(torch_step(name), name, x, state, values)
    there = [[tensor.to(device) for tensor in tensors] for tensors in (state, values)]
    for part, right in zip(step(getattr(student, name), name, x.to(device), *there), expected):
        assert isinstance(part, Tensor) and part.device.type == device.type, "a result is not on the device of x"
        compare(part.cpu(), right, rule="the step of the formula", rtol=1e-4, atol=1e-5)
