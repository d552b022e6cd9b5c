"""CSV text parsed strictly: no shifted rows, no renamed columns, no guessed encodings."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from nnexp.data.arrow_columns import has_commas, has_hex, says_more
from nnexp.data.cells import MISSING_TOKENS
from nnexp.data.dialect import Dialect
from nnexp.data.header import (
    check_header,
    check_preamble,
    check_width,
    header_of,
    numbered_names,
    with_rows,
)
from nnexp.data.refusals import check_quote, no_rows, parse_error, undecodable
from nnexp.data.written import AUTO, COMMA
from nnexp.errors import UserError


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
    import pyarrow.csv as arrow_csv

    if not data.strip(b"\xef\xbb\xbf \r\n\t"):
        raise no_rows(path, "is empty")
    missing, header = [*MISSING_TOKENS, *tokens], dialect.header
    hexadecimal = b"0x" in data or b"0X" in data
    parsing = arrow_csv.ParseOptions(delimiter=separator, newlines_in_values=b'"' in data)

    def read(
        types: dict[str, Any],
        columns: list[str] | None = None,
        point: str = ".",
        missing: Sequence[str] = missing,
    ) -> Any:
        converting = arrow_csv.ConvertOptions(
            column_types=types,
            include_columns=columns,
            null_values=[*missing, *(f" {token}" for token in missing)],
            strings_can_be_null=True,
            true_values=[],
            false_values=[],
            decimal_point=point,
        )
        return arrow_csv.read_csv(
            pa.BufferReader(data),
            read_options=arrow_csv.ReadOptions(column_names=None if header is True else written),
            parse_options=parsing,
            convert_options=converting,
        )

    try:
        check_preamble(path, data, separator)
        written = header_of(data, separator)
        check_width(path, written, data, separator)
        if header is not True:
            written = list(header or numbered_names(len(written)))
        check_header(path, [name.strip() for name in written])
        table = read({name: pa.string() for name in written if name.strip() in text})
        names = table.column_names
        # kept as written: whether they are dates is decided on the train rows, and points may
        # part groups of digits
        kept = [
            field.name
            for field in table.schema
            if pa.types.is_temporal(field.type)
            or (dialect.decimal == COMMA and pa.types.is_floating(field.type))
            or (hexadecimal and pa.types.is_integer(field.type))
        ]
        if kept:
            again = read({name: pa.string() for name in kept}, kept)
            for name in kept:
                if not pa.types.is_integer(table.column(name).type) or has_hex(again.column(name)):
                    table = table.set_column(names.index(name), name, again.column(name))
        for name in [own for own in names if own.strip() == dialect.labels]:
            again = read({name: pa.string()}, [name], missing=("",)).column(name)
            if says_more(again, table.column(name)):
                table = table.set_column(names.index(name), name, again)
        commas = []
        if separator != "," and dialect.decimal == AUTO:
            commas = [name for name in names if has_commas(table.column(name))]
        commas = [name for name in commas if name.strip() not in text]
        if commas:
            again = read(dict.fromkeys(commas, pa.float64()), commas, ",")
            for name in commas:
                table = table.set_column(names.index(name), name, again.column(name))
    except (UnicodeError, pa.ArrowInvalid, pa.ArrowKeyError) as problem:
        called = "the header" if header is True else "the first line"
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
    stripped = [name.strip() for name in names]
    check_header(path, stripped)
    frame = table.rename_columns(stripped).to_pandas()
    return with_rows(path, frame)
