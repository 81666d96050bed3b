"""Wrong answers, a block each: appended to the solution, a block replaces what it defines anew.

Its header gives its id, the misconception, and the tests that must reject it; those called
`banned_…` give the right numbers by a call that their task forbids.
"""

# ruff: noqa
# mypy: ignore-errors

# === 1. gradient ===

# --- gradient_backward_on_x: backward() fills x.grad, on top of what was there -> test_gradient_leaves_x_alone
def gradient(f, x):
    x.requires_grad_()
    f(x).backward()
    return x.grad


# --- gradient_clears_grad: x.grad is emptied first, so what was there is lost -> test_gradient_leaves_x_alone
def gradient(f, x):
    x.requires_grad_()
    x.grad = None
    f(x).backward()
    return x.grad


# --- gradient_takes_grad_away: x.grad is used as scratch and emptied afterwards -> test_gradient_leaves_x_alone
def gradient(f, x):
    was = x.requires_grad
    x.requires_grad_()
    x.grad = None
    f(x).backward()
    grad, x.grad = x.grad, None
    x.requires_grad_(was)
    return grad


# --- gradient_switches_x_on: x is left asking for a gradient -> test_gradient_leaves_x_alone
def gradient(f, x):
    y = f(x.requires_grad_())
    if not y.requires_grad:
        return torch.zeros_like(x)
    return torch.autograd.grad(y, x, materialize_grads=True)[0]


# --- gradient_switches_x_off: x is left asking for none -> test_gradient_leaves_x_alone
def gradient(f, x):
    x.requires_grad_()
    y = f(x)
    grad = torch.autograd.grad(y, x, materialize_grads=True)[0] if y.requires_grad else torch.zeros_like(x)
    x.requires_grad_(False)
    return grad


# --- gradient_expects_x_to_ask: x itself is differentiated by, so it has to ask already -> test_gradient_is_df_dx, test_gradient_leaves_x_alone
def gradient(f, x):
    return torch.autograd.grad(f(x), x)[0]


# --- gradient_changes_x: a step downhill is done as well -> test_gradient_leaves_x_alone, test_gradient_has_the_shape_and_dtype_of_x
def gradient(f, x):
    leaf = x.detach().clone().requires_grad_()
    (grad,) = torch.autograd.grad(f(leaf), leaf)
    with torch.no_grad():
        x -= 0.1 * grad
    return grad


# --- gradient_downhill: the sign of a descent step -> test_gradient_is_df_dx, test_gradient_has_the_shape_and_dtype_of_x
_gradient = gradient


def gradient(f, x):
    return -_gradient(f, x)


# --- gradient_mean: the scalar is divided by the number of entries -> test_gradient_is_df_dx
_gradient = gradient


def gradient(f, x):
    return _gradient(lambda t: f(t) / t.numel(), x)


# --- gradient_needs_x_in_f: an f without x is not thought of -> test_gradient_of_a_function_without_x
def gradient(f, x):
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(f(leaf), leaf)[0]


# --- gradient_needs_a_graph: allow_unused helps with other leaves, not with a constant -> test_gradient_of_a_function_without_x
def gradient(f, x):
    leaf = x.detach().requires_grad_()
    return torch.autograd.grad(f(leaf), leaf, materialize_grads=True)[0]


# --- gradient_none: the gradient of an f without x is None -> test_gradient_of_a_function_without_x
def gradient(f, x):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    return torch.autograd.grad(y, leaf, allow_unused=True)[0] if y.requires_grad else None


# --- gradient_zero_scalar: one zero in place of one for each entry -> test_gradient_of_a_function_without_x
def gradient(f, x):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    grad = torch.autograd.grad(y, leaf, allow_unused=True)[0] if y.requires_grad else None
    return torch.zeros((), dtype=x.dtype) if grad is None else grad


# --- gradient_float32: x is cast to float32 first -> test_gradient_is_df_dx, test_gradient_has_the_shape_and_dtype_of_x
_gradient = gradient


def gradient(f, x):
    return _gradient(lambda t: f(t.to(x.dtype)), x.float())


# --- gradient_float64: the answer comes in float64, whatever x is -> test_gradient_has_the_shape_and_dtype_of_x
_gradient = gradient


def gradient(f, x):
    return _gradient(lambda t: f(t.to(x.dtype)), x.double())


# --- gradient_flat: the answer is one row of numbers -> test_gradient_has_the_shape_and_dtype_of_x
_gradient = gradient


def gradient(f, x):
    return _gradient(f, x).flatten()


# --- gradient_view: view(-1) works for contiguous x alone -> test_gradient_has_the_shape_and_dtype_of_x
_gradient = gradient


def gradient(f, x):
    return _gradient(lambda t: f(t.view(x.shape)), x.view(-1)).view(x.shape)


# --- gradient_zeros_on_the_cpu: the zeros of an f without x are made on the CPU -> test_results_are_on_the_device_of_the_input
def gradient(f, x):
    leaf = x.detach().requires_grad_()
    y = f(leaf)
    if not y.requires_grad:
        return torch.zeros(x.shape, dtype=x.dtype)
    return torch.autograd.grad(y, leaf, materialize_grads=True)[0]


