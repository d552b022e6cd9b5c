"""Held-out rows whose codes were given anew: the same kinds, by other numbers than in train."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split.moved import GAP
from nnexp.diagnosis.audit.split.order import total_variation
from nnexp.diagnosis.audit.words import columns, figure
from nnexp.diagnosis.finding import Evidence, Nomination

CODES = (3, 50)  # of a column: two are exchanged by chance
ROWS_A_CODE = 10  # of a part and of train, on average
ALIKE = 0.08  # total variation of the shares of the codes, each side's largest beside the other's
MOVED = 0.12  # total variation that is left once all codes have moved alike: amounts that rose
SEVERAL = 2  # columns: that one moves so is no wonder


def given_anew(sheet: Sheet, name: str, rows: np.ndarray) -> Nomination | None:
    """Columns of codes that are as frequent as in train, but not the same ones.

    Codes that are given out in the order of their appearance, or among the names that are there,
    differ where each part is coded by itself (as by scikit-learn's LabelEncoder or pandas'
    factorize, fitted on each part).
    """
    found = []
    for column, codes in _codes(sheet).items():
        known = [codes[own][codes[own] >= 0] for own in (sheet.train, rows)]
        several = len(np.unique(np.concatenate(known)))
        if not CODES[0] <= several <= CODES[1] or min(map(len, known)) < ROWS_A_CODE * several:
            continue
        counts = [np.bincount(own, minlength=int(codes.max()) + 1) for own in known]
        apart, ranked = total_variation(*counts), total_variation(*map(np.sort, counts))
        if apart >= GAP and ranked <= ALIKE and _along(*counts) > MOVED:
            found.append((apart, ranked, column))
    if len(found) < SEVERAL:
        return None
    found.sort(reverse=True)
    apart, ranked, column = found[0]
    return Nomination(
        "preprocessing_mismatch",
        (
            Evidence(
                f"distance of the shares of the codes of {column!r} in {name} and train rows, and "
                "with both in order of size",
                f"{figure(apart)}, {figure(ranked)}",
                "the same, where rows come from elsewhere",
            ),
            Evidence("columns of codes of which that holds", len(found), "none"),
        ),
        f"The codes of {columns([own for *_, own in found])} are as frequent in {name} rows as in "
        "train rows, but others: names were given numbers in each part by itself, and one number "
        "means two things.",
        (),
        strength=0.93,
        certain=True,
    )


def _along(a: np.ndarray, b: np.ndarray) -> float:
    """Total variation of two counts (L,) with one moved by so many codes as bring it nearest."""
    size = len(a)
    held = np.concatenate((np.zeros(size), a, np.zeros(size)))
    moved = [
        np.concatenate((np.zeros(place), b, np.zeros(2 * size - place)))
        for place in range(2 * size + 1)
    ]
    return min(total_variation(held, own) for own in moved)


def _codes(sheet: Sheet) -> dict[str, np.ndarray]:
    """Columns of codes 0, 1, 2, ... or 1, 2, ..., and of names that hold a number, as whole numbers
    (N,); -1: none.
    """
    found = {
        name: codes
        for name, (codes, levels) in sheet.levels.items()
        if len(levels) <= CODES[1]
        and all(any(letter.isdigit() for letter in str(level)) for level in levels)
    }
    for name, values in sheet.numbers.items():
        numbers, _ = sheet.distinct[name]
        from_first = 0 < len(numbers) <= CODES[1] and numbers[0] in (0, 1)
        if from_first and np.array_equal(numbers, numbers[0] + np.arange(len(numbers))):
            found[name] = np.where(np.isfinite(values), values, -1).astype(np.int64)
    return found
