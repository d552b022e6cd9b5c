"""The rows of a table that have a label, with their cells read: all that no split changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.config.schema import DataConfig
from nnexp.data.cells import MISSING_TOKENS, Cells
from nnexp.data.labels import Labels, code_labels
from nnexp.data.table import Table
from nnexp.errors import UserError


@dataclass(frozen=True)
class Labelled:
    """N rows of a table, before they are split.

    A cell is read as a text or a number by itself, so that nothing here depends on which rows
    train. `cells` reads each column when it is first asked for; several splits share what it has
    read.

    Arguments:
        table: what the rows are of.
        labels: the target of all rows of the table.
        rows: int64 of shape (N,), the rows of the table that have a label, ascending.
        y: int64 of shape (N,), class index 0..C-1.
        cells: the N rows of the other columns.
        parts: None, or N of "train", "valid", "test" given by the source.
    """

    table: Table
    labels: Labels
    rows: np.ndarray
    y: np.ndarray
    cells: Cells
    parts: np.ndarray | None


def read_labelled(table: Table, config: DataConfig) -> Labelled:
    """Code the target of a table and leave out the rows without one.

    Arguments:
        table: from `load_table`.
        config: of which `labels`, `missing_tokens` and whether `missing` is none are read.

    Raises:
        UserError: the columns have no distinct names, or the target is no column of classes.
    """
    _check_names(table)
    tokens = (*MISSING_TOKENS, *config.missing_tokens)
    labels = code_labels(table.target, config.labels == "raw", tokens, table.frame)
    frame, parts = table.frame, table.parts
    rows = np.flatnonzero(labels.codes >= 0)
    if len(rows) < len(frame):
        frame = frame.iloc[rows]
        parts = None if parts is None else parts[rows]
    cells = Cells(frame, tokens, keep_infinite=config.missing == "none")
    return Labelled(table, labels, rows, labels.codes[rows], cells, parts)


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
