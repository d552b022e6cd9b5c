"""Columns as pyarrow has read them from a CSV: which of them were written otherwise."""

from __future__ import annotations

from typing import Any

_DECIMAL_COMMA = r"^[+-]?\d+(,\d+)?([eE][+-]?\d+)?$"
_GROUPED = r"^[+-]?([1-9]\d{0,2},\d{3}|\d{1,3})$"  # 1,234 or 567
_POINTED = r"^\s*[+-]?([1-9]\d{0,2}\.\d{3}|\d{1,3})\s*$"  # 1.234 or 567


def has_commas(column: Any, known: bool = False) -> bool:
    """Whether a column holds numbers and nothing else, plainly written with a decimal comma.

    Arguments:
        column: as Arrow has read it.
        known: its numbers have a decimal comma in another file. Else `1,234` in every cell may be
            thousands as well, and tells nothing.
    """
    import pyarrow as pa
    import pyarrow.compute as compute

    if not pa.types.is_string(column.type):
        return False
    if not compute.all(compute.match_substring_regex(column, _DECIMAL_COMMA)).as_py():
        return False
    return known or not compute.all(compute.match_substring_regex(column, _GROUPED)).as_py()


def has_thousandths(column: Any) -> bool:
    """Whether a column may hold numbers as 1.234 and 567: below 1000, of three decimals at most,
    some of none.
    """
    import pyarrow as pa
    import pyarrow.compute as compute

    if not pa.types.is_floating(column.type):
        return False
    size = compute.abs(compute.drop_null(column))
    if not len(size) or not compute.all(compute.less(size, 1000)).as_py():
        return False
    times = compute.multiply(size, 1000)
    thousandths = compute.less(compute.abs(compute.subtract(times, compute.round(times))), 1e-6)
    whole = compute.equal(size, compute.round(size))
    return bool(compute.all(thousandths).as_py() and compute.any(whole).as_py())


def has_points(column: Any) -> bool:
    """Whether all cells of a column of texts are written as 1.234 or 567."""
    import pyarrow.compute as compute

    return bool(compute.all(compute.match_substring_regex(column, _POINTED)).as_py())


def has_hex(column: Any) -> bool:
    """Whether a cell is written as 0x1f, which is a name rather than a number."""
    import pyarrow.compute as compute

    return bool(compute.any(compute.match_substring_regex(column, r"^\s*[+-]?0[xX]")).as_py())


def says_more(texts: Any, read: Any) -> bool:
    """Whether cells as they are written tell more apart than what was read of them."""
    import pyarrow as pa
    import pyarrow.compute as compute

    if pa.types.is_string(read.type) or pa.types.is_null(read.type):
        return bool(texts.null_count < read.null_count)
    stripped = compute.utf8_trim_whitespace(compute.filter(texts, compute.is_valid(read)))
    return len(compute.unique(stripped)) > len(compute.unique(compute.drop_null(read)))
