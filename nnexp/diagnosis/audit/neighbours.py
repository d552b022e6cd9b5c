"""Held-out rows that are train rows but for a little noise."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit import identifiers
from nnexp.diagnosis.audit.chance import share_p
from nnexp.diagnosis.audit.rows import Rows
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import chance, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination

NEAR = 0.1  # of the usual distance of nearest neighbours; cleanlab calls 0.13 near
DIMENSIONS = 8  # of the projection that is searched
COLUMNS = (
    4  # with fewer, near rows are chance, and only more of them than within train say anything
)
QUERIES = 1000  # held-out rows looked up
USUAL = (100, 20_000)  # train rows that the usual distance is taken from, and to which
LISTED = 6  # nearest rows looked at
SHARE = 0.05
ROWS = 5
TIMES = 3.0
CHANCE = 1e-4


def check(sheet: Sheet, rows: Rows) -> Audit:
    """Rows on both sides of the split that differ by far less than rows do."""
    points = _points(sheet)
    held = _drawn(sheet.held_out)
    if not points.shape[1] or len(held) < ROWS or len(sheet.train) < 30:
        return Audit()
    usual = _usual_distance(points, sheet.train)
    if usual <= 0:
        return Audit()
    near = _near(points, sheet.train, held, NEAR * usual, rows.kind)
    inside = _drawn(sheet.train)
    within = _near(points, sheet.train, inside, NEAR * usual, rows.kind)
    share, rate = near.mean(), within.mean()
    p = share_p(int(near.sum()), len(near), int(within.sum()), len(within))
    excess = share >= TIMES * rate and p < CHANCE
    everywhere = points.shape[1] >= COLUMNS and rate >= 2 * SHARE and _continuous(sheet)
    if near.sum() < ROWS or share < SHARE or not (excess or everywhere):
        return Audit()
    return Audit(
        [
            Nomination(
                "duplicate_leak",
                (
                    Evidence(
                        f"held-out rows nearer to a train row than {NEAR} of the usual distance",
                        f"{int(near.sum())} of {len(near)} ({percent(float(share))})",
                        f"{percent(float(rate))}, as within train ({chance(p)})",
                    ),
                    Evidence(
                        "usual distance of nearest neighbours, in standard deviations",
                        round(float(usual), 3),
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


def _points(sheet: Sheet) -> np.ndarray:
    """(N, d): the numeric columns in units of their spread."""
    named, columns = identifiers.find(sheet), []
    for name, values in sheet.numbers.items():
        known = np.isfinite(values)
        if name in named or not known.any():
            continue
        middle, spread = float(values[known].mean()), float(values[known].std())
        if spread > 0:
            columns.append(np.where(known, (values - middle) / spread, 0.0))
    return np.stack(columns, 1) if columns else np.zeros((len(sheet.y), 0))


def _continuous(sheet: Sheet) -> bool:
    """Whether most numeric columns have a value of its own for every second row."""
    shares = [len(values) / max(1, counts.sum()) for values, counts in sheet.distinct.values()]
    return bool(np.mean(np.array(shares) >= 0.5) > 0.5)


def _drawn(rows: np.ndarray) -> np.ndarray:
    if len(rows) <= QUERIES:
        return rows
    return np.sort(np.random.default_rng(0).choice(rows, QUERIES, replace=False))


def _usual_distance(points: np.ndarray, train: np.ndarray) -> float:
    """Median distance to the nearest other row, root mean square over the columns."""
    rng = np.random.default_rng(0)
    chosen, others = (rng.permutation(train)[:count] for count in USUAL)
    best = np.empty(len(chosen))
    pool = points[others]
    for place, row in enumerate(chosen):
        away = ((pool - points[row]) ** 2).mean(1)
        best[place] = away[away > 0].min(initial=np.inf)
    return float(np.sqrt(np.median(best)))


def _near(
    points: np.ndarray, train: np.ndarray, rows: np.ndarray, reach: float, kind: np.ndarray
) -> np.ndarray:
    """Which rows have another train row within reach that does not equal them, bool (n,)."""
    from scipy.spatial import cKDTree

    width = points.shape[1]
    flat = points
    if width > DIMENSIONS:
        axes = np.linalg.qr(np.random.default_rng(0).normal(size=(width, DIMENSIONS)))[0]
        flat = points @ axes
    bound = reach * np.sqrt(width)
    count = min(LISTED, len(train))
    _, places = cKDTree(flat[train]).query(flat[rows], count, distance_upper_bound=bound)
    found = np.zeros(len(rows), dtype=bool)
    for place in places.reshape(len(rows), count).T:  # no neighbour: the number of train rows
        others = train[np.minimum(place, len(train) - 1)]
        away = np.sqrt(((points[others] - points[rows]) ** 2).mean(1))
        found |= (place < len(train)) & (kind[others] != kind[rows]) & (away <= reach)
    return found
