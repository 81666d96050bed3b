"""A right answer with one product for x and h together, in-place work on its own temporaries, and a batch
that shrinks as its sequences end, as packed sequences do."""

import torch
import torch.nn.functional as F
from torch import nn


def joint(x, h, w_ih, w_hh, b_ih, b_hh):
    return torch.addmm(b_ih + b_hh, torch.cat((x, h), 1), torch.cat((w_ih, w_hh), 1).t())


def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    return joint(x, h, w_ih, w_hh, b_ih, b_hh).tanh_()


def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    h, c = state
    size = h.shape[1]
    pre = joint(x, h, w_ih, w_hh, b_ih, b_hh)
    kept = c * torch.sigmoid(pre[:, size : 2 * size])
    kept += torch.sigmoid(pre[:, :size]) * torch.tanh(pre[:, 2 * size : 3 * size])
    return torch.sigmoid(pre[:, 3 * size :]) * torch.tanh(kept), kept


class Runner:
    def __init__(self, *weights):
        self.weights = weights
        self.size = weights[1].shape[1]

    def zeros(self, x):
        return x.new_zeros((x.shape[0], self.size)), x.new_zeros((x.shape[0], self.size))

    def run(self, x, state):
        steps = x.transpose(0, 1)
        outputs = x.new_empty((0, x.shape[0], self.size))
        for row in steps:
            state = lstm_step(row, state, *self.weights)
            outputs = torch.cat([outputs, state[0].unsqueeze(0)])
        return outputs.transpose(0, 1), state


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    runner = Runner(w_ih, w_hh, b_ih, b_hh)
    return runner.run(x, state if state is not None else runner.zeros(x))


def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    size = h.shape[1]
    cut = 2 * size
    gates = joint(x, h, w_ih[:cut], w_hh[:cut], b_ih[:cut], b_hh[:cut]).sigmoid_()
    r, z = gates.split(size, dim=1)
    n = torch.tanh(F.linear(x, w_ih[cut:], b_ih[cut:]) + r * F.linear(h, w_hh[cut:], b_hh[cut:]))
    return n + z * (h - n)


class LSTM(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        self.hidden_size = hidden_size
        self.weight_ih_l0 = nn.Parameter(nn.init.xavier_uniform_(torch.empty(4 * hidden_size, input_size)))
        self.weight_hh_l0 = nn.Parameter(nn.init.orthogonal_(torch.empty(4 * hidden_size, hidden_size)))
        self.bias_ih_l0 = nn.Parameter(torch.zeros(4 * hidden_size))
        self.bias_hh_l0 = nn.Parameter(torch.zeros(4 * hidden_size))
        with torch.no_grad():
            self.bias_ih_l0[hidden_size : 2 * hidden_size] = 1  # forget gates that start open

    def forward(self, x, state=None):
        runner = Runner(self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0)
        return runner.run(x, runner.zeros(x) if state is None else state)


def last_valid(outputs, lengths):
    return outputs[torch.arange(outputs.shape[0], device=outputs.device), lengths - 1]


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    order = torch.argsort(lengths, descending=True)
    back = torch.argsort(order)
    ends = lengths[order].tolist()
    sorted_x = x[order]
    h, c = Runner(w_ih, w_hh, b_ih, b_hh).zeros(x)
    outputs = []
    for t in range(x.shape[1]):
        active = sum(end > t for end in ends)
        if active:
            new = lstm_step(sorted_x[:active, t], (h[:active], c[:active]), w_ih, w_hh, b_ih, b_hh)
            h, c = torch.cat((new[0], h[active:])), torch.cat((new[1], c[active:]))
        outputs.append(torch.cat((h[:active], torch.zeros_like(h[active:]))))
    return torch.stack(outputs, 1)[back], (h[back], c[back])
