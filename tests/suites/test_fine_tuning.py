"""Fine-tuning: freezing, new heads, batch norm, parameter groups, state dicts, ImageNet input, training a head.

Models are built in the student's process, from a line of source (`built`), so that a parameter is
the same object for the test's optimizer and for the student. What has to tell one parameter from
another by identity runs there too (`there`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.testing import compare

N, I, O = 6, 7, 3  # samples, input features, outputs  # noqa: E741

Remote = Callable[[str], Any]
FakeCuda = Callable[..., Any]

ERRORS = (ValueError, RuntimeError, IndexError, AssertionError, AttributeError)

no_transforms = pytest.mark.forbid("torchvision.transforms")


def draw(*shape: int) -> Tensor:
    """Normal numbers in float64, from the generator that is seeded anew for each test."""
    return torch.randn(shape, dtype=torch.float64)


def there(remote: Remote, source: str) -> Any:
    """What an expression is in the student's process, where it may use torch."""
    return remote("builtins").eval(f"(lambda torch: {source})(__import__('torch'))")


def built(remote: Remote, source: str) -> Any:
    """A model from an expression with `nn` and `named(name=layer, …)`, a Sequential with names. Its start is random."""
    remote("torch").manual_seed(int(torch.randint(2**31, ())))
    named = "lambda **layers: nn.Sequential(__import__('collections').OrderedDict(layers))"
    return there(remote, f"(lambda nn: (lambda named: {source})({named}))(torch.nn)")


def snapshot(model: Any) -> dict[str, Tensor]:
    """The state dict as it is now, whatever is done to the model later."""
    return {key: tensor.detach().clone() for key, tensor in model.state_dict().items()}


def trainable(model: Any) -> dict[str, bool]:
    return {name: parameter.requires_grad for name, parameter in model.named_parameters()}


def starts_with(name: str, prefixes: tuple[str, ...]) -> bool:
    """Whether the components of one of the prefixes are the first of the name."""
    parts = name.split(".")
    return any(parts[: prefix.count(".") + 1] == prefix.split(".") for prefix in prefixes)


def same(now: dict[str, Tensor], before: dict[str, Tensor], rule: str) -> None:
    """Hold what has to be the same to the last bit."""
    assert set(now) == set(before), "the state dict has other keys than before"
    for key, tensor in before.items():
        compare(now[key], tensor, rule=f"{rule}: {key}", rtol=0, atol=0)


# --- 1. freeze ----------------------------------------------------------------------------------

NET = """named(
    stem=named(fc=nn.Linear(7, 6), norm=nn.BatchNorm1d(6)), fc2=nn.Linear(6, 5), fc=nn.Linear(5, 4),
    block=named(**{"1": nn.Linear(4, 5), "10": nn.Linear(5, 3)}))"""
"""Names that begin alike, and one that occurs at two depths."""


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("print p.requires_grad of every parameter afterwards: did the attribute exist before you set it?")
def test_freeze_switches_gradients_off(student: Any, remote: Remote) -> None:
    """freeze sets requires_grad=False on every parameter but the excepted ones, and returns how many.

    `require_grad`, or `requires_grad` set on a module, makes a new attribute and freezes nothing.
    """
    model = built(remote, "nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))")
    assert student.freeze(model, except_prefixes=("1",)) == 2, "the weight and the bias of layer 0 are frozen"
    assert trainable(model) == {"0.weight": False, "0.bias": False, "1.weight": True, "1.bias": True}
    assert student.freeze(model) == 4, "without an exception all four are frozen"
    assert not any(trainable(model).values()), "a parameter still asks for a gradient"


@pytest.mark.points(2)
@pytest.mark.hint(
    "is 'fc2.weight' in 'fc'? Is 'stem.fc.weight'? And which flag may you touch on an excepted parameter?"
)
@pytest.mark.parametrize(
    "prefixes", [("fc",), ("block.1",), ("stem.fc", "block"), ("fc2", "block.10"), ("weight",), ()], ids=str
)
def test_freeze_compares_whole_components(student: Any, remote: Remote, prefixes: tuple[str, ...]) -> None:
    """freeze takes a prefix as whole components from the start of a name, and leaves excepted parameters alone.

    A test by `startswith` or `in` alone excepts too much; one that frees what is excepted changes a choice.
    """
    model = built(remote, NET)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not name.endswith("10.bias"))
    before = trainable(model)
    expected = {name: flag and starts_with(name, prefixes) for name, flag in before.items()}
    student.freeze(model, prefixes)
    assert trainable(model) == expected, "not the right parameters are frozen"


@pytest.mark.points(1)
@pytest.mark.hint("try a model with a layer that is frozen already, and one where two layers share a weight")
@pytest.mark.parametrize("kind", ["frozen before", "shared weight", "excepted", "no parameters"])
def test_freeze_counts_parameter_tensors(student: Any, remote: Remote, kind: str) -> None:
    """freeze counts each tensor it leaves frozen once, also where it was frozen before, and answers with an int.

    Neither numbers within a tensor nor layers nor excepted parameters are counted.
    """
    model = built(remote, "nn.ReLU()" if kind == "no parameters" else NET)
    prefixes = ("fc",) if kind == "excepted" else ()
    if kind == "frozen before":
        model.fc.requires_grad_(False)
    elif kind == "shared weight":
        there(remote, "lambda model: setattr(model.block[1], 'bias', model.stem.norm.bias)")(model)
        there(remote, "lambda model: setattr(model.block[0], 'bias', model.fc2.bias)")(model)
    expected = sum(not starts_with(name, prefixes) for name, _ in model.named_parameters())
    answer = student.freeze(model, prefixes)
    assert type(answer) is int, "a plain int is asked for"
    assert answer == expected, "not the number of parameter tensors that are frozen"


