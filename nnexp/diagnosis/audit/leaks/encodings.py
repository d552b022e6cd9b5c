"""Columns made from the labels of all rows, the held-out ones included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np

from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns, figure
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

Sums = Sequence[np.ndarray]  # of each distinct value, (L,), in train and in each held-out part

RELATED = 0.5  # correlation of the values with the shares, at least
LEVELS = 5  # fewer distinct values can equal class shares by chance
MOST = 0.5  # distinct values over rows, at most: each stands for several rows
EXACT = 1e-6  # rounding, not coincidence
DECIMALS = 3  # of rounded shares, at least: with fewer, they are near to any
WHOLE = 0.03  # distance from a whole number, likewise, beyond what rounding makes, ...
VAGUE = 0.25  # ... which leaves a level out of it from here on
LOOKED = 300  # levels that are looked at
MERGED = 1000  # levels that meet in one value, at most
FITTING = 0.95  # share of the levels that have to fit a smoothed share
PRIORS = 0.04  # the share that smoothing draws to is looked for so far around that of the rows, ...
STEPS = 8001  # ... in so many steps
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
        parts, classes = list(sheet.parts.values()), len(sheet.classes)
        place = encoded_class(values, sheet.y, sheet.train, parts, classes)
        if place is not None:
            found[name] = (f"a share of class {sheet.classes[place]!r}", len(distinct))
        elif classes > 2 and is_encoded_number(values, sheet.y, sheet.train, parts):
            found[name] = ("the mean of the classes' numbers", len(distinct))
    if not found:
        return Audit(checked=["no column equals a mean of the labels over a level"])
    name, (what, levels) = max(found.items(), key=lambda item: item[1][1])
    return Audit(
        [
            Nomination(
                "selection_leak",
                (
                    Evidence(
                        f"values of {name!r} that are {what} "
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


def encoded_class(
    values: np.ndarray, y: np.ndarray, train: np.ndarray, parts: Sequence[np.ndarray], classes: int
) -> int | None:
    """The class whose share among the rows of a value that value is, held-out rows included.

    Arguments:
        values: the column (N,), finite.
        y: class indices (N,).
        train: row numbers.
        parts: row numbers of each held-out part; the means may be of train rows and any of them.
        classes: C.

    Returns:
        The class, or None.
    """
    distinct, level = np.unique(values, return_inverse=True)
    if distinct[0] < -EXACT or distinct[-1] > 1 + EXACT or np.ptp(distinct) <= EXACT:
        return None
    means = _Means(distinct, [(level[rows], y[rows]) for rows in (train, *parts)])
    for place in range(classes):
        sums = [means.among(levels[own == place]) for levels, own in means.parts]
        if means.tell(sums, sums, is_share):
            return place
    return None


def is_encoded_number(
    values: np.ndarray, y: np.ndarray, train: np.ndarray, parts: Sequence[np.ndarray]
) -> bool:
    """Whether a column is the mean of the class numbers, from 0 or from 1, of the rows of a value.

    A copy of these numbers is none.

    Arguments: as for `encoded_class`.
    """
    distinct, level = np.unique(values, return_inverse=True)
    means = _Means(distinct, [(level[rows], y[rows]) for rows in (train, *parts)])
    for first in (0, 1):
        sums = [means.among(levels, own + first) for levels, own in means.parts]
        squares = [means.among(levels, (own + first) ** 2) for levels, own in means.parts]
        mixed = means.mixed(np.sum(sums, 0), np.sum(squares, 0), np.sum(means.counts, 0))
        if mixed and means.tell(sums, squares, _is_mean):
            return True
    return False


class _Means:
    """A column's values, which may be means of a quantity over some of the rows.

    Arguments:
        distinct: the values (L,), ascending.
        parts: of train and of each held-out part which value each row has, and its class index.
    """

    def __init__(
        self, distinct: np.ndarray, parts: Sequence[tuple[np.ndarray, np.ndarray]]
    ) -> None:
        self.distinct, self.parts = distinct, parts
        self.counts = [self.among(levels) for levels, _ in parts]
        self._rounding = _rounding(distinct)

    def among(self, levels: np.ndarray, weights: np.ndarray | None = None) -> np.ndarray:
        """Of each value the number of its rows among some, or a sum over them (L,)."""
        return np.bincount(levels, weights, minlength=len(self.distinct))

    def tell(self, sums: Sums, squares: Sums, are: Callable[..., bool]) -> bool:
        """Whether they are means of train rows and held-out ones.

        Where those of train rows alone fit as well, as in a split by what they were made of, those
        of a held-out part alone have to, and of values that do not settle the quantity.

        Arguments:
            sums, squares: of the quantity and of its squares.
            are: whether values are means, as `is_share`.
        """
        held_out = range(1, len(self.parts))
        if self._fit(sums, (0,), are):
            return any(
                self._fit(sums, (part,), are)
                and self.mixed(sums[part], squares[part], self.counts[part])
                for part in held_out
            )
        return any(
            self._fit(sums, (0, *chosen), are)
            for size in range(len(held_out), 0, -1)
            for chosen in combinations(held_out, size)
        )

    @staticmethod
    def mixed(total: np.ndarray, squares: np.ndarray, count: np.ndarray) -> bool:
        """Whether several values have rows that differ in the quantity, by its sums (L,)."""
        known = np.maximum(count, 1)
        return int((squares / known - (total / known) ** 2 > EXACT).sum()) >= LEVELS

    def _fit(self, sums: Sums, parts: Sequence[int], are: Callable[..., bool]) -> bool:
        total = np.sum([sums[part] for part in parts], 0)
        count = np.sum([self.counts[part] for part in parts], 0)
        known = count > 0
        if known.all():
            return are(self.distinct, total, count, self._rounding)
        own = self.distinct[known]
        return len(own) > 0 and are(own, total[known], count[known], _rounding(own))


def _is_mean(encoded: np.ndarray, total: np.ndarray, count: np.ndarray, rounding: float) -> bool:
    """Whether every value is its rows' mean; arguments as for `is_share`."""
    if len(encoded) < LEVELS:
        return False
    return bool(np.abs(total / count - encoded).max() <= rounding)


