"""A column that tells the label nearly by itself: a strong measurement, or known only after it."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import separation
from nnexp.diagnosis.audit.learners.forest import sample
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import figure
from nnexp.diagnosis.finding import CARRIES, Audit

STRONG = 0.95  # area under the ROC curve of the column alone ...
AHEAD = 0.04  # ... and by how much it is above the next best
RARE = 10  # rows of either class, at least


def check(sheet: Sheet) -> Audit:
    """A note, and no more: the table does not say which of the two it is."""
    rows = sample(sheet.used)
    y = sheet.y[rows]
    if len(sheet.classes) != 2 or np.bincount(y, minlength=2).min() < RARE:
        return Audit()
    areas = []
    for name, values in sheet.numbers.items():
        known = np.isfinite(values[rows])
        area, _ = separation(values[rows][known], y[known] == 1)
        areas.append((max(area, 1 - area), name))
    areas.sort(reverse=True)
    if len(areas) < 2 or areas[0][0] < STRONG or areas[0][0] - areas[1][0] < AHEAD:
        return Audit()
    (area, name), (second, other) = areas[:2]
    return Audit(
        notes=[
            f"{CARRIES}: {name!r} alone has an area under the ROC curve of "
            f"{figure(area)}, the next best, {other!r}, {figure(second)}; is it known before the "
            "label is?"
        ]
    )
