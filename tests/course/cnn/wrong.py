"""Wrong answers, a block each: appended to the solution, a block replaces what it defines anew.

Its header gives its id, the misconception, and the tests that must reject it. The blocks called
`banned_…` give the right numbers by a call that their task forbids.
"""

# ruff: noqa
# mypy: ignore-errors

# === 1. flatten ===

# --- flatten_everything: the samples are joined too -> test_flatten_makes_a_row_of_each_sample, test_flatten_keeps_dimensions_before_start_dim
def flatten(x, start_dim=1):
    return x.reshape(-1)


# --- flatten_start_ignored: it always starts at dimension 1 -> test_flatten_keeps_dimensions_before_start_dim, test_flatten_reads_views
def flatten(x, start_dim=1):
    return x.reshape(len(x), math.prod(x.shape[1:]))


# --- flatten_rows_first: view(-1, features) as if the batch did not matter, after the batch was moved -> test_flatten_makes_a_row_of_each_sample, test_flatten_reads_views, test_flatten_keeps_dtype_and_gradient
def flatten(x, start_dim=1):
    kept = x.shape[:start_dim]
    return x.transpose(0, -1).reshape(*kept, math.prod(x.shape[start_dim:]))


# --- flatten_joins_to_two: everything before start_dim is joined as well -> test_flatten_keeps_dimensions_before_start_dim, test_flatten_reads_views
def flatten(x, start_dim=1):
    return x.reshape(math.prod(x.shape[:start_dim]), math.prod(x.shape[start_dim:]))


# --- flatten_keeps_start: start_dim is taken for the last dimension that stays -> test_flatten_makes_a_row_of_each_sample
def flatten(x, start_dim=1):
    return x.reshape(*x.shape[: start_dim + 1], math.prod(x.shape[start_dim + 1 :]))


# --- flatten_squeezes: dimensions of size one are dropped -> test_flatten_keeps_dimensions_before_start_dim
def flatten(x, start_dim=1):
    return x.reshape(*x.shape[:start_dim], math.prod(x.shape[start_dim:])).squeeze()


# --- flatten_view: view on memory that is not contiguous -> test_flatten_reads_views
def flatten(x, start_dim=1):
    return x.view(*x.shape[:start_dim], math.prod(x.shape[start_dim:]))


# --- flatten_memory_order: the numbers in the order of memory -> test_flatten_reads_views
def flatten(x, start_dim=1):
    shape = (*x.shape[:start_dim], math.prod(x.shape[start_dim:]))
    return torch.as_strided(x, x.shape, torch.empty(x.shape).stride()).reshape(shape)


# --- flatten_resizes_in_place: the argument itself gets another shape -> test_flatten_reads_views
def flatten(x, start_dim=1):
    x.set_(x.reshape(*x.shape[:start_dim], math.prod(x.shape[start_dim:])))
    return x


# --- flatten_minus_one: -1 in the reshape of a tensor without elements -> test_flatten_takes_empty_batches
def flatten(x, start_dim=1):
    return x.reshape(*x.shape[:start_dim], -1)


# --- flatten_stacks_rows: a row for each sample, stacked -> test_flatten_takes_empty_batches
def flatten(x, start_dim=1):
    if start_dim == 0:
        return x.reshape(-1)
    return torch.stack([flatten(sample, start_dim - 1) for sample in x])


# --- flatten_in_float: the numbers are copied into a float tensor -> test_flatten_keeps_dtype_and_gradient, test_all_on_another_device
def flatten(x, start_dim=1):
    out = torch.zeros(*x.shape[:start_dim], math.prod(x.shape[start_dim:]))
    out += x.reshape(out.shape)
    return out


# --- flatten_detached: the result is cut off from x -> test_flatten_keeps_dtype_and_gradient
def flatten(x, start_dim=1):
    return x.detach().reshape(*x.shape[:start_dim], math.prod(x.shape[start_dim:]))


# --- banned_flatten_function: torch.flatten itself -> test_flatten_makes_a_row_of_each_sample, test_flatten_keeps_dimensions_before_start_dim, test_flatten_reads_views, test_flatten_takes_empty_batches, test_flatten_keeps_dtype_and_gradient
def flatten(x, start_dim=1):
    return torch.flatten(x, start_dim)


# --- banned_flatten_method: Tensor.flatten -> test_flatten_makes_a_row_of_each_sample
def flatten(x, start_dim=1):
    return x.flatten(start_dim)


# --- banned_flatten_layer: nn.Flatten -> test_flatten_makes_a_row_of_each_sample
def flatten(x, start_dim=1):
    return nn.Flatten(start_dim)(x)


