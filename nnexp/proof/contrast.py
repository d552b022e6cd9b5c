"""Two arms of a proof compared, pair by pair, by the score that fits the cause."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nnexp.diagnosis import proven
from nnexp.diagnosis.finding import FLATTERING, Finding, Proof
from nnexp.proof.arms import Arm
from nnexp.statistics import chance_of_rows, recall_rows, recall_step

WORTH = 0.02  # what it must bring to be told where nothing speaks for it but this gain, as much as
# makes a run suspicious; beside a sign that is odd by itself the least gain is enough
WORTH_BALANCED = 0.05  # what class weights must bring: they bring some to every uneven table

FREQUENT = 0.9  # share of the rows of one class, beyond which every cause is judged by balanced
# accuracy: to name that class alone has an accuracy that hardly a model exceeds


def contrast_arms(
    own: Finding, before: Arm, after: Arm, arms: Sequence[Arm], seeds: int, seconds: float
) -> Proof | None:
    """Two arms compared, pair by pair; more than `seeds` pairs are a second look.

    Returns:
        What they show; None where fewer than two pairs came to a score.
    """
    pairs = min(len(before.accuracies), len(after.accuracies))
    low, high = (arm_scores(arm, own.cause)[:pairs] for arm in (before, after))
    metric = "balanced_accuracy/val" if is_balanced(own.cause, before) else "accuracy/val"
    sign = 1.0
    if own.cause in FLATTERING:
        metric, sign = f"overstatement of {metric}", -1.0
    proof = proven.contrast(
        metric,
        low,
        high,
        step=step_of(own.cause, before),
        ratio=before.ratio,
        shared=_shared(own.cause, before, after),
        sign=sign,
        looks=2 if pairs > seeds else 1,
        seconds=seconds,
    )
    if proof is None or sign < 0:
        return proof
    means = [_known_mean(arm_scores(arm, own.cause)[:pairs]) for arm in arms]
    best = max(mean for mean in means if mean is not None)
    room = best - proof.before
    return replace(proof, recovered=proof.gain / room if room > 1e-9 else None)


def chance_gain(gain: float, cause: str, arm: Arm) -> float:
    """The gain that the rows which judged it make by chance.

    The t-test knows how seeds and draws of rows differ, but all runs are judged by rows of the one
    table (`chance_of_rows`).

    Arguments:
        gain: of the score.
        cause: by whose score it is.
        arm: one of the two that were compared.
    """
    rows = float(len(arm.judges) or max(arm.rows, 1))
    if is_balanced(cause, arm) and arm.judges:
        rows = recall_rows(_counts(arm))
    return chance_of_rows(gain, rows)


def step_of(cause: str, arm: Arm) -> float:
    """By how much a row of those that validate moves the score of a run."""
    if not (is_balanced(cause, arm) and arm.judges):
        return 1 / max(arm.rows, 1)
    share = max(arm.rows, 1) / len(arm.judges)  # of the rows of all runs that one of them has
    return recall_step(np.maximum(_counts(arm) * share, 1))


def _shared(cause: str, before: Arm, after: Arm) -> float:
    """The most of the variance of a pair that the rows which validate can make.

    A row that is told otherwise is an error of one of the two. Of balanced accuracies it is not
    known, since their errors may all be of the rarest class.
    """
    if is_balanced(cause, before):
        return math.inf
    errors = sum(1 - (_known_mean(arm.accuracies) or 0.0) for arm in (before, after))
    return min(1.0, errors) / max(before.rows, 1)


def _known_mean(scores: Sequence[float] | np.ndarray) -> float | None:
    """The mean of those runs that came to a score; None where none did."""
    known = np.asarray(scores, dtype=float)
    known = known[np.isfinite(known)]
    return float(known.mean()) if len(known) else None


def _counts(arm: Arm) -> np.ndarray:
    """The rows of each class among those that judge."""
    return np.unique(list(arm.judges.values()), return_counts=True)[1]


def is_balanced(cause: str, arm: Arm) -> bool:
    """Whether a cause is judged by balanced accuracy, on rows like those that judged an arm."""
    counts = _counts(arm)
    frequent = len(counts) > 1 and counts.max() >= FREQUENT * counts.sum()
    return cause in proven.BALANCED or arm.weighted or bool(frequent)


def worth(cause: str) -> float:
    """What the cure of a cause must bring to be told where nothing but this gain speaks for it."""
    return WORTH_BALANCED if cause in proven.BALANCED else WORTH


def arm_scores(arm: Arm, cause: str) -> np.ndarray:
    """The scores (seeds,) of an arm by which a cause is judged."""
    return np.array(arm.balanced if is_balanced(cause, arm) else arm.accuracies)
