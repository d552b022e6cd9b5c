"""The train and validation rows of a split that is made already."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.errors import UserError


def given_parts(size: int, train: Sequence[int] | None, valid: Sequence[int] | None) -> np.ndarray:
    """The part of each row, of shape (size,).

    Arguments:
        size: rows of the table.
        train, valid: positions, or for each row whether it is one; the other rows are validation
            rows, or with `valid` test rows.

    Raises:
        UserError: they are no rows of the table, or have some in common.
    """
    parts = np.full(size, "valid" if valid is None else "test", dtype=object)
    if train is None:
        parts[:] = "train"
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
        if (again := int((parts[places] == "train").sum())) and name == "valid":
            raise UserError(
                f"train= and valid= have {again} rows in common",
                "rows that are in one part only",
                f"valid=range({size // 2}, {size})",
            )
        parts[places] = name
    return parts
