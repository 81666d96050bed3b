"""Wrong answers, a block each: appended to the solution, a block replaces what it defines anew.

Its header gives its id, the misconception, and the tests that must reject it. The blocks called
`banned_…` give the right numbers by a call that their task forbids.
"""

# ruff: noqa
# mypy: ignore-errors

# === 1. conv_out ===

# --- out_dilation_ignored: a dilated kernel reaches no further -> test_conv_out_counts_places, test_conv_out_agrees_with_torch, test_conv_out_refuses_what_does_not_fit
def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - kernel_size
    if room < 0:
        raise ValueError("does not fit")
    return room // stride + 1


# --- out_dilation_added: a dilated kernel is k plus a margin -> test_conv_out_counts_places, test_conv_out_agrees_with_torch
def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - (kernel_size + dilation - 1)
    if room < 0:
        raise ValueError("does not fit")
    return room // stride + 1


# --- out_dilation_times_kernel: a dilated kernel reaches over d * k -> test_conv_out_counts_places, test_conv_out_agrees_with_torch
def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - dilation * kernel_size
    if room < 0:
        raise ValueError("does not fit")
    return room // stride + 1


# --- out_ceil: a step that does not fit counts -> test_conv_out_counts_places, test_conv_out_agrees_with_torch
def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - _extent(kernel_size, dilation)
    if room < 0:
        raise ValueError("does not fit")
    return -(-room // stride) + 1


# --- out_padding_once: padding stands at one end only -> test_conv_out_counts_places, test_conv_out_agrees_with_torch
def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    room = size + padding - _extent(kernel_size, dilation)
    if room < 0:
        raise ValueError("does not fit")
    return room // stride + 1


# --- out_first_place_forgotten: only the steps are counted -> test_conv_out_counts_places, test_conv_out_agrees_with_torch
def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - _extent(kernel_size, dilation)
    if room < 0:
        raise ValueError("does not fit")
    return room // stride


# --- out_size_over_stride: the size divided by the stride, as for same padding -> test_conv_out_agrees_with_torch
def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - _extent(kernel_size, dilation)
    if room < 0:
        raise ValueError("does not fit")
    return (room + 1) // stride if stride > 1 else room + 1


# --- out_just_fits_refused: a kernel as large as the input is refused -> test_conv_out_agrees_with_torch
def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - _extent(kernel_size, dilation)
    if room <= 0:
        raise ValueError("does not fit")
    return room // stride + 1


# --- out_float: the size is a float -> test_conv_out_agrees_with_torch
def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - _extent(kernel_size, dilation)
    if room < 0:
        raise ValueError("does not fit")
    return room / stride // 1 + 1


# --- out_truncates: int() rounds towards zero, so a kernel that is a little too large finds a place -> test_conv_out_refuses_what_does_not_fit
def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    out = int((size + 2 * padding - _extent(kernel_size, dilation)) / stride) + 1
    if out <= 0:
        raise ValueError("does not fit")
    return out


# --- out_no_error: zero or a negative size comes back where nothing fits -> test_conv_out_refuses_what_does_not_fit
def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    return (size + 2 * padding - _extent(kernel_size, dilation)) // stride + 1


# --- out_zero_allowed: only negative sizes are refused -> test_conv_out_refuses_what_does_not_fit
def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    out = (size + 2 * padding - _extent(kernel_size, dilation)) // stride + 1
    if out < 0:
        raise ValueError("does not fit")
    return out


# --- out_other_error: an assertion where ValueError is asked for -> test_conv_out_refuses_what_does_not_fit
def conv_out(size, kernel_size, stride=1, padding=0, dilation=1):
    room = size + 2 * padding - _extent(kernel_size, dilation)
    assert room >= 0
    return room // stride + 1


# === 2. conv1d_causal ===

# --- causal_symmetric: zeros on both sides, so that the future is seen -> test_causal_values, test_causal_never_sees_the_future, test_causal_dilation
def conv1d_causal(x, weight, bias=None, dilation=1):
    extent = _extent(weight.shape[2], dilation)
    left = (extent - 1) // 2
    windows = F.pad(x, (left, extent - 1 - left)).unfold(2, extent, 1)[..., ::dilation]
    out = torch.einsum("nctk,ock->not", windows, weight)
    return out if bias is None else out + bias[:, None]


# --- causal_zeros_at_the_end: the zeros stand after the last step -> test_causal_values, test_causal_never_sees_the_future
def conv1d_causal(x, weight, bias=None, dilation=1):
    extent = _extent(weight.shape[2], dilation)
    windows = F.pad(x, (0, extent - 1)).unfold(2, extent, 1)[..., ::dilation]
    out = torch.einsum("nctk,ock->not", windows, weight)
    return out if bias is None else out + bias[:, None]


# --- causal_cut_at_the_wrong_end: zeros on both sides, and the first results cut off -> test_causal_values, test_causal_never_sees_the_future
def conv1d_causal(x, weight, bias=None, dilation=1):
    extent = _extent(weight.shape[2], dilation)
    windows = F.pad(x, (extent - 1, extent - 1)).unfold(2, extent, 1)[..., ::dilation]
    out = torch.einsum("nctk,ock->not", windows, weight)[..., extent - 1 :]
    return out if bias is None else out + bias[:, None]


# --- causal_flipped: the kernel is flipped -> test_causal_values
_right_conv1d_causal = conv1d_causal
def conv1d_causal(x, weight, bias=None, dilation=1):
    return _right_conv1d_causal(x, weight.flip(2), bias, dilation)


# --- causal_present_left_out: the result at t is made of the steps before t -> test_causal_values, test_causal_never_sees_the_future
_right_conv1d_causal = conv1d_causal
def conv1d_causal(x, weight, bias=None, dilation=1):
    return _right_conv1d_causal(F.pad(x, (1, 0))[..., :-1], weight, bias, dilation)


# --- causal_wraps_around: rolling puts the last steps before the first -> test_causal_values, test_causal_never_sees_the_future
def conv1d_causal(x, weight, bias=None, dilation=1):
    taps = weight.shape[2]
    shifted = [torch.roll(x, dilation * (taps - 1 - k), dims=2) for k in range(taps)]
    out = sum(torch.einsum("nct,oc->not", shifted[k], weight[:, :, k]) for k in range(taps))
    return out if bias is None else out + bias[:, None]


# --- causal_repeats_the_first_step: the first step stands where zeros should -> test_causal_values
def conv1d_causal(x, weight, bias=None, dilation=1):
    extent = _extent(weight.shape[2], dilation)
    windows = F.pad(x, (extent - 1, 0), mode="replicate").unfold(2, extent, 1)[..., ::dilation]
    out = torch.einsum("nctk,ock->not", windows, weight)
    return out if bias is None else out + bias[:, None]


# --- causal_pads_taps: K - 1 zeros, whatever the dilation -> test_causal_dilation
def conv1d_causal(x, weight, bias=None, dilation=1):
    taps = weight.shape[2]
    windows = F.pad(x, (taps - 1, 0)).unfold(2, _extent(taps, dilation), 1)[..., ::dilation]
    out = torch.einsum("nctk,ock->not", windows, weight)
    return out if bias is None else out + bias[:, None]


# --- causal_dilation_ignored: neighbouring steps, whatever the dilation -> test_causal_dilation
_right_conv1d_causal = conv1d_causal
def conv1d_causal(x, weight, bias=None, dilation=1):
    return _right_conv1d_causal(x, weight, bias)


# --- causal_pads_dilated_taps: d * K - 1 zeros, one gap too many -> test_causal_dilation
def conv1d_causal(x, weight, bias=None, dilation=1):
    taps = weight.shape[2]
    windows = F.pad(x, (dilation * taps - 1, 0)).unfold(2, _extent(taps, dilation), 1)[..., ::dilation]
    out = torch.einsum("nctk,ock->not", windows, weight)
    return out if bias is None else out + bias[:, None]


# --- causal_shift_beyond_the_start: a shift by more than T cuts at a negative index -> test_causal_short_sequences
def conv1d_causal(x, weight, bias=None, dilation=1):
    taps, steps = weight.shape[2], x.shape[2]
    out = 0
    for k in range(taps):
        shift = dilation * (taps - 1 - k)
        shifted = torch.cat([x.new_zeros(*x.shape[:2], shift), x[..., : steps - shift]], dim=2)
        out = out + torch.einsum("nct,oc->not", shifted, weight[:, :, k])
    return out if bias is None else out + bias[:, None]


# --- causal_cuts_the_kernel: of a kernel that is too long, the first taps are kept instead of the last -> test_causal_short_sequences
_right_conv1d_causal = conv1d_causal
def conv1d_causal(x, weight, bias=None, dilation=1):
    return _right_conv1d_causal(x, weight[:, :, : x.shape[2]], bias, dilation)


# --- causal_no_zeros_for_one_tap: x[..., :-0] is empty -> test_causal_short_sequences
def conv1d_causal(x, weight, bias=None, dilation=1):
    extent = _extent(weight.shape[2], dilation)
    windows = F.pad(x, (extent - 1, extent - 1)).unfold(2, extent, 1)[..., ::dilation]
    out = torch.einsum("nctk,ock->not", windows, weight)[..., : -(extent - 1)]
    return out if bias is None else out + bias[:, None]


# --- causal_squeezes: dimensions of one are squeezed away -> test_causal_short_sequences, test_functions_keep_sizes_of_one
_right_conv1d_causal = conv1d_causal
def conv1d_causal(x, weight, bias=None, dilation=1):
    return _right_conv1d_causal(x, weight, bias, dilation).squeeze()


# --- causal_bias_on_time: the bias is added to the last dimension -> test_causal_bias
_right_conv1d_causal = conv1d_causal
def conv1d_causal(x, weight, bias=None, dilation=1):
    out = _right_conv1d_causal(x, weight, None, dilation)
    return out if bias is None else out + bias


# --- causal_bias_forgotten: the bias is not used -> test_causal_bias
_right_conv1d_causal = conv1d_causal
def conv1d_causal(x, weight, bias=None, dilation=1):
    return _right_conv1d_causal(x, weight, None, dilation)


# --- causal_memory_order: windows by strides that are computed from the shape -> test_functions_read_views
def conv1d_causal(x, weight, bias=None, dilation=1):
    (samples, channels, steps), taps = x.shape, weight.shape[2]
    out = 0
    for k in range(taps):
        shift = min(dilation * (taps - 1 - k), steps)
        seen = x.as_strided((samples, channels, steps - shift), (channels * steps, steps, 1))
        out = out + torch.einsum("nct,oc->not", F.pad(seen, (shift, 0)), weight[:, :, k])
    return out if bias is None else out + bias[:, None]


# --- causal_weight_in_place: the kernel is flipped in place, and so stays after the call -> test_functions_leave_their_arguments_alone
_right_conv1d_causal = conv1d_causal
def conv1d_causal(x, weight, bias=None, dilation=1):
    with torch.no_grad():
        weight.copy_(weight.flip(2))
    return _right_conv1d_causal(x, weight.flip(2), bias, dilation)


# --- causal_view_to_minus_one: a reshape to -1 has no answer without samples -> test_functions_take_empty_batches
_right_conv1d_causal = conv1d_causal
def conv1d_causal(x, weight, bias=None, dilation=1):
    out = _right_conv1d_causal(x, weight, bias, dilation)
    return out.reshape(x.shape[0], weight.shape[0], -1)


# --- causal_float32_buffer: results are collected in float32 -> test_functions_keep_the_dtype
_right_conv1d_causal = conv1d_causal
def conv1d_causal(x, weight, bias=None, dilation=1):
    out = torch.zeros(x.shape[0], weight.shape[0], x.shape[2], device=x.device)
    return out + _right_conv1d_causal(x, weight, bias, dilation)


# --- causal_zeros_on_the_cpu: the zeros before the start are made on the CPU -> test_functions_on_another_device
_right_conv1d_causal = conv1d_causal
def conv1d_causal(x, weight, bias=None, dilation=1):
    x = torch.cat([torch.zeros(*x.shape[:2], 1, dtype=x.dtype), x], dim=2)
    return _right_conv1d_causal(x, weight, bias, dilation)[..., 1:]


# --- causal_data: the computation uses weight.data -> test_functions_gradients
_right_conv1d_causal = conv1d_causal
def conv1d_causal(x, weight, bias=None, dilation=1):
    return _right_conv1d_causal(x, weight.data, bias, dilation)


# --- banned_causal_conv1d: torch's own -> test_causal_values, test_causal_dilation, test_causal_short_sequences
def conv1d_causal(x, weight, bias=None, dilation=1):
    return F.conv1d(F.pad(x, (dilation * (weight.shape[2] - 1), 0)), weight, bias, dilation=dilation)


# --- banned_causal_conv2d: torch's own in two dimensions -> test_causal_values, test_causal_bias
def conv1d_causal(x, weight, bias=None, dilation=1):
    padded = F.pad(x, (dilation * (weight.shape[2] - 1), 0))[:, :, None]
    return torch.conv2d(padded, weight[:, :, None], bias, dilation=(1, dilation))[:, :, 0]


# --- banned_causal_module: a layer of torch's that gets the weights -> test_causal_values
def conv1d_causal(x, weight, bias=None, dilation=1):
    layer = nn.Conv1d(weight.shape[1], weight.shape[0], weight.shape[2], dilation=dilation, bias=bias is not None)
    named = {"weight": weight} if bias is None else {"weight": weight, "bias": bias}
    return torch.func.functional_call(layer, named, (F.pad(x, (dilation * (weight.shape[2] - 1), 0)),))


# === 3. conv2d ===

# --- conv2d_flipped: a convolution in the mathematical sense flips its kernel -> test_conv2d_slides_the_kernel_as_it_is
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _right_conv2d(x, weight.flip(2, 3), bias, stride, padding, dilation, groups)


# --- conv2d_transposed_kernel: rows and columns of the kernel are swapped -> test_conv2d_slides_the_kernel_as_it_is
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _right_conv2d(x, weight.mT, bias, stride, padding, dilation, groups)


# --- conv2d_stride_ignored: the kernel always moves by one -> test_conv2d_stride_and_padding
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _right_conv2d(x, weight, bias, 1, padding, dilation, groups)


# --- conv2d_padding_ignored: there is no border -> test_conv2d_stride_and_padding, test_conv2d_pads_before_it_strides
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _right_conv2d(x, weight, bias, stride, 0, dilation, groups)


# --- conv2d_pads_with_the_edge: the border repeats the edge of the image -> test_conv2d_stride_and_padding
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    ph, pw = _pair(padding)
    padded = F.pad(x, (pw, pw, ph, ph), mode="replicate") if x.shape[0] else F.pad(x, (pw, pw, ph, ph))
    return _right_conv2d(padded, weight, bias, stride, 0, dilation, groups)


# --- conv2d_pads_one_side: all zeros stand at the right and the bottom -> test_conv2d_stride_and_padding, test_conv2d_pads_before_it_strides
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    ph, pw = _pair(padding)
    return _right_conv2d(F.pad(x, (0, 2 * pw, 0, 2 * ph)), weight, bias, stride, 0, dilation, groups)


# --- conv2d_padding_dropped_with_stride: the border is there with stride 1 only -> test_conv2d_pads_before_it_strides, test_conv2d_stride_and_padding
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    if stride in (1, (1, 1)):
        return _right_conv2d(x, weight, bias, stride, padding, dilation, groups)
    return _right_conv2d(x, weight, bias, stride, 0, dilation, groups)


# --- conv2d_strides_from_the_end: the last place counts, not the first -> test_conv2d_pads_before_it_strides
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    sh, sw = _pair(stride)
    full = _right_conv2d(x, weight, bias, 1, padding, dilation, groups)
    return full.flip(2, 3)[:, :, ::sh, ::sw].flip(2, 3)


# --- conv2d_square_kernel: the kernel's height is taken for its width too -> test_conv2d_images_and_kernels_need_not_be_square
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    size = weight.shape[2]
    square = F.pad(weight, (0, max(0, size - weight.shape[3])))[..., :size]
    return _right_conv2d(x, square, bias, stride, padding, dilation, groups)


# --- conv2d_square_image: the result is as wide as it is tall -> test_conv2d_images_and_kernels_need_not_be_square, test_conv2d_slides_the_kernel_as_it_is
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    out = _right_conv2d(x, weight, bias, stride, padding, dilation, groups)
    return out[..., : out.shape[2]]


# --- conv2d_size_from_height_of_kernel: the width of the result is computed with the kernel's height -> test_conv2d_images_and_kernels_need_not_be_square
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    out = _right_conv2d(x, weight, bias, stride, padding, dilation, groups)
    wo = conv_out(x.shape[3], weight.shape[2], _pair(stride)[1], _pair(padding)[1], _pair(dilation)[1])
    return out.reshape(*out.shape[:3], wo) if wo == out.shape[3] else out[..., :wo]


# --- conv2d_pairs_swapped: a pair is read as (width, height) -> test_conv2d_takes_pairs
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _right_conv2d(x, weight, bias, _pair(stride)[::-1], _pair(padding)[::-1], _pair(dilation)[::-1], groups)


# --- conv2d_padding_swapped: F.pad is given height first -> test_conv2d_takes_pairs
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    ph, pw = _pair(padding)
    return _right_conv2d(F.pad(x, (ph, ph, pw, pw)), weight, bias, stride, 0, dilation, groups)


# --- conv2d_first_of_the_pair: the first number of a pair is used for both -> test_conv2d_takes_pairs
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _right_conv2d(x, weight, bias, _pair(stride)[0], _pair(padding)[0], _pair(dilation)[0], groups)


# --- conv2d_ints_only: pairs are not understood -> test_conv2d_takes_pairs
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _right_conv2d(x, weight, bias, (stride, stride), (padding, padding), (dilation, dilation), groups)


# --- conv2d_dilation_ignored: the kernel has no gaps -> test_conv2d_dilation
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _right_conv2d(x, weight, bias, stride, padding, 1, groups)


# --- conv2d_dilation_as_margin: dilation is a margin of zeros -> test_conv2d_dilation
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (ph, pw), (dh, dw) = _pair(padding), _pair(dilation)
    return _right_conv2d(x, weight, bias, stride, (ph + dh - 1, pw + dw - 1), 1, groups)


# --- conv2d_gaps_of_d: there are d zeros between two taps, not d - 1 -> test_conv2d_dilation
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    dh, dw = _pair(dilation)
    if (dh, dw) != (1, 1):
        dh, dw = dh + 1, dw + 1
    return _right_conv2d(x, weight, bias, stride, padding, (dh, dw), groups)


# --- conv2d_groups_ignored: each kernel is repeated over all input channels -> test_conv2d_groups
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _right_conv2d(x, weight.repeat(1, groups, 1, 1), bias, stride, padding, dilation)


# --- conv2d_inputs_dealt: a group gets every G-th input channel -> test_conv2d_groups
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    dealt = torch.cat([x[:, g::groups] for g in range(groups)], dim=1)
    return _right_conv2d(dealt, weight, bias, stride, padding, dilation, groups)


# --- conv2d_outputs_dealt: the outputs of the groups are interleaved -> test_conv2d_groups
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    out = _right_conv2d(x, weight, None, stride, padding, dilation, groups)
    out = out.unflatten(1, (groups, -1)).transpose(1, 2).flatten(1, 2)
    return out if bias is None else out + bias[:, None, None]


# --- conv2d_first_kernels_for_all_groups: every group uses the kernels of the first -> test_conv2d_groups
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    shared = weight[: weight.shape[0] // groups].repeat(groups, 1, 1, 1)
    return _right_conv2d(x, shared, bias, stride, padding, dilation, groups)


# --- conv2d_bias_on_columns: the bias is added to the last dimension -> test_conv2d_bias
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    out = _right_conv2d(x, weight, None, stride, padding, dilation, groups)
    return out if bias is None else out + bias


# --- conv2d_bias_for_every_channel: the bias is added before the sum over input channels -> test_conv2d_bias
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    out = _right_conv2d(x, weight, None, stride, padding, dilation, groups)
    return out if bias is None else out + weight.shape[1] * bias[:, None, None]


# --- conv2d_empty_where_nothing_fits: an empty result instead of an error -> test_conv2d_refuses_kernels_that_do_not_fit
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    try:
        return _right_conv2d(x, weight, bias, stride, padding, dilation, groups)
    except RuntimeError:
        return x.new_zeros(x.shape[0], weight.shape[0], 0, 0)


# --- conv2d_cuts_the_kernel: a kernel that is too large loses its rim -> test_conv2d_refuses_kernels_that_do_not_fit
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (ph, pw), (dh, dw) = _pair(padding), _pair(dilation)
    tall, wide = x.shape[2] + 2 * ph, x.shape[3] + 2 * pw
    cut = weight[:, :, : (tall - 1) // dh + 1, : (wide - 1) // dw + 1]
    return _right_conv2d(x, cut, bias, stride, padding, dilation, groups)


# --- conv2d_fit_checked_without_gaps: only the number of taps is compared with the image -> test_conv2d_refuses_kernels_that_do_not_fit
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (ph, pw), (dh, dw) = _pair(stride), _pair(padding), _pair(dilation)
    kh, kw = weight.shape[2:]
    if kh > x.shape[2] + 2 * ph or kw > x.shape[3] + 2 * pw:
        raise ValueError("does not fit")
    ho = max(0, (x.shape[2] + 2 * ph - _extent(kh, dh)) // sh + 1)
    wo = max(0, (x.shape[3] + 2 * pw - _extent(kw, dw)) // sw + 1)
    padded, out = F.pad(x, (pw, pw, ph, ph)).unflatten(1, (groups, -1)), 0
    kernels = weight.unflatten(0, (groups, -1))
    for i in range(kh):
        for j in range(kw):
            patch = padded[..., i * dh :, j * dw :][..., ::sh, ::sw][..., :ho, :wo]
            out = out + torch.einsum("ngcyx,goc->ngoyx", patch, kernels[..., i, j])
    out = out.flatten(1, 2)
    return out if bias is None else out + bias[:, None, None]


# --- conv2d_just_fits_refused: a kernel as large as the image is refused -> test_conv2d_takes_kernels_that_just_fit
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (ph, pw), (dh, dw) = _pair(padding), _pair(dilation)
    kh, kw = weight.shape[2:]
    if _extent(kh, dh) >= x.shape[2] + 2 * ph or _extent(kw, dw) >= x.shape[3] + 2 * pw:
        raise ValueError("does not fit")
    return _right_conv2d(x, weight, bias, stride, padding, dilation, groups)


# --- conv2d_fit_checked_before_padding: the kernel is compared with the image without its border -> test_conv2d_takes_kernels_that_just_fit
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    if weight.shape[2] > x.shape[2] or weight.shape[3] > x.shape[3]:
        raise ValueError("does not fit")
    return _right_conv2d(x, weight, bias, stride, padding, dilation, groups)


# --- conv2d_half_precision_inside: sums are taken in bfloat16 to save memory -> test_conv2d_keeps_its_digits
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    half = [None if t is None else t.bfloat16() for t in (x, weight, bias)]
    return _right_conv2d(*half, stride, padding, dilation, groups).to(x.dtype)


# --- conv2d_offset: an offset is added to the image, and its share taken off at the end -> test_conv2d_keeps_its_digits
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    rest = (stride, padding, dilation, groups)
    offset = torch.full_like(x, 1000)
    return _right_conv2d(x + offset, weight, bias, *rest) - _right_conv2d(offset, weight, None, *rest)


# --- conv2d_float32_buffer: results are collected in a float32 tensor -> test_functions_keep_the_dtype, test_conv2d_slides_the_kernel_as_it_is
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    right = _right_conv2d(x, weight, bias, stride, padding, dilation, groups)
    out = torch.zeros(right.shape, device=x.device)
    out[:] = right
    return out


# --- conv2d_zeros_on_the_cpu: results are collected on the CPU -> test_functions_on_another_device
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    right = _right_conv2d(x, weight, bias, stride, padding, dilation, groups)
    return torch.zeros(right.shape, dtype=x.dtype) + right


# --- conv2d_moves_to_the_cpu: everything is moved to the CPU, and the result stays there -> test_functions_on_another_device
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _right_conv2d(x.cpu(), weight.cpu(), None if bias is None else bias.cpu(), stride, padding, dilation, groups)


# --- conv2d_memory_order: windows by strides that are computed from the shape -> test_functions_read_views
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    samples, channels, tall, wide = x.shape
    x = x.as_strided(x.shape, (channels * tall * wide, tall * wide, wide, 1))
    return _right_conv2d(x, weight, bias, stride, padding, dilation, groups)


# --- conv2d_weight_view: weight.view needs contiguous memory -> test_functions_read_views
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    flat = weight.view(groups, -1)
    return _right_conv2d(x, flat.view(weight.shape), bias, stride, padding, dilation, groups)


# --- conv2d_weight_in_place: the weight is scaled in place -> test_functions_leave_their_arguments_alone
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    out = _right_conv2d(x, weight, None, stride, padding, dilation, groups)
    with torch.no_grad():
        weight.div_(2)
    return out if bias is None else out + bias[:, None, None]


# --- conv2d_sample_by_sample: a stack of no samples fails -> test_functions_take_empty_batches
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return torch.cat([_right_conv2d(s[None], weight, bias, stride, padding, dilation, groups) for s in x])


# --- conv2d_squeezes: dimensions of one are squeezed away -> test_functions_keep_sizes_of_one, test_conv2d_takes_kernels_that_just_fit
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return _right_conv2d(x, weight, bias, stride, padding, dilation, groups).squeeze()


# --- conv2d_no_grad: the loop runs without recording -> test_functions_gradients
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    with torch.no_grad():
        out = _right_conv2d(x, weight, None, stride, padding, dilation, groups)
    return out if bias is None else out + bias[:, None, None]


# --- conv2d_bias_detached: no gradient reaches the bias -> test_functions_gradients
_right_conv2d = conv2d
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    detached = None if bias is None else bias.detach()
    return _right_conv2d(x, weight, detached, stride, padding, dilation, groups)


# --- banned_conv2d: torch's own -> test_conv2d_slides_the_kernel_as_it_is, test_conv2d_groups, test_conv2d_takes_pairs, test_conv2d_refuses_kernels_that_do_not_fit
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups)


# --- banned_conv2d_top_level: torch's own under its other name -> test_conv2d_slides_the_kernel_as_it_is
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return torch.conv2d(x, weight, bias, stride, padding, dilation, groups)


# --- banned_conv2d_getattr: torch's own by a name put together -> test_conv2d_slides_the_kernel_as_it_is
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    return getattr(F, "conv" + "2d")(x, weight, bias, stride, padding, dilation, groups)


# --- banned_conv2d_aten: torch's operator -> test_conv2d_slides_the_kernel_as_it_is
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    rest = (_pair(stride), _pair(padding), _pair(dilation), False, (0, 0), groups)
    return torch.ops.aten.convolution(x, weight, bias, *rest)


# --- banned_conv2d_conv3d: torch's own in three dimensions -> test_conv2d_slides_the_kernel_as_it_is
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (ph, pw), (dh, dw) = _pair(stride), _pair(padding), _pair(dilation)
    rest = ((1, sh, sw), (0, ph, pw), (1, dh, dw), groups)
    return F.conv3d(x[:, :, None], weight[:, :, None], bias, *rest)[:, :, 0]


# --- banned_conv2d_unfold: windows from F.unfold -> test_conv2d_slides_the_kernel_as_it_is, test_conv2d_dilation
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    (sh, sw), (ph, pw), (dh, dw) = _pair(stride), _pair(padding), _pair(dilation)
    kh, kw = weight.shape[2:]
    ho = conv_out(x.shape[2], kh, sh, ph, dh)
    columns = F.unfold(x, (kh, kw), (dh, dw), (ph, pw), (sh, sw)).unflatten(1, (groups, -1))
    out = weight.reshape(groups, weight.shape[0] // groups, -1) @ columns
    out = out.flatten(1, 2).unflatten(2, (ho, -1))
    return out if bias is None else out + bias[:, None, None]


# --- banned_conv2d_unfold_module: windows from nn.Unfold -> test_conv2d_slides_the_kernel_as_it_is
def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    kh, kw = weight.shape[2:]
    windows = nn.Unfold((kh, kw), dilation, padding, stride)(x).unflatten(1, (groups, -1))
    out = (weight.reshape(groups, weight.shape[0] // groups, -1) @ windows).flatten(1, 2)
    out = out.unflatten(2, (conv_out(x.shape[2], kh, _pair(stride)[0], _pair(padding)[0], _pair(dilation)[0]), -1))
    return out if bias is None else out + bias[:, None, None]


# === 4. depthwise ===

# --- depthwise_sums_to_one_channel: results are added up over channels -> test_depthwise_values
_right_depthwise = depthwise
def depthwise(x, weight):
    return _right_depthwise(x, weight).sum(1, keepdim=True)


# --- depthwise_sums_into_every_channel: every channel gets the sum over channels -> test_depthwise_values
_right_depthwise = depthwise
def depthwise(x, weight):
    out = _right_depthwise(x, weight)
    return out.sum(1, keepdim=True).expand_as(out)


# --- depthwise_repeats_kernels: each kernel is repeated for all input channels -> test_depthwise_values
def depthwise(x, weight):
    return conv2d(x, weight.repeat(1, x.shape[1], 1, 1))


# --- depthwise_one_kernel: one kernel serves all channels -> test_depthwise_values
_right_depthwise = depthwise
def depthwise(x, weight):
    return _right_depthwise(x, weight[:1].expand(x.shape[1], -1, -1, -1))


# --- depthwise_flipped: the kernels are flipped -> test_depthwise_values
_right_depthwise = depthwise
def depthwise(x, weight):
    return _right_depthwise(x, weight.flip(2, 3))


# --- depthwise_keeps_the_size: padding keeps the size of the image -> test_depthwise_values
def depthwise(x, weight):
    return conv2d(x, weight, padding=weight.shape[2] // 2, groups=x.shape[1])


# --- depthwise_squeezes_the_weight: squeeze takes away the channels too, if there is one -> test_depthwise_takes_one_channel
def depthwise(x, weight):
    kernels = weight.squeeze()  # (C, k, k), it is hoped
    windows = x.unfold(2, kernels.shape[-1], 1).unfold(3, kernels.shape[-1], 1)
    return torch.einsum("ncyxij,cij->ncyx", windows, kernels)


# --- depthwise_squeezes_the_result: dimensions of one are squeezed away -> test_depthwise_takes_one_channel, test_functions_keep_sizes_of_one
_right_depthwise = depthwise
def depthwise(x, weight):
    return _right_depthwise(x, weight).squeeze()


# --- depthwise_in_place: the patches, which are views of x, are scaled in place -> test_functions_leave_their_arguments_alone
def depthwise(x, weight):
    size, out = weight.shape[2], 0
    for i in range(size):
        for j in range(size):
            patch = x[:, :, i : x.shape[2] - size + 1 + i, j : x.shape[3] - size + 1 + j]
            patch *= weight[:, :, i, j, None]
            out = out + patch
    return out


# --- depthwise_view: x.view needs contiguous memory -> test_functions_read_views
_right_depthwise = depthwise
def depthwise(x, weight):
    flat = x.view(x.shape[0], x.shape[1], x.shape[2] * x.shape[3])
    return _right_depthwise(flat.view(x.shape), weight)


# --- depthwise_stacks_samples: a stack of no samples fails -> test_functions_take_empty_batches
_right_depthwise = depthwise
def depthwise(x, weight):
    return torch.stack([_right_depthwise(sample[None], weight)[0] for sample in x])


# --- depthwise_float32: the kernels are turned into float32 -> test_functions_keep_the_dtype
_right_depthwise = depthwise
def depthwise(x, weight):
    return _right_depthwise(x.float(), weight.float())


# --- depthwise_buffer_on_the_cpu: results are collected on the CPU -> test_functions_on_another_device
_right_depthwise = depthwise
def depthwise(x, weight):
    right = _right_depthwise(x, weight)
    return torch.zeros(right.shape, dtype=x.dtype).add(right)


# --- depthwise_numbers: each weight is read as a number, which has no gradient -> test_functions_gradients
_right_depthwise = depthwise
def depthwise(x, weight):
    return _right_depthwise(x, torch.tensor(weight.tolist(), dtype=x.dtype, device=x.device))


# --- banned_depthwise: torch's own -> test_depthwise_values, test_depthwise_takes_one_channel
def depthwise(x, weight):
    return F.conv2d(x, weight, groups=x.shape[1])


# --- banned_depthwise_transpose: torch's transposed convolution, cut -> test_depthwise_values
def depthwise(x, weight):
    cut = weight.shape[2] - 1
    return F.conv_transpose2d(x, weight.flip(2, 3), groups=x.shape[1], padding=cut)


# === 5. pointwise ===

# --- pointwise_last_dimension: the matrix meets the columns -> test_pointwise_values, test_pointwise_adds_up_over_channels
def pointwise(x, weight):
    return x @ weight.T


# --- pointwise_rows: the matrix meets the rows -> test_pointwise_values, test_pointwise_adds_up_over_channels
def pointwise(x, weight):
    return weight @ x


# --- pointwise_reshape: a reshape stands where a permute is needed -> test_pointwise_values
def pointwise(x, weight):
    samples, channels, tall, wide = x.shape
    return (x.reshape(samples, tall, wide, channels) @ weight.T).permute(0, 3, 1, 2)


# --- pointwise_reshape_twice: the way back is a reshape too -> test_pointwise_values
def pointwise(x, weight):
    samples, channels, tall, wide = x.shape
    return (x.permute(0, 2, 3, 1) @ weight.T).reshape(samples, len(weight), tall, wide)


# --- pointwise_square_image: rows and columns come back swapped, which a square image hides -> test_pointwise_values, test_pointwise_adds_up_over_channels
def pointwise(x, weight):
    return torch.einsum("nchw,oc->nowh", x, weight)


# --- pointwise_transposed_weight: where weight is square, its transpose is used -> test_pointwise_adds_up_over_channels
def pointwise(x, weight):
    if weight.shape[0] == weight.shape[1]:
        weight = weight.T
    return torch.einsum("nchw,oc->nohw", x, weight)


# --- pointwise_last_dimension_if_it_fits: whichever dimension fits is multiplied -> test_pointwise_adds_up_over_channels
def pointwise(x, weight):
    if x.shape[3] == weight.shape[1]:
        return x @ weight.T
    return torch.einsum("nchw,oc->nohw", x, weight)


# --- pointwise_view: x.view needs contiguous memory -> test_functions_read_views
def pointwise(x, weight):
    samples, channels, tall, wide = x.shape
    return (weight @ x.view(samples, channels, tall * wide)).view(samples, len(weight), tall, wide)


# --- pointwise_in_place: x is centred in place, and the share of its mean added again -> test_functions_leave_their_arguments_alone
_right_pointwise = pointwise
def pointwise(x, weight):
    mean = x.mean((2, 3), keepdim=True)
    x -= mean
    return _right_pointwise(x, weight) + _right_pointwise(mean, weight)


# --- pointwise_view_to_minus_one: a reshape to -1 has no answer without samples -> test_functions_take_empty_batches
def pointwise(x, weight):
    return (weight @ x.flatten(2)).reshape(x.shape[0], -1, *x.shape[2:])


# --- pointwise_squeezes: dimensions of one are squeezed away -> test_functions_keep_sizes_of_one
_right_pointwise = pointwise
def pointwise(x, weight):
    return _right_pointwise(x, weight).squeeze()


# --- pointwise_float32: x is turned into float32 -> test_functions_keep_the_dtype
_right_pointwise = pointwise
def pointwise(x, weight):
    return _right_pointwise(x.float(), weight.float())


# --- pointwise_buffer_on_the_cpu: results are collected on the CPU -> test_functions_on_another_device
def pointwise(x, weight):
    out = torch.zeros(x.shape[0], len(weight), *x.shape[2:], dtype=x.dtype)
    for c in range(x.shape[1]):
        out = out + weight[:, c, None, None] * x[:, c, None]
    return out


# --- pointwise_detached: the weight is a constant -> test_functions_gradients
_right_pointwise = pointwise
def pointwise(x, weight):
    return _right_pointwise(x, weight.detach())


# --- banned_pointwise: torch's own -> test_pointwise_values, test_pointwise_adds_up_over_channels
def pointwise(x, weight):
    return F.conv2d(x, weight[:, :, None, None])


# --- banned_pointwise_conv1d: torch's own in one dimension -> test_pointwise_values
def pointwise(x, weight):
    return torch.conv1d(x.flatten(2), weight[:, :, None]).unflatten(2, x.shape[2:])


# === 6. Conv2d ===

# --- layer_bias_forgotten: the bias is created and never added -> test_layer_computes_conv2d, test_layer_gradients
class Conv2d(Conv2d):
    def forward(self, x):
        return conv2d(x, self.weight, None, self.stride, self.padding, self.dilation, self.groups)


# --- layer_activation_inside: a ReLU belongs to the layer -> test_layer_computes_conv2d
class Conv2d(Conv2d):
    def forward(self, x):
        return super().forward(x).relu()


# --- layer_other_names: the parameters are called kernel and bias -> test_layer_computes_conv2d, test_layer_registers_its_parameters
class Conv2d(Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.kernel = self.weight
        del self.weight

    def forward(self, x):
        return conv2d(x, self.kernel, self.bias, self.stride, self.padding, self.dilation, self.groups)


# --- layer_options_forgotten: stride, padding and the rest are not passed on -> test_layer_computes_conv2d, test_layer_takes_all_options
class Conv2d(Conv2d):
    def forward(self, x):
        return conv2d(x, self.weight, self.bias, groups=self.groups)


# --- layer_dilation_forgotten: the dilation is not passed on -> test_layer_takes_all_options
class Conv2d(Conv2d):
    def forward(self, x):
        return conv2d(x, self.weight, self.bias, self.stride, self.padding, groups=self.groups)


# --- layer_kernel_pair_swapped: a kernel size is read as (width, height) -> test_layer_takes_all_options, test_layer_registers_its_parameters
class Conv2d(Conv2d):
    def __init__(self, in_channels, out_channels, kernel_size, *args, **kwargs):
        super().__init__(in_channels, out_channels, _pair(kernel_size)[::-1], *args, **kwargs)


# --- layer_square_kernels_only: the kernel size is an int, and used twice -> test_layer_takes_all_options, test_layer_registers_its_parameters
class Conv2d(Conv2d):
    def __init__(self, in_channels, out_channels, kernel_size, *args, **kwargs):
        super().__init__(in_channels, out_channels, (kernel_size, kernel_size), *args, **kwargs)


# --- layer_padding_default: padding keeps the size if nothing is said -> test_layer_takes_all_options, test_layer_computes_conv2d
class Conv2d(Conv2d):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=1, *args, **kwargs):
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, *args, **kwargs)


# --- layer_weight_without_groups: weight holds all input channels, and a group uses the first of them -> test_layer_registers_its_parameters, test_layer_takes_all_options
class Conv2d(Conv2d):
    def __init__(self, in_channels, out_channels, kernel_size, *args, **kwargs):
        super().__init__(in_channels, out_channels, kernel_size, *args, **kwargs)
        self.seen = self.weight.shape[1]
        bound = 1 / math.sqrt(self.weight[0].numel())
        weight = torch.empty(out_channels, in_channels, *_pair(kernel_size))
        self.weight = nn.Parameter(weight.uniform_(-bound, bound))

    def forward(self, x):
        weight = self.weight[:, : self.seen]
        return conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


# --- layer_weight_in_by_out: weight is (in, out / groups, kh, kw), as in a transposed convolution -> test_layer_registers_its_parameters
class Conv2d(Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        stacked = self.weight.detach().unflatten(0, (self.groups, -1))
        self.weight = nn.Parameter(stacked.transpose(1, 2).flatten(0, 1).contiguous())

    def forward(self, x):
        weight = self.weight.unflatten(0, (self.groups, -1)).transpose(1, 2).flatten(0, 1)
        return conv2d(x, weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


# --- layer_plain_tensors: weight and bias are plain tensors with requires_grad -> test_layer_registers_its_parameters, test_layer_moves_to_another_device
class Conv2d(Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name in ("weight", "bias"):
            tensor = getattr(self, name)
            if tensor is not None:
                delattr(self, name)
                setattr(self, name, tensor.detach().clone().requires_grad_())


# --- layer_frozen: the weight asks for no gradient -> test_layer_registers_its_parameters
class Conv2d(Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.weight.requires_grad_(False)


# --- layer_cached_weight: forward uses a copy that was made when the layer was built -> test_layer_registers_its_parameters
class Conv2d(Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.rows = self.weight.detach().clone()

    def forward(self, x):
        return conv2d(x, self.rows, self.bias, self.stride, self.padding, self.dilation, self.groups)


# --- layer_bias_always: bias=False is not looked at -> test_layer_without_bias
class Conv2d(Conv2d):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True):
        super().__init__(in_channels, out_channels, kernel_size, stride, padding, dilation, groups)


# --- layer_bias_of_zeros: without bias there is a parameter of zeros -> test_layer_without_bias
class Conv2d(Conv2d):
    def __init__(self, in_channels, out_channels, *args, **kwargs):
        super().__init__(in_channels, out_channels, *args, **kwargs)
        if self.bias is None:
            self.bias = nn.Parameter(torch.zeros(out_channels), requires_grad=False)


# --- layer_no_bias_attribute: without bias there is no attribute -> test_layer_without_bias
class Conv2d(Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.bias is None:
            del self.bias


# --- layer_groups_not_checked: the division is rounded down, and nothing is said -> test_layer_refuses_groups_that_do_not_divide
class Conv2d(nn.Module):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True):
        super().__init__()
        self.options = (stride, padding, dilation, groups)
        self.weight = nn.Parameter(torch.rand(out_channels, in_channels // groups, *_pair(kernel_size)) - 0.5)
        self.bias = nn.Parameter(torch.zeros(out_channels)) if bias else None

    def forward(self, x):
        return conv2d(x, self.weight, self.bias, *self.options)


# --- layer_groups_checked_for_inputs: only in_channels is looked at -> test_layer_refuses_groups_that_do_not_divide
class Conv2d(Conv2d):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True):
        if in_channels % groups:
            raise ValueError("groups has to divide in_channels")
        super().__init__(in_channels, groups * out_channels, kernel_size, stride, padding, dilation, groups, bias)
        self.weight = nn.Parameter(self.weight.detach()[:out_channels])
        self.bias = nn.Parameter(self.bias.detach()[:out_channels]) if bias else None


# --- layer_groups_checked_for_outputs: only out_channels is looked at -> test_layer_refuses_groups_that_do_not_divide
class Conv2d(Conv2d):
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, dilation=1, groups=1, bias=True):
        if out_channels % groups:
            raise ValueError("groups has to divide out_channels")
        inside = in_channels // groups * groups
        super().__init__(inside, out_channels, kernel_size, stride, padding, dilation, groups, bias)


# --- layer_starts_with_one_number: every weight starts as the same number -> test_layer_start_follows_the_seed
class Conv2d(Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        nn.init.constant_(self.weight, 0.1)


# --- layer_reseeds: the layer sets a seed of its own -> test_layer_start_follows_the_seed
class Conv2d(Conv2d):
    def __init__(self, *args, **kwargs):
        torch.manual_seed(0)
        super().__init__(*args, **kwargs)


# --- layer_memory_as_found: the weight is memory that nobody filled -> test_layer_start_follows_the_seed
class Conv2d(Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.weight = nn.Parameter(torch.full_like(self.weight, math.nan))  # what it may well be


# --- layer_own_generator: the start comes from a generator that the global seed does not reach -> test_layer_start_follows_the_seed
_generator = torch.Generator()
_generator.seed()
class Conv2d(Conv2d):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        with torch.no_grad():
            self.weight.uniform_(-0.2, 0.2, generator=_generator)


# --- layer_weight_data: forward uses weight.data -> test_layer_gradients
class Conv2d(Conv2d):
    def forward(self, x):
        return conv2d(x, self.weight.data, self.bias, self.stride, self.padding, self.dilation, self.groups)


# --- layer_float32: forward turns its input into float32 -> test_layer_gradients
class Conv2d(Conv2d):
    def forward(self, x):
        return conv2d(x.float(), self.weight.float(), self.bias.float(), self.stride, self.padding, self.dilation, self.groups)


# --- layer_border_on_the_cpu: forward makes a tensor on the CPU -> test_layer_moves_to_another_device
class Conv2d(Conv2d):
    def forward(self, x):
        return super().forward(x) + torch.zeros(self.weight.shape[0], 1, 1, dtype=x.dtype)


# --- banned_layer_subclass: the layer is torch's own under another name -> test_layer_computes_conv2d, test_layer_takes_all_options
class Conv2d(nn.Conv2d):
    pass


# --- banned_layer_inside: the layer holds torch's own -> test_layer_computes_conv2d, test_layer_refuses_groups_that_do_not_divide
class Conv2d(Conv2d):
    def __init__(self, *args, **kwargs):
        nn.Module.__init__(self)
        layer = nn.Conv2d(*args, **kwargs)
        self.weight, self.bias = layer.weight, layer.bias
        self.stride, self.padding, self.dilation, self.groups = layer.stride, layer.padding, layer.dilation, layer.groups


# --- banned_layer_forward: the layer calls torch's function -> test_layer_computes_conv2d, test_layer_gradients
class Conv2d(Conv2d):
    def forward(self, x):
        return F.conv2d(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)


# === 7. receptive_field ===

# --- field_strides_forgotten: every layer adds its own reach -> test_receptive_field_adds_up_layers, test_receptive_field_agrees_with_gradients
def receptive_field(layers):
    return 1 + sum(d * (k - 1) for k, s, d in layers)


# --- field_dilations_forgotten: a dilated kernel reaches no further -> test_receptive_field_adds_up_layers, test_receptive_field_agrees_with_gradients
def receptive_field(layers):
    reach, step = 1, 1
    for k, s, d in layers:
        reach += (k - 1) * step
        step *= s
    return reach


# --- field_own_stride: a layer's own stride multiplies its reach -> test_receptive_field_adds_up_layers, test_receptive_field_agrees_with_gradients
def receptive_field(layers):
    reach, step = 1, 1
    for k, s, d in layers:
        step *= s
        reach += d * (k - 1) * step
    return reach


# --- field_last_stride_only: only the stride just before a layer counts -> test_receptive_field_agrees_with_gradients
def receptive_field(layers):
    reach, step = 1, 1
    for k, s, d in layers:
        reach += d * (k - 1) * step
        step = s
    return reach


# --- field_strides_added: strides are added up -> test_receptive_field_agrees_with_gradients
def receptive_field(layers):
    reach, step = 1, 1
    for k, s, d in layers:
        reach += d * (k - 1) * step
        step += s - 1
    return reach


# --- field_from_the_output: the layers are taken from the output to the input -> test_receptive_field_agrees_with_gradients, test_receptive_field_adds_up_layers
def receptive_field(layers):
    reach, step = 1, 1
    for k, s, d in reversed(layers):
        reach += d * (k - 1) * step
        step *= s
    return reach


# --- field_kernels_added: kernel sizes are added up -> test_receptive_field_adds_up_layers
def receptive_field(layers):
    reach, step = 0, 1
    for k, s, d in layers:
        reach += _extent(k, d) * step
        step *= s
    return reach


# --- field_float: the answer is a float -> test_receptive_field_agrees_with_gradients
def receptive_field(layers):
    reach, step = 1.0, 1.0
    for k, s, d in layers:
        reach += d * (k - 1) * step
        step *= s
    return reach


# --- field_none_is_zero: without layers nothing is seen -> test_receptive_field_without_layers
_right_receptive_field = receptive_field
def receptive_field(layers):
    return _right_receptive_field(layers) if layers else 0


# --- field_first_layer_expected: the first layer is taken off without looking -> test_receptive_field_without_layers
def receptive_field(layers):
    (reach, step, d), *rest = layers
    reach = _extent(reach, d)
    for k, s, d in rest:
        reach += d * (k - 1) * step
        step *= s
    return reach


# --- field_empties_the_list: the layers are popped off the caller's list -> test_receptive_field_without_layers
def receptive_field(layers):
    reach = 1
    while layers:
        k, s, d = layers.pop()
        reach = (reach - 1) * s + d * (k - 1) + 1
    return reach
