"""Losses that stand large numbers, and the two updates that follow a backward pass.

Shapes: N samples, C classes, `...` any further dims of a sample (positions, pixels), which targets have too.
"""

import torch
from torch import Tensor


def log_softmax(x: Tensor, dim: int) -> Tensor:
    """log(exp(x) / sum(exp(x))) along `dim`, without the quotient."""
    wide = x.to(torch.promote_types(x.dtype, torch.float32))  # a sum of 70 000 ones overflows float16
    shifted = wide - wide.amax(dim, keepdim=True)  # the largest of each row is 0, so no exp overflows
    total = shifted.exp().sum(dim, keepdim=True)  # at least 1, so no log of 0
    return (shifted - total.log()).to(x.dtype)


def nll_loss(log_probs: Tensor, target: Tensor, ignore_index: int = -100) -> Tensor:
    """The mean of -log_probs[n, target[n]] over the rows whose target is not `ignore_index`."""
    kept = target != ignore_index  # (N,)
    index = torch.where(kept, target, 0)  # (N,) any class will do where the row does not count
    picked = log_probs.gather(1, index.unsqueeze(1)).squeeze(1)  # (N, C) -> (N, 1) -> (N,)
    return -torch.where(kept, picked, 0.0).sum() / kept.sum()  # 0 / 0 is NaN


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """nll_loss of log_softmax over dim 1, every position being a row of its own."""
    if logits.shape[:1] + logits.shape[2:] != target.shape:
        raise ValueError(f"logits {tuple(logits.shape)} need a target without dim 1, not {tuple(target.shape)}")
    log_probs = log_softmax(logits, 1).movedim(1, -1)  # (N, C, ...) -> (N, ..., C)
    return nll_loss(log_probs.flatten(0, -2), target.flatten())  # (N * ..., C), (N * ...,)


def accuracy(logits: Tensor, target: Tensor) -> float:
    """The share of rows whose largest logit is that of their target."""
    if len(target) == 0:
        return 0.0
    return (logits.argmax(1) == target).double().mean().item()  # (N,) == (N,)


@torch.no_grad()  # an update is no part of any graph
def sgd_step(
    params: list[Tensor],
    buffers: list[Tensor | None],
    lr: float,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
) -> None:
    """buffer = momentum * buffer + (grad + weight_decay * param), param = param - lr * buffer."""
    for i, param in enumerate(params):
        if param.grad is None:
            continue
        step = param.grad.add(param, alpha=weight_decay)  # a new tensor: param.grad stays as it is
        if momentum != 0:
            buffer = buffers[i]
            buffers[i] = step = step if buffer is None else buffer.mul_(momentum).add_(step)
        param.sub_(step, alpha=lr)


def clip_grad_norm_(params: list[Tensor], max_norm: float) -> Tensor:
    """Scale all gradients by one factor, so that together they are no longer than `max_norm`."""
    grads = [param.grad for param in params if param.grad is not None]
    if not grads:
        return torch.zeros(())
    total = torch.stack([grad.norm() for grad in grads]).norm()  # the norm of the norms is that of all entries
    factor = (max_norm / (total + 1e-6)).clamp(max=1.0)  # clip, never stretch
    for grad in grads:
        grad.mul_(factor)
    return total
