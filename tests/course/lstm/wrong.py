"""Wrong answers to `lstm`: blocks that, put behind the reference solution, replace a part of it.

Each block's header says what the misconception is and which tests must reject it. Blocks called
`banned_…` give the right numbers by a call that their task forbids.
"""

# ruff: noqa
# mypy: ignore-errors

# === 1. rnn_step ===

# --- rnn_feeds_output: an output is fed back in the place of the hidden state -> test_rnn_step_follows_the_formula, test_steps_pass_gradients
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    from_x = x @ w_ih.T + b_ih
    return torch.tanh(from_x + torch.tanh(from_x) @ w_hh.T + b_hh)


# --- rnn_no_tanh: the sum is returned as it is -> test_rnn_step_follows_the_formula, test_steps_stand_saturated_gates
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    return x @ w_ih.T + b_ih + h @ w_hh.T + b_hh


# --- rnn_relu: ReLU in the place of tanh -> test_rnn_step_follows_the_formula
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    return torch.relu(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh)


# --- rnn_one_bias: b_hh is not added -> test_rnn_step_follows_the_formula, test_steps_pass_gradients
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    return torch.tanh(x @ w_ih.T + b_ih + h @ w_hh.T)


# --- rnn_untransposed: w_hh is square, and nobody complains when it is not transposed -> test_rnn_step_follows_the_formula
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    return torch.tanh(x @ w_ih.T + b_ih + h @ w_hh + b_hh)


# --- rnn_tanh_of_exponentials: tanh is inf / inf far out -> test_steps_stand_saturated_gates
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    a = x @ w_ih.T + b_ih + h @ w_hh.T + b_hh
    return (torch.exp(a) - torch.exp(-a)) / (torch.exp(a) + torch.exp(-a))


# --- rnn_squeezes: dimensions of size 1 are squeezed away -> test_steps_take_sizes_of_one_and_none
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    return torch.tanh(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).squeeze()


# --- rnn_in_place: the new state is written into the old one -> test_steps_read_views_and_write_nothing
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    new = torch.tanh(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh)
    if not h.requires_grad and 0 not in h.stride():
        h.copy_(new)
    return new


# --- rnn_detached: the hidden state is taken for data -> test_steps_pass_gradients
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    return torch.tanh(x @ w_ih.T + b_ih + h.detach() @ w_hh.T + b_hh)


# --- rnn_float32: the result is always float32 -> test_steps_keep_the_dtype
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    return torch.tanh(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).float()


# --- rnn_from_zeros_on_the_cpu: the sum starts with zeros made on the CPU -> test_steps_stay_on_the_device
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    total = torch.zeros(x.shape[0], h.shape[1], dtype=x.dtype)
    return torch.tanh(total + x @ w_ih.T + b_ih + h @ w_hh.T + b_hh)


# --- banned_rnn_cell_function: torch's own cell -> test_rnn_step_follows_the_formula, test_steps_pass_gradients
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    return torch.rnn_tanh_cell(x, h, w_ih, w_hh, b_ih, b_hh)


# --- banned_rnn_cell_module: torch's own cell, filled with the weights -> test_rnn_step_follows_the_formula
def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    cell = nn.RNNCell(x.shape[1], h.shape[1], dtype=x.dtype)
    cell.load_state_dict({"weight_ih": w_ih, "weight_hh": w_hh, "bias_ih": b_ih, "bias_hh": b_hh})
    return cell(x, h)


# === 2. lstm_step ===

# --- lstm_step_order_ifog: the gates are stacked i, f, o, g -> test_lstm_step_follows_the_formula, test_lstm_step_has_gates_that_open_and_close, test_lstm_stays_accurate_over_fifty_steps, test_lstm_module_takes_torch_weights
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = state
    i, f, o, g = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


# --- lstm_step_swapped_i_f: input and forget gate are swapped -> test_lstm_step_follows_the_formula, test_lstm_step_has_gates_that_open_and_close
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = state
    f, i, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


# --- lstm_step_no_tanh_on_c: h' is o * c' -> test_lstm_step_follows_the_formula, test_lstm_step_has_gates_that_open_and_close
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = state
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * c, c


# --- lstm_step_h_from_old_c: h' sees the cell before the step -> test_lstm_step_follows_the_formula, test_lstm_step_has_gates_that_open_and_close
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = state
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=1)
    return torch.sigmoid(o) * torch.tanh(c), torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)


# --- lstm_step_c_from_old_h: the candidate is taken of h alone, and not of its product -> test_lstm_step_follows_the_formula
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = state
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(h)
    return torch.sigmoid(o) * torch.tanh(c), c


# --- lstm_step_all_sigmoid: g is a sigmoid like the others -> test_lstm_step_follows_the_formula
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = state
    i, f, g, o = torch.sigmoid(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=1)
    c = f * c + i * g
    return o * torch.tanh(c), c


# --- lstm_step_coupled: 1 - i in the place of the forget gate -> test_lstm_step_follows_the_formula, test_steps_pass_gradients
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = state
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=1)
    c = (1 - torch.sigmoid(i)) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


# --- lstm_step_interleaved: the gates are taken to alternate row by row -> test_lstm_step_follows_the_formula
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = state
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).unflatten(1, (-1, 4)).unbind(2)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


