"""Whether held-out rows are other rows than those of train."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import separation
from nnexp.diagnosis.audit.learners.forest import TREES, out_of_bag
from nnexp.diagnosis.audit.sheet import Sheet

APART = 0.75  # area under the ROC curve of telling held-out rows from train rows, at most


def area_between(
    x: np.ndarray, rows: np.ndarray, both: np.ndarray, trees: int = TREES
) -> tuple[float, float]:
    """Area under the ROC curve of trees that tell some rows from others, and its standard error.

    Arguments:
        x: (N, d) float32, finite.
        rows: row numbers of the one side.
        both: row numbers (n,) of the two sides.
        trees: how many.
    """
    side = np.zeros(len(x), dtype=np.int64)
    side[rows] = 1
    judged = out_of_bag(x, side, 2, both, trees=trees)
    return separation(judged.votes[:, 1], side[judged.rows] == 1)


def are_apart(sheet: Sheet, rows: np.ndarray) -> bool:
    """Whether trees tell some held-out rows (n,) from train rows: these may have more to tell."""
    both = np.sort(np.concatenate((sheet.train, rows)))
    return area_between(sheet.matrix, rows, both)[0] > APART
