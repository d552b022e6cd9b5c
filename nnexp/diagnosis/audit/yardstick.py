"""What the table allows, in and out of the train rows: learnt once, read by several checks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.audit.forest import Judged, held_out, out_of_bag, sample
from nnexp.diagnosis.audit.sheet import Sheet


@dataclass(frozen=True)
class Yardstick:
    """Trees that learnt from train rows.

    Arguments:
        inside: train rows, each judged by the trees that did not see it.
        outside: validation and test rows by the name of their part; parts without rows are left
            out.
    """

    inside: Judged
    outside: dict[str, Judged]


def measure(sheet: Sheet) -> Yardstick:
    """Learn the trees of a sheet and judge its parts."""
    x, y, classes = sheet.matrix, sheet.y, len(sheet.classes)
    parts = {"validation": sheet.valid, "test": sheet.test}
    return Yardstick(
        out_of_bag(x, y, classes, sheet.train),
        {
            name: held_out(x, y, classes, sheet.train, sample(rows))
            for name, rows in parts.items()
            if len(rows)
        },
    )


def right(judged: Judged, y: np.ndarray) -> np.ndarray:
    """Which rows were told rightly, bool (n,)."""
    return judged.predicted == y[judged.rows]


def majority(y: np.ndarray) -> float:
    """The share of the most frequent class."""
    return float(np.bincount(y).max() / len(y)) if len(y) else 0.0
