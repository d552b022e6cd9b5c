"""Whether held-out rows are other rows than those of train."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import separation
from nnexp.diagnosis.audit.learners.forest import out_of_bag
from nnexp.diagnosis.audit.sheet import Sheet

APART = 0.75  # area under the ROC curve of telling held-out rows from train rows, at most


def are_apart(sheet: Sheet, rows: np.ndarray) -> bool:
    """Whether trees tell some held-out rows (n,) from train rows: these may have more to tell."""
    side = np.zeros(len(sheet.y), dtype=np.int64)
    side[rows] = 1
    judged = out_of_bag(sheet.matrix, side, 2, np.sort(np.concatenate((sheet.train, rows))))
    return separation(judged.votes[:, 1], side[judged.rows] == 1)[0] > APART
