"""Each configuration against the first, by their runs of the same seeds and folds."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from nnexp.leaderboard.board import Comparison
from nnexp.leaderboard.power import pairs_needed
from nnexp.leaderboard.records import Record
from nnexp.leaderboard.resampling import valid_to_train
from nnexp.leaderboard.row_weights import rows_of, step_of
from nnexp.scores import sign
from nnexp.statistics import LEVEL, chance_of_rows, holm, holm_factors, mean_by, paired_test


def compare_with_first(
    ranked: Sequence[Sequence[Record]],
    unit: Callable[[Record], Hashable],
    sort: str,
    labels: Callable[[Sequence[Record]], Sequence[Hashable]],
    splits_vary: Callable[[Sequence[Record]], bool],
) -> list[Comparison | None]:
    """Each configuration against the first, in their order; None for the first itself.

    Told from the first is what is worse beyond chance: one that is better on the runs that both
    have, and comes later for the rest, is not. An accuracy has to be worse by more than the rows
    make that all runs are scored on, however many seeds agree (`chance_of_rows`); of a loss and of
    an AUC this is not known, and what is told is told of these rows alone.

    Arguments:
        ranked: the runs of each configuration that are done.
        unit: what a run has in common with its partners in other configurations.
        sort: the score that ranks.
        labels: of runs, equal for those that are one pair together: of a seed, or of a split.
        splits_vary: whether that of runs does, so that pairs are splits.
    """
    if not ranked:
        return []
    first = {unit(record): record for record in ranked[0]}
    step = step_of(ranked[0][0], sort)
    tests, ratios, by_split = [], [], []
    for done in ranked[1:]:
        common = [(r, first[unit(r)]) for r in done if unit(r) in first]
        differences: NDArray[np.float64] = np.array(
            [recorded_score(own, sort) - recorded_score(other, sort) for own, other in common]
        )
        splits = splits_vary([own for own, _ in common])
        by_split.append(splits)
        differences = mean_by(differences, labels([own for own, _ in common]))
        ratios.append(valid_to_train(common[0][0]) if splits else 0.0)
        tests.append(paired_test(differences, ratios[-1], step))
    p = np.array([test.p for test in tests])
    adjusted, factors = holm(p), holm_factors(p)
    comparisons: list[Comparison | None] = [None]
    for test, ratio, splits, p_holm, factor in zip(
        tests, ratios, by_split, adjusted, factors, strict=True
    ):
        rows = _rows_of_all(ranked[0][0], sort, test.mean.n if splits else 1, ratio)
        worse = sign(sort) * test.mean.mean > chance_of_rows(test.mean.mean, rows)
        told, needed = bool(p_holm < LEVEL) and worse, None
        if math.isfinite(factor) and worse and not told:
            needed = pairs_needed(test.mean.mean, test.sd, LEVEL / factor, ratio)
        comparisons.append(
            Comparison(
                test.mean.mean,
                test.mean.low,
                test.mean.high,
                test.p,
                float(p_holm),
                told,
                test.mean.n,
                needed,
            )
        )
    return comparisons


def recorded_score(record: Record, score: str) -> float:
    """A run's score, as `val_loss`; NaN where it has none."""
    part, _, name = score.partition("_")
    return _number(((record.metrics or {}).get(part) or {}).get(name))


def stderr_of(record: Record, score: str) -> float:
    """The standard error of a run's score, over the rows; NaN where it has none."""
    return recorded_score(record, f"{score}_stderr")


def _rows_of_all(record: Record, sort: str, splits: int, ratio: float) -> float:
    """Of how many rows the scores of all splits are: no more than those that do not test."""
    rows = rows_of(record, sort)
    return rows * min(splits, 1 + 1 / ratio) if splits > 1 and ratio > 0 else rows


def _number(value: Any) -> float:
    """A number of a JSON file as a float; NaN for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return math.nan
    try:
        return float(value) if math.isfinite(value) else math.nan
    except OverflowError:  # a whole number beyond all floats
        return math.nan