# === 2. flat_features ===

# --- features_channels_alone: the number of channels that come out -> test_flat_features_counts_what_comes_out, test_flat_features_of_any_body
def flat_features(body, in_shape):
    with torch.no_grad():
        return body(torch.zeros(1, *in_shape)).shape[1]


# --- features_of_the_input: the size of the image itself -> test_flat_features_counts_what_comes_out
def flat_features(body, in_shape):
    return math.prod(in_shape)


# --- features_square: height and width are taken to be the same -> test_flat_features_counts_what_comes_out, test_flat_features_of_any_body
def flat_features(body, in_shape):
    modes = [(module, module.training) for module in body.modules()]
    body.eval()
    with torch.no_grad():
        out = body(torch.zeros(1, *in_shape))
    for module, training in modes:
        module.training = training
    return out.shape[1] * out.shape[-1] ** 2


# --- features_of_the_batch: the batch of two images is counted -> test_flat_features_counts_what_comes_out
def flat_features(body, in_shape):
    with torch.no_grad():
        return body(torch.zeros(2, *in_shape)).numel()


# --- features_four_dimensions: the body must make (N, C, H, W) -> test_flat_features_of_any_body
def flat_features(body, in_shape):
    with torch.no_grad():
        _, channels, height, width = body(torch.zeros(1, *in_shape)).shape
    return channels * height * width


# --- features_asks_for_parameters: a body without parameters has no dtype -> test_flat_features_of_any_body
def flat_features(body, in_shape):
    parameter = next(body.parameters())
    with torch.no_grad():
        return body(parameter.new_zeros(1, *in_shape)).numel()


# --- features_as_tensor: the size comes back as a tensor -> test_flat_features_counts_what_comes_out, test_flat_features_of_any_body
def flat_features(body, in_shape):
    with torch.no_grad():
        return torch.tensor(body(torch.zeros(1, *in_shape)).shape).prod()


# --- features_moves_statistics: the trial run happens in the mode that the body has -> test_flat_features_leaves_no_trace
def flat_features(body, in_shape):
    with torch.no_grad():
        return body(torch.zeros(2, *in_shape))[0].numel()


# --- features_in_training_mode: the trial run is in training mode, on one image -> test_flat_features_leaves_no_trace, test_flat_features_of_a_single_place
def flat_features(body, in_shape):
    before = body.training
    body.train()
    with torch.no_grad():
        out = body(torch.zeros(1, *in_shape))
    body.train(before)
    return out.numel()


# --- features_leaves_body_frozen: gradients are switched off at the parameters, for good -> test_flat_features_leaves_no_trace
def flat_features(body, in_shape):
    modes = [(module, module.training) for module in body.modules()]
    body.eval().requires_grad_(False)
    count = body(torch.zeros(1, *in_shape)).numel()
    for module, training in modes:
        module.training = training
    return count


# --- features_unfreezes: gradients are switched on again for all parameters -> test_flat_features_leaves_no_trace
def flat_features(body, in_shape):
    modes = [(module, module.training) for module in body.modules()]
    body.eval().requires_grad_(False)
    count = body(torch.zeros(1, *in_shape)).numel()
    body.requires_grad_(True)
    for module, training in modes:
        module.training = training
    return count


# --- features_needs_grad: the number of features is read off a gradient -> test_flat_features_leaves_no_trace
def flat_features(body, in_shape):
    modes = [(module, module.training) for module in body.modules()]
    body.eval()
    image = torch.zeros(1, *in_shape, requires_grad=True)
    out = body(image)
    out.sum().backward()
    for module, training in modes:
        module.training = training
    return out.numel()


# --- features_stays_in_eval: the mode is not given back -> test_flat_features_gives_modes_back
def flat_features(body, in_shape):
    body.eval()
    with torch.no_grad():
        return body(torch.zeros(1, *in_shape)).numel()


# --- features_always_trains_after: the body is left in training mode -> test_flat_features_gives_modes_back
def flat_features(body, in_shape):
    body.eval()
    with torch.no_grad():
        count = body(torch.zeros(1, *in_shape)).numel()
    body.train()
    return count


# --- features_mode_of_the_root: all modules get the mode that the outermost one had -> test_flat_features_gives_modes_back
def flat_features(body, in_shape):
    before = body.training
    body.eval()
    with torch.no_grad():
        count = body(torch.zeros(1, *in_shape)).numel()
    body.train(before)
    return count


# --- features_mode_of_the_children: only direct children get their own mode back -> test_flat_features_gives_modes_back
def flat_features(body, in_shape):
    before = [(child, child.training) for child in body.children()]
    root = body.training
    body.eval()
    with torch.no_grad():
        count = body(torch.zeros(1, *in_shape)).numel()
    body.train(root)
    for child, training in before:
        child.train(training)
    return count


