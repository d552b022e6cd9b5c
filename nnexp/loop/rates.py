"""Learning rates that only a loop can have: of other optimizers, and of groups of parameters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.loop.fixes import NO_WARM_UP
from nnexp.loop.record import LoopRecord

# defaults of optimizers whose rates are unlike Adam's
USUAL = {"Adadelta": 1.0}
FAR = 1 / 30  # of the usual rate
BEHIND, STILL = 1e-3, 1e-5  # of the highest rate, and of its weights that a step moves: a group
# that is left behind
LONG = 8.0  # passes over the train rows, until which a warm-up may well last
CLIMB = 4  # evaluations, at each of which the rate is higher than before
WARMING = 1 / 4  # of the rate that a schedule is made for: a warm-up that ends below it
WHOLE = "Adam or SGD, or all rows in one batch"


def of_others(optimizer: torch.optim.Optimizer, record: LoopRecord, train: int) -> list[Nomination]:
    """Optimizers whose rate, or whose batches, are not those that they are made for.

    Arguments:
        optimizer: of the loop.
        record: of the loop, for its batches.
        train: how many rows train.
    """
    name = type(optimizer).__name__
    # the highest: a schedule may have lowered it since
    lr = max([float(optimizer.param_groups[0]["lr"]), *(own["lr"] for own in record.points)])
    usual = USUAL.get(name)
    if usual is not None and 0 < lr <= FAR * usual:
        return [
            Nomination(
                "lr_too_low",
                (Evidence(f"lr of {name}", lr, f"about {usual:g}"),),
                f"{name} scales its steps itself: a rate of {usual:g} leaves them as they are",
                (f"lr={usual:g}",),
                0.93,
            )
        ]
    if name == "Rprop" and record.batch < train and not record.gathered:
        return [
            Nomination(
                "unsuitable_optimizer",
                (Evidence("rows of a batch", record.batch, f"all {train}, with Rprop"),),
                "Rprop steps by the sign of the gradient alone and lengthens a step whose sign "
                "stays: the signs of batches are chance",
                (WHOLE,),
                0.93,
            )
        ]
    return []


def rising(optimizer: torch.optim.Optimizer, record: LoopRecord, passes: float) -> list[Nomination]:
    """A rate that rose from the first step to the last: a warm-up that outlasts the loop.

    Arguments:
        optimizer: of the loop; a schedule has noted in it which rate it is made for.
        record: of the loop.
        passes: over the train rows, so far.
    """
    rates = np.array([own["lr"] for own in record.points])
    wanted = float(optimizer.param_groups[0].get("initial_lr", math.nan))
    climbs = len(rates) >= CLIMB and bool((np.diff(rates) > 0).all())
    if passes < LONG or not climbs or not rates.max() <= WARMING * wanted:
        return []
    return [
        Nomination(
            "lr_too_low",
            (
                Evidence(
                    "lr at the first step and at the last", rates[[0, -1]].tolist(), f"{wanted:g}"
                ),
                Evidence("evaluations at which it rose", len(rates) - 1, "the first few"),
            ),
            "the warm-up lasts as long as the loop: the learning rate has not come near what was "
            "asked for",
            (f"lr={wanted:g}", NO_WARM_UP),
            0.9,
        )
    ]


def left_behind(
    model: torch.nn.Module, groups: Sequence[Mapping[str, Any]], record: LoopRecord
) -> list[Nomination]:
    """Groups of parameters whose rate is next to nothing beside that of others."""
    rates = [float(group["lr"]) for group in groups]
    names = {id(p): name for name, p in model.named_parameters()}
    for group, rate in zip(groups, rates, strict=True):
        layers = [names[id(p)] for p in group["params"] if id(p) in names]
        moved = [
            own[f"update_ratio/{name}"]
            for own in record.layers
            for name in layers
            if f"update_ratio/{name}" in own
        ]
        if not 0 < rate <= BEHIND * max(rates) or not moved or max(moved) > STILL:
            continue
        return [
            Nomination(
                "lr_too_low",
                (
                    Evidence(f"lr of the group of {layers[0]}", rate, f"near {max(rates):g}"),
                    Evidence("share of its weights that a step moves", max(moved), "about 0.001"),
                ),
                "the layers of this group stay at their start: only the others learn",
                (f"the group of {layers[0]} at lr={max(rates):g}",),
                0.93,
            )
        ]
    return []
