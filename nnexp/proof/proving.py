"""The proof of a diagnosis: re-runs with exactly the one change, paired by seed, as one stack.

A pair has the same seed and the same split; seeds and validation rows differ from pair to pair and
from those of the run, the rows that test stay out of it. A gain counts where it is beyond what
seeds and draws of rows make, and beyond what the rows that judged make by chance. Up to three
causes are tried in every combination, which shows the smallest set of changes that restores the
score.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import numpy as np

from nnexp.config.changes import changed
from nnexp.config.saved import read_config
from nnexp.config.schema.config import Config
from nnexp.config.typed import read_typed
from nnexp.data.cache import Tables
from nnexp.diagnosis.finding import CONFIRMED, FLATTERING, SUSPECTED, Finding, Sign
from nnexp.diagnosis.overrides import united
from nnexp.diagnosis.proven import LEAST_GAIN, SURELY, in_order_of_proof, seems_to_help
from nnexp.diagnosis.report import Diagnosis, unmended
from nnexp.errors import UserError
from nnexp.proof.arms import Arm, cost, member_seconds, train_arms
from nnexp.proof.contrast import WORTH, contrast_arms, worth
from nnexp.proof.hidden import hidden
from nnexp.proof.judging import acquitted_labels, judge, smallest, without_followers
from nnexp.proof.resplits import resplits
from nnexp.statistics import LEVEL, holm

OPEN = 0.3  # p of a gain worth making, up to which few pairs leave it open: more are trained, ...
MORE, PAIRS = 3, 15  # ... so many times as many, and so many at most; p is doubled for that look
MOST = 3  # causes that are tried together
BELONG = "the labels belong to their rows, which a re-run tells"
FIRST = 1  # added to the run's seeds: it was suspected for its score, which is no fair "before"


@dataclass(frozen=True)
class Proven:
    """What re-runs showed of a diagnosis.

    Arguments:
        diagnosis: its findings with their proofs, in the order of what they brought.
        seconds: what the re-runs took.
        runs: how many there were.
        tried: what was tried for want of other suspects and brought too little, a line each.
    """

    diagnosis: Diagnosis
    seconds: float = 0.0
    runs: int = 0
    tried: Sequence[str] = ()


def prove(
    folder: str | Path,
    told: Diagnosis,
    *,
    seeds: int = 5,
    budget: float | None = None,
    trust: bool = False,
    tables: Tables | None = None,
) -> Proven:
    """Re-run with each finding's fix, and say which of them help.

    Arguments:
        folder: the run folder, for its configuration.
        told: its diagnosis.
        seeds: pairs, >= 2.
        budget: seconds that the re-runs may take, about; None for no limit.
        trust: see `nnexp.load`.
        tables: which have read its table already; None to read it.

    Raises:
        UserError: there is no validation row to judge by, or the configuration is damaged.
    """
    check_seeds(seeds)
    folder = Path(folder)
    base = read_config(folder, trust)
    start = time.monotonic()
    # what was left out for want of harm may have done some
    typed = read_typed(folder, trust) or []
    signs = [*hidden(base, typed, told), *([] if told.alarms else told.considered)]
    found = replace(told, findings=[*told.findings, *(sign.finding for sign in signs)])
    arms = _planned(base, typed, found)
    if len(arms) == 1:
        return Proven(told)
    tables = Tables() if tables is None else tables.without_datasets()
    until = None if budget is None else start + budget
    arms, seeds, runs = _train(found, arms, seeds, until, member_seconds(folder), tables)
    if not any(np.isfinite(arms[0].accuracies)):
        raise UserError(
            "no re-run of the configuration came to a validation score",
            "a run with validation rows",
            "data.split.valid=0.2",
        )
    seconds = time.monotonic() - start
    findings = judge(found, arms, seeds, seconds)
    sure = any(own.verdict == CONFIRMED for own, _ in findings)
    likely = set() if sure else _likely(findings, signs, len(told.findings))
    for place in likely:
        own, gain = findings[place]
        findings[place] = replace(own, verdict=SUSPECTED), gain
    dropped = _harmless(findings, signs, len(told.findings), likely)
    confirmed = [
        place
        for place, (own, _) in enumerate(findings)
        if own.verdict == CONFIRMED and place not in dropped
    ]
    chosen = smallest(found, arms, seeds, confirmed)
    findings = without_followers(found, findings, arms, seeds, chosen)
    dropped |= _harmless(findings, signs, len(told.findings), likely)
    acquitted = acquitted_labels([own for own, _ in findings])
    dropped |= acquitted
    restores = _cure(found, chosen, confirmed)
    places = [place for place in range(len(findings)) if place not in dropped]
    kept = [findings[place] for place in places]
    first = [position for position, place in enumerate(places) if place in chosen]
    lines = [
        tried_line(findings[place][0], beside=bool(chosen))
        for place in sorted(dropped)
        if findings[place][0].proof is not None
    ]
    tried = list(dict.fromkeys(lines))  # two signs may have one fix
    diagnosis = replace(
        told,
        findings=[own for place, own in enumerate(told.findings) if place not in dropped],
        checked=[*told.checked, *tried, *([BELONG] if acquitted else [])],
        restores=restores,
        restored=_restored(arms, chosen, seeds) if restores else (),
    )
    ordered = in_order_of_proof(kept, first, unmended(diagnosis))
    return Proven(replace(diagnosis, findings=ordered), seconds, runs, tried)


def check_seeds(seeds: int) -> None:
    """Refuse what is no number of pairs.

    Raises:
        UserError: it is none, or below 2.
    """
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 2:
        raise UserError(
            f"--seeds {seeds}", "2 or more, since one pair has no interval", "--seeds 5"
        )


def _likely(
    findings: Sequence[tuple[Finding, float]], signs: Sequence[Sign], first: int
) -> set[int]:
    """The places, from `first` on, of signs that are odd by themselves and whose change seems to
    help; asked where nothing is confirmed.
    """
    return {
        place
        for place, sign in enumerate(signs, first)
        if sign.odd and (proof := findings[place][0].proof) is not None and seems_to_help(proof)
    }


def _harmless(
    findings: Sequence[tuple[Finding, float]], signs: Sequence[Sign], first: int, likely: set[int]
) -> set[int]:
    """The places, from `first` on, of signs whose change brought too little to be told."""
    return {
        place
        for place, sign in enumerate(signs, first)
        if place not in likely
        and (
            findings[place][0].verdict != CONFIRMED
            or findings[place][1] < (LEAST_GAIN if sign.odd else worth(findings[place][0].cause))
        )
    }


def _cure(found: Diagnosis, chosen: Sequence[int], confirmed: Sequence[int]) -> list[str]:
    """The changes of the findings chosen, and of all confirmed ones that made a score too good."""
    restores = united(*(found.findings[place].fix for place in chosen)) or []
    # a score that a leak has made is none to be restored: what takes it away belongs to the cure
    leaks = [found.findings[p].fix for p in confirmed if found.findings[p].cause in FLATTERING]
    return united(*leaks, restores) or united(*leaks) or []


def _restored(arms: Sequence[Arm], chosen: tuple[int, ...], seeds: int) -> tuple[float, ...]:
    """Mean accuracy as it is and with what restores it, of the pairs that both have."""
    after = next((arm for arm in arms if tuple(arm.changed) == chosen), arms[0])
    pairs = np.array([arms[0].accuracies[:seeds], after.accuracies[:seeds]])
    known = pairs[:, np.isfinite(pairs).all(0)]
    return tuple(map(float, known.mean(1))) if known.size else ()


def _planned(base: Config, overrides: Sequence[str], found: Diagnosis) -> list[Arm]:
    """The configuration as it is, and with each set of the first fixes, smaller sets first."""
    chosen = [place for place, own in enumerate(found.findings) if own.fix][:MOST]
    weighted = base.loss.class_weight is not None
    arms = [Arm(base, weighted=weighted)]
    for size in range(1, len(chosen) + 1):
        for places in combinations(chosen, size):
            words = united(*(found.findings[place].fix for place in places))
            config = None if words is None else changed(base, overrides, words)
            if config is not None:
                arms.append(Arm(config, places, weighted=weighted))
    return arms


def _train(
    found: Diagnosis,
    arms: Sequence[Arm],
    seeds: int,
    until: float | None,
    each: float,
    tables: Tables,
) -> tuple[list[Arm], int, int]:
    """Train the arms, and what few pairs leave open with more pairs where there is time.

    Where time is short there are fewer arms and pairs, at first by what the run itself took, then
    by what these took.

    Arguments:
        found: what the arms are of.
        arms: the configuration as it is first.
        seeds: pairs of the first look.
        until: when it should be over; None for no limit.
        each: seconds that a member of a stack takes, about.
        tables: where their datasets are made.

    Returns:
        The arms that were trained, the pairs of the first look, and how many runs there were.
    """
    base, everything, asked, begun = arms[0].config, arms, seeds, time.monotonic()
    splits = resplits(base, tables, seeds)
    allowed = None if until is None else until - begun
    arms, seeds = _within(everything, asked, allowed, each)
    runs = train_arms(arms, range(FIRST, FIRST + seeds), splits[:seeds], tables)
    if (len(arms), seeds) != (len(everything), asked):
        took = time.monotonic() - begun
        each = took / (seeds * sum(cost(arm.config, base) for arm in arms))
        wanted, more = _within(everything, asked, allowed, each)
        wanted = wanted if len(wanted) > len(arms) else arms
        if further := wanted[len(arms) :]:
            runs += train_arms(further, range(FIRST, FIRST + seeds), splits[:seeds], tables)
        if more > seeds:
            beyond = range(FIRST + seeds, FIRST + more)
            runs += train_arms(wanted, beyond, splits[seeds:more], tables)
        arms, seeds = wanted, max(seeds, more)
    splits = splits[:seeds]
    undecided = _undecided(found, arms, seeds)
    second = range(FIRST + seeds, FIRST + min(PAIRS, MORE * seeds))
    costs = sum(cost(arm.config, base) for arm in (arms[0], *undecided))
    over = time.monotonic() + costs * len(second) * each
    if undecided and second and (until is None or over <= until):
        others = resplits(base, tables, len(second), splits)
        runs += train_arms([arms[0], *undecided], second, others, tables)
    return arms, seeds, runs


def tried_line(own: Finding, *, beside: bool) -> str:
    """A change that brought too little, or too little for certain, in a line; `beside` others."""
    assert own.proof is not None
    low, high = own.proof.ci95
    what = "shows no gain that is certain"
    if high < WORTH:
        what = "makes little difference"
    elif own.verdict == CONFIRMED or (low > 0 and own.proof.gain < worth(own.cause)):
        what = f"brings less than {worth(own.cause):g}"
    elif low > 0 and own.proof.p >= LEVEL:  # the interval is of one look at one change
        what = f"may gain by chance, p {own.proof.p:.2f} for all that was looked at"
    elif beside and low > 0:
        what = "brings little beside what restores the score; alone"
    return (
        f"{' '.join(own.fix)} {what}: {own.proof.metric} {own.proof.before:.3f} "
        f"-> {own.proof.after:.3f} (95 % interval of the gain {low:+.3f} to {high:+.3f})"
    )


def _within(
    arms: Sequence[Arm], seeds: int, budget: float | None, each: float
) -> tuple[list[Arm], int]:
    """As many arms and seeds as the time allows, single changes first; never fewer than 2 seeds."""
    arms = list(arms)
    if budget is None:
        return arms, seeds
    costs = [cost(arm.config, arms[0].config) for arm in arms]
    while sum(costs[: len(arms)]) * seeds * each > budget and len(arms) > 2:
        arms = arms[:-1]
    while sum(costs[: len(arms)]) * seeds * each > budget and seeds > 2:
        seeds -= 1
    return arms, seeds


def _undecided(found: Diagnosis, arms: Sequence[Arm], seeds: int) -> list[Arm]:
    """The single changes that look worth making but may be chance.

    Where no change helps for certain these are also those of which few pairs tell little at all.
    """
    found_of = {}
    for arm in arms:
        if len(arm.changed) == 1:
            own = found.findings[arm.changed[0]]
            proof = contrast_arms(own, arms[0], arm, arms, seeds, 0.0)
            if proof is not None:
                found_of[arm.changed] = arm, proof
    adjusted = holm([proof.p for _, proof in found_of.values()])
    worthwhile = [
        (arm, proof, p)
        for (arm, proof), p in zip(found_of.values(), adjusted, strict=True)
        if proof.gain >= LEAST_GAIN
    ]
    sure = any(p < LEVEL for _, _, p in worthwhile)
    return [
        arm
        for arm, proof, p in worthwhile
        if p >= LEVEL and (proof.p < OPEN or (not sure and proof.ci95[1] > SURELY))
    ]
