"""Wrong answers, a block each: appended to the solution, a block replaces what it defines anew.

Its header gives its id, the misconception, and the tests that must reject it. The blocks called
`banned_…` give the right numbers by a call that their task forbids.
"""

# ruff: noqa
# mypy: ignore-errors

# === 1. pool_out ===

# --- out_plain_ceil: rounding up is all -> test_pool_out_ceil_mode, test_pool_out_agrees_with_torch
def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    return (math.ceil(room / stride) if ceil_mode else room // stride) + 1


# --- out_start_in_the_input: a last window is dropped by the size of the input alone -> test_pool_out_agrees_with_torch
def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    out = (math.ceil(room / stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (out - 1) * stride >= size:
        out -= 1
    return out


# --- out_start_in_the_padded_input: the padding after the end counts as a place to start -> test_pool_out_ceil_mode, test_pool_out_agrees_with_torch
def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    out = (math.ceil(room / stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (out - 1) * stride >= size + 2 * padding:
        out -= 1
    return out


# --- out_start_at_the_end_kept: a window that starts right behind the input is kept -> test_pool_out_ceil_mode, test_pool_out_agrees_with_torch
def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    room = size + 2 * padding - dilation * (kernel_size - 1) - 1
    out = (math.ceil(room / stride) if ceil_mode else room // stride) + 1
    if ceil_mode and (out - 1) * stride > size + padding:
        out -= 1
    return out


# --- out_ceil_ignored: the flag is not looked at -> test_pool_out_ceil_mode, test_pool_out_agrees_with_torch
_right_pool_out = pool_out
def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    return _right_pool_out(size, kernel_size, stride, padding, dilation)


# --- out_always_ceil: a step that does not fit always counts -> test_pool_out_counts_windows, test_pool_out_agrees_with_torch
_right_pool_out = pool_out
def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    return _right_pool_out(size, kernel_size, stride, padding, dilation, True)


# --- out_one_more_with_ceil: ceil_mode adds one, even where the last window just fits -> test_pool_out_ceil_mode, test_pool_out_agrees_with_torch
_right_pool_out = pool_out
def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    return _right_pool_out(size, kernel_size, stride, padding, dilation) + bool(ceil_mode)


# --- out_dilation_ignored: a dilated window reaches no further -> test_pool_out_counts_windows, test_pool_out_agrees_with_torch
_right_pool_out = pool_out
def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    return _right_pool_out(size, kernel_size, stride, padding, 1, ceil_mode)


# --- out_padding_once: padding stands at one end only -> test_pool_out_counts_windows, test_pool_out_agrees_with_torch
def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    room = size + padding - dilation * (kernel_size - 1) - 1
    return (math.ceil(room / stride) if ceil_mode else room // stride) + 1


# --- out_first_window_forgotten: only the steps are counted -> test_pool_out_counts_windows, test_pool_out_agrees_with_torch
_right_pool_out = pool_out
def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    return _right_pool_out(size, kernel_size, stride, padding, dilation, ceil_mode) - 1


# --- out_float: the size is a float -> test_pool_out_agrees_with_torch
_right_pool_out = pool_out
def pool_out(size, kernel_size, stride, padding=0, dilation=1, ceil_mode=False):
    return float(_right_pool_out(size, kernel_size, stride, padding, dilation, ceil_mode))


# === 2. max_pool2d ===

# --- max_zero_padding: the border is zero -> test_max_pool_padding_never_wins, test_max_pool_steps
def max_pool2d(x, kernel_size, stride=None, padding=0):
    windows = _windows(F.pad(x, (padding,) * 4), kernel_size, stride or kernel_size)
    return windows.flatten(-2).max(dim=-1).values


# --- max_pads_with_a_large_number: the border is -1e9 -> test_max_pool_padding_never_wins
def max_pool2d(x, kernel_size, stride=None, padding=0):
    windows = _windows(F.pad(x, (padding,) * 4, value=-1e9), kernel_size, stride or kernel_size)
    return windows.flatten(-2).max(dim=-1).values


# --- max_pads_with_the_tiniest: finfo.tiny is taken for the smallest number -> test_max_pool_padding_never_wins
def max_pool2d(x, kernel_size, stride=None, padding=0):
    border = torch.finfo(x.dtype).tiny
    windows = _windows(F.pad(x, (padding,) * 4, value=border), kernel_size, stride or kernel_size)
    return windows.flatten(-2).max(dim=-1).values


# --- max_stride_one: without a stride, windows move by one -> test_max_pool_takes_the_largest_number, test_max_pool_steps
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=1, padding=0):
    return _right_max_pool2d(x, kernel_size, stride or 1, padding)


# --- max_padding_one: padding is 1 by default -> test_max_pool_takes_the_largest_number
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=1):
    return _right_max_pool2d(x, kernel_size, stride, padding)


# --- max_always_padding_one: padding is always 1 -> test_max_pool_takes_the_largest_number, test_max_pool_steps
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=0):
    return _right_max_pool2d(x, kernel_size, stride, 1)


# --- max_stride_ignored: windows lie side by side, whatever the stride -> test_max_pool_steps
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=0):
    return _right_max_pool2d(x, kernel_size, None, padding)


# --- max_padding_ignored: there is no border -> test_max_pool_padding_never_wins, test_max_pool_steps
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=0):
    return _right_max_pool2d(x, kernel_size, stride)


# --- max_height_and_width_swapped: the number of columns is computed from the height -> test_max_pool_steps
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=0):
    out = _right_max_pool2d(x, kernel_size, stride, padding)
    return out[..., : pool_out(x.shape[2], kernel_size, stride or kernel_size, padding)]


# --- max_arguments_in_another_order: padding stands before stride -> test_max_pool_steps
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, padding=0, stride=None):
    return _right_max_pool2d(x, kernel_size, stride, padding or 0)


