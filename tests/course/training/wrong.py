"""Wrong answers, a block each: appended to the solution, a block replaces what it defines anew.

Its header gives its id, the misconception, and the tests that must reject it.
"""

# --- step_no_zero_grad: gradients are never zeroed -> test_train_step_by_step, test_train_epoch_takes_one_step_for_each_batch, test_train_epoch_returns_the_mean_over_samples, test_fit_returns_the_history
def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = (part.to(device) for part in batch)
    model.train()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    return loss.item()


# --- step_before_backward: the step comes before backward -> test_train_step_takes_one_step, test_train_step_by_step, test_train_step_uses_the_loss_and_the_optimizer_given
def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = (part.to(device) for part in batch)
    model.train()
    loss = loss_fn(model(x), y)
    optimizer.step()
    optimizer.zero_grad()
    loss.backward()
    return loss.item()


# --- step_zero_after_backward: zero_grad stands between backward and the step -> test_train_step_takes_one_step, test_train_step_takes_any_batch
def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = (part.to(device) for part in batch)
    model.train()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.zero_grad()
    optimizer.step()
    return loss.item()


# --- step_zero_at_the_end: gradients are zeroed after the step alone, so that what was left over counts -> test_train_step_by_step
def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = (part.to(device) for part in batch)
    model.train()
    loss = loss_fn(model(x), y)
    loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    return loss.item()


# --- step_returns_the_tensor: the loss comes back with its graph -> test_train_step_takes_one_step, test_train_step_by_step, test_train_epoch_lets_graphs_go
def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = (part.to(device) for part in batch)
    model.train()
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss


# --- step_loss_after: the loss is computed anew after the step -> test_train_step_takes_one_step, test_train_step_by_step
_step = train_step


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    _step(model, batch, loss_fn, optimizer, device)
    with torch.no_grad():
        return loss_fn(model(batch[0].to(device)), batch[1].to(device)).item()


# --- step_sum_of_the_batch: the loss is multiplied by the batch size -> test_train_step_takes_one_step, test_train_step_by_step
_step = train_step


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    return _step(model, batch, loss_fn, optimizer, device) * len(batch[0])


# --- step_forgets_train: the mode is left as it came -> test_train_step_trains_in_training_mode, test_train_epoch_takes_one_step_for_each_batch
def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = (part.to(device) for part in batch)
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# --- step_in_eval_mode: a step is taken in evaluation mode -> test_train_step_trains_in_training_mode, test_fit_ends_with_the_best_epoch
def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = (part.to(device) for part in batch)
    model.eval()
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# --- step_squeezes_the_logits: a batch of one sample loses its first dimension -> test_train_step_takes_any_batch
def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = (part.to(device) for part in batch)
    model.train()
    loss = loss_fn(model(x).squeeze(), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# --- step_flattens_the_input: every input is made two-dimensional, rows first -> test_train_step_takes_any_batch
_step = train_step


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    return _step(model, (batch[0].reshape(-1, batch[0].shape[-1]), batch[1]), loss_fn, optimizer, device)


# --- step_wants_a_tuple: a list, which is what a DataLoader yields, is refused -> test_train_step_takes_any_batch
_step = train_step


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    if not isinstance(batch, tuple):
        raise TypeError("a batch is a tuple")
    return _step(model, batch, loss_fn, optimizer, device)


# --- step_normalizes_in_place: the caller's batch is changed -> test_train_step_takes_any_batch
_step = train_step


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    value = _step(model, batch, loss_fn, optimizer, device)
    batch[0].sub_(batch[0].mean())
    return value


# --- step_own_loss: the loss is always cross-entropy -> test_train_step_uses_the_loss_and_the_optimizer_given, test_train_step_takes_one_step
_step = train_step


def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    return _step(model, batch, nn.functional.cross_entropy, optimizer, device)


# --- step_by_hand: parameters move by lr times gradient, whatever the optimizer is -> test_train_step_uses_the_loss_and_the_optimizer_given, test_train_step_by_step
def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = (part.to(device) for part in batch)
    model.train()
    loss = loss_fn(model(x), y)
    model.zero_grad()
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= optimizer.param_groups[0]["lr"] * parameter.grad
    return loss.item()


# --- step_batch_stays: the batch is not moved -> test_the_batch_moves_to_the_device
def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = batch
    model.train()
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# --- step_moves_x_alone: the targets stay behind -> test_the_batch_moves_to_the_device
def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = batch
    x = x.to(device)
    model.train()
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


# --- evaluate_batch_stays: evaluate does not move its batches -> test_the_batch_moves_to_the_device
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    return _evaluate(model, loader, loss_fn, "cpu")


# --- fit_forgets_the_device: fit does not hand the device on -> test_the_batch_moves_to_the_device
_fit = fit


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    return _fit(model, train_loader, val_loader, loss_fn, optimizer, epochs)


# --- fit_evaluates_here: fit hands the device on to the training alone -> test_the_batch_moves_to_the_device
_evaluate, _fit = evaluate, fit


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    global evaluate
    evaluate = lambda model, loader, loss_fn, device="cpu": _evaluate(model, loader, loss_fn)
    return _fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device)


