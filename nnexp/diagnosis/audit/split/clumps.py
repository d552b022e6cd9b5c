"""Several measurements of one thing, on both sides of the split, by their distances alone.

The nearest rows of a row are then far nearer than the next ones, whether or not a column says what
they are of. Distances of rows that stand for themselves grow step by step.
"""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split.groups import STRADDLE, GroupedAccuracy, grouped_accuracy
from nnexp.diagnosis.audit.split.neighbours import Points, is_continuous
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

# Held against the tables of scripts/diagnosis_cases.py that have many values a column.
COLUMNS = 3  # with fewer, distances leap by chance
FINE = 50  # distinct numbers of a column that says how near rows are; most have so many, ...
GRID = 4.0  # ... and logarithm of all their combinations over that of the rows: 1 to 3.5 are coarse
ROWS = 60  # of the table, at least
QUERIES = 1000  # rows whose neighbours are looked at
CANDIDATES = 120  # near ones in a projection, of which the nearest are taken
CELLS = 300_000_000  # of the candidates of all rows looked at, at most
NEAREST = 60  # rows that can be of one thing with a row, at most
SMALL = 12  # rows of one thing with a row up to which a clump is small
LEAP = 1.9  # how much farther the next row is, in the median of the rows
CLASS_LEAP, CLASS_ROWS = 2.5, 60  # the same in the rows of one class, and how many are looked at
ITS_OWN = 1.5  # the same of one row, from which on it is in a clump
COVERED = 0.6  # share of the rows looked at that are
MANY = 5  # rows of one thing with a row, from which on distances leap less by chance
LATE_LEAP = 1.25  # the same two for these: 1.03 to 1.1 where rows stand for themselves
THINGS = 10  # such clumps of a class, at least: fewer are what the class consists of
NAMES = 0.9  # share of neighbours in a clump with one value of a column that names them, ...
SEVERAL = 0.5  # ... and its values over their number, at least


