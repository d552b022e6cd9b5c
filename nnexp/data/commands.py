"""Commands that show or mend a table file: for a shell, and over no other file."""

from __future__ import annotations

import io
import lzma
import re
import tarfile
import zlib
from collections.abc import Sequence
from itertools import islice
from pathlib import Path, PurePath
from shlex import quote

from nnexp.config.keys import literal
from nnexp.config.shell import UNPACK, free, piped, shell

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

# files of many files: how a name ends -> what writes out all of them, over none that is there
_ARCHIVES = {
    r"\.(tar(\.(gz|bz2|xz|zst|lzma|z))?|tgz|tbz2?|txz|tzst)": "tar -xkf",
    r"\.7z": "7z x -aos",
    r"\.rar": "unrar x -o-",
}
# names of files that are no option of a command, and not what a Mac notes beside each file
_NAMED = re.compile(r"(?!-)(.*/)?[^./][^/]*")
_MOST = 1000  # names that are read of an archive, which may be made to have no end


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


def is_archive(path: Path) -> bool:
    """Whether a file holds others that no table's ending tells of: a tar, and not a zip."""
    return _unpacker(path) is not None


def extract(path: Path, data: bytes, endings: Sequence[str]) -> tuple[list[str], str]:
    """The files of an archive, as far as they are known, and the command that takes the table out.

    Arguments:
        path: the archive.
        data: its bytes.
        endings: those of tables, the likeliest first.
    """
    unpacker = _unpacker(path) or ""
    names = _members(data) if unpacker.startswith("tar") else []
    kinds = {name: PurePath(name).suffix.lower() for name in names}
    tables = sorted(
        (n for n in names if kinds[n] in endings), key=lambda n: endings.index(kinds[n])
    )
    own = quote(str(path))
    if not tables and len(names) != 1:
        then = shell_override("data.path", "/path/of/the/table.csv")
        return names, f"{unpacker} {own}  # then {then}"
    member = (tables or names)[0]
    inside = PurePath(member).name
    to = free(path.with_name(inside if tables else f"{inside}.csv"))
    command = f"tar -xOf {own} {quote(member)} > {quote(str(to))}"
    return tables or names, f"{command}  # then {shell_override('data.path', to)}"


def _unpacker(path: Path) -> str | None:
    name = path.name.lower()
    return next((own for ending, own in _ARCHIVES.items() if re.search(f"{ending}$", name)), None)


def _members(data: bytes) -> list[str]:
    """The names of the files in a tar archive, as far as they can be read; none hidden."""
    names: list[str] = []
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode="r|*") as archive:
            names += (own.name for own in islice(archive, _MOST) if own.isfile())
    except (tarfile.TarError, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError):
        pass  # of a kind that Python does not read, or damaged
    return [name for name in names if name.isprintable() and _NAMED.fullmatch(name)]


def shell_override(key: str, value: object) -> str:
    """The word that sets a key."""
    return shell(f"{key}={literal(str(value))}")


def rename(path: Path, to: Path) -> str:
    """Give a file another name."""
    return f"mv -n {quote(str(path))} {quote(str(free(to)))}"


def unpack(path: Path, inside: str) -> tuple[str, Path]:
    """Write what a compressed file holds beside it, under its own name; and where it lies then."""
    to = free(path.with_name(inside))
    return f"{UNPACK[path.suffix.lower()]} {quote(str(path))} > {quote(str(to))}", to


def show(path: Path, line: int) -> str:
    """Print one line of a file, counted from 1, compressed or not."""
    return piped(path, f"sed -n {line}p")


def find(path: Path, text: str) -> str:
    """Print the last lines of a file that hold a text, with their numbers."""
    return f"{piped(path, f'grep -n {quote(text)}')} | tail"


def show_beginning(path: Path) -> str:
    """Print the first lines of a file."""
    return piped(path, "head")


def recode(path: Path, encoding: str) -> str:
    """Write a copy in UTF-8, under another name."""
    to = free(path.with_name(f"utf8-{_inner(path)}"))
    return f"{piped(path, f'iconv -f {encoding} -t utf-8')} > {quote(str(to))}"


def table_of(path: Path, line: int) -> tuple[str, Path]:
    """Write a copy that begins with a line, counted from 1; and where it lies then."""
    to = free(path.with_name(f"table-{_inner(path)}"))
    return f"{piped(path, f'tail -n +{line}')} > {quote(str(to))}", to


def _inner(path: Path) -> str:
    return path.stem if path.suffix.lower() in UNPACK else path.name
