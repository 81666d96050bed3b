"""A right answer that calls backward() on copies of its own, works in place on them, and saves a mask."""

import torch
import torch.nn.functional as F
from torch import nn


def gradient(f, x):
    copy = x.clone().detach()
    copy.requires_grad = True
    value = f(copy)
    if value.requires_grad:
        value.backward()
    return torch.zeros_like(copy).detach() if copy.grad is None else copy.grad


def numeric_gradient(f, x, eps=1e-6):
    with torch.no_grad():
        point = x.double().clone(memory_format=torch.contiguous_format)
        flat, slopes = point.view(-1), torch.empty(x.numel(), dtype=torch.float64, device=x.device)
        for i in range(x.numel()):
            here = flat[i].item()
            flat[i] = here + eps
            above = float(f(point))
            flat[i] = here - eps
            below = float(f(point))
            flat[i] = here
            slopes[i] = (above - below) / 2 / eps
        return slopes.reshape(x.shape).to(x.dtype)


def unbroadcast(grad, shape):
    while grad.dim() > len(shape):
        grad = grad.sum(dim=0)
    for dim, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(dim=dim, keepdim=True)
    return grad


def count_graph_nodes(tensor):
    if tensor.grad_fn is None:
        return 0
    layer, seen = {tensor.grad_fn}, set()
    while layer:
        seen |= layer
        layer = {after for node in layer for after, _ in node.next_functions if after is not None} - seen
    return len(seen)


class LeakyReLUFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        below = x <= 0
        ctx.save_for_backward(below)
        ctx.slope = slope
        out = x.clone()
        out[below] *= slope
        return out

    @staticmethod
    def backward(ctx, grad):
        (below,) = ctx.saved_tensors
        out = grad.clone()
        out[below] *= ctx.slope
        return out, None


def accumulate(model: nn.Module, loss_fn, batches):
    for p in model.parameters():
        p.grad = None
    sizes = [x.shape[0] for x, _ in batches]
    losses = []
    for (x, y), size in zip(batches, sizes, strict=True):
        loss = loss_fn(model(x), y)
        (loss * size).backward()
        losses.append(loss.detach() * size)
    for p in model.parameters():
        if p.grad is not None:
            p.grad.div_(sum(sizes))
    return (torch.stack(losses).sum() / sum(sizes)).item()


def td_loss(q, target):
    return F.mse_loss(q, target.data)
