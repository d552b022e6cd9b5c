"""The rows of a table that have a label, with their cells read: all that no split changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nnexp.config.schema.data import DataConfig
from nnexp.config.sentinel import Sentinel
from nnexp.data.cells import MISSING_TOKENS
from nnexp.data.duplicates import find_copies
from nnexp.data.frame_cells import Cells
from nnexp.data.labels import Labels, code_labels
from nnexp.data.sentinels import empty_cells, find_sentinels
from nnexp.data.split_basis import Drawn
from nnexp.data.split_column import named_parts, split_column
from nnexp.data.table import Table
from nnexp.errors import UserError


@dataclass(frozen=True)
class Labelled:
    """N rows of a table, before they are split.

    A cell is read as a text or a number by itself, so that nothing here depends on which rows
    are drawn to train. `cells` reads each column when it is first asked for; several splits share
    what it has read.

    Arguments:
        table: what the rows are of.
        labels: the target of all rows of the table.
        rows: int64 of shape (N,), which rows of the table these are, ascending: those that have
            a label and are no copies to leave out.
        y: int64 of shape (N,), class index 0..C-1.
        cells: the N rows of the other columns.
        parts: None, or N of "train", "valid", "test" given by the source.
        emptied: the numbers that stand for a missing cell, and the cells that held each.
        copies: rows left out since they equal one that stays.
        drawn: test rows drawn of them, see `SplitBasis`.
    """

    table: Table
    labels: Labels
    rows: np.ndarray
    y: np.ndarray
    cells: Cells
    parts: np.ndarray | None
    emptied: dict[Sentinel, int] = field(default_factory=dict)
    copies: int = 0
    drawn: Drawn = field(default_factory=dict, repr=False)


def read_labelled(table: Table, config: DataConfig) -> Labelled:
    """Code the target of a table, and leave out the rows without one and the copies of others.

    Cells that hold a number of `config.sentinels` are empty from here on.

    Arguments:
        table: from `load_table`.
        config: of which `categorical` (with the target in it, its cells are kept as they are
            written), `labels`, `missing_tokens`, `sentinels`, `duplicates` and whether `missing`
            is none are read; with duplicates=drop also `drop`, `numeric` and the column that
            names the parts.

    Raises:
        UserError: the columns have no distinct names, the target is no column of classes, or
            the configuration names a column that does not exist.
    """
    _check_names(table)
    tokens = (*MISSING_TOKENS, *config.missing_tokens)
    names, target = list(table.frame.columns), str(table.target.name)
    sentinels = find_sentinels(config.sentinels, names, target)
    raw, merge = config.labels == "raw", config.labels == "merge"
    written = target in config.categorical
    labels = code_labels(table.target, raw, tokens, table.frame, merge, written)
    rows = np.flatnonzero(labels.codes >= 0)
    cells, emptied = _read_cells(table, rows, sentinels, tokens, config)
    parts = None if table.parts is None else table.parts[rows]
    copies = _copies(cells, labels.codes[rows], parts, config)
    if len(copies):
        rows = np.delete(rows, copies)
        cells, emptied = _read_cells(table, rows, sentinels, tokens, config)
        parts = None if parts is None else np.delete(parts, copies)
    return Labelled(table, labels, rows, labels.codes[rows], cells, parts, emptied, len(copies))


def _read_cells(
    table: Table,
    rows: np.ndarray,
    sentinels: Sequence[Sentinel],
    tokens: Sequence[str],
    config: DataConfig,
) -> tuple[Cells, dict[Sentinel, int]]:
    """Some rows of a table, and how many of their cells held each of the sentinels."""
    frame = table.frame if len(rows) == len(table.frame) else table.frame.iloc[rows]
    frame, emptied = empty_cells(frame, sentinels, tokens, config.decimal)
    return Cells(frame, tokens, config.missing == "none", config.decimal), emptied


def _copies(
    cells: Cells, y: np.ndarray, parts: np.ndarray | None, config: DataConfig
) -> np.ndarray:
    if config.duplicates == "keep":
        return np.empty(0, dtype=np.int64)
    by_column = config.split.method == "column"
    column = split_column(config.split, cells.frame) if by_column else None
    return find_copies(cells, y, config, named_parts(column, parts, cells.tokens))


def _check_names(table: Table) -> None:
    names = list(table.frame.columns)
    wrong = [name for name in names if not isinstance(name, str) or not name]
    twice = (
        sorted({name for name in names if names.count(name) > 1})
        if (not wrong and len(set(names)) < len(names))
        else []
    )
    if wrong or twice:
        what = f"a column named {wrong[0]!r}" if wrong else f"two columns named {twice[0]!r}"
        raise UserError(
            f"{table.name} has {what}",
            "a distinct text for the name of every column",
            "frame.columns = [...]",
        )
    if len(table.target) != len(table.frame):
        raise UserError(
            f"{table.name} has {len(table.frame)} rows and {len(table.target)} labels",
            "a label for every row",
            "data.target=another_column",
        )