# === 2. numeric_gradient ===

# --- numeric_forward_difference: the difference is taken to one side -> test_numeric_gradient_takes_central_differences, test_numeric_gradient_agrees_with_autograd
@torch.no_grad()
def numeric_gradient(f, x, eps=1e-6):
    point = x.detach().to(torch.float64)
    steps = eps * torch.eye(x.numel(), dtype=torch.float64).view(-1, *x.shape)
    slopes = [(f(point + step) - f(point)) / eps for step in steps]
    return torch.stack(slopes).view(x.shape).to(x.dtype)


# --- numeric_divides_by_eps: the points are 2 * eps apart, the division is by eps -> test_numeric_gradient_takes_central_differences, test_numeric_gradient_agrees_with_autograd
_numeric = numeric_gradient


def numeric_gradient(f, x, eps=1e-6):
    return 2 * _numeric(f, x, eps)


# --- numeric_eps_of_its_own: the argument eps is not used -> test_numeric_gradient_takes_central_differences
_numeric = numeric_gradient


def numeric_gradient(f, x, eps=1e-6):
    return _numeric(f, x)


# --- numeric_larger_default: eps is 1e-5 where none is given -> test_numeric_gradient_takes_central_differences
def numeric_gradient(f, x, eps=1e-5):
    steps = eps * torch.eye(x.numel(), dtype=torch.float64).view(-1, *x.shape)
    slopes = [((f(x.double() + step) - f(x.double() - step)) / (2 * eps)).item() for step in steps]
    return torch.tensor(slopes, dtype=torch.float64).view(x.shape).to(x.dtype)


# --- numeric_float32_step: the step is rounded to float32, the division is not -> test_numeric_gradient_takes_central_differences
def numeric_gradient(f, x, eps=1e-6):
    steps = (eps * torch.eye(x.numel())).view(-1, *x.shape)
    slopes = [((f(x.double() + step) - f(x.double() - step)) / (2 * eps)).item() for step in steps]
    return torch.tensor(slopes, dtype=torch.float64).view(x.shape).to(x.dtype)


# --- numeric_all_at_once: all entries are moved together -> test_numeric_gradient_takes_central_differences, test_numeric_gradient_agrees_with_autograd
@torch.no_grad()
def numeric_gradient(f, x, eps=1e-6):
    point = x.double()
    return ((f(point + eps) - f(point - eps)) / (2 * eps)).expand(x.shape).to(x.dtype)


# --- numeric_entries_stay_moved: an entry is not put back before the next one moves -> test_numeric_gradient_agrees_with_autograd
@torch.no_grad()
def numeric_gradient(f, x, eps=1e-6):
    point = x.detach().double().clone(memory_format=torch.contiguous_format)
    slopes = torch.zeros_like(point)
    for i in range(x.numel()):
        point.view(-1)[i] += eps
        above = f(point)
        point.view(-1)[i] -= 2 * eps
        slopes.view(-1)[i] = (above - f(point)) / (2 * eps)
    return slopes.to(x.dtype)


# --- numeric_float32: the arithmetic is done in float32 -> test_numeric_gradient_computes_in_float64, test_numeric_gradient_agrees_with_autograd
_numeric = numeric_gradient


def numeric_gradient(f, x, eps=1e-6):
    return _numeric(lambda t: f(t.float().to(x.dtype)), x, eps)


# --- numeric_in_the_dtype_of_x: steps are done in the dtype of x -> test_numeric_gradient_computes_in_float64
@torch.no_grad()
def numeric_gradient(f, x, eps=1e-6):
    steps = eps * torch.eye(x.numel(), dtype=x.dtype).view(-1, *x.shape)
    slopes = torch.zeros(x.numel(), dtype=x.dtype)
    for i, step in enumerate(steps):
        slopes[i] = (f(x + step) - f(x - step)) / (2 * eps)
    return slopes.view(x.shape)


# --- numeric_answers_in_float64: the answer is not cast back -> test_numeric_gradient_computes_in_float64, test_numeric_gradient_takes_central_differences
_numeric = numeric_gradient


def numeric_gradient(f, x, eps=1e-6):
    return _numeric(f, x.double(), eps)


# --- numeric_writes_to_a_copy: reshape(-1) of a transposed x is a copy, and f never sees the steps -> test_numeric_gradient_of_any_view_and_shape
@torch.no_grad()
def numeric_gradient(f, x, eps=1e-6):
    point = x.double().clone()
    flat, slopes = point.reshape(-1), torch.zeros(x.numel(), dtype=torch.float64)
    for i in range(x.numel()):
        here = flat[i].item()
        flat[i] = here + eps
        above = f(point).item()
        flat[i] = here - eps
        slopes[i] = (above - f(point).item()) / (2 * eps)
        flat[i] = here
    return slopes.view(x.shape).to(x.dtype)


# --- numeric_views: view(-1) works for contiguous x alone -> test_numeric_gradient_of_any_view_and_shape
_numeric = numeric_gradient


def numeric_gradient(f, x, eps=1e-6):
    return _numeric(lambda t: f(t.view(x.shape)), x.detach().view(-1), eps).view(x.shape)


