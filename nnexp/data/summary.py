"""What is written down of a table and its split, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from nnexp.data.columns import Column
from nnexp.data.frame_cells import Cells
from nnexp.data.labelled import Labelled


def summary_of(
    labelled: Labelled,
    columns: Sequence[Column],
    y: np.ndarray,
    parts: Mapping[str, int],
    left_out: Mapping[str, int],
    features: int,
) -> dict[str, Any]:
    """A dataset as plain data.

    Arguments:
        labelled: its table.
        columns: what became of each.
        y: class indices (N,) of the rows that are used.
        parts: rows of each part.
        left_out: reason -> rows.
        features: how many numbers a row has for the model.
    """
    table, labels = labelled.table, labelled.labels
    counts = np.bincount(y, minlength=len(labels.classes))
    return {
        "source": table.name,
        "fingerprint": table.fingerprint,
        "target": str(table.target.name),
        "rows": len(table.frame),
        "left_out": {reason: count for reason, count in left_out.items() if count},
        "columns": {column.name: column.kind for column in columns},
        "dropped": {column.name: column.reason for column in columns if column.kind == "dropped"},
        "missing": _missing(columns, labelled.cells),
        "features": features,
        "classes": [
            {"label": label, "rows": int(count)}
            for label, count in zip(labels.classes, counts, strict=True)
        ],
        "split": dict(parts),
    }


def _missing(columns: Sequence[Column], cells: Cells) -> dict[str, int]:
    counts = {}
    for column in columns:
        if column.kind == "numeric":
            counts[column.name] = cells.numbers(column.name).missing
        elif column.kind == "categorical":
            counts[column.name] = int((cells.texts(column.name).codes < 0).sum())
    return {name: count for name, count in counts.items() if count}
