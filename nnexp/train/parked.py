"""A member set aside between two epochs, to be taken up again in any stack."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from nnexp.train.selection import Selection
from nnexp.train.state import StackState


@dataclass(frozen=True)
class Parked:
    """Everything that a member's further training depends on, besides its numbers and the table.

    Arguments:
        epoch: the last epoch that it has trained.
        steps: optimizer steps taken.
        tensors: by name a row of each of `StackState.tensors()`.
        kept: the kept weights' rows, `theta` (P,) and `buffers` (Q,).
        selection: by name a value of each of `Selection.numbers()`.
        schedule: by name a value of each of `Schedule.state()`.
    """

    epoch: int
    steps: int
    tensors: Mapping[str, Tensor]
    kept: Mapping[str, Tensor]
    selection: Mapping[str, np.ndarray]
    schedule: Mapping[str, np.ndarray]


def park_row(state: StackState, kept: Selection, row: int, epoch: int) -> Parked:
    """One member's row of everything, as it stands after `epoch`."""
    return Parked(
        epoch,
        state.optimizer.steps,
        {name: value[row].cpu().clone() for name, value in state.tensors().items()},
        {"theta": kept.theta[row].cpu().clone(), "buffers": kept.buffers[row].cpu().clone()},
        {name: value[row].copy() for name, value in kept.numbers().items()},
        {name: value[row].copy() for name, value in state.schedule.state().items()},
    )


def take_up_rows(state: StackState, kept: Selection, start: Sequence[Parked]) -> None:
    """Put the rows of parked members, in their order, into a fresh stack."""
    first = start[0]

    def rows(tensors: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
        names = {name: value for own in tensors for name, value in own.items()}
        # RMSprop's momentum is missing where no member of a stack had any: it is 0
        return {
            name: torch.stack([own.get(name, torch.zeros_like(value)) for own in tensors])
            for name, value in names.items()
        }

    def arrays(values: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
        return {name: np.stack([own[name] for own in values]) for name in values[0]}

    device = state.theta.device
    state.restore((first.steps, rows([parked.tensors for parked in start])))
    state.schedule.load(arrays([parked.schedule for parked in start]))
    chosen = rows([parked.kept for parked in start])
    numbers = arrays([parked.selection for parked in start])
    kept.load(chosen["theta"].to(device), chosen["buffers"].to(device), numbers)
