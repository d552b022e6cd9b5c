"""A class that a loss passes over, as with `ignore_index=0`: no row of it is learnt."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import torch

from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.loop.kernel import loss_value

if TYPE_CHECKING:
    from nnexp.loop.watch import LoopWatch

ROWS = 4  # on which the loss is asked


def ignored(watch: LoopWatch, outputs: int) -> list[Nomination]:
    """Classes of which the loss says nothing, though an output stands for them.

    Arguments:
        watch: a loop on classes.
        outputs: of a row.
    """
    table, passed = watch.table, watch.passed_over
    if watch.kernel.kind not in ("softmax", "nll") or not table.is_classes:
        return []
    if table.unlabelled and 0 <= passed < outputs:
        lost, rows = [passed], table.unlabelled
    else:
        lost = [place for place in _levels(watch) if _is_passed_over(watch, place, outputs)]
        index = np.asarray(table.index[: table.train])
        rows = int(sum((index == place).sum() for place in lost))
    if not lost or not rows:
        return []
    return [
        Nomination(
            "metric_mismatch",
            (
                Evidence("targets that the loss passes over", lost, "none that is a class"),
                Evidence("rows with such a target", rows, "0"),
            ),
            "the loss says nothing of these rows, so none of them is learnt, and what it falls to "
            "holds for the others alone",
            ("ignore_index=-100, as it is by itself",),
            0.96,
            certain=True,
        )
    ]


def _levels(watch: LoopWatch) -> list[int]:
    """The targets of the classes, where they are whole numbers from 0 on."""
    assert watch.form is not None
    levels = watch.form.levels(watch.table)
    if watch.form.is_wide or levels != list(range(len(levels))):
        return []
    return [int(level) for level in levels]


def _is_passed_over(watch: LoopWatch, place: int, outputs: int) -> bool:
    """Whether rows of one class alone have no loss, and those of another have one."""
    device = watch.table.x.device
    made = torch.Generator().manual_seed(0)
    z = torch.randn((ROWS, outputs), generator=made).to(device)

    def of(value: int) -> float:
        target = torch.full((ROWS,), value, dtype=torch.int64, device=device)
        return loss_value(watch.loss_fn, z, target)

    other = of(1 if place == 0 else 0)
    own = of(place)
    return (math.isnan(own) or own == 0) and math.isfinite(other) and other != 0
