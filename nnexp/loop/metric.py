"""An accuracy that a loop counts by itself, beside that of its predictions."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.loop.record import LoopRecord

APART = 0.12  # of two accuracies of the same rows


def metric(record: LoopRecord, own: float, possible: float) -> list[Nomination]:
    """An accuracy of the loop's own that is not that of the predictions.

    Arguments:
        record: with the accuracies that were handed over.
        own: of the largest output, on train rows now.
        possible: on the same rows, by other learners.
    """
    if len(record.metrics) < 3:
        return []
    theirs = np.array([given for given, _, _ in record.metrics])
    ours = np.array([counted for _, counted, _ in record.metrics])
    rows = np.array([size for _, _, size in record.metrics])
    if theirs.max() > 1.5:
        theirs = theirs / 100
    gaps = theirs - ours
    late, early = slice(len(theirs) // 2, None), slice(0, 3)
    # of other rows or a mean over steps: then it is at the level that these rows have now, and
    # was at that of guessing when the loop began
    level = min(abs(float(theirs[late].mean()) - own), abs(float(theirs[-1]) - own))
    began = abs(float(gaps[early].mean())) - 2 * _noise(rows[early])
    apart = abs(float(gaps[late].mean())) - 2 * _noise(rows[late])
    if apart < APART or max(level, began) < APART:
        return []
    return [
        Nomination(
            "metric_mismatch",
            (
                Evidence("accuracy that the loop counts", float(theirs[late].mean()), "as below"),
                Evidence(
                    "accuracy of the outputs for the same batches",
                    float(ours[late].mean()),
                    "as above",
                ),
                Evidence("accuracy on train rows now", own, f"other learners reach {possible:.3f}"),
            ),
            "the accuracy that is counted is not that of the predicted classes: it would not rise "
            "with them",
            ("(logits.argmax(1) == y).float().mean(); of one logit (logit > 0) == y",),
            0.97,
            certain=True,
        )
    ]


def _noise(rows: np.ndarray) -> float:
    return float(np.sqrt(0.25 / max(1, rows.sum())))