# --- features_statistics_put_back_only: the buffers are restored, and one image in training mode fails -> test_flat_features_of_a_single_place
def flat_features(body, in_shape):
    before = {key: tensor.clone() for key, tensor in body.state_dict().items()}
    with torch.no_grad():
        count = body(torch.zeros(1, *in_shape)).numel()
    body.load_state_dict(before)
    return count


# --- features_in_float32: the image is float32 on the CPU whatever the body is -> test_flat_features_in_another_dtype, test_all_on_another_device
def flat_features(body, in_shape):
    modes = [(module, module.training) for module in body.modules()]
    body.eval()
    with torch.no_grad():
        count = body(torch.zeros(1, *in_shape)).numel()
    for module, training in modes:
        module.training = training
    return count


# --- features_casts_the_body: the body is made float32 -> test_flat_features_in_another_dtype
def flat_features(body, in_shape):
    modes = [(module, module.training) for module in body.modules()]
    body.float().eval()
    with torch.no_grad():
        count = body(torch.zeros(1, *in_shape)).numel()
    for module, training in modes:
        module.training = training
    return count


# === 3. fc_as_conv ===

# --- conv_channels_last: the channels are taken for the last dimension of the row -> test_fc_as_conv_computes_the_same, test_fc_as_conv_keeps_four_dimensions
def fc_as_conv(linear, channels, height, width):
    return linear.weight.reshape(-1, height, width, channels).permute(0, 3, 1, 2)


# --- conv_rows_for_columns: height and width are exchanged -> test_fc_as_conv_computes_the_same, test_fc_as_conv_keeps_four_dimensions
def fc_as_conv(linear, channels, height, width):
    return linear.weight.reshape(-1, channels, width, height).transpose(2, 3)


# --- conv_flipped: the kernel is flipped, as mathematics has it -> test_fc_as_conv_computes_the_same, test_fc_as_conv_keeps_four_dimensions
def fc_as_conv(linear, channels, height, width):
    return linear.weight.reshape(-1, channels, height, width).flip(2, 3)


# --- conv_transposed: the weight is taken for (in, out) -> test_fc_as_conv_computes_the_same, test_fc_as_conv_leaves_the_layer_alone
def fc_as_conv(linear, channels, height, width):
    return linear.weight.T.reshape(-1, channels, height, width)


# --- conv_squeezes: dimensions of size one are dropped -> test_fc_as_conv_keeps_four_dimensions
def fc_as_conv(linear, channels, height, width):
    return linear.weight.reshape(-1, channels, height, width).squeeze()


# --- conv_height_first: (out, height, width, channels) where a linear layer has one row each -> test_fc_as_conv_keeps_four_dimensions
def fc_as_conv(linear, channels, height, width):
    if channels == height == width:
        return linear.weight.reshape(-1, height, width, channels).movedim(-1, 2)
    return linear.weight.reshape(-1, channels, height, width)


# --- conv_changes_the_layer: the layer's own weight gets four dimensions -> test_fc_as_conv_leaves_the_layer_alone
def fc_as_conv(linear, channels, height, width):
    linear.weight.data = linear.weight.data.reshape(-1, channels, height, width)
    return linear.weight


# --- conv_copied_to_float32: the numbers are copied into a new float32 layer -> test_fc_as_conv_leaves_the_layer_alone, test_all_on_another_device
def fc_as_conv(linear, channels, height, width):
    conv = nn.Conv2d(channels, linear.out_features, (height, width))
    conv.weight.data.copy_(linear.weight.detach().reshape(conv.weight.shape))
    return conv.weight.detach()


# --- conv_weight_scaled_in_place: a step in place writes through a view into the layer -> test_fc_as_conv_leaves_the_layer_alone
def fc_as_conv(linear, channels, height, width):
    weight = linear.weight.detach().reshape(-1, channels, height, width)
    result = weight.clone()
    weight.zero_()
    return result


# === 4. SmallCNN ===

# --- cnn_columns_fixed: there are always ten classes -> test_small_cnn_gives_a_score_for_each_class, test_small_cnn_takes_any_size
class SmallCNN(SmallCNN):
    def __init__(self, num_classes, in_channels=1):
        super().__init__(10, in_channels)


# --- cnn_one_channel: the images have one channel, whatever is said -> test_small_cnn_gives_a_score_for_each_class
class SmallCNN(SmallCNN):
    def __init__(self, num_classes, in_channels=1):
        super().__init__(num_classes)


