"""What a stack's training tells while it runs, to whom, and how its members end."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from torch import Tensor

from nnexp.train.parked import Parked
from nnexp.train.signals import Signals


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


def _never() -> bool:
    return False


def _unheard(line: str) -> None:
    pass


@dataclass(frozen=True)
class Callbacks:
    """Who is told what a stack's training shows, and asked whether it goes on.

    Arguments:
        observe: called after every epoch.
        watched: called now and then with the indices of the members still in the stack and what
            was seen of them in the epochs since the last call, before any of them leaves; None to
            watch nothing.
        leave: called with a member's index and outcome as soon as it leaves the stack.
        note: told in a line what is worth knowing of how it computes.
        stop: asked before every step; True ends the runs as `interrupted`.
        saver: asked after every epoch, and told where `stop` ended the runs; what was seen until
            then is given to `watched` before. None to write nothing.
    """

    observe: Callable[[Epoch], None] | None = None
    watched: Callable[[Sequence[int], Signals], None] | None = None
    leave: Callable[[int, Outcome], None] | None = None
    note: Callable[[str], None] = _unheard
    stop: Callable[[], bool] = _never
    saver: Saver | None = None


NOBODY = Callbacks()
