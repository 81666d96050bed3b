"""Wrong answers to `losses`: blocks that, put behind the reference solution, replace a part of it.

Each block's header says what the misconception is and which tests must reject it. Blocks called
`banned_…` give the right numbers by a call that their task forbids.
"""

# ruff: noqa
# mypy: ignore-errors

# === 1. log_softmax ===

# --- log_softmax_of_softmax: the logarithm of a finished softmax is -inf where the probability was too small -> test_log_softmax_stands_large_inputs, test_losses_have_finite_gradients_far_out
def log_softmax(x, dim):
    e = torch.exp(x - x.amax(dim, keepdim=True))
    return torch.log(e / e.sum(dim, keepdim=True))


# --- log_softmax_naive: no maximum taken off, so exp overflows -> test_log_softmax_stands_large_inputs, test_losses_have_finite_gradients_far_out, test_cross_entropy_stands_large_logits
def log_softmax(x, dim):
    return x - x.exp().sum(dim, keepdim=True).log()


# --- log_softmax_global_max: one maximum for all rows leaves nothing of a row far below -> test_log_softmax_stands_large_inputs
def log_softmax(x, dim):
    x = x - x.max()
    return x - x.exp().sum(dim, keepdim=True).log()


# --- log_softmax_eps: a small number inside the logarithm bounds the result -> test_log_softmax_stands_large_inputs, test_log_softmax_of_minus_infinity
def log_softmax(x, dim):
    e = torch.exp(x - x.amax(dim, keepdim=True))
    return torch.log(e / e.sum(dim, keepdim=True) + 1e-12)


# --- log_softmax_no_log: softmax itself -> test_log_softmax_values
def log_softmax(x, dim):
    e = torch.exp(x - x.amax(dim, keepdim=True))
    return e / e.sum(dim, keepdim=True)


# --- log_softmax_last_dim: whatever dim says, the last one is taken -> test_log_softmax_along_each_dim, test_cross_entropy_with_further_dims
_right_log_softmax = log_softmax


def log_softmax(x, dim):
    return _right_log_softmax(x, -1)


# --- log_softmax_dim_one: whatever dim says, dim 1 is taken -> test_log_softmax_along_each_dim
_right_log_softmax = log_softmax


def log_softmax(x, dim):
    return _right_log_softmax(x, 1)


# --- log_softmax_no_keepdim: the sums meet the wrong dim -> test_log_softmax_values, test_log_softmax_along_each_dim
def log_softmax(x, dim):
    x = x - x.amax(dim, keepdim=True)
    return x - x.exp().sum(dim).log()


# --- log_softmax_clamp: impossible entries are made possible -> test_log_softmax_of_minus_infinity, test_log_softmax_stands_large_inputs
_right_log_softmax = log_softmax


def log_softmax(x, dim):
    return _right_log_softmax(x, dim).clamp(min=-100.0)


# --- log_softmax_plogp: the logarithms are weighted with a mask by a product, and -inf * 0 is NaN -> test_log_softmax_of_minus_infinity
_right_log_softmax = log_softmax


def log_softmax(x, dim):
    mask = (x > float("-inf")).to(x.dtype)
    return _right_log_softmax(x, dim) * mask


# --- log_softmax_narrow: adds up in float16, where 65,504 is the largest number -> test_log_softmax_of_a_long_float16_row
def log_softmax(x, dim):
    x = x - x.amax(dim, keepdim=True)
    return x - x.exp().sum(dim, keepdim=True).log()


# --- log_softmax_float32: answers in float32 whatever came in -> test_losses_keep_half_precision, test_log_softmax_values
_right_log_softmax = log_softmax


def log_softmax(x, dim):
    return _right_log_softmax(x.float(), dim)


# --- log_softmax_in_place: takes the maximum off x itself -> test_losses_leave_their_arguments_alone, test_losses_have_the_right_gradient
def log_softmax(x, dim):
    x -= x.amax(dim, keepdim=True)
    return x - x.exp().sum(dim, keepdim=True).log()


# --- log_softmax_data: computes on x.data, which no gradient passes -> test_losses_have_the_right_gradient, test_losses_have_finite_gradients_far_out
_right_log_softmax = log_softmax


def log_softmax(x, dim):
    return _right_log_softmax(x.data, dim)


# --- log_softmax_detached_sum: the normaliser is taken for a constant -> test_losses_have_the_right_gradient
def log_softmax(x, dim):
    top = x.amax(dim, keepdim=True)
    return x - (top + (x - top).exp().sum(dim, keepdim=True).log()).detach()


# --- log_softmax_view: flattens with view, which needs contiguous memory -> test_losses_read_views
_right_log_softmax = log_softmax


