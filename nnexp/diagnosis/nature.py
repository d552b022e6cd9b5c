"""What outputs are by their values: logits, probabilities, their logarithms, or squashed.

Ranges alone do not tell: fresh logits lie within [-1, 1] as well. So the last linear layer is made
a hundred times as strong, in a copy, and what stays within bounds then is bounded.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import torch
from torch import Tensor

STRONGER = 100.0  # times the last layer's weights, to see what its outputs are bounded by
NEAR = 0.1  # to a bound that outputs of a last layer so strong come
CLOSE, MOST = 0.02, 0.5  # of a bound of another size: how near, and what share of the outputs
LOOSE = 1e-4  # rounding of a float32 probability, and more
EXACT = 1e-3  # of the largest output: what is in proportion up to it is linear in the last layer


@dataclass(frozen=True)
class Nature:
    """What outputs are.

    Arguments:
        kind: `logits`, `softmax`, `log_softmax`, `sigmoid`, `tanh` or `relu`.
        width: how many a row.
        range: the lowest and the highest that were seen.
        over_rows: whether a softmax runs over the rows of a batch instead of the classes.
    """

    kind: str
    width: int
    range: tuple[float, float]
    over_rows: bool = False


def of_values(out: Tensor) -> Nature:
    """What outputs (n, C) are by their values alone."""
    out = out.detach().double()
    if not len(out) or not bool(torch.isfinite(out).all()):
        return Nature("logits", out.shape[-1], (float("nan"), float("nan")))
    low, high = float(out.min()), float(out.max())
    seen = low, high
    width = out.shape[1]
    sums = out.sum(1)
    if low >= -LOOSE and high <= 1 + LOOSE and bool(((sums - 1).abs() < 1e-3).all()):
        return Nature("softmax", width, seen)
    if width > 1 and high <= LOOSE and bool((out.logsumexp(1).abs() < 1e-3).all()):
        return Nature("log_softmax", width, seen)
    if len(out) > 1 and low >= -LOOSE and bool(((out.sum(0) - 1).abs() < 1e-3).all()):
        return Nature("softmax", width, seen, over_rows=True)
    if len(out) > 1 and high <= LOOSE and bool((out.logsumexp(0).abs() < 1e-3).all()):
        return Nature("log_softmax", width, seen, over_rows=True)
    return Nature("logits", width, seen)


def is_sure(found: Nature) -> bool:
    """Whether values alone were enough: rows that all sum to one do not do so by chance."""
    return found.over_rows or (found.kind in ("softmax", "log_softmax") and found.width > 1)


def with_strong(found: Nature, outputs: tuple[Tensor, Tensor, Tensor]) -> Nature:
    """What outputs are by their bounds.

    Arguments:
        found: by their values.
        outputs: each (n, C): as they are, and with the last layer `STRONGER`, up and down.
    """
    out, up, down = (own.detach() for own in outputs)
    if _is_linear(out, up, down):
        return replace(found, kind="logits")
    every = torch.cat((out, up, down))
    if found.width == 1 and bool((every == 1).all()):
        return replace(found, kind="softmax")
    return replace(found, kind=_bounded(every))


def _is_linear(out: Tensor, up: Tensor, down: Tensor) -> bool:
    """Whether outputs are as many times as strong as the last layer: nothing comes after it.

    Those of dead units are one constant, whose strengthened values would pass for bounds.
    """
    most = EXACT * float(up.abs().max())
    return 0 < most < math.inf and all(
        float((strong.double() - factor * out.double()).abs().max()) <= most
        for strong, factor in ((up, STRONGER), (down, -STRONGER))
    )


def _bounded(out: Tensor) -> str:
    """The bounds of outputs, strengthened ones among them."""
    if not bool(torch.isfinite(out).all()) or float(out.max() - out.min()) == 0:
        return "logits"
    low, high = float(out.min()), float(out.max())
    # what is bounded comes near its bound; a last layer that has shrunk to nothing does not
    if low >= 0 and high <= 1:
        return "sigmoid" if low < NEAR or high > 1 - NEAR else "logits"
    if low >= -1 and high <= 1 and low < 0:
        return "tanh" if max(-low, high) > 1 - NEAR else _squashed(out)
    if low == 0:
        return "relu"
    return _squashed(out)


def _squashed(out: Tensor) -> str:
    """`tanh` where outputs as strong as these, up and down, all come to one bound and its negative,
    whatever it is that a tanh is multiplied by.
    """
    size = out.double().abs()
    at_bound = float((size >= (1 - CLOSE) * size.max()).double().mean())
    return "tanh" if at_bound >= MOST and float(out.min()) < 0 < float(out.max()) else "logits"
