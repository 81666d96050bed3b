"""Wrong answers for the broadcasting exercise, each with the tests that have to reject it.

A block is appended to the reference solution's source and replaces what it defines again.
"""

# --- left_aligned: shapes are lined up at their first dim -> test_shape_aligns_from_the_last_dim, test_shape_agrees_with_pytorch
def broadcast_shape(a, b):
    shape = []
    for m, n in zip_longest(a, b, fillvalue=1):
        if m != n and 1 not in (m, n):
            raise ValueError("the shapes do not fit")
        shape.append(n if m == 1 else m)
    return tuple(shape)


# --- runtime_error: a misfit is reported as another kind of error -> test_shape_refuses_what_does_not_fit, test_shape_refuses_a_misfit_in_any_dim
def broadcast_shape(a, b):
    shape = []
    for m, n in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if m != n and 1 not in (m, n):
            raise RuntimeError("the shapes do not fit")
        shape.append(n if m == 1 else m)
    return tuple(reversed(shape))


# --- only_the_first: only the first shape's sizes of 1 are stretched -> test_shape_stretches_either_side, test_shape_agrees_with_pytorch
def broadcast_shape(a, b):
    shape = []
    for m, n in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if m not in (n, 1):
            raise ValueError("the shapes do not fit")
        shape.append(n)
    return tuple(reversed(shape))


# --- only_the_second: only the second shape's sizes of 1 are stretched -> test_shape_stretches_either_side
def broadcast_shape(a, b):
    shape = []
    for m, n in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if n not in (m, 1):
            raise ValueError("the shapes do not fit")
        shape.append(m)
    return tuple(reversed(shape))


# --- ones_on_both_sides: two different shapes that both hold a 1 are an error -> test_shape_takes_ones_on_both_sides
right_shape = broadcast_shape


def broadcast_shape(a, b):
    if 1 in a and 1 in b and a != b:
        raise ValueError("both have a size of 1, and they differ")
    return right_shape(a, b)


# --- others_must_agree: once a dim is stretched, all others have to agree -> test_shape_stretches_several_dims
right_shape = broadcast_shape


def broadcast_shape(a, b):
    rank = min(len(a), len(b))
    pairs = list(zip(a[len(a) - rank :], b[len(b) - rank :]))
    if sum(m != n for m, n in pairs) > 1:
        raise ValueError("more than one dim differs")
    return right_shape(a, b)


# --- one_side_for_all: all dims are stretched from one shape to the other -> test_shape_stretches_several_dims, test_shape_agrees_with_pytorch
def broadcast_shape(a, b):
    small, large = sorted((tuple(a), tuple(b)), key=lambda shape: (len(shape), shape))
    for m, n in zip(reversed(small), reversed(large)):
        if m not in (n, 1):
            raise ValueError("the shapes do not fit")
    return large


# --- larger_size: of two sizes the larger is taken -> test_shape_without_dims_or_with_size_zero
def broadcast_shape(a, b):
    shape = []
    for m, n in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if m != n and min(m, n) > 1:
            raise ValueError("the shapes do not fit")
        shape.append(max(m, n))
    return tuple(reversed(shape))


# --- zero_fits_all: a size of 0 is taken to fit every other -> test_shape_without_dims_or_with_size_zero
def broadcast_shape(a, b):
    shape = []
    for m, n in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if m != n and min(m, n) > 1:
            raise ValueError("the shapes do not fit")
        shape.append(0 if 0 in (m, n) else max(m, n))
    return tuple(reversed(shape))


# --- no_scalars: a shape without dims is refused -> test_shape_without_dims_or_with_size_zero
right_shape = broadcast_shape


def broadcast_shape(a, b):
    if not a or not b:
        raise ValueError("a shape is empty")
    return right_shape(a, b)


