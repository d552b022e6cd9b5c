"""The training loop: a stack of K members, from initial weights to the weights that are kept.

The table lives on the device; batches are rows of it, picked by index. An epoch is cut into
blocks of steps: a block's rows, targets and dropout masks are gathered at once, and its outputs
kept, so that losses and accuracies cost nothing in the step and are read once an epoch.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nnexp.seeds import generator, torch_seed
from nnexp.train.decision import Decision
from nnexp.train.evaluate import logits
from nnexp.train.losses import Loss
from nnexp.train.member import Member
from nnexp.train.state import StackState
from nnexp.train.targets import Targets

BLOCK_BYTES = 2**21  # gathered at once for one member
BLOCK_STEPS = 256


@dataclass(frozen=True)
class Data:
    """A table on the device.

    Arguments:
        x: (N, D), in the arithmetic's dtype.
        codes: (N, Q) int64, or None.
        targets: of the N rows.
        train: indices (n,) int64 of the train rows, n >= 1.
        valid: indices (m,) int64 of the validation rows, m >= 0.
    """

    x: Tensor
    codes: Tensor | None
    targets: Targets
    train: Tensor
    valid: Tensor


@dataclass(frozen=True)
class Plan:
    """How a stack is trained; the same for all its members.

    Arguments:
        epochs: passes over the train rows, >= 1.
        batch_size: rows in a step, >= 1; the last step of an epoch takes what is left.
        shuffle: draw a new order every epoch.
        monitor: `val_loss`, `val_accuracy`, `train_loss` or `train_accuracy`.
        checkpoint: `best` keeps the weights of the best epoch by `monitor`, `last` the last.
        optimizer, flags: see `StackState`.
        schedule: see `StackState`.
        dtype: of parameters, float32 or float64.
        compute: dtype of the arithmetic; None for that of the parameters.
    """

    epochs: int = 50
    batch_size: int = 32
    shuffle: bool = True
    monitor: str = "val_loss"
    checkpoint: str = "best"
    optimizer: str = "adam"
    flags: Mapping[str, bool] = field(default_factory=dict)
    schedule: str = "constant"
    dtype: torch.dtype = torch.float32
    compute: torch.dtype | None = None


@dataclass(frozen=True)
class Epoch:
    """What one epoch showed of the members still in the stack.

    Arguments:
        number: 1 for the first.
        members: the members' indices among those first given, K of them.
        record: by column of history.csv an array (K,) float64, without `epoch`.
        gradient_norm, update_ratio: (K, layers) float64, at the epoch's last full step: the norm
            of each weight matrix's gradient, and that of its change over its own.
        weights: (member, layer name) -> that weight matrix, a tensor on the CPU.
    """

    number: int
    members: Sequence[int]
    record: Mapping[str, np.ndarray]
    gradient_norm: np.ndarray
    update_ratio: np.ndarray
    weights: Callable[[int, str], Tensor]


@dataclass(frozen=True)
class Outcome:
    """How one member ended.

    Arguments:
        status: `done`, `diverged` or `interrupted`.
        reason: why it ended before its last epoch; None where it did not.
        best_epoch: the epoch of the kept weights; 0 for the initial ones.
        epochs: epochs completed.
        theta, buffers: the kept weights (P,) and running statistics (Q,), on the CPU.
    """

    status: str
    reason: str | None
    best_epoch: int
    epochs: int
    theta: Tensor
    buffers: Tensor


@torch.no_grad()
def fit(
    model: Any,
    data: Data,
    members: Sequence[Member],
    loss: Loss,
    decision: Decision,
    plan: Plan,
    *,
    observe: Callable[[Epoch], None] | None = None,
    stop: Callable[[], bool] = lambda: False,
) -> list[Outcome]:
    """Train a stack.

    Arguments:
        model: the architecture (`MLP` or `ModuleModel`).
        data: the table.
        members: K >= 1 members.
        loss, decision: the data loss, and how outputs are read.
        plan: what the members share.
        observe: called after every epoch.
        stop: asked before every step; True ends the run as `interrupted`.

    Returns:
        The outcome of each member, in the order given.
    """
    steps = math.ceil(len(data.train) / plan.batch_size)
    device = data.x.device

    def fresh_state(chosen: Sequence[Member]) -> StackState:
        return StackState(
            model,
            chosen,
            optimizer=plan.optimizer,
            flags=plan.flags,
            schedule=plan.schedule,
            steps_per_epoch=steps,
            epochs=plan.epochs,
            device=device,
            dtype=plan.dtype,
            compute=plan.compute or plan.dtype,
        )

    state = fresh_state(members)
    sign = 1.0 if plan.monitor.endswith("loss") else -1.0  # lower is better
    kept = {"theta": state.theta.clone(), "buffers": state.buffers.clone()}
    best = np.full(len(members), np.inf)  # of the kept weights
    reference = best.copy()  # of what patience counts from
    best_epoch = np.zeros(len(members), dtype=int)
    waited = np.zeros(len(members))
    outcomes: list[Outcome | None] = [None] * len(members)

    def finish(
        rows: Sequence[int], status: str, epochs: int, reasons: Sequence[str | None]
    ) -> None:
        for row, reason in zip(rows, reasons, strict=True):
            member = state.columns[row]
            theta, buffers = kept["theta"][row].cpu(), kept["buffers"][row].cpu()
            outcomes[member] = Outcome(
                status, reason, int(best_epoch[member]), epochs, theta, buffers
            )

    for epoch in range(1, plan.epochs + 1):
        before = state.snapshot()
        seen = run_epoch(state, data, loss, decision, plan, epoch, stop=stop)
        if seen is None:
            finish(range(len(state.columns)), "interrupted", epoch - 1, [None] * len(state.columns))
            break
        record = {**seen.record, **validate(state, data, loss, decision, plan)}
        record = {name: record[name] for name in COLUMNS if name in record}
        if observe is not None:
            observe(Epoch(epoch, state.columns, record, *seen.signals, _weights(state)))

        alive = np.array(state.columns)
        values = sign * record[plan.monitor]
        finite = np.isfinite(record["train_loss"]) & np.isfinite(record["train_penalty"])
        if len(data.valid):
            finite &= np.isfinite(record["val_loss"])
        improved = finite & ((values < best[alive]) | (plan.checkpoint == "last"))
        rows = np.flatnonzero(improved).tolist()
        if rows:
            kept["theta"][rows] = state.theta[rows]
            kept["buffers"][rows] = state.buffers[rows]
            best[alive[rows]], best_epoch[alive[rows]] = values[rows], epoch
        deltas = np.array([member.min_delta for member in state.members])
        with np.errstate(invalid="ignore"):
            nearer = finite & (values < reference[alive] - deltas)
        reference[alive] = np.where(nearer, values, reference[alive])
        waited[alive] = np.where(nearer, 0, waited[alive] + 1)

        broken = np.flatnonzero(~finite).tolist()
        if broken:
            reasons = []
            for row in broken:
                alone = fresh_state([state.members[row]])
                alone.schedule.load(state.schedule, row)
                alone.restore((before[0], {k: v[[row]] for k, v in before[1].items()}))
                reasons.append(first_nonfinite(alone, data, loss, decision, plan, epoch))
            finish(broken, "diverged", epoch, reasons)
        patience = np.array([member.patience for member in state.members])
        tired = np.flatnonzero(finite & (waited[alive] >= patience)).tolist()
        because = [f"no better {plan.monitor} for {patience[row]:.0f} epochs" for row in tired]
        finish(tired, "done", epoch, because)
        left = [row for row in range(len(alive)) if row not in {*broken, *tired}]
        if not left:
            break
        state.schedule.observe(values, epoch)
        if epoch == plan.epochs:
            finish(left, "done", epoch, [None] * len(left))
        elif len(left) < len(alive):
            state.keep(left)
            kept = {name: value[left] for name, value in kept.items()}
    return [outcome for outcome in outcomes if outcome is not None]


COLUMNS = (
    "train_loss",
    "train_penalty",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "lr",
    "gradient_norm",
)


@dataclass(frozen=True)
class TrainedEpoch:
    """The record of an epoch's training, and its gradient norms and update ratios."""

    record: dict[str, np.ndarray]
    signals: tuple[np.ndarray, np.ndarray]


