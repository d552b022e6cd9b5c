"""What is noted of a loop while it runs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from torch import Tensor


@dataclass
class LoopRecord:
    """Notes of a loop.

    Arguments:
        points: an evaluation each: `step`, `lr`, `batch_loss` (mean since the one before),
            `slice_loss`, `slice_accuracy`, `val_loss`, `val_accuracy`, of which there may be some.
        layers: a look each: `gradient_norm/LAYER`, `update_ratio/LAYER`, `weight_norm/LAYER`.
        pairs: at looks the loop's loss, the loss function's own of the same batch, and the name of
            what the loop applied to the outputs before, as of `APPLIED`.
        batches: rows of the batches looked at.
        once: looks at which one step was made of all rows, batch by batch.
        metrics: at looks the loop's own accuracy, that by the largest output, and its rows.
        shapes: of outputs and of targets where they first differed in a way that is broadcast.
        training: at looks whether the module was in training mode.
        uncleared, backwards: backward passes looked at that found gradients from before the last
            optimizer step, and those that could have.
        clipped: at looks the norm of the gradient that the optimizer got, of all parameters, and
            what is left of a layer's.
        gathered: backward passes looked at that added to the gradient of another batch.
        wasted: those that found it cleared, and no step made of it.
        met, pulled: names of parameters that got a gradient, and one that was not 0 but for
            rounding.
        pulls: at looks the cosine of a weight's gradient with the one that the loss function gives
            it, and how many times as large it is.
        detached: looks at which the loss had no graph.
        fed: some rows that the model got at looks (n, D), and the class index or the mean target
            of each (n,).
        unseen: what a look at a gradient or a call raised, from which on there are no looks.
    """

    points: list[dict[str, float]] = field(default_factory=list)
    layers: list[dict[str, float]] = field(default_factory=list)
    pairs: list[tuple[float, float, str]] = field(default_factory=list)
    batches: list[int] = field(default_factory=list)
    once: int = 0
    metrics: list[tuple[float, float, int]] = field(default_factory=list)
    shapes: tuple[tuple[int, ...], tuple[int, ...]] | None = None
    training: list[bool] = field(default_factory=list)
    uncleared: int = 0
    backwards: int = 0
    clipped: list[tuple[float, float]] = field(default_factory=list)
    gathered: int = 0
    wasted: int = 0
    met: set[str] = field(default_factory=set)
    pulled: set[str] = field(default_factory=set)
    pulls: list[tuple[float, float]] = field(default_factory=list)
    detached: int = 0
    fed: list[tuple[Tensor, np.ndarray]] = field(default_factory=list)
    unseen: str = ""

    @property
    def batch(self) -> int:
        """Rows of a usual batch."""
        return sorted(self.batches)[len(self.batches) // 2] if self.batches else 1

    def frame(self) -> pd.DataFrame:
        """`points` as a table."""
        return pd.DataFrame(self.points)


APPLIED = {
    "": lambda own: own,
    "softmax": lambda own: own.softmax(-1),
    "log_softmax": lambda own: own.log_softmax(-1),
    "sigmoid": lambda own: own.sigmoid(),
    "tanh": lambda own: own.tanh(),
    "relu": lambda own: own.relu(),
    "squeeze": lambda own: own.squeeze(-1),
    "unsqueeze": lambda own: own.unsqueeze(-1),
    "softmax over rows": lambda own: own.softmax(0),
    "log_softmax over rows": lambda own: own.log_softmax(0),
    "squeeze sigmoid": lambda own: own.squeeze(-1).sigmoid(),
}


def agrees(loss: float, own: float) -> bool:
    """Whether the loop's loss is the loss function's own, or minus it."""
    if not (math.isfinite(loss) and math.isfinite(own)):
        return False
    return abs(abs(loss) - abs(own)) <= 2e-5 * max(abs(loss), abs(own), 1e-3)
