"""Columns that others add up to, or are products of: totals, means, a body mass index."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

ROWS = 1000  # that are looked at
MOST = 50  # columns
LEFT = 1e-3  # share of its variance that the others leave of such a column, at most


def dependent(numbers: Mapping[str, np.ndarray]) -> set[str]:
    """The columns that follow from those before them, in the order of their numbers of values.

    As a sum of some with any factors, or as a product of powers. Where one changes, so do these: a
    row that differs from another in both differs in one thing.

    Arguments:
        numbers: each (N,), NaN where missing.
    """
    if not numbers:
        return set()
    size = len(next(iter(numbers.values())))
    rows = np.sort(np.random.default_rng(0).permutation(size)[:ROWS])
    columns = {name: values[rows] for name, values in list(numbers.items())[:MOST]}
    order = sorted(columns, key=lambda name: len(np.unique(columns[name])))
    kept: list[str] = []
    found: set[str] = set()
    for name in order:
        own = columns[name]
        others = [columns[other] for other in kept]
        positive = [other for other in others if np.nanmin(other, initial=np.inf) > 0]
        if _is_sum(own, others) or (
            np.nanmin(own, initial=np.inf) > 0
            and _is_sum(np.log(own), [np.log(other) for other in positive])
        ):
            found.add(name)
        else:
            kept.append(name)
    return found


def _is_sum(values: np.ndarray, others: list[np.ndarray]) -> bool:
    """Whether values (n,) are a sum of others (n,) each, with factors and a constant."""
    if not others:
        return False
    table = np.column_stack([*others, values])
    table = table[np.isfinite(table).all(1)]
    if len(table) < 4 * table.shape[1]:
        return False
    with np.errstate(over="ignore", invalid="ignore"):
        table = table - table.mean(0)
        spread = table.std(0)
    if not np.isfinite(spread).all():  # numbers too large to be squared
        return False
    table = table / np.where(spread > 0, spread, 1.0)
    factors, *_ = np.linalg.lstsq(table[:, :-1], table[:, -1], rcond=None)
    left = table[:, -1] - table[:, :-1] @ factors
    return spread[-1] > 0 and float((left**2).mean()) <= LEFT
