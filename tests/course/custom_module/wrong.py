"""Wrong answers, a block each: appended to the solution, a block replaces what it defines anew.

Its header gives its id, the misconception, and the tests that must reject it.
"""

# --- linear_weight_in_by_out: the weight has shape (in, out) -> test_linear_computes_the_affine_map, test_linear_registers_its_parameters
class Linear(Linear):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__(in_features, out_features, bias, device, dtype)
        self.weight = nn.Parameter(self.weight.detach().T.contiguous())

    def forward(self, x):
        y = x @ self.weight
        return y if self.bias is None else y + self.bias


# --- linear_activation_inside: a fully connected layer is sigma(Wx + b) -> test_linear_computes_the_affine_map
class Linear(Linear):
    def forward(self, x):
        return super().forward(x).relu()


# --- linear_bias_forgotten: the bias is created and never added -> test_linear_computes_the_affine_map, test_linear_gradients
class Linear(Linear):
    def forward(self, x):
        return x @ self.weight.T


# --- linear_matrices_only: the product takes 2-D input alone -> test_linear_acts_on_the_last_dimension
class Linear(Linear):
    def forward(self, x):
        y = torch.mm(x, self.weight.T)
        return y if self.bias is None else y + self.bias


# --- linear_rows_stay_flat: leading dimensions are flattened and not brought back -> test_linear_acts_on_the_last_dimension
class Linear(Linear):
    def forward(self, x):
        return super().forward(x.reshape(-1, x.shape[-1]))


# --- linear_squeezes: a dimension of size 1 is squeezed away -> test_linear_acts_on_the_last_dimension
class Linear(Linear):
    def forward(self, x):
        return super().forward(x).squeeze()


# --- linear_plain_tensors: weight and bias are plain tensors with requires_grad -> test_linear_registers_its_parameters, test_linear_moves_to_another_device, test_linear_in_half_precision
class Linear(nn.Module):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        weight = torch.empty(out_features, in_features, device=device, dtype=dtype).uniform_(-bound, bound)
        self.weight = weight.requires_grad_()
        self.bias = torch.zeros(out_features, device=device, dtype=dtype).requires_grad_() if bias else None

    def forward(self, x):
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias


# --- linear_frozen: the parameters are created with requires_grad=False -> test_linear_registers_its_parameters
class Linear(Linear):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.requires_grad_(False)


# --- linear_bias_false_is_zeros: bias=False keeps a bias of zeros -> test_linear_without_bias
class Linear(Linear):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__(in_features, out_features, True, device, dtype)
        if not bias:
            nn.init.zeros_(self.bias)
            self.bias.requires_grad_(False)


# --- linear_bias_false_is_missing: with bias=False there is no attribute at all -> test_linear_without_bias
class Linear(Linear):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__(in_features, out_features, True, device, dtype)
        if not bias:
            del self.bias

    def forward(self, x):
        y = x @ self.weight.T
        return y + self.bias if hasattr(self, "bias") else y


# --- linear_memory_never_filled: torch.empty is left as it is -> test_linear_weight_starts_uniform
class Linear(Linear):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__(in_features, out_features, bias, device, dtype)
        torch.ones(out_features * in_features)  # what lay in that memory before
        self.weight = nn.Parameter(torch.empty(out_features, in_features, device=device, dtype=dtype))


# --- linear_normal_times_100: the start is 100 * randn -> test_linear_weight_starts_uniform
class Linear(Linear):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__(in_features, out_features, bias, device, dtype)
        self.weight = nn.Parameter(torch.randn(out_features, in_features, device=device, dtype=dtype) * 100)


# --- linear_zeros: the start is zero -> test_linear_weight_starts_uniform, test_linear_start_follows_the_seed
class Linear(Linear):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        nn.init.zeros_(self.weight)


# --- linear_bound_from_out_features: the bound is taken from the wrong side -> test_linear_weight_starts_uniform
class Linear(Linear):
    def __init__(self, in_features, out_features, *args, **kwargs):
        super().__init__(in_features, out_features, *args, **kwargs)
        nn.init.uniform_(self.weight, -1 / math.sqrt(out_features), 1 / math.sqrt(out_features))


