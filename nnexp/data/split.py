"""Which rows train, which validate and which test, decided before anything is fitted."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nnexp.config.schema.split import SplitConfig
from nnexp.data.cells import MISSING_TOKENS
from nnexp.data.content import OTHER_TABLE
from nnexp.data.folds import cut_fold
from nnexp.data.names import counted
from nnexp.data.split_basis import Drawn, SplitBasis
from nnexp.data.split_column import (
    RANDOM,
    named_parts,
    split_column,
    time_order,
)
from nnexp.errors import UserError

if TYPE_CHECKING:
    from nnexp.data.labelled import Labelled
from nnexp.data.draws import draw_groups, draw_rows

MINIMUM = 3  # rows for a row in each part
TEST = 2  # the code of a test row, as `named_parts` has them


@dataclass(frozen=True)
class Split:
    """Row numbers of the three parts, each int64 and ascending, and disjoint.

    Together they are all N rows, but for the rows that a fold leaves out (`folds.cut_fold`).
    """

    train: np.ndarray
    valid: np.ndarray
    test: np.ndarray


def split_rows(
    labels: np.ndarray,
    classes: list[Any],
    config: SplitConfig,
    frame: pd.DataFrame,
    *,
    seed: int = 0,
    parts: np.ndarray | None = None,
    tokens: Collection[str] = MISSING_TOKENS,
    valid_seed: int | None = None,
    drawn: Drawn | None = None,
) -> Split:
    """Divide N rows by `config.method`.

    Shares are of all N rows, `round(share * N)` of them and at least one where the share is
    above 0; with method=group they are shares of the groups. Where the test rows are given, the
    share of validation rows is one of the others. Rows at one point in time may fall on both
    sides of a border of method=time, which then follows the file order.

    With `config.folds` the test is drawn in the same way, and the rest is cut into folds, as
    `folds.cut_fold` says; `config.valid` is not used.

    Arguments:
        labels: int64 of shape (N,), class indices.
        classes: the labels behind the indices, for messages.
        config: method, column, shares, folds.
        frame: N rows, holding the column `config.by`.
        seed: decides the random draws, and nothing else does.
        parts: None, or N of "train", "valid", "test" given by the source: its test rows are the
            test, and where it names no valid rows they are taken from its train rows. Folds are
            cut from its train rows.
        tokens: texts that stand for a missing cell.
        valid_seed: draws the validation rows and the folds; None for `seed`.
        drawn: of an earlier split of these rows, see `SplitBasis`; None for none.

    Raises:
        UserError: the shares leave a part without rows, a class is too small to be in each
            part, or the column does not say what the method needs.
    """
    column = split_column(config, frame)
    seeds = seed, seed if valid_seed is None else valid_seed
    drawn = {} if drawn is None else drawn
    basis = SplitBasis(labels, classes, config, column, tokens, seeds, drawn)
    fixed = named_parts(column if config.method == "column" else None, parts, tokens)
    rest = len(labels) if fixed is None else int((fixed != TEST).sum())
    n_valid, n_test = _sizes(config, rest, given=fixed is not None)
    if fixed is None:
        split = _divide(np.arange(len(labels)), n_valid, n_test, basis)
    else:
        split = _around(fixed, n_valid, basis)
    if config.folds is None:
        return split
    if len(split.valid):
        raise UserError(
            f"data.split.folds={config.folds}, but {counted(len(split.valid), 'row')} "
            f"{'is' if len(split.valid) == 1 else 'are'} named as validation rows already",
            "folds of rows that are named train, or validation rows without folds",
            "data.split.folds=null data.split.fold=null",
        )
    train, valid = cut_fold(split.train, basis)
    return Split(train, valid, split.test)


def split_labelled(
    labelled: Labelled, config: SplitConfig, seed: int, valid_seed: int | None
) -> Split:
    """Divide the rows of a table that is read; arguments and errors as for `split_rows`."""
    cells = labelled.cells
    return split_rows(
        labelled.y,
        labelled.labels.classes,
        config,
        cells.frame,
        seed=seed,
        parts=labelled.parts,
        tokens=cells.tokens,
        valid_seed=valid_seed,
        drawn=labelled.drawn,
    )


def _around(fixed: np.ndarray, n_valid: int, basis: SplitBasis) -> Split:
    """The split whose test rows are given, and perhaps its validation rows."""
    train, valid, test = (np.flatnonzero(fixed == part) for part in range(TEST + 1))
    if not len(train):
        raise UserError(
            "no row is a train row",
            "a split column that says train for some rows",
            RANDOM,
        )
    if not len(valid) and n_valid:
        if n_valid >= len(train):
            raise UserError(
                f"data.split.valid={basis.config.valid} leaves none of "
                f"{counted(len(train), 'row')} to train on",
                "a share of them that leaves one or more",
                "data.split.valid=0.2" if len(train) > MINIMUM else OTHER_TABLE,
            )
        inner = _divide(train, n_valid, 0, basis)
        train, valid = inner.train, inner.valid
    return Split(train, valid, test)


def _divide(rows: np.ndarray, n_valid: int, n_test: int, basis: SplitBasis) -> Split:
    config, column = basis.config, basis.column
    if config.method == "group" and column is not None:
        parts = draw_groups(rows, column.iloc[rows], n_valid > 0, n_test > 0, basis)
    elif config.method == "time" and column is not None:
        in_time = rows[time_order(column.iloc[rows], basis.tokens)]
        parts = _in_order(in_time, n_valid, n_test)
    elif config.method == "random" and not config.shuffle:
        parts = _in_order(rows, n_valid, n_test)
    else:
        parts = draw_rows(rows, n_valid, n_test, basis)
    return Split(*(np.sort(part) for part in parts))


def _in_order(
    rows: np.ndarray, n_valid: int, n_test: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    end = len(rows) - n_test
    return rows[: end - n_valid], rows[end - n_valid : end], rows[end:]


def _sizes(config: SplitConfig, size: int, given: bool) -> tuple[int, int]:
    """Validation and test rows of so many; whether the test rows are `given`."""
    n_valid = _rows(config.valid, size) if config.folds is None else 0
    n_test = 0 if given else _rows(config.test, size)
    if config.method == "group":
        return n_valid, n_test
    if not given and n_valid + n_test >= size:
        raise _no_train(config, size)
    return n_valid, n_test


def _rows(share: float, size: int) -> int:
    return max(1, round(share * size)) if share else 0


def _no_train(config: SplitConfig, size: int) -> UserError:
    return UserError(
        f"data.split.test={config.test} and data.split.valid={config.valid} leave none of "
        f"{counted(size, 'row')} to train on",
        "shares that are less than 1 together, of enough rows for a row in each part",
        "data.split.test=0.2 data.split.valid=0.2" if size > MINIMUM else OTHER_TABLE,
    )