# --- max_keeps_partial_windows: windows that run over the border are kept -> test_max_pool_takes_the_largest_number
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=0):
    step = stride or kernel_size
    more = [(-(size + 2 * padding - kernel_size)) % step for size in x.shape[2:]]
    return _right_max_pool2d(F.pad(x, (0, more[1], 0, more[0]), value=-math.inf), kernel_size, stride, padding)


# --- max_amax: amax shares the gradient out among equals -> test_max_pool_ties
def max_pool2d(x, kernel_size, stride=None, padding=0):
    padded = F.pad(x, (padding,) * 4, value=-math.inf)
    return _windows(padded, kernel_size, stride or kernel_size).amax(dim=(-2, -1))


# --- max_columns_first: the first number is looked for column by column -> test_max_pool_ties
def max_pool2d(x, kernel_size, stride=None, padding=0):
    padded = F.pad(x, (padding,) * 4, value=-math.inf)
    return _windows(padded, kernel_size, stride or kernel_size).mT.flatten(-2).max(dim=-1).values


# --- max_last_of_equals: the last of equal numbers gets the gradient -> test_max_pool_ties
def max_pool2d(x, kernel_size, stride=None, padding=0):
    padded = F.pad(x, (padding,) * 4, value=-math.inf)
    return _windows(padded, kernel_size, stride or kernel_size).flatten(-2).flip(-1).max(dim=-1).values


# --- max_maximum: torch.maximum, tap by tap, halves the gradient of equals -> test_max_pool_ties
def max_pool2d(x, kernel_size, stride=None, padding=0):
    padded = F.pad(x, (padding,) * 4, value=-math.inf)
    first, *others = _windows(padded, kernel_size, stride or kernel_size).flatten(-2).unbind(-1)
    for tap in others:
        first = torch.maximum(first, tap)
    return first


# --- max_skips_nan: NaN is taken for a missing number -> test_max_pool_nan
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=0):
    return _right_max_pool2d(x.nan_to_num(nan=-math.inf), kernel_size, stride, padding)


# --- max_running_greater: a running maximum by > forgets NaN -> test_max_pool_nan
def max_pool2d(x, kernel_size, stride=None, padding=0):
    padded = F.pad(x, (padding,) * 4, value=-math.inf)
    best, *others = _windows(padded, kernel_size, stride or kernel_size).flatten(-2).unbind(-1)
    for tap in others:
        best = torch.where(tap > best, tap, best)
    return best


# --- max_running_not_less: a running maximum by "not <=" loses NaN to the next number -> test_max_pool_nan
def max_pool2d(x, kernel_size, stride=None, padding=0):
    padded = F.pad(x, (padding,) * 4, value=-math.inf)
    best, *others = _windows(padded, kernel_size, stride or kernel_size).flatten(-2).unbind(-1)
    for tap in others:
        best = torch.where(~(tap <= best), tap, best)
    return best