# --- linear_xavier: the start is Xavier's -> test_linear_weight_starts_uniform
class Linear(Linear):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        nn.init.xavier_uniform_(self.weight)


# --- linear_positive_start: rand is not centred -> test_linear_weight_starts_uniform
class Linear(Linear):
    def __init__(self, in_features, *args, **kwargs):
        super().__init__(in_features, *args, **kwargs)
        nn.init.uniform_(self.weight, 0, 1 / math.sqrt(in_features))


# --- linear_truncated_normal: a normal start cut off at the bound has the right ends and the wrong shape -> test_linear_weight_starts_uniform
class Linear(Linear):
    def __init__(self, in_features, *args, **kwargs):
        super().__init__(in_features, *args, **kwargs)
        bound = 1 / math.sqrt(in_features)
        nn.init.trunc_normal_(self.weight, 0, bound / math.sqrt(3), -bound, bound)


# --- linear_reseeds: the constructor sets a seed -> test_linear_start_follows_the_seed
class Linear(Linear):
    def __init__(self, *args, **kwargs):
        torch.manual_seed(0)
        super().__init__(*args, **kwargs)


# --- linear_own_generator: the start comes from a generator that follows no seed -> test_linear_start_follows_the_seed
class Linear(Linear):
    def __init__(self, in_features, *args, **kwargs):
        super().__init__(in_features, *args, **kwargs)
        generator = torch.Generator()
        generator.seed()
        bound = 1 / math.sqrt(in_features)
        if self.weight.device.type == "cpu":
            nn.init.uniform_(self.weight, -bound, bound, generator=generator)


# --- linear_wears_out: forward changes the weight -> test_linear_start_follows_the_seed
class Linear(Linear):
    def forward(self, x):
        y = super().forward(x)
        if self.weight.device.type == "cpu":
            self.weight.data *= 0.99
        return y


# --- linear_parameter_to: nn.Parameter(…).to(…) is no parameter any more -> test_linear_builds_in_a_dtype_on_a_device
class Linear(nn.Module):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__()
        bound = 1 / math.sqrt(in_features)
        weight = torch.empty(out_features, in_features).uniform_(-bound, bound)
        self.weight = nn.Parameter(weight).to(device=device, dtype=dtype)
        self.bias = nn.Parameter(torch.zeros(out_features)).to(device=device, dtype=dtype) if bias else None

    def forward(self, x):
        y = x @ self.weight.T
        return y if self.bias is None else y + self.bias


# --- linear_ignores_dtype: device and dtype are accepted and not used -> test_linear_builds_in_a_dtype_on_a_device
class Linear(Linear):
    def __init__(self, in_features, out_features, bias=True, device=None, dtype=None):
        super().__init__(in_features, out_features, bias)


# --- linear_answers_in_float32: forward computes and answers in float32 -> test_linear_in_half_precision
class Linear(Linear):
    def forward(self, x):
        y = x.float() @ self.weight.float().T
        return y if self.bias is None else y + self.bias.float()


# --- linear_detached: forward takes the weight out of the graph -> test_linear_gradients
class Linear(Linear):
    def forward(self, x):
        y = x @ self.weight.data.T
        return y if self.bias is None else y + self.bias


# --- linear_view_of_a_view: view works for contiguous input alone -> test_linear_reads_views
class Linear(Linear):
    def forward(self, x):
        return super().forward(x.view(-1, x.shape[-1])).view(*x.shape[:-1], len(self.weight))


# --- linear_scales_in_place: forward works in the caller's tensor -> test_linear_reads_views
class Linear(Linear):
    def forward(self, x):
        with torch.no_grad():
            x.mul_(2)
        return super().forward(x / 2)


# --- linear_zeros_on_the_cpu: without a bias, zeros from the CPU are added -> test_linear_moves_to_another_device
class Linear(Linear):
    def forward(self, x):
        bias = torch.zeros(self.weight.shape[0], dtype=x.dtype) if self.bias is None else self.bias
        return x @ self.weight.T + bias


# --- banned_linear_module: a subclass of PyTorch's own layer -> test_linear_computes_the_affine_map, test_linear_registers_its_parameters, test_linear_without_bias
class Linear(nn.Linear):
    pass