# --- only_the_first_padded: only the first shape gets ones in front -> test_shape_agrees_with_pytorch, test_shape_aligns_from_the_last_dim
def broadcast_shape(a, b):
    a = (1,) * (len(b) - len(a)) + tuple(a)
    shape = []
    for m, n in zip(reversed(a), reversed(b)):
        if m != n and 1 not in (m, n):
            raise ValueError("the shapes do not fit")
        shape.append(n if m == 1 else m)
    return tuple(reversed(shape))


# --- four_dims: shapes of more than four dims are cut off -> test_shape_agrees_with_pytorch
right_shape = broadcast_shape


def broadcast_shape(a, b):
    return right_shape(a, b)[-4:]


# --- last_dim_only: only the last dim is checked -> test_shape_refuses_a_misfit_in_any_dim
def broadcast_shape(a, b):
    if a and b and a[-1] != b[-1] and 1 not in (a[-1], b[-1]):
        raise ValueError("the shapes do not fit")
    shape = [n if m == 1 else m for m, n in zip_longest(reversed(a), reversed(b), fillvalue=1)]
    return tuple(reversed(shape))


# --- repeats: a size that divides the other is repeated until it fits -> test_shape_refuses_a_misfit_in_any_dim
def broadcast_shape(a, b):
    shape = []
    for m, n in zip_longest(reversed(a), reversed(b), fillvalue=1):
        if m != n and 1 not in (m, n) and (0 in (m, n) or max(m, n) % min(m, n)):
            raise ValueError("the shapes do not fit")
        shape.append(n if m == 1 else m if n == 1 else max(m, n))
    return tuple(reversed(shape))


# --- a_list: the sizes come as a list -> test_shape_stretches_either_side, test_shape_stretches_several_dims
right_shape = broadcast_shape


def broadcast_shape(a, b):
    return list(right_shape(a, b))


# --- banned_broadcast_shapes: torch.broadcast_shapes does the work -> test_shape_aligns_from_the_last_dim, test_shape_agrees_with_pytorch
def broadcast_shape(a, b):
    try:
        return tuple(torch.broadcast_shapes(a, b))
    except RuntimeError as error:
        raise ValueError("the shapes do not fit") from error


# --- banned_empty_tensors: two tensors are made and added -> test_shape_aligns_from_the_last_dim, test_shape_stretches_several_dims
def broadcast_shape(a, b):
    try:
        return tuple((torch.empty(a) + torch.empty(b)).shape)
    except RuntimeError as error:
        raise ValueError("the shapes do not fit") from error


# --- banned_broadcast_tensors: two tensors without data are broadcast -> test_shape_stretches_either_side
def broadcast_shape(a, b):
    try:
        x, _ = torch.broadcast_tensors(torch.zeros(a, device="meta"), torch.zeros(b, device="meta"))
    except RuntimeError as error:
        raise ValueError("the shapes do not fit") from error
    return tuple(x.shape)


# --- banned_numpy: numpy does the work -> test_shape_aligns_from_the_last_dim, test_shape_agrees_with_pytorch
import numpy


def broadcast_shape(a, b):
    return numpy.broadcast_shapes(a, b)


# --- outer_swapped: rows and columns are swapped -> test_outer_multiplies_every_pair
def outer(a, b):
    return a * b[:, None]


# --- outer_paired: numbers are multiplied place by place -> test_outer_multiplies_every_pair
def outer(a, b):
    return a * b


# --- outer_sum: sums instead of products -> test_outer_multiplies_every_pair
def outer(a, b):
    return a[:, None] + b


# --- outer_stacked: rows are stacked, and without rows there is nothing to stack -> test_outer_of_one_number_or_none
def outer(a, b):
    return torch.stack([number * b for number in a])


# --- outer_squeezed: a dim of size 1 is dropped -> test_outer_of_one_number_or_none
def outer(a, b):
    return (a[:, None] * b).squeeze()


# --- outer_floats: everything is computed in float32 -> test_outer_keeps_the_dtype
def outer(a, b):
    return a.float()[:, None] * b.float()


