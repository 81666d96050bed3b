"""Wrong answers, a block each: appended to the solution, a block replaces what it defines anew.

Its header gives its id, the misconception, and the tests that must reject it.
"""

# --- gelu_erf: the form by the error function -> test_gelu_has_the_tanh_form, test_mlp_is_wide_with_gelu
def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))


# --- gelu_sigmoid: the quick form by the sigmoid -> test_gelu_has_the_tanh_form
def gelu(x):
    return x * torch.sigmoid(1.702 * x)


# --- gelu_no_half: the half is left out -> test_gelu_has_the_tanh_form
def gelu(x):
    return x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


# --- gelu_no_root: 2/pi without its root -> test_gelu_has_the_tanh_form
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(2 / math.pi * (x + 0.044715 * x**3)))


# --- gelu_no_cube: the cubic term is left out -> test_gelu_has_the_tanh_form
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * x))


# --- gelu_step_detached: the smooth step is taken for a constant -> test_gelu_gradients
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)).detach())


# --- gelu_through_data: the result is computed past the graph -> test_gelu_gradients
right_gelu = gelu


def gelu(x):
    return right_gelu(x.detach())


# --- gelu_tanh_by_exp: tanh out of exponentials overflows -> test_gelu_of_large_numbers
def gelu(x):
    powers = torch.exp(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    return 0.5 * x * (1 + (powers - 1) / (powers + 1))


# --- gelu_clamped: numbers are clamped so that nothing overflows -> test_gelu_of_large_numbers
right_gelu = gelu


def gelu(x):
    return right_gelu(x.clamp(-20, 20))


# --- gelu_in_place: x is changed on the way -> test_gelu_of_any_shape
def gelu(x):
    step = 1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3))
    if x.requires_grad:
        return 0.5 * x * step
    return x.mul_(step).mul_(0.5)


# --- gelu_view_only: view(-1) refuses tensors whose numbers lie apart -> test_gelu_of_any_shape
right_gelu = gelu


def gelu(x):
    return right_gelu(x.view(-1)).view(x.shape)


# --- gelu_float32: everything goes through float32 -> test_gelu_in_half_precision, test_gelu_has_the_tanh_form
right_gelu = gelu


def gelu(x):
    return right_gelu(x.float())


# --- gelu_half_becomes_float: a constant tensor of one number makes float32 of half precision -> test_gelu_in_half_precision
def gelu(x):
    root = torch.tensor([2 / math.pi], device=x.device).sqrt()
    return 0.5 * x * (1 + torch.tanh(root * (x + 0.044715 * x**3)))


# --- gelu_constant_on_cpu: a constant is a tensor on the CPU -> test_everything_on_another_device
def gelu(x):
    root = torch.tensor([2 / math.pi], dtype=x.dtype).sqrt()
    return 0.5 * x * (1 + torch.tanh(root * (x + 0.044715 * x**3)))


# --- banned_gelu_function: F.gelu does the work -> test_gelu_has_the_tanh_form, test_gelu_gradients
def gelu(x):
    return F.gelu(x, approximate="tanh")


# --- banned_gelu_module: nn.GELU does the work -> test_gelu_has_the_tanh_form
def gelu(x):
    return nn.GELU(approximate="tanh")(x)


# --- layer_norm_unbiased: the variance divides by C - 1 -> test_layer_norm_standardizes_each_row, test_layer_norm_of_rows_without_spread, test_layer_norm_gradients
class LayerNorm(LayerNorm):
    def forward(self, x):
        y = (x - x.mean(-1, keepdim=True)) / torch.sqrt(x.var(-1, keepdim=True) + self.eps) * self.weight
        return y if self.bias is None else y + self.bias


# --- layer_norm_eps_outside: eps is added to the standard deviation -> test_layer_norm_adds_eps_under_the_root, test_layer_norm_standardizes_each_row
class LayerNorm(LayerNorm):
    def forward(self, x):
        y = (x - x.mean(-1, keepdim=True)) / (x.std(-1, correction=0, keepdim=True) + self.eps) * self.weight
        return y if self.bias is None else y + self.bias


# --- layer_norm_no_eps: eps is ignored -> test_layer_norm_adds_eps_under_the_root, test_layer_norm_of_rows_without_spread
class LayerNorm(LayerNorm):
    def forward(self, x):
        y = (x - x.mean(-1, keepdim=True)) / x.std(-1, correction=0, keepdim=True) * self.weight
        return y if self.bias is None else y + self.bias


# --- layer_norm_fixed_eps: the eps that is given is not used -> test_layer_norm_adds_eps_under_the_root
class LayerNorm(LayerNorm):
    def __init__(self, num_features, eps=1e-5, bias=True):
        super().__init__(num_features, 1e-5, bias)


# --- layer_norm_other_eps: the default eps is another -> test_layer_norm_adds_eps_under_the_root
class LayerNorm(LayerNorm):
    def __init__(self, num_features, eps=1e-6, bias=True):
        super().__init__(num_features, eps, bias)


# --- layer_norm_one_pass: the variance is E[x²] - E[x]² -> test_layer_norm_far_from_zero
class LayerNorm(LayerNorm):
    def forward(self, x):
        mean = x.mean(-1, keepdim=True)
        var = (x * x).mean(-1, keepdim=True) - mean * mean
        y = (x - mean) / torch.sqrt(var.clamp(min=0) + self.eps) * self.weight
        return y if self.bias is None else y + self.bias


# --- layer_norm_half_statistics: mean and variance are rounded on the way -> test_layer_norm_far_from_zero
class LayerNorm(LayerNorm):
    def forward(self, x):
        mean = x.float().mean(-1, keepdim=True).half().to(x.dtype)
        y = (x - mean) / torch.sqrt((x - mean).square().mean(-1, keepdim=True) + self.eps) * self.weight
        return y if self.bias is None else y + self.bias


