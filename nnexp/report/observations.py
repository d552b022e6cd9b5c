"""What the charts draw of each run: what training showed, and at the epoch that was kept."""

from __future__ import annotations

import math
import stat
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.errors import UserError
from nnexp.leaderboard import Record
from nnexp.track.history import FILE, read_columns

CURVES = ("train_loss", "val_loss", "train_accuracy", "val_accuracy", "train_penalty")
LARGEST = 64 * 2**20  # bytes of a history that is read


class Observations:
    """Histories, each read once and when it is first asked for."""

    def __init__(self) -> None:
        self._histories: dict[str, dict[str, NDArray[np.float64]]] = {}

    def history(self, record: Record) -> dict[str, NDArray[np.float64]]:
        """`epoch` and `CURVES` of a run, each (epochs,) and NaN where unknown.

        Empty where there is no history, or it is damaged.
        """
        key = str(record.folder)
        if key not in self._histories:
            self._histories[key] = _columns(record)
        return self._histories[key]

    def kept(self, record: Record, column: str) -> float:
        """A column of the history at the epoch whose weights were kept; NaN where unknown."""
        history = self.history(record)
        best = (record.metrics or {}).get("best_epoch")
        if column not in history or not isinstance(best, int):
            return math.nan
        rows = np.flatnonzero(history["epoch"] == best)
        return float(history[column][rows[0]]) if len(rows) else math.nan


def number_of(value: Any) -> float | None:
    """A value of a configuration as a number; None for text, lists, true and false."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def mean_of(values: Iterable[float]) -> float:
    """The mean of the finite ones; NaN without any."""
    finite = [value for value in values if math.isfinite(value)]
    return math.fsum(finite) / len(finite) if finite else math.nan


def _columns(record: Record) -> dict[str, NDArray[np.float64]]:
    try:
        file = (record.folder / FILE).lstat()
        if not stat.S_ISREG(file.st_mode) or file.st_size > LARGEST:
            return {}
        found = read_columns(record.folder)
    except (UserError, OSError, OverflowError):
        return {}
    columns = {name: numbers(found[name]) for name in ("epoch", *CURVES) if name in found}
    return columns if "epoch" in columns else {}


def numbers(values: NDArray[Any]) -> NDArray[np.float64]:
    """A column of a table as numbers, NaN for texts and for what is not finite."""
    if values.dtype == object:
        values = np.array([_cell(value) for value in values], dtype=np.float64)
    found = values.astype(np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def _cell(value: Any) -> float:
    try:
        return math.nan if "_" in str(value) else float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan
