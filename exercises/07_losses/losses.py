"""Losses that stand large numbers, and the two updates that follow a backward pass.

The lesson is in README.md beside this file. Shapes: N samples, C classes, `...` any further dims.
Losses keep the dtype of their floating point input; targets are int64. Inputs stay as they were,
except where a function says that it changes them.
"""

from torch import Tensor


def log_softmax(x: Tensor, dim: int) -> Tensor:
    """The logarithm of softmax: x - log(sum(exp(x))), the sum along `dim`.

    Right for any finite input, with finite gradients. An entry of -inf gives -inf and leaves the others as if it
    were not there.

    Args:
        x: any shape with at least one dim, floating point; a float16 row may be longer than 65,504.
        dim: the dim whose exponentials add up to 1; may be negative.

    Returns:
        Same shape and dtype as `x`.

    Example:
        >>> log_softmax(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), dim=1)
        tensor([[   -0.6931,    -0.6931],
                [    0.0000, -1000.0000]])
    """
    raise NotImplementedError("TODO 1: log_softmax")


def nll_loss(log_probs: Tensor, target: Tensor, ignore_index: int = -100) -> Tensor:
    """The mean of -log_probs[n, target[n]] over the rows n whose target is not `ignore_index`.

    Args:
        log_probs: (N, C), floating point; any numbers, they need not be normalised.
        target: (N,), int64, each from 0 to C - 1 or `ignore_index`.
        ignore_index: marks rows that do not count; may be any integer, also that of a class.

    Returns:
        Shape (), dtype of `log_probs`. NaN where no row counts, N = 0 included, as in PyTorch.

    Example:
        >>> nll_loss(torch.tensor([[-1.0, -2.0], [-3.0, -4.0], [-5.0, -6.0]]), torch.tensor([1, 0, -100]))
        tensor(2.5000)
    """
    raise NotImplementedError("TODO 2: nll_loss")


def cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """The mean of -log(softmax(logits)) at the targets, from raw logits.

    Right for any finite logits, with finite gradients.

    Args:
        logits: (N, C) or (N, C, ...), floating point: the classes are dim 1.
        target: (N,) or (N, ...), int64, each from 0 to C - 1.

    Returns:
        Shape (), dtype of `logits`: the mean over all targets. NaN where there are none, as in PyTorch.

    Raises:
        ValueError: where the shape of `target` is not that of `logits` without dim 1.

    Example:
        >>> cross_entropy(torch.tensor([[0.0, 0.0], [1000.0, 0.0]]), torch.tensor([0, 1]))
        tensor(500.3466)
    """
    raise NotImplementedError("TODO 3: cross_entropy")


def accuracy(logits: Tensor, target: Tensor) -> float:
    """The share of rows whose largest logit is at their target.

    Of several equally large logits the first one is the prediction.

    Args:
        logits: (N, C), floating point.
        target: (N,), int64.

    Returns:
        A float from 0.0 to 1.0; 0.0 where N = 0.

    Example:
        >>> accuracy(torch.tensor([[2.0, 1.0], [0.0, 3.0], [1.0, 1.0]]), torch.tensor([0, 0, 0]))
        0.6666666666666666
    """
    raise NotImplementedError("TODO 4: accuracy")


def sgd_step(
    params: list[Tensor],
    buffers: list[Tensor | None],
    lr: float,
    momentum: float = 0.0,
    weight_decay: float = 0.0,
) -> None:
    """One step of stochastic gradient descent, with PyTorch's momentum and weight decay.

    Changes the parameters in place, and the list `buffers` with them: the caller starts with a list
    of None, and hands the same list to every step. Parameters go on being leaves that ask for a gradient,
    buffers carry no gradient, and each `param.grad` is left as it was. A parameter without a gradient
    is left alone, and so is its buffer.

    Args:
        params: leaves of any shape; `.grad` is None or of the shape of the parameter.
        buffers: as long as `params`; None (no step so far) or the shape of the parameter. With momentum 0,
            what is in it does not matter.
        lr: how far to step; may change from step to step.
        momentum: the share of the buffer that is kept.
        weight_decay: this times the parameter is added to the gradient.

    Example:
        >>> p, buffers = torch.tensor([1.0], requires_grad=True), [None]
        >>> p.grad = torch.tensor([1.0])
        >>> sgd_step([p], buffers, lr=0.1, momentum=0.9)
        >>> sgd_step([p], buffers, lr=0.1, momentum=0.9)
        >>> p, buffers
        (tensor([0.7100], requires_grad=True), [tensor([1.9000])])
    """
    raise NotImplementedError("TODO 5: sgd_step")


def clip_grad_norm_(params: list[Tensor], max_norm: float) -> Tensor:
    """Scale all gradients by one factor, in place, so that together they are no longer than `max_norm`.

    Their length is the 2-norm of all entries of all gradients, as if they were one vector. Gradients
    that are shorter are left as they were. Parameters without a gradient are skipped.

    Args:
        params: tensors with `.grad`, which may be None.
        max_norm: above 0.

    Returns:
        The length before scaling: shape (), dtype and device of the gradients; 0 where there are none.

    Example:
        >>> a, b = torch.zeros(1, requires_grad=True), torch.zeros(1, requires_grad=True)
        >>> a.grad, b.grad = torch.tensor([3.0]), torch.tensor([4.0])
        >>> clip_grad_norm_([a, b], max_norm=1.0), a.grad, b.grad
        (tensor(5.), tensor([0.6000]), tensor([0.8000]))
    """
    raise NotImplementedError("TODO 6: clip_grad_norm_")
