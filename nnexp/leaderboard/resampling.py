"""How many validation rows there are for a train row, where the splits of one table vary."""

from __future__ import annotations

import math

from nnexp.leaderboard.grouping import FOLDS
from nnexp.leaderboard.records import Record
from nnexp.leaderboard.tables import table_of

DEFAULT = 0.25  # of five folds


def valid_to_train(record: Record) -> float:
    """Validation rows over train rows of a run.

    For k folds it is 1 / (k - 1); for folds forward in time, whose train parts grow from one part
    to k, the mean of 1/1, 1/2, ..., 1/k; otherwise the quotient of the rows that its manifest
    counts, or of the shares where there is no manifest.

    Returns:
        > 0; that of five folds where nothing tells.
    """
    ratio = _ratio(record)
    return DEFAULT if ratio is None else ratio


def _ratio(record: Record) -> float | None:
    folds = record.config.get(FOLDS)
    if isinstance(folds, int) and not isinstance(folds, bool) and folds >= 2:
        if record.config.get("data.split.method") == "time":
            return math.fsum(1 / k for k in range(1, min(folds, 1000) + 1)) / min(folds, 1000)
        return 1 / (folds - 1)
    rows = table_of(record).get("split")
    if isinstance(rows, dict):
        valid, train = (rows.get(part) for part in ("valid", "train"))
        if isinstance(valid, int) and isinstance(train, int) and valid > 0 and train > 0:
            return valid / train
    valid, test = (record.config.get(f"data.split.{part}") for part in ("valid", "test"))
    if isinstance(valid, int | float) and isinstance(test, int | float):
        train = 1 - valid - test
        return valid / train if valid > 0 and train > 0 else None
    return None
