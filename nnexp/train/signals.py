"""The signals of an epoch, and the few numbers on which they rest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

# outputs of a bounded activation beyond which its derivative is below 2 % of the largest
SATURATED = {"tanh": (-0.99, 0.99), "sigmoid": (0.005, 0.995)}
STEADY = 0.95  # share of the rows on which a saturated unit is saturated


@dataclass(frozen=True)
class Signals:
    """What was seen of K members in E epochs.

    Arguments:
        epochs: their numbers; 0 before the first.
        values: by column of signals.csv an array (E, K) float64, NaN where nothing was seen.
    """

    epochs: Sequence[int]
    values: Mapping[str, np.ndarray]


def is_log_spaced(epoch: int) -> bool:
    """Whether the epoch is one of 0, 1, 2, 3, 4, 6, 8, 11, 16, 23, 32, ...: a power of sqrt(2)."""
    if epoch < 3:
        return epoch >= 0
    return epoch == round(2 ** (round(2 * math.log2(epoch)) / 2))
