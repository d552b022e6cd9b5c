"""What a close look notes of a step's loss, output, target and inputs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from nnexp.errors import UserError
from nnexp.loop.handed import makes
from nnexp.loop.kernel import broadcasts, identify, loss_value
from nnexp.loop.looker import Call
from nnexp.loop.record import APPLIED, agrees
from nnexp.loop.returned import each

if TYPE_CHECKING:
    from nnexp.loop.watch import LoopWatch

ROWS = 32  # of a batch that are kept


def note(
    watch: LoopWatch, loss: Any, output: Any, target: Tensor, accuracy: float | None
) -> Tensor | None:
    """Note a step, which `step` was given.

    Arguments:
        watch: that has met its first step.
        loss, output, target, accuracy: as for `LoopWatch.step`.

    Returns:
        What the model got for it; None where that is not known.
    """
    record, first = watch.record, watch.main(output).detach()
    whole = watch.looker.pieces_of(watch.table.train)
    record.once += whole > 0
    record.batches.append(whole or len(target))
    if isinstance(loss, Tensor) and not loss.requires_grad:
        record.detached += 1
    call = _call_of(watch, output)
    record.training.append(watch.model.training if call is None else call.training)
    inputs = None if call is None else call.inputs
    keep_rows(watch, inputs, target)
    number = float(loss.detach() if isinstance(loss, Tensor) else loss)
    plain = each(output, lambda own: own.detach())
    name, own_loss = _applied(watch, number, plain, target)
    if name and agrees(number, own_loss):
        watch.applied = name
        if watch.kernel.kind == "other":
            fed = each(plain, APPLIED[name])
            watch.kernel = identify(watch.loss_fn, *watch.labelled(fed, target))
    shapes = tuple(first.shape), tuple(target.shape)
    mixed = shapes[0] in ((len(target), 1), (len(target),)) and shapes[0] != shapes[1]
    mixed = mixed and "squeeze" not in name and len(target) > 1
    if mixed and record.shapes is None and broadcasts(watch.loss_fn, first, target):
        record.shapes = shapes
    record.pairs.append((number, own_loss, name))
    if accuracy is not None and watch.table.is_classes:
        own_accuracy = float((watch.classes_of(first) == indices(watch, target)).mean())
        record.metrics.append((_share(accuracy), own_accuracy, len(target)))
    return inputs


def _share(accuracy: Any) -> float:
    """What a loop counts, as a number.

    Raises:
        UserError: it is none.
    """
    try:
        return float(accuracy)
    except (TypeError, ValueError, RuntimeError):
        size = getattr(accuracy, "shape", None)
        what = "no number" if size is None else f"of shape {tuple(size)}"
        raise UserError(
            f"accuracy= is {what}",
            "one number a batch, a share or in percent",
            "accuracy=(logits.argmax(1) == t).float().mean()",
        ) from None


def _call_of(watch: LoopWatch, output: Any) -> Call | None:
    main = watch.main(output)
    return watch.looker.call_of(output, lambda own: makes(own, watch.path, watch.handed, main))


@torch.no_grad()
def _applied(watch: LoopWatch, number: float, output: Any, target: Tensor) -> tuple[str, float]:
    """What the loop applied to outputs before its loss, by the loss it came to, and the loss of
    outputs so changed; "" and that of the outputs themselves where nothing gives the loop's.

    Autocast computes losses of half precision outputs in float32; without it they are rounded.
    """
    half = isinstance(output, Tensor) and output.dtype in (torch.bfloat16, torch.float16)
    for name in dict.fromkeys((watch.applied, *APPLIED)):
        fed = each(output, APPLIED[name])
        for own in (fed, fed.float(), APPLIED[name](output.float())) if half else (fed,):
            own_loss = loss_value(watch.loss_fn, own, target)
            if agrees(number, own_loss) or not isinstance(output, Tensor):
                return name, own_loss
    return "", loss_value(watch.loss_fn, output.float() if half else output, target)


def keep_rows(watch: LoopWatch, inputs: Tensor | None, target: Tensor) -> None:
    """Keep some rows that the model got, each with the class index or the number it was to give."""
    if inputs is None or len(inputs) != len(target):
        return
    if inputs[0].numel() != watch.table.x[0].numel():
        return
    drawn = torch.Generator().manual_seed(watch.steps)  # of a batch that is always the same too
    chosen = torch.randperm(len(target), generator=drawn)[:ROWS]
    if watch.table.is_classes:
        wanted = indices(watch, target)[chosen.numpy()].astype(np.float64)
    else:
        flat = target.detach().cpu()[chosen].reshape(len(chosen), -1)
        wanted = flat.double().mean(1).numpy()
    rows = inputs[chosen.to(inputs.device)].reshape(len(chosen), -1)
    watch.record.fed.append((rows.cpu(), wanted))


def indices(watch: LoopWatch, target: Tensor) -> np.ndarray:
    """Class indices of a batch's targets."""
    assert watch.form is not None
    if watch.form.is_wide:
        return np.asarray(target.argmax(1).cpu().numpy())
    flat = target.detach().reshape(len(target)).double().cpu().numpy()
    table = watch.table
    names = list(table.classes)
    if names == list(range(len(names))) and np.isin(flat, names).all():
        return flat.astype(np.int64)
    place = np.searchsorted(np.array(watch.form.levels(table)) + 1e-9, flat)
    found = table.index[table.rows_of_values][place.clip(max=len(table.values) - 1)]
    return np.where(flat == watch.passed_over, -2, found)  # which is no class
