"""The proof of a loop's diagnosis: fresh models trained with exactly the one change, seed by seed.

The training here stands for the loop: same optimizer, loss, batch size and number of steps (at
most 2000), and the same mistakes, as far as they were seen. A pair has the same initial weights
and the same batches.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from nnexp.diagnosis.finding import CONFIRMED, HARMLESS, Finding, Proof
from nnexp.diagnosis.report import Diagnosis
from nnexp.leaderboard.statistics import holm, paired_test
from nnexp.loop.fresh import check_factory
from nnexp.loop.retrain import Arm, score, score_of

if TYPE_CHECKING:
    from nnexp.loop.watch import Watch

CAUSES = 3  # that are tried
LEVEL = 0.05  # of the paired t-test, after Holm's correction
LEAST_GAIN = 0.01  # of a score, below which a change is not worth making
APART = 0.1  # of two accuracies, by which a loop is not what was seen of it
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
WHOLE = ("parameters_not_updated", "loss_sign_flipped", "loss_not_averaged")
CHANGES: dict[str, Arm] = {
    **dict.fromkeys(ON_LOGITS, Arm(on_logits=True)),
    **dict.fromkeys(SCALED, Arm(scaled=True)),
    **dict.fromkeys(WHOLE, Arm(whole=True)),
    "broadcast_mismatch": Arm(reshaped=True),
    "undertrained": Arm(steps=5.0),
    "over_regularized": Arm(decay=False, dropout=False),
    "class_imbalance": Arm(balanced=True),
}


def prove(watch: Watch, found: Diagnosis, seeds: int) -> Diagnosis:
    """Train anew with the change of each of the first findings, and say what it brings.

    Arguments:
        watch: with a `factory`.
        found: its diagnosis.
        seeds: pairs, >= 2.
    """
    start = time.monotonic()
    metric = "accuracy" if watch.table.is_classes else "minus mean squared error"
    check_factory(watch)
    base = [score(watch, Arm(), seed) for seed in range(seeds)]
    arms = [
        (own, arm)
        for own in found.findings
        if (arm := change_of(own, watch.table.is_classes)) is not None
    ][:CAUSES]
    where = "val" if watch.table.train < len(watch.table.x) else "train"
    proofs: list[Proof] = []
    for own, arm in arms:
        balanced = own.cause == "class_imbalance"
        before = [scores[int(balanced)] for scores in base]
        after = [score(watch, arm, seed)[int(balanced)] for seed in range(seeds)]
        named = f"balanced_accuracy/{where}" if balanced else f"{metric}/{where}"
        proofs.append(_contrast(named, before, after, watch, start))
    adjusted = holm([proof.p for proof in proofs]) if proofs else np.zeros(0)
    proven = {
        id(own): own.with_proof(replace(proof, p=float(p)), _verdict(own, proof, float(p)))
        for (own, _), proof, p in zip(arms, proofs, adjusted, strict=True)
    }
    findings = _in_order([proven.get(id(own), own) for own in found.findings])
    unlike = _unlike(watch, [scores[0] for scores in base])
    checked, notes = _probes(watch, [scores[0] for scores in base])
    return replace(
        found,
        findings=findings,
        checked=[*found.checked, *checked],
        notes=[*found.notes, *notes],
        cautions=[*found.cautions, *unlike],
    )


def _contrast(
    metric: str,
    before: Sequence[float],
    after: Sequence[float],
    watch: Watch,
    start: float,
) -> Proof:
    low, high = np.array(before), np.array(after)
    rows = len(watch.table.x) - watch.table.train or watch.table.train
    tested = paired_test(high - low, step=1 / rows if watch.table.is_classes else 0.0)
    gain = float(tested.mean.mean)
    return Proof(
        metric=metric,
        before=float(low.mean()),
        after=float(high.mean()),
        gain=gain,
        ci95=(float(tested.mean.low), float(tested.mean.high)),
        p=float(tested.p) if gain > 0 else 1.0,
        seeds=len(low),
        seconds=round(time.monotonic() - start, 2),
    )


def _verdict(own: Finding, proof: Proof, p: float) -> str:
    if proof.gain >= LEAST_GAIN and p < LEVEL:
        return CONFIRMED
    if proof.ci95[1] < LEAST_GAIN:
        return HARMLESS
    return own.verdict


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Confirmed ones first, one that brought far less after the others; harmless ones last."""
    gains = [own.proof.gain for own in findings if own.verdict == CONFIRMED and own.proof]
    most = max(gains, default=0.0)

    def key(own: Finding) -> tuple[int, bool]:
        confirmed = own.verdict == CONFIRMED
        less = confirmed and own.proof is not None and own.proof.gain < 0.7 * most
        return (0 if confirmed else 2 if own.verdict == HARMLESS else 1), less

    return sorted(findings, key=key)


def change_of(own: Finding, is_classes: bool = True) -> Arm | None:
    """How a model is trained with the fix of a finding; None where that cannot be tried here."""
    rates = [word.removeprefix("lr=") for word in own.fix if word.startswith("lr=")]
    if own.cause in ("lr_too_high", "lr_too_low"):
        return Arm(lr=float(rates[0])) if rates else None
    if not is_classes and own.cause in ON_LOGITS:
        return None
    return CHANGES.get(own.cause)


def _unlike(watch: Watch, base: list[float]) -> list[str]:
    """That a training as the loop was seen to train goes far better than the loop itself."""
    own = score_of(watch)[0]
    if not watch.table.is_classes or not min(base) > own + APART:
        return []
    return [
        "fresh models that are trained as the loop was seen to train reach an accuracy of "
        f"{np.mean(base):.3f}, and the loop's {own:.3f}: something that is not seen from here "
        "keeps it back, such as weights that are set back or clamped, rows with the targets of "
        "others, or few of the rows; what changes bring is measured without it"
    ]


def _probes(watch: Watch, base: list[float]) -> tuple[list[str], list[str]]:
    """What zeroed inputs, shuffled labels and a single batch say: in order, and worth knowing."""
    if not watch.table.is_classes:
        return [], []
    own = float(np.mean(base))
    checked: list[str] = []
    notes: list[str] = []
    for name, arm in (
        ("inputs of zeros", Arm(inputs="zero")),
        ("shuffled train labels", Arm(labels="permuted")),
    ):
        reached = score(watch, arm, 0)[0]
        line = f"trained anew with {name}: accuracy {reached:.3f}, against {own:.3f}"
        (checked if own > reached + 0.02 else notes).append(line)
    size = min(watch.record.batch, 32)
    fitted = score(watch, Arm(), 0, only=size)[0]
    line = f"a single batch of {size} rows is fitted to an accuracy of {fitted:.3f}"
    (checked if fitted >= FITTED else notes).append(line)
    return checked, notes
