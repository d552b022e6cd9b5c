"""The proof of a diagnosis: re-runs with exactly the one change, paired by seed, as one stack.

A pair has the same seed and the same split; seeds and splits differ from pair to pair, so that the
interval holds for other rows of the table too. Up to three causes are tried in every combination,
which shows the smallest set of changes that restores the score.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np

from nnexp.arms import Arm, member_seconds, train_arms
from nnexp.changes import changed
from nnexp.config.saved import read_config
from nnexp.diagnosis.finding import CONFIRMED, HARMLESS, SUSPECTED, Finding, Proof
from nnexp.diagnosis.report import Diagnosis
from nnexp.errors import UserError
from nnexp.examine import read_overrides
from nnexp.leaderboard.statistics import holm, paired_test

METRICS = ("accuracy/val", "balanced_accuracy/val")  # of a change made alone
HALF = 0.5  # of what another confirmed change brings: below it a change may follow from that one
LEVEL = 0.05  # of the paired t-test, after Holm's correction
LEAST_GAIN = 0.01  # of a score, below which a change is not worth making
OPEN = 0.3  # p of a gain worth making, up to which few pairs leave it open: more are trained, ...
MORE, PAIRS = 3, 15  # ... so many times as many, and so many at most; p is doubled for that look
WORTH = 0.02  # what a change must bring where nothing was told: as much as makes a run suspicious
MOST = 3  # causes that are tried together

# causes that make the validation score too good: their proof is how much of it goes
FLATTERING = (
    "duplicate_leak",
    "target_leak",
    "group_leak",
    "selection_leak",
    "missingness_leak",
)
BALANCED = ("class_imbalance",)  # judged by balanced accuracy
# causes that no setting takes away, or that validation rows share: a fix that brings nothing there
# does not show them to be harmless
STAYING = ("label_noise", "deletion_bias", "validation_too_small")


@dataclass(frozen=True)
class Proven:
    """What re-runs showed of a diagnosis.

    Arguments:
        diagnosis: its findings with their proofs, in the order of what they brought.
        restores: the smallest set of changes that brings the best score, as overrides; empty where
            none brings anything.
        seconds: what the re-runs took.
        runs: how many there were.
    """

    diagnosis: Diagnosis
    restores: Sequence[str] = ()
    seconds: float = 0.0
    runs: int = 0


def prove(
    folder: str | Path,
    found: Diagnosis,
    *,
    seeds: int = 5,
    budget: float | None = None,
    trust: bool = False,
) -> Proven:
    """Re-run with each finding's fix, and say which of them help.

    Arguments:
        folder: the run folder, for its configuration.
        found: its diagnosis.
        seeds: pairs, >= 2.
        budget: seconds that the re-runs may take, about; None for no limit.
        trust: see `nnexp.load`.

    Raises:
        UserError: there is no validation row to judge by, or the configuration is damaged.
    """
    if seeds < 2:
        raise UserError(
            f"--seeds {seeds}", "2 or more, since one pair has no interval", "--seeds 5"
        )
    folder = Path(folder)
    base = read_config(folder, trust)
    overrides = read_overrides(folder)
    start = time.monotonic()
    told = found
    if not told.alarms:  # what was left out for want of harm may have done some
        found = replace(found, findings=[*told.findings, *told.considered])
    chosen = [place for place, own in enumerate(found.findings) if own.fix][:MOST]
    arms = [Arm(base)]
    for size in range(1, len(chosen) + 1):
        for places in combinations(chosen, size):
            words = [word for place in places for word in found.findings[place].fix]
            config = changed(base, overrides, words)
            if config is not None:
                arms.append(Arm(config, places))
    if len(arms) == 1:
        return Proven(told)
    arms, seeds = _within(arms, seeds, budget, folder)
    runs = train_arms(arms, range(seeds), resplit=True)
    undecided = _undecided(found, arms, seeds)
    more = range(seeds, min(PAIRS, MORE * seeds))
    needed = (1 + len(undecided)) * len(more) * member_seconds(folder)
    if undecided and more and (budget is None or time.monotonic() - start + needed <= budget):
        runs += train_arms([arms[0], *undecided], more, resplit=True)
    if not any(np.isfinite(arms[0].accuracies)):
        raise UserError(
            "no re-run of the configuration came to a validation score",
            "a run with validation rows",
            "data.split.valid=0.2",
        )
    seconds = time.monotonic() - start
    findings = _judge(found, arms, seeds, seconds)
    dropped = {
        place
        for place, (own, gain) in enumerate(findings)
        if place >= len(told.findings) and (own.verdict != CONFIRMED or gain < WORTH)
    }
    restores = _smallest(found, [arm for arm in arms if not dropped & {*arm.changed}], seeds)
    tried = [findings[place][0] for place in sorted(dropped)]
    kept = [item for place, item in enumerate(findings) if place not in dropped]
    checked = [*told.checked, *(_tried(own) for own in tried if own.proof is not None)]
    diagnosis = replace(told, findings=_in_order(kept), checked=checked)
    return Proven(diagnosis, restores, seconds, runs)


def _tried(own: Finding) -> str:
    """A change that brought too little, in a line."""
    assert own.proof is not None
    low, high = own.proof.ci95
    return (
        f"{' '.join(own.fix)} makes little difference: {own.proof.metric} {own.proof.before:.3f} "
        f"-> {own.proof.after:.3f} (95 % interval of the gain {low:+.3f} to {high:+.3f})"
    )


def _within(
    arms: list[Arm], seeds: int, budget: float | None, folder: Path
) -> tuple[list[Arm], int]:
    """As many arms and seeds as the time allows, single changes first; never fewer than 2 seeds."""
    if budget is None:
        return arms, seeds
    each = member_seconds(folder)
    while len(arms) * seeds * each > budget and len(arms) > 2:
        arms = arms[:-1]
    while len(arms) * seeds * each > budget and seeds > 2:
        seeds -= 1
    return arms, seeds


def _undecided(found: Diagnosis, arms: Sequence[Arm], seeds: int) -> list[Arm]:
    """The single changes that look worth making but may be chance."""
    single = [arm for arm in arms if len(arm.changed) == 1]
    proofs = [
        _contrast(found.findings[arm.changed[0]], arms[0], arm, arms, seeds, 0.0) for arm in single
    ]
    adjusted = holm([proof.p for proof in proofs])
    return [
        arm
        for arm, proof, p in zip(single, proofs, adjusted, strict=True)
        if proof.gain >= LEAST_GAIN and p >= LEVEL and proof.p < OPEN
    ]


def _scores(arm: Arm, cause: str) -> np.ndarray:
    return np.array(arm.balanced if cause in BALANCED else arm.accuracies)


def _judge(
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
        alone = _contrast(own, base, by_change[(place,)], arms, seeds, seconds)
        rest = by_change.get(tuple(c for c in everything.changed if c != place))
        if len(everything.changed) > 1 and rest is not None and alone.p >= LEVEL:
            # a change may help only once the others are made
            beside = _contrast(own, rest, everything, arms, seeds, seconds)
            if beside.gain >= LEAST_GAIN and beside.p < LEVEL:
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
        if proof.gain >= LEAST_GAIN and p_values[place] < LEVEL:
            verdict = CONFIRMED
        elif own.cause in STAYING:
            pass
        elif own.cause in FLATTERING:  # it is there: only a score that is no better acquits it
            verdict = HARMLESS if proof.ci95[1] < LEAST_GAIN else verdict
        elif proof.gain <= 0 or (proof.gain < LEAST_GAIN and proof.ci95[1] < 5 * LEAST_GAIN):
            verdict = HARMLESS
        elif own.verdict == HARMLESS:
            verdict = SUSPECTED if proof.ci95[1] > 5 * LEAST_GAIN else HARMLESS
        findings.append((own.with_proof(replace(proof, p=float(p_values[place])), verdict), gain))
    return _without_followers(found, findings, by_change, seeds, seconds)


def _without_followers(
    found: Diagnosis,
    findings: list[tuple[Finding, float]],
    arms: Mapping[tuple[int, ...], Arm],
    seeds: int,
    seconds: float,
) -> list[tuple[Finding, float]]:
    """Confirmed findings that bring nothing once another is mended stay suspected.

    More epochs help a rate that is too low, too: what they help against is the rate. Only what
    brings less than half as much as the other by itself is asked.
    """
    alone = {
        place: gain
        for place, (own, gain) in enumerate(findings)
        if own.verdict == CONFIRMED and own.proof is not None and own.proof.metric in METRICS
    }
    kept = list(findings)
    for place, gain in alone.items():
        own = findings[place][0]
        alike = [
            other
            for other in alone
            if other != place and findings[other][0].proof.metric == own.proof.metric  # type: ignore[union-attr]
        ]
        lead = max(alike, key=lambda other: alone[other], default=place)
        both = arms.get(tuple(sorted((lead, place))))
        if lead == place or gain >= HALF * alone[lead] or both is None:
            continue
        more = _contrast(found.findings[place], arms[(lead,)], both, [both], seeds, seconds)
        if more.gain < LEAST_GAIN or more.p >= LEVEL:
            kept[place] = replace(own, verdict=SUSPECTED), gain
    return kept


def _contrast(
    own: Finding, before: Arm, after: Arm, arms: Sequence[Arm], seeds: int, seconds: float
) -> Proof:
    """Two arms compared, pair by pair; more than `seeds` pairs are a second look."""
    pairs = min(len(before.accuracies), len(after.accuracies))
    low, high = (_scores(arm, own.cause)[:pairs] for arm in (before, after))
    metric = "balanced_accuracy/val" if own.cause in BALANCED else "accuracy/val"
    sign = 1.0
    if own.cause in FLATTERING:
        metric, sign = f"overstatement of {metric}", -1.0
    known = np.isfinite(low) & np.isfinite(high)
    low, high = low[known], high[known]
    differences = sign * (high - low)
    # runs that are equal to the last row are equal, however few rows there are
    step = 1 / max(before.rows, 1) if differences.any() else 0.0
    compared = paired_test(differences, step=step)
    best = max(float(np.nanmean(_scores(arm, own.cause)[:pairs])) for arm in arms)
    looks = 2 if pairs > seeds else 1
    possible = best
    if sign > 0:
        room = possible - float(low.mean())
        recovered = float(differences.mean()) / room if room > 1e-9 else None
    else:
        recovered = None
    return Proof(
        metric=metric,
        before=float(low.mean()),
        after=float(high.mean()),
        gain=float(compared.mean.mean),
        ci95=(float(compared.mean.low), float(compared.mean.high)),
        p=min(1.0, looks * float(compared.p)) if compared.mean.mean > 0 else 1.0,
        seeds=pairs,
        seconds=round(seconds, 2),
        recovered=recovered,
    )


def _smallest(found: Diagnosis, arms: Sequence[Arm], seeds: int) -> list[str]:
    """The fewest changes whose score cannot be told from the best, as overrides."""
    usable = [
        arm
        for arm in arms
        if not any(found.findings[place].cause in FLATTERING for place in arm.changed)
    ]
    cause = BALANCED[0] if any(own.cause in BALANCED for own in found.findings) else ""
    means = {arm.changed: float(np.nanmean(_scores(arm, cause)[:seeds])) for arm in usable}
    best = max(means.values())
    if best - means[()] < LEAST_GAIN:
        return []
    for changes in sorted(means, key=lambda own: (len(own), -means[own])):
        if means[changes] >= best - max(LEAST_GAIN, 0.1 * (best - means[()])):
            return [word for place in changes for word in found.findings[place].fix]
    return []


def _in_order(findings: Sequence[tuple[Finding, float]]) -> list[Finding]:
    """Confirmed ones first; one that brought far less than another after it; harmless ones last."""
    most = max((gain for own, gain in findings if own.verdict == CONFIRMED), default=0.0)

    def key(item: tuple[int, tuple[Finding, float]]) -> tuple[int, bool, int]:
        place, (own, gain) = item
        group = {CONFIRMED: 0, SUSPECTED: 1, HARMLESS: 2}[own.verdict]
        return group, own.verdict == CONFIRMED and gain < HALF * most, place

    return [own for _, (own, _) in sorted(enumerate(findings), key=key)]
