"""What codes tell of the label, as kinds and as amounts.

Alone: a level by itself against the levels beside it, their order against random ones. Beside all
other columns: a ridge regression sees every column, and of each that may be of codes a smooth
curve. Where it judges rows better that it did not learn from once it sees each code by itself, the
codes tell what no amount tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from nnexp.diagnosis.audit.chance import cross
from nnexp.diagnosis.audit.learners.linear import by_ridge, standardised

BENDS = (0.2, 0.4, 0.6, 0.8)  # ranks at which the curve of a column may bend
ORDERS = 200  # random orders of a column's codes


@dataclass(frozen=True)
class Ordered:
    """How much the levels of a column tell of the label, and how much their neighbours do.

    Arguments:
        own: share of the label's variance that a level explains in the other half of the rows.
        neighbour: the share that the level of the next code explains.
        errors: of `own`, in standard errors.
        levels: how many there are.
    """

    own: float
    neighbour: float
    errors: float
    levels: int


def compare_levels(values: np.ndarray, y: np.ndarray, classes: int) -> Ordered:
    """Products of the class shares of a level in two halves of the rows, and across neighbours.

    The noise of a half is independent of that of the other, so that both products are unbiased
    however few rows a level has.

    Arguments:
        values: integers (n,).
        y: class indices (n,).
        classes: C.
    """
    _, codes = np.unique(values, return_inverse=True)
    count = int(codes.max()) + 1
    total = np.bincount(y, minlength=classes) / len(y)
    variance = float((total * (1 - total)).sum())
    half = np.random.default_rng(0).permutation(len(y)) < len(y) // 2
    means, sizes = [], []
    for rows in (half, ~half):
        counts = cross(codes[rows], y[rows], (count, classes))
        size = counts.sum(1).astype(float)
        means.append(counts / size.clip(1)[:, None] - total)
        sizes.append(size)
    own, own_error = _product(means[0], means[1], np.minimum(*sizes))
    beside = [
        _product(means[0][:-1], means[1][1:], np.minimum(sizes[0][:-1], sizes[1][1:]))[0],
        _product(means[0][1:], means[1][:-1], np.minimum(sizes[0][1:], sizes[1][:-1]))[0],
    ]
    variance = max(variance, 1e-12)
    errors = own / own_error if own_error > 0 else 0.0
    return Ordered(own / variance, float(np.mean(beside)) / variance, errors, count)


def order_of_codes(values: np.ndarray, y: np.ndarray, classes: int) -> tuple[float, float]:
    """How much codes tell of the label, and how their order compares with random ones.

    Arguments:
        values: integers (n,).
        y: class indices (n,).
        classes: C.

    Returns:
        The share of the label's variance that the codes explain, less what is expected by chance;
        the share of random orders of the codes in which the class shares of neighbours are more
        alike, equal ones counted by half.
    """
    from scipy.spatial.distance import cdist

    _, codes = np.unique(values, return_inverse=True)
    count = int(codes.max()) + 1
    counts = cross(codes, y, (count, classes))
    size = counts.sum(1)
    shares = counts / size[:, None]
    total = np.bincount(y, minlength=classes) / len(y)
    variance = max(float((total * (1 - total)).sum()), 1e-12)
    explained = float((((shares - total) ** 2).sum(1) * size).sum()) / len(y) / variance
    apart = cdist(shares, shares, "sqeuclidean")  # (L, L)
    orders = _random_orders(count)
    steps = apart[orders[:, :-1], orders[:, 1:]].sum(1)
    own = float(np.diagonal(apart, 1).sum())
    equal = np.abs(steps - own) <= 1e-9 * max(own, 1e-12)
    place = float(((steps < own) & ~equal).mean() + 0.5 * equal.mean())
    return explained - (count - 1) / len(y), place


@lru_cache(64)
def _random_orders(count: int) -> np.ndarray:
    """Orders (R, count) of so many codes, the same for every column."""
    rng = np.random.default_rng(0)
    return np.array([rng.permutation(count) for _ in range(ORDERS)])


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


def _product(a: np.ndarray, b: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """The weighted mean of the rows' dot products, and its standard error."""
    if not weight.sum():
        return 0.0, 0.0
    dots = (a * b).sum(1)
    mean = float((dots * weight).sum() / weight.sum())
    error = float(np.sqrt(((weight * (dots - mean)) ** 2).sum()) / weight.sum())
    return mean, error
