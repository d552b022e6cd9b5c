"""What only a loop can do wrong with parameters: gradients kept, parameters forgotten."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.loop.fixes import CLEAR, STEP_EACH
from nnexp.loop.record import LoopRecord
from nnexp.loop.turned import SCALED
from nnexp.model.registered import unregistered

MOST = 6  # names told
WASTED, MOSTLY = 4, 0.6  # gradients cleared unused: how many, and which share of those looked at
BEHIND_STEP = "optimizer.zero_grad() right behind optimizer.step(), and nowhere else"
CLEAR_FIRST = "optimizer.zero_grad() before loss.backward(), and optimizer.step() right behind it"
TRAINED = "pass model.parameters() of this model to the optimizer"
FEW = 3  # looks, before it is told that all of them found a step of many batches
LOOKS = 4  # at gradients, before it is told that they are all clipped, ...
CLIPPED = 0.05  # ... where so little is left of them
LITTLE, ABOUT = 0.01, 0.1  # the same of gradients clipped by value, and how far their norms differ
UNLISTED = "torch.nn.ModuleList around the list"  # the fix of layers in a plain one


def parameters(
    model: nn.Module,
    groups: Sequence[Mapping[str, Any]],
    initial: Mapping[str, Tensor],
    record: LoopRecord,
    steps: int,
    idle: int = 0,
) -> list[Nomination]:
    """Parameters that are not trained, and gradients that are never cleared.

    Arguments:
        model: of the loop.
        groups: of its optimizer.
        initial: parameters by name, before the first step.
        record: of the loop.
        steps: that were watched.
        idle: steps of the optimizer, where it found no gradient at any; else 0.
    """
    moved = any(
        n in initial and not torch.equal(p, initial[n]) for n, p in model.named_parameters()
    )
    found = [*_uncleared(record), *(_wasted(record) if moved else [])]
    held = {id(p) for group in groups for p in group["params"]}
    wanted = {name: p for name, p in model.named_parameters() if p.requires_grad}
    # what moves is moved by something that is not known here
    missing = [
        name
        for name, p in wanted.items()
        if id(p) not in held and (name not in initial or torch.equal(p, initial[name]))
    ]
    found += _not_held(missing, len(wanted))
    if lost := unregistered(model):
        found.append(
            _not_updated(
                "modules in a plain list or dict",
                lost[:MOST],
                "in torch.nn.ModuleList or ModuleDict",
                "a module in a plain list is not registered: model.parameters() leaves it out, and "
                "it stays at its start",
                UNLISTED,
                0.95,
            )
        )
    if not found and steps >= 3:
        still = [
            name
            for name, p in wanted.items()
            if name in initial
            and name not in missing
            and torch.equal(p, initial[name])
            # a gradient of 0 has its cause elsewhere: dead units, a softmax of one output
            and (name in record.pulled or name not in record.met)
        ]
        if still and max(float(group["lr"]) for group in groups) > 0:
            found.append(_still(still, len(still) == len(wanted), record, idle))
    frozen = [name for name, p in model.named_parameters() if not p.requires_grad]
    if frozen and not found:
        found.append(
            _not_updated(
                "parameters with requires_grad=False",
                frozen[:MOST],
                "none, unless on purpose",
                "these parameters stay at their start",
                "requires_grad_(True), or a smaller rate for them",
                0.85 if _mostly_frozen(model) else 0.5,
            )
        )
    return found


def _mostly_frozen(model: nn.Module) -> bool:
    """Whether one weight matrix learns at most, beside others that do not."""
    learns = [p.requires_grad for p in model.parameters() if p.ndim >= 2]
    return sum(learns) <= 1 < len(learns)


def step_of_all(record: LoopRecord, steps: int) -> list[Nomination]:
    """One step an epoch, made of the losses of all its batches.

    Arguments:
        record: of the loop.
        steps: that were watched.
    """
    if record.once < FEW or record.once < len(record.batches):
        return []
    return [
        Nomination(
            "undertrained",
            (
                Evidence("steps taken", steps, "one for each batch"),
                Evidence("rows of batches that one step is made of", record.batch, "those of one"),
            ),
            "the losses of all batches are added up, and one step is made of them: an epoch is "
            "worth a single step",
            (STEP_EACH,),
            0.93,
        )
    ]


def clipped(
    optimizer: torch.optim.Optimizer, record: LoopRecord, size: float = math.nan
) -> list[Nomination]:
    """Gradients that are clipped to next to nothing at every step, and each step of SGD with them.

    That their norm is the same at every look is what clipping by norm leaves. By value it differs
    a little; then next to nothing has to be left of the loss function's own gradient.

    Arguments:
        optimizer, record: of the loop.
        size: of its gradient over the loss function's; NaN where that is not known. A scaler makes
            it larger until the step: what is left is not known then.
    """
    norms = np.array([norm for norm, _ in record.clipped])
    left = np.array([share for _, share in record.clipped])
    plain = type(optimizer).__name__ == "SGD"
    known = len(norms) >= LOOKS and norms.min() > 0 and bool(np.isfinite(norms).all())
    if not plain or not known or record.gathered or size >= SCALED:
        return []
    share = float(np.median(left))
    by_norm = np.ptp(norms) <= 1e-3 * norms.mean() and share <= CLIPPED
    if not by_norm and not (size * left.max() <= LITTLE and np.ptp(norms) <= ABOUT * norms.mean()):
        return []
    name = "norm" if by_norm else "value"
    return [
        Nomination(
            "lr_too_low",
            (
                Evidence(
                    "norm of the gradient at every step looked at",
                    float(norms.mean()),
                    f"about {norms.mean() / share:.2g}, as it is before it is clipped",
                ),
            ),
            "all gradients are clipped to one short length, and a step is no longer than the "
            "learning rate times it: what is learnt in many epochs could be learnt in one",
            (f"torch.nn.utils.clip_grad_{name}_(model.parameters(), 1.0), or none",),
            0.9,
        )
    ]


def _uncleared(record: LoopRecord) -> list[Nomination]:
    """Gradients that are never cleared."""
    # seen of every step that is looked at, where gradients were cleared none is left over
    if record.backwards < 2 or record.uncleared != record.backwards:
        return []
    norms = _norms(record)
    evidence = [
        Evidence(
            "backward passes that found the gradient of the step before",
            f"{record.uncleared} of {record.backwards} looked at",
            "none after an optimizer step",
        )
    ]
    if norms:
        evidence.append(Evidence("gradient of a layer, first and last", norms, "falling"))
    return [
        Nomination(
            "parameters_not_updated",
            tuple(evidence),
            "gradients are never cleared: each step follows the sum of all batches so far, "
            "overshoots, and turns back only when the sum does",
            (CLEAR,),
            0.97,
            subject="gradients are never cleared",
        )
    ]


def _wasted(record: LoopRecord) -> list[Nomination]:
    """Gradients that are cleared before a step is made of them."""
    if record.wasted < WASTED or record.wasted < MOSTLY * (record.wasted + record.backwards):
        return []
    return [
        Nomination(
            "parameters_not_updated",
            (
                Evidence(
                    "backward passes whose gradient was cleared before a step",
                    f"{record.wasted} of {record.wasted + record.backwards} looked at",
                    "none",
                ),
            ),
            "the gradients of most batches are thrown away: a step is made of the last one alone",
            (BEHIND_STEP,),
            0.97,
            subject="gradients are cleared before a step is made of them",
        )
    ]


def _not_held(missing: list[str], wanted: int) -> list[Nomination]:
    """Parameters that the optimizer does not hold, of so many that are wanted."""
    if not missing:
        return []
    if len(missing) == wanted:
        return [
            _not_updated(
                "parameters of the model that the optimizer holds",
                f"0 of {wanted}",
                "all",
                "the optimizer moves parameters of another model: this one stays at its start",
                TRAINED,
                0.99,
            )
        ]
    return [
        _not_updated(
            "parameters that the optimizer does not hold",
            missing[:MOST],
            "none",
            "these parameters stay at their start",
            TRAINED,
            0.9,
        )
    ]


def _still(names: list[str], all_of_them: bool, record: LoopRecord, idle: int) -> Nomination:
    """Parameters that the optimizer holds, and that never moved, in so many steps without any
    gradient.
    """
    detached = record.detached == len(record.pairs)
    met = any(name in record.met for name in names)
    if idle and met and all_of_them and not detached:
        return _not_updated(
            "steps of the optimizer that found no gradient",
            idle,
            "none",
            "the gradients that backward() leaves are gone when the optimizer steps, as they are "
            "where zero_grad() stands between the two",
            CLEAR_FIRST,
            0.97,
        )
    text = (
        "the loss has no graph: nothing behind it can learn"
        if detached
        else "these parameters have a gradient and do not move"
        if met
        else "no gradient reaches these parameters: they stay at their start"
    )
    fix = (
        "loss.backward() on a loss of the model's own outputs, without detach or no_grad"
        if detached or not met
        else "optimizer.step() behind loss.backward()"
    )
    return _not_updated(
        "parameters that never moved",
        names[:MOST],
        "none",
        text,
        fix,
        0.97 if all_of_them else 0.7,
    )


def _not_updated(
    signal: str, value: object, expected: str, text: str, fix: str, strength: float
) -> Nomination:
    return Nomination(
        "parameters_not_updated", (Evidence(signal, value, expected),), text, (fix,), strength
    )


def _norms(record: LoopRecord) -> list[float]:
    for looked in record.layers[:1]:
        name = next((key for key in looked if key.startswith("gradient_norm/")), None)
        values = [own[name] for own in record.layers if name in own] if name else []
        if values:
            return [float(values[0]), float(values[-1])]
    return []
