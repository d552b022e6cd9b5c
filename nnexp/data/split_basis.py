"""What the rows of a table are divided by."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from nnexp.config.schema.split import SplitConfig

Drawn = dict[tuple[Any, ...], tuple[np.ndarray, np.ndarray]]


@dataclass(frozen=True)
class SplitBasis:
    """What is known of N rows before they are divided, and how they are to be.

    Arguments:
        labels: int64 of shape (N,), class indices.
        classes: the labels behind the indices, for messages.
        config: method, column, shares, folds.
        column: N cells of the column `config.by`; None where none is needed.
        tokens: texts that stand for a missing cell.
        seeds: of the draw of the test rows, and of that of validation rows and folds.
        drawn: by what decided them the test rows drawn last, and the others; for the next split.
    """

    labels: np.ndarray
    classes: list[Any]
    config: SplitConfig
    column: pd.Series | None
    tokens: Collection[str]
    seeds: tuple[int, int]
    drawn: Drawn = field(default_factory=dict)
