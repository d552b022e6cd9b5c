"""Fixes as overrides: one word each, as the command line takes it (a shell may want quotes)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser

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


def united(*fixes: Sequence[str]) -> list[str] | None:
    """Some fixes as one; None where two of them want unlike things.

    >>> united(["data.drop=[a]", "reg.l2=0.01"], ["data.drop=[b]"])
    ['data.drop=[a,b]', 'reg.l2=0.01']
    """
    words: dict[str, str] = {}
    for word in (word for fix in fixes for word in fix):
        key = word.partition("=")[0]
        present = words.get(key, word)
        if present != word:
            lists = [_value(one) for one in (present, word)]
            if not all(isinstance(one, list) for one in lists):
                return None
            word = also(key, *lists)
        words[key] = word
    return list(words.values())


def _value(word: str) -> Any:
    """The value of a word, as the command line reads it."""
    return OverridesParser.create().parse_override(word).value()