# --- banned_linear_functional: PyTorch's own function does the work -> test_linear_computes_the_affine_map, test_linear_acts_on_the_last_dimension
class Linear(Linear):
    def forward(self, x):
        return nn.functional.linear(x, self.weight, self.bias)


# --- mlp_python_list: the layers stand in a Python list -> test_mlp_registers_its_layers, test_mlp_puts_relu_between_layers, test_mlp_moves_to_another_device
class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = [Linear(before, after) for before, after in pairwise(sizes)]

    forward = MLP.forward


# --- mlp_one_layer_for_each_size: a dict by size makes layers of the same size share one layer -> test_mlp_registers_its_layers
class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        by_size = {pair: Linear(*pair) for pair in pairwise(sizes)}
        self.layers = nn.ModuleList(by_size[pair] for pair in pairwise(sizes))

    forward = MLP.forward


# --- mlp_relu_at_the_end: a ReLU follows every layer, the last one too -> test_mlp_puts_relu_between_layers, test_mlp_with_one_layer
class MLP(MLP):
    def forward(self, x):
        return super().forward(x).relu()


# --- mlp_no_relu: the layers follow one another without a ReLU -> test_mlp_puts_relu_between_layers
class MLP(MLP):
    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x


# --- mlp_relu_first: the ReLU stands before each layer -> test_mlp_puts_relu_between_layers, test_mlp_with_one_layer
class MLP(MLP):
    def forward(self, x):
        return super().forward(x.relu())


# --- mlp_two_layers_at_least: the first and the last layer are taken to be different ones -> test_mlp_with_one_layer
class MLP(MLP):
    def forward(self, x):
        x = self.layers[0](x).relu()
        for layer in self.layers[1:-1]:
            x = layer(x).relu()
        return self.layers[-1](x)


# --- mlp_starts_at_zero: all weights start at zero -> test_mlp_start_follows_the_seed
class MLP(MLP):
    def __init__(self, sizes):
        super().__init__(sizes)
        for parameter in self.parameters():
            nn.init.zeros_(parameter)


# --- mlp_reseeds: the constructor sets a seed -> test_mlp_start_follows_the_seed
class MLP(MLP):
    def __init__(self, sizes):
        torch.manual_seed(0)
        super().__init__(sizes)


# --- mlp_detaches_hidden_layers: the hidden values leave the graph -> test_mlp_gradients
class MLP(MLP):
    def forward(self, x):
        *hidden, last = self.layers
        for layer in hidden:
            x = layer(x).data.relu()
        return last(x)


# --- mlp_uses_up_the_sizes: the constructor empties the caller's list -> test_mlp_takes_any_batch
class MLP(nn.Module):
    def __init__(self, sizes):
        super().__init__()
        self.layers = nn.ModuleList()
        before = sizes.pop(0)
        while sizes:
            self.layers.append(Linear(before, sizes[0]))
            before = sizes.pop(0)

    forward = MLP.forward


# --- mlp_drops_the_batch_of_one: a batch of one row loses its dimension -> test_mlp_takes_any_batch
class MLP(MLP):
    def forward(self, x):
        return super().forward(x).squeeze(0)


# --- mlp_relu_in_place_on_the_input: the input is cleaned in place -> test_mlp_takes_any_batch
class MLP(MLP):
    def forward(self, x):
        with torch.no_grad():
            x.clamp_(-1e6, 1e6)
        return super().forward(x)


# --- dropout_active_in_evaluation: the mode is not looked at -> test_dropout_is_off_in_evaluation
class Dropout(Dropout):
    def forward(self, x):
        mode, self.training = self.training, True
        y = super().forward(x)
        self.training = mode
        return y


# --- dropout_scales_in_evaluation: not inverted, so evaluation multiplies by 1 - p -> test_dropout_is_off_in_evaluation, test_dropout_scales_what_it_keeps
class Dropout(Dropout):
    def forward(self, x):
        if not self.training:
            return x * (1 - self.p)
        return x * (torch.rand(x.shape, device=x.device) >= self.p)


# --- dropout_p_one_comes_first: p=1 gives zeros in evaluation too -> test_dropout_is_off_in_evaluation
class Dropout(Dropout):
    def forward(self, x):
        return x * 0 if self.p == 1 else super().forward(x)


