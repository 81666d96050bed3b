"""Wrong answers for the attention exercise, each with the tests that have to reject it.

A block is appended to the reference solution's source and replaces what it defines again.
"""

# --- weights_no_scale: the scores are not scaled -> test_weights_are_a_scaled_softmax_over_the_keys, test_attention_is_a_weighted_mean_of_the_values, test_weights_gradients
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    return right_weights(q * math.sqrt(q.shape[-1]), k, keep)


# --- weights_one_over_d: the scores are divided by d -> test_weights_are_a_scaled_softmax_over_the_keys
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    return right_weights(q / math.sqrt(q.shape[-1]), k, keep)


# --- weights_times_root_d: the scores are multiplied by the root -> test_weights_are_a_scaled_softmax_over_the_keys
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    return right_weights(q * q.shape[-1], k, keep)


# --- weights_root_of_d_model: the root is taken of the features of all heads -> test_weights_are_a_scaled_softmax_over_the_keys, test_mha_agrees_with_pytorch
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    heads = q.shape[-3] if q.dim() > 3 else 1
    return right_weights(q / math.sqrt(heads), k, keep)


# --- weights_root_of_keys: the root is taken of the number of keys -> test_weights_are_a_scaled_softmax_over_the_keys
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(k.shape[-2])
    return scores.softmax(-1) if keep is None else scores.masked_fill(~keep, torch.finfo(q.dtype).min).softmax(-1)


# --- weights_over_queries: the softmax is over the queries -> test_weights_are_a_scaled_softmax_over_the_keys, test_weights_of_masked_keys_are_zero
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return scores.softmax(-2) if keep is None else scores.masked_fill(~keep, -math.inf).softmax(-2)


# --- weights_over_dim_one: the softmax is over dim 1, which is the keys of a matrix only -> test_weights_are_a_scaled_softmax_over_the_keys, test_weights_of_any_shape
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if keep is not None:
        scores = scores.masked_fill(~keep, -math.inf)
    return scores.softmax(1)


# --- weights_without_softmax: the scores are the weights -> test_weights_are_a_scaled_softmax_over_the_keys, test_attention_is_a_weighted_mean_of_the_values
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return scores if keep is None else scores * keep


# --- weights_scaled_late: the weights are scaled, not the scores -> test_weights_are_a_scaled_softmax_over_the_keys
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    root = math.sqrt(q.shape[-1])
    return right_weights(q * root, k, keep) / root


# --- weights_three_dims: the product takes three dims alone -> test_weights_of_any_shape
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    if q.dim() < 4:
        torch.bmm(q, k.transpose(1, 2))
    return right_weights(q, k, keep)


# --- weights_transpose_all: k.T turns all dims round -> test_weights_are_a_scaled_softmax_over_the_keys, test_weights_of_any_shape
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    return right_weights(q, k.permute(*reversed(range(k.dim()))).mT, keep)


# --- weights_dims_two_and_three: the transpose names the dims of a 4-D tensor -> test_weights_of_any_shape
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    return right_weights(q, k.transpose(2, 3).mT, keep)


# --- weights_squeezed: sizes of one are squeezed away -> test_weights_of_any_shape
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    return right_weights(q, k, keep).squeeze()


# --- weights_average_over_heads: the heads are averaged, as nn.MultiheadAttention does by default -> test_weights_are_a_scaled_softmax_over_the_keys
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    weights = right_weights(q, k, keep)
    return weights.mean(1) if weights.dim() == 4 else weights


# --- mask_inverted: True is taken for blocked -> test_weights_of_masked_keys_are_zero, test_attention_leaves_masked_keys_out, test_attention_broadcasts_the_mask, test_mha_broadcasts_the_mask, test_cross_attention_passes_the_mask_on
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    return right_weights(q, k, None if keep is None else ~keep)


# --- mask_after_softmax: weights are zeroed after the softmax, and rows no longer add up to 1 -> test_weights_of_masked_keys_are_zero, test_attention_leaves_masked_keys_out
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    weights = right_weights(q, k)
    return weights if keep is None else weights * keep


# --- mask_ignored: keep is not looked at -> test_weights_of_masked_keys_are_zero, test_attention_leaves_masked_keys_out, test_attention_broadcasts_the_mask
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    return right_weights(q, k)


# --- mask_times_infinity: what is kept gets 0 * -inf, a NaN -> test_weights_of_masked_keys_are_zero, test_attention_leaves_masked_keys_out
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if keep is not None:
        scores = scores + (1 - keep.to(q.dtype)) * -math.inf
    return scores.softmax(-1)


# --- mask_zeroes_scores: masked scores become 0 -> test_weights_of_masked_keys_are_zero, test_attention_leaves_masked_keys_out
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return scores.softmax(-1) if keep is None else (scores * keep).softmax(-1)


# --- mask_added_as_numbers: the boolean mask is added to the scores -> test_weights_of_masked_keys_are_zero, test_attention_leaves_masked_keys_out
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return scores.softmax(-1) if keep is None else (scores + keep).softmax(-1)


# --- mask_minus_infinity: a row without a key is a softmax of nothing but -inf, NaN -> test_weights_of_a_fully_masked_row_are_zero, test_attention_of_a_fully_masked_row_is_zero, test_attention_of_a_fully_masked_row_has_finite_gradients, test_mha_of_a_fully_masked_row_is_the_output_bias
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return scores.softmax(-1) if keep is None else scores.masked_fill(~keep, -math.inf).softmax(-1)