# --- outer_through_doubles: integers lose their last digits on the way through floats -> test_outer_keeps_the_dtype
def outer(a, b):
    return (a.double()[:, None] * b.double()).to(a.dtype)


# --- outer_by_strides: memory is read as if the vector were alone in it -> test_outer_reads_views
def outer(a, b):
    return torch.as_strided(a, (len(a), len(b)), (1, 0), a.storage_offset()) * b


# --- outer_in_place: the second vector is changed -> test_outer_reads_views
def outer(a, b):
    result = a[:, None] * b
    if not b.requires_grad:
        b.mul_(2)
    return result


# --- outer_detached: no gradient reaches the first vector -> test_outer_gradients
def outer(a, b):
    return a.detach()[:, None] * b


# --- outer_rebuilt: a new tensor is made from the numbers, without a graph -> test_outer_gradients
def outer(a, b):
    return torch.tensor([[p * q for q in b.tolist()] for p in a.tolist()], dtype=a.dtype).reshape(len(a), len(b))


# --- banned_outer: torch.outer does the work -> test_outer_multiplies_every_pair, test_outer_gradients
def outer(a, b):
    return torch.outer(a, b)


# --- banned_ger: a tensor's method ger does the work -> test_outer_multiplies_every_pair
def outer(a, b):
    return a.ger(b)


# --- banned_einsum: einsum does the work -> test_outer_multiplies_every_pair, test_outer_reads_views
def outer(a, b):
    return torch.einsum("n,m->nm", a, b)


# --- banned_matmul: a matrix product does the work -> test_outer_multiplies_every_pair
def outer(a, b):
    return a[:, None] @ b[None]


# --- no_keepdim: mean and deviation have lost their dim -> test_standardize_a_square, test_standardize_along_each_dim
def standardize(x, dim):
    mean, variance = x.mean(dim), x.var(dim, correction=0)
    return (x - mean) / torch.where(variance == 0, 1.0, variance).sqrt()


# --- no_keepdim_deviation: the deviation has lost its dim -> test_standardize_a_square
def standardize(x, dim):
    variance = x.var(dim, correction=0)
    return (x - x.mean(dim, keepdim=True)) / torch.where(variance == 0, 1.0, variance).sqrt()


# --- no_keepdim_mean: the mean has lost its dim -> test_standardize_a_square
def standardize(x, dim):
    variance = x.var(dim, correction=0, keepdim=True)
    return (x - x.mean(dim)) / torch.where(variance == 0, 1.0, variance).sqrt()


# --- rows_only: the statistics are always those of the rows -> test_standardize_along_each_dim, test_standardize_a_square
right_standardize = standardize


def standardize(x, dim):
    return right_standardize(x, -1)


# --- whole_tensor: one mean and one deviation for the whole tensor -> test_standardize_along_each_dim
def standardize(x, dim):
    deviation = x.std(correction=0)
    return (x - x.mean()) / torch.where(deviation == 0, 1.0, deviation)


# --- sample_deviation: the deviation over n - 1 -> test_standardize_along_each_dim, test_standardize_one_number_or_no_vectors
def standardize(x, dim):
    deviation = x.std(dim, keepdim=True)
    return (x - x.mean(dim, keepdim=True)) / torch.where(deviation == 0, 1.0, deviation)


# --- divided_by_variance: divides by the variance -> test_standardize_along_each_dim
def standardize(x, dim):
    variance = x.var(dim, correction=0, keepdim=True)
    return (x - x.mean(dim, keepdim=True)) / torch.where(variance == 0, 1.0, variance)


# --- eps_in_deviation: a small number is added to the deviation -> test_standardize_small_spread, test_standardize_along_each_dim
def standardize(x, dim):
    return (x - x.mean(dim, keepdim=True)) / (x.std(dim, correction=0, keepdim=True) + 1e-8)


# --- eps_in_variance: a tiny number is added to the variance -> test_standardize_small_spread
def standardize(x, dim):
    return (x - x.mean(dim, keepdim=True)) / (x.var(dim, correction=0, keepdim=True) + 1e-12).sqrt()


