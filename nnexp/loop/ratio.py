"""How a loop's loss stands to that of its loss function on the same batches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nnexp.loop.watch import LoopWatch


def ratio_of(watch: LoopWatch) -> float:
    """The loop's loss over the loss function's own, where they are proportional; else NaN."""
    pairs = [(a, b) for a, b, _ in watch.record.pairs if math.isfinite(a) and math.isfinite(b)]
    ratios = np.array([a / b for a, b in pairs if abs(b) > 1e-6])
    if not len(ratios):
        return math.nan
    middle = float(np.median(ratios))
    spread = float(np.median(np.abs(ratios - middle)))
    if spread > 0.02 * abs(middle):
        return math.nan
    return middle


def added(watch: LoopWatch) -> np.ndarray | None:
    """What the loop adds to the loss, an evaluation each; None where it adds nothing."""
    if math.isfinite(ratio_of(watch)):
        return None
    pairs = [(a, b) for a, b, _ in watch.record.pairs if math.isfinite(a) and math.isfinite(b)]
    added = np.array([a - b for a, b in pairs])
    if len(added) < 3 or (added < -1e-6).any():
        return None
    places = np.linspace(0, len(added) - 1, len(watch.record.points) - 1).round().astype(int)
    return added[places]
