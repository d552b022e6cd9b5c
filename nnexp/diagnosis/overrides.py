"""Fixes as overrides: one word each, as the command line takes it (a shell may want quotes)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nnexp.config.keys import literal


def override(key: str, value: Any) -> str:
    """The word that sets a key.

    >>> override("data.drop", ["id", "a b"])
    'data.drop=[id,"a b"]'
    """
    return f"{key}={literal(value)}"


def also(key: str, present: Sequence[str], more: Sequence[str]) -> str:
    """The word that adds texts to a list of texts.

    >>> also("data.drop", ["id"], ["date", "id"])
    'data.drop=[id,date]'
    """
    return override(key, [*present, *(text for text in more if text not in present)])