# --- numeric_expanded_in_place: entries of an expanded x that share one place move together -> test_numeric_gradient_of_any_view_and_shape
@torch.no_grad()
def numeric_gradient(f, x, eps=1e-6):
    point, slopes = x.detach().double(), torch.zeros(x.shape, dtype=torch.float64)
    for place in (tuple(index) for index in torch.ones(x.shape).nonzero().tolist()):
        here = point[place].item()
        point[place] = here + eps
        above = f(point).item()
        point[place] = here - eps
        slopes[place] = (above - f(point).item()) / (2 * eps)
        point[place] = here
    return slopes.to(x.dtype)


# --- numeric_stack: torch.stack of no entries raises -> test_numeric_gradient_of_any_view_and_shape
@torch.no_grad()
def numeric_gradient(f, x, eps=1e-6):
    point = x.double()
    steps = eps * torch.eye(x.numel(), dtype=torch.float64).view(-1, *x.shape)
    slopes = [(f(point + step) - f(point - step)) / (2 * eps) for step in steps]
    return torch.stack(slopes).view(x.shape).to(x.dtype)


# --- numeric_flat: the answer is one row of numbers -> test_numeric_gradient_of_any_view_and_shape, test_numeric_gradient_agrees_with_autograd
_numeric = numeric_gradient


def numeric_gradient(f, x, eps=1e-6):
    return _numeric(f, x, eps).flatten()


# --- numeric_there_and_back: steps in x itself, undone by further steps, which round -> test_numeric_gradient_leaves_x_as_it_was
@torch.no_grad()
def numeric_gradient(f, x, eps=1e-6):
    slopes = torch.zeros(x.shape, dtype=x.dtype)
    for place in (tuple(index) for index in torch.ones(x.shape).nonzero().tolist()):
        x[place] += eps
        above = f(x)
        x[place] -= 2 * eps
        below = f(x)
        x[place] += eps
        slopes[place] = (above - below) / (2 * eps)
    return slopes


# --- numeric_leaves_the_step: the last step in x itself is not undone -> test_numeric_gradient_leaves_x_as_it_was, test_numeric_gradient_of_any_view_and_shape
@torch.no_grad()
def numeric_gradient(f, x, eps=1e-6):
    slopes = torch.zeros(x.shape, dtype=x.dtype)
    for place in (tuple(index) for index in torch.ones(x.shape).nonzero().tolist()):
        x[place] += eps
        above = f(x)
        x[place] -= 2 * eps
        slopes[place] = (above - f(x)) / (2 * eps)
    return slopes


# --- numeric_writes_to_a_leaf: an x that asks for a gradient cannot be written to -> test_numeric_gradient_leaves_x_as_it_was
def numeric_gradient(f, x, eps=1e-6):
    slopes = torch.zeros(x.shape, dtype=x.dtype)
    for place in (tuple(index) for index in torch.ones(x.shape).nonzero().tolist()):
        here = x[place].item()
        x[place] = here + eps
        above = f(x).item()
        x[place] = here - eps
        slopes[place] = (above - f(x).item()) / (2 * eps)
        x[place] = here
    return slopes


# --- numeric_switches_x_off: an x that asks for a gradient asks no more -> test_numeric_gradient_leaves_x_as_it_was
_numeric = numeric_gradient


def numeric_gradient(f, x, eps=1e-6):
    return _numeric(f, x.requires_grad_(False), eps)


# --- numeric_on_the_cpu: the answer is made on the CPU -> test_results_are_on_the_device_of_the_input
@torch.no_grad()
def numeric_gradient(f, x, eps=1e-6):
    point, slopes = x.double(), torch.zeros(x.numel(), dtype=torch.float64)
    for i in range(x.numel()):
        step = torch.zeros(x.numel(), dtype=torch.float64)
        step[i] = eps
        slopes[i] = (f(point + step.view(x.shape)) - f(point - step.view(x.shape))) / (2 * eps)
    return slopes.view(x.shape).to(x.dtype)


# --- banned_numeric_grad: autograd in disguise -> test_numeric_gradient_takes_central_differences, test_numeric_gradient_agrees_with_autograd
def numeric_gradient(f, x, eps=1e-6):
    leaf = x.detach().double().requires_grad_()
    return torch.autograd.grad(f(leaf), leaf)[0].to(x.dtype)


# --- banned_numeric_backward: autograd in disguise, by backward() -> test_numeric_gradient_agrees_with_autograd, test_numeric_gradient_computes_in_float64
def numeric_gradient(f, x, eps=1e-6):
    leaf = x.detach().double().requires_grad_()
    f(leaf).backward()
    return leaf.grad.to(x.dtype)


# --- banned_numeric_functional: autograd in disguise, by its functional form -> test_numeric_gradient_agrees_with_autograd
def numeric_gradient(f, x, eps=1e-6):
    return torch.autograd.functional.jacobian(f, x.detach().double()).to(x.dtype)


# --- banned_numeric_func: autograd in disguise, by torch.func -> test_numeric_gradient_agrees_with_autograd
def numeric_gradient(f, x, eps=1e-6):
    return torch.func.grad(f)(x.detach().double()).to(x.dtype)


