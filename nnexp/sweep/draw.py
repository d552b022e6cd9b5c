"""Which jobs a sweep has, where that is settled before any of them runs: grid and random search."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence

import numpy as np

from nnexp.config.schema.sweep import SweepConfig
from nnexp.sweep.space import Axis, Space, with_folds

ATTEMPTS = 100  # draws in a row that give nothing new, before it is taken that there is nothing


def jobs_of(spaces: Sequence[Space], settings: SweepConfig) -> list[list[str]]:
    """The overrides of each job of a sweep, without repetitions.

    Arguments:
        spaces: its blocks, one after another.
        settings: of which `method`, `n` and `seed` are read. Without `n` it is the whole grid.

    Raises:
        UserError: an interval in a grid.
    """
    if settings.method == "grid" or settings.n is None:
        jobs = [job for space in spaces for job in space.grid()]
    else:
        jobs = draw(spaces, settings.n, settings.seed)
    return with_folds([list(job) for job in dict.fromkeys(map(tuple, jobs))])


def draw(spaces: Sequence[Space], count: int, seed: int) -> list[list[str]]:
    """Configurations drawn at random, each with all of its seeds and folds.

    Numbers are even over their interval, or over its logarithm; values of a list are equally
    likely. No configuration comes twice; where there are fewer than `count`, all come.

    Arguments:
        spaces: blocks, which take turns.
        count: configurations.
        seed: the same one gives the same configurations.
    """
    if sum(map(_size, spaces)) <= count:
        return [job for space in spaces for job in space.grid()]
    rng = np.random.Generator(np.random.PCG64(seed))
    seen: set[frozenset[str]] = set()
    jobs: list[list[str]] = []
    turn, misses = 0, 0
    while len(seen) < count and misses < ATTEMPTS * len(spaces):
        space, turn = spaces[turn % len(spaces)], turn + 1
        chosen = tuple(_draw(axis, rng) for axis in space.axes if not axis.repeats)
        words = frozenset(space.job(chosen))  # those of its block too
        if words in seen:
            misses += 1
            continue
        seen.add(words)
        misses = 0
        jobs += repetitions(space, chosen)
    return jobs


def repetitions(space: Space, chosen: Sequence[Sequence[str]]) -> Iterator[list[str]]:
    """The jobs of one configuration: one for each combination of seeds and folds.

    Arguments:
        space: the block.
        chosen: the words of its other axes.
    """
    for repeated in itertools.product(*(a.values for a in space.axes if a.repeats)):
        yield space.job([*chosen, *repeated])


def _draw(axis: Axis, rng: np.random.Generator) -> tuple[str, ...]:
    if axis.interval is not None:
        return axis.word(axis.interval.at(float(rng.random())))
    return axis.values[int(rng.integers(len(axis.values)))]


def _size(space: Space) -> float:
    """How many configurations a block has."""
    sizes = [
        math.inf if axis.interval is not None else len(axis.values)
        for axis in space.axes
        if not axis.repeats
    ]
    return math.prod(sizes)
