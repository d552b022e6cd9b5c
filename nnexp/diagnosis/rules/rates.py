"""The learning rate and its schedule: steps that overshoot, and steps that get nowhere."""

from __future__ import annotations

import math

import numpy as np

from nnexp.config.schema.options import OPTIONS
from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.overrides import override
from nnexp.diagnosis.rules.inputs import DIED
from nnexp.diagnosis.rules.inputs import LARGE as TOO_LARGE
from nnexp.diagnosis.seen import Seen

# shares of its weights that a layer moves in a step: about 1e-3 is usual (Karpathy's recipe);
# TheDeepChecker warns above 1e-1 and below 1e-4
FAST, SLOW = 3e-2, 1e-4
BATCH = 32  # rows, for which SGD's default rate is
# mean square of the inputs, 1 of scaled ones, up to which it is: a step of SGD goes with the square
# of the inputs (LeCun et al. 1998, section 5.3), and raw iris (16) trains with it yet
LARGE = 4.0
WARMING = 1 / 8  # of the rate asked for: a warm-up that ends below it has hardly begun
HIGH = 30.0  # times the usual rate: far too high, whatever else is wrong
JUMPY = 0.25  # share of epochs in which the loss jumps up, from which on steps overshoot
FEWEST = 5  # epochs, whose jumps are counted by themselves
DEAD_RATE = 0.02  # of the peak rate: the schedule has died


def usual_rate(name: str) -> float:
    """The default learning rate of an optimizer."""
    return float(OPTIONS["optimizer"][name]().lr)


def _usual(seen: Seen) -> float:
    """The usual rate for the run's batch size and inputs.

    SGD's falls with batches smaller than usual, whose gradients are noise (linear scaling, Goyal et
    al. 2017), and with inputs larger than usual; Adam and RMSprop divide by both.
    """
    usual = usual_rate(seen.config.optimizer.name)
    if not _plain(seen):
        return usual
    # inputs larger yet are scaled instead: no rate suits them
    known = seen.inputs is not None and seen.inputs.largest < TOO_LARGE
    inputs = seen.inputs.mean_square if known and seen.inputs is not None else 1.0
    return usual * min(1.0, seen.config.trainer.batch_size / BATCH) / max(1.0, inputs / LARGE)


def _rate(seen: Seen) -> float:
    """The learning rate as it acts."""
    return seen.config.optimizer.lr * _scale(seen)


def _scale(seen: Seen) -> float:
    """What `loss.scale` multiplies the gradient with that SGD follows; others divide by it."""
    return abs(seen.config.loss.scale or 1.0) if _plain(seen) else 1.0


def _plain(seen: Seen) -> bool:
    return seen.config.optimizer.name == "sgd"


def too_high(seen: Seen) -> list[Nomination]:
    """Steps so long that the loss jumps or diverges."""
    if seen.broke_at_once:
        return []  # no step was made
    usual = _usual(seen)
    ratio = _rate(seen) / usual
    if seen.diverged and ratio < HIGH and seen.inputs is not None and not seen.inputs.finite.all():
        return []  # of NaN no rate makes a number
    moved = seen.update_ratio
    jumps, died, (longest, thrown) = _jumps(seen), seen.died, _longest(seen)
    loud = (
        seen.diverged
        or jumps >= JUMPY
        or died > DIED
        or (moved is not None and moved > FAST)
        or thrown
    )
    if ratio < 3 and not (loud and ratio >= 1) and not seen.diverged:
        return []
    # ten times the default is a usual choice for small tables: by itself it says little
    quiet_strength = 0.85 if ratio >= 100 else 0.7 if ratio >= HIGH else 0.35
    loud_strength = 0.97 if ratio >= 100 else 0.92 if ratio >= HIGH else 0.75 if ratio >= 8 else 0.5
    stuck = any(len(own) and own[-1] > 0.95 for own in seen.of_layers("dead").values())
    # what killed the units, if anything of this did, moves nothing now
    if (stuck or longest > FAST) and ratio >= 8:
        quiet_strength = max(quiet_strength, 0.6)
    elif moved is not None and moved < FAST / 3:  # whatever the rate is, it moves little
        quiet_strength = 0.6 if ratio >= HIGH else 0.35
    strength = loud_strength if loud else quiet_strength
    if loud and ratio < 3:
        strength = 0.35
    if _rate(seen) < 3 * usual_rate(seen.config.optimizer.name):  # for what goes in or by batches
        strength = min(strength, 0.8)
    if seen.diverged and (seen.inputs is None or seen.inputs.finite.all()):
        strength = max(strength, 0.85)  # finite numbers went in
    lr = usual / _scale(seen) if ratio >= 3 else seen.config.optimizer.lr / 10
    target = float(f"{lr:.3g}")
    evidence = [Evidence("optimizer.lr", seen.config.optimizer.lr, f"about {target:g}")]
    if moved is not None:
        evidence.append(
            Evidence("share of its weights that a layer moves in a step", moved, "about 0.001")
        )
    if longest > FAST:
        after = ", after which the network moved no more" if thrown else ""
        evidence.append(Evidence(f"the same at its largest{after}", longest, "about 0.001"))
    jumped = Evidence("share of epochs in which the loss jumped up", jumps, f"below {JUMPY:g}")
    if jumps >= JUMPY:
        evidence.append(jumped)
    if seen.diverged:
        evidence.append(Evidence("how the run ended", seen.reason, "done"))
    if died > DIED:
        evidence.append(Evidence("share of a layer's units that died while training", died, "0"))
    return [
        Nomination(
            "lr_too_high",
            tuple(evidence),
            "each step overshoots: the loss may fall in the mean while decisions are thrown about, "
            "or units are pushed to where they never fire again",
            (override("optimizer.lr", target),),
            strength,
            # a run that diverged ended before its loss could jump twice
            () if jumps >= JUMPY or seen.diverged else (jumped,),
        )
    ]


