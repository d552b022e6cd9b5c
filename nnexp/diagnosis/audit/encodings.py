"""Columns made from the labels of all rows, the held-out ones included."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns, figure
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

LEVELS = 5  # fewer distinct values can equal class shares by chance
MOST = 0.5  # distinct values over rows, at most: each stands for several rows
EXACT = 1e-6  # rounding, not coincidence
WHOLE = 0.01  # distance from a whole number, likewise
FITTING = 0.95  # share of the levels that have to fit a smoothed share
TELLING = 0.01  # levels over rows from which a row's own label weighs much in its level's mean


def check(sheet: Sheet) -> Audit:
    """Numeric columns that are the label's mean over the rows of a level, held-out rows too."""
    if not len(sheet.held_out):
        return Audit()
    found = {}
    for name, values in sheet.numbers.items():
        distinct, _ = sheet.distinct[name]
        if not LEVELS <= len(distinct) <= MOST * len(values) or not np.isfinite(values).all():
            continue
        place = encoded_class(values, sheet.y, sheet.train, len(sheet.classes))
        if place is not None:
            found[name] = (place, len(distinct))
    if not found:
        return Audit(checked=["no column equals a mean of the labels over a level"])
    name, (label, levels) = max(found.items(), key=lambda item: item[1][1])
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
                strength=0.9 if levels >= TELLING * len(sheet.y) else 0.6,
                certain=levels >= TELLING * len(sheet.y),
                subject=", ".join(found),
            )
        ]
    )


def encoded_class(values: np.ndarray, y: np.ndarray, train: np.ndarray, classes: int) -> int | None:
    """The class whose share among the rows of a value that value is, over all rows.

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
    if (inside == count).all() or np.ptp(distinct) <= EXACT:
        return None
    for place in range(classes):
        total = np.bincount(level, y == place, minlength=len(distinct))
        if is_share(distinct, total, count):
            part = np.bincount(level[train], y[train] == place, minlength=len(distinct))
            known = inside > 0
            if not is_share(distinct[known], part[known], inside[known]):
                return place
    return None


def is_share(encoded: np.ndarray, total: np.ndarray, count: np.ndarray) -> bool:
    """Whether every value is a level's share, its own or one that was smoothed.

    A share of S in n rows that is smoothed towards the share p of all rows is
    (S + m p) / (n + m) for some m (Micci-Barreca 2001, SIGKDD Explorations 3). Where k levels of
    equal S and n meet in one value, (sum of S - value * sum of n) / (value - p) is k m.

    Arguments:
        encoded: the distinct values (L,).
        total: rows of the class that have each (L,).
        count: rows that have each (L,).
    """
    if len(encoded) < LEVELS:
        return False
    left = total - encoded * count
    if np.abs(left / count).max() <= EXACT:
        return True
    away = encoded - total.sum() / count.sum()
    far = np.abs(away) > 1e-3 * max(float(np.ptp(encoded)), 1e-12)
    if far.sum() < 2 * LEVELS or (left[far] / away[far]).min() <= 0:
        return False
    times = left[far] / away[far]
    times /= times.min()
    fitting = np.abs(times - np.round(times)) <= WHOLE
    return bool(times.max() < 1 / WHOLE and fitting.mean() >= FITTING)
