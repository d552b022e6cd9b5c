"""The training loop: a stack of K members, from initial weights to the weights that are kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from nnexp.model.module import ModuleStack
from nnexp.train import graph
from nnexp.train.decision import Decision
from nnexp.train.divergence import Inspector
from nnexp.train.epoch import TrainedEpoch, run_epoch, validate
from nnexp.train.graph import Replayed
from nnexp.train.losses import Loss
from nnexp.train.machine import keep_freed_memory
from nnexp.train.member import Member
from nnexp.train.parked import Parked, park_row, take_up_rows
from nnexp.train.plan import Data, Plan
from nnexp.train.selection import Selection
from nnexp.train.state import StackState
from nnexp.train.step import take_step
from nnexp.train.watch import Signals, Watch

COLUMNS = (
    "train_loss",
    "train_penalty",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "lr",
    "gradient_norm",
)


STEP_SIGNALS = ("gradient_norm", "update_ratio")  # of each layer, at an epoch's last full step


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
        status: `done`, `diverged` or `interrupted`; `parked` where `fit` was to go no further.
        reason: why it ended before its last epoch; None where it did not.
        best_epoch: the epoch of the kept weights; 0 for the initial ones.
        epochs: epochs completed.
        theta, buffers: the kept weights (P,) and running statistics (Q,), on the CPU.
        parked: of a parked member what it goes on from.
    """

    status: str
    reason: str | None
    best_epoch: int
    epochs: int
    theta: Tensor
    buffers: Tensor
    parked: Parked | None = None