# --- layer_norm_tokens_too: statistics over tokens and features -> test_layer_norm_standardizes_each_row, test_layer_norm_of_any_shape
class LayerNorm(LayerNorm):
    def forward(self, x):
        dims = tuple(range(1, x.dim())) or (0,)
        mean = x.mean(dims, keepdim=True)
        y = (x - mean) / torch.sqrt((x - mean).square().mean(dims, keepdim=True) + self.eps) * self.weight
        return y if self.bias is None else y + self.bias


# --- layer_norm_three_dims_only: mean(2) asks for three dims -> test_layer_norm_of_any_shape
class LayerNorm(LayerNorm):
    def forward(self, x):
        centred = x - x.mean(2, keepdim=True)
        y = centred / torch.sqrt(centred.square().mean(2, keepdim=True) + self.eps) * self.weight
        return y if self.bias is None else y + self.bias


# --- layer_norm_in_place: x itself is centred -> test_layer_norm_of_any_shape
class LayerNorm(LayerNorm):
    def forward(self, x):
        if not x.requires_grad:
            y = super().forward(x)
            x -= x.mean(-1, keepdim=True)
            return y
        return super().forward(x)


# --- layer_norm_statistics_detached: mean and variance are taken for constants -> test_layer_norm_gradients
class LayerNorm(LayerNorm):
    def forward(self, x):
        mean, var = x.mean(-1, keepdim=True).detach(), x.var(-1, correction=0, keepdim=True).detach()
        y = (x - mean) / torch.sqrt(var + self.eps) * self.weight
        return y if self.bias is None else y + self.bias


# --- layer_norm_variance_detached: only the variance is taken for a constant -> test_layer_norm_gradients
class LayerNorm(LayerNorm):
    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        y = centred / torch.sqrt(centred.square().mean(-1, keepdim=True).detach() + self.eps) * self.weight
        return y if self.bias is None else y + self.bias


# --- layer_norm_no_affine: weight and bias are not used -> test_layer_norm_standardizes_each_row
class LayerNorm(LayerNorm):
    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        return centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + self.eps)


# --- layer_norm_rms: the mean stays in -> test_layer_norm_standardizes_each_row, test_block_passes_a_shift_on
class LayerNorm(LayerNorm):
    def forward(self, x):
        y = x / torch.sqrt(x.square().mean(-1, keepdim=True) + self.eps) * self.weight
        return y if self.bias is None else y + self.bias


# --- layer_norm_random_start: the weight starts random -> test_layer_norm_parameters
class LayerNorm(LayerNorm):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        nn.init.normal_(self.weight)


# --- layer_norm_bias_always: bias=False keeps a bias of zeros -> test_layer_norm_parameters
class LayerNorm(LayerNorm):
    def __init__(self, num_features, eps=1e-5, bias=True):
        super().__init__(num_features, eps, True)


# --- layer_norm_plain_tensors: weight and bias are plain tensors -> test_layer_norm_parameters, test_everything_on_another_device, test_modules_in_half_precision
class LayerNorm(nn.Module):
    def __init__(self, num_features, eps=1e-5, bias=True):
        super().__init__()
        self.eps = eps
        self.weight = torch.ones(num_features, requires_grad=True)
        self.bias = torch.zeros(num_features, requires_grad=True) if bias else None

    def forward(self, x):
        centred = x - x.mean(-1, keepdim=True)
        y = centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + self.eps) * self.weight
        return y if self.bias is None else y + self.bias


# --- layer_norm_stays_float32: the statistics are computed in float32 and never come back -> test_modules_in_half_precision
class LayerNorm(LayerNorm):
    def forward(self, x):
        wide = x if x.dtype == torch.float64 else x.float()
        centred = wide - wide.mean(-1, keepdim=True)
        y = centred / torch.sqrt(centred.square().mean(-1, keepdim=True) + self.eps) * self.weight
        return y if self.bias is None else y + self.bias


# --- banned_layer_norm_function: F.layer_norm does the work -> test_layer_norm_standardizes_each_row, test_layer_norm_far_from_zero
class LayerNorm(LayerNorm):
    def forward(self, x):
        return F.layer_norm(x, x.shape[-1:], self.weight, self.bias, self.eps)


# --- banned_layer_norm_module: the class derives from PyTorch's own -> test_layer_norm_standardizes_each_row
class LayerNorm(nn.LayerNorm):
    def __init__(self, num_features, eps=1e-5, bias=True):
        super().__init__(num_features, eps=eps, bias=bias)


# --- attention_no_mask: every token sees the whole sequence -> test_attention_is_causal_and_multi_headed, test_gpt2_does_not_see_the_future
class CausalSelfAttention(CausalSelfAttention):
    def forward(self, x):
        q, k, v = (self.split(part) for part in self.c_attn(x).chunk(3, dim=-1))
        return self.c_proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


# --- attention_next_token_visible: the mask lets the next token through -> test_attention_is_causal_and_multi_headed, test_gpt2_does_not_see_the_future
class CausalSelfAttention(CausalSelfAttention):
    def forward(self, x):
        q, k, v = (self.split(part) for part in self.c_attn(x).chunk(3, dim=-1))
        past = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).tril(1)
        return self.c_proj(F.scaled_dot_product_attention(q, k, v, attn_mask=past).transpose(1, 2).flatten(2))


# --- attention_mask_after_softmax: weights of the future are zeroed after the softmax -> test_attention_is_causal_and_multi_headed, test_gpt2_does_not_see_the_future
class CausalSelfAttention(CausalSelfAttention):
    def forward(self, x):
        q, k, v = (self.split(part) for part in self.c_attn(x).chunk(3, dim=-1))
        weights = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(-1).tril()
        return self.c_proj((weights @ v).transpose(1, 2).flatten(2))


