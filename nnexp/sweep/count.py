"""How many jobs a sweep has, told before any of them is made."""

from __future__ import annotations

import math
from collections.abc import Sequence

from nnexp.config.schema.sweep import SweepConfig
from nnexp.leaderboard.grouping import FOLD, FOLDS
from nnexp.sweep.space import Axis, Space


def job_count(spaces: Sequence[Space], settings: SweepConfig) -> int:
    """The jobs that `draw.jobs_of` makes, or more: one that comes twice counts twice.

    Arguments:
        spaces: the blocks of the sweep; one with an interval is no grid, and has no job of one.
        settings: of which `method` and `n` are read.
    """
    grid = sum(math.prod(sum(_folds(axis, space)) for axis in _axes(space)) for space in spaces)
    if settings.method == "grid" or settings.n is None:
        return grid
    drawn = settings.n * max(map(_of_one, spaces))
    ranges = any(axis.interval is not None for space in spaces for axis in space.axes)
    return drawn if ranges else min(grid, drawn)


def _of_one(space: Space) -> int:
    """The jobs of one configuration, its seeds and folds, at most."""
    return math.prod(
        sum(_folds(axis, space)) if axis.repeats else max(_folds(axis, space), default=1)
        for axis in _axes(space)
    )


def _axes(space: Space) -> list[Axis]:
    """The axes of a block, and what is fixed as one with a single step."""
    return [*space.axes, Axis(("",), (space.fixed,))]


def _folds(axis: Axis, space: Space) -> list[int]:
    """For each step of an axis how many jobs `space.with_folds` makes of one."""
    fixed = {word.partition("=")[0] for word in space.fixed}
    if FOLD in fixed or any(FOLD in own.keys for own in space.axes):
        return [1] * len(axis.values)
    counts = []
    for step in axis.values:
        folds = dict(word.partition("=")[::2] for word in step).get(FOLDS, "")
        counts.append(max(1, int(folds)) if folds.isdecimal() else 1)
    return counts
