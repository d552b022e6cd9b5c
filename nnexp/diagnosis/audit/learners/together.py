"""Rows judged by learners of several kinds, each of which did not learn from them."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.learners.forest import Judged, judged_by, out_of_bag, sample
from nnexp.diagnosis.audit.learners.linear import FOLDS, by_ridge, standardised
from nnexp.diagnosis.audit.sheet import Sheet

LEAVES = (3, 10, 30)  # rows of a leaf: the more labels are wrong, the larger the leaf that helps
NEIGHBOURS = 31  # whose labels are averaged


def all_together(sheet: Sheet) -> tuple[Judged, Judged]:
    """All rows, judged by forests, nearest neighbours and a ridge regression together.

    Where labels are wrong, each of them learns some of the mistakes, and others than the rest.

    Returns:
        What all say in the mean, and what the ridge regression says alone: it sees many weak
        columns that trees overlook.
    """
    rows, classes = sample(sheet.used), len(sheet.classes)
    forests = [out_of_bag(sheet.matrix, sheet.y, classes, rows, leaf).votes for leaf in LEAVES]
    x = standardised(sheet.matrix[rows])
    truth = np.eye(classes)[sheet.y[rows]]
    if not x.shape[1] or len(rows) < 2 * FOLDS:
        return judged_by(rows, np.mean(forests, axis=0)), judged_by(rows, forests[0])
    line = by_ridge(x, truth)
    near = _by_neighbours(x, truth)
    return judged_by(rows, np.mean([*forests, near, line.clip(0, 1)], axis=0)), judged_by(
        rows, line
    )


def _by_neighbours(x: np.ndarray, truth: np.ndarray) -> np.ndarray:
    from sklearn.neighbors import NearestNeighbors

    count = max(1, min(NEIGHBOURS, len(x) // 5))
    around = NearestNeighbors(n_neighbors=count).fit(x).kneighbors(return_distance=False)
    votes = np.zeros_like(truth)
    for one in around.T:
        votes += truth[one]
    return votes / count
