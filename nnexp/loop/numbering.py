"""Which output of a model stands for which label, told by the loss where the labels do not say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from nnexp.loop.kernel import WRONG, Kernel, identify, loss_value
from nnexp.loop.table import LoopTable
from nnexp.loop.target import Form

ASKED = 1024  # values of the loss, one for each label and output
CLEAR = 0.5  # of the next lowest loss, below which that of a label's own output lies


def number_outputs(
    loss_fn: Callable[..., Any], kernel: Kernel, form: Form, table: LoopTable, output: Tensor
) -> tuple[LoopTable, Kernel]:
    """The table whose class indices are places of outputs, and the loss by its values then.

    Of one output a row they are places of the targets that the loss gets, ascending. A loss that
    takes the number of an output is told at once; one that counts from another number, as where
    labels 1 to C are lowered by one inside it, by which output of each label it rewards.

    Arguments:
        loss_fn: called as loss_fn(output, target).
        kernel: of the loss, if its targets number the outputs.
        form: of the targets that it gets.
        table: of the loop.
        output: of the model, for any rows.
    """
    single = output.reshape(len(output), -1).shape[1] == 1
    if not table.is_classes or table.is_wide or form.is_wide:
        return table, kernel
    rows = torch.from_numpy(table.rows_of_values).to(table.x.device)
    target = form.make(table, rows)
    flat = target.reshape(len(rows)).double().cpu().numpy()
    if single:
        return _numbered(table, flat.argsort().argsort()), kernel
    if output.ndim != 2:
        return table, kernel
    whole = bool((flat == flat.round()).all() and flat.min() >= 0 and flat.max() < output.shape[1])
    if kernel.kind in ("softmax", "nll") and kernel.sign > 0:
        return (_numbered(table, flat.astype(np.int64)) if whole else table), kernel
    places = _rewarded(loss_fn, output, target)
    if places is None:
        return table, kernel
    own = torch.from_numpy(places).to(target.device)

    def of_places(outputs: Any, numbers: Tensor) -> Any:
        return loss_fn(outputs, target[(own == numbers[:, None]).long().argmax(1)])

    found = identify(of_places, output[: len(own)], own[: len(output)])
    if found.kind not in ("softmax", "nll") or found.sign < 0:
        return table, kernel
    return _numbered(table, places), found


@torch.no_grad()
def _rewarded(loss_fn: Callable[..., Any], output: Tensor, target: Tensor) -> np.ndarray | None:
    """The output of each target that the loss rewards most by far; None where that is not clear.

    Arguments:
        loss_fn: of the loop.
        output: of the model, whose width, dtype and device count (n, C).
        target: one of each label (L,) or (L, 1).
    """
    width = output.shape[1]
    if len(target) * width > ASKED:
        return None
    hot = WRONG * torch.eye(width, device=output.device, dtype=output.dtype)
    losses = np.array(
        [
            [loss_value(loss_fn, hot[[place, place]], target[[row, row]]) for place in range(width)]
            for row in range(len(target))
        ]
    )
    if not (np.isfinite(losses).all() and (losses >= 0).all()):
        return None
    ordered = np.sort(losses, axis=1)
    places = losses.argmin(1)
    clear = (ordered[:, 0] < CLEAR * ordered[:, 1]).all() and len(set(places)) == len(places)
    return places if clear else None


def _numbered(table: LoopTable, places: np.ndarray) -> LoopTable:
    """The table with the places of outputs as class indices.

    Arguments:
        table: of the loop.
        places: of its distinct targets, ascending.
    """
    before = table.index[table.rows_of_values]
    if len(set(places)) < len(places) or (before == places).all():
        return table
    count = max(len(table.classes), int(places.max()) + 1)
    names: list[Any] = [None] * count
    known = [table.classes[at] for at in before]
    for place, name in zip(places, known, strict=True):
        names[place] = name
    left = [own for own in table.classes if own not in known]
    shift = (
        {name - place for name, place in zip(known, places, strict=True)}
        if _are_whole(known)
        else set()
    )
    for place in (place for place in range(count) if names[place] is None):
        lowered = place + next(iter(shift)) if len(shift) == 1 else f"output {place}"
        names[place] = left.pop(0) if len(table.classes) == count and left else lowered
    moved = np.zeros(max(before) + 1, dtype=np.int64)
    moved[before] = places
    return replace(table, index=moved[table.index], classes=names)


def _are_whole(names: list[Any]) -> bool:
    return all(isinstance(own, int) and not isinstance(own, bool) for own in names)
