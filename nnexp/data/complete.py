"""Rows whose cells are all there."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from nnexp.data.frame_cells import Cells


def complete_rows(cells: Cells, numeric: Iterable[str], categorical: Iterable[str]) -> np.ndarray:
    """Bool of shape (N,): rows without a missing cell in any of the columns."""
    complete = np.ones(len(cells.frame), dtype=bool)
    for name in numeric:
        numbers = cells.numbers(name)
        if numbers.missing:
            complete &= ~np.isnan(numbers.values)
    for name in categorical:
        complete &= cells.texts(name).codes >= 0
    return complete