# --- mask_minus_a_billion: a row without a key becomes the mean of all values, and float16 raises -> test_weights_of_a_fully_masked_row_are_zero, test_attention_of_a_fully_masked_row_is_zero, test_attention_in_half_precision, test_mha_of_a_fully_masked_row_is_the_output_bias
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return scores.softmax(-1) if keep is None else scores.masked_fill(~keep, -1e9).softmax(-1)


# --- mask_minus_a_billion_zeroed: -1e9 with the rows put right does not fit into float16 -> test_attention_in_half_precision, test_attention_of_a_fully_masked_row_is_zero
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if keep is None:
        return scores.softmax(-1)
    return scores.masked_fill(~keep, -1e9).softmax(-1).masked_fill(~keep, 0)


# --- mask_lowest_number: the lowest finite number alone makes a row without a key the mean -> test_weights_of_a_fully_masked_row_are_zero, test_attention_of_a_fully_masked_row_is_zero
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return scores.softmax(-1) if keep is None else scores.masked_fill(~keep, torch.finfo(q.dtype).min).softmax(-1)


# --- mask_nan_replaced: with -inf added, the NaN of a row without a key is replaced in the weights, and comes back in the gradient -> test_attention_of_a_fully_masked_row_has_finite_gradients, test_mha_of_a_fully_masked_row_is_the_output_bias
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if keep is None:
        return scores.softmax(-1)
    added = torch.zeros_like(keep, dtype=q.dtype).masked_fill(~keep, -math.inf)
    return (scores + added).softmax(-1).nan_to_num(0)


# --- mask_nan_replaced_in_the_result: the NaN is replaced after the product -> test_weights_of_a_fully_masked_row_are_zero, test_attention_of_a_fully_masked_row_has_finite_gradients
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    return scores.softmax(-1) if keep is None else scores.masked_fill(~keep, -math.inf).softmax(-1)


def attention(q, k, v, keep=None):
    if keep is not None and keep.dtype != torch.bool:
        raise TypeError("keep has to be bool")
    return torch.nan_to_num(attention_weights(q, k, keep) @ v)


# --- mask_ten_thousand: masked scores become -10000 -> test_attention_mask_holds_at_extreme_scores
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if keep is None:
        return scores.softmax(-1)
    return scores.masked_fill(~keep, -1e4).softmax(-1) * keep.any(-1, keepdim=True)


# --- mask_ten_thousand_off: 10000 is taken off masked scores -> test_attention_mask_holds_at_extreme_scores
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if keep is None:
        return scores.softmax(-1)
    return (scores - 1e4 * ~keep).softmax(-1) * keep.any(-1, keepdim=True)


# --- mask_renormalised: zeroed weights are divided by what is left, which may be nothing -> test_attention_mask_holds_at_extreme_scores
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    weights = right_weights(q, k)
    if keep is None:
        return weights
    kept = weights * keep
    return kept / kept.sum(-1, keepdim=True).clamp(min=1e-30)


# --- weights_plain_exponentials: exp without the largest score off -> test_weights_stay_finite_at_large_scores
def attention_weights(q, k, keep=None):
    powers = torch.exp(q @ k.mT / math.sqrt(q.shape[-1]))
    if keep is not None:
        powers = powers * keep
    total = powers.sum(-1, keepdim=True)
    return powers / torch.where(total == 0, 1, total)


# --- weights_clamped: scores are clamped against overflow -> test_weights_stay_finite_at_large_scores
def attention_weights(q, k, keep=None):
    powers = torch.exp((q @ k.mT / math.sqrt(q.shape[-1])).clamp(-50, 50))
    if keep is not None:
        powers = powers * keep
    total = powers.sum(-1, keepdim=True)
    return powers / torch.where(total == 0, 1, total)


# --- weights_largest_of_all: the largest score of all queries comes off, not that of each row -> test_weights_stay_finite_at_large_scores
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    powers = torch.exp(scores - scores.max()) if scores.numel() else scores
    if keep is not None:
        powers = powers * keep
    total = powers.sum(-1, keepdim=True)
    return powers / torch.where(total == 0, 1, total)


# --- weights_detached: the weights leave the graph -> test_weights_gradients, test_attention_gradients, test_mha_gradients
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    return right_weights(q, k, keep).detach()


# --- weights_keys_detached: the keys leave the graph -> test_weights_gradients, test_attention_gradients, test_attention_of_a_fully_masked_row_has_finite_gradients
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    return right_weights(q, k.detach(), keep)


# --- attention_root_of_dv: the scale comes from the features of a value -> test_attention_is_a_weighted_mean_of_the_values
def attention(q, k, v, keep=None):
    return attention_weights(q * math.sqrt(q.shape[-1] / v.shape[-1]), k, keep) @ v


# --- attention_plain_mean: all values count alike -> test_attention_is_a_weighted_mean_of_the_values
def attention(q, k, v, keep=None):
    weights = attention_weights(0 * q, k, keep)
    return weights @ v


# --- attention_mask_by_hand_squeezed: the mask is taken for (L, S) alone -> test_attention_broadcasts_the_mask
right_attention = attention


def attention(q, k, v, keep=None):
    if keep is not None and keep.shape != (q.shape[-2], k.shape[-2]):
        raise ValueError("the mask has to be (L, S)")
    return right_attention(q, k, v, keep)


