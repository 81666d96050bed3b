"""Wrong answers to tensor_creation, each a block that replaces definitions of the reference solution.

A block's header names the mistake and the tests that must catch it.
"""

# --- linspace_without_stop: n gaps in place of n - 1, so that stop is left out -> test_linspace_includes_both_ends, test_linspace_ends_exactly
def linspace(start, stop, n):
    return start + (stop - start) * torch.arange(n) / max(n, 1)


# --- linspace_divides_by_n_plus_one: numbers between the ends -> test_linspace_includes_both_ends
def linspace(start, stop, n):
    return start + (stop - start) * torch.arange(1, n + 1) / (n + 1)


# --- linspace_float64: the result stays in float64 -> test_linspace_includes_both_ends, test_linspace_of_few_numbers
def linspace(start, stop, n, _right=linspace):
    return _right(start, stop, n).double()


# --- linspace_ascending: a negative distance is taken as positive -> test_linspace_goes_any_way
def linspace(start, stop, n):
    return (start + abs(stop - start) * torch.arange(n, dtype=torch.float64) / max(n - 1, 1)).float()


# --- linspace_sorted: the smaller end comes first -> test_linspace_goes_any_way
def linspace(start, stop, n, _right=linspace):
    return _right(min(start, stop), max(start, stop), n)


# --- linspace_by_arange: a range with a step, and none where the step is 0 -> test_linspace_goes_any_way
def linspace(start, stop, n):
    if n < 2:
        return torch.full((n,), start)
    step = (stop - start) / (n - 1)
    return torch.arange(start, stop + step / 2, step)


# --- linspace_rounded_step: the step is rounded to float32 before it is multiplied -> test_linspace_ends_exactly
def linspace(start, stop, n):
    step = torch.tensor((stop - start) / max(n - 1, 1))
    return start + step * torch.arange(n)


# --- linspace_adds_up: steps are added up in float32 -> test_linspace_ends_exactly
def linspace(start, stop, n):
    step = torch.tensor((stop - start) / max(n - 1, 1))
    numbers = []
    value = torch.tensor(float(start))
    for _ in range(n):
        numbers.append(value)
        value = value + step
    return torch.stack(numbers) if n else torch.empty(0)


# --- linspace_divides_by_zero: one number divides by zero -> test_linspace_of_few_numbers
def linspace(start, stop, n):
    t = torch.tensor([i / (n - 1) for i in range(n)], dtype=torch.float64)
    return (start * (1 - t) + stop * t).float()


# --- linspace_nan: one number is NaN -> test_linspace_of_few_numbers
def linspace(start, stop, n):
    t = torch.arange(n, dtype=torch.float64) / (n - 1)
    return (start * (1 - t) + stop * t).float()


# --- linspace_sets_stop_last: the last number is set to stop, also where it is the first -> test_linspace_of_few_numbers
def linspace(start, stop, n, _right=linspace):
    numbers = _right(start, stop, n)
    numbers[-1:] = stop
    return numbers


# --- linspace_empty_int: no numbers are int64 -> test_linspace_of_few_numbers
def linspace(start, stop, n, _right=linspace):
    return _right(start, stop, n) if n else torch.arange(0)


# --- banned_linspace: PyTorch's own function -> test_linspace_includes_both_ends, test_linspace_goes_any_way, test_linspace_ends_exactly, test_linspace_of_few_numbers
def linspace(start, stop, n):
    return torch.linspace(start, stop, n)


# --- banned_linspace_numpy: NumPy's function -> test_linspace_includes_both_ends, test_linspace_goes_any_way
def linspace(start, stop, n):
    return torch.tensor(np.linspace(start, stop, n), dtype=torch.float32)