# --- epoch_mean_of_means: the batches' means are averaged -> test_train_epoch_returns_the_mean_over_samples, test_train_epoch_takes_one_step_for_each_batch, test_fit_returns_the_history
def train_epoch(model, loader, loss_fn, optimizer, device="cpu"):
    losses = [train_step(model, batch, loss_fn, optimizer, device) for batch in loader]
    return sum(losses) / max(len(losses), 1)


# --- epoch_sum_over_batches: the batches' losses are added up and not divided -> test_train_epoch_returns_the_mean_over_samples
def train_epoch(model, loader, loss_fn, optimizer, device="cpu"):
    return float(sum(train_step(model, batch, loss_fn, optimizer, device) for batch in loader))


# --- epoch_last_loss: the loss of the last batch comes back -> test_train_epoch_returns_the_mean_over_samples
def train_epoch(model, loader, loss_fn, optimizer, device="cpu"):
    loss = 0.0
    for batch in loader:
        loss = train_step(model, batch, loss_fn, optimizer, device)
    return loss


# --- epoch_growing_slices: each batch is trained on together with all before it -> test_train_epoch_takes_one_step_for_each_batch, test_fit_returns_the_history
def train_epoch(model, loader, loss_fn, optimizer, device="cpu"):
    total, samples, xs, ys = 0.0, 0, [], []
    for x, y in loader:
        xs.append(x)
        ys.append(y)
        total += len(x) * train_step(model, (torch.cat(xs), torch.cat(ys)), loss_fn, optimizer, device)
        samples += len(x)
    return total / max(samples, 1)


# --- epoch_skips_the_last_batch: a batch that is not full is left out -> test_train_epoch_takes_one_step_for_each_batch, test_fit_steps_for_training_batches_alone
_epoch = train_epoch


def train_epoch(model, loader, loss_fn, optimizer, device="cpu"):
    batches = list(loader)
    return _epoch(model, [b for b in batches if len(b[0]) == len(batches[0][0])], loss_fn, optimizer, device)


# --- epoch_one_step_at_the_end: gradients of all batches, one step -> test_train_epoch_takes_one_step_for_each_batch, test_fit_steps_for_training_batches_alone
def train_epoch(model, loader, loss_fn, optimizer, device="cpu"):
    model.train()
    optimizer.zero_grad()
    total, samples = 0.0, 0
    for x, y in loader:
        loss = loss_fn(model(x.to(device)), y.to(device))
        (loss * len(x)).backward()
        total += loss.item() * len(x)
        samples += len(x)
    optimizer.step()
    return total / max(samples, 1)


