"""Columns of held-out rows in another unit: they match train after one affine map."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import largest_gap
from nnexp.diagnosis.audit.learners.forest import sample
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split.moved import COMPARED
from nnexp.diagnosis.audit.split.order import follows_file
from nnexp.diagnosis.audit.words import columns, figure
from nnexp.diagnosis.finding import Evidence, Nomination

ROWS = 30  # with a cell, of train and of the part
SEVERAL = 2  # columns: the ends of one that the rows are sorted by match as well
APART = 0.9  # Kolmogorov's distance: elsewhere altogether
RESCALED = 1.3  # ratio of the spreads, either way: rows of another place or year keep theirs
MATCHED = 0.15  # distance once places and spreads are made equal, ...
FEW, BY_CHANCE = 0.25, 1e-2  # ... or this one, where rows are so few that its p is no less


def in_other_units(
    sheet: Sheet, name: str, rows: np.ndarray, moved: list[str]
) -> Nomination | None:
    """What is told where all columns that moved, and no others, have changed their unit.

    Arguments:
        sheet: the table.
        name, rows: of the part.
        moved: its columns that lie elsewhere than in train.
    """
    maps = [(own, _unit(sheet, own, rows)) for own in moved]
    known = [(own, found) for own, found in maps if found is not None]
    if len(moved) < SEVERAL or len(known) < len(moved) or follows_file(sheet):
        return None
    told = ", ".join(
        f"{own}: x {figure(a)} {'+' if b >= 0 else '-'} {figure(abs(b))}"
        for own, (a, b, _) in known[:4]
    )
    return Nomination(
        "preprocessing_mismatch",
        (
            Evidence(
                f"columns of {name} rows that match train after x -> a x + b, and not before",
                told,
                "none",
            ),
            Evidence(
                "largest Kolmogorov's distance of these after it",
                figure(max(gap for _, (_, _, gap) in known)),
                f"{APART} and more before",
            ),
            Evidence(
                "other columns that lie elsewhere", 0, "as many, where rows come from elsewhere"
            ),
        ),
        f"{columns([own for own, _ in known])} of the {name} rows are in another unit than in "
        "train, or were scaled by other numbers: the network sees inputs it never learnt from.",
        (),
        strength=0.92,
        certain=True,
        subject=", ".join(own for own, _ in known),
    )


def _unit(sheet: Sheet, column: str, rows: np.ndarray) -> tuple[float, float, float] | None:
    """Factor and summand from a part's numbers to train's, and the distance after it."""
    if column not in sheet.numbers:
        return None
    values = sheet.numbers[column]
    a, b = (values[sample(own, COMPARED)] for own in (sheet.train, rows))
    a, b = a[np.isfinite(a)], b[np.isfinite(b)]
    if min(len(a), len(b)) < ROWS or largest_gap(a, b)[0] < APART:
        return None
    spread, own = (float(np.subtract(*np.quantile(x, [0.9, 0.1]))) for x in (a, b))
    if not (spread > 0 and own > 0):
        return None
    factor = spread / own
    if 1 / RESCALED < factor < RESCALED:
        return None
    summand = float(np.median(a) - factor * np.median(b))
    gap, p = largest_gap(a, factor * b + summand)
    matched = gap <= MATCHED or (gap <= FEW and p > BY_CHANCE)
    return (factor, summand, gap) if matched else None