# --- small_is_zero: a small deviation is taken for 0 -> test_standardize_small_spread
def standardize(x, dim):
    deviation = x.std(dim, correction=0, keepdim=True)
    return torch.where(deviation < 1e-6, 0.0, (x - x.mean(dim, keepdim=True)) / deviation)


# --- zero_by_zero: nothing is done about a deviation of 0 -> test_standardize_constant_vectors_are_zero, test_standardize_one_number_or_no_vectors
def standardize(x, dim):
    return (x - x.mean(dim, keepdim=True)) / x.std(dim, correction=0, keepdim=True)


# --- all_or_nothing: one constant vector makes everything 0 -> test_standardize_constant_vectors_are_zero
right_standardize = standardize


def standardize(x, dim):
    if (x.std(dim, correction=0) == 0).any():
        return torch.zeros_like(x)
    return right_standardize(x, dim)


# --- centred_only: constant vectors are centred, but the deviation's place is taken by 1 everywhere then -> test_standardize_constant_vectors_are_zero
def standardize(x, dim):
    deviation = x.std(dim, correction=0, keepdim=True)
    return (x - x.mean(dim, keepdim=True)) / (1.0 if (deviation == 0).any() else deviation)


# --- rows_stacked: vectors are stacked one by one, and without any there is nothing to stack -> test_standardize_one_number_or_no_vectors
def standardize(x, dim):
    last = x.movedim(dim, -1)
    vectors = last.reshape(-1, last.shape[-1])
    deviations = [v.std(correction=0) for v in vectors]
    rows = [(v - v.mean()) / torch.where(s == 0, 1.0, s) for v, s in zip(vectors, deviations)]
    return torch.stack(rows).reshape(last.shape).movedim(-1, dim)


# --- nan_replaced: 0/0 is computed, and the NaN replaced in the result only -> test_standardize_gradient_at_constant_vectors
def standardize(x, dim):
    return ((x - x.mean(dim, keepdim=True)) / x.std(dim, correction=0, keepdim=True)).nan_to_num()


# --- where_after: the quotient 0/0 is the branch not taken, and its gradient NaN -> test_standardize_gradient_at_constant_vectors
def standardize(x, dim):
    centred = x - x.mean(dim, keepdim=True)
    deviation = centred.square().mean(dim, keepdim=True).sqrt()
    return torch.where(deviation == 0, 0.0, centred / deviation)


# --- root_of_zero: the root is taken before the 0 is replaced -> test_standardize_gradient_at_constant_vectors
def standardize(x, dim):
    centred = x - x.mean(dim, keepdim=True)
    deviation = centred.square().mean(dim, keepdim=True).sqrt()
    return centred / torch.where(deviation == 0, 1.0, deviation)


# --- mean_of_squares: the variance is the mean of squares minus the squared mean -> test_standardize_far_from_zero
def standardize(x, dim):
    mean = x.mean(dim, keepdim=True)
    variance = (x * x).mean(dim, keepdim=True) - mean * mean
    variance = torch.where((variance <= 0) | (x == mean).all(dim, keepdim=True), 1.0, variance)
    return (x - mean) / variance.sqrt()


# --- answers_in_float: everything is computed in float32, and left so -> test_standardize_keeps_the_dtype
right_standardize = standardize


def standardize(x, dim):
    return right_standardize(x.float(), dim)


# --- statistics_in_place: the mean is taken off the caller's tensor -> test_standardize_reads_views
def standardize(x, dim):
    x.data -= x.data.mean(dim, keepdim=True)
    return x / x.std(dim, correction=0, keepdim=True)


# --- view_of_memory: the input is viewed as one row of numbers in memory -> test_standardize_reads_views
right_standardize = standardize


def standardize(x, dim):
    numbers = x.view(-1)
    return right_standardize(numbers.view(x.shape), dim)


