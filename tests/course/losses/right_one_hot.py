"""Masks and one-hot rows in place of gather, `.data` in place of `no_grad`, new tensors in place of old ones."""

import math

import torch
from torch.nn import functional as F


def log_softmax(x, dim):
    half = x.dtype in (torch.float16, torch.bfloat16)
    wide = x.float() if half else x
    largest, _ = wide.detach().max(dim=dim, keepdim=True)
    out = wide - largest
    out = out.sub(out.exp().sum(dim=dim, keepdim=True).log())
    return out.type(x.dtype)


def nll_loss(log_probs, target, ignore_index=-100):
    keep = target.ne(ignore_index)
    rows = torch.arange(target.size(0), device=target.device)[keep]
    return log_probs[rows, target[keep]].neg().mean()


def cross_entropy(logits, target):
    if logits.dim() != target.dim() + 1:
        raise ValueError("target has one dim less than logits")
    expected = list(logits.shape)
    classes = expected.pop(1)
    assert list(target.shape) == expected, "target must have the shape of logits without the classes"
    chosen = F.one_hot(target, classes).movedim(-1, 1).to(logits.dtype)
    return -(chosen * log_softmax(logits, 1)).sum(1).mean()


def accuracy(logits, target):
    predictions = logits.max(dim=1).indices
    hits = int(predictions.eq(target).sum())
    return hits / max(target.numel(), 1)


def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for index, (param, buffer) in enumerate(zip(params, buffers, strict=True)):
        grad = param.grad
        if grad is None:
            continue
        change = grad.detach().clone()
        if weight_decay:
            change.add_(param.data, alpha=weight_decay)
        if momentum:
            if buffer is None:
                buffer = torch.zeros_like(param.data)
            buffer = momentum * buffer + change
            buffers[index] = buffer
            change = buffer
        param.data = param.data - lr * change


def clip_grad_norm_(params, max_norm):
    squares = [param.grad.double().pow(2).sum() for param in params if param.grad is not None]
    if len(squares) == 0:
        return torch.tensor(0.0)
    norm = sum(squares).sqrt()
    if norm > max_norm:
        for param in params:
            if param.grad is not None:
                param.grad = (param.grad.double() * (max_norm / norm)).to(param.grad.dtype)
    first = next(param.grad for param in params if param.grad is not None)
    return norm.to(first.dtype) if math.isfinite(max_norm) else norm
