"""The form in which a loop hands targets to its loss, learnt from what it hands."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from nnexp.loop.table import LoopTable

KEPT = 64  # distinct values


@dataclass
class Form:
    """How targets look where the loss gets them.

    Arguments:
        dtype: of the tensor.
        tail: its shape behind the rows: (), (1,) or (C,).
        passed_over: a number of rows that have no target.
        values: distinct numbers that were seen in it, at most `KEPT`.
        seen, unknown: how many targets were seen in all, and how many of them are no numbers.
    """

    dtype: torch.dtype
    tail: tuple[int, ...]
    passed_over: float
    values: set[float] = field(default_factory=set)
    seen: int = 0
    unknown: int = 0

    def see(self, target: Tensor) -> None:
        """Take note of a batch's targets."""
        self.seen += target.numel()
        if target.is_floating_point():
            self.unknown += int((~torch.isfinite(target)).sum())
        if len(self.values) < KEPT:
            found = target.detach().reshape(-1).unique()[:KEPT].tolist()
            self.values.update(
                value for value in found if value != self.passed_over and math.isfinite(value)
            )

    @property
    def is_wide(self) -> bool:
        """Whether a row has a target for each class."""
        return bool(self.tail) and self.tail[-1] > 1

    def levels(self, table: LoopTable) -> list[float]:
        """The targets of the classes in the form that the loss gets, ascending."""
        own = table.values
        if self.is_wide or len(self.values) != len(own):
            return own
        seen = sorted(self.values)
        if set(seen) <= set(own) or len(seen) != len(own):
            return own
        return seen  # coded anew in the loop, in the same order

    def make(self, table: LoopTable, rows: Tensor) -> Tensor:
        """The targets of some rows, as the loop would hand them to its loss."""
        y = table.y[rows]
        if self.is_wide:
            if y.ndim > 1 and y.shape[1:] == self.tail:
                return y.to(self.dtype)
            index = table.codes[rows]
            return torch.nn.functional.one_hot(index, self.tail[-1]).to(self.dtype)
        if table.is_wide:
            y = table.codes[rows]
        elif table.is_classes:
            levels = torch.tensor(self.levels(table), dtype=torch.float64, device=y.device)
            y = levels[table.places[rows]]
        return y.reshape(len(rows), *self.tail).to(self.dtype)


def form_of(target: Tensor, passed_over: float) -> Form:
    """The form of a batch's targets."""
    none = math.nan if target.is_floating_point() else passed_over
    found = Form(target.dtype, tuple(target.shape[1:]), none)
    found.see(target)
    return found
