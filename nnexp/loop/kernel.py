"""What a loss is, told by its values on outputs made for the question, whatever its name.

A loss that does not change when all outputs of a row rise together applies a softmax; one that is
linear in the outputs takes log-probabilities; and the logistic loss, the cross-entropy of a
probability, squares and absolute differences have their values at a few points. Weights of
classes, smoothing and focal terms keep these properties.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from nnexp.loop.quiet import unwarned

ROWS = 8  # of a batch on which the loss is asked
ALIKE = 0.1  # of a factor on a loss, by which it may differ from point to point
WRONG = 6.0  # a logit that is well off where it should not be
LEVELS_OFF = 0.25  # growth of a loss from one such logit to twice it, over that from 0 to one
SURE = 100.0  # a logit whose probability is 1 to the last digit


@dataclass(frozen=True)
class Kernel:
    """A loss by its values.

    Arguments:
        kind: `softmax` (cross-entropy of logits), `nll` (linear in its inputs), `logistic` (BCE of
            logits), `margin` (the same for -1 and 1), `bce` (of probabilities), `squared`,
            `absolute`, or `other`.
        sign: 1, or -1 where being right costs more than being wrong.
        summed: whether twice the rows cost twice as much.
        divided: whether they cost half as much, as where a mean is divided by the rows once more;
            `scale` is that of a single row then.
        scale: factor on a plain cross-entropy of logits; 1 where it is another function of them.
        bounded: whether a softmax comes before what hardly costs more however wrong a logit is,
            such as differences: a row that is badly wrong has no gradient.
        applied: `softmax` or `sigmoid` where the loss function squashes the outputs before a
            cross-entropy that does so itself; else "".
    """

    kind: str = "other"
    sign: int = 1
    summed: bool = False
    applied: str = ""
    scale: float = 1.0
    bounded: bool = False
    divided: bool = False

    def factor(self, batch: int) -> float:
        """What a plain cross-entropy is multiplied by for a batch of so many rows."""
        return self.scale / batch if self.divided else self.scale


def loss_value(loss_fn: Callable[..., Any], output: Any, target: Tensor) -> float:
    """The loss as a number; the mean where it is given row by row. NaN where it is refused."""
    try:
        mixed = isinstance(output, Tensor) and output.shape != target.shape
        if mixed and (target.is_floating_point() or output.numel() == len(output)):
            with unwarned():  # of shapes that are broadcast
                found = loss_fn(output, target).detach()
        else:
            found = loss_fn(output, target).detach()
        return float(found if found.ndim == 0 else found.double().mean())
    except Exception:  # whatever a loss of the user's own may raise
        return math.nan


@torch.no_grad()
def identify(loss_fn: Callable[..., Any], output: Any, target: Tensor) -> Kernel:
    """Find out what a loss is.

    Arguments:
        loss_fn: called as loss_fn(output, target).
        output: of the model for a batch; only its shape, dtype and device are used.
        target: of the batch, real ones.
    """
    if not isinstance(output, Tensor) or output.ndim not in (1, 2) or not len(target):
        return Kernel()
    rows = min(ROWS, len(target), len(output))
    t = target[:rows]
    made = torch.Generator().manual_seed(0)
    shape = (rows, *output.shape[1:])
    z = torch.rand(shape, generator=made).mul(0.6).add(0.2).to(output.device, output.dtype)
    other = torch.rand(shape, generator=made).mul(0.6).add(0.2).to(output.device, output.dtype)

    def at(outputs: Tensor, targets: Tensor) -> float:
        return loss_value(loss_fn, outputs, targets)

    base = at(z, t)
    if not math.isfinite(base):
        return Kernel()
    twice = at(torch.cat((z, z)), torch.cat((t, t)))
    summed = _close(twice, 2 * base) and abs(base) > 1e-6
    divided = _close(2 * twice, base) and abs(base) > 1e-6
    if divided:
        return _undivided(loss_fn, output, target)
    floats = t.is_floating_point()
    by_class = z.ndim == 2 and (not floats or t.shape == z.shape)
    if by_class:
        found = _of_classes(at, z, other, t, base, summed)
        if found is not None:
            return found
    if floats or z[0].numel() == 1:
        return _elementwise(at, z, t, rows if summed else 1, summed)
    return _of_codes(at, z, t, summed) if by_class else Kernel("other")


def _undivided(loss_fn: Callable[..., Any], output: Tensor, target: Tensor) -> Kernel:
    """A loss whose mean is divided by the rows once more, by that without the division."""

    def times(outputs: Any, targets: Tensor) -> Any:
        return loss_fn(outputs, targets) * len(targets)

    return replace(identify(times, output, target), divided=True)


@torch.no_grad()
def broadcasts(loss_fn: Callable[..., Any], output: Any, target: Tensor) -> bool:
    """Whether a loss compares each output with the targets of all rows.

    It does not matter to it then which target is whose.

    Arguments:
        loss_fn, output, target: as for `identify`.
    """
    rows = min(len(output), len(target))
    made = torch.Generator().manual_seed(0)
    z = torch.rand((rows, *output.shape[1:]), generator=made).mul(0.6).add(0.2)
    z = z.to(output.device, output.dtype)  # probabilities as well, of which logarithms are taken
    order = torch.argsort(target[:rows].reshape(rows, -1)[:, 0].double())
    t = target[:rows][order]
    if torch.equal(t, t.flip(0)):
        return False  # nothing tells them apart
    value = loss_value(loss_fn, z, t)
    nothing = _close(value, loss_value(loss_fn, z / 2, t))  # as a softmax over a single output
    return not nothing and _close(value, loss_value(loss_fn, z, t.flip(0)))


def _of_classes(
    at: Callable[[Tensor, Tensor], float],
    z: Tensor,
    other: Tensor,
    t: Tensor,
    base: float,
    summed: bool,
) -> Kernel | None:
    """A loss of C outputs a row, as cross-entropy and NLL are."""
    true = t.argmax(1) if t.is_floating_point() else t.reshape(len(t)).long()
    if int(true.min()) < 0 or int(true.max()) >= z.shape[1]:
        return None
    hot = torch.nn.functional.one_hot(true, z.shape[1]).to(z)
    right, wrong = at(WRONG * hot, t), at(-WRONG * hot, t)
    # so near to naming nothing that smoothed labels, too, still want more of the true class
    sign = -1 if at(0.5 * hot, t) > at(-0.5 * hot, t) else 1
    linear = _close(at(2 * z, t), 2 * base) and _close(at(z + other, t), base + at(other, t))
    if z.shape[1] == 1:
        nothing = base == 0 and right == wrong == 0
        return Kernel("softmax", 1, summed) if nothing else None
    if linear and abs(base) > 1e-9:
        return Kernel("nll", sign, summed)
    if _close(at(z + 3, t), base) and not _close(right, wrong):
        # of a probability of 1 it costs what a logit of 1 beside zeros does
        rows = len(t) if summed else 1
        twice = _close(at(SURE * hot, t) / rows, math.log(1 + (z.shape[1] - 1) / math.e))
        scale = _factor(at(0 * z, t) / rows, wrong / rows, z.shape[1])
        # a cross-entropy grows as much by the second step as by the first
        more, before = at(-2 * WRONG * hot, t) - wrong, wrong - at(0 * z, t)
        bounded = not twice and more < LEVELS_OFF * before
        return Kernel("softmax", sign, summed, "softmax" if twice else "", scale, bounded)
    return None


def _of_codes(at: Callable[[Tensor, Tensor], float], z: Tensor, t: Tensor, summed: bool) -> Kernel:
    """A loss of C outputs and a class index a row that turns this into C numbers itself."""
    true = t.reshape(len(t)).long()
    if int(true.min()) < 0 or int(true.max()) >= z.shape[1]:
        return Kernel()
    hot = torch.nn.functional.one_hot(true, z.shape[1]).to(z)
    aim = hot if abs(at(hot, t)) < 1e-6 else 2 * hot - 1
    if abs(at(aim, t)) < 1e-6:
        near, far = at(aim + 1, t), at(aim + 2, t)
        if _close(far, 4 * near) or _close(far, 2 * near):
            return Kernel("squared" if _close(far, 4 * near) else "absolute", 1, summed)
    return Kernel("other", 1, summed)


def _elementwise(
    at: Callable[[Tensor, Tensor], float], z: Tensor, t: Tensor, rows: int, summed: bool
) -> Kernel:
    """A loss of numbers against numbers."""

    def f(output: float, target: float) -> float:
        return at(torch.full_like(z, output), torch.full_like(t, target)) / rows

    half, quarter = f(0.5, 1.0), f(0.25, 1.0)
    if not math.isfinite(half):
        return Kernel()
    if abs(f(1.0, 1.0)) < 1e-6 and abs(f(0.0, 0.0)) < 1e-6 and abs(half) > 1e-9:
        near, far = f(2.0, 1.0), f(3.0, 1.0)
        if math.isfinite(near):
            kind = "squared" if abs(far) > 2.5 * abs(near) else "absolute"
            return Kernel(kind, 1 if near > 0 else -1, summed)
    if _close(quarter, 2 * half) and abs(half) > 1e-9:
        return Kernel("bce", 1 if half > 0 else -1, summed)
    if _close(f(SURE, 1.0), math.log(1 + 1 / math.e)) and _close(f(-SURE, 1.0), math.log(2)):
        return Kernel("logistic", 1, summed, "sigmoid")
    middle = f(0.0, 1.0)
    if abs(middle) > 1e-9 and _close((f(-2.0, 1.0) - f(2.0, 1.0)) / 2, middle / math.log(2)):
        margin = _close(f(2.0, -1.0), f(-2.0, 1.0))
        kind, sign = "margin" if margin else "logistic", 1 if middle > 0 else -1
        factors = [_factor(middle, f(-WRONG, 1.0), 2)]
        if not margin:  # weights of the positives make the one smaller, and not the other
            factors.append(_factor(f(0.0, 0.0), f(WRONG, 0.0), 2))
        return Kernel(kind, sign, summed, scale=max(factors))
    return Kernel("other", 1, summed)


def _factor(even: float, wrong: float, classes: int) -> float:
    """What a cross-entropy is multiplied by, told at two points; 1 where they do not agree.

    Arguments:
        even: its value where all classes are as likely.
        wrong: where the logit of the true class lies `WRONG` below the others.
        classes: C.
    """
    one = abs(even) / math.log(classes)
    other = abs(wrong) / math.log1p((classes - 1) * math.exp(WRONG))
    return one if one > 0 and abs(one - other) <= ALIKE * max(one, other) else 1.0


def _close(a: float, b: float) -> bool:
    return math.isfinite(a) and math.isfinite(b) and abs(a - b) <= 1e-3 * max(abs(a), abs(b), 1e-3)
