"""The train and validation rows of a split that is made already."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.data.names import counted
from nnexp.errors import UserError


def given_parts(size: int, train: Sequence[int] | None, valid: Sequence[int] | None) -> np.ndarray:
    """The part of each row, of shape (size,).

    Arguments:
        size: rows of the table.
        train, valid: positions, or for each row whether it is one. The rows of neither are
            validation rows; with both given they are test rows, and with `valid` alone train rows.

    Raises:
        UserError: they are no rows of the table, name one twice, have some in common, or leave
            no train row.
    """
    rest = "train" if train is None else "valid" if valid is None else "test"
    parts = np.full(size, rest, dtype=object)
    for name, rows in (("train", train), ("valid", valid)):
        if rows is None:
            continue
        given = np.asarray(rows)
        if given.ndim != 1 or (len(given) and given.dtype.kind not in "biu"):
            raise UserError(
                f"{name}= is no list of rows",
                f"positions from 0 to {size - 1}, or for each of {size} rows whether it is one",
                f"{name}=[0, 1, 2]",
            )
        if given.dtype == np.bool_ and len(given) != size:
            raise UserError(
                f"{name}= says of {len(given)} rows whether they are, and the table has {size}",
                f"{size} truth values, or positions from 0 to {size - 1}",
                f"{name}=[0, 1, 2]",
            )
        places = np.flatnonzero(given) if given.dtype == np.bool_ else given.astype(np.int64)
        if len(places) and not (places.min() >= 0 and places.max() < size):
            wrong = int(places.min() if places.min() < 0 else places.max())
            raise UserError(
                f"{name}= has the row {wrong}, and the table has {size} rows",
                f"positions from 0 to {size - 1}",
                f"{name}=[0, 1, 2]",
            )
        if len(np.unique(places)) < len(places):
            twice = int(np.flatnonzero(np.bincount(places) > 1)[0])
            raise UserError(
                f"{name}= has the row {twice} more than once",
                "each position once",
                f"{name}=sorted(set({name}))",
            )
        again = int((parts[places] == "train").sum())
        if name == "valid" and train is not None and again:
            raise UserError(
                f"train= and valid= have {counted(again, 'row')} in common",
                "rows that are in one part only",
                f"train=range({size // 2}), valid=range({size // 2}, {size})",
            )
        parts[places] = name
    if not (parts == "train").any():
        raise UserError(
            "train= has no row" if train is not None else "valid= has all rows",
            "at least one train row",
            f"train=range({max(1, size // 2)})",
        )
    return parts
