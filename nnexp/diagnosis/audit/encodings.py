"""Columns made from the labels of all rows, the held-out ones included."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns, figure
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

LEVELS = 5  # fewer distinct values can equal class shares by chance
MOST = 0.5  # distinct values over rows, at most: each stands for several rows
EXACT = 1e-6  # of the spread of the column: rounding, not coincidence
LEAKS = 0.01  # levels over rows: with more rows a level, one more label changes next to nothing


def check(sheet: Sheet) -> Audit:
    """Numeric columns that are the mean of the label over the rows of a level, held-out rows too."""
    if not len(sheet.held_out):
        return Audit()
    found = {}
    for name, values in sheet.numbers.items():
        distinct, _ = sheet.distinct[name]
        if not LEVELS <= len(distinct) <= MOST * len(values) or not np.isfinite(values).all():
            continue
        if len(distinct) < LEAKS * len(values):
            continue
        place = encoded_class(values, sheet.y, sheet.train, len(sheet.classes))
        if place is not None:
            found[name] = (place, len(distinct))
    if not found:
        return Audit(checked=["no column equals a mean of the labels over a level"])
    name, (label, levels) = next(iter(found.items()))
    return Audit(
        [
            Nomination(
                "selection_leak",
                (
                    Evidence(
                        f"values of {name!r} that are a share of class {sheet.classes[label]!r} "
                        "among the rows of that value, held-out rows included",
                        f"all {levels}",
                        "none",
                    ),
                    Evidence("rows of such a value", figure(len(sheet.y) / levels), "any"),
                ),
                f"{columns(list(found))} holds means of the label over all rows, those of the "
                "held-out rows among them: it tells the label of rare levels outright, in train "
                "and held-out rows alike.",
                (also("data.drop", sheet.config.drop, list(found)),),
                strength=0.9,
                certain=True,
                subject=", ".join(found),
            )
        ]
    )


def encoded_class(values: np.ndarray, y: np.ndarray, train: np.ndarray, classes: int) -> int | None:
    """The class whose share among the rows of a value that value is, over all rows.

    Shares that were smoothed towards the overall share, (S + m p) / (n + m) of S in n rows, are
    recognised too, whatever m and p are.

    Arguments:
        values: the column (N,), finite.
        y: class indices (N,).
        train: row numbers.
        classes: C.

    Returns:
        The class, or None; also None where the shares among train rows fit as well.
    """
    distinct, level = np.unique(values, return_inverse=True)
    count = np.bincount(level)
    inside = np.bincount(level[train], minlength=len(distinct))
    if (inside == count).all():
        return None
    for place in range(classes):
        total = np.bincount(level, y == place, minlength=len(distinct))
        if not _fits(distinct, total, count):
            continue
        known = inside > 0
        part = np.bincount(level[train], y[train] == place, minlength=len(distinct))
        if not _fits(distinct[known], part[known], inside[known]):
            return place
    return None


def _fits(encoded: np.ndarray, total: np.ndarray, count: np.ndarray) -> bool:
    """Whether total - encoded * count = m (encoded - p) for one m >= 0 and p, m = 0 among them."""
    spread = float(encoded.std())
    if len(encoded) < LEVELS or spread == 0:
        return False
    # a level's share is met to rounding, or the column is no encoding
    if np.abs(total / count - encoded).max() <= EXACT * max(spread, 1e-3):
        return True
    if len(encoded) < 2 * LEVELS or len(np.unique(count)) < 3:
        return False
    left = total - encoded * count
    design = np.stack((encoded, -np.ones_like(encoded)), 1)
    solution, *_ = np.linalg.lstsq(design, left, rcond=None)
    missed = np.abs(design @ solution - left).max()
    smoothing = float(solution[0])
    prior = float(solution[1] / smoothing) if smoothing > 0 else -1.0
    return bool(smoothing > 0 and 0 <= prior <= 1 and missed <= 1e-5 * max(1.0, np.abs(left).max()))
