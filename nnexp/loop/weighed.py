"""How much a row of each class weighs in a loss, told by the loss's values on made outputs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

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
        rows: a train row of each class, in the order of the outputs (C,).

    Returns:
        C numbers; None where all are alike, or where the values do not tell.
    """
    if kernel.kind not in ("softmax", "nll", "logistic") or kernel.applied or like.ndim > 2:
        return None
    if kernel.kind == "logistic" and like[0].numel() > 1:
        return None
    count = len(rows)

    def at(places: Sequence[int], high: Sequence[float]) -> float:
        """The loss of two rows, of these classes, whose true class is higher by so much."""
        outputs = torch.full((2, *like.shape[1:]), float(-(kernel.kind == "nll")))
        for row, (place, more) in enumerate(zip(places, high, strict=True)):
            if kernel.kind == "logistic":
                outputs.reshape(2, -1)[row, 0] += more * (2 * place - 1)
            else:
                outputs[row, place] += more
        return loss_of(outputs.to(like), rows[list(places)])

    if kernel.kind != "logistic" and like.shape[-1] < count:
        return None
    even, apart = ([at((k, k), (more, more)) for k in range(count)] for more in (0.0, HIGH))
    if not all(math.isfinite(own) and own != 0 for own in (*even, *apart)):
        return None
    found = np.array(even) / even[0]
    if not _are_equal(found, np.array(apart) / apart[0]):
        return None  # another function of the class: margins, smoothing, logits that are moved
    both = np.array([at((0, k), (0.0, 0.0)) for k in range(count)])
    if not _are_equal(both, (even[0] + np.array(even)) / 2):
        return None
    if _are_alike(found) and not kernel.summed:
        both = np.array([at((0, k), (HIGH, 0.0)) for k in range(count)])
        with np.errstate(divide="ignore", invalid="ignore"):
            found = (both - apart[0]) / (even[0] - both)
    if not (np.isfinite(found).all() and (found >= 0).all()) or _are_alike(found):
        return None
    return [round(float(own), DIGITS) for own in found]


def _are_equal(a: np.ndarray, b: np.ndarray) -> bool:
    return bool((np.abs(a - b) <= ALIKE * np.abs(b).max()).all())


def _are_alike(weights: np.ndarray) -> bool:
    return bool(np.ptp(weights) <= ALIKE * np.abs(weights).max())
