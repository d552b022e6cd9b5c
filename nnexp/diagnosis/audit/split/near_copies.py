"""Held-out rows that equal a train row but for a little noise in a few columns."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.rows import DistinctRows, kinds_without
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination

# Held against the tables of shared/data (adult, letter, nsl_kdd, titanic, ... in parts that a
# random split makes), none of which has such rows, and made copies of them.
LEFT_OUT = 0.25  # of the columns: those of the most values, by which copies may differ
COMPARED = 6  # columns that have to be equal, at least
NEAR = 0.2  # of its standard deviation that a copy differs by in each of these
MOSTLY = 0.9  # share of the rows, equal in all others, that are so near, ...
BY_CHANCE = 0.01  # ... and of rows at random, at most
AGREE = 0.95  # share of them with the label of the row that they equal
HELD, ROWS = 0.1, 10  # share of the held-out rows, and how many, at least
DRAWN = 2000  # rows at random


def check(sheet: Sheet, rows: DistinctRows) -> Audit:
    """Copies by all columns but the few of most values, in which they differ by next to nothing."""
    worst: tuple[float, Nomination] | None = None
    ranked = sorted(sheet.numbers, key=lambda name: len(sheet.distinct[name][0]))
    ranked = [name for name in ranked if name in rows.columns]
    most = min(int(LEFT_OUT * len(rows.columns)), len(ranked), len(rows.columns) - COMPARED)
    left_out = ranked[::-1][: max(0, most)]
    for count, kind in enumerate(kinds_without(sheet, rows.columns, left_out), 1):
        out = ranked[-count:]
        for name, part in sheet.parts.items():
            found = _near(sheet, kind, name, part, out)
            if found is not None and (worst is None or found[0] > worst[0]):
                worst = found
        if worst is not None:
            break
    return Audit() if worst is None else Audit([worst[1]])


def _near(
    sheet: Sheet, kind: np.ndarray, name: str, part: np.ndarray, out: list[str]
) -> tuple[float, Nomination] | None:
    """The share of a part that has near copies in train, and what is told of it."""
    pairs = _pairs(kind, sheet.train, part)
    if len(pairs) < max(ROWS, HELD * len(part)):
        return None
    near = float(_are_near(sheet, pairs, out).mean())
    agree = float((sheet.y[pairs[:, 0]] == sheet.y[pairs[:, 1]]).mean())
    rng = np.random.default_rng(0)
    drawn = np.stack([rng.choice(rows, DRAWN) for rows in (part, sheet.train)], 1)
    usual = float(_are_near(sheet, drawn, out).mean())
    if near < MOSTLY or agree < AGREE or usual > BY_CHANCE:
        return None
    share = len(pairs) / len(part)
    return share, Nomination(
        "duplicate_leak",
        (
            Evidence(
                f"{name} rows that equal a train row in all columns but {columns(out)}",
                f"{len(pairs)} of {len(part)} ({percent(share)})",
                "few in a table of so many values",
            ),
            Evidence(
                f"of these, within {NEAR} standard deviations of it in the others",
                f"{percent(near)} ({percent(agree)} with the same label)",
                f"{percent(usual)}, as rows at random",
            ),
        ),
        "Held-out rows are train rows but for a little noise: they are told from memory, and the "
        "accuracy on them says nothing of new rows.",
        (),
        strength=0.85,
    )


def _pairs(kind: np.ndarray, train: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Rows of a part beside a train row of their kind, (m, 2)."""
    first = np.full(int(kind.max()) + 1, -1, dtype=np.int64)
    first[kind[train]] = train
    known = first[kind[part]]
    return np.stack((part, known), 1)[known >= 0]


def _are_near(sheet: Sheet, pairs: np.ndarray, names: list[str]) -> np.ndarray:
    """Which pairs of rows differ by next to nothing in some columns, bool (m,)."""
    near = np.ones(len(pairs), dtype=bool)
    for name in names:
        values = sheet.numbers[name]
        a, b = values[pairs[:, 0]], values[pairs[:, 1]]
        unit = np.nanstd(np.where(np.isfinite(values), values, np.nan))
        near &= (np.abs(a - b) <= NEAR * unit) | (np.isnan(a) & np.isnan(b))
    return near
