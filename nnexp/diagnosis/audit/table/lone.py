"""Numbers that may stand for missing cells: many cells hold one, alone on one side of all others.

A year of 1900 beside 1980 to 2019 is not so far away that nothing else explains it, and is written
as years are: it is worth a note, and no finding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

# Held against years (1900 and 1970 beside later ones), 300 beside 0 to 99, and so many cells of
# one number beside normal ones; none of heavy-tailed counts, of ages with a highest class, of
# flags and of amounts that may be nil is told, and of the 1,910 numeric columns of scikit-learn's
# tables and shared/data one: gains of 99,999 in adult, which stand for all beyond.
CELLS = 5  # that hold the number: fewer are outliers
SHARE = (0.005, 0.6)  # of the column's known cells; beyond, it is what the column is about
OTHERS = 10  # distinct other numbers: with fewer the column is a code itself
GAP = 0.6  # distance to the next number over the range of all others
INNER = 4.0  # and over the widest gap among these, as tails have some
OFTEN = 1.0  # cells of the number over those of an other one near it, in the mean
NEAR = 5  # numbers next to it that are near


@dataclass(frozen=True)
class Lone:
    """A number that many cells hold, alone on one side of all others.

    Arguments:
        value: the number.
        cells: how many hold it.
        low, high: the range of all others.
    """

    value: float
    cells: int
    low: float
    high: float


def find_lone(values: np.ndarray, counts: np.ndarray) -> Lone | None:
    """The number of a column that stands alone; None for none, and for 0, which may be nil.

    Arguments:
        values: its distinct finite numbers, ascending (m,).
        counts: how often each is there (m,).

    >>> years = np.array([1900.0, *range(1980, 2020)])
    >>> find_lone(years, np.array([50, *[20] * 40]))
    Lone(value=1900.0, cells=50, low=1980.0, high=2019.0)
    >>> find_lone(years[1:], np.array([20] * 40))
    """
    if len(values) <= OTHERS:
        return None
    gaps, total = np.diff(values), float(counts.sum())
    for place, gap, inner, near in (
        (0, gaps[0], gaps[1:], counts[1 : NEAR + 1]),
        (-1, gaps[-1], gaps[:-1], counts[-NEAR - 1 : -1]),
    ):
        cells, extent = int(counts[place]), float(inner.sum())
        if values[place] == 0 or cells < CELLS or not SHARE[0] <= cells / total <= SHARE[1]:
            continue
        alone = gap >= GAP * extent and gap >= INNER * inner.max()
        if alone and cells >= OFTEN * near.mean():
            others = np.delete(values, place)
            return Lone(float(values[place]), cells, float(others[0]), float(others[-1]))
    return None
