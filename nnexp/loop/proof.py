"""The proof of a loop's diagnosis: fresh models trained with exactly the one change, seed by seed.

The training here stands for the loop: same optimizer, loss, batch size and number of steps (at
most 2000), and the same mistakes, as far as they were seen. A pair has the same initial weights
and the same batches.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nnexp.diagnosis.finding import CONFIRMED, FLATTERING, HARMLESS, SUSPECTED, Finding, Proof
from nnexp.diagnosis.proven import (
    BALANCED,
    changed_nothing,
    contrast,
    in_order_of_proof,
    verdict,
)
from nnexp.diagnosis.report import Diagnosis
from nnexp.errors import UserError
from nnexp.loop.fixes import (
    CLEAR,
    LESS_DROPOUT,
    NO_DECAY,
    NO_INPUT_DROPOUT,
    NO_SCHEDULE,
    NO_SMOOTHING,
    NO_WARM_UP,
    STEP_EACH,
    TWO_LABELS,
)
from nnexp.loop.fresh import check_factory
from nnexp.loop.modes import TRAIN_FIRST
from nnexp.loop.pairing import WHOLE_LOSS
from nnexp.loop.retrain import MOST, NO_SCORE, Retraining, score, score_of_loop
from nnexp.loop.score import Score
from nnexp.loop.updates import BEHIND_STEP, UNLISTED
from nnexp.loop.weights import RESTORE
from nnexp.statistics import chance_of_rows, holm, recall_rows, recall_step

if TYPE_CHECKING:
    from nnexp.loop.watch import LoopWatch

CAUSES = 3  # that are tried
APART = 0.1  # of two accuracies, by which a loop is not what was seen of it
CLOSE = 0.02  # of the mean recall of naming one class, above which another is named, too
ALIKE = (
    "factory= gives the same weights at each call, as one does that sets a seed: the trainings of "
    "a proof differ in their batches alone"
)
FITTED = 0.9  # accuracy on a batch that any network that can learn at all reaches
ON_LOGITS = (
    "nll_on_probabilities",
    "nll_on_logits",
    "softmax_twice",
    "sigmoid_twice",
    "single_unit_softmax",
    "activation_on_logits",
    "wrong_loss",
    "label_encoding",
)


SCALED = ("unscaled_features", "dominant_feature", "double_scaling")
WHOLE = ("loss_sign_flipped", "loss_not_averaged")
# what is taken out by a fix; a penalty that the loop adds to the loss is in none of the trainings
REGULARIZED = {
    NO_DECAY: "decay",
    LESS_DROPOUT: "dropout",
    NO_INPUT_DROPOUT: "dropout",
    NO_SMOOTHING: "smoothed",
}
CHANGES: dict[str, Retraining] = {
    **dict.fromkeys(ON_LOGITS, Retraining(on_logits=True)),
    **dict.fromkeys(SCALED, Retraining(scaled=True)),
    **dict.fromkeys(WHOLE, Retraining(whole=True)),
    "broadcast_mismatch": Retraining(reshaped=True),
    "undertrained": Retraining(steps=5.0),
    "class_imbalance": Retraining(balanced=True),
    "ordered_split": Retraining(shuffled=True),
}


def prove_loop(watch: LoopWatch, found: Diagnosis, seeds: int) -> Diagnosis:
    """Train anew with the change of each of the first findings, and say what it brings.

    Arguments:
        watch: with a `factory`.
        found: its diagnosis.
        seeds: pairs, >= 2.
    """
    varies = check_factory(watch)
    start = time.monotonic()
    base = _first_of(watch, seeds)
    of_base = time.monotonic() - start
    arms = [
        (own, arm)
        for own in found.findings
        if (arm := change_of(own, watch.table.is_classes)) is not None
    ][:CAUSES]
    reached = [own.value for own in base if math.isfinite(own.value)]
    itself = score_of_loop(watch)
    unlike = _unlike(watch, reached, itself.value)
    behind = watch.table.is_classes and _falls_short(reached, itself.value)
    tried: list[tuple[Finding, Proof, float, bool, bool]] = []
    kept: list[tuple[Finding, Retraining, list[Score]]] = []
    for own, arm in arms:
        start = time.monotonic()
        after = [_scored(watch, arm, seed) for seed in range(seeds)]
        proof = _contrast(own, base, after, watch, of_base + time.monotonic() - start)
        if proof is not None:
            kept.append((own, arm, after))
            chance = _chance(own, proof.gain, base, after, watch)
            stuck = own.cause in BALANCED and _names_one([*base, *after], watch)
            tried.append((own, proof, chance, _idle(base, after, watch), stuck))
    adjusted = holm([proof.p for _, proof, *_ in tried])
    proven = {}
    for (own, proof, chance, *_), p in zip(tried, adjusted, strict=True):
        proof = replace(proof, p=float(p))
        proven[id(own)] = own.with_proof(proof, verdict(own, proof, chance)), proof.gain
    known = any(own.verdict == CONFIRMED for own, _ in proven.values())
    for own, *_, idle, stuck in tried:
        told, gain = proven[id(own)]
        # what left all trainings as they were, or is not that of the loop, acquits of nothing
        if told.verdict == HARMLESS and (unlike or stuck or (idle and not known)):
            proven[id(own)] = replace(told, verdict=own.verdict), gain
        # what helps a training that the loop does not make need not help the loop
        has = itself.balanced if own.cause in BALANCED else itself.value
        if told.verdict == CONFIRMED and behind and told.proof and told.proof.after <= has:
            proven[id(own)] = replace(told, verdict=own.verdict), gain
    trained = {id(own): (arm, after) for own, arm, after in kept}
    notes_beside = _beside(watch, proven, trained)
    # a leak that is there stays before what it makes look worth while
    leaks = [own.cause in FLATTERING and id(own) not in proven for own in found.findings]
    standing = leaks.index(False) if False in leaks else len(leaks)
    findings = in_order_of_proof(
        [proven.get(id(own), (own, 0.0)) for own in found.findings], standing=standing
    )
    checked, notes = _probes(watch, reached)
    return replace(
        found,
        findings=findings,
        checked=[*found.checked, *checked],
        notes=[*found.notes, *notes_beside, *notes],
        cautions=[*found.cautions, *unlike, *([] if varies else [ALIKE])],
    )


def _beside(
    watch: LoopWatch,
    proven: dict[int, tuple[Finding, float]],
    trained: dict[int, tuple[Retraining, list[Score]]],
) -> list[str]:
    """Take the verdict back from what brings nothing sure beside the change that brings most.

    Arguments:
        watch: of the loop.
        proven: findings with their proof and its gain, by the id of what was told before; changed.
        trained: how each was trained, and what came of it.

    Returns:
        A note on each.
    """
    sure = [key for key, (own, _) in proven.items() if own.verdict == CONFIRMED]
    best = max(sure, key=lambda key: proven[key][1], default=None)
    notes = []
    for key in sure:
        own, gain = proven[key]
        both = None if best in (None, key) else together(trained[best][0], trained[key][0])
        if best is None or both is None:
            continue
        before = trained[best][1]
        after = [_scored(watch, both, seed) for seed in range(len(before))]
        proof = _contrast(own, before, after, watch, 0.0)
        if proof is None:
            continue
        chance = _chance(own, proof.gain, before, after, watch)
        if verdict(own, proof, chance) == CONFIRMED:
            continue
        proven[key] = replace(own, verdict=SUSPECTED), gain
        notes.append(
            f"{', '.join(own.fix)}: a gain of {proof.gain:+.3f}, which may be chance, once this is "
            f"done: {', '.join(proven[best][0].fix)}"
        )
    return notes


def together(one: Retraining, other: Retraining) -> Retraining | None:
    """Two changes at once; None where they change the same in two ways, or are the same.

    >>> together(Retraining(scaled=True), Retraining(lr=0.1)) == Retraining(scaled=True, lr=0.1)
    True
    """
    plain, first, second = (asdict(own) for own in (Retraining(), one, other))
    changed = [{k: v for k, v in own.items() if v != plain[k]} for own in (first, second)]
    if changed[0] == changed[1] or any(changed[1].get(k, v) != v for k, v in changed[0].items()):
        return None
    return replace(one, **changed[1])


def _contrast(
    own: Finding, before: Sequence[Score], after: Sequence[Score], watch: LoopWatch, seconds: float
) -> Proof | None:
    """The trainings without and with the change of a finding, compared."""
    where = "val" if watch.table.train < len(watch.table.x) else "train"
    if watch.table.is_classes and own.cause in BALANCED:
        metric, step = "balanced_accuracy", recall_step(_counts(watch))
        low, high = ([score.balanced for score in scores] for scores in (before, after))
    else:
        metric, step = "accuracy", 1 / _counts(watch).sum()
        low, high = ([score.value for score in scores] for scores in (before, after))
    if not watch.table.is_classes:
        metric, step = "R2", 0.0
    return contrast(f"{metric}/{where}", low, high, step=step, seconds=seconds)


def _chance(
    own: Finding, gain: float, before: Sequence[Score], after: Sequence[Score], watch: LoopWatch
) -> float:
    """The gain that the rows which judge all pairs make by chance.

    Of quantities it is twice the standard error of what the rows gain, in the mean over the pairs.
    """
    if watch.table.is_classes:
        counts = _counts(watch)
        return chance_of_rows(gain, recall_rows(counts) if own.cause in BALANCED else counts.sum())
    pairs = zip(before, after, strict=True)
    gains = np.mean([b.rows - a.rows for a, b in pairs if len(a.rows) and len(b.rows)], axis=0)
    return 2 * float(gains.std(ddof=1)) / math.sqrt(len(gains)) if len(gains) > 1 else math.inf


def _names_one(scores: Sequence[Score], watch: LoopWatch) -> bool:
    """Whether all trainings name one class, as where something else keeps them from learning."""
    return all(own.balanced <= (1 + CLOSE) / len(_counts(watch)) for own in scores)


def _idle(before: Sequence[Score], after: Sequence[Score], watch: LoopWatch) -> bool:
    """Whether a change left all trainings as they were."""
    low, high = ([[s.value for s in own], [s.balanced for s in own]] for own in (before, after))
    return watch.table.is_classes and changed_nothing(low, high, len(_counts(watch)))


def _counts(watch: LoopWatch) -> np.ndarray:
    """The rows of each class among those that judge."""
    table = watch.table
    judges = table.index[table.train :] if table.train < len(table.x) else table.index
    return np.unique(judges, return_counts=True)[1]


def change_of(own: Finding, is_classes: bool = True) -> Retraining | None:
    """How a model is trained with the fix of a finding; None where that cannot be tried here."""
    if TWO_LABELS in own.fix or STEP_EACH in own.fix:  # which no training here does
        return None
    if any(word.startswith(WHOLE_LOSS) for word in own.fix):
        return Retraining(whole=True, unscaled=True)
    rates = [word.removeprefix("lr=") for word in own.fix if word.startswith("lr=")]
    if own.cause in ("lr_too_high", "lr_too_low"):
        constant = any(word in own.fix for word in (NO_SCHEDULE, NO_WARM_UP))
        if not rates and not constant:
            return None
        return Retraining(lr=float(rates[0]) if rates else None, constant=constant)
    if not is_classes and own.cause in ON_LOGITS:
        return None
    if own.fix == (TRAIN_FIRST,):
        return Retraining(whole=True)
    if own.cause == "parameters_not_updated":
        if any(word in own.fix for word in (UNLISTED, RESTORE, BEHIND_STEP)):
            return None  # a fresh model has its layers in a list, too; the rest is not repeated
        return Retraining(whole=True) if CLEAR in own.fix else Retraining(reached=True)
    if own.cause == "over_regularized":
        changes: dict[str, Any] = {
            REGULARIZED[word]: False for word in own.fix if word in REGULARIZED
        }
        return Retraining(**changes) if changes else None
    if own.cause == "unsuitable_optimizer":
        values = [word.removeprefix("momentum=") for word in own.fix]
        alone = len(values) == 1 and values[0] != own.fix[0]
        return Retraining(momentum=float(values[0])) if alone else None
    return CHANGES.get(own.cause)


def _first_of(watch: LoopWatch, seeds: int) -> list[Score]:
    """The scores of trainings without any change.

    Raises:
        UserError: a fresh model cannot be trained as the loop trains its own.
    """
    try:
        return [score(watch, Retraining(), seed) for seed in range(seeds)]
    except UserError:
        raise
    except Exception as error:  # whatever a loss or an optimizer of the user's own may raise
        raise UserError(
            f"a fresh model could not be trained as the loop trains its own: "
            f"{type(error).__name__}: {error}",
            "a loss and an optimizer that are called as those of torch are",
            "watch.diagnosis()",
        ) from error


def _scored(watch: LoopWatch, arm: Retraining, seed: int, only: int | None = None) -> Score:
    """The score of a training with a change; none where the loop's own loss refuses the change."""
    try:
        return score(watch, arm, seed, only)
    except UserError:
        raise
    except Exception:  # whatever a loss of the user's own may raise
        return NO_SCORE


