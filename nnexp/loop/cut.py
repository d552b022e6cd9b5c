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
    pool, part = _spaced(0, train, AMONG), _spaced(train, len(x), AMONG)
    known = np.isfinite(x[pool]).any(0)
    near, far = x[pool][:, known], x[part][:, known]
    middle, spread = np.nanmean(near, axis=0), np.nanstd(near, axis=0)
    kept = spread > 0
    if not kept.any():
        return False
    near, far = (np.nan_to_num((own[:, kept] - middle[kept]) / spread[kept]) for own in (near, far))
    for own in (near, far):
        asked = _spaced(0, len(own), LOOKED)
        away = np.abs(_nearest(own[asked], own, asked) - asked)
        if np.median(away) >= NEAR * len(own):
            return False
    asked = _spaced(0, len(far), LOOKED)
    own = _nearest(far[asked], near)
    if np.ptp(own) == 0:
        return True
    return bool(np.corrcoef(asked, own)[0, 1] < ALONG)


def _spaced(first: int, last: int, most: int) -> np.ndarray:
    return np.unique(np.linspace(first, last - 1, min(most, last - first)).astype(np.int64))


def _nearest(rows: np.ndarray, among: np.ndarray, own: np.ndarray | None = None) -> np.ndarray:
    """Which of the rows among is nearest to each row, its `own` place aside."""
    away = (among**2).sum(1) - 2 * rows @ among.T
    if own is not None:
        away[np.arange(len(rows)), own] = np.inf
    return np.asarray(away.argmin(1))
