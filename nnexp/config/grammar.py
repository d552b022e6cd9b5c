"""Overrides read by Hydra's grammar, one word at a time; nothing is composed."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override

PARSE_RULE = OverridesParser.parse_rule  # Hydra's own, whatever stands in its place


@lru_cache(maxsize=4096)  # a sweep reads the words of its jobs several times
def parse(word: str) -> Override:
    """A word as an override, which is not to be changed.

    Raises:
        HydraException: it is none.
    """
    override = PARSE_RULE(_parser(), word, "override")
    assert isinstance(override, Override)
    return override


def value_of(word: str) -> Any:
    """The value of a word: text without its quotes, numbers, lists, mappings."""
    return parse(word).value()


@cache
def _parser() -> OverridesParser:
    return OverridesParser.create()
