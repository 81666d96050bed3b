"""Fine-tuning: freeze a trained model, give it a new head, and train that on data of your own.

The lesson is in README.md beside this file. A prefix stands for whole dotted components of a
parameter's name: "fc" is a prefix of "fc.weight", not of "fc2.weight" nor of "stem.fc.weight".
"""

from typing import Any

from torch import Tensor, nn


def freeze(model: nn.Module, except_prefixes: tuple[str, ...] = ()) -> int:
    """Freeze every parameter of `model`, except those whose name starts with one of the prefixes.

    Excepted parameters are left alone: those that ask for a gradient still do, frozen ones stay frozen.

    Args:
        model: any module; its parameters get requires_grad=False.
        except_prefixes: dotted prefixes of one or several components, such as "fc" or "layer4.1".

    Returns:
        How many parameter tensors are not excepted, and so are frozen now (also those that were
        frozen before). A shared one counts once.

    Example:
        >>> freeze(nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2)), except_prefixes=("1",))
        2
    """
    raise NotImplementedError("TODO 1: freeze")


def replace_head(model: nn.Module, num_classes: int) -> nn.Module:
    """Put a new `nn.Linear` with `num_classes` outputs in place of the last Linear of a classifier.

    That is `model.fc` (a Linear, as in ResNet), or the last Linear in `model.classifier` (an
    nn.Sequential, as in VGG and MobileNet).

    Returns:
        The model, with a new, trainable last Linear: as many inputs as the old one, on its device
        and of its dtype. All other layers stay.

    Raises:
        ValueError: where the model has neither `fc` nor `classifier`.

    Example:
        >>> replace_head(torchvision.models.resnet18(weights=None), 5).fc
        Linear(in_features=512, out_features=5, bias=True)
    """
    raise NotImplementedError("TODO 2: replace_head")


def freeze_batchnorm(model: nn.Module) -> None:
    """Freeze each batch norm in `model` (1-d, 2-d, 3-d, at any depth) for good.

    From now on it normalizes by its running statistics, in evaluation and in training, also after
    `model.train()`. The statistics stay as they are, and so do weight and bias, which need not
    exist. All other layers, other norms included, stay as they are.

    Example:
        >>> freeze_batchnorm(model)
        >>> model.train()(x)   # moves no running statistics
    """
    raise NotImplementedError("TODO 3: freeze_batchnorm")


def param_groups(
    model: nn.Module, head_prefix: str, base_lr: float, head_lr: float, weight_decay: float
) -> list[dict[str, Any]]:
    """Groups for an optimizer: `head_lr` for the head, `base_lr` for the rest, no decay for biases and norms.

    Args:
        model: any module.
        head_prefix: the dotted prefix of the head's parameters.
        base_lr, head_lr: learning rates.
        weight_decay: for all but the biases of all layers and the parameters of batch, layer, group
            and instance norms, which get 0.

    Returns:
        Dicts with "params", "lr" and "weight_decay", in any order and number. Each parameter that asks
        for a gradient is in exactly one of them, also if it is shared; frozen ones are in none.

    Example:
        >>> groups = param_groups(model, "fc", base_lr=1e-4, head_lr=1e-3, weight_decay=1e-2)
        >>> optimizer = torch.optim.AdamW(groups)
    """
    raise NotImplementedError("TODO 4: param_groups")


def load_matching(model: nn.Module, state_dict: dict[str, Tensor]) -> list[str]:
    """Load all entries of `state_dict` that fit: a parameter or buffer of the same name and the same shape.

    A key may begin with "module.", as nn.DataParallel saves it; the name is what follows. Values are
    copied into the model's own dtype and onto its device; what the dict lacks keeps its value.

    Returns:
        The keys that were skipped, as they stand in `state_dict`, in any order.

    Example:
        >>> load_matching(resnet18_with_5_classes, state_dict_with_1000_classes)
        ['fc.weight', 'fc.bias']
    """
    raise NotImplementedError("TODO 5: load_matching")


def normalize(images: Tensor) -> Tensor:
    """Prepare images for a model that was trained on ImageNet: (images / 255 - mean) / std, for each colour.

    mean = (0.485, 0.456, 0.406) and std = (0.229, 0.224, 0.225), for red, green and blue.

    Args:
        images: (N, H, W, 3), uint8; N may be 0.

    Returns:
        (N, 3, H, W), float32, on the device of `images`.

    Example:
        >>> normalize(torch.zeros(1, 2, 4, 3, dtype=torch.uint8))[0, :, 0, 0]
        tensor([-2.1179, -2.0357, -1.8044])
    """
    raise NotImplementedError("TODO 6: normalize")


def fine_tune(
    body: nn.Module,
    head: nn.Module,
    images: Tensor,
    labels: Tensor,
    epochs: int = 20,
    lr: float = 1e-2,
    seed: int = 0,
) -> list[float]:
    """Train `head` in place, by cross entropy, on the features that the frozen `body` makes of the images.

    The body is used in evaluation mode. Its parameters and buffers do not change by a single bit,
    whatever their `.grad` holds. Optimizer and batch size are up to you, and so are the body's mode
    and its requires_grad afterwards.

    Args:
        body: makes features (N, F) of images.
        head: makes scores (N, classes) of features; not each of the classes need occur in `labels`.
        images: (N, …), floating point; N may be smaller than your batch size.
        labels: (N,), int64.
        epochs: how often all images are seen.
        lr: the learning rate of the head, constant; with 0 nothing changes.
        seed: decides on all random numbers drawn here, such as the order of the images.

    Returns:
        The mean training loss of each epoch, as Python floats; [] for no epochs.

    Example:
        >>> fine_tune(body, nn.Linear(64, 10), images, labels, epochs=3)
        [2.31, 1.64, 1.20]    # say
    """
    raise NotImplementedError("TODO 7: fine_tune")