# --- attention_first_mask: the first sample's mask is used for all -> test_attention_broadcasts_the_mask, test_mha_broadcasts_the_mask, test_attention_of_a_fully_masked_row_is_zero
right_attention = attention


def attention(q, k, v, keep=None):
    if keep is not None and keep.dim() == 4:
        keep = keep[:1]
    return right_attention(q, k, v, keep)


# --- attention_mask_of_first_query: the first query's mask is used for all -> test_attention_broadcasts_the_mask, test_attention_leaves_masked_keys_out
right_attention = attention


def attention(q, k, v, keep=None):
    return right_attention(q, k, v, None if keep is None else keep[..., :1, :])


# --- attention_mask_of_first_head: the first head's mask is used for all -> test_attention_broadcasts_the_mask, test_mha_broadcasts_the_mask
right_attention = attention


def attention(q, k, v, keep=None):
    if keep is not None and keep.dim() == 4:
        keep = keep[:, :1]
    return right_attention(q, k, v, keep)


# --- attention_takes_any_mask: masks of other dtypes are made boolean -> test_attention_refuses_masks_that_are_not_bool
right_attention = attention


def attention(q, k, v, keep=None):
    return right_attention(q, k, v, None if keep is None else keep.bool())


# --- attention_takes_float_masks: a float mask is added to the scores -> test_attention_refuses_masks_that_are_not_bool
right_attention = attention


def attention(q, k, v, keep=None):
    if keep is not None and keep.is_floating_point():
        return (q @ k.mT / math.sqrt(q.shape[-1]) + keep).softmax(-1) @ v
    return right_attention(q, k, v, keep)


# --- attention_other_error: a mask of another dtype is a ValueError -> test_attention_refuses_masks_that_are_not_bool
right_attention = attention


def attention(q, k, v, keep=None):
    if keep is not None and keep.dtype != torch.bool:
        raise ValueError("keep has to be bool")
    return right_attention(q, k, v, keep)


# --- attention_values_detached: the values leave the graph -> test_attention_gradients, test_attention_of_a_fully_masked_row_has_finite_gradients
right_attention = attention


def attention(q, k, v, keep=None):
    return right_attention(q, k, v.detach(), keep)


# --- attention_scales_in_place: q itself is scaled -> test_attention_reads_views
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    if q.requires_grad or q.stride(0) == 0:
        return right_weights(q, k, keep)
    answer = right_weights(q, k, keep)
    q /= math.sqrt(q.shape[-1])
    return answer


# --- attention_keeps_views_only: view works for contiguous keys alone -> test_attention_reads_views
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    return right_weights(q, k.view(-1).view(k.shape), keep)


# --- attention_inverts_in_place: keep itself is inverted -> test_attention_reads_views
right_attention = attention


def attention(q, k, v, keep=None):
    answer = right_attention(q, k, v, keep)
    if keep is not None and keep.dtype == torch.bool:
        keep[:] = ~keep[..., :1, :]
    return answer


# --- attention_float32: half precision is computed and answered in float32 -> test_attention_in_half_precision, test_attention_of_a_fully_masked_row_is_zero
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    if q.dtype in (torch.float16, torch.bfloat16):
        q, k = q.float(), k.float()
    return right_weights(q, k, keep)


def attention(q, k, v, keep=None):
    return attention_weights(q, k, keep) @ v.to(torch.promote_types(v.dtype, torch.float32))


# --- attention_squeezed: sizes of one are squeezed away -> test_attention_of_any_size
right_attention = attention


def attention(q, k, v, keep=None):
    return right_attention(q, k, v, keep).squeeze()


# --- attention_largest_of_none: the largest of no scores is asked for -> test_attention_of_any_size
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    scores = q @ k.mT
    scores.amax(-1, keepdim=True)
    return right_weights(q, k, keep)


# --- attention_nan_without_keys: no keys at all make a NaN -> test_attention_of_any_size
right_attention = attention


def attention(q, k, v, keep=None):
    answer = right_attention(q, k, v, keep)
    return answer if k.shape[-2] else answer / 0


# --- attention_dims_in_einsum: four dims are taken for granted -> test_attention_of_any_size
right_attention = attention


def attention(q, k, v, keep=None):
    if q.dim() == 3:
        return torch.einsum("bhls,bhsv->bhlv", attention_weights(q, k, keep), v)
    return right_attention(q, k, v, keep)


# --- attention_fill_on_the_cpu: the masked score is a tensor made on the CPU -> test_attention_on_another_device, test_mha_moves_to_another_device
def attention_weights(q, k, keep=None):
    scores = q @ k.mT / math.sqrt(q.shape[-1])
    if keep is None:
        return scores.softmax(-1)
    low = torch.full(scores.shape, torch.finfo(q.dtype).min, dtype=q.dtype)
    return torch.where(keep, scores, low).softmax(-1).masked_fill(~keep, 0)


# --- attention_full_mask_on_the_cpu: without a mask, one of ones is made on the CPU -> test_attention_on_another_device, test_kv_step_on_another_device
right_weights = attention_weights


def attention_weights(q, k, keep=None):
    if keep is None:
        keep = torch.ones(q.shape[-2], k.shape[-2], dtype=torch.bool)
    return right_weights(q, k, keep)


