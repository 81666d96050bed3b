"""Wrong answers to `activations`: blocks that, put behind the reference solution, replace a part of it.

Each block's header says what the misconception is and which tests must reject it. Blocks called
`banned_…` give the right numbers by a call that their task forbids.
"""

# ruff: noqa
# mypy: ignore-errors

# === 1. sigmoid ===

# --- sigmoid_naive: exp(-x) overflows, so its gradient is 0 * inf -> test_functions_have_finite_gradients_far_out, test_sigmoid_in_float16
def sigmoid(x):
    return 1 / (1 + torch.exp(-x))


# --- sigmoid_exp_over: exp(x) / (1 + exp(x)) is inf / inf for large x -> test_functions_stand_large_inputs, test_sigmoid_in_float16
def sigmoid(x):
    return torch.exp(x) / (1 + torch.exp(x))


# --- sigmoid_where: two right branches, but the one not taken overflows and spoils the gradient -> test_functions_have_finite_gradients_far_out
def sigmoid(x):
    return torch.where(x >= 0, 1 / (1 + torch.exp(-x)), torch.exp(x) / (1 + torch.exp(x)))


# --- sigmoid_two_masks: fills both sides and forgets 0 and NaN -> test_functions_are_exact_at_zero, test_functions_pass_nan_on
def sigmoid(x):
    out = torch.zeros_like(x)
    above, below = x > 0, x < 0
    out[above] = 1 / (1 + torch.exp(-x[above]))
    out[below] = torch.exp(x[below]) / (1 + torch.exp(x[below]))
    return out


# --- sigmoid_abs: exp(-|x|) never overflows, but |x| has slope 0 at 0, and so has this -> test_smooth_functions_have_their_slope_at_zero
def sigmoid(x):
    small = torch.exp(-x.abs())
    return torch.where(x >= 0, 1.0, small) / (1 + small)


# --- sigmoid_wrong_sign: exp(x) where exp(-x) belongs -> test_sigmoid_values
def sigmoid(x):
    return 1 / (1 + torch.exp(x))


# --- sigmoid_float32: computes and answers in float32 whatever came in -> test_functions_keep_half_precision, test_sigmoid_values, test_sigmoid_in_float16
_right_sigmoid = sigmoid


def sigmoid(x):
    return _right_sigmoid(x.float())


# --- sigmoid_rows: walks through the rows, so that a single number or an empty batch has none -> test_functions_take_any_shape, test_functions_take_empty_batches
_right_sigmoid = sigmoid


def sigmoid(x):
    return torch.stack([_right_sigmoid(row) for row in x])


# --- sigmoid_view: flattens with view, which needs contiguous memory -> test_functions_read_views
_right_sigmoid = sigmoid


def sigmoid(x):
    return _right_sigmoid(x.view(-1)).view(x.shape)


# --- sigmoid_in_place: writes -x into x -> test_functions_leave_their_input_alone, test_functions_have_the_right_gradient
def sigmoid(x):
    return 1 / (1 + x.neg_().exp())


# --- sigmoid_data: computes on x.data, which no gradient passes -> test_functions_have_the_right_gradient, test_functions_have_finite_gradients_far_out
_right_sigmoid = sigmoid


def sigmoid(x):
    return _right_sigmoid(x.data)


# --- banned_sigmoid: torch's own -> test_sigmoid_values, test_sigmoid_in_float16
def sigmoid(x):
    return torch.sigmoid(x)


# --- banned_sigmoid_method: torch's own, as a method -> test_sigmoid_values
def sigmoid(x):
    return x.sigmoid()


# --- banned_sigmoid_expit: torch's own under its other name -> test_sigmoid_values
def sigmoid(x):
    return torch.special.expit(x)


# --- banned_sigmoid_tanh: tanh in disguise -> test_sigmoid_values
def sigmoid(x):
    return (torch.tanh(x / 2) + 1) / 2


# --- banned_sigmoid_logsigmoid: the exponential of torch's logsigmoid -> test_sigmoid_values
def sigmoid(x):
    return nn.functional.logsigmoid(x).exp()


# === 2. tanh ===

# --- tanh_exponentials: the formula as it stands is inf / inf for large x -> test_functions_stand_large_inputs, test_functions_have_finite_gradients_far_out
def tanh(x):
    up, down = torch.exp(x), torch.exp(-x)
    return (up - down) / (up + down)


