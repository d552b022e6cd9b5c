"""What `data.sentinels` says: a column, and a number in it that stands for a missing cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from shlex import quote
from typing import NamedTuple

from nnexp.config.keys import literal
from nnexp.errors import UserError


class Sentinel(NamedTuple):
    """A number that stands for a missing cell.

    Arguments:
        column: the name of the column.
        number: finite.
    """

    column: str
    number: float


def read_sentinels(texts: Sequence[str]) -> tuple[Sentinel, ...]:
    """Read texts `column=number`; the name ends at the last `=`, so that it may hold others.

    >>> read_sentinels(["blood sugar=0", "a=b=-9.5"])
    (Sentinel(column='blood sugar', number=0.0), Sentinel(column='a=b', number=-9.5))

    Arguments:
        texts: the items of `data.sentinels`.

    Raises:
        UserError: an item has no name, or no finite number.
    """
    found = []
    for text in texts:
        name, sign, written = text.rpartition("=")
        number = _number(written)
        if not name or number is None:
            column = name if sign else text if number is None else ""
            other, _, last = text.rpartition(":")
            if not sign and other and _number(last) is not None:  # column:number
                column, number, written = other.strip(), _number(last), last.strip()
            meant = f"{column or 'column'}={0 if number is None else written}"
            kept = [meant if item == text else item for item in texts]
            raise UserError(
                f"data.sentinels holds {text!r}, which is no column=number",
                "data.sentinels is a list of texts column=number, and the number is finite",
                quote(f"data.sentinels={literal(kept)}"),
            )
        found.append(Sentinel(name, number))
    return tuple(found)


def _number(text: str) -> float | None:
    if "_" in text:
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