# === 3. unbroadcast ===

# --- unbroadcast_leading_only: dimensions of size 1 are left stretched -> test_unbroadcast_is_broadcasting_backwards, test_unbroadcast_sums_to_the_shape, test_unbroadcast_reads_views_and_keeps_dtypes
def unbroadcast(grad, shape):
    while grad.dim() > len(shape):
        grad = grad.sum(0)
    return grad


# --- unbroadcast_drops_size_1: the sum over a stretched dimension drops it -> test_unbroadcast_is_broadcasting_backwards, test_unbroadcast_sums_to_the_shape
def unbroadcast(grad, shape):
    while grad.dim() > len(shape):
        grad = grad.sum(0)
    for dim in reversed(range(len(shape))):
        if shape[dim] == 1:
            grad = grad.sum(dim)
    return grad


# --- unbroadcast_keeps_leading: leading dimensions become 1 and stay -> test_unbroadcast_is_broadcasting_backwards, test_unbroadcast_sums_to_the_shape
def unbroadcast(grad, shape):
    padded = (1,) * (grad.dim() - len(shape)) + tuple(shape)
    for dim, size in enumerate(padded):
        if size == 1:
            grad = grad.sum(dim, keepdim=True)
    return grad


# --- unbroadcast_inside_only: leading dimensions are not thought of -> test_unbroadcast_sums_to_the_shape
def unbroadcast(grad, shape):
    for dim, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(dim, keepdim=True)
    return grad


# --- unbroadcast_trailing: the shape is aligned on the left -> test_unbroadcast_sums_to_the_shape
def unbroadcast(grad, shape):
    while grad.dim() > len(shape):
        grad = grad.sum(-1)
    for dim, size in enumerate(shape):
        if size == 1:
            grad = grad.sum(dim, keepdim=True)
    return grad


# --- unbroadcast_by_first_match: dimensions are found by their sizes, which may come twice -> test_unbroadcast_sums_to_the_shape
def unbroadcast(grad, shape):
    left = list(shape)
    dims = []
    for dim, size in enumerate(grad.shape):
        if size in left:
            left.remove(size)
        else:
            dims.append(dim)
    return (grad.sum(dims) if dims else grad).reshape(shape)


# --- unbroadcast_empty_sum: the sum over no dimensions is one over all -> test_unbroadcast_sums_to_the_shape
def unbroadcast(grad, shape):
    padded = (1,) * (grad.dim() - len(shape)) + tuple(shape)
    dims = [dim for dim, size in enumerate(padded) if size == 1 and grad.shape[dim] != 1]
    return grad.sum(dims, keepdim=True).expand(padded).reshape(shape)


# --- unbroadcast_mean: a mean in place of a sum -> test_unbroadcast_is_broadcasting_backwards, test_unbroadcast_sums_to_the_shape
_unbroadcast = unbroadcast


def unbroadcast(grad, shape):
    return _unbroadcast(grad, shape) * (math.prod(shape) / max(grad.numel(), 1))


import math


# --- unbroadcast_first: one of the repeated gradients stands for all -> test_unbroadcast_is_broadcasting_backwards, test_unbroadcast_sums_to_the_shape
def unbroadcast(grad, shape):
    while grad.dim() > len(shape):
        grad = grad[0]
    for dim, size in enumerate(shape):
        if size == 1:
            grad = grad.narrow(dim, 0, 1)
    return grad


# --- unbroadcast_reshape: the right number of entries is taken for the right shape -> test_unbroadcast_sums_to_the_shape
def unbroadcast(grad, shape):
    wanted = math.prod(shape)
    return grad.reshape(-1, wanted).sum(0).reshape(shape) if wanted else grad.new_zeros(shape)


import math


# --- unbroadcast_empty_as_is: an empty gradient is handed back as it is -> test_unbroadcast_sums_to_the_shape
_unbroadcast = unbroadcast


def unbroadcast(grad, shape):
    return grad if grad.numel() == 0 else _unbroadcast(grad, shape)


# --- unbroadcast_scalar_forgotten: to shape () nothing is summed -> test_unbroadcast_sums_to_the_shape
_unbroadcast = unbroadcast


def unbroadcast(grad, shape):
    return _unbroadcast(grad, shape) if shape else grad


# --- unbroadcast_views: view works for contiguous gradients alone -> test_unbroadcast_reads_views_and_keeps_dtypes
_unbroadcast = unbroadcast


def unbroadcast(grad, shape):
    return _unbroadcast(grad.view(-1).view(grad.shape), shape)


# --- unbroadcast_float32: the sum is done and handed back in float32 -> test_unbroadcast_sums_to_the_shape, test_unbroadcast_reads_views_and_keeps_dtypes
_unbroadcast = unbroadcast


def unbroadcast(grad, shape):
    return _unbroadcast(grad.float(), shape)


