"""Categories as codes: which levels train rows have, and where every cell falls among them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnexp.data.cells import Texts, parse_number

_PLAIN = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]*)?")
_AS_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,14})(\.[0-9]*)?")  # as programs write it: not 007


@dataclass(frozen=True)
class Category:
    """The levels of one categorical column, as its train rows have them.

    Codes run over `levels`, then one for the rare level and one for missing cells where train
    has such.

    Arguments:
        name: the column.
        levels: levels of their own, sorted; numbers by size where all are numbers.
        merged: levels merged into the rare one for having too few train rows.
        missing: train has missing cells, which then are a level.
    """

    name: str
    levels: tuple[str, ...]
    merged: tuple[str, ...] = ()
    missing: bool = False

    @property
    def size(self) -> int:
        """Number of codes."""
        return len(self.levels) + bool(self.merged) + self.missing

    @property
    def titles(self) -> list[str]:
        """What each code stands for, for the names of one-hot columns."""
        rare = ["(rare)"] if self.merged else []
        return [*self.levels, *rare, *(["(missing)"] if self.missing else [])]


def fit_category(name: str, texts: Texts, train: np.ndarray, min_frequency: int = 1) -> Category:
    """Learn a column's levels from its train rows.

    Arguments:
        name: the column.
        texts: its N cells.
        train: int64, the train rows.
        min_frequency: levels with fewer train rows are merged into the rare level.
    """
    counts = np.bincount(texts.codes[train] + 1, minlength=len(texts.levels) + 1)
    kept = [
        text
        for text, count in zip(texts.levels, counts[1:], strict=True)
        if count >= max(1, min_frequency)
    ]
    merged = [
        text
        for text, count in zip(texts.levels, counts[1:], strict=True)
        if 0 < count < min_frequency
    ]
    return Category(name, _ordered(kept), _ordered(merged), bool(counts[0]))


def encode(category: Category, texts: Texts) -> np.ndarray:
    """The code of each cell, int64 of shape (N,); -1 where train has nothing like it.

    Levels that train lacks count as rare where there is a rare level. A number that train has
    written otherwise is that level: `1` where train has `1.0` or `01`, as a file of another
    format has it.
    """
    place = {text: code for code, text in enumerate(category.levels)}
    other = len(category.levels) if category.merged else -1
    absent = category.size - 1 if category.missing else -1
    known = _known(category, texts.levels)
    lookup = [place.get(text, other) for text in known]
    return np.array([*lookup, absent], dtype=np.int64)[texts.codes]


def unseen(category: Category, texts: Texts) -> list[str]:
    """The levels among the cells that no train row has."""
    levels = {*category.levels, *category.merged}
    known = _known(category, texts.levels)
    return sorted(t for t, own in zip(texts.levels, known, strict=True) if own not in levels)


def _known(category: Category, texts: Sequence[str]) -> list[str]:
    """Texts as train rows have them: a number by its value, where one level has it alone.

    Programs drop zeros in front and add `.0`; zeros that are written mean something.

    >>> _known(Category("zip", ("01234", "501", "7", "7.0")), ["1234", "501.0", "0501", "7.00"])
    ['01234', '501', '0501', '7.00']
    """
    levels = {*category.levels, *category.merged}
    if all(text in levels for text in texts):
        return list(texts)
    named: dict[float, list[str]] = {}
    for level in levels:
        if _PLAIN.fullmatch(level):
            named.setdefault(float(level), []).append(level)
    found = []
    for text in texts:
        alike = named.get(float(text), []) if _AS_NUMBER.fullmatch(text) else []
        found.append(alike[0] if text not in levels and len(alike) == 1 else text)
    return found


def _ordered(levels: list[str]) -> tuple[str, ...]:
    numbers = {text: parse_number(text) for text in levels}
    if any(number is None for number in numbers.values()):
        return tuple(sorted(levels))
    return tuple(sorted(levels, key=lambda text: (numbers[text], text)))


def as_numbers(places: np.ndarray) -> np.ndarray:
    """Places (N,) as float64, NaN for a category that is missing or unknown (below 0)."""
    return np.where(places < 0, np.nan, places)