# --- dropout_no_scale: the kept elements are not divided by 1 - p -> test_dropout_scales_what_it_keeps
class Dropout(Dropout):
    def forward(self, x):
        return x * (torch.rand(x.shape, device=x.device) >= self.p) if self.training else x


# --- dropout_divides_by_p: the kept elements are divided by p -> test_dropout_scales_what_it_keeps
class Dropout(Dropout):
    def forward(self, x):
        return x * (torch.rand(x.shape, device=x.device) >= self.p) / self.p if self.training else x


# --- dropout_p_keeps: p is taken for the probability of keeping -> test_dropout_rate
class Dropout(Dropout):
    def forward(self, x):
        return x * (torch.rand(x.shape, device=x.device) < self.p) / (1 - self.p) if self.training else x


# --- dropout_other_default: the default of p is not a half -> test_dropout_rate
class Dropout(Dropout):
    def __init__(self, p=0.1):
        super().__init__(p)


# --- dropout_normal_draw: randn takes the place of rand -> test_dropout_rate
class Dropout(Dropout):
    def forward(self, x):
        return x * (torch.randn(x.shape, device=x.device) >= self.p) / (1 - self.p) if self.training else x


# --- dropout_one_mask_for_all_rows: the mask has the last dimension's size alone -> test_dropout_decides_for_each_element
class Dropout(Dropout):
    def forward(self, x):
        return x * (torch.rand(x.shape[-1:], device=x.device) >= self.p) / (1 - self.p) if self.training else x


# --- dropout_whole_rows: a whole row is kept or dropped -> test_dropout_decides_for_each_element
class Dropout(Dropout):
    def forward(self, x):
        mask = torch.rand(*x.shape[:-1], 1, device=x.device) >= self.p
        return x * mask / (1 - self.p) if self.training else x


# --- dropout_one_mask_for_all_samples: all samples of a batch share a mask -> test_dropout_decides_for_each_element
class Dropout(Dropout):
    def forward(self, x):
        mask = torch.rand(x.shape[1:], device=x.device) >= self.p
        return x * mask / (1 - self.p) if self.training else x


# --- dropout_a_fixed_number: exactly the share p of the elements is dropped -> test_dropout_decides_for_each_element
class Dropout(Dropout):
    def forward(self, x):
        if not self.training or self.p == 1:
            return super().forward(x)
        order = torch.randperm(x.numel(), device=x.device).reshape(x.shape)
        return x * (order >= round(self.p * x.numel())) / (1 - self.p)


# --- dropout_reseeds: forward sets a seed, so that the mask is the same each time -> test_dropout_draws_a_new_mask_each_time
class Dropout(Dropout):
    def forward(self, x):
        torch.manual_seed(0)
        return super().forward(x)


# --- dropout_reseeds_when_built: the constructor sets a seed, so that every layer has the same masks -> test_dropout_draws_a_new_mask_each_time
class Dropout(Dropout):
    def __init__(self, p=0.5):
        super().__init__(p)
        torch.manual_seed(42)


# --- dropout_keeps_its_mask: the first mask is kept for good -> test_dropout_draws_a_new_mask_each_time
class Dropout(Dropout):
    mask = None

    def forward(self, x):
        if not self.training or self.p == 1:
            return super().forward(x)
        if self.mask is None or self.mask.shape != x.shape:
            self.mask = torch.rand(x.shape, device=x.device) >= self.p
        return x * self.mask / (1 - self.p)


# --- dropout_zero_by_zero: with p=1, 0 / 0 is NaN -> test_dropout_at_its_ends
class Dropout(Dropout):
    def forward(self, x):
        return x * (torch.rand(x.shape, device=x.device) >= self.p) / x.new_tensor(1 - self.p) if self.training else x


# --- dropout_new_zeros: with p=1, new zeros have lost the graph -> test_dropout_at_its_ends
class Dropout(Dropout):
    def forward(self, x):
        return torch.zeros_like(x) if self.training and self.p == 1 else super().forward(x)


# --- dropout_clamps_p: a p outside [0, 1] is clamped without a word -> test_dropout_rejects_what_is_no_probability
class Dropout(Dropout):
    def __init__(self, p=0.5):
        super().__init__(min(max(p, 0), 1))


