"""Training: steps, epochs, evaluation, the best model, checkpoints and seeds.

The lesson is in README.md beside this file.
"""

import os
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
    """Take one optimizer step on one batch.

    The model works in training mode, whatever mode it was in. Gradients from before play no part.

    Args:
        model: lies on `device` already; in the dtype of x.
        batch: a pair (x, y), tuple or list: x (N, …), y (N, …), N of 1 or more, on any device. It stays as it was.
        loss_fn: `loss_fn(model(x), y)` is the mean loss over the batch, of shape ().
        optimizer: holds those parameters that are to be changed.
        device: where x and y are moved.

    Returns:
        The loss of the batch before the step, a Python float.

    Example:
        >>> model = nn.Linear(1, 1, bias=False)
        >>> model.load_state_dict({"weight": torch.tensor([[1.0]])})
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.25)
        >>> train_step(model, (torch.tensor([[1.0]]), torch.tensor([[3.0]])), nn.functional.mse_loss, optimizer)
        4.0
        >>> model.weight
        Parameter containing:
        tensor([[2.]], requires_grad=True)
    """
    raise NotImplementedError("TODO 1: train_step")


def train_epoch(
    model: nn.Module,
    loader: Iterable[Batch],
    loss_fn: LossFn,
    optimizer: torch.optim.Optimizer,
    device: torch.device | str = "cpu",
) -> float:
    """Take one step for each batch of one pass over the loader.

    Args:
        model, loss_fn, optimizer, device: as for `train_step`.
        loader: a DataLoader of batches (x, y), which may differ in size.

    Returns:
        The mean over all samples of the losses before their batch's step, a Python float.
        0.0 (or NaN) where the loader yields nothing.

    Example:
        >>> train_epoch(model, loader, loss_fn, optimizer)    # batches of 5, 5, 1 with losses 1.0, 1.0, 12.0
        2.0
    """
    raise NotImplementedError("TODO 2: train_epoch")


def evaluate(
    model: nn.Module,
    loader: Iterable[Batch],
    loss_fn: LossFn,
    device: torch.device | str = "cpu",
) -> tuple[float, float]:
    """Measure a classifier, and leave it as it was: parameters, buffers, gradients and `model.training`.

    The model works in evaluation mode, and no graph is recorded.

    Args:
        model, loss_fn, device: as for `train_step`; the model answers with logits (N, C).
        loader: a DataLoader of batches (x, y); y (N,) int64 holds classes. Batches may differ in size.

    Returns:
        The mean loss over all samples, and the fraction of them (0 to 1) whose largest logit is
        that of their class: Python floats. 0.0 (or NaN) each where the loader yields nothing.

    Example:
        >>> evaluate(model, loader, nn.functional.cross_entropy)    # 9 of 11 samples right
        (0.4731, 0.8181818181818182)
    """
    raise NotImplementedError("TODO 3: evaluate")


def fit(
    model: nn.Module,
    train_loader: Iterable[Batch],
    val_loader: Iterable[Batch],
    loss_fn: LossFn,
    optimizer: torch.optim.Optimizer,
    epochs: int,
    device: torch.device | str = "cpu",
) -> list[dict[str, float]]:
    """Train for some epochs, evaluate after each, and end with the best model.

    At the end the model holds what it held after the epoch with the lowest validation loss:
    parameters and buffers. The first of equals wins, and NaN is never the best.

    Args:
        model, loss_fn, optimizer, device: as for `train_step`.
        train_loader: as for `train_epoch`.
        val_loader: as for `evaluate`.
        epochs: 0 or more; 0 leaves the model as it was.

    Returns:
        One dict for each epoch, in order, with the keys train_loss, val_loss and val_accuracy.

    Example:
        >>> fit(model, train_loader, val_loader, nn.functional.cross_entropy, optimizer, epochs=2)
        [{'train_loss': 1.2, 'val_loss': 0.9, 'val_accuracy': 0.5}, {'train_loss': 0.8, ...}]
    """
    raise NotImplementedError("TODO 4: fit")


def save_checkpoint(path: str | os.PathLike[str], model: nn.Module, optimizer: torch.optim.Optimizer) -> None:
    """Write to one file all that is needed to go on training later.

    Args:
        path: where to write; a file that is there already is replaced.
        model, optimizer: stay as they are.

    The file holds data only: `torch.load(path, weights_only=True)` reads it. Its layout is up to you.

    Example:
        >>> save_checkpoint("checkpoint.pt", model, optimizer)
    """
    raise NotImplementedError("TODO 5: save_checkpoint")


def load_checkpoint(
    path: str | os.PathLike[str],
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    map_location: Any = None,
) -> None:
    """Put what `save_checkpoint` has written into a model and its optimizer.

    Training then goes on as if it had never stopped.

    Args:
        path: a file of `save_checkpoint`'s. A file that would run code when it is unpickled is an error.
        model, optimizer: built like the saved ones, with any values; changed in place.
        map_location: where `torch.load` is to put the tensors, so that a file from a GPU loads on a CPU.

    Example:
        >>> load_checkpoint("checkpoint.pt", model, optimizer, map_location="cpu")
    """
    raise NotImplementedError("TODO 6: load_checkpoint")


def seed_all(seed: int) -> None:
    """Let all random numbers from here on depend on `seed` alone: PyTorch's, at least.

    Args:
        seed: 0 or more, below 2**32.

    Example:
        >>> seed_all(1)
        >>> a = torch.rand(3)
        >>> seed_all(1)
        >>> torch.equal(a, torch.rand(3))
        True
    """
    raise NotImplementedError("TODO 7: seed_all")


def make_loader(
    dataset: Dataset[tuple[Tensor, ...]], batch_size: int, seed: int, shuffle: bool = True
) -> DataLoader[tuple[Tensor, ...]]:
    """Build a loader whose order depends on `seed` alone.

    Neither building the loader nor iterating over it draws from the global generator.

    Args:
        dataset: has a length and items by number.
        batch_size: samples in a batch; the last batch holds what is left.
        seed: two loaders with one seed give one order, pass by pass; another seed another order.
        shuffle: False keeps the order of the dataset.

    Returns:
        A DataLoader that yields every sample once in each pass.

    Example:
        >>> [len(x) for x, y in make_loader(dataset, batch_size=4, seed=0)]    # a dataset of 11
        [4, 4, 3]
    """
    raise NotImplementedError("TODO 8: make_loader")
