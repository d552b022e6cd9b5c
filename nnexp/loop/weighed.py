"""How much a row of each class weighs in a loss, told by the loss's values on made outputs."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from nnexp.loop.kernel import Kernel

HIGH = 3.0  # a logit that makes the one row's loss another than that of the rest
ALIKE = 0.01  # by what shares of each other weights differ that are the same
DIGITS = 4  # that weights are told with


def class_weights(
    loss_of: Callable[[Tensor, Tensor], float], kernel: Kernel, like: Tensor, rows: Tensor
) -> list[float] | None:
    """The weights of the classes, those of the first one being 1.

    A mean that is divided by the rows' weights is the same for a row alone, whatever it weighs: two
    rows together tell then.

    Arguments:
        loss_of: the loss of outputs for some rows of the table.
        kernel: of the loss.
        like: an output of the model (n, C), (n, 1) or (n,).
        rows: a train row of each class (C,).

    Returns:
        C numbers; None where all are alike, or where the values do not tell.
    """
    if kernel.kind not in ("softmax", "nll", "logistic") or kernel.applied or like.ndim > 2:
        return None
    if kernel.kind == "logistic" and like[0].numel() > 1:
        return None
    even = -1.0 if kernel.kind == "nll" else 0.0

    def outputs(count: int) -> Tensor:
        return torch.full((count, *like.shape[1:]), even, dtype=like.dtype, device=like.device)

    alone = [loss_of(outputs(1), rows[place : place + 1]) for place in range(len(rows))]
    if not all(math.isfinite(own) and own != 0 for own in alone):
        return None
    found = np.array(alone) / alone[0]
    if _are_alike(found) and not kernel.summed:
        apart = outputs(1)
        apart.reshape(-1)[0] += HIGH
        other = loss_of(apart, rows[:1])
        pairs = [
            loss_of(torch.cat((apart, outputs(1))), torch.stack((rows[0], own))) for own in rows
        ]
        with np.errstate(divide="ignore", invalid="ignore"):
            found = np.array([(both - other) / (alone[0] - both) for both in pairs])
    if not (np.isfinite(found).all() and (found >= 0).all()) or _are_alike(found):
        return None
    return [round(float(own), DIGITS) for own in found]


def _are_alike(weights: np.ndarray) -> bool:
    return bool(np.ptp(weights) <= ALIKE * np.abs(weights).max())
