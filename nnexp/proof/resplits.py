"""Splits for re-runs whose tables have one shape, so that the re-runs train as one stack.

A column that is constant in the train rows of one split and not in those of another is an input
of one re-run and not of the other: they cannot share a stack. Which rows it draws decides that, so
splits are drawn in turn until there are enough of one shape.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from itertools import chain

import numpy as np

from nnexp.config.schema.config import Config
from nnexp.data.cache import Tables
from nnexp.data.draft import Draft
from nnexp.errors import UserError
from nnexp.sweep.grouping import traits

TRIES = 4  # splits drawn for each one wanted
CELLS = 1_000_000  # of a table beyond which its splits are taken as they come: they fill the memory


def resplits(config: Config, tables: Tables, count: int, used: Sequence[int] = ()) -> list[int]:
    """Splits of one shape, where there are enough, with the run's own test rows.

    Arguments:
        config: the choices of table, split and training.
        tables: where the datasets are made and kept.
        count: how many, >= 1.
        used: what was given before: none of it is given again, and the first has the shape wanted.

    Returns:
        What to add to the seed of the rows that validate, once for each split: `count` different
        numbers >= 1, since 0 is the run's own split, or 0 so many times where the split is the
        same for every seed. A split that cannot be made is given for want of others.
    """
    if _is_fixed(config, tables):
        return [0] * count
    first = max(used, default=0) + 1
    if _is_large(config, tables, first):
        return list(range(first, first + count))
    wanted = _traits(config, tables, used[0]) if used else None
    alike: dict[Hashable, list[int]] = {}
    for offset in range(first, first + TRIES * count):
        own = _traits(config, tables, offset)
        alike.setdefault(own, []).append(offset)
        if own is not None and wanted in (None, own) and len(alike[own]) == count:
            return alike[own]
    groups = sorted(alike, key=lambda own: (own == wanted, len(alike[own])), reverse=True)
    made = [alike[own] for own in groups if own is not None]
    return [*chain.from_iterable(made), *alike.get(None, [])][:count]


def _is_fixed(config: Config, tables: Tables) -> bool:
    """Whether the rows of the parts do not depend on the seed, as with a column or in time."""
    split = config.data.split
    if split.method == "random" and split.shuffle and split.folds is None:
        return False
    try:
        one, other = (_draft(config, tables, offset) for offset in (0, 1))
    except UserError:
        return False
    return all(
        np.array_equal(getattr(one.split, part), getattr(other.split, part))
        for part in ("train", "valid")
    )


def _is_large(config: Config, tables: Tables, offset: int) -> bool:
    try:
        shape = _draft(config, tables, offset).shape
        return shape.rows * shape.inputs > CELLS
    except UserError:
        return False


def _traits(config: Config, tables: Tables, offset: int) -> Hashable:
    """What a stack's members have in common; None where the split cannot be made."""
    try:
        return tuple(traits(config, _draft(config, tables, offset).shape).values())
    except UserError:
        return None


def _draft(config: Config, tables: Tables, offset: int) -> Draft:
    split, valid = config.seeds.of_split
    return tables.draft(config.data, split, valid + offset)