# --- lstm_step_returns_c_first: the pair is (c, h) -> test_lstm_step_follows_the_formula
_solved_step = lstm_step


def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    return _solved_step(x, state, w_ih, w_hh, b_ih, b_hh)[::-1]


# --- lstm_step_returns_three: the output is returned beside h and c, which it is -> test_lstm_step_follows_the_formula
_solved_step = lstm_step


def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = _solved_step(x, state, w_ih, w_hh, b_ih, b_hh)
    return h, h, c


# --- lstm_step_forgets_in_place: c *= f writes to the state that was handed in -> test_steps_read_views_and_write_nothing
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = state
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=1)
    if c.requires_grad or 0 in c.stride():
        c = c.clone()
    c *= torch.sigmoid(f)
    c += torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


# --- lstm_step_detaches_c: the cell state leaves the graph -> test_steps_pass_gradients, test_lstm_gradients_go_through_time, test_lstm_module_passes_gradients
_solved_step = lstm_step


def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = state
    return _solved_step(x, (h, c.detach()), w_ih, w_hh, b_ih, b_hh)


# --- lstm_step_exponentials: sigmoid is exp / (1 + exp), inf / inf far out -> test_steps_stand_saturated_gates
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = state
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).chunk(4, dim=1)
    i, f, o = (torch.exp(a) / (1 + torch.exp(a)) for a in (i, f, o))
    c = f * c + i * torch.tanh(g)
    return o * torch.tanh(c), c


