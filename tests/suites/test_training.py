"""Training: steps, epochs, evaluation, fit, checkpoints, seeds and loaders, against loops written out here.

Each model is built twice by one function: in the student's process, from `remote("torch.nn")`,
and here, from `torch.nn`. The twin here holds the same float64 values and is trained by the
suite's own loop, so a step too many or in the wrong mode shows in parameters and buffers. What
has to look into the student's process while a loop runs is made there, from source, by `there`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from grader.testing import compare

I, H, O = 6, 5, 3  # input features, hidden features, classes  # noqa: E741
TRAIN, VAL = 11, 7  # samples

Remote = Callable[[str], Any]
FakeCuda = Callable[..., Any]
Batches = list[tuple[Tensor, Tensor]]

no_pickle = pytest.mark.forbid("pickle")


def draw(*shape: int) -> Tensor:
    """Normal numbers in float64, from the generator that is seeded anew for each test."""
    return torch.randn(shape, dtype=torch.float64)


def samples(count: int) -> tuple[Tensor, Tensor]:
    """So many inputs and their classes."""
    return draw(count, I), torch.randint(O, (count,))


def f64(value: float) -> Tensor:
    return torch.tensor(value, dtype=torch.float64)


def number(value: Any) -> Tensor:
    """A student's float, for `compare`."""
    assert isinstance(value, float), "a Python float is asked for, no tensor and no int"
    return f64(value)


def there(remote: Remote, source: str, name: str) -> Any:
    """What `source` calls `name`, made in the student's process."""
    make = remote("builtins").eval("lambda source, name: (scope := {}, exec(source, scope))[0][name]")
    return make(source, name)


# Models, built from a torch.nn that is here or in the student's process.


def plain(torch_nn: Any) -> Any:
    return torch_nn.Sequential(torch_nn.Linear(I, H), torch_nn.Tanh(), torch_nn.Linear(H, O))


def normed(torch_nn: Any) -> Any:
    """With batch norm: its buffers tell in which mode, and how often, the model ran."""
    return torch_nn.Sequential(
        torch_nn.Linear(I, H, bias=False), torch_nn.BatchNorm1d(H), torch_nn.Tanh(), torch_nn.Linear(H, O)
    )


def dropping(torch_nn: Any) -> Any:
    return torch_nn.Sequential(normed(torch_nn), torch_nn.Dropout(0.5))


def twins(remote: Remote, build: Callable[[Any], Any] = plain) -> tuple[Any, Any]:
    """A model in the student's process, and one here that holds the same."""
    here = build(nn).double()
    for module in here.modules():
        if isinstance(module, nn.BatchNorm1d):  # statistics that are not those of any batch
            module.running_mean = draw(H)
            module.running_var = draw(H) ** 2 + 0.5
    model = build(remote("torch.nn"))
    model.to(torch.float64)
    model.load_state_dict(dict(here.state_dict()))
    return model, here


def snapshot(model: Any) -> dict[str, Tensor]:
    """The state dict as it is now, whatever the model does to its tensors later."""
    return {key: tensor.detach().clone() for key, tensor in model.state_dict().items()}


def same_state(model: Any, right: dict[str, Tensor], rule: str) -> None:
    state = snapshot(model)
    assert set(state) == set(right), "the keys of the state dict are not those that it had"
    for key, tensor in right.items():
        compare(state[key], tensor, rule=rule)


def loader_of(remote: Remote, *tensors: Tensor, batch_size: int) -> Any:
    """A DataLoader in the student's process, in the order of the tensors."""
    data = remote("torch.utils.data")
    return data.DataLoader(data.TensorDataset(*tensors), batch_size=batch_size)


def in_batches(x: Tensor, y: Tensor, size: int) -> Batches:
    """What that loader yields."""
    return [(x[start : start + size], y[start : start + size]) for start in range(0, len(x), size)]


def sgd(optim: Any, model: Any) -> Any:
    return optim.SGD(model.parameters(), lr=0.3, momentum=0.9)


# The loops, once more.


def right_step(model: Any, batch: tuple[Tensor, Tensor], optimizer: Any, loss_fn: Any = F.cross_entropy) -> float:
    model.train()
    loss = loss_fn(model(batch[0]), batch[1])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return float(loss.detach())


def right_measures(model: Any, batches: Iterable[tuple[Tensor, Tensor]]) -> list[tuple[int, float, float]]:
    """Size, mean loss and accuracy of each batch, in evaluation mode."""
    model.eval()
    with torch.no_grad():
        outs = [(model(x), y) for x, y in batches]
    return [(len(y), float(F.cross_entropy(out, y)), float((out.argmax(1) == y).double().mean())) for out, y in outs]


def mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return sum(v * w for v, w in zip(values, weights)) / sum(weights)


# --- 1. train_step ------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(3)
@pytest.mark.hint("forward, loss, gradients, step: what has to stand before backward, and when is the loss read?")
def test_train_step_takes_one_step(student: Any, remote: Remote) -> None:
    """train_step changes the parameters by one step, and returns the loss before it as a Python float.

    A loss that is a tensor keeps the graph of its batch alive for as long as it is kept itself.
    """
    model = remote("torch.nn").Linear(1, 1, bias=False)
    model.load_state_dict({"weight": torch.tensor([[1.0]])})
    optimizer = remote("torch.optim").SGD(model.parameters(), lr=0.25)
    batch = (torch.tensor([[1.0]]), torch.tensor([[3.0]]))
    loss = student.train_step(model, batch, remote("torch.nn.functional").mse_loss, optimizer)
    compare(number(loss), f64(4.0), rule="the loss before the step")
    compare(model.weight, torch.tensor([[2.0]]), rule="weight - lr * gradient")

    model, twin = twins(remote)
    x, y = samples(TRAIN)
    right = right_step(twin, (x, y), sgd(torch.optim, twin))
    with torch.no_grad():
        after = F.cross_entropy(twin(x), y)
    loss = student.train_step(model, (x, y), F.cross_entropy, sgd(remote("torch.optim"), model))
    mistakes = {"computing the loss once more after the step": after, "the sum over the batch": f64(right * TRAIN)}
    compare(number(loss), f64(right), rule="the loss before the step", mistakes=mistakes)
    same_state(model, twin.state_dict(), "the parameters after one step")


