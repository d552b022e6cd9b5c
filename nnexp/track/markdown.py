"""Markdown for TensorBoard's Text tab."""

from __future__ import annotations


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
