"""Wrong answers, a block each: appended to the solution, a block replaces what it defines anew.

Its header gives its id, the misconception, and the tests that must reject it.
"""

# --- freeze_typo: require_grad is no attribute of a parameter, and none complains -> test_freeze_switches_gradients_off, test_freeze_compares_whole_components
def freeze(model, except_prefixes=()):
    frozen = 0
    for name, parameter in model.named_parameters():
        if not any(_inside(name, prefix) for prefix in except_prefixes):
            parameter.require_grad = False
            frozen += 1
    return frozen


# --- freeze_module_attribute: requires_grad is set on the modules -> test_freeze_switches_gradients_off
def freeze(model, except_prefixes=()):
    for module in model.modules():
        module.requires_grad = False
    return sum(not any(_inside(name, p) for p in except_prefixes) for name, _ in model.named_parameters())


# --- freeze_all: exceptions are not looked at -> test_freeze_switches_gradients_off, test_freeze_compares_whole_components
def freeze(model, except_prefixes=()):
    model.requires_grad_(False)
    return len(list(model.parameters()))


# --- freeze_startswith: fc is a prefix of fc2 too -> test_freeze_compares_whole_components
def freeze(model, except_prefixes=()):
    frozen = [p for name, p in model.named_parameters() if not name.startswith(tuple(except_prefixes))]
    for parameter in frozen:
        parameter.requires_grad = False
    return len(frozen)


# --- freeze_anywhere: a component is looked for anywhere in the name -> test_freeze_compares_whole_components
def freeze(model, except_prefixes=()):
    frozen = [p for name, p in model.named_parameters() if not any(f".{q}." in f".{name}." for q in except_prefixes)]
    for parameter in frozen:
        parameter.requires_grad = False
    return len(frozen)


# --- freeze_first_component: only the first component is compared -> test_freeze_compares_whole_components
def freeze(model, except_prefixes=()):
    frozen = [p for name, p in model.named_parameters() if name.split(".")[0] not in except_prefixes]
    for parameter in frozen:
        parameter.requires_grad = False
    return len(frozen)


# --- freeze_frees_the_excepted: what is excepted is set to ask for gradients -> test_freeze_compares_whole_components
def freeze(model, except_prefixes=()):
    frozen = 0
    for name, parameter in model.named_parameters():
        parameter.requires_grad = any(_inside(name, prefix) for prefix in except_prefixes)
        frozen += not parameter.requires_grad
    return frozen


# --- freeze_counts_numbers: the numbers in the tensors are counted -> test_freeze_counts_parameter_tensors, test_freeze_switches_gradients_off
_freeze = freeze


def freeze(model, except_prefixes=()):
    _freeze(model, except_prefixes)
    return sum(p.numel() for p in model.parameters() if not p.requires_grad)


# --- freeze_counts_changes: what was frozen before is not counted -> test_freeze_counts_parameter_tensors
_freeze = freeze


def freeze(model, except_prefixes=()):
    before = sum(p.requires_grad for p in model.parameters())
    _freeze(model, except_prefixes)
    return before - sum(p.requires_grad for p in model.parameters())


# --- freeze_counts_names: a shared tensor counts with each of its names -> test_freeze_counts_parameter_tensors
_freeze = freeze


def freeze(model, except_prefixes=()):
    _freeze(model, except_prefixes)
    names = [name for name, _ in model.named_parameters(remove_duplicate=False)]
    return sum(not any(_inside(name, prefix) for prefix in except_prefixes) for name in names)


# --- freeze_counts_all: excepted parameters are counted too -> test_freeze_counts_parameter_tensors
_freeze = freeze


def freeze(model, except_prefixes=()):
    _freeze(model, except_prefixes)
    return len(list(model.parameters()))


# --- freeze_cuts_the_graph: a frozen layer lets no gradient through -> test_freeze_lets_gradients_through
_freeze = freeze


def freeze(model, except_prefixes=()):
    frozen = _freeze(model, except_prefixes)
    for module in model.modules():
        own = list(module.parameters(recurse=False))
        if own and not any(p.requires_grad for p in own):
            module.register_forward_hook(lambda module, args, out: out.detach())
    return frozen


# --- freeze_zeroes: frozen parameters are filled with zeros -> test_freeze_lets_gradients_through
_freeze = freeze


