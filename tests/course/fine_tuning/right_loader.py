"""A right answer with a DataLoader, small batches with momentum, and a class that takes over batch norm."""

import functools

import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def covers(prefix, name):
    return name == prefix or name.startswith(prefix + ".")


def freeze(model, except_prefixes=()):
    kept = {id(p) for n, p in model.named_parameters() if any(covers(prefix, n) for prefix in except_prefixes)}
    rest = {id(p): p for p in model.parameters() if id(p) not in kept}
    for p in rest.values():
        p.requires_grad_(False)
    return len(rest)


def replace_head(model, num_classes):
    make = functools.partial(nn.Linear, out_features=num_classes)
    match getattr(model, "fc", None), getattr(model, "classifier", None):
        case nn.Linear() as old, _:
            model.fc = make(old.in_features, device=old.weight.device, dtype=old.weight.dtype)
        case _, nn.Sequential() as layers:
            last = max(i for i, layer in enumerate(layers) if isinstance(layer, nn.Linear))
            old = layers[last]
            layers[last] = make(old.in_features, device=old.weight.device, dtype=old.weight.dtype)
        case _:
            raise ValueError("a model with fc or classifier is needed")
    return model


class AlwaysEval:
    def train(self, mode=True):
        return super().train(False)


def freeze_batchnorm(model):
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            kind = type(module)
            module.__class__ = type(f"Frozen{kind.__name__}", (AlwaysEval, kind), {})
            module.train().requires_grad_(False)


def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    norms = (
        nn.modules.batchnorm._NormBase,
        nn.LayerNorm,
        nn.GroupNorm,
    )
    seen, groups = set(), []
    for path, module in model.named_modules():
        for leaf, p in module.named_parameters(recurse=False):
            if p in seen or not p.requires_grad:
                continue
            seen.add(p)
            name = f"{path}.{leaf}".lstrip(".")
            spared = isinstance(module, norms) or "bias" in leaf
            groups.append(
                {
                    "params": [p],
                    "lr": head_lr if covers(head_prefix, name) else base_lr,
                    "weight_decay": 0 if spared else weight_decay,
                }
            )
    return groups


def load_matching(model, state_dict):
    own = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    names = {key: key if key in own else key.removeprefix("module.") for key in state_dict}
    fits = {key for key, name in names.items() if name in own and own[name].size() == state_dict[key].size()}
    for key in fits:
        own[names[key]].data.copy_(state_dict[key])
    return sorted(set(state_dict) - fits)


def normalize(images):
    mean = images.new_tensor([0.485, 0.456, 0.406], dtype=torch.float32).view(3, 1, 1)
    std = images.new_tensor([0.229, 0.224, 0.225], dtype=torch.float32).view(3, 1, 1)
    out = images.movedim(-1, 1).float()
    return out.div_(255).sub_(mean).div_(std)


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    generator = torch.Generator()
    generator.manual_seed(seed)
    loader = DataLoader(TensorDataset(images, labels), batch_size=8, shuffle=True, generator=generator)
    optimizer = torch.optim.SGD(head.parameters(), lr, momentum=0.9)
    mode = body.training
    body.eval()
    history = []
    for _ in range(epochs):
        total, count = 0.0, 0
        for x, y in loader:
            with torch.no_grad():
                features = body(x)
            loss = F.cross_entropy(head(features), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() * len(y)
            count += len(y)
        history.append(total / count)
    body.train(mode)
    return history
