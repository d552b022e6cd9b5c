"""How a CSV is written: what its user says of it, and what its name does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from nnexp.data.names import typed
from nnexp.data.written import AUTO
from nnexp.errors import UserError


@dataclass(frozen=True)
class Dialect:
    """How a CSV is written.

    Arguments:
        separator: one character between its cells; None for comma, or tab in a .tsv.
        header: its first line names the columns; else they have the names given here, or with
            False x1, x2, ...
        decimal: what parts the decimals of its numbers, as data.decimal.
        labels: the column of the labels, whose cells are kept as they are written where numbers
            or missing cells would say less.
        commas: columns whose numbers have a decimal comma, as was found out of another file.
    """

    separator: str | None = None
    header: bool | Sequence[str] = True
    decimal: str = AUTO
    labels: str | None = None
    commas: Sequence[str] = ()


USUAL = Dialect()


def cell_separator(separator: str | None, ending: str) -> str:
    """The character between cells: the one asked for, or else that of the file's ending.

    Arguments:
        separator: data.separator; `tab` and `\\t` are the tab.
        ending: such as .tsv.

    Raises:
        UserError: it is not one ASCII character, or one that CSV uses otherwise.
    """
    if separator is None:
        return "\t" if ending == ".tsv" else ","
    separator = {"\\t": "\t", "tab": "\t"}.get(separator, separator)
    if len(separator) != 1 or not separator.isascii() or separator in '\r\n"':
        raise UserError(
            f"data.separator={separator!r} cannot stand between cells",
            "one character such as , ; | or a space, or tab",
            typed("data.separator", ";"),
        )
    return separator
