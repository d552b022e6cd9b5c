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
        judged: what each learner says of them.
        y: their labels (n,).
    """

    right: np.ndarray
    judged: tuple[Judged, ...]
    y: np.ndarray

    @property
    def area(self) -> float:
        """Area under the ROC curve of two classes, by the learner for which it is larger."""
        return max(separation(own.votes[:, 1], self.y == 1)[0] for own in self.judged)


def judge_others(sheet: Sheet, out: Collection[str], rows: np.ndarray) -> Others:
    """Rows (n,) judged by trees and, where it fits, a linear discriminant analysis.

    Arguments:
        sheet: the table.
        out: columns that are none of the others.
        rows: row numbers, no more than a forest takes (`sample`).
    """
    y, rest = sheet.y[rows], sheet.without_columns(out)
    judged = [out_of_bag(rest.matrix, sheet.y, len(sheet.classes), rows)]
    if discriminant.is_fit(rest):
        judged.append(discriminant.out_of_fold(rest, rows))
    right = max((own.predicted == y for own in judged), key=lambda own: float(own.mean()))
    return Others(right, tuple(judged), y)


def by_others(sheet: Sheet, out: Collection[str], rows: np.ndarray) -> np.ndarray:
    """Which rows (n,) all columns but some tell rightly; see `judge_others`."""
    return judge_others(sheet, out, rows).right
