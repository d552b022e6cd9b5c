"""Which epoch's weights a member keeps, and when it stops waiting for better ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from torch import Tensor

from nnexp.scores import sign
from nnexp.train.member import Member

NUMBERS = ("best", "best_epoch", "reference", "waited")


class Selection:
    """The kept weights of each member of a stack, and how long each has waited for better ones.

    Arguments:
        theta, buffers: rows (K, P) and (K, Q) that are kept until an epoch is better.
        monitor: the record's column that tells; losses fall, accuracies climb.
        keep_last: keep the weights of every epoch instead of the best one's.

    Attributes:
        theta, buffers: the kept rows.
        best_epoch: (K,), the epoch they are of; 0 for the first rows.
    """

    def __init__(self, theta: Tensor, buffers: Tensor, monitor: str, keep_last: bool) -> None:
        self.theta, self.buffers = theta.clone(), buffers.clone()
        self.sign = sign(monitor)
        self.keep_last = keep_last
        members = len(theta)
        self.best = np.full(members, np.inf)  # of the kept weights
        self.best_epoch = np.zeros(members, dtype=int)
        self.reference = self.best.copy()  # what patience counts from
        self.waited = np.zeros(members)

    def observe(
        self,
        epoch: int,
        values: np.ndarray,
        finite: np.ndarray,
        theta: Tensor,
        buffers: Tensor,
        members: Sequence[Member],
    ) -> None:
        """Take note of an epoch.

        Arguments:
            epoch: its number.
            values: (K,) monitored values.
            finite: (K,) bool, whether a member's weights and losses are; others are not kept.
            theta, buffers: the members' rows after it.
            members: for their `min_delta`.
        """
        values = self.sign * values
        improved = finite & ((values < self.best) | self.keep_last)
        rows = np.flatnonzero(improved).tolist()
        if rows:
            self.theta[rows], self.buffers[rows] = theta[rows], buffers[rows]
            self.best[rows], self.best_epoch[rows] = values[rows], epoch
        deltas = np.array([member.min_delta for member in members])
        nearer = finite & (values < self.reference - deltas)
        self.reference = np.where(nearer, values, self.reference)
        self.waited = np.where(nearer, 0, self.waited + 1)

    def is_tired(self, members: Sequence[Member]) -> np.ndarray:
        """(K,) bool: whether a member has waited as long as its patience."""
        return self.waited >= np.array([member.patience for member in members])

    def numbers(self) -> dict[str, np.ndarray]:
        """Arrays (K,) by name that a resumed run needs besides the rows; not copies."""
        return {name: getattr(self, name) for name in NUMBERS}

    def load(self, theta: Tensor, buffers: Tensor, numbers: Mapping[str, np.ndarray]) -> None:
        """Take over kept rows and what `numbers` gave."""
        self.theta, self.buffers = theta, buffers
        for name in NUMBERS:
            setattr(self, name, numbers[name])

    def keep(self, rows: list[int]) -> None:
        """Keep only the members `rows`, in this order."""
        for name in ("theta", "buffers", *NUMBERS):
            setattr(self, name, getattr(self, name)[rows])
