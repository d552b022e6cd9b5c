"""Which targets are classes, and which are quantities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nnexp.errors import UserError

MOST_CLASSES = 30  # distinct whole numbers that are taken for classes, not for quantities
EACH = 2  # rows a class, on average, that distinct numbers must have to be classes


def check_classes(given: Any) -> int | list[Any] | None:
    """What `classes=` may be: None, 0, a number from 2, or labels; these as a list.

    Raises:
        UserError: it is something else.
    """
    whole = isinstance(given, (int, np.integer)) and not isinstance(given, (bool, np.bool_))
    if given is None:
        return None
    if whole and (given == 0 or given > 1):
        return int(given)
    listed = given.tolist() if hasattr(given, "tolist") else given
    if isinstance(listed, Sequence) and not isinstance(listed, (str, bytes)) and len(listed) > 1:
        return list(listed)
    raise UserError(
        f"classes={given!r}",
        "how many there are, from 2, or their labels in index order; 0 for quantities",
        "classes=3",
    )


def index_texts(y: np.ndarray, given: int | list[Any] | None) -> tuple[list[Any], np.ndarray]:
    """The labels of texts in index order, that given or that of the alphabet, and their indices."""
    texts = y.astype(str)
    found = np.unique(texts).tolist()
    named = [str(one) for one in given] if isinstance(given, list) else found
    names = named if set(found) <= set(named) else found
    place = {name: code for code, name in enumerate(names)}
    return names, np.array([place[text] for text in texts.reshape(-1).tolist()], dtype=np.int64)


def index_numbers(
    y: np.ndarray, train: int, given: int | list[Any] | None
) -> tuple[list[Any], np.ndarray]:
    """Labels in index order and the index of each row; no labels for quantities.

    Arguments:
        y: (N,), (N, 1) or (N, ...) numbers. Rows of several are classes where they are shares, as
            one-hot ones are, else several quantities or labels.
        train: how many rows train.
        given: as of `check_classes`.

    Raises:
        UserError: no row has a target, or there are more labels than `given` says, or several
            targets a row that are no shares.
    """
    rows = y.reshape(len(y), -1).astype(np.float64)
    if not np.isfinite(rows[:train]).any():
        raise UserError(
            "y holds no number that is finite", "a class or a quantity for each row", "train=(X, y)"
        )
    if rows.shape[1] > 1:
        if (
            y.ndim == 2
            and given != 0
            and rows.min() >= 0
            and np.allclose(rows.sum(1), 1, atol=1e-3)
        ):
            return list(range(rows.shape[1])), rows.argmax(1).astype(np.int64)
        if given is not None and given != 0:
            raise UserError(
                f"y has {rows.shape[1]} numbers a row, which are no shares of classes",
                "one label a row, or shares of the classes that sum to 1",
                "nnexp.watch(...) without classes=",
            )
        return [], halves(rows.mean(1), train)
    flat = rows[:, 0]
    known = np.unique(flat[np.isfinite(flat)])
    whole = y.dtype.kind in "iub" or bool((known == np.round(known)).all())
    few = len(known) <= 2 or (whole and len(known) <= MOST_CLASSES)
    if given == 0 or (given is None and not (few and len(known) * EACH <= len(y))):
        return [], halves(flat, train)
    count = len(given) if isinstance(given, list) else given or 0
    if given is not None and len(known) > count:
        raise UserError(
            f"classes= speaks of {count} classes, and y has {len(known)} different labels",
            "as many as there are, or 0 for quantities",
            f"classes={len(known)}",
        )
    place = np.searchsorted(known, np.nan_to_num(flat)).clip(0, len(known) - 1)
    if isinstance(given, list) and set(known) <= {own for own in given if _is_number(own)}:
        return given, np.array([given.index(own) for own in known], dtype=np.int64)[place]
    if whole and known.min() >= 0 and count > known.max():
        names: list[Any] = list(range(count))
        place = np.nan_to_num(flat).astype(np.int64)
    else:
        names = [int(v) if float(v).is_integer() else float(v) for v in known]
    # names of the indices, or of the labels in ascending order
    return (given if isinstance(given, list) and len(given) >= len(names) else names), place


def _is_number(own: Any) -> bool:
    return isinstance(own, (int, float, np.number)) and not isinstance(own, bool)


def halves(quantity: np.ndarray, train: int) -> np.ndarray:
    """Whether a quantity (N,) is above the median of the first `train` rows, as an index."""
    return np.asarray(quantity > np.nanmedian(quantity[:train])).astype(np.int64)
