"""Figures of numbers that change: functions and their slopes, losses, training."""

from __future__ import annotations

from collections.abc import Callable

import torch
from matplotlib.figure import Figure
from sklearn.datasets import load_digits
from style import BLUE, GREEN, INK, RED, panels
from torch import Tensor, nn
from torch.nn import functional as F

SHAPES: dict[str, Callable[[Tensor], Tensor]] = {
    "sigmoid": torch.sigmoid,
    "tanh": torch.tanh,
    "ReLU": F.relu,
    "leaky ReLU, slope 0.1": lambda x: F.leaky_relu(x, 0.1),
    "ELU, α = 1": F.elu,
    "Mish": F.mish,
}


def activations() -> Figure:
    """Six functions and their derivatives, which autograd computes."""
    figure, plots = panels(2, 3, 4.2)
    for axes, (name, function) in zip(plots, SHAPES.items(), strict=True):
        x = torch.linspace(-4, 4, 161, dtype=torch.float64, requires_grad=True)
        y = function(x)
        (slope,) = torch.autograd.grad(y.sum(), x)
        axes.axhline(0, color=INK, linewidth=0.8)
        axes.plot(x.detach(), y.detach(), color=BLUE, label="value")
        axes.plot(x.detach(), slope, color=RED, linestyle="--", label="slope")
        axes.set(title=name, xlim=(-4, 4), ylim=(-1.2, 2.2), xticks=(-4, 0, 4), yticks=(-1, 0, 1, 2))
    plots[0].legend(loc="upper left", handlelength=1.6, borderaxespad=0)
    return figure


def cross_entropies() -> Figure:
    """Cross entropy of one row of two logits against their distance, and two ways of getting it wrong."""
    figure, (near, far) = panels(1, 2, 3.0)
    margin = torch.linspace(-6, 6, 161)
    near.plot(margin, _losses(margin), color=BLUE)
    near.plot(margin, _losses(_logits(margin).softmax(1).diff(dim=1)[:, 0].neg()), color=RED, linestyle="--")
    near.annotate("of the logits", (-2.6, 3.6), color=BLUE)
    near.annotate("of their softmax", (1.2, 0.75), color=RED)
    near.set(title="raw logits, not their softmax", xlabel="right logit − wrong logit", ylabel="cross entropy")

    margin = torch.linspace(-150, 0, 301)
    naive = -_logits(margin).softmax(1)[:, 0].log()
    first = int(naive.isfinite().nonzero()[0])
    far.plot(margin, _losses(margin), color=BLUE)
    far.plot(margin[first:], naive[first:], color=RED, linestyle="--", linewidth=3.5)
    far.plot(margin[first], naive[first], color=RED, marker="o")
    far.annotate("log_softmax", (-118, 135), color=BLUE)
    far.annotate(f"log(softmax): infinite\nbelow {margin[first]:.0f}".replace("-", "−"), (-145, 30), color=RED)
    far.set(title="far out, in float32", xlabel="right logit − wrong logit")
    return figure


def epochs() -> Figure:
    """Losses of a network that learns sixty digits by heart, on them and on digits that it does not train on."""
    train, held_out = _fit(60)
    best = min(range(len(held_out)), key=held_out.__getitem__)
    figure, (axes,) = panels(1, 1, 2.9)
    axes.plot(train, color=BLUE)
    axes.plot(held_out, color=RED, linestyle="--")
    axes.plot(best, held_out[best], color=GREEN, marker="o", markersize=9)
    axes.annotate("train_loss", (42, 0.2), color=BLUE)
    axes.annotate("val_loss", (27, 1.75), color=RED)
    axes.annotate(
        "the lowest val_loss: the model to go back to",
        (best + 0.4, held_out[best] - 0.06),
        (best + 4, 0.75),
        color=GREEN,
        arrowprops={"arrowstyle": "-|>", "color": GREEN},
    )
    axes.set(xlabel="epoch", ylabel="mean loss", xlim=(0, len(train)), ylim=(0, 2.4))
    return figure


def _logits(margin: Tensor) -> Tensor:
    """Rows of two logits, the first of them the right one."""
    return torch.stack([margin, torch.zeros_like(margin)], dim=1)


def _losses(margin: Tensor) -> Tensor:
    return F.cross_entropy(_logits(margin), torch.zeros(len(margin), dtype=torch.int64), reduction="none")


def _fit(count: int) -> tuple[list[float], list[float]]:
    """Training and validation loss of each epoch."""
    torch.manual_seed(0)
    digits = load_digits()
    images = torch.tensor(digits.data) / 16  # float64: the same curve to the eye on every machine
    labels = torch.tensor(digits.target)
    labels[:60:5] = (labels[:60:5] + 1) % 10  # some labels are wrong, as in life: to learn them is to overfit
    model = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2, momentum=0.9)
    losses: tuple[list[float], list[float]] = ([], [])
    for _ in range(count):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images[:60]), labels[:60])
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            losses[0].append(loss.item())
            losses[1].append(F.cross_entropy(model(images[60:560]), labels[60:560]).item())
    return losses