# --- lstm_step_clips: pre-activations are clipped to ±1 for safety -> test_lstm_step_follows_the_formula, test_lstm_step_has_gates_that_open_and_close
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = state
    i, f, g, o = (x @ w_ih.T + b_ih + h @ w_hh.T + b_hh).clamp(-1, 1).chunk(4, dim=1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


# --- lstm_step_one_sequence: the state is squeezed to (H,) for one sequence -> test_steps_take_sizes_of_one_and_none
_solved_step = lstm_step


def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = _solved_step(x, state, w_ih, w_hh, b_ih, b_hh)
    return h.squeeze(0), c.squeeze(0)


# --- lstm_step_needs_a_sequence: a batch without sequences ends in an error -> test_steps_take_sizes_of_one_and_none
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    steps = [_one_step(x[b], state[0][b], state[1][b], w_ih, w_hh, b_ih + b_hh) for b in range(len(x))]
    return torch.stack([h for h, _ in steps]), torch.stack([c for _, c in steps])


def _one_step(x, h, c, w_ih, w_hh, bias):
    i, f, g, o = (w_ih @ x + w_hh @ h + bias).chunk(4)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(o) * torch.tanh(c), c


# --- lstm_step_views: view works for contiguous input alone -> test_steps_read_views_and_write_nothing
_solved_step = lstm_step


def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    return _solved_step(x.view(-1).view(x.shape), state, w_ih, w_hh, b_ih, b_hh)


# --- lstm_step_float32: the step is computed and returned in float32 -> test_steps_keep_the_dtype, test_lstm_keeps_the_dtype, test_lstm_module_in_half_precision
_solved_step = lstm_step


def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    values = [tensor.float() for tensor in (w_ih, w_hh, b_ih, b_hh)]
    h, c = _solved_step(x.float(), (state[0].float(), state[1].float()), *values)
    return h, c


# --- lstm_step_new_cell_on_the_cpu: the new cell is filled in on the CPU -> test_steps_stay_on_the_device
_solved_step = lstm_step


def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = _solved_step(x, state, w_ih, w_hh, b_ih, b_hh)
    return h, torch.zeros(c.shape, dtype=c.dtype) + c


# --- banned_lstm_cell_function: torch's own cell -> test_lstm_step_follows_the_formula, test_lstm_runs_over_time, test_lstm_module_takes_torch_weights
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    return torch.lstm_cell(x, state, w_ih, w_hh, b_ih, b_hh)


# --- banned_lstm_cell_module: torch's own cell, filled with the weights -> test_lstm_step_follows_the_formula
def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    cell = nn.LSTMCell(x.shape[1], w_hh.shape[1], dtype=x.dtype)
    cell.load_state_dict({"weight_ih": w_ih, "weight_hh": w_hh, "bias_ih": b_ih, "bias_hh": b_hh})
    return cell(x, state)


# === 3. lstm ===

# --- lstm_random_state: the state starts with random numbers -> test_lstm_runs_over_time, test_lstm_starts_from_zeros, test_lstm_module_takes_torch_weights
def _zero_state(x, w_hh):
    shape = (x.shape[0], w_hh.shape[1])
    return torch.randn(shape, dtype=x.dtype, device=x.device), torch.randn(shape, dtype=x.dtype, device=x.device)


# --- lstm_state_of_ones: the state starts with ones -> test_lstm_runs_over_time, test_lstm_starts_from_zeros, test_lstm_takes_one_step_or_none
def _zero_state(x, w_hh):
    ones = x.new_ones(x.shape[0], w_hh.shape[1])
    return ones, ones


# --- lstm_state_float32: the zeros have the default dtype -> test_lstm_keeps_the_dtype, test_lstm_module_in_half_precision, test_lstm_masked_keeps_the_dtype
def _zero_state(x, w_hh):
    zeros = torch.zeros(x.shape[0], w_hh.shape[1], device=x.device)
    return zeros, zeros


# --- lstm_state_on_the_cpu: the zeros lie on the CPU -> test_lstm_starts_on_the_device_of_x, test_lstm_module_moves_to_another_device, test_lstm_masked_stays_on_the_device
def _zero_state(x, w_hh):
    zeros = torch.zeros(x.shape[0], w_hh.shape[1], dtype=x.dtype)
    return zeros, zeros


# --- lstm_sequence_first: dim 0 is taken for time -> test_lstm_runs_over_time, test_lstm_starts_from_a_given_state, test_lstm_takes_one_step_or_none
_solved = lstm


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    outputs, state = _solved(x.transpose(0, 1), w_ih, w_hh, b_ih, b_hh, state)
    return outputs.transpose(0, 1), state


# --- lstm_outputs_seq_first: outputs come back as (T, B, H) -> test_lstm_runs_over_time, test_lstm_takes_one_step_or_none
_solved = lstm


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    outputs, state = _solved(x, w_ih, w_hh, b_ih, b_hh, state)
    return outputs.transpose(0, 1), state


# --- lstm_returns_cells: outputs are made of c -> test_lstm_runs_over_time, test_lstm_stays_accurate_over_fifty_steps
def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    state = _zero_state(x, w_hh) if state is None else state
    outputs = []
    for x_t in x.unbind(1):
        state = lstm_step(x_t, state, w_ih, w_hh, b_ih, b_hh)
        outputs.append(state[1])
    return _stacked(outputs, state[0]), state


# --- lstm_last_output: only the last h is returned -> test_lstm_runs_over_time
_solved = lstm


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    _, state = _solved(x, w_ih, w_hh, b_ih, b_hh, state)
    return state[0], state


# --- lstm_state_with_layers: h and c come back as (1, B, H), as those of nn.LSTM -> test_lstm_runs_over_time, test_lstm_takes_one_step_or_none
_solved = lstm


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    outputs, (h, c) = _solved(x, w_ih, w_hh, b_ih, b_hh, state)
    return outputs, (h[None], c[None])


# --- lstm_backwards: the steps are taken from the last to the first -> test_lstm_runs_over_time
_solved = lstm


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    outputs, state = _solved(x.flip(1), w_ih, w_hh, b_ih, b_hh, state)
    return outputs.flip(1), state


# --- lstm_state_restarts: each step starts from the initial state -> test_lstm_runs_over_time, test_lstm_stays_accurate_over_fifty_steps, test_lstm_gradients_go_through_time
def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    state = _zero_state(x, w_hh) if state is None else state
    steps = [lstm_step(x_t, state, w_ih, w_hh, b_ih, b_hh) for x_t in x.unbind(1)]
    return _stacked([h for h, _ in steps], state[0]), steps[-1] if steps else state


# --- lstm_state_ignored: a given state is not looked at -> test_lstm_starts_from_a_given_state, test_lstm_takes_one_step_or_none, test_lstm_module_takes_torch_weights
_solved = lstm


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    return _solved(x, w_ih, w_hh, b_ih, b_hh)


# --- lstm_c_ignored: h is taken over, c starts from zeros -> test_lstm_starts_from_a_given_state
_solved = lstm


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    if state is not None:
        state = state[0], torch.zeros_like(state[1])
    return _solved(x, w_ih, w_hh, b_ih, b_hh, state)


# --- lstm_given_state_overwritten: the last state is written into the one that was handed in -> test_lstm_starts_from_a_given_state
_solved = lstm


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    outputs, last = _solved(x, w_ih, w_hh, b_ih, b_hh, state)
    if state is not None and not state[0].requires_grad:
        state[0].copy_(last[0])
    return outputs, last


# --- lstm_remembers: the last call's state is the next one's start -> test_lstm_starts_from_zeros, test_lstm_module_forgets_the_last_call
_solved = lstm
_last = {}


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    start = _last.get((x.shape, x.dtype)) if state is None else state
    outputs, (h, c) = _solved(x, w_ih, w_hh, b_ih, b_hh, start)
    _last[x.shape, x.dtype] = h.detach(), c.detach()
    return outputs, (h, c)


# --- lstm_no_empty_sequence: torch.stack takes no empty list -> test_lstm_takes_one_step_or_none
def _stacked(outputs, h):
    return torch.stack(outputs, dim=1)


# --- lstm_empty_loses_state: no steps give no state -> test_lstm_takes_one_step_or_none
_solved = lstm


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    if x.shape[1] == 0:
        h, c = _zero_state(x, w_hh)
        return x.new_zeros(x.shape[0], 0, w_hh.shape[1]), (h, c)
    return _solved(x, w_ih, w_hh, b_ih, b_hh, state)


# --- lstm_one_step_squeezed: dim 1 disappears for sequences of one step -> test_lstm_takes_one_step_or_none
_solved = lstm


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    outputs, state = _solved(x, w_ih, w_hh, b_ih, b_hh, state)
    return outputs.squeeze(1), state


# --- lstm_truncated: the state is detached between the steps -> test_lstm_gradients_go_through_time, test_lstm_module_passes_gradients
def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    state = _zero_state(x, w_hh) if state is None else state
    outputs = []
    for x_t in x.unbind(1):
        state = lstm_step(x_t, (state[0].detach(), state[1].detach()), w_ih, w_hh, b_ih, b_hh)
        outputs.append(state[0])
    return _stacked(outputs, state[0]), state


# --- lstm_state_without_graph: a given state is copied as data -> test_lstm_gradients_go_through_time
_solved = lstm


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    if state is not None:
        state = state[0].detach().clone(), state[1].detach().clone()
    return _solved(x, w_ih, w_hh, b_ih, b_hh, state)


# --- lstm_state_in_half_precision: the state is rounded to save memory -> test_lstm_stays_accurate_over_fifty_steps
_solved_step = lstm_step


def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = _solved_step(x, state, w_ih, w_hh, b_ih, b_hh)
    return h.half().to(x.dtype), c.half().to(x.dtype)


# --- lstm_flat_views: steps are cut by view, which works for contiguous input alone -> test_lstm_reads_views
_solved = lstm


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    flat = x.view(-1, x.shape[2])
    return _solved(flat.view(x.shape), w_ih, w_hh, b_ih, b_hh, state)


# --- lstm_folded_biases: the biases are added up in place -> test_lstm_reads_views, test_lstm_starts_from_zeros
_solved = lstm


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    if not b_ih.requires_grad:
        b_ih += b_hh
        b_hh = torch.zeros_like(b_hh)
    return _solved(x, w_ih, w_hh, b_ih, b_hh, state)


# --- banned_lstm_function: torch's own -> test_lstm_runs_over_time, test_lstm_starts_from_a_given_state, test_lstm_module_takes_torch_weights
def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    h, c = _zero_state(x, w_hh) if state is None else state
    outputs, h, c = torch.lstm(x, (h[None], c[None]), [w_ih, w_hh, b_ih, b_hh], True, 1, 0.0, False, False, True)
    return outputs, (h[0], c[0])


# --- banned_lstm_module: torch's own layer, filled with the weights -> test_lstm_runs_over_time
def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    layer = nn.LSTM(x.shape[2], w_hh.shape[1], batch_first=True, dtype=x.dtype)
    for parameter, value in zip(layer.parameters(), (w_ih, w_hh, b_ih, b_hh)):
        parameter.data = value
    outputs, (h, c) = layer(x)
    return outputs, (h[0], c[0])


# === 4. gru_step ===

# --- gru_cho: r acts on h before the product, as in Cho's paper -> test_gru_step_follows_the_formula, test_gru_step_has_gates_that_open_and_close, test_steps_pass_gradients
def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    size = h.shape[1]
    x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, dim=1)
    h_r, h_z, _ = (h @ w_hh.T + b_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + (r * h) @ w_hh[2 * size :].T + b_hh[2 * size :])
    return (1 - z) * n + z * h


