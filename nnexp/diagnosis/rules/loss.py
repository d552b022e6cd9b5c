"""Loss, output activation and targets that do not fit each other.

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
from nnexp.diagnosis.overrides import override
from nnexp.diagnosis.seen import Seen

PAIRING = ("loss=cross_entropy", "model.output=logits")


def pairing(seen: Seen) -> list[Nomination]:
    """The activation on the last layer against what the loss expects."""
    output = seen.config.model.output
    if seen.emitted and output == "logits":
        # the module applies it: no setting takes it out
        return [_in_module(seen, own) for own in _pairing(seen, seen.emitted)]
    return _pairing(seen, output)


def _in_module(seen: Seen, own: Nomination) -> Nomination:
    """A nomination of what a user's module does to its own outputs."""
    text = f"the module has to return logits, since {own.explanation}"
    subject = f"the module itself ends in {seen.emitted}"
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
                (Evidence("loss and output", f"bce on {output}", "bce on sigmoid"), _range(seen)),
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
    lowest = _range(seen)
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
            Evidence(
                "lowest data loss", _lowest(seen), f"above {floor:.4f} for a squashed softmax"
            ),
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
                _range(seen),
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
                        _lowest(seen),
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
                _range(seen),
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


def regression_loss(seen: Seen) -> list[Nomination]:
    """mse and mae on classes."""
    name = seen.config.loss.name
    if name not in ("mse", "mae") or seen.config.data.labels == "raw":
        return []
    classes = max(1, len(seen.classes))
    plateau = (1 - 1 / classes) / classes
    return [
        Nomination(
            "wrong_loss",
            (
                Evidence("loss", name, "cross_entropy for classes"),
                Evidence("lowest data loss", _lowest(seen), f"{plateau:.4f} for equal outputs"),
            ),
            f"{name} measures the distance to codes of the classes: its gradient is small where a "
            "row is confidently wrong, so the loss falls while such rows stay wrong",
            PAIRING,
            0.8,
        )
    ]


def sign(seen: Seen) -> list[Nomination]:
    """A loss that is climbed."""
    flipped = (seen.config.loss.scale < 0) != seen.config.optimizer.maximize
    if not flipped or seen.config.loss.scale == 0:
        return []
    losses = seen.column("val_loss") if len(seen.column("val_loss")) else seen.column("train_loss")
    fix = []
    if seen.config.loss.scale < 0:
        fix.append(override("loss.scale", 1.0))
    if seen.config.optimizer.maximize:
        fix.append(override("optimizer.maximize", False))
    accuracies = seen.column("val_accuracy")
    last = float(accuracies[-1]) if len(accuracies) else None
    known = math.isfinite(seen.prior_accuracy)
    expected = f"above {seen.prior_accuracy:.3f}, the majority's" if known else "rising"
    scale = Evidence("loss.scale", seen.config.loss.scale, "above 0")
    maximize = Evidence("optimizer.maximize", seen.config.optimizer.maximize, "false")
    return [
        Nomination(
            "loss_sign_flipped",
            (
                *((scale, maximize) if seen.config.loss.scale < 0 else (maximize, scale)),
                Evidence("last loss", float(losses[-1]) if len(losses) else None, "falling to 0"),
                Evidence("last accuracy", last, expected),
            ),
            "the optimizer climbs the loss: the network is taught to be wrong, and the accuracy "
            "falls below chance",
            tuple(fix),
            0.99,
        )
    ]


def reduction(seen: Seen) -> list[Nomination]:
    """A loss that is summed over the batch."""
    config = seen.config
    if config.loss.reduction != "sum":
        return []
    batch, lr = config.trainer.batch_size, config.optimizer.lr
    plain = config.optimizer.name == "sgd"
    return [
        Nomination(
            "loss_not_averaged",
            (
                Evidence("loss.reduction", "sum", "mean"),
                Evidence(
                    "effective learning rate",
                    lr * batch if plain else lr,
                    f"optimizer.lr={lr:g}" + ("" if plain else "; but eps and penalties shift"),
                ),
            ),
            f"the gradient is {batch} times that of the mean, and grows with the batch"
            + (": so does every step" if plain else "; penalties weigh less by that factor"),
            ("loss.reduction=mean",),
            0.9 if plain else 0.6,
        )
    ]


