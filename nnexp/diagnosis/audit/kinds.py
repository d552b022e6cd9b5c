"""Codes of kinds that show only beside the other columns of a table.

A ridge regression sees every column, and of each column that may be of codes a smooth curve. Where
it judges rows better that it did not learn from once it sees each code by itself, the codes tell
what no amount tells.
"""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.linear import by_ridge, standardised

BENDS = (0.2, 0.4, 0.6, 0.8)  # ranks at which the curve of a column may bend


def curve(values: np.ndarray) -> np.ndarray:
    """A basis of smooth curves (n, 10) of numbers (n,): cubics of them and of their ranks, with
    bends.
    """
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - counts / 2
    ranks = middle[places] / len(values)
    spread = max(float(values.std()), 1e-12)
    amounts = (values - values.mean()) / spread
    powers = [own**power for own in (amounts, ranks) for power in (1, 2, 3)]
    return np.stack([*powers, *(np.maximum(ranks - bend, 0.0) for bend in BENDS)], 1)


def gain_by_kinds(
    others: np.ndarray, columns: list[np.ndarray], y: np.ndarray, classes: int
) -> tuple[float, float]:
    """What codes tell as kinds beyond what they tell as amounts, and beyond all other columns.

    Arguments:
        others: all columns as numbers (n, d).
        columns: those that may be of codes, each (n,), finite.
        y: class indices (n,).
        classes: C.

    Returns:
        The share of the squared error (Brier) that they take away from a ridge regression, in
        rows that it did not learn from, and that in standard errors.
    """
    truth = np.eye(classes)[y]
    smooth = standardised(np.concatenate([others, *map(curve, columns)], 1))
    codes = [own[:, None] == np.unique(own)[None] for own in columns]
    kinds = np.concatenate((smooth, standardised(np.concatenate(codes, 1))), 1)
    before, after = (((by_ridge(x, truth) - truth) ** 2).sum(1) for x in (smooth, kinds))
    saved = before - after
    error = float(saved.std()) / len(saved) ** 0.5
    share = float(saved.mean()) / max(float(before.mean()), 1e-12)
    return share, float(saved.mean()) / max(error, 1e-12)
