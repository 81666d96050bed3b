"""A right answer that leaves the work to torch: sum_to_size, one concatenated batch, no_grad."""

import itertools

import torch


def gradient(f, x):
    was = x.requires_grad
    before = x.grad
    inner = torch.autograd.Variable(x.data, requires_grad=True)
    with torch.enable_grad():
        y = f(inner)
    if not y.requires_grad:
        return x.detach() * 0
    (found,) = torch.autograd.grad([y], [inner], allow_unused=True)
    assert x.requires_grad == was and x.grad is before
    return torch.zeros(x.shape, dtype=x.dtype, device=x.device) if found is None else found.detach()


def numeric_gradient(f, x, eps=1e-6):
    out = torch.zeros(x.shape, dtype=x.dtype, device=x.device)
    wide = x.detach().to(dtype=torch.float64)
    for place in itertools.product(*map(range, x.shape)):
        up, down = wide.contiguous().clone(), wide.contiguous().clone()
        up[place] += eps
        down[place] -= eps
        out[place] = (f(up).detach() - f(down).detach()) / (up[place] - down[place])
    return out


def unbroadcast(grad, shape):
    return grad.sum_to_size(shape)


def walk(node, seen):
    todo = [iter([node])]
    while todo:
        following = next(todo[-1], None)
        if following is None:
            todo.pop()
        elif following not in seen:
            seen[following] = len(seen)
            todo.append(iter([n for n, _ in following.next_functions if n]))
    return len(seen)


def count_graph_nodes(tensor):
    return walk(tensor.grad_fn, {}) if tensor.grad_fn is not None else 0


class LeakyReLUFn(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.factor = torch.ones_like(x).masked_fill_(x <= 0, slope)
        return x * ctx.factor

    @staticmethod
    def backward(ctx, grad):
        return grad * ctx.factor, None


def accumulate(model, loss_fn, batches):
    x, y = (torch.cat(parts) for parts in zip(*batches, strict=True))
    model.zero_grad(set_to_none=False)
    loss = loss_fn(model(x), y)
    loss.backward()
    return loss.item()


def td_loss(q, target):
    with torch.no_grad():
        goal = target.clone()
    error = q - goal
    return (error * error).sum() / error.numel()