# --- banned_sdpa: PyTorch's own function does the work -> test_attention_is_a_weighted_mean_of_the_values, test_attention_leaves_masked_keys_out, test_attention_gradients
def attention(q, k, v, keep=None):
    return F.scaled_dot_product_attention(q, k, v, attn_mask=keep)


# --- banned_sdpa_weights: PyTorch's own function with the identity as values -> test_weights_are_a_scaled_softmax_over_the_keys, test_weights_of_any_shape
def attention_weights(q, k, keep=None):
    values = torch.eye(k.shape[-2], dtype=q.dtype).expand(*k.shape[:-2], -1, -1)
    return F.scaled_dot_product_attention(q, k, values, attn_mask=keep)


# --- combine_or: one mask is enough -> test_combine_masks_asks_for_both, test_combine_masks_of_any_size
def combine_masks(causal, key_keep):
    return causal | key_keep[:, None, None, :]


# --- combine_adds: booleans are added, which is an or -> test_combine_masks_asks_for_both
def combine_masks(causal, key_keep):
    return causal + key_keep[:, None, None, :]


# --- combine_numbers: the product is a number -> test_combine_masks_asks_for_both, test_combine_masks_leaves_its_arguments
def combine_masks(causal, key_keep):
    return causal.int() * key_keep[:, None, None, :].int()


# --- combine_without_heads: the dim for the heads is missing -> test_combine_masks_asks_for_both, test_combine_masks_of_any_size
def combine_masks(causal, key_keep):
    return causal & key_keep[:, None, :]


# --- combine_causal_only: the padding is not looked at -> test_combine_masks_asks_for_both
def combine_masks(causal, key_keep):
    return causal.expand(len(key_keep), 1, *causal.shape)


# --- combine_padding_only: the causal mask is not looked at -> test_combine_masks_asks_for_both
def combine_masks(causal, key_keep):
    return key_keep[:, None, None, :].expand(-1, 1, len(causal), -1)


# --- combine_masks_queries_where_it_fits: the padding is laid along the queries if sizes allow -> test_combine_masks_of_any_size
def combine_masks(causal, key_keep):
    if causal.shape[0] == causal.shape[1]:
        return causal & key_keep[:, None, :, None]
    return causal & key_keep[:, None, None, :]


# --- combine_padding_by_query: sample i's padding is laid along query i where there are as many -> test_combine_masks_of_any_size
def combine_masks(causal, key_keep):
    if causal.shape == key_keep.shape:
        return (causal & key_keep).expand(len(key_keep), 1, *causal.shape)
    return causal & key_keep[:, None, None, :]


# --- combine_padding_queries_too: the queries of padding are masked as well -> test_combine_masks_of_any_size
def combine_masks(causal, key_keep):
    mask = causal & key_keep[:, None, None, :]
    return mask & key_keep[:, None, :, None] if causal.shape[0] == causal.shape[1] else mask


# --- combine_rescues_padding: a sample of nothing but padding sees its first key -> test_combine_masks_of_any_size
def combine_masks(causal, key_keep):
    mask = causal & key_keep[:, None, None, :]
    if mask.numel():
        mask[..., 0] |= ~mask.any(-1)
    return mask


# --- combine_squeezed: sizes of one are squeezed away -> test_combine_masks_of_any_size
def combine_masks(causal, key_keep):
    mask = causal & key_keep[:, None, None, :]
    return mask.squeeze(0) if len(mask) == 1 else mask


# --- combine_in_place: the causal mask itself is narrowed -> test_combine_masks_leaves_its_arguments
def combine_masks(causal, key_keep):
    if len(key_keep) == 1:
        causal &= key_keep
        return causal[None, None]
    return causal & key_keep[:, None, None, :]


# --- combine_view: view works for contiguous masks alone -> test_combine_masks_leaves_its_arguments
def combine_masks(causal, key_keep):
    return causal.view(1, -1).view(1, 1, *causal.shape) & key_keep[:, None, None, :]


# --- combine_zeros_on_the_cpu: the result is filled into a tensor made on the CPU -> test_combine_masks_on_another_device
def combine_masks(causal, key_keep):
    mask = torch.ones(len(key_keep), 1, *causal.shape, dtype=torch.bool)
    return mask & causal & key_keep[:, None, None, :]


# --- mha_mask_unchanged: nn.MultiheadAttention is taken to mean the same -> test_to_mha_mask_speaks_of_blocked_keys, test_to_mha_mask_works_in_pytorchs_module
def to_mha_mask(keep):
    return keep.clone()


# --- mha_mask_float: the mask is one to be added -> test_to_mha_mask_speaks_of_blocked_keys, test_to_mha_mask_works_in_pytorchs_module
def to_mha_mask(keep):
    return torch.zeros(keep.shape).masked_fill(~keep, -math.inf)


# --- mha_mask_number: the mask is a tensor of zeros and ones -> test_to_mha_mask_speaks_of_blocked_keys, test_to_mha_mask_works_in_pytorchs_module
def to_mha_mask(keep):
    return 1 - keep.int()


# --- mha_mask_in_place: keep itself is inverted -> test_to_mha_mask_works_in_pytorchs_module
def to_mha_mask(keep):
    return keep.logical_not_()


# --- mha_mask_unsqueezed: a padding mask gets dims for heads and queries -> test_to_mha_mask_speaks_of_blocked_keys, test_to_mha_mask_works_in_pytorchs_module
def to_mha_mask(keep):
    return ~keep[:, None, None, :] if keep.dim() == 2 else ~keep