# --- unbroadcast_in_place: sums are collected in the caller's tensor -> test_unbroadcast_reads_views_and_keeps_dtypes
def unbroadcast(grad, shape):
    rows = grad.clone() if 0 in grad.stride() else grad
    padded = (1,) * (grad.dim() - len(shape)) + tuple(shape)
    for dim, size in enumerate(padded):
        if size == 1:
            first = rows.narrow(dim, 0, 1)
            for other in range(1, rows.shape[dim]):
                first += rows.narrow(dim, other, 1)
            rows = first
    return rows.reshape(shape)


# --- unbroadcast_on_the_cpu: the sum is added to zeros that were made on the CPU -> test_results_are_on_the_device_of_the_input
_unbroadcast = unbroadcast


def unbroadcast(grad, shape):
    return torch.zeros(shape, dtype=grad.dtype) + _unbroadcast(grad, shape)


# === 4. count_graph_nodes ===

# --- count_paths: nodes are counted once for each way to them -> test_count_small_graphs, test_count_shared_nodes_once
def count_graph_nodes(tensor):
    def count(node):
        return 1 + sum(count(parent) for parent, _ in node.next_functions if parent is not None)

    return 0 if tensor.grad_fn is None else count(tensor.grad_fn)


# --- count_walks_again: a node counts once, but all that lies behind it is walked through once for each way to it -> test_count_shared_nodes_once
def count_graph_nodes(tensor):
    seen, waiting = set(), [tensor.grad_fn]
    while waiting:
        node = waiting.pop()
        if node is not None:
            seen.add(node)
            waiting.extend(parent for parent, _ in node.next_functions)
    return len(seen)


# --- count_recursion: a memory, and a function that calls itself for each node -> test_count_long_chain
def count_graph_nodes(tensor):
    seen = set()

    def visit(node):
        if node is not None and node not in seen:
            seen.add(node)
            for parent, _ in node.next_functions:
                visit(parent)

    visit(tensor.grad_fn)
    return len(seen)


# --- count_edges: edges are remembered, so a node with two results counts twice -> test_count_shared_nodes_once
def count_graph_nodes(tensor):
    waiting, seen = [(tensor.grad_fn, 0)], set()
    while waiting:
        edge = waiting.pop()
        if edge[0] is not None and edge not in seen:
            seen.add(edge)
            waiting.extend(edge[0].next_functions)
    return len(seen)


# --- count_names: nodes of one kind are taken for one node -> test_count_shared_nodes_once, test_count_long_chain
def count_graph_nodes(tensor):
    waiting, seen = [tensor.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node.name() not in seen:
            seen.add(node.name())
            waiting.extend(parent for parent, _ in node.next_functions)
    return len(seen)


# --- count_without_leaves: AccumulateGrad nodes are left out -> test_count_small_graphs, test_count_shared_nodes_once
def count_graph_nodes(tensor):
    waiting, seen = [tensor.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen and not hasattr(node, "variable"):
            seen.add(node)
            waiting.extend(parent for parent, _ in node.next_functions)
    return len(seen)


# --- count_none: inputs without a gradient count as nodes -> test_count_small_graphs
def count_graph_nodes(tensor):
    waiting, seen = [tensor.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node not in seen:
            seen.add(node)
            waiting.extend(parent for parent, _ in node.next_functions if node is not None) if node else None
    return len(seen) if tensor.grad_fn is not None else 0


# --- count_first_input: only the first input of each node is followed -> test_count_small_graphs
def count_graph_nodes(tensor):
    node, count = tensor.grad_fn, 0
    while node is not None:
        count += 1
        node = node.next_functions[0][0] if node.next_functions else None
    return count


# --- count_two_levels: the inputs of grad_fn are taken for the whole graph -> test_count_small_graphs, test_count_long_chain
def count_graph_nodes(tensor):
    if tensor.grad_fn is None:
        return 0
    return 1 + len({parent for parent, _ in tensor.grad_fn.next_functions if parent is not None})


# --- count_starts_below: grad_fn itself is not counted -> test_count_small_graphs
_count = count_graph_nodes


def count_graph_nodes(tensor):
    return max(_count(tensor) - 1, 0)


# --- count_leaf_is_one: a leaf counts itself -> test_count_without_a_graph_is_zero
_count = count_graph_nodes


def count_graph_nodes(tensor):
    return _count(tensor) if tensor.grad_fn is not None else 1


# --- count_leaf_raises: a leaf has no next_functions -> test_count_without_a_graph_is_zero
def count_graph_nodes(tensor):
    seen, waiting = {tensor.grad_fn}, [tensor.grad_fn]
    while waiting:
        for parent, _ in waiting.pop().next_functions:
            if parent is not None and parent not in seen:
                seen.add(parent)
                waiting.append(parent)
    return len(seen)


# --- count_none_for_a_leaf: a leaf gives None -> test_count_without_a_graph_is_zero
_count = count_graph_nodes


def count_graph_nodes(tensor):
    return _count(tensor) or None


# === 5. LeakyReLUFn ===

# --- leaky_one_gradient: backward returns no value for slope -> test_leaky_relu_backward, test_leaky_relu_takes_any_slope
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, grad, ctx.slope * grad)


# --- leaky_gradient_for_slope: slope is given a gradient, though it is a number -> test_leaky_relu_backward
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, grad, ctx.slope * grad), (grad * x.clamp(max=0)).sum()


# --- leaky_local_gradient: the incoming gradient is not multiplied in -> test_leaky_relu_backward, test_leaky_relu_takes_any_slope
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, torch.ones_like(x), torch.full_like(x, ctx.slope)), None