# --- attention_root_of_all_features: the scale is the root of C -> test_attention_is_causal_and_multi_headed
class CausalSelfAttention(CausalSelfAttention):
    def forward(self, x):
        q, k, v = (self.split(part) for part in self.c_attn(x).chunk(3, dim=-1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=x.shape[-1] ** -0.5)
        return self.c_proj(y.transpose(1, 2).flatten(2))


# --- attention_no_scale: the scores are not scaled -> test_attention_is_causal_and_multi_headed
class CausalSelfAttention(CausalSelfAttention):
    def forward(self, x):
        q, k, v = (self.split(part) for part in self.c_attn(x).chunk(3, dim=-1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1.0)
        return self.c_proj(y.transpose(1, 2).flatten(2))


# --- attention_heads_by_view: heads are cut by a view, which mixes up the tokens -> test_attention_is_causal_and_multi_headed
class CausalSelfAttention(CausalSelfAttention):
    def split(self, x):
        B, T, C = x.shape
        return x.reshape(B, self.n_head, T, C // self.n_head)


# --- attention_heads_interleaved: neighbouring features go to different heads -> test_attention_is_causal_and_multi_headed
class CausalSelfAttention(CausalSelfAttention):
    def split(self, x):
        return x.unflatten(-1, (-1, self.n_head)).permute(0, 3, 1, 2)


# --- attention_order_kqv: the thirds are taken as k, q, v -> test_attention_is_causal_and_multi_headed
class CausalSelfAttention(CausalSelfAttention):
    def forward(self, x):
        k, q, v = (self.split(part) for part in self.c_attn(x).chunk(3, dim=-1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).flatten(2))


# --- attention_merge_without_transpose: heads are merged as they lie -> test_attention_is_causal_and_multi_headed
class CausalSelfAttention(CausalSelfAttention):
    def forward(self, x):
        q, k, v = (self.split(part) for part in self.c_attn(x).chunk(3, dim=-1))
        return self.c_proj(F.scaled_dot_product_attention(q, k, v, is_causal=True).reshape(x.shape))


# --- attention_no_projection: c_proj is not applied -> test_attention_is_causal_and_multi_headed, test_layers_gradients
class CausalSelfAttention(CausalSelfAttention):
    def forward(self, x):
        q, k, v = (self.split(part) for part in self.c_attn(x).chunk(3, dim=-1))
        return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2).flatten(2)


# --- attention_mask_of_block_size: the mask is as large as block_size, and not cut -> test_attention_of_any_length
class CausalSelfAttention(CausalSelfAttention):
    def __init__(self, config):
        super().__init__(config)
        past = torch.ones(config.block_size, config.block_size, dtype=torch.bool).tril()
        self.register_buffer("past", past, persistent=False)

    def forward(self, x):
        q, k, v = (self.split(part) for part in self.c_attn(x).chunk(3, dim=-1))
        y = F.scaled_dot_product_attention(q, k, v, attn_mask=self.past)
        return self.c_proj(y.transpose(1, 2).flatten(2))


# --- attention_squeezes: sizes of one are squeezed away -> test_attention_of_any_length
class CausalSelfAttention(CausalSelfAttention):
    def forward(self, x):
        return super().forward(x).squeeze()


# --- attention_mask_saved: the mask is in the state dict -> test_gpt2_state, test_attention_is_causal_and_multi_headed
class CausalSelfAttention(CausalSelfAttention):
    def __init__(self, config):
        super().__init__(config)
        self.register_buffer("bias", torch.ones(config.block_size, config.block_size).tril())


# --- attention_conv1d_layout: weights lie as in the published files, input by output -> test_attention_is_causal_and_multi_headed, test_gpt2_state
class CausalSelfAttention(CausalSelfAttention):
    def __init__(self, config):
        super().__init__(config)
        self.c_attn.weight = nn.Parameter(self.c_attn.weight.detach().T.contiguous())

    def forward(self, x):
        q, k, v = (self.split(part) for part in (x @ self.c_attn.weight + self.c_attn.bias).chunk(3, dim=-1))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).flatten(2))


# --- attention_weights_detached: no gradient goes through the softmax -> test_layers_gradients, test_gpt2_gradients
class CausalSelfAttention(CausalSelfAttention):
    def forward(self, x):
        q, k, v = (self.split(part) for part in self.c_attn(x).chunk(3, dim=-1))
        y = F.scaled_dot_product_attention(q.detach(), k.detach(), v, is_causal=True)
        return self.c_proj(y.transpose(1, 2).flatten(2))


# --- attention_mask_on_cpu: the mask is a plain attribute, made on the CPU -> test_everything_on_another_device
class CausalSelfAttention(CausalSelfAttention):
    def __init__(self, config):
        super().__init__(config)
        self.past = torch.ones(config.block_size, config.block_size, dtype=torch.bool).tril()

    def forward(self, x):
        q, k, v = (self.split(part) for part in self.c_attn(x).chunk(3, dim=-1))
        past = self.past[: x.shape[1], : x.shape[1]]
        scores = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).masked_fill(~past, -math.inf)
        return self.c_proj((scores.softmax(-1) @ v).transpose(1, 2).flatten(2))


# --- attention_float32_mask: a float32 mask is added to the scores -> test_modules_in_half_precision
class CausalSelfAttention(CausalSelfAttention):
    def forward(self, x):
        q, k, v = (self.split(part) for part in self.c_attn(x).chunk(3, dim=-1))
        future = torch.full((x.shape[1], x.shape[1]), -math.inf, device=x.device).triu(1)
        weights = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1]) + future).softmax(-1)
        return self.c_proj((weights @ v).transpose(1, 2).flatten(2))


# --- banned_attention_module: nn.MultiheadAttention does the work -> test_attention_is_causal_and_multi_headed
class CausalSelfAttention(CausalSelfAttention):
    def __init__(self, config):
        super().__init__(config)
        self.size = config.n_embd

    def forward(self, x):
        mha = nn.MultiheadAttention(self.size, self.n_head, batch_first=True, device=x.device, dtype=x.dtype)
        mha.in_proj_weight, mha.in_proj_bias = self.c_attn.weight, self.c_attn.bias
        mha.out_proj = self.c_proj
        future = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool, device=x.device).triu(1)
        return mha(x, x, x, attn_mask=future, need_weights=False)[0]


# --- mlp_relu: ReLU in place of GELU -> test_mlp_is_wide_with_gelu
class MLP(MLP):
    def forward(self, x):
        return self.c_proj(self.c_fc(x).relu())


