"""Whether a loop descends its loss: the gradient it makes beside that of the loss function."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor
from torch.func import functional_call

from nnexp.loop.quiet import quiet
from nnexp.loop.ratio import ratio_of
from nnexp.loop.record import APPLIED
from nnexp.loop.returned import each

if TYPE_CHECKING:
    from nnexp.loop.watch import LoopWatch

LOOKS = 3  # at gradients, before something is told of them, ...
AWAY = -0.5  # ... as the median of their cosines with the loss function's own: the wrong way
DIVIDED = 0.1  # of the inverse of so many batches: a loss handed over as it is divided by them
SCALED = 256.0  # times the loss function's own gradient: a scaler's, against half precision's zeros


def is_turned(watch: LoopWatch) -> bool:
    """Whether the loss that is differentiated is minus the one that `step` is given.

    It grows then, unless the optimizer climbs; a penalty may point against it where it is low.
    """
    pulls, points = watch.record.pulls, watch.record.points
    ratio = ratio_of(watch)
    given = math.isfinite(ratio) and ratio < 0  # the minus is in what `step` is given
    first, last = (own.get("slice_loss", math.nan) for own in (points[0], points[-1]))
    away = len(pulls) >= LOOKS and float(np.median([cosine for cosine, _ in pulls])) < AWAY
    return away and not given and (watch.climbs or not last <= first)


def size_of(watch: LoopWatch) -> float:
    """How many times the loss function's own gradient that of the loop is; NaN where unknown."""
    sizes = [size for _, size in watch.record.pulls]
    return float(np.median(sizes)) if len(sizes) >= LOOKS else math.nan


def factor_of(watch: LoopWatch) -> float:
    """What the loop multiplies the loss function with before `backward()`; 1 where unknown.

    That is what `step` was given, divided once more where the gradients of several batches are
    gathered, and it was not divided by their number yet, though their gradients say so.
    """
    ratio, gathers = ratio_of(watch), watch.gathers
    factor = ratio if math.isfinite(ratio) else 1.0
    if gathers > 1 and abs(abs(factor) * gathers - 1) > DIVIDED:
        size = size_of(watch) / abs(factor)
        if size > 0 and abs(math.log(size * gathers)) < abs(math.log(size)):
            factor /= gathers
    elif gathers == 1 and 0 < (size := size_of(watch) / abs(factor)) < DIVIDED:
        factor *= size  # of which the loss is divided by before it is differentiated
    return -factor if is_turned(watch) else factor


def note_direction(
    watch: LoopWatch, inputs: Tensor | None, target: Tensor, before: Mapping[str, Tensor]
) -> None:
    """Note how a weight's gradient in the loop stands to that of the loss function.

    Of the weights before and after the step, one of which the gradient is of, the one that speaks
    for the loop counts.

    Arguments:
        watch: after a look.
        inputs, target: that the model and the loss got; None for unknown ones.
        before: parameters by name as they were before the step.
    """
    name, made = watch.looker.gradient
    if inputs is None or made is None or len(inputs) != len(target) or name not in before:
        return
    found = []
    for held in (before, {n: p.detach() for n, p in watch.model.named_parameters()}):
        own = _gradient(watch, inputs, target, held, name)
        if own is None or own.shape != made.shape:
            return
        along = float((own.double() * made.double()).sum())
        size = float(torch.linalg.vector_norm(own.double()))
        of_made = float(torch.linalg.vector_norm(made.double()))
        if not (size > 0 and of_made > 0 and math.isfinite(along)):
            return
        found.append((along / (size * of_made), of_made / size))
    watch.record.pulls.append(max(found))


def _gradient(
    watch: LoopWatch, inputs: Tensor, target: Tensor, held: Mapping[str, Tensor], name: str
) -> Tensor | None:
    """The gradient of the loss function by a weight, leaving no trace; None where there is none."""
    weight = held[name].detach().clone().requires_grad_()
    try:
        with quiet(watch.model, watch.model.training), watch.unseen(), torch.enable_grad():
            out = watch.given(functional_call(watch.model, {**held, name: weight}, (inputs,)))
            loss = watch.loss_fn(each(out, APPLIED[watch.applied]), target)
            loss = loss.mean() if loss.ndim else loss
            return torch.autograd.grad(loss, weight, allow_unused=True)[0]
    except Exception:  # whatever a model or a loss of the user's own may raise
        return None