# --- gru_swapped_z: z and 1 - z are swapped -> test_gru_step_follows_the_formula, test_gru_step_has_gates_that_open_and_close
def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, dim=1)
    h_r, h_z, h_n = (h @ w_hh.T + b_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return z * n + (1 - z) * h


# --- gru_one_bias: the biases are added up, so b_hn is outside of r -> test_gru_step_follows_the_formula, test_gru_step_has_gates_that_open_and_close
def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    x_r, x_z, x_n = (x @ w_ih.T + b_ih + b_hh).chunk(3, dim=1)
    h_r, h_z, h_n = (h @ w_hh.T).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h


# --- gru_order_zrn: the gates are stacked z, r, n -> test_gru_step_follows_the_formula, test_gru_step_has_gates_that_open_and_close
def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    x_z, x_r, x_n = (x @ w_ih.T + b_ih).chunk(3, dim=1)
    h_z, h_r, h_n = (h @ w_hh.T + b_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h


# --- gru_reset_on_all: r acts on the input's share, too -> test_gru_step_follows_the_formula, test_gru_step_has_gates_that_open_and_close
def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, dim=1)
    h_r, h_z, h_n = (h @ w_hh.T + b_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(r * (x_n + h_n))
    return (1 - z) * n + z * h


# --- gru_exponentials: sigmoid is exp / (1 + exp), inf / inf far out -> test_steps_stand_saturated_gates
def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, dim=1)
    h_r, h_z, h_n = (h @ w_hh.T + b_hh).chunk(3, dim=1)
    r, z = (torch.exp(a) / (1 + torch.exp(a)) for a in (x_r + h_r, x_z + h_z))
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h


# --- gru_in_place: the share of the old state is taken in place -> test_steps_read_views_and_write_nothing
_solved_gru = gru_step


def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    new = _solved_gru(x, h, w_ih, w_hh, b_ih, b_hh)
    if h.requires_grad or 0 in h.stride():
        return new
    return h.copy_(new)


# --- gru_gates_without_graph: the gates are computed without a graph -> test_steps_pass_gradients
def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, dim=1)
    h_r, h_z, h_n = (h @ w_hh.T + b_hh).chunk(3, dim=1)
    with torch.no_grad():
        r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return (1 - z) * n + z * h


# --- gru_float32: the result is always float32 -> test_steps_keep_the_dtype
_solved_gru = gru_step


def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    return _solved_gru(x, h, w_ih, w_hh, b_ih, b_hh).float()


