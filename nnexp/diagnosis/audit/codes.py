"""Codes of a nominal column that are read as a quantity."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.audit.forest import sample
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

LEVELS = (8, 500)  # fewer are learnt as steps of a quantity; more are an identifier
ROWS_A_LEVEL = 4.0  # on average: two for each half that is compared
SAMPLE = 20_000  # rows looked at
TELLS = 0.03  # variance of the label that the levels explain in rows not used for it
ERRORS = 5.0  # standard errors, of up to some hundred columns
ALIKE = 0.3  # of that variance that the neighbouring code explains: quantities reach 0.7 and more


@dataclass(frozen=True)
class Ordered:
    """How much the levels of a column tell of the label, and how much their neighbours do.

    Arguments:
        own: share of the label's variance that a level explains in the other half of the rows.
        neighbour: the share that the level of the next code explains.
        errors: of `own`, in standard errors.
        levels: how many there are.
    """

    own: float
    neighbour: float
    errors: float
    levels: int


def check(sheet: Sheet) -> Audit:
    """Integer columns whose codes tell the label while the codes beside them tell otherwise."""
    found = {}
    for name, values in sheet.numbers.items():
        levels, _ = sheet.distinct[name]
        whole = len(levels) >= LEVELS[0] and np.array_equal(levels, np.floor(levels))
        if len(levels) > LEVELS[1] or not whole:
            continue
        known = sample(sheet.train[np.isfinite(values[sheet.train])], SAMPLE)
        if len(known) < ROWS_A_LEVEL * len(levels):
            continue
        ordered = compare_levels(values[known], sheet.y[known], len(sheet.classes))
        if (
            ordered.own >= TELLS
            and ordered.errors >= ERRORS
            and ordered.neighbour <= ALIKE * ordered.own
        ):
            found[name] = ordered
    if not found:
        return Audit()
    name, worst = max(found.items(), key=lambda item: item[1].own)
    return Audit(
        [
            Nomination(
                "categorical_as_number",
                (
                    Evidence(
                        f"variance of the label that a code of {name!r} explains in other rows",
                        round(worst.own, 3),
                        "any",
                    ),
                    Evidence(
                        "variance that the neighbouring code explains",
                        round(max(worst.neighbour, 0.0), 3),
                        f"nearly as much for a quantity, with {worst.levels} levels",
                    ),
                ),
                f"The codes of {columns(list(found))} name kinds and are read as amounts: code 7 "
                "lies between 6 and 8 for the network, and it has to undo that.",
                (also("data.categorical", sheet.config.categorical, list(found)),),
                strength=0.75,
                subject=", ".join(found),
            )
        ]
    )


def compare_levels(values: np.ndarray, y: np.ndarray, classes: int) -> Ordered:
    """Products of the class shares of a level in two halves of the rows, and across neighbours.

    The noise of a half is independent of that of the other, so that both products are unbiased
    however few rows a level has.

    Arguments:
        values: integers (n,).
        y: class indices (n,).
        classes: C.
    """
    _, codes = np.unique(values, return_inverse=True)
    count = int(codes.max()) + 1
    truth = np.eye(classes)[y]
    total = truth.mean(0)
    variance = float((total * (1 - total)).sum())
    half = np.random.default_rng(0).permutation(len(y)) < len(y) // 2
    means, sizes = [], []
    for rows in (half, ~half):
        size = np.bincount(codes[rows], minlength=count).astype(float)
        sums = np.stack(
            [np.bincount(codes[rows], truth[rows, k], minlength=count) for k in range(classes)], 1
        )
        means.append(sums / size.clip(1)[:, None] - total)
        sizes.append(size)
    own, own_error = _product(means[0], means[1], np.minimum(*sizes))
    beside = [
        _product(means[0][:-1], means[1][1:], np.minimum(sizes[0][:-1], sizes[1][1:]))[0],
        _product(means[0][1:], means[1][:-1], np.minimum(sizes[0][1:], sizes[1][:-1]))[0],
    ]
    variance = max(variance, 1e-12)
    errors = own / own_error if own_error > 0 else 0.0
    return Ordered(own / variance, float(np.mean(beside)) / variance, errors, count)


def _product(a: np.ndarray, b: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """The weighted mean of the rows' dot products, and its standard error."""
    if not weight.sum():
        return 0.0, 0.0
    dots = (a * b).sum(1)
    mean = float((dots * weight).sum() / weight.sum())
    error = float(np.sqrt(((weight * (dots - mean)) ** 2).sum()) / weight.sum())
    return mean, error