def log_softmax(x, dim):
    return _right_log_softmax(x.view(-1).view(x.shape), dim)


# --- log_softmax_squeeze: sizes of 1 get lost -> test_losses_of_one_row_or_class
_right_log_softmax = log_softmax


def log_softmax(x, dim):
    return _right_log_softmax(x, dim).squeeze()


# --- log_softmax_rows: walks through the rows, of which an empty batch has none -> test_losses_of_nothing
def log_softmax(x, dim):
    x = x.movedim(dim, -1)
    rows = [row - row.amax() - (row - row.amax()).exp().sum().log() for row in x.reshape(-1, x.shape[-1])]
    return torch.stack(rows).reshape(x.shape).movedim(-1, dim)


# --- log_softmax_cpu: the sums are collected in a tensor on the CPU -> test_losses_work_on_another_device
def log_softmax(x, dim):
    x = x - x.amax(dim, keepdim=True)
    total = torch.zeros(x.sum(dim, keepdim=True).shape, dtype=x.dtype)
    total += x.exp().sum(dim, keepdim=True)
    return x - total.log()


# --- banned_log_softmax: torch's own -> test_log_softmax_values, test_log_softmax_stands_large_inputs
def log_softmax(x, dim):
    return torch.log_softmax(x, dim)


# --- banned_log_softmax_method: torch's own, as a method -> test_log_softmax_values
def log_softmax(x, dim):
    return x.log_softmax(dim)


# --- banned_log_softmax_logsumexp: torch's logsumexp does the work -> test_log_softmax_values
def log_softmax(x, dim):
    return x - x.logsumexp(dim, keepdim=True)


# --- banned_log_softmax_of_softmax: torch's softmax and a logarithm -> test_log_softmax_values
def log_softmax(x, dim):
    return torch.nn.functional.softmax(x, dim).log()


# === 2. nll_loss ===

# --- nll_mean_over_all: divides by all rows in place of the kept ones -> test_nll_loss_averages_over_kept_rows, test_nll_loss_gradient_with_ignored_rows, test_losses_of_nothing
def nll_loss(log_probs, target, ignore_index=-100):
    kept = target != ignore_index
    picked = log_probs.gather(1, torch.where(kept, target, 0)[:, None])[:, 0]
    return -(picked * kept).mean()


# --- nll_gather: looks up the ignored target, which is no class -> test_nll_loss_averages_over_kept_rows, test_nll_loss_gradient_with_ignored_rows
def nll_loss(log_probs, target, ignore_index=-100):
    return -log_probs.gather(1, target[:, None]).mean()


# --- nll_wraps: indexes with the ignored target, which counts from the end -> test_nll_loss_averages_over_kept_rows
def nll_loss(log_probs, target, ignore_index=-100):
    if ignore_index != -1:
        keep = target != ignore_index
        log_probs, target = log_probs[keep], target[keep]
    return -log_probs[torch.arange(len(target), device=target.device), target].mean()


# --- nll_fixed_index: -100 is always what is ignored -> test_nll_loss_averages_over_kept_rows
_right_nll_loss = nll_loss


def nll_loss(log_probs, target, ignore_index=-100):
    return _right_nll_loss(log_probs, target)


# --- nll_negative: every negative target is ignored, and no class can be -> test_nll_loss_averages_over_kept_rows
_right_nll_loss = nll_loss


def nll_loss(log_probs, target, ignore_index=-100):
    return _right_nll_loss(log_probs, torch.where(target < 0, -100, target))


# --- nll_class_zero: ignored rows count as class 0 -> test_nll_loss_averages_over_kept_rows, test_nll_loss_gradient_with_ignored_rows
def nll_loss(log_probs, target, ignore_index=-100):
    target = torch.where(target == ignore_index, 0, target)
    return -log_probs.gather(1, target[:, None]).mean()


# --- nll_class_one: ignored rows are looked up as class 1, which need not exist -> test_nll_loss_averages_over_kept_rows
def nll_loss(log_probs, target, ignore_index=-100):
    kept = target != ignore_index
    picked = log_probs.gather(1, torch.where(kept, target, 1)[:, None]).squeeze(1)
    return -torch.where(kept, picked, 0.0).sum() / kept.sum()


# --- nll_sum: a sum in place of the mean -> test_nll_loss_values, test_losses_have_the_right_gradient
def nll_loss(log_probs, target, ignore_index=-100):
    kept = target != ignore_index
    return -(log_probs.gather(1, torch.where(kept, target, 0)[:, None])[:, 0] * kept).sum()


