"""CSV text parsed strictly: no shifted rows, no renamed columns, no guessed encodings."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pandas as pd

from nnexp.data.cells import MISSING_TOKENS
from nnexp.data.csv_reader import CsvReader, read_typed_columns
from nnexp.data.dialect import Dialect
from nnexp.data.header import (
    check_header,
    check_preamble,
    check_width,
    header_of,
    numbered_names,
    with_rows,
)
from nnexp.data.padded import padded
from nnexp.data.refusals import check_quote, no_rows, parse_error, undecodable
from nnexp.errors import UserError

PADDED = "leading zeros"  # the columns whose leading zeros are lost, each with an example
COMMAS = "decimal commas"  # in a frame's attrs: the columns of which this was found out


def parse_delimited(
    path: Path,
    data: bytes,
    separator: str,
    dialect: Dialect,
    tokens: Collection[str],
    text: set[str],
) -> pd.DataFrame:
    """Parse the bytes of a CSV.

    Arguments:
        path: its name, for messages.
        data: UTF-8 text, with or without a byte order mark.
        separator: one character between cells.
        dialect: how it is written besides.
        tokens: texts that stand for a missing cell, besides MISSING_TOKENS.
        text: columns whose cells are kept as they are written.

    Raises:
        UserError: as `read_file`.
    """
    import pyarrow as pa

    if not data.strip(b"\xef\xbb\xbf \r\n\t"):
        raise no_rows(path, "is empty")
    has_header = dialect.header is True
    try:
        names = _names(path, data, separator, dialect)
        reader = CsvReader(data, separator, None if has_header else names, tokens)
        table = read_typed_columns(reader, names, dialect, text)
    except (UnicodeError, pa.ArrowInvalid, pa.ArrowKeyError) as problem:
        called = "the header" if has_header else "the first line"
        raise parse_error(path, data, separator, problem, called) from problem
    except (pa.ArrowMemoryError, MemoryError) as problem:
        raise UserError(
            f"{path.name!r} exceeds the memory",
            "a table that fits in memory",
            "data.path=/path/of/a/part/of/it.csv",
        ) from problem
    binary = [field.name for field in table.schema if pa.types.is_binary(field.type)]
    if binary:
        raise undecodable(path, data, f"column {binary[0]!r}")
    check_quote(path, data, table)
    table = _without_empty_end(table)
    stripped = [name.strip() for name in table.column_names]
    check_header(path, stripped)
    frame = table.rename_columns(stripped).to_pandas()
    frame.attrs[COMMAS] = [f.name.strip() for f in table.schema if f.metadata]
    zeros = padded(data, separator, stripped, has_header, (*MISSING_TOKENS, *tokens))
    frame.attrs[PADDED] = {
        name: own for name, own in zeros.items() if pd.api.types.is_numeric_dtype(frame[name].dtype)
    }
    return with_rows(path, frame)


def _without_empty_end(table: Any) -> Any:
    """The table without the column that a separator at the end of each line makes."""
    names = table.column_names
    ends = len(names) > 1 and not names[-1].strip()
    if not ends or table.column(len(names) - 1).null_count < len(table):
        return table
    return table.remove_column(len(names) - 1)


def _names(path: Path, data: bytes, separator: str, dialect: Dialect) -> list[str]:
    """The names of the columns, as the header or the dialect has them."""
    check_preamble(path, data, separator, named=dialect.header is True)
    written = header_of(data, separator)
    check_width(path, written, data, separator)
    if dialect.header is not True:
        written = list(dialect.header or numbered_names(len(written)))
    stripped = [name.strip() for name in written]
    # the last may be none at all, which its cells will tell
    check_header(path, stripped[:-1] if len(stripped) > 1 and not stripped[-1] else stripped)
    return written