# --- gru_one_on_the_cpu: a tensor of ones is made on the CPU -> test_steps_stay_on_the_device
def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    x_r, x_z, x_n = (x @ w_ih.T + b_ih).chunk(3, dim=1)
    h_r, h_z, h_n = (h @ w_hh.T + b_hh).chunk(3, dim=1)
    r, z = torch.sigmoid(x_r + h_r), torch.sigmoid(x_z + h_z)
    return (torch.ones(z.shape, dtype=z.dtype) - z) * torch.tanh(x_n + r * h_n) + z * h


# --- banned_gru_cell_function: torch's own cell -> test_gru_step_follows_the_formula, test_gru_step_has_gates_that_open_and_close
def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    return torch.gru_cell(x, h, w_ih, w_hh, b_ih, b_hh)


# --- banned_gru_module: torch's own layer for one step -> test_gru_step_follows_the_formula
def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    layer = nn.GRU(x.shape[1], h.shape[1], batch_first=True, dtype=x.dtype)
    for parameter, value in zip(layer.parameters(), (w_ih, w_hh, b_ih, b_hh)):
        parameter.data = value
    return layer(x[:, None], h[None])[1][0]


# === 5. LSTM ===

# --- module_own_names: the parameters have names of their own -> test_lstm_module_takes_torch_weights, test_lstm_module_registers_its_parameters
class LSTM(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.w_ih = nn.Parameter(torch.randn(4 * hidden_size, input_size))
        self.w_hh = nn.Parameter(torch.randn(4 * hidden_size, hidden_size))
        self.b_ih = nn.Parameter(torch.zeros(4 * hidden_size))
        self.b_hh = nn.Parameter(torch.zeros(4 * hidden_size))

    def forward(self, x, state=None):
        return lstm(x, self.w_ih, self.w_hh, self.b_ih, self.b_hh, state)


# --- module_linear_layers: two linear layers hold the weights under their own names -> test_lstm_module_takes_torch_weights, test_lstm_module_registers_its_parameters
class LSTM(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.ih = nn.Linear(input_size, 4 * hidden_size)
        self.hh = nn.Linear(hidden_size, 4 * hidden_size)

    def forward(self, x, state=None):
        return lstm(x, self.ih.weight, self.hh.weight, self.ih.bias, self.hh.bias, state)


# --- module_single_bias: one bias is enough -> test_lstm_module_takes_torch_weights, test_lstm_module_registers_its_parameters
class LSTM(LSTM):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        del self.bias_hh_l0

    def forward(self, x, state=None):
        bias = self.bias_ih_l0
        return lstm(x, self.weight_ih_l0, self.weight_hh_l0, bias, torch.zeros_like(bias), state)


# --- module_second_bias_unused: the second bias is there and never added -> test_lstm_module_takes_torch_weights, test_lstm_module_passes_gradients, test_lstm_module_forgets_the_last_call
class LSTM(LSTM):
    def forward(self, x, state=None):
        bias = self.bias_ih_l0
        return lstm(x, self.weight_ih_l0, self.weight_hh_l0, bias, torch.zeros_like(bias), state)


# --- module_weights_by_columns: the weights are stored (in, 4H) -> test_lstm_module_takes_torch_weights, test_lstm_module_registers_its_parameters
class LSTM(LSTM):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.weight_ih_l0 = nn.Parameter(self.weight_ih_l0.detach().T.contiguous())
        self.weight_hh_l0 = nn.Parameter(self.weight_hh_l0.detach().T.contiguous())

    def forward(self, x, state=None):
        return lstm(x, self.weight_ih_l0.T, self.weight_hh_l0.T, self.bias_ih_l0, self.bias_hh_l0, state)


# --- module_plain_tensors: the weights are plain tensors with requires_grad -> test_lstm_module_registers_its_parameters, test_lstm_module_moves_to_another_device, test_lstm_module_in_half_precision
class LSTM(LSTM):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        for name, parameter in list(self.named_parameters()):
            delattr(self, name)
            setattr(self, name, parameter.detach().clone().requires_grad_())


# --- module_buffers: the weights are buffers, which nobody trains -> test_lstm_module_registers_its_parameters, test_lstm_module_passes_gradients
class LSTM(LSTM):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        for name, parameter in list(self.named_parameters()):
            delattr(self, name)
            self.register_buffer(name, parameter.detach().clone())


# --- module_saves_its_state: the state is a buffer of the module, saved with it -> test_lstm_module_registers_its_parameters, test_lstm_module_takes_torch_weights
class LSTM(LSTM):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.register_buffer("h0", torch.zeros(1, hidden_size))

    def forward(self, x, state=None):
        h0 = self.h0.expand(len(x), -1)
        return super().forward(x, (h0, h0) if state is None else state)


# --- module_never_filled: the memory of the weights is never filled -> test_lstm_module_has_a_random_start
class LSTM(LSTM):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.weight_ih_l0 = nn.Parameter(torch.empty(4 * hidden_size, input_size))
        self.weight_hh_l0 = nn.Parameter(torch.empty(4 * hidden_size, hidden_size))


# --- module_biases_never_filled: the memory of the biases is never filled -> test_lstm_module_has_a_random_start
class LSTM(LSTM):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.bias_ih_l0 = nn.Parameter(torch.empty(4 * hidden_size))


# --- module_zeros: all weights start at zero -> test_lstm_module_has_a_random_start
class LSTM(LSTM):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        for parameter in self.parameters():
            nn.init.zeros_(parameter)


# --- module_ones: the weights on h start as one number -> test_lstm_module_has_a_random_start
class LSTM(LSTM):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        nn.init.constant_(self.weight_hh_l0, 0.1)


# --- module_own_randomness: the start comes from a generator that no seed reaches -> test_lstm_module_has_a_random_start
class LSTM(LSTM):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        generator = torch.Generator()
        generator.seed()
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -0.5, 0.5, generator=generator)


# --- module_remembers: the module goes on from the last call's state -> test_lstm_module_forgets_the_last_call
class LSTM(LSTM):
    state = None

    def forward(self, x, state=None):
        if state is None and self.state is not None and len(self.state[0]) == len(x):
            state = self.state
        outputs, (h, c) = super().forward(x, state)
        self.state = h.detach(), c.detach()
        return outputs, (h, c)


# --- module_batch_of_the_first_call: the zeros are made once, for the first batch -> test_lstm_module_forgets_the_last_call
class LSTM(LSTM):
    zeros = None

    def forward(self, x, state=None):
        if self.zeros is None:
            self.zeros = x.new_zeros(len(x), self.weight_hh_l0.shape[1])
        return super().forward(x, (self.zeros, self.zeros) if state is None else state)


# --- module_state_ignored: forward takes a state and drops it -> test_lstm_module_takes_torch_weights
class LSTM(LSTM):
    def forward(self, x, state=None):
        return super().forward(x)


# --- module_weights_without_graph: the weights are read through .data -> test_lstm_module_passes_gradients
class LSTM(LSTM):
    def forward(self, x, state=None):
        values = self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0
        return lstm(x, *[value.data for value in values], state)


# --- module_zeros_as_attribute: the zeros are a plain attribute that .to does not move -> test_lstm_module_moves_to_another_device, test_lstm_module_in_half_precision
class LSTM(LSTM):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size)
        self.zeros = torch.zeros(1, hidden_size)

    def forward(self, x, state=None):
        zeros = self.zeros.expand(len(x), -1)
        return super().forward(x, (zeros, zeros) if state is None else state)


