"""A table before anything is done to it: its columns, its target and where it came from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from nnexp.data.content import OTHER_TABLE
from nnexp.data.names import listing, require, typed
from nnexp.errors import UserError

TARGET_NAMES = ("target", "class", "label", "y", "outcome")


@dataclass(frozen=True)
class Table:
    """Rows as a source gives them.

    Arguments:
        frame: N rows of every column but the target; names are distinct strings.
        target: the N labels as given, missing ones included.
        name: the source, for messages.
        parts: None, or N of "train", "valid", "test" where the source has an official test.
        fingerprint: sha256 of the content in hexadecimal: of the file, or of the values.
        header: whether the first line of a text gave the names of the columns.
        commas: the columns whose numbers were found to have a decimal comma.
        padded: the columns of whole numbers whose leading zeros were lost, each with an example.
    """

    frame: pd.DataFrame
    target: pd.Series
    name: str
    parts: np.ndarray | None = None
    fingerprint: str = ""
    header: bool = False
    commas: tuple[str, ...] = ()
    padded: Mapping[str, str] = field(default_factory=dict)


def table_from_frame(
    frame: pd.DataFrame,
    target: str | None,
    name: str,
    parts: np.ndarray | None = None,
    fingerprint: str | None = None,
) -> Table:
    """Take the column `target` out of a frame that holds it.

    Arguments:
        frame: N rows; long doubles become float64, as pandas has no hash for them.
        target: the column to predict.
        name: the source, for messages.
        parts: as in `Table`.
        fingerprint: sha256 of the source; None to take that of the values.

    Raises:
        UserError: `target` is None or no column, or no column is left besides it.
    """
    names = [str(column) for column in frame.columns]
    if target is None:
        guess = next((n for n in reversed(names) if n.casefold() in TARGET_NAMES), names[-1])
        raise UserError(
            f"data.target is not given for {name}",
            f"one of its columns: {listing(names)}",
            typed("data.target", guess),
        )
    usual = [name for name in names if name.casefold() in TARGET_NAMES]
    if usual and target not in names and target.casefold() in TARGET_NAMES:
        raise UserError(
            f"data.target names the column {target!r}, which the table does not have",
            f"one of its columns: {listing(names)}",
            typed("data.target", usual[-1]),
        )
    require(target, names, "data.target")
    if len(names) == 1:
        raise UserError(
            f"{name} has the column {target!r} and no other",
            "a table with at least one column besides the target",
            OTHER_TABLE,
        )
    frame = _without_long_doubles(frame)
    if fingerprint is None:
        fingerprint = fingerprint_values(frame)
    return Table(frame.drop(columns=target), frame[target], name, parts, fingerprint)


def _without_long_doubles(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with float64 for long doubles; what lies beyond it is infinite."""
    plain: dict[str, np.ndarray] = {}
    with np.errstate(over="ignore"):
        for name, dtype in frame.dtypes.items():
            if dtype == np.longdouble:
                plain[str(name)] = frame[name].to_numpy().astype(np.float64)
            elif dtype == np.clongdouble:
                plain[str(name)] = frame[name].to_numpy().astype(np.complex128)
    return frame.assign(**plain) if plain else frame


def fingerprint_values(frame: pd.DataFrame) -> str:
    """sha256, in hexadecimal, of a frame's column names, dtypes and values."""
    digest = hashlib.sha256()
    for name, column in frame.items():
        digest.update(f"{name}\0{column.dtype}\0".encode())
        try:
            hashes = pd.util.hash_pandas_object(column, index=False)
        except TypeError:  # cells without a hash, such as lists
            hashes = pd.util.hash_pandas_object(column.map(str), index=False)
        digest.update(hashes.to_numpy().tobytes())
    return digest.hexdigest()
