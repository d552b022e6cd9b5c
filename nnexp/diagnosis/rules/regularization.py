"""Too much regularization, or too little."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.finding import TRIED, Evidence, Nomination
from nnexp.diagnosis.overrides import override
from nnexp.diagnosis.seen import Seen

# rise of the validation loss over its least value, as a share of the prior's loss: a sign, and one
# that is worth a re-run
RISE, SMALL_RISE = 0.3, 0.1
WIDE = 64  # units of a layer that bears half of them dropped

# L2 against overfitting, beside dropout: tried on the overfitted runs of
# scripts/diagnosis_cases.py, of which dropout alone mended fewer
SHRINK = 0.01
DECAYED = 2.0  # learning rate x decay x steps: exp(-2) of a weight is left where nothing feeds it


def too_much(seen: Seen) -> list[Nomination]:
    """Penalties, decay, dropout and smoothing that hold training itself down."""
    config, reg = seen.config, seen.config.reg
    steps = max(1, len(seen.history) * seen.steps)
    found: list[tuple[str, object, object, float, str]] = []
    rates = reg.dropout if isinstance(reg.dropout, list) else [reg.dropout]
    highest = max([0.0, *map(float, rates)])
    if highest > 0.5:
        found.append(("reg.dropout", highest, 0.0, 0.92 if highest >= 0.8 else 0.6, "up to 0.5"))
    if reg.input_dropout > 0.3:
        strength = 0.9 if reg.input_dropout >= 0.7 else 0.6
        found.append(("reg.input_dropout", reg.input_dropout, 0.0, strength, "up to 0.2"))
    if reg.label_smoothing > 0.3:
        strength = 0.88 if reg.label_smoothing >= 0.7 else 0.6
        found.append(("reg.label_smoothing", reg.label_smoothing, 0.0, strength, "up to 0.2"))
    shrunk = config.optimizer.lr * reg.weight_decay * steps
    if reg.weight_decay and shrunk > DECAYED and reg.weight_decay >= 0.3:
        found.append(("reg.weight_decay", reg.weight_decay, 0.0, 0.9, "about 0.01"))
    own = config.optimizer.weight_decay
    # SGD adds it to the gradient as it is, and momentum to the step
    pulled = config.optimizer.lr * own * steps / (1 - getattr(config.optimizer, "momentum", 0.0))
    plain = config.optimizer.name == "sgd"
    if own >= 0.1 or (plain and own >= 0.02 and pulled > 5 * DECAYED):
        found.append(("optimizer.weight_decay", own, 0.0, 0.85, "about 0.01"))
    penalties, losses = seen.column("train_penalty"), seen.column("train_loss")
    heavy = (
        len(penalties) > 0
        and np.isfinite(penalties).any()
        and np.isfinite(losses).any()
        and float(np.nanmax(penalties)) > float(np.nanmin(losses))
    )
    for name, limit in (("l1", 1e-3), ("l2", 1e-2)):
        value = getattr(reg, name)
        if value >= limit and heavy:
            strength = 0.88 if value >= 10 * limit else 0.7
            found.append((f"reg.{name}", value, 0.0, strength, f"about {limit / 10:g}"))
    if not found:
        return []
    evidence = [Evidence(key, value, usual) for key, value, _, _, usual in found]
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
            tuple(override(key, want) for key, _, want, _, _ in found),
            max(item[3] for item in found),
        )
    ]


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
        rise < SMALL_RISE * max(seen.prior_loss, 1e-3)
        or train[kept] < seen.column("val_accuracy")[kept] + 0.03
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
            0.82 if rise >= RISE * max(seen.prior_loss, 1e-3) else TRIED,
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
