"""A character set typed as `data.encoding`, which other tools call so; ours is of categories."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from shlex import quote
from types import MappingProxyType

from nnexp.config.keys import literal
from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.sources import CsvConfig
from nnexp.config.shell import UNPACK, free, piped, shell
from nnexp.errors import UserError

_BINARY = (".parquet", ".feather", ".arrow")  # tables whose texts are UTF-8 whatever wrote them
# as every iconv calls them, for the names that Python has; of others only Python is sure
_OF_ICONV = re.compile(r"iso8859-\d+|cp125\d|koi8-r|utf-16")
_NAMES = MappingProxyType({"iso8859-1": "latin1", "mac-roman": "macintosh"})
# codecs from text to text that write down names and programs, and no files
_OF_NO_FILE = ("charmap", "idna", "punycode", "raw-unicode-escape", "undefined", "unicode-escape")
_RULE = "files are read as UTF-8; data.encoding is of categories, one of onehot, ordinal, embedding"


def charset_typed(data: DataConfig) -> UserError | None:
    """The error for `data.encoding=latin1`; None for what is no character set.

    Arguments:
        data: of which the file, if any, is named in the remedy.
    """
    try:
        codec = codecs.lookup(data.encoding)
    except (LookupError, TypeError, ValueError):
        return None
    name = codec.name
    # hex and zip are codecs, too, and only this tells that they are of bytes
    if not getattr(codec, "_is_text_encoding", True) or name in _OF_NO_FILE:
        return None
    wrong = f"data.encoding={literal(data.encoding)} is a character set"
    path = Path((isinstance(data, CsvConfig) and data.path) or "table.csv")
    inner = Path(path.stem if path.suffix.lower() in UNPACK else path.name).suffix.lower()
    if name.startswith("utf-8") or name == "ascii" or inner in _BINARY:
        return UserError(wrong, _RULE, "data.encoding=onehot")
    ending = inner if inner in (".tsv", ".txt") else ".csv"
    to = free(path.with_name(f"utf8{ending}"))
    command = f"{piped(path, _recoding(name))} > {quote(str(to))}"
    return UserError(wrong, _RULE, f"{command}  # then {shell(f'data.path={literal(str(to))}')}")


def _recoding(name: str) -> str:
    """The command that turns a character set, by Python's name for it, into UTF-8."""
    if name in _NAMES or _OF_ICONV.fullmatch(name):
        return f"iconv -f {_NAMES.get(name, name)} -t utf-8"
    text = f"b''.join(fileinput.input(mode='rb')).decode('{name}')"
    return f'python -c "import fileinput, sys; sys.stdout.buffer.write({text}.encode())"'
