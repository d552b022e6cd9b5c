"""Held-out rows that are train rows but for a little noise."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import share_p
from nnexp.diagnosis.audit.rows import DistinctRows
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import p_text, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination

NEAR = 0.1  # of the usual distance of nearest neighbours; cleanlab calls 0.13 near
DIMENSIONS = 8  # of the projection that is searched
COLUMNS = 4  # with fewer, near rows are chance, and only an excess over train says anything
QUERIES = 1000  # held-out rows looked up
USUAL = (100, 5000)  # train rows that the usual distance is taken from, and to which
COPIES, LEAP = 12, 5.0  # copies of a row, at most, and how much farther its next neighbour is
LISTED = 6  # nearest rows looked at
SHARE = 0.05  # of the held-out rows with a near copy in train
ROWS = 5  # of them, at least
TIMES = 3.0  # the share of train rows that have one within train
CHANCE = 1e-4  # p of that excess


def check(sheet: Sheet, rows: DistinctRows, *, grouped: bool = False) -> Audit:
    """Rows on both sides of the split that differ by far less than rows do.

    Arguments:
        sheet, rows: the table, and its rows told apart.
        grouped: whether groups of rows are told already, whose rows may be that near to each other.
    """
    points = Points(sheet)
    held, inside = _drawn(sheet.held_out), _drawn(sheet.train)
    if not points.units or len(held) < ROWS or len(sheet.train) < 30:
        return Audit()
    usual = _usual_distance(points, sheet.train)
    if not 0 < usual < np.inf:
        return Audit()
    both = _near(points, sheet.train, np.concatenate((held, inside)), NEAR * usual, rows.kind)
    near, within = both[: len(held)], both[len(held) :]
    share, rate = float(near.mean()), float(within.mean())
    p = share_p(int(near.sum()), len(near), int(within.sum()), len(within))
    excess = share >= TIMES * rate and p < CHANCE
    everywhere = len(points.units) >= COLUMNS and rate >= 2 * SHARE and is_continuous(sheet)
    if near.sum() < ROWS or share < SHARE or not (excess or (everywhere and not grouped)):
        return Audit()
    usually = f"{percent(rate)}, as within train ({p_text(p)})"
    return Audit(
        [
            Nomination(
                "duplicate_leak",
                (
                    Evidence(
                        f"held-out rows nearer to a train row than {NEAR} of the usual distance",
                        f"{int(near.sum())} of {len(near)} ({percent(share)})",
                        usually if excess else f"next to none; within train it is {percent(rate)}",
                    ),
                    Evidence(
                        "usual distance of nearest neighbours, in standard deviations",
                        round(usual, 3),
                        "that of held-out rows too",
                    ),
                ),
                "Held-out rows are train rows but for a little noise: they are told from memory, "
                "and the accuracy on them says nothing of new rows.",
                (),
                strength=0.8,
            )
        ]
    )


class Points:
    """The rows by their numeric columns, in standard deviations; missing cells at the mean.

    Arguments:
        sheet: the table.
    """

    def __init__(self, sheet: Sheet) -> None:
        self.numbers = sheet.numbers
        self.size = len(sheet.y)
        self.units = sheet.units

    def column(self, name: str, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """A column of some rows (n,)."""
        middle, unit = self.units[name]
        values = self.numbers[name][rows]
        return np.where(np.isfinite(values), (values - middle) / unit, 0.0)

    def at(self, rows: np.ndarray) -> np.ndarray:
        """Some rows (n, d)."""
        cells = np.empty((len(rows), len(self.units)))
        for place, name in enumerate(self.units):
            cells[:, place] = self.numbers[name][rows]
        middle, unit = np.array(list(self.units.values())).reshape(-1, 2).T
        return np.where(np.isfinite(cells), (cells - middle) / unit, 0.0)

    def complete(self, rows: np.ndarray) -> np.ndarray:
        """Which of some rows have no missing cell (n,): others are near by what they lack."""
        return np.all([np.isfinite(self.numbers[name][rows]) for name in self.units], axis=0)

    def flat(self) -> np.ndarray:
        """All rows, projected onto `DIMENSIONS` random axes where there are more (N, m)."""
        width = len(self.units)
        if width <= DIMENSIONS:
            return self.at(np.arange(self.size))
        axes = np.linalg.qr(np.random.default_rng(0).normal(size=(width, DIMENSIONS)))[0]
        joined = np.zeros((self.size, DIMENSIONS))
        for name, axis in zip(self.units, axes, strict=True):
            joined += self.column(name)[:, None] * axis
        return joined


def without_near_copies(sheet: Sheet, rows: np.ndarray) -> np.ndarray:
    """Rows (n,) but for those that nearly equal an earlier one: one row measured several times.

    All of them where rows are near by chance: few columns, or few values.
    """
    from scipy.spatial import cKDTree

    points = Points(sheet)
    if len(points.units) < COLUMNS or len(rows) < 2 or not is_continuous(sheet):
        return rows
    usual = _usual_distance(points, rows)
    if not 0 < usual < np.inf:
        return rows
    at = points.at(rows)
    pairs = cKDTree(at).query_pairs(NEAR * usual * np.sqrt(at.shape[1]), output_type="ndarray")
    kept = np.ones(len(rows), dtype=bool)
    kept[pairs.max(1)] = False
    return rows[kept]


def is_continuous(sheet: Sheet) -> bool:
    """Whether most numeric columns have a value of its own for every second row."""
    shares = [len(values) / max(1, counts.sum()) for values, counts in sheet.distinct.values()]
    return bool(np.mean(np.array(shares) >= 0.5) > 0.5)


def _drawn(rows: np.ndarray) -> np.ndarray:
    if len(rows) <= QUERIES:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, QUERIES, replace=False))


def _usual_distance(points: Points, train: np.ndarray) -> float:
    """Median distance to the nearest other row, root mean square over the columns.

    Where most rows have copies, it is the one to the nearest row that is none: distances of
    neighbours grow step by step, and those of copies are followed by a leap.
    """
    rng = np.random.default_rng(0)
    chosen, others = (points.at(rng.permutation(train)[:count]) for count in USUAL)
    ranked = np.full((len(chosen), COPIES + 1), np.inf)
    for place, row in enumerate(chosen):
        away = ((others - row) ** 2).mean(1)
        nearest = np.sort(away[away > 0])[: COPIES + 1]
        ranked[place, : len(nearest)] = np.sqrt(nearest)
    with np.errstate(invalid="ignore"):
        leaps = ranked[:, 1:] / ranked[:, :-1]
    leaps = np.where(np.isfinite(leaps), leaps, 0.0)
    after = np.where(leaps.max(1) >= LEAP, leaps.argmax(1) + 1, 0)
    if (after > 0).mean() > 0.5:
        return float(np.median(ranked[np.arange(len(ranked)), after]))
    return float(np.median(ranked[:, 0]))


def _near(
    points: Points, train: np.ndarray, rows: np.ndarray, reach: float, kind: np.ndarray
) -> np.ndarray:
    """Which rows have another train row within reach that does not equal them, bool (n,)."""
    from scipy.spatial import cKDTree

    flat, own = points.flat(), points.at(rows)
    bound = reach * np.sqrt(own.shape[1])
    count = min(LISTED, len(train))
    _, places = cKDTree(flat[train]).query(flat[rows], count, distance_upper_bound=bound)
    found, complete = np.zeros(len(rows), dtype=bool), points.complete(rows)
    for place in places.reshape(len(rows), count).T:  # no neighbour: the number of train rows
        hit = np.flatnonzero((place < len(train)) & complete)
        others = train[place[hit]]
        away = np.sqrt(((points.at(others) - own[hit]) ** 2).mean(1))
        found[hit] |= (kind[others] != kind[rows[hit]]) & (away <= reach)
    return found