@pytest.mark.points(3)
@pytest.mark.hint("take several steps in a row: what does backward() do with the gradients of the last one?")
def test_train_step_by_step(student: Any, remote: Remote) -> None:
    """Several steps of train_step are the steps of a loop written by hand, also where a gradient was left over.

    Gradients that are never zeroed add up; a step before backward uses those of the batch before.
    """
    model, twin = twins(remote)
    optimizer, right_optimizer = sgd(remote("torch.optim"), model), sgd(torch.optim, twin)
    x, _ = samples(4)
    (model(x) * draw(4, O)).sum().backward()  # left over from something else
    for _ in range(3):
        batch = samples(TRAIN)
        right = right_step(twin, batch, right_optimizer)
        loss = student.train_step(model, batch, F.cross_entropy, optimizer)
        compare(number(loss), f64(right), rule="the loss before the step")
        same_state(model, twin.state_dict(), "the parameters after as many steps")


@pytest.mark.points(2)
@pytest.mark.hint("who tells dropout and batch norm that this is training? The model may come from an evaluation")
def test_train_step_trains_in_training_mode(student: Any, remote: Remote) -> None:
    """train_step works in training mode, also if the model comes in evaluation mode.

    In evaluation mode batch norm uses its running statistics, and does not move them.
    """
    model, twin = twins(remote, normed)
    optimizer, right_optimizer = sgd(remote("torch.optim"), model), sgd(torch.optim, twin)
    for _ in range(2):
        batch = samples(TRAIN)
        right = right_step(twin, batch, right_optimizer)
        model.eval()
        loss = student.train_step(model, batch, F.cross_entropy, optimizer)
        compare(number(loss), f64(right), rule="the loss in training mode")
        same_state(model, twin.state_dict(), "parameters and buffers after a step in training mode")


@pytest.mark.points(2)
@pytest.mark.hint("try a batch of one sample, a batch that is a list, and inputs with more dimensions")
@pytest.mark.parametrize("kind", ["one sample", "a list", "four dimensions"])
def test_train_step_takes_any_batch(student: Any, remote: Remote, kind: str) -> None:
    """train_step takes batches of one sample, lists and any shape, and leaves the batch as it was.

    A squeeze takes a batch of one sample for no batch at all.
    """

    def deep(torch_nn: Any) -> Any:
        return torch_nn.Sequential(torch_nn.Flatten(), plain(torch_nn))

    model, twin = twins(remote, deep)
    x, y = samples(1 if kind == "one sample" else TRAIN)
    if kind == "four dimensions":
        x = x.reshape(-1, 1, 2, 3)
    right = right_step(twin, (x, y), sgd(torch.optim, twin))
    batch: Any = [x, y] if kind == "a list" else (x, y)
    copies = [x.clone(), y.clone()]
    loss = student.train_step(model, batch, F.cross_entropy, sgd(remote("torch.optim"), model))
    compare(number(loss), f64(right), rule="the loss before the step")
    same_state(model, twin.state_dict(), "the parameters after one step")
    assert len(batch) == 2, "the batch is not a pair any more"
    for tensor, copy in zip((x, y), copies):
        compare(tensor, copy, rule="the batch as it was", rtol=0, atol=0)
        assert not tensor.requires_grad, "a tensor of the batch asks for a gradient"


@pytest.mark.points(2)
@pytest.mark.hint("which loss, which optimizer, and which parameters? All three are the caller's choice")
def test_train_step_uses_the_loss_and_the_optimizer_given(student: Any, remote: Remote) -> None:
    """train_step uses the loss function and the optimizer that it is given, and changes no other parameters."""
    model, twin = twins(remote)
    optimizer = remote("torch.optim").AdamW(model[2].parameters(), lr=0.1, weight_decay=0.2)
    right_optimizer = torch.optim.AdamW(twin[2].parameters(), lr=0.1, weight_decay=0.2)

    def loss_fn(out: Tensor, target: Tensor) -> Tensor:
        return (out - target).abs().pow(3).mean()

    for _ in range(2):
        batch = draw(TRAIN, I), draw(TRAIN, O)
        right = right_step(twin, batch, right_optimizer, loss_fn)
        loss = student.train_step(model, batch, loss_fn, optimizer)
        compare(number(loss), f64(right), rule="the loss that was given")
        same_state(model, twin.state_dict(), "the parameters after a step of the optimizer that was given")


ON_A_DEVICE = """
import torch
from torch import nn

class Batches(list):
    @property
    def dataset(self):
        return range(sum(len(x) for x, _ in self))

class Reached(Exception):
    pass

def loss_fn(logits, target):
    raise Reached(logits, target)

class Run(nn.Module):
    def __init__(self, name, function, model, x, y):
        super().__init__()
        self.model, self.name, self.function, self.batch = model, name, function, (x, y)

    def forward(self):
        batches = Batches([tuple(part.clone() for part in self.batch)])  # simulated too, on the CPU
        optimizer = torch.optim.SGD(self.model.parameters(), lr=0.1)
        rest = {
            "train_step": (batches[0], loss_fn, optimizer),
            "train_epoch": (batches, loss_fn, optimizer),
            "evaluate": (batches, loss_fn),
            "fit": (batches, batches, loss_fn, optimizer, 1),
            "fit, evaluating": (Batches(), batches, loss_fn, optimizer, 1),
        }[self.name]
        try:
            self.function(self.model, *rest, device="cuda")
        except Reached as reached:
            return reached.args  # what the loss was given
        raise AssertionError("the loss function was not called")
"""


