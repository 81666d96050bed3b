"""Recurrent networks: one step of an RNN, an LSTM and a GRU, and an LSTM over whole sequences.

The lesson is in README.md beside this file. In the shapes below, B is the number of sequences, T of
steps, D of input features, H of hidden features. All floating point arguments of a call share one
dtype and lie on one device, and so do the results; arguments stay as they were.
"""

from torch import Tensor, nn


def rnn_step(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    """One step of a plain RNN: h' = tanh(W_ih x + b_ih + W_hh h + b_hh).

    Args:
        x: (B, D), the input of this step. B may be 0.
        h: (B, H), the hidden state before it.
        w_ih: (H, D).
        w_hh: (H, H).
        b_ih, b_hh: (H,) each.

    Returns:
        (B, H), the hidden state after the step, in the dtype of `x`.

    Example:
        >>> x, h = torch.tensor([[1.0, 0.0, -1.0]]), torch.tensor([[0.5, -0.5]])
        >>> w_ih = torch.tensor([[0.5, 0.0, 0.0], [0.0, 1.0, 1.0]])
        >>> w_hh = torch.tensor([[1.0, 0.0], [1.0, -1.0]])
        >>> rnn_step(x, h, w_ih, w_hh, torch.tensor([0.0, 0.5]), torch.tensor([-0.5, -1.5]))
        tensor([[ 0.4621, -0.7616]])
    """
    raise NotImplementedError("TODO 1: rnn_step")


def lstm_step(
    x: Tensor, state: tuple[Tensor, Tensor], w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
) -> tuple[Tensor, Tensor]:
    """One step of an LSTM.

    The rows of the weights are stacked in the order i, f, g, o, H rows each. With
    a = W_ih x + b_ih + W_hh h + b_hh, i, f and o are sigmoids of their part of a, and g is a tanh;
    then c' = f * c + i * g and h' = o * tanh(c'). An `a` of ±1000 gives finite results.

    Args:
        x: (B, D), the input of this step. B may be 0.
        state: (h, c), the hidden and the cell state before it, (B, H) each.
        w_ih: (4*H, D).
        w_hh: (4*H, H).
        b_ih, b_hh: (4*H,) each.

    Returns:
        (h', c'), (B, H) each, in the dtype of `x`.

    Example:
        >>> x, h, c = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5]]), torch.tensor([[2.0]])
        >>> w_ih = torch.tensor([[1.0, 0.0], [0.0, 1.0], [-1.0, 1.0], [1.0, -1.0]])
        >>> w_hh = torch.tensor([[2.0], [-2.0], [0.0], [4.0]])
        >>> b_ih, b_hh = torch.zeros(4), torch.tensor([-2.0, 1.0, 0.5, 0.0])
        >>> lstm_step(x, (h, c), w_ih, w_hh, b_ih, b_hh)
        (tensor([[0.7138]]), tensor([[2.2142]]))
    """
    raise NotImplementedError("TODO 2: lstm_step")


def lstm(
    x: Tensor,
    w_ih: Tensor,
    w_hh: Tensor,
    b_ih: Tensor,
    b_hh: Tensor,
    state: tuple[Tensor, Tensor] | None = None,
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """An LSTM over whole sequences, batch first: `lstm_step` for each step, from the first to the last.

    Args:
        x: (B, T, D). B and T may be 0.
        w_ih: (4*H, D).
        w_hh: (4*H, H).
        b_ih, b_hh: (4*H,) each.
        state: (h, c) before the first step, (B, H) each. None means zeros for both.

    Returns:
        (outputs, (h, c)): outputs (B, T, H) holds h after each step; h and c, (B, H) each, are the
        state after the last one. Where T is 0, outputs is (B, 0, H) and (h, c) the initial state.

    Example:
        >>> w_ih, w_hh, bias = torch.randn(16, 3), torch.randn(16, 4), torch.randn(16)
        >>> outputs, (h, c) = lstm(torch.randn(2, 5, 3), w_ih, w_hh, bias, bias)
        >>> outputs.shape, h.shape, c.shape
        (torch.Size([2, 5, 4]), torch.Size([2, 4]), torch.Size([2, 4]))
    """
    raise NotImplementedError("TODO 3: lstm")


def gru_step(x: Tensor, h: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor) -> Tensor:
    """One step of a GRU, in PyTorch's form.

    The rows of the weights are stacked in the order r, z, n, H rows each:
    r = sigmoid(W_ir x + b_ir + W_hr h + b_hr), z likewise,
    n = tanh(W_in x + b_in + r * (W_hn h + b_hn)), and h' = (1 - z) * n + z * h.

    Args:
        x: (B, D), the input of this step. B may be 0.
        h: (B, H), the hidden state before it.
        w_ih: (3*H, D).
        w_hh: (3*H, H).
        b_ih, b_hh: (3*H,) each.

    Returns:
        (B, H), the hidden state after the step, in the dtype of `x`.

    Example:
        >>> x, h = torch.tensor([[1.0, 2.0]]), torch.tensor([[0.5]])
        >>> w_ih = torch.tensor([[1.0, 0.0], [0.0, -1.0], [-1.0, 1.0]])
        >>> w_hh = torch.tensor([[2.0], [2.0], [4.0]])
        >>> gru_step(x, h, w_ih, w_hh, torch.tensor([-1.0, 0.0, 0.5]), torch.tensor([0.0, 1.0, -1.0]))
        tensor([[0.7386]])
    """
    raise NotImplementedError("TODO 4: gru_step")


class LSTM(nn.Module):
    """One layer of `lstm` that holds its weights, under the names that `nn.LSTM` uses.

    Parameters, and the whole of the state dict: `weight_ih_l0` (4*H, D), `weight_hh_l0` (4*H, H),
    `bias_ih_l0` (4*H,), `bias_hh_l0` (4*H,). Their start is up to you, as long as it is finite, weights
    are not constant, and one seed gives one start (PyTorch draws all four from ±1/sqrt(H)).

    Example:
        >>> layer = LSTM(3, 4)
        >>> layer.load_state_dict(nn.LSTM(3, 4).state_dict())
        <All keys matched successfully>
    """

    def __init__(self, input_size: int, hidden_size: int) -> None:
        """Create the four parameters.

        Args:
            input_size: D.
            hidden_size: H.
        """
        raise NotImplementedError("TODO 5: LSTM")

    def forward(self, x: Tensor, state: tuple[Tensor, Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Run over the sequences. The module keeps no state from one call to the next.

        Args:
            x: (B, T, D), in the dtype of the parameters. B and T may be 0.
            state: (h, c) before the first step, (B, H) each. None means zeros for both.

        Returns:
            (outputs, (h, c)) as `lstm` returns them.
        """
        raise NotImplementedError("TODO 5: LSTM")


def last_valid(outputs: Tensor, lengths: Tensor) -> Tensor:
    """The last output of each sequence that is no padding.

    Args:
        outputs: (B, T, H). B may be 0.
        lengths: (B,) int64, how many steps of each sequence are real: from 1 to T, in any order.

    Returns:
        (B, H), in the dtype of `outputs`.

    Example:
        >>> outputs = torch.tensor([[[1.0], [2.0], [3.0]], [[4.0], [5.0], [6.0]]])
        >>> last_valid(outputs, torch.tensor([2, 3]))
        tensor([[2.],
                [6.]])
    """
    raise NotImplementedError("TODO 6: last_valid")


def lstm_masked(
    x: Tensor, lengths: Tensor, w_ih: Tensor, w_hh: Tensor, b_ih: Tensor, b_hh: Tensor
) -> tuple[Tensor, tuple[Tensor, Tensor]]:
    """`lstm`, from zeros, over sequences of different lengths that were padded at their end.

    Whatever stands in the padding of `x`, be it NaN, reaches neither outputs, nor state, nor any gradient.

    Args:
        x: (B, T, D), with B of at least 1.
        lengths: (B,) int64, how many steps of each sequence are real: from 1 to T, in any order.
        w_ih: (4*H, D).
        w_hh: (4*H, H).
        b_ih, b_hh: (4*H,) each.

    Returns:
        (outputs, (h, c)): outputs (B, T, H), always T steps, zeros after a sequence's end; h and c,
        (B, H) each, are the state after each sequence's last real step.

    Example:
        >>> w_ih, w_hh, bias = torch.randn(16, 3), torch.randn(16, 4), torch.randn(16)
        >>> outputs, (h, c) = lstm_masked(torch.randn(2, 5, 3), torch.tensor([2, 5]), w_ih, w_hh, bias, bias)
        >>> outputs[0, 2:].any(), torch.equal(h[0], outputs[0, 1])
        (tensor(False), True)
    """
    raise NotImplementedError("TODO 7: lstm_masked")