# --- dropout_complains_late: p is looked at in forward alone -> test_dropout_rejects_what_is_no_probability
class Dropout(Dropout):
    def __init__(self, p=0.5):
        super().__init__()
        self.p = p


# --- dropout_gradient_passes_all: the mask is no part of the graph -> test_dropout_gradients
class Dropout(Dropout):
    def forward(self, x):
        return x + (super().forward(x) - x).detach()


# --- dropout_float_mask: a float32 mask and factor turn the result into float32 -> test_dropout_keeps_the_dtype
class Dropout(Dropout):
    def forward(self, x):
        return x * (torch.rand(x.shape, device=x.device) >= self.p).float() / (1 - self.p) if self.training else x


# --- dropout_in_place: the input itself is masked -> test_dropout_reads_views
class Dropout(Dropout):
    def forward(self, x):
        if not self.training or self.p == 1:
            return super().forward(x)
        mask = (torch.rand(x.shape, device=x.device) >= self.p) / (1 - self.p)
        return x.mul_(mask) if not x.requires_grad else x * mask


# --- dropout_mask_on_the_cpu: the mask is drawn on the CPU -> test_dropout_works_on_another_device
class Dropout(Dropout):
    def forward(self, x):
        return x * (torch.rand(x.shape) >= self.p) / (1 - self.p) if self.training else x


# --- banned_dropout_functional: PyTorch's own function does the work -> test_dropout_scales_what_it_keeps, test_dropout_rate
class Dropout(Dropout):
    def forward(self, x):
        return nn.functional.dropout(x, self.p, self.training)


# --- banned_dropout_module: a subclass of PyTorch's own layer -> test_dropout_scales_what_it_keeps, test_dropout_at_its_ends
class Dropout(nn.Dropout):
    pass


# --- norm_unbiased_normalizer: the batch is normalized by the variance over N - 1 -> test_batch_norm_in_training
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        y = super().forward(x)
        if not self.training:
            return y
        return (x - x.mean(0)) / torch.sqrt(x.var(0) + self.eps) * self.weight + self.bias


# --- norm_running_statistics_in_training: training normalizes by the running statistics -> test_batch_norm_in_training
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        if self.training:
            self._track(x)
        return (x - self.running_mean) / torch.sqrt(self.running_var + self.eps) * self.weight + self.bias


# --- norm_eps_outside_the_root: eps is added to the deviation -> test_batch_norm_in_training
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        super().forward(x)
        mean, std = (x.mean(0), x.std(0, correction=0)) if self.training else (self.running_mean, self.running_var.sqrt())
        return (x - mean) / (std + self.eps) * self.weight + self.bias


# --- norm_over_the_features: each row is normalized, as in layer norm -> test_batch_norm_in_training
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        y = super().forward(x)
        if not self.training:
            return y
        return (x - x.mean(1, True)) / torch.sqrt(x.var(1, correction=0, keepdim=True) + self.eps) * self.weight + self.bias


# --- norm_batch_statistics_in_evaluation: evaluation normalizes by the batch at hand -> test_batch_norm_in_evaluation
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        if self.training:
            return super().forward(x)
        return (x - x.mean(0)) / torch.sqrt(x.var(0, correction=0) + self.eps) * self.weight + self.bias


# --- norm_biased_running_var: the variance over N goes into running_var -> test_batch_norm_tracks_statistics
class BatchNorm1d(BatchNorm1d):
    @torch.no_grad()
    def _track(self, x):
        self.running_mean.lerp_(x.mean(0), self.momentum)
        self.running_var.lerp_(x.var(0, correction=0), self.momentum)
        self.num_batches_tracked += 1


# --- norm_momentum_swapped: momentum is taken for the share of the old -> test_batch_norm_tracks_statistics
class BatchNorm1d(BatchNorm1d):
    @torch.no_grad()
    def _track(self, x):
        self.running_mean.lerp_(x.mean(0), 1 - self.momentum)
        self.running_var.lerp_(x.var(0), 1 - self.momentum)
        self.num_batches_tracked += 1


# --- norm_other_eps: the default of eps is another library's -> test_batch_norm_defaults
class BatchNorm1d(BatchNorm1d):
    def __init__(self, num_features, eps=1e-3, momentum=0.1):
        super().__init__(num_features, eps, momentum)