@pytest.mark.points(1)
@pytest.mark.hint("freeze the last layer alone: which layers still get a gradient from the loss?")
def test_freeze_lets_gradients_through(student: Any, remote: Remote) -> None:
    """freeze changes no numbers, and gradients flow through frozen layers to those before them.

    Cutting the graph at a frozen layer starves the layers in front of it.
    """
    model = built(remote, "named(first=nn.Linear(7, 6), act=nn.Tanh(), norm=nn.BatchNorm1d(6), last=nn.Linear(6, 3))")
    model.double()
    x, g, before = draw(N, I), draw(N, O), snapshot(model)
    inner = [before[f"first.{key}"].clone().requires_grad_() for key in ("weight", "bias")]
    normed = F.batch_norm(F.linear(x, *inner).tanh(), None, None, training=True)
    rest = F.linear(normed * before["norm.weight"] + before["norm.bias"], before["last.weight"], before["last.bias"])
    expected = torch.autograd.grad((rest * g).sum(), inner)
    student.freeze(model, ("first",))
    same(snapshot(model), before, "freezing changes no number")
    answer = model(x)
    assert answer.requires_grad, "the result has no graph to go back through"
    (answer * g).sum().backward()
    compare(model.first.weight.grad, expected[0], rule="the gradient that flows through the frozen layers")
    compare(model.first.bias.grad, expected[1], rule="the gradient that flows through the frozen layers", atol=1e-9)
    assert model.last.weight.grad is None and model.norm.weight.grad is None, "a frozen parameter got a gradient"


# --- 2. replace_head ----------------------------------------------------------------------------

WITH_FC = "named(body=named(inner=nn.Linear(7, 5), act=nn.Tanh()), fc=nn.Linear(5, 4))"
WITH_CLASSIFIER = """named(
    body=nn.Linear(7, 6), classifier=nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Dropout(0.5), nn.Linear(5, 4)))"""
CLASSIFIER_GOES_ON = "named(classifier=nn.Sequential(nn.Linear(7, 4), nn.LogSoftmax(1)))"


@pytest.mark.public
@pytest.mark.points(1)
@pytest.mark.hint("which two numbers does nn.Linear need, and which of them does the old layer know?")
def test_replace_head_puts_a_new_linear_at_fc(student: Any, remote: Remote) -> None:
    """replace_head puts a Linear with num_classes outputs in the place of `fc`, and keeps the rest.

    A layer added after the old fc, or a changed `out_features`, is no new head.
    """
    model, x = built(remote, WITH_FC), torch.randn(N, I)
    before = {key: tensor for key, tensor in snapshot(model).items() if key.startswith("body")}
    model = student.replace_head(model, O)
    assert tuple(model.fc.weight.shape) == (O, 5), "fc.weight is (num_classes, in_features of the old layer)"
    expected = F.linear(model.body(x).detach(), model.fc.weight.detach(), model.fc.bias.detach())
    compare(model(x), expected, rule="the new head on the features of the body")
    same({key: tensor for key, tensor in snapshot(model).items() if key.startswith("body")}, before, "the body stays")


@pytest.mark.points(1)
@pytest.mark.hint("how many Linear layers are there in the classifier of VGG, and which one makes the scores?")
def test_replace_head_takes_the_last_of_classifier(student: Any, remote: Remote) -> None:
    """replace_head puts a new Linear in the place of the last one in `classifier`, and keeps the layers before it."""
    model, x = built(remote, WITH_CLASSIFIER), torch.randn(N, I)
    before = snapshot(model)
    model = student.replace_head(model, O)
    model.eval()
    now = snapshot(model)
    assert set(now) == set(before), "the state dict has the keys it had before"
    kept = [key for key in before if not key.startswith("classifier.3")]
    same({key: now[key] for key in kept}, {key: before[key] for key in kept}, "the layers before the head stay")
    hidden = F.linear(F.linear(x, now["body.weight"], now["body.bias"]), now["classifier.0.weight"])
    features = (hidden + now["classifier.0.bias"]).relu()
    expected = F.linear(features, now["classifier.3.weight"], now["classifier.3.bias"])
    compare(model(x), expected, rule="the new head on the features of the layers before it")

    model = student.replace_head(built(remote, CLASSIFIER_GOES_ON), O)
    now = snapshot(model)
    expected = F.linear(x, now["classifier.0.weight"], now["classifier.0.bias"]).log_softmax(1)
    compare(model(x), expected, rule="the new head in the place of the old one, and what came after it still there")


@pytest.mark.points(1)
@pytest.mark.hint("freeze everything first, then replace the head: what does a new layer's requires_grad say?")
@pytest.mark.parametrize("source", [WITH_FC, WITH_CLASSIFIER], ids=["fc", "classifier"])
def test_replace_head_is_trainable_in_a_frozen_model(student: Any, remote: Remote, source: str) -> None:
    """The new head of a frozen model can be trained, and nothing else of it.

    A head that takes over the old one's requires_grad, or a model set free as a whole, fails.
    """
    model = built(remote, source)
    model.requires_grad_(False)
    model = student.replace_head(model, O)
    head = "fc" if source is WITH_FC else "classifier.3"
    expected = {f"{head}.weight", f"{head}.bias"}
    assert {name for name, flag in trainable(model).items() if flag} == expected, "the new head alone is to be trained"


REPLACED = """lambda make, head_of, replace, classes: (lambda model: (lambda inputs, count, new: [
    list(head_of(new).weight.shape) == [classes, inputs],
    head_of(new).weight.device.type == head_of(new).bias.device.type == 'meta',
    len(list(new.parameters())) == count,
    list(new(torch.empty(2, 3, 64, 64, device='meta')).shape) == [2, classes]])(
    head_of(model).in_features, len(list(model.parameters())), replace(model, classes)))(
    (torch.set_default_device('meta'), make(weights=None).eval(), torch.set_default_device(None))[1])"""
"""What is true of a model whose head is replaced: it stays in the student's process, as it is too large to cross."""