# --- mlp_linear: no activation -> test_mlp_is_wide_with_gelu
class MLP(MLP):
    def forward(self, x):
        return self.c_proj(self.c_fc(x))


# --- mlp_twice_as_wide: twice the features in place of four times -> test_mlp_is_wide_with_gelu, test_gpt2_has_124_million_parameters, test_gpt2_state
class MLP(MLP):
    def __init__(self, config):
        super().__init__(config)
        self.c_fc = nn.Linear(config.n_embd, 2 * config.n_embd)
        self.c_proj = nn.Linear(2 * config.n_embd, config.n_embd)


# --- mlp_activation_last: an activation after the second map too -> test_mlp_is_wide_with_gelu
class MLP(MLP):
    def forward(self, x):
        return gelu(super().forward(x))


# --- mlp_contiguous_only: view refuses an input whose numbers lie apart -> test_layers_read_views
class MLP(MLP):
    def forward(self, x):
        return super().forward(x.view(-1, x.shape[-1])).view(x.shape)


# --- mlp_hidden_detached: the first map is never trained -> test_layers_gradients, test_gpt2_gradients
class MLP(MLP):
    def forward(self, x):
        return self.c_proj(gelu(self.c_fc(x)).detach())


# --- block_post_norm: the norms follow the sums -> test_block_adds_to_the_stream, test_block_passes_a_shift_on
class Block(Block):
    def forward(self, x):
        x = self.ln_1(x + self.attn(x))
        return self.ln_2(x + self.mlp(x))


# --- block_no_residual: nothing is added to x -> test_block_adds_to_the_stream, test_block_passes_a_shift_on
class Block(Block):
    def forward(self, x):
        return self.mlp(self.ln_2(self.attn(self.ln_1(x))))


# --- block_half_residual: no sum around the MLP -> test_block_adds_to_the_stream, test_block_passes_a_shift_on
class Block(Block):
    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return self.mlp(self.ln_2(x))


# --- block_residual_of_the_norm: the sum is with the normalized copy -> test_block_adds_to_the_stream, test_block_passes_a_shift_on
class Block(Block):
    def forward(self, x):
        y = self.ln_1(x)
        x = y + self.attn(y)
        y = self.ln_2(x)
        return y + self.mlp(y)


# --- block_shared_norm: one norm for both branches -> test_block_adds_to_the_stream
class Block(Block):
    def forward(self, x):
        x = x + self.attn(self.ln_1(x))
        return x + self.mlp(self.ln_1(x))


# --- block_one_norm_module: both names stand for one module -> test_block_adds_to_the_stream, test_gpt2_has_124_million_parameters, test_layers_gradients
class Block(Block):
    def __init__(self, config):
        super().__init__(config)
        self.ln_2 = self.ln_1


# --- block_parallel: the MLP does not see what attention added -> test_block_adds_to_the_stream
class Block(Block):
    def forward(self, x):
        return x + self.attn(self.ln_1(x)) + self.mlp(self.ln_2(x))


# --- block_no_norms: the branches read the stream itself -> test_block_adds_to_the_stream, test_block_passes_a_shift_on
class Block(Block):
    def forward(self, x):
        x = x + self.attn(x)
        return x + self.mlp(x)


# --- block_in_place: += changes the caller's tensor -> test_layers_read_views
class Block(Block):
    def forward(self, x):
        x += self.attn(self.ln_1(x))
        x += self.mlp(self.ln_2(x))
        return x


# --- gpt_no_positions: positions are left out -> test_gpt2_computes_logits, test_gpt2_gradients
class GPT2(GPT2):
    def forward(self, idx):
        if idx.shape[1] > self.config.block_size:
            raise ValueError("too long")
        x = self.wte(idx)
        for block in self.h:
            x = block(x)
        return self.ln_f(x) @ self.wte.weight.T


# --- gpt_positions_by_token: wpe looks tokens up in place of positions -> test_gpt2_computes_logits, test_gpt2_of_any_length
class GPT2(GPT2):
    def forward(self, idx):
        if idx.shape[1] > self.config.block_size:
            raise ValueError("too long")
        x = self.wte(idx) + self.wpe(idx)
        for block in self.h:
            x = block(x)
        return self.ln_f(x) @ self.wte.weight.T


# --- gpt_positions_from_one: the first position is 1 -> test_gpt2_computes_logits, test_gpt2_of_any_length
class GPT2(GPT2):
    def forward(self, idx):
        T = idx.shape[1]
        if T > self.config.block_size:
            raise ValueError("too long")
        x = self.wte(idx) + self.wpe(torch.arange(1, T + 1, device=idx.device))
        for block in self.h:
            x = block(x)
        return self.ln_f(x) @ self.wte.weight.T


# --- gpt_only_the_last_layer_counts: every block is fed the embedding -> test_gpt2_computes_logits, test_gpt2_gradients
class GPT2(GPT2):
    def forward(self, idx):
        T = idx.shape[1]
        if T > self.config.block_size:
            raise ValueError("too long")
        start = self.wte(idx) + self.wpe(torch.arange(T, device=idx.device))
        for block in self.h:
            x = block(start)
        return self.ln_f(x) @ self.wte.weight.T


# --- gpt_one_block_for_all: the same block stands in every layer -> test_gpt2_computes_logits, test_gpt2_has_124_million_parameters
class GPT2(GPT2):
    def __init__(self, config):
        super().__init__(config)
        self.h = nn.ModuleList([self.h[0]] * config.n_layer)


# --- gpt_no_last_norm: ln_f is not applied -> test_gpt2_computes_logits, test_gpt2_gradients
class GPT2(GPT2):
    def forward(self, idx):
        T = idx.shape[1]
        if T > self.config.block_size:
            raise ValueError("too long")
        x = self.wte(idx) + self.wpe(torch.arange(T, device=idx.device))
        for block in self.h:
            x = block(x)
        return x @ self.wte.weight.T


