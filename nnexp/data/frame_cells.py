"""The cells of a frame, each column read once as texts and once as numbers."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

import pandas as pd

from nnexp.data.cells import MISSING_TOKENS, Numbers, Texts, read_numbers, read_texts
from nnexp.data.written import AUTO


class Cells:
    """A frame's columns read as texts or numbers, each at most once.

    Arguments:
        frame: N rows.
        tokens: texts that stand for a missing cell.
        keep_infinite: leave infinite numbers as they are.
        decimal: how texts write numbers, as data.decimal.

    Attributes:
        dtypes: of the columns, by name.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        tokens: Collection[str] = MISSING_TOKENS,
        keep_infinite: bool = False,
        decimal: str = AUTO,
    ) -> None:
        self.frame = frame
        self.dtypes = dict(zip(frame.columns, frame.dtypes, strict=True))
        self.tokens = frozenset(tokens)
        self.keep_infinite = keep_infinite
        self.decimal = decimal
        self._texts: dict[str, Texts] = {}
        self._numbers: dict[str, Numbers] = {}

    def texts(self, name: str) -> Texts:
        """The column `name` as texts."""
        return self._cached(self._texts, name, lambda column: read_texts(column, self.tokens))

    def numbers(self, name: str) -> Numbers:
        """The column `name` as numbers."""
        return self._cached(
            self._numbers,
            name,
            lambda column: read_numbers(column, self.tokens, self.keep_infinite, self.decimal),
        )

    def _cached(self, cache: dict[str, Any], name: str, read: Callable[[pd.Series], Any]) -> Any:
        if name not in cache:
            cache[name] = read(self.frame[name])
        return cache[name]
