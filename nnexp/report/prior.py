"""What naming the class shares would score: the line that a run should leave behind."""

from __future__ import annotations

from dataclasses import dataclass

from nnexp.diagnosis.report import Diagnosis
from nnexp.report.observations import number_of
from nnexp.report.run_folder import RunFolder


@dataclass(frozen=True)
class Prior:
    """The scores of a prediction that looks at no column.

    Arguments:
        loss: the run's own of naming the class shares; None where it is not known.
        accuracy: of naming the most frequent class.
    """

    loss: float | None
    accuracy: float


def prior_of(run: RunFolder, diagnosis: Diagnosis) -> Prior | None:
    """The prior of a run's table; None where neither diagnosis nor manifest tell of the classes.

    Arguments:
        run: the run.
        diagnosis: `prior` of its scores, `loss` and `accuracy`, is that of the train rows; else
            the classes' rows of the whole table tell the accuracy.
    """
    told = diagnosis.scores.get("prior")
    if isinstance(told, dict) and (accuracy := number_of(told.get("accuracy"))) is not None:
        return Prior(number_of(told.get("loss")), accuracy)
    rows = run.class_rows
    return Prior(None, max(rows) / sum(rows)) if rows else None
