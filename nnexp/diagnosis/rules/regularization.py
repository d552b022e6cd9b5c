"""Too much regularization, or too little."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.finding import TRIED, Evidence, Nomination
from nnexp.diagnosis.overrides import override
from nnexp.diagnosis.rules.optimisation import steps_taken
from nnexp.diagnosis.seen import Seen

# rise of the validation loss over its least value, as a share of the prior's loss: a sign, and one
# that is worth a re-run; the benchmark's healthy runs that keep their last weights reach 0.04
RISE, SMALL_RISE = 0.15, 0.1
APART = 0.03  # accuracy on train rows above that on validation rows, where rows are overfitted
WIDE = 64  # units of a layer that bears half of them dropped

# L2 against overfitting, beside dropout: tried on the overfitted runs of
# scripts/diagnosis_cases.py, of which dropout alone mended fewer
SHRINK = 0.01
HELD_DOWN = 0.6  # strength where the train rows themselves are told badly
MILDLY = 0.25  # of these limits: worth a re-run where nothing else is told
DECAYED = 2.0  # learning rate x decay x steps: exp(-2) of a weight is left where nothing feeds it


@dataclass(frozen=True)
class Strict:
    """A setting of a regularizer that may hold training down.

    Arguments:
        key: of the setting.
        value: as it is.
        strength: of the sign; 0 for none.
        usual: values that hold nothing down, in words.
    """

    key: str
    value: float
    strength: float
    usual: str


def too_much(seen: Seen) -> list[Nomination]:
    """Penalties, decay, dropout and smoothing that hold training itself down.

    Where none of them is beyond what is usual, those that are at its upper end are worth a re-run.
    """
    found = [own for own in (*_dropped(seen), *_decays(seen), *_penalties(seen)) if own.strength]
    strong = [own for own in found if own.strength > TRIED]
    found = strong or found
    if not found:
        return []
    # what is usual elsewhere may be too much where not even the train rows are learnt
    held = seen.train is not None and seen.is_part_behind(seen.train)
    strength = max(own.strength for own in found)
    evidence = [Evidence(own.key, own.value, own.usual) for own in found]
    if seen.train is not None:
        evidence.append(
            Evidence(
                "accuracy on train rows, in evaluation mode",
                seen.train.accuracy,
                f"at least {seen.train.possible:.3f}, what other learners reach on unseen rows",
            )
        )
    return [
        Nomination(
            "over_regularized",
            tuple(evidence),
            "regularization holds the fit of the train rows itself down, so neither training nor "
            "validation gets where the table allows",
            tuple(override(own.key, 0.0) for own in found),
            max(strength, HELD_DOWN) if held else strength,
        )
    ]


def _dropped(seen: Seen) -> list[Strict]:
    """Dropout, and labels that are smoothed."""
    reg = seen.config.reg
    rates = reg.dropout if isinstance(reg.dropout, list) else [reg.dropout]
    highest, inputs = max([0.0, *map(float, rates)]), reg.input_dropout
    smoothing = reg.label_smoothing
    return [
        Strict("reg.dropout", highest, _graded(highest, (0.3, TRIED), (0.5, 0.6), (0.75, 0.92)),
               "up to 0.5"),
        Strict("reg.input_dropout", inputs, _graded(inputs, (0.2, TRIED), (0.3, 0.6), (0.65, 0.9)),
               "up to 0.2"),
        Strict("reg.label_smoothing", smoothing,
               _graded(smoothing, (0.2, TRIED), (0.3, 0.6), (0.65, 0.88)), "up to 0.2"),
    ]  # fmt: skip


def _decays(seen: Seen) -> list[Strict]:
    """Weight decay, decoupled from the gradient or added to it."""
    config, reg = seen.config, seen.config.reg
    steps = max(1, steps_taken(seen))
    shrunk = config.optimizer.lr * reg.weight_decay * steps
    beside, own = _decoupled(reg.weight_decay, shrunk), config.optimizer.weight_decay
    # SGD adds it to the gradient as it is, and momentum to the step, which a loop may have be 1
    kept = max(1e-3, 1 - getattr(config.optimizer, "momentum", 0.0))
    pulled = config.optimizer.lr * own * steps / kept
    added, plain = 0.0, config.optimizer.name == "sgd"
    if config.optimizer.name == "adamw":  # decoupled, as that beside the optimizer
        added = _decoupled(own, config.optimizer.lr * own * steps)
    elif own >= 0.1 or (plain and own >= 0.02 and pulled > 5 * DECAYED):
        added = 0.85
    elif own >= 0.01 and (not plain or pulled > DECAYED):
        added = TRIED
    return [
        Strict("reg.weight_decay", reg.weight_decay, beside, "about 0.01"),
        Strict("optimizer.weight_decay", own, added, "up to 0.005"),
    ]


def _decoupled(decay: float, shrunk: float) -> float:
    """The strength of a decay that takes its share of the weights at each step, whatever the
    gradient is, and so much of them in a run.
    """
    if decay >= 0.3 and shrunk > DECAYED:
        return 0.9
    return TRIED if decay >= 0.05 and shrunk > MILDLY * DECAYED else 0.0


def _penalties(seen: Seen) -> list[Strict]:
    """L1 and L2, where they weigh beside the data loss."""
    penalties, losses = seen.column("train_penalty"), seen.column("train_loss")
    known = bool(np.isfinite(penalties).any() and np.isfinite(losses).any())
    weighs = float(np.nanmax(penalties)) / max(float(np.nanmin(losses)), 1e-12) if known else 0.0
    found = []
    for name, limit in (("l1", 1e-3), ("l2", 1e-2)):
        value, strength = getattr(seen.config.reg, name), 0.0
        if value >= limit and weighs > 1:
            strength = 0.88 if value >= 10 * limit else 0.7
        elif value >= MILDLY * limit and weighs > MILDLY:
            strength = TRIED
        found.append(Strict(f"reg.{name}", value, strength, f"about {limit / 10:g}"))
    return found


def _graded(value: float, *steps: tuple[float, float]) -> float:
    """The strength of the last (limit, strength) that a value is above; 0 below all."""
    return max([0.0, *(strength for limit, strength in steps if value > limit)])


def too_little(seen: Seen) -> list[Nomination]:
    """A validation loss that rises while training goes on, in the weights that are kept."""
    losses = seen.column("val_loss")
    train = seen.column("train_accuracy")
    if len(losses) < 5 or not np.isfinite(losses).all() or seen.valid_rows < 20:
        return []
    least = int(losses.argmin())
    place = np.flatnonzero(seen.history["epoch"].to_numpy() == seen.best_epoch)
    if not len(place):
        return []
    kept = int(place[0])
    rise = float(losses[kept] - losses[least])
    if (
        rise < SMALL_RISE * max(seen.loss_scale, 1e-3)
        or train[kept] < seen.column("val_accuracy")[kept] + APART
    ):
        return []
    return [
        Nomination(
            "overfit",
            (
                Evidence(
                    "validation loss of the kept weights",
                    float(losses[kept]),
                    f"{losses[least]:.3f}, of epoch {least + 1}",
                ),
                Evidence(
                    "accuracy on train rows", float(train[kept]), "near that on validation rows"
                ),
                Evidence(
                    "accuracy on validation rows",
                    float(seen.column("val_accuracy")[kept]),
                    "near that on train rows",
                ),
            ),
            "the network goes on fitting the train rows' accidents: it grows certain where it is "
            "wrong, which the loss shows long before the accuracy",
            ("trainer.checkpoint=best", "trainer.monitor=val_loss", *_more(seen)),
            0.82 if rise >= RISE * max(seen.loss_scale, 1e-3) else TRIED,
        )
    ]


def _more(seen: Seen) -> tuple[str, ...]:
    """Regularization for a network with hidden layers that has none of its kind."""
    hidden, reg = getattr(seen.config.model, "hidden", None), seen.config.reg
    if not hidden:
        return ()
    found = []
    if np.max(reg.dropout) == 0:
        found.append(override("reg.dropout", 0.5 if min(hidden) >= WIDE else 0.2))
    if max(reg.l1, reg.l2) == 0:
        found.append(override("reg.l2", SHRINK))
    return tuple(found)


RULES = (too_much, too_little)