@pytest.mark.points(3)
@pytest.mark.hint("print(model) for each of torchvision's families: where is its last Linear, and on which device?")
@pytest.mark.parametrize("family", ["resnet18", "vgg11", "mobilenet_v2", "mobilenet_v3_small"])
def test_replace_head_of_torchvision_models(student: Any, remote: Remote, family: str) -> None:
    """replace_head works on ResNet, VGG and MobileNet, and puts the head on the old one's device.

    The models lie on the meta device, which has no data and is there on every machine: a head made on
    the CPU is caught without a GPU.
    """
    make = getattr(remote("torchvision.models"), family)
    head_of = there(remote, "lambda model: model.fc if hasattr(model, 'fc') else model.classifier[-1]")
    shape, device, count, scores = there(remote, REPLACED)(make, head_of, student.replace_head, O)
    assert shape, "the head has the old one's inputs and num_classes outputs"
    assert device, "the head is on the old one's device"
    assert count, "the model has as many parameter tensors as before"
    assert scores, "the model makes num_classes scores for each image"


@pytest.mark.points(1)
@pytest.mark.hint("which dtype has the old head, and what does nn.Linear take when it is told nothing?")
@pytest.mark.parametrize("dtype", [torch.float64, torch.bfloat16, torch.float32], ids=str)
def test_replace_head_is_new_and_of_the_old_dtype(student: Any, remote: Remote, dtype: torch.dtype) -> None:
    """replace_head makes a layer of the old one's dtype with fresh numbers, also for the same number of classes."""
    model = built(remote, WITH_FC)
    model.to(dtype)
    old = snapshot(model)["fc.weight"]
    model = student.replace_head(model, 4)
    weight = model.fc.weight.detach()
    assert weight.dtype == dtype and model.fc.bias.dtype == dtype, "the head has the old one's dtype"
    assert bool(weight.isfinite().all()) and float(weight.float().std()) > 0, "the head has a finite, random start"
    assert not torch.equal(weight, old), "the head has the numbers of the old one"
    compare(model(torch.randn(N, I).to(dtype)).detach().isfinite().all(), torch.tensor(True), rule="finite scores")


@pytest.mark.points(1)
@pytest.mark.hint("what does your function do with a model whose last layer is called something else?")
def test_replace_head_needs_a_head(student: Any, remote: Remote) -> None:
    """replace_head raises an error where the model has neither `fc` nor `classifier`."""
    model = built(remote, "named(body=nn.Linear(7, 5), head=nn.Linear(5, 4))")
    with pytest.raises(ERRORS):
        student.replace_head(model, O)


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("on which device is a layer that is made without saying so?")
def test_replace_head_on_the_accelerator(student: Any, remote: Remote, device: torch.device) -> None:
    """On an accelerator, the new head is where the model is, and works there."""
    for source in (WITH_FC, WITH_CLASSIFIER):
        model = built(remote, source)
        model.to(device)
        answer = student.replace_head(model, O)(torch.randn(N, I).to(device))
        assert answer.device.type == device.type and tuple(answer.shape) == (N, O), "scores on the model's device"


# --- 3. freeze_batchnorm ------------------------------------------------------------------------

STEPS = """lambda model, batches: (lambda optimizer: [None for x in batches if (
    optimizer.zero_grad(), model(x).square().mean().backward(), optimizer.step()) is None])(
    torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=0.1))"""
"""A step of training on each batch, with an optimizer that knows every parameter."""

WITH_NORM = "named(inner=nn.Linear(7, 6), block=named(norm=nn.BatchNorm1d(6), act=nn.ReLU()), out=nn.Linear(6, 3))"


def warmed(remote: Remote, source: str, *shape: int) -> Any:
    """A model whose running statistics, weights and biases are no longer what they start with."""
    model = built(remote, source)
    there(remote, STEPS)(model, [torch.randn(shape) * 2 + 1 for _ in range(3)])
    return model


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("call model.train() after your function: what is norm.training then, and who has set it?")
def test_freeze_batchnorm_holds_through_training(student: Any, remote: Remote) -> None:
    """freeze_batchnorm keeps statistics, weight and bias through `model.train()` and steps of training.

    `eval()` alone is undone by the next `train()`; requires_grad=False alone lets the statistics move.
    """
    model = warmed(remote, WITH_NORM, N, I)
    before = snapshot(model)
    assert student.freeze_batchnorm(model) is None, "nothing is returned"
    model.train()
    there(remote, STEPS)(model, [torch.randn(N, I) for _ in range(3)])
    now = snapshot(model)
    norm = [key for key in before if key.startswith("block.norm")]
    same({key: now[key] for key in norm}, {key: before[key] for key in norm}, "batch norm stays")
    assert not torch.equal(now["inner.weight"], before["inner.weight"]), "the other layers are still to be trained"
    assert not torch.equal(now["out.weight"], before["out.weight"]), "the other layers are still to be trained"


@pytest.mark.points(2)
@pytest.mark.hint("which mean does a frozen batch norm subtract: the batch's or the running one?")
def test_freeze_batchnorm_normalizes_by_running_statistics(student: Any, remote: Remote) -> None:
    """A frozen batch norm gives in training what it gives in evaluation, also after several changes of mode.

    With momentum 0 the statistics stay, but the batch's own are used.
    """
    model = warmed(remote, WITH_NORM, N, I)
    x = torch.randn(N, I)
    model.eval()
    expected = model(x).detach().clone()
    model.train()
    student.freeze_batchnorm(model)
    compare(model(x), expected, rule="what the model gives in evaluation")
    for mode in (True, False, True):
        model.train(mode)
        compare(model(x), expected, rule="what the model gives in evaluation, in both modes")


@pytest.mark.points(1)
@pytest.mark.hint("which classes of torch.nn are batch norms, and how deep do you look for them?")
@pytest.mark.parametrize("dims", [1, 2, 3])
def test_freeze_batchnorm_finds_every_kind(student: Any, remote: Remote, dims: int) -> None:
    """freeze_batchnorm finds batch norms for signals, images and volumes, at any depth."""
    norm = f"nn.BatchNorm{dims}d(5)"
    model = warmed(
        remote, f"named(first={norm}, deep=named(deeper=nn.Sequential(nn.Tanh(), {norm})))", 4, 5, 3, *[2] * (dims - 1)
    )
    before = snapshot(model)
    student.freeze_batchnorm(model)
    model.train()
    for _ in range(2):
        model(torch.randn(4, 5, 3, *[2] * (dims - 1)))
    same(snapshot(model), before, "batch norm stays")
    assert not any(trainable(model).values()), "weight and bias of a batch norm are frozen too"