def freeze(model, except_prefixes=()):
    frozen = _freeze(model, except_prefixes)
    for parameter in model.parameters():
        if not parameter.requires_grad:
            parameter.zero_()
    return frozen


# --- head_added_after: the new layer stands behind the old fc -> test_replace_head_puts_a_new_linear_at_fc, test_replace_head_takes_the_last_of_classifier
def replace_head(model, num_classes):
    owner, name, old = _head(model)
    setattr(owner, name, nn.Sequential(old, nn.ReLU(), nn.Linear(old.out_features, num_classes)))
    return model


# --- head_attribute_only: out_features is written, the weight stays -> test_replace_head_puts_a_new_linear_at_fc, test_replace_head_of_torchvision_models
def replace_head(model, num_classes):
    _head(model)[2].out_features = num_classes
    return model


# --- head_fc_only: classifier is not looked for -> test_replace_head_takes_the_last_of_classifier, test_replace_head_of_torchvision_models
def replace_head(model, num_classes):
    old = model.fc
    model.fc = nn.Linear(old.in_features, num_classes, device=old.weight.device, dtype=old.weight.dtype)
    return model


# --- head_whole_classifier: all of classifier is replaced, by its first layer's inputs -> test_replace_head_takes_the_last_of_classifier, test_replace_head_of_torchvision_models
_replace_head = replace_head


def replace_head(model, num_classes):
    if hasattr(model, "fc"):
        return _replace_head(model, num_classes)
    first = next(m for m in model.classifier if isinstance(m, nn.Linear))
    model.classifier = nn.Linear(first.in_features, num_classes, device=first.weight.device, dtype=first.weight.dtype)
    return model


# --- head_first_of_classifier: the first Linear of classifier is replaced -> test_replace_head_takes_the_last_of_classifier, test_replace_head_of_torchvision_models
_replace_head = replace_head


def replace_head(model, num_classes):
    if hasattr(model, "fc"):
        return _replace_head(model, num_classes)
    for index, layer in enumerate(model.classifier):
        if isinstance(layer, nn.Linear):
            model.classifier[index] = nn.Linear(layer.in_features, num_classes)
            return model


# --- head_last_layer: the last layer of classifier is taken for its last Linear -> test_replace_head_takes_the_last_of_classifier
_replace_head = replace_head


def replace_head(model, num_classes):
    if hasattr(model, "fc") or isinstance(model.classifier, nn.Linear):
        return _replace_head(model, num_classes)
    old = model.classifier[-1]
    model.classifier[-1] = nn.Linear(old.in_features, num_classes, device=old.weight.device, dtype=old.weight.dtype)
    return model


# --- head_index_one: the last layer is thought to be number 1, as in one family -> test_replace_head_takes_the_last_of_classifier, test_replace_head_of_torchvision_models
_replace_head = replace_head


def replace_head(model, num_classes):
    if hasattr(model, "fc"):
        return _replace_head(model, num_classes)
    model.classifier[1] = nn.Linear(model.classifier[1].in_features, num_classes, device=model.classifier[1].weight.device)
    return model


# --- head_frozen_too: the new head takes over requires_grad of the old one -> test_replace_head_is_trainable_in_a_frozen_model
_replace_head = replace_head


def replace_head(model, num_classes):
    asks = _head(model)[2].weight.requires_grad
    model = _replace_head(model, num_classes)
    _head(model)[2].requires_grad_(asks)
    return model


# --- head_frees_all: the whole model is set to ask for gradients -> test_replace_head_is_trainable_in_a_frozen_model
_replace_head = replace_head


def replace_head(model, num_classes):
    return _replace_head(model, num_classes).requires_grad_(True)


# --- head_on_the_cpu: the head is made on the default device -> test_replace_head_of_torchvision_models
def replace_head(model, num_classes):
    owner, name, old = _head(model)
    setattr(owner, name, nn.Linear(old.in_features, num_classes, dtype=old.weight.dtype))
    return model


# --- head_in_float32: the head is made in the default dtype -> test_replace_head_is_new_and_of_the_old_dtype
def replace_head(model, num_classes):
    owner, name, old = _head(model)
    setattr(owner, name, nn.Linear(old.in_features, num_classes, device=old.weight.device))
    return model


# --- head_kept_if_it_fits: with as many classes as before the old head stays -> test_replace_head_is_new_and_of_the_old_dtype
_replace_head = replace_head


