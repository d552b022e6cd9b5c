"""Everything of a stack that training changes: its rows, and what steps them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from nnexp.model.module_stack import ModuleStack
from nnexp.model.noise import Masks
from nnexp.train.member import Member
from nnexp.train.optimizers import OPTIMIZERS
from nnexp.train.penalty import Penalty
from nnexp.train.schedules import SCHEDULES


class StackState:
    """The training state of K members.

    Arguments:
        model: the architecture (`MLP` or `ModuleModel`).
        members: K members.
        optimizer: a name in `OPTIMIZERS`, and its flags that all members share.
        schedule: a name in `SCHEDULES`.
        steps_per_epoch, epochs: the length of the run; a member may have epochs of its own.
        device: where the rows live.
        dtype: of theta, float32 or float64.
        compute: dtype of the arithmetic, theta's own or bfloat16.

    Attributes:
        theta, buffers, grad: (K, P), (K, Q), (K, P).
        stack: the model bound to them.
        columns: for each member the index that it had among the members first given.
        unbounded: (Q,), the buffers that hold infinity from the beginning, as a mask may.
    """

    def __init__(
        self,
        model: Any,
        members: Sequence[Member],
        *,
        optimizer: str,
        flags: Mapping[str, bool],
        schedule: str,
        steps_per_epoch: int,
        epochs: int,
        device: torch.device,
        dtype: torch.dtype,
        compute: torch.dtype,
    ) -> None:
        self.model, self.compute = model, compute
        self.members = list(members)
        self.columns = list(range(len(members)))
        theta, buffers = model.initial([member.seeds.init for member in members], dtype)
        self.theta, self.buffers = theta.to(device), buffers.to(device)
        self.unbounded = ~self.buffers.isfinite().all(0)
        numbers = [member.optimizer for member in members]
        self.optimizer = OPTIMIZERS[optimizer](self.theta, numbers, **flags)
        shares = [member.schedule for member in members]
        lengths = [member.epochs or epochs for member in members]
        self.schedule = SCHEDULES[schedule](shares, steps_per_epoch, lengths)
        self._bind()

    def _bind(self) -> None:
        """Make what is derived from the rows and the members."""
        device = self.theta.device
        self.grad = torch.zeros_like(self.theta)
        self.stack = self.model.bind(self.theta, self.buffers, self.grad, self.compute)
        self.penalty = Penalty(self.members, self.model.layout, self.theta)
        self.masks = [
            Masks(
                [member.dropout[place] if member.dropout else 0.0 for member in self.members],
                width,
                device,
                self.compute,
            )
            for place, width in enumerate(self.model.dropout_widths)
        ]
        smoothing = [member.label_smoothing for member in self.members]
        self.smoothing = (
            torch.tensor(smoothing, dtype=torch.float64).view(-1, 1, 1).to(self.theta)
            if any(smoothing)
            else None
        )

    def keep(self, rows: list[int]) -> None:
        """Keep only the members `rows`, in this order; the others leave the stack."""
        self.members = [self.members[row] for row in rows]
        self.columns = [self.columns[row] for row in rows]
        self.theta, self.buffers = self.theta[rows], self.buffers[rows]
        self.optimizer.keep(rows)
        self.schedule.keep(rows)
        before = self.stack
        self._bind()
        if isinstance(before, ModuleStack):
            self.stack.take_over(before, rows)

    def tensors(self) -> dict[str, Tensor]:
        """All that a step changes, by name; the state's own tensors, not copies."""
        own = {"theta": self.theta, "buffers": self.buffers}
        return {**own, **{f"optimizer.{k}": v for k, v in self.optimizer.state().items()}}

    def snapshot(self) -> tuple[int, dict[str, Tensor]]:
        """A copy of the state between two steps."""
        copies = {name: value.clone() for name, value in self.tensors().items()}
        return self.optimizer.steps, copies

    def restore(self, snapshot: tuple[int, dict[str, Tensor]]) -> None:
        """Go back to a snapshot of the same members."""
        self.optimizer.steps = snapshot[0]
        for name, value in self.tensors().items():
            value.copy_(snapshot[1][name])