# --- tanh_one_sided: expm1(2x) / (expm1(2x) + 2) is inf / inf on the right -> test_functions_stand_large_inputs
def tanh(x):
    grown = torch.expm1(2 * x)
    return grown / (grown + 2)


# --- tanh_from_sigmoid: 2 * sigmoid(2x) - 1 loses its digits near 0 -> test_tanh_near_zero
def tanh(x):
    return 2 * sigmoid(2 * x) - 1


# --- tanh_of_half: 2 * sigmoid(x) - 1 is the tanh of x / 2 -> test_tanh_values
def tanh(x):
    return 2 * sigmoid(x) - 1


# --- tanh_abs: the tanh of |x| with the sign of x, which is 0 at 0 and takes the slope with it -> test_smooth_functions_have_their_slope_at_zero
def tanh(x):
    small = torch.expm1(-2 * x.abs())
    return -x.sign() * small / (small + 2)


# --- tanh_cut: clamps x to a range where tanh is not yet flat -> test_tanh_values
def tanh(x):
    grown = torch.expm1(2 * x.clamp(-2, 2))
    return grown / (grown + 2)


# --- banned_tanh: torch's own -> test_tanh_values, test_tanh_near_zero
def tanh(x):
    return torch.tanh(x)


# --- banned_tanh_method: torch's own, in place on a copy -> test_tanh_values
def tanh(x):
    return x.clone().tanh_()


# --- banned_tanh_sigmoid: torch's sigmoid, stretched -> test_tanh_values
def tanh(x):
    return 2 * torch.sigmoid(2 * x) - 1


# === 3. relu ===

# --- relu_mean: (x + |x|) / 2 has gradient a half at 0, and NaN at -inf -> test_relu_gradient_at_zero, test_relu_of_infinity
def relu(x):
    return (x + x.abs()) / 2


# --- relu_maximum: the gradient of a tie is shared -> test_relu_gradient_at_zero
def relu(x):
    return torch.maximum(x, torch.zeros_like(x))


# --- relu_below: x < 0 leaves 0 on the side that passes gradients on -> test_relu_gradient_at_zero
def relu(x):
    return torch.where(x < 0, 0.0, x)


# --- relu_mask: x * (x > 0) is -inf * 0 -> test_relu_of_infinity
def relu(x):
    return x * (x > 0)


# --- relu_where: NaN > 0 is False, so NaN becomes 0 -> test_functions_pass_nan_on
def relu(x):
    return torch.where(x > 0, x, 0.0)


# --- relu_in_place: writes into its argument -> test_functions_leave_their_input_alone, test_relu_after_exp
def relu(x):
    x[x < 0] = 0
    return x


# --- relu_clamp_in_place: the underscore writes into the argument -> test_functions_leave_their_input_alone, test_relu_after_exp
def relu(x):
    return x.clamp_(min=0)


# --- relu_abs: folds the negative side up -> test_relu_values
def relu(x):
    return x.abs()


# --- relu_step: gives the mask instead of the masked -> test_relu_values
def relu(x):
    return (x > 0).to(x.dtype)


# --- relu_new_zeros: zeros on the CPU and in float32, whatever x is -> test_functions_work_on_another_device, test_functions_keep_half_precision
def relu(x):
    return torch.where(x <= 0, torch.zeros(x.shape), x)


# --- relu_smooth: log(1 + exp(x)) is only nearly a relu -> test_relu_values, test_functions_are_exact_at_zero
def relu(x):
    return torch.log1p(torch.exp(x))


# --- banned_relu: torch's own -> test_relu_values, test_relu_of_infinity, test_relu_gradient_at_zero
def relu(x):
    return torch.relu(x)


# --- banned_relu_functional: torch's own, from nn.functional -> test_relu_values
def relu(x):
    return nn.functional.relu(x)


# --- banned_relu_module: torch's own, as a module -> test_relu_values
def relu(x):
    return nn.ReLU()(x)


# --- banned_relu_threshold: threshold at 0 is relu -> test_relu_values
def relu(x):
    return torch.threshold(x, 0.0, 0.0)


# --- banned_relu_hardtanh: another function of nn.functional -> test_relu_values
def relu(x):
    return nn.functional.hardtanh(x, 0.0, float("inf"))


# === 4. leaky_relu ===