@pytest.mark.points(3)
@pytest.mark.hint("on which device does a loader's batch lie, and on which the model? Both x and y count")
@pytest.mark.parametrize("name", ["train_step", "train_epoch", "evaluate", "fit", "fit, evaluating"])
def test_the_batch_moves_to_the_device(student: Any, remote: Remote, fake_cuda: FakeCuda, name: str) -> None:
    """Training and evaluation move both parts of a batch to the device asked for (checked on a simulated GPU)."""
    model = plain(remote("torch.nn"))
    x, y = torch.randn(TRAIN, I), torch.randint(O, (TRAIN,))
    function = getattr(student, name.partition(",")[0])
    fake_cuda(there(remote, ON_A_DEVICE, "Run")(name, function, model, x, y))


# --- 2. train_epoch -----------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("the last batch is smaller: how much should one of its samples count?")
def test_train_epoch_returns_the_mean_over_samples(student: Any, remote: Remote) -> None:
    """train_epoch returns the mean loss over samples, also where the last batch is smaller.

    The mean of the batches' means counts a sample of a small batch too much.
    """
    model, twin = twins(remote)
    x, y = samples(TRAIN)
    batches, right_optimizer = in_batches(x, y, 5), sgd(torch.optim, twin)
    losses = [right_step(twin, batch, right_optimizer) for batch in batches]
    sizes = [len(labels) for _, labels in batches]
    mistakes = {
        "the mean of the batches' means": f64(sum(losses) / 3),
        "the sum over the batches": f64(sum(losses)),
        "the sum over the samples": f64(mean(losses, sizes) * TRAIN),
        "the last batch alone": f64(losses[-1]),
    }
    optimizer, loader = sgd(remote("torch.optim"), model), loader_of(remote, x, y, batch_size=5)
    loss = student.train_epoch(model, loader, F.cross_entropy, optimizer)
    right = f64(mean(losses, sizes))
    compare(number(loss), right, rule="the mean loss over samples", mistakes=mistakes)

    loader = loader_of(remote, x[:1], y[:1], batch_size=5)
    loss = student.train_epoch(model, loader, F.cross_entropy, optimizer)
    right = f64(right_step(twin, (x[:1], y[:1]), right_optimizer))
    compare(number(loss), right, rule="the loss of the one sample there is")


@pytest.mark.points(2)
@pytest.mark.hint("count the optimizer's steps: one for each batch, the last one too, and all in training mode?")
def test_train_epoch_takes_one_step_for_each_batch(student: Any, remote: Remote) -> None:
    """train_epoch takes one step for each batch, in order and in training mode, and can be called again."""
    model, twin = twins(remote, normed)
    x, y = samples(TRAIN)
    optimizer = remote("torch.optim").Adam(model.parameters(), lr=0.05)
    right_optimizer = torch.optim.Adam(twin.parameters(), lr=0.05)
    loader = loader_of(remote, x, y, batch_size=4)
    for epoch in (1, 2):
        model.eval()
        losses = [right_step(twin, batch, right_optimizer) for batch in in_batches(x, y, 4)]
        loss = student.train_epoch(model, loader, F.cross_entropy, optimizer)
        steps = int(optimizer.state_dict()["state"][0]["step"])
        assert steps == 3 * epoch, "the number of steps is not the number of batches"
        compare(number(loss), f64(mean(losses, [4, 4, 3])), rule="the mean loss over samples")
        same_state(model, twin.state_dict(), "parameters and buffers after one step for each batch")


WATCH = """
import weakref

class Token:
    pass

def watch(model):
    tokens, alive = [], []

    def hook(module, args, out):
        alive.append(sum(token() is not None for token in tokens))
        if out.grad_fn is not None:
            token = Token()
            out.grad_fn.metadata["token"] = token  # lives as long as the graph does
            tokens.append(weakref.ref(token))

    model.register_forward_hook(hook)
    return lambda: max(alive)
"""


@pytest.mark.points(2)
@pytest.mark.hint("you add up losses: is what you add a number, or a tensor with the graph of its batch?")
def test_train_epoch_lets_graphs_go(student: Any, remote: Remote) -> None:
    """train_epoch lets the graph of a batch go before it comes to the next ones.

    A sum of loss tensors keeps the graph of every batch, and memory grows until the epoch ends.
    """
    model, _ = twins(remote)
    most_alive = there(remote, WATCH, "watch")(model)
    loader = loader_of(remote, *samples(24), batch_size=2)
    loss_fn = remote("torch.nn.functional").cross_entropy
    student.train_epoch(model, loader, loss_fn, sgd(remote("torch.optim"), model))
    assert most_alive() <= 3, "graphs of earlier batches are still alive"


@pytest.mark.points(2)
@pytest.mark.hint("by how many samples do you divide where no batch came?")
def test_an_empty_loader_is_no_error(student: Any, remote: Remote) -> None:
    """train_epoch and evaluate answer 0.0 or NaN where the loader yields nothing, and change nothing."""
    model, twin = twins(remote)
    loader = loader_of(remote, draw(0, I), torch.zeros(0, dtype=torch.int64), batch_size=4)
    loss = student.train_epoch(model, loader, F.cross_entropy, sgd(remote("torch.optim"), model))
    for value in (loss, *student.evaluate(model, loader, F.cross_entropy)):
        found = float(number(value))
        assert found == 0 or math.isnan(found), "0.0 or NaN is asked for"
    same_state(model, twin.state_dict(), "the parameters as they were")


# --- 3. evaluate --------------------------------------------------------------------------------