# --- norm_other_momentum: the default of momentum is another library's -> test_batch_norm_defaults
class BatchNorm1d(BatchNorm1d):
    def __init__(self, num_features, eps=1e-5, momentum=0.01):
        super().__init__(num_features, eps, momentum)


# --- norm_statistics_as_parameters: the running statistics are parameters -> test_batch_norm_parameters_and_buffers
class BatchNorm1d(BatchNorm1d):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps, momentum)
        for name in ("running_mean", "running_var"):
            start = getattr(self, name)
            delattr(self, name)
            self.register_parameter(name, nn.Parameter(start, requires_grad=False))


# --- norm_statistics_as_attributes: the running statistics are plain attributes -> test_batch_norm_parameters_and_buffers, test_batch_norm_moves_to_another_device
class BatchNorm1d(BatchNorm1d):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps, momentum)
        for name in ("running_mean", "running_var"):
            start = getattr(self, name)
            delattr(self, name)
            setattr(self, name, start)


# --- norm_counter_as_number: the counter is a Python number, and not saved -> test_batch_norm_parameters_and_buffers, test_batch_norm_counts_batches
class BatchNorm1d(BatchNorm1d):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps, momentum)
        del self.num_batches_tracked
        self.num_batches_tracked = 0


# --- norm_variance_starts_at_zero: running_var starts at zero -> test_batch_norm_start_values
class BatchNorm1d(BatchNorm1d):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps, momentum)
        self.running_var.zero_()


# --- norm_random_weight: the weight starts random, as a linear layer's does -> test_batch_norm_start_values
class BatchNorm1d(BatchNorm1d):
    def __init__(self, num_features, eps=1e-5, momentum=0.1):
        super().__init__(num_features, eps, momentum)
        nn.init.uniform_(self.weight)


# --- norm_updates_in_evaluation: evaluation moves the running statistics too -> test_batch_norm_evaluation_changes_nothing
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        y = super().forward(x)
        if not self.training and len(x) > 1:
            self._track(x)
        return y


# --- norm_counts_in_evaluation: evaluation counts too -> test_batch_norm_evaluation_changes_nothing
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        if not self.training:
            self.num_batches_tracked += 1
        return super().forward(x)


# --- norm_takes_one_sample: a single sample in training gives NaN statistics -> test_batch_norm_rejects_one_sample
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        if not self.training or len(x) > 1:
            return super().forward(x)
        self._track(x)
        return (x - x.mean(0)) * self.weight + self.bias


# --- norm_asserts_on_one_sample: a single sample ends in an assertion -> test_batch_norm_rejects_one_sample
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        assert len(x) > 1 or not self.training
        return super().forward(x)


# --- norm_counter_forgotten: the counter is there and never moves -> test_batch_norm_counts_batches
class BatchNorm1d(BatchNorm1d):
    @torch.no_grad()
    def _track(self, x):
        self.running_mean.lerp_(x.mean(0), self.momentum)
        self.running_var.lerp_(x.var(0), self.momentum)


# --- norm_counts_samples: the counter counts samples -> test_batch_norm_counts_batches
class BatchNorm1d(BatchNorm1d):
    @torch.no_grad()
    def _track(self, x):
        super()._track(x)
        self.num_batches_tracked += len(x) - 1


# --- norm_detached_statistics: the batch's statistics leave the graph -> test_batch_norm_gradients
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        y = super().forward(x)
        if not self.training:
            return y
        mean, var = x.detach().mean(0), x.detach().var(0, correction=0)
        return (x - mean) / torch.sqrt(var + self.eps) * self.weight + self.bias


# --- norm_statistics_keep_the_graph: the running statistics are not detached -> test_batch_norm_statistics_carry_no_graph
class BatchNorm1d(BatchNorm1d):
    def _track(self, x):
        self.running_mean = (1 - self.momentum) * self.running_mean + self.momentum * x.mean(0)
        self.running_var = (1 - self.momentum) * self.running_var + self.momentum * x.var(0)
        self.num_batches_tracked += 1