# --- constant_statistics: mean and deviation are cut off the graph -> test_standardize_gradients
def standardize(x, dim):
    mean, deviation = x.detach().mean(dim, keepdim=True), x.detach().std(dim, correction=0, keepdim=True)
    return (x - mean) / torch.where(deviation == 0, 1.0, deviation)


# --- constant_deviation: the deviation is cut off the graph -> test_standardize_gradients, test_standardize_gradient_at_constant_vectors
def standardize(x, dim):
    deviation = x.detach().std(dim, correction=0, keepdim=True)
    return (x - x.mean(dim, keepdim=True)) / torch.where(deviation == 0, 1.0, deviation)


# --- bias_along_width: x + bias, which fits where the image is as wide as it has channels -> test_bias_goes_to_each_channel, test_bias_finds_the_channels_by_place
def add_channel_bias(x, bias):
    return x + bias


# --- bias_along_height: one dim is missing after the channels -> test_bias_goes_to_each_channel, test_bias_finds_the_channels_by_place
def add_channel_bias(x, bias):
    return x + bias[:, None]


# --- bias_along_batch: one dim too many after the channels -> test_bias_goes_to_each_channel, test_bias_finds_the_channels_by_place
def add_channel_bias(x, bias):
    return x + bias[:, None, None, None]


# --- bias_where_it_fits: tries the plain sum first, and the right one after an error -> test_bias_finds_the_channels_by_place
def add_channel_bias(x, bias):
    try:
        return x + bias
    except RuntimeError:
        return x + bias[:, None, None]


# --- bias_by_size: looks for the first dim from the end that has as many numbers as the bias -> test_bias_finds_the_channels_by_place
def add_channel_bias(x, bias):
    shape = [1, 1, 1, 1]
    shape[max(dim for dim in range(4) if x.shape[dim] == len(bias))] = len(bias)
    return x + bias.view(shape)


# --- bias_taken_off: the bias is subtracted -> test_bias_goes_to_each_channel
def add_channel_bias(x, bias):
    return x - bias[:, None, None]


# --- bias_first_image: only the first image gets its bias -> test_bias_goes_to_each_channel
def add_channel_bias(x, bias):
    return torch.cat([x[:1] + bias[:, None, None], x[1:]])


# --- bias_with_unknown_size: a size of -1 that cannot be told in an empty tensor -> test_bias_on_sizes_zero_and_one
def add_channel_bias(x, bias):
    n, c, _, _ = x.shape
    return (x.reshape(n, c, -1) + bias[:, None]).reshape(x.shape)


# --- bias_squeezed: dims of size 1 are dropped -> test_bias_on_sizes_zero_and_one
def add_channel_bias(x, bias):
    return (x + bias[:, None, None]).squeeze()


# --- bias_in_float: the result is float32 -> test_bias_keeps_the_dtype
def add_channel_bias(x, bias):
    return x.float() + bias.float()[:, None, None]


# --- bias_in_place: the caller's tensor is changed -> test_bias_reads_views
def add_channel_bias(x, bias):
    x.data += bias[:, None, None]
    return x


# --- bias_by_view: the pixels are viewed as one dim in memory -> test_bias_reads_views
def add_channel_bias(x, bias):
    n, c, h, w = x.shape
    return (x.view(n, c, h * w) + bias[:, None]).view(n, c, h, w)


# --- bias_detached: no gradient reaches the bias -> test_bias_gradients
def add_channel_bias(x, bias):
    return x + bias.detach()[:, None, None]


# --- bias_by_numbers: the bias is read out number by number, without a graph -> test_bias_gradients
def add_channel_bias(x, bias):
    return x + torch.tensor(bias.tolist(), dtype=x.dtype).reshape(-1, 1, 1)


# --- distance_with_root: the distance, not its square -> test_distance_of_every_pair
def pairwise_sq_dist(x, y):
    return (x[:, :, None] - y[:, None]).square().sum(-1).sqrt()