@pytest.mark.public
@pytest.mark.points(3)
@pytest.mark.hint("the last batch has one sample: how much should it count, in the loss and in the accuracy?")
def test_evaluate_means_over_samples(student: Any, remote: Remote) -> None:
    """evaluate returns mean loss and accuracy over samples: 5 + 5 + 1 of them count 11, not 3.

    Accuracy is a fraction, of those whose largest logit is that of their class.
    """
    model, twin = twins(remote)
    x = draw(TRAIN, I)
    missed = torch.tensor([1, 1, 0, 0, 0, 0, 0, 0, 0, 1, 0])  # 3 of 5, 4 of 5 and 1 of 1 are right
    y = (twin(x).argmax(1) + missed) % O
    sizes, losses, _ = zip(*right_measures(twin, in_batches(x, y, 5)))
    loader = loader_of(remote, x, y, batch_size=5)
    loss, accuracy = student.evaluate(model, loader, F.cross_entropy)
    mistakes = {
        "the mean of the batches' means": f64(sum(losses) / 3),
        "the sum over the batches": f64(sum(losses)),
    }
    right = f64(mean(losses, sizes))
    compare(number(loss), right, rule="the mean loss over samples", mistakes=mistakes)
    mistakes = {
        "the mean of the batches' accuracies": f64(0.8),
        "a percentage": f64(800 / 11),
        "the number of right answers": f64(8.0),
        "the fraction of wrong answers": f64(3 / 11),
    }
    right = f64(8 / 11)
    compare(number(accuracy), right, rule="the fraction of samples that are right", mistakes=mistakes, rtol=1e-6)

    loader = loader_of(remote, x[2:3], y[2:3], batch_size=5)
    loss, accuracy = student.evaluate(model, loader, F.cross_entropy)
    compare(number(loss), f64(float(F.cross_entropy(twin(x[2:3]), y[2:3]))), rule="the loss of the one sample there is")
    compare(number(accuracy), f64(1.0), rule="all of it, where the one sample there is is right", rtol=1e-6)


@pytest.mark.points(2)
@pytest.mark.hint("which layers act differently when nobody trains, and who tells them?")
def test_evaluate_runs_in_evaluation_mode(student: Any, remote: Remote) -> None:
    """evaluate measures in evaluation mode, also if the model comes in training mode.

    In training mode dropout throws dice, and batch norm mixes the samples of a batch.
    """
    model, twin = twins(remote, dropping)
    x, y = samples(TRAIN)
    sizes, losses, accuracies = zip(*right_measures(twin, in_batches(x, y, 5)))
    model.train()
    loss, accuracy = student.evaluate(model, loader_of(remote, x, y, batch_size=5), F.cross_entropy)
    compare(number(loss), f64(mean(losses, sizes)), rule="the mean loss in evaluation mode")
    right = f64(mean(accuracies, sizes))
    compare(number(accuracy), right, rule="the accuracy in evaluation mode", rtol=1e-6, atol=1e-6)


@pytest.mark.points(2)
@pytest.mark.hint("compare state_dict() and every .grad before and after: nothing has moved?")
@pytest.mark.parametrize("training", [True, False], ids=["training", "evaluation"])
def test_evaluate_leaves_the_model_alone(student: Any, remote: Remote, training: bool) -> None:
    """evaluate changes no parameter, no buffer and no gradient.

    One forward pass in training mode is enough to move batch norm's running statistics.
    """
    model, twin = twins(remote, normed)
    x, y = samples(TRAIN)
    model.train(training)
    model[3].weight.grad = kept = draw(O, H)
    student.evaluate(model, loader_of(remote, x, y, batch_size=4), F.cross_entropy)
    same_state(model, twin.state_dict(), "parameters and buffers as they were")
    assert model[0].weight.grad is None, "a parameter without a gradient has one now"
    compare(model[3].weight.grad, kept, rule="the gradient as it was")
    assert all(p.requires_grad for p in model.parameters()), "a parameter is frozen now"


@pytest.mark.points(2)
@pytest.mark.hint("does anybody need a gradient of what evaluate computes? How do you tell autograd?")
def test_evaluate_records_no_graph(student: Any, remote: Remote) -> None:
    """evaluate records no graph.

    A graph keeps every activation in memory, for a backward that never comes.
    """
    model, _ = twins(remote)
    recorded = []

    def loss_fn(logits: Tensor, target: Tensor) -> Tensor:
        recorded.append(logits.requires_grad)
        return F.cross_entropy(logits, target)

    x, y = samples(TRAIN)
    student.evaluate(model, loader_of(remote, x, y, batch_size=5), loss_fn)
    assert recorded, "the loss function was not called"
    assert not any(recorded), "the logits carry a graph"


@pytest.mark.points(2)
@pytest.mark.hint("the caller may be in the middle of training, or not: which mode has to be there afterwards?")
def test_evaluate_gives_the_mode_back(student: Any, remote: Remote) -> None:
    """After evaluate, the model is in the mode in which it came, whichever it was."""
    model, _ = twins(remote)
    loader = loader_of(remote, *samples(VAL), batch_size=4)
    for training in (True, False):
        model.train(training)
        student.evaluate(model, loader, F.cross_entropy)
        assert model.training is training, "the mode is not that in which the model came"


# --- 4. fit -------------------------------------------------------------------------------------


def scripted(val_losses: Sequence[float]) -> Callable[[Tensor, Tensor], Tensor]:
    """Cross-entropy, but that batches of VAL samples get these losses, one after the other."""
    script = itertools.chain(val_losses, itertools.repeat(9.0))

    def loss_fn(logits: Tensor, target: Tensor) -> Tensor:
        loss = F.cross_entropy(logits, target)
        return loss * 0 + next(script) if len(target) == VAL else loss

    return loss_fn


def fit_scripted(student: Any, remote: Remote, val_losses: Sequence[float]) -> tuple[Any, list[Any], Any]:
    """Fit with those validation losses. Returns the model, its right state after each epoch, the history."""
    model, twin = twins(remote, normed)
    train, val = samples(TRAIN), samples(VAL)
    right_optimizer, states = sgd(torch.optim, twin), []
    for _ in val_losses:
        for batch in in_batches(*train, 4):
            right_step(twin, batch, right_optimizer)
        states.append(snapshot(twin))
    history = student.fit(
        model,
        loader_of(remote, *train, batch_size=4),
        loader_of(remote, *val, batch_size=VAL),
        scripted(val_losses),
        sgd(remote("torch.optim"), model),
        len(val_losses),
    )
    return model, states, history


