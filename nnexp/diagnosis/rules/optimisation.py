"""Learning rate, schedule, optimizer, length of the run."""

from __future__ import annotations

import numpy as np

from nnexp.config.schema import OPTIONS
from nnexp.diagnosis.audit.order import RUNS
from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.overrides import override
from nnexp.diagnosis.seen import Seen

# shares of its weights that a layer moves in a step: about 1e-3 is usual (Karpathy's recipe);
# TheDeepChecker warns above 1e-1 and below 1e-4
FAST, SLOW = 3e-2, 1e-4
BATCHES = "batches"  # what of the run is in order, where it is not the split
BATCH = 32  # rows, for which SGD's default rate is
DEAD_RATE = 0.02  # of the peak rate: the schedule has died


def usual_rate(name: str) -> float:
    """The default learning rate of an optimizer."""
    return float(OPTIONS["optimizer"][name]().lr)


def _usual(seen: Seen) -> float:
    """The usual rate for the run's batch size: SGD's falls with batches smaller than usual, whose
    gradients are noise (linear scaling, Goyal et al. 2017; Adam and RMSprop divide by the noise).
    """
    usual = usual_rate(seen.config.optimizer.name)
    return usual * min(1.0, seen.config.trainer.batch_size / BATCH) if _plain(seen) else usual


def _rate(seen: Seen) -> float:
    """The learning rate as it acts: a summed loss multiplies the gradient that SGD follows."""
    config = seen.config
    rate = config.optimizer.lr * abs(config.loss.scale or 1.0 if _plain(seen) else 1.0)
    return rate


def _plain(seen: Seen) -> bool:
    return seen.config.optimizer.name == "sgd"


def too_high(seen: Seen) -> list[Nomination]:
    """Steps so long that the loss jumps or diverges."""
    usual = _usual(seen)
    ratio = _rate(seen) / usual
    moved = seen.update_ratio
    jumps, died = _jumps(seen), _died(seen)
    loud = seen.diverged or jumps >= 0.25 or died > 0.5 or (moved is not None and moved > FAST)
    if ratio < 3 and not (loud and ratio >= 1) and not seen.diverged:
        return []
    # ten times the default is a usual choice for small tables: by itself it says little
    quiet_strength = 0.85 if ratio >= 100 else 0.7 if ratio >= 30 else 0.35
    loud_strength = 0.97 if ratio >= 100 else 0.92 if ratio >= 30 else 0.75 if ratio >= 8 else 0.5
    stuck = any(len(own) and own[-1] > 0.95 for own in seen.of_layers("dead").values())
    if stuck and ratio >= 8:  # what killed the units, if anything of this did, moves nothing now
        quiet_strength = max(quiet_strength, 0.6)
    elif moved is not None and moved < FAST / 3:  # whatever the rate is, it moves little
        quiet_strength = 0.6 if ratio >= 30 else 0.35
    strength = loud_strength if loud else quiet_strength
    if loud and ratio < 3:
        strength = 0.35
    if seen.diverged and (seen.inputs is None or seen.inputs.finite.all()):
        strength = max(strength, 0.85)  # finite numbers went in
    evidence = [Evidence("optimizer.lr", seen.config.optimizer.lr, f"about {usual:g}")]
    if moved is not None:
        evidence.append(
            Evidence("share of its weights that a layer moves in a step", moved, "about 0.001")
        )
    evidence.append(Evidence("share of epochs in which the loss jumped up", jumps, "below 0.25"))
    if seen.diverged:
        evidence.append(Evidence("how the run ended", seen.reason, "done"))
    if died > 0.5:
        evidence.append(Evidence("share of a layer's units that died while training", died, "0"))
    target = usual if ratio >= 3 else seen.config.optimizer.lr / 10
    return [
        Nomination(
            "lr_too_high",
            tuple(evidence),
            "each step overshoots: the loss may fall in the mean while decisions are thrown about, "
            "or units are pushed to where they never fire again",
            (override("optimizer.lr", float(f"{target:.3g}")),),
            strength,
        )
    ]


def _jumps(seen: Seen) -> float:
    """Share of epochs whose train loss is more than 10 % above the epoch before."""
    losses = seen.column("train_loss")
    losses = losses[np.isfinite(losses)]
    if len(losses) < 4:
        return 0.0
    before, after = losses[:-1], losses[1:]
    return float((after - before > 0.1 * np.abs(before) + 1e-3).mean())


def _died(seen: Seen) -> float:
    """Largest share of a layer's units that fired before the first step and never at the end."""
    layers = [own for own in seen.of_layers("dead").values() if len(own) > 1]
    return max((float(own[-1] - own[0]) for own in layers), default=0.0)


