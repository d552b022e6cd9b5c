"""A member set aside between two epochs, to be taken up again in any stack."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from torch import Tensor


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