# --- leaky_max: max(slope * x, x) holds for slopes up to one only -> test_leaky_relu_any_slope
def leaky_relu(x, negative_slope=0.01):
    return torch.maximum(negative_slope * x, x)


# --- leaky_fixed: the slope is always the default -> test_leaky_relu_any_slope, test_leaky_relu_gradients
def leaky_relu(x, negative_slope=0.01):
    return torch.where(x > 0, x, 0.01 * x)


# --- leaky_falsy_slope: takes a slope of 0 for no slope given -> test_leaky_relu_any_slope
def leaky_relu(x, negative_slope=None):
    return torch.where(x > 0, x, (negative_slope or 0.01) * x)


# --- leaky_default: another default slope -> test_leaky_relu_values
def leaky_relu(x, negative_slope=0.1):
    return torch.where(x > 0, x, negative_slope * x)


# --- leaky_constant: the negative side is treated as a constant on the way back -> test_leaky_relu_gradients, test_functions_have_the_right_gradient
def leaky_relu(x, negative_slope=0.01):
    return torch.where(x > 0, x, negative_slope * x.detach())


# --- leaky_signs: the slope is on the wrong side -> test_leaky_relu_values
def leaky_relu(x, negative_slope=0.01):
    return torch.where(x > 0, negative_slope * x, x)


# --- leaky_in_place: scales the negative entries of its argument -> test_functions_leave_their_input_alone
def leaky_relu(x, negative_slope=0.01):
    x[x < 0] *= negative_slope
    return x


# --- banned_leaky_relu: torch's own -> test_leaky_relu_values, test_leaky_relu_any_slope, test_leaky_relu_gradients
def leaky_relu(x, negative_slope=0.01):
    return nn.functional.leaky_relu(x, negative_slope)


# --- banned_leaky_relu_module: torch's own, as a module -> test_leaky_relu_values
def leaky_relu(x, negative_slope=0.01):
    return nn.LeakyReLU(negative_slope)(x)


# --- banned_leaky_relu_relu: two of torch's relus -> test_leaky_relu_values
def leaky_relu(x, negative_slope=0.01):
    return torch.relu(x) - negative_slope * torch.relu(-x)


# === 5. elu ===

# --- elu_harmless_at_zero: the exponential is kept from growing at 0 already, where its slope is wanted -> test_smooth_functions_have_their_slope_at_zero
def elu(x, alpha=1.0):
    harmless = torch.where(x < 0, x, 0.0)
    return torch.where(x > 0, x, alpha * torch.expm1(harmless))


# --- elu_where_exp: exp overflows in the branch not taken -> test_functions_have_finite_gradients_far_out, test_elu_near_zero
def elu(x, alpha=1.0):
    return torch.where(x > 0, x, alpha * (torch.exp(x) - 1))


# --- elu_where_expm1: expm1 overflows in the branch not taken just the same -> test_functions_have_finite_gradients_far_out
def elu(x, alpha=1.0):
    return torch.where(x > 0, x, alpha * torch.expm1(x))


# --- elu_exp_minus_one: safe far out, but exp(x) - 1 loses its digits near 0 -> test_elu_near_zero
def elu(x, alpha=1.0):
    return torch.where(x > 0, x, alpha * (torch.exp(x.clamp(max=0)) - 1))


# --- elu_alpha_ignored: alpha has no effect -> test_elu_alpha
def elu(x, alpha=1.0):
    return torch.where(x > 0, x, torch.expm1(x.clamp(max=0)))


# --- elu_alpha_inside: alpha scales x instead of the result -> test_elu_alpha
def elu(x, alpha=1.0):
    return torch.where(x > 0, x, torch.expm1(alpha * x.clamp(max=0)))


# --- elu_alpha_on_exp: alpha * exp(x) - 1 -> test_elu_alpha
def elu(x, alpha=1.0):
    return torch.where(x > 0, x, alpha * torch.exp(x.clamp(max=0)) - 1)


# --- elu_celu: alpha is in the exponent as well, as in celu -> test_elu_alpha
def elu(x, alpha=1.0):
    return torch.where(x > 0, x, alpha * torch.expm1(x.clamp(max=0) / alpha))


# --- elu_no_minus_one: jumps at 0 -> test_elu_values, test_functions_are_exact_at_zero
def elu(x, alpha=1.0):
    return torch.where(x > 0, x, alpha * torch.exp(x.clamp(max=0)))


