"""What the train rows of a split decide before any number is learnt from them.

Which rows do what, which columns count, and what levels the categories have: that is enough to
tell the shape of the table that a model will see, and takes a fraction of the time to make it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.split import SplitConfig
from nnexp.data.columns import Column, infer_columns
from nnexp.data.complete import complete_rows
from nnexp.data.fit import draft_preprocessor
from nnexp.data.labelled import Labelled
from nnexp.data.labels import Labels
from nnexp.data.preprocess import Preprocessor
from nnexp.data.split import Split, split_labelled
from nnexp.data.split_column import RANDOM
from nnexp.errors import UserError


@dataclass(frozen=True)
class Shape:
    """What a model and a stack need to know of a table.

    Arguments:
        rows: how many are used, N.
        inputs: how many numbers a row has, D.
        levels: the largest code of each column of codes.
        classes: the C labels in index order.
        train_counts: int64 of shape (C,), train rows of each class.
        valid_rows: how many validate.
    """

    rows: int
    inputs: int
    levels: tuple[int, ...]
    classes: Sequence[Any]
    train_counts: np.ndarray
    valid_rows: int


@dataclass(frozen=True)
class Draft:
    """A table that is split and not prepared.

    Arguments:
        split: rows of each part, of all N with a label.
        columns: what each column is.
        complete: bool of shape (N,), rows that are used: all but those that missing=drop leaves
            out.
        preprocessor: without what is learnt from numbers.
        shape: of the table once it is prepared.
    """

    split: Split
    columns: list[Column]
    complete: np.ndarray
    preprocessor: Preprocessor
    shape: Shape

    @property
    def train(self) -> np.ndarray:
        """The rows, int64, that are learnt from."""
        return self.split.train[self.complete[self.split.train]]


def draft(
    labelled: Labelled, config: DataConfig, seed: int = 0, valid_seed: int | None = None
) -> Draft:
    """Split a table, and decide what becomes of its columns.

    Arguments:
        labelled: as `read_labelled` gave it for the configuration.
        config: the choices; scaling, fill_value and neighbors are not read.
        seed, valid_seed: as for `nnexp.data.prepare`.

    Raises:
        UserError: the table and the choices do not fit each other.
    """
    cells, y, classes = labelled.cells, labelled.y, labelled.labels.classes
    split = split_labelled(labelled, config.split, seed, valid_seed)
    columns = infer_columns(cells, split.train, config)
    complete = np.ones(len(y), dtype=bool)
    if config.missing == "drop":
        complete = complete_rows(cells, _named(columns, "numeric"), _named(columns, "categorical"))
    train = split.train[complete[split.train]]
    _check_train(y[train], labelled.labels, config, y[split.train])
    preprocessor = draft_preprocessor(cells, columns, train, config, labelled.table.commas)
    shape = Shape(
        int(complete.sum()),
        len(preprocessor.features),
        preprocessor.levels,
        classes,
        np.bincount(y[train], minlength=len(classes)),
        int(complete[split.valid].sum()),
    )
    return Draft(split, columns, complete, preprocessor, shape)


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
