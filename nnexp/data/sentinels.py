"""Numbers that stand for a missing cell: the cells that hold them are emptied before all else."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from nnexp.config.sentinel import Sentinel, read_sentinels
from nnexp.data.cells import cell_text, read_numbers
from nnexp.data.names import counted, listing, require, typed
from nnexp.data.written import AUTO
from nnexp.errors import UserError


def find_sentinels(texts: Sequence[str], names: Sequence[str], target: str) -> tuple[Sentinel, ...]:
    """Read `data.sentinels` for a table.

    Arguments:
        texts: its items, `column=number` each.
        names: the columns of the table but the target, at least one.
        target: the target's name.

    Raises:
        UserError: an item is no `column=number`, or its column is the target or none at all.
    """
    found = read_sentinels(texts)
    for text, sentinel in zip(texts, found, strict=True):
        if sentinel.column == target and target not in names:
            raise UserError(
                f"data.sentinels names the target {target!r}, whose labels stay as they are",
                f"one of the other columns: {listing(names)}",
                typed("data.sentinels", [item for item in texts if item != text]),
            )
        require(sentinel.column, names, "data.sentinels", texts, text)
    return found


def empty_cells(
    frame: pd.DataFrame,
    sentinels: Sequence[Sentinel],
    tokens: Collection[str],
    decimal: str = AUTO,
) -> tuple[pd.DataFrame, dict[Sentinel, int]]:
    """Empty the cells that hold a number which stands for a missing cell.

    Arguments:
        frame: N rows of any dtypes, with the columns of the sentinels; it is not changed, and
            the columns without such a cell are shared with it.
        sentinels: the numbers; a text counts as the number that it reads as.
        tokens: texts that stand for a missing cell.
        decimal: how texts write numbers, as data.decimal.

    Returns:
        The frame, and for each sentinel the cells that held it.
    """
    counts = dict.fromkeys(sentinels, 0)
    emptied = {}
    for name in dict.fromkeys(sentinel.column for sentinel in sentinels):
        column = frame[name]
        values = read_numbers(column, tokens, True, decimal).values
        gone = np.zeros(len(frame), dtype=bool)
        for sentinel in counts:
            if sentinel.column == name:
                found = values == sentinel.number
                counts[sentinel] = int(found.sum())
                gone |= found
        if gone.any():
            emptied[name] = column.mask(gone)
            if isinstance(column.dtype, pd.CategoricalDtype):
                emptied[name] = emptied[name].cat.remove_unused_categories()
    return (frame.assign(**emptied) if emptied else frame), counts


def remarks(counts: Mapping[Sentinel, int], absent: bool = False) -> list[str]:
    """What `empty_cells` did, one line each.

    Arguments:
        counts: from there.
        absent: also name the numbers that no cell held.
    """
    lines = []
    for (name, number), count in counts.items():
        if count:
            cells = counted(count, "cell")
            lines.append(f"column {name!r}: {cells} of {cell_text(number)} read as missing")
        elif absent:
            lines.append(f"column {name!r}: no cell is {cell_text(number)} (data.sentinels)")
    return lines
