"""What re-runs say of each finding: its verdict, its place, and the changes that are enough."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nnexp.diagnosis.conclude import HARM
from nnexp.diagnosis.disproved import EMPTY
from nnexp.diagnosis.finding import CONFIRMED, FLATTERING, HARMLESS, SUSPECTED, Finding, Proof
from nnexp.diagnosis.proven import BALANCED, HALF, LEAST_GAIN, brings, changed_nothing, verdict
from nnexp.diagnosis.report import Diagnosis, other_rows_judge
from nnexp.proof.arms import Arm
from nnexp.proof.contrast import arm_scores, chance_gain, contrast_arms, worth
from nnexp.statistics import LEVEL, holm

METRICS = ("accuracy/val", "balanced_accuracy/val")  # of a change made alone

SHORT = 0.1  # of what the best set of changes brings: a smaller set may fall so far behind it
SECOND = 2  # times p, of a second look or a second chance

# causes that no setting takes away, or that validation rows share: a fix that brings nothing there
# does not show them to be harmless
STAYING = ("label_noise", "validation_too_small")


def judge(
    found: Diagnosis, arms: Sequence[Arm], seeds: int, seconds: float
) -> list[tuple[Finding, float]]:
    """Each finding with its proof, and what its change brought.

    A change that brings nothing is confirmed in at most 5 % of proofs. Only a gain is: a two-sided
    p below `LEVEL` allows that in 2.5 %, and each second chance, whose p is doubled, in 1.25 %: of
    more pairs, and of what it brings beside the others.
    """
    base = arms[0]
    by_change = {arm.changed: arm for arm in arms}
    everything = max(arms, key=lambda arm: len(arm.changed))
    contrasts: dict[int, tuple[Proof, float]] = {}
    for place, own in enumerate(found.findings):
        if (place,) not in by_change:
            continue
        alone = contrast_arms(own, base, by_change[(place,)], arms, seeds, seconds)
        if alone is None:
            continue
        rest = by_change.get(tuple(c for c in everything.changed if c != place))
        if len(everything.changed) > 1 and rest is not None and alone.p >= LEVEL:
            # a change may help only once the others are made: a second chance, which counts
            beside = contrast_arms(own, rest, everything, arms, seeds, seconds)
            whole = contrast_arms(own, base, everything, arms, seeds, seconds)
            if beside and whole and min(beside.gain, whole.gain) >= LEAST_GAIN:
                p = min(1.0, SECOND * beside.p)
                named = f"{beside.metric}, the other changes made"
                alone = replace(beside, metric=named, p=p) if p < LEVEL else alone
        contrasts[place] = alone, alone.gain
    adjusted = holm([proof.p for proof, _ in contrasts.values()])
    p_values = dict(zip(contrasts, adjusted, strict=True))
    findings = []
    for place, own in enumerate(found.findings):
        if place not in contrasts:
            findings.append((own, 0.0))
            continue
        proof, gain = contrasts[place]
        proof = replace(proof, p=float(p_values[place]))
        told = verdict(own, proof, chance_gain(proof.gain, own.cause, base))
        if told == CONFIRMED:
            told = told if own.provable else own.verdict
        elif own.cause in STAYING or other_rows_judge(own):
            told = own.verdict
        elif own.cause in FLATTERING:  # it is there: only a score that is no better acquits it
            told = HARMLESS if proof.ci95[1] < LEAST_GAIN else own.verdict
        findings.append((own.with_proof(proof, told), gain))
    if not any(own.verdict == CONFIRMED for own, _ in findings):
        # what left all runs as they were says nothing of a gap that nothing else explains
        for place in contrasts:
            own, gain = findings[place]
            if own.verdict == HARMLESS and _idle(base, by_change[(place,)]):
                findings[place] = replace(own, verdict=found.findings[place].verdict), gain
    return findings


def acquitted_labels(findings: Sequence[Finding]) -> set[int]:
    """The places of findings that nothing tells of the label, inputs or labels being at fault,
    where a re-run has shown that something does.
    """
    if not any(own.cause == EMPTY and own.verdict == CONFIRMED for own in findings):
        return set()
    shared = {
        item.signal
        for own in findings
        if own.cause == EMPTY
        for item in own.evidence
        if not item.signal.startswith(HARM)
    }
    return {
        place
        for place, own in enumerate(findings)
        if own.cause in (EMPTY, "label_permuted")
        and own.proof is None
        and any(item.signal in shared for item in own.evidence)
    }


def _idle(before: Arm, after: Arm) -> bool:
    """Whether a change left all runs as they were."""
    pairs = min(len(before.accuracies), len(after.accuracies))
    low, high = ((arm.accuracies[:pairs], arm.balanced[:pairs]) for arm in (before, after))
    return changed_nothing(low, high, len(set(before.judges.values())))


def smallest(
    found: Diagnosis, arms: Sequence[Arm], seeds: int, confirmed: Sequence[int]
) -> tuple[int, ...]:
    """The fewest confirmed changes that bring what the best set of them brings, but for
    `LEAST_GAIN` or a tenth of it.

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
    gains = {
        tuple(arm.changed): np.array([_gain(arms[0], arm, cause, seeds) for cause in judged])
        for arm in usable
    }
    gains = {changes: own for changes, own in gains.items() if np.isfinite(own).all()}
    if () not in gains or not judged:
        return ()
    best = np.max(list(gains.values()), axis=0)
    if best.max() < LEAST_GAIN:
        return ()
    chosen = max(gains, key=lambda own: float(gains[own].sum()))
    for changes in sorted(gains, key=lambda own: (len(own), own)):
        if (gains[changes] >= best - np.maximum(LEAST_GAIN, SHORT * best)).all():
            chosen = changes
            break
    # what is known to bring one of them about is mended as well, where that costs nothing
    leads = {place for place in confirmed if brings(causes, place, chosen)}
    whole = tuple(sorted({*chosen, *leads}))
    if whole in gains and (gains[whole] >= gains[chosen] - LEAST_GAIN).all():
        return whole
    return chosen


def _gain(before: Arm, after: Arm, cause: str, seeds: int) -> float:
    """The mean gain over the pairs that came to a score; NaN for fewer than two."""
    gains = arm_scores(after, cause)[:seeds] - arm_scores(before, cause)[:seeds]
    known = gains[np.isfinite(gains)]
    return float(known.mean()) if len(known) > 1 else math.nan


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
        if own.cause in FLATTERING or not alone or brings(causes, place, restores):
            continue
        mended = by_change[restores]
        more = contrast_arms(found.findings[place], mended, both, [both], seeds, 0.0)
        open_to_doubt = more is not None and more.p >= LEVEL and gain < HALF * lead
        least = worth(own.cause) if own.cause in BALANCED else LEAST_GAIN
        if more is not None and (more.gain < least or open_to_doubt):
            kept[place] = replace(own, verdict=SUSPECTED), gain
    return kept
