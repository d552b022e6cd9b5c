"""A table made ready to train on: split, preprocessed, and described."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data import sentinels
from nnexp.data.cells import Cells
from nnexp.data.columns import Column, infer_columns
from nnexp.data.labelled import Labelled, read_labelled
from nnexp.data.labels import Labels, spellings
from nnexp.data.names import are_cells, counted, listing, typed, without_header
from nnexp.data.numeric import MODEL_ROWS
from nnexp.data.preprocess import Preprocessor, complete_rows, fit_preprocessor
from nnexp.data.split import Split, split_labelled
from nnexp.data.split_column import RANDOM
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
    _check_train(y[train], labels, config)
    preprocessor = fit_preprocessor(cells, columns, train, config, seed)
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
    summary = _summary(table, columns, cells, labels, y, parts, left_out, preprocessor)
    messages = _messages(columns, labelled, y, kept, left_out, preprocessor, config.categorical)
    messages += _fold_messages(parts, config.split)
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


def _describe(split: Split, size: int, config: SplitConfig) -> dict[str, int]:
    """Rows of each part; with folds also which fold it is, and the rows of no part."""
    parts = {"train": len(split.train), "valid": len(split.valid), "test": len(split.test)}
    if config.folds is None or config.fold is None:
        return parts
    unused = size - sum(parts.values())
    return {**parts, "folds": config.folds, "fold": config.fold, "unused": unused}


def _fold_messages(parts: dict[str, int], config: SplitConfig) -> list[str]:
    if not parts.get("unused"):
        return []
    rows = counted(parts["unused"], "row")
    if config.method == "time":
        return [f"{rows} later than the fold not used"]
    return [f"{rows} left out of training, so that every fold trains on equally many"]


def _summary(
    table: Table,
    columns: Sequence[Column],
    cells: Cells,
    labels: Labels,
    y: np.ndarray,
    parts: dict[str, int],
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
        "split": parts,
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
    columns: Sequence[Column],
    labelled: Labelled,
    y: np.ndarray,
    split: Split,
    left_out: dict[str, int],
    preprocessor: Preprocessor,
    categorical: Sequence[str],
) -> list[str]:
    lines, labels = [], labelled.labels
    if left_out["no target"]:
        lines.append(f"{counted(left_out['no target'], 'row')} without a target left out")
    keep = typed("data.categorical", [*categorical, str(labelled.table.target.name)])
    if labels.missing:
        told = (f"{word!r} in {counted(rows, 'row')}" for word, rows in labels.missing.items())
        lines.append(f"labels read as missing: {listing(told, 6)}; {keep} keeps them as labels")
    for texts in labels.alike:
        same = f"labels {listing(map(repr, texts), 6)} are one number and one class"
        lines.append(f"{same}; {keep} keeps them apart")
    if left_out["duplicates"]:
        lines.append(f"{counted(left_out['duplicates'], 'row')} equal to another left out")
    if left_out["missing cells"]:
        lines.append(f"{counted(left_out['missing cells'], 'row')} with missing cells left out")
    reasons: dict[str, list[str]] = {}
    for column in columns:
        if column.kind == "dropped":
            reasons.setdefault(column.reason, []).append(column.name)
    for reason, names in reasons.items():
        plural = f"{len(names)} columns" if len(names) > 1 else "column"
        lines.append(f"dropped {plural} {listing(names, 6)}: {reason}")
    names = [*map(str, labelled.table.frame.columns), str(labelled.table.target.name)]
    if labelled.table.header and are_cells(names):
        lines.append(
            f"the columns have names like cells, {listing(names[:3])}, ...: where the file has no "
            f"header, {without_header(names)}"
        )
    for alike in spellings(labels.classes):
        lines.append(
            f"labels {listing(map(repr, alike), 6)} differ only in case or blanks, and are classes "
            "of their own; data.labels=merge makes them one"
        )
    lines += sentinels.remarks(labelled.emptied, absent=True)
    lines += preprocessor.remarks(labelled.cells)
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