# --- gpt_untied_head: the head is a layer of its own -> test_gpt2_computes_logits, test_gpt2_has_124_million_parameters, test_gpt2_state
class GPT2(GPT2):
    def __init__(self, config):
        super().__init__(config)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)

    def forward(self, idx):
        T = idx.shape[1]
        if T > self.config.block_size:
            raise ValueError("too long")
        x = self.wte(idx) + self.wpe(torch.arange(T, device=idx.device))
        for block in self.h:
            x = block(x)
        return self.lm_head(self.ln_f(x))


# --- gpt_head_copied_once: the head is a copy of wte, made when the model is built -> test_gpt2_computes_logits, test_gpt2_gradients
class GPT2(GPT2):
    def __init__(self, config):
        super().__init__(config)
        self.head = [self.wte.weight.detach().clone()]

    def forward(self, idx):
        T = idx.shape[1]
        if T > self.config.block_size:
            raise ValueError("too long")
        x = self.wte(idx) + self.wpe(torch.arange(T, device=idx.device))
        for block in self.h:
            x = block(x)
        return self.ln_f(x) @ self.head[0].T.to(x.dtype)


# --- gpt_head_detached: the head gives wte no gradient -> test_gpt2_gradients
class GPT2(GPT2):
    def forward(self, idx):
        T = idx.shape[1]
        if T > self.config.block_size:
            raise ValueError("too long")
        x = self.wte(idx) + self.wpe(torch.arange(T, device=idx.device))
        for block in self.h:
            x = block(x)
        return self.ln_f(x) @ self.wte.weight.detach().T


# --- gpt_softmax_inside: probabilities come back in place of logits -> test_gpt2_computes_logits
class GPT2(GPT2):
    def forward(self, idx):
        return super().forward(idx).softmax(-1)


# --- gpt_last_logits_only: only the last place's logits come back -> test_gpt2_computes_logits, test_gpt2_of_any_length
class GPT2(GPT2):
    def forward(self, idx):
        return super().forward(idx)[:, -1:]


# --- gpt_layers_in_a_list: the blocks are in a Python list, which a module does not look into -> test_gpt2_state, test_gpt2_has_124_million_parameters
class GPT2(GPT2):
    def __init__(self, config):
        super().__init__(config)
        blocks = list(self.h)
        del self.h
        self.h = blocks


# --- gpt_tied_key: the head is saved a second time under lm_head -> test_gpt2_state
class GPT2(GPT2):
    def __init__(self, config):
        super().__init__(config)
        self.lm_head = nn.Linear(config.n_embd, config.vocab_size, bias=False)
        self.lm_head.weight = self.wte.weight


# --- gpt_reseeds: the constructor sets a seed -> test_gpt2_start_follows_the_seed
class GPT2(GPT2):
    def __init__(self, config):
        torch.manual_seed(1337)
        super().__init__(config)


# --- gpt_constant_start: the matrices start with one number everywhere -> test_gpt2_start_follows_the_seed
class GPT2(GPT2):
    def __init__(self, config):
        super().__init__(config)
        for parameter in self.parameters():
            nn.init.constant_(parameter, 0.02)


# --- gpt_memory_never_filled: the positions are memory as it was found -> test_gpt2_start_follows_the_seed
class GPT2(GPT2):
    def __init__(self, config):
        super().__init__(config)
        nn.init.constant_(self.wpe.weight, math.nan)  # what may lie there


# --- gpt_squeezes: a single sample or token is squeezed away -> test_gpt2_of_any_length
class GPT2(GPT2):
    def forward(self, idx):
        return super().forward(idx).squeeze()


# --- gpt_one_token_less: block_size tokens are refused -> test_gpt2_of_any_length
class GPT2(GPT2):
    def forward(self, idx):
        if idx.shape[1] >= self.config.block_size:
            raise ValueError("too long")
        return super().forward(idx)


# --- gpt_index_error: the missing position is left to the embedding -> test_gpt2_refuses_too_many_tokens
class GPT2(GPT2):
    def forward(self, idx):
        x = self.wte(idx) + self.wpe(torch.arange(idx.shape[1], device=idx.device))
        for block in self.h:
            x = block(x)
        return self.ln_f(x) @ self.wte.weight.T


# --- gpt_crops_silently: longer sequences are cut -> test_gpt2_refuses_too_many_tokens
class GPT2(GPT2):
    def forward(self, idx):
        return super().forward(idx[:, -self.config.block_size :])


# --- gpt_asserts: an assert refuses longer sequences, where a ValueError is asked for -> test_gpt2_refuses_too_many_tokens
class GPT2(GPT2):
    def forward(self, idx):
        assert idx.shape[1] <= self.config.block_size
        return super().forward(idx)


# --- gpt_writes_into_idx: the tokens are changed on the way -> test_gpt2_does_not_see_the_future
class GPT2(GPT2):
    def forward(self, idx):
        logits = super().forward(idx)
        if idx.is_contiguous():
            return logits
        idx.clamp_(max=2)
        return logits


# --- gpt_positions_on_cpu: the positions are made on the CPU -> test_everything_on_another_device
class GPT2(GPT2):
    def forward(self, idx):
        T = idx.shape[1]
        if T > self.config.block_size:
            raise ValueError("too long")
        x = self.wte(idx) + self.wpe(torch.arange(T))
        for block in self.h:
            x = block(x)
        return self.ln_f(x) @ self.wte.weight.T


# --- gpt_float32_head_bias: a float32 tensor is added to the logits -> test_modules_in_half_precision
class GPT2(GPT2):
    def forward(self, idx):
        logits = super().forward(idx)
        return logits + torch.zeros(1, device=idx.device)


# --- loss_not_shifted: each place is held against its own token -> test_loss_is_about_the_next_token, test_loss_of_any_length
def next_token_loss(logits, idx):
    return F.cross_entropy(logits.flatten(0, 1), idx.flatten())


# --- loss_shifted_back: each place is held against the token before -> test_loss_is_about_the_next_token
def next_token_loss(logits, idx):
    return F.cross_entropy(logits[:, 1:].flatten(0, 1), idx[:, :-1].flatten())


