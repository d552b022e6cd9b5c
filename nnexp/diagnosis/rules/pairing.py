"""The activation on the last layer against what the loss expects.

Fingerprints of the loss: with K classes cross-entropy starts near ln K; NLL on probabilities lies
in [-1, 0] and starts near -1/K; cross-entropy on a softmax has a range of width 1, from
ln(e + K - 1) - 1; BCE-with-logits on a sigmoid cannot fall below 0.3133 for positives and 0.6931
for negatives (derived from the definitions; only the start at ln K is in use elsewhere, as in
Karpathy's recipe and TheDeepChecker).
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.seen import Seen

PAIRING = ("loss=cross_entropy", "model.output=logits")


def pairing(seen: Seen) -> list[Nomination]:
    """The activation on the last layer against what the loss expects."""
    output = seen.config.model.output
    if seen.module.emitted and output == "logits":
        # the module applies it: no setting takes it out
        return [_in_module(seen, own) for own in _pairing(seen, seen.module.emitted)]
    return _pairing(seen, output)


def _in_module(seen: Seen, own: Nomination) -> Nomination:
    """A nomination of what a user's module does to its own outputs."""
    text = f"the module has to return logits, since {own.explanation}"
    subject = f"the module itself ends in {seen.module.emitted}"
    return replace(own, explanation=text, fix=(), subject=subject)


def _pairing(seen: Seen, output: str) -> list[Nomination]:
    """Outputs of this activation against what the loss expects."""
    name = seen.config.loss.name
    if seen.outputs == 1 and output in ("softmax", "log_softmax"):
        return [_single_unit(seen)]
    if name == "nll":
        return _nll(seen, output)
    if name == "cross_entropy":
        return _cross_entropy(seen, output)
    if name == "bce_with_logits":
        return _bce_with_logits(seen, output)
    if name == "bce" and output not in ("sigmoid", "softmax"):
        fed = "raw logits" if output == "logits" else f"what {output} gives"
        return [
            Nomination(
                "wrong_loss" if output in ("logits", "log_softmax") else "activation_on_logits",
                (
                    Evidence("loss and output", f"bce on {output}", "bce on sigmoid"),
                    loss_range(seen),
                ),
                f"BCE reads its input as a probability and is fed {fed}: outside [0, 1] it has no "
                "gradient, so rows get stuck whatever they cost",
                ("loss=bce_with_logits", "model.output=logits"),
                0.9,
            )
        ]
    return []


def _nll(seen: Seen, output: str) -> list[Nomination]:
    if output == "log_softmax":
        return []
    classes = max(2, seen.outputs)
    lowest = loss_range(seen)
    if output in ("softmax", "sigmoid"):
        start = seen.initial_loss
        evidence = [Evidence("loss and output", f"nll on {output}", "nll on log_softmax"), lowest]
        if start is not None:
            near = f"near ln {classes} = {math.log(classes):.3f}; -1/{classes} for probabilities"
            evidence.append(Evidence("loss before the first step", start, near))
        return [
            Nomination(
                "nll_on_probabilities",
                tuple(evidence),
                "NLL takes logarithms of probabilities. Fed the probabilities themselves it is "
                "their negative mean, in [-1, 0]: a negative loss whose gradient vanishes where a "
                "row is badly wrong, so the loss falls without the wrong rows being learned",
                ("loss=cross_entropy", "model.output=logits"),
                0.97,
            )
        ]
    return [
        Nomination(
            "nll_on_logits" if output != "tanh" else "activation_on_logits",
            (Evidence("loss and output", f"nll on {output}", "nll on log_softmax"), lowest),
            "NLL without log_softmax is the negative output of the true class: it falls without "
            "bound as that output grows, whatever the other outputs do",
            ("loss=cross_entropy", "model.output=logits"),
            0.97,
        )
    ]


def _cross_entropy(seen: Seen, output: str) -> list[Nomination]:
    if output in ("logits", "log_softmax"):
        return []
    classes = max(2, seen.outputs)
    floor = math.log(math.e + classes - 1) - 1
    if output in ("softmax", "sigmoid"):
        evidence = (
            Evidence("loss and output", f"cross_entropy on {output}", "cross_entropy on logits"),
            Evidence("lowest data loss", lowest(seen), f"above {floor:.4f} for a squashed softmax"),
        )
        return [
            Nomination(
                "softmax_twice" if output == "softmax" else "activation_on_logits",
                evidence,
                f"cross-entropy applies a softmax itself. On values squashed into [0, 1] the loss "
                f"cannot fall below {floor:.3f}, and gradients shrink as rows are learned",
                ("model.output=logits",),
                0.95,
            )
        ]
    return [
        Nomination(
            "activation_on_logits",
            (
                Evidence("loss and output", f"cross_entropy on {output}", "on logits"),
                loss_range(seen),
            ),
            f"{output} on the last layer cuts off what the logits can say: "
            + (
                "outputs that are 0 get no gradient"
                if output == "relu"
                else "within [-1, 1] no class can become probable"
            ),
            ("model.output=logits",),
            0.93,
        )
    ]


def _bce_with_logits(seen: Seen, output: str) -> list[Nomination]:
    if output == "logits":
        return []
    if output == "sigmoid" or (output == "softmax" and seen.outputs > 1):
        return [
            Nomination(
                "sigmoid_twice",
                (
                    Evidence(
                        "loss and output",
                        f"bce_with_logits on {output}",
                        "bce_with_logits on logits",
                    ),
                    Evidence(
                        "lowest data loss",
                        lowest(seen),
                        "at least 0.3133 for positives and 0.6931 for negatives after two sigmoids",
                    ),
                ),
                "the loss applies a sigmoid itself: after two, probabilities lie in [0.5, 0.73], "
                "every row is read as positive, and no loss near 0 can be reached",
                ("model.output=logits",),
                0.95,
            )
        ]
    return [
        Nomination(
            "activation_on_logits",
            (
                Evidence("loss and output", f"bce_with_logits on {output}", "on logits"),
                loss_range(seen),
            ),
            f"{output} on the last layer cuts off what the logit can say",
            ("model.output=logits",),
            0.93,
        )
    ]


def _single_unit(seen: Seen) -> Nomination:
    return Nomination(
        "single_unit_softmax",
        (
            Evidence("outputs", 1, f"{max(2, len(seen.classes))} with softmax"),
            Evidence("output", seen.config.model.output, "sigmoid or logits on one unit"),
        ),
        "a softmax over one unit is 1 for every row: its gradient is 0, so nothing is learned and "
        "the accuracy is a class's share",
        ("loss=bce_with_logits", "model.output=logits", "model.outputs=1"),
        0.99,
    )


def loss_range(seen: Seen) -> Evidence:
    """Between which values the loss was, in train and validation rows."""
    losses = [seen.column(name) for name in ("train_loss", "val_loss")]
    known = np.concatenate([own[np.isfinite(own)] for own in losses] or [np.zeros(0)])
    found = [float(known.min()), float(known.max())] if len(known) else None
    return Evidence("lowest and highest loss", found, "a cross-entropy is above 0")


def lowest(seen: Seen) -> float | None:
    """The lowest train loss; None where there is none."""
    losses = seen.column("train_loss")
    known = losses[np.isfinite(losses)]
    return float(known.min()) if len(known) else None


RULES = (pairing,)
