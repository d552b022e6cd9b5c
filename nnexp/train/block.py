"""What the steps of an epoch take, gathered some steps at a time.

Batches are rows of the table on the device, picked by index, with their targets and dropout masks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from nnexp.seeds import generator
from nnexp.train.plan import Data, Problem
from nnexp.train.state import StackState
from nnexp.train.step import Batch

BLOCK_BYTES = 2**21  # gathered at once for one member
BLOCK_STEPS = 256


@dataclass(frozen=True, slots=True)
class Block:
    """What some steps take, gathered at once, as a list entry for each step.

    Arguments:
        x: (K, B, D).
        codes: (K, B, Q), or None.
        target: (K, B, C).
        weight: (K, B), or None.
        masks: for each place that drops units a list of (K, B, width), or None.
        targets, weights: of all rows (K, R, C) and (K, R), or None.
    """

    x: Sequence[Tensor]
    codes: Sequence[Tensor] | None
    target: Sequence[Tensor]
    weight: Sequence[Tensor] | None
    masks: Sequence[Sequence[Tensor] | None]
    targets: Tensor
    weights: Tensor | None

    def batch(self, place: int, shrink: Tensor | None, columns: Mapping[str, Tensor]) -> Batch:
        """One step's; `shrink` and `columns` as for `Batch`."""
        return Batch(
            self.x[place],
            self.codes[place] if self.codes is not None else None,
            self.target[place],
            self.weight[place] if self.weight is not None else None,
            [mask[place] if mask is not None else None for mask in self.masks],
            shrink,
            columns,
        )


def gather(
    state: StackState,
    problem: Problem,
    rows: Tensor,
    generators: Sequence[Sequence[np.random.Generator]],
) -> Block:
    """Gather the rows (K, R) of a block, and draw its dropout masks."""
    data, size = problem.data, problem.plan.batch_size

    def of(table: Tensor) -> Sequence[Tensor]:
        chosen = table.index_select(0, rows.reshape(-1)).view(*rows.shape, -1)
        return chosen.split(size, 1)

    targets, weights = data.targets.dense(rows, state.smoothing), data.targets.row_weights(rows)
    return Block(
        of(data.x),
        of(data.codes) if data.codes is not None else None,
        targets.split(size, 1),
        weights.split(size, 1) if weights is not None else None,
        [
            mask.draw(own, rows.shape[1]).split(size, 1) if mask.active else None
            for mask, own in zip(state.masks, generators, strict=True)
        ],
        targets,
        weights,
    )


def block_width(model: Any, data: Data) -> int:
    """Numbers of a row of a block, of one member: inputs, dropout masks, targets and the like."""
    return data.x.shape[1] + sum(model.dropout_widths) + 3 * data.targets.outputs


def block_steps(model: Any, data: Data, batch: int) -> int:
    """Steps gathered at once; it depends on one member's sizes only, never on K."""
    return max(1, min(BLOCK_STEPS, BLOCK_BYTES // (4 * batch * block_width(model, data))))


def dropout_generators(state: StackState, epoch: int) -> list[list[np.random.Generator]]:
    """For each place that may drop units a generator of each member; none where it does not."""
    return [
        [generator(member.seeds.dropout, "dropout", epoch, place) for member in state.members]
        if mask.active
        else []
        for place, mask in enumerate(state.masks)
    ]
