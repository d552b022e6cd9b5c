"""Held-out rows that were scaled by other numbers than train rows, or not at all."""

from __future__ import annotations

import math

import numpy as np

from nnexp.diagnosis.audit.chance import largest_gap
from nnexp.diagnosis.audit.learners.forest import sample
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split.moved import CHANCE, COMPARED, GAP, ROWS
from nnexp.diagnosis.audit.words import figure
from nnexp.diagnosis.finding import Evidence, Nomination

MOVED = 2.0  # means apart, in standard deviations of train: no two samples of one table are
STRETCHED = 3.0  # ratio of standard deviations, likewise
MOVED_A_LITTLE, STRETCHED_A_LITTLE = 0.5, 1.5  # where train rows alone have mean 0 and deviation 1
EXACTLY = 1e-3  # of these
MOST = 0.5  # of the numeric columns that a whole preparation changes
SEVERAL = 2  # columns so far off beside train rows that were standardised: chance moves none there


def prepared_otherwise(sheet: Sheet, name: str, rows: np.ndarray) -> Nomination | None:
    """Most numeric columns moved or stretched beyond anything that sampling does."""
    gross = []
    for column, values in sheet.numbers.items():
        a, b = values[sheet.train], values[rows]
        a, b = a[np.isfinite(a)], b[np.isfinite(b)]
        if min(len(a), len(b)) < ROWS or a.std() == 0:
            continue
        moved = abs(float(b.mean() - a.mean())) / float(a.std())
        stretched = float(b.std() / a.std())
        stretched = max(stretched, 1 / max(stretched, 1e-12)) if b.std() > 0 else 1.0
        distance, p = largest_gap(_sample_of(a), _sample_of(b))
        unlike = distance >= GAP and p < CHANCE
        gross.append(
            (column, moved, stretched, unlike and (moved > MOVED or stretched > STRETCHED))
        )
    hit = [item for item in gross if item[3]]
    enough = max(SEVERAL, math.floor(MOST * len(gross)) + 1)
    if _standardised(sheet, sheet.train) and not _standardised(sheet, rows):
        # a column whose mean was near 0 and its deviation near 1 stays where it was
        little = [
            item for item in gross if item[1] > MOVED_A_LITTLE or item[2] > STRETCHED_A_LITTLE
        ]
        hit, enough = (little, enough) if len(little) >= enough else (hit, SEVERAL)
    if len(hit) < enough:
        return None
    column, moved, stretched, _ = max(hit, key=lambda item: max(item[1], item[2]))
    return Nomination(
        "preprocessing_mismatch",
        (
            Evidence(
                f"numeric columns of {name} rows at another place or scale than in train",
                f"{len(hit)} of {len(gross)}",
                "none",
            ),
            Evidence(
                f"{column!r}: distance of the means in standard deviations, ratio of these",
                f"{figure(moved)}, {figure(stretched)}",
                "about 0, about 1",
            ),
        ),
        f"The {name} rows were prepared otherwise than the train rows (scaled by other numbers, "
        "or not at all): the network sees inputs it never learnt from, and its outputs on them "
        "are far off however low the train loss is.",
        (),
        strength=0.95,
        certain=True,
    )


def _standardised(sheet: Sheet, rows: np.ndarray) -> bool:
    """Whether all numeric columns have mean 0 and standard deviation 1 on exactly these rows."""
    for values in sheet.numbers.values():
        own = values[rows]
        own = own[np.isfinite(own)]
        if len(own) < ROWS or (own == own[0]).all():
            continue
        if abs(own.mean()) > EXACTLY or abs(own.std(ddof=0) - 1) > max(EXACTLY, 1 / len(own)):
            return False
    return bool(sheet.numbers)


def _sample_of(values: np.ndarray) -> np.ndarray:
    """The numbers, or some of them where there are many."""
    return values[sample(np.arange(len(values)), COMPARED)]
