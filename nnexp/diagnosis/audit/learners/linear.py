"""Rows judged by ridge regressions that did not learn from them (Hoerl & Kennard 1970).

They see columns of which each tells a little and all together much, where trees see little.
"""

from __future__ import annotations

import numpy as np

FOLDS = 10  # of rows that are judged by what the others teach
WIDE, WIDE_FOLDS = 300, 3  # with more columns than that, so many folds
PENALTY = 0.05  # on the squared weights of standardised columns, times the rows that are learnt


def by_ridge(x: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Targets (n, m) by ridge regressions that did not learn from the row.

    They are those of `sklearn.linear_model.Ridge`, with an intercept, but for rounding.

    Arguments:
        x: (n, d) float64, finite, n at least the number of folds.
        truth: the targets (n, m) float64.
    """
    from sklearn.model_selection import KFold

    votes = np.zeros_like(truth)
    folds = FOLDS if x.shape[1] <= WIDE else WIDE_FOLDS
    x = x - x.mean(0)  # what is subtracted below is then of the size of what is left
    both = np.hstack((x, truth))
    columns = x.shape[1]
    products = x.T @ both if columns <= len(x) else None
    for learn, tell in KFold(folds, shuffle=True, random_state=0).split(x):
        middle = both[learn].mean(0)
        penalty = PENALTY * len(learn)
        if products is not None:
            # sums over all rows, less those of the fold and of the mean
            own = products - x[tell].T @ both[tell]
            own -= len(learn) * np.outer(middle[:columns], middle)
            own[:, :columns].flat[:: columns + 1] += penalty
            weights = np.linalg.solve(own[:, :columns], own[:, columns:])
        else:
            apart = both[learn] - middle
            rows = apart[:, :columns] @ apart[:, :columns].T
            rows.flat[:: len(rows) + 1] += penalty
            weights = apart[:, :columns].T @ np.linalg.solve(rows, apart[:, columns:])
        votes[tell] = middle[columns:] + (x[tell] - middle[:columns]) @ weights
    return votes


def standardised(x: np.ndarray) -> np.ndarray:
    """The columns (n, d) that are not constant, each with mean 0 and standard deviation 1."""
    x = x.astype(np.float64)
    spread = x.std(0)
    return (x[:, spread > 0] - x[:, spread > 0].mean(0)) / spread[spread > 0]
