"""A right answer in the newer style of Function (setup_context), with lists, a class and hand-made sums."""

import torch
from torch import nn


def gradient(f, x):
    try:
        found = torch.autograd.grad(f(leaf := x.detach().clone().requires_grad_(True)), leaf, allow_unused=True)[0]
    except RuntimeError:
        found = None
    return x.new_zeros(x.size()) if found is None else found


class Differences:
    def __init__(self, f, x, eps):
        self.f, self.shape, self.eps = f, x.shape, eps
        self.values = x.detach().reshape(-1).double().tolist()
        self.device = x.device

    def value(self, i, by):
        moved = list(self.values)
        moved[i] += by
        return self.f(torch.tensor(moved, dtype=torch.float64, device=self.device).view(self.shape))

    def slope(self, i):
        return (self.value(i, self.eps) - self.value(i, -self.eps)).item() / (2 * self.eps)


def numeric_gradient(f, x, eps=1e-6):
    work = Differences(f, x, eps)
    slopes = [work.slope(i) for i in range(x.numel())]
    return torch.tensor(slopes, dtype=torch.float64, device=x.device).view(x.shape).type(x.dtype)


def unbroadcast(grad, shape):
    extra = grad.ndim - len(shape)
    front = tuple(range(extra))
    inner = tuple(i + extra for i in range(len(shape)) if shape[i] == 1 != grad.shape[i + extra])
    if front + inner:
        grad = torch.sum(grad, front + inner, keepdim=True)
    for _ in front:
        grad = grad.squeeze(0)
    return grad


def count_graph_nodes(tensor: torch.Tensor) -> int:
    order = [tensor.grad_fn] if tensor.grad_fn is not None else []
    known = set(order)
    for node in order:
        for following, _ in node.next_functions:
            if following is not None and following not in known:
                known.add(following)
                order.append(following)
    return len(order)


class LeakyReLUFn(torch.autograd.Function):
    @staticmethod
    def forward(x, slope):
        return x.clamp(min=0) + slope * x.clamp(max=0)

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.slope = inputs
        ctx.save_for_backward(x)

    @staticmethod
    def backward(ctx, grad):
        x = ctx.saved_tensors[0]
        positive = (x > 0).to(grad.dtype)
        return grad * (positive + ctx.slope * (1 - positive)), None


def accumulate(model: nn.Module, loss_fn, batches):
    parameters = [p for p in model.parameters() if p.requires_grad]
    rows = sum(y.size(0) for _, y in batches)
    sums = [torch.zeros_like(p) for p in parameters]
    mean = 0
    for x, y in batches:
        share = loss_fn(model(x), y) * len(y) / rows
        for total, part in zip(sums, torch.autograd.grad(share, parameters), strict=True):
            total += part
        mean += share.detach()
    for p, total in zip(parameters, sums, strict=True):
        p.grad = total
    return mean.item()


def td_loss(q, target):
    return torch.mean(torch.square(target.detach() - q))
