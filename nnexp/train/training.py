"""A stack on its way: its state, what is kept and seen of it, and who has left it."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from nnexp.model.module_stack import ModuleStack
from nnexp.train import graph
from nnexp.train.divergence import Inspector
from nnexp.train.epoch import TrainedEpoch, run_epoch, validate
from nnexp.train.graph import Replayed
from nnexp.train.losses import Loss
from nnexp.train.member import Member
from nnexp.train.outcome import Callbacks, Outcome, Saver
from nnexp.train.parked import Parked, park_row, take_up_rows
from nnexp.train.plan import Problem
from nnexp.train.selection import Selection
from nnexp.train.state import StackState
from nnexp.train.step import take_step
from nnexp.train.watch import Watch


class Training:
    """A stack while it is trained.

    Arguments:
        model, problem, members, start, callbacks: as for `fit`.

    Attributes:
        outcomes: of each member given; None while it is in the stack.
    """

    def __init__(
        self,
        model: Any,
        problem: Problem,
        members: Sequence[Member],
        start: Sequence[Parked],
        callbacks: Callbacks,
    ) -> None:
        self.model, self.problem, self._callbacks = model, problem, callbacks
        self.state, self.kept = begin(model, problem, members)
        self.replayed = _replayed(self.state, problem.loss, callbacks.note)
        self.outcomes: list[Outcome | None] = [None] * len(members)
        if start:
            take_up_rows(self.state, self.kept, start)
        self.watch: Watch | None = None
        if callbacks.watched is not None:
            self.watch = Watch(self.state, problem)
            validate(self.state, problem, self.watch, None if start else 0)
            self.watch.begin(first=not start)

    def broken(self, trained: TrainedEpoch, record: Mapping[str, np.ndarray]) -> list[int]:
        """The rows of members whose weights or losses are not finite after an epoch."""
        finite = trained.weights_finite.copy()
        for name in ("train_loss", "train_penalty", "val_loss"):
            finite &= np.isfinite(record.get(name, 0.0))
        return np.flatnonzero(~finite).tolist()

    def diverged(
        self,
        row: int,
        before: tuple[int, dict[str, Tensor]],
        epoch: int,
        trained: TrainedEpoch,
        record: dict[str, np.ndarray],
    ) -> str:
        """Run the epoch in which a member diverged again, alone, and show of it what it shows then.

        A number that does nothing, such as l2=0 beside others, makes NaN of infinity.

        Arguments:
            row: the member's.
            before: a snapshot from before the epoch.
            epoch: its number.
            trained, record: what the stack showed; this member's values are replaced.

        Returns:
            Why it diverged, in one line.
        """
        problem, state = self.problem, self.state
        alone, _ = begin(self.model, problem, [state.members[row]])
        alone.schedule.load({k: v[[row]] for k, v in state.schedule.state().items()})
        alone.restore((before[0], {k: v[[row]] for k, v in before[1].items()}))
        reason, own, shown = rerun(alone, problem, epoch)
        for name, values in record.items():
            values[row] = shown[name][0]
        for values, one in zip(trained.signals, own.signals, strict=True):
            values[row] = one[0]
        return reason

    def tell_signals(self) -> None:
        """Hand on what the watch has seen since the last time."""
        watched = self._callbacks.watched
        if self.watch is not None and watched is not None:
            watched(self.state.columns, self.watch.flush())

    def ended(self, epoch: int, finite: np.ndarray) -> dict[int, str | None]:
        """By the rows of members that are at their end the reason, None at the last epoch."""
        members, plan = self.state.members, self.problem.plan
        at_end = epoch >= np.array([member.epochs or plan.epochs for member in members])
        tired = self.kept.is_tired(members)
        ended: dict[int, str | None] = dict.fromkeys(np.flatnonzero(finite & at_end).tolist())
        for row in np.flatnonzero(finite & ~at_end & tired).tolist():
            ended[row] = f"no better {plan.monitor} for {members[row].patience:.0f} epochs"
        return ended

    def interrupt(
        self, before: tuple[int, dict[str, Tensor]], epochs: int, saver: Saver | None
    ) -> None:
        """Let all members leave after `epochs` whole ones; `before` is the snapshot from then."""
        self.tell_signals()
        if saver is not None and epochs > 0:
            self.state.restore(before)
            saver.save(self.state.columns, park(self.state, self.kept, epochs))
        everyone = range(len(self.state.columns))
        self.leave(everyone, "interrupted", epochs, [None for _ in everyone])

    def leave(
        self,
        rows: Sequence[int],
        status: str,
        epochs: int,
        reasons: Sequence[str | None],
        parked: Sequence[Parked | None] | None = None,
    ) -> None:
        """Note how members ended, and tell it."""
        for row, reason, own in zip(rows, reasons, parked or [None for _ in rows], strict=True):
            theta, buffers = self.kept.theta[row].cpu(), self.kept.buffers[row].cpu()
            best_epoch, column = int(self.kept.best_epoch[row]), self.state.columns[row]
            outcome = Outcome(status, reason, best_epoch, epochs, theta, buffers, own)
            self.outcomes[column] = outcome
            if self._callbacks.leave is not None:
                self._callbacks.leave(column, outcome)

    def keep(self, rows: list[int]) -> None:
        """Go on with only the members `rows`."""
        if len(rows) == len(self.state.members):
            return
        self.state.keep(rows)
        if self.replayed is not None:
            self.replayed.forget()
        self.kept.keep(rows)
        if self.watch is not None:
            self.watch.keep(rows)


def begin(model: Any, problem: Problem, members: Sequence[Member]) -> tuple[StackState, Selection]:
    """Members before their first epoch, and what is kept of them."""
    data, plan = problem.data, problem.plan
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


def park(state: StackState, kept: Selection, epoch: int) -> list[Parked]:
    """All members of a stack set aside after an epoch."""
    return [park_row(state, kept, row, epoch) for row in range(len(state.columns))]


def _replayed(state: StackState, loss: Loss, note: Callable[[str], None]) -> Replayed | None:
    """The step as the device records it; None where it does not, or for a user's module."""
    make = graph.recorder_for(state.theta.device)
    if make is None or isinstance(state.stack, ModuleStack):
        return None
    return Replayed(lambda batch: take_step(state, loss, batch), make, note)


def rerun(
    state: StackState, problem: Problem, epoch: int
) -> tuple[str, TrainedEpoch, dict[str, np.ndarray]]:
    """Run the epoch in which a member diverged again, alone, to see where NaN or infinity began.

    Arguments:
        state: a stack of one, as it stood before the epoch.
        problem, epoch: as for `run_epoch`.

    Returns:
        The epoch, the step, the layer and what became of it, in one line; what training showed;
        the record by column, validation included.
    """
    inspector = Inspector(state, epoch)
    trained = run_epoch(state, problem, epoch, inspect=inspector.inspect)
    assert trained is not None
    record = {**trained.record, **validate(state, problem)}
    return inspector.reason(), trained, record