# --- max_nan_everywhere: one NaN spoils the whole image -> test_max_pool_nan
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=0):
    return _right_max_pool2d(x, kernel_size, stride, padding) + 0 * x.sum(dim=(2, 3), keepdim=True)


# --- max_memory_order: windows by strides that are computed from the shape -> test_functions_read_views
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=0):
    n, c, h, w = x.shape
    x = x.as_strided((n, c, h, w), (c * h * w, h * w, w, 1))
    return _right_max_pool2d(x, kernel_size, stride, padding)


# --- max_in_place: the maximum is collected in a slice of x -> test_functions_leave_x_alone
def max_pool2d(x, kernel_size, stride=None, padding=0):
    padded = F.pad(x, (padding,) * 4, value=-math.inf) if padding else x
    best, *others = _windows(padded, kernel_size, stride or kernel_size).flatten(-2).unbind(-1)
    with torch.no_grad():
        padded[:, :, : best.shape[2], : best.shape[3]] = torch.stack([best, *others]).amax(dim=0)
    return padded[:, :, : best.shape[2], : best.shape[3]].clone()


# --- max_reshape_to_minus_one: a reshape to -1 has no answer without samples -> test_functions_take_empty_batches
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=0):
    out = _right_max_pool2d(x, kernel_size, stride, padding)
    return out.reshape(*x.shape[:2], out.shape[2], -1)


# --- max_squeezes: dimensions of one are squeezed away -> test_functions_keep_sizes_of_one
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=0):
    return _right_max_pool2d(x, kernel_size, stride, padding).squeeze()


# --- max_float32_buffer: results are collected in float32 -> test_functions_keep_the_dtype
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=0):
    out = _right_max_pool2d(x, kernel_size, stride, padding)
    return torch.zeros(out.shape, device=x.device) + out


# --- max_border_on_the_cpu: the border is made on the CPU -> test_functions_on_another_device
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=0):
    n, c, h, w = x.shape
    border = torch.full((n, c, h, padding), -math.inf, dtype=x.dtype)
    x = torch.cat([border, x, border], dim=3)
    return _right_max_pool2d(F.pad(x, (0, 0, padding, padding), value=-math.inf), kernel_size, stride)


# --- max_detached: the computation uses x.detach() -> test_functions_gradients
_right_max_pool2d = max_pool2d
def max_pool2d(x, kernel_size, stride=None, padding=0):
    return _right_max_pool2d(x.detach(), kernel_size, stride, padding)


# --- banned_max_pool: torch's own -> test_max_pool_takes_the_largest_number, test_max_pool_steps, test_max_pool_ties, test_max_pool_nan
def max_pool2d(x, kernel_size, stride=None, padding=0):
    return F.max_pool2d(x, kernel_size, stride, padding)


# --- banned_max_pool_layer: torch's own as a layer -> test_max_pool_takes_the_largest_number, test_functions_read_views
def max_pool2d(x, kernel_size, stride=None, padding=0):
    return nn.MaxPool2d(kernel_size, stride, padding)(x)


# --- banned_max_unfold: torch's own windows -> test_max_pool_takes_the_largest_number, test_max_pool_steps
def max_pool2d(x, kernel_size, stride=None, padding=0):
    step = stride or kernel_size
    ho, wo = (pool_out(size, kernel_size, step, padding) for size in x.shape[2:])
    padded = F.pad(x, (padding,) * 4, value=-math.inf)
    columns = F.unfold(padded, kernel_size, stride=step).unflatten(1, (x.shape[1], -1))
    return columns.max(dim=2).values.unflatten(2, (ho, wo))


# === 3. avg_pool2d ===

# --- avg_kept_count: the border never counts -> test_avg_pool_takes_the_mean, test_avg_pool_counts_the_border_or_not
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    return _right_avg_pool2d(x, kernel_size, stride, padding, False)


# --- avg_flag_ignored: the border always counts -> test_avg_pool_counts_the_border_or_not, test_avg_pool_steps
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    return _right_avg_pool2d(x, kernel_size, stride, padding, True)


# --- avg_flag_off_by_default: the border does not count by default -> test_avg_pool_takes_the_mean, test_avg_pool_counts_the_border_or_not
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=False):
    return _right_avg_pool2d(x, kernel_size, stride, padding, count_include_pad)


# --- avg_flag_the_other_way: the flag means the opposite -> test_avg_pool_counts_the_border_or_not, test_avg_pool_steps
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    return _right_avg_pool2d(x, kernel_size, stride, padding, not count_include_pad)