# --- epoch_adds_up_tensors: the sum keeps the graph of every batch -> test_train_epoch_lets_graphs_go
def train_epoch(model, loader, loss_fn, optimizer, device="cpu"):
    model.train()
    total, samples = torch.zeros(()), 0
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        loss = loss_fn(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total = total + loss * len(x)
        samples += len(x)
    return float(total) / max(samples, 1)


# --- epoch_keeps_a_list_of_losses: a list of loss tensors is averaged at the end -> test_train_epoch_lets_graphs_go
def train_epoch(model, loader, loss_fn, optimizer, device="cpu"):
    model.train()
    losses, sizes = [], []
    for x, y in loader:
        x, y = x.to(device), y.to(device)
        losses.append(loss_fn(model(x), y))
        sizes.append(len(x))
        optimizer.zero_grad()
        losses[-1].backward()
        optimizer.step()
    return sum(float(loss) * n for loss, n in zip(losses, sizes)) / max(sum(sizes), 1)


# --- epoch_divides_by_nothing: an empty loader is a division by zero -> test_an_empty_loader_is_no_error
def train_epoch(model, loader, loss_fn, optimizer, device="cpu"):
    total, samples = 0.0, 0
    for batch in loader:
        total += len(batch[0]) * train_step(model, batch, loss_fn, optimizer, device)
        samples += len(batch[0])
    return total / samples


# --- epoch_of_one_is_none: a loader of one sample is taken for an empty one -> test_train_epoch_returns_the_mean_over_samples
_train_epoch = train_epoch


def train_epoch(model, loader, loss_fn, optimizer, device="cpu"):
    loss = _train_epoch(model, loader, loss_fn, optimizer, device)
    return loss if sum(len(y) for _, y in loader) > 1 else 0.0


# --- evaluate_divides_by_nothing: so it is in evaluate -> test_an_empty_loader_is_no_error
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    batches = list(loader)
    1 / len(batches)
    return _evaluate(model, batches, loss_fn, device)


# --- evaluate_of_one_is_none: a loader of one sample is taken for an empty one -> test_evaluate_means_over_samples
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    result = _evaluate(model, loader, loss_fn, device)
    return result if sum(len(y) for _, y in loader) > 1 else (0.0, 0.0)


# --- evaluate_mean_of_means: batches count alike, in loss and accuracy -> test_evaluate_means_over_samples
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    parts = [_evaluate(model, [batch], loss_fn, device) for batch in loader]
    return sum(loss for loss, _ in parts) / max(len(parts), 1), sum(right for _, right in parts) / max(len(parts), 1)


# --- evaluate_accuracy_of_means: the loss is right, the accuracy the mean of the batches' -> test_evaluate_means_over_samples
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    loss, _ = _evaluate(model, loader, loss_fn, device)
    rights = [_evaluate(model, [batch], loss_fn, device)[1] for batch in loader]
    return loss, sum(rights) / max(len(rights), 1)


# --- evaluate_percent: the accuracy is a percentage -> test_evaluate_means_over_samples, test_fit_returns_the_history
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    loss, accuracy = _evaluate(model, loader, loss_fn, device)
    return loss, 100 * accuracy


# --- evaluate_counts: the accuracy is the number of right answers -> test_evaluate_means_over_samples
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    batches = list(loader)
    loss, accuracy = _evaluate(model, batches, loss_fn, device)
    return loss, accuracy * sum(len(y) for _, y in batches)


# --- evaluate_returns_tensors: loss and accuracy are tensors -> test_evaluate_means_over_samples
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    loss, accuracy = _evaluate(model, loader, loss_fn, device)
    return torch.tensor(loss), torch.tensor(accuracy)


# --- evaluate_last_batch: the numbers of the last batch come back -> test_evaluate_means_over_samples
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    return _evaluate(model, list(loader)[-1:], loss_fn, device)


# --- evaluate_argmax_over_rows: the largest logit is looked for over the batch -> test_evaluate_means_over_samples
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    batches = list(loader)
    loss, _ = _evaluate(model, batches, loss_fn, device)
    right = sum(int((model(x).argmax(0)[0] == y).sum()) for x, y in batches)
    return loss, right / max(sum(len(y) for _, y in batches), 1)


# --- evaluate_no_eval: the mode is left as it came -> test_evaluate_runs_in_evaluation_mode, test_evaluate_leaves_the_model_alone
@torch.no_grad()
def evaluate(model, loader, loss_fn, device="cpu"):
    total, right, samples = 0.0, 0, 0
    for x, y in loader:
        logits = model(x.to(device))
        total += len(y) * loss_fn(logits, y.to(device)).item()
        right += int((logits.argmax(1) == y.to(device)).sum())
        samples += len(y)
    return total / max(samples, 1), right / max(samples, 1)


# --- evaluate_one_pass_in_training: a first pass in training mode, to look at the shapes -> test_evaluate_leaves_the_model_alone
_evaluate = evaluate


@torch.no_grad()
def evaluate(model, loader, loss_fn, device="cpu"):
    before = model.training
    model.train()
    model(next(iter(loader))[0])
    model.train(before)
    return _evaluate(model, loader, loss_fn, device)


# --- evaluate_zeroes_gradients: the gradients are thrown away -> test_evaluate_leaves_the_model_alone
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    model.zero_grad()
    return _evaluate(model, loader, loss_fn, device)


# --- evaluate_runs_backward: gradients are computed -> test_evaluate_leaves_the_model_alone, test_evaluate_records_no_graph
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    before = model.training
    model.eval()
    for x, y in loader:
        loss_fn(model(x), y).backward()
    model.train(before)
    return _evaluate(model, loader, loss_fn, device)


# --- evaluate_no_no_grad: evaluation mode is taken to switch gradients off -> test_evaluate_records_no_graph
def evaluate(model, loader, loss_fn, device="cpu"):
    was_training = model.training
    model.eval()
    total, right, samples = 0.0, 0, 0
    for x, y in loader:
        logits = model(x.to(device))
        total += len(y) * loss_fn(logits, y.to(device)).item()
        right += int((logits.argmax(1) == y.to(device)).sum())
        samples += len(y)
    model.train(was_training)
    return total / max(samples, 1), right / max(samples, 1)


# --- evaluate_stays_in_eval: the mode does not come back -> test_evaluate_gives_the_mode_back
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    model.eval()
    return _evaluate(model, loader, loss_fn, device)


# --- evaluate_always_ends_in_training: the mode afterwards is training, whatever it was -> test_evaluate_gives_the_mode_back
_evaluate = evaluate


def evaluate(model, loader, loss_fn, device="cpu"):
    measures = _evaluate(model, loader, loss_fn, device)
    model.train()
    return measures


# --- fit_train_once: train() is called once before the epochs, and evaluate leaves evaluation mode behind -> test_fit_returns_the_history, test_fit_ends_with_the_best_epoch
def train_step(model, batch, loss_fn, optimizer, device="cpu"):
    x, y = (part.to(device) for part in batch)
    loss = loss_fn(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    return loss.item()


_evaluate, _fit = evaluate, fit


def evaluate(model, loader, loss_fn, device="cpu"):
    model.eval()
    return _evaluate(model, loader, loss_fn, device)


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    model.train()
    return _fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device)


# --- fit_other_keys: the history has keys of its own -> test_fit_returns_the_history
_fit = fit


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    history = _fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device)
    return [{"loss": h["train_loss"], "val_loss": h["val_loss"], "val_acc": h["val_accuracy"]} for h in history]