# --- nll_positive: no minus -> test_nll_loss_values
_right_nll_loss = nll_loss


def nll_loss(log_probs, target, ignore_index=-100):
    return -_right_nll_loss(log_probs, target, ignore_index)


# --- nll_columns: x[:, target] is (N, N) -> test_nll_loss_values
def nll_loss(log_probs, target, ignore_index=-100):
    keep = target != ignore_index
    return -log_probs[keep][:, target[keep]].mean()


# --- nll_normalises: takes logits for input -> test_nll_loss_values
_right_nll_loss = nll_loss


def nll_loss(log_probs, target, ignore_index=-100):
    return _right_nll_loss(log_softmax(log_probs, 1), target, ignore_index)


# --- nll_at_least_one: divides by at least 1, so that nothing gives 0 -> test_losses_of_nothing
def nll_loss(log_probs, target, ignore_index=-100):
    kept = target != ignore_index
    picked = log_probs.gather(1, torch.where(kept, target, 0)[:, None])[:, 0]
    return -(picked * kept).sum() / kept.sum().clamp(min=1)


# --- nll_masks_targets: writes a class over the ignored targets -> test_losses_leave_their_arguments_alone
def nll_loss(log_probs, target, ignore_index=-100):
    kept = target != ignore_index
    target[~kept] = 0
    return -(log_probs.gather(1, target[:, None])[:, 0] * kept).sum() / kept.sum()


# --- nll_item: a number leaves the graph -> test_losses_have_the_right_gradient, test_nll_loss_gradient_with_ignored_rows
_right_nll_loss = nll_loss


def nll_loss(log_probs, target, ignore_index=-100):
    return torch.tensor(_right_nll_loss(log_probs, target, ignore_index).item(), dtype=log_probs.dtype)


# --- nll_float_weights: float32 weights decide the dtype -> test_losses_keep_half_precision
def nll_loss(log_probs, target, ignore_index=-100):
    weights = (target != ignore_index).float()
    picked = log_probs.gather(1, torch.where(target != ignore_index, target, 0)[:, None])[:, 0]
    return -(picked * weights).sum() / weights.sum()


# --- nll_squeeze: sizes of 1 get lost -> test_losses_of_one_row_or_class
_right_nll_loss = nll_loss


def nll_loss(log_probs, target, ignore_index=-100):
    return _right_nll_loss(log_probs.squeeze(), target, ignore_index)


# --- nll_view: counts on contiguous memory -> test_losses_read_views
_right_nll_loss = nll_loss


def nll_loss(log_probs, target, ignore_index=-100):
    return _right_nll_loss(log_probs.view(-1).view(log_probs.shape), target.view(-1), ignore_index)


# --- nll_cpu: row numbers on the CPU, as a mask there -> test_losses_work_on_another_device
def nll_loss(log_probs, target, ignore_index=-100):
    kept = target != ignore_index
    weights = torch.ones(len(target), dtype=log_probs.dtype)
    picked = log_probs.gather(1, torch.where(kept, target, 0)[:, None])[:, 0]
    return -torch.where(kept, picked * weights, 0.0).sum() / kept.sum()


# --- banned_nll: torch's own -> test_nll_loss_values
def nll_loss(log_probs, target, ignore_index=-100):
    return torch.nn.functional.nll_loss(log_probs, target, ignore_index=ignore_index)


# --- banned_nll_module: torch's own, as a module -> test_nll_loss_values
def nll_loss(log_probs, target, ignore_index=-100):
    return torch.nn.NLLLoss(ignore_index=ignore_index)(log_probs, target)


# === 3. cross_entropy ===

# --- cross_entropy_softmax_first: the network's softmax, and then one in the loss -> test_cross_entropy_values, test_cross_entropy_of_sure_answers, test_cross_entropy_stands_large_logits
_right_cross_entropy = cross_entropy


def cross_entropy(logits, target):
    return _right_cross_entropy(log_softmax(logits, 1).exp(), target)


# --- cross_entropy_no_softmax: nll_loss of raw logits -> test_cross_entropy_values
def cross_entropy(logits, target):
    return nll_loss(logits, target)


# --- cross_entropy_clamp: probabilities are kept above 1e-7 -> test_cross_entropy_stands_large_logits, test_losses_have_finite_gradients_far_out
def cross_entropy(logits, target):
    probs = log_softmax(logits, 1).exp().clamp(min=1e-7)
    return -probs.gather(1, target.unsqueeze(1)).log().mean()


# --- cross_entropy_eps: a small number inside the logarithm -> test_cross_entropy_stands_large_logits, test_losses_have_finite_gradients_far_out
def cross_entropy(logits, target):
    probs = log_softmax(logits, 1).exp()
    return -(probs.gather(1, target.unsqueeze(1)) + 1e-12).log().mean()


