"""An accuracy that a loop counts by itself, beside that of its predictions."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.loop.record import LoopRecord

APART = 0.12  # of two accuracies of the same rows
TIMES = 0.02  # by which one that is a multiple of the other, batch by batch, is off


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
    if (apart < APART or max(level, began) < APART) and not _is_multiple(theirs, ours):
        return []
    return [
        Nomination(
            "metric_mismatch",
            (
                Evidence(
                    "accuracy that the loop counts",
                    float(theirs[late].mean()),
                    f"{ours[late].mean():.3f}, that of the outputs for the same batches",
                ),
                Evidence("accuracy on train rows now", own, f"other learners reach {possible:.3f}"),
            ),
            "the accuracy that is counted is not that of the predicted classes: it would not rise "
            "with them",
            (
                "(logits.argmax(1) == y).float().mean(); of one logit (logit > 0) == y, of one "
                "probability (p > 0.5) == y",
            ),
            0.97,
            certain=True,
        )
    ]


def _is_multiple(theirs: np.ndarray, ours: np.ndarray) -> bool:
    """Whether one is always so many times the other, as where hits are divided by another number
    than that of the rows.
    """
    known = ours > 0
    if known.sum() < 3 or np.ptp(ours[known]) == 0:
        return False
    times = theirs[known] / ours[known]
    return bool(np.ptp(times) < 1e-3 and abs(times.mean() - 1) > TIMES)


def _noise(rows: np.ndarray) -> float:
    return float(np.sqrt(0.25 / max(1, rows.sum())))