# --- fit_one_entry: the last epoch's dict comes back, in every place -> test_fit_returns_the_history
_fit = fit


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    history = _fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device)
    return history[-1:] * len(history)


# --- fit_evaluates_before_training: the validation loss is that before the epoch -> test_fit_returns_the_history
def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    history, best_loss, best_state = [], math.inf, None
    for _ in range(epochs):
        val_loss, val_accuracy = evaluate(model, val_loader, loss_fn, device)
        train_loss = train_epoch(model, train_loader, loss_fn, optimizer, device)
        history.append({"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy})
        if val_loss < best_loss:
            best_loss, best_state = val_loss, copy.deepcopy(model.state_dict())
    if best_state is not None:
        model.load_state_dict(best_state)
    return history


# --- fit_validates_on_training_data: the validation numbers come from the training loader -> test_fit_returns_the_history, test_fit_ends_with_the_best_epoch
_fit = fit


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    return _fit(model, train_loader, train_loader, loss_fn, optimizer, epochs, device)


# --- fit_divides_by_the_training_length: validation sums are divided by the number of training samples -> test_fit_returns_the_history
_fit = fit


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    history = _fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device)
    share = sum(len(y) for _, y in val_loader) / sum(len(y) for _, y in train_loader)
    for entry in history:
        entry["val_loss"] *= share
        entry["val_accuracy"] *= share
    return history


# --- fit_best_by_reference: the best state is kept without a copy -> test_fit_ends_with_the_best_epoch, test_fit_keeps_the_first_of_equals
def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    history, best_loss, best_state = [], math.inf, None
    for _ in range(epochs):
        train_loss = train_epoch(model, train_loader, loss_fn, optimizer, device)
        val_loss, val_accuracy = evaluate(model, val_loader, loss_fn, device)
        history.append({"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy})
        if val_loss < best_loss:
            best_loss, best_state = val_loss, dict(model.state_dict())
    if best_state is not None:
        model.load_state_dict(best_state)
    return history


# --- fit_never_goes_back: the model stays where training ended -> test_fit_ends_with_the_best_epoch, test_fit_never_takes_nan_for_the_best
def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    history = []
    for _ in range(epochs):
        train_loss = train_epoch(model, train_loader, loss_fn, optimizer, device)
        val_loss, val_accuracy = evaluate(model, val_loader, loss_fn, device)
        history.append({"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy})
    return history


# --- fit_parameters_without_buffers: batch norm's statistics stay those of the last epoch -> test_fit_ends_with_the_best_epoch
def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    history, best_loss, best = [], math.inf, None
    for _ in range(epochs):
        train_loss = train_epoch(model, train_loader, loss_fn, optimizer, device)
        val_loss, val_accuracy = evaluate(model, val_loader, loss_fn, device)
        history.append({"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy})
        if val_loss < best_loss:
            best_loss, best = val_loss, [p.detach().clone() for p in model.parameters()]
    with torch.no_grad():
        for parameter, value in zip(model.parameters(), best or []):
            parameter.copy_(value)
    return history


# --- fit_best_by_training_loss: the best epoch is that of the lowest training loss -> test_fit_ends_with_the_best_epoch
def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    history, states = [], []
    for _ in range(epochs):
        train_loss = train_epoch(model, train_loader, loss_fn, optimizer, device)
        val_loss, val_accuracy = evaluate(model, val_loader, loss_fn, device)
        history.append({"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy})
        states.append(copy.deepcopy(model.state_dict()))
    if history:
        model.load_state_dict(states[min(range(epochs), key=lambda k: history[k]["train_loss"])])
    return history


# --- fit_highest_loss: the comparison is the wrong way round -> test_fit_ends_with_the_best_epoch
def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    history, best_loss, best_state = [], -math.inf, None
    for _ in range(epochs):
        train_loss = train_epoch(model, train_loader, loss_fn, optimizer, device)
        val_loss, val_accuracy = evaluate(model, val_loader, loss_fn, device)
        history.append({"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy})
        if val_loss > best_loss:
            best_loss, best_state = val_loss, copy.deepcopy(model.state_dict())
    if best_state is not None:
        model.load_state_dict(best_state)
    return history


# --- fit_last_of_equals: a later epoch with the same loss replaces the best -> test_fit_keeps_the_first_of_equals
def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    history, best_loss, best_state = [], math.inf, None
    for _ in range(epochs):
        train_loss = train_epoch(model, train_loader, loss_fn, optimizer, device)
        val_loss, val_accuracy = evaluate(model, val_loader, loss_fn, device)
        history.append({"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy})
        if val_loss <= best_loss:
            best_loss, best_state = val_loss, copy.deepcopy(model.state_dict())
    if best_state is not None:
        model.load_state_dict(best_state)
    return history


# --- fit_starts_with_nan: the first loss is the best so far, also where it is NaN, and nothing is below NaN -> test_fit_never_takes_nan_for_the_best
def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    history, best_loss, best_state = [], None, None
    for _ in range(epochs):
        train_loss = train_epoch(model, train_loader, loss_fn, optimizer, device)
        val_loss, val_accuracy = evaluate(model, val_loader, loss_fn, device)
        history.append({"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy})
        if best_loss is None or val_loss < best_loss:
            best_loss, best_state = val_loss, copy.deepcopy(model.state_dict())
    if best_state is not None:
        model.load_state_dict(best_state)
    return history


# --- fit_nan_is_not_worse: whatever is not above the best is the best, as NaN -> test_fit_never_takes_nan_for_the_best
def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    history, best_loss, best_state = [], math.inf, None
    for _ in range(epochs):
        train_loss = train_epoch(model, train_loader, loss_fn, optimizer, device)
        val_loss, val_accuracy = evaluate(model, val_loader, loss_fn, device)
        history.append({"train_loss": train_loss, "val_loss": val_loss, "val_accuracy": val_accuracy})
        if not val_loss >= best_loss:
            best_loss, best_state = val_loss, copy.deepcopy(model.state_dict())
    if best_state is not None:
        model.load_state_dict(best_state)
    return history


# --- fit_needs_an_epoch: no epoch is an error -> test_fit_without_epochs
_fit = fit


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    history = _fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device)
    history[-1]
    return history


# --- fit_warms_up: a pass is trained before the first epoch -> test_fit_without_epochs, test_fit_returns_the_history, test_fit_steps_for_training_batches_alone
_fit = fit


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    train_epoch(model, train_loader, loss_fn, optimizer, device)
    return _fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device)


# --- fit_trains_on_validation_data: validation batches are trained on too -> test_fit_steps_for_training_batches_alone, test_fit_returns_the_history
_fit = fit


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    train_loader = [*train_loader, *val_loader]
    return _fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device)


# --- fit_iterates_once: the loader is made a list and cut to one batch -> test_fit_steps_for_training_batches_alone
_fit = fit


def fit(model, train_loader, val_loader, loss_fn, optimizer, epochs, device="cpu"):
    return _fit(model, [next(iter(train_loader))] if epochs else [], val_loader, loss_fn, optimizer, epochs, device)


# --- save_without_the_optimizer: the state of the optimizer is forgotten -> test_training_resumes_as_if_never_stopped
def save_checkpoint(path, model, optimizer):
    torch.save({"model": model.state_dict()}, path)


def load_checkpoint(path, model, optimizer, map_location=None):
    model.load_state_dict(torch.load(path, map_location=map_location, weights_only=True)["model"])


# --- load_without_the_optimizer: the state of the optimizer is saved, and not loaded -> test_training_resumes_as_if_never_stopped
def load_checkpoint(path, model, optimizer, map_location=None):
    model.load_state_dict(torch.load(path, map_location=map_location, weights_only=True)["model"])


# --- load_averages_without_settings: momentum is loaded, the learning rate is not -> test_training_resumes_as_if_never_stopped
_load = load_checkpoint


def load_checkpoint(path, model, optimizer, map_location=None):
    settings = [{k: v for k, v in group.items() if k != "params"} for group in optimizer.param_groups]
    _load(path, model, optimizer, map_location)
    for group, kept in zip(optimizer.param_groups, settings):
        group.update(kept)


# --- load_replaces_the_parameters: the optimizer still holds the parameters from before -> test_training_resumes_as_if_never_stopped
def load_checkpoint(path, model, optimizer, map_location=None):
    checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    model.load_state_dict(checkpoint["model"], assign=True)
    optimizer.load_state_dict(checkpoint["optimizer"])


# --- save_parameters_alone: buffers are not saved -> test_checkpoint_brings_the_model_back, test_checkpoint_is_of_the_moment
def save_checkpoint(path, model, optimizer):
    torch.save({"model": dict(model.named_parameters()), "optimizer": optimizer.state_dict()}, path)


def load_checkpoint(path, model, optimizer, map_location=None):
    checkpoint = torch.load(path, map_location=map_location, weights_only=True)
    model.load_state_dict(checkpoint["model"], strict=False)
    optimizer.load_state_dict(checkpoint["optimizer"])


# --- save_in_float32: the numbers are rounded -> test_checkpoint_brings_the_model_back
def save_checkpoint(path, model, optimizer):
    state = {key: t.float() if t.is_floating_point() else t for key, t in model.state_dict().items()}
    torch.save({"model": state, "optimizer": optimizer.state_dict()}, path)


# --- save_wants_text: the path is joined to a suffix as text -> test_checkpoint_brings_the_model_back
_save = save_checkpoint


def save_checkpoint(path, model, optimizer):
    _save("./" + path, model, optimizer)


# --- save_whole_objects: the model itself is pickled -> test_checkpoint_holds_data_only, test_loading_runs_no_code_of_the_file
def save_checkpoint(path, model, optimizer):
    torch.save({"model": model, "optimizer": optimizer}, path)


def load_checkpoint(path, model, optimizer, map_location=None):
    checkpoint = torch.load(path, map_location=map_location, weights_only=False)
    model.load_state_dict(checkpoint["model"].state_dict())
    optimizer.load_state_dict(checkpoint["optimizer"].state_dict())


# --- save_a_function_too: a class of Python's goes into the file -> test_checkpoint_holds_data_only
def save_checkpoint(path, model, optimizer):
    import fractions

    states = {"model": model.state_dict(), "optimizer": optimizer.state_dict()}
    torch.save({**states, "version": fractions.Fraction(1, 3)}, path)


def load_checkpoint(path, model, optimizer, map_location=None):
    checkpoint = torch.load(path, map_location=map_location, weights_only=False)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])


# --- load_trusts_the_file: weights_only is False -> test_loading_runs_no_code_of_the_file
def load_checkpoint(path, model, optimizer, map_location=None):
    checkpoint = torch.load(path, map_location=map_location, weights_only=False)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])


# --- load_swallows_errors: a file that cannot be read is passed over -> test_loading_runs_no_code_of_the_file
_load = load_checkpoint


def load_checkpoint(path, model, optimizer, map_location=None):
    try:
        _load(path, model, optimizer, map_location)
    except Exception:
        return


# --- load_ignores_map_location: tensors go to where the file says -> test_checkpoint_from_a_gpu_loads_on_the_cpu
_load = load_checkpoint


def load_checkpoint(path, model, optimizer, map_location=None):
    _load(path, model, optimizer)


# --- save_keeps_the_first: a file that is there is not replaced -> test_checkpoint_is_of_the_moment
_save = save_checkpoint


def save_checkpoint(path, model, optimizer):
    import os.path

    if not os.path.exists("first"):
        _save("first", model, optimizer)
    os.replace("first", path)
    _save("first", model, optimizer)


# --- save_in_eval_mode: the model is put into evaluation mode, and stays there -> test_checkpoint_is_of_the_moment
_save = save_checkpoint


def save_checkpoint(path, model, optimizer):
    model.eval()
    _save(path, model, optimizer)


# --- banned_pickle: the states are pickled by hand -> test_checkpoint_brings_the_model_back, test_training_resumes_as_if_never_stopped
def save_checkpoint(path, model, optimizer):
    import pickle

    with open(path, "wb") as file:
        pickle.dump({"model": model.state_dict(), "optimizer": optimizer.state_dict()}, file)


def load_checkpoint(path, model, optimizer, map_location=None):
    import pickle

    with open(path, "rb") as file:
        checkpoint = pickle.load(file)
    model.load_state_dict(checkpoint["model"])
    optimizer.load_state_dict(checkpoint["optimizer"])


# --- seed_python_alone: only Python's own generator is seeded -> test_seed_all_repeats_random_numbers, test_seed_all_tells_seeds_apart
def seed_all(seed):
    random.seed(seed)


# --- seed_by_chance: torch.seed() takes a seed from the system -> test_seed_all_repeats_random_numbers, test_seed_all_tells_seeds_apart
def seed_all(seed):
    torch.seed()


# --- seed_always_the_same: the seed is not used -> test_seed_all_tells_seeds_apart
def seed_all(seed):
    torch.manual_seed(42)


# --- seed_zero_is_none: 0 is taken for no seed -> test_seed_all_tells_seeds_apart
def seed_all(seed):
    torch.manual_seed(seed or 1)


# --- seed_a_generator: a new generator is seeded, which nobody uses -> test_seed_all_repeats_random_numbers
def seed_all(seed):
    torch.Generator().manual_seed(seed)


# --- loader_drops_the_last: samples that fill no batch are left out -> test_make_loader_yields_each_sample_once
def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle=shuffle, generator=generator, drop_last=True)


# --- loader_with_replacement: samples are drawn, some twice -> test_make_loader_yields_each_sample_once
def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed)
    sampler = torch.utils.data.RandomSampler(dataset, replacement=True, generator=generator)
    return DataLoader(dataset, batch_size, sampler=sampler, generator=generator)


# --- loader_one_sample_each: the batch size is forgotten -> test_make_loader_yields_each_sample_once
def make_loader(dataset, batch_size, seed, shuffle=True):
    return DataLoader(dataset, shuffle=shuffle, generator=torch.Generator().manual_seed(seed))


# --- loader_is_a_list: a list of batches -> test_make_loader_yields_each_sample_once
_make = make_loader


def make_loader(dataset, batch_size, seed, shuffle=True):
    return list(_make(dataset, batch_size, seed, shuffle))


# --- loader_without_a_generator: the order comes from the global generator -> test_make_loader_follows_its_seed_alone, test_make_loader_leaves_the_global_generator_alone
def make_loader(dataset, batch_size, seed, shuffle=True):
    return DataLoader(dataset, batch_size, shuffle=shuffle)


# --- loader_seeds_globally: the global generator is seeded for the order -> test_make_loader_leaves_the_global_generator_alone
def make_loader(dataset, batch_size, seed, shuffle=True):
    torch.manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle=shuffle)


# --- loader_generator_where_it_shuffles: in order, each pass draws from the global generator -> test_make_loader_leaves_the_global_generator_alone
def make_loader(dataset, batch_size, seed, shuffle=True):
    generator = torch.Generator().manual_seed(seed) if shuffle else None
    return DataLoader(dataset, batch_size, shuffle=shuffle, generator=generator)


# --- loader_generator_for_the_sampler_alone: the loader itself has none -> test_make_loader_leaves_the_global_generator_alone
def make_loader(dataset, batch_size, seed, shuffle=True):
    if not shuffle:
        return DataLoader(dataset, batch_size)
    sampler = torch.utils.data.RandomSampler(dataset, generator=torch.Generator().manual_seed(seed))
    return DataLoader(dataset, batch_size, sampler=sampler)


# --- loader_seed_unused: every seed gives one order -> test_make_loader_follows_its_seed_alone
def make_loader(dataset, batch_size, seed, shuffle=True):
    return DataLoader(dataset, batch_size, shuffle=shuffle, generator=torch.Generator().manual_seed(0))


# --- loader_generator_shared: one generator serves all loaders -> test_make_loader_follows_its_seed_alone
_generator = torch.Generator()


def make_loader(dataset, batch_size, seed, shuffle=True):
    if _generator.initial_seed() != seed:
        _generator.manual_seed(seed)
    return DataLoader(dataset, batch_size, shuffle=shuffle, generator=_generator)


# --- loader_always_shuffles: shuffle=False is not heard -> test_make_loader_shuffles_unless_told
def make_loader(dataset, batch_size, seed, shuffle=True):
    return DataLoader(dataset, batch_size, shuffle=True, generator=torch.Generator().manual_seed(seed))


# --- loader_never_shuffles: the order is that of the dataset -> test_make_loader_shuffles_unless_told, test_make_loader_follows_its_seed_alone
def make_loader(dataset, batch_size, seed, shuffle=True):
    return DataLoader(dataset, batch_size, generator=torch.Generator().manual_seed(seed))