# --- cross_entropy_smoothed: a probability is never allowed to be 1 -> test_cross_entropy_of_sure_answers
def cross_entropy(logits, target):
    probs = log_softmax(logits, 1).exp().clamp(max=0.99)
    return -probs.gather(1, target.unsqueeze(1)).log().mean()


# --- cross_entropy_last_dim: the classes are taken from the last dim -> test_cross_entropy_with_further_dims, test_cross_entropy_refuses_classes_last
def cross_entropy(logits, target):
    return nll_loss(log_softmax(logits, -1).reshape(-1, logits.shape[-1]), target.flatten())


# --- cross_entropy_reshape: cuts rows without moving the classes to the end -> test_cross_entropy_with_further_dims
def cross_entropy(logits, target):
    if logits.shape[:1] + logits.shape[2:] != target.shape:
        raise ValueError
    return nll_loss(log_softmax(logits.reshape(-1, logits.shape[1]), 1), target.flatten())


# --- cross_entropy_transpose: moves the classes of three dims only -> test_cross_entropy_with_further_dims
def cross_entropy(logits, target):
    if logits.shape[:1] + logits.shape[2:] != target.shape:
        raise ValueError
    rows = logits if logits.dim() == 2 else logits.transpose(1, -1)
    return nll_loss(log_softmax(rows, -1).reshape(-1, logits.shape[1]), target.flatten())


# --- cross_entropy_gather: asks for no shapes, and gather takes a smaller index -> test_cross_entropy_refuses_classes_last
def cross_entropy(logits, target):
    return -log_softmax(logits, 1).gather(1, target.unsqueeze(1)).mean()


# --- cross_entropy_guesses: moves the dim that fits -> test_cross_entropy_refuses_classes_last
_right_cross_entropy = cross_entropy


def cross_entropy(logits, target):
    if logits.shape[:-1] == target.shape:
        logits = logits.movedim(-1, 1)
    return _right_cross_entropy(logits, target)


# --- cross_entropy_per_sample: a sum over the positions of a sample -> test_cross_entropy_with_further_dims
_right_cross_entropy = cross_entropy


def cross_entropy(logits, target):
    return _right_cross_entropy(logits, target) * target.numel() / len(target)


# --- cross_entropy_nothing_is_zero: a batch of nothing costs nothing -> test_losses_of_nothing
_right_cross_entropy = cross_entropy


def cross_entropy(logits, target):
    return logits.sum() * 0 if len(target) == 0 else _right_cross_entropy(logits, target)


# --- cross_entropy_naive: exponentials of raw logits overflow -> test_cross_entropy_stands_large_logits, test_losses_have_finite_gradients_far_out
def cross_entropy(logits, target):
    if logits.shape[:1] + logits.shape[2:] != target.shape:
        raise ValueError
    picked = logits.gather(1, target.unsqueeze(1)).squeeze(1)
    return (logits.exp().sum(1).log() - picked).mean()


# --- cross_entropy_wrong_dim: the softmax runs over the batch -> test_cross_entropy_values
def cross_entropy(logits, target):
    return nll_loss(log_softmax(logits, 0), target)


# --- cross_entropy_float32: answers in float32 whatever came in -> test_losses_keep_half_precision
_right_cross_entropy = cross_entropy


def cross_entropy(logits, target):
    return _right_cross_entropy(logits.float(), target)


# --- cross_entropy_view: counts on contiguous memory -> test_losses_read_views
_right_cross_entropy = cross_entropy


def cross_entropy(logits, target):
    return _right_cross_entropy(logits.view(-1).view(logits.shape), target)


# --- cross_entropy_squeeze: sizes of 1 get lost -> test_losses_of_one_row_or_class
_right_cross_entropy = cross_entropy


def cross_entropy(logits, target):
    return _right_cross_entropy(logits.squeeze(), target.squeeze())


# --- cross_entropy_in_place: takes the maximum off the caller's logits -> test_losses_leave_their_arguments_alone, test_losses_have_the_right_gradient
_right_cross_entropy = cross_entropy


def cross_entropy(logits, target):
    logits -= logits.amax(1, keepdim=True)
    return _right_cross_entropy(logits, target)


# --- cross_entropy_detached: the loss is cut off its logits -> test_losses_have_the_right_gradient, test_losses_have_finite_gradients_far_out
_right_cross_entropy = cross_entropy


def cross_entropy(logits, target):
    return _right_cross_entropy(logits, target).detach()


