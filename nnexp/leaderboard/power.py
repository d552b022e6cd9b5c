"""How many pairs of runs would tell a difference: the power of the paired t-test."""

from __future__ import annotations

import math

import numpy as np

from nnexp.statistics import LEVEL, quantile

POWER = 0.8
MOST_PAIRS = 10_000  # beyond which no number of runs is named


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

    limit = quantile(1 - level / 2, pairs - 1)
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
