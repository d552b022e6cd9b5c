"""Optimizer, batches, layers that do not move, length of the run."""

from __future__ import annotations

import math

import numpy as np

from nnexp.config.schema.options import OPTIONS
from nnexp.diagnosis.audit.split.order import RUNS
from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.overrides import override
from nnexp.diagnosis.seen import Seen

# accuracy on train rows that evaluation mode loses, and in standard errors: modules with batch or
# layer normalisation, dropout or both lose up to 0.016 and 1 on iris, wine, digits, breast cancer
WORSE, WORSE_Z = 0.03, 4.0
UNSTEADY = 0.005  # share of rows; a module that is not random has none
IMPATIENT = 3  # epochs without a better value, which a loss that still falls may well have
RAISED = 8.0  # times the usual rate: for an eps that divides it again, or too high for momentum
ROUNDED = 1e-6  # of a weight: a step of SGD below it moves nothing that float32 holds
BATCHES = "batches"  # what of the run is in order, where it is not the split
OTHER_ROWS = "batches that hold no row of X"  # subject of a preprocessing_mismatch, of loops alone


def steps_taken(seen: Seen) -> int:
    """Steps of the optimizer, counted where that was done."""
    counted = seen.column("steps")
    return int(counted[-1]) if len(counted) else len(seen.history) * seen.steps


