"""The training loop: a stack of K members, from initial weights to the weights that are kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import count
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nnexp.train.epoch import run_epoch, validate
from nnexp.train.machine import keep_freed_memory
from nnexp.train.member import Member
from nnexp.train.outcome import NOBODY, Callbacks, Epoch, Outcome
from nnexp.train.parked import Parked, park_row
from nnexp.train.plan import Problem
from nnexp.train.state import StackState
from nnexp.train.training import Training, begin, park

COLUMNS = (
    "train_loss",
    "train_penalty",
    "train_accuracy",
    "val_loss",
    "val_accuracy",
    "lr",
    "gradient_norm",
)


@torch.no_grad()
def fit(
    model: Any,
    problem: Problem,
    members: Sequence[Member],
    callbacks: Callbacks = NOBODY,
    *,
    start: Sequence[Parked] = (),
    until: int | None = None,
) -> list[Outcome]:
    """Train a stack.

    Arguments:
        model: the architecture (`MLP` or `ModuleModel`).
        problem: the table, the loss, and what else the members share.
        members: K >= 1 members.
        callbacks: who is told of it on the way.
        start: where the members go on from, all after the same epoch; empty to begin.
        until: the epoch after which members that are not at their end are `parked`.

    Returns:
        The outcome of each member, in the order given.
    """
    keep_freed_memory()
    plan, saver = problem.plan, callbacks.saver
    training = Training(model, problem, members, start, callbacks)
    state, kept = training.state, training.kept
    for epoch in count(start[0].epoch + 1 if start else 1):
        before = state.snapshot()
        trained = run_epoch(state, problem, epoch, stop=callbacks.stop, replayed=training.replayed)
        if trained is None:
            training.interrupt(before, epoch - 1, saver)
            break
        record = {**trained.record, **validate(state, problem, training.watch, epoch)}
        record = {name: record[name] for name in COLUMNS if name in record}
        broken = training.broken(trained, record)
        reasons = [training.diverged(row, before, epoch, trained, record) for row in broken]
        if callbacks.observe is not None:
            seen = Epoch(epoch, state.columns, record, *trained.signals, _weights(state))
            callbacks.observe(seen)
        if training.watch is not None:
            training.watch.epoch(epoch, trained.signals)
        values, finite = record[plan.monitor], np.ones(len(state.members), dtype=bool)
        finite[broken] = False
        kept.observe(epoch, values, finite, state.theta, state.buffers, state.members)
        ended = training.ended(epoch, finite)
        if training.watch is not None and (
            training.watch.is_full() or epoch == until or broken or ended
        ):
            training.tell_signals()
        training.leave(broken, "diverged", epoch, reasons)
        training.leave(list(ended), "done", epoch, list(ended.values()))
        left = [row for row in range(len(state.members)) if row not in {*broken, *ended}]
        if not left:
            break
        state.schedule.observe(kept.sign * values, epoch)
        if epoch == until:
            parked = [park_row(state, kept, row, epoch) for row in left]
            training.leave(left, "parked", epoch, [None for _ in left], parked)
            break
        training.keep(left)
        if saver is not None and saver.is_due():
            training.tell_signals()
            saver.save(state.columns, park(state, kept, epoch))
    return [outcome for outcome in training.outcomes if outcome is not None]


def unbegun(model: Any, problem: Problem, members: Sequence[Member]) -> list[Parked]:
    """What members go on from before their first epoch; arguments as for `fit`."""
    return park(*begin(model, problem, members), 0)


def _weights(state: StackState) -> Callable[[int, str], Tensor]:
    names = dict(zip(state.model.layers, state.model.layout.matrices, strict=True))

    def weights(member: int, layer: str) -> Tensor:
        view = state.model.layout.view(state.theta, names[layer].name)
        return view[state.columns.index(member)].cpu()

    return weights
