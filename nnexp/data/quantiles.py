"""Scaling by rank, with equal numbers in the middle of their ranks wherever they stand.

Imported where it is used: it loads scikit-learn.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.stats import norm
from sklearn.preprocessing import QuantileTransformer

_END = 1e-7 - np.spacing(1)
ENDS = norm.ppf(_END), norm.ppf(1 - _END)  # where scikit-learn puts them, -5.2 and 5.2


class MidRankQuantiles(QuantileTransformer):
    """scikit-learn's `QuantileTransformer` onto a normal distribution, but for the two ends.

    That one puts every number equal to the least of the train rows at -5.2, be it nine rows of ten:
    all others, which it was to spread, are then one point to a network. Here what many rows share
    at an end is put where the same would be put between the ends, at the middle of its ranks.

    scikit-learn takes for equal to an end what is closer to it than 1e-7, all of a column in farads
    or metres perhaps. Here equal is equal.
    """

    def transform(self, X: Any) -> np.ndarray:  # noqa: N803  (its name there)
        """Map numbers (n, d) onto a normal distribution; NaN stays."""
        values = np.asarray(X, dtype=float)
        scaled = np.empty_like(values)
        for place, known in enumerate(self.quantiles_.T):
            own = values[:, place]
            ranks = np.interp(own, known, self.references_)
            # of equal quantiles that takes the last, and this the first
            ranks -= np.interp(-own, -known[::-1], -self.references_[::-1])
            ranks /= 2
            low = self.references_[np.count_nonzero(known == known[0]) - 1]
            high = self.references_[-np.count_nonzero(known == known[-1])]
            ranks[own == known[0]] = low / 2
            if known[-1] > known[0]:
                ranks[own == known[-1]] = (1 + high) / 2
            scaled[:, place] = np.clip(norm.ppf(ranks), *ENDS)
        return scaled
