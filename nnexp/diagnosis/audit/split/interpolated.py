"""Held-out rows on the line between two train rows: rows made of others before the split.

SMOTE (Chawla et al. 2002) fills up a rare class so, and does no harm once the parts are made.
"""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.learners.forest import sample
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split.neighbours import Points
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination

COLUMNS = 5  # in which the two rows differ: with fewer, rows are on a line by chance
NEIGHBOURS = 12  # train rows of its class, of which two may have made a row
QUERIES = 300  # rows looked at of a class, and as many for comparison
CLOSE = 0.02  # of their distance that a row may be off the line
HELD, ROWS = 0.15, 10  # share of the held-out rows of a class, and how many, at least
BY_CHANCE = 0.02  # share of rows whose cells are those of their neighbours, dealt anew
UNTOUCHED = 0.02  # share of the rows of another class: all of them lie on lines where
# few quantities make all columns


def check(sheet: Sheet) -> Audit:
    """A class of which held-out rows lie between train rows, while another's do not."""
    points = Points(sheet)
    if len(points.units) < COLUMNS or len(sheet.classes) < 2:
        return Audit()
    shares: dict[int, tuple[float, float, int]] = {}
    steps = [_step(sheet.distinct[name][0]) / unit for name, (_, unit) in points.units.items()]
    rounding = sum(step**2 for step in steps) / 12
    for place in range(len(sheet.classes)):
        held = sample(sheet.held_out[sheet.y[sheet.held_out] == place], QUERIES)
        inside = sample(sheet.train[sheet.y[sheet.train] == place], 20 * QUERIES)
        if len(held) >= ROWS and len(inside) > NEIGHBOURS:
            found = between(points.at(held), points.at(inside), rounding)
            shares[place] = (*found, len(held))
    if len(shares) < 2:
        return Audit()
    worst = max(shares, key=lambda place: shares[place][0])
    share, usual, count = shares[worst]
    least = min(own for own, _, _ in shares.values())
    if share < max(HELD, ROWS / count) or usual > BY_CHANCE or least > UNTOUCHED:
        return Audit()
    name = sheet.classes[worst]
    return Audit(
        [
            Nomination(
                "duplicate_leak",
                (
                    Evidence(
                        f"held-out rows of class {name!r} on the line between two train rows",
                        f"{round(share * count)} of {count} ({percent(share)})",
                        f"{percent(least)}, as of another class",
                    ),
                    Evidence(
                        "the same of rows that have each cell from a neighbour",
                        percent(usual),
                        "as many",
                    ),
                ),
                f"Rows of class {name!r} were made between others, as SMOTE makes them, and then "
                "split: held-out rows are told from the train rows they were made of. Rows are "
                "to be made of train rows alone, or the class weighted instead "
                "(loss.class_weight=balanced).",
                (),
                strength=0.85,
                subject=f"rows of {name!r} made between others",
            )
        ]
    )


def between(rows: np.ndarray, others: np.ndarray, rounding: float = 0.0) -> tuple[float, float]:
    """The share of rows on the line between two of their neighbours.

    Arguments:
        rows: (n, d).
        others: (m, d), m > `NEIGHBOURS`.
        rounding: the mean squared distance by which rounded cells move a row.

    Returns:
        That share, and that of rows whose cells are drawn from the row and its neighbours,
        column by column.
    """
    from sklearn.neighbors import NearestNeighbors

    found = NearestNeighbors(n_neighbors=NEIGHBOURS).fit(others)
    near = others[found.kneighbors(rows, return_distance=False)]  # (n, K, d)
    rng = np.random.default_rng(0)
    pick = rng.integers(0, NEIGHBOURS, (2, *rows.shape))
    index = np.arange(len(rows))[:, None], pick, np.arange(rows.shape[1])
    # a cell between those of two neighbours: as a row that was made, without being on a line
    one, two = near[index[0], index[1][0], index[2]], near[index[0], index[1][1], index[2]]
    dealt = one + rng.random(rows.shape) * (two - one)
    own, usual = (_on_a_line(points, near, rounding) for points in (rows, dealt))
    return float(own.mean()), float(usual.mean())


def _step(levels: np.ndarray) -> float:
    """The unit to which a column is rounded: the least step between its values."""
    steps = np.diff(levels)
    return float(steps.min()) if len(steps) else 0.0


def _on_a_line(rows: np.ndarray, near: np.ndarray, rounding: float) -> np.ndarray:
    """Which rows (n, d) are between two of their neighbours (n, K, d), bool (n,)."""
    found = np.zeros(len(rows), dtype=bool)
    away = near - rows[:, None]  # (n, K, d)
    products = away @ away.transpose(0, 2, 1)  # (n, K, K)
    own = np.diagonal(products, axis1=1, axis2=2)  # squared distances of the row from each
    for first in range(near.shape[1] - 1):
        to_row = own[:, first, None]
        along = to_row - products[:, first, first + 1 :]  # from the first to the row, by the others
        square = (to_row + own[:, first + 1 :] - 2 * products[:, first, first + 1 :]).clip(0)
        part = along / np.maximum(square, 1e-300)
        off = to_row - part * along
        within = (part > CLOSE) & (part < 1 - CLOSE)
        row, second = np.nonzero(within & (off <= CLOSE**2 * square + rounding))
        moves = (near[row, first + 1 + second] != near[row, first]).sum(1) >= COLUMNS
        found[row[moves]] = True
    return found
