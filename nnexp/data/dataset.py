"""A table made ready to train on: split, preprocessed, and described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnexp.config.schema import DataConfig, SplitConfig
from nnexp.data.cells import MISSING_TOKENS, Cells
from nnexp.data.columns import Column, infer_columns
from nnexp.data.labels import Labels, code_labels
from nnexp.data.names import counted, listing
from nnexp.data.numeric import MODEL_ROWS
from nnexp.data.preprocess import Preprocessor, complete_rows, fit_preprocessor
from nnexp.data.split import RANDOM, Split, split_rows
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
        train: int64, the rows of the N that train; ascending, as are valid and test.
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


def prepare(table: Table, config: DataConfig, seed: int = 0) -> Dataset:
    """Split a table, fit the preprocessing on its train rows, and transform all rows.

    Held-out rows have no part in anything fitted: kinds of columns, levels, means and scales
    come from train rows alone. With missing=drop incomplete rows leave each part after the
    split.

    Arguments:
        table: from `load_table`.
        config: the choices.
        seed: of the split; nothing else random is used, but for samples of very long tables.

    Raises:
        UserError: the table and the choices do not fit each other.
    """
    _check_names(table)
    tokens = (*MISSING_TOKENS, *config.missing_tokens)
    labels = code_labels(table.target, config.labels == "raw", tokens, table.frame)
    frame, parts = table.frame, table.parts
    labelled = np.flatnonzero(labels.codes >= 0)
    if len(labelled) < len(frame):
        frame = frame.iloc[labelled]
        parts = None if parts is None else parts[labelled]
    y = labels.codes[labelled]
    split = split_rows(y, labels.classes, config.split, frame, seed, parts, tokens)
    cells = Cells(frame, tokens, keep_infinite=config.missing == "none")
    columns = infer_columns(cells, split.train, config)
    train = split.train
    if config.missing == "drop":
        complete = complete_rows(cells, _named(columns, "numeric"), _named(columns, "categorical"))
        train = train[complete[train]]
    _check_train(y[train], labels, config)
    preprocessor = fit_preprocessor(cells, columns, train, config, seed)
    inputs = preprocessor.encode(cells)
    kept = _renumber(split, inputs.rows, len(frame))
    y = y[inputs.rows]
    rows = labelled[inputs.rows]
    left_out = {
        "no target": len(table.frame) - len(frame),
        "missing cells": len(frame) - len(inputs.rows),
    }
    summary = _summary(table, columns, cells, labels, y, kept, left_out, preprocessor)
    messages = _messages(table, columns, cells, labels, y, kept, left_out, preprocessor)
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


def _check_train(y: np.ndarray, labels: Labels, config: DataConfig) -> None:
    if not len(y):
        raise UserError(
            "no train row is complete, and data.missing=drop leaves the others out",
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


def _summary(
    table: Table,
    columns: Sequence[Column],
    cells: Cells,
    labels: Labels,
    y: np.ndarray,
    split: Split,
    left_out: dict[str, int],
    preprocessor: Preprocessor,
) -> dict[str, Any]:
    counts = np.bincount(y, minlength=len(labels.classes))
    return {
        "source": table.name,
        "fingerprint": table.fingerprint,
        "target": str(table.target.name),
        "rows": len(table.frame),
        "left_out": {reason: count for reason, count in left_out.items() if count},
        "columns": {column.name: column.kind for column in columns},
        "dropped": {column.name: column.reason for column in columns if column.kind == "dropped"},
        "missing": _missing(columns, cells),
        "features": len(preprocessor.features),
        "classes": [
            {"label": label, "rows": int(count)}
            for label, count in zip(labels.classes, counts, strict=True)
        ],
        "split": {
            "train": len(split.train),
            "valid": len(split.valid),
            "test": len(split.test),
        },
    }


def _missing(columns: Sequence[Column], cells: Cells) -> dict[str, int]:
    counts = {}
    for column in columns:
        if column.kind == "numeric":
            values = cells.numbers(column.name).values
            counts[column.name] = int(np.isnan(values).sum()) if values.dtype.kind == "f" else 0
        elif column.kind == "categorical":
            counts[column.name] = int((cells.texts(column.name).codes < 0).sum())
    return {name: count for name, count in counts.items() if count}


def _messages(
    table: Table,
    columns: Sequence[Column],
    cells: Cells,
    labels: Labels,
    y: np.ndarray,
    split: Split,
    left_out: dict[str, int],
    preprocessor: Preprocessor,
) -> list[str]:
    lines = []
    if left_out["no target"]:
        lines.append(f"{counted(left_out['no target'], 'row')} without a target left out")
    if left_out["missing cells"]:
        lines.append(f"{counted(left_out['missing cells'], 'row')} with missing cells left out")
    reasons: dict[str, list[str]] = {}
    for column in columns:
        if column.kind == "dropped":
            reasons.setdefault(column.reason, []).append(column.name)
    for reason, names in reasons.items():
        plural = f"{len(names)} columns" if len(names) > 1 else "column"
        lines.append(f"dropped {plural} {listing(names, 6)}: {reason}")
    lines += preprocessor.remarks(cells)
    present = np.bincount(y[split.train], minlength=len(labels.classes))
    absent = [labels.classes[place] for place in np.flatnonzero(present == 0)]
    if absent:
        lines.append(f"classes without a train row: {listing(map(repr, absent), 6)}")
    if preprocessor.missing in ("knn", "iterative") and len(split.train) > MODEL_ROWS:
        lines.append(
            f"missing cells are filled in from {MODEL_ROWS} of {len(split.train)} train rows, "
            "drawn at random"
        )
    return lines
