"""What a model's outputs are: logits, probabilities, their logarithms, or something squashed.

Ranges alone do not tell: fresh logits lie within [-1, 1] as well. So the last linear layer is made
a hundred times as strong, in a copy, and what stays within bounds then is bounded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from nnexp.loop.kernel import Kernel
from nnexp.loop.quiet import quiet, tensor_of

STRONGER = 100.0  # times the last layer's weights, to see what its outputs are bounded by
LOOSE = 1e-4  # rounding of a float32 probability, and more


@dataclass(frozen=True)
class Nature:
    """What outputs are.

    Arguments:
        kind: `logits`, `softmax`, `log_softmax`, `sigmoid`, `tanh` or `relu`.
        width: how many a row.
        range: the lowest and the highest that were seen.
    """

    kind: str
    width: int
    range: tuple[float, float]


def linear_layers(model: nn.Module, x: Tensor) -> list[tuple[str, nn.Linear, Tensor]]:
    """The linear layers in the order in which they are used, each with its inputs (n, in).

    Arguments:
        model: any module.
        x: (n, ...) some rows.
    """
    names = {id(one): name for name, one in model.named_modules()}
    found: list[tuple[str, nn.Linear, Tensor]] = []

    def hook(layer: nn.Module, inputs: tuple[Any, ...]) -> None:
        if isinstance(layer, nn.Linear) and inputs and isinstance(inputs[0], Tensor):
            given = inputs[0].detach()
            name = names[id(layer)]
            found.append((name or "layer", layer, given.reshape(-1, given.shape[-1])))

    handles = [
        one.register_forward_pre_hook(hook) for one in model.modules() if isinstance(one, nn.Linear)
    ]
    try:
        with quiet(model):
            model(x)
    finally:
        for handle in handles:
            handle.remove()
    return found


def nature(model: nn.Module, x: Tensor, last: tuple[str, nn.Linear, Tensor] | None) -> Nature:
    """Find out what a model's outputs are.

    Arguments:
        model: any module.
        x: (n, ...) rows to ask about.
        last: the last linear layer, as of `linear_layers`; None to judge by the ranges alone.
    """
    with quiet(model):
        out = _rows(tensor_of(model(x)))
    found = of_values(out)
    sure = found.kind in ("softmax", "log_softmax") and found.width > 1
    if sure or last is None:
        return found
    name = next((own for own, one in model.named_modules() if one is last[1]), "")
    given = dict(last[1].named_parameters())
    strong: list[Tensor] = []
    for factor in (STRONGER, -STRONGER):
        changed = {f"{name}.{key}" if name else key: factor * p for key, p in given.items()}
        with quiet(model):
            strong.append(_rows(tensor_of(functional_call(model, changed, (x,)))))
    every = torch.cat([out, *strong])
    if found.width == 1 and bool((every == 1).all()):
        return replace(found, kind="softmax")
    return replace(found, kind=_bounded(every))


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
    return Nature("logits", width, seen)


def _bounded(out: Tensor) -> str:
    """The bounds of outputs, strengthened ones among them."""
    if not bool(torch.isfinite(out).all()) or float(out.max() - out.min()) == 0:
        return "logits"
    low, high = float(out.min()), float(out.max())
    if low >= 0 and high <= 1:
        return "sigmoid"
    if low >= -1 and high <= 1 and low < 0:
        return "tanh"
    if low == 0:
        return "relu"
    return "logits"


def _rows(out: Tensor) -> Tensor:
    return out.detach().reshape(len(out), -1)


def decide(
    out: Any, kernel: Kernel, kind: str, values: Sequence[float], classes: int
) -> np.ndarray:
    """The class index of each row (n,), -1 where the outputs are no numbers.

    Arguments:
        out: of the model.
        kernel: of the loss.
        kind: of the outputs, as of `Nature`; `applied` by the loop counts.
        values: the targets of the classes as the loss gets them, ascending; of one output.
        classes: how many there are; with more than one output the largest wins.
    """
    rows = _rows(tensor_of(out)).cpu()
    given = np.asarray((rows.float() if rows.dtype == torch.bfloat16 else rows).numpy())
    found: np.ndarray
    if given.shape[1] > 1:
        found = given.argmax(1)
    else:
        one = given[:, 0]
        if kernel.kind in ("logistic", "margin"):
            border = 0.5 if kind == "sigmoid" and kernel.kind == "logistic" else 0.0
            found = (one > border).astype(np.int64)
        elif kernel.kind in ("squared", "absolute", "bce") and len(values) >= 2:
            levels = np.array(values)
            found = np.searchsorted((levels[1:] + levels[:-1]) / 2, one)
        else:
            found = (one > (0.5 if kind in ("sigmoid", "softmax") else 0.0)).astype(np.int64)
    finite = np.isfinite(given.sum(1))
    return found if finite.all() else np.where(finite, found, -1)
