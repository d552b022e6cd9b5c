"""The names of a table's columns, and what stands above them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pandas as pd

from nnexp.data import commands
from nnexp.data.cells import parse_number
from nnexp.data.names import are_cells, listing, typed, without_header
from nnexp.data.refusals import no_rows
from nnexp.errors import UserError

TAB = "\t"
TOP = 20  # lines of a file that a report may write above its table
_SEPARATOR_LINE = re.compile(r"(?i:sep)=.")


def numbered_names(count: int) -> list[str]:
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


def header_of(data: bytes, separator: str) -> list[str]:
    """The cells of the first row that is not empty."""
    # 1 MiB is far beyond any header, and keeps a broken quote from swallowing the file
    start = data[: 1 << 20].decode("utf-8-sig", errors="surrogateescape")
    rows = csv.reader(io.StringIO(start, newline=""), delimiter=separator)
    try:
        header = next((row for row in rows if row), [])
    except csv.Error as error:  # told as of bytes that are no text
        raise UnicodeError(f"the header is no line of names: {error}") from error
    for name in header:
        name.encode("utf-8")  # surrogates of undecodable bytes raise here
    return header


def check_preamble(path: Path, data: bytes, separator: str, named: bool = True) -> None:
    """Refuse lines above the table: `sep=;`, as Excel reads it, comments, and the title of a
    report, where the table has names of columns.
    """
    lines = data[: 1 << 20].decode("utf-8-sig", errors="replace").splitlines()
    first = lines[0].strip(' "') if lines else ""
    above = 1 if _SEPARATOR_LINE.fullmatch(first) else 0
    mark = first[4:] if above else separator
    if not above and named:
        above = _title_lines(lines[:TOP], separator)
    if not above and first.startswith("#"):
        above = next((place for place, line in enumerate(lines) if line[:1] != "#"), 0)
        # a header may begin with #, and has then as many cells as the line below
        if not above or first.count(mark) == lines[above].count(mark):
            return
    if not above:
        return
    command, to = commands.table_of(path, above + 1)
    words = commands.shell_override("data.path", to)
    if mark != ",":
        words += f" {typed('data.separator', 'tab' if mark == TAB else mark)}"
    raise UserError(
        f"{path.name!r} begins with {first[:60]!r}, which is no line of the table",
        "the names of the columns in the first line, or with data.header=false the first row",
        f"{command}  # then {words}",
    )


def _title_lines(lines: list[str], separator: str) -> int:
    """How many lines of a report stand above the names of the columns: the first has cells and
    names few of them, and a line below names all of its own, and more; 0 where none does.
    """
    rows = [[cell.strip(' "') for cell in line.split(separator)] for line in lines]
    if len(rows) < 2 or len(rows[0]) < 2:
        return 0
    named = sum(map(bool, rows[0]))
    for place, row in enumerate(rows[1:], 1):
        texts = all(cell and parse_number(cell) is None for cell in row)
        if texts and len(set(row)) == len(row) and len(row) >= 2 * max(1, named):
            return place if named < len(rows[0]) else 0
    return 0


def check_width(path: Path, names: list[str], data: bytes, separator: str) -> None:
    """Refuse a table of one column whose name holds what divides cells elsewhere."""
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