def run_epoch(
    state: StackState,
    data: Data,
    loss: Loss,
    decision: Decision,
    plan: Plan,
    epoch: int,
    *,
    stop: Callable[[], bool] = lambda: False,
    inspect: Callable[[int, Tensor], None] | None = None,
) -> TrainedEpoch | None:
    """One pass over the train rows.

    Arguments:
        state: changed in place.
        epoch: from 1; with the members' seeds it determines row order and dropout.
        inspect: called in every step, with its number from 0 and the logits, between the
            backward pass and the update.
        data, loss, decision, plan, stop: as for `fit`.

    Returns:
        The record; None where `stop` ended it.
    """
    batch, members, device = plan.batch_size, len(state.members), data.x.device
    theta, grad, stack, penalty = state.theta, state.grad, state.stack, state.penalty
    front = theta[:, : penalty.weights]
    order = _order(state, data.train, plan.shuffle, epoch)  # (K, n)
    count = order.shape[1]
    rates = state.rates(epoch)  # (S, K)
    shrink = penalty.shrink_table(rates, theta)
    state.optimizer.begin_epoch(state.schedule.factors(epoch))
    generators = [
        [generator(member.seeds.dropout, "dropout", epoch, place) for member in state.members]
        for place in range(len(state.masks))
    ]
    block_rows = batch * _block_steps(state, data, batch)
    signal_step = max(count // batch, 1) - 1  # the last full step

    zeros = torch.zeros(members, dtype=torch.float64, device=device)
    total_loss, total_weight, total_hits = zeros.clone(), zeros.clone(), zeros.clone()
    signals: tuple[Tensor, Tensor] | None = None
    step = 0
    with _module_randomness(state, epoch):
        for start in range(0, count, block_rows):
            rows = order[:, start : start + block_rows]  # (K, R)
            flat = rows.reshape(-1)
            size = rows.shape[1]
            x = data.x.index_select(0, flat).view(members, size, -1)  # (K, R, D)
            codes = None
            if data.codes is not None:
                codes = data.codes.index_select(0, flat).view(members, size, -1)
            target = data.targets.dense(rows, state.smoothing)  # (K, R, C)
            weight = data.targets.row_weights(rows)
            xs, targets = x.split(batch, 1), target.split(batch, 1)
            all_codes = codes.split(batch, 1) if codes is not None else None
            weights = weight.split(batch, 1) if weight is not None else None
            drawn = [
                mask.draw(own, size).split(batch, 1) if mask.active else None
                for mask, own in zip(state.masks, generators, strict=True)
            ]
            outs = []
            for place, x_step in enumerate(xs):
                if stop():
                    return None
                out = stack.forward(
                    x_step,
                    all_codes[place] if all_codes is not None else None,
                    [mask[place] if mask is not None else None for mask in drawn],
                    training=True,
                )
                out = out if out.dtype == target.dtype else out.to(target.dtype)
                stack.backward(
                    loss.gradient(
                        out, targets[place], weights[place] if weights is not None else None
                    ).to(state.compute)
                )
                outs.append(out)
                penalty.add_gradient(theta, grad)
                if inspect is not None:
                    inspect(step, out)
                if step == signal_step:
                    norms = _layer_norms(state, grad)
                    old = theta.clone()
                penalty.clip_gradient(grad)
                if shrink is not None:
                    front.mul_(shrink[step])
                state.optimizer.step(step, theta, grad)
                if step == signal_step:
                    moved = _layer_norms(state, theta - old)
                    signals = norms, moved / _layer_norms(state, old).clamp(min=1e-12)
                step += 1
            out = torch.cat(outs, 1)  # (K, R, C)
            plain = target if state.smoothing is None else data.targets.dense(rows)
            total_loss += loss.rows(out, plain, weight).double().sum(1)
            total_weight += size if weight is None else weight.double().sum(1)
            hits = decision.classes(loss.activate(out)) == data.targets.classes[rows]
            total_hits += hits.double().sum(1)

    assert signals is not None
    reduced = loss.of_set(total_loss, total_weight, count, plan.batch_size)
    accuracy = total_hits / count
    accuracy[~torch.isfinite(reduced)] = math.nan
    largest = torch.linalg.vector_norm(signals[0], dim=1)
    read = torch.stack((reduced, penalty.value(theta).double(), accuracy, largest.double())).cpu()
    names = ("train_loss", "train_penalty", "train_accuracy", "gradient_norm")
    record = dict(zip(names, read.numpy(), strict=True))
    record["lr"] = rates[-1]
    norms_read, ratios_read = torch.stack(signals).double().cpu().numpy()
    return TrainedEpoch(record, (norms_read, ratios_read))


def validate(
    state: StackState, data: Data, loss: Loss, decision: Decision, plan: Plan
) -> dict[str, np.ndarray]:
    """Data loss and accuracy (K,) on the validation rows; nothing where there are none."""
    if not len(data.valid):
        return {}
    members = len(state.members)
    out = logits(state.stack, data.x, data.codes, data.valid, members, data.targets.outputs)
    rows = data.valid.expand(members, -1)
    weight = data.targets.row_weights(rows)
    total = loss.rows(out, data.targets.dense(rows), weight).double().sum(1)
    weights = len(data.valid) if weight is None else weight.double().sum(1)
    hits = decision.classes(loss.activate(out)) == data.targets.classes[rows]
    reduced = loss.of_set(total, weights, len(data.valid), plan.batch_size)
    read = torch.stack((reduced, hits.double().mean(1))).cpu().numpy()
    return {"val_loss": read[0], "val_accuracy": read[1]}


def first_nonfinite(
    state: StackState, data: Data, loss: Loss, decision: Decision, plan: Plan, epoch: int
) -> str:
    """Where NaN or infinity began, by running an epoch of one member again.

    Arguments:
        state: a stack of one, as it stood before the epoch.
        data, loss, decision, plan, epoch: as for `run_epoch`.

    Returns:
        One line: the epoch, the step, the layer and what became of it.
    """

    class FoundError(Exception):
        pass

    def finite(value: Tensor) -> bool:
        return bool(torch.isfinite(value).all())

    def inspect(step: int, out: Tensor) -> None:
        where = f"epoch {epoch}, step {step + 1}"
        for name, value in state.model.layout.views(state.theta).items():
            if not finite(value):
                raise FoundError(f"{where}: the weights {name} were no longer finite")
        for name, value in state.stack.hidden_outputs():
            if not finite(value):
                part = "the inputs" if name == "inputs" else f"the output of {name}"
                raise FoundError(f"{where}: NaN or infinity began in {part}")
        if not finite(out):
            raise FoundError(
                f"{where}: NaN or infinity began in the output of {state.model.layers[-1]}"
            )
        for name, value in reversed(state.model.layout.views(state.grad).items()):
            if not finite(value):
                raise FoundError(f"{where}: the gradient of {name} became NaN or infinite")

    try:
        run_epoch(state, data, loss, decision, plan, epoch, inspect=inspect)
        for name, value in state.model.layout.views(state.theta).items():
            if not finite(value):
                return f"epoch {epoch}, last step: the weights {name} became NaN or infinite"
    except FoundError as found:
        return str(found)
    return f"epoch {epoch}: the loss became NaN or infinite, the weights are still finite"


def _order(state: StackState, train: Tensor, shuffle: bool, epoch: int) -> Tensor:
    """The rows (K, n) in the order in which the members see them."""
    if not shuffle:
        return train.expand(len(state.members), -1)
    permutations = [
        generator(member.seeds.batches, "batches", epoch).permutation(len(train))
        for member in state.members
    ]
    return train[torch.from_numpy(np.stack(permutations)).to(train.device)]


def _block_steps(state: StackState, data: Data, batch: int) -> int:
    """Steps gathered at once; it depends on one member's sizes only, never on K."""
    width = data.x.shape[1] + sum(state.model.dropout_widths) + 3 * data.targets.outputs
    return max(1, min(BLOCK_STEPS, BLOCK_BYTES // (4 * batch * width)))


def _layer_norms(state: StackState, rows: Tensor) -> Tensor:
    """Norms (K, layers) of the weight matrices' part of `rows` (K, P)."""
    slots = [slot for slot in state.model.layout.slots.values() if slot.kind == "weight"]
    parts = [rows[:, slot.offset : slot.offset + slot.size] for slot in slots]
    return torch.stack([torch.linalg.vector_norm(part, dim=1) for part in parts], 1)


def _weights(state: StackState) -> Callable[[int, str], Tensor]:
    def weights(member: int, layer: str) -> Tensor:
        view = state.model.layout.view(state.theta, f"{layer}.weight")
        return view[state.columns.index(member)].cpu()

    return weights


def _module_randomness(state: StackState, epoch: int) -> contextlib.AbstractContextManager[Any]:
    """Seed torch's global generator for a user's module, and restore it after the epoch."""
    if state.model.dropout_widths:
        return contextlib.nullcontext()
    context = contextlib.ExitStack()
    context.enter_context(torch.random.fork_rng())
    torch.manual_seed(torch_seed(state.members[0].seeds.dropout, "dropout", epoch))
    return context