# --- distance_mean: the mean over the coordinates -> test_distance_of_every_pair
def pairwise_sq_dist(x, y):
    return (x[:, :, None] - y[:, None]).square().mean(-1)


# --- distance_swapped: the points of y come first -> test_distance_of_every_pair
def pairwise_sq_dist(x, y):
    return (y[:, :, None] - x[:, None]).square().sum(-1)


# --- distance_of_absolutes: absolute differences are summed -> test_distance_of_every_pair
def pairwise_sq_dist(x, y):
    return (x[:, :, None] - y[:, None]).abs().sum(-1)


# --- distance_to_first_batch: all batches are held against the first of y -> test_distance_of_every_pair
def pairwise_sq_dist(x, y):
    return (x[:, :, None] - y[:1, None]).square().sum(-1)


# --- square_expanded: the square is expanded, and what is left may be negative -> test_distance_far_from_zero, test_distance_of_equal_points_is_zero
def pairwise_sq_dist(x, y):
    return x.square().sum(2)[:, :, None] + y.square().sum(2)[:, None] - 2 * x @ y.mT


# --- square_expanded_and_cut: the square is expanded, and cut off at 0 -> test_distance_far_from_zero, test_distance_of_equal_points_is_zero
def pairwise_sq_dist(x, y):
    return (x.square().sum(2)[:, :, None] + y.square().sum(2)[:, None] - 2 * x @ y.mT).clamp(min=0)


# --- square_expanded_after_centring: the square of centred points is expanded -> test_distance_of_equal_points_is_zero
def pairwise_sq_dist(x, y):
    centre = x.mean(1, keepdim=True)
    x, y = x - centre, y - centre
    return (x.square().sum(2)[:, :, None] + y.square().sum(2)[:, None] - 2 * x @ y.mT).clamp(min=0)


# --- distance_with_eps: a small number is added to the difference, as pairwise_distance does -> test_distance_of_equal_points_is_zero
def pairwise_sq_dist(x, y):
    return (x[:, :, None] - y[:, None] + 1e-6).square().sum(-1)


# --- distance_squeezed: dims of size 1 are dropped -> test_distance_on_sizes_zero_and_one
def pairwise_sq_dist(x, y):
    return (x[:, :, None] - y[:, None]).square().sum(-1).squeeze()


# --- distance_stacked: rows are stacked, and without points there is nothing to stack -> test_distance_on_sizes_zero_and_one
def pairwise_sq_dist(x, y):
    return torch.stack([(x[:, n, None] - y).square().sum(-1) for n in range(x.shape[1])], 1)


# --- distance_in_float: the result is float32 -> test_distance_keeps_the_dtype
def pairwise_sq_dist(x, y):
    return (x.float()[:, :, None] - y.float()[:, None]).square().sum(-1)


# --- distance_centred_in_place: the caller's points are moved -> test_distance_reads_views
def pairwise_sq_dist(x, y):
    centre = x.detach().mean()
    x.data -= centre
    y.data -= centre
    return (x[:, :, None] - y[:, None]).square().sum(-1)


# --- distance_by_view: the points are viewed as one dim in memory -> test_distance_reads_views
def pairwise_sq_dist(x, y):
    points = x.view(x.shape[0] * x.shape[1], -1).view(x.shape)
    return (points[:, :, None] - y[:, None]).square().sum(-1)


# --- distance_to_fixed_points: no gradient reaches y -> test_distance_gradients
def pairwise_sq_dist(x, y):
    return (x[:, :, None] - y.detach()[:, None]).square().sum(-1)


# --- root_and_square: a root is taken and squared again, and its slope at 0 is infinite -> test_distance_gradients
def pairwise_sq_dist(x, y):
    return (x[:, :, None] - y[:, None]).square().sum(-1).sqrt().square()


# --- banned_cdist: torch.cdist does the work -> test_distance_of_every_pair, test_distance_gradients
def pairwise_sq_dist(x, y):
    return torch.cdist(x, y, compute_mode="donot_use_mm_for_euclid_dist").square()


