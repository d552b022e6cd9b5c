"""What a stack is trained on, and how: the same for all its members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from nnexp.train.targets import Targets


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
