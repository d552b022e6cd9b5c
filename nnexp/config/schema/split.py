"""How the rows of a table are divided: the keys of `data.split`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from nnexp.config.schema.option import option


@dataclass
class SplitConfig:
    method: str = option(
        "random",
        "how rows are divided: at random, by whole groups, by time order, or by a column",
        choices=("random", "group", "time", "column"),
    )
    by: Optional[str] = option(
        None, "the column that group, time and column split by; it is never a feature"
    )
    test: float = option(0.2, "share of the rows kept for the test", ge=0, lt=1)
    valid: float = option(
        0.2, "share of the rows kept for validation; not used with data.split.folds", ge=0, lt=1
    )
    stratify: bool = option(True, "random only: keep the class shares equal in every part")
    shuffle: bool = option(True, "random only: false takes the parts in file order")
    folds: Optional[int] = option(
        None,
        "cut the rows that are no test rows into so many folds, each of which validates once; "
        "null for data.split.valid",
        ge=2,
    )
    fold: Optional[int] = option(None, "the fold that validates, counted from 0", ge=0)
