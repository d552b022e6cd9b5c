"""What a model is worth on the rows that judge it, in a number that knows no unit."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Score:
    """What a model is worth on n rows.

    Arguments:
        value: the accuracy; of quantities the share of their variance that the model explains,
            R2, 0 where it does no better than their mean.
        balanced: the mean recall; of quantities the value again.
        rows: what each row adds to the value (n,), which is their mean; none where there is none.
    """

    value: float
    balanced: float
    rows: np.ndarray


def explained(predicted: np.ndarray, true: np.ndarray) -> Score:
    """The share of the variance of quantities (n,) that is predicted: the same in every unit.

    What does worse than their mean is worth no more than it, however far off it is, and infinity is
    as bad. NaN where the quantities are all the same.
    """
    variance = float(true.var())
    if variance == 0:
        return Score(math.nan, math.nan, np.zeros(0))
    with np.errstate(over="ignore", invalid="ignore"):
        rows = 1 - (predicted - true) ** 2 / variance
        if not rows.mean() > 0:
            rows = 1 - (true.mean() - true) ** 2 / variance
    value = max(0.0, float(rows.mean()))
    return Score(value, value, rows)
