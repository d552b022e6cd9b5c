"""Arrow's reader of a CSV, asked again where its guess of a type would lose what is written."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from nnexp.data.arrow_columns import (
    has_commas,
    has_hex,
    has_points,
    has_thousandths,
    says_more,
)
from nnexp.data.cells import MISSING_TOKENS
from nnexp.data.dialect import Dialect
from nnexp.data.written import AUTO, COMMA

DECIMAL_COMMA = {"decimal": "comma"}  # the metadata of a column whose decimals a comma parts


class CsvReader:
    """Reads the columns of a CSV by Arrow, as often as it takes to find their types.

    Arguments:
        data: UTF-8 text.
        separator: one character between cells.
        names: of all columns; None where the first line has them.
        tokens: texts that stand for a missing cell, besides MISSING_TOKENS.
    """

    def __init__(
        self, data: bytes, separator: str, names: list[str] | None, tokens: Collection[str]
    ) -> None:
        self.data, self.separator, self.names = data, separator, names
        self.missing = [*MISSING_TOKENS, *tokens]

    def read(
        self,
        types: dict[str, Any],
        columns: list[str] | None = None,
        point: str = ".",
        missing: Sequence[str] | None = None,
    ) -> Any:
        """An Arrow table of some columns, or all.

        Arguments:
            types: of columns whose type is not to be found out.
            columns: their names; None for all.
            point: between whole and decimal digits.
            missing: texts that stand for a missing cell; None for the reader's.
        """
        import pyarrow as pa
        import pyarrow.csv as arrow_csv

        missing = self.missing if missing is None else missing
        return arrow_csv.read_csv(
            pa.BufferReader(self.data),
            read_options=arrow_csv.ReadOptions(column_names=self.names),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.separator, newlines_in_values=b'"' in self.data
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=types,
                include_columns=columns,
                null_values=[*missing, *(f" {token}" for token in missing)],
                strings_can_be_null=True,
                true_values=[],
                false_values=[],
                decimal_point=point,
            ),
        )


def read_typed_columns(
    reader: CsvReader, written: list[str], dialect: Dialect, text: set[str]
) -> Any:
    """The table with the types that Arrow finds, but for those that would lose what is written."""
    import pyarrow as pa

    table = reader.read({name: pa.string() for name in written if name.strip() in text})
    table = _kept_as_written(reader, table, dialect)
    table = _with_labels_as_written(reader, table, dialect)
    if reader.separator != "," and dialect.decimal == AUTO:
        table = _with_decimal_commas(reader, table, dialect, text)
        table = _with_points_kept(reader, table)
    return table


def _kept_as_written(reader: CsvReader, table: Any, dialect: Dialect) -> Any:
    """Dates, and numbers that Arrow reads otherwise than they are meant, as text.

    Whether they are dates is decided on the train rows, and points may part groups of digits.
    """
    import pyarrow as pa

    hexadecimal = b"0x" in reader.data or b"0X" in reader.data
    kept = [
        field.name
        for field in table.schema
        if pa.types.is_temporal(field.type)
        or (dialect.decimal == COMMA and pa.types.is_floating(field.type))
        or (hexadecimal and pa.types.is_integer(field.type))
    ]
    if not kept:
        return table
    names = table.column_names
    again = reader.read({name: pa.string() for name in kept}, kept)
    for name in kept:
        if not pa.types.is_integer(table.column(name).type) or has_hex(again.column(name)):
            table = table.set_column(names.index(name), name, again.column(name))
    return table


def _with_points_kept(reader: CsvReader, table: Any) -> Any:
    """Columns as text whose points may part thousands: what they are is decided on train rows."""
    import pyarrow as pa

    names = table.column_names
    doubted = [
        field.name
        for field in table.schema
        if field.metadata is None and has_thousandths(table.column(field.name))
    ]
    again = reader.read(dict.fromkeys(doubted, pa.string()), doubted) if doubted else table
    for name in doubted:
        if has_points(again.column(name)):
            table = table.set_column(names.index(name), name, again.column(name))
    return table


def _with_labels_as_written(reader: CsvReader, table: Any, dialect: Dialect) -> Any:
    """The labels as text, where a number or a missing cell would say less."""
    import pyarrow as pa

    names = table.column_names
    for name in [own for own in names if own.strip() == dialect.labels]:
        again = reader.read({name: pa.string()}, [name], missing=("",)).column(name)
        if says_more(again, table.column(name)):
            table = table.set_column(names.index(name), name, again)
    return table


def _with_decimal_commas(reader: CsvReader, table: Any, dialect: Dialect, text: set[str]) -> Any:
    """Columns of numbers with a decimal comma as numbers, but for those kept as text.

    Which they are is told in the metadata of the columns (`DECIMAL_COMMA`).
    """
    import pyarrow as pa

    names = table.column_names
    commas = [
        name
        for name in names
        if has_commas(table.column(name), name.strip() in dialect.commas)
        and name.strip() not in text
    ]
    if not commas:
        return table
    again = reader.read(dict.fromkeys(commas, pa.float64()), commas, ",")
    for name in commas:
        field = pa.field(name, pa.float64(), metadata=DECIMAL_COMMA)
        table = table.set_column(names.index(name), field, again.column(name))
    return table
