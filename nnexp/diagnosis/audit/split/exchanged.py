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
ALL = 0.8  # share of the columns that moved, which are distributed as the one that was there
FEWEST = 3  # columns whose correlations are compared
# of the difference of their correlations, what is left with the columns put back, at most; and how
# many times chance it is before, at least
RIGHTED, BEYOND = 0.5, 1.5
OWN = 5  # rows of a class on either side, of which a mean is taken
ROUNDS = 5  # in which each column is matched by its correlations with the matches of the others


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

    compared = _distances(sheet, numbers, rows)
    if compared is None:
        return None
    away, near_by = compared
    _, other = linear_sum_assignment(away)
    near = away[np.arange(len(numbers)), other] <= near_by
    own = np.argsort(other)  # of each column of the part, which of train it is like
    swapped = [p for p in gone if other[p] != p and near[p] and near[own[p]]]
    if len(swapped) < max(2, ALL * len(gone)):
        return None
    first = swapped[0]
    mine, its = repr(numbers[first]), repr(numbers[other[first]])
    evidence = Evidence(
        f"Kolmogorov's distance of {mine} in train rows to {mine} and to {its} in {name} rows",
        f"{away[first, first]:.3f}, {away[first, other[first]]:.3f}",
        "the first is the smaller one",
    )
    return _nominated([numbers[place] for place in swapped], name, evidence)


def go_with_others(sheet: Sheet, name: str, rows: np.ndarray) -> Nomination | None:
    """Columns of a part that go with each other as others do in train rows.

    Columns that were scaled are distributed alike wherever they stand; what they go with, and
    their means of the classes, tells them apart.

    Arguments:
        sheet: the table, whose part is unlike its train rows.
        name: of the part, in words.
        rows: of the part.
    """
    numbers = [own for own in sheet.numbers if len(sheet.distinct[own][0]) >= MANY]
    if not FEWEST <= len(numbers) <= MOST:
        return None
    compared = _distances(sheet, numbers, rows)
    if compared is None:
        return None
    away, near_by = compared
    sides = sample(sheet.train, COMPARED), sample(rows, COMPARED)
    other, straight, turned = _matched(sheet, numbers, *sides, away)
    swapped = np.flatnonzero(other != np.arange(len(numbers)))
    chance = np.sqrt(1 / len(sides[0]) + 1 / len(sides[1]))
    if len(swapped) < 2 or turned > RIGHTED * straight or straight < BEYOND * chance:
        return None
    if (away[swapped, other[swapped]] <= near_by).mean() < ALL:
        return None
    evidence = Evidence(
        f"mean difference of the columns' correlations in train and in {name} rows, as they stand "
        "and with those columns put back",
        f"{straight:.3f}, {turned:.3f}",
        "the first is the smaller one",
    )
    return _nominated([numbers[place] for place in swapped], name, evidence)


def _nominated(swapped: Sequence[str], name: str, evidence: Evidence) -> Nomination:
    return Nomination(
        "preprocessing_mismatch",
        (evidence,),
        f"{columns(swapped)} of train rows stand elsewhere in {name} rows, where other columns "
        "stand in train: each such row is read as another one",
        (),
        0.95,
        subject="columns in another order",
    )


def _distances(
    sheet: Sheet, numbers: Sequence[str], rows: np.ndarray
) -> tuple[np.ndarray, float] | None:
    """Kolmogorov's distances (d, d) of columns in train rows to columns in a part, and the one up
    to which two are alike; None where there are too few numbers.
    """
    train, part = (
        [own[drawn][np.isfinite(own[drawn])] for own in (sheet.numbers[n] for n in numbers)]
        for drawn in (sample(sheet.train, COMPARED), sample(rows, COMPARED))
    )
    few, many = (min(map(len, side)) for side in (train, part))
    if min(few, many) < ROWS:
        return None
    away = np.array([[largest_gap(a, b)[0] for b in part] for a in train])
    return away, max(ALIKE, AT_RANDOM * float(np.sqrt(1 / few + 1 / many)))


def _matched(
    sheet: Sheet, numbers: Sequence[str], train: np.ndarray, part: np.ndarray, away: np.ndarray
) -> tuple[np.ndarray, float, float]:
    """Which column of a part is which of train rows, each once: by its distribution, its means of
    the classes and its correlations with the others.

    Arguments:
        sheet: the table.
        numbers: names of the columns.
        train, part: rows of either side.
        away: Kolmogorov's distances (d, d), train by part.

    Returns:
        For each column of train rows that of the part (d,), and the mean difference of the
        correlations of two columns, as they stand and so matched.
    """
    from scipy.optimize import linear_sum_assignment

    columns = np.stack([sheet.numbers[name] for name in numbers], 1)
    own, its = (_filled(columns[rows]) for rows in (train, part))
    counts = [np.bincount(sheet.y[rows], minlength=len(sheet.classes)) for rows in (train, part)]
    classes = np.flatnonzero(np.minimum(*counts) >= OWN)
    unlike = away.copy()
    for place in classes:
        means = own[sheet.y[train] == place].mean(0), its[sheet.y[part] == place].mean(0)
        apart = np.abs(means[0][:, None] - means[1]) / np.maximum(own.std(0), 1e-300)[:, None]
        unlike += np.minimum(apart, 1.0) / len(classes)
    with np.errstate(invalid="ignore", divide="ignore"):
        one, two = (np.nan_to_num(np.corrcoef(side.T)) for side in (own, its))
    # what a column goes with, whichever those are, until it is known which they are
    profile = np.abs(np.sort(one, 1)[:, None] - np.sort(two, 1)[None]).mean(2)
    _, other = linear_sum_assignment(unlike + profile)
    for _ in range(ROUNDS):
        before = other
        together = np.abs(one[:, None] - two[:, other][None]).mean(2)
        _, other = linear_sum_assignment(unlike + together)
        if np.array_equal(other, before):
            break
    pairs = ~np.eye(len(numbers), dtype=bool)
    straight, turned = (
        float(np.abs(one - own)[pairs].mean()) for own in (two, two[np.ix_(other, other)])
    )
    return np.asarray(other), straight, turned


def _filled(columns: np.ndarray) -> np.ndarray:
    """With the middle of a column where it has no number."""
    fine = np.isfinite(columns)
    middle = np.nanmedian(np.where(fine, columns, np.nan), 0)
    return np.asarray(np.where(fine, columns, middle))
