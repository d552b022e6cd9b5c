"""How alike two words are, and the name that was meant by one that does not exist."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher


def nearest(word: str, names: Sequence[str], cutoff: float = 0.55) -> str | None:
    """The name most like `word`, capitals and hyphens aside; None where none is like it."""
    word = plain_word(word)
    best = max(names, key=lambda name: likeness(word, name), default=None)
    return best if best is not None and likeness(word, best) >= cutoff else None


def plain_word(word: str) -> str:
    """A word as names of keys are written: `Batch-Size` is `batch_size`."""
    return word.replace("-", "_").lower()


def likeness(a: str, b: str) -> float:
    """How alike two texts are, in [0, 1] (Ratcliff & Obershelp)."""
    return SequenceMatcher(None, a, b).ratio()