# --- banned_module_subclass: torch's own layer -> test_lstm_module_takes_torch_weights, test_lstm_module_forgets_the_last_call
class LSTM(nn.LSTM):
    def __init__(self, input_size, hidden_size):
        super().__init__(input_size, hidden_size, batch_first=True)

    def forward(self, x, state=None):
        outputs, (h, c) = super().forward(x, None if state is None else (state[0][None], state[1][None]))
        return outputs, (h[0], c[0])


# === 6. last_valid ===

# --- last_column: the last step is taken, padding or not -> test_last_valid_picks_the_last_real_step, test_last_valid_at_its_borders
def last_valid(outputs, lengths):
    return outputs[:, -1]


# --- last_off_by_one: a length is taken for an index -> test_last_valid_picks_the_last_real_step, test_last_valid_at_its_borders, test_last_valid_passes_gradients
def last_valid(outputs, lengths):
    index = lengths.clamp(max=outputs.shape[1] - 1)
    return outputs[torch.arange(len(outputs)), index]


# --- last_two_back: the index is one too small -> test_last_valid_picks_the_last_real_step, test_last_valid_at_its_borders
def last_valid(outputs, lengths):
    return outputs[torch.arange(len(outputs)), lengths - 2]


# --- last_all_rows: all rows meet all lengths -> test_last_valid_picks_the_last_real_step
def last_valid(outputs, lengths):
    return outputs[:, lengths - 1]


# --- last_looks_for_zeros: the length is guessed from the zeros in outputs -> test_last_valid_picks_the_last_real_step
def last_valid(outputs, lengths):
    found = (outputs != 0).any(2).sum(1)
    return outputs[torch.arange(len(outputs)), found - 1]


# --- last_keeps_dim: the dimension of time stays, with size 1 -> test_last_valid_picks_the_last_real_step
def last_valid(outputs, lengths):
    return outputs.gather(1, (lengths - 1)[:, None, None].expand(-1, 1, outputs.shape[2]))


# --- last_squeezes: all dimensions of size 1 disappear -> test_last_valid_at_its_borders
_solved_last = last_valid


def last_valid(outputs, lengths):
    return _solved_last(outputs, lengths).squeeze()


# --- last_at_least_two: a sequence of one step is not thought of -> test_last_valid_at_its_borders, test_last_valid_passes_gradients
_solved_last = last_valid


def last_valid(outputs, lengths):
    return _solved_last(outputs, lengths.clamp(min=2))


# --- last_lengths_in_place: lengths itself is counted down -> test_last_valid_leaves_its_arguments
def last_valid(outputs, lengths):
    lengths -= 1
    return outputs[torch.arange(len(outputs), device=outputs.device), lengths]


# --- last_flat_view: the rows are flattened by view -> test_last_valid_leaves_its_arguments
def last_valid(outputs, lengths):
    size, steps, hidden = outputs.shape
    flat = outputs.view(size * steps, hidden)
    return flat[torch.arange(size, device=outputs.device) * steps + lengths - 1]


# --- last_float_mask: a float32 mask widens bfloat16 -> test_last_valid_leaves_its_arguments
def last_valid(outputs, lengths):
    picked = (torch.arange(outputs.shape[1], device=outputs.device) == lengths[:, None] - 1).float()
    return (outputs * picked[:, :, None]).sum(1)