@pytest.mark.points(1)
@pytest.mark.hint("which layers of your model are not batch norms: do they still train, drop and keep track?")
def test_freeze_batchnorm_leaves_other_layers(student: Any, remote: Remote) -> None:
    """freeze_batchnorm leaves instance, layer and group norms, dropout and all other layers as they were."""
    model = built(
        remote,
        """named(conv=nn.Conv2d(3, 4, 1), batch=nn.BatchNorm2d(4), group=nn.GroupNorm(2, 4),
        instance=nn.InstanceNorm2d(4, affine=True, track_running_stats=True), layer=nn.LayerNorm(5),
        drop=nn.Dropout(0.5))""",
    )
    model.train()
    student.freeze_batchnorm(model)
    model.train()
    expected = {name: not name.startswith("batch") for name in trainable(model)}
    assert trainable(model) == expected, "the parameters of batch norm are frozen, and no others"
    before = snapshot(model)["instance.running_mean"]
    answer = model(torch.randn(2, 3, 6, 5) + 1)
    assert not torch.equal(snapshot(model)["instance.running_mean"], before), "instance norm keeps track as before"
    assert float((answer == 0).float().mean()) > 0.1, "dropout still drops in training"
    model.eval()
    assert float((model(torch.randn(2, 3, 6, 5)) == 0).float().mean()) < 0.1, (
        "dropout still drops nothing in evaluation"
    )


@pytest.mark.points(1)
@pytest.mark.hint("what is norm.weight with affine=False, what norm.running_mean with track_running_stats=False?")
@pytest.mark.parametrize("options", ["affine=False", "track_running_stats=False", "bias missing"])
def test_freeze_batchnorm_without_all_its_tensors(student: Any, remote: Remote, options: str) -> None:
    """freeze_batchnorm takes batch norms that have no weight and bias, or no running statistics."""
    source = "affine=False" if options == "bias missing" else options
    model = warmed(remote, f"named(lin=nn.Linear(7, 6), norm=nn.BatchNorm1d(6, {source}))", N, I)
    if options == "bias missing":
        there(remote, "lambda norm: setattr(norm, 'weight', torch.nn.Parameter(torch.ones(6)))")(model.norm)
    before = snapshot(model)
    student.freeze_batchnorm(model)
    model.train()
    model(torch.randn(N, I))
    same(snapshot(model), before, "batch norm stays")
    expected = {name: name.startswith("lin") for name in trainable(model)}
    assert trainable(model) == expected, "what there is of weight and bias is frozen"


# --- 4. param_groups ----------------------------------------------------------------------------

BASE_LR, HEAD_LR, DECAY = 0.003, 0.02, 0.1

LISTED = """lambda model, groups: [
    ([name for name, own in model.named_parameters() if own is p], group.get('lr'), group.get('weight_decay'))
    for group in groups for p in group['params']]"""
"""What the groups say of each parameter, by its name: parameters are told by identity, not by value."""


def settings(student: Any, remote: Remote, model: Any, prefix: str) -> dict[str, tuple[float, float]]:
    """The student's (lr, weight_decay) of each parameter, by name."""
    groups = student.param_groups(model, prefix, BASE_LR, HEAD_LR, DECAY)
    found: dict[str, tuple[float, float]] = {}
    for names, lr, decay in there(remote, LISTED)(model, groups):
        assert len(names) == 1, "a group holds something that is no parameter of the model"
        assert lr is not None and decay is not None, "a group lacks lr or weight_decay: the optimizer's own would count"
        assert names[0] not in found, f"{names[0]} is listed twice"
        found[names[0]] = (lr, decay)
    return found


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("two questions for each parameter: is it in the head, and is it a bias or part of a norm?")
def test_param_groups_gives_rates_and_decay(student: Any, remote: Remote) -> None:
    """param_groups gives the head head_lr and the rest base_lr, and biases and norms no decay."""
    model = built(remote, "named(body=nn.Sequential(nn.Linear(7, 6), nn.BatchNorm1d(6)), fc=nn.Linear(6, 3))")
    assert settings(student, remote, model, "fc") == {
        "body.0.weight": (BASE_LR, DECAY),
        "body.0.bias": (BASE_LR, 0),
        "body.1.weight": (BASE_LR, 0),
        "body.1.bias": (BASE_LR, 0),
        "fc.weight": (HEAD_LR, DECAY),
        "fc.bias": (HEAD_LR, 0),
    }


@pytest.mark.points(2)
@pytest.mark.hint("what tells a norm's weight from a Linear's: its name, or something about the layer or the tensor?")
@pytest.mark.parametrize(
    "norm",
    ["BatchNorm1d(4)", "BatchNorm2d(4)", "LayerNorm(4)", "GroupNorm(2, 4)", "InstanceNorm2d(4, affine=True)"],
)
def test_param_groups_spares_every_norm(student: Any, remote: Remote, norm: str) -> None:
    """param_groups decays no parameter of any norm and no bias, whatever a layer is called, and all other weights.

    A norm in a Sequential has a number for a name; a layer's name may have `bias` in it.
    """
    model = built(
        remote,
        f"""nn.ModuleDict(dict(conv=nn.Conv2d(3, 4, 2), seq=nn.Sequential(nn.Linear(4, 5), nn.{norm}),
        table=nn.Embedding(9, 5), debiasing=nn.Linear(5, 4), attention=nn.MultiheadAttention(4, 2),
        head=nn.Sequential(nn.{norm}, nn.Linear(4, 3))))""",
    )
    spared = {"seq.1.weight", "head.0.weight"}
    expected = {
        name: (
            HEAD_LR if name.startswith("head.") else BASE_LR,
            0 if name in spared or name.endswith("bias") else DECAY,
        )
        for name, _ in model.named_parameters()
    }
    assert settings(student, remote, model, "head") == expected, "not the right lr or weight decay for each parameter"


