"""A character set typed as `data.encoding`, which other tools call so; ours is of categories."""

from __future__ import annotations

import codecs
from itertools import chain, count
from pathlib import Path
from shlex import quote

from nnexp.config.keys import literal
from nnexp.config.schema.data import DataConfig
from nnexp.config.schema.sources import CsvConfig
from nnexp.config.shell import shell
from nnexp.errors import UserError

_RULE = "files are read as UTF-8; data.encoding is of categories, one of onehot, ordinal, embedding"


def charset_typed(data: DataConfig) -> UserError | None:
    """The error for `data.encoding=latin1`; None for what is no character set.

    Arguments:
        data: of which the file, if any, is named in the remedy.
    """
    try:
        name = codecs.lookup(data.encoding).name
    except (LookupError, TypeError, ValueError):
        return None
    wrong = f"data.encoding={literal(data.encoding)} is a character set"
    if name.startswith("utf-8") or name == "ascii":
        return UserError(wrong, _RULE, "data.encoding=onehot")
    path = Path((isinstance(data, CsvConfig) and data.path) or "table.csv")
    numbered = (path.with_name(f"{number}-utf8.csv") for number in count(2))
    to = next(own for own in chain([path.with_name("utf8.csv")], numbered) if not own.exists())
    known = "latin1" if name == "iso8859-1" else name  # as iconv calls them
    command = f"iconv -f {known} -t utf-8 {quote(str(path))} > {quote(str(to))}"
    return UserError(wrong, _RULE, f"{command}  # then {shell(f'data.path={literal(str(to))}')}")