@pytest.mark.public
@pytest.mark.points(3)
@pytest.mark.hint("train on which loader, measure on which, in which order? And by what is each sum divided?")
def test_fit_returns_the_history(student: Any, remote: Remote) -> None:
    """fit returns one dict for each epoch: training loss, then validation loss and accuracy after it."""
    model, twin = twins(remote, normed)
    train, val = samples(TRAIN), samples(VAL)
    right_optimizer, right = sgd(torch.optim, twin), []
    for _ in range(3):
        losses = [right_step(twin, batch, right_optimizer) for batch in in_batches(*train, 4)]
        sizes, val_losses, accuracies = zip(*right_measures(twin, in_batches(*val, 4)))
        right.append([mean(losses, [4, 4, 3]), mean(val_losses, sizes), mean(accuracies, sizes)])
    loaders = loader_of(remote, *train, batch_size=4), loader_of(remote, *val, batch_size=4)
    history = student.fit(model, *loaders, F.cross_entropy, sgd(remote("torch.optim"), model), 3)
    assert isinstance(history, list) and len(history) == 3, "a list with one dict for each epoch is asked for"
    keys = ["train_loss", "val_loss", "val_accuracy"]
    assert all(set(entry) == set(keys) for entry in history), "the keys are train_loss, val_loss and val_accuracy"
    for key, expected in zip(keys, torch.tensor(right, dtype=torch.float64).t()):
        column = torch.stack([number(entry[key]) for entry in history])
        mistakes = {} if key == "train_loss" else {"dividing by the number of training samples": expected * VAL / TRAIN}
        compare(column, expected, rule=f"{key} over samples", mistakes=mistakes, rtol=1e-6, atol=1e-6)


@pytest.mark.points(3)
@pytest.mark.hint("you have kept the best state: is it a copy, or the model's own tensors, which went on changing?")
@pytest.mark.parametrize(
    "val_losses",
    [
        pytest.param([0.4, 0.9, 0.7], id="the first"),
        pytest.param([0.9, 0.3, 0.8, 0.6], id="one in the middle"),
        pytest.param([0.9, 0.6, 0.7, 0.2], id="the last"),
    ],
)
def test_fit_ends_with_the_best_epoch(student: Any, remote: Remote, val_losses: list[float]) -> None:
    """After fit, the model holds the parameters and buffers of the epoch with the lowest validation loss.

    The tensors of `state_dict()` are those of the model: kept without a copy, they go on changing.
    """
    model, states, _ = fit_scripted(student, remote, val_losses)
    best = states[val_losses.index(min(val_losses))]
    same_state(model, best, "the state after the epoch with the lowest validation loss")


@pytest.mark.points(1)
@pytest.mark.hint("two epochs have the same lowest loss: is later better?")
def test_fit_keeps_the_first_of_equals(student: Any, remote: Remote) -> None:
    """Where two epochs share the lowest validation loss, fit keeps the first of them."""
    model, states, _ = fit_scripted(student, remote, [0.9, 0.5, 0.7, 0.5])
    same_state(model, states[1], "the state after the first of the best epochs")


@pytest.mark.points(2)
@pytest.mark.hint("what are nan < 1, 1 < nan and min([nan, 1])? Try an epoch with NaN, and at first")
@pytest.mark.parametrize(
    "val_losses",
    [pytest.param([math.nan, 0.4, 0.6], id="at first"), pytest.param([0.8, 0.4, math.nan], id="at last")],
)
def test_fit_never_takes_nan_for_the_best(student: Any, remote: Remote, val_losses: list[float]) -> None:
    """A validation loss of NaN is in the history, and is never the best."""
    model, states, history = fit_scripted(student, remote, val_losses)
    assert len(history) == 3, "every epoch is in the history, with NaN too"
    same_state(model, states[1], "the state after the epoch with the lowest loss that is a number")


@pytest.mark.points(1)
@pytest.mark.hint("which state is the best where there was no epoch?")
def test_fit_without_epochs(student: Any, remote: Remote) -> None:
    """fit with epochs=0 returns an empty list and leaves the model as it was."""
    model, states, history = fit_scripted(student, remote, [])
    assert isinstance(history, list) and not history and not states, "an empty list is asked for"
    model, twin = twins(remote, normed)
    train, val = loader_of(remote, *samples(4), batch_size=4), loader_of(remote, *samples(VAL), batch_size=VAL)
    optimizer = sgd(remote("torch.optim"), model)
    student.fit(model, train, val, F.cross_entropy, optimizer, epochs=0)
    same_state(model, twin.state_dict(), "parameters and buffers as they were")


@pytest.mark.points(2)
@pytest.mark.hint("count the optimizer's steps: how many batches does the training loader have, and who else may step?")
def test_fit_steps_for_training_batches_alone(student: Any, remote: Remote) -> None:
    """fit takes one step for each training batch of each epoch, and none on validation data."""
    model, _ = twins(remote)
    train, val = loader_of(remote, *samples(TRAIN), batch_size=4), loader_of(remote, *samples(VAL), batch_size=2)
    optimizer = remote("torch.optim").Adam(model.parameters(), lr=0.01)
    student.fit(model, train, val, F.cross_entropy, optimizer, epochs=2)
    steps = int(optimizer.state_dict()["state"][0]["step"])
    assert steps == 2 * 3, "the number of steps is not that of epochs times training batches"


# --- 5. save_checkpoint, 6. load_checkpoint -----------------------------------------------------

PATH = "checkpoint.pt"  # in the folder where the student's process may write

