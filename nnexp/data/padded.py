"""Whole numbers that are written with leading zeros to one width, as postcodes are: 01067."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence

START = 1 << 16  # bytes of a file that are looked at
WIDTH = 3  # digits of a code, at least: months and hours have two
_LEADING = re.compile(rb"(?:^|[^0-9.])0[0-9]{2}", re.MULTILINE)


def example_of(texts: Iterable[str]) -> str:
    """The first of some texts with a leading zero, where all are of one width and of digits alone.

    >>> example_of(["10115", "01067"]), example_of(["10115", "1067"]), example_of(["07", "11"])
    ('01067', '', '')
    """
    known = [text for text in texts if text]
    widths = {len(text) for text in known}
    if len(widths) != 1 or max(widths) < WIDTH:
        return ""
    if not all(text.isascii() and text.isdigit() for text in known):
        return ""
    return next((text for text in known if text[0] == "0"), "")


def padded(
    data: bytes, separator: str, names: Sequence[str], header: bool, tokens: Iterable[str]
) -> dict[str, str]:
    """The columns of a CSV that begin with such numbers, each with an example.

    Arguments:
        data: UTF-8 text.
        separator: one character between cells.
        names: of all columns.
        header: whether the first line has them.
        tokens: texts that stand for a missing cell.
    """
    start = data[:START]
    if not _LEADING.search(start):
        return {}
    if len(data) > START:
        start = start[: start.rfind(b"\n") + 1]
    text = start.decode("utf-8-sig", errors="replace")
    try:
        rows = [
            row for row in csv.reader(io.StringIO(text, newline=""), delimiter=separator) if row
        ]
    except csv.Error:  # a quote that is not closed in what was looked at
        return {}
    missing = set(tokens)
    rows = [[cell.strip() for cell in row] for row in rows[header:] if len(row) >= len(names)]
    columns = ([row[place] for row in rows] for place in range(len(names)))
    found = (example_of(own for own in cells if own not in missing) for cells in columns)
    return {name: own for name, own in zip(names, found, strict=True) if own}