def replace_head(model, num_classes):
    return model if _head(model)[2].out_features == num_classes else _replace_head(model, num_classes)


# --- head_zeros: the new weight is zeros -> test_replace_head_is_new_and_of_the_old_dtype
_replace_head = replace_head


def replace_head(model, num_classes):
    model = _replace_head(model, num_classes)
    nn.init.zeros_(_head(model)[2].weight)
    return model


# --- head_silent: a model without a head comes back as it is -> test_replace_head_needs_a_head
_replace_head = replace_head


def replace_head(model, num_classes):
    return _replace_head(model, num_classes) if hasattr(model, "fc") or hasattr(model, "classifier") else model


# --- head_anywhere: a model with neither name gets an fc that forward does not know -> test_replace_head_needs_a_head
_replace_head = replace_head


def replace_head(model, num_classes):
    if hasattr(model, "fc") or hasattr(model, "classifier"):
        return _replace_head(model, num_classes)
    model.fc = nn.LazyLinear(num_classes)
    return model


# --- bn_eval_only: eval() is undone by the next train() -> test_freeze_batchnorm_holds_through_training, test_freeze_batchnorm_normalizes_by_running_statistics, test_freeze_batchnorm_finds_every_kind
def freeze_batchnorm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
            module.requires_grad_(False)


# --- bn_affine_trains: weight and bias are still trained -> test_freeze_batchnorm_holds_through_training, test_freeze_batchnorm_finds_every_kind
def freeze_batchnorm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.eval()
            module.train = lambda mode=True, module=module: module


# --- bn_requires_grad_only: the statistics are thought to stop with the gradients -> test_freeze_batchnorm_holds_through_training
def freeze_batchnorm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.requires_grad_(False)


# --- bn_momentum_zero: the running statistics stay, the batch's are used -> test_freeze_batchnorm_normalizes_by_running_statistics
def freeze_batchnorm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.momentum = 0.0
            module.requires_grad_(False)


# --- bn_tracking_off: without tracking the batch's statistics are used in both modes -> test_freeze_batchnorm_normalizes_by_running_statistics
def freeze_batchnorm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.track_running_stats = False
            module.requires_grad_(False)


# --- bn_2d_only: only BatchNorm2d is looked for -> test_freeze_batchnorm_finds_every_kind, test_freeze_batchnorm_holds_through_training
def freeze_batchnorm(model):
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.requires_grad_(False).eval()
            module.train = lambda mode=True, module=module: module


# --- bn_children_only: inner modules are not searched -> test_freeze_batchnorm_finds_every_kind, test_freeze_batchnorm_holds_through_training
def freeze_batchnorm(model):
    for module in model.children():
        if isinstance(module, _BatchNorm):
            module.requires_grad_(False).eval()
            module.train = lambda mode=True, module=module: module


# --- bn_whole_model: the whole model can no longer be put into training -> test_freeze_batchnorm_leaves_other_layers
_freeze_batchnorm = freeze_batchnorm


def freeze_batchnorm(model):
    _freeze_batchnorm(model)
    model.eval()
    model.train = lambda mode=True: model


# --- bn_every_norm: instance, group and layer norms are frozen along -> test_freeze_batchnorm_leaves_other_layers
def freeze_batchnorm(model):
    for module in model.modules():
        if "Norm" in type(module).__name__:
            module.requires_grad_(False).eval()
            module.train = lambda mode=True, module=module: module


# --- bn_everything_with_statistics: whatever keeps a running mean is taken for batch norm -> test_freeze_batchnorm_leaves_other_layers
def freeze_batchnorm(model):
    for module in model.modules():
        if getattr(module, "running_mean", None) is not None:
            module.requires_grad_(False).eval()
            module.train = lambda mode=True, module=module: module


# --- bn_needs_weight: weight and bias are taken for granted -> test_freeze_batchnorm_without_all_its_tensors
def freeze_batchnorm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.weight.requires_grad = False
            module.bias.requires_grad = False
            module.eval()
            module.train = lambda mode=True, module=module: module


# --- bn_needs_statistics: running statistics are taken for granted -> test_freeze_batchnorm_without_all_its_tensors
_freeze_batchnorm = freeze_batchnorm


def freeze_batchnorm(model):
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.running_mean.requires_grad_(False)
    _freeze_batchnorm(model)


