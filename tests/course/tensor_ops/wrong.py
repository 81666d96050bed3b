"""Wrong answers to tensor_ops, each a block that replaces definitions of the reference solution.

A block's header names the mistake and the tests that must catch it.
"""

# --- split_view_straight: a view straight to (B, H, T, D) mixes time steps -> test_split_heads_cuts_the_features, test_split_heads_reads_views
def split_heads(x: Tensor, num_heads: int) -> Tensor:
    batch, steps, features = x.shape
    return x.reshape(batch, num_heads, steps, features // num_heads)


# --- split_no_transpose: time stays before the heads -> test_split_heads_cuts_the_features
def split_heads(x: Tensor, num_heads: int) -> Tensor:
    batch, steps, features = x.shape
    return x.view(batch, steps, num_heads, features // num_heads)


# --- split_interleaved: a head takes every H-th feature -> test_split_heads_cuts_the_features, test_split_heads_gradients
def split_heads(x: Tensor, num_heads: int) -> Tensor:
    batch, steps, features = x.shape
    return x.view(batch, steps, features // num_heads, num_heads).permute(0, 3, 1, 2)


# --- split_count_as_size: num_heads taken for the size of a head -> test_split_heads_cuts_the_features
def split_heads(x: Tensor, num_heads: int) -> Tensor:
    batch, steps, features = x.shape
    return x.view(batch, steps, features // num_heads, num_heads).transpose(1, 2)


# --- split_joins_batch_and_time: a view that joins batch and time fails where they are not neighbours in memory -> test_split_heads_reads_views
def split_heads(x: Tensor, num_heads: int) -> Tensor:
    batch, steps, features = x.shape
    rows = x.view(batch * steps, num_heads, features // num_heads)
    return rows.unflatten(0, (batch, steps)).transpose(1, 2)


# --- split_strides_by_hand: strides of a contiguous tensor, whatever those of x are -> test_split_heads_reads_views
def split_heads(x: Tensor, num_heads: int) -> Tensor:
    batch, steps, features = x.shape
    size = features // num_heads
    return x.as_strided((batch, num_heads, steps, size), (steps * features, size, features, 1))


# --- split_cut_off: a copy through .data has no gradient -> test_split_heads_gradients
def split_heads(x: Tensor, num_heads: int) -> Tensor:
    return torch.stack(x.data.chunk(num_heads, dim=-1), dim=1)


# --- merge_reshape_alone: a reshape without the transpose -> test_merge_heads_puts_heads_side_by_side, test_merge_heads_undoes_the_split, test_merge_heads_reads_views, test_merge_heads_gradients
def merge_heads(x: Tensor) -> Tensor:
    batch, heads, steps, size = x.shape
    return x.reshape(batch, steps, heads * size)


# --- merge_view_after_transpose: a view of what is not contiguous raises -> test_merge_heads_puts_heads_side_by_side
def merge_heads(x: Tensor) -> Tensor:
    batch, heads, steps, size = x.shape
    return x.transpose(1, 2).view(batch, steps, heads * size)


# --- merge_interleaved: the heads' features in turns -> test_merge_heads_puts_heads_side_by_side, test_merge_heads_undoes_the_split
def merge_heads(x: Tensor) -> Tensor:
    return x.permute(0, 2, 3, 1).flatten(2)


# --- merge_time: time steps side by side in place of heads -> test_merge_heads_puts_heads_side_by_side
def merge_heads(x: Tensor) -> Tensor:
    return x.reshape(x.shape[0], x.shape[1], -1)


# --- merge_strides_by_hand: strides of a contiguous tensor, whatever those of x are -> test_merge_heads_reads_views, test_merge_heads_undoes_the_split
def merge_heads(x: Tensor) -> Tensor:
    batch, heads, steps, size = x.shape
    strides = (heads * steps * size, size, steps * size, 1)
    return x.as_strided((batch, steps, heads, size), strides).reshape(batch, steps, heads * size)


# --- merge_cut_off: built under no_grad -> test_merge_heads_gradients
def merge_heads(x: Tensor) -> Tensor:
    with torch.no_grad():
        return torch.cat(x.unbind(1), dim=-1)


# --- pick_every_index: x[:, index] is (N, N) -> test_pick_takes_one_number_from_each_row, test_pick_reads_views
def pick(x: Tensor, index: Tensor) -> Tensor:
    return x[:, index]


# --- pick_bare_squeeze: .squeeze() takes the only row's dimension away -> test_pick_keeps_the_dimension_of_the_rows
def pick(x: Tensor, index: Tensor) -> Tensor:
    return x.gather(1, index.unsqueeze(1)).squeeze()


# --- pick_squeezed_input: squeezing x first breaks a single row and a single column -> test_pick_keeps_the_dimension_of_the_rows
def pick(x: Tensor, index: Tensor) -> Tensor:
    return x.squeeze()[torch.arange(len(index), device=x.device), index]


# --- pick_stack_of_rows: torch.stack of no rows raises -> test_pick_keeps_the_dimension_of_the_rows
def pick(x: Tensor, index: Tensor) -> Tensor:
    return torch.stack([row[column] for row, column in zip(x, index)])


# --- pick_no_squeeze: the dimension that gather needs stays -> test_pick_takes_one_number_from_each_row
def pick(x: Tensor, index: Tensor) -> Tensor:
    return x.gather(1, index.unsqueeze(1))


# --- pick_swapped: row and column swapped in the index -> test_pick_takes_one_number_from_each_row
def pick(x: Tensor, index: Tensor) -> Tensor:
    return x[index, torch.arange(len(index), device=x.device)]


# --- pick_through_item: numbers that went through .item() have no gradient -> test_pick_gradients
def pick(x: Tensor, index: Tensor) -> Tensor:
    numbers = [x[n, column].item() for n, column in enumerate(index.tolist())]
    return torch.tensor(numbers, dtype=x.dtype, device=x.device)


# --- pick_from_flat_memory: offsets into the memory of a contiguous tensor -> test_pick_reads_views
def pick(x: Tensor, index: Tensor) -> Tensor:
    rows = torch.arange(len(index), device=x.device)
    return x.as_strided((x.numel(),), (1,))[rows * x.shape[1] + index]


# --- pick_view_flat: view(-1) raises where x is not contiguous -> test_pick_reads_views
def pick(x: Tensor, index: Tensor) -> Tensor:
    return x.view(-1)[torch.arange(len(index), device=x.device) * x.shape[1] + index]


# --- pick_moves_the_index: the caller's index becomes an offset -> test_pick_reads_views
def pick(x: Tensor, index: Tensor) -> Tensor:
    index += torch.arange(len(index), device=x.device) * x.shape[1]
    return x.reshape(-1)[index]


# --- pick_float32: numbers gathered in a float32 buffer -> test_pick_keeps_the_dtype
def pick(x: Tensor, index: Tensor) -> Tensor:
    out = torch.zeros(len(index), device=x.device)
    for n in range(len(index)):
        out[n] = x[n, index[n]]
    return out


# --- pick_cpu_mask: a mask of classes that were made on the CPU -> test_pick_on_another_device
def pick(x: Tensor, index: Tensor) -> Tensor:
    mask = torch.arange(x.shape[1]) == index.unsqueeze(1)
    return torch.where(mask, x, 0).sum(1)


# --- pick_cpu_result: the result is filled on the CPU -> test_pick_on_another_device
def pick(x: Tensor, index: Tensor) -> Tensor:
    out = torch.zeros(len(index), dtype=x.dtype)
    return out.copy_(x.gather(1, index.unsqueeze(1)).squeeze(1))


# --- banned_one_hot: PyTorch's own one_hot -> test_one_hot_marks_the_label, test_one_hot_has_columns_for_absent_classes
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    return F.one_hot(labels.long(), num_classes).float()


# --- banned_eye: rows of the identity -> test_one_hot_marks_the_label, test_one_hot_reads_views
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    return torch.eye(num_classes, device=labels.device)[labels.long()]


# --- one_hot_from_the_max: the number of classes is taken from the labels -> test_one_hot_has_columns_for_absent_classes, test_one_hot_of_no_labels
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    classes = torch.arange(int(labels.max()) + 1, device=labels.device)
    return (labels.unsqueeze(-1) == classes).float()


# --- one_hot_distinct_labels: a column for each label that occurs -> test_one_hot_has_columns_for_absent_classes
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    return (labels.unsqueeze(-1) == labels.unique()).float()


# --- one_hot_int64: integers, as F.one_hot gives -> test_one_hot_marks_the_label
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    return (labels.unsqueeze(-1) == torch.arange(num_classes, device=labels.device)).long()


# --- one_hot_bool: the comparison as it is -> test_one_hot_marks_the_label
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    return labels.unsqueeze(-1) == torch.arange(num_classes, device=labels.device)


# --- one_hot_classes_first: classes as rows -> test_one_hot_marks_the_label, test_one_hot_adds_a_last_dimension
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    classes = torch.arange(num_classes, device=labels.device)
    return (classes.view(-1, *[1] * labels.dim()) == labels).float()


# --- one_hot_from_one: classes counted from 1 -> test_one_hot_marks_the_label
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    return (labels.unsqueeze(-1) == torch.arange(1, num_classes + 1, device=labels.device)).float()


# --- one_hot_only_1d: labels of one dimension only -> test_one_hot_adds_a_last_dimension
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    out = torch.zeros(len(labels), num_classes, device=labels.device)
    out[torch.arange(len(labels), device=labels.device), labels.long()] = 1
    return out


# --- one_hot_squeezed: dimensions of size 1 are gone -> test_one_hot_adds_a_last_dimension
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    return (labels.unsqueeze(-1) == torch.arange(num_classes, device=labels.device)).float().squeeze()


# --- one_hot_stack: torch.stack of no labels raises -> test_one_hot_of_no_labels
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    classes = torch.arange(num_classes, device=labels.device)
    rows = torch.stack([(classes == label).float() for label in labels.reshape(-1)])
    return rows.reshape(*labels.shape, num_classes)


# --- one_hot_inferred_size: a reshape to -1 cannot tell the size of nothing -> test_one_hot_of_no_labels
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    rows = (labels.reshape(-1, 1) == torch.arange(num_classes, device=labels.device)).float()
    return rows.reshape(*labels.shape, -1)


# --- one_hot_scatter_as_is: scatter wants int64 -> test_one_hot_takes_other_integers
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    out = torch.zeros(*labels.shape, num_classes, device=labels.device)
    return out.scatter(-1, labels.unsqueeze(-1), 1.0)


# --- one_hot_uint8_as_mask: uint8 as an index is a mask -> test_one_hot_takes_other_integers
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    rows = labels.reshape(-1)
    out = torch.zeros(len(rows), num_classes, device=labels.device)
    out[torch.arange(len(rows), device=labels.device), rows] = 1
    return out.reshape(*labels.shape, num_classes)


# --- one_hot_view_flat: view(-1) raises where the labels are not contiguous -> test_one_hot_reads_views
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    rows = labels.view(-1, 1) == torch.arange(num_classes, device=labels.device)
    return rows.float().view(*labels.shape, num_classes)


# --- one_hot_moves_the_labels: the caller's labels become offsets -> test_one_hot_reads_views
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    out = torch.zeros(labels.numel() * num_classes, device=labels.device)
    labels += (torch.arange(labels.numel(), device=labels.device) * num_classes).view(labels.shape)
    out[labels.long().reshape(-1)] = 1
    return out.view(*labels.shape, num_classes)


# --- one_hot_cpu_classes: the classes are made on the CPU -> test_one_hot_on_another_device
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    return (labels.unsqueeze(-1) == torch.arange(num_classes)).float()


# --- one_hot_cpu_zeros: the zeros are made on the CPU -> test_one_hot_on_another_device
def one_hot(labels: Tensor, num_classes: int) -> Tensor:
    return torch.zeros(*labels.shape, num_classes).scatter_(-1, labels.long().unsqueeze(-1), 1.0)


# --- banned_loop: a Python loop over the rows -> test_scatter_sum_adds_the_rows_of_an_index, test_scatter_sum_into_a_single_row
def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    out = values.new_zeros(num_rows, values.shape[1])
    for row, target in zip(values, index.tolist()):
        out[target] += row
    return out


# --- scatter_index_plus: out[index] += values keeps one row of those that share an index -> test_scatter_sum_adds_the_rows_of_an_index, test_scatter_sum_into_a_single_row, test_scatter_sum_keeps_the_dtype
def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    out = values.new_zeros(num_rows, values.shape[1])
    out[index] += values
    return out


# --- scatter_overwrites: scatter writes, it does not add -> test_scatter_sum_adds_the_rows_of_an_index, test_scatter_sum_into_a_single_row, test_scatter_sum_reads_views
def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    out = values.new_zeros(num_rows, values.shape[1])
    return out.scatter(0, index.unsqueeze(1).expand_as(values), values)


# --- scatter_mean: the mean of the rows -> test_scatter_sum_adds_the_rows_of_an_index, test_scatter_sum_into_a_single_row
def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    zeros = values.new_zeros(num_rows, values.shape[1])
    return zeros.index_reduce(0, index, values, "mean", include_self=False)


# --- scatter_first_column: an index that is not expanded moves the first column only -> test_scatter_sum_adds_the_rows_of_an_index
def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    return values.new_zeros(num_rows, values.shape[1]).scatter_add(0, index.unsqueeze(1), values)


# --- scatter_rows_from_the_max: as many rows as the largest index asks for -> test_scatter_sum_has_rows_beyond_the_index
def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    rows = int(index.max()) + 1
    return values.new_zeros(rows, values.shape[1]).index_add(0, index, values)


# --- scatter_rows_that_occur: a row for each index that occurs -> test_scatter_sum_has_rows_beyond_the_index, test_scatter_sum_into_a_single_row
def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    found, place = index.unique(return_inverse=True)
    return values.new_zeros(len(found), values.shape[1]).index_add(0, place, values)


# --- scatter_cut_off: the values are added without their history -> test_scatter_sum_gradients
def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    return values.new_zeros(num_rows, values.shape[1]).index_add(0, index, values.detach())


# --- scatter_view_flat: view(-1) raises where the values are not contiguous -> test_scatter_sum_reads_views
def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    width = values.shape[1]
    flat = (index.unsqueeze(1) * width + torch.arange(width, device=values.device)).view(-1)
    return values.new_zeros(num_rows * width).index_add(0, flat, values.view(-1)).view(num_rows, width)


# --- scatter_moves_the_index: the caller's index becomes an offset -> test_scatter_sum_reads_views
def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    width = values.shape[1]
    index *= width
    flat = (index.unsqueeze(1) + torch.arange(width, device=values.device)).reshape(-1)
    return values.new_zeros(num_rows * width).index_add(0, flat, values.reshape(-1)).view(num_rows, width)


# --- scatter_sorts_the_values: the caller's values are sorted in place -> test_scatter_sum_reads_views
def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    order = index.argsort()
    values[:] = values[order]
    return values.new_zeros(num_rows, values.shape[1]).index_add(0, index[order], values)


# --- scatter_float32: zeros of the default dtype -> test_scatter_sum_keeps_the_dtype
def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    return torch.zeros(num_rows, values.shape[1], device=values.device).index_add(0, index, values.float())


# --- scatter_cpu_zeros: the zeros are made on the CPU -> test_scatter_sum_on_another_device
def scatter_sum(values: Tensor, index: Tensor, num_rows: int) -> Tensor:
    return torch.zeros(num_rows, values.shape[1], dtype=values.dtype).index_add(0, index, values)


# --- pad_chunk_count: `chunk` takes the number of pieces -> test_pad_chunks_fills_the_last_chunk, test_pad_chunks_adds_nothing_to_full_chunks
def pad_chunks(x: Tensor, size: int) -> Tensor:
    longest = -(-len(x) // size)
    return torch.stack([F.pad(piece, (0, 0, 0, longest - len(piece))) for piece in x.chunk(size)])


# --- pad_drops_the_tail: rows that fill no chunk are lost -> test_pad_chunks_fills_the_last_chunk, test_pad_chunks_with_few_rows, test_pad_chunks_gradients
def pad_chunks(x: Tensor, size: int) -> Tensor:
    chunks = len(x) // size
    return x[: chunks * size].reshape(chunks, size, x.shape[1])


# --- pad_front: zeros before the first row -> test_pad_chunks_fills_the_last_chunk, test_pad_chunks_gradients
def pad_chunks(x: Tensor, size: int) -> Tensor:
    return F.pad(x, (0, 0, -len(x) % size, 0)).reshape(-(-len(x) // size), size, x.shape[1])


# --- pad_columns: F.pad's pairs count from the last dimension -> test_pad_chunks_fills_the_last_chunk
def pad_chunks(x: Tensor, size: int) -> Tensor:
    padded = F.pad(x, (0, -len(x) % size))
    return padded.reshape(-1, size, x.shape[1])


# --- pad_repeats: the last row again in place of zeros -> test_pad_chunks_fills_the_last_chunk
def pad_chunks(x: Tensor, size: int) -> Tensor:
    padded = torch.cat([x, x[-1:].expand(-len(x) % size, -1)]) if len(x) else x
    return padded.reshape(-(-len(x) // size), size, x.shape[1])


# --- pad_places_first: places before chunks -> test_pad_chunks_fills_the_last_chunk
def pad_chunks(x: Tensor, size: int) -> Tensor:
    chunks = -(-len(x) // size)
    return F.pad(x, (0, 0, 0, chunks * size - len(x))).reshape(size, chunks, x.shape[1])


# --- pad_always: a chunk of zeros where size divides T -> test_pad_chunks_adds_nothing_to_full_chunks
def pad_chunks(x: Tensor, size: int) -> Tensor:
    padded = F.pad(x, (0, 0, 0, size - len(x) % size))
    return padded.reshape(len(padded) // size, size, x.shape[1])


# --- pad_at_least_one: a chunk of zeros for no rows -> test_pad_chunks_with_few_rows
def pad_chunks(x: Tensor, size: int) -> Tensor:
    chunks = max(1, -(-len(x) // size))
    return F.pad(x, (0, 0, 0, chunks * size - len(x))).reshape(chunks, size, x.shape[1])


# --- pad_inferred_count: a reshape to -1 cannot tell the size of nothing, and a short x has no window -> test_pad_chunks_with_few_rows
def pad_chunks(x: Tensor, size: int) -> Tensor:
    full = x.unfold(0, size, size).transpose(1, 2)
    rest = x[len(full) * size :]
    return torch.cat([full, F.pad(rest, (0, 0, 0, -len(rest) % size)).reshape(-1, size, x.shape[1])])


# --- pad_pad_sequence: pads to the longest chunk, which may be shorter than size -> test_pad_chunks_with_few_rows
def pad_chunks(x: Tensor, size: int) -> Tensor:
    return torch.nn.utils.rnn.pad_sequence(list(x.split(size)), batch_first=True)


# --- pad_cut_off: rows copied without their history -> test_pad_chunks_gradients
def pad_chunks(x: Tensor, size: int) -> Tensor:
    out = x.new_zeros(-(-len(x) // size) * size, x.shape[1])
    out[: len(x)] = x.detach()
    return out.view(-1, size, x.shape[1]) if len(x) else out.view(0, size, x.shape[1])


# --- pad_strides_by_hand: strides of a contiguous tensor, whatever those of x are -> test_pad_chunks_reads_views
def pad_chunks(x: Tensor, size: int) -> Tensor:
    rows, width = x.shape
    if rows % size == 0:
        return x.as_strided((rows // size, size, width), (size * width, width, 1))
    return F.pad(x, (0, 0, 0, -rows % size)).view(-1, size, width)


# --- pad_float32_zeros: zeros of the default dtype widen half precision -> test_pad_chunks_keeps_the_dtype
def pad_chunks(x: Tensor, size: int) -> Tensor:
    chunks = -(-len(x) // size)
    zeros = torch.zeros(chunks * size - len(x), x.shape[1], device=x.device)
    return torch.cat([x, zeros]).reshape(chunks, size, x.shape[1])


# --- pad_float32_buffer: a buffer of the default dtype -> test_pad_chunks_keeps_the_dtype, test_pad_chunks_fills_the_last_chunk
def pad_chunks(x: Tensor, size: int) -> Tensor:
    chunks = -(-len(x) // size)
    out = torch.zeros(chunks * size, x.shape[1], device=x.device)
    out[: len(x)] = x
    return out.view(chunks, size, x.shape[1])


# --- pad_cpu_zeros: the zeros are made on the CPU -> test_pad_chunks_on_another_device
def pad_chunks(x: Tensor, size: int) -> Tensor:
    chunks = -(-len(x) // size)
    zeros = torch.zeros(chunks * size - len(x), x.shape[1], dtype=x.dtype)
    return torch.cat([x, zeros]).reshape(chunks, size, x.shape[1])


# --- zero_in_place: the zeros are written into x itself -> test_zero_row_min_leaves_its_input_alone, test_zero_row_min_gradients
def zero_row_min(x: Tensor) -> Tensor:
    return x.scatter_(1, x.argmin(1, keepdim=True), 0.0)


# --- zero_in_a_view: x[:] is a view and no copy -> test_zero_row_min_leaves_its_input_alone
def zero_row_min(x: Tensor) -> Tensor:
    out = x[:]
    out[torch.arange(len(x), device=x.device), x.argmin(1)] = 0
    return out


# --- zero_every_tie: all equal minima are zeroed -> test_zero_row_min_zeroes_one_of_equal_numbers
def zero_row_min(x: Tensor) -> Tensor:
    return x.masked_fill(x == x.amin(1, keepdim=True), 0)


# --- zero_last_tie: the last of equal minima is zeroed -> test_zero_row_min_zeroes_one_of_equal_numbers
def zero_row_min(x: Tensor) -> Tensor:
    last = x.shape[1] - 1 - x.flip(1).argmin(1, keepdim=True)
    return x.scatter(1, last, 0.0)


# --- zero_columns: the smallest of each column -> test_zero_row_min_zeroes_the_smallest_of_each_row, test_zero_row_min_of_a_single_column
def zero_row_min(x: Tensor) -> Tensor:
    return x.masked_fill(x == x.amin(0), 0) if len(x) else x.clone()


# --- zero_of_all: the smallest of the whole tensor -> test_zero_row_min_zeroes_the_smallest_of_each_row
def zero_row_min(x: Tensor) -> Tensor:
    return x.masked_fill(x == x.min(), 0) if len(x) else x.clone()


# --- zero_largest: the largest of each row -> test_zero_row_min_zeroes_the_smallest_of_each_row
def zero_row_min(x: Tensor) -> Tensor:
    return x.scatter(1, x.argmax(1, keepdim=True), 0.0)


# --- zero_nearest_to_zero: the smallest in size, not in value -> test_zero_row_min_zeroes_the_smallest_of_each_row
def zero_row_min(x: Tensor) -> Tensor:
    return x.scatter(1, x.abs().argmin(1, keepdim=True), 0.0)


# --- zero_by_subtraction: the minimum is taken off the whole row -> test_zero_row_min_zeroes_the_smallest_of_each_row
def zero_row_min(x: Tensor) -> Tensor:
    return x - x.amin(1, keepdim=True)


# --- zero_stack_of_rows: torch.stack of no rows raises -> test_zero_row_min_of_a_single_column
def zero_row_min(x: Tensor) -> Tensor:
    return torch.stack([row.index_fill(0, row.argmin(), 0.0) for row in x])


# --- zero_squeezed: dimensions of size 1 are gone -> test_zero_row_min_of_a_single_column
def zero_row_min(x: Tensor) -> Tensor:
    return x.scatter(1, x.argmin(1, keepdim=True), 0.0).squeeze()


# --- zero_constant: takes the minimum away as a constant, so its gradient stays -> test_zero_row_min_gradients
def zero_row_min(x: Tensor) -> Tensor:
    place = x.argmin(1, keepdim=True)
    taken = torch.zeros_like(x).scatter(1, place, x.detach().gather(1, place))
    return x - taken


# --- zero_cut_off: a copy through .data has no gradient -> test_zero_row_min_gradients
def zero_row_min(x: Tensor) -> Tensor:
    return x.data.scatter(1, x.argmin(1, keepdim=True), 0.0)


# --- zero_float32_mask: a float32 mask widens half precision -> test_zero_row_min_keeps_the_dtype
def zero_row_min(x: Tensor) -> Tensor:
    mask = torch.ones(x.shape, device=x.device).scatter(1, x.argmin(1, keepdim=True), 0.0)
    return x * mask


# --- zero_cpu_mask: a mask of columns that were made on the CPU -> test_zero_row_min_on_another_device
def zero_row_min(x: Tensor) -> Tensor:
    mask = torch.arange(x.shape[1]) == x.argmin(1, keepdim=True)
    return torch.where(mask, 0, x)
