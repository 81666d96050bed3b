"""A right answer with the products over all steps taken at once, einsum, gates on an axis of their own, and
outputs written in place."""

import torch
from torch import nn


def mix(x, w, b, gates):
    """(…, I) -> (…, gates, H)"""
    return torch.einsum("...i,ghi->...gh", x, w.reshape(gates, -1, w.shape[1])) + b.reshape(gates, -1)


def rnn_step(x, h, w_ih, w_hh, b_ih, b_hh):
    return (mix(h, w_hh, b_hh, 1) + mix(x, w_ih, b_ih, 1))[..., 0, :].tanh()


def cell(from_x, h, c, w_hh, b_hh):
    pre = from_x + mix(h, w_hh, b_hh, 4)
    gate = pre.sigmoid()
    c = torch.addcmul(gate[:, 1] * c, gate[:, 0], pre[:, 2].tanh())
    return c.tanh() * gate[:, 3], c


def lstm_step(x, state, w_ih, w_hh, b_ih, b_hh):
    return cell(mix(x, w_ih, b_ih, 4), *state, w_hh, b_hh)


def lstm(x, w_ih, w_hh, b_ih, b_hh, state=None):
    size, steps, _ = x.shape
    hidden = w_hh.size(-1)
    if state is None:
        h = torch.zeros(size, hidden, dtype=x.dtype, device=x.device)
        c = torch.zeros_like(h)
    else:
        h, c = state
    from_x = mix(x, w_ih, b_ih, 4)
    outputs = torch.zeros(size, steps, hidden, dtype=x.dtype, device=x.device)
    for t in range(steps):
        h, c = cell(from_x[:, t], h, c, w_hh, b_hh)
        outputs[:, t] = h
    return outputs, (h, c)


def gru_step(x, h, w_ih, w_hh, b_ih, b_hh):
    x_r, x_z, x_n = mix(x, w_ih, b_ih, 3).unbind(-2)
    h_r, h_z, h_n = mix(h, w_hh, b_hh, 3).unbind(-2)
    n = (x_n + (x_r + h_r).sigmoid() * h_n).tanh()
    return torch.lerp(n, h, (x_z + h_z).sigmoid())


class LSTM(nn.Module):
    def __init__(self, input_size, hidden_size):
        super().__init__()
        for kind, columns in (("ih", input_size), ("hh", hidden_size)):
            weight = torch.randn(4 * hidden_size, columns) / columns**0.5
            self.register_parameter(f"weight_{kind}_l0", nn.Parameter(weight))
            self.register_parameter(f"bias_{kind}_l0", nn.Parameter(torch.zeros(4 * hidden_size)))

    def forward(self, x, state=None):
        p = self._parameters
        return lstm(x, p["weight_ih_l0"], p["weight_hh_l0"], p["bias_ih_l0"], p["bias_hh_l0"], state=state)


def last_valid(outputs, lengths):
    picked = torch.arange(outputs.shape[1], device=outputs.device) == lengths.unsqueeze(1) - 1
    return torch.einsum("bt,bth->bh", picked.to(outputs.dtype), outputs)


def lstm_masked(x, lengths, w_ih, w_hh, b_ih, b_hh):
    steps = torch.arange(x.size(1), device=x.device)
    keep = (steps[None] < lengths[:, None]).unsqueeze(-1)
    clean = torch.where(keep, x, torch.zeros((), dtype=x.dtype, device=x.device))
    h = c = torch.zeros(len(x), w_hh.size(-1), dtype=x.dtype, device=x.device)
    outputs = []
    for t in range(x.size(1)):
        share = keep[:, t].to(x.dtype)
        new_h, new_c = lstm_step(clean[:, t], (h, c), w_ih, w_hh, b_ih, b_hh)
        h, c = share * new_h + (1 - share) * h, share * new_c + (1 - share) * c
        outputs.append(share * h)
    return torch.stack(outputs, 1), (h, c)
