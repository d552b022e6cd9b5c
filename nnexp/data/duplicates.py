"""Rows that equal another row, cell by cell, as the cells are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd

from nnexp.config.schema.data import DataConfig
from nnexp.data.cells import is_number_dtype, parse_numbers
from nnexp.data.frame_cells import Cells


def find_copies(
    cells: Cells, y: np.ndarray, config: DataConfig, parts: np.ndarray | None = None
) -> np.ndarray:
    """The rows to leave out so that no two are equal; of equal rows the first stays.

    Rows are equal where every column and the label are: numbers by their value, texts without
    the spaces around them, and a missing cell equals another. Columns in `config.drop` do not
    count, nor does a column that names the parts.

    Arguments:
        cells: N rows.
        y: int64 of shape (N,), class index.
        config: of which `drop`, `numeric`, `categorical` and the split column are read.
        parts: None, or int64 of shape (N,): of equal rows one of the lowest part stays.

    Returns:
        int64, row numbers, ascending.
    """
    names = [str(name) for name in cells.frame.columns if name not in config.drop]
    if config.split.method == "column":
        names = [name for name in names if name != config.split.by]
    if not names:  # which is refused later
        return np.empty(0, dtype=np.int64)
    order = np.arange(len(y)) if parts is None else np.argsort(parts, kind="stable")
    return repeated(_columns(cells, y, names, config), order)


def repeated(columns: Iterable[np.ndarray], order: np.ndarray) -> np.ndarray:
    """The rows that equal an earlier one in every column, ascending.

    Rows are put into groups by one column after the other. A row alone in its group is done
    with, so that the time is linear in the cells, and little is looked at of unequal rows.

    >>> repeated([np.array([1.0, np.nan, 1.0, np.nan]), np.array([3, 4, 5, 4])], np.arange(4))
    array([3])

    Arguments:
        columns: of shape (N,), numbers or codes; NaN equals NaN, and -0.0 equals 0.0.
        order: int64 of shape (N,), all rows, the earliest first.
    """
    rows, group = order, np.zeros(len(order), dtype=np.int64)
    for values in columns:
        codes, distinct = pd.factorize(values[rows])  # -1 for NaN
        group, _ = pd.factorize(group * (len(distinct) + 1) + codes + 1)
        shared = np.bincount(group)[group] > 1
        rows, group = rows[shared], group[shared]
        if not len(rows):
            break
    return np.sort(rows[pd.Index(group).duplicated()])


def _columns(
    cells: Cells, y: np.ndarray, names: Iterable[str], config: DataConfig
) -> Iterator[np.ndarray]:
    yield y
    for name in names:
        yield _values(cells, name, config)


def _values(cells: Cells, name: str, config: DataConfig) -> np.ndarray:
    """A column as numbers where it is read as such, and else as codes of its texts."""
    if name not in config.categorical:
        if name in config.numeric or is_number_dtype(cells.frame[name].dtype):
            return cells.numbers(name).values
        if None not in parse_numbers(cells.texts(name).levels, cells.decimal):
            return cells.numbers(name).values
    return cells.texts(name).codes