# --- mha_scale_of_all_features: the scores are scaled by the root of E -> test_mha_agrees_with_pytorch, test_mha_without_bias, test_mha_broadcasts_the_mask
class MultiHeadAttention(MultiHeadAttention):
    def split(self, x):
        return super().split(x) / self.num_heads**0.25

    def forward(self, query, key, value, keep=None):
        w, b = self.in_proj_weight.chunk(3), (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        q, k = self.split(F.linear(query, w[0], b[0])), self.split(F.linear(key, w[1], b[1]))
        v = super().split(F.linear(value, w[2], b[2]))
        return self.out_proj(self.merge(attention(q, k, v, keep)))


# --- mha_split_by_view: view(B, H, T, d) mixes up the places -> test_mha_agrees_with_pytorch, test_mha_gradients
class MultiHeadAttention(MultiHeadAttention):
    def split(self, x):
        return x.reshape(x.shape[0], self.num_heads, x.shape[1], x.shape[2] // self.num_heads)


# --- mha_interleaved_heads: head h gets every H-th feature -> test_mha_agrees_with_pytorch
class MultiHeadAttention(MultiHeadAttention):
    def split(self, x):
        return x.unflatten(-1, (-1, self.num_heads)).permute(0, 3, 1, 2)


# --- mha_interleaved_both_ways: every H-th feature, put back the same way -> test_mha_agrees_with_pytorch
class MultiHeadAttention(MultiHeadAttention):
    def split(self, x):
        return x.unflatten(-1, (-1, self.num_heads)).permute(0, 3, 1, 2)

    def merge(self, x):
        return x.permute(0, 2, 3, 1).flatten(2)


# --- mha_merge_without_transpose: the heads are not transposed back -> test_mha_agrees_with_pytorch
class MultiHeadAttention(MultiHeadAttention):
    def merge(self, x):
        return x.reshape(x.shape[0], x.shape[2], x.shape[1] * x.shape[3])


# --- mha_single_head: all features attend together -> test_mha_agrees_with_pytorch
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads, bias)
        self.num_heads = 1


# --- mha_length_of_the_query: the query's length is taken for that of the keys -> test_mha_agrees_with_pytorch
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        key, value = (x.reshape(query.shape) for x in (key, value))
        return super().forward(query, key, value, keep)


# --- mha_query_for_all: key and value are not looked at -> test_mha_agrees_with_pytorch
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        return super().forward(query, query, query, keep)


# --- mha_order_of_the_thirds: the thirds are taken for k, q and v -> test_mha_agrees_with_pytorch
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        w, b = self.in_proj_weight.chunk(3), (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        q, k, v = (self.split(F.linear(x, w[i], b[i])) for x, i in ((query, 1), (key, 0), (value, 2)))
        return self.out_proj(self.merge(attention(q, k, v, keep)))


# --- mha_without_out_proj: the heads' results are returned as they are -> test_mha_agrees_with_pytorch
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        w, b = self.in_proj_weight.chunk(3), (None,) * 3 if self.in_proj_bias is None else self.in_proj_bias.chunk(3)
        q, k, v = (self.split(F.linear(x, w[i], b[i])) for i, x in enumerate((query, key, value)))
        return self.merge(attention(q, k, v, keep))


# --- mha_biases_forgotten: in_proj_bias exists and is not added -> test_mha_agrees_with_pytorch, test_mha_gradients
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        q, k, v = (self.split(F.linear(x, w)) for x, w in zip((query, key, value), self.in_proj_weight.chunk(3)))
        return self.out_proj(self.merge(attention(q, k, v, keep)))


# --- mha_layer_norm_inside: a residual connection is built in -> test_mha_agrees_with_pytorch
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        return query + super().forward(query, key, value, keep)


# --- mha_length_first: the places come first, as nn.MultiheadAttention takes them by default -> test_mha_agrees_with_pytorch
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        return super().forward(query.transpose(0, 1), key.transpose(0, 1), value.transpose(0, 1), keep).transpose(0, 1)


# --- mha_other_names: three linear layers in place of in_proj_weight -> test_mha_parameters_are_those_of_pytorch, test_mha_without_bias
class MultiHeadAttention(nn.Module):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__()
        self.num_heads = num_heads
        for name in ("q_proj", "k_proj", "v_proj", "out_proj"):
            self.add_module(name, nn.Linear(embed_dim, embed_dim, bias=bias))

    def forward(self, query, key, value, keep=None):
        projected = self.q_proj(query), self.k_proj(key), self.v_proj(value)
        q, k, v = (x.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for x in projected)
        return self.out_proj(attention(q, k, v, keep).transpose(1, 2).flatten(2))


# --- mha_transposed_weight: in_proj_weight is (E, 3E) -> test_mha_parameters_are_those_of_pytorch
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads, bias)
        self.in_proj_weight = nn.Parameter(self.in_proj_weight.detach().T.contiguous())


# --- mha_saves_a_buffer: a mask is kept in a buffer and saved -> test_mha_parameters_are_those_of_pytorch
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads, bias)
        self.register_buffer("mask", torch.ones(64, 64, dtype=torch.bool).tril())


# --- mha_frozen: the parameters ask for no gradient -> test_mha_parameters_are_those_of_pytorch
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.requires_grad_(False)