# --- leaky_straight_through: the incoming gradient is passed on as it is -> test_leaky_relu_backward
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def backward(ctx, grad):
        return grad.clone(), None


# --- leaky_relu_backward: below 0 there is no gradient -> test_leaky_relu_backward
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (x > 0), None


# --- leaky_forward_is_relu: below 0 the result is 0 -> test_leaky_relu_forward, test_leaky_relu_takes_any_slope
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x)
        ctx.slope = slope
        return x.clamp(min=0)


# --- leaky_maximum: the larger of both is right for slopes from 0 to 1 -> test_leaky_relu_takes_any_slope
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x)
        ctx.slope = slope
        return torch.maximum(x, slope * x)


# --- leaky_sign_of_the_result: with a negative slope the result is positive on both sides -> test_leaky_relu_takes_any_slope
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def forward(ctx, x, slope):
        y = torch.where(x > 0, x, slope * x)
        ctx.save_for_backward(y)
        ctx.slope = slope
        return y


# --- leaky_gradient_1_at_zero: 0 belongs to the upper branch -> test_leaky_relu_takes_any_slope
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return torch.where(x >= 0, grad, ctx.slope * grad), None


# --- leaky_gradient_0_at_zero: 0 belongs to no branch -> test_leaky_relu_takes_any_slope
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return grad * (x > 0) + ctx.slope * grad * (x < 0), None


# --- leaky_default_slope: slope or 0.01 turns a slope of 0 into another -> test_leaky_relu_takes_any_slope
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x)
        ctx.slope = slope or 0.01
        return torch.where(x > 0, x, ctx.slope * x)


# --- leaky_x_on_ctx: x is an attribute of ctx, and nobody watches it -> test_leaky_relu_notices_a_changed_input
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.x, ctx.slope = x, slope
        return torch.where(x > 0, x, slope * x)

    @staticmethod
    def backward(ctx, grad):
        return torch.where(ctx.x > 0, grad, ctx.slope * grad), None


# --- leaky_detached_x_on_ctx: x is an attribute of ctx, detached, which shares its memory -> test_leaky_relu_notices_a_changed_input
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.kept = (x.detach(), slope)
        return torch.where(x > 0, x, slope * x)

    @staticmethod
    def backward(ctx, grad):
        x, slope = ctx.kept
        return torch.where(x > 0, grad, slope * grad), None


# --- leaky_backward_in_place: backward scales the gradient that it is given -> test_leaky_relu_leaves_the_incoming_gradient
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        grad[x <= 0] *= ctx.slope
        return grad, None


# --- leaky_forward_in_place: forward scales the caller's tensor -> test_leaky_relu_of_any_view_and_dtype
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x > 0)
        ctx.slope = slope
        if 0 not in x.stride():
            x.mul_(torch.where(x > 0, 1.0, slope))
            return x.clone()
        return torch.where(x > 0, x, slope * x)

    @staticmethod
    def backward(ctx, grad):
        (positive,) = ctx.saved_tensors
        return torch.where(positive, grad, ctx.slope * grad), None


# --- leaky_float_mask: a mask in float32 makes a float32 result of half precision -> test_leaky_relu_of_any_view_and_dtype
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x)
        ctx.slope = slope
        factor = torch.full(x.shape, slope, device=x.device)
        factor[x > 0] = 1
        return x * factor


# --- leaky_views: view works for contiguous input alone -> test_leaky_relu_of_any_view_and_dtype
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x)
        ctx.slope = slope
        flat = x.view(-1)
        return torch.where(flat > 0, flat, slope * flat).view(x.shape)


# --- leaky_squeezes: a dimension of size 1 is squeezed away -> test_leaky_relu_of_any_view_and_dtype
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x)
        ctx.slope = slope
        return torch.where(x > 0, x, slope * x).squeeze()

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        return torch.where(x > 0, grad.view(x.shape), ctx.slope * grad.view(x.shape)), None


# --- leaky_no_function: a plain class, whose operations autograd knows already -> test_leaky_relu_is_a_function_of_autograd
class LeakyReLUFn:
    @staticmethod
    def apply(x, slope):
        return torch.where(x > 0, x, slope * x)


# --- leaky_apply_replaced: a Function whose apply goes round forward and backward -> test_leaky_relu_is_a_function_of_autograd
class LeakyReLUFn(torch.autograd.Function):
    @staticmethod
    def apply(x, slope):
        return torch.where(x > 0, x, slope * x)


# --- leaky_mask_on_the_cpu: the factors are made on the CPU -> test_results_are_on_the_device_of_the_input
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x)
        ctx.slope = slope
        return torch.where(x > 0, x, torch.full(x.shape, slope, dtype=x.dtype) * x)


# --- banned_leaky_relu: PyTorch's own function does the work -> test_leaky_relu_forward, test_leaky_relu_backward, test_leaky_relu_takes_any_slope
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x)
        ctx.slope = slope
        return nn.functional.leaky_relu(x, slope)