@pytest.mark.points(1)
@pytest.mark.hint("what may an optimizer do to a parameter whose gradient is zero, and to one it was never given?")
@pytest.mark.parametrize("frozen", ["stem", "stem and head", "all"])
def test_param_groups_leaves_frozen_parameters_out(student: Any, remote: Remote, frozen: str) -> None:
    """param_groups lists exactly the parameters that ask for a gradient, and changes none of them."""
    model = built(remote, NET)
    parts = {"stem": ("stem",), "stem and head": ("stem", "fc.weight"), "all": ("stem", "fc", "fc2", "block")}[frozen]
    for name, parameter in model.named_parameters():
        parameter.requires_grad_(not starts_with(name, parts))
    before, flags = snapshot(model), trainable(model)
    found = settings(student, remote, model, "fc")
    assert set(found) == {name for name, flag in flags.items() if flag}, "not exactly the parameters to be trained"
    assert trainable(model) == flags, "requires_grad is no longer what it was"
    same(snapshot(model), before, "the model stays as it was")


@pytest.mark.points(1)
@pytest.mark.hint("a weight that two layers share has two names: how often may an optimizer get it?")
def test_param_groups_lists_a_shared_weight_once(student: Any, remote: Remote) -> None:
    """param_groups lists a parameter that two layers share once, and an optimizer accepts the groups."""
    model = built(
        remote,
        "nn.ModuleDict(dict(table=nn.Embedding(9, 5), out=nn.Linear(5, 9), extra=nn.Linear(5, 4), fc=nn.Linear(4, 3)))",
    )
    there(remote, "lambda model: setattr(model.out, 'weight', model.table.weight)")(model)
    there(remote, "lambda model: setattr(model, 'again', model.extra)")(model)
    expected = {
        name: (HEAD_LR if name.startswith("fc") else BASE_LR, 0 if name.endswith("bias") else DECAY)
        for name, _ in model.named_parameters()
    }
    assert settings(student, remote, model, "fc") == expected, "not the right lr or weight decay, each exactly once"
    groups = student.param_groups(model, "fc", BASE_LR, HEAD_LR, DECAY)
    sizes = there(remote, "lambda groups: [len(g['params']) for g in torch.optim.AdamW(groups).param_groups]")(groups)
    assert sum(sizes) == len(expected), "the optimizer holds each parameter once"


@pytest.mark.points(1)
@pytest.mark.hint("is 'fc2' in the head 'fc'? Is 'stem.fc'? And is 'block.10' in 'block.1'?")
@pytest.mark.parametrize("prefix", ["fc", "fc2", "block", "block.1", "stem.fc"])
def test_param_groups_compares_whole_components(student: Any, remote: Remote, prefix: str) -> None:
    """param_groups takes the head's prefix as whole components from the start of a name."""
    model = built(remote, NET)
    expected = {name: HEAD_LR if starts_with(name, (prefix,)) else BASE_LR for name, _ in model.named_parameters()}
    found = settings(student, remote, model, prefix)
    assert {name: lr for name, (lr, _) in found.items()} == expected, "not the right lr for each parameter"


# --- 5. load_matching ---------------------------------------------------------------------------


def values_like(model: Any) -> dict[str, Tensor]:
    """Other values for all that a model saves, in float32 (counters stay integers)."""
    return {
        key: torch.randn(tensor.shape) if tensor.is_floating_point() else torch.randint(5, 99, tensor.shape)
        for key, tensor in model.state_dict().items()
    }


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint(
    "what does load_state_dict(…, strict=False) do with a tensor of another shape? Who has to sort it out?"
)
def test_load_matching_skips_other_shapes(student: Any, remote: Remote) -> None:
    """load_matching loads what fits, keeps what does not, and returns the keys it skipped.

    `strict=False` passes over missing and unknown keys, and still raises where a shape differs.
    """
    model = built(remote, "named(body=nn.Linear(7, 5), fc=nn.Linear(5, 3))")
    before = snapshot(model)
    saved = values_like(model) | {"fc.weight": torch.randn(10, 5), "fc.bias": torch.randn(10)}
    assert set(student.load_matching(model, saved)) == {"fc.weight", "fc.bias"}, "the head does not fit, the body does"
    now = snapshot(model)
    for key in before:
        compare(now[key], saved[key] if key.startswith("body") else before[key], rule="loaded where it fits, else kept")


@pytest.mark.points(1)
@pytest.mark.hint("print the keys of nn.DataParallel(model).state_dict(): what stands in front of each?")
def test_load_matching_reads_data_parallel_keys(student: Any, remote: Remote) -> None:
    """load_matching loads keys that begin with `module.`, and returns skipped ones as they were given."""
    model = built(remote, WITH_NORM)
    saved = {f"module.{key}": value for key, value in values_like(model).items()}
    saved |= {"module.out.weight": torch.randn(4, 6), "module.other": torch.randn(2)}
    before = snapshot(model)
    skipped = student.load_matching(model, saved)
    assert set(skipped) == {"module.out.weight", "module.other"}, "the skipped keys, with their prefix, and no others"
    now = snapshot(model)
    for key in before:
        right = before[key] if key == "out.weight" else saved[f"module.{key}"]
        compare(now[key], right, rule=f"loaded where it fits, else kept: {key}")


@pytest.mark.points(1)
@pytest.mark.hint("try a state dict with a key too many, one with a key too few, and an empty one")
@pytest.mark.parametrize("kind", ["unknown key", "missing key", "both", "nothing fits", "empty"])
def test_load_matching_takes_any_keys(student: Any, remote: Remote, kind: str) -> None:
    """load_matching returns unknown keys, keeps what the dict lacks, and leaves the dict as it was.

    What the model has and the dict lacks is not skipped: it was never there.
    """
    model = built(remote, WITH_NORM)
    saved = {} if kind in ("nothing fits", "empty") else values_like(model)
    if kind in ("missing key", "both"):
        del saved["inner.bias"], saved["block.norm.running_var"]
    unknown = (
        {} if kind in ("missing key", "empty") else {"inner.scale": torch.randn(6), "old.weight": torch.randn(2, 3)}
    )
    saved |= unknown
    before, copy = snapshot(model), {key: value.clone() for key, value in saved.items()}
    flags = trainable(model)
    assert set(student.load_matching(model, saved)) == set(unknown), "the skipped keys are those that fit nothing"
    now = snapshot(model)
    for key in before:
        compare(now[key], copy.get(key, before[key]), rule=f"loaded where it is there, else kept: {key}")
    same(saved, copy, "the state dict stays as it was")
    assert trainable(model) == flags, "requires_grad is no longer what it was"