# --- groups_one_rate: the head gets the rate of the rest -> test_param_groups_gives_rates_and_decay, test_param_groups_compares_whole_components
_param_groups = param_groups


def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    return _param_groups(model, head_prefix, base_lr, base_lr, weight_decay)


# --- groups_rates_swapped: base and head rate are swapped -> test_param_groups_gives_rates_and_decay
_param_groups = param_groups


def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    return _param_groups(model, head_prefix, head_lr, base_lr, weight_decay)


# --- groups_decay_all: biases and norms are decayed -> test_param_groups_gives_rates_and_decay, test_param_groups_spares_every_norm
def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    groups = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            lr = head_lr if _inside(name, head_prefix) else base_lr
            groups.append({"params": [p], "lr": lr, "weight_decay": weight_decay})
    return groups


# --- groups_decay_missing: where there is no decay, weight_decay is left to the optimizer -> test_param_groups_gives_rates_and_decay
_param_groups = param_groups


def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    groups = _param_groups(model, head_prefix, base_lr, head_lr, weight_decay)
    return [{key: value for key, value in g.items() if key != "weight_decay" or value} for g in groups]


# --- groups_norm_by_name: a norm is known by `norm` or `bn` in its name -> test_param_groups_spares_every_norm, test_param_groups_gives_rates_and_decay
def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    groups = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            spared = "norm" in name or "bn" in name or name.endswith("bias")
            lr = head_lr if _inside(name, head_prefix) else base_lr
            groups.append({"params": [p], "lr": lr, "weight_decay": 0.0 if spared else weight_decay})
    return groups


# --- groups_batch_norm_only: no other norm is spared -> test_param_groups_spares_every_norm
NORMS = (_BatchNorm,)


# --- groups_bias_anywhere: a layer with `bias` in its name is taken for a bias -> test_param_groups_spares_every_norm
def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    groups = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            lr = head_lr if _inside(name, head_prefix) else base_lr
            groups.append({"params": [p], "lr": lr, "weight_decay": 0.0 if "bias" in name or p.ndim < 2 else weight_decay})
    return groups


# --- groups_with_frozen: frozen parameters are listed -> test_param_groups_leaves_frozen_parameters_out
def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    groups = []
    for name, p in model.named_parameters():
        lr = head_lr if _inside(name, head_prefix) else base_lr
        groups.append({"params": [p], "lr": lr, "weight_decay": weight_decay if p.ndim > 1 else 0.0})
    return groups


# --- groups_thaw: every parameter is set to ask for a gradient -> test_param_groups_leaves_frozen_parameters_out
_param_groups = param_groups


def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    model.requires_grad_(True)
    return _param_groups(model, head_prefix, base_lr, head_lr, weight_decay)


# --- groups_by_name_twice: a shared weight is listed with each of its names -> test_param_groups_lists_a_shared_weight_once
def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    groups = []
    for name, p in model.named_parameters(remove_duplicate=False):
        if p.requires_grad:
            lr = head_lr if _inside(name, head_prefix) else base_lr
            groups.append({"params": [p], "lr": lr, "weight_decay": weight_decay if p.ndim > 1 else 0.0})
    return groups


# --- groups_overlap: a group of all parameters, and the head once more -> test_param_groups_gives_rates_and_decay, test_param_groups_lists_a_shared_weight_once
_param_groups = param_groups


def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    groups = _param_groups(model, head_prefix, base_lr, head_lr, weight_decay)
    head = [p for name, p in model.named_parameters() if _inside(name, head_prefix) and p.requires_grad]
    return [*groups, {"params": head, "lr": head_lr, "weight_decay": weight_decay}]


# --- groups_head_only: the rest of the model is missing -> test_param_groups_gives_rates_and_decay
_param_groups = param_groups


def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    groups = _param_groups(model, head_prefix, base_lr, head_lr, weight_decay)
    return [g for g in groups if g["lr"] == head_lr]


# --- groups_copies: the groups hold copies of the parameters -> test_param_groups_gives_rates_and_decay
_param_groups = param_groups


def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    groups = _param_groups(model, head_prefix, base_lr, head_lr, weight_decay)
    return [g | {"params": [nn.Parameter(p.detach().clone()) for p in g["params"]]} for g in groups]


# --- groups_startswith: fc2 is taken for a part of fc -> test_param_groups_compares_whole_components
_param_groups = param_groups