def too_low(seen: Seen) -> list[Nomination]:
    """Steps too short to get anywhere, from the start or since the schedule died."""
    config = seen.config
    usual = _usual(seen)
    ratio = _rate(seen) / usual
    moved = seen.update_ratio
    found = []
    slow = moved is not None and moved < SLOW
    clipped = config.reg.grad_clip is not None and _plain(seen) and config.reg.grad_clip < 0.05
    # a rate that moves a layer visibly, if only at first, is not too low: something else stopped it
    fastest = max(
        (float(own.max()) for own in seen.of_layers("update_ratio").values() if len(own)),
        default=0.0,
    )
    if fastest > 10 * SLOW or _died(seen) > 0.5:
        slow, ratio = False, max(ratio, 1.0)
    if ratio <= 1 / 8 or (slow and (ratio < 1 or clipped)):
        strength = 0.92 if ratio <= 1 / 30 else 0.75
        if slow:
            strength = min(0.96, strength + 0.1)
        evidence = [Evidence("optimizer.lr", config.optimizer.lr, f"about {usual:g}")]
        fix = [override("optimizer.lr", usual)]
        if clipped:
            evidence.append(Evidence("reg.grad_clip", config.reg.grad_clip, "null, or about 1"))
            fix = [override("reg.grad_clip", None), *fix]
        if moved is not None:
            evidence.append(
                Evidence("share of its weights that a layer moves in a step", moved, "about 0.001")
            )
        evidence.append(_slope(seen))
        found.append(
            Nomination(
                "lr_too_low",
                tuple(evidence),
                "the loss falls steadily but hardly, and rows do not get across the border between "
                "classes in the epochs given",
                tuple(fix),
                strength,
            )
        )
    rates = seen.column("lr")
    if len(rates) >= 2 and rates.max() > 0 and not found:
        alive = float((rates > DEAD_RATE * rates.max()).mean())
        early = len(rates) > 3 and alive < 0.5
        if early and config.scheduler.name != "plateau":
            found.append(
                Nomination(
                    "lr_too_low",
                    (
                        Evidence("share of epochs with a learning rate worth the name", alive, "1"),
                        Evidence(
                            "last learning rate", float(rates[-1]), f"{rates.max():g} at the peak"
                        ),
                    ),
                    "the schedule brought the learning rate to next to nothing long before the end",
                    ("scheduler=constant",),
                    0.9,
                )
            )
    return found


def _slope(seen: Seen) -> Evidence:
    losses = seen.column("train_loss")
    change = float(losses[-1] - losses[0]) if len(losses) else 0.0
    return Evidence("change of the train loss over the run", change, "most of the first loss")


def undertrained(seen: Seen) -> list[Nomination]:
    """A run that ended while it still improved."""
    losses = seen.column("val_loss") if len(seen.column("val_loss")) else seen.column("train_loss")
    losses = losses[np.isfinite(losses)]
    epochs, asked = len(seen.history), seen.config.trainer.epochs
    if not len(losses) or seen.diverged:
        return []
    steps = epochs * seen.steps
    still = int(np.argmin(losses)) >= len(losses) - max(1, len(losses) // 10) - 1
    first = seen.signal("val_loss")
    start = float(first[0]) if len(first) else float(losses[0])
    tail = losses[max(0, len(losses) - max(2, len(losses) // 4) - 1)]
    fall = float(tail - losses[-1])
    learned = max(start - float(losses.min()), 1e-9)
    falling = still and (fall > 0.02 * learned or len(losses) <= 3)
    patience = seen.config.reg.patience
    impatient = patience is not None and epochs < asked and epochs <= 5
    if not falling and not impatient:
        return []
    few = steps < 400
    strength = 0.85 if few and epochs <= 5 else 0.72 if few else 0.5
    fix = override("trainer.epochs", max(50, 5 * asked))
    if impatient:
        fix = override("reg.patience", None)
    return [
        Nomination(
            "undertrained",
            (
                *([Evidence("steps taken", steps, "thousands")] if seen.knows_table else []),
                Evidence("epochs", epochs, "until the loss stays"),
                Evidence("fall of the loss over the last quarter", fall, "about 0 at the end"),
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
    momentum = getattr(optimizer, "momentum", None)
    if momentum is not None and momentum >= 0.97:
        odd.append(("momentum", momentum, 0.9, 0.85))
    if momentum == 0 and optimizer.name == "sgd":
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
    with_gradient = seen.of_layers("gradient_norm")
    still = [name for name in still if np.max(with_gradient.get(name, np.zeros(1))) > 0]
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


def untrained(seen: Seen) -> list[Nomination]:
    """Layers of a user's own module that no optimizer gets."""
    if seen.unregistered:
        signal, value = "lists that hold layers", list(seen.unregistered[:6])
        expected, strength = "torch.nn.ModuleList or ModuleDict", 0.95
        text = "layers in a plain list are no part of the module: they stay at their start"
    elif seen.frozen:
        signal, value = "parameters with requires_grad=False", list(seen.frozen[:6])
        expected, strength = "none, unless on purpose", 0.7
        text = "these parameters stay at their start"
    else:
        return []
    evidence = (Evidence(signal, value, expected),)
    return [Nomination("parameters_not_updated", evidence, text, (), strength)]


def batch_norm(seen: Seen) -> list[Nomination]:
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


def ordered_batches(seen: Seen) -> list[Nomination]:
    """Batches in the order of a file that is sorted by class, or that a run learns badly from."""
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
            certain=is_sorted,
            subject=BATCHES,
        )
    ]


RULES = (
    too_high,
    too_low,
    undertrained,
    optimizer_numbers,
    frozen,
    untrained,
    batch_norm,
    ordered_batches,
)