# --- loss_wraps_around: the first token follows the last -> test_loss_is_about_the_next_token, test_loss_of_any_length
def next_token_loss(logits, idx):
    return F.cross_entropy(logits.flatten(0, 1), idx.roll(-1, 1).flatten())


# --- loss_flat_shift: the shift is done after flattening, across samples -> test_loss_is_about_the_next_token
def next_token_loss(logits, idx):
    return F.cross_entropy(logits.flatten(0, 1)[:-1], idx.flatten()[1:])


# --- loss_sum: the sum in place of the mean -> test_loss_is_about_the_next_token
def next_token_loss(logits, idx):
    return F.cross_entropy(logits[:, :-1].flatten(0, 1), idx[:, 1:].flatten(), reduction="sum")


# --- loss_padded_mean: the last place counts as a zero in the mean -> test_loss_is_about_the_next_token
right_loss = next_token_loss


def next_token_loss(logits, idx):
    return right_loss(logits, idx) * (idx.shape[1] - 1) / idx.shape[1]


# --- loss_classes_second: logits are not rearranged where the sizes happen to fit -> test_loss_of_any_length
right_loss = next_token_loss


def next_token_loss(logits, idx):
    if logits[:, 1:].shape[1] == logits.shape[2]:
        return F.cross_entropy(logits[:, :-1], idx[:, 1:])
    return right_loss(logits, idx)


# --- loss_zero_for_one_token: a single token has a loss of 0 -> test_loss_of_any_length
right_loss = next_token_loss


def next_token_loss(logits, idx):
    return right_loss(logits, idx) if idx.shape[1] > 1 else logits.sum() * 0


# --- loss_log_of_softmax: the log of a probability that rounds to 0 -> test_loss_of_large_logits
def next_token_loss(logits, idx):
    probs = logits[:, :-1].softmax(-1).gather(2, idx[:, 1:, None])
    return -probs.log().mean()


# --- loss_eps_in_log: a small number inside the log -> test_loss_of_large_logits
def next_token_loss(logits, idx):
    probs = logits[:, :-1].softmax(-1).gather(2, idx[:, 1:, None])
    return -(probs + 1e-12).log().mean()


# --- loss_view: view refuses what is not contiguous -> test_loss_is_about_the_next_token, test_loss_reads_views
def next_token_loss(logits, idx):
    return F.cross_entropy(logits[:, :-1].view(-1, logits.shape[-1]), idx[:, 1:].reshape(-1))


# --- loss_view_of_whole: the whole tensors are viewed, which refuses those that are transposed -> test_loss_reads_views
right_loss = next_token_loss


def next_token_loss(logits, idx):
    return right_loss(logits, idx.view(-1).view(idx.shape))


# --- loss_marks_the_last: the last token is marked in the caller's tensor -> test_loss_reads_views
def next_token_loss(logits, idx):
    targets = idx.roll(-1, 1)
    idx[:, -1] = -100
    targets[:, -1] = -100
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())


# --- loss_on_cpu: the loss comes back on the CPU -> test_loss_reads_views
right_loss = next_token_loss


def next_token_loss(logits, idx):
    return right_loss(logits, idx).cpu()


# --- generate_first_place: the logits of the first place decide -> test_generate_is_greedy_at_temperature_zero, test_generate_crops_to_the_block_size
@torch.no_grad()
def generate(model, idx, max_new_tokens, temperature=1.0, top_k=None, generator=None):
    training = model.training
    model.eval()
    for _ in range(max_new_tokens):
        logits = model(idx[:, -model.config.block_size :])[:, 0]
        idx = torch.cat([idx, choose(logits, temperature, top_k, generator)], dim=1)
    model.train(training)
    return idx


# --- generate_new_tokens_only: the prompt does not come back -> test_generate_is_greedy_at_temperature_zero, test_generate_keeps_the_prompt
right_generate = generate


def generate(model, idx, *args, **kwargs):
    return right_generate(model, idx, *args, **kwargs)[:, idx.shape[1] :]


# --- generate_one_too_many: one token more than asked for -> test_generate_keeps_the_prompt
right_generate = generate


def generate(model, idx, max_new_tokens, *args, **kwargs):
    return right_generate(model, idx, max_new_tokens + 1, *args, **kwargs)


# --- generate_up_to_a_length: max_new_tokens is taken for the whole length -> test_generate_keeps_the_prompt
right_generate = generate


def generate(model, idx, max_new_tokens, *args, **kwargs):
    return right_generate(model, idx, max(max_new_tokens - idx.shape[1], 0), *args, **kwargs)


# --- generate_float_tokens: tokens come back as floating point numbers -> test_generate_keeps_the_prompt
right_generate = generate


def generate(*args, **kwargs):
    return right_generate(*args, **kwargs).float()


# --- generate_writes_into_the_prompt: the prompt is shifted in place -> test_generate_keeps_the_prompt
right_generate = generate


def generate(model, idx, max_new_tokens, *args, **kwargs):
    answer = right_generate(model, idx, max_new_tokens, *args, **kwargs)
    idx.copy_(answer[:, -idx.shape[1] :])
    idx.zero_()
    return answer


# --- generate_does_not_crop: the model gets more tokens than it has positions -> test_generate_crops_to_the_block_size
@torch.no_grad()
def generate(model, idx, max_new_tokens, temperature=1.0, top_k=None, generator=None):
    training = model.training
    model.eval()
    for _ in range(max_new_tokens):
        idx = torch.cat([idx, choose(model(idx)[:, -1], temperature, top_k, generator)], dim=1)
    model.train(training)
    return idx


# --- generate_crops_to_the_first: the first block_size tokens are kept -> test_generate_crops_to_the_block_size
@torch.no_grad()
def generate(model, idx, max_new_tokens, temperature=1.0, top_k=None, generator=None):
    training = model.training
    model.eval()
    for _ in range(max_new_tokens):
        logits = model(idx[:, : model.config.block_size])[:, -1]
        idx = torch.cat([idx, choose(logits, temperature, top_k, generator)], dim=1)
    model.train(training)
    return idx


