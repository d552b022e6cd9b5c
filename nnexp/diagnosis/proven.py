"""What re-runs show of a finding: two arms compared pair by pair, the verdict, and the order."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence

import numpy as np
from numpy.typing import ArrayLike

from nnexp.diagnosis.conclude import BRINGS
from nnexp.diagnosis.finding import CONFIRMED, FLATTERING, HARMLESS, SUSPECTED, Finding, Proof
from nnexp.statistics import LEVEL, paired_test

BALANCED = ("class_imbalance",)  # causes that are judged by balanced accuracy
LEAST_GAIN = 0.01  # of a score, below which a change is not worth making
SURELY = 0.05  # gain that the interval must not reach, for an acquittal, ...
WIDE = 0.1  # ... and where the mean is no gain at all
ONE_SIDED = 0.82  # of a two-sided 95 % interval's half, where a one-sided one ends, of 15 pairs
HALF = 0.5  # of what another confirmed change brings: below it a change may follow from that one


def contrast(
    metric: str,
    before: ArrayLike,
    after: ArrayLike,
    *,
    step: float = 0.0,
    ratio: float = 0.0,
    shared: float = math.inf,
    sign: float = 1.0,
    looks: int = 1,
    seconds: float = 0.0,
) -> Proof | None:
    """Two arms compared, pair by pair.

    Arguments:
        metric: what the scores are.
        before, after: scores (pairs,) without and with the change; pairs that lack one are left
            out.
        step, ratio, shared: see `paired_test`.
        sign: -1 where the less the better.
        looks: how often p was or will be looked at, with which it is multiplied.
        seconds: what it took.

    Returns:
        What they show; None where fewer than two pairs came to a score.
    """
    low, high = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    known = np.isfinite(low) & np.isfinite(high)
    low, high = low[known], high[known]
    if len(low) < 2:
        return None
    differences = sign * (high - low)
    # runs that are equal to the last row are equal, however few rows there are
    compared = paired_test(differences, ratio, step if differences.any() else 0.0, shared)
    return Proof(
        metric=metric,
        before=float(low.mean()),
        after=float(high.mean()),
        gain=float(compared.mean.mean),
        ci95=(float(compared.mean.low), float(compared.mean.high)),
        p=min(1.0, looks * float(compared.p)) if compared.mean.mean > 0 else 1.0,
        seeds=len(low),
        seconds=round(seconds, 2),
    )


def verdict(own: Finding, proof: Proof, chance: float) -> str:
    """Whether a change helps, does not, or neither is certain.

    Arguments:
        own: what the change is to mend.
        proof: with p for all changes that are tried.
        chance: gain that the rows which judged it make by chance.
    """
    if proof.gain >= max(LEAST_GAIN, chance) and proof.p < LEVEL:
        return CONFIRMED
    if proof.gain < LEAST_GAIN and proof.ci95[1] < SURELY:
        return HARMLESS
    if own.verdict == HARMLESS and seems_to_help(proof):
        return SUSPECTED
    if proof.gain <= 0:
        return HARMLESS if proof.ci95[1] < WIDE else own.verdict
    if own.verdict == HARMLESS and proof.ci95[1] > SURELY:
        return SUSPECTED
    return own.verdict


def seems_to_help(proof: Proof) -> bool:
    """Whether a change brings what is worth making, by an interval of its own that is one-sided.

    That is no proof, but where the setting is odd by itself two things speak for it.
    """
    return proof.gain >= max(LEAST_GAIN, ONE_SIDED * (proof.gain - proof.ci95[0]))


def changed_nothing(
    before: Sequence[Sequence[float]], after: Sequence[Sequence[float]], classes: int
) -> bool:
    """Whether a change left all runs as they were, which says nothing of the cause it was for.

    Runs that name one class, or tell all rows, are alike without being the same.

    Arguments:
        before, after: accuracies (pairs,) and balanced accuracies (pairs,).
        classes: how many the judging rows have.
    """
    low, high = np.asarray(before, dtype=np.float64), np.asarray(after, dtype=np.float64)
    if low.shape != high.shape or not low.size or not np.array_equal(low, high):
        return False
    one_class = np.isclose(low[1], 1 / max(1, classes))
    return not bool((one_class | (low[0] == 1)).any())


def in_order_of_proof(
    findings: Sequence[tuple[Finding, float]], first: Collection[int] = (), standing: int = 0
) -> list[Finding]:
    """Confirmed ones first; one that brought far less than another after it; harmless ones last.

    Gains of unlike scores are not compared. A cause that no re-run can try stays before what it
    brings about, of which others mend a part.

    Arguments:
        findings: each with what its change brought.
        first: places of what restores the score, which come before other confirmed ones.
        standing: how many of the findings stay in front, whatever was confirmed.
    """
    causes = [own.cause for own, _ in findings]
    most: dict[str, float] = {}
    proven = [place for place, (own, _) in enumerate(findings) if own.verdict == CONFIRMED]
    for own, gain in (findings[place] for place in proven):
        most[_metric(own)] = max(gain, most.get(_metric(own), 0.0))

    def key(item: tuple[int, tuple[Finding, float]]) -> tuple[int, bool, bool, int]:
        place, (own, gain) = item
        group = {CONFIRMED: 0, SUSPECTED: 1, HARMLESS: 2}[own.verdict]
        after = [other for other in proven if other > place]
        if own.verdict == SUSPECTED and own.proof is None and brings(causes, place, after):
            group = 0
        group = -1 if place < standing else group
        confirmed = own.verdict == CONFIRMED
        leads = brings(causes, place, first)
        later = confirmed and place not in first and not leads and own.cause not in FLATTERING
        small = confirmed and not leads and gain < HALF * most[_metric(own)]
        return group, later, small, place

    return [own for _, (own, _) in sorted(enumerate(findings), key=key)]


def brings(causes: Sequence[str], place: int, others: Collection[int]) -> bool:
    """Whether a cause is known to bring about one of others, by which it may be mended in part."""
    return any(causes[other] in BRINGS.get(causes[place], ()) for other in others)


def _metric(own: Finding) -> str:
    """The score that a finding was judged by."""
    return "" if own.proof is None else own.proof.metric.partition(",")[0]
