"""The training loop: a stack of K members, from initial weights to the weights that are kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nnexp.train.decision import Decision
from nnexp.train.divergence import DivergenceError, Inspector
from nnexp.train.epoch import run_epoch, validate
from nnexp.train.losses import Loss
from nnexp.train.machine import keep_freed_memory
from nnexp.train.member import Member
from nnexp.train.plan import Data, Plan
from nnexp.train.selection import Selection
from nnexp.train.state import StackState

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
    keep_freed_memory()
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
    kept = Selection(state.theta, state.buffers, plan.monitor, plan.checkpoint == "last")
    outcomes: list[Outcome | None] = [None] * len(members)

    def finish(
        rows: Sequence[int], status: str, epochs: int, reasons: Sequence[str | None]
    ) -> None:
        for row, reason in zip(rows, reasons, strict=True):
            theta, buffers = kept.theta[row].cpu(), kept.buffers[row].cpu()
            best_epoch = int(kept.best_epoch[row])
            outcomes[state.columns[row]] = Outcome(
                status, reason, best_epoch, epochs, theta, buffers
            )

    for epoch in range(1, plan.epochs + 1):
        before = state.snapshot()
        trained = run_epoch(state, data, loss, decision, plan, epoch, stop=stop)
        everyone = range(len(state.columns))
        if trained is None:
            finish(everyone, "interrupted", epoch - 1, [None for _ in everyone])
            break
        record = {**trained.record, **validate(state, data, loss, decision, plan)}
        record = {name: record[name] for name in COLUMNS if name in record}
        if observe is not None:
            observe(Epoch(epoch, state.columns, record, *trained.signals, _weights(state)))

        finite = trained.weights_finite.copy()
        for name in ("train_loss", "train_penalty", "val_loss"):
            finite &= np.isfinite(record.get(name, 0.0))
        values = record[plan.monitor]
        kept.observe(epoch, values, finite, state.theta, state.buffers, state.members)

        broken = np.flatnonzero(~finite).tolist()
        reasons = []
        for row in broken:
            alone = fresh_state([state.members[row]])
            alone.schedule.load(state.schedule, row)
            alone.restore((before[0], {k: v[[row]] for k, v in before[1].items()}))
            reasons.append(first_nonfinite(alone, data, loss, decision, plan, epoch))
        finish(broken, "diverged", epoch, reasons)
        if epoch == plan.epochs:
            left = np.flatnonzero(finite).tolist()
            finish(left, "done", epoch, [None for _ in left])
            break
        tired = np.flatnonzero(finite & kept.is_tired(state.members)).tolist()
        patience = [f"{state.members[row].patience:.0f} epochs" for row in tired]
        finish(tired, "done", epoch, [f"no better {plan.monitor} for {p}" for p in patience])
        left = [row for row in everyone if row not in {*broken, *tired}]
        if not left:
            break
        state.schedule.observe(kept.sign * values, epoch)
        if len(left) < len(everyone):
            state.keep(left)
            kept.keep(left)
    return [outcome for outcome in outcomes if outcome is not None]


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
    inspector = Inspector(state, epoch)
    try:
        run_epoch(state, data, loss, decision, plan, epoch, inspect=inspector.inspect)
    except DivergenceError as found:
        return str(found)
    name = inspector.broken_weights()
    if name is not None:
        return f"epoch {epoch}, last step: the weights {name} became NaN or infinite"
    return f"epoch {epoch}: the validation loss became NaN or infinite, the weights are finite"


def _weights(state: StackState) -> Callable[[int, str], Tensor]:
    slots = [slot for slot in state.model.layout.slots.values() if slot.kind == "weight"]
    names = dict(zip(state.model.layers, slots, strict=True))

    def weights(member: int, layer: str) -> Tensor:
        view = state.model.layout.view(state.theta, names[layer].name)
        return view[state.columns.index(member)].cpu()

    return weights
