"""A table made ready to train on: split, preprocessed, and described."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data.draft import Draft, Shape, draft
from nnexp.data.fit import fit_preprocessor
from nnexp.data.labelled import Labelled, read_labelled
from nnexp.data.messages import fold_messages, messages_of
from nnexp.data.preprocess import Preprocessor
from nnexp.data.split import Split
from nnexp.data.summary import summary_of
from nnexp.data.table import Table


@dataclass(frozen=True)
class Dataset:
    """N rows ready to train on.

    Arguments:
        x: float32 of shape (N, D).
        codes: int64 of shape (N, Q) for learned vectors, or None.
        levels: the largest code of each of the Q columns.
        y: int64 of shape (N,), class index 0..C-1.
        raw: float32 of shape (N,), the numbers in the target column (labels=raw), or None.
        train: int64, the rows of the N that train; ascending, as are valid and test. A fold may
            leave rows in none of the three.
        valid: the rows that validate, possibly none.
        test: the rows that test, possibly none.
        rows: int64 of shape (N,), the row of the table that each row was.
        classes: the C labels in index order, as Python values of the kind they were given in.
        features: names of the D columns.
        preprocessor: what turns further rows into inputs.
        summary: what was found and done, fit for JSON.
        messages: what a user should know, one line each.
    """

    x: np.ndarray
    codes: np.ndarray | None
    levels: tuple[int, ...]
    y: np.ndarray
    raw: np.ndarray | None
    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray
    rows: np.ndarray
    classes: list[Any]
    features: list[str]
    preprocessor: Preprocessor
    summary: dict[str, Any]
    messages: list[str]

    @property
    def shape(self) -> Shape:
        """What a model and a stack need to know of it."""
        return Shape(
            len(self.x),
            self.x.shape[1],
            self.levels,
            self.classes,
            np.bincount(self.y[self.train], minlength=len(self.classes)),
            len(self.valid),
        )


def prepare(
    table: Table, config: DataConfig, seed: int = 0, valid_seed: int | None = None
) -> Dataset:
    """Split a table, fit the preprocessing on its train rows, and transform all rows.

    Held-out rows have no part in anything fitted: kinds of columns, levels, means and scales
    come from train rows alone. With missing=drop incomplete rows leave each part after the
    split; with duplicates=drop copies of other rows are left out before it.

    Arguments:
        table: from `load_table`.
        config: the choices.
        seed: of the split; nothing else random is used, but for samples of very long tables.
        valid_seed: of who validates among the rows that do not test; None for `seed`.

    Raises:
        UserError: the table and the choices do not fit each other.
    """
    return prepare_labelled(read_labelled(table, config), config, seed, valid_seed)


def prepare_labelled(
    labelled: Labelled, config: DataConfig, seed: int = 0, valid_seed: int | None = None
) -> Dataset:
    """As `prepare`, for a table that is read already, as `read_labelled` does for `config`."""
    return prepare_drafted(labelled, draft(labelled, config, seed, valid_seed), config, seed)


def prepare_drafted(
    labelled: Labelled, drafted: Draft, config: DataConfig, seed: int = 0
) -> Dataset:
    """As `prepare_labelled`, for a table that is split already, as `draft` does for `config`."""
    table, labels, cells = labelled.table, labelled.labels, labelled.cells
    columns = drafted.columns
    preprocessor = fit_preprocessor(drafted.preprocessor, cells, drafted.train, config, seed)
    inputs = preprocessor.encode(cells)
    kept = _renumber(drafted.split, inputs.rows, len(cells.frame))
    y = labelled.y[inputs.rows]
    rows = labelled.rows[inputs.rows]
    left_out = {
        "no target": len(table.frame) - len(cells.frame) - labelled.copies,
        "duplicates": labelled.copies,
        "missing cells": len(cells.frame) - len(inputs.rows),
    }
    parts = _describe(kept, len(y), config.split)
    summary = summary_of(labelled, columns, y, parts, left_out, len(preprocessor.features))
    messages = messages_of(labelled, columns, y[kept.train], left_out, preprocessor, config)
    messages += fold_messages(parts, config.split)
    return Dataset(
        x=inputs.x,
        codes=inputs.codes,
        levels=preprocessor.levels,
        y=y,
        raw=None if labels.raw is None else labels.raw[rows],
        train=kept.train,
        valid=kept.valid,
        test=kept.test,
        rows=rows,
        classes=labels.classes,
        features=preprocessor.features,
        preprocessor=preprocessor,
        summary=summary,
        messages=messages,
    )


def _renumber(split: Split, rows: np.ndarray, size: int) -> Split:
    if len(rows) == size:
        return split
    place = np.full(size, -1, dtype=np.int64)
    place[rows] = np.arange(len(rows))
    parts = (place[part] for part in (split.train, split.valid, split.test))
    return Split(*(part[part >= 0] for part in parts))


def _describe(split: Split, size: int, config: SplitConfig) -> dict[str, int]:
    """Rows of each part; with folds also which fold it is, and the rows of no part."""
    parts = {"train": len(split.train), "valid": len(split.valid), "test": len(split.test)}
    if config.folds is None or config.fold is None:
        return parts
    unused = size - sum(parts.values())
    return {**parts, "folds": config.folds, "fold": config.fold, "unused": unused}