def is_share(encoded: np.ndarray, total: np.ndarray, count: np.ndarray, rounding: float) -> bool:
    """Whether every value is a level's share, its own or one that was smoothed.

    A share of S in n rows that is smoothed towards a share p is (S + m p) / (n + m) for some m
    (Micci-Barreca 2001, SIGKDD Explorations 3). Where k levels of equal S and n meet in one
    value, (sum of S - value * sum of n) / (value - p) is k m. p is about that of all rows.

    Arguments:
        encoded: the distinct values (L,).
        total: rows of the class that have each (L,).
        count: rows that have each (L,).
        rounding: by how much the values may be off for having been rounded.
    """
    if len(encoded) < LEVELS:
        return False
    left = total - encoded * count
    if np.abs(left / count).max() <= rounding:
        return True
    share = total.sum() / count.sum()
    own = total / count
    if np.ptp(own) == 0 or abs(np.corrcoef(encoded, own)[0, 1]) < RELATED:
        return False  # a smoothed share still rises with the share
    rounded = count * rounding
    return _is_smoothed(encoded, left, rounded, np.array([share])) or _is_smoothed(
        encoded, left, rounded, share + np.linspace(-PRIORS, PRIORS, STEPS)
    )


def _rounding(values: np.ndarray) -> float:
    """Half a unit of the last decimal that values are written with, of three or more."""
    for decimals in range(DECIMALS, 6):
        if np.abs(values - np.round(values, decimals)).max() <= 1e-9:
            return 0.5 * 10.0**-decimals + EXACT
    return EXACT


def _is_smoothed(
    encoded: np.ndarray, left: np.ndarray, rounded: np.ndarray, priors: np.ndarray
) -> bool:
    """Whether for one of the priors (P,) nearly all levels are a whole number of equal ones.

    Arguments:
        encoded, left: values (L,), and what `is_share` leaves of their sums.
        rounded: by how much rounding may change the latter (L,).
        priors: the shares to try.
    """
    if len(left) > LOOKED:  # single levels are the telling ones
        chosen = np.argsort(np.abs(left / (np.abs(encoded - priors.mean()) + EXACT)))[:LOOKED]
        left, encoded, rounded = left[chosen], encoded[chosen], rounded[chosen]
    away = encoded - priors[:, None]  # (P, L)
    far = np.abs(away) > 0.05 * float(np.ptp(encoded))
    times = np.where(far, left / np.where(far, away, 1.0), np.inf)
    usable = times.min(1) > 0
    times, far, away = times[usable], far[usable], away[usable]
    if not len(times):
        return False
    vague = np.where(far, rounded / np.where(far, np.abs(away), 1.0), np.inf)
    least, rows = times.argmin(1), np.arange(len(times))
    unit = times[rows, least][:, None]
    times = np.where(far, times / unit, 0.0)
    vague = (vague + times * vague[rows, least][:, None]) / unit
    judged = far & (vague < VAGUE)
    fits = judged & (np.abs(times - np.round(times)) <= WHOLE + vague)
    enough = (judged.sum(1) >= 2 * LEVELS) & (times.max(1) < MERGED)
    return bool((fits.sum(1) >= FITTING * judged.sum(1))[enough].any())