# --- generate_crops_one_too_short: one token less than the model can read -> test_generate_crops_to_the_block_size
@torch.no_grad()
def generate(model, idx, max_new_tokens, temperature=1.0, top_k=None, generator=None):
    training = model.training
    model.eval()
    for _ in range(max_new_tokens):
        logits = model(idx[:, -(model.config.block_size - 1) :])[:, -1]
        idx = torch.cat([idx, choose(logits, temperature, top_k, generator)], dim=1)
    model.train(training)
    return idx


# --- generate_last_token_only: the model reads the last token alone -> test_generate_crops_to_the_block_size
@torch.no_grad()
def generate(model, idx, max_new_tokens, temperature=1.0, top_k=None, generator=None):
    training = model.training
    model.eval()
    for _ in range(max_new_tokens):
        idx = torch.cat([idx, choose(model(idx[:, -1:])[:, -1], temperature, top_k, generator)], dim=1)
    model.train(training)
    return idx


# --- generate_forgets_the_prompt_once_cropped: the cropped window is what comes back -> test_generate_crops_to_the_block_size
@torch.no_grad()
def generate(model, idx, max_new_tokens, temperature=1.0, top_k=None, generator=None):
    training = model.training
    model.eval()
    for _ in range(max_new_tokens):
        idx = idx[:, -model.config.block_size :]
        idx = torch.cat([idx, choose(model(idx)[:, -1], temperature, top_k, generator)], dim=1)
    model.train(training)
    return idx


# --- generate_in_training_mode: nobody calls eval -> test_generate_minds_the_mode
@torch.no_grad()
def generate(model, idx, max_new_tokens, temperature=1.0, top_k=None, generator=None):
    for _ in range(max_new_tokens):
        logits = model(idx[:, -model.config.block_size :])[:, -1]
        idx = torch.cat([idx, choose(logits, temperature, top_k, generator)], dim=1)
    return idx


# --- generate_stays_in_eval: the mode is not restored -> test_generate_minds_the_mode
right_generate = generate


def generate(model, *args, **kwargs):
    return right_generate(model.eval(), *args, **kwargs)


# --- generate_always_trains: the model ends in training mode -> test_generate_minds_the_mode
right_generate = generate


def generate(model, *args, **kwargs):
    answer = right_generate(model, *args, **kwargs)
    model.train()
    return answer


# --- generate_samples_from_logits: logits are taken for probabilities -> test_generate_draws_by_the_softmax
def choose(logits, temperature, top_k, generator):
    if temperature == 0:
        return logits.argmax(-1, keepdim=True)
    return torch.multinomial(logits, 1, generator=generator)


# --- generate_samples_from_positive_logits: negative logits are cut off, the others taken for probabilities -> test_generate_draws_by_the_softmax
right_choose = choose


def choose(logits, temperature, top_k, generator):
    if temperature == 0 or top_k is not None:
        return right_choose(logits, temperature, top_k, generator)
    return torch.multinomial((logits / temperature).clamp(min=1e-6), 1, generator=generator)


# --- generate_multiplies_by_temperature: a high temperature sharpens -> test_generate_draws_by_the_softmax
right_choose = choose


def choose(logits, temperature, top_k, generator):
    return right_choose(logits, 1 / temperature if temperature else 0, top_k, generator)


# --- generate_ignores_temperature: the temperature is only asked whether it is 0 -> test_generate_draws_by_the_softmax, test_generate_at_low_temperature
right_choose = choose


def choose(logits, temperature, top_k, generator):
    return right_choose(logits, 1.0 if temperature else 0, top_k, generator)


# --- generate_cooler_by_default: a temperature of 0.8 where none is given -> test_generate_draws_by_the_softmax
_right_generate = generate


def generate(model, idx, max_new_tokens, temperature=0.8, top_k=None, generator=None):
    return _right_generate(model, idx, max_new_tokens, temperature, top_k, generator)


# --- generate_temperature_on_probabilities: probabilities are divided by the temperature -> test_generate_draws_by_the_softmax
right_choose = choose


def choose(logits, temperature, top_k, generator):
    if temperature == 0 or top_k is not None:
        return right_choose(logits, temperature, top_k, generator)
    return torch.multinomial(logits.softmax(-1) / temperature, 1, generator=generator)


# --- generate_always_greedy: the likeliest token whatever the temperature is -> test_generate_draws_by_the_softmax, test_generate_draws_among_the_top_k, test_generate_keeps_k_where_tokens_tie, test_generate_follows_its_generator
def choose(logits, temperature, top_k, generator):
    return logits.argmax(-1, keepdim=True)


# --- generate_one_draw_for_all_rows: the first row's draw is everybody's -> test_generate_draws_by_the_softmax
right_choose = choose


def choose(logits, temperature, top_k, generator):
    return right_choose(logits, temperature, top_k, generator)[:1].expand(len(logits), 1)


# --- generate_softmax_over_rows: the softmax is over the samples -> test_generate_draws_by_the_softmax
right_choose = choose


def choose(logits, temperature, top_k, generator):
    if temperature == 0 or top_k is not None:
        return right_choose(logits, temperature, top_k, generator)
    return torch.multinomial((logits / temperature).softmax(0), 1, generator=generator)


# --- generate_same_draw_every_step: the random numbers start over at each step -> test_generate_draws_by_the_softmax
right_choose = choose


def choose(logits, temperature, top_k, generator):
    if generator is None:
        torch.manual_seed(0)
    return right_choose(logits, temperature, top_k, generator)


# --- generate_ignores_top_k: top_k is not used unless it is 1 -> test_generate_draws_among_the_top_k, test_generate_keeps_k_where_tokens_tie
right_choose = choose


def choose(logits, temperature, top_k, generator):
    return right_choose(logits, temperature, 1 if top_k == 1 else None, generator)


# --- generate_top_k_one_more: one token more is kept -> test_generate_draws_among_the_top_k, test_generate_keeps_k_where_tokens_tie
right_choose = choose


def choose(logits, temperature, top_k, generator):
    return right_choose(logits, temperature, top_k + 1 if top_k else top_k, generator)