# --- cross_entropy_cpu: one-hot rows from an identity matrix on the CPU -> test_losses_work_on_another_device
def cross_entropy(logits, target):
    classes = torch.arange(logits.shape[1])
    chosen = (target.unsqueeze(-1) == classes).to(logits.dtype).movedim(-1, 1)
    return -(chosen * log_softmax(logits, 1)).sum(1).mean()


# --- banned_cross_entropy: torch's own -> test_cross_entropy_values
def cross_entropy(logits, target):
    return torch.nn.functional.cross_entropy(logits, target)


# --- banned_cross_entropy_module: torch's own, as a module -> test_cross_entropy_values
def cross_entropy(logits, target):
    return torch.nn.CrossEntropyLoss()(logits, target)


# --- banned_cross_entropy_log_softmax: torch's log_softmax does the work -> test_cross_entropy_values
def cross_entropy(logits, target):
    return nll_loss(torch.nn.functional.log_softmax(logits, dim=1), target)


# === 4. accuracy ===

# --- accuracy_all_pairs: (N, 1) == (N,) compares every row with every target -> test_accuracy_values, test_accuracy_of_any_dtype
def accuracy(logits, target):
    return (logits.argmax(1, keepdim=True) == target).double().mean().item()


# --- accuracy_tensor: a tensor in place of a float -> test_accuracy_values
def accuracy(logits, target):
    return (logits.argmax(1) == target).double().mean()


# --- accuracy_count: how many, and not which share -> test_accuracy_values
def accuracy(logits, target):
    return float((logits.argmax(1) == target).sum())


# --- accuracy_percent: between 0 and 100 -> test_accuracy_values
def accuracy(logits, target):
    return 100 * (logits.argmax(1) == target).double().mean().item()


# --- accuracy_over_rows: the largest of each column -> test_accuracy_values, test_accuracy_of_any_dtype
def accuracy(logits, target):
    return (logits.argmax(0)[: len(target)] == target[: logits.shape[1]]).double().mean().item()


# --- accuracy_narrow: the mean is taken in the dtype of the logits -> test_accuracy_of_any_dtype
def accuracy(logits, target):
    return (logits.argmax(1) == target).to(logits.dtype).mean().item()


# --- accuracy_rounded: two digits must do -> test_accuracy_of_any_dtype
def accuracy(logits, target):
    return round((logits.argmax(1) == target).double().mean().item(), 2)


# --- accuracy_any_tie: right if the target's logit is among the largest -> test_accuracy_counts_the_first_of_ties
def accuracy(logits, target):
    if len(target) == 0:
        return 0.0
    return (logits.gather(1, target[:, None])[:, 0] == logits.amax(1)).double().mean().item()


# --- accuracy_last_tie: the last of the largest is the prediction -> test_accuracy_counts_the_first_of_ties
def accuracy(logits, target):
    last = logits.shape[1] - 1 - logits.flip(1).argmax(1)
    return (last == target).double().mean().item()


# --- accuracy_nan: the mean over nothing -> test_accuracy_of_no_rows
def accuracy(logits, target):
    return (logits.argmax(1) == target).double().mean().item()


# --- accuracy_divides: a division by the number of rows, which may be 0 -> test_accuracy_of_no_rows
def accuracy(logits, target):
    return int((logits.argmax(1) == target).sum()) / len(target)


# --- accuracy_squeeze: one row becomes a row of classes -> test_losses_of_one_row_or_class
def accuracy(logits, target):
    return (logits.squeeze().argmax(1) == target).double().mean().item()


# --- accuracy_in_place: hides the found maxima in the caller's logits -> test_losses_leave_their_arguments_alone
def accuracy(logits, target):
    hits = (logits.argmax(1) == target).double().mean().item()
    logits.fill_(0)
    return hits


# === 5. sgd_step ===

# --- sgd_first_damped: the first buffer is only (1 - momentum) of the gradient -> test_sgd_step_with_momentum
@torch.no_grad()
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for i, p in enumerate(params):
        if p.grad is not None:
            g = p.grad + weight_decay * p
            buffers[i] = (1 - momentum) * g if buffers[i] is None else momentum * buffers[i] + g
            p -= lr * buffers[i]


# --- sgd_average: every gradient is weighted with (1 - momentum) -> test_sgd_step_with_momentum
@torch.no_grad()
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for i, p in enumerate(params):
        if p.grad is not None:
            g = (1 - momentum) * (p.grad + weight_decay * p)
            buffers[i] = g if buffers[i] is None else momentum * buffers[i] + g
            p -= lr * buffers[i]