# --- banned_leaky_relu_module: PyTorch's own module does the work -> test_leaky_relu_forward
class LeakyReLUFn(LeakyReLUFn):
    @staticmethod
    def forward(ctx, x, slope):
        ctx.save_for_backward(x)
        ctx.slope = slope
        return nn.LeakyReLU(slope)(x)


# === 6. accumulate ===

# --- accumulate_number_of_batches: each batch counts the same, whatever its size -> test_accumulate_gives_the_big_batch_gradients, test_accumulate_returns_the_big_batch_loss, test_accumulate_takes_any_sizes
def accumulate(model, loss_fn, batches):
    model.zero_grad()
    total = 0.0
    for x, y in batches:
        loss = loss_fn(model(x), y) / len(batches)
        loss.backward()
        total += loss.item()
    return total


# --- accumulate_undivided: the batches' means are added up -> test_accumulate_gives_the_big_batch_gradients, test_accumulate_starts_from_zero
def accumulate(model, loss_fn, batches):
    model.zero_grad()
    total = 0.0
    for x, y in batches:
        loss = loss_fn(model(x), y)
        loss.backward()
        total += loss.item() * len(x)
    return total / sum(len(x) for x, _ in batches)


# --- accumulate_size_of_the_first: all batches are taken to be as large as the first -> test_accumulate_gives_the_big_batch_gradients, test_accumulate_takes_any_sizes
def accumulate(model, loss_fn, batches):
    model.zero_grad()
    size = len(batches[0][0])
    total = 0.0
    for x, y in batches:
        loss = loss_fn(model(x), y) * (size / sum(len(x) for x, _ in batches))
        loss.backward()
        total += loss.item()
    return total


# --- accumulate_last_batch: the gradients are emptied before each batch -> test_accumulate_gives_the_big_batch_gradients, test_accumulate_starts_from_zero
def accumulate(model, loss_fn, batches):
    rows = sum(len(x) for x, _ in batches)
    total = 0.0
    for x, y in batches:
        model.zero_grad()
        loss = loss_fn(model(x), y) * (len(x) / rows)
        loss.backward()
        total += loss.item()
    return total


# --- accumulate_not_zeroed: old gradients stay in the sum -> test_accumulate_starts_from_zero
def accumulate(model, loss_fn, batches):
    rows = sum(len(x) for x, _ in batches)
    total = 0.0
    for x, y in batches:
        loss = loss_fn(model(x), y) * (len(x) / rows)
        loss.backward()
        total += loss.item()
    return total


# --- accumulate_zeroed_at_the_end: the gradients are emptied once they are complete -> test_accumulate_gives_the_big_batch_gradients, test_accumulate_starts_from_zero
_accumulate = accumulate


def accumulate(model, loss_fn, batches):
    total = _accumulate(model, loss_fn, batches)
    model.zero_grad()
    return total


# --- accumulate_returns_a_tensor: the loss is handed back as a tensor -> test_accumulate_returns_the_big_batch_loss
_accumulate = accumulate


def accumulate(model, loss_fn, batches):
    return torch.tensor(_accumulate(model, loss_fn, batches), dtype=torch.float64)


# --- accumulate_returns_the_last_loss: the last batch's loss stands for all -> test_accumulate_returns_the_big_batch_loss, test_accumulate_takes_any_sizes
_accumulate = accumulate


def accumulate(model, loss_fn, batches):
    _accumulate(model, loss_fn, batches)
    x, y = batches[-1]
    return loss_fn(model(x), y).item()


# --- accumulate_returns_a_sum: the loss is added up over the rows, or over the batches -> test_accumulate_returns_the_big_batch_loss
_accumulate = accumulate


def accumulate(model, loss_fn, batches):
    return _accumulate(model, loss_fn, batches) * sum(len(x) for x, _ in batches)


# --- accumulate_mean_of_means: the gradients are right, the loss is a mean of means -> test_accumulate_returns_the_big_batch_loss, test_accumulate_takes_any_sizes
_accumulate = accumulate


def accumulate(model, loss_fn, batches):
    _accumulate(model, loss_fn, batches)
    return sum(loss_fn(model(x), y).item() for x, y in batches) / len(batches)


# --- accumulate_scales_none: grad is None in frozen parameters -> test_accumulate_passes_over_frozen_parameters
def accumulate(model, loss_fn, batches):
    rows = sum(len(x) for x, _ in batches)
    model.zero_grad()
    total = 0.0
    for x, y in batches:
        loss = loss_fn(model(x), y) * len(x)
        loss.backward()
        total += loss.item()
    for parameter in model.parameters():
        parameter.grad /= rows
    return total / rows


# --- accumulate_grad_of_all: gradients are asked for by all parameters, frozen ones too -> test_accumulate_passes_over_frozen_parameters
def accumulate(model, loss_fn, batches):
    x, y = (torch.cat(parts) for parts in zip(*batches))
    loss = loss_fn(model(x), y)
    for parameter, grad in zip(model.parameters(), torch.autograd.grad(loss, list(model.parameters()))):
        parameter.grad = grad
    return loss.item()


