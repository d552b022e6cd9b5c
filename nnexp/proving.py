"""The proof of a diagnosis: re-runs with exactly the one change, paired by seed, as one stack.

A pair has the same seed and the same split; seeds and splits differ from pair to pair, so that the
interval holds for other rows of the table too. Up to three causes are tried in every combination,
which shows the smallest set of changes that restores the score.
"""

from __future__ import annotations

import contextlib
import json
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from nnexp.config.compose import compose
from nnexp.config.groups import groups
from nnexp.config.saved import read_config
from nnexp.config.schema import Config
from nnexp.diagnosis.finding import CONFIRMED, HARMLESS, SUSPECTED, Finding, Proof
from nnexp.diagnosis.report import Diagnosis
from nnexp.errors import UserError
from nnexp.examine import read_overrides
from nnexp.jobs import Job
from nnexp.leaderboard.statistics import holm, paired_test
from nnexp.sweep.display import Display
from nnexp.sweep.execute import Execution

LEVEL = 0.05
LEAST_GAIN = 0.01  # of a score, below which a change is not worth making
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


@dataclass
class _Arm:
    """Runs with one set of changes."""

    changed: tuple[int, ...]  # which findings
    config: Config
    accuracies: list[float] = field(default_factory=list)
    balanced: list[float] = field(default_factory=list)
    rows: int = 0  # that validate


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
    chosen = [place for place, own in enumerate(found.findings) if own.fix][:MOST]
    arms = [_Arm((), base)]
    for size in range(1, len(chosen) + 1):
        for places in combinations(chosen, size):
            words = [word for place in places for word in found.findings[place].fix]
            config = changed(base, overrides, words)
            if config is not None:
                arms.append(_Arm(places, config))
    if len(arms) == 1:
        return Proven(found)
    arms, seeds = _within(arms, seeds, budget, folder)
    _train(arms, seeds)
    if not any(np.isfinite(arms[0].accuracies)):
        raise UserError(
            "no re-run of the configuration came to a validation score",
            "a run with validation rows",
            "data.split.valid=0.2",
        )
    seconds = time.monotonic() - start
    findings = _judge(found, arms, seeds, seconds)
    restores = _smallest(found, arms)
    diagnosis = replace(found, findings=_in_order(findings))
    return Proven(diagnosis, restores, seconds, sum(len(arm.accuracies) for arm in arms))


def changed(base: Config, overrides: Sequence[str], words: Sequence[str]) -> Config | None:
    """The configuration with some overrides on top; None where they do not fit.

    Where what the user typed gives `base`, the changes are typed after it; values that only the
    option chosen before had are then left out. Otherwise they are laid on `base` key by key.
    """
    with contextlib.suppress(UserError):
        if compose(overrides) == base:
            return _typed(overrides, words)
    with contextlib.suppress(UserError):
        return _laid_on(base, words)
    return None


def _typed(overrides: Sequence[str], words: Sequence[str]) -> Config:
    with contextlib.suppress(UserError):
        return compose([*overrides, *words])
    chosen = {word.partition("=")[0] for word in words if word.partition("=")[0] in groups()}
    kept = [w for w in overrides if w.partition("=")[0].partition(".")[0] not in chosen]
    return compose([*kept, *words])


def _laid_on(base: Config, words: Sequence[str]) -> Config:
    config = base
    names = groups()
    for word in words:
        key = word.partition("=")[0]
        section = key.partition(".")[0]
        if key in names:
            config = _with(config, [key], getattr(compose([word]), key))
            continue
        # the value as the command line reads it, under the option that the run has
        option = getattr(getattr(config, section, None), "name", None)
        chosen = [f"{section}={option}"] if section in names and section != "loss" else []
        value = _get(compose([*chosen, word]), key)
        config = _with(config, key.split("."), value)
    return config


def _get(config: Config, key: str) -> object:
    value: object = config
    for part in key.split("."):
        value = getattr(value, part)
    return value


def _with(section: Any, path: Sequence[str], value: object) -> Any:
    if len(path) == 1:
        return replace(section, **{path[0]: value})
    own = _with(getattr(section, path[0]), path[1:], value)
    return replace(section, **{path[0]: own})


