"""CSV text parsed strictly: no shifted rows, no renamed columns, no guessed encodings."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from nnexp.data import commands
from nnexp.data.cells import MISSING_TOKENS
from nnexp.data.content import ENDINGS
from nnexp.data.names import are_cells, listing, typed, without_header
from nnexp.data.written import AUTO, COMMA
from nnexp.errors import UserError

TAB = "\t"
_SEPARATOR_LINE = re.compile(r"(?i:sep)=.")
_DECIMAL_COMMA = r"^[+-]?\d+(,\d+)?([eE][+-]?\d+)?$"
_GROUPED = r"^[+-]?([1-9]\d{0,2},\d{3}|\d{1,3})$"  # 1,234 beside 567: thousands as well as not
# how files that are no text begin, and the ending that they should have
_SIGNATURES = {
    b"\x1f\x8b": ".gz",
    b"PK\x03\x04": ".zip",
    b"\xfd7zXZ": ".xz",
    b"BZh": ".bz2",
    b"\x28\xb5\x2f\xfd": ".zst",
    b"PAR1": ".parquet",
}


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
    """

    separator: str | None = None
    header: bool | Sequence[str] = True
    decimal: str = AUTO
    labels: str | None = None


USUAL = Dialect()


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
        _check_preamble(path, data, separator)
        written = _header(data, separator)
        _check_width(path, written, data, separator)
        if header is not True:
            written = list(header or numbered(len(written)))
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
                if not pa.types.is_integer(table.column(name).type) or _has_hex(again.column(name)):
                    table = table.set_column(names.index(name), name, again.column(name))
        for name in [own for own in names if own.strip() == dialect.labels]:
            again = read({name: pa.string()}, [name], missing=("",)).column(name)
            if _says_more(again, table.column(name)):
                table = table.set_column(names.index(name), name, again)
        commas = []
        if separator != "," and dialect.decimal == AUTO:
            commas = [name for name in names if _has_commas(table.column(name))]
        commas = [name for name in commas if name.strip() not in text]
        if commas:
            again = read(dict.fromkeys(commas, pa.float64()), commas, ",")
            for name in commas:
                table = table.set_column(names.index(name), name, again.column(name))
    except (UnicodeError, pa.ArrowInvalid, pa.ArrowKeyError) as problem:
        called = "the header" if header is True else "the first line"
        raise _parse_error(path, data, separator, problem, called) from problem
    except (pa.ArrowMemoryError, MemoryError) as problem:
        raise UserError(
            f"{path.name!r} exceeds the memory",
            "a table that fits in memory",
            "data.path=/path/of/a/part/of/it.csv",
        ) from problem
    binary = [field.name for field in table.schema if pa.types.is_binary(field.type)]
    if binary:
        raise _undecodable(path, data, f"column {binary[0]!r}")
    _check_quote(path, data, table)
    stripped = [name.strip() for name in names]
    check_header(path, stripped)
    frame = table.rename_columns(stripped).to_pandas()
    return with_rows(path, frame)


def numbered(count: int) -> list[str]:
    """The names of the columns of a file without a header."""
    return [f"x{place}" for place in range(1, count + 1)]


def check_header(path: Path, names: list[str]) -> None:
    """Raise UserError unless every column has a name, and each a different one."""
    allowed = "a header that gives every column a name of its own"
    for position, name in enumerate(names, 1):
        if not name:
            raise UserError(
                f"{path.name!r}: column {position} of {len(names)} has no name",
                allowed,
                without_header(names)
                if are_cells(names)
                else f"{commands.show(path, 1)}  # then name it; pandas writes no such column with "
                "to_csv(path, index=False)",
            )
    repeated = (
        sorted({name for name in names if names.count(name) > 1})
        if (len(set(names)) < len(names))
        else []
    )
    if repeated:
        raise UserError(
            f"{path.name!r}: more than one column is named {listing(map(repr, repeated))}",
            allowed,
            without_header(names)
            if are_cells(names)
            else f"{commands.show(path, 1)}  # then rename all but one",
        )


def with_rows(path: Path, frame: pd.DataFrame) -> pd.DataFrame:
    """The frame, or UserError where it has no columns or no rows."""
    if not len(frame.columns):
        raise no_rows(path, "has no columns")
    if not len(frame):
        raise no_rows(path, "has a header and no rows")
    return frame


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


def _has_commas(column: Any) -> bool:
    """Whether a column holds numbers and nothing else, plainly written with a decimal comma."""
    import pyarrow as pa
    import pyarrow.compute as compute

    if not pa.types.is_string(column.type):
        return False
    if not compute.all(compute.match_substring_regex(column, _DECIMAL_COMMA)).as_py():
        return False
    mixed = compute.any(compute.invert(compute.match_substring(column, ","))).as_py()
    grouped = compute.all(compute.match_substring_regex(column, _GROUPED)).as_py()
    return not (mixed and grouped)


def _has_hex(column: Any) -> bool:
    """Whether a cell is written as 0x1f, which is a name rather than a number."""
    import pyarrow.compute as compute

    return bool(compute.any(compute.match_substring_regex(column, r"^\s*[+-]?0[xX]")).as_py())


