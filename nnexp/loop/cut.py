"""Whether held-out rows of a loop are a stretch of the file, told by which rows are alike."""

from __future__ import annotations

import numpy as np

LOOKED, AMONG = 300, 3000  # rows whose nearest train row is looked for, and among how many
LEAST = 30  # held-out rows
NEAR = 0.1  # of the train rows, that the nearest other row is away from a row, in the file's order
ALONG = 0.5  # correlation of places in both parts, from which on they run side by side


def is_cut_in_order(x: np.ndarray, train: int) -> bool:
    """Whether the file's order is still there and the parts are stretches of it.

    Rows that were shuffled have their nearest row anywhere. Where they were not, held-out rows that
    were drawn from the whole file run along the train rows, and those of a stretch do not.

    Arguments:
        x: inputs (N, D), train rows first; NaN where missing.
        train: how many rows train.
    """
    held = len(x) - train
    if held < LEAST or train < LEAST:
        return False
    spread = np.nanstd(x[:train], axis=0)
    kept = np.isfinite(spread) & (spread > 0)
    points = np.nan_to_num((x[:, kept] - np.nanmean(x[:train, kept], axis=0)) / spread[kept])
    if not points.shape[1]:
        return False
    pool = _spaced(0, train, AMONG)
    for first, last, among in ((0, train, pool), (train, len(x), _spaced(train, len(x), AMONG))):
        asked = _spaced(first, last, LOOKED)
        own = _nearest(points, asked, among)
        if np.median(np.abs(own - asked)) >= NEAR * (last - first):
            return False
    own = _nearest(points, asked, pool)  # of held-out rows
    if np.ptp(own) == 0:
        return True
    return bool(np.corrcoef(asked, own)[0, 1] < ALONG)


def _spaced(first: int, last: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(first, last - 1, min(most, last - first)).astype(np.int64))


def _nearest(points: np.ndarray, asked: np.ndarray, pool: np.ndarray) -> np.ndarray:
    """The row of the pool that is nearest to each row asked for, itself aside."""
    square = (points[pool] ** 2).sum(1)
    away = square - 2 * points[asked] @ points[pool].T
    away[asked[:, None] == pool] = np.inf
    return np.asarray(pool[away.argmin(1)])
