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
from nnexp.data.split_column import (
    RANDOM,
    named_parts,
    read_groups,
    split_column,
    time_order,
)
from nnexp.errors import UserError

if TYPE_CHECKING:
    from nnexp.data.labelled import Labelled

MINIMUM = 3  # rows for a row in each part


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
    seed: int = 0,
    parts: np.ndarray | None = None,
    tokens: Collection[str] = MISSING_TOKENS,
    valid_seed: int | None = None,
) -> Split:
    """Divide N rows by `config.method`.

    Shares are of all N rows, `round(share * N)` of them and at least one where the share is
    above 0; with method=group they are shares of the groups. Rows at one point in time may fall
    on both sides of a border of method=time, which then follows the file order.

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

    Raises:
        UserError: the shares leave a part without rows, a class is too small to be in each
            part, or the column does not say what the method needs.
    """
    column = split_column(config, frame)
    size = len(labels)
    n_valid, n_test = _sizes(config, size, official=parts is not None)
    fixed = named_parts(column if config.method == "column" else None, parts, tokens)
    rows = np.arange(size)
    seeds = seed, seed if valid_seed is None else valid_seed
    if fixed is None:
        split = _divide(rows, n_valid, n_test, labels, classes, config, column, seeds, tokens)
    else:
        split = _around(fixed, n_valid, labels, classes, config, column, seeds, tokens)
    if config.folds is None:
        return split
    if len(split.valid):
        raise UserError(
            f"data.split.folds={config.folds}, but {counted(len(split.valid), 'row')} "
            f"{'is' if len(split.valid) == 1 else 'are'} named as validation rows already",
            "folds of rows that are named train, or validation rows without folds",
            "data.split.folds=null data.split.fold=null",
        )
    train, valid = cut_fold(split.train, labels, classes, config, column, seeds[1], tokens)
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
        seed,
        labelled.parts,
        cells.tokens,
        valid_seed,
    )


def _around(
    fixed: np.ndarray,
    n_valid: int,
    labels: np.ndarray,
    classes: list[Any],
    config: SplitConfig,
    column: pd.Series | None,
    seeds: tuple[int, int],
    tokens: Collection[str],
) -> Split:
    """The split whose test rows are given, and perhaps its validation rows."""
    train, valid, test = (np.flatnonzero(fixed == part) for part in range(3))
    if not len(train):
        raise UserError(
            "no row is a train row",
            "a split column that says train for some rows",
            RANDOM,
        )
    if not len(valid) and n_valid:
        if n_valid >= len(train):
            raise _no_train(config, len(train))
        inner = _divide(train, n_valid, 0, labels, classes, config, column, seeds, tokens)
        train, valid = inner.train, inner.valid
    return Split(train, valid, test)


def _divide(
    rows: np.ndarray,
    n_valid: int,
    n_test: int,
    labels: np.ndarray,
    classes: list[Any],
    config: SplitConfig,
    column: pd.Series | None,
    seeds: tuple[int, int],
    tokens: Collection[str],
) -> Split:
    if config.method == "group" and column is not None:
        split = _by_group(rows, column.iloc[rows], n_valid > 0, n_test > 0, config, seeds, tokens)
    elif config.method == "time" and column is not None:
        split = _in_order(rows[time_order(column.iloc[rows], tokens)], n_valid, n_test)
    elif config.method == "random" and not config.shuffle:
        split = _in_order(rows, n_valid, n_test)
    else:
        split = _at_random(rows, n_valid, n_test, labels, classes, config, seeds)
    return Split(*(np.sort(part) for part in (split.train, split.valid, split.test)))


def _at_random(
    rows: np.ndarray,
    n_valid: int,
    n_test: int,
    labels: np.ndarray,
    classes: list[Any],
    config: SplitConfig,
    seeds: tuple[int, int],
) -> Split:
    if config.stratify:
        _check_classes(labels[rows], classes, n_valid, n_test)
    rest, test = _draw(rows, n_test, labels if config.stratify else None, seeds[0])
    train, valid = _draw(rest, n_valid, labels if config.stratify else None, seeds[1] + 1)
    return Split(train, valid, test)


