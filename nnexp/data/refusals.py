"""What is said of a CSV that cannot be read: where it is damaged, and what mends it."""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import Path
from typing import Any

from nnexp.data import commands
from nnexp.data.content import ENDINGS
from nnexp.data.names import counted, typed
from nnexp.errors import UserError

ROWS = 100  # looked at for another separator
# how files that are no text begin, and the ending that they should have
_SIGNATURES = {
    b"\x1f\x8b": ".gz",
    b"PK\x03\x04": ".zip",
    b"\xfd7zXZ": ".xz",
    b"BZh": ".bz2",
    b"\x28\xb5\x2f\xfd": ".zst",
    b"PAR1": ".parquet",
}


def check_quote(path: Path, data: bytes, table: Any) -> None:
    """Refuse a quote that is never closed: it swallows the rest of the file into one last cell."""
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


def parse_error(
    path: Path, data: bytes, separator: str, problem: Exception, first_line: str
) -> UserError:
    """Why a file could not be parsed: bytes that are no text, a row that is too long or short.

    Arguments:
        path, data, separator: of the file.
        problem: what the parser said.
        first_line: what the first line is called.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        line = data[: failure.start].count(b"\n") + 1
        return undecodable(path, data, f"line {line}")
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    width, first = 0, 1
    try:
        for row in rows:
            if row and not width:
                width = len(row)
            elif row and len(row) != width:
                other = _divides(text, separator)
                has = f"{counted(len(row), 'cell')} where {first_line} has {width}"
                return UserError(
                    f"{path.name!r}, line {first}: {has}",
                    f"rows with as many cells as {first_line}; a cell with the separator inside "
                    'stands between two "',
                    typed("data.separator", other) if other else commands.show(path, first),
                )
            first = rows.line_num + 1
    except csv.Error:
        pass
    if "empty csv" in str(problem).lower():
        return no_rows(path, "has a header and no rows")
    return UserError(
        f"{path.name!r} cannot be read: {str(problem).splitlines()[0]}",
        f"a file ending in {ENDINGS}",
        commands.show_beginning(path),
    )


def _divides(text: str, separator: str) -> str:
    """What divides all of the first rows into equally many cells, two at least; "" for nothing."""
    for other in ";\t|":
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=other)
        try:
            widths = {len(row) for row in islice(rows, ROWS) if row}
        except csv.Error:
            continue
        if other != separator and len(widths) == 1 and widths != {1}:
            return "tab" if other == "\t" else other
    return ""


def undecodable(path: Path, data: bytes, place: str) -> UserError:
    """What bytes that are no UTF-8 are, by how they begin; `place` says where they were met."""
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
