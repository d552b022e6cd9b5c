"""Scaling by rank, with equal numbers in the middle of their ranks wherever they stand.

Imported where it is used: it loads scikit-learn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import norm
from sklearn.preprocessing import QuantileTransformer

EQUAL = 1e-7  # what scikit-learn takes for equal to the least or the largest


class MidRankQuantiles(QuantileTransformer):
    """scikit-learn's `QuantileTransformer` onto a normal distribution, but for the two ends.

    That one puts every number equal to the least of the train rows at -5.2, be it nine rows of ten:
    all others, which it was to spread, are then one point to a network. Here what many rows share
    at an end is put where the same would be put between the ends, at the middle of its ranks.
    """

    def transform(self, X: Any) -> np.ndarray:  # noqa: N803  (its name there)
        """Map numbers (n, d) onto a normal distribution; NaN stays."""
        values, scaled = np.asarray(X), super().transform(X)
        for place, known in enumerate(self.quantiles_.T):
            low = self.references_[np.count_nonzero(known == known[0]) - 1]
            high = self.references_[-np.count_nonzero(known == known[-1])]
            own = values[:, place]
            if low > 0:
                scaled[np.abs(own - known[0]) <= EQUAL, place] = norm.ppf(low / 2)
            if high < 1 and known[-1] > known[0]:
                scaled[np.abs(own - known[-1]) <= EQUAL, place] = norm.ppf((1 + high) / 2)
        return scaled