def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    groups = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            lr = head_lr if name.startswith(head_prefix) else base_lr
            groups.append({"params": [p], "lr": lr, "weight_decay": weight_decay if p.ndim > 1 else 0.0})
    return groups


# --- groups_first_component: a prefix of two components is never found -> test_param_groups_compares_whole_components
def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    groups = []
    for name, p in model.named_parameters():
        if p.requires_grad:
            lr = head_lr if name.split(".")[0] == head_prefix else base_lr
            groups.append({"params": [p], "lr": lr, "weight_decay": weight_decay if p.ndim > 1 else 0.0})
    return groups


# --- load_strict_false: strict=False is thought to pass over other shapes -> test_load_matching_skips_other_shapes, test_load_matching_wants_the_same_shape
def load_matching(model, state_dict):
    own = model.state_dict()
    found = {key if key in own else key.removeprefix("module."): value for key, value in state_dict.items()}
    return list(model.load_state_dict(found, strict=False).unexpected_keys)


# --- load_nothing_skipped: an empty list comes back -> test_load_matching_skips_other_shapes, test_load_matching_takes_any_keys
_load_matching = load_matching


def load_matching(model, state_dict):
    _load_matching(model, state_dict)
    return []


# --- load_returns_loaded: the keys that were loaded come back -> test_load_matching_skips_other_shapes
_load_matching = load_matching


def load_matching(model, state_dict):
    skipped = _load_matching(model, state_dict)
    return [key for key in state_dict if key not in skipped]


# --- load_returns_missing: what the dict lacks counts as skipped -> test_load_matching_takes_any_keys
_load_matching = load_matching


def load_matching(model, state_dict):
    return [*_load_matching(model, state_dict), *(key for key in model.state_dict() if key not in state_dict)]


# --- load_prefix_kept: module. is not taken off -> test_load_matching_reads_data_parallel_keys
def load_matching(model, state_dict):
    own = model.state_dict()
    fits = {key: v for key, v in state_dict.items() if key in own and own[key].shape == v.shape}
    model.load_state_dict(fits, strict=False)
    return [key for key in state_dict if key not in fits]


# --- load_prefix_lost: skipped keys come back without module. -> test_load_matching_reads_data_parallel_keys
_load_matching = load_matching


def load_matching(model, state_dict):
    return [key.removeprefix("module.") for key in _load_matching(model, state_dict)]


# --- load_lstrip: lstrip takes off letters, not a word -> test_load_matching_reads_data_parallel_keys
def load_matching(model, state_dict):
    own, skipped = model.state_dict(), []
    for key, value in state_dict.items():
        name = key.lstrip("module.")
        if name in own and own[name].shape == value.shape:
            own[name].copy_(value)
        else:
            skipped.append(key)
    return skipped


# --- load_indexes_unknown: a key that the model lacks is an error -> test_load_matching_takes_any_keys, test_load_matching_reads_data_parallel_keys
def load_matching(model, state_dict):
    own = model.state_dict()
    skipped = [key for key, v in state_dict.items() if own[key.removeprefix("module.")].shape != v.shape]
    model.load_state_dict(
        {key.removeprefix("module."): v for key, v in state_dict.items() if key not in skipped}, strict=False
    )
    return skipped


# --- load_strict: a key that is missing is an error -> test_load_matching_takes_any_keys, test_load_matching_skips_other_shapes
def load_matching(model, state_dict):
    own = model.state_dict()
    named = {key if key in own else key.removeprefix("module."): key for key in state_dict}
    fits = {n: state_dict[k] for n, k in named.items() if n in own and own[n].shape == state_dict[k].shape}
    model.load_state_dict(fits)
    return [k for n, k in named.items() if n not in fits]


# --- load_empties_the_dict: keys are popped from the caller's dict -> test_load_matching_takes_any_keys
_load_matching = load_matching


def load_matching(model, state_dict):
    skipped = _load_matching(model, state_dict)
    for key in skipped:
        state_dict.pop(key)
    return skipped


# --- load_freezes: what is loaded asks for no gradient any more -> test_load_matching_takes_any_keys
_load_matching = load_matching


def load_matching(model, state_dict):
    skipped = _load_matching(model, state_dict)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(name not in state_dict)
    return skipped


