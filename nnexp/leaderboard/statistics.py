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
POWER = 0.8
MOST_PAIRS = 10_000  # beyond which no number of runs is named


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
    half = _quantile(1 - LEVEL / 2, n - 1) * stderr
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


def paired_test(differences: ArrayLike, ratio: float = 0.0, step: float = 0.0) -> Paired:
    """The paired t-test.

    Edge values: differences that are all 0 give p = 1. Differences that are all equal, and not 0,
    give p = 0: nothing that was varied between the pairs changes them.

    Arguments:
        differences: (n,), one a pair; those that are not finite are left out.
        ratio: as for `mean_interval`.
        step: by how much a score can change at least, 1 / rows for an accuracy; 0 for a number
            on no grid. The spread of the differences is taken to be no less than what rounding
            two scores to that grid makes, step / sqrt(6): equal differences of a few accuracies
            prove nothing.
    """
    mean = mean_interval(differences, ratio)
    if mean.n < 2:
        return Paired(mean, mean.sd, math.nan)
    sd = max(mean.sd, step / math.sqrt(6))
    stderr = sd * math.sqrt(1 / mean.n + ratio)
    if sd > mean.sd:
        half = _quantile(1 - LEVEL / 2, mean.n - 1) * stderr
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


def power_of(pairs: int, difference: float, sd: float, level: float, ratio: float = 0.0) -> float:
    """The power of the two-sided paired t-test, by the noncentral t distribution.

    Arguments:
        pairs: >= 2.
        difference: the true mean difference.
        sd: the true standard deviation of the differences, > 0.
        level: of the test, in (0, 1).
        ratio: as for `mean_interval`.
    """
    from scipy.special import nctdtr

    limit = _quantile(1 - level / 2, pairs - 1)
    shift = abs(difference) / (sd * math.sqrt(1 / pairs + ratio))
    below, far = nctdtr(pairs - 1, shift, [limit, -limit])
    # scipy gives NaN instead of what is within 1e-9 of 0: both of these for a large shift
    return float(1 - np.nan_to_num(below) + np.nan_to_num(far))


def pairs_needed(
    difference: float, sd: float, level: float = LEVEL, ratio: float = 0.0
) -> int | None:
    """The least number of pairs for which the paired t-test has 80 % power.

    It takes the difference and the spread that were seen for the true ones, so it is a guide and
    no promise: both are estimates, and from few pairs rough ones.

    Arguments:
        difference, sd: of the pairs seen.
        level: of the test, in (0, 1).
        ratio: as for `mean_interval`; with it, power has a limit that no number of pairs passes.

    Returns:
        >= 2; None where 10 000 pairs do not do, or nothing is known.
    """
    if not (math.isfinite(difference) and math.isfinite(sd)) or difference == 0:
        return None
    if sd == 0:
        return 2

    def enough(pairs: int) -> bool:
        return power_of(pairs, difference, sd, level, ratio) >= POWER

    high = 2
    while not enough(high):
        if high >= MOST_PAIRS:
            return None
        high = min(2 * high, MOST_PAIRS)
    low = high // 2  # not enough, or below 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if middle >= 2 and enough(middle) else (middle, high)
    return max(high, 2)


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


def _quantile(share: float, df: int) -> float:
    # of scipy's two homes of the distribution the one that imports in a fraction of the time
    from scipy.special import stdtrit

    return float(stdtrit(df, share))