def _says_more(texts: Any, read: Any) -> bool:
    """Whether cells as they are written tell more apart than what was read of them."""
    import pyarrow as pa
    import pyarrow.compute as compute

    if pa.types.is_string(read.type) or pa.types.is_null(read.type):
        return bool(texts.null_count < read.null_count)
    stripped = compute.utf8_trim_whitespace(compute.filter(texts, compute.is_valid(read)))
    return len(compute.unique(stripped)) > len(compute.unique(compute.drop_null(read)))


def _header(data: bytes, separator: str) -> list[str]:
    # 1 MiB is far beyond any header, and keeps a broken quote from swallowing the file
    start = data[: 1 << 20].decode("utf-8-sig", errors="surrogateescape")
    rows = csv.reader(io.StringIO(start, newline=""), delimiter=separator)
    header = next((row for row in rows if row), [])
    for name in header:
        name.encode("utf-8")  # surrogates of undecodable bytes raise here
    return header


def _check_preamble(path: Path, data: bytes, separator: str) -> None:
    """Refuse lines above the table: `sep=;`, as Excel reads it, and comments."""
    lines = data[: 1 << 20].decode("utf-8-sig", errors="replace").splitlines()
    first = lines[0].strip(' "') if lines else ""
    above = 1 if _SEPARATOR_LINE.fullmatch(first) else 0
    mark = first[4:] if above else separator
    if not above and first.startswith("#"):
        above = next((place for place, line in enumerate(lines) if line[:1] != "#"), 0)
        # a header may begin with #, and has then as many cells as the line below
        if not above or first.count(mark) == lines[above].count(mark):
            return
    if not above:
        return
    command, to = commands.table_of(path, above + 1)
    words = commands.override("data.path", to)
    if mark != ",":
        words += f" {typed('data.separator', 'tab' if mark == TAB else mark)}"
    raise UserError(
        f"{path.name!r} begins with {first[:60]!r}, which is no line of the table",
        "the names of the columns in the first line, or with data.header=false the first row",
        f"{command}  # then {words}",
    )


def _check_width(path: Path, names: list[str], data: bytes, separator: str) -> None:
    if len(names) != 1:
        return
    first = next((line for line in data.splitlines()[1:2]), b"").decode(errors="replace")
    for other in ";\t|, ":
        # a name may hold blanks; they divide cells where the row below has as many
        if other == separator or other not in names[0]:
            continue
        if other == " " and first.strip().count(" ") != names[0].strip().count(" "):
            continue
        raise UserError(
            f"{path.name!r} has one column, named {names[0][:60]!r}",
            f"cells divided by the separator, which is {separator!r} here",
            typed("data.separator", "tab" if other == "\t" else other),
        )


def _check_quote(path: Path, data: bytes, table: Any) -> None:
    # A quote that is never closed swallows the rest of the file into one cell of the last row.
    if not table.num_rows or data.endswith(b'"'):
        return
    for name, column in zip(table.column_names, table.columns, strict=True):
        cell = column[-1].as_py()
        if not isinstance(cell, str) or "\n" not in cell:
            continue
        swallowed = cell.encode().replace(b'"', b"")
        if data[-2 * len(cell.encode()) - 2 :].replace(b'"', b"").endswith(swallowed):
            raise UserError(
                f"{path.name!r}: a quote in column {name!r} is opened and never closed",
                'cells with a separator or a line end inside stand between two "',
                commands.find(path, '"'),
            )


def _parse_error(
    path: Path, data: bytes, separator: str, problem: Exception, first_line: str
) -> UserError:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        line = data[: failure.start].count(b"\n") + 1
        return _undecodable(path, data, f"line {line}")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    width, first = 0, 1
    try:
        for row in rows:
            if row and not width:
                width = len(row)
            elif row and len(row) != width:
                return UserError(
                    f"{path.name!r}, line {first}: {len(row)} cells where {first_line} has {width}",
                    f"rows with as many cells as {first_line}; a cell with the separator inside "
                    'stands between two "',
                    commands.show(path, first),
                )
            first = rows.line_num + 1
    except csv.Error:
        pass
    if "empty csv" in str(problem).lower():
        return no_rows(path, "has a header and no rows")
    return UserError(
        f"{path.name!r} cannot be read: {str(problem).splitlines()[0]}",
        f"a file ending in {ENDINGS}",
        commands.begin(path),
    )


def _undecodable(path: Path, data: bytes, place: str) -> UserError:
    for start, ending in _SIGNATURES.items():
        if data.startswith(start):
            return UserError(
                f"{path.name!r} is no text: it begins as {ending[1:]} files do",
                f"a file ending in {ENDINGS}",
                commands.rename(
                    path,
                    path.with_name(f"{path.name}{ending}")
                    if ending != ".parquet"
                    else path.with_suffix(ending),
                ),
            )
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin1"
    return UserError(
        f"{path.name!r}, {place}: the text is not UTF-8",
        "a file encoded in UTF-8",
        commands.recode(path, encoding),
    )


def no_rows(path: Path, what: str) -> UserError:
    """The error of a file with nothing in it; `what` says how."""
    return UserError(
        f"{path.name!r} {what}",
        "a header and at least one row",
        "data.path=/path/of/your/table.csv",
    )