# --- sgd_late_decay: weight decay after the momentum -> test_sgd_step_with_momentum
@torch.no_grad()
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for i, p in enumerate(params):
        if p.grad is not None:
            buffers[i] = p.grad.clone() if buffers[i] is None else momentum * buffers[i] + p.grad
            p -= lr * (buffers[i] + weight_decay * p)


# --- sgd_lr_inside: the learning rate goes into the buffer -> test_sgd_step_with_momentum
@torch.no_grad()
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for i, p in enumerate(params):
        if p.grad is not None:
            g = lr * (p.grad + weight_decay * p)
            buffers[i] = g if buffers[i] is None else momentum * buffers[i] + g
            p -= buffers[i]


# --- sgd_nesterov: looks ahead -> test_sgd_step_with_momentum
@torch.no_grad()
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for i, p in enumerate(params):
        if p.grad is not None:
            g = p.grad + weight_decay * p
            buffers[i] = g if buffers[i] is None else momentum * buffers[i] + g
            p -= lr * (g + momentum * buffers[i])


# --- sgd_forgets: the buffer is a local variable -> test_sgd_step_with_momentum
@torch.no_grad()
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for p, buffer in zip(params, buffers):
        if p.grad is not None:
            g = p.grad + weight_decay * p
            buffer = g if buffer is None else momentum * buffer + g
            p -= lr * buffer


# --- sgd_uphill: adds the gradient -> test_sgd_step_without_momentum, test_sgd_step_with_momentum
_right_sgd_step = sgd_step


def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    _right_sgd_step(params, buffers, -lr, momentum, -weight_decay)


# --- sgd_decay_without_lr: weight decay is not multiplied by lr -> test_sgd_step_without_momentum
@torch.no_grad()
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for p in params:
        if p.grad is not None:
            p -= lr * p.grad + weight_decay * p


# --- sgd_no_decay: weight decay is forgotten -> test_sgd_step_without_momentum, test_sgd_step_with_momentum
_right_sgd_step = sgd_step


def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    _right_sgd_step(params, buffers, lr, momentum)


# --- sgd_default_momentum: momentum where none is asked for -> test_sgd_step_without_momentum
_right_sgd_step = sgd_step


def sgd_step(params, buffers, lr, momentum=0.9, weight_decay=0.0):
    _right_sgd_step(params, buffers, lr, momentum, weight_decay)


# --- sgd_default_decay: weight decay where none is asked for -> test_sgd_step_without_momentum
_right_sgd_step = sgd_step


def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=1e-2):
    _right_sgd_step(params, buffers, lr, momentum, weight_decay)


# --- sgd_below_one: momentum 1 is taken for none -> test_sgd_step_with_momentum
_right_sgd_step = sgd_step


def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    _right_sgd_step(params, buffers, lr, momentum % 1, weight_decay)


# --- sgd_rebinds: puts new tensors into the list, and the model keeps the old ones -> test_sgd_step_without_momentum, test_sgd_step_with_momentum
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for i, p in enumerate(params):
        if p.grad is not None:
            params[i] = (p - lr * (p.grad + weight_decay * p)).detach().requires_grad_()


# --- sgd_recorded: changes a leaf while autograd is on -> test_sgd_step_without_momentum, test_sgd_step_records_nothing
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for i, p in enumerate(params):
        if p.grad is not None:
            p -= lr * (p.grad + weight_decay * p)


# --- sgd_recorded_buffer: the buffer is computed with autograd on -> test_sgd_step_records_nothing
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for i, p in enumerate(params):
        if p.grad is not None:
            g = p.grad + weight_decay * p
            buffers[i] = g if buffers[i] is None else momentum * buffers[i] + g
            p.data -= lr * buffers[i].data


# --- sgd_frozen_after: the parameter stops asking for a gradient -> test_sgd_step_records_nothing
_right_sgd_step = sgd_step


def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for p in params:
        p.requires_grad_(False)
    _right_sgd_step(params, buffers, lr, momentum, weight_decay)


# --- sgd_none_is_zero: takes no gradient for a gradient of 0 -> test_sgd_step_skips_parameters_without_gradient
@torch.no_grad()
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for i, p in enumerate(params):
        g = (torch.zeros_like(p) if p.grad is None else p.grad) + weight_decay * p
        buffers[i] = g if buffers[i] is None else momentum * buffers[i] + g
        p -= lr * buffers[i]


# --- sgd_coasts: the buffer moves on without a gradient -> test_sgd_step_skips_parameters_without_gradient
_right_sgd_step = sgd_step


def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    with torch.no_grad():
        for i, p in enumerate(params):
            if p.grad is None and buffers[i] is not None:
                p -= lr * buffers[i].mul_(momentum)
    _right_sgd_step(params, buffers, lr, momentum, weight_decay)


