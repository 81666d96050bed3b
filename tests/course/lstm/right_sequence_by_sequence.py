"""A right answer with one product for each gate, sigmoid by tanh, and masked sequences
run one by one, each for its length."""

import torch
import torch.nn.functional as F
from torch import nn


def squash(x):
    return (torch.tanh(x / 2) + 1) / 2


class Gate:
    """The rows of one gate."""

    def __init__(self, number, w_ih, w_hh, b_ih, b_hh):
        size = w_hh.shape[1]
        rows = slice(number * size, (number + 1) * size)
        self.of_x = w_ih[rows], b_ih[rows]
        self.of_h = w_hh[rows], b_hh[rows]

    def __call__(self, x, h):
        return F.linear(x, *self.of_x) + F.linear(h, *self.of_h)


def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    return torch.tanh(Gate(0, w_ih, w_hh, b_ih, b_hh)(x, h))


def lstm_step(x, state, *weights):
    h, c = state
    i, f, g, o = (Gate(number, *weights)(x, h) for number in range(4))
    c = squash(f) * c + squash(i) * torch.tanh(g)
    return squash(o) * torch.tanh(c), c


def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    r, z, n = (Gate(number, w_ih, w_hh, b_ih, b_hh) for number in range(3))
    new = torch.tanh(F.linear(x, *n.of_x) + squash(r(x, h)) * F.linear(h, *n.of_h))
    update = squash(z(x, h))
    return torch.where(update > 0.5, h + (1 - update) * (new - h), new + update * (h - new))


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    if state is None:
        start = torch.zeros((x.shape[0], w_hh.shape[1]), dtype=x.dtype, device=x.device)
        state = start, start.clone()
    h, c = state
    if x.shape[1] == 0:
        return x.new_zeros(x.shape[0], 0, w_hh.shape[1]), (h.clone(), c.clone())
    outputs = torch.empty(x.shape[0], x.shape[1], w_hh.shape[1], dtype=x.dtype, device=x.device)
    for t in range(x.shape[1]):
        h, c = lstm_step(x[:, t], (h, c), w_ih, w_hh, b_ih, b_hh)
        outputs[:, t] = h
    return outputs, (h, c)


class LSTM(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.weight_ih_l0 = nn.Parameter(torch.rand(4 * hidden_size, input_size) - 0.5)
        self.weight_hh_l0 = nn.Parameter(torch.rand(4 * hidden_size, hidden_size) - 0.5)
        self.bias_ih_l0 = nn.Parameter(torch.zeros(4 * hidden_size))
        self.bias_hh_l0 = nn.Parameter(torch.zeros(4 * hidden_size))

    def forward(self, x, state=None):
        return lstm(x, *self.parameters(), state=state)


def last_valid(outputs, lengths):
    index = (lengths - 1).view(-1, 1, 1)
    return torch.take_along_dim(outputs, index, dim=1)[:, 0]


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    outputs, hs, cs = [], [], []
    for b in range(x.shape[0]):
        length = int(lengths[b])
        out, (h, c) = lstm(x[b : b + 1, :length], w_ih, w_hh, b_ih, b_hh)
        outputs.append(F.pad(out, (0, 0, 0, x.shape[1] - length)))
        hs.append(h)
        cs.append(c)
    return torch.cat(outputs), (torch.cat(hs), torch.cat(cs))
