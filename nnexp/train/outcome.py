"""What a stack's training tells while it runs, and how its members end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from torch import Tensor

from nnexp.train.parked import Parked


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
