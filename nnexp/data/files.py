"""One table file read into a frame: CSV, TSV, Parquet, Feather, plain or compressed."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path, PurePath

import pandas as pd

from nnexp.data import commands
from nnexp.data.content import (
    BINARY_ENDINGS,
    COMPRESSED_ENDINGS,
    ENDINGS,
    TEXT_ENDINGS,
    Content,
    decompress,
    read_content,
)
from nnexp.data.delimited import parse_delimited
from nnexp.data.dialect import USUAL, Dialect, cell_separator
from nnexp.data.header import check_header, with_rows
from nnexp.data.names import listing
from nnexp.errors import UserError

SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".ods")


def is_delimited(path: Path) -> bool:
    """Whether a table file is a CSV or TSV, by the ending of its name."""
    return path.suffix.lower() not in BINARY_ENDINGS


def read_file(
    path: str | Path,
    dialect: Dialect = USUAL,
    missing_tokens: Collection[str] = (),
    text: Iterable[str] = (),
) -> pd.DataFrame:
    """Read a table file, by the ending of its name, into a frame with columns named by its header.

    Cells of a CSV become numbers where a whole column holds numbers, and stay texts otherwise;
    dates and truth values stay texts too. Columns are never shifted or renamed.

    Arguments:
        path: a local regular file.
        dialect: how a CSV is written.
        missing_tokens: texts that stand for a missing cell, besides MISSING_TOKENS.
        text: columns whose cells are kept as they are written ("007" is not 7).

    Raises:
        UserError: the file is missing, damaged, of an unknown kind, has no rows, a ragged row,
            or a header with an empty or repeated name.
    """
    return parse_table(read_content(path), dialect, missing_tokens, text)


def parse_table(
    content: Content,
    dialect: Dialect = USUAL,
    missing_tokens: Collection[str] = (),
    text: Iterable[str] = (),
) -> pd.DataFrame:
    """Turn the bytes of a table file into a frame; arguments and errors as in `read_file`."""
    path, data = content.path, content.data
    endings = [ending.lower() for ending in path.suffixes]
    ending = endings[-1] if endings else ""
    held = path
    if commands.is_archive(path):
        # a .txt may be what is to be read first, and no table
        texts = [own for own in TEXT_ENDINGS if own != ".txt"]
        endings_of_tables = (*texts, *BINARY_ENDINGS, *COMPRESSED_ENDINGS, ".txt")
        names, remedy = commands.extract(path, data, endings_of_tables)
        found = f"; in this one lie {listing(names, 6)}" if names else ""
        raise UserError(
            f"{path.name!r} is an archive of files, and no table",
            f"a file ending in {ENDINGS}{found}",
            remedy,
        )
    if ending in COMPRESSED_ENDINGS:
        data, inner = decompress(content, ending)
        held = path.with_name(PurePath(inner).name or path.stem)
        ending = held.suffix.lower() or ("" if inner else ".csv")
    elif ending in BINARY_ENDINGS:
        frame = _parse_binary(path, data, ending)
        check_header(path, [str(name) for name in frame.columns])
        return with_rows(path, frame)
    if ending in SPREADSHEETS:
        raise UserError(
            f"{path.name!r} is a spreadsheet",
            f"the sheet saved as CSV by the program that made it, or a file ending in {ENDINGS}",
            commands.shell_override("data.path", path.with_suffix(".csv")),
        )
    if foreign := commands.export(path, held):
        kind, allowed = foreign
        remedy = commands.shell_override("data.path", held.with_suffix(".csv"))
        raise UserError(f"{path.name!r} holds {kind}, and no CSV", allowed, remedy)
    if ending not in TEXT_ENDINGS and held is not path:
        named = ending in (*BINARY_ENDINGS, *COMPRESSED_ENDINGS) or commands.is_archive(held)
        command, to = commands.unpack(path, held.name if named else f"{held.name}.csv")
        raise UserError(
            f"{path.name!r} holds {held.name!r}",
            f"a file ending in {ENDINGS}",
            f"{command}  # then {commands.shell_override('data.path', to)}",
        )
    if ending not in TEXT_ENDINGS:
        raise UserError(
            f"{path.name!r} does not end like a table",
            f"a file ending in {ENDINGS}",
            commands.rename(path, path.with_name(f"{path.name}.csv")),
        )
    mark = cell_separator(dialect.separator, ending)
    return parse_delimited(path, data, mark, dialect, missing_tokens, set(text))


def _parse_binary(path: Path, data: bytes, ending: str) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.feather as feather
    import pyarrow.parquet as parquet

    source = pa.BufferReader(data)
    try:
        if ending == ".parquet":
            table = parquet.ParquetFile(source).read()  # also where two columns have one name
        elif ending == ".arrow" and not data.startswith(b"ARROW1"):
            table = pa.ipc.open_stream(source).read_all()
        else:
            table = feather.read_table(source)
        frame = table.to_pandas()
    except (pa.ArrowException, OSError, ValueError, TypeError) as problem:
        first = (str(problem).splitlines() or [type(problem).__name__])[0]
        raise UserError(
            f"{path.name!r} is no {ending[1:]} file: {first}",
            f"a file ending in {ENDINGS}",
            "data.path=/path/of/your/table.csv",
        ) from problem
    index = [str(name) for name in frame.index.names if name is not None]
    names = [*index, *map(str, frame.columns)]
    if repeated := sorted({name for name in names if names.count(name) > 1}):
        raise UserError(
            f"{path.name!r}: more than one column, or one and the index, is named "
            f"{listing(map(repr, repeated))}",
            "a name of its own for every column, and for the index, which is read as one",
            "data.path=/path/of/your/table.csv",
        )
    frame = frame.reset_index(drop=not index)
    frame.columns = [str(name) for name in frame.columns]
    return frame
