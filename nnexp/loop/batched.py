"""Whether the batches of a loop hold the classes as they come, or one class after another."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import association_of
from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.rules.optimisation import BATCHES
from nnexp.loop.record import LoopRecord
from nnexp.loop.table import LoopTable

LOOKS, ROWS = 4, 4  # batches that were looked at, and rows of each, below which nothing is said
SORTED = 0.7  # pairs of rows of a batch that are of one class, of what they could be beyond chance
CHANCE = 1e-6  # p of batches whose classes differ so much where rows are shuffled


def together(record: LoopRecord, table: LoopTable) -> float:
    """How far two rows of a batch are of one class: 0 as by chance, 1 always; NaN if not known.

    Arguments:
        record: of the loop, with rows of the batches that were looked at.
        table: of the loop.
    """
    batches = [wanted[(wanted >= 0) & np.isfinite(wanted)].astype(int) for _, wanted in record.fed]
    batches = [own for own in batches if len(own) >= ROWS]
    # batches whose gradients add up to one step follow no order
    if not table.is_classes or table.is_wide or len(batches) < LOOKS or record.uncleared:
        return float("nan")
    # targets may be of classes that no train row has
    count = max(len(table.classes), 1 + max(int(own.max()) for own in batches))
    shares = np.bincount(table.index[: table.train], minlength=count) / table.train
    chance = float((shares**2).sum())
    counts = np.stack([np.bincount(own, minlength=count) for own in batches])
    if chance >= 1 or association_of(counts)[0] >= CHANCE:
        return 0.0  # where a class is rare, most batches have none of it
    sizes = counts.sum(1)
    same = float(((counts**2).sum(1) - sizes).sum())
    pairs = float((sizes * (sizes - 1)).sum())
    return (same / pairs - chance) / (1 - chance)


def independent(record: LoopRecord, table: LoopTable) -> float:
    """How many rows drawn one by one say as much on the classes as those of the batches looked at.

    Rows of a batch that are of one class say what one row does (design effect, Kish 1965).
    """
    sizes = [len(wanted) for _, wanted in record.fed if len(wanted)]
    alike = together(record, table)
    if not sizes or not alike > 0:
        return float(sum(sizes))
    return sum(sizes) / (1 + (sum(sizes) / len(sizes) - 1) * min(1.0, alike))


def is_sorted(record: LoopRecord, table: LoopTable) -> bool:
    """Whether batches are mostly of one class each."""
    return together(record, table) >= SORTED


def sorted_batches(record: LoopRecord, table: LoopTable) -> list[Nomination]:
    """Batches of rows that stand in the order of their classes."""
    share = together(record, table)
    if not share >= SORTED:
        return []
    return [
        Nomination(
            "ordered_split",
            (
                Evidence(
                    "pairs of rows of a batch that are of one class, beyond chance",
                    round(share, 3),
                    "about 0 where rows are shuffled",
                ),
            ),
            "the batches hold one class after another: each step pulls towards the class of its "
            "rows, and the last ones win",
            ("shuffle=True in the DataLoader, or torch.randperm of the rows every epoch",),
            0.95,
            certain=True,
            subject=BATCHES,
        )
    ]