STEPS = """
from torch.nn import functional as F

def steps(model, optimizer, x, y, count):
    model.train()
    for _ in range(count):
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
"""

TRAP = """
import os
import torch

class Trap:
    def __reduce__(self):
        return os.mkdir, ("opened",)

def plant(path):
    torch.save({"model": Trap()}, path)

def opened():
    if not os.path.exists("opened"):
        return False
    os.rmdir("opened")
    return True
"""


def trained(
    remote: Remote, name: str = "SGD", steps: int = 3, lr: float = 0.2
) -> tuple[Any, Any, Callable[[int], None]]:
    """A model and an optimizer in the middle of training, and a function that takes more steps, on the same data."""
    model, _ = twins(remote, normed)
    settings = {"momentum": 0.9} if name == "SGD" else {}
    optimizer = getattr(remote("torch.optim"), name)(model.parameters(), lr=lr, **settings)
    run, (x, y) = there(remote, STEPS, "steps"), samples(TRAIN)
    run(model, optimizer, x, y, steps)
    return model, optimizer, lambda count: run(model, optimizer, x, y, count)


@pytest.mark.public
@pytest.mark.points(3)
@no_pickle
@pytest.mark.hint("which object holds all parameters and buffers of a model, and how does a model take it back?")
@pytest.mark.parametrize("kind", ["str", "PathLike"])
def test_checkpoint_brings_the_model_back(student: Any, remote: Remote, kind: str) -> None:
    """A model that loads a checkpoint holds the parameters and buffers of the one that was saved.

    The path is text or a `pathlib.Path`.
    """
    path = PATH if kind == "str" else remote("pathlib").Path(PATH)
    model, optimizer, _ = trained(remote)
    right = snapshot(model)
    student.save_checkpoint(path, model, optimizer)
    fresh, fresh_optimizer, _ = trained(remote, steps=0)
    student.load_checkpoint(path, fresh, fresh_optimizer)
    same_state(fresh, right, "parameters and buffers of the saved model")


@pytest.mark.points(3)
@no_pickle
@pytest.mark.hint("does a model alone know its momentum and its learning rate? Go on training after loading")
@pytest.mark.parametrize("name", ["SGD", "Adam"])
def test_training_resumes_as_if_never_stopped(student: Any, remote: Remote, name: str) -> None:
    """Training that resumes from a checkpoint ends where uninterrupted training ends.

    Momentum, Adam's averages and the learning rate are in the optimizer, not in the model.
    """
    model, optimizer, _ = trained(remote, name)
    student.save_checkpoint(PATH, model, optimizer)
    fresh, _ = twins(remote, normed)
    settings = {"momentum": 0.5} if name == "SGD" else {}
    other = getattr(remote("torch.optim"), name)(fresh.parameters(), lr=0.01, **settings)
    student.load_checkpoint(PATH, fresh, other)
    run, (x, y) = there(remote, STEPS, "steps"), samples(TRAIN)
    for pair in ((model, optimizer), (fresh, other)):
        run(*pair, x, y, 3)
    same_state(fresh, snapshot(model), "the state that uninterrupted training reaches")


@pytest.mark.points(2)
@no_pickle
@pytest.mark.hint("what does torch.load accept without trusting the file? Save states, not objects")
def test_checkpoint_holds_data_only(student: Any, remote: Remote) -> None:
    """A checkpoint can be read with `torch.load(path, weights_only=True)`: it holds data, no pickled objects."""
    model, optimizer, _ = trained(remote)
    student.save_checkpoint(PATH, model, optimizer)
    try:
        remote("torch").load(PATH, weights_only=True)
    except Exception as error:
        raise AssertionError("the file holds more than tensors and plain data") from error


@pytest.mark.points(2)
@no_pickle
@pytest.mark.hint("a pickle can run anything while it is read: which argument of torch.load forbids it?")
def test_loading_runs_no_code_of_the_file(student: Any, remote: Remote) -> None:
    """load_checkpoint refuses a file that would run code when it is unpickled."""
    model, optimizer, _ = trained(remote)
    student.save_checkpoint(PATH, model, optimizer)
    student.load_checkpoint(PATH, model, optimizer)
    there(remote, TRAP, "plant")(PATH)
    refused = False
    try:
        student.load_checkpoint(PATH, model, optimizer)
    except Exception:
        refused = True
    assert not there(remote, TRAP, "opened")(), "code of the file was run"
    assert refused, "a file that is no checkpoint was loaded without an error"


@pytest.mark.points(2)
@no_pickle
@pytest.mark.hint("the file says on which device each tensor was: which argument of torch.load overrules it?")
def test_checkpoint_from_a_gpu_loads_on_the_cpu(student: Any, remote: Remote) -> None:
    """With map_location="cpu", load_checkpoint loads what was saved on a GPU that is not here (simulated)."""
    model, optimizer, _ = trained(remote)
    right = snapshot(model)
    serialization = remote("torch.serialization")
    tag = serialization.location_tag
    serialization.location_tag = remote("builtins").eval(
        "lambda storage: 'cuda:9'"
    )  # what a file's tensors are marked with
    try:
        student.save_checkpoint(PATH, model, optimizer)
    finally:
        serialization.location_tag = tag
    fresh, fresh_optimizer, _ = trained(remote)
    student.load_checkpoint(PATH, fresh, fresh_optimizer, map_location="cpu")
    same_state(fresh, right, "parameters and buffers of the saved model")


@pytest.mark.points(1)
@no_pickle
@pytest.mark.hint(
    "save twice to one path, with training in between: which of the two is there, and has saving changed anything?"
)
def test_checkpoint_is_of_the_moment(student: Any, remote: Remote) -> None:
    """A checkpoint holds what was there when it was saved last, and saving changes nothing."""
    model, optimizer, go_on = trained(remote)
    student.save_checkpoint(PATH, model, optimizer)
    go_on(2)
    right = snapshot(model)
    student.save_checkpoint(PATH, model, optimizer)
    same_state(model, right, "the model as it was before it was saved")
    assert model.training is True, "saving has changed the model's mode"
    go_on(2)
    student.load_checkpoint(PATH, model, optimizer)
    same_state(model, right, "the state when it was saved last")


