"""Markdown for TensorBoard's Text tab."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def markdown_table(values: Mapping[str, Any], head: tuple[str, str] = ("key", "value")) -> str:
    """Turn a flat mapping into a Markdown table.

    Arguments:
        values: key -> value, shown by `str`.
        head: the two column titles.
    """
    rows = [head, ("---", "---")]
    rows += [(cell(str(key)), f"{cell(str(value))}") for key, value in values.items()]
    return "\n".join(f"| {key} | {value} |" for key, value in rows)


def code_block(text: str) -> str:
    """Turn a text into a Markdown block that is shown as it stands.

    Arguments:
        text: any text; indented by four spaces, so nothing in it can end the block.
    """
    return "\n".join("    " + line for line in text.splitlines())


def cell(text: str) -> str:
    """Escape a text for a cell of a table."""
    for character in "\\|`*_<>":
        text = text.replace(character, "\\" + character)
    return " ".join(text.split())
