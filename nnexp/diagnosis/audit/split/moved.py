"""Columns of held-out rows that lie elsewhere than in train rows, or stand still."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import association_of, largest_gap
from nnexp.diagnosis.audit.learners.forest import sample
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split import order

ROWS = 10  # of a part
CHANCE = 1e-4  # over all columns of a part (Bonferroni)
GAP = 0.25  # Kolmogorov's distance: a quarter of the rows lies elsewhere
COMPARED = 5000  # rows of a side

# share of a number among a part's rows, from which on a column stands still there; and among train
# rows at most
STUCK, SELDOM = 0.9, 0.05
STEADY = 0.25  # train rows with any one number, over a part's rows: a year stands still as well


def moved_columns(sheet: Sheet, rows: np.ndarray) -> list[tuple[str, float, float]]:
    """The columns that lie elsewhere, the farthest first: name, distance, p."""
    named, found = sheet.numbering, []
    train, part = sample(sheet.train, COMPARED), sample(rows, COMPARED)
    for name, values in sheet.numbers.items():
        a, b = values[train], values[part]
        a, b = a[np.isfinite(a)], b[np.isfinite(b)]
        if name in named or min(len(a), len(b)) < ROWS:
            continue
        distance, p = largest_gap(a, b)
        found.append((name, distance, p))
    for name, (codes, _) in sheet.levels.items():
        known = [codes[r][codes[r] >= 0] for r in (train, part)]
        counts = [np.bincount(own, minlength=int(codes.max(initial=0)) + 1) for own in known]
        if min(map(len, known)) < ROWS:
            continue
        p, _ = association_of(np.stack(counts))
        found.append((name, order.total_variation(*counts), p))
    least = CHANCE / max(1, len(found))
    return sorted((f for f in found if f[1] >= GAP and f[2] < least), key=lambda f: -f[1])


def stuck_columns(sheet: Sheet, rows: np.ndarray) -> list[tuple[str, float, float, float]]:
    """Columns that hold one number in nearly all rows of a part, and vary among train rows.

    What is the same for as many train rows, as a year or a rate of interest, moves that slowly.

    Returns:
        Name, the number, its share of the part's rows and of the train rows; the largest share
        of a part first.
    """
    found = []
    for name, values in sheet.numbers.items():
        part = values[rows]
        part = part[np.isfinite(part)]
        if name in sheet.numbering or len(part) < ROWS:
            continue
        most = float(np.median(part))  # what most rows hold is the middle one, too
        share = float((part == most).mean())
        if share < STUCK:
            continue
        train = values[sheet.train]
        train = train[np.isfinite(train)]
        if len(train) < ROWS:
            continue
        usual = float((train == most).mean())
        longest = int(np.unique(train, return_counts=True)[1].max())
        if usual <= SELDOM and longest <= STEADY * len(part):
            found.append((name, most, share, usual))
    return sorted(found, key=lambda item: -item[2])
