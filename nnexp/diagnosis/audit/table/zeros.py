"""Zeros that stand for missing cells in columns of both signs, where 0 is far from no value."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import association_of
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.table.sentinels import CELLS, MOST
from nnexp.diagnosis.audit.words import p_text, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

# Held against the clean tables of scikit-learn and shared/data and the made ones of the benchmark,
# none of which has a column with such zeros.
SHARE = 0.02  # of the column's cells
SIDES = 0.05  # of the other cells that are below 0, and above
DISTINCT = 0.5  # of the others that are values of their own: a quantity, measured finely
OTHERS = 100  # cells
NEAR = 0.05  # share of the rows, nearest to 0, that the zeros are held against, ...
FEWEST = 50  # ... and how many, at least
CHANCE = 1e-4  # p of telling both by the label


def check(sheet: Sheet) -> Audit:
    """Cells of exactly 0 amid finely measured ones whose rows are unlike those near 0."""
    found: dict[str, tuple[int, float, float]] = {}
    for name, values in sheet.numbers.items():
        zero, known = values == 0, np.isfinite(values)
        others = values[known & ~zero]
        cells, share = int(zero.sum()), float(zero.sum() / max(1, known.sum()))
        if cells < CELLS or not SHARE <= share <= MOST or len(others) < OTHERS:
            continue
        below = float((others < 0).mean())
        fine = len(np.unique(others)) >= DISTINCT * len(others)
        if fine and SIDES <= below <= 1 - SIDES:
            found[name] = cells, share, _unlike(sheet, values)
    if not found or min(p for *_, p in found.values()) >= CHANCE / len(sheet.numbers):
        return Audit()
    words = [f"{name}=0" for name in found]
    present = list(sheet.config.sentinels)
    name = min(found, key=lambda own: found[own][2])
    return Audit(
        [
            Nomination(
                "sentinel_values",
                (
                    Evidence(
                        f"cells of {name!r} that are exactly 0",
                        f"{found[name][0]} ({percent(found[name][1])})",
                        "hardly any: the others are of both signs, and rarely alike",
                    ),
                    Evidence(
                        f"classes of these rows against those with {name!r} near 0",
                        f"other shares, {p_text(found[name][2])}",
                        "the same",
                    ),
                ),
                "So many zeros in the midst of a finely measured quantity are no measurements, and "
                "their rows are not like those near 0: something that is missing was filled with "
                "0, and is read as a value.",
                (also("data.sentinels", present, words),),
                strength=0.65,
                subject=", ".join(found),
            )
        ]
    )


def _unlike(sheet: Sheet, values: np.ndarray) -> float:
    """The p of zeros and of the rows nearest to 0 having the same classes."""
    away = np.where(np.isfinite(values) & (values != 0), np.abs(values), np.inf)
    near = np.argsort(away)[: max(FEWEST, int(NEAR * len(values)))]
    near = near[np.isfinite(away[near])]
    classes = len(sheet.classes)
    counts = [np.bincount(sheet.y[rows], minlength=classes) for rows in (values == 0, near)]
    return float(association_of(np.stack(counts))[0])