# --- multiples_without_stop: arange leaves its end out, so stop is missing -> test_multiples_lie_between_start_and_stop, test_multiples_of_every_kind_of_ends
def multiples(start, stop, k):
    first = -(-start // k) * k
    return torch.arange(first, max(stop, first), k)


# --- multiples_without_start: start is skipped where it is a multiple -> test_multiples_of_every_kind_of_ends, test_multiples_of_short_ranges
def multiples(start, stop, k):
    first = start + k - start % k
    return torch.arange(first, max(stop + 1, first), k)


# --- multiples_from_start: steps of k from start, multiple or not -> test_multiples_lie_between_start_and_stop
def multiples(start, stop, k):
    return torch.arange(start, max(stop + 1, start), k)


# --- multiples_rounds_down: the first one may lie below start -> test_multiples_lie_between_start_and_stop, test_multiples_of_every_kind_of_ends
def multiples(start, stop, k):
    first = start // k * k
    return torch.arange(first, max(stop + 1, first), k)


# --- multiples_float: the numbers are floats -> test_multiples_lie_between_start_and_stop
def multiples(start, stop, k, _right=multiples):
    return _right(start, stop, k).float()


# --- multiples_above_zero: multiples below zero are left out -> test_multiples_of_every_kind_of_ends
def multiples(start, stop, k, _right=multiples):
    return _right(max(start, 0), stop, k)


# --- multiples_without_zero: zero is no multiple -> test_multiples_of_every_kind_of_ends
def multiples(start, stop, k, _right=multiples):
    numbers = _right(start, stop, k)
    return numbers[numbers != 0]


# --- multiples_remainder_of_c: the remainder of negative numbers has their sign -> test_multiples_of_every_kind_of_ends
def multiples(start, stop, k):
    remainder = int(torch.tensor(start).fmod(k))
    first = start + (k - remainder if remainder else 0)
    return torch.arange(first, max(stop + 1, first), k)


# --- multiples_empty_float: an empty list becomes float32 -> test_multiples_of_short_ranges
def multiples(start, stop, k):
    return torch.tensor([n for n in range(start, stop + 1) if n % k == 0])


# --- multiples_stop_first_raises: arange refuses an end before its start -> test_multiples_of_short_ranges
def multiples(start, stop, k):
    return torch.arange(-(-start // k) * k, stop + 1, k)


# --- multiples_squeezed: a single one has no dimension -> test_multiples_of_short_ranges
def multiples(start, stop, k, _right=multiples):
    return _right(start, stop, k).squeeze()


# --- multiples_by_division: the first one is found by a division of floats -> test_multiples_of_large_numbers
def multiples(start, stop, k):
    first = int(np.ceil(start / k)) * k
    return torch.arange(first, max(stop + 1, first), k)


# --- multiples_float_range: a range of floats, turned into whole numbers -> test_multiples_of_large_numbers
def multiples(start, stop, k):
    first = float(-(-start // k) * k)
    return torch.arange(first, max(stop + 1.0, first), k, dtype=torch.float64).long()


# --- board_starts_with_one: a 1 in the first corner -> test_checkerboard_alternates, test_checkerboard_of_every_form
def checkerboard(height, width, _right=checkerboard):
    return 1 - _right(height, width)


# --- board_counts_on: numbers count on from row to row, right for odd widths only -> test_checkerboard_alternates, test_checkerboard_of_every_form
def checkerboard(height, width):
    return torch.arange(height * width).view(height, width) % 2


# --- board_float: the result is float32 -> test_checkerboard_alternates
def checkerboard(height, width, _right=checkerboard):
    return _right(height, width).float()


# --- board_transposed: width by height -> test_checkerboard_alternates, test_checkerboard_of_every_form
def checkerboard(height, width, _right=checkerboard):
    return _right(width, height)


# --- board_square: height by height -> test_checkerboard_alternates, test_checkerboard_of_every_form
def checkerboard(height, width, _right=checkerboard):
    return _right(height, height)


# --- board_tiles: two by two tiles, which need even sizes -> test_checkerboard_alternates, test_checkerboard_of_every_form
def checkerboard(height, width):
    return torch.tensor([[0, 1], [1, 0]]).repeat(height // 2, width // 2)


# --- board_of_at_most_eight: the board of chess, cut -> test_checkerboard_of_every_form
def checkerboard(height, width, _right=checkerboard):
    return _right(8, 8)[:height, :width]


# --- board_first_row: a first row is taken for granted -> test_checkerboard_of_small_sizes
def checkerboard(height, width):
    row = torch.arange(width) % 2
    rows = [row]
    rows += map(lambda i: row if i % 2 == 0 else 1 - row, range(1, height))
    return torch.stack(rows)


# --- board_squeezed: one row has one dimension -> test_checkerboard_of_small_sizes
def checkerboard(height, width, _right=checkerboard):
    return _right(height, width).squeeze()


# --- board_empty_is_flat: an empty board loses its shape -> test_checkerboard_of_small_sizes
def checkerboard(height, width, _right=checkerboard):
    return _right(height, width) if height * width else torch.zeros(0, dtype=torch.int64)


# --- banned_board_loops: loops over rows and columns -> test_checkerboard_alternates, test_checkerboard_of_every_form, test_checkerboard_of_small_sizes
def checkerboard(height, width):
    board = torch.zeros(height, width, dtype=torch.int64)
    for row in range(height):
        for column in range(width):
            board[row, column] = (row + column) % 2
    return board


# --- copy_shares: from_numpy shares memory -> test_from_numpy_copy_shares_no_memory, test_from_numpy_copy_reads_every_layout
def from_numpy_copy(array):
    return torch.from_numpy(array)


# --- copy_as_tensor: as_tensor shares memory -> test_from_numpy_copy_shares_no_memory
def from_numpy_copy(array):
    return torch.as_tensor(np.ascontiguousarray(array).reshape(array.shape))


# --- copy_where_not_contiguous: contiguous arrays are shared -> test_from_numpy_copy_shares_no_memory
def from_numpy_copy(array):
    return torch.from_numpy(array if array.flags.c_contiguous else array.copy())


# --- copy_contiguous: contiguous() copies only what is not contiguous -> test_from_numpy_copy_shares_no_memory
def from_numpy_copy(array):
    return torch.from_numpy(array[:] if min(array.strides, default=0) >= 0 else array.copy()).contiguous()


# --- copy_float32: torch.Tensor makes float32 of everything -> test_from_numpy_copy_keeps_numbers_and_dtype, test_from_numpy_copy_keeps_every_dtype
def from_numpy_copy(array):
    return torch.Tensor(array.copy())


# --- copy_default_dtype: floats become the default dtype -> test_from_numpy_copy_keeps_numbers_and_dtype, test_from_numpy_copy_keeps_every_dtype
def from_numpy_copy(array):
    return torch.tensor(array.tolist()).reshape(array.shape)


# --- copy_float64: whole numbers become floats -> test_from_numpy_copy_keeps_every_dtype
def from_numpy_copy(array):
    return torch.tensor(array.astype(np.float64))


# --- copy_real: complex numbers lose their imaginary part's dtype -> test_from_numpy_copy_keeps_every_dtype
def from_numpy_copy(array):
    return torch.tensor(array.real.copy())


# --- copy_negative_strides: torch.tensor refuses negative strides -> test_from_numpy_copy_reads_every_layout
def from_numpy_copy(array):
    return torch.tensor(array)


# --- copy_memory_order: the bytes in memory order, not in the array's -> test_from_numpy_copy_reads_every_layout
def from_numpy_copy(array):
    return torch.tensor(array.ravel(order="K").copy()).reshape(array.shape)


# --- copy_at_least_1d: an array without dimensions gets one -> test_from_numpy_copy_reads_every_layout
def from_numpy_copy(array):
    return torch.tensor(np.atleast_1d(array).copy())


# --- copy_turns_the_array: the array is made writeable first, and sorted out in place -> test_from_numpy_copy_reads_every_layout
def from_numpy_copy(array):
    tensor = torch.tensor(array.copy())
    array *= 0
    return tensor


# --- to_numpy_alone: t.numpy(), which refuses tensors that require a gradient -> test_to_numpy_gives_an_array, test_to_numpy_keeps_the_dtype, test_to_numpy_reads_views, test_to_numpy_leaves_the_tensor_in_place
def to_numpy(tensor):
    return tensor.numpy()


# --- to_numpy_shared: detach().cpu().numpy() shares memory on the CPU -> test_to_numpy_shares_no_memory
def to_numpy(tensor):
    values = tensor.detach().cpu().resolve_conj().resolve_neg()
    return (values.float() if values.dtype == torch.bfloat16 else values).numpy()


# --- to_numpy_forced: numpy(force=True) shares memory, and knows no bfloat16 -> test_to_numpy_shares_no_memory, test_to_numpy_keeps_the_dtype
def to_numpy(tensor):
    return tensor.numpy(force=True)


# --- to_numpy_contiguous_copy: ascontiguousarray copies only what is not contiguous -> test_to_numpy_shares_no_memory
def to_numpy(tensor, _right=to_numpy):
    if tensor.requires_grad:
        return np.ascontiguousarray(tensor.detach().numpy())
    return _right(tensor)


# --- to_numpy_tensor: a tensor is returned -> test_to_numpy_gives_an_array
def to_numpy(tensor):
    return tensor.detach().clone()


# --- to_numpy_list: a list is returned -> test_to_numpy_gives_an_array
def to_numpy(tensor):
    return tensor.tolist()


# --- to_numpy_float32: everything becomes float32 -> test_to_numpy_gives_an_array, test_to_numpy_keeps_the_dtype
def to_numpy(tensor):
    return tensor.detach().float().numpy().copy()


# --- to_numpy_half_too: float16 becomes float32 like bfloat16 -> test_to_numpy_keeps_the_dtype
def to_numpy(tensor, _right=to_numpy):
    return _right(tensor.float() if tensor.dtype == torch.float16 else tensor)


# --- to_numpy_bfloat16_as_float16: bfloat16 becomes float16 -> test_to_numpy_keeps_the_dtype
def to_numpy(tensor, _right=to_numpy):
    return _right(tensor.half() if tensor.dtype == torch.bfloat16 else tensor)


# --- to_numpy_from_list: dtypes are those of Python -> test_to_numpy_keeps_the_dtype
def to_numpy(tensor):
    return np.array(tensor.tolist())


# --- to_numpy_lazy_views: lazy conjugates are not resolved -> test_to_numpy_reads_views
def to_numpy(tensor):
    values = tensor.detach().cpu()
    return (values.float() if values.dtype == torch.bfloat16 else values).numpy().copy()


# --- to_numpy_negation_forgotten: conjugates are resolved, negations are not -> test_to_numpy_reads_views
def to_numpy(tensor):
    values = tensor.detach().cpu().resolve_conj()
    return (values.float() if values.dtype == torch.bfloat16 else values).numpy().copy()


# --- to_numpy_scalar: a tensor without dimensions becomes a number -> test_to_numpy_reads_views
def to_numpy(tensor, _right=to_numpy):
    return _right(tensor)[()]


# --- to_numpy_memory: the memory is read, whatever the strides are -> test_to_numpy_reads_views
def to_numpy(tensor, _right=to_numpy):
    if tensor.dtype == torch.float64 and tensor.numel():
        memory = tensor.detach().as_strided((tensor.numel(),), (1,)) if not tensor.is_contiguous() and tensor.stride(0) else tensor
        return _right(memory).reshape(tensor.shape)
    return _right(tensor)


# --- to_numpy_detaches_in_place: detach_ cuts the caller's tensor off -> test_to_numpy_leaves_the_tensor_in_place
def to_numpy(tensor, _right=to_numpy):
    return _right(tensor.detach_() if tensor.grad_fn is not None else tensor)


# --- to_numpy_clears_the_flag: the caller's tensor no longer requires a gradient -> test_to_numpy_leaves_the_tensor_in_place
def to_numpy(tensor, _right=to_numpy):
    array = _right(tensor)
    if tensor.is_leaf:
        tensor.requires_grad_(False)
    return array


# --- to_numpy_empties: the numbers are moved out of the tensor -> test_to_numpy_leaves_the_tensor_in_place
def to_numpy(tensor, _right=to_numpy):
    array = _right(tensor)
    tensor.detach().zero_()
    return array


# --- normal_variance: std is taken for the variance -> test_normal_scales_and_shifts, test_normal_moves_its_generator_alone, test_normal_of_every_shape
def normal(shape, mean, std, *, generator, _right=normal):
    return _right(shape, mean, std**0.5, generator=generator)


# --- normal_squared: std is squared -> test_normal_scales_and_shifts
def normal(shape, mean, std, *, generator, _right=normal):
    return _right(shape, mean, std**2, generator=generator)


# --- normal_shifts_first: the mean is scaled too -> test_normal_scales_and_shifts
def normal(shape, mean, std, *, generator):
    return (torch.randn(shape, generator=generator) + mean) * std


# --- normal_global: the generator is not used -> test_normal_scales_and_shifts, test_normal_moves_its_generator_alone
def normal(shape, mean, std, *, generator):
    return mean + std * torch.randn(shape)


# --- normal_seeds_the_global: the global generator is set to the state of the one given -> test_normal_moves_its_generator_alone
def normal(shape, mean, std, *, generator):
    torch.set_rng_state(generator.get_state())
    numbers = torch.randn(shape)
    generator.set_state(torch.get_rng_state())
    return mean + std * numbers


# --- normal_starts_again: a copy draws, so the generator stands still -> test_normal_moves_its_generator_alone
def normal(shape, mean, std, *, generator, _right=normal):
    return _right(shape, mean, std, generator=generator.clone_state())


# --- normal_from_the_seed: every call starts at the generator's seed -> test_normal_scales_and_shifts, test_normal_moves_its_generator_alone
def normal(shape, mean, std, *, generator, _right=normal):
    return _right(shape, mean, std, generator=torch.Generator().manual_seed(generator.initial_seed()))


# --- normal_draws_twice: numbers are drawn and thrown away -> test_normal_moves_its_generator_alone
def normal(shape, mean, std, *, generator, _right=normal):
    numbers = _right(shape, mean, std, generator=generator)
    torch.randn(shape, generator=generator)
    return numbers


# --- normal_2d: the shape has two sizes -> test_normal_of_every_shape
def normal(shape, mean, std, *, generator):
    rows, columns = shape
    return mean + std * torch.randn(rows, columns, generator=generator)


# --- normal_one_spread_at_least: a standard deviation of 0 counts as not given -> test_normal_of_every_shape
def normal(shape, mean, std, *, generator, _right=normal):
    return _right(shape, mean, std or 1.0, generator=generator)


# --- normal_standardizes: the sample is standardized first -> test_normal_scales_and_shifts, test_normal_of_every_shape
def normal(shape, mean, std, *, generator):
    z = torch.randn(shape, generator=generator)
    return mean + std * (z - z.mean()) / z.std()


# --- normal_float32: float32 whatever the default dtype is -> test_normal_follows_the_default_dtype
def normal(shape, mean, std, *, generator):
    return mean + std * torch.randn(shape, generator=generator, dtype=torch.float32)


# --- normal_cast_too_late: drawn in float32, turned into the default dtype -> test_normal_follows_the_default_dtype
def normal(shape, mean, std, *, generator):
    z = torch.randn(shape, generator=generator, dtype=torch.float32)
    return mean + std * z.to(torch.get_default_dtype())


# --- banned_normal: PyTorch's own function -> test_normal_scales_and_shifts, test_normal_moves_its_generator_alone, test_normal_of_every_shape, test_normal_follows_the_default_dtype
def normal(shape, mean, std, *, generator):
    return torch.normal(mean, std, shape, generator=generator)


# --- banned_normal_in_place: the method that fills a tensor -> test_normal_scales_and_shifts, test_normal_of_every_shape
def normal(shape, mean, std, *, generator):
    return torch.empty(shape).normal_(mean, std, generator=generator)
