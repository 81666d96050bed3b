"""PyTorch's neighbours where they are allowed (logaddexp, logsumexp, nll_loss in cross_entropy), and helpers."""

import functools

import torch
import torch.nn.functional as F


def log_softmax(x, dim):
    wide = x.to(torch.float32) if x.itemsize < 4 else x
    total = functools.reduce(torch.logaddexp, wide.unbind(dim)) if x.size(dim) < 100 else total_by_maximum(wide, dim)
    return (wide - total.unsqueeze(dim)).to(x.dtype)


def total_by_maximum(x, dim):
    top = x.amax(dim, keepdim=True)
    return top.squeeze(dim) + (x - top).exp().sum(dim).log()


def nll_loss(log_probs, target, ignore_index=-100):
    weights = (target != ignore_index).to(log_probs.dtype)
    indices = target.clone()
    indices.masked_fill_(target == ignore_index, 0)
    losses = -torch.take_along_dim(log_probs, indices[:, None], 1)[:, 0]
    return (losses * weights).sum() / weights.sum()


def cross_entropy(logits, target):
    batch, _, *further = logits.shape
    if (batch, *further) != tuple(target.shape):
        raise RuntimeError("the classes belong into dim 1")
    wide = logits if logits.dtype == torch.float64 else logits.float()
    return F.nll_loss(wide - wide.logsumexp(1, keepdim=True), target).to(logits.dtype)


def accuracy(logits, target):
    hits = (torch.argmax(logits, dim=-1) == target).float()
    return float(hits.mean()) if hits.numel() else 0.0


def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    with torch.no_grad():
        for i, p in enumerate(params):
            if p.grad is not None:
                p -= lr * velocity(p.grad + weight_decay * p, buffers, i, momentum)


def velocity(gradient, buffers, i, momentum):
    if buffers[i] is None:
        buffers[i] = gradient.clone()
    else:
        buffers[i].copy_(momentum * buffers[i] + gradient)
    return buffers[i]


@torch.no_grad()
def clip_grad_norm_(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.tensor(0.0)
    norm = torch.linalg.vector_norm(torch.cat([grad.reshape(-1) for grad in grads]))
    scale = torch.minimum(max_norm / (norm + 1e-6), torch.ones_like(norm))
    torch._foreach_mul_(grads, scale)
    return norm