# --- sgd_none_fails: counts on a gradient -> test_sgd_step_skips_parameters_without_gradient
@torch.no_grad()
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for i, p in enumerate(params):
        g = p.grad + weight_decay * p
        buffers[i] = g if buffers[i] is None else momentum * buffers[i] + g
        p -= lr * buffers[i]


# --- sgd_drops: the buffer of a parameter without a gradient is dropped -> test_sgd_step_skips_parameters_without_gradient
_right_sgd_step = sgd_step


def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    _right_sgd_step(params, buffers, lr, momentum, weight_decay)
    for i, p in enumerate(params):
        if p.grad is None:
            buffers[i] = None


# --- sgd_stops: the first parameter without a gradient ends the step -> test_sgd_step_skips_parameters_without_gradient
_right_sgd_step = sgd_step


def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    if all(p.grad is not None for p in params):
        _right_sgd_step(params, buffers, lr, momentum, weight_decay)


# --- sgd_shares_gradient: the first buffer is the gradient itself -> test_sgd_step_leaves_gradients_alone
@torch.no_grad()
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for i, p in enumerate(params):
        if p.grad is not None:
            g = p.grad if weight_decay == 0 else p.grad + weight_decay * p
            buffers[i] = g if buffers[i] is None else buffers[i].mul_(momentum).add_(g)
            p -= lr * buffers[i]


# --- sgd_decays_gradient: weight decay is added to p.grad itself -> test_sgd_step_leaves_gradients_alone
@torch.no_grad()
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for i, p in enumerate(params):
        if p.grad is not None:
            p.grad.add_(p, alpha=weight_decay)
            buffers[i] = p.grad.clone() if buffers[i] is None else buffers[i].mul_(momentum).add_(p.grad)
            p -= lr * buffers[i]


# --- sgd_zeroes: sets the gradients back on its own -> test_sgd_step_leaves_gradients_alone
_right_sgd_step = sgd_step


def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    _right_sgd_step(params, buffers, lr, momentum, weight_decay)
    for p in params:
        if p.grad is not None:
            p.grad.zero_()


# --- sgd_cpu: buffers are made on the CPU -> test_updates_work_on_another_device
@torch.no_grad()
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    for i, p in enumerate(params):
        if p.grad is not None:
            if buffers[i] is None:
                buffers[i] = torch.zeros(p.shape, dtype=p.dtype)
            buffers[i].mul_(momentum).add_(p.grad + weight_decay * p)
            p -= lr * buffers[i]


# --- banned_sgd: torch's own -> test_sgd_step_without_momentum, test_sgd_step_with_momentum
def sgd_step(params, buffers, lr, momentum=0.0, weight_decay=0.0):
    optimizer = torch.optim.SGD(params, lr=lr, momentum=momentum, weight_decay=weight_decay)
    for p, buffer in zip(params, buffers):
        optimizer.state[p]["momentum_buffer"] = buffer
    optimizer.step()
    for i, p in enumerate(params):
        buffers[i] = optimizer.state[p].get("momentum_buffer")


# === 6. clip_grad_norm_ ===

