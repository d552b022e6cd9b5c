"""Means with their intervals, and paired comparisons, as pure functions of numbers.

Scores of models trained on overlapping parts of one table are not independent. Where the split
varies, variances of means are those of Nadeau & Bengio, "Inference for the generalization error",
Machine Learning 52 (2003), section 3: (1/n + n_valid/n_train) s^2 in place of s^2 / n.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

LEVEL = 0.05  # of the tests, and one minus the coverage of the intervals
Z = 1.96  # standard errors, of a 95 % interval
APART = 0.02  # share of the rows that two models of one accuracy are taken to tell otherwise


@dataclass(frozen=True)
class Mean:
    """A mean with the interval that Student's t gives it.

    Arguments:
        n: finite values that it is of.
        mean: NaN without any.
        sd: standard deviation of the values, with n - 1; NaN for n < 2.
        stderr: standard deviation of the mean; NaN for n < 2.
        low, high: 95 % interval of the mean; NaN for n < 2.
    """

    n: int
    mean: float
    sd: float
    stderr: float
    low: float
    high: float


def mean_interval(values: ArrayLike, ratio: float = 0.0) -> Mean:
    """The mean of some values and its 95 % interval.

    Arguments:
        values: (n,); those that are not finite are left out.
        ratio: validation rows over train rows where each value is of another split of one table
            (Nadeau & Bengio 2003); 0 for independent values.
    """
    x = _finite(values)
    n = len(x)
    if n == 0:
        return Mean(0, *(math.nan,) * 5)
    mean = math.fsum(x) / n
    if n == 1:
        return Mean(1, mean, *(math.nan,) * 4)
    # equal values have a spread of 0, whatever rounding makes of their mean
    sd = 0.0 if np.ptp(x) == 0 else math.sqrt(math.fsum((x - mean) ** 2) / (n - 1))
    stderr = sd * math.sqrt(1 / n + ratio)
    half = quantile(1 - LEVEL / 2, n - 1) * stderr
    return Mean(n, mean, sd, stderr, mean - half, mean + half)


@dataclass(frozen=True)
class Paired:
    """A paired t-test of the hypothesis that a mean difference is 0.

    Arguments:
        mean: of the differences, with its interval; `n` counts the pairs.
        sd: that the test has used, at least that of rounding (see `paired_test`).
        p: two-sided; NaN for n < 2.
    """

    mean: Mean
    sd: float
    p: float


def paired_test(
    differences: ArrayLike, ratio: float = 0.0, step: float = 0.0, shared: float = math.inf
) -> Paired:
    """The paired t-test.

    Edge values: differences that are all 0 give p = 1. Differences that are all equal, and not 0,
    give p = 0: nothing that was varied between the pairs changes them.

    Arguments:
        differences: (n,), one a pair; those that are not finite are left out.
        ratio: as for `mean_interval`.
        step: by how much a score can change at least, 1 / rows for an accuracy; 0 for a number
            on no grid. The spread of the differences is taken to be no less than what rounding
            two scores to that grid makes, step / sqrt(6).
        shared: the most of the variance s^2 that rows can make, with which alone `ratio` is
            multiplied: it is for the rows that splits share, and seeds differ.
    """
    mean = mean_interval(differences, ratio)
    if mean.n < 2:
        return Paired(mean, mean.sd, math.nan)
    sd = max(mean.sd, step / math.sqrt(6))
    stderr = math.sqrt(sd**2 / mean.n + ratio * min(sd**2, shared))
    if stderr != mean.stderr:
        half = quantile(1 - LEVEL / 2, mean.n - 1) * stderr
        mean = Mean(mean.n, mean.mean, mean.sd, stderr, mean.mean - half, mean.mean + half)
    if mean.mean == 0:
        return Paired(mean, sd, 1.0)
    if stderr == 0:
        return Paired(mean, sd, 0.0)
    from scipy.special import stdtr

    return Paired(mean, sd, float(2 * stdtr(mean.n - 1, -abs(mean.mean) / stderr)))


def holm(p: ArrayLike) -> NDArray[np.float64]:
    """P-values adjusted for their number by Holm's step-down method.

    Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of
    Statistics 6 (1979).

    Arguments:
        p: (m,) in [0, 1]; NaN stays NaN and is not counted.

    Returns:
        (m,) in [0, 1], each at least its p.
    """
    x = np.asarray(p, dtype=np.float64)
    adjusted = np.full(x.shape, np.nan)
    order = np.argsort(x, kind="stable")[: np.isfinite(x).sum()]
    scaled = x[order] * holm_factors(x)[order]
    adjusted[order] = np.minimum(1, np.maximum.accumulate(scaled))
    return adjusted


def holm_factors(p: ArrayLike) -> NDArray[np.float64]:
    """What Holm's method multiplies each p-value by: m for the smallest, 1 for the largest.

    Arguments:
        p: (m,); NaN gives NaN and is not counted. Equal ones are ranked in their order.
    """
    x = np.asarray(p, dtype=np.float64)
    factors = np.full(x.shape, np.nan)
    m = int(np.isfinite(x).sum())
    factors[np.argsort(x, kind="stable")[:m]] = np.arange(m, 0, -1)
    return factors


def share_stderr(share: ArrayLike, rows: float) -> NDArray[np.float64]:
    """The standard error of a share of some rows, which is not 0 where all rows are alike.

    Of (hits + 2) / (rows + 4), which makes 95 % intervals that hold of few rows, too: Agresti &
    Coull, "Approximate is better than 'exact' for interval estimation of binomial proportions",
    The American Statistician 52 (1998).

    Arguments:
        share: of any shape, in [0, 1]; NaN gives NaN.
        rows: > 0.
    """
    middle = (np.asarray(share, dtype=np.float64) * rows + 2) / (rows + 4)
    return np.sqrt(middle * (1 - middle) / (rows + 4))


def chance_of_rows(difference: float, rows: float) -> float:
    """What rows make of a difference of two accuracies by chance: twice its standard error, where
    the difference, and `APART` back and forth, are told otherwise.

    Seeds that agree say nothing of that: all runs are scored on the same rows.

    Arguments:
        difference: of the accuracies.
        rows: that both are of, > 0; see `recall_rows` for balanced accuracies.
    """
    return 2 * math.sqrt((abs(difference) + APART) / rows)


def recall_rows(counts: ArrayLike) -> float:
    """Of how many rows an accuracy varies as much as a balanced one: rows of rare classes weigh
    more, C^2 / sum(1 / n_c).

    Arguments:
        counts: rows of each class (C,), > 0.
    """
    n = np.asarray(counts, dtype=np.float64)
    return float(len(n) ** 2 / (1 / n).sum())


def recall_step(counts: ArrayLike) -> float:
    """By how much a row moves a balanced accuracy at most, 1 / (C min n_c); counts as above."""
    n = np.asarray(counts, dtype=np.float64)
    return float(1 / (len(n) * n.min()))


def mean_by(values: ArrayLike, labels: Sequence[Hashable]) -> NDArray[np.float64]:
    """The mean of the finite values of each label, in the order in which labels come first.

    Arguments:
        values: (n,).
        labels: (n,).

    Returns:
        (distinct labels,); NaN where a label has no finite value.
    """
    x = np.asarray(values, dtype=np.float64)
    places: dict[Hashable, list[int]] = {}
    for place, label in enumerate(labels):
        places.setdefault(label, []).append(place)
    return np.array([mean_interval(x[places[label]]).mean for label in places], dtype=np.float64)


def _finite(values: ArrayLike) -> NDArray[np.float64]:
    x = np.asarray(values, dtype=np.float64).reshape(-1)
    return x[np.isfinite(x)]


def quantile(share: float, df: int) -> float:
    """Of Student's t."""
    # of scipy's two homes of the distribution the one that imports in a fraction of the time
    from scipy.special import stdtrit

    return float(stdtrit(df, share))
