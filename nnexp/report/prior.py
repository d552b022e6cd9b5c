"""What naming the class shares would score: the line that a run should leave behind."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nnexp.diagnosis.report import Diagnosis
from nnexp.report.observations import number_of
from nnexp.report.run_folder import RunFolder


@dataclass(frozen=True)
class Prior:
    """The scores of a prediction that looks at no column.

    Arguments:
        loss: cross-entropy of naming the class shares; None where it cannot be compared with the
            run's losses.
        accuracy: of naming the most frequent class.
    """

    loss: float | None
    accuracy: float


def prior_of(run: RunFolder, diagnosis: Diagnosis) -> Prior | None:
    """The prior of a run's table; None where neither diagnosis nor manifest tell of the classes.

    Arguments:
        run: the run.
        diagnosis: `prior` of its scores, `loss` and `accuracy`, is that of the train rows; else
            the classes' rows of the whole table are taken.
    """
    told = diagnosis.scores.get("prior")
    if isinstance(told, dict):
        loss, accuracy = number_of(told.get("loss")), number_of(told.get("accuracy"))
        if loss is not None and accuracy is not None:
            return Prior(loss if run.has_cross_entropy else None, accuracy)
    rows = run.class_rows
    if not rows:
        return None
    shares = [count / sum(rows) for count in rows]
    entropy = -math.fsum(share * math.log(share) for share in shares)
    return Prior(entropy if run.has_cross_entropy else None, max(shares))
