"""What a model's outputs are: logits, probabilities, their logarithms, or something squashed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.func import functional_call

from nnexp.diagnosis.nature import STRONGER, Nature, is_sure, of_values, with_strong
from nnexp.loop.kernel import Kernel
from nnexp.loop.quiet import quiet
from nnexp.loop.returned import tensor_of

FAR = 10.0  # times the largest input of some rows: what the first layer gets on a second look


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


def nature_of_outputs(
    model: nn.Module,
    x: Tensor,
    last: tuple[str, nn.Linear, Tensor] | None,
    judged: Callable[[Any], Tensor] = tensor_of,
) -> Nature:
    """Find out what a model's outputs are.

    Arguments:
        model: any module.
        x: (n, ...) rows to ask about.
        last: the last linear layer, as of `linear_layers`; None to judge by the ranges alone.
        judged: the tensor that is meant, of what the model returns.
    """
    with quiet(model):
        out = _rows(judged(model(x)))
    found = of_values(out)
    if is_sure(found) or last is None:
        return found
    name = next((own for own, one in model.named_modules() if one is last[1]), "")
    given = dict(last[1].named_parameters())

    def times(factor: float) -> Tensor:
        changed = {f"{name}.{key}" if name else key: factor * p for key, p in given.items()}
        with quiet(model):
            return _rows(judged(functional_call(model, changed, (x,))))

    return with_strong(found, (out, times(STRONGER), times(-STRONGER)))


def is_affine(model: nn.Module, x: Tensor, linear: list[Any]) -> bool:
    """Whether the layers are linear from first to last, wherever a row may lie.

    Arguments:
        model: any module.
        x: (n, ...) some rows, of which pairs are averaged.
        linear: as of `linear_layers`.
    """
    finite = x.is_floating_point() and bool(torch.isfinite(x).all())
    if len(x) < 4 or not finite or not linear:
        return False
    half = len(x) // 2
    a, b = x[:half].double(), x[half : 2 * half].double()
    rows = [own.to(x.dtype) for own in (a, b, (a + b) / 2)]
    if not _is_mean(_last_of(model, linear, rows)):
        return False
    # rows that lie close together meet each unit on one side: the first layer is given others
    made = torch.Generator().manual_seed(0)
    far = FAR * max(1.0, float(x.abs().max()))
    given: list[Tensor] = []

    def others(own: Tensor) -> Tensor:
        if len(given) < 2:
            given.append(torch.randn(own.shape, generator=made, dtype=torch.double) * far)
            return given[-1].to(own)
        return ((given[0] + given[1]) / 2).to(own)

    try:
        return _is_mean(_last_of(model, linear, [x[:half]] * 3, others))
    except Exception:  # whatever a model may raise on what it never met
        return True


def _last_of(
    model: nn.Module,
    linear: list[Any],
    rows: list[Tensor],
    first: Callable[[Tensor], Tensor] = lambda own: own,
) -> list[Tensor]:
    """What the last linear layer makes of some rows, where the first one gets what `first` makes of
    its inputs.
    """
    outs: list[Tensor] = []
    handles = [
        linear[0][1].register_forward_pre_hook(lambda own, inputs: (first(inputs[0]), *inputs[1:])),
        linear[-1][1].register_forward_hook(lambda *one: outs.append(one[2].detach().double())),
    ]
    try:
        with quiet(model):
            for own in rows:
                model(own)
    finally:
        for handle in handles:
            handle.remove()
    return outs


def _is_mean(outs: list[Tensor]) -> bool:
    """Whether the third is the mean of the first two, which differ."""
    if len(outs) != 3:
        return False
    scale = float(torch.stack(outs).abs().max())
    moves = float((outs[0] - outs[1]).abs().max())
    wrong = float((outs[2] - (outs[0] + outs[1]) / 2).abs().max())
    return math.isfinite(scale) and moves > 1e-3 * scale and wrong <= 1e-4 * scale


def _rows(out: Tensor) -> Tensor:
    return out.detach().reshape(len(out), -1)


def decide(out: Tensor, kernel: Kernel, kind: str, values: Sequence[float]) -> np.ndarray:
    """The class index of each row (n,), -1 where the outputs are no numbers.

    Arguments:
        out: of the model (n, ...); of several outputs a row the largest wins.
        kernel: of the loss.
        kind: of the outputs, as of `Nature`; `applied` by the loop counts.
        values: the targets of the classes as the loss gets them, ascending; of one output.
    """
    rows = _rows(out).cpu()
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
    finite = np.isfinite(given).all(1)
    return found if finite.all() else np.where(finite, found, -1)