def undertrained(seen: Seen) -> list[Nomination]:
    """A run that ended while it still improved."""
    losses = seen.column("val_loss") if len(seen.column("val_loss")) else seen.column("train_loss")
    losses = losses[np.isfinite(losses)]
    epochs, asked = seen.epochs, seen.config.trainer.epochs
    if not len(losses) or seen.diverged or losses[-1] < 0:  # which falls as long as one likes
        return []
    if seen.status in ("failed", "interrupted"):  # its end was no choice
        return []
    steps = steps_taken(seen)
    still = int(np.argmin(losses)) >= len(losses) - max(1, len(losses) // 10) - 1
    first = seen.signal("val_loss")
    start = float(first[0]) if len(first) else float(losses[0])
    tail = losses[max(0, len(losses) - max(2, len(losses) // 4) - 1)]
    fall = float(tail - losses[-1])
    learned = max(start - float(losses.min()), 1e-9)
    falling = still and (fall > 0.02 * learned or len(losses) <= 3)
    patience = seen.config.reg.patience
    stopped = patience is not None and epochs < asked
    impatient = stopped and (epochs <= 5 or (patience or 0) <= IMPATIENT)
    if not falling and not impatient:
        return []
    few = steps < 400
    strength = 0.85 if few and epochs <= 5 else 0.72 if few else 0.5
    longer = max(50, 5 * asked)
    fix = override("trainer.epochs", longer)
    if stopped:  # more epochs would not be trained either
        fix, longer = override("reg.patience", None), asked
    expected = f"until the loss stays, {round(longer * steps / epochs)} perhaps"
    return [
        Nomination(
            "undertrained",
            (
                *([Evidence("steps taken", steps, expected)] if seen.knows_table else []),
                Evidence(
                    "epochs", round(epochs, 1), f"{asked}" if stopped else "until the loss stays"
                ),
                *([Evidence("reg.patience", patience, "null, or 10 and more")] if stopped else []),
                *(
                    [Evidence("fall of the loss over the last quarter", fall, "about 0 at the end")]
                    if len(losses) > 1
                    else []
                ),
            ),
            "the loss was still falling when the run ended: rows that were about to be learned "
            "count as wrong",
            (fix,),
            strength,
        )
    ]


def optimizer_numbers(seen: Seen) -> list[Nomination]:
    """Numbers of an optimizer that keep it from being itself, or an optimizer without memory."""
    optimizer = seen.config.optimizer
    usual = OPTIONS["optimizer"][optimizer.name]()
    odd: list[tuple[str, object, object, float]] = []
    eps = getattr(optimizer, "eps", None)
    if eps is not None and eps >= 1e-4:
        odd.append(("eps", eps, usual.eps, 0.85 if eps >= 1e-2 else 0.6))
        if optimizer.lr >= RAISED * usual.lr:  # to make up for it: without it no step would hold
            odd.append(("lr", optimizer.lr, usual.lr, 0.0))
    momentum = getattr(optimizer, "momentum", None)
    if momentum is not None and momentum >= 0.97:
        odd.append(("momentum", momentum, 0.9, 0.85))
    # what overshoots as it is would do so ten times as far
    if momentum == 0 and optimizer.name == "sgd" and optimizer.lr < RAISED * usual.lr:
        odd.append(("momentum", momentum, 0.9, 0.55))
    dampening = getattr(optimizer, "dampening", 0.0)
    if dampening >= 0.9:
        odd.append(("dampening", dampening, 0.0, 0.6))
    betas = getattr(optimizer, "betas", None)
    if betas is not None and (betas[0] >= 0.98 or betas[1] < 0.9):
        odd.append(("betas", list(betas), usual.betas, 0.75))
    alpha = getattr(optimizer, "alpha", None)
    if alpha is not None and alpha < 0.5:
        odd.append(("alpha", alpha, usual.alpha, 0.55))
    if not odd:
        return []
    text = (
        "plain gradient descent crawls along narrow valleys of the loss"
        if odd[0][0] == "momentum" and not odd[0][1]
        else "the optimizer's memory or its division is spoiled, so steps are far from what the "
        "gradients ask for"
    )
    return [
        Nomination(
            "unsuitable_optimizer",
            tuple(
                Evidence(f"optimizer.{key}", value, f"about {want}") for key, value, want, _ in odd
            ),
            text,
            tuple(override(f"optimizer.{key}", want) for key, _, want, _ in odd),
            max(item[3] for item in odd),
        )
    ]


def frozen(seen: Seen) -> list[Nomination]:
    """Layers that do not move although they have a gradient."""
    if seen.config.optimizer.lr == 0:
        return []
    still = [
        layer
        for layer, ratios in seen.of_layers("update_ratio").items()
        if len(ratios) and np.max(ratios) == 0
    ]
    rate = seen.config.optimizer.lr if seen.config.optimizer.name == "sgd" else math.inf
    still = [
        name
        for name in still
        if (largest := _largest(seen, f"gradient_norm/{name}")) > 0
        and rate * largest > ROUNDED * _largest(seen, f"weight_norm/{name}")
    ]
    if not still:
        return []
    return [
        Nomination(
            "parameters_not_updated",
            (Evidence("layers that never moved", still, "none"),),
            "these weights keep their initial values, though the loss asks them to move",
            (),
            0.9,
        )
    ]


def _largest(seen: Seen, name: str) -> float:
    """The largest value of a signal, which may be infinity; 0 without any."""
    if seen.signals is None or name not in seen.signals:
        return 0.0
    values = seen.signals[name].to_numpy(dtype=float)
    return float(np.nanmax(values)) if not np.isnan(values).all() else 0.0


def untrained(seen: Seen) -> list[Nomination]:
    """Layers of a user's own module that no optimizer gets, or no gradient."""
    if seen.module.unregistered:
        signal, value = "lists that hold layers", list(seen.module.unregistered[:6])
        expected, strength = "torch.nn.ModuleList or ModuleDict", 0.95
        text = "layers in a plain list are no part of the module: they stay at their start"
    elif seen.module.cut:
        signal, value = "layers whose gradient was 0 at every look", list(seen.module.cut[:6])
        expected, strength = "none: the outputs change with their weights", 0.95
        text = (
            "the gradient is cut between them and the outputs, as by detach, no_grad or numpy: "
            "they stay at their start"
        )
    elif seen.module.frozen:
        signal, value = "parameters with requires_grad=False", list(seen.module.frozen[:6])
        expected, strength = "none, unless on purpose", 0.7 if _trains_weights(seen) else 0.95
        text = "these parameters stay at their start"
    else:
        return []
    evidence = (Evidence(signal, value, expected),)
    return [Nomination("parameters_not_updated", evidence, text, (), strength)]


def _trains_weights(seen: Seen) -> bool:
    """Whether any weight matrix of a user's own module has a gradient at all."""
    return seen.signals is None or bool(seen.of_layers("weight_norm"))


def tiny_batches(seen: Seen) -> list[Nomination]:
    """Batch statistics of next to no rows."""
    config = seen.config
    if getattr(config.model, "norm", "none") != "batch":
        return []
    batch = config.trainer.batch_size
    train, evaluated = seen.column("train_loss"), seen.train_loss
    gap = None
    if evaluated is not None and len(train) and seen.best_epoch >= 1:
        rows = np.flatnonzero(seen.history["epoch"].to_numpy() == seen.best_epoch)
        if len(rows):
            gap = abs(float(train[rows[0]]) - evaluated) / max(evaluated, 1e-3)
    if batch > 8:
        return []
    evidence = [Evidence("trainer.batch_size with model.norm=batch", batch, "16 or more")]
    if gap is not None:
        evidence.append(
            Evidence("train loss in training against evaluation mode, relative", gap, "below 0.5")
        )
    return [
        Nomination(
            "batchnorm_mode",
            tuple(evidence),
            "mean and variance of so few rows say more about the batch than about the row, and in "
            "evaluation other statistics are used than in training",
            ("trainer.batch_size=32",),
            0.92 if batch <= 4 else 0.5,
        )
    ]


def modes(seen: Seen) -> list[Nomination]:
    """A user's own module that tells its train rows worse in evaluation mode than in training."""
    own = seen.module.modes
    if own is None or not (own.gap >= WORSE and own.z >= WORSE_Z):
        return []
    return [
        Nomination(
            "batchnorm_mode",
            (
                Evidence(
                    "accuracy on the same train rows in training and in evaluation mode",
                    [float(own.trained.mean()), float(own.evaluated.mean())],
                    "no worse in evaluation mode",
                ),
                Evidence("their loss", [own.trained_loss, own.evaluated_loss], "likewise"),
            ),
            "what was learnt does not show in evaluation mode: running statistics that do not fit "
            "the layers (a BatchNorm with a small momentum, or with few rows in a batch), or "
            "something else that the module does in one mode alone",
            (),
            0.93,
        )
    ]


def unsteady(seen: Seen) -> list[Nomination]:
    """A user's own module that is random in evaluation mode."""
    if seen.module.unsteady < UNSTEADY:
        return []
    return [
        Nomination(
            "batchnorm_mode",
            (
                Evidence(
                    "share of train rows that the same weights tell otherwise when asked again",
                    seen.module.unsteady,
                    "0 in evaluation mode",
                ),
            ),
            "something random acts in evaluation mode too, as functional.dropout without "
            "training=self.training: every prediction is that of a maimed network",
            (),
            0.96,
            subject="outputs that are random in evaluation mode",
        )
    ]


def mixing(seen: Seen) -> list[Nomination]:
    """A user's own module in which the rows of a batch are no strangers."""
    if not seen.module.mixes:
        return []
    return [
        Nomination(
            "batchnorm_mode",
            (
                Evidence(
                    "outputs of the same rows in evaluation mode, with other rows in their batch",
                    "others",
                    "the same",
                ),
            ),
            "what the module says of a row depends on the rows it is asked with, as behind a mean, "
            "a softmax or a normalisation over the rows (dim=0) instead of the columns",
            (),
            0.97,
            subject="outputs that depend on the other rows of a batch",
        )
    ]


def ordered_batches(seen: Seen) -> list[Nomination]:
    """Batches in the order of a file that is sorted by class, or that a run learns badly from.

    Of a sorted file they are told where the run may be behind, and else as harmless.
    """
    if seen.config.trainer.shuffle:
        return []
    changes = seen.label_changes
    is_sorted = changes is not None and changes < RUNS
    if not is_sorted and not seen.may_be_behind:
        return []
    evidence = [Evidence("trainer.shuffle", False, "true")]
    if changes is not None:
        evidence.append(
            Evidence(
                "changes of label from train row to train row, over those of a random order",
                round(changes, 3),
                "about 1",
            )
        )
    return [
        Nomination(
            "ordered_split",
            tuple(evidence),
            "the batches follow the order of the file: where it is sorted, each step pulls towards "
            "the classes of its rows, and the last ones win",
            ("trainer.shuffle=true",),
            0.95 if is_sorted else 0.86,
            certain=is_sorted and seen.may_be_behind,
            subject=BATCHES,
        )
    ]


RULES = (
    undertrained,
    optimizer_numbers,
    frozen,
    untrained,
    tiny_batches,
    modes,
    unsteady,
    mixing,
    ordered_batches,
)