# --- avg_counts_nonzero: zeros are taken for border -> test_avg_pool_steps
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    if count_include_pad:
        return _right_avg_pool2d(x, kernel_size, stride, padding)
    windows = _windows(F.pad(x, (padding,) * 4), kernel_size, stride or kernel_size)
    return windows.sum((-2, -1)) / (windows > 0).sum((-2, -1)).clamp(min=1)


# --- avg_count_at_one_edge: only the first row and column of windows is divided by less -> test_avg_pool_steps, test_avg_pool_counts_the_border_or_not
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    out = _right_avg_pool2d(x, kernel_size, stride, padding)
    if not count_include_pad:
        out = torch.cat([out[:, :, :1] * kernel_size / (kernel_size - padding), out[:, :, 1:]], dim=2)
        out = torch.cat([out[..., :1] * kernel_size / (kernel_size - padding), out[..., 1:]], dim=3)
    return out


# --- avg_stride_one: without a stride, windows move by one -> test_avg_pool_takes_the_mean, test_avg_pool_steps
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    return _right_avg_pool2d(x, kernel_size, stride or 1, padding, count_include_pad)


# --- avg_stride_ignored: windows lie side by side, whatever the stride -> test_avg_pool_steps, test_avg_pool_takes_the_mean
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    return _right_avg_pool2d(x, kernel_size, None, padding, count_include_pad)


# --- avg_divides_by_the_side: the sum is divided by the kernel size, not by its square -> test_avg_pool_takes_the_mean, test_avg_pool_steps
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    out = _right_avg_pool2d(x, kernel_size, stride, padding, count_include_pad)
    return out * kernel_size if count_include_pad else out


# --- avg_repeats_the_edge: the border repeats the edge of the image -> test_avg_pool_takes_the_mean, test_avg_pool_steps
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    if not count_include_pad:
        return _right_avg_pool2d(x, kernel_size, stride, padding, False)
    return _right_avg_pool2d(F.pad(x, (padding,) * 4, mode="replicate"), kernel_size, stride)


# --- avg_in_place: the sum is collected in a slice of x -> test_functions_leave_x_alone
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    out = _right_avg_pool2d(x, kernel_size, stride, padding, count_include_pad)
    with torch.no_grad():
        x[:, :, : out.shape[2], : out.shape[3]] += out
    return out


# --- avg_counts_from_the_first_sample: counts are made of x[0] -> test_functions_take_empty_batches
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    inside = torch.ones_like(x[0, 0])
    return _right_avg_pool2d(x * inside, kernel_size, stride, padding, count_include_pad)


# --- avg_float64_counts: the counts are float64, and so is the result -> test_functions_keep_the_dtype
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    one = torch.ones(x.shape[2:], dtype=torch.float64, device=x.device)
    return _right_avg_pool2d(x * one, kernel_size, stride, padding, count_include_pad)


# --- avg_counts_on_the_cpu: the counts are made on the CPU -> test_functions_on_another_device
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    return _right_avg_pool2d(x * torch.ones(x.shape[2:], dtype=x.dtype), kernel_size, stride, padding, count_include_pad)


# --- avg_detached: the sums are cut off from x -> test_functions_gradients
_right_avg_pool2d = avg_pool2d
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    return _right_avg_pool2d(x.data, kernel_size, stride, padding, count_include_pad)


# --- banned_avg_pool: torch's own -> test_avg_pool_takes_the_mean, test_avg_pool_counts_the_border_or_not, test_avg_pool_steps
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    return F.avg_pool2d(x, kernel_size, stride, padding, count_include_pad=count_include_pad)


# --- banned_avg_pool3d: torch's own with one more dimension -> test_avg_pool_takes_the_mean, test_avg_pool_steps
def avg_pool2d(x, kernel_size, stride=None, padding=0, count_include_pad=True):
    step = stride or kernel_size
    kernel, steps, border = (1, kernel_size, kernel_size), (1, step, step), (0, padding, padding)
    return nn.AvgPool3d(kernel, steps, border, count_include_pad=count_include_pad)(x)


# === 4. adaptive_avg_pool2d ===