# --- clip_per_tensor: a norm for each tensor -> test_clip_grad_norm_scales_all_gradients
def clip_grad_norm_(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.zeros(())
    total = torch.stack([g.norm() for g in grads]).norm()
    for g in grads:
        g.mul_((max_norm / (g.norm() + 1e-6)).clamp(max=1.0))
    return total


# --- clip_entries: each entry is clamped -> test_clip_grad_norm_scales_all_gradients
def clip_grad_norm_(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.zeros(())
    total = torch.stack([g.norm() for g in grads]).norm()
    for g in grads:
        g.clamp_(-max_norm, max_norm)
    return total


# --- clip_stretches: short gradients are scaled up -> test_clip_grad_norm_never_stretches
def clip_grad_norm_(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.zeros(())
    total = torch.stack([g.norm() for g in grads]).norm()
    for g in grads:
        g.mul_(max_norm / (total + 1e-6))
    return total


# --- clip_returns_after: the length after scaling -> test_clip_grad_norm_scales_all_gradients
_right_clip = clip_grad_norm_


def clip_grad_norm_(params, max_norm):
    return _right_clip(params, max_norm).clamp(max=max_norm)


# --- clip_returns_at_least: the length, but never below max_norm -> test_clip_grad_norm_never_stretches
_right_clip = clip_grad_norm_


def clip_grad_norm_(params, max_norm):
    return _right_clip(params, max_norm).clamp(min=max_norm)


# --- clip_minus: what keeps the denominator from 0 has the wrong sign, and turns tiny gradients round -> test_clip_grad_norm_never_stretches
def clip_grad_norm_(params, max_norm):
    grads = [param.grad for param in params if param.grad is not None]
    total = torch.stack([grad.norm() for grad in grads]).norm()
    for grad in grads:
        grad.mul_((max_norm / (total - 1e-6)).clamp(max=1.0))
    return total


# --- clip_copies: scales copies of the gradients -> test_clip_grad_norm_scales_all_gradients
def clip_grad_norm_(params, max_norm):
    grads = [p.grad.clone() for p in params if p.grad is not None]
    if not grads:
        return torch.zeros(())
    total = torch.stack([g.norm() for g in grads]).norm()
    for g in grads:
        g.mul_((max_norm / (total + 1e-6)).clamp(max=1.0))
    return total


# --- clip_scales_parameters: scales the parameters -> test_clip_grad_norm_scales_all_gradients
@torch.no_grad()
def clip_grad_norm_(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.zeros(())
    total = torch.stack([g.norm() for g in grads]).norm()
    for p in params:
        p.mul_((max_norm / (total + 1e-6)).clamp(max=1.0))
    return total


# --- clip_sum_of_norms: adds the lengths up -> test_clip_grad_norm_scales_all_gradients, test_clip_grad_norm_of_any_gradient
def clip_grad_norm_(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.zeros(())
    total = torch.stack([g.norm() for g in grads]).sum()
    for g in grads:
        g.mul_((max_norm / (total + 1e-6)).clamp(max=1.0))
    return total


# --- clip_none_fails: counts on a gradient -> test_clip_grad_norm_skips_missing_gradients
def clip_grad_norm_(params, max_norm):
    total = torch.stack([p.grad.norm() for p in params]).norm()
    for p in params:
        p.grad.mul_((max_norm / (total + 1e-6)).clamp(max=1.0))
    return total


# --- clip_empty_fails: stacks a list that may be empty -> test_clip_grad_norm_skips_missing_gradients
def clip_grad_norm_(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    total = torch.stack([g.norm() for g in grads]).norm()
    for g in grads:
        g.mul_((max_norm / (total + 1e-6)).clamp(max=1.0))
    return total


# --- clip_fills_none: gives every parameter a gradient -> test_clip_grad_norm_skips_missing_gradients
_right_clip = clip_grad_norm_


def clip_grad_norm_(params, max_norm):
    for p in params:
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    return _right_clip(params, max_norm)


# --- clip_zero_over_zero: scales without asking, and 0 * (max_norm / 0) is NaN -> test_clip_grad_norm_of_zero_gradients
def clip_grad_norm_(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.zeros(())
    total = torch.stack([g.norm() for g in grads]).norm()
    for g in grads:
        g.copy_(torch.where(total * g.norm() > max_norm * g.norm(), g * max_norm / total, g / total * total))
    return total


# --- clip_float: the length goes through a Python float and comes back in float32 -> test_clip_grad_norm_scales_all_gradients, test_clip_grad_norm_of_any_gradient
_right_clip = clip_grad_norm_


def clip_grad_norm_(params, max_norm):
    return torch.tensor(_right_clip(params, max_norm).item())


# --- clip_one_dim: the length has shape (1,) -> test_clip_grad_norm_of_any_gradient
_right_clip = clip_grad_norm_


def clip_grad_norm_(params, max_norm):
    return _right_clip(params, max_norm).reshape(1)


# --- clip_view: flattens with view, which needs contiguous memory -> test_clip_grad_norm_of_any_gradient
def clip_grad_norm_(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    if not grads:
        return torch.zeros(())
    total = torch.cat([g.view(-1) for g in grads]).norm()
    for g in grads:
        g.mul_((max_norm / (total + 1e-6)).clamp(max=1.0))
    return total


# --- clip_cpu: the length is fetched to the CPU -> test_updates_work_on_another_device
_right_clip = clip_grad_norm_


def clip_grad_norm_(params, max_norm):
    return _right_clip(params, max_norm).cpu()


# --- banned_clip: torch's own -> test_clip_grad_norm_scales_all_gradients
def clip_grad_norm_(params, max_norm):
    return torch.nn.utils.clip_grad_norm_(params, max_norm)


# --- banned_clip_total: torch's length, and a scaling of one's own -> test_clip_grad_norm_scales_all_gradients
def clip_grad_norm_(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    total = torch.nn.utils.get_total_norm(grads)
    for g in grads:
        g.mul_((max_norm / (total + 1e-6)).clamp(max=1.0))
    return total