# --- load_takes_the_dtype: the saved dtype replaces the model's -> test_load_matching_keeps_the_dtype_and_loads_buffers, test_load_matching_stays_on_the_gpu
def load_matching(model, state_dict):
    own, skipped, fits = model.state_dict(), [], {}
    for key, value in state_dict.items():
        name = key if key in own else key.removeprefix("module.")
        if name in own and own[name].shape == value.shape:
            fits[name] = value
        else:
            skipped.append(key)
    model.load_state_dict(fits, strict=False, assign=True)
    return skipped


# --- load_wants_the_dtype: a tensor of another dtype is skipped -> test_load_matching_keeps_the_dtype_and_loads_buffers
_load_matching = load_matching


def load_matching(model, state_dict):
    own = model.state_dict()
    fits = {k: v for k, v in state_dict.items() if own.get(k.removeprefix("module."), v).dtype == v.dtype}
    return [*_load_matching(model, fits), *(key for key in state_dict if key not in fits)]


# --- load_parameters_only: buffers are not loaded -> test_load_matching_keeps_the_dtype_and_loads_buffers
def load_matching(model, state_dict):
    own, skipped = dict(model.named_parameters()), []
    for key, value in state_dict.items():
        name = key.removeprefix("module.")
        if name in own and own[name].shape == value.shape:
            own[name].data.copy_(value)
        else:
            skipped.append(key)
    return skipped


# --- load_counts_numbers: as many numbers are thought to be enough -> test_load_matching_wants_the_same_shape
def load_matching(model, state_dict):
    own, skipped = model.state_dict(), []
    for key, value in state_dict.items():
        name = key if key in own else key.removeprefix("module.")
        if name in own and own[name].numel() == value.numel():
            own[name].copy_(value.reshape(own[name].shape))
        else:
            skipped.append(key)
    return skipped


# --- load_broadcasts: what copy_ takes is taken, broadcasting included -> test_load_matching_wants_the_same_shape
def load_matching(model, state_dict):
    own, skipped = model.state_dict(), []
    for key, value in state_dict.items():
        name = key if key in own else key.removeprefix("module.")
        try:
            own[name].copy_(value)
        except (KeyError, RuntimeError):
            skipped.append(key)
    return skipped


# --- normalize_no_255: the division by 255 is missing -> test_normalize_scales_and_moves_channels
_normalize = normalize


def normalize(images):
    return _normalize(images.float() * 255)


# --- normalize_256: 256 values are taken for a maximum of 256 -> test_normalize_scales_and_moves_channels
_normalize = normalize


def normalize(images):
    return _normalize(images * (255 / 256))


# --- normalize_bgr: the statistics are in the order blue, green, red -> test_normalize_scales_and_moves_channels
IMAGENET_MEAN, IMAGENET_STD = IMAGENET_MEAN[::-1], IMAGENET_STD[::-1]


# --- normalize_rows: the statistics lie along the rows of the picture -> test_normalize_scales_and_moves_channels, test_normalize_any_images
def normalize(images):
    mean = torch.tensor(IMAGENET_MEAN, device=images.device)
    std = torch.tensor(IMAGENET_STD, device=images.device)
    return (images.float().permute(0, 3, 1, 2) / 255 - mean) / std


# --- normalize_reshape: a reshape in place of a permute mixes pixels and colours -> test_normalize_scales_and_moves_channels, test_normalize_any_images
_normalize = normalize


def normalize(images):
    n, h, w, c = images.shape
    return _normalize(images).permute(0, 2, 3, 1).reshape(n, c, h, w)


# --- normalize_transposed: height and width are swapped -> test_normalize_scales_and_moves_channels
_normalize = normalize


def normalize(images):
    return _normalize(images).transpose(2, 3)


# --- normalize_bytes: the mean is taken off in bytes -> test_normalize_scales_and_moves_channels
def normalize(images):
    mean = torch.tensor([round(255 * m) for m in IMAGENET_MEAN], dtype=torch.uint8, device=images.device)
    std = torch.tensor(IMAGENET_STD, device=images.device)
    return ((images - mean).float() / 255 / std).permute(0, 3, 1, 2)


# --- normalize_own_maximum: the batch's own maximum takes the place of 255 -> test_normalize_any_images
_normalize = normalize


def normalize(images):
    return _normalize(images / max(1, images.max()) * 255)


# --- normalize_squeezes: dimensions of size one are squeezed away -> test_normalize_any_images
_normalize = normalize