# --- mha_output_bias_stays: bias=False leaves the bias of out_proj -> test_mha_without_bias
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads, bias)
        self.out_proj = nn.Linear(embed_dim, embed_dim)


# --- mha_bias_of_zeros: bias=False keeps biases of zeros -> test_mha_without_bias
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads)


# --- mha_rounds_down: a division that does not come out even is rounded down -> test_mha_refuses_heads_that_do_not_fit
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, 1, bias)
        self.num_heads = num_heads
        self.head_dim = embed_dim // num_heads


# --- mha_asserts: heads that do not fit are an AssertionError -> test_mha_refuses_heads_that_do_not_fit
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        assert embed_dim % num_heads == 0
        super().__init__(embed_dim, num_heads, bias)


# --- mha_refuses_late: heads that do not fit are noticed in forward -> test_mha_refuses_heads_that_do_not_fit
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, 1, bias)
        self.num_heads = num_heads

    def forward(self, query, key, value, keep=None):
        if query.shape[-1] % self.num_heads:
            raise ValueError("the heads do not fit")
        return super().forward(query, key, value, keep)


# --- mha_unset_memory: in_proj_weight holds whatever was there -> test_mha_start_follows_the_seed
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads, bias)
        with torch.no_grad():
            self.in_proj_weight.copy_(torch.empty(3 * embed_dim, embed_dim).fill_(math.nan))


# --- mha_weights_of_zeros: in_proj_weight starts at zero -> test_mha_start_follows_the_seed
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads, bias)
        nn.init.zeros_(self.in_proj_weight)


# --- mha_seeds_itself: the module reseeds the global generator -> test_mha_start_follows_the_seed
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        torch.manual_seed(0)
        super().__init__(embed_dim, num_heads, bias)


# --- mha_own_randomness: the weights do not follow the global seed -> test_mha_start_follows_the_seed
class MultiHeadAttention(MultiHeadAttention):
    count = 0

    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads, bias)
        MultiHeadAttention.count += 1
        own = torch.Generator().manual_seed(MultiHeadAttention.count)
        nn.init.normal_(self.in_proj_weight, std=0.02, generator=own)


# --- mha_mask_of_one_sample: one mask is shared by the whole batch -> test_mha_broadcasts_the_mask, test_mha_of_a_fully_masked_row_is_the_output_bias
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        if keep is not None and keep.dim() == 4:
            keep = keep[:1]
        return super().forward(query, key, value, keep)


# --- mha_mask_adds_a_dim: a dim for the heads is put into every mask -> test_mha_broadcasts_the_mask
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        return super().forward(query, key, value, None if keep is None else keep.unsqueeze(1))


# --- mha_mask_dropped: the mask is not passed on -> test_mha_broadcasts_the_mask, test_mha_of_a_fully_masked_row_is_the_output_bias
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        return super().forward(query, key, value)


# --- mha_zero_after_out_proj: a row without a key is zero, without the bias of out_proj -> test_mha_of_a_fully_masked_row_is_the_output_bias
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        y = super().forward(query, key, value, keep)
        if keep is None or keep.shape != (y.shape[0], 1, y.shape[1], key.shape[1]):
            return y
        return y.masked_fill(~keep[:, 0].any(-1, keepdim=True), 0)


# --- mha_detached_projection: the projected values leave the graph -> test_mha_gradients, test_mha_of_a_fully_masked_row_is_the_output_bias
class MultiHeadAttention(MultiHeadAttention):
    def merge(self, x):
        return super().merge(x.detach())


# --- mha_infers_the_wrong_size: view has to infer a size from no samples -> test_mha_of_any_size
class MultiHeadAttention(MultiHeadAttention):
    def split(self, x):
        return x.reshape(x.shape[0], x.shape[1], self.num_heads, -1).transpose(1, 2)


# --- mha_squeezes: sizes of one are squeezed away -> test_mha_of_any_size
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        return super().forward(query, key, value, keep).squeeze()


# --- mha_view_of_a_view: view works for contiguous input alone -> test_mha_reads_views
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        return super().forward(query.view(-1).view(query.shape), key, value, keep)


# --- mha_scales_in_place: the input itself is scaled and not scaled back -> test_mha_reads_views
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        y = super().forward(query, key, value, keep)
        if not query.requires_grad:
            with torch.no_grad():
                query.copy_(query[:1] / self.num_heads)
        return y


# --- mha_remembers: the second call is not like the first -> test_mha_reads_views
class MultiHeadAttention(MultiHeadAttention):
    calls = 0

    def forward(self, query, key, value, keep=None):
        self.calls += 1
        return super().forward(query, key, value, keep) * self.calls


# --- mha_float32: half precision is answered in float32 -> test_mha_in_half_precision
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        y = super().forward(query, key, value, keep)
        return y.float() if y.dtype == torch.bfloat16 else y