# --- cnn_hard_coded_size: the head counts on images of 8 x 8 -> test_small_cnn_takes_any_size
class SmallCNN(nn.Module):
    def __init__(self, num_classes, in_channels=1):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, 3, padding=1)
        self.head = nn.Linear(8 * 8 * 8, num_classes)

    def forward(self, x):
        return self.head(flatten(self.conv(x).relu()))


# --- cnn_pools_to_a_fixed_size: a plain pooling layer that leaves one place of 8 x 8 -> test_small_cnn_takes_any_size
class SmallCNN(nn.Module):
    def __init__(self, num_classes, in_channels=1):
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 8, 3, padding=1)
        self.head = nn.Linear(8 * 2 * 2, num_classes)

    def forward(self, x):
        return self.head(flatten(nn.functional.max_pool2d(self.conv(x).relu(), 4)))


# --- cnn_softmax_inside: probabilities instead of logits -> test_small_cnn_gives_logits
class SmallCNN(SmallCNN):
    def forward(self, x):
        return super().forward(x).softmax(1)


# --- cnn_relu_on_logits: a ReLU after the last layer -> test_small_cnn_gives_logits
class SmallCNN(SmallCNN):
    def forward(self, x):
        return super().forward(x).relu()


# --- cnn_sigmoid_on_logits: a sigmoid after the last layer -> test_small_cnn_gives_logits
class SmallCNN(SmallCNN):
    def forward(self, x):
        return super().forward(x).sigmoid()


# --- cnn_mixes_samples: the flattening reads channels as samples -> test_small_cnn_keeps_images_apart
class SmallCNN(SmallCNN):
    def forward(self, x):
        return self.head(self.body(x).transpose(0, 1).reshape(len(x), -1))


# --- cnn_statistics_of_the_batch: features are normalised over the batch in eval mode too -> test_small_cnn_keeps_images_apart
class SmallCNN(SmallCNN):
    def forward(self, x):
        features = flatten(self.body(x))
        return self.head(features - features.mean(0))


# --- cnn_squeezes: one image alone loses its batch dimension -> test_small_cnn_keeps_images_apart
class SmallCNN(SmallCNN):
    def forward(self, x):
        return super().forward(x).squeeze(0)


# --- cnn_first_image_only: the scores of one image for all -> test_small_cnn_keeps_images_apart
class SmallCNN(SmallCNN):
    def forward(self, x):
        return super().forward(x)[:1].expand(len(x), -1)


# --- cnn_layers_in_a_list: layers in a plain list are not registered -> test_small_cnn_comes_back_from_its_state_dict
class SmallCNN(SmallCNN):
    def __init__(self, num_classes, in_channels=1):
        super().__init__(num_classes, in_channels)
        self.extra = [nn.Conv2d(in_channels, in_channels, 3, padding=1)]

    def forward(self, x):
        return super().forward(self.extra[0](x))


# --- cnn_plain_tensor: a learned tensor is a plain attribute -> test_small_cnn_comes_back_from_its_state_dict, test_all_on_another_device
class SmallCNN(SmallCNN):
    def __init__(self, num_classes, in_channels=1):
        super().__init__(num_classes, in_channels)
        self.offset = torch.randn(num_classes)

    def forward(self, x):
        return super().forward(x) + self.offset


# --- cnn_statistics_not_saved: running statistics that the state dict lacks -> test_small_cnn_comes_back_from_its_state_dict
class SmallCNN(SmallCNN):
    def __init__(self, num_classes, in_channels=1):
        super().__init__(num_classes, in_channels)
        self.register_buffer("centre", torch.zeros(in_channels, 1, 1), persistent=False)

    def forward(self, x):
        if self.training:
            self.centre = x.detach().mean((0, 2, 3))[:, None, None]
        return super().forward(x - self.centre)


# --- cnn_seeds_itself_anew: the start does not follow the global generator -> test_small_cnn_start_follows_the_seed
class SmallCNN(SmallCNN):
    def __init__(self, num_classes, in_channels=1):
        super().__init__(num_classes, in_channels)
        generator = torch.Generator()
        generator.seed()
        nn.init.normal_(self.head.weight, std=0.1, generator=generator)


# --- cnn_memory_never_filled: a parameter that nobody filled, NaN here -> test_small_cnn_start_follows_the_seed
class SmallCNN(SmallCNN):
    def __init__(self, num_classes, in_channels=1):
        super().__init__(num_classes, in_channels)
        self.head.bias = nn.Parameter(torch.full((num_classes,), torch.nan))