# --- banned_elu: torch's own -> test_elu_values, test_elu_alpha, test_elu_near_zero
def elu(x, alpha=1.0):
    return nn.functional.elu(x, alpha)


# --- banned_elu_celu: celu of alpha one is the same curve -> test_elu_values
def elu(x, alpha=1.0):
    return torch.where(x > 0, x, alpha * torch.celu(x))


# --- banned_elu_selu: selu is a scaled elu -> test_elu_values
def elu(x, alpha=1.0):
    scale, its_alpha = 1.0507009873554804934193349852946, 1.6732632423543772848170429916717
    return torch.where(x > 0, x, torch.selu(x) * (alpha / (scale * its_alpha)))


# === 6. mish ===

# --- mish_log_exp: log(1 + exp(x)) overflows, and its gradient is inf / inf -> test_functions_have_finite_gradients_far_out
def mish(x):
    return x * tanh(torch.log(1 + torch.exp(x)))


# --- mish_log1p: log1p(exp(x)) overflows just the same -> test_functions_have_finite_gradients_far_out
def mish(x):
    return x * tanh(torch.log1p(torch.exp(x)))


# --- mish_swish: a sigmoid in place of tanh and softplus, which dips less -> test_mish_has_its_minimum, test_mish_values
def mish(x):
    return x * sigmoid(x)


# --- mish_cut: no dip below 0 -> test_mish_has_its_minimum
def mish(x):
    return torch.where(x <= 0, 0.0, x * tanh(torch.logaddexp(x, torch.zeros_like(x))))


# --- mish_no_factor: tanh(softplus(x)) without x -> test_mish_values, test_functions_are_exact_at_zero
def mish(x):
    return tanh(torch.logaddexp(x, torch.zeros_like(x)))


# --- mish_of_tanh: softplus and tanh in the wrong order -> test_mish_values
def mish(x):
    squashed = tanh(x)
    return x * torch.logaddexp(squashed, torch.zeros_like(x))


# --- mish_gate_detached: no gradient through the second factor -> test_functions_have_the_right_gradient
def mish(x):
    return x * tanh(torch.logaddexp(x, torch.zeros_like(x))).detach()


# --- mish_cpu_zeros: the zeros of softplus are made on the CPU -> test_functions_work_on_another_device
def mish(x):
    return x * tanh(torch.logaddexp(x, torch.zeros(x.shape, dtype=x.dtype)))


# --- banned_mish: torch's own -> test_mish_values, test_mish_has_its_minimum
def mish(x):
    return nn.functional.mish(x)


# --- banned_mish_softplus: torch's softplus inside -> test_mish_values
def mish(x):
    return x * torch.tanh(nn.functional.softplus(x))


# === 7. softmax ===

# --- softmax_naive: exp overflows without the maximum taken off -> test_functions_stand_large_inputs
def softmax(x, dim):
    powers = torch.exp(x)
    return powers / powers.sum(dim, keepdim=True)


# --- softmax_global_max: one maximum for all rows -> test_softmax_keeps_distant_rows_apart
def softmax(x, dim):
    powers = torch.exp(x - x.max())
    return powers / powers.sum(dim, keepdim=True)


# --- softmax_last_dim: dim is ignored -> test_softmax_values, test_softmax_keeps_distant_rows_apart
def softmax(x, dim):
    powers = torch.exp(x - x.amax(-1, keepdim=True))
    return powers / powers.sum(-1, keepdim=True)


# --- softmax_whole: the sum is taken over the whole tensor -> test_softmax_values
def softmax(x, dim):
    powers = torch.exp(x - x.max())
    return powers / powers.sum()


# --- softmax_no_keepdim: maximum and sum without their dim meet the wrong one -> test_softmax_values
def softmax(x, dim):
    powers = torch.exp(x - x.amax(dim))
    return powers / powers.sum(dim)


# --- softmax_eps: a small number in the denominator -> test_softmax_of_one_entry
def softmax(x, dim):
    powers = torch.exp(x - x.amax(dim, keepdim=True))
    return powers / (powers.sum(dim, keepdim=True) + 1e-8)


