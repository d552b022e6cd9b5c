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
ALONG = 0.95  # ... and the right one, or the other, and nothing else


def is_turned(watch: LoopWatch) -> bool:
    """Whether the loss that is differentiated is minus the one that `step` is given.

    So it grows; a penalty may point against it where it is low.
    """
    pulls, points = watch.record.pulls, watch.record.points
    ratio = ratio_of(watch)
    given = math.isfinite(ratio) and ratio < 0  # the minus is in what `step` is given
    first, last = (own.get("slice_loss", math.nan) for own in (points[0], points[-1]))
    away = len(pulls) >= LOOKS and float(np.median([cosine for cosine, _ in pulls])) < AWAY
    return away and not given and not last <= first


def factor_of(watch: LoopWatch) -> float:
    """What the loop multiplies the loss function with before `backward()`; 1 where unknown.

    By the gradient of a weight, where that is the loss function's own but for a factor; else by the
    loss that `step` is given.
    """
    pulls = watch.record.pulls
    if len(pulls) >= LOOKS and abs(float(np.median([cosine for cosine, _ in pulls]))) >= ALONG:
        times = float(np.median([own for _, own in pulls]))
        if times > 0 or is_turned(watch):
            return times
    ratio = ratio_of(watch)
    return ratio if math.isfinite(ratio) else 1.0


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
        found.append((along / (size * of_made), along / size**2))
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
            return torch.autograd.grad(loss.sum(), weight, allow_unused=True)[0]
    except Exception:  # whatever a model or a loss of the user's own may raise
        return None
