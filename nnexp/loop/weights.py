"""What a loop does with weights besides stepping: it clamps them, or puts others in their place."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from nnexp.diagnosis.finding import Evidence, Nomination

HELD, CELLS = 0.2, 64  # share of the weights that stand at one bound, and how many there must be
POINTS = 3  # evaluations, below which nothing is said of the last one
WORSE, JUMP = 0.25, 5.0  # loss of the weights left over that of the last steps, as a share of the
# loss of naming the class shares, and over what evaluations and steps differed by until then
LOST = 10.0  # loss of the weights left over that before the first step: the loop diverged
RESTORE = "keep the weights of the last step, or those of the least validation loss"
UNCLAMPED = "leave the weights as the optimizer sets them, without clamp_"


def clamped(model: nn.Module, initial: Mapping[str, Tensor]) -> list[Nomination]:
    """Weights that mostly stand at one bound on either side of 0.

    Arguments:
        model: of the loop.
        initial: its parameters by name, before the first step; those that were all alike there
            may still be, and say nothing.
    """
    flat = [
        p.detach().reshape(-1).abs().float().cpu()
        for name, p in model.named_parameters()
        if p.ndim > 1 and p.requires_grad and p.is_floating_point() and p.numel()
        if name in initial and bool((initial[name].abs() != initial[name].abs().max()).any())
    ]
    sizes: Tensor = torch.cat(flat) if flat else torch.zeros(0)
    if len(sizes) < CELLS:
        return []
    bound = float(sizes.max())
    at = float((sizes == bound).float().mean())
    if not 0 < bound < math.inf or at < HELD:
        return []
    return [
        Nomination(
            "over_regularized",
            (
                Evidence("largest weight of the network", bound, "beyond all others"),
                Evidence("share of the weights that are as large", round(at, 3), "one of them"),
            ),
            "all weights are clamped to a narrow range: the outputs cannot grow far enough apart "
            "to tell the classes",
            (UNCLAMPED,),
            0.95,
        )
    ]


def put_in_place(
    points: Sequence[dict[str, float]], now: float, held: float, scale: float
) -> list[Nomination]:
    """Weights that are far worse than those which the last steps were made with.

    Arguments:
        points: evaluations of the loop, the one before the first step first.
        now, held: loss of train rows and of the held-out slice with the weights as they are; NaN
            for no such rows.
        scale: loss of naming the class shares.
    """
    known = [own for own in points[1:] if math.isfinite(own["batch_loss"])]
    if len(known) < POINTS or not math.isfinite(now):
        return []
    if now > LOST * abs(points[0].get("slice_loss", math.inf)):
        return []
    if known[-1]["batch_loss"] > max(own["batch_loss"] for own in known[:-1]):
        return []  # the last steps have thrown the loop themselves
    # the last one may be of a single batch
    last = max(own["batch_loss"] for own in known[-2:])
    until = [abs(own.get("slice_loss", math.nan) - own["batch_loss"]) for own in known[:-1]]
    usual = float(np.nanmax(until)) if np.isfinite(until).any() else math.nan
    if not now - last > max(WORSE * scale, JUMP * usual):
        return []
    # the last one may be of the weights as they are
    before = [own.get("val_loss", math.nan) for own in known[:-1]]
    valid = [own for own in before if math.isfinite(own)]
    if valid and not held > max(min(valid), valid[-1]):
        return []  # those of an epoch that did better on held-out rows
    return [
        Nomination(
            "parameters_not_updated",
            (
                Evidence("loss on train rows with the weights as they are", now, f"{last:.3g}"),
                Evidence("mean loss of the last batches", last, "that of the weights kept"),
            ),
            "the weights are not those that the last step left: others were put in their place, "
            "such as a mean that is still near the first ones, or those of another epoch",
            (RESTORE,),
            0.97 if valid else 0.7,
            certain=bool(valid),
            subject="other weights were put in place after the last step",
        )
    ]