# --- softmax_float32: everything is computed in float32 -> test_softmax_values, test_functions_have_the_right_gradient
def softmax(x, dim):
    wide = x.float()
    powers = torch.exp(wide - wide.amax(dim, keepdim=True))
    return (powers / powers.sum(dim, keepdim=True)).to(x.dtype)


# --- softmax_stays_wide: does not go back to the dtype of x -> test_functions_keep_half_precision
def softmax(x, dim):
    wide = x.to(torch.promote_types(x.dtype, torch.float32))
    powers = torch.exp(wide - wide.amax(dim, keepdim=True))
    return powers / powers.sum(dim, keepdim=True)


# --- softmax_half_sum: the sum of a long float16 row is inf -> test_softmax_of_a_long_row_in_float16
def softmax(x, dim):
    powers = torch.exp(x - x.amax(dim, keepdim=True))
    return powers / powers.sum(dim, keepdim=True)


# --- softmax_mutates: takes the maximum off its argument -> test_functions_leave_their_input_alone
def softmax(x, dim):
    x -= x.amax(dim, keepdim=True)
    powers = torch.exp(x)
    return powers / powers.sum(dim, keepdim=True)


# --- softmax_in_place_exp: divides the result of exp in place, which exp needs for its gradient -> test_functions_have_the_right_gradient
def softmax(x, dim):
    powers = torch.exp(x - x.amax(dim, keepdim=True))
    powers /= powers.sum(dim, keepdim=True)
    return powers


# --- softmax_no_empty: the maximum of no numbers raises -> test_softmax_of_empty_dims
def softmax(x, dim):
    powers = torch.exp(x - x.amax(dim, keepdim=True))
    return powers / powers.sum(dim, keepdim=True)


# --- softmax_max_of_empty: x.max() raises for an empty batch -> test_functions_take_empty_batches, test_softmax_of_empty_dims
def softmax(x, dim):
    powers = torch.exp(x - x.max())
    return powers / powers.sum(dim, keepdim=True)


# --- softmax_empty_flat: an empty result without the shape of x -> test_softmax_of_empty_dims, test_functions_take_empty_batches
_right_softmax = softmax


def softmax(x, dim):
    return _right_softmax(x, dim) if x.numel() else torch.zeros(0, dtype=x.dtype)


# --- softmax_mean: the average is taken off instead of the maximum -> test_softmax_of_masked_entries
def softmax(x, dim):
    powers = torch.exp(x - x.mean(dim, keepdim=True))
    return powers / powers.sum(dim, keepdim=True)


# --- softmax_finite_mask: -inf is replaced by a number that others may fall below -> test_softmax_of_masked_entries
_right_softmax = softmax


def softmax(x, dim):
    return _right_softmax(x.masked_fill(x == float("-inf"), -100.0), dim)


# --- softmax_hides_nan: 0 / 0 becomes 0 -> test_softmax_without_a_finite_maximum, test_functions_pass_nan_on
_right_softmax = softmax


def softmax(x, dim):
    return _right_softmax(x, dim).nan_to_num(0.0)


# --- softmax_lowest: -inf is replaced by the lowest number, so that a masked row gets even shares -> test_softmax_without_a_finite_maximum
_right_softmax = softmax


def softmax(x, dim):
    return _right_softmax(x.clamp(min=torch.finfo(x.dtype).min), dim)


# --- softmax_constant_sum: the sum is treated as a constant on the way back -> test_functions_have_the_right_gradient
def softmax(x, dim):
    if x.numel() == 0:
        return x.clone()
    powers = torch.exp(x - x.amax(dim, keepdim=True))
    return powers / powers.sum(dim, keepdim=True).detach()


# --- banned_softmax: torch's own -> test_softmax_values, test_softmax_keeps_distant_rows_apart
def softmax(x, dim):
    return torch.softmax(x, dim)


# --- banned_softmax_method: torch's own, as a method -> test_softmax_values
def softmax(x, dim):
    return x.softmax(dim)


# --- banned_softmax_log: the exponential of torch's log_softmax -> test_softmax_values
def softmax(x, dim):
    return torch.log_softmax(x, dim).exp()


# --- banned_softmax_logsumexp: logsumexp does the work -> test_softmax_values
def softmax(x, dim):
    return torch.exp(x - torch.logsumexp(x, dim, keepdim=True))


# === 8. PReLU ===