# --- top_left: the first query stands at the first key, as with is_causal -> test_causal_mask_shows_the_past, test_causal_mask_of_any_sizes, test_causal_mask_serves_attention
def causal_mask(query_len, key_len, device=None):
    return torch.arange(key_len, device=device) <= torch.arange(query_len, device=device)[:, None]


# --- causal_inverted: True for what may not be seen -> test_causal_mask_shows_the_past, test_causal_mask_serves_attention
right_causal = causal_mask


def causal_mask(query_len, key_len, device=None):
    return ~right_causal(query_len, key_len, device)


# --- causal_strict: a query does not see its own place -> test_causal_mask_shows_the_past, test_causal_mask_of_any_sizes
def causal_mask(query_len, key_len, device=None):
    places = torch.arange(query_len, device=device) + (key_len - query_len)
    return torch.arange(key_len, device=device) < places[:, None]


# --- causal_future: queries see the future -> test_causal_mask_shows_the_past
def causal_mask(query_len, key_len, device=None):
    places = torch.arange(query_len, device=device) + (key_len - query_len)
    return torch.arange(key_len, device=device) >= places[:, None]


# --- causal_swapped: keys are rows -> test_causal_mask_shows_the_past
right_causal = causal_mask


def causal_mask(query_len, key_len, device=None):
    return right_causal(query_len, key_len, device).T


# --- never_fewer_keys: with more queries than keys the mask falls back to the top left -> test_causal_mask_of_any_sizes
def causal_mask(query_len, key_len, device=None):
    places = torch.arange(query_len, device=device) + max(key_len - query_len, 0)
    return torch.arange(key_len, device=device) <= places[:, None]


# --- something_to_see: every query is let see at least the first key -> test_causal_mask_of_any_sizes
def causal_mask(query_len, key_len, device=None):
    places = (torch.arange(query_len, device=device) + (key_len - query_len)).clamp(min=0)
    return torch.arange(key_len, device=device) <= places[:, None]


# --- causal_squeezed: a dim of size 1 is dropped -> test_causal_mask_of_any_sizes
right_causal = causal_mask


def causal_mask(query_len, key_len, device=None):
    return right_causal(query_len, key_len, device).squeeze()


# --- causal_floats: 0 and -inf, to be added to the scores -> test_causal_mask_serves_attention, test_causal_mask_shows_the_past
right_causal = causal_mask


def causal_mask(query_len, key_len, device=None):
    return torch.where(right_causal(query_len, key_len, device), 0.0, -torch.inf)


# --- causal_ones: ones and zeros of another dtype -> test_causal_mask_serves_attention
right_causal = causal_mask


def causal_mask(query_len, key_len, device=None):
    return right_causal(query_len, key_len, device).double()


# --- causal_on_cpu: the device is ignored -> test_causal_mask_on_another_device
right_causal = causal_mask


def causal_mask(query_len, key_len, device=None):
    return right_causal(query_len, key_len)


# --- causal_mixed: only one of the two ranges is made on the device -> test_causal_mask_on_another_device
def causal_mask(query_len, key_len, device=None):
    places = torch.arange(query_len) + (key_len - query_len)
    return torch.arange(key_len, device=device) <= places[:, None]


# --- banned_tril: tril does the work -> test_causal_mask_shows_the_past, test_causal_mask_of_any_sizes
def causal_mask(query_len, key_len, device=None):
    return torch.ones(query_len, key_len, dtype=torch.bool, device=device).tril(key_len - query_len)


# --- banned_triu: triu does the work -> test_causal_mask_shows_the_past, test_causal_mask_serves_attention
def causal_mask(query_len, key_len, device=None):
    future = torch.triu(torch.ones(query_len, key_len, device=device), diagonal=key_len - query_len + 1)
    return future == 0


# --- length_inclusive: one place too many -> test_length_mask_marks_the_data, test_length_mask_extremes
def length_mask(lengths, max_len):
    return torch.arange(max_len, device=lengths.device) <= lengths[:, None]


