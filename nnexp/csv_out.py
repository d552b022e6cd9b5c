"""The CSV that a command writes where `-o` says: named as what it is, and whole or not at all."""

from __future__ import annotations

import sys
from pathlib import Path
from shlex import quote

import pandas as pd

from nnexp.data.content import BINARY_ENDINGS
from nnexp.data.files import SPREADSHEETS
from nnexp.data.names import counted
from nnexp.errors import UserError
from nnexp.files import is_full
from nnexp.lines import visible_lines

OTHERWISE = (".json", ".jsonl", ".html", ".xml", ".md")  # what is written by another rule than CSV


def check_name(out: Path, what: str) -> None:
    """Refuse a file that would not be what its ending says.

    Arguments:
        out: the file.
        what: what is written, in the plural.

    Raises:
        UserError: no CSV is called so.
    """
    if out.suffix.lower() in (*BINARY_ENDINGS, *SPREADSHEETS, *OTHERWISE):
        raise UserError(
            f"{out.name!r} would not be what its ending says: {what} are written as CSV",
            "a name that ends in .csv",
            f"-o {quote(str(out.with_suffix('.csv')))}",
        )


def write_csv(frame: pd.DataFrame, out: Path | None, command: str, what: str) -> None:
    """Write a table as CSV, with tabs where the file's name ends in .tsv.

    Arguments:
        frame: the table; its index is left out.
        out: the file, perhaps to be compressed by its ending; None for standard output.
        command: what was typed, without `-o`, for messages.
        what: what is written, for a name that could be used.

    Raises:
        UserError: the file cannot be written, or its disk is full.
    """
    if out is None:
        if sys.stdout.isatty():  # names of classes and texts may be a stranger's
            print(visible_lines(frame.to_csv(index=False)), end="")
        else:
            frame.to_csv(sys.stdout, index=False)
        return
    was_there = out.exists()
    try:
        frame.to_csv(out, index=False, sep=_separator(out))
    except OSError as error:
        if is_full(error):
            if not was_there:
                out.unlink(missing_ok=True)
            raise UserError(
                f"the disk of {str(out)!r} is full",
                f"room for a CSV of {counted(len(frame), 'row')}, here or on another disk",
                f"{command} -o {quote(str(out))}",
            ) from error
        raise UserError(
            f"{str(out)!r} cannot be written: {error.strerror or error}",
            "a file in a folder that exists and is yours to write",
            f"{command} -o {what}.csv",
        ) from error


def _separator(out: Path) -> str:
    """What parts the cells of a file, by its ending, without that of its compression."""
    tabs = ".tsv" in (out.suffix.lower(), Path(out.stem).suffix.lower())
    return "\t" if tabs else ","
