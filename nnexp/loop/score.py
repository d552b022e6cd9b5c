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
    """The share of the variance of quantities that is predicted: the same in every unit.

    What does worse than their mean is worth no more than it, however far off it is, and infinity is
    as bad. Targets that are no numbers are passed over, and of several a row the mean is taken. NaN
    where the quantities are all the same.

    Arguments:
        predicted, true: (n,) or (n, T).
    """
    pairs = zip(predicted.reshape(len(true), -1).T, true.reshape(len(true), -1).T, strict=True)
    kept = [own for p, t in pairs if (own := _explained(p, t)) is not None]
    if not kept:
        return Score(math.nan, math.nan, np.zeros(0))
    value = float(np.mean([max(0.0, float(np.nanmean(own))) for own in kept]))
    shares = np.stack(kept)
    told = np.isfinite(shares).any(0)  # a row without any target adds nothing
    return Score(value, value, np.nanmean(shares[:, told], axis=0))


def _explained(predicted: np.ndarray, true: np.ndarray) -> np.ndarray | None:
    """What each row adds to the share of one quantity (n,), NaN where it is no number; None where
    it does not vary.
    """
    known = np.isfinite(true)
    variance = float(true[known].var()) if known.any() else 0.0
    if variance == 0:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        rows = 1 - (predicted - true) ** 2 / variance
        if not rows[known].mean() > 0:
            rows = 1 - (true[known].mean() - true) ** 2 / variance
    return np.asarray(np.where(known, rows, np.nan))
