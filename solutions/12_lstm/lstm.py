"""Recurrent networks: one step of an RNN, an LSTM and a GRU, and an LSTM over whole sequences.

Shapes: B sequences, T steps, D input features, H hidden features. The rows of G gates are stacked
in one weight: w_ih (G*H, D), w_hh (G*H, H), b_ih and b_hh (G*H,).
"""

import math

import torch
from torch import Tensor, nn


def rnn_step(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    """h' = tanh(W_ih x + b_ih + W_hh h + b_hh)."""
    return torch.tanh(x @ w_ih.T + b_ih + h @ w_hh.T + b_hh)  # (B, D) @ (D, H) and (B, H) @ (H, H) -> (B, H)


def lstm_step(
    x: Tensor, state: tuple[Tensor, Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
) -> tuple[Tensor, Tensor]:
    """c' = f c + i g and h' = o tanh(c'), with the gates stacked in the order i, f, g, o."""
    h, c = state  # (B, H), (B, H)
    gates = x @ w_ih.T + b_ih + h @ w_hh.T + b_hh  # (B, 4H)
    i, f, g, o = gates.chunk(4, dim=1)  # (B, H) each
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)  # (B, H), a new tensor
    h = torch.sigmoid(o) * torch.tanh(c)  # (B, H), from the new c
    return h, c


def lstm(
    x: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor,
    b_hh: Tensor,
    state: tuple[Tensor, Tensor] | None = None,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """All h from `lstm_step` over dim 1, and the last (h, c)."""
    if state is None:
        state = _zero_state(x, w_hh)
    outputs = []
    for x_t in x.unbind(1):  # (B, D), T times
        state = lstm_step(x_t, state, w_ih, w_hh, b_ih, b_hh)
        outputs.append(state[0])
    return _stacked(outputs, state[0]), state


def gru_step(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    """h' = (1 - z) n + z h, with the rows stacked in the order r, z, n."""
    from_x = x @ w_ih.T + b_ih  # (B, 3H)
    from_h = h @ w_hh.T + b_hh  # (B, 3H)
    x_r, x_z, x_n = from_x.chunk(3, dim=1)  # (B, H) each
    h_r, h_z, h_n = from_h.chunk(3, dim=1)  # (B, H) each
    r = torch.sigmoid(x_r + h_r)
    z = torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)  # r acts on the product with its bias, after the product
    return (1 - z) * n + z * h  # (B, H)


class LSTM(nn.Module):
    """`lstm` with parameters of its own, under the names that `nn.LSTM` uses."""

    def __init__(self, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.weight_ih_l0 = nn.Parameter(torch.empty(4 * hidden_size, input_size))  # (4H, D)
        self.weight_hh_l0 = nn.Parameter(torch.empty(4 * hidden_size, hidden_size))  # (4H, H)
        self.bias_ih_l0 = nn.Parameter(torch.empty(4 * hidden_size))  # (4H,)
        self.bias_hh_l0 = nn.Parameter(torch.empty(4 * hidden_size))  # (4H,)
        bound = 1 / math.sqrt(hidden_size)
        for parameter in self.parameters():
            nn.init.uniform_(parameter, -bound, bound)

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        return lstm(x, self.weight_ih_l0, self.weight_hh_l0, self.bias_ih_l0, self.bias_hh_l0, state)


def last_valid(outputs: Tensor, lengths: Tensor) -> Tensor:
    """outputs[b, lengths[b] - 1] for every b."""
    # The same in one indexing: outputs[torch.arange(len(outputs), device=outputs.device), lengths - 1]
    index = (lengths - 1)[:, None, None].expand(-1, 1, outputs.shape[2])  # (B, 1, H)
    return outputs.gather(1, index).squeeze(1)  # (B, 1, H) -> (B, H)


def lstm_masked(
    x: Tensor, lengths: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """`lstm` from zeros, where each sequence stops after its own length."""
    valid = torch.arange(x.shape[1], device=x.device) < lengths[:, None]  # (B, T)
    # Clean the padding first: 0 * NaN is NaN, and so is its share in the gradient of w_ih.
    x = x.masked_fill(~valid[:, :, None], 0)  # (B, T, D)
    h, c = _zero_state(x, w_hh)
    outputs = []
    for x_t, valid_t in zip(x.unbind(1), valid[:, :, None].unbind(1), strict=True):  # (B, D), (B, 1)
        new_h, new_c = lstm_step(x_t, (h, c), w_ih, w_hh, b_ih, b_hh)
        h, c = torch.where(valid_t, new_h, h), torch.where(valid_t, new_c, c)  # (B, H), frozen where it is over
        outputs.append(torch.where(valid_t, h, 0))
    return _stacked(outputs, h), (h, c)


def _zero_state(x: Tensor, w_hh: Tensor) -> tuple[Tensor, Tensor]:
    """Zeros (B, H) for h and c, of the dtype of `x` and on its device."""
    zeros = x.new_zeros(x.shape[0], w_hh.shape[1])
    return zeros, zeros


def _stacked(outputs: list[Tensor], h: Tensor) -> Tensor:
    """T tensors (B, H) as one (B, T, H); `torch.stack` takes no empty list."""
    return torch.stack(outputs, dim=1) if outputs else h.new_zeros(h.shape[0], 0, h.shape[1])
