"""How much a row of those that validate weighs in a score."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.leaderboard.records import Record
from nnexp.leaderboard.tables import table_of
from nnexp.scores import is_loss
from nnexp.statistics import recall_rows, recall_step


def step_of(record: Record, sort: str) -> float:
    """By how much a score moves, as `paired_test` asks; 0 for a loss.

    Of an accuracy it is a row, of the balanced one a row of the rarest class, 1 / (C min n_c), of
    the AUC a row of it and one of the others that change places, 1 / (n+ n-).
    """
    rows = _rows(record)
    if rows < 1 or is_loss(sort):
        return 0.0
    if sort == "val_accuracy":
        return 1 / rows
    counts = _counts(record, rows)
    if len(counts) < 2:
        return 0.0 if sort.endswith("auc") else 1 / rows
    if sort.endswith("accuracy"):
        return recall_step(counts)
    areas = 1 if len(counts) == 2 else len(counts)  # one against the rest; of two they are one
    return float((1 / (areas * counts * np.maximum(1.0, rows - counts))).max())


def rows_of(record: Record, sort: str) -> float:
    """Of how many rows of one weight an accuracy is; infinity for what is none."""
    rows = _rows(record)
    if rows < 1 or not sort.endswith("accuracy"):
        return math.inf
    counts = _counts(record, rows) if sort.endswith("balanced_accuracy") else np.zeros(0)
    return recall_rows(counts) if len(counts) > 1 else rows


def class_counts(record: Record) -> NDArray[np.float64]:
    """About how many validation rows each class has; empty where that is not known."""
    return _counts(record, rows) if (rows := _rows(record)) >= 1 else np.zeros(0)


def _rows(record: Record) -> float:
    return _whole(((record.metrics or {}).get("val") or {}).get("n"))


def _counts(record: Record, rows: float) -> NDArray[np.float64]:
    """About how many validation rows each class has, by the table's, which a manifest holds; none
    where it does not.
    """
    classes = table_of(record).get("classes")
    if not isinstance(classes, list):
        return np.zeros(0)
    counts = np.array([_whole(own.get("rows")) for own in classes if isinstance(own, dict)])
    counts = counts[counts > 0]
    return np.maximum(1.0, counts * rows / counts.sum()) if len(counts) else counts


def _whole(value: Any) -> float:
    """A whole number of a JSON file; 0 for anything else."""
    known = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53
    return float(value) if known else 0.0