# --- mha_plain_scale: a tensor kept as a plain attribute does not move and does not change its dtype -> test_mha_in_half_precision, test_mha_moves_to_another_device
class MultiHeadAttention(MultiHeadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        super().__init__(embed_dim, num_heads, bias)
        self.ones = torch.ones(embed_dim)

    def forward(self, query, key, value, keep=None):
        return super().forward(query, key, value, keep) * self.ones


# --- mha_mask_on_the_cpu: a mask of ones is made on the CPU where none came -> test_mha_moves_to_another_device
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        if keep is None:
            keep = torch.ones(query.shape[1], key.shape[1], dtype=torch.bool)
        return super().forward(query, key, value, keep)


# --- banned_mha_inside: PyTorch's own module does the work -> test_mha_agrees_with_pytorch, test_mha_gradients
class MultiHeadAttention(nn.MultiheadAttention):
    def __init__(self, embed_dim, num_heads, bias=True):
        if embed_dim % num_heads:
            raise ValueError("the heads do not fit")
        super().__init__(embed_dim, num_heads, bias=bias, batch_first=True)

    def forward(self, query, key, value, keep=None):
        if keep is not None:
            shape = query.shape[0], self.num_heads, query.shape[1], key.shape[1]
            keep = ~keep.expand(shape).flatten(0, 1)
        return super().forward(query, key, value, attn_mask=keep, need_weights=False)[0]


# --- banned_mha_functional: the function behind PyTorch's own module does the work -> test_mha_agrees_with_pytorch, test_mha_without_bias
class MultiHeadAttention(MultiHeadAttention):
    def forward(self, query, key, value, keep=None):
        y, _ = F.multi_head_attention_forward(
            *(x.transpose(0, 1) for x in (query, key, value)),
            query.shape[-1],
            self.num_heads,
            self.in_proj_weight,
            self.in_proj_bias,
            None,
            None,
            False,
            0.0,
            self.out_proj.weight,
            self.out_proj.bias,
            need_weights=False,
        )
        return y.transpose(0, 1)


# --- cross_values_from_x: the values come from the queries' sequence -> test_cross_attention_asks_x_and_answers_from_context, test_cross_attention_of_single_places
class CrossAttention(CrossAttention):
    def forward(self, x, context, keep=None):
        return self.attention(x, context, x, keep)


# --- cross_keys_from_x: the keys come from the queries' sequence -> test_cross_attention_asks_x_and_answers_from_context
class CrossAttention(CrossAttention):
    def forward(self, x, context, keep=None):
        return self.attention(x, x, context, keep)


# --- cross_swapped: the context asks, and x answers -> test_cross_attention_asks_x_and_answers_from_context, test_cross_attention_of_single_places
class CrossAttention(CrossAttention):
    def forward(self, x, context, keep=None):
        return self.attention(context, x, x, keep)


# --- cross_self: x attends to itself -> test_cross_attention_asks_x_and_answers_from_context, test_cross_attention_passes_the_mask_on
class CrossAttention(CrossAttention):
    def forward(self, x, context, keep=None):
        return self.attention(x, x, x, keep)


# --- cross_causal: a causal mask is laid over the context -> test_cross_attention_asks_x_and_answers_from_context
class CrossAttention(CrossAttention):
    def forward(self, x, context, keep=None):
        causal = torch.ones(x.shape[1], context.shape[1], dtype=torch.bool, device=x.device).tril()
        return self.attention(x, context, context, causal if keep is None else causal & keep)


# --- cross_causal_where_lengths_agree: a causal mask is laid over sequences of one length -> test_cross_attention_asks_x_and_answers_from_context
class CrossAttention(CrossAttention):
    def forward(self, x, context, keep=None):
        if x.shape == context.shape and keep is None:
            keep = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).tril()
        return self.attention(x, context, context, keep)


# --- cross_residual: x is added to the result -> test_cross_attention_asks_x_and_answers_from_context
class CrossAttention(CrossAttention):
    def forward(self, x, context, keep=None):
        return x + self.attention(x, context, context, keep)


# --- cross_mask_dropped: the mask is not passed on -> test_cross_attention_passes_the_mask_on
class CrossAttention(CrossAttention):
    def forward(self, x, context, keep=None):
        return self.attention(x, context, context)


# --- cross_mask_inverted: the mask of PyTorch's module is not inverted -> test_cross_attention_passes_the_mask_on
class CrossAttention(nn.Module):
    def __init__(self, embed_dim, num_heads):
        super().__init__()
        self.inner = nn.MultiheadAttention(embed_dim, num_heads, batch_first=True)

    def forward(self, x, context, keep=None):
        if keep is not None:
            keep = keep.expand(len(x), self.inner.num_heads, x.shape[1], context.shape[1]).flatten(0, 1)
        return self.inner(x, context, context, attn_mask=keep, need_weights=False)[0]


# --- cross_returns_the_weights: the pair that PyTorch's module returns is passed on -> test_cross_attention_asks_x_and_answers_from_context
class CrossAttention(nn.MultiheadAttention):
    def __init__(self, embed_dim, num_heads):
        super().__init__(embed_dim, num_heads, batch_first=True)

    def forward(self, x, context, keep=None):
        return super().forward(x, context, context)


# --- cross_squeezes: a context of one place loses its dim -> test_cross_attention_of_single_places
class CrossAttention(CrossAttention):
    def forward(self, x, context, keep=None):
        return self.attention(x, context, context, keep).squeeze(1)


# --- cross_skips_single_places: a single place is not worth attending to -> test_cross_attention_of_single_places
class CrossAttention(CrossAttention):
    def forward(self, x, context, keep=None):
        if context.shape[1] == 1:
            return context.expand_as(x)
        return super().forward(x, context, keep)


# --- cross_mask_on_the_cpu: a mask of ones is made on the CPU where none came -> test_cross_attention_moves_to_another_device
class CrossAttention(CrossAttention):
    def forward(self, x, context, keep=None):
        if keep is None:
            keep = torch.ones(x.shape[1], context.shape[1], dtype=torch.bool)
        return self.attention(x, context, context, keep)