# --- prelu_seed: max(0, slope * x) leaves nothing of a negative number -> test_prelu_shares_one_slope
class PReLU(PReLU):
    def forward(self, x):
        return relu(self.weight * x) if len(self.weight) == 1 else super().forward(x)


# --- prelu_last_dim: slopes meet the last dim -> test_prelu_has_a_slope_for_each_channel, test_prelu_channel_is_dim_one, test_prelu_rejects_other_channel_counts
class PReLU(PReLU):
    def forward(self, x):
        return torch.where(x > 0, x, self.weight * x)


# --- prelu_last_if_it_fits: slopes meet the last dim where its size allows -> test_prelu_channel_is_dim_one, test_prelu_rejects_other_channel_counts
class PReLU(PReLU):
    def forward(self, x):
        return torch.where(x > 0, x, self.weight * x) if x.shape[-1] == len(self.weight) else super().forward(x)


# --- prelu_images_only: slopes are shaped for four dims -> test_prelu_has_a_slope_for_each_channel
class PReLU(PReLU):
    def forward(self, x):
        return torch.where(x > 0, x, self.weight.view(1, -1, 1, 1) * x)


# --- prelu_plain_tensor: slopes are a plain attribute -> test_prelu_registers_its_slopes
class PReLU(nn.Module):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.weight = torch.full((num_parameters,), init, requires_grad=True)

    def forward(self, x):
        return torch.where(x > 0, x, self.weight.view(-1, *[1] * (x.dim() - 2)) * x)


# --- prelu_buffer: slopes are a buffer, so they are saved but never trained -> test_prelu_registers_its_slopes, test_prelu_gradients
class PReLU(PReLU):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__(num_parameters, init)
        start = self.weight.detach()
        del self.weight
        self.register_buffer("weight", start)


# --- prelu_wide_weight: the parameter has the shape of its use -> test_prelu_registers_its_slopes
class PReLU(PReLU):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__()
        self.weight = nn.Parameter(torch.full((1, num_parameters, 1, 1), init))


# --- prelu_init_ignored: every slope starts at the default -> test_prelu_registers_its_slopes
class PReLU(PReLU):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__(num_parameters)


# --- prelu_constant_slope: weight is read as data, so it never learns -> test_prelu_gradients
class PReLU(PReLU):
    def forward(self, x):
        slope = self.weight.detach()
        return torch.where(x > 0, x, slope.view(-1, *[1] * (x.dim() - 2)) * x)


# --- prelu_init_used: forward uses the start value instead of weight -> test_prelu_shares_one_slope, test_prelu_gradients
class PReLU(PReLU):
    def __init__(self, num_parameters=1, init=0.25):
        super().__init__(num_parameters, init)
        self.init = init

    def forward(self, x):
        return torch.where(x > 0, x, self.init * x)


# --- prelu_clipped: negative slopes are taken for 0 -> test_prelu_takes_any_slope
class PReLU(PReLU):
    def forward(self, x):
        slope = self.weight.clamp(min=0).view(-1, *[1] * (x.dim() - 2))
        return torch.where(x > 0, x, slope * x)


# --- prelu_max: the larger of x and slope * x holds for slopes up to one only -> test_prelu_takes_any_slope
class PReLU(PReLU):
    def forward(self, x):
        return torch.maximum(x, self.weight.view(-1, *[1] * (x.dim() - 2)) * x)


# --- prelu_no_check: broadcasting blows up a single channel -> test_prelu_rejects_other_channel_counts
class PReLU(PReLU):
    def forward(self, x):
        return torch.where(x > 0, x, self.weight.view(-1, *[1] * (x.dim() - 2)) * x)


# --- prelu_first_channel: one slope serves all channels -> test_prelu_has_a_slope_for_each_channel
class PReLU(PReLU):
    def forward(self, x):
        return torch.where(x > 0, x, self.weight[0] * x)


# --- prelu_in_place: scales the negative entries of its argument -> test_functions_leave_their_input_alone
class PReLU(PReLU):
    def forward(self, x):
        x.copy_(super().forward(x))
        return x


# --- banned_prelu: torch's own -> test_prelu_shares_one_slope, test_prelu_has_a_slope_for_each_channel
class PReLU(PReLU):
    def forward(self, x):
        return nn.functional.prelu(x, self.weight)


# --- banned_prelu_module: torch's own module -> test_prelu_shares_one_slope
class PReLU(nn.PReLU):
    pass
