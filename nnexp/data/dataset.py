"""A table made ready to train on: split, preprocessed, and described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data.columns import Column, infer_columns
from nnexp.data.complete import complete_rows
from nnexp.data.fit import fit_preprocessor
from nnexp.data.labelled import Labelled, read_labelled
from nnexp.data.labels import Labels
from nnexp.data.messages import fold_messages, messages_of
from nnexp.data.preprocess import Preprocessor
from nnexp.data.split import Split, split_labelled
from nnexp.data.split_column import RANDOM
from nnexp.data.summary import summary_of
from nnexp.data.table import Table
from nnexp.errors import UserError


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
    table, labels, cells, y = labelled.table, labelled.labels, labelled.cells, labelled.y
    split = split_labelled(labelled, config.split, seed, valid_seed)
    columns = infer_columns(cells, split.train, config)
    train = split.train
    if config.missing == "drop":
        complete = complete_rows(cells, _named(columns, "numeric"), _named(columns, "categorical"))
        train = train[complete[train]]
    _check_train(y[train], labels, config, y[split.train])
    preprocessor = fit_preprocessor(cells, columns, train, config, seed, table.commas)
    inputs = preprocessor.encode(cells)
    kept = _renumber(split, inputs.rows, len(cells.frame))
    y = y[inputs.rows]
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


def _check_train(y: np.ndarray, labels: Labels, config: DataConfig, before: np.ndarray) -> None:
    """Refuse train rows with classes (n,) that nothing can be learnt from, or none; `before` are
    those of the rows that missing=drop leaves out as well.
    """
    if not len(y):
        raise UserError(
            "no train row is complete, and data.missing=drop leaves the others out",
            "a rule that fills missing cells in, such as mean, median or knn",
            "data.missing=mean",
        )
    if (y == y[0]).all() and not (before == before[0]).all():
        raise UserError(
            f"{len(y)} of {len(before)} train rows are complete, all of one class, "
            f"{labels.classes[y[0]]!r}, and data.missing=drop leaves the others out",
            "a rule that fills missing cells in, such as mean, median or knn",
            "data.missing=mean",
        )
    if (y == y[0]).all():
        raise UserError(
            f"all {len(y)} train rows are of one class, {labels.classes[y[0]]!r}",
            "a split that leaves two classes or more to train on",
            _other_draw(config.split),
        )


def _other_draw(split: SplitConfig) -> str:
    """The override for a split whose train rows are of one class."""
    if split.by is not None:
        return RANDOM
    return "seeds.split=1" if split.shuffle else "data.split.shuffle=true"


def _named(columns: Sequence[Column], kind: str) -> list[str]:
    return [column.name for column in columns if column.kind == kind]


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