# --- last_through_numbers: the result is built from numbers, without a graph -> test_last_valid_passes_gradients
_solved_last = last_valid


def last_valid(outputs, lengths):
    return _solved_last(outputs.detach(), lengths)


# --- last_mask_on_the_cpu: the mask is made on the CPU -> test_last_valid_stays_on_the_device
def last_valid(outputs, lengths):
    picked = torch.arange(outputs.shape[1]) == lengths[:, None] - 1
    return torch.where(picked[:, :, None], outputs, 0).sum(1)


# --- banned_last_loop: a list comprehension over the batch -> test_last_valid_picks_the_last_real_step, test_last_valid_leaves_its_arguments
def last_valid(outputs, lengths):
    return torch.stack([outputs[b, int(lengths[b]) - 1] for b in range(len(outputs))])


# === 7. lstm_masked ===

# --- masked_keeps_running: the state runs on over the padding, outputs are zeroed -> test_lstm_masked_stops_at_each_length, test_lstm_masked_takes_lengths_in_any_order
def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    outputs, state = lstm(x, w_ih, w_hh, b_ih, b_hh)
    valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    return outputs * valid[:, :, None], state


# --- masked_lengths_ignored: the padding is run over as if it were data -> test_lstm_masked_stops_at_each_length, test_lstm_masked_takes_lengths_in_any_order, test_lstm_masked_leaves_its_arguments
def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    return lstm(x, w_ih, w_hh, b_ih, b_hh)


# --- masked_input_only: the padding of x is zeroed, and the LSTM runs on over the zeros -> test_lstm_masked_stops_at_each_length, test_lstm_masked_keeps_nan_out_of_its_results
def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    outputs, state = lstm(x.masked_fill(~valid[:, :, None], 0), w_ih, w_hh, b_ih, b_hh)
    return outputs.masked_fill(~valid[:, :, None], 0), state


# --- masked_outputs_go_on: the state is frozen, and outputs repeat the last h -> test_lstm_masked_stops_at_each_length
def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    x = x.masked_fill(~valid[:, :, None], 0)
    h, c = _zero_state(x, w_hh)
    outputs = []
    for t in range(x.shape[1]):
        new_h, new_c = lstm_step(x[:, t], (h, c), w_ih, w_hh, b_ih, b_hh)
        h, c = torch.where(valid[:, t, None], new_h, h), torch.where(valid[:, t, None], new_c, c)
        outputs.append(h)
    return _stacked(outputs, h), (h, c)


# --- masked_cell_runs_on: h is frozen, c is not -> test_lstm_masked_stops_at_each_length, test_lstm_masked_takes_lengths_in_any_order
def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    x = x.masked_fill(~valid[:, :, None], 0)
    h, c = _zero_state(x, w_hh)
    outputs = []
    for t in range(x.shape[1]):
        new_h, c = lstm_step(x[:, t], (h, c), w_ih, w_hh, b_ih, b_hh)
        h = torch.where(valid[:, t, None], new_h, h)
        outputs.append(torch.where(valid[:, t, None], h, 0))
    return _stacked(outputs, h), (h, c)


# --- masked_one_step_more: the first padded step counts as real -> test_lstm_masked_stops_at_each_length, test_lstm_masked_keeps_nan_out_of_its_results, test_lstm_masked_returns_all_steps
_solved_masked = lstm_masked


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    return _solved_masked(x, (lengths + 1).clamp(max=x.shape[1]), w_ih, w_hh, b_ih, b_hh)


# --- masked_state_zeroed: the state is zeroed where a sequence is over -> test_lstm_masked_stops_at_each_length, test_lstm_masked_takes_lengths_in_any_order
def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    x = x.masked_fill(~valid[:, :, None], 0)
    h, c = _zero_state(x, w_hh)
    outputs = []
    for t in range(x.shape[1]):
        h, c = lstm_step(x[:, t], (h, c), w_ih, w_hh, b_ih, b_hh)
        h, c = torch.where(valid[:, t, None], h, 0), torch.where(valid[:, t, None], c, 0)
        outputs.append(h)
    return _stacked(outputs, h), (h, c)


# --- masked_padded_in_front: the padding is taken to stand before the sequence -> test_lstm_masked_stops_at_each_length, test_lstm_masked_returns_all_steps
_solved_masked = lstm_masked


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    outputs, state = _solved_masked(x.flip(1), lengths, w_ih, w_hh, b_ih, b_hh)
    return outputs.flip(1), state


# --- masked_takes_sorted: the longest sequence is expected to come first -> test_lstm_masked_takes_lengths_in_any_order
_solved_masked = lstm_masked


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    return _solved_masked(x, lengths.sort(descending=True).values, w_ih, w_hh, b_ih, b_hh)


# --- masked_state_stays_sorted: the batch is sorted by length, and the state is not sorted back -> test_lstm_masked_takes_lengths_in_any_order
_solved_masked = lstm_masked


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    outputs, (h, c) = _solved_masked(x, lengths, w_ih, w_hh, b_ih, b_hh)
    order = lengths.argsort(descending=True)
    return outputs, (h[order], c[order])


# --- masked_ends_with_the_longest: outputs end where the longest sequence does -> test_lstm_masked_returns_all_steps
_solved_masked = lstm_masked


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    return _solved_masked(x[:, : int(lengths.max())], lengths, w_ih, w_hh, b_ih, b_hh)


