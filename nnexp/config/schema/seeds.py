"""The keys of `seeds`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from nnexp.config.schema.option import option


@dataclass
class SeedsConfig:
    split: int = option(0, "who is in train, validation and test; the same for every `seed`", ge=0)
    valid: Optional[int] = option(
        None, "who of the rows that do not test validates; null follows `split`", ge=0
    )
    init: Optional[int] = option(None, "initial weights; null follows `seed` and the split", ge=0)
    batches: Optional[int] = option(None, "row order; null follows `seed` and the split", ge=0)
    dropout: Optional[int] = option(None, "dropped units; null follows `seed` and the split", ge=0)

    @property
    def of_split(self) -> tuple[int, int]:
        """The seeds of the rows that test, and of those that validate."""
        return self.split, self.split if self.valid is None else self.valid