def _longest(seen: Seen) -> tuple[float, bool]:
    """The largest share of its weights that the middle one of the layers moved in a step, and
    whether steps too long brought the network to where it has no gradient: next to nothing moves
    at the end, for all that the rate has not fallen.
    """
    layers = [own for own in seen.of_layers("update_ratio").values() if len(own)]
    if not layers:
        return 0.0, False
    length = min(map(len, layers))
    moved = np.array([own[:length] for own in layers])
    longest, rates = float(np.median(moved, 0).max()), seen.column("lr")
    fallen = len(rates) > 0 and rates[-1] < rates.max() / 2
    return longest, longest > FAST and moved[:, -1].max() < SLOW and not fallen


def _jumps(seen: Seen) -> float:
    """Share of epochs whose train loss is more than 10 % above the epoch before.

    Where a schedule lets the rate fall, of those with half of the largest rate at least: what it
    does is seen before it is taken back.
    """
    losses, rates = seen.column("train_loss"), seen.column("lr")
    if len(rates) == len(losses) and np.isfinite(rates).all():
        high = rates >= rates.max(initial=0.0) / 2
        losses = losses[high] if high.sum() >= FEWEST else losses
    losses = losses[np.isfinite(losses)]
    if len(losses) < 4:
        return 0.0
    before, after = losses[:-1], losses[1:]
    return float((after - before > 0.1 * np.abs(before) + 1e-3).mean())


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
    if fastest > 10 * SLOW or seen.died > DIED:
        slow, ratio = False, max(ratio, 1.0)
    if ratio <= 1 / 8 or (slow and (ratio < 1 or clipped)):
        strength = 0.92 if ratio <= 1 / 30 else 0.75
        if slow:
            strength = min(0.96, strength + 0.1)
        evidence = [Evidence("optimizer.lr", config.optimizer.lr, f"about {usual:g}")]
        fix = [override("optimizer.lr", usual)]
        if _scale(seen) <= 1 / 8:
            evidence.append(Evidence("loss.scale", config.loss.scale, "1"))
            fix = [override("loss.scale", math.copysign(1.0, config.loss.scale))]
            if _rate(seen) / _scale(seen) <= usual / 8:
                fix.append(override("optimizer.lr", usual))
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
    if not found and (warming := _warming(seen, rates)) is not None:
        return [warming]
    # a schedule by the step may be over before the first epoch is
    first = config.optimizer.lr if seen.first_rate is None else seen.first_rate
    falls = len(rates) > 0 and rates[-1] <= rates[0] and not config.scheduler.warmup
    peak = max([0.0, *rates, first if falls else 0.0])
    if len(rates) >= 2 and peak > 0 and not found:
        alive = float((rates > DEAD_RATE * peak).mean())
        early = len(rates) > 3 and alive < 0.5
        if early:
            found.append(
                Nomination(
                    "lr_too_low",
                    (
                        Evidence("share of epochs with a learning rate worth the name", alive, "1"),
                        Evidence("last learning rate", float(rates[-1]), f"{peak:g} at the peak"),
                    ),
                    "the schedule brought the learning rate to next to nothing long before the end",
                    ("scheduler=constant",),
                    0.7 if config.scheduler.name == "plateau" else 0.9,  # it may have had reason to
                )
            )
    return found


def _warming(seen: Seen, rates: np.ndarray) -> Nomination | None:
    """A warm-up that is longer than the run."""
    rate, warmup = seen.config.optimizer.lr, seen.config.scheduler.warmup
    if warmup < len(rates) or not len(rates) or not rates.max() <= rate * WARMING:
        return None
    return Nomination(
        "lr_too_low",
        (
            Evidence("scheduler.warmup", warmup, f"well below the {len(rates)} epochs of the run"),
            Evidence("largest learning rate of the run", float(rates.max()), f"{rate:g}"),
        ),
        "the warm-up outlasts the run: the learning rate never comes near what was asked for",
        (override("scheduler.warmup", 0),),
        0.93,
    )


def _slope(seen: Seen) -> Evidence:
    losses = seen.column("train_loss")
    change = float(losses[-1] - losses[0]) if len(losses) else 0.0
    return Evidence("change of the train loss over the run", change, "most of the first loss")


RULES = (too_high, too_low)