@pytest.mark.points(1)
@pytest.mark.hint("load a float32 dict into model.double(): which dtype has the model? And did the buffers arrive?")
@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16], ids=str)
def test_load_matching_keeps_the_dtype_and_loads_buffers(student: Any, remote: Remote, dtype: torch.dtype) -> None:
    """load_matching casts values to the model's dtype, and loads running statistics and counters too."""
    model = built(remote, WITH_NORM)
    model.to(dtype)
    saved = {key: value.half() if value.is_floating_point() else value for key, value in values_like(model).items()}
    expected = {key: value.to(dtype) if value.is_floating_point() else value for key, value in saved.items()}
    assert list(student.load_matching(model, saved)) == [], "all of it fits"
    same(snapshot(model), expected, "the saved value in the model's dtype")


@pytest.mark.points(1)
@pytest.mark.hint("which shapes have as many numbers, or broadcast, and are still not the same?")
@pytest.mark.parametrize("shape", [(7, 6), (42,), (1, 7), (6, 1), (1,), (), (1, 6, 7)], ids=str)
def test_load_matching_wants_the_same_shape(student: Any, remote: Remote, shape: tuple[int, ...]) -> None:
    """load_matching skips a tensor with as many numbers, or one that would broadcast, in another shape."""
    model = built(remote, WITH_NORM)
    before = snapshot(model)
    skipped = student.load_matching(model, {"inner.weight": torch.randn(shape)})
    assert set(skipped) == {"inner.weight"}, "the shape is another one"
    same(snapshot(model), before, "the model keeps what does not fit")


BOXED = "lambda box, model, forward: (setattr(box, 'model', model), setattr(box, 'forward', forward), box)[2]"
"""A module that holds a model and runs a function: the simulated GPU moves what a module holds."""


@pytest.mark.points(1)
@pytest.mark.hint("on which device is the parameter afterwards if the saved tensor itself takes its place?")
def test_load_matching_stays_on_the_gpu(student: Any, remote: Remote, fake_cuda: FakeCuda) -> None:
    """A model on a GPU stays there when a state dict from the CPU is loaded (checked on a simulated GPU)."""
    model, box = built(remote, WITH_NORM), built(remote, "nn.Identity()")
    run = there(
        remote, "lambda load, model, saved: lambda x: (load(model, saved), list(model.state_dict().values()))[1]"
    )
    fake_cuda(
        there(remote, BOXED)(box, model, run(student.load_matching, model, values_like(model))), torch.randn(N, I)
    )


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("the saved tensors and the model's may lie on different devices: who copies across?")
def test_load_matching_across_devices(student: Any, remote: Remote, device: torch.device) -> None:
    """A state dict from an accelerator loads into a model on the CPU, and the other way round."""
    for source, target in ((device, torch.device("cpu")), (torch.device("cpu"), device)):
        model = built(remote, WITH_NORM)
        model.to(target)
        saved = {key: value.to(source) for key, value in values_like(model).items()}
        assert list(student.load_matching(model, saved)) == [], "all of it fits"
        for key, value in model.state_dict().items():
            assert value.device.type == target.type, "the model is still where it was"
            compare(value.detach().cpu(), saved[key].cpu(), rule="the saved value")


# --- 6. normalize -------------------------------------------------------------------------------


def pictures(*shape: int) -> Tensor:
    return torch.randint(256, shape, dtype=torch.uint8)


def normalized(images: Tensor, mean: list[float], std: list[float]) -> Tensor:
    """(N, H, W, C) to (N, C, H, W), computed in float64."""
    scaled = images.double() / 255
    return ((scaled - torch.tensor(mean).double()) / torch.tensor(std).double()).permute(0, 3, 1, 2).float()


MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]


@pytest.mark.public
@pytest.mark.points(1)
@no_transforms
@pytest.mark.hint("in which order: to floats, to 0…1, off with the mean, over std, channels in front?")
def test_normalize_scales_and_moves_channels(student: Any) -> None:
    """normalize computes (images / 255 - mean) / std for each colour and puts colours in front."""
    images = pictures(2, 4, 5, 3)
    expected = normalized(images, MEAN, STD)
    mistakes = {
        "leaving out the division by 255": normalized(images.double() * 255, MEAN, STD),
        "blue, green, red": normalized(images, MEAN[::-1], STD[::-1]),
        "a division by the variance": normalized(images, MEAN, [s * s for s in STD]),
        "a reshape in place of a permute": normalized(images, MEAN, STD).permute(0, 2, 3, 1).reshape(2, 3, 4, 5),
    }
    compare(student.normalize(images), expected, rule="(images / 255 - mean) / std as (N, 3, H, W)", mistakes=mistakes)


@pytest.mark.points(1)
@no_transforms
@pytest.mark.hint("try images of 3 x 3 pixels, of one pixel, none at all, and views; look at the input afterwards")
@pytest.mark.parametrize("kind", ["3 x 3", "one pixel", "no images", "transposed", "every second", "expanded", "ends"])
def test_normalize_any_images(student: Any, kind: str) -> None:
    """normalize takes images of any size and any view, finds colours in the last dimension, and leaves its input.

    With three rows or three columns, statistics along the wrong dimension fit without an error.
    """
    images = {
        "3 x 3": lambda: pictures(2, 3, 3, 3),
        "one pixel": lambda: pictures(1, 1, 1, 3),
        "no images": lambda: pictures(0, 4, 5, 3),
        "transposed": lambda: pictures(2, 3, 4, 5).permute(0, 2, 3, 1),
        "every second": lambda: pictures(4, 8, 5, 3)[::2, ::2],
        "expanded": lambda: pictures(1, 4, 5, 1).expand(2, 4, 5, 3),
        "ends": lambda: torch.tensor([0, 255], dtype=torch.uint8).reshape(1, 2, 1, 1).expand(1, 2, 4, 3),
    }[kind]()
    before, expected = images.clone(), normalized(images, MEAN, STD)
    compare(student.normalize(images), expected, rule="(images / 255 - mean) / std as (N, 3, H, W)")
    compare(images, before, rule="the images as they were")


