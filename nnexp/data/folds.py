"""Cross-validation: which of the rows that are no test rows validate, and which train."""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np

from nnexp.config.schema.split import SplitConfig
from nnexp.data.content import OTHER_TABLE
from nnexp.data.names import counted
from nnexp.data.split_basis import SplitBasis
from nnexp.data.split_column import RANDOM, read_groups, time_order
from nnexp.errors import UserError


def cut_fold(rows: np.ndarray, basis: SplitBasis) -> tuple[np.ndarray, np.ndarray]:
    """The train and the validation rows of fold `config.fold` of `config.folds`.

    By method:

    - random, column: folds of equally many rows, or one more; stratified ones hold equally many
      rows of every class, or one more. The train parts of all folds are of one length: beside a
      smaller fold, one row of the class with the most train rows sits out.
    - group: folds of equally many groups, or one more.
    - time: forward chaining. The rows are cut into folds + 1 parts in time, of which the first
      takes the remainder; fold f trains on parts 0..f and validates on part f + 1 (rolling origin:
      Tashman 2000, Int. J. Forecasting 16, section 2).

    But for time, every row validates in exactly one fold.

    Arguments:
        rows: int64 of shape (M,), the rows that are no test rows, ascending.
        basis: what all rows are divided by, with `config.folds` and `config.fold`.

    Returns:
        Two int64 arrays of rows, ascending and disjoint.

    Raises:
        UserError: `fold` is not one of the folds, or there are too few rows, groups or rows of a
            class for so many.
    """
    config, column, seed = basis.config, basis.column, basis.seeds[1]
    _check_fold(config)
    if config.method == "group" and column is not None:
        train, valid = _by_group(rows, read_groups(column.iloc[rows], basis.tokens), config, seed)
    elif config.method == "time" and column is not None:
        train, valid = _forward(rows, time_order(column.iloc[rows], basis.tokens), config)
    else:
        train, valid = _at_random(rows, basis.labels, basis.classes, config, seed)
    return np.sort(train), np.sort(valid)


def _check_fold(config: SplitConfig) -> None:
    folds, fold = config.folds or 0, config.fold
    if fold is None or not 0 <= fold < folds:
        raise UserError(
            f"data.split.fold={'null' if fold is None else fold} with data.split.folds={folds}",
            f"data.split.fold is 0 to {folds - 1}",
            f"data.split.folds={folds} data.split.fold=0",
        )


def _at_random(
    rows: np.ndarray, labels: np.ndarray, classes: list[Any], config: SplitConfig, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    from sklearn.model_selection import KFold, StratifiedKFold

    folds, fold = config.folds or 0, config.fold or 0
    own = labels[rows]
    in_file_order = config.method == "random" and not config.shuffle
    stratified = config.stratify and not in_file_order
    if stratified:
        _check_classes(own, classes, folds)
    _check_enough(len(rows), folds, "row", config)
    if in_file_order:
        splitter = KFold(folds)
    else:
        kind = StratifiedKFold if stratified else KFold
        splitter = kind(folds, shuffle=True, random_state=(seed + 1) % 2**32)
    train, valid = next(islice(splitter.split(rows, own), fold, None))
    if len(train) > len(rows) - -(-len(rows) // folds):
        most = np.bincount(own[train]).argmax()
        candidates = np.flatnonzero(own[train] == most)
        drawn = len(candidates) - 1
        if not in_file_order:
            generator = np.random.default_rng([(seed + 1) % 2**32, fold])
            drawn = int(generator.integers(len(candidates)))
        train = np.delete(train, candidates[drawn])
    return rows[train], rows[valid]


def _by_group(
    rows: np.ndarray, groups: np.ndarray, config: SplitConfig, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    folds, fold = config.folds or 0, config.fold or 0
    present = np.unique(groups)
    _check_enough(len(present), folds, "group", config)
    order = np.random.default_rng((seed + 1) % 2**32).permutation(present)
    validates = np.isin(groups, np.array_split(order, folds)[fold])
    return rows[~validates], rows[validates]


def _forward(
    rows: np.ndarray, order: np.ndarray, config: SplitConfig
) -> tuple[np.ndarray, np.ndarray]:
    folds, fold = config.folds or 0, config.fold or 0
    _check_enough(len(rows) - 1, folds, "row", config, "to validate on")
    size = len(rows) // (folds + 1)
    start = len(rows) - (folds - fold) * size
    return rows[order[:start]], rows[order[start : start + size]]


def _check_classes(labels: np.ndarray, classes: list[Any], folds: int) -> None:
    counts = np.bincount(labels, minlength=len(classes))
    present = np.flatnonzero(counts)
    smallest = present[np.argmin(counts[present])]
    if counts[smallest] < folds:
        raise UserError(
            f"the class {classes[smallest]!r} has {counted(int(counts[smallest]), 'row')} besides "
            f"the test, too few for {folds} stratified folds",
            f"at least {folds} rows of every class besides the test",
            "data.split.stratify=false",
        )


def _check_enough(
    count: int, folds: int, noun: str, config: SplitConfig, purpose: str = "besides the test"
) -> None:
    if count >= folds:
        return
    remedy = RANDOM if noun == "group" else OTHER_TABLE
    if count >= 2:
        fold = config.fold or 0
        remedy = f"data.split.folds={count}"
        remedy += f" data.split.fold={count - 1}" if fold >= count else ""
    raise UserError(
        f"data.split.folds={folds} with {counted(count, noun)} {purpose}",
        f"at most as many folds as {noun}s",
        remedy,
    )