def _draw(
    rows: np.ndarray, count: int, labels: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import train_test_split

    if not count:
        return rows, rows[:0]
    seed %= 2**32
    if labels is None:
        kept, drawn = train_test_split(rows, test_size=count, random_state=seed)
        return kept, drawn
    # A class with one row left after the test was drawn keeps it for training.
    counts = np.bincount(labels[rows])
    single = counts[labels[rows]] == 1
    pool = rows[~single]
    if len(pool) - count < np.count_nonzero(counts > 1):
        raise _too_many_classes(count, int(np.count_nonzero(counts)))
    kept, drawn = train_test_split(pool, test_size=count, random_state=seed, stratify=labels[pool])
    return np.concatenate([kept, rows[single]]), drawn


def _check_classes(labels: np.ndarray, classes: list[Any], n_valid: int, n_test: int) -> None:
    counts = np.bincount(labels, minlength=len(classes))
    present = np.flatnonzero(counts)
    parts = 1 + (n_valid > 0) + (n_test > 0)
    smallest = present[np.argmin(counts[present])]
    if counts[smallest] < parts:
        count = int(counts[smallest])
        raise UserError(
            f"the class {classes[smallest]!r} has {counted(count, 'row')}, too few for "
            f"a stratified split into {parts} parts",
            f"at least {parts} rows of every class",
            "data.split.stratify=false",
        )
    for count in (n_test, n_valid):
        if 0 < count < len(present):
            raise _too_many_classes(count, len(present))


def _too_many_classes(count: int, classes: int) -> UserError:
    return UserError(
        f"a part of {counted(count, 'row')} cannot hold a row of each of {classes} classes",
        "stratified parts, train included, with at least a row for every class",
        "data.split.stratify=false",
    )


def _in_order(rows: np.ndarray, n_valid: int, n_test: int) -> Split:
    end = len(rows) - n_test
    return Split(rows[: end - n_valid], rows[end - n_valid : end], rows[end:])


def _by_group(
    rows: np.ndarray,
    column: pd.Series,
    valid: bool,
    test: bool,
    config: SplitConfig,
    seeds: tuple[int, int],
    tokens: Collection[str],
) -> Split:
    from sklearn.model_selection import GroupShuffleSplit

    groups = read_groups(column, tokens)
    total = len(np.unique(groups))
    parts = 1 + valid + test
    if total < parts:
        raise UserError(
            f"data.split.by={config.by!r} has {counted(total, 'group')} for {parts} parts",
            "at least one group for each of train, valid and test",
            "data.split.test=0" if test and total == parts - 1 else RANDOM,
        )
    # At least one group for each part that is asked for, and one left to train on.
    n_test = min(max(1, round(config.test * total)), total - 1 - valid) if test else 0
    n_valid = min(max(1, round(config.valid * total)), total - n_test - 1) if valid else 0

    def draw(pool: np.ndarray, count: int, draw_seed: int) -> tuple[np.ndarray, np.ndarray]:
        if not count:
            return pool, pool[:0]
        splitter = GroupShuffleSplit(1, test_size=count, random_state=draw_seed % 2**32)
        kept, drawn = next(splitter.split(pool, groups=groups[pool]))
        return pool[kept], pool[drawn]

    rest, test_rows = draw(np.arange(len(rows)), n_test, seeds[0])
    train_rows, valid_rows = draw(rest, n_valid, seeds[1] + 1)
    return Split(rows[train_rows], rows[valid_rows], rows[test_rows])


def _sizes(config: SplitConfig, size: int, official: bool) -> tuple[int, int]:
    n_valid = _rows(config.valid, size) if config.folds is None else 0
    n_test = 0 if official or config.method == "column" else _rows(config.test, size)
    if config.method == "group":
        return n_valid, n_test
    if not official and config.method != "column" and n_valid + n_test >= size:
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
