"""What the column `data.split.by` says of each row: its group, its place in time, or its part."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from nnexp.config.schema.split import SplitConfig
from nnexp.data.cells import read_texts, read_times
from nnexp.data.names import counted, listing, require
from nnexp.errors import UserError

RANDOM = "data.split.method=random data.split.by=null"
PART_NAMES = {"train": 0, "valid": 1, "validation": 1, "val": 1, "test": 2}


def split_column(config: SplitConfig, frame: pd.DataFrame) -> pd.Series | None:
    """The column `config.by`, or None where none is given and none is needed.

    Raises:
        UserError: the frame has no such column, or the method needs one.
    """
    names = [str(name) for name in frame.columns]
    if config.by is not None:
        require(config.by, names, "data.split.by")
        return frame[config.by]
    if config.method in ("group", "time", "column"):
        raise UserError(
            f"data.split.method={config.method} needs data.split.by, the column it goes by",
            f"one of {listing(names)}",
            f"data.split.by={names[0]}",
        )
    return None


def says_parts(levels: Collection[str]) -> bool:
    """Whether texts are the names of parts, train and others."""
    named = {text.casefold() for text in levels}
    return "train" in named and len(named) > 1 and named <= set(PART_NAMES)


def read_groups(column: pd.Series, tokens: Collection[str]) -> np.ndarray:
    """The group of each row, int64 of shape (N,), 0..G-1.

    Arguments:
        column: N cells; equal texts are a group.
        tokens: texts that stand for a missing cell.

    Raises:
        UserError: a row has no group.
    """
    codes = read_texts(column, tokens).codes
    missing = int((codes < 0).sum())
    if missing:
        raise UserError(
            f"{counted(missing, 'row')} with no group in data.split.by={str(column.name)!r}",
            "a group for every row",
            RANDOM,
        )
    return codes


def time_order(column: pd.Series, tokens: Collection[str]) -> np.ndarray:
    """The places 0..N-1 from the earliest row to the latest; rows of one time in file order.

    Arguments:
        column: N numbers or dates.
        tokens: texts that stand for a missing cell.

    Raises:
        UserError: a cell is no time.
    """
    times = read_times(column, tokens)
    if times.unread:
        raise UserError(
            f"data.split.by={str(column.name)!r} holds {times.example!r}, which is no time",
            "numbers, or dates such as 2007-11-6, 2007-11-06 12:30 or 6.11.2007",
            RANDOM,
        )
    missing = int(np.isnan(times.values.astype(np.float64)).sum())
    if missing:
        raise UserError(
            f"{counted(missing, 'row')} with no time in data.split.by={str(column.name)!r}",
            "a time for every row",
            RANDOM,
        )
    return np.argsort(times.values, kind="stable")


def read_parts(column: pd.Series, tokens: Collection[str]) -> np.ndarray:
    """The part of each row, of shape (N,): 0 train, 1 valid, 2 test.

    Arguments:
        column: N cells, each a key of `PART_NAMES` in capitals or not.
        tokens: texts that stand for a missing cell.

    Raises:
        UserError: a cell is empty or says something else.
    """
    texts = read_texts(column, tokens)
    unknown = [text for text in texts.levels if text.casefold() not in PART_NAMES]
    blank = int((texts.codes < 0).sum())
    if unknown or blank:
        found = listing(map(repr, unknown), 6) if unknown else counted(blank, "empty cell")
        raise UserError(
            f"data.split.by={str(column.name)!r} holds {found}",
            "train, valid and test, in capitals or not",
            RANDOM,
        )
    lookup = np.array([PART_NAMES[text.casefold()] for text in texts.levels])
    return lookup[texts.codes]


def named_parts(
    column: pd.Series | None, official: np.ndarray | None, tokens: Collection[str]
) -> np.ndarray | None:
    """The part of each row, of shape (N,): 0 train, 1 valid, 2 test; None where nothing names it.

    Arguments:
        column: the N cells of a split column, or None; they divide the official train rows.
        official: N of "train", "valid", "test" given by the source, or None.
        tokens: texts that stand for a missing cell.

    Raises:
        UserError: as `read_parts`.
    """
    given = None if official is None else np.array([PART_NAMES[str(part)] for part in official])
    if column is None:
        return given
    named = read_parts(column, tokens)
    return named if given is None else np.where(given == 0, named, given)