# --- norm_answers_in_float32: forward computes and answers in float32 -> test_batch_norm_in_half_precision
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        y = super().forward(x)
        return y.float() if y.dtype == torch.bfloat16 else y


# --- norm_centres_in_place: the input itself is centred -> test_batch_norm_reads_views
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        if self.training and not x.requires_grad:
            y = super().forward(x)
            x -= x.mean(0)
            return y
        return super().forward(x)


# --- norm_view_of_a_view: view works for contiguous input alone -> test_batch_norm_reads_views
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        return super().forward(x.view(-1).view(x.shape))


# --- norm_eps_on_the_cpu: eps is a tensor made on the CPU for each column -> test_batch_norm_moves_to_another_device
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        y = super().forward(x)
        return y + torch.zeros(x.shape[1], dtype=x.dtype)


# --- banned_batch_norm_functional: PyTorch's own function does the work -> test_batch_norm_in_training, test_batch_norm_in_evaluation
class BatchNorm1d(BatchNorm1d):
    def forward(self, x):
        y = nn.functional.batch_norm(
            x, self.running_mean, self.running_var, self.weight, self.bias, self.training, self.momentum, self.eps
        )
        self.num_batches_tracked += self.training
        return y


# --- banned_batch_norm_module: a subclass of PyTorch's own layer -> test_batch_norm_in_training, test_batch_norm_tracks_statistics
class BatchNorm1d(nn.BatchNorm1d):
    pass


# --- ema_swapped: decay is taken for the share of the new -> test_ema_follows_the_formula
class EMA(EMA):
    def __init__(self, num_features, decay=0.99):
        super().__init__(num_features, 1 - decay)


# --- ema_starts_at_the_first_mean: the first batch replaces the zeros -> test_ema_follows_the_formula
class EMA(EMA):
    @torch.no_grad()
    def forward(self, x):
        if self.training and not self.average.any():
            self.average = x.mean(0)
            return self.average
        return super().forward(x)


# --- ema_corrects_the_start: the result is corrected for the start at zero, as Adam does -> test_ema_follows_the_formula
class EMA(EMA):
    steps = 0

    def forward(self, x):
        self.steps += self.training
        return super().forward(x) / (1 - self.decay ** max(self.steps, 1))


# --- ema_never_rests: the average moves in evaluation too -> test_ema_rests_in_evaluation
class EMA(EMA):
    @torch.no_grad()
    def forward(self, x):
        self.average = self.decay * self.average + (1 - self.decay) * x.mean(0)
        return self.average


# --- ema_batch_mean_in_evaluation: evaluation returns the batch's own mean -> test_ema_rests_in_evaluation
class EMA(EMA):
    def forward(self, x):
        return super().forward(x) if self.training else x.detach().mean(0)


# --- ema_plain_attribute: the average is a plain attribute, and .to does not move it -> test_ema_average_is_a_buffer_that_is_not_saved, test_ema_follows_the_dtype, test_ema_moves_to_another_device
class EMA(EMA):
    def __init__(self, num_features, decay=0.99):
        super().__init__(num_features, decay)
        del self.average
        self.average = torch.zeros(num_features)


# --- ema_saved: the buffer is persistent -> test_ema_average_is_a_buffer_that_is_not_saved
class EMA(EMA):
    def __init__(self, num_features, decay=0.99):
        super().__init__(num_features, decay)
        self.register_buffer("average", torch.zeros(num_features))


# --- ema_parameter: the average is a frozen parameter -> test_ema_average_is_a_buffer_that_is_not_saved
class EMA(nn.Module):
    def __init__(self, num_features, decay=0.99):
        super().__init__()
        self.decay = decay
        self.average = nn.Parameter(torch.zeros(num_features), requires_grad=False)

    @torch.no_grad()
    def forward(self, x):
        if self.training:
            self.average.lerp_(x.mean(0), 1 - self.decay)
        return self.average


# --- ema_float32: the average is kept in float32 whatever the module's dtype is -> test_ema_follows_the_dtype
class EMA(EMA):
    @torch.no_grad()
    def forward(self, x):
        super().forward(x)
        self.average = self.average.float()
        return self.average


# --- ema_keeps_the_graph: the average is not detached -> test_ema_carries_no_gradient
class EMA(EMA):
    def forward(self, x):
        if self.training:
            self.average = self.decay * self.average + (1 - self.decay) * x.mean(0)
        return self.average