# --- accumulate_thaws: all parameters are made to ask for a gradient -> test_accumulate_passes_over_frozen_parameters
_accumulate = accumulate


def accumulate(model, loss_fn, batches):
    model.requires_grad_()
    return _accumulate(model, loss_fn, batches)


# --- accumulate_steps: the step is done as well -> test_accumulate_changes_nothing_but_grad
_accumulate = accumulate


def accumulate(model, loss_fn, batches):
    loss = _accumulate(model, loss_fn, batches)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter -= 0.01 * parameter.grad
    return loss


# --- accumulate_uses_up_the_batches: the caller's list is emptied -> test_accumulate_changes_nothing_but_grad
def accumulate(model, loss_fn, batches):
    rows = sum(len(x) for x, _ in batches)
    model.zero_grad()
    total = 0.0
    while batches:
        x, y = batches.pop(0)
        loss = loss_fn(model(x), y) * (len(x) / rows)
        loss.backward()
        total += loss.item()
    return total


# --- accumulate_centres_the_batches: the inputs are shifted in place -> test_accumulate_changes_nothing_but_grad
_accumulate = accumulate


def accumulate(model, loss_fn, batches):
    loss = _accumulate(model, loss_fn, batches)
    for x, _ in batches:
        x -= x.mean(0)
    return loss


# === 7. td_loss ===

# --- td_no_detach: the gradient flows into target as well -> test_td_loss_trains_q_alone, test_td_loss_with_one_network_for_both
def td_loss(q, target):
    return ((q - target) ** 2).mean()


# --- td_detaches_q: the wrong one of the two is cut off -> test_td_loss_trains_q_alone, test_td_loss_with_one_network_for_both
def td_loss(q, target):
    return ((q.detach() - target) ** 2).mean()


# --- td_no_grad_around_all: under no_grad there is no graph for q either -> test_td_loss_trains_q_alone, test_td_loss_with_one_network_for_both
def td_loss(q, target):
    with torch.no_grad():
        return ((q - target) ** 2).mean()


# --- td_detach_in_place: the caller's target is cut off for good -> test_td_loss_trains_q_alone
def td_loss(q, target):
    return ((q - target.detach_()) ** 2).mean()


# --- td_freezes_target: the caller's target asks for no gradient any more -> test_td_loss_trains_q_alone
def td_loss(q, target):
    if target.is_leaf:
        target.requires_grad_(False)
    return ((q - target.detach()) ** 2).mean()


# --- td_new_leaf: the loss is wrapped anew, which loses the graph -> test_td_loss_trains_q_alone, test_td_loss_with_one_network_for_both
def td_loss(q, target):
    return ((q.detach() - target.detach()) ** 2).mean().requires_grad_()


# --- td_sum: a sum in place of a mean -> test_td_loss_is_the_mean_squared_error, test_td_loss_trains_q_alone
def td_loss(q, target):
    return ((q - target.detach()) ** 2).sum()


# --- td_half: the half that makes the derivative neat -> test_td_loss_is_the_mean_squared_error
def td_loss(q, target):
    return ((q - target.detach()) ** 2).mean() / 2


# --- td_absolute: the error is not squared -> test_td_loss_is_the_mean_squared_error, test_td_loss_of_any_view_and_dtype
def td_loss(q, target):
    return (q - target.detach()).abs().mean()


# --- td_square_of_the_mean: errors cancel before they are squared -> test_td_loss_is_the_mean_squared_error
def td_loss(q, target):
    return (q - target.detach()).mean() ** 2


# --- td_mean_of_rows: the mean is over the rows, and there is a loss for each column -> test_td_loss_is_the_mean_squared_error, test_td_loss_of_any_view_and_dtype
def td_loss(q, target):
    return ((q - target.detach()) ** 2).mean(0)


# --- td_rows_only: the sum is divided by the number of rows -> test_td_loss_is_the_mean_squared_error, test_td_loss_of_any_view_and_dtype
def td_loss(q, target):
    return ((q - target.detach()) ** 2).sum() / len(q)


# --- td_float32: the loss is computed in float32 -> test_td_loss_is_the_mean_squared_error, test_td_loss_of_any_view_and_dtype
def td_loss(q, target):
    return ((q - target.detach()).float() ** 2).mean()


# --- td_in_place: the error is computed in the memory of q -> test_td_loss_of_any_view_and_dtype
def td_loss(q, target):
    error = q.detach()
    if 0 not in q.stride():
        error -= target.detach()
        return (error**2).mean()
    return ((q - target.detach()) ** 2).mean()


# --- td_views: view works for contiguous tensors alone -> test_td_loss_of_any_view_and_dtype
def td_loss(q, target):
    return ((q.view(-1) - target.detach().view(-1)) ** 2).mean()


# --- td_weights_on_the_cpu: the mean is a product with weights from the CPU -> test_results_are_on_the_device_of_the_input
def td_loss(q, target):
    weights = torch.full(q.shape, 1 / q.numel(), dtype=q.dtype)
    return (weights * (q - target.detach()) ** 2).sum()