def _within(
    arms: list[_Arm], seeds: int, budget: float | None, folder: Path
) -> tuple[list[_Arm], int]:
    """As many arms and seeds as the time allows, single changes first; never fewer than 2 seeds."""
    if budget is None:
        return arms, seeds
    each = 0.5 * _duration(folder)  # a member of a stack, beside the run alone
    while len(arms) * seeds * each > budget and len(arms) > 2:
        arms = arms[:-1]
    while len(arms) * seeds * each > budget and seeds > 2:
        seeds -= 1
    return arms, seeds


def _duration(folder: Path) -> float:
    from nnexp.track.manifest import read_manifest

    try:
        return float(read_manifest(folder)["duration"])
    except (UserError, KeyError, TypeError, ValueError):
        return 1.0


def _train(arms: Sequence[_Arm], seeds: int) -> None:
    """Train all arms with all seeds, and read their validation scores."""
    with tempfile.TemporaryDirectory(prefix="nnexp-proof-") as root:
        jobs: list[Job] = []
        owners: list[_Arm] = []
        for arm in arms:
            for seed in range(seeds):
                number = len(jobs)
                folder = Path(root) / str(number)
                jobs.append(Job(number, folder, [], _member(arm.config, seed)))
                owners.append(arm)
        execution = Execution(jobs, shown=Display(jobs, 1, "none"))
        execution.run()
        if execution.interrupted:
            raise KeyboardInterrupt
        for job, arm in zip(jobs, owners, strict=True):
            accuracy = balanced = float("nan")
            path = job.folder / "metrics.json"
            if path.is_file():
                part = json.loads(path.read_text(encoding="utf-8")).get("val") or {}
                accuracy = float(part.get("accuracy", accuracy))
                balanced = float(part.get("balanced_accuracy", balanced))
                arm.rows = int(part.get("n", 0))
            arm.accuracies.append(accuracy)
            arm.balanced.append(balanced)


def _member(config: Config, seed: int) -> Config:
    """The configuration of one pair's run: another seed, another draw of the rows."""
    split = config.seeds.split + seed
    return replace(
        config,
        seed=config.seed + seed,
        seeds=replace(config.seeds, split=split, init=None, batches=None, dropout=None),
        trainer=replace(config.trainer, tensorboard=False, watch=False, progress="none"),
    )


def _scores(arm: _Arm, cause: str) -> np.ndarray:
    return np.array(arm.balanced if cause in BALANCED else arm.accuracies)


def _judge(
    found: Diagnosis, arms: Sequence[_Arm], seeds: int, seconds: float
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
        elif proof.ci95[1] < LEAST_GAIN or (proof.gain <= 0 and own.verdict == HARMLESS):
            verdict = HARMLESS
        elif own.verdict == HARMLESS:
            verdict = SUSPECTED if proof.ci95[1] > 5 * LEAST_GAIN else HARMLESS
        findings.append((own.with_proof(replace(proof, p=float(p_values[place])), verdict), gain))
    return findings


def _contrast(
    own: Finding, before: _Arm, after: _Arm, arms: Sequence[_Arm], seeds: int, seconds: float
) -> Proof:
    """Two arms compared, pair by pair."""
    low, high = _scores(before, own.cause), _scores(after, own.cause)
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
    best = max(float(np.nanmean(_scores(arm, own.cause))) for arm in arms)
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
        p=float(compared.p) if compared.mean.mean > 0 else 1.0,
        seeds=seeds,
        seconds=round(seconds, 2),
        recovered=recovered,
    )


def _smallest(found: Diagnosis, arms: Sequence[_Arm]) -> list[str]:
    """The fewest changes whose score cannot be told from the best, as overrides."""
    usable = [
        arm
        for arm in arms
        if not any(found.findings[place].cause in FLATTERING for place in arm.changed)
    ]
    cause = BALANCED[0] if any(own.cause in BALANCED for own in found.findings) else ""
    means = {arm.changed: float(np.nanmean(_scores(arm, cause))) for arm in usable}
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
        return group, own.verdict == CONFIRMED and gain < 0.7 * most, place

    return [own for _, (own, _) in sorted(enumerate(findings), key=key)]