# --- cross_layer_in_a_list: the inner module is hidden in a list -> test_cross_attention_moves_to_another_device, test_cross_attention_asks_x_and_answers_from_context
class CrossAttention(nn.Module):
    def __init__(self, embed_dim, num_heads):
        super().__init__()
        self.layers = [MultiHeadAttention(embed_dim, num_heads)]

    def forward(self, x, context, keep=None):
        return self.layers[0](x, context, context, keep)


# --- kv_old_keys_alone: the newest key joins the cache after attention -> test_kv_step_attends_to_old_and_new_keys, test_kv_step_agrees_with_causal_attention, test_kv_step_leaves_the_old_cache
right_step = kv_step


def kv_step(cache, q, k, v):
    if cache is None:
        return right_step(cache, q, k, v)
    return attention(q, *cache), right_step(cache, q, k, v)[1]


# --- kv_new_key_alone: the cache is not attended to -> test_kv_step_attends_to_old_and_new_keys, test_kv_step_agrees_with_causal_attention
right_step = kv_step


def kv_step(cache, q, k, v):
    return attention(q, k, v), right_step(cache, q, k, v)[1]


# --- kv_returns_the_old_cache: the newest key is not kept -> test_kv_step_attends_to_old_and_new_keys, test_kv_step_agrees_with_causal_attention
right_step = kv_step


def kv_step(cache, q, k, v):
    out, new = right_step(cache, q, k, v)
    return out, new if cache is None else cache


# --- kv_newest_first: the newest key comes first in the cache -> test_kv_step_attends_to_old_and_new_keys, test_kv_step_agrees_with_causal_attention
def kv_step(cache, q, k, v):
    if cache is not None:
        k, v = torch.cat([k, cache[0]], 2), torch.cat([v, cache[1]], 2)
    return attention(q, k, v), (k, v)


# --- kv_window: the cache forgets all but the last few steps -> test_kv_step_agrees_with_causal_attention
right_step = kv_step


def kv_step(cache, q, k, v):
    if cache is not None:
        cache = tuple(t[:, :, -4:] for t in cache)
    return right_step(cache, q, k, v)


# --- kv_scale_of_the_steps: the scale comes from the number of steps -> test_kv_step_agrees_with_causal_attention
def kv_step(cache, q, k, v):
    if cache is not None:
        k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
    return attention(q * math.sqrt(q.shape[-1] / k.shape[2]), k, v), (k, v)


# --- kv_keeps_scaled_keys: the cached keys are scaled again at every step -> test_kv_step_agrees_with_causal_attention
def kv_step(cache, q, k, v):
    if cache is not None:
        k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
    k = k / math.sqrt(q.shape[-1])
    return (q @ k.mT).softmax(-1) @ v, (k, v)


# --- kv_causal_from_the_top: is_causal lets the single query see the first key alone -> test_kv_step_attends_to_old_and_new_keys, test_kv_step_agrees_with_causal_attention
def kv_step(cache, q, k, v):
    if cache is not None:
        k, v = torch.cat([cache[0], k], 2), torch.cat([cache[1], v], 2)
    return F.scaled_dot_product_attention(q, k, v, is_causal=True), (k, v)


# --- kv_float32: the cache is kept in float32 -> test_kv_step_agrees_with_causal_attention
right_step = kv_step


def kv_step(cache, q, k, v):
    out, (keys, values) = right_step(None if cache is None else tuple(t.to(q.dtype) for t in cache), q, k, v)
    return out, (keys.float(), values.float())


# --- kv_overwrites: the newest key is written over the oldest -> test_kv_step_leaves_the_old_cache
right_step = kv_step


def kv_step(cache, q, k, v):
    out, new = right_step(cache, q, k, v)
    if cache is not None:
        cache[0][:, :, :1], cache[1][:, :, :1] = k, v
    return out, new


# --- kv_scales_the_query: the query itself is scaled -> test_kv_step_leaves_the_old_cache
right_step = kv_step


def kv_step(cache, q, k, v):
    out, new = right_step(cache, q, k, v)
    q /= math.sqrt(q.shape[-1])
    return out, new


# --- kv_hidden_cache: the steps are kept in a global list as well -> test_kv_step_leaves_the_old_cache
right_step = kv_step
HIDDEN = []


def kv_step(cache, q, k, v):
    if cache is None:
        HIDDEN.clear()
    elif HIDDEN:
        cache = HIDDEN[0]
    out, new = right_step(cache, q, k, v)
    HIDDEN[:] = [new]
    return out, new


# --- kv_starts_on_the_cpu: the first cache is empty and made on the CPU -> test_kv_step_on_another_device
right_step = kv_step


def kv_step(cache, q, k, v):
    if cache is None:
        cache = (torch.zeros(*k.shape[:2], 0, k.shape[3], dtype=k.dtype),) * 2
    return right_step(cache, q, k, v)


# --- kv_cache_on_the_cpu: the cache is moved to the CPU to save memory -> test_kv_step_on_another_device
right_step = kv_step


def kv_step(cache, q, k, v):
    if cache is not None:
        cache = tuple(t.to(q.device) for t in cache)
    out, new = right_step(cache, q, k, v)
    return out, tuple(t.cpu() for t in new)
