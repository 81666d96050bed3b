"""Training: steps, epochs, evaluation, the best model, checkpoints and seeds.

Shapes: N samples in a batch, C classes, … the dimensions of one sample.
"""

import copy
import math
import os
import random
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset

Batch = tuple[Tensor, Tensor] | list[Tensor]
LossFn = Callable[[Tensor, Tensor], Tensor]


def train_step(
    model: nn.Module,
    batch: Batch,
    loss_fn: LossFn,
    optimizer: torch.optim.Optimizer,
    device: torch.device | str = "cpu",
) -> float:
    """Take one optimizer step on one batch; returns the loss before it."""
    x, y = (part.to(device) for part in batch)  # (N, …), (N, …)
    model.train()
    loss = loss_fn(model(x), y)  # ()
    optimizer.zero_grad()  # backward adds to what is there
    loss.backward()
    optimizer.step()
    return loss.item()  # a number: the tensor would keep its graph alive


def train_epoch(
    model: nn.Module,
    loader: Iterable[Batch],
    loss_fn: LossFn,
    optimizer: torch.optim.Optimizer,
    device: torch.device | str = "cpu",
) -> float:
    """Take one step for each batch; returns the mean loss over samples."""
    total, samples = 0.0, 0
    for batch in loader:
        n = len(batch[0])
        total += n * train_step(model, batch, loss_fn, optimizer, device)  # a mean over n is a sum again
        samples += n
    return total / max(samples, 1)


@torch.no_grad()
def evaluate(
    model: nn.Module,
    loader: Iterable[Batch],
    loss_fn: LossFn,
    device: torch.device | str = "cpu",
) -> tuple[float, float]:
    """The mean loss and the accuracy over samples; the model stays as it was."""
    was_training = model.training
    model.eval()
    total, right, samples = 0.0, 0, 0
    for batch in loader:
        x, y = (part.to(device) for part in batch)  # (N, …), (N,)
        logits = model(x)  # (N, C)
        total += len(y) * loss_fn(logits, y).item()
        right += int((logits.argmax(1) == y).sum())
        samples += len(y)
    model.train(was_training)
    return total / max(samples, 1), right / max(samples, 1)


def fit(
    model: nn.Module,
    train_loader: Iterable[Batch],
    val_loader: Iterable[Batch],
    loss_fn: LossFn,
    optimizer: torch.optim.Optimizer,
    epochs: int,
    device: torch.device | str = "cpu",
) -> list[dict[str, float]]:
    """Train, evaluate after each epoch, and end with the state of the lowest validation loss."""
    history: list[dict[str, float]] = []
    best_loss, best_state = math.inf, None
    for _ in range(epochs):
        train_loss = train_epoch(model, train_loader, loss_fn, optimizer, device)
        val_loss, val_accuracy = evaluate(model, val_loader, loss_fn, device)
        history.append({"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy})
        if val_loss < best_loss:  # false for NaN, and for an equal of the best
            # The tensors of a state dict are those of the model: without a copy they go on changing.
            best_loss, best_state = val_loss, copy.deepcopy(model.state_dict())
    if best_state is not None:
        model.load_state_dict(best_state)
    return history


def save_checkpoint(path: str | os.PathLike[str], model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Write the states of model and optimizer; momentum is part of the latter."""
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, path)


def load_checkpoint(
    path: str | os.PathLike[str],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    map_location: Any = None,
) -> None:
    """Put the saved states into a model and its optimizer."""
    # weights_only: pickle runs whatever a file asks for, this reads tensors and plain data alone.
    checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])


def seed_all(seed: int) -> None:
    """Seed PyTorch's generators, on all devices, and Python's. Add numpy's where it is used."""
    random.seed(seed)
    torch.manual_seed(seed)


def make_loader(
    dataset: Dataset[tuple[Tensor, ...]], batch_size: int, seed: int, shuffle: bool = True
) -> DataLoader[tuple[Tensor, ...]]:
    """Build a loader with a generator of its own."""
    # It is passed without shuffle too: every pass draws a seed for workers, used or not.
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size=batch_size, shuffle=shuffle, generator=generator)
