"""What all columns but some tell of the label."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.audit.chance import separation
from nnexp.diagnosis.audit.learners import discriminant
from nnexp.diagnosis.audit.learners.forest import Judged, out_of_bag
from nnexp.diagnosis.audit.sheet import Sheet


@dataclass(frozen=True)
class Others:
    """Rows told by all columns but some.

    Arguments:
        right: which rows (n,) are told rightly, by the better of two learners.
        trees: what the trees say of them.
        y: their labels (n,).
    """

    right: np.ndarray
    trees: Judged
    y: np.ndarray

    @property
    def area(self) -> float:
        """Area under the ROC curve of the trees, of two classes."""
        return separation(self.trees.votes[:, 1], self.y == 1)[0]


def judge_others(sheet: Sheet, out: Collection[str], rows: np.ndarray) -> Others:
    """Rows (n,) judged by trees and, where it fits, a linear discriminant analysis.

    Arguments:
        sheet: the table.
        out: columns that are none of the others.
        rows: row numbers, no more than a forest takes (`sample`).
    """
    y, rest = sheet.y[rows], sheet.without_columns(out)
    judged = out_of_bag(rest.matrix, sheet.y, len(sheet.classes), rows)
    right = judged.predicted == y
    if discriminant.is_fit(rest):
        plane = discriminant.out_of_fold(rest, rows).predicted == y
        right = plane if plane.mean() > right.mean() else right
    return Others(right, judged, y)


def by_others(sheet: Sheet, out: Collection[str], rows: np.ndarray) -> np.ndarray:
    """Which rows (n,) all columns but some tell rightly; see `judge_others`."""
    return judge_others(sheet, out, rows).right
