"""Figures of tables: where numbers land, how they fit together, which of them move."""

from __future__ import annotations

import torch
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from style import (
    GREEN,
    NOTHING,
    PALE,
    PALE_BLUE,
    PALE_GREEN,
    PALE_ORANGE,
    RED,
    canvas,
    cells,
    number,
    rounded,
    write,
)
from torch import Tensor, nn
from torch.nn import functional as F


def heads() -> Figure:
    """What split_heads gives and what a view alone gives; a colour is a head's."""
    x = torch.arange(12).view(3, 4)  # (T, H*D)
    figure, axes = canvas(4.7)
    write(axes, (2.0, 0.4), "x", bold=True)
    write(axes, (2.0, 0.9), "(T=3, H·D=4)")
    _colored_by_head(axes, (0.4, 1.4), x)
    write(axes, (4.6, 2.6), "→", size=16)
    for left, title, color, result in (
        (5.6, "split_heads(x, 2)", GREEN, torch.stack(x.chunk(2, dim=1))),
        (10.1, "x.view(2, 3, 2): mixed up", RED, x.view(2, 3, 2)),
    ):
        write(axes, (left + 1.8, 0.4), title, color=color, bold=True)
        write(axes, (left + 1.8, 0.9), "(H=2, T=3, D=2)")
        for head, at in zip(result, (left, left + 2.0), strict=True):
            _colored_by_head(axes, (at, 1.4), head)
        for head, at in enumerate((left, left + 2.0)):
            write(axes, (at + 0.8, 4.2), f"head {head}")
    return figure


def _colored_by_head(axes: Axes, corner: tuple[float, float], numbers: Tensor) -> None:
    fills = [[PALE_BLUE if value % 4 < 2 else PALE_ORANGE for value in line] for line in numbers.tolist()]
    cells(axes, corner, numbers.tolist(), fills)


def stretching() -> Figure:
    """A column plus a row."""
    x, y = torch.tensor([[0], [10], [20], [30]]), torch.tensor([1, 2, 3])
    shape = torch.broadcast_shapes(x.shape, y.shape)
    figure, axes = canvas(5.0)
    tables = (
        (0.6, "x", tuple(x.shape), x, PALE_BLUE),
        (5.6, "y", f"{tuple(y.shape)}, read as (1, 3)", y[None], PALE_ORANGE),
        (10.6, "x + y", tuple(shape), x + y, PALE_GREEN),
    )
    for left, name, its_shape, numbers, fill in tables:
        rows, columns = numbers.shape
        fills = [[fill if i < rows and j < columns else NOTHING for j in range(shape[1])] for i in range(shape[0])]
        write(axes, (left + 1.35, 0.4), name, bold=True)
        write(axes, (left + 1.35, 0.9), its_shape)
        cells(axes, (left, 1.4), numbers.expand(shape).tolist(), fills, size=(0.9, 0.8))
    write(axes, (4.45, 3.0), "+", size=16)
    write(axes, (9.45, 3.0), "=", size=16)
    return figure


def attention_weights() -> Figure:
    """Scores, mask and weights of a causal self-attention whose first key is padding."""
    torch.manual_seed(18)  # weights that are neither all alike nor all 0 and 1
    q, k = torch.randn(2, 4, 8, dtype=torch.float64)
    scores = q @ k.T / 8**0.5
    keep = torch.ones(4, 4, dtype=torch.bool).tril() & torch.tensor([False, True, True, True])
    one_hot = torch.eye(4, dtype=torch.float64)  # as values, they make the result the weights
    weights = F.scaled_dot_product_attention(q, k, one_hot, attn_mask=keep)
    figure, axes = canvas(5.4)
    named = (
        (1.3, "q kᵀ / √d", rounded(scores.tolist(), 1), _shades(scores, PALE_ORANGE)),
        (5.7, "keep", [["✓" if see else "" for see in line] for line in keep.tolist()], _yes(keep)),
        (10.1, "weights", rounded(weights.tolist()), _shades(weights, "#6db3e3")),
    )
    for left, title, texts, fills in named:
        write(axes, (left + 1.6, 0.4), title, bold=True)
        cells(axes, (left, 1.0), texts, fills)
        for key in range(4):
            write(axes, (left + 0.4 + 0.8 * key, 4.5), key)
        write(axes, (left + 1.6, 5.0), "key (0 is padding)" if title == "keep" else "key")
    for query in range(4):
        write(axes, (1.0, 1.4 + 0.8 * query), query)
        write(axes, (13.65, 1.4 + 0.8 * query), f"Σ {number(weights[query].sum().item())}")
    axes.text(0.45, 2.6, "query", rotation=90, ha="center", va="center")
    write(axes, (5.1, 2.6), "+", size=16)
    write(axes, (9.5, 2.6), "→", size=16)
    return figure