@pytest.mark.points(1)
@no_transforms
@pytest.mark.hint("on which device do mean and std lie?")
def test_normalize_on_another_device(student: Any, fake_cuda: FakeCuda) -> None:
    """normalize works on images on a GPU (checked on a simulated one)."""
    fake_cuda(student.normalize, pictures(2, 4, 5, 3))


# --- 7. fine_tune -------------------------------------------------------------------------------

BODY = "nn.Sequential(nn.Linear(7, 6), nn.BatchNorm1d(6), nn.ReLU())"


def task(remote: Remote, count: int) -> tuple[Any, Any, Tensor, Tensor]:
    """A body with running statistics of its own, a head for five classes, and that many easy samples."""
    body, head = warmed(remote, BODY, 16, I), built(remote, "nn.Linear(6, 5)")
    labels = torch.arange(count) % 5
    return body, head, 3 * torch.randn(5, I)[labels] + 0.3 * torch.randn(count, I), labels


def frozen_loss(body: Any, head: Any, images: Tensor, labels: Tensor) -> list[float]:
    """The loss of each sample by body and head as they are, the body in evaluation mode; it ends in training mode."""
    body.eval()
    losses = F.cross_entropy(head(body(images)).detach(), labels, reduction="none").tolist()
    body.train()
    return [float(loss) for loss in losses]


@pytest.mark.public
@pytest.mark.points(1)
@pytest.mark.hint("which parameters does your optimizer hold: those of the head that was handed in?")
def test_fine_tune_trains_the_head(student: Any, remote: Remote) -> None:
    """fine_tune trains the head that it is given, and returns a loss for each epoch that goes down.

    A head that is copied first, or an optimizer made for other parameters, leaves it as it was.
    """
    body, head, images, labels = task(remote, 40)
    start = sum(frozen_loss(body, head, images, labels)) / 40
    before = snapshot(head)
    losses = student.fine_tune(body, head, images, labels, epochs=60, lr=0.1)
    assert type(losses) is list and len(losses) == 60, "a list with a number for each epoch is asked for"
    assert all(type(loss) is float for loss in losses), "Python floats are asked for, no tensors"
    now = snapshot(head)
    assert not torch.equal(now["weight"], before["weight"]), "the head's weight has not changed"
    assert not torch.equal(now["bias"], before["bias"]), "the head's bias has not changed"
    assert losses[-1] < losses[0], "the loss is to go down"
    assert sum(frozen_loss(body, head, images, labels)) / 40 < 0.97 * start, "the trained head is to have a lower loss"


@pytest.mark.points(2)
@pytest.mark.hint("compare body.state_dict() before and after, buffers too, for a body whose .grad is not empty")
@pytest.mark.parametrize("kind", ["in training mode", "with old gradients", "frozen before", "in evaluation mode"])
def test_fine_tune_leaves_the_body(student: Any, remote: Remote, kind: str) -> None:
    """fine_tune changes no bit of the body, statistics of batch norm included, nor of images and labels.

    An optimizer that also holds the body moves it by weight decay and momentum where gradients are zero.
    """
    body, head, images, labels = task(remote, 40)
    body.train(kind != "in evaluation mode")
    if kind == "with old gradients":
        there(remote, "lambda body: [p.backward(torch.randn_like(p)) for p in body.parameters()]")(body)
    elif kind == "frozen before":
        body.requires_grad_(False)
    else:
        body.zero_grad()
    before, old, copies = snapshot(body), snapshot(head), (images.clone(), labels.clone())
    student.fine_tune(body, head, images, labels, epochs=3, lr=0.05)
    same(snapshot(body), before, "the body stays as it was")
    assert not torch.equal(snapshot(head)["weight"], old["weight"]), "the head is to change"
    compare(images, copies[0], rule="the images as they were", rtol=0, atol=0)
    compare(labels, copies[1], rule="the labels as they were", rtol=0, atol=0)


@pytest.mark.points(1)
@pytest.mark.hint(
    "if nothing is learned, which loss is the mean? Which mean and variance does the body subtract and use?"
)
def test_fine_tune_reports_the_mean_loss(student: Any, remote: Remote) -> None:
    """With lr=0, fine_tune returns the mean cross entropy of head and body, the body in evaluation mode.

    A sum over samples or batches, a softmax before the cross entropy, or a body in training mode is caught.
    """
    body, head, images, labels = task(remote, 1)
    images, labels = images.repeat(64, 1), torch.full((64,), int(torch.randint(5, ())))
    expected = frozen_loss(body, head, images[:1], labels[:1])[0]
    answer = student.fine_tune(body, head, images, labels, epochs=2, lr=0.0)
    compare(
        torch.tensor(answer), torch.tensor([expected] * 2), rule="the mean loss of each epoch", rtol=1e-4, atol=1e-5
    )


@pytest.mark.points(1)
@pytest.mark.hint("who says how many classes there are: the head, or the labels that happen to occur?")
def test_fine_tune_with_few_images_and_missing_classes(student: Any, remote: Remote) -> None:
    """fine_tune works where some classes do not occur, the last one among them, and with fewer images than a batch."""
    body, head, images, _ = task(remote, 4)
    labels = torch.tensor([0, 1, 3, 1])[torch.randperm(4)]
    expected = sum(frozen_loss(body, head, images, labels)) / 4
    answer = student.fine_tune(body, head, images, labels, epochs=1, lr=0.0)
    compare(torch.tensor(answer), torch.tensor([expected]), rule="the mean over the images", rtol=1e-4, atol=1e-5)


@pytest.mark.points(1)
@pytest.mark.hint("what is there to report after no epoch, and what has changed?")
def test_fine_tune_for_no_epochs(student: Any, remote: Remote) -> None:
    """fine_tune returns [] for no epochs and leaves head and body as they were."""
    body, head, images, labels = task(remote, 12)
    before, old = snapshot(head), snapshot(body)
    assert list(student.fine_tune(body, head, images, labels, epochs=0)) == [], "no epochs, no losses"
    same(snapshot(head), before, "the head stays as it was")
    same(snapshot(body), old, "the body stays as it was")


