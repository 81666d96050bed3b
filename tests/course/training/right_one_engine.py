"""A right answer around one class that runs a pass: tensors are summed on the device, and read once, at its end."""

import contextlib
import io
import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Sampler


@dataclass
class Sums:
    loss: list = field(default_factory=list)
    right: list = field(default_factory=list)
    samples: int = 0

    def add(self, loss, logits, y):
        self.loss.append(loss.detach() * len(y))
        if logits.dim() == 2 and y.dim() == 1:
            self.right.append(torch.argmax(logits.detach(), dim=1).sub(y).eq(0).sum())
        self.samples += len(y)

    def mean(self, parts):
        return (torch.stack(parts).sum() / self.samples).item() if parts else 0.0


class Engine:
    def __init__(self, model, loss_fn, device, optimizer=None):
        self.model, self.loss_fn, self.device, self.optimizer = model, loss_fn, device, optimizer

    @contextlib.contextmanager
    def mode(self):
        before = self.model.training
        self.model.train(self.optimizer is not None)
        with torch.set_grad_enabled(self.optimizer is not None):
            yield
        self.model.train(before)

    def run(self, batches):
        sums = Sums()
        with self.mode():
            for inputs, targets in batches:
                inputs, targets = inputs.to(self.device), targets.to(self.device)
                outputs = self.model(inputs)
                loss = self.loss_fn(outputs, targets)
                if self.optimizer is not None:
                    self.optimizer.zero_grad(set_to_none=False)
                    loss.backward()
                    self.optimizer.step()
                sums.add(loss, outputs, targets)
        return sums.mean(sums.loss), sums.mean(sums.right)


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    return Engine(model, loss_fn, device, optimizer).run([tuple(batch)])[0]


def train_epoch(model, loader, loss_fn, optimizer, device="cpu"):
    return Engine(model, loss_fn, device, optimizer).run(loader)[0]


def evaluate(model, loader, loss_fn, device="cpu"):
    return Engine(model, loss_fn, device).run(loader)


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    trainer, judge = Engine(model, loss_fn, device, optimizer), Engine(model, loss_fn, device)
    best, kept, history = None, None, []
    for _ in range(epochs):
        train_loss, _ = trainer.run(train_loader)
        val_loss, val_accuracy = judge.run(val_loader)
        history.append({"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy})
        if val_loss == val_loss and (best is None or val_loss < best):
            best, kept = val_loss, io.BytesIO()
            torch.save(model.state_dict(), kept)
    if kept is not None:
        kept.seek(0)
        state = torch.load(kept, weights_only=True)
        with torch.no_grad():
            for name, tensor in [*model.named_parameters(), *model.named_buffers()]:
                tensor.copy_(state[name])
    return history


def save_checkpoint(path, model: nn.Module, optimizer):
    buffer = io.BytesIO()
    torch.save({"kind": "checkpoint", "states": (model.state_dict(), optimizer.state_dict())}, buffer)
    Path(path).write_bytes(buffer.getvalue())


def load_checkpoint(path, model, optimizer, map_location=None):
    # Onto the CPU in any case: load_state_dict copies to where the parameters are.
    saved = torch.load(io.BytesIO(Path(path).read_bytes()), map_location="cpu", weights_only=True)
    model.load_state_dict(saved["states"][0])
    optimizer.load_state_dict(saved["states"][1])


def seed_all(seed):
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


class Order(Sampler):
    """The same order at every pass."""

    def __init__(self, dataset, seed):
        self.order = np.random.default_rng(seed).permutation(len(dataset)).tolist()

    def __iter__(self):
        return iter(self.order)

    def __len__(self):
        return len(self.order)


def make_loader(dataset, batch_size, seed, shuffle=True):
    own = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size, sampler=Order(dataset, seed) if shuffle else None, generator=own)