# --- ema_detaches_the_buffer_alone: the buffer is detached, the result is not -> test_ema_carries_no_gradient
class EMA(EMA):
    def forward(self, x):
        if not self.training:
            return self.average
        average = self.decay * self.average + (1 - self.decay) * x.mean(0)
        self.average = average.detach()
        return average


# --- ema_scales_in_place: the input itself is scaled -> test_ema_reads_views
class EMA(EMA):
    @torch.no_grad()
    def forward(self, x):
        if self.training:
            self.average = self.decay * self.average + x.mul_(1 - self.decay).mean(0)
        return self.average


# --- ema_new_zeros_on_the_cpu: a sum starts from zeros made on the CPU -> test_ema_moves_to_another_device
class EMA(EMA):
    @torch.no_grad()
    def forward(self, x):
        return super().forward(x) + torch.zeros(x.shape[1], dtype=x.dtype)


# --- count_tensors: tensors are counted, not the numbers in them -> test_count_adds_up_all_layers
def count_parameters(module, trainable_only=False):
    return len([p for p in module.parameters() if p.requires_grad or not trainable_only])


# --- count_own_parameters: inner modules are left out -> test_count_adds_up_all_layers
def count_parameters(module, trainable_only=False):
    return sum(p.numel() for p in module.parameters(recurse=False) if p.requires_grad or not trainable_only)


# --- count_layers_one_deep: modules within inner modules are left out -> test_count_adds_up_all_layers
def count_parameters(module, trainable_only=False):
    owners = {module, *module.children()}
    found = {p for owner in owners for p in owner.parameters(recurse=False)}
    return sum(p.numel() for p in found if p.requires_grad or not trainable_only)


# --- count_tied_twice: a parameter with two names counts twice -> test_count_takes_tied_weights_once
def count_parameters(module, trainable_only=False):
    named = module.named_parameters(remove_duplicate=False)
    return sum(p.numel() for _, p in named if p.requires_grad or not trainable_only)


# --- count_module_by_module: each module's parameters are added up, shared or not -> test_count_takes_tied_weights_once
def count_parameters(module, trainable_only=False):
    found = [p for inner in module.modules() for p in inner.parameters(recurse=False)]
    return sum(p.numel() for p in found if p.requires_grad or not trainable_only)


# --- count_by_values: parameters with the same values are taken for one -> test_count_tells_copies_apart
def count_parameters(module, trainable_only=False):
    found = []
    for p in module.parameters():
        if not any(p is q or (p.device == q.device and p.shape == q.shape and p.device.type != "meta" and torch.equal(p, q)) for q in found):
            found.append(p)
    return sum(p.numel() for p in found if p.requires_grad or not trainable_only)


# --- count_by_address: parameters with the same address are taken for one, as all on the meta device are -> test_count_tells_copies_apart
def count_parameters(module, trainable_only=False):
    found = {p.data_ptr(): p.numel() for p in module.parameters() if p.requires_grad or not trainable_only}
    return sum(found.values())


# --- count_buffers: everything in the state dict counts -> test_count_leaves_buffers_out
def count_parameters(module, trainable_only=False):
    tensors = {id(t): t for t in module.state_dict(keep_vars=True).values()}
    return sum(t.numel() for t in tensors.values() if t.requires_grad or not trainable_only)


# --- count_always_trainable: frozen parameters never count -> test_count_trainable_only
def count_parameters(module, trainable_only=False):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


# --- count_flag_ignored: trainable_only is not looked at -> test_count_trainable_only
def count_parameters(module, trainable_only=False):
    return sum(p.numel() for p in module.parameters())


# --- count_frozen_only: the flag is read the wrong way round -> test_count_trainable_only
def count_parameters(module, trainable_only=False):
    return sum(p.numel() for p in module.parameters() if not (trainable_only and p.requires_grad))


# --- count_as_tensor: the sum is a tensor -> test_count_is_a_plain_int
def count_parameters(module, trainable_only=False):
    found = [p.numel() for p in module.parameters() if p.requires_grad or not trainable_only]
    return torch.tensor(found, dtype=torch.int64).sum()
