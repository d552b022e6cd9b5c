"""What re-runs say of each finding: its verdict, its place, and the changes that are enough."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np

from nnexp.diagnosis.conclude import BRINGS
from nnexp.diagnosis.finding import (
    CONFIRMED,
    FLATTERING,
    HARMLESS,
    SUSPECTED,
    Finding,
    Proof,
)
from nnexp.diagnosis.report import Diagnosis
from nnexp.leaderboard.statistics import holm
from nnexp.proof.arms import Arm
from nnexp.proof.contrast import (
    BALANCED,
    LEAST_GAIN,
    LEVEL,
    contrast,
    is_beyond_rows,
    scores,
)

METRICS = ("accuracy/val", "balanced_accuracy/val")  # of a change made alone
WIDE = 0.1  # gain that the interval of a mean without one may still hold, for an acquittal
HALF = 0.5  # of what another confirmed change brings: below it a change may follow from that one

# causes that no setting takes away, or that validation rows share: a fix that brings nothing there
# does not show them to be harmless
STAYING = ("label_noise", "deletion_bias", "validation_too_small")
SPLIT = "data.split."  # a fix of it changes the rows that judge: a lower score acquits nothing


def judge(
    found: Diagnosis, arms: Sequence[Arm], seeds: int, seconds: float
) -> list[tuple[Finding, float]]:
    """Each finding with its proof, and what its change brought."""
    base = arms[0]
    by_change = {arm.changed: arm for arm in arms}
    everything = max(arms, key=lambda arm: len(arm.changed))
    contrasts: dict[int, tuple[Proof, float]] = {}
    for place, own in enumerate(found.findings):
        if (place,) not in by_change:
            continue
        alone = contrast(own, base, by_change[(place,)], arms, seeds, seconds)
        if alone is None:
            continue
        rest = by_change.get(tuple(c for c in everything.changed if c != place))
        if len(everything.changed) > 1 and rest is not None and alone.p >= LEVEL:
            # a change may help only once the others are made
            beside = contrast(own, rest, everything, arms, seeds, seconds)
            whole = contrast(own, base, everything, arms, seeds, seconds)
            if beside and whole and beside.p < LEVEL and min(beside.gain, whole.gain) >= LEAST_GAIN:
                alone = replace(beside, metric=f"{beside.metric}, the other changes made")
        contrasts[place] = alone, alone.gain
    adjusted = holm([proof.p for proof, _ in contrasts.values()])
    p_values = dict(zip(contrasts, adjusted, strict=True))
    findings = []
    for place, own in enumerate(found.findings):
        if place not in contrasts:
            findings.append((own, 0.0))
            continue
        proof, gain = contrasts[place]
        verdict = own.verdict
        if (
            proof.gain >= LEAST_GAIN
            and p_values[place] < LEVEL
            and is_beyond_rows(proof.gain, own.cause, base)
        ):
            verdict = CONFIRMED
        elif own.cause in STAYING or any(word.startswith(SPLIT) for word in own.fix):
            pass
        elif own.cause in FLATTERING:  # it is there: only a score that is no better acquits it
            verdict = HARMLESS if proof.ci95[1] < LEAST_GAIN else verdict
        elif proof.gain < LEAST_GAIN and proof.ci95[1] < 5 * LEAST_GAIN:
            verdict = HARMLESS
        elif proof.gain <= 0:
            verdict = HARMLESS if proof.ci95[1] < WIDE else verdict
        elif own.verdict == HARMLESS:
            verdict = SUSPECTED if proof.ci95[1] > 5 * LEAST_GAIN else HARMLESS
        findings.append((own.with_proof(replace(proof, p=float(p_values[place])), verdict), gain))
    return findings


def smallest(
    found: Diagnosis, arms: Sequence[Arm], seeds: int, confirmed: Sequence[int]
) -> tuple[int, ...]:
    """The fewest confirmed changes whose scores cannot be told from the best.

    Of several as few, those of the causes that were named first.

    Arguments:
        found: of whose findings the arms are.
        arms: the configuration as it is first.
        seeds: pairs of the first look, which all arms have.
        confirmed: places of the findings that count.

    Returns:
        Their places, ascending; empty where nothing is to be restored.
    """
    causes = [own.cause for own in found.findings]
    usable = [
        arm
        for arm in arms
        if {*arm.changed} <= {*confirmed}
        and not any(causes[place] in FLATTERING for place in arm.changed)
    ]
    # as good as the best by each score that convicted a cause
    judged = sorted({causes[place] if causes[place] in BALANCED else "" for place in confirmed})
    means = {
        tuple(arm.changed): np.array([scores(arm, cause)[:seeds].mean() for cause in judged])
        for arm in usable
    }
    means = {changes: own for changes, own in means.items() if np.isfinite(own).all()}
    if () not in means or not judged:
        return ()
    best = np.max(list(means.values()), axis=0)
    room = best - means[()]
    if room.max() < LEAST_GAIN:
        return ()
    chosen = max(means, key=lambda own: float(means[own].sum()))
    for changes in sorted(means, key=lambda own: (len(own), own)):
        if (means[changes] >= best - np.maximum(LEAST_GAIN, 0.1 * room)).all():
            chosen = changes
            break
    # what is known to bring one of them about is mended as well, where that costs nothing
    leads = {place for place in confirmed if _brings(causes, place, chosen)}
    whole = tuple(sorted({*chosen, *leads}))
    if whole in means and (means[whole] >= means[chosen] - LEAST_GAIN).all():
        return whole
    return chosen


def without_followers(
    found: Diagnosis,
    findings: Sequence[tuple[Finding, float]],
    arms: Sequence[Arm],
    seeds: int,
    restores: tuple[int, ...],
) -> list[tuple[Finding, float]]:
    """Confirmed findings that bring nothing once what restores the score is mended are suspected.

    More epochs help a rate that is too low, too: what they help against is the rate.

    Arguments:
        found, arms, seeds: as for `judge`.
        findings: as it gave them.
        restores: places of what restores the score.
    """
    by_change = {tuple(arm.changed): arm for arm in arms}
    causes = [own.cause for own, _ in findings]
    lead = max((findings[place][1] for place in restores), default=0.0)
    kept = list(findings)
    for place, (own, gain) in enumerate(findings):
        both = by_change.get(tuple(sorted({*restores, place})))
        alone = own.proof is not None and own.proof.metric in METRICS
        if own.verdict != CONFIRMED or place in restores or not restores or both is None:
            continue
        if own.cause in FLATTERING or not alone or _brings(causes, place, restores):
            continue
        mended = by_change[restores]
        more = contrast(found.findings[place], mended, both, [both], seeds, 0.0)
        open_to_doubt = more is not None and more.p >= LEVEL and gain < HALF * lead
        if more is not None and (more.gain < LEAST_GAIN or open_to_doubt):
            kept[place] = replace(own, verdict=SUSPECTED), gain
    return kept


def _brings(causes: Sequence[str], place: int, others: Collection[int]) -> bool:
    """Whether a cause is known to bring about one of others, by which it may be mended in part."""
    return any(causes[other] in BRINGS.get(causes[place], ()) for other in others)


def in_order(
    findings: Sequence[tuple[Finding, float]], first: Collection[int] = (), standing: int = 0
) -> list[Finding]:
    """Confirmed ones first; one that brought far less than another after it; harmless ones last.

    Gains of unlike scores are not compared.

    Arguments:
        findings: each with what its change brought.
        first: places of what restores the score, which come before other confirmed ones.
        standing: how many of the findings stay in front, whatever was confirmed.
    """
    causes = [own.cause for own, _ in findings]
    most: dict[str, float] = {}
    for own, gain in findings:
        if own.verdict == CONFIRMED:
            most[_metric(own)] = max(gain, most.get(_metric(own), 0.0))

    def key(item: tuple[int, tuple[Finding, float]]) -> tuple[int, bool, bool, int]:
        place, (own, gain) = item
        group = {CONFIRMED: 0, SUSPECTED: 1, HARMLESS: 2}[own.verdict]
        group = -1 if place < standing else group
        confirmed = own.verdict == CONFIRMED
        leads = _brings(causes, place, first)
        later = confirmed and place not in first and not leads and own.cause not in FLATTERING
        small = confirmed and not leads and gain < HALF * most[_metric(own)]
        return group, later, small, place

    return [own for _, (own, _) in sorted(enumerate(findings), key=key)]


def _metric(own: Finding) -> str:
    """The score that a finding was judged by."""
    return "" if own.proof is None else own.proof.metric.partition(",")[0]