# --- 7. seed_all --------------------------------------------------------------------------------


def dice(remote: Remote) -> Tensor:
    """Numbers from the global generator of the student's process."""
    lib = remote("torch")
    return torch.cat([lib.rand(4).double(), lib.randn(5).double(), lib.randperm(20).double()])


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("which function of torch decides where its random numbers start?")
def test_seed_all_repeats_random_numbers(student: Any, remote: Remote) -> None:
    """After seed_all with one seed, PyTorch draws the same numbers again, and so starts the same model."""
    student.seed_all(7)
    first, weight = dice(remote), remote("torch.nn").Linear(I, O).weight.detach().clone()
    remote("torch").rand(3)
    student.seed_all(7)
    compare(dice(remote), first, rule="the numbers after the same seed")
    compare(remote("torch.nn").Linear(I, O).weight, weight, rule="the start of a model after the same seed")


@pytest.mark.points(1)
@pytest.mark.hint("try small and large seeds: do their numbers differ?")
def test_seed_all_tells_seeds_apart(student: Any, remote: Remote) -> None:
    """Different seeds give different numbers, and each its own again."""
    seeds, found = [0, 1, 2, 2**31 + 5], []
    for seed in seeds:
        student.seed_all(seed)
        found.append(dice(remote))
    for one, other in itertools.combinations(found, 2):
        assert not torch.equal(one, other), "two seeds give the same numbers"
    student.seed_all(seeds[0])
    compare(dice(remote), found[0], rule="the numbers after the same seed")


# --- 8. make_loader -----------------------------------------------------------------------------

COUNT = 50  # samples; two orders agree by chance once in 50! times


def numbered(remote: Remote, count: int = COUNT) -> Any:
    """A dataset whose sample k is (k, 10 * k)."""
    numbers = torch.arange(count, dtype=torch.float64)
    return remote("torch.utils.data").TensorDataset(numbers, 10 * numbers)


def order(loader: Any) -> Tensor:
    """The samples of one pass, in their order."""
    return torch.cat([x for x, _ in loader])


@pytest.mark.public
@pytest.mark.points(2)
@pytest.mark.hint("what does a DataLoader do with the samples that fill no whole batch?")
def test_make_loader_yields_each_sample_once(student: Any, remote: Remote) -> None:
    """make_loader returns a DataLoader that yields every sample once, in batches, the last one smaller."""
    loader = student.make_loader(numbered(remote, TRAIN), 4, 3)
    assert isinstance(loader, torch.utils.data.DataLoader), "a DataLoader is asked for"
    batches = [(x, y) for x, y in loader]
    assert [len(x) for x, _ in batches] == [4, 4, 3], (
        "the batches do not have batch_size samples, and the last the rest"
    )
    x, y = torch.cat([x for x, _ in batches]), torch.cat([y for _, y in batches])
    compare(x.sort().values, torch.arange(TRAIN).double(), rule="every sample once")
    compare(y, 10 * x, rule="the two parts of a sample together")


@pytest.mark.points(2)
@pytest.mark.hint(
    "build two loaders with one seed, draw some numbers in between: does the order follow the seed alone?"
)
def test_make_loader_follows_its_seed_alone(student: Any, remote: Remote) -> None:
    """Two loaders with one seed give one order, pass by pass, whatever the global generator does.

    Another seed gives another order.
    """
    dataset = numbered(remote)
    first = student.make_loader(dataset, batch_size=8, seed=5)
    passes = [order(first), order(first)]
    remote("torch").manual_seed(int(torch.randint(2**31, ())))
    again = student.make_loader(dataset, batch_size=8, seed=5)
    for right in passes:
        compare(order(again), right, rule="the order of the same seed", rtol=0, atol=0)
    other = student.make_loader(dataset, batch_size=8, seed=6)
    assert not torch.equal(order(other), passes[0]), "two seeds give the same order"


@pytest.mark.points(2)
@pytest.mark.hint("compare torch.get_rng_state() before, after building and after a pass, with and without shuffling")
@pytest.mark.parametrize("shuffle", [True, False], ids=["shuffled", "in order"])
def test_make_loader_leaves_the_global_generator_alone(student: Any, remote: Remote, shuffle: bool) -> None:
    """Neither make_loader nor a pass over its loader draws from the global generator, or seeds it.

    A DataLoader without a generator of its own draws at the start of each pass, even in order.
    """
    lib, dataset = remote("torch"), numbered(remote)
    before = lib.get_rng_state()
    loader = student.make_loader(dataset, batch_size=8, seed=4, shuffle=shuffle)
    compare(lib.get_rng_state(), before, rule="the state of the global generator as it was, after building")
    for _ in range(2):
        order(loader)
        compare(lib.get_rng_state(), before, rule="the state of the global generator as it was, after a pass")


@pytest.mark.points(1)
@pytest.mark.hint("what does shuffle=False promise, and what is the default?")
def test_make_loader_shuffles_unless_told(student: Any, remote: Remote) -> None:
    """make_loader shuffles by default, and keeps the order of the dataset with shuffle=False."""
    dataset = numbered(remote)
    loader = student.make_loader(dataset, batch_size=8, seed=2, shuffle=False)
    for _ in range(2):
        compare(order(loader), torch.arange(COUNT).double(), rule="the order of the dataset")
    shuffled = order(student.make_loader(dataset, batch_size=8, seed=2))
    assert not torch.equal(shuffled, torch.arange(COUNT).double()), "the order is that of the dataset"


# --- on an accelerator --------------------------------------------------------------------------