@pytest.mark.points(1)
@pytest.mark.hint("which generator decides on the order of your images, and who seeds it?")
def test_fine_tune_repeats_itself(student: Any, remote: Remote) -> None:
    """fine_tune gives the same losses and the same head for the same seed, whatever was drawn before."""
    body, head, images, labels = task(remote, 80)
    start, seed = snapshot(head), int(torch.randint(1000, ()))
    runs = []
    for _ in range(2):
        remote("torch").manual_seed(int(torch.randint(2**31, ())))
        head.load_state_dict(start)
        losses = student.fine_tune(body, head, images, labels, epochs=3, lr=0.05, seed=seed)
        runs.append((torch.tensor(losses), snapshot(head)["weight"]))
    compare(runs[1][0], runs[0][0], rule="the same losses for the same seed")
    compare(runs[1][1], runs[0][1], rule="the same head for the same seed")

    defaults: list[dict[str, Any]] = [{}, {"epochs": 20, "lr": 1e-2, "seed": 0}]
    losses = []
    for options in defaults:
        head.load_state_dict(start)
        losses.append(torch.tensor(student.fine_tune(body, head, images, labels, **options)))
    compare(losses[0], losses[1], rule="what 20 epochs with learning rate 0.01 and seed 0 give, where nothing is said")


DIGITS_BODY = """nn.Sequential(
    nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
    nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.BatchNorm2d(32), nn.ReLU(),
    nn.Flatten(), nn.Linear(512, 64), nn.BatchNorm1d(64), nn.ReLU())"""


@dataclass(frozen=True)
class Digits:
    """Digits that the body has not seen, and what it learned from a thousand others."""

    images: Tensor  # (797, 1, 8, 8), from 0 to 1
    labels: Tensor  # (797,)
    body: dict[str, Tensor]


@pytest.fixture(scope="module")
def digits() -> Digits:
    """A body trained here, once, always from the same seed: one second and a half on one core."""
    from sklearn.datasets import load_digits  # type: ignore[import-untyped, unused-ignore]

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(15)
            found = load_digits()
            images = torch.tensor(found.images, dtype=torch.float32).unsqueeze(1) / 16
            labels = torch.tensor(found.target)
            order = torch.randperm(len(images))
            seen, rest = order[:1000], order[1000:]
            body: nn.Sequential = eval(DIGITS_BODY, {"nn": nn})
            pretrain(nn.Sequential(body, nn.Linear(64, 10)), images[seen], labels[seen])
            return Digits(images[rest], labels[rest], snapshot(body))
    finally:
        torch.set_num_threads(threads)


def pretrain(model: nn.Module, images: Tensor, labels: Tensor) -> None:
    """Twelve epochs on noisy images, so that the features bear the noise of the task."""
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(12):
        for rows in torch.randperm(len(images)).split(50):  # type: ignore[no-untyped-call]
            noisy = images[rows] + 0.3 * torch.randn(len(rows), 1, 8, 8)
            optimizer.zero_grad()
            F.cross_entropy(model(noisy), labels[rows]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()


@pytest.mark.points(2)
@pytest.mark.timeout(60)
@pytest.mark.hint("does each image keep its label when you shuffle, and are the features those of the trained body?")
def test_fine_tune_digits_shift(student: Any, remote: Remote, digits: Digits) -> None:
    """Four noisy images of each digit are enough for a head on a trained body.

    Right answers reach about .72 to .82 here over many seeds, optimizers and batch sizes; a random body
    stays below .55 even if it is trained along, and images with foreign labels below .2.
    """
    order = torch.randperm(len(digits.labels))
    images = digits.images[order] + 0.4 * torch.randn(digits.images.shape)
    labels = digits.labels[order]
    few = torch.cat([(labels == digit).nonzero().flatten()[:4] for digit in range(10)])
    others = torch.ones(len(labels), dtype=torch.bool)
    others[few] = False
    body, head = built(remote, DIGITS_BODY), built(remote, "nn.Linear(64, 10)")
    body.load_state_dict(digits.body)
    seed = int(torch.randint(1000, ()))
    student.fine_tune(body, head, images[few], labels[few], epochs=40, lr=0.03, seed=seed)
    body.eval()
    right = head(body(images[others])).detach().argmax(1) == labels[others]
    assert float(right.float().mean()) > 0.63, "too many digits that were not trained on are misread"


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.timeout(60)
@pytest.mark.hint("do your index tensors and your sum of losses bear a GPU and autocast? Is the head still float32?")
@pytest.mark.parametrize("amp", [False, True], ids=["float32", "autocast"])
def test_fine_tune_on_the_accelerator(student: Any, remote: Remote, device: torch.device, amp: bool) -> None:
    """On an accelerator, fine_tune trains the head where it lies, also under autocast to bfloat16."""
    body, head, images, labels = task(remote, 40)
    start = sum(frozen_loss(body, head, images, labels)) / 40
    body.to(device)
    head.to(device)
    before = snapshot(body)
    # Without a cache: autocast would keep its first cast of a weight for as long as it is entered, training or not.
    cast = f"torch.autocast({device.type!r}, dtype=torch.bfloat16, enabled={amp}, cache_enabled=False)"
    wrap = f"{cast}(tune)(body, head, x, y, 60, 0.1)"
    losses = there(remote, f"lambda tune, body, head, x, y: {wrap}")(
        student.fine_tune, body, head, images.to(device), labels.to(device)
    )
    assert all(0 <= loss < 100 for loss in losses) and losses[-1] < losses[0], "the loss is finite and goes down"
    same(snapshot(body), before, "the body stays as it was")
    assert head.weight.dtype == torch.float32 and head.weight.device.type == device.type, "the head stays what it was"
    body.cpu()
    head.cpu()
    assert sum(frozen_loss(body, head, images, labels)) / 40 < 0.97 * start, "the trained head is to have a lower loss"
