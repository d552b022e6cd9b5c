"""Words as a shell takes them: what is printed to be typed has to arrive as it was meant."""

from __future__ import annotations

import re
import shlex
from itertools import chain, count
from pathlib import Path
from types import MappingProxyType

# square brackets stay: they name no file that has such a name, and are how lists are read at ease
_PLAIN = re.compile(r"[\w@%+=:,./\[\]-]+")
# what writes out what a compressed file holds, by the ending of its name
UNPACK = MappingProxyType(
    {
        ".gz": "gunzip -c",
        ".bz2": "bunzip2 -c",
        ".xz": "xz -dc",
        ".zst": "zstd -dc",
        ".zip": "unzip -p",
    }
)


def shell(word: str) -> str:
    """An override or a path, quoted where a shell would read it otherwise.

    >>> shell("model.hidden=[64,64]"), shell("seed=range(3)")
    ('model.hidden=[64,64]', "'seed=range(3)'")
    """
    return word if _PLAIN.fullmatch(word) else shlex.quote(word)


def piped(path: Path, command: str) -> str:
    """A command that reads what a file holds, compressed or not."""
    unpack = UNPACK.get(path.suffix.lower())
    own = shlex.quote(str(path))
    return f"{unpack} {own} | {command}" if unpack else f"{command} {own}"


def free(path: Path) -> Path:
    """The path, or with a number before its name the first one where nothing lies yet."""
    numbered = (path.with_name(f"{number}-{path.name}") for number in count(2))
    return next(own for own in chain([path], numbered) if not own.exists())