# --- adaptive_equal_windows: all windows are equally large -> test_adaptive_pool_rounds_outwards, test_adaptive_pool_windows
def adaptive_avg_pool2d(x, output_size):
    sizes = (output_size, output_size) if isinstance(output_size, int) else output_size
    for dim, out in zip((2, 3), sizes):
        size = x.shape[dim]
        step = size // out
        x = x.unfold(dim, size - (out - 1) * step, step).mean(-1)
    return x


# --- adaptive_divides_only: windows of size // out, and the rest is left out -> test_adaptive_pool_rounds_outwards, test_adaptive_pool_windows
def adaptive_avg_pool2d(x, output_size):
    sizes = (output_size, output_size) if isinstance(output_size, int) else output_size
    for dim, out in zip((2, 3), sizes):
        step = max(x.shape[dim] // out, 1)
        x = torch.stack([x.narrow(dim, i * step, step).mean(dim) for i in range(out)], dim)
    return x


# --- adaptive_never_overlaps: a window ends where the next one starts -> test_adaptive_pool_rounds_outwards, test_adaptive_pool_windows
def adaptive_avg_pool2d(x, output_size):
    sizes = (output_size, output_size) if isinstance(output_size, int) else output_size
    for dim, out in zip((2, 3), sizes):
        size = x.shape[dim]
        edges = [(i * size // out, (i + 1) * size // out) for i in range(out)]
        x = torch.stack([x.narrow(dim, a, b - a).mean(dim) for a, b in edges], dim)
    return x


# --- adaptive_one_too_far: a window ends one after its end rounded down, also where it divides -> test_adaptive_pool_windows, test_adaptive_pool_extremes
def adaptive_avg_pool2d(x, output_size):
    sizes = (output_size, output_size) if isinstance(output_size, int) else output_size
    for dim, out in zip((2, 3), sizes):
        size = x.shape[dim]
        edges = [(i * size // out, min((i + 1) * size // out + 1, size)) for i in range(out)]
        x = torch.stack([x.narrow(dim, a, b - a).mean(dim) for a, b in edges], dim)
    return x


# --- adaptive_global: the mean of all, everywhere -> test_adaptive_pool_rounds_outwards, test_adaptive_pool_windows, test_adaptive_pool_extremes
def adaptive_avg_pool2d(x, output_size):
    sizes = (output_size, output_size) if isinstance(output_size, int) else output_size
    return x.mean(dim=(2, 3), keepdim=True).expand(*x.shape[:2], *sizes)


# --- adaptive_one_drops_dimensions: a size of one drops its dimension -> test_adaptive_pool_extremes
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    return x.mean(dim=(2, 3)) if output_size in (1, (1, 1)) else _right_adaptive_avg_pool2d(x, output_size)


# --- adaptive_never_larger: a size is never made larger -> test_adaptive_pool_extremes
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    sizes = (output_size, output_size) if isinstance(output_size, int) else output_size
    return _right_adaptive_avg_pool2d(x, tuple(min(a, b) for a, b in zip(sizes, x.shape[2:])))


# --- adaptive_larger_repeats: a larger size repeats the nearest number -> test_adaptive_pool_extremes
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    sizes = (output_size, output_size) if isinstance(output_size, int) else output_size
    for dim, out in zip((2, 3), sizes):
        if out > x.shape[dim]:
            x = x.index_select(dim, torch.arange(out) * x.shape[dim] // out)
    return _right_adaptive_avg_pool2d(x, sizes)


# --- adaptive_swapped: a pair is taken for (width, height) -> test_adaptive_pool_takes_an_int_or_a_pair, test_adaptive_pool_windows
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    return _right_adaptive_avg_pool2d(x, output_size if isinstance(output_size, int) else output_size[::-1])


# --- adaptive_no_int: a single int is not understood -> test_adaptive_pool_takes_an_int_or_a_pair
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    rows, columns = output_size
    return _right_adaptive_avg_pool2d(x, (rows, columns))


# --- adaptive_int_for_the_height: a single int is the height, the width stays -> test_adaptive_pool_takes_an_int_or_a_pair
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    return _right_adaptive_avg_pool2d(x, (output_size, x.shape[3]) if isinstance(output_size, int) else output_size)


# --- adaptive_view: x is viewed as rows of numbers -> test_functions_read_views
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    return _right_adaptive_avg_pool2d(x.view(-1).view(x.shape), output_size)


# --- adaptive_stacks_samples: results are stacked sample by sample -> test_functions_take_empty_batches
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    return torch.stack([_right_adaptive_avg_pool2d(sample[None], output_size)[0] for sample in x])


# --- adaptive_float32_buffer: means are collected in float32 -> test_functions_keep_the_dtype
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    return _right_adaptive_avg_pool2d(x, output_size).float()


# --- adaptive_numbers: means are turned into numbers on the way -> test_functions_gradients
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    return torch.tensor(_right_adaptive_avg_pool2d(x, output_size).tolist(), dtype=x.dtype)


# --- adaptive_buffer_on_the_cpu: means are collected on the CPU -> test_functions_on_another_device
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    out = _right_adaptive_avg_pool2d(x, output_size)
    return torch.zeros(out.shape, dtype=x.dtype) + out


# --- adaptive_in_place: running sums are collected in x -> test_functions_leave_x_alone
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    out = _right_adaptive_avg_pool2d(x, output_size)
    with torch.no_grad():
        x.copy_(x.cumsum(2))
    return out


# --- adaptive_squeezes: dimensions of one are squeezed away -> test_functions_keep_sizes_of_one, test_adaptive_pool_extremes
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    return _right_adaptive_avg_pool2d(x, output_size).squeeze()


# --- banned_adaptive: torch's own -> test_adaptive_pool_rounds_outwards, test_adaptive_pool_windows, test_adaptive_pool_extremes, test_adaptive_pool_takes_an_int_or_a_pair
def adaptive_avg_pool2d(x, output_size):
    return F.adaptive_avg_pool2d(x, output_size)


# --- banned_adaptive_one: torch's own for a single number, which is a mean inside -> test_adaptive_pool_extremes
_right_adaptive_avg_pool2d = adaptive_avg_pool2d
def adaptive_avg_pool2d(x, output_size):
    if output_size == (1, 1):
        return getattr(F, "adaptive_avg" + "_pool2d")(x, 1)
    return _right_adaptive_avg_pool2d(x, output_size)


# --- banned_area: interpolation by areas is adaptive pooling -> test_adaptive_pool_rounds_outwards, test_adaptive_pool_windows
def adaptive_avg_pool2d(x, output_size):
    return F.interpolate(x, size=output_size, mode="area")


# === 5. local_response_norm ===

def _norm(x, size, alpha, beta, k, before, after, divisor):
    squares = F.pad(x.square(), [*[0, 0] * (x.dim() - 2), before, after])
    return x * (k + alpha / divisor * squares.unfold(1, before + after + 1, 1).sum(-1)) ** -beta


# --- norm_gamma: a factor that is trained, and no fixed formula -> test_norm_divides_by_neighbouring_channels, test_norm_options
_gamma = nn.Parameter(torch.tensor(2.0))
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    return _gamma.to(x.dtype) * _right_local_response_norm(x, size, alpha, beta, k)


# --- norm_alpha_undivided: alpha is not divided by size, as in AlexNet's paper -> test_norm_divides_by_neighbouring_channels, test_norm_sizes, test_norm_of_signals, test_norm_options
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    return _right_local_response_norm(x, size, alpha * size, beta, k)


# --- norm_over_space: neighbours lie in space -> test_norm_divides_by_neighbouring_channels, test_norm_sizes, test_norm_options
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    border = (size // 2, (size - 1) // 2)
    squares = F.pad(x.square(), border * (x.dim() - 2)).unfold(-1, size, 1).sum(-1)
    if x.dim() == 4:
        squares = squares.unfold(2, size, 1).sum(-1)
    return x * (k + alpha / size ** (x.dim() - 2) * squares) ** -beta


# --- norm_over_the_last_dimension: neighbours lie in the last dimension -> test_norm_of_signals, test_norm_sizes
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    return _right_local_response_norm(x.transpose(1, -1), size, alpha, beta, k).transpose(1, -1)


# --- norm_one_more_after: an even window has one channel more after than before -> test_norm_sizes
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    return _norm(x, size, alpha, beta, k, (size - 1) // 2, size // 2, size)


# --- norm_size_plus_one_for_even: size // 2 channels on both sides -> test_norm_sizes
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    return _norm(x, size, alpha, beta, k, size // 2, size // 2, size)


# --- norm_kept_count: alpha is divided by the channels that exist -> test_norm_divides_by_neighbouring_channels, test_norm_sizes
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    before, after = size // 2, (size - 1) // 2
    count = F.pad(x.new_ones(x.shape[1]), (before, after)).unfold(0, size, 1).sum(-1)
    return _norm(x, size, alpha, beta, k, before, after, count.reshape(-1, *[1] * (x.dim() - 2)))


# --- norm_size_clamped: a size beyond C is taken for C -> test_norm_sizes
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    return _right_local_response_norm(x, min(size, x.shape[1]), alpha, beta, k)


# --- norm_wraps_around: the last channels are neighbours of the first -> test_norm_divides_by_neighbouring_channels, test_norm_sizes
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    total = sum(x.square().roll(-shift, 1) for shift in range(-(size // 2), (size - 1) // 2 + 1))
    return x * (k + alpha / size * total) ** -beta


# --- norm_without_squares: the numbers are added up, not their squares -> test_norm_divides_by_neighbouring_channels
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    total = F.pad(x.abs(), [*[0, 0] * (x.dim() - 2), size // 2, (size - 1) // 2]).unfold(1, size, 1).sum(-1)
    return x * (k + alpha / size * total) ** -beta


# --- norm_without_itself: a channel is no neighbour of itself -> test_norm_divides_by_neighbouring_channels, test_norm_sizes
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    total = F.pad(x.square(), [*[0, 0] * (x.dim() - 2), size // 2, (size - 1) // 2]).unfold(1, size, 1).sum(-1)
    return x * (k + alpha / size * (total - x.square())) ** -beta


# --- norm_four_dimensions: only images are understood -> test_norm_of_signals
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    n, c, h, w = x.shape
    return _right_local_response_norm(x, size, alpha, beta, k)


# --- norm_channels_third_from_the_end: channels are taken for dimension -3 -> test_norm_of_signals
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    squares = F.pad(x.square(), (0, 0, 0, 0, size // 2, (size - 1) // 2)[-2 * x.dim() :])
    return x * (k + alpha / size * squares.unfold(-3, size, 1).sum(-1)) ** -beta


# --- norm_k_two: k is 2 by default, as in AlexNet's paper -> test_norm_options
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=2.0):
    return _right_local_response_norm(x, size, alpha, beta, k)


# --- norm_beta_forgotten: beta is always 0.75 -> test_norm_options
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    return _right_local_response_norm(x, size, alpha, 0.75, k)


# --- norm_beta_for_the_square_root: the denominator is a square root -> test_norm_options, test_norm_sizes
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    return _right_local_response_norm(x, size, alpha, 0.5, k)


# --- norm_squares_in_half: squares are taken in the dtype of x -> test_norm_of_large_numbers_in_half
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    return _norm(x, size, alpha, beta, k, size // 2, (size - 1) // 2, size)


# --- norm_widens_too_late: the squares are widened once they are taken -> test_norm_of_large_numbers_in_half
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    squares = F.pad((x * x).float(), [*[0, 0] * (x.dim() - 2), size // 2, (size - 1) // 2])
    return (x.float() * (k + alpha / size * squares.unfold(1, size, 1).sum(-1)) ** -beta).to(x.dtype)


# --- norm_stays_wide: the result stays in float32 -> test_norm_of_large_numbers_in_half, test_functions_keep_the_dtype
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    return _right_local_response_norm(x.float() if x.dtype.itemsize == 2 else x, size, alpha, beta, k)


# --- norm_always_float32: float64 is narrowed on the way -> test_norm_sizes, test_norm_options
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    return _right_local_response_norm(x.float(), size, alpha, beta, k).to(x.dtype)


# --- norm_view: the image is viewed as one dimension -> test_functions_read_views
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    flat = x.view(x.shape[0], x.shape[1], -1) if len(x) else x
    return _right_local_response_norm(flat, size, alpha, beta, k).reshape(x.shape)


# --- norm_squares_in_place: x is squared in place -> test_functions_leave_x_alone
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    out = _right_local_response_norm(x, size, alpha, beta, k)
    with torch.no_grad():
        x.square_()
    return out


# --- norm_denominator_is_a_constant: no gradient goes through the denominator -> test_functions_gradients
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    with torch.no_grad():
        squares = F.pad(x.square(), [*[0, 0] * (x.dim() - 2), size // 2, (size - 1) // 2])
        scale = (k + alpha / size * squares.unfold(1, size, 1).sum(-1)) ** -beta
    return x * scale


# --- norm_band_on_the_cpu: zeros for the missing channels are made on the CPU -> test_functions_on_another_device
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    more = torch.zeros(x.shape[0], 1, *x.shape[2:], dtype=x.dtype)
    return _right_local_response_norm(torch.cat([x, more], dim=1), size, alpha, beta, k)[:, :-1]


# --- norm_squeezes: dimensions of one are squeezed away -> test_functions_keep_sizes_of_one, test_norm_of_signals
_right_local_response_norm = local_response_norm
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    return _right_local_response_norm(x, size, alpha, beta, k).squeeze()


# --- banned_norm: torch's own -> test_norm_divides_by_neighbouring_channels, test_norm_sizes, test_norm_of_signals, test_norm_options
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    return F.local_response_norm(x, size, alpha, beta, k)


# --- banned_norm_avg_pool: torch's pooling over channels -> test_norm_divides_by_neighbouring_channels, test_norm_sizes, test_norm_of_large_numbers_in_half
def local_response_norm(x, size, alpha=1e-4, beta=0.75, k=1.0):
    wide = x.float() if x.dtype.itemsize == 2 else x
    squares = F.pad(wide.square().flatten(2)[:, None], (0, 0, size // 2, (size - 1) // 2))
    means = F.avg_pool3d(squares[..., None], (size, 1, 1), stride=1)[:, 0, ..., 0].reshape(x.shape)
    return (wide / (k + alpha * means) ** beta).to(x.dtype)


# === 6. GlobalAvgPool ===

# --- global_flattens_channels: the channels are flattened, and nothing is averaged -> test_global_pool_keeps_channels, test_global_pool_is_a_module_without_parameters
class GlobalAvgPool(GlobalAvgPool):
    def forward(self, x):
        return x.flatten(1)


# --- global_mean_of_channels: channels are averaged too -> test_global_pool_keeps_channels, test_global_pool_is_a_module_without_parameters
class GlobalAvgPool(GlobalAvgPool):
    def forward(self, x):
        return x.flatten(1).mean(dim=1)


# --- global_keepdim: dimensions of one are left behind -> test_global_pool_keeps_channels, test_functions_keep_sizes_of_one
class GlobalAvgPool(GlobalAvgPool):
    def forward(self, x):
        return x.mean(dim=(2, 3), keepdim=True)


# --- global_squeezes: every dimension of one is squeezed away -> test_functions_keep_sizes_of_one
class GlobalAvgPool(GlobalAvgPool):
    def forward(self, x):
        return adaptive_avg_pool2d(x, 1).squeeze()


# --- global_maximum: the largest number is taken -> test_global_pool_keeps_channels
class GlobalAvgPool(GlobalAvgPool):
    def forward(self, x):
        return x.amax(dim=(2, 3))


# --- global_scale: the mean is scaled by something that is trained -> test_global_pool_is_a_module_without_parameters
class GlobalAvgPool(GlobalAvgPool):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.ones(()))

    def forward(self, x):
        return self.scale.to(x.dtype) * x.mean(dim=(2, 3))


# --- global_first_size: the size of the first image is kept for all -> test_global_pool_is_a_module_without_parameters
class GlobalAvgPool(GlobalAvgPool):
    def forward(self, x):
        self.count = getattr(self, "count", x.shape[2] * x.shape[3])
        return x.sum(dim=(2, 3)) / self.count


# --- global_no_module: it is a class, but no module -> test_global_pool_is_a_module_without_parameters
class GlobalAvgPool:
    def __call__(self, x):
        return x.mean(dim=(2, 3))


# --- global_view: the image is viewed as one dimension -> test_functions_read_views, test_functions_take_empty_batches
class GlobalAvgPool(GlobalAvgPool):
    def forward(self, x):
        return x.view(x.shape[0], x.shape[1], -1).mean(dim=2)


# --- global_detached: no gradient goes through the mean -> test_functions_gradients
class GlobalAvgPool(GlobalAvgPool):
    @torch.no_grad()
    def forward(self, x):
        return x.mean(dim=(2, 3))


# --- global_in_float32: the mean is taken in float32, and stays there -> test_functions_keep_the_dtype
class GlobalAvgPool(GlobalAvgPool):
    def forward(self, x):
        return x.mean(dim=(2, 3), dtype=torch.float32)


# --- global_on_the_cpu: a buffer on the CPU collects the sums -> test_functions_on_another_device
class GlobalAvgPool(GlobalAvgPool):
    def forward(self, x):
        return torch.zeros(x.shape[:2], dtype=x.dtype) + x.mean(dim=(2, 3))
