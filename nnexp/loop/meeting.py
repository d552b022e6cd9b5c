"""What the first step of a loop tells of it: its targets, its outputs and its loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import Tensor

from nnexp.loop.handed import handed
from nnexp.loop.kernel import identify
from nnexp.loop.outputs import nature_of_outputs
from nnexp.loop.quiet import quiet
from nnexp.loop.returned import judged, place_of
from nnexp.loop.target import form_of

if TYPE_CHECKING:
    from nnexp.loop.watch import LoopWatch


def meet(watch: LoopWatch, output: Any, target: Tensor) -> None:
    """Find out what loss, outputs and targets are, and read the table by that.

    Arguments:
        watch: before its first step.
        output, target: of that step.
    """
    watch.form = form_of(target, watch.passed_over)
    watch.picked = isinstance(output, Tensor) and not isinstance(watch.start, Tensor)
    with quiet(watch.model), watch.unseen():
        if isinstance(output, Tensor):
            watch.path = (place_of(watch.start, output) or ()) if watch.picked else ()
            found = handed(watch.looker.calls, output, watch.path)
            fewer = output.ndim == watch.main(watch.start).ndim - 1
            watch.handed = ("squeeze" if fewer else "") if found is None else found
        else:
            watch.path = judged(lambda own: watch.loss_fn(own, target), output)
        watch.start = watch.given(watch.start)
        start, given = watch.main(watch.start), watch.main(output)
        last = watch.linear[-1] if watch.linear else None
        watch.nature = nature_of_outputs(watch.model, watch.x, last, watch.judged)
        watch.kernel = identify(watch.loss_fn, *watch.labelled(given, target))
    watch.table = watch.table.as_used(start[0].numel(), target, watch.kernel.kind)