def normalize(images):
    return _normalize(images).squeeze()


# --- normalize_view: view wants contiguous images -> test_normalize_any_images
def normalize(images):
    flat = images.view(-1, 3).float() / 255
    mean = torch.tensor(IMAGENET_MEAN, device=images.device)
    std = torch.tensor(IMAGENET_STD, device=images.device)
    return ((flat - mean) / std).view(images.shape).permute(0, 3, 1, 2)


# --- normalize_on_the_cpu: mean and std are made on the CPU -> test_normalize_on_another_device
def normalize(images):
    mean, std = torch.tensor(IMAGENET_MEAN), torch.tensor(IMAGENET_STD)
    return ((images.float() / 255 - mean) / std).permute(0, 3, 1, 2)


# --- banned_normalize_transforms: torchvision does it -> test_normalize_scales_and_moves_channels, test_normalize_any_images
from torchvision import transforms


def normalize(images):
    return transforms.Normalize(IMAGENET_MEAN, IMAGENET_STD)(images.permute(0, 3, 1, 2).float() / 255)


# --- tune_head_copied: a copy of the head is trained -> test_fine_tune_trains_the_head, test_fine_tune_leaves_the_body, test_fine_tune_digits_shift
import copy

_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    return _fine_tune(body, copy.deepcopy(head), images, labels, epochs, lr, seed)


