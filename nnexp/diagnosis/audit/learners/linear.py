"""Rows judged by ridge regressions that did not learn from them (Hoerl & Kennard 1970).

They see columns of which each tells a little and all together much, where trees see little.
"""

from __future__ import annotations

import numpy as np

FOLDS = 10  # of rows that are judged by what the others teach
WIDE, WIDE_FOLDS = 300, 3  # with more columns than that, so many folds
PENALTY = 0.05  # on the squared weights of standardised columns, times the rows that are learnt


def by_ridge(x: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Targets (n, m) by ridge regressions that did not learn from the row."""
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import KFold

    votes = np.zeros_like(truth)
    folds = FOLDS if x.shape[1] <= WIDE else WIDE_FOLDS
    for learn, tell in KFold(folds, shuffle=True, random_state=0).split(x):
        ridge = Ridge(alpha=PENALTY * len(learn)).fit(x[learn], truth[learn])
        votes[tell] = ridge.predict(x[tell]).reshape(len(tell), -1)
    return votes


def standardised(x: np.ndarray) -> np.ndarray:
    """The columns (n, d) that are not constant, each with mean 0 and standard deviation 1."""
    x = x.astype(np.float64)
    spread = x.std(0)
    return (x[:, spread > 0] - x[:, spread > 0].mean(0)) / spread[spread > 0]