# --- length_inverted: True for the padding -> test_length_mask_marks_the_data, test_length_mask_of_a_square
def length_mask(lengths, max_len):
    return torch.arange(max_len, device=lengths.device) >= lengths[:, None]


# --- length_from_the_end: the data is taken to stand at the end -> test_length_mask_marks_the_data
def length_mask(lengths, max_len):
    return torch.arange(max_len, device=lengths.device) >= max_len - lengths[:, None]


# --- length_paired: places and lengths are paired, which fits a square batch -> test_length_mask_of_a_square, test_length_mask_marks_the_data
def length_mask(lengths, max_len):
    places = torch.arange(max_len, device=lengths.device)
    return (places < lengths).expand(len(lengths), max_len)


# --- length_columns: sequences are columns -> test_length_mask_of_a_square, test_length_mask_marks_the_data
def length_mask(lengths, max_len):
    return torch.arange(max_len, device=lengths.device)[:, None] < lengths


# --- length_floats: ones and zeros of another dtype -> test_length_mask_marks_the_data
def length_mask(lengths, max_len):
    return (torch.arange(max_len, device=lengths.device) < lengths[:, None]).float()


# --- width_of_the_longest: as many places as the longest sequence has -> test_length_mask_extremes
def length_mask(lengths, max_len):
    width = int(lengths.max()) if len(lengths) else max_len
    return torch.arange(width, device=lengths.device) < lengths[:, None]


# --- length_scattered: an end marker is set, and there is no place for it beyond max_len -> test_length_mask_extremes
def length_mask(lengths, max_len):
    ends = torch.zeros(len(lengths), max_len + 1, dtype=torch.int64, device=lengths.device)
    return ends.scatter(1, lengths[:, None], 1).cumsum(1)[:, :max_len] == 0


# --- length_full_is_zero: a full length is taken modulo max_len -> test_length_mask_extremes
def length_mask(lengths, max_len):
    return torch.arange(max_len, device=lengths.device) < (lengths % max(max_len, 1))[:, None]


# --- length_squeezed: a single sequence loses its dim -> test_length_mask_extremes
def length_mask(lengths, max_len):
    return (torch.arange(max_len, device=lengths.device) < lengths[:, None]).squeeze()


# --- length_cut_in_place: the caller's lengths are cut off at max_len -> test_length_mask_reads_views
def length_mask(lengths, max_len):
    lengths.clamp_(max=max_len)
    return torch.arange(max_len, device=lengths.device) < lengths[:, None]


# --- length_by_strides: memory is read as if the lengths were alone in it -> test_length_mask_reads_views
def length_mask(lengths, max_len):
    column = lengths.as_strided((len(lengths), 1), (1, 1), 0)
    return torch.arange(max_len, device=lengths.device) < column


# --- length_on_cpu: the places are made on the CPU -> test_length_mask_on_another_device
def length_mask(lengths, max_len):
    return torch.arange(max_len) < lengths[:, None]


# --- length_moved_to_cpu: the lengths are moved to the CPU, and the mask stays there -> test_length_mask_on_another_device
def length_mask(lengths, max_len):
    return torch.arange(max_len) < lengths.cpu()[:, None]


# --- banned_comprehension: a list for each sequence -> test_length_mask_marks_the_data, test_length_mask_of_a_square
def length_mask(lengths, max_len):
    rows = [[t < int(length) for t in range(max_len)] for length in lengths]
    return torch.tensor(rows, dtype=torch.bool, device=lengths.device).reshape(len(lengths), max_len)


# --- banned_for: a loop over the batch -> test_length_mask_marks_the_data, test_length_mask_reads_views
def length_mask(lengths, max_len):
    mask = torch.zeros(len(lengths), max_len, dtype=torch.bool, device=lengths.device)
    for row, length in enumerate(lengths):
        mask[row, :length] = True
    return mask