# --- tune_optimizer_before_the_swap: the optimizer holds another head than the one that is trained -> test_fine_tune_trains_the_head, test_fine_tune_digits_shift
def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    model = nn.Sequential(body, nn.Linear(2, 2))
    optimizer = torch.optim.Adam(model[1].parameters(), lr=lr)
    model[1] = head
    body.eval()
    losses = []
    for _ in range(epochs):
        loss = F.cross_entropy(model(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# --- tune_uphill: the loss is climbed -> test_fine_tune_trains_the_head, test_fine_tune_digits_shift
def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    body.eval()
    losses = []
    for _ in range(epochs):
        loss = F.cross_entropy(head(body(images)), labels)
        for p, g in zip(head.parameters(), torch.autograd.grad(loss, list(head.parameters()))):
            p.data += lr * g
        losses.append(loss.item())
    return losses


# --- tune_last_epoch_only: one number comes back -> test_fine_tune_trains_the_head, test_fine_tune_reports_the_mean_loss
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    return _fine_tune(body, head, images, labels, epochs, lr, seed)[-1:]


# --- tune_everything: the body is trained along -> test_fine_tune_leaves_the_body
def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    body.eval()
    optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=lr)
    losses = []
    for _ in range(epochs):
        loss = F.cross_entropy(head(body(images)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# --- tune_zero_gradients_move: the optimizer holds the frozen body, whose gradients are zeros, and decays it -> test_fine_tune_leaves_the_body
def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    freeze(body)
    body.eval()
    optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=lr, momentum=0.9, weight_decay=1e-2)
    losses = []
    for _ in range(epochs):
        loss = F.cross_entropy(head(body(images)), labels)
        optimizer.zero_grad(set_to_none=False)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# --- tune_old_gradients_move: the gradients that the body came with are stepped along -> test_fine_tune_leaves_the_body
def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    freeze(body)
    body.eval()
    optimizer = torch.optim.SGD([*body.parameters(), *head.parameters()], lr=lr)
    losses = []
    for _ in range(epochs):
        loss = F.cross_entropy(head(body(images)), labels)
        head.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# --- tune_statistics_move: the body is frozen and stays in training mode -> test_fine_tune_leaves_the_body, test_fine_tune_reports_the_mean_loss, test_fine_tune_with_few_images_and_missing_classes
def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    freeze(body)
    body.train()
    optimizer = torch.optim.SGD(head.parameters(), lr=lr)
    losses = []
    for _ in range(epochs):
        loss = F.cross_entropy(head(body(images)), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# --- tune_images_scaled_in_place: the caller's images are standardized in place -> test_fine_tune_leaves_the_body
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    images -= images.mean()
    return _fine_tune(body, head, images, labels, epochs, lr, seed)


# --- tune_sum: the losses of the batches are added up -> test_fine_tune_reports_the_mean_loss
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    batches = -(-len(images) // BATCH_SIZE)
    return [loss * batches for loss in _fine_tune(body, head, images, labels, epochs, lr, seed)]


# --- tune_batch_mean_over_images: means of batches are added up and divided by the number of images -> test_fine_tune_reports_the_mean_loss
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    return [loss / BATCH_SIZE for loss in _fine_tune(body, head, images, labels, epochs, lr, seed)]


# --- tune_softmax_twice: a softmax stands before the cross entropy -> test_fine_tune_reports_the_mean_loss, test_fine_tune_with_few_images_and_missing_classes
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    handle = head.register_forward_hook(lambda module, args, scores: scores.softmax(1))
    losses = _fine_tune(body, head, images, labels, epochs, lr, seed)
    handle.remove()
    return losses


# --- tune_own_lr: the learning rate is the author's own -> test_fine_tune_reports_the_mean_loss
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    return _fine_tune(body, head, images, labels, epochs, 1e-2, seed)


# --- tune_classes_by_labels: the classes are counted in the labels -> test_fine_tune_with_few_images_and_missing_classes
def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    body.eval()
    optimizer = torch.optim.Adam(head.parameters(), lr=lr)
    targets = F.one_hot(labels).float()
    losses = []
    for _ in range(epochs):
        loss = F.cross_entropy(head(body(images)), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# --- tune_relabels: labels are numbered anew, in the order of those that occur -> test_fine_tune_with_few_images_and_missing_classes
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    return _fine_tune(body, head, images, labels.unique(return_inverse=True)[1], epochs, lr, seed)


# --- tune_drops_the_last_batch: what does not fill a batch is left out -> test_fine_tune_with_few_images_and_missing_classes
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    whole = len(images) // BATCH_SIZE * BATCH_SIZE
    return _fine_tune(body, head, images[:whole], labels[:whole], epochs, lr, seed)


# --- tune_one_epoch_at_least: the check for the end comes after the epoch -> test_fine_tune_for_no_epochs
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    return _fine_tune(body, head, images, labels, max(1, epochs), lr, seed)


# --- tune_epochs_or_default: 0 is taken for "not given" -> test_fine_tune_for_no_epochs
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    return _fine_tune(body, head, images, labels, epochs or 20, lr, seed)


# --- tune_ten_epochs: 10 epochs where none are given -> test_fine_tune_repeats_itself
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=10, lr=1e-2, seed=0):
    return _fine_tune(body, head, images, labels, epochs, lr, seed)


# --- tune_slower: a learning rate of 1e-3 where none is given -> test_fine_tune_repeats_itself
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-3, seed=0):
    return _fine_tune(body, head, images, labels, epochs, lr, seed)


# --- tune_another_seed: seed 42 where none is given -> test_fine_tune_repeats_itself
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=42):
    return _fine_tune(body, head, images, labels, epochs, lr, seed)


# --- tune_no_seed: the order comes from the global generator -> test_fine_tune_repeats_itself
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    return _fine_tune(body, head, images, labels, epochs, lr, int(torch.randint(10**6, ())))


# --- tune_noise: the head starts somewhere else each time -> test_fine_tune_repeats_itself
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    if epochs and lr:
        nn.init.normal_(head.weight)
    return _fine_tune(body, head, images, labels, epochs, lr, seed)


# --- tune_random_body: the features are those of an untrained body -> test_fine_tune_digits_shift
import copy

_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    torch.manual_seed(seed)
    fresh = copy.deepcopy(body)
    for module in fresh.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return _fine_tune(fresh, head, images, labels, epochs, lr, seed)


# --- tune_random_body_kept: the body is made anew and then trained upon -> test_fine_tune_digits_shift, test_fine_tune_leaves_the_body
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    torch.manual_seed(seed)
    for module in body.modules():
        if hasattr(module, "reset_parameters"):
            module.reset_parameters()
    return _fine_tune(body, head, images, labels, epochs, lr, seed)


# --- tune_foreign_labels: images are shuffled and labels are not -> test_fine_tune_digits_shift
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(seed))
    return _fine_tune(body, head, images[order], labels, epochs, lr, seed)


# --- tune_bias_only: nothing but the bias of the head is trained -> test_fine_tune_trains_the_head, test_fine_tune_leaves_the_body, test_fine_tune_digits_shift
_fine_tune = fine_tune


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    weight = head.weight.detach().clone()
    losses = _fine_tune(body, head, images, labels, epochs, lr, seed)
    head.weight.data.copy_(weight)
    return losses