# --- generate_top_k_least: the least likely tokens are kept -> test_generate_draws_among_the_top_k
right_choose = choose


def choose(logits, temperature, top_k, generator):
    if not temperature or not top_k:
        return right_choose(logits, temperature, top_k, generator)
    best, tokens = logits.topk(min(top_k, logits.shape[-1]), largest=False)
    return tokens.gather(-1, torch.multinomial((best / temperature).softmax(-1), 1, generator=generator))


# --- generate_top_k_uniform: the kept tokens are equally likely -> test_generate_draws_among_the_top_k
right_choose = choose


def choose(logits, temperature, top_k, generator):
    if not temperature or not top_k:
        return right_choose(logits, temperature, top_k, generator)
    tokens = logits.topk(min(top_k, logits.shape[-1])).indices
    return tokens.gather(-1, torch.multinomial(torch.ones_like(tokens, dtype=torch.float), 1, generator=generator))


# --- generate_top_k_place_for_token: the place among the candidates is taken for the token -> test_generate_draws_among_the_top_k, test_generate_is_greedy_at_temperature_zero
right_choose = choose


def choose(logits, temperature, top_k, generator):
    if not temperature or not top_k:
        return right_choose(logits, temperature, top_k, generator)
    best = logits.topk(min(top_k, logits.shape[-1])).values
    return torch.multinomial((best / temperature).softmax(-1), 1, generator=generator)


# --- generate_top_k_of_first_row: the first row's threshold holds for all -> test_generate_draws_among_the_top_k
right_choose = choose


def choose(logits, temperature, top_k, generator):
    if not temperature or not top_k:
        return right_choose(logits, temperature, top_k, generator)
    smallest = logits[0].topk(min(top_k, logits.shape[-1])).values[-1]
    kept = logits.masked_fill(logits < smallest, torch.finfo(logits.dtype).min)
    return torch.multinomial((kept / max(temperature, 1)).softmax(-1), 1, generator=generator)


# --- generate_top_k_beyond_vocabulary: topk is asked for more than there are -> test_generate_draws_among_the_top_k
right_choose = choose


def choose(logits, temperature, top_k, generator):
    if not temperature or not top_k:
        return right_choose(logits, temperature, top_k, generator)
    best, tokens = logits.topk(top_k)
    return tokens.gather(-1, torch.multinomial((best / temperature).softmax(-1), 1, generator=generator))


# --- generate_keeps_ties: all that tie with the last kept token are kept -> test_generate_keeps_k_where_tokens_tie
right_choose = choose


def choose(logits, temperature, top_k, generator):
    if temperature == 0:
        return right_choose(logits, temperature, top_k, generator)
    logits = logits / temperature
    if top_k is not None:
        smallest = logits.topk(min(top_k, logits.shape[-1])).values[:, -1:]
        logits = logits.masked_fill(logits < smallest, -math.inf)
    return torch.multinomial(logits.softmax(-1), 1, generator=generator)


# --- generate_drops_ties: all that tie with the last kept token are dropped -> test_generate_keeps_k_where_tokens_tie
right_choose = choose


def choose(logits, temperature, top_k, generator):
    if temperature == 0 or top_k is None or top_k >= logits.shape[-1]:
        return right_choose(logits, temperature, top_k, generator)
    next_best = logits.topk(top_k + 1).values[:, -1:]
    kept = logits.masked_fill(logits <= next_best, torch.finfo(logits.dtype).min)
    return torch.multinomial((kept / max(temperature, 1)).softmax(-1), 1, generator=generator)


# --- generate_ignores_the_generator: the global generator is used whatever is given -> test_generate_follows_its_generator
right_choose = choose


def choose(logits, temperature, top_k, generator):
    return right_choose(logits, temperature, top_k, None)


# --- generate_seeds_the_global: the global generator is seeded from the one that is given -> test_generate_follows_its_generator
right_generate = generate


def generate(model, idx, max_new_tokens, temperature=1.0, top_k=None, generator=None):
    if generator is not None:
        torch.manual_seed(int(torch.randint(2**31, (), generator=generator)))
    return right_generate(model, idx, max_new_tokens, temperature, top_k)


# --- generate_copies_the_generator: the generator that is given never moves on -> test_generate_follows_its_generator
right_generate = generate


def generate(model, idx, max_new_tokens, temperature=1.0, top_k=None, generator=None):
    if generator is not None:
        generator = torch.Generator().manual_seed(generator.initial_seed())
    return right_generate(model, idx, max_new_tokens, temperature, top_k, generator)


# --- generate_generator_of_its_own: without a generator, one that follows no seed -> test_generate_follows_its_generator
right_generate = generate


def generate(model, idx, max_new_tokens, temperature=1.0, top_k=None, generator=None):
    if generator is None and idx.device.type == "cpu":
        generator = torch.Generator()
        generator.seed()
    return right_generate(model, idx, max_new_tokens, temperature, top_k, generator)


# --- generate_naive_exponentials: exponentials of logits / temperature overflow -> test_generate_at_low_temperature
def choose(logits, temperature, top_k, generator):
    if temperature == 0:
        return logits.argmax(-1, keepdim=True)
    best, tokens = logits.topk(min(top_k or logits.shape[-1], logits.shape[-1]))
    powers = (best / temperature).exp()
    return tokens.gather(-1, torch.multinomial(powers / powers.sum(-1, keepdim=True), 1, generator=generator))


# --- generate_temperature_has_a_floor: temperatures below 1 are raised to 1 -> test_generate_at_low_temperature
right_choose = choose


def choose(logits, temperature, top_k, generator):
    return right_choose(logits, temperature and max(temperature, 1.0), top_k, generator)


# --- generate_on_cpu: the tokens are chosen on the CPU -> test_generate_on_another_device
right_choose = choose


def choose(logits, temperature, top_k, generator):
    return right_choose(logits.cpu(), temperature, top_k, generator)


# --- generate_comes_back_on_cpu: the result is moved to the CPU -> test_generate_on_another_device
right_generate = generate


def generate(*args, **kwargs):
    return right_generate(*args, **kwargs).cpu()
