"""What a column of numbers identifies: rows or times."""

from __future__ import annotations

import numpy as np

DISTINCT = 0.95  # share of the rows that have a value of their own
ORDERED = 0.98  # share of steps in one direction that makes a column run with the file
DENSE = 1.5  # range of a numbering over the rows it numbers, at most
EPOCH = (3e8, 4.2e9)  # seconds since 1970 of 1979 to 2103
ROWS = 20  # fewer say nothing


def numbered(values: np.ndarray, distinct: int) -> str:
    """What a column of numbers identifies: rows, times, or nothing ("").

    Arguments:
        values: (N,), float64 with NaN where missing, or int64.
        distinct: how many different numbers there are.
    """
    known = values[np.isfinite(values)]
    if len(known) < ROWS or not np.array_equal(known, np.floor(known)):
        return ""
    low, high = known.min().item(), known.max().item()
    dense = high - low < DENSE * len(known)
    for unit in (1.0, 1e3, 1e6, 1e9):
        if unit > 1 and dense:
            break  # rows that follow each other by the nanosecond are numbered
        if EPOCH[0] * unit <= low and high <= EPOCH[1] * unit and distinct > len(known) / 2:
            return "looks like a time in seconds since 1970"
    if distinct < DISTINCT * len(known):
        return ""
    steps = np.diff(known)
    if max((steps > 0).mean(), (steps < 0).mean()) >= ORDERED:
        return "looks like a row number" if dense else "runs with the rows"
    if distinct == len(known) and dense:
        return "looks like a row number in another order"
    return ""
