"""Rows drawn for the parts of a split: at random, stratified, or by whole groups."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from nnexp.data.labels import MANY_NUMBERS
from nnexp.data.names import counted
from nnexp.data.split_basis import SplitBasis
from nnexp.data.split_column import (
    RANDOM,
    read_groups,
)
from nnexp.errors import UserError


def draw_rows(
    rows: np.ndarray, n_valid: int, n_test: int, basis: SplitBasis
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Train, validation and test rows, drawn row by row.

    Arguments:
        rows: int64, those to be divided.
        n_valid, n_test: how many of them validate, and test.
        basis: what they are divided by.

    Raises:
        UserError: the split is stratified, and a class too small, or a part, to be in each.
    """
    labels = basis.labels if basis.config.stratify else None
    if labels is not None:
        _check_classes(labels[rows], basis.classes, n_valid, n_test)
    rest, test = rows, rows[:0]
    if n_test:  # drawn of all rows: splits that differ in who validates share them
        key = n_test, basis.config.stratify, basis.seeds[0]
        if key not in basis.drawn:
            basis.drawn.clear()
            basis.drawn[key] = _draw(rows, n_test, labels, basis.seeds[0])
        rest, test = basis.drawn[key]
    train, valid = _draw(rest, n_valid, labels, basis.seeds[1] + 1)
    return train, valid, test


def _draw(
    rows: np.ndarray, count: int, labels: np.ndarray | None, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import ShuffleSplit, StratifiedShuffleSplit

    if not count:
        return rows, rows[:0]
    seed %= 2**32
    if labels is None:
        kept, drawn = next(ShuffleSplit(1, test_size=count, random_state=seed).split(rows))
        return rows[kept], rows[drawn]
    # A class with one row left after the test was drawn keeps it for training.
    counts = np.bincount(labels[rows])
    single = counts[labels[rows]] == 1
    pool = rows[~single]
    if len(pool) - count < np.count_nonzero(counts > 1):
        raise _too_many_classes(count, int(np.count_nonzero(counts)))
    # as train_test_split does it, which looks at the rows once more
    splitter = StratifiedShuffleSplit(1, test_size=count, random_state=seed)
    kept, drawn = next(splitter.split(pool, labels[pool]))
    return np.concatenate([pool[kept], rows[single]]), pool[drawn]


def _check_classes(labels: np.ndarray, classes: list[Any], n_valid: int, n_test: int) -> None:
    counts = np.bincount(labels, minlength=len(classes))
    present = np.flatnonzero(counts)
    parts = 1 + (n_valid > 0) + (n_test > 0)
    smallest = present[np.argmin(counts[present])]
    if counts[smallest] < parts:
        count = int(counts[smallest])
        whole = all(isinstance(label, int) and not isinstance(label, bool) for label in classes)
        quantity = ""
        if whole and len(classes) > MANY_NUMBERS:
            quantity = f"; {len(classes)} whole numbers may be a quantity rather than classes"
        raise UserError(
            f"the class {classes[smallest]!r} has {counted(count, 'row')}, too few for "
            f"a stratified split into {parts} parts{quantity}",
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


def draw_groups(
    rows: np.ndarray, column: pd.Series, valid: bool, test: bool, basis: SplitBasis
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Train, validation and test rows, drawn by whole groups.

    Arguments:
        rows: int64, those to be divided.
        column: the cells of these rows that tell their groups.
        valid, test: whether rows validate, and test.
        basis: what they are divided by.

    Raises:
        UserError: a row has no group, or there are fewer groups than parts.
    """
    from sklearn.model_selection import GroupShuffleSplit

    config, seeds = basis.config, basis.seeds
    groups = read_groups(column, basis.tokens)
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
    return rows[train_rows], rows[valid_rows], rows[test_rows]
