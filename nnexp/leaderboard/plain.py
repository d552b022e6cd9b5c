"""A run's config.yaml as flat plain data, for hundreds of run folders at once.

What is read may be a stranger's, and need not fit the schema: a class of a user's own is a text
here and nothing is imported. The loader is `nnexp.config.plain_yaml`: no tag, no alias, no
object, within bounds.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from nnexp.config.bounds import LARGEST
from nnexp.config.plain_yaml import parse
from nnexp.config.saved import FILE, flatten, with_added
from nnexp.files import read_regular

SECTION = re.compile(r"^(?=[A-Za-z_])", re.MULTILINE)  # a key at the margin begins a section
MOST_SECTIONS = 50
LARGEST_SECTIONS = 32_000  # characters, which hold fewer values than the loader allows in all


class Configs:
    """Reads configurations; sections that two files share to the letter are parsed once."""

    def __init__(self) -> None:
        self._parsed: dict[str, dict[str, Any]] = {}

    def read(self, folder: Path) -> dict[str, Any]:
        """The configuration of a run folder, dotted key -> value.

        Lists are values; an empty mapping is one, too.

        Arguments:
            folder: the run folder.

        Raises:
            ValueError: there is none, or it is damaged; the text says what and names no path.
        """
        try:
            text = read_regular(folder / FILE, LARGEST).decode()
            tree = self._tree(text)
        except (FileNotFoundError, NotADirectoryError):
            raise ValueError(f"it has no {FILE}") from None
        except (OSError, ValueError, yaml.YAMLError, RecursionError) as error:
            line = (str(error).splitlines() or [""])[0] or type(error).__name__
            line = error.strerror or line if isinstance(error, OSError) else line
            raise ValueError(f"{FILE} cannot be read: {line}") from error
        if not isinstance(tree, dict):
            raise ValueError(f"{FILE} holds no keys")
        return with_added(dict(flatten(tree)))

    def _tree(self, text: str) -> Any:
        pieces = [piece for piece in SECTION.split(text) if piece.strip()]
        if len(pieces) > MOST_SECTIONS or len(text) > LARGEST_SECTIONS:
            return parse(text)
        tree: dict[str, Any] = {}
        for piece in pieces:
            section = self._section(piece)
            if section is None or set(section) & set(tree):
                return parse(text)  # not cut where its sections begin
            tree.update(section)
        return tree

    def _section(self, text: str) -> dict[str, Any] | None:
        """The one key of a section with its value; None where it is no section."""
        found = self._parsed.get(text)
        if found is None:
            try:
                found = parse(text)
            except yaml.YAMLError:
                return None
            if not isinstance(found, dict) or len(found) != 1:
                return None
            self._parsed[text] = found
        return found