@pytest.mark.gpu
@pytest.mark.points(2)
@pytest.mark.hint("the loader's batches lie on the CPU, the model on the device: what has to move, and what not?")
def test_fit_on_the_accelerator(student: Any, remote: Remote, device: torch.device) -> None:
    """On an accelerator, steps, epochs, evaluate and fit give what they give on the CPU."""
    here, _ = twins(remote, normed)
    here.to(torch.float32)
    away, _ = twins(remote, normed)
    away.to(torch.float32)
    away.load_state_dict(snapshot(here))
    away.to(device)
    train = [part.float() if part.is_floating_point() else part for part in samples(TRAIN)]
    val = [part.float() if part.is_floating_point() else part for part in samples(VAL)]
    loaders = loader_of(remote, *train, batch_size=4), loader_of(remote, *val, batch_size=4)
    optim, loss_fn = remote("torch.optim"), remote("torch.nn.functional").cross_entropy
    columns = []
    for model, where in ((here, "cpu"), (away, device)):
        optimizer = sgd(optim, model)
        first = student.train_step(model, tuple(train), loss_fn, optimizer, where)
        history = student.fit(model, *loaders, loss_fn, optimizer, 2, where)
        loss, _ = student.evaluate(model, loaders[1], loss_fn, where)
        values = [first, loss, *(entry[key] for entry in history for key in ("train_loss", "val_loss"))]
        columns.append(torch.tensor(values, dtype=torch.float64))
    assert all(p.device.type == device.type for p in away.parameters()), "a parameter has left the device"
    compare(columns[1], columns[0], rule="the same losses as on the CPU", rtol=1e-3, atol=1e-3)


MEMORY = """
import torch

def measure(model):
    used = []
    model.register_forward_hook(lambda module, args, out: used.append(torch.cuda.memory_allocated()))
    return lambda: max(used) - used[4]
"""


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("what do you keep of each batch until the end of the pass: a number, or a tensor with its graph?")
@pytest.mark.parametrize("name", ["train_epoch", "evaluate"])
def test_memory_stays_flat(student: Any, remote: Remote, device: torch.device, name: str) -> None:
    """On an accelerator, memory does not grow over the batches of a pass."""
    torch_nn, loss_fn = remote("torch.nn"), remote("torch.nn.functional").cross_entropy
    model = torch_nn.Sequential(torch_nn.Linear(I, 2048), torch_nn.Tanh(), torch_nn.Linear(2048, O))
    model.to(device)
    grown = there(remote, MEMORY, "measure")(model)
    loader = loader_of(remote, torch.randn(50 * 64, I), torch.randint(O, (50 * 64,)), batch_size=64)
    optimizer = [sgd(remote("torch.optim"), model)] if name == "train_epoch" else []
    getattr(student, name)(model, loader, loss_fn, *optimizer, device)
    if device.type == "cuda":
        assert grown() < 4 << 20, "memory grows from batch to batch"


AUTOCAST = """
import torch

class Autocast(torch.nn.Module):
    def __init__(self, model, device_type):
        super().__init__()
        self.model, self.device_type = model, device_type

    def forward(self, x):
        with torch.autocast(self.device_type, dtype=torch.bfloat16):
            return self.model(x)
"""


@pytest.mark.gpu
@pytest.mark.points(1)
@pytest.mark.hint("the logits come in half precision, the parameters do not: does your loop mind?")
def test_train_step_with_autocast_on_the_accelerator(student: Any, remote: Remote, device: torch.device) -> None:
    """On an accelerator, a model that computes in half precision by autocast trains, with parameters in float32."""
    model, twin = twins(remote)
    model.to(torch.float32)
    model.to(device)
    wrapped = there(remote, AUTOCAST, "Autocast")(model, device.type)
    batch = samples(TRAIN)
    right = right_step(twin, batch, sgd(torch.optim, twin))
    batch = (batch[0].float(), batch[1])
    loss_fn = remote("torch.nn.functional").cross_entropy
    loss = student.train_step(wrapped, batch, loss_fn, sgd(remote("torch.optim"), model), device)
    compare(number(loss), f64(right), rule="the loss, in half precision", rtol=5e-2, atol=5e-2)
    for key, tensor in snapshot(model).items():
        expected = twin.state_dict()[key].float()
        compare(tensor.cpu(), expected, rule="the parameters after one step", rtol=5e-2, atol=5e-2)


@pytest.mark.gpu
@pytest.mark.points(2)
@no_pickle
@pytest.mark.hint("save on the device, load on the CPU and on the device: where do the optimizer's tensors have to be?")
def test_checkpoint_from_the_accelerator(student: Any, remote: Remote, device: torch.device) -> None:
    """What was saved on an accelerator loads on the CPU and there, and training goes on."""
    model, _ = twins(remote, normed)
    model.to(device)
    optimizer, run = sgd(remote("torch.optim"), model), there(remote, STEPS, "steps")
    x, y = samples(TRAIN)
    run(model, optimizer, x.to(device), y.to(device), 2)
    right = {key: tensor.cpu() for key, tensor in snapshot(model).items()}
    student.save_checkpoint(PATH, model, optimizer)
    run(model, optimizer, x.to(device), y.to(device), 2)
    for where in (torch.device("cpu"), device):
        fresh, _ = twins(remote, normed)
        fresh.to(where)
        fresh_optimizer = sgd(remote("torch.optim"), fresh)
        student.load_checkpoint(PATH, fresh, fresh_optimizer, map_location=str(where))
        loaded = snapshot(fresh)
        for key, tensor in right.items():
            compare(loaded[key].cpu(), tensor, rule="parameters and buffers of the saved model")
        run(fresh, fresh_optimizer, x.to(where), y.to(where), 2)
        for tensor, other in zip(snapshot(model).values(), snapshot(fresh).values()):
            rule = "the state that uninterrupted training reaches"
            compare(other.cpu(), tensor.cpu(), rule=rule, rtol=1e-6, atol=1e-6)