def _yes(keep: Tensor) -> list[list[str]]:
    return [[PALE_GREEN if see else NOTHING for see in line] for line in keep.tolist()]


def _shades(scores: Tensor, full: str) -> list[list[str]]:
    """From white for the smallest number to `full` for the largest."""
    parts = ((scores - scores.min()) / (scores.max() - scores.min())).tolist()
    red, green, blue = to_rgb(full)
    return [[to_hex((1 + p * (red - 1), 1 + p * (green - 1), 1 + p * (blue - 1))) for p in line] for line in parts]


def what_moves() -> Figure:
    """What one training step changes, the more of the four ways are closed."""
    columns = ("body:\nweight, bias", "body:\nrunning mean, var", "head:\nweight, bias")
    measures = (
        "nothing is frozen",
        "requires_grad_(False), optimizer as before",
        "… and only the head in the optimizer",
        "… and eval() of the batch norm, then train()",
        "… and a train() of it that does nothing",
    )
    figure, axes = canvas(5.5)
    for j, column in enumerate(columns):
        write(axes, (7.7 + 2.4 * j, 0.55), column)
    for i, measure in enumerate(measures):
        moved = _moved(i)
        write(axes, (0.2, 1.5 + 0.72 * i), measure, align="left")
        texts = ["moves" if moves else "stays" for moves in moved]
        fills = [PALE_ORANGE if moves else PALE for moves in moved]
        cells(axes, (6.5, 1.14 + 0.72 * i), [texts], [fills], size=(2.4, 0.72))
    note = "SGD with momentum and weight decay, zero_grad(set_to_none=False)"
    write(axes, (13.7, 5.1), note, align="right", size=9)
    return figure


class _Still(nn.BatchNorm1d):
    """A batch norm that stays in evaluation mode."""

    def train(self, mode: bool = True) -> _Still:
        return self


def _moved(measures: int) -> tuple[bool, bool, bool]:
    """Whether the body's parameters, its statistics and the head move in a step under the first `measures` measures."""
    torch.manual_seed(0)
    body = nn.Sequential(nn.Linear(4, 6), nn.BatchNorm1d(6), nn.ReLU())
    model = nn.Sequential(body, nn.Linear(6, 3))
    x, labels = torch.randn(8, 4), torch.arange(8) % 3
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
    _step(model, optimizer, x, labels)
    if measures >= 1:
        body.requires_grad_(False)
    if measures >= 2:
        optimizer = torch.optim.SGD(model[1].parameters(), lr=0.1, momentum=0.9, weight_decay=0.01)
    if measures >= 3:
        body[1].eval()
    if measures >= 4:
        body[1].__class__ = _Still
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    _step(model, optimizer, x, labels)
    moved = {name for name, tensor in model.state_dict().items() if not torch.equal(tensor, before[name])}
    parameters = {name for name, _ in model.named_parameters()}
    inside = {name for name in moved if name.startswith("0.")}
    return bool(inside & parameters), bool(inside - parameters), bool(moved - inside)


def _step(model: nn.Module, optimizer: torch.optim.Optimizer, x: Tensor, labels: Tensor) -> None:
    model.train()
    optimizer.zero_grad(set_to_none=False)  # as many old loops do: momentum and weight decay go on
    F.cross_entropy(model(x), labels).backward()
    optimizer.step()