def _falls_short(base: list[float], own: float) -> bool:
    """Whether all trainings that stand for a loop score far less than the loop itself."""
    return bool(base) and max(base) < own - APART


def _unlike(watch: LoopWatch, base: list[float], own: float) -> list[str]:
    """That a training as the loop was seen to train goes far better or worse than the loop.

    Arguments:
        watch: of the loop.
        base: scores of such trainings.
        own: that of the loop.
    """
    if not (watch.table.is_classes and base):
        return []
    if _falls_short(base, own):
        why = "something that it does is not seen from here"
        if watch.steps > MOST:
            why += f", or its {watch.steps} steps are more than the {MOST} of a proof"
        return [
            "fresh models that are trained as the loop was seen to train reach an accuracy of "
            f"{np.mean(base):.3f} only, and the loop's {own:.3f}: {why}; what changes bring is "
            "measured without it"
        ]
    if not min(base) > own + APART:
        return []
    return [
        "fresh models that are trained as the loop was seen to train reach an accuracy of "
        f"{np.mean(base):.3f}, and the loop's {own:.3f}: something that is not seen from here "
        "keeps it back, such as a penalty that is added to the loss, gradients that are clipped "
        "short, a minus before backward(), weights that are set back or clamped, rows with the "
        "targets of others, or few of the rows; what changes bring is measured without it"
    ]


def _probes(watch: LoopWatch, base: list[float]) -> tuple[list[str], list[str]]:
    """What zeroed inputs, shuffled labels and a single batch say: in order, and worth knowing."""
    if not (watch.table.is_classes and base):
        return [], []
    own = float(np.mean(base))
    checked: list[str] = []
    notes: list[str] = []
    for name, arm in (
        ("inputs of zeros", Retraining(inputs="zero")),
        ("shuffled train labels", Retraining(labels="permuted")),
    ):
        reached = _scored(watch, arm, 0).value
        if not math.isfinite(reached):
            continue  # the loop's loss refuses it
        line = f"trained anew with {name}: accuracy {reached:.3f}, against {own:.3f}"
        (checked if own > reached + 0.02 else notes).append(line)
    size = min(watch.record.batch, 32)
    fitted = _scored(watch, Retraining(), 0, only=size).value
    if not math.isfinite(fitted):
        return checked, notes
    line = f"a single batch of {size} rows is fitted to an accuracy of {fitted:.3f}"
    (checked if fitted >= FITTED else notes).append(line)
    return checked, notes
