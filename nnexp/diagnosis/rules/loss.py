"""Losses that do not fit classification: their kind, sign, sum, penalty, and number of outputs."""

from __future__ import annotations

import math

import numpy as np

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.overrides import override
from nnexp.diagnosis.rules.pairing import PAIRING, lowest
from nnexp.diagnosis.seen import Seen

MULTIPLE = 8.0  # of the mean over the batch, from which on a loss is too large for a usual rate
IGNORED = 0.1  # of a class's share of the rows, and of an even one: less of the loss ignores it


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
                Evidence("lowest data loss", lowest(seen), f"{plateau:.4f} for equal outputs"),
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


def scaled(seen: Seen) -> list[Nomination]:
    """A loss that is multiplied with what the learning rate was not made for."""
    config = seen.config
    scale, lr = config.loss.scale, config.optimizer.lr
    if abs(scale) < MULTIPLE or config.optimizer.name != "sgd" or config.loss.reduction == "sum":
        return []
    return [
        Nomination(
            "loss_not_averaged",
            (
                Evidence("loss.scale", scale, "1"),
                Evidence("effective learning rate", lr * abs(scale), f"optimizer.lr={lr:g}"),
            ),
            f"the gradient is {abs(scale):g} times that of the mean over the batch, and so is "
            "every step",
            (override("loss.scale", math.copysign(1.0, scale)),),
            0.98,  # above the rate that it makes of a usual one
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
    scale = seen.loss_scale
    learned = max(0.0, min(start, 1.5 * scale) - float(data[-1]))
    known = extra[np.isfinite(extra)]
    peak = float(known.max()) if len(known) else 0.0
    if peak < 1.0 * max(float(data[-1]), 1e-9) or learned > 0.5 * scale:
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
                    f"well below {scale:.3g}, that of naming the class shares",
                ),
            ),
            "the total falls because the weights shrink; the data loss, which the accuracy goes "
            "with, hardly moves",
            tuple(fix),
            0.9,
        )
    ]


def ignored_class(seen: Seen) -> list[Nomination]:
    """A class whose rows weigh nothing, or next to it."""
    weights = seen.config.loss.class_weight
    if not isinstance(weights, list) or len(weights) != len(seen.counts):
        return []
    weight, even = np.asarray(weights, dtype=float), 1 / len(weights)
    total = float(weight @ seen.shares)
    parts = weight * seen.shares / total if total > 0 else np.zeros(len(weight))
    least = IGNORED * np.minimum(seen.shares, even)
    lost = [place for place, own in enumerate(parts) if own < least[place]]
    if not lost:
        return []
    return [
        Nomination(
            "metric_mismatch",
            (
                Evidence(
                    f"share of the loss that loss.class_weight leaves to {seen.classes[lost[0]]!s}",
                    round(float(parts[lost[0]]), 4),
                    f"{seen.shares[lost[0]]:.2g} by its rows, {even:.2g} where the classes balance",
                ),
            ),
            f"rows of {', '.join(str(seen.classes[place]) for place in lost)} are left out of the "
            "loss, or nearly, but count in the accuracy",
            ("loss.class_weight=null",),
            0.9,
        )
    ]


RULES = (
    regression_loss,
    sign,
    reduction,
    scaled,
    output_size,
    penalty,
    ignored_class,
)
