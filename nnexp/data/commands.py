"""Commands that show or mend a table file: for a shell, and over no other file."""

from __future__ import annotations

from itertools import chain, count
from pathlib import Path
from shlex import quote

from nnexp.config.keys import literal
from nnexp.config.shell import shell

_UNPACK = {
    ".gz": "gunzip -c",
    ".bz2": "bunzip2 -c",
    ".xz": "xz -dc",
    ".zst": "zstd -dc",
    ".zip": "unzip -p",
}

# tables that no other name makes a CSV: ending -> what it is, and what reads it in Python
_FOREIGN = {
    ".npy": ("an array of numpy", "pandas.DataFrame(numpy.load({}))"),
    ".npz": (
        "arrays of numpy",
        "pandas.DataFrame(numpy.load({0})['X']).assign(target=numpy.load({0})['y'])",
    ),
    ".json": ("JSON", "pandas.read_json({})"),
    ".jsonl": ("JSON", "pandas.read_json({}, lines=True)"),
    ".ndjson": ("JSON", "pandas.read_json({}, lines=True)"),
    ".pkl": ("a pickle of Python", "pandas.read_pickle({})"),
    ".pickle": ("a pickle of Python", "pandas.read_pickle({})"),
    ".h5": ("HDF5", "pandas.read_hdf({})"),
    ".hdf5": ("HDF5", "pandas.read_hdf({})"),
    ".dta": ("a table of Stata", "pandas.read_stata({})"),
    ".sas7bdat": ("a table of SAS", "pandas.read_sas({}, encoding='infer')"),
    ".sav": ("a table of SPSS", ""),
    ".arff": ("ARFF, as Weka writes it", ""),
    ".xml": ("XML", ""),
    ".html": ("a page of HTML", ""),
    ".htm": ("a page of HTML", ""),
    ".db": ("a database", ""),
    ".sqlite": ("a database", ""),
    ".sqlite3": ("a database", ""),
}


def export(path: Path, inside: Path) -> tuple[str, str] | None:
    """What a file of another program's is, and how it becomes a table; None where it is none.

    Arguments:
        path: the file, which pandas reads compressed, too.
        inside: where it is compressed, what it holds; else the file itself.
    """
    kind, reader = _FOREIGN.get(inside.suffix.lower(), ("", ""))
    if not kind:
        return None
    if not reader:
        return kind, "the table saved as CSV or Parquet by the program that made it"
    made = (
        f"{reader.format(repr(path.name))}.to_csv({inside.with_suffix('.csv').name!r}, index=False)"
    )
    return kind, f"the table saved as CSV or Parquet, in Python by {made}"


def free(path: Path) -> Path:
    """The path, or with a number before its name the first one where nothing lies yet."""
    numbered = (path.with_name(f"{number}-{path.name}") for number in count(2))
    return next(own for own in chain([path], numbered) if not own.exists())


def shell_override(key: str, value: object) -> str:
    """The word that sets a key."""
    return shell(f"{key}={literal(str(value))}")


def rename(path: Path, to: Path) -> str:
    """Give a file another name."""
    return f"mv -n {quote(str(path))} {quote(str(free(to)))}"


def unpack(path: Path, inside: str) -> tuple[str, Path]:
    """Write what a compressed file holds beside it, under its own name; and where it lies then."""
    to = free(path.with_name(inside))
    return f"{_UNPACK[path.suffix.lower()]} {quote(str(path))} > {quote(str(to))}", to


def show(path: Path, line: int) -> str:
    """Print one line of a file, counted from 1, compressed or not."""
    return _piped(path, f"sed -n {line}p")


def find(path: Path, text: str) -> str:
    """Print the last lines of a file that hold a text, with their numbers."""
    return f"{_piped(path, f'grep -n {quote(text)}')} | tail"


def show_beginning(path: Path) -> str:
    """Print the first lines of a file."""
    return _piped(path, "head")


def recode(path: Path, encoding: str) -> str:
    """Write a copy in UTF-8, under another name."""
    to = free(path.with_name(f"utf8-{_inner(path)}"))
    return f"{_piped(path, f'iconv -f {encoding} -t utf-8')} > {quote(str(to))}"


def table_of(path: Path, line: int) -> tuple[str, Path]:
    """Write a copy that begins with a line, counted from 1; and where it lies then."""
    to = free(path.with_name(f"table-{_inner(path)}"))
    return f"{_piped(path, f'tail -n +{line}')} > {quote(str(to))}", to


def _piped(path: Path, command: str) -> str:
    unpack = _UNPACK.get(path.suffix.lower())
    own = quote(str(path))
    return f"{unpack} {own} | {command}" if unpack else f"{command} {own}"


def _inner(path: Path) -> str:
    return path.stem if path.suffix.lower() in _UNPACK else path.name
