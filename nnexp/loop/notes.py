"""What is worth knowing of a loop and no fault: which rows are left out, and what is not judged."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from nnexp.loop.quantities import FEWEST
from nnexp.loop.record import LoopRecord

if TYPE_CHECKING:
    from nnexp.loop.watch import LoopWatch

ROWS = 512  # held-out rows of which it is told how far they are predicted
SHOWN = 120  # characters of what was raised


def notes_on(watch: LoopWatch) -> list[str]:
    """The notes of a loop, a sentence each."""
    table, record = watch.table, watch.record
    notes = [] if table.is_classes else [_little_judged(watch)]
    if table.unlabelled:
        notes.append(
            f"{table.unlabelled} rows with the target {watch.passed_over}, which the loss passes "
            "over, are left out"
        )
    for count, part in zip(table.unknown, ("train", "held-out"), strict=True):
        if count:
            notes.append(f"{count} {part} rows whose target is NaN or infinity are left out")
    if not (table.is_classes or table.told) and table.is_whole:
        notes.append(
            "y holds whole numbers and is taken for quantities, as the loss takes them; with "
            "classes= they are classes"
        )
    if table.is_classes and bool((watch.classes_of(watch.forward(watch.x)) < 0).all()):
        notes.append(
            "the outputs are NaN or infinite: no row counts as right, whatever argmax says"
        )
    if not math.isfinite(record.points[-1].get("slice_loss", math.nan)):
        notes.append("the loss of the train rows is no number or could not be computed")
    return notes


def of_looks(record: LoopRecord) -> list[str]:
    """That gradients are not known, where looking at one failed."""
    if not record.unseen:
        return []
    why = record.unseen.partition("\n")[0][:SHOWN]
    return [
        "the gradients and inputs of the steps could not be looked at further, and what only they "
        f"tell is not judged: {why}"
    ]


def _little_judged(watch: LoopWatch) -> str:
    """What is judged of quantities and of several labels a row, and how far they are predicted."""
    table = watch.table
    what = "several targets a row" if table.is_wide else "a quantity"
    told = f"y is {what}: of that the loop, the scales and the shapes are judged, and no score"
    rows = table.spaced(True, ROWS)
    if table.is_wide or len(rows) < FEWEST or watch.kernel.kind not in ("squared", "absolute"):
        return told
    predicted = watch.main(watch.forward(table.x[rows])).reshape(len(rows), -1).double()
    y = table.y[rows].reshape(-1).double()
    spread = float(y.var(correction=0))
    if predicted.shape[1] != 1 or not spread > 0:
        return told
    share = 1 - float((y - predicted[:, 0]).square().mean()) / spread
    if not math.isfinite(share):
        return told
    return f"{told}; R2 of {len(rows)} held-out rows is {share:.2f}"