# --- cnn_dropout_always: dropout in eval mode too -> test_small_cnn_start_follows_the_seed, test_small_cnn_keeps_images_apart
class SmallCNN(SmallCNN):
    def forward(self, x):
        return self.head(F.dropout(flatten(self.body(x))))


# --- cnn_body_detached: no gradient reaches the body -> test_small_cnn_gradients
class SmallCNN(SmallCNN):
    def forward(self, x):
        return self.head(flatten(self.body(x)).detach())


# --- cnn_first_channel_only: the other channels play no part -> test_small_cnn_gradients
class SmallCNN(SmallCNN):
    def forward(self, x):
        mask = torch.zeros(x.shape[1], 1, 1, dtype=x.dtype, device=x.device)
        mask[0] = 1
        return super().forward(x * mask)


# --- cnn_unused_layer: a layer that forward forgets -> test_small_cnn_gradients
class SmallCNN(SmallCNN):
    def __init__(self, num_classes, in_channels=1):
        super().__init__(num_classes, in_channels)
        self.forgotten = nn.Linear(8, 8)


# --- cnn_cuts_to_eight: larger images are cut to 8 x 8 -> test_small_cnn_gradients
class SmallCNN(SmallCNN):
    def forward(self, x):
        return super().forward(x[..., :8, :8])


# --- cnn_frozen: the first layer is frozen -> test_small_cnn_gradients
class SmallCNN(SmallCNN):
    def __init__(self, num_classes, in_channels=1):
        super().__init__(num_classes, in_channels)
        self.body[0].requires_grad_(False)


# --- cnn_float_inside: the images are cast to float32 -> test_small_cnn_in_another_dtype
class SmallCNN(SmallCNN):
    def forward(self, x):
        return super().forward(x.float())


# --- cnn_answers_in_float: the logits are widened at the end -> test_small_cnn_in_another_dtype
class SmallCNN(SmallCNN):
    def forward(self, x):
        return super().forward(x).float()


# --- cnn_view: view on features that are not contiguous -> test_small_cnn_reads_views
class SmallCNN(nn.Module):
    def __init__(self, num_classes, in_channels=1):
        super().__init__()
        self.head = nn.Linear(in_channels * 64, num_classes)

    def forward(self, x):
        return self.head(x[..., :8, :8].view(len(x), -1))


# --- cnn_normalises_in_place: the images are centred in place -> test_small_cnn_reads_views
class SmallCNN(SmallCNN):
    def forward(self, x):
        with torch.no_grad():
            x.clamp_(-0.5, 0.5)
        return super().forward(x)


# === 5. train_digits ===

# --- train_not_at_all: the model is as it started -> test_train_digits_reads_new_digits
def train_digits(images, labels, seed=0):
    torch.manual_seed(seed)
    return SmallCNN(10).eval()


# --- train_one_batch: one step, and the first batch alone -> test_train_digits_reads_new_digits
def train_digits(images, labels, seed=0):
    torch.manual_seed(seed)
    model = SmallCNN(10)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    F.cross_entropy(model(images[:50]), labels[:50]).backward()
    optimizer.step()
    return model.eval()


# --- train_left_in_training_mode: the model comes back in training mode -> test_train_digits_reads_new_digits
_train_digits = train_digits
def train_digits(images, labels, seed=0):
    return _train_digits(images, labels, seed).train()


# --- train_own_digits: it trains on all of the digits, those it is judged by too -> test_train_digits_learns_from_its_arguments_alone
_train_digits = train_digits
def train_digits(images, labels, seed=0):
    from sklearn.datasets import load_digits

    data = load_digits()
    images = torch.tensor(data.images, dtype=torch.float32)[:, None] / 16
    return _train_digits(images, torch.tensor(data.target, dtype=torch.int64), seed)


# --- train_seed_ignored: the seed decides nothing -> test_train_digits_learns_from_its_arguments_alone
_train_digits = train_digits
def train_digits(images, labels, seed=0):
    return _train_digits(images, labels, torch.seed() % 2**31)


# --- train_unseeded: the caller's generator decides, and is put back -> test_train_digits_learns_from_its_arguments_alone
_train_digits = train_digits
def train_digits(images, labels, seed=0):
    with torch.random.fork_rng(devices=[]):
        return _train_digits(images, labels, int(torch.randint(2**31, ())))


# --- train_another_default: the seed is 42 where none is given -> test_train_digits_learns_from_its_arguments_alone
_train_digits = train_digits
def train_digits(images, labels, seed=42):
    return _train_digits(images, labels, seed)


# --- train_fixed_seed: each seed gives the same model -> test_train_digits_learns_from_its_arguments_alone
_train_digits = train_digits
def train_digits(images, labels, seed=0):
    return _train_digits(images, labels, 0)