# --- masked_squeezes: dimensions of size 1 disappear -> test_lstm_masked_returns_all_steps
_solved_masked = lstm_masked


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    outputs, (h, c) = _solved_masked(x, lengths, w_ih, w_hh, b_ih, b_hh)
    return outputs.squeeze(), (h.squeeze(), c.squeeze())


# --- masked_multiplies: the padding is multiplied by 0, which NaN survives -> test_lstm_masked_keeps_nan_out_of_its_results, test_lstm_masked_keeps_nan_out_of_its_gradients
def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    valid = (torch.arange(x.shape[1], device=x.device) < lengths[:, None]).to(x.dtype)
    h, c = _zero_state(x, w_hh)
    outputs = []
    for t in range(x.shape[1]):
        share = valid[:, t, None]
        new_h, new_c = lstm_step(x[:, t] * share, (h, c), w_ih, w_hh, b_ih, b_hh)
        h, c = share * new_h + (1 - share) * h, share * new_c + (1 - share) * c
        outputs.append(h * share)
    return _stacked(outputs, h), (h, c)


# --- masked_chooses_too_late: results are chosen, x keeps its NaN, and gradients catch it -> test_lstm_masked_keeps_nan_out_of_its_gradients
def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
    h, c = _zero_state(x, w_hh)
    outputs = []
    for t in range(x.shape[1]):
        new_h, new_c = lstm_step(x[:, t], (h, c), w_ih, w_hh, b_ih, b_hh)
        h, c = torch.where(valid[:, t, None], new_h, h), torch.where(valid[:, t, None], new_c, c)
        outputs.append(torch.where(valid[:, t, None], h, 0))
    return _stacked(outputs, h), (h, c)


# --- masked_without_graph: x is copied as data to be cleaned -> test_lstm_masked_keeps_nan_out_of_its_gradients
_solved_masked = lstm_masked


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    return _solved_masked(x.detach().clone(), lengths, w_ih, w_hh, b_ih, b_hh)


# --- masked_cleans_in_place: the padding of the caller's x is overwritten -> test_lstm_masked_leaves_its_arguments
_solved_masked = lstm_masked


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    results = _solved_masked(x, lengths, w_ih, w_hh, b_ih, b_hh)
    if not x.requires_grad and 0 not in x.stride():
        x[torch.arange(x.shape[1], device=x.device) >= lengths[:, None]] = 0
    return results


# --- masked_counts_lengths_down: lengths is counted down in place -> test_lstm_masked_leaves_its_arguments
_solved_masked = lstm_masked


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    results = _solved_masked(x, lengths, w_ih, w_hh, b_ih, b_hh)
    lengths -= x.shape[1]
    return results


# --- masked_float_mask: a float32 mask widens bfloat16 -> test_lstm_masked_keeps_the_dtype
_solved_masked = lstm_masked


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    outputs, state = _solved_masked(x, lengths, w_ih, w_hh, b_ih, b_hh)
    return outputs * (torch.arange(x.shape[1], device=x.device) < lengths[:, None]).float()[:, :, None], state


# --- masked_mask_on_the_cpu: the steps are counted on the CPU -> test_lstm_masked_stays_on_the_device
_solved_masked = lstm_masked


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    valid = torch.arange(x.shape[1]) < lengths[:, None]
    return _solved_masked(x.masked_fill(~valid[:, :, None], 0), lengths, w_ih, w_hh, b_ih, b_hh)


# --- banned_masked_pack: torch packs and unpacks the batch -> test_lstm_masked_stops_at_each_length, test_lstm_masked_takes_lengths_in_any_order
def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    rnn = nn.utils.rnn
    pack = rnn.pack_padded_sequence(x, lengths, batch_first=True, enforce_sorted=False)
    zeros = x.new_zeros(1, len(x), w_hh.shape[1])
    values = [w_ih, w_hh, b_ih, b_hh]
    data, h, c = torch.lstm(pack.data, pack.batch_sizes, (zeros, zeros), values, True, 1, 0.0, False, False)
    back = rnn.PackedSequence(data, pack.batch_sizes, pack.sorted_indices, pack.unsorted_indices)
    outputs, _ = rnn.pad_packed_sequence(back, batch_first=True, total_length=x.shape[1])
    return outputs, (h[0][pack.unsorted_indices], c[0][pack.unsorted_indices])


# --- banned_masked_pack_sequence: torch packs sequences of their own lengths -> test_lstm_masked_stops_at_each_length
def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    rnn = nn.utils.rnn
    pack = rnn.pack_sequence([row[: int(length)] for row, length in zip(x, lengths)], enforce_sorted=False)
    zeros = x.new_zeros(1, len(x), w_hh.shape[1])
    values = [w_ih, w_hh, b_ih, b_hh]
    data, h, c = torch.lstm(pack.data, pack.batch_sizes, (zeros, zeros), values, True, 1, 0.0, False, False)
    back = rnn.PackedSequence(data, pack.batch_sizes, pack.sorted_indices, pack.unsorted_indices)
    outputs, _ = rnn.pad_packed_sequence(back, batch_first=True, total_length=x.shape[1])
    return outputs, (h[0][pack.unsorted_indices], c[0][pack.unsorted_indices])
