"""A right answer in plain steps: modules by their paths, copies by hand, gradient descent on all images at once."""

import torch
from torch import nn


def under(name, prefix):
    want = prefix.split(".")
    return name.split(".")[: len(want)] == want


def freeze(model, except_prefixes=()):
    names = [name for name, _ in model.named_parameters()]
    chosen = [name for name in names if not any(under(name, prefix) for prefix in except_prefixes)]
    for name in chosen:
        model.get_parameter(name).requires_grad = False
    return len(chosen)


def replace_head(model, num_classes):
    if hasattr(model, "fc"):
        path = "fc"
    elif hasattr(model, "classifier"):
        linears = [n for n, m in model.named_modules() if isinstance(m, nn.Linear) and under(n, "classifier")]
        path = linears[-1]
    else:
        raise RuntimeError("no head to replace")
    parent, _, last = path.rpartition(".")
    old = model.get_submodule(path)
    head = nn.Linear(old.in_features, num_classes).to(old.weight)
    model.get_submodule(parent)._modules[last] = head
    return model


def stay(self, mode=True):
    return self


def freeze_batchnorm(model):
    kinds = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.SyncBatchNorm)
    for module in [m for m in model.modules() if isinstance(m, kinds)]:
        module.eval()
        for parameter in module.parameters():
            parameter.requires_grad = False
        module.train = stay.__get__(module)


def param_groups(model, head_prefix, base_lr, head_lr, weight_decay):
    groups = []
    for head in (True, False):
        for decayed in (True, False):
            chosen = [
                p
                for name, p in model.named_parameters()
                if p.requires_grad and under(name, head_prefix) is head and (p.dim() > 1) is decayed
            ]
            lr = head_lr if head else base_lr
            groups.append({"params": chosen, "lr": lr, "weight_decay": weight_decay if decayed else 0.0})
    return groups


def load_matching(model, state_dict):
    targets = model.state_dict()
    skipped = []
    for key in state_dict:
        name = key[len("module.") :] if key.startswith("module.") else key
        if name in targets and targets[name].shape == state_dict[key].shape:
            with torch.no_grad():
                targets[name].copy_(state_dict[key])
        else:
            skipped.append(key)
    return skipped


def normalize(images):
    channels = []
    for c, (mean, std) in enumerate([(0.485, 0.229), (0.456, 0.224), (0.406, 0.225)]):
        channels.append((images[..., c].to(torch.float32) - 255 * mean) / (255 * std))
    return torch.stack(channels, dim=1)


def fine_tune(body, head, images, labels, epochs=20, lr=1e-2, seed=0):
    torch.manual_seed(seed)
    for parameter in body.parameters():
        parameter.requires_grad = False
    body.eval()
    losses = []
    for _ in range(epochs):
        scores = head(body(images))
        loss = -scores.log_softmax(1).gather(1, labels[:, None]).mean()
        parameters = list(head.parameters())
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            for parameter, gradient in zip(parameters, gradients, strict=True):
                parameter -= lr * gradient
        losses.append(loss.item())
    return losses