def output_size(seen: Seen) -> list[Nomination]:
    """More outputs than classes, or fewer than can tell them."""
    classes, outputs = len(seen.classes), seen.outputs
    given = seen.config.model.outputs
    if given == "auto" or not classes or seen.config.data.labels == "raw":
        return []
    fewer = outputs < classes and classes > 2
    if outputs <= classes and not fewer:
        return []
    start = Evidence(
        "loss before the first step",
        seen.initial_loss,
        f"near ln {classes} = {math.log(classes):.3f}; ln {outputs} = {math.log(outputs):.3f} "
        "with these outputs",
    )
    return [
        Nomination(
            "wrong_output_size",
            (
                Evidence("outputs", outputs, f"{classes}, one a class"),
                *(() if fewer else (start,)),
            ),
            f"{outputs} outputs cannot tell {classes} classes apart"
            if fewer
            else f"{outputs - classes} outputs stand for no class: the loss first has to push them "
            "down",
            ("model.outputs=auto",),
            0.95 if fewer else 0.75,
        )
    ]


def penalty(seen: Seen) -> list[Nomination]:
    """What falls is the penalty, while the data loss stays at that of the prior."""
    data, extra = seen.column("train_loss"), seen.column("train_penalty")
    reg = seen.config.reg
    if not len(data) or (not reg.l1 and not reg.l2) or not np.isfinite(data[-1]):
        return []
    first = seen.initial_loss
    start = float(data[0]) if first is None else max(first, float(data[0]))
    learned = max(0.0, min(start, seen.prior_loss * 1.5) - float(data[-1]))
    known = extra[np.isfinite(extra)]
    peak = float(known.max()) if len(known) else 0.0
    if peak < 1.0 * max(float(data[-1]), 1e-9) or learned > 0.5 * seen.prior_loss:
        return []
    fix = [override(f"reg.{name}", 0.0) for name in ("l1", "l2") if getattr(reg, name)]
    return [
        Nomination(
            "penalty_dominates",
            (
                Evidence("largest penalty", peak, f"below the data loss, {float(data[-1]):.3f}"),
                Evidence(
                    "last data loss on train rows",
                    float(data[-1]),
                    f"well below {seen.prior_loss:.3f}, that of naming the class shares",
                ),
            ),
            "the total falls because the weights shrink; the data loss, which the accuracy goes "
            "with, hardly moves",
            tuple(fix),
            0.9,
        )
    ]


def ignored_class(seen: Seen) -> list[Nomination]:
    """A class whose rows weigh nothing."""
    weights = seen.config.loss.class_weight
    if not isinstance(weights, list) or all(weights):
        return []
    lost = [str(c) for c, w in zip(seen.classes, weights, strict=False) if not w]
    return [
        Nomination(
            "metric_mismatch",
            (Evidence("classes of weight 0", lost, "none"),),
            "rows of these classes are left out of the loss but count in the accuracy",
            ("loss.class_weight=null",),
            0.9,
        )
    ]


def _range(seen: Seen) -> Evidence:
    losses = [seen.column(name) for name in ("train_loss", "val_loss")]
    known = np.concatenate([own[np.isfinite(own)] for own in losses] or [np.zeros(0)])
    found = [float(known.min()), float(known.max())] if len(known) else None
    return Evidence("lowest and highest loss", found, "a cross-entropy is above 0")


def _lowest(seen: Seen) -> float | None:
    losses = seen.column("train_loss")
    known = losses[np.isfinite(losses)]
    return float(known.min()) if len(known) else None


RULES = (
    pairing,
    regression_loss,
    sign,
    reduction,
    output_size,
    penalty,
    ignored_class,
)
