"""Columns of held-out rows that stand in another order than those of train rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.diagnosis.audit.chance import largest_gap
from nnexp.diagnosis.audit.learners.forest import sample
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split.moved import COMPARED, ROWS
from nnexp.diagnosis.audit.words import columns
from nnexp.diagnosis.finding import Evidence, Nomination

# Held against random splits of the tables of shared/data, their columns exchanged and not.
ALIKE = 0.15  # Kolmogorov's distance of a column in train rows to another one in a part, at most
AT_RANDOM = 1.36  # the same of equal columns in 95 % of draws, times sqrt(1/n + 1/m) (Smirnov 1948)
MANY = 10  # distinct numbers of a column that is compared
MOST = 60  # columns that are compared with each other
ALL = 0.8  # share of the columns that moved, which are where another one was


def in_another_order(
    sheet: Sheet, name: str, rows: np.ndarray, moved: Sequence[str]
) -> Nomination | None:
    """Columns that moved, each to where another one is in train rows.

    Arguments:
        sheet: the table.
        name: of the part, in words.
        rows: of the part.
        moved: names of the columns that are unlike those of train rows.
    """
    # of few values any two are alike once their shares are
    numbers = [own for own in sheet.numbers if len(sheet.distinct[own][0]) >= MANY]
    gone = [place for place, own in enumerate(numbers) if own in moved]
    if len(gone) < 2 or len(numbers) > MOST:
        return None
    from scipy.optimize import linear_sum_assignment

    train, part = (
        [own[drawn][np.isfinite(own[drawn])] for own in (sheet.numbers[n] for n in numbers)]
        for drawn in (sample(sheet.train, COMPARED), sample(rows, COMPARED))
    )
    if min(map(len, (*train, *part))) < ROWS:
        return None
    away = np.array([[largest_gap(a, b)[0] for b in part] for a in train])
    _, other = linear_sum_assignment(away)
    few, many = (min(map(len, side)) for side in (train, part))
    chance = AT_RANDOM * np.sqrt(1 / few + 1 / many)
    near = away[np.arange(len(numbers)), other] <= max(ALIKE, chance)
    own = np.argsort(other)  # of each column of the part, which of train it is like
    swapped = [p for p in gone if other[p] != p and near[p] and near[own[p]]]
    if len(swapped) < max(2, ALL * len(gone)):
        return None
    first = swapped[0]
    mine, its = repr(numbers[first]), repr(numbers[other[first]])
    return Nomination(
        "preprocessing_mismatch",
        (
            Evidence(
                f"Kolmogorov's distance of {mine} in train rows to {mine} and to {its} in {name} "
                "rows",
                f"{away[first, first]:.3f}, {away[first, other[first]]:.3f}",
                "the first is the smaller one",
            ),
        ),
        f"{columns([numbers[p] for p in swapped])} of train rows stand elsewhere in {name} rows, "
        "where other columns stand in train: each such row is read as another one",
        (),
        0.95,
        subject="columns in another order",
    )