def check(sheet: Sheet) -> Audit:
    """Clumps of rows that a random split tears apart, and what knowing them is worth."""
    if sheet.config.split.method in ("group", "time") or not len(sheet.held_out):
        return Audit()
    points = Points(sheet)
    if len(points.units) < COLUMNS or len(sheet.used) < ROWS:
        return Audit()
    if not is_continuous(sheet) and not is_fine(sheet, points):
        return Audit()
    rows = sheet.used
    most = min(QUERIES, CELLS // (CANDIDATES * len(points.units)))
    asked = np.random.default_rng(0).permutation(len(rows))[:most]
    near, away = nearest(points, rows, asked)
    late = Leaps(away, MANY, LATE_LEAP, LATE_LEAP)
    ways = (Leaps(away[:, : SMALL + 1], 1, LEAP, ITS_OWN), late)
    found = next((way for way in ways if way.are_clumps), None)
    if found is None:
        return _of_a_class(sheet, rows, asked, near, away)
    leap, size, apart = found.leap, found.size, found.apart
    codes = clump_codes(sheet, rows, asked, near, found)
    clumped = np.flatnonzero(codes >= 0)
    if found is late and codes.max() + 1 < THINGS * len(sheet.classes):
        return Audit()
    held = np.intersect1d(rows[asked], sheet.held_out)
    shared = np.setdiff1d(codes[sheet.train], [-1])
    torn = float(np.isin(codes[held], shared).mean()) if len(held) else 0.0
    if torn < STRADDLE:
        return Audit()
    split = grouped_accuracy(sheet, (), codes, clumped, distinct=False)
    if not split.overstates:
        return Audit(checked=[split.line("clumps of rows", "clump")])
    name = naming_column(sheet, codes, clumped)
    named = f", and {name!r} says of what" if name else ", though no column says so"
    fix = (override("data.split.method", "group"), override("data.split.by", name)) if name else ()
    return Audit(
        [
            Nomination(
                "group_leak",
                (
                    split.evidence("clump", "clumps"),
                    Evidence(
                        "distance of the next row over that of the last of a clump, in the median",
                        round(float(np.median(leap)), 2),
                        "little more than 1",
                    ),
                    Evidence(
                        f"held-out rows with train rows in their clump of about "
                        f"{int(np.median(size[apart])) + 1}",
                        percent(torn),
                        "none",
                    ),
                ),
                f"Several rows are measurements of one thing{named}, and the split puts them on "
                "both sides: the accuracy on them says how well known things are told, not new "
                f"ones{', unless a class is made of many clumps' if found is late else ''}.",
                fix,
                strength=0.75 if found is late and not name else 0.85,
                subject=name or "rows that lie close together",
            )
        ]
    )


def is_fine(sheet: Sheet, points: Points) -> bool:
    """Whether columns of a few digits are, taken together, as good as columns of many.

    Each may have fewer values than there are rows, and be too coarse for distances to grow step by
    step; what most of them say of a row is then said of no other.
    """
    counts = np.array([len(sheet.distinct[name][0]) for name in points.units])
    most = (counts >= FINE).mean() > 0.5
    return bool(most and np.log(counts).sum() >= GRID * np.log(len(sheet.y)))


def clump_codes(
    sheet: Sheet, rows: np.ndarray, asked: np.ndarray, near: np.ndarray, found: Leaps
) -> np.ndarray:
    """The clump of each row of the table (N,), from 0; -1 for none that is known.

    Arguments:
        sheet: the table.
        rows, asked: as for `nearest`, which gave `near`.
        found: where the distances of those asked leap.
    """
    codes = np.full(len(sheet.y), -1, dtype=np.int64)
    for place in found.apart:
        members = rows[np.append(near[place, : found.size[place]], asked[place])]
        known = codes[members]
        codes[members] = known.max() if known.max() >= 0 else place
    clumped = np.flatnonzero(codes >= 0)
    codes[clumped] = np.unique(codes[clumped], return_inverse=True)[1]
    return codes


def _of_a_class(
    sheet: Sheet, rows: np.ndarray, asked: np.ndarray, near: np.ndarray, away: np.ndarray
) -> Audit:
    """Rows of one class that were copied with a little noise, to have more of them."""
    y = sheet.y[rows[asked]]
    for place in np.argsort(-np.bincount(y), kind="stable"):
        own = np.flatnonzero(y == place)
        if len(own) < CLASS_ROWS:
            break
        found = Leaps(away[own, : SMALL + 1], 1, CLASS_LEAP, ITS_OWN)
        if not found.are_clumps or np.median(away[own, 0]) == 0:  # equal rows are told as such
            continue
        codes = clump_codes(sheet, rows, asked[own], near[own], found)
        others = rows[sheet.y[rows] != place]
        codes[others] = codes.max() + 1 + np.arange(len(others))  # rows that stand for themselves
        known = rows[codes[rows] >= 0]
        held = np.intersect1d(rows[asked[own]], sheet.held_out)
        torn = float(np.isin(codes[held], codes[sheet.train]).mean()) if len(held) else 0.0
        split = grouped_accuracy(sheet, (), codes, known, distinct=False)
        if torn < STRADDLE or not split.overstates:
            continue
        label = repr(sheet.classes[place])
        return Audit([_copies(label, split, found, torn)])
    return Audit()


def _copies(label: str, split: GroupedAccuracy, found: Leaps, torn: float) -> Nomination:
    return Nomination(
        "duplicate_leak",
        (
            Evidence(
                f"held-out rows of class {label} with train rows beside them, far nearer than the "
                "next ones",
                percent(torn),
                "few, as of the other classes",
            ),
            Evidence(
                "distance of the next row over that of the last of those, in the median",
                round(float(np.median(found.leap)), 2),
                "little more than 1",
            ),
            split.evidence("copy", "copies"),
        ),
        f"Rows of class {label} were copied with a little noise before the split: held-out ones "
        "are told from memory, and the accuracy on them says nothing of new rows. Rows are to be "
        "added after the split, to train rows alone.",
        (),
        strength=0.8,
        subject=f"class {label}",
    )


def nearest(points: Points, rows: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The nearest others of some rows, by place among the rows, and their distances, (q, n).

    Arguments:
        points: all rows of the table.
        rows: row numbers of those that are looked among.
        asked: places among them.
    """
    from scipy.spatial import cKDTree

    flat = points.flat()[rows]
    count = min(CANDIDATES, len(rows))
    _, places = cKDTree(flat).query(flat[asked], count)
    own = points.at(rows[asked])
    away = np.empty(places.shape)
    for column, others in enumerate(places.T):
        away[:, column] = np.sqrt(((points.at(rows[others]) - own) ** 2).mean(1))
    away[places == asked[:, None]] = -1.0  # itself, whatever equals it
    order = np.argsort(away, 1, kind="stable")[:, 1 : NEAREST + 2]
    return np.take_along_axis(places, order, 1), np.take_along_axis(away, order, 1)


class Leaps:
    """Where the distances of the nearest rows leap.

    >>> found = Leaps(np.array([[1.0, 1.1, 3.3, 3.4]]), 1, 1.9, 1.5)
    >>> found.leap, found.size
    (array([3.]), array([2]))

    Arguments:
        away: of q rows the distances of others, nearest first (q, n).
        least: nearer ones that a leap is the end of, at least.
        usual, own: leap in the median, and of one row, from which on there are clumps.

    Attributes:
        leap: the largest ratio of two neighbouring distances of each row (q,).
        size: of how many nearer ones it is the end (q,).
        apart: the rows whose own is large enough.
    """

    def __init__(self, away: np.ndarray, least: int, usual: float, own: float) -> None:
        ratios = away[:, least:] / np.maximum(away[:, least - 1 : -1], 1e-12)
        place = ratios.argmax(1) if ratios.shape[1] else np.zeros(len(away), dtype=np.int64)
        self.size = place + least
        self.leap = ratios[np.arange(len(away)), place] if ratios.shape[1] else np.zeros(len(away))
        self.apart = np.flatnonzero(self.leap >= own)
        self._usual = usual

    @property
    def are_clumps(self) -> bool:
        """Whether most rows lie in a clump."""
        enough = len(self.apart) >= COVERED * len(self.leap)
        return bool(enough and np.median(self.leap) >= self._usual)


def naming_column(sheet: Sheet, codes: np.ndarray, rows: np.ndarray) -> str:
    """The column with a value of its own for each clump, used or not; "" for none."""
    order = rows[np.argsort(codes[rows], kind="stable")]
    same = np.diff(codes[order]) == 0
    clumps = int(len(order) - same.sum())
    best: tuple[float, str] = (0.0, "")
    for column in sheet.columns:
        if column.name == sheet.config.split.by:
            continue
        values = sheet.texts(column.name).codes[order]
        agree = float((values[1:] == values[:-1])[same].mean()) if same.any() else 0.0
        distinct = len(np.unique(values)) / clumps
        if agree >= NAMES and distinct >= SEVERAL:
            best = max(best, (distinct, column.name))
    return best[1]
