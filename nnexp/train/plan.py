"""What a stack is trained on, and how: the same for all its members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from nnexp.train.decision import Decision
from nnexp.train.losses import Loss
from nnexp.train.targets import Targets


@dataclass(frozen=True)
class Part:
    """Which rows of a table a member trains on, and which it is validated on.

    Arguments:
        train: indices (n,) int64, n >= 1.
        valid: indices (m,) int64, m >= 0.
    """

    train: Tensor
    valid: Tensor


@dataclass(frozen=True)
class Data:
    """A table on the device, or several of one width, one below the other.

    Arguments:
        x: (N, D), in the arithmetic's dtype.
        codes: (N, Q) int64, or None.
        targets: of the N rows.
        parts: for each split or preprocessing its rows; a member has the index of one. All have
            equally many train rows, and all have validation rows or none has.
    """

    x: Tensor
    codes: Tensor | None
    targets: Targets
    parts: tuple[Part, ...]

    @property
    def train_rows(self) -> int:
        """How many rows each member trains on, n."""
        return len(self.parts[0].train)


@dataclass(frozen=True)
class Plan:
    """How a stack is trained; the same for all its members.

    Arguments:
        epochs: passes over the train rows, >= 1; a member may have a number of its own.
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


@dataclass(frozen=True, eq=False)
class Problem:
    """What a stack is to learn: rows, the loss that falls on them, and how outputs are read.

    Arguments:
        data: the table.
        loss: the data loss.
        decision: from outputs to classes.
        plan: how it is trained.
    """

    data: Data
    loss: Loss
    decision: Decision
    plan: Plan