class Saver(Protocol):
    """What writes down now and then how far the members are, for whoever takes them up again."""

    def is_due(self) -> bool:
        """Whether `save` should be called after this epoch."""

    def save(self, members: Sequence[int], parked: Sequence[Parked]) -> None:
        """Write the members still in the stack, by their indices, after the epoch of `parked`."""


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
    leave: Callable[[int, Outcome], None] | None = None,
    start: Sequence[Parked] = (),
    until: int | None = None,
    note: Callable[[str], None] = lambda line: None,
    watched: Callable[[Sequence[int], Sequence[Signals]], None] | None = None,
    saver: Saver | None = None,
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
        leave: called with a member's index and outcome as soon as it leaves the stack.
        start: where the members go on from, all after the same epoch; empty to begin.
        until: the epoch after which members that are not at their end are `parked`.
        note: told in a line what is worth knowing of how it computes.
        watched: called now and then with the indices of the members still in the stack and what
            was seen of them in the epochs since the last call, before any of them leaves; None to
            watch nothing.
        saver: asked after every epoch, and told where `stop` ended the run; what was seen until
            then is given to `watched` before. None to write nothing.

    Returns:
        The outcome of each member, in the order given.
    """
    keep_freed_memory()
    state, kept = _begin(model, data, members, plan)
    replayed = _replayed(state, loss, note)
    if start:
        take_up_rows(state, kept, start)
    watch = None
    if watched is not None:
        watch = Watch(state, data, loss, decision, plan.batch_size)
        validate(state, data, loss, decision, plan, watch)
        watch.begin(first=not start)

    def tell_signals() -> None:
        if watch is not None and watched is not None:
            watched(state.columns, watch.flush())

    outcomes: list[Outcome | None] = [None] * len(members)

    def finish(
        rows: Sequence[int],
        status: str,
        epochs: int,
        reasons: Sequence[str | None],
        parked: Sequence[Parked | None] | None = None,
    ) -> None:
        for row, reason, own in zip(rows, reasons, parked or [None for _ in rows], strict=True):
            theta, buffers = kept.theta[row].cpu(), kept.buffers[row].cpu()
            best_epoch, column = int(kept.best_epoch[row]), state.columns[row]
            outcome = Outcome(status, reason, best_epoch, epochs, theta, buffers, own)
            outcomes[column] = outcome
            if leave is not None:
                leave(column, outcome)

    for epoch in count(start[0].epoch + 1 if start else 1):
        before = state.snapshot()
        trained = run_epoch(state, data, loss, decision, plan, epoch, stop=stop, replayed=replayed)
        everyone = range(len(state.columns))
        if trained is None:
            tell_signals()
            if saver is not None and epoch > 1:
                state.restore(before)
                saver.save(state.columns, _park(state, kept, epoch - 1))
            finish(everyone, "interrupted", epoch - 1, [None for _ in everyone])
            break
        record = {**trained.record, **validate(state, data, loss, decision, plan, watch)}
        record = {name: record[name] for name in COLUMNS if name in record}
        finite = trained.weights_finite.copy()
        for name in ("train_loss", "train_penalty", "val_loss"):
            finite &= np.isfinite(record.get(name, 0.0))
        broken = np.flatnonzero(~finite).tolist()
        reasons = []
        for row in broken:
            alone, _ = _begin(model, data, [state.members[row]], plan)
            alone.schedule.load({k: v[[row]] for k, v in state.schedule.state().items()})
            alone.restore((before[0], {k: v[[row]] for k, v in before[1].items()}))
            reason, own, shown = rerun(alone, data, loss, decision, plan, epoch)
            reasons.append(reason)
            # a number that does nothing, such as l2=0 beside others, makes NaN of infinity: what
            # the member shows is what it shows alone
            for name, values in record.items():
                values[row] = shown[name][0]
            for values, one in zip(trained.signals, own.signals, strict=True):
                values[row] = one[0]
        if observe is not None:
            observe(Epoch(epoch, state.columns, record, *trained.signals, _weights(state)))
        if watch is not None:
            layers = state.model.layers
            last_step = {
                f"{kind}/{layer}": values[:, place]
                for kind, values in zip(STEP_SIGNALS, trained.signals, strict=True)
                for place, layer in enumerate(layers)
            }
            watch.epoch(epoch, record, last_step)
        values = record[plan.monitor]
        kept.observe(epoch, values, finite, state.theta, state.buffers, state.members)
        at_end = epoch >= np.array([member.epochs or plan.epochs for member in state.members])
        tired_now = kept.is_tired(state.members)
        if watch is not None and (
            watch.is_full() or epoch == until or broken or (at_end | tired_now).any()
        ):
            tell_signals()
        finish(broken, "diverged", epoch, reasons)
        over = np.flatnonzero(finite & at_end).tolist()
        finish(over, "done", epoch, [None for _ in over])
        tired = np.flatnonzero(finite & ~at_end & tired_now).tolist()
        patience = [f"{state.members[row].patience:.0f} epochs" for row in tired]
        finish(tired, "done", epoch, [f"no better {plan.monitor} for {p}" for p in patience])
        left = [row for row in everyone if row not in {*broken, *over, *tired}]
        if not left:
            break
        state.schedule.observe(kept.sign * values, epoch)
        if epoch == until:
            parked = [park_row(state, kept, row, epoch) for row in left]
            finish(left, "parked", epoch, [None for _ in left], parked)
            break
        if len(left) < len(everyone):
            state.keep(left)
            if replayed is not None:
                replayed.forget()
            kept.keep(left)
            if watch is not None:
                watch.keep(left)
        if saver is not None and saver.is_due():
            tell_signals()
            saver.save(state.columns, _park(state, kept, epoch))
    return [outcome for outcome in outcomes if outcome is not None]


def unbegun(model: Any, data: Data, members: Sequence[Member], plan: Plan) -> list[Parked]:
    """What members go on from before their first epoch; arguments as for `fit`."""
    return _park(*_begin(model, data, members, plan), 0)


def _begin(
    model: Any, data: Data, members: Sequence[Member], plan: Plan
) -> tuple[StackState, Selection]:
    """Members before their first epoch, and what is kept of them."""
    state = StackState(
        model,
        members,
        optimizer=plan.optimizer,
        flags=plan.flags,
        schedule=plan.schedule,
        steps_per_epoch=math.ceil(data.train_rows / plan.batch_size),
        epochs=plan.epochs,
        device=data.x.device,
        dtype=plan.dtype,
        compute=plan.compute or plan.dtype,
    )
    return state, Selection(state.theta, state.buffers, plan.monitor, plan.checkpoint == "last")


def _park(state: StackState, kept: Selection, epoch: int) -> list[Parked]:
    return [park_row(state, kept, row, epoch) for row in range(len(state.columns))]


def _replayed(state: StackState, loss: Loss, note: Callable[[str], None]) -> Replayed | None:
    """The step as the device records it; None where it does not, or for a user's module."""
    make = graph.recorder_for(state.theta.device)
    if make is None or isinstance(state.stack, ModuleStack):
        return None
    return Replayed(lambda batch: take_step(state, loss, batch), make, note)


def rerun(
    state: StackState, data: Data, loss: Loss, decision: Decision, plan: Plan, epoch: int
) -> tuple[str, TrainedEpoch, dict[str, np.ndarray]]:
    """Run the epoch in which a member diverged again, alone, to see where NaN or infinity began.

    Arguments:
        state: a stack of one, as it stood before the epoch.
        data, loss, decision, plan, epoch: as for `run_epoch`.

    Returns:
        The epoch, the step, the layer and what became of it, in one line; what training showed;
        the record by column, validation included.
    """
    inspector = Inspector(state, epoch)
    trained = run_epoch(state, data, loss, decision, plan, epoch, inspect=inspector.inspect)
    assert trained is not None
    record = {**trained.record, **validate(state, data, loss, decision, plan)}
    return inspector.reason(), trained, record


def _weights(state: StackState) -> Callable[[int, str], Tensor]:
    slots = [slot for slot in state.model.layout.slots.values() if slot.kind == "weight"]
    names = dict(zip(state.model.layers, slots, strict=True))

    def weights(member: int, layer: str) -> Tensor:
        view = state.model.layout.view(state.theta, names[layer].name)
        return view[state.columns.index(member)].cpu()

    return weights
