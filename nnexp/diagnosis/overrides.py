"""Fixes as overrides: one word each, as the command line takes it (a shell may want quotes)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hydra.errors import HydraException

from nnexp.config.grammar import value_of
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
            lists = [value_of(one) for one in (present, word)]
            if not all(isinstance(one, list) for one in lists):
                return None
            word = also(key, *lists)
        words[key] = word
    return list(words.values())


def is_within(word: str, known: Sequence[str]) -> bool:
    """Whether a word is one of those known, or unites lists of theirs.

    Arguments:
        word: perhaps no override at all.
        known: overrides.

    >>> is_within("data.drop=[a,b]", ["data.drop=[a]", "data.drop=[b]", "data.drop=[c]"])
    True
    >>> is_within("data.drop=[a,d]", ["data.drop=[a]", "data.drop=[b]", "data.drop=[c]"])
    False
    """
    key = word.partition("=")[0]
    same = [[own] for own in known if own.partition("=")[0] == key]
    if [word] in same:
        return True
    try:
        whole = united(*same) or []
        return bool(whole) and united(whole, [word]) == whole
    except HydraException:  # it cannot be read
        return False
