"""Fine-tuning: freeze a trained model, give it a new head, and train that on data of your own.

Shapes: N images, H x W pixels, C = 3 colours, F features. A body makes (N, F) of images, a head
makes scores (N, classes) of features.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.instancenorm import _InstanceNorm

NORMS = (_BatchNorm, _InstanceNorm, nn.LayerNorm, nn.GroupNorm)

IMAGENET_MEAN = (0.485, 0.456, 0.406)  # red, green, blue
IMAGENET_STD = (0.229, 0.224, 0.225)

BATCH_SIZE = 32


def _inside(name: str, prefix: str) -> bool:
    """Whether the dotted name starts with the components of the prefix: 'fc.weight' is in 'fc', 'fc2.weight' is not."""
    return f"{name}.".startswith(f"{prefix}.")


def freeze(model: nn.Module, except_prefixes: tuple[str, ...] = ()) -> int:
    frozen = 0
    for name, parameter in model.named_parameters():
        if not any(_inside(name, prefix) for prefix in except_prefixes):
            parameter.requires_grad_(False)  # a method: a mistyped one raises, a mistyped attribute does not
            frozen += 1
    return frozen


def replace_head(model: nn.Module, num_classes: int) -> nn.Module:
    owner, name, old = _head(model)
    # Device and dtype of the old layer; requires_grad is that of any new layer: True.
    new = nn.Linear(old.in_features, num_classes, device=old.weight.device, dtype=old.weight.dtype)
    setattr(owner, name, new)
    return model


def _head(model: nn.Module) -> tuple[nn.Module, str, nn.Linear]:
    """The last Linear of the model, with the module that holds it and its name there."""
    for attribute in ("fc", "classifier"):
        found = getattr(model, attribute, None)
        if isinstance(found, nn.Linear):
            return model, attribute, found
        if isinstance(found, nn.Sequential):
            for name, layer in reversed(list(found.named_children())):
                if isinstance(layer, nn.Linear):
                    return found, name, layer
    raise ValueError("the model has no Linear called `fc`, and none in `classifier`")


def freeze_batchnorm(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, _BatchNorm):
            module.requires_grad_(False)  # weight and bias, where there are any
            module.eval()
            module.train = lambda mode=True, module=module: module  # type: ignore[method-assign, misc]


def param_groups(
    model: nn.Module, head_prefix: str, base_lr: float, head_lr: float, weight_decay: float
) -> list[dict[str, Any]]:
    norms = {id(p) for module in model.modules() if isinstance(module, NORMS) for p in module.parameters(recurse=False)}
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():  # a tied parameter comes once
        if not parameter.requires_grad:
            continue
        lr = head_lr if _inside(name, head_prefix) else base_lr
        exempt = id(parameter) in norms or name.rpartition(".")[2].endswith("bias")
        groups.setdefault((lr, 0.0 if exempt else weight_decay), []).append(parameter)
    return [{"params": params, "lr": lr, "weight_decay": decay} for (lr, decay), params in groups.items()]


def load_matching(model: nn.Module, state_dict: dict[str, Tensor]) -> list[str]:
    own = model.state_dict()
    matching, skipped = {}, []
    for key, value in state_dict.items():
        name = key if key in own else key.removeprefix("module.")  # nn.DataParallel writes the prefix
        if name in own and own[name].shape == value.shape:
            matching[name] = value
        else:
            skipped.append(key)
    model.load_state_dict(matching, strict=False)  # copies, into the model's own dtype and device
    return skipped


def normalize(images: Tensor) -> Tensor:
    mean = torch.tensor(IMAGENET_MEAN, device=images.device)  # (C,)
    std = torch.tensor(IMAGENET_STD, device=images.device)  # (C,)
    scaled = images.float() / 255  # (N, H, W, C), from 0 to 1
    return ((scaled - mean) / std).permute(0, 3, 1, 2)  # (N, C, H, W)


def fine_tune(
    body: nn.Module,
    head: nn.Module,
    images: Tensor,
    labels: Tensor,
    epochs: int = 20,
    lr: float = 1e-2,
    seed: int = 0,
) -> list[float]:
    body.eval()  # the statistics of batch norm stay as they are
    with torch.no_grad():
        features = body(images)  # (N, F): the body does not change, so once is enough
    optimizer = torch.optim.Adam(head.parameters(), lr=lr)  # the head's parameters and no others
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(epochs):
        total = torch.zeros((), device=images.device)
        for rows in torch.randperm(len(images), generator=generator).to(images.device).split(BATCH_SIZE):
            loss = F.cross_entropy(head(features[rows]), labels[rows])  # (B, F) -> (B, classes) -> ()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.detach() * len(rows)
        losses.append(float(total) / len(images))
    return losses
