"""Two arms of a proof compared, pair by pair."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from nnexp.diagnosis.finding import FLATTERING, Finding, Proof
from nnexp.leaderboard.statistics import paired_test
from nnexp.proof.arms import Arm

LEVEL = 0.05  # of the paired t-test, after Holm's correction
LEAST_GAIN = 0.01  # of a score, below which a change is not worth making
WORTH = 0.02  # what it must bring to be told where nothing speaks for it but this gain, as much as
# makes a run suspicious; beside a sign that is odd by itself the least gain is enough

BALANCED = ("class_imbalance",)  # judged by balanced accuracy, ...
FREQUENT = 0.9  # ... as all causes are where so large a share of the rows is of one class: to name
# it alone has an accuracy that hardly a model exceeds


def contrast(
    own: Finding, before: Arm, after: Arm, arms: Sequence[Arm], seeds: int, seconds: float
) -> Proof | None:
    """Two arms compared, pair by pair; more than `seeds` pairs are a second look.

    Returns:
        What they show; None where fewer than two pairs came to a score.
    """
    pairs = min(len(before.accuracies), len(after.accuracies))
    low, high = (scores(arm, own.cause)[:pairs] for arm in (before, after))
    metric = "balanced_accuracy/val" if is_balanced(own.cause, before) else "accuracy/val"
    sign = 1.0
    if own.cause in FLATTERING:
        metric, sign = f"overstatement of {metric}", -1.0
    known = np.isfinite(low) & np.isfinite(high)
    low, high = low[known], high[known]
    if len(low) < 2:
        return None
    differences = sign * (high - low)
    # runs that are equal to the last row are equal, however few rows there are
    step = 1 / max(before.rows, 1) if differences.any() else 0.0
    compared = paired_test(differences, step=step)
    looks = 2 if pairs > seeds else 1
    best = max(float(np.nanmean(scores(arm, own.cause)[:pairs])) for arm in arms)
    room = best - float(low.mean())
    recovered = float(differences.mean()) / room if sign > 0 and room > 1e-9 else None
    return Proof(
        metric=metric,
        before=float(low.mean()),
        after=float(high.mean()),
        gain=float(compared.mean.mean),
        ci95=(float(compared.mean.low), float(compared.mean.high)),
        p=min(1.0, looks * float(compared.p)) if compared.mean.mean > 0 else 1.0,
        seeds=len(low),
        seconds=round(seconds, 2),
        recovered=recovered,
    )


def is_beyond_rows(gain: float, cause: str, arm: Arm) -> bool:
    """Whether a gain is more than the rows that judged it make by chance.

    The t-test knows how seeds and draws of rows differ, but all runs are judged by rows of the one
    table, which make some of it by chance (`chance_of_rows`).

    Arguments:
        gain: of the score.
        cause: by whose score it is.
        arm: one of the two that were compared.
    """
    classes = np.unique(list(arm.judges.values()), return_counts=True)[1]
    rows = float(classes.sum()) if arm.judges else float(max(arm.rows, 1))
    if is_balanced(cause, arm) and arm.judges:  # rows of rare classes weigh more
        rows = len(classes) ** 2 / float((1 / classes).sum())
    return gain >= chance_of_rows(gain, rows)


def chance_of_rows(gain: float, rows: float) -> float:
    """What rows make of a gain by chance: twice the standard error where the gain, and `WORTH`
    back and forth, are told otherwise.
    """
    return 2 * math.sqrt((abs(gain) + WORTH) / rows)


def is_balanced(cause: str, arm: Arm) -> bool:
    """Whether a cause is judged by balanced accuracy, on rows like those that judged an arm."""
    counts = np.unique(list(arm.judges.values()), return_counts=True)[1]
    return cause in BALANCED or bool(len(counts) > 1 and counts.max() >= FREQUENT * counts.sum())


def scores(arm: Arm, cause: str) -> np.ndarray:
    """The scores (seeds,) of an arm by which a cause is judged."""
    return np.array(arm.balanced if is_balanced(cause, arm) else arm.accuracies)
