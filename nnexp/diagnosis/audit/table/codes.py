"""Codes of a nominal column that are read as a quantity."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from nnexp.diagnosis.audit.learners.forest import sample
from nnexp.diagnosis.audit.learners.linear import FOLDS, by_ridge, standardised
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.table.kinds import compare_levels, gain_by_kinds, order_of_codes
from nnexp.diagnosis.audit.words import columns, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

LEVELS = (8, 500)  # fewer are learnt as steps of a quantity; more are an identifier
ROWS_A_LEVEL = 4.0  # on average: two for each half that is compared
SAMPLE = 20_000  # rows looked at
TELLS = 0.03  # variance of the label that the levels explain in rows not used for it
ERRORS = 5.0  # standard errors, of up to some hundred columns
ALIKE = 0.3  # of that variance that the neighbouring code explains: quantities reach 0.7 and more

# Many columns of few codes each: every one alone says little. Chosen on adult and soybean with
# their texts as codes, held against the other tables of scripts/diagnosis_cases.py.
FEW = (3, 50)  # codes of a column
KNOWN = 5  # rows of a code, on average
INFORMATIVE = 0.01  # share of the label's variance that the codes explain beyond chance
RANDOM = 0.35  # share of random orders that are smoother, in the mean: codes in no order have 0.5,
# quantities less than 0.15
MIXED = 0.2  # of one column: below it it may be a quantity among the codes
BETTER, BETTER_Z = 0.01, 2.0  # accuracy that a ridge regression gains by kinds, and its errors

# the same, with which a single column of mixed order is enough
PLAINLY, PLAINLY_Z = 0.03, 4.0

# What codes tell beside all other columns: chosen on names dealt numbers at random in made tables,
# held against the tables of scripts/diagnosis_cases.py.
LEAST_INFORMATIVE = 0.003  # share of the label's variance that a column explains beyond chance
IN_NO_ORDER = 0.1  # share of random orders that are smoother
BESIDE, BESIDE_Z = 0.01, 3.0  # of the squared error that kinds take away, and its errors
BESIDE_SAMPLE = 5_000  # rows
ONE_CODE = 0.9  # share of its rows from which on a column counts something rare

# Whole numbers that were scaled: how far mean and spread of the train rows are from 0 and 1, and
# the levels from whole steps
SCALED, STEPS = 0.01, 0.01
DENSE = 2.0  # steps from the first level to the last, over the number of levels that are there

# columns, and what is told of them but for the fix
Told = tuple[Sequence[str], Nomination]


def check(sheet: Sheet) -> Audit:
    """Integer columns whose codes stand for kinds."""
    found = _many_codes(sheet) or _few_codes(sheet) or _beside_others(sheet)
    return Audit([] if found is None else [_with_others_alike(sheet, *found)])


def _with_others_alike(sheet: Sheet, told: Sequence[str], found: Nomination) -> Nomination:
    """The same with all columns whose next code tells nothing of a code: where one is of names, so
    are they.
    """
    alike = _orders_of_codes(sheet, sample(sheet.train, BESIDE_SAMPLE))
    names = [*told, *(name for name in alike if name not in told)]
    fix = also("data.categorical", sheet.config.categorical, names)
    return replace(found, fix=(fix,), subject=", ".join(names))


def _many_codes(sheet: Sheet) -> Told | None:
    """Columns whose codes tell the label while the codes beside them tell otherwise."""
    found = {}
    for name, values in sheet.numbers.items():
        levels, _ = sheet.distinct[name]
        if not LEVELS[0] <= len(levels) <= LEVELS[1] or not _are_whole(sheet, name):
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
        return None
    name, worst = max(found.items(), key=lambda item: item[1].own)
    return list(found), Nomination(
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
        (),
        strength=0.75,
    )


def _few_codes(sheet: Sheet) -> Told | None:
    """Columns of a few codes each, whose order is no better than a random one in the mean."""
    rows = sample(sheet.train)
    if len(rows) < 2 * FOLDS:
        return None
    weights, places = {}, {}
    for name, own, truth in _whole_numbers(sheet, rows, FEW, KNOWN):
        explained, place = order_of_codes(own, truth, len(sheet.classes))
        if explained > INFORMATIVE:
            weights[name], places[name] = explained, place
    kinds = [name for name, place in places.items() if place >= MIXED]
    if not kinds:
        return None
    mean = float(np.average(list(places.values()), weights=list(weights.values())))
    amounts, as_kinds, z = _by_kinds(sheet, rows, kinds)
    gained = as_kinds - amounts
    plainly = gained >= PLAINLY and z >= PLAINLY_Z
    if not plainly and (mean < RANDOM or gained < BETTER or z < BETTER_Z):
        return None
    return kinds, Nomination(
        "categorical_as_number",
        (
            Evidence(
                "accuracy of a ridge regression with these columns as kinds, and as amounts",
                f"{as_kinds:.3f}, {amounts:.3f}",
                "the same for quantities",
            ),
            Evidence(
                "random orders of their codes in which neighbours are more alike",
                percent(mean),
                "0 to 15 % for quantities, half for names",
            ),
        ),
        f"The codes of {columns(kinds)} are in no order that the label knows, as numbers that "
        "stand for names are, and are read as amounts: the network has to undo that.",
        (),
        strength=0.8,
    )


def _beside_others(sheet: Sheet) -> Told | None:
    """Columns whose codes, as kinds, tell what all columns together do not tell as amounts."""
    rows, count = sample(sheet.train, BESIDE_SAMPLE), len(sheet.classes)
    # a few names may be in order by chance: they are told with those that are in none
    orders = _orders_of_codes(sheet, rows)
    judged = [name for name, place in orders.items() if place >= IN_NO_ORDER]
    levels = sum(len(sheet.distinct[name][0]) for name in judged)
    if not judged or levels > LEVELS[1] or len(rows) < 2 * FOLDS:
        return None
    values = [sheet.numbers[name][rows] for name in judged]
    filled = [np.where(np.isfinite(own), own, np.nanmedian(own)) for own in values]
    share, z = gain_by_kinds(sheet.matrix[rows], filled, sheet.y[rows], count)
    if share < BESIDE or z < BESIDE_Z:
        return None
    return list(orders), Nomination(
        "categorical_as_number",
        (
            Evidence(
                f"squared error that a ridge regression loses with codes of {columns(judged)} "
                "as kinds",
                percent(share),
                "none for quantities",
            ),
            Evidence(
                "random orders of these codes in which neighbours are more alike",
                percent(float(np.mean([orders[name] for name in judged]))),
                "0 to 15 % for quantities, half for names",
            ),
        ),
        f"The codes of {columns(list(orders))} tell as kinds what no curve of their amounts "
        "tells, as numbers that stand for names do, and are read as amounts: the network has "
        "to undo that.",
        (),
        strength=0.8,
    )


def _orders_of_codes(sheet: Sheet, rows: np.ndarray) -> dict[str, float]:
    """Columns of codes that tell of the label what the next code does not, and the share of random
    orders of the codes that are smoother.
    """
    orders = {}
    for name, own, truth in _whole_numbers(sheet, rows, (FEW[0], LEVELS[1]), ROWS_A_LEVEL):
        if np.unique(own, return_counts=True)[1].max() > ONE_CODE * len(own):
            continue
        explained, place = order_of_codes(own, truth, len(sheet.classes))
        if explained < LEAST_INFORMATIVE:
            continue
        ordered = compare_levels(own, truth, len(sheet.classes))
        if ordered.neighbour <= ALIKE * ordered.own:
            orders[name] = place
    return orders


def _whole_numbers(
    sheet: Sheet, rows: np.ndarray, count: tuple[int, int], each: float
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Columns of so many whole numbers, with so many rows of each on average: name, numbers (n,)
    and class indices (n,) of the rows that have one.
    """
    for name, values in sheet.numbers.items():
        levels, _ = sheet.distinct[name]
        known = rows[np.isfinite(values[rows])]
        several = count[0] <= len(levels) <= count[1]
        if several and len(known) >= each * len(levels) and _are_whole(sheet, name):
            yield name, values[known], sheet.y[known]


def _are_whole(sheet: Sheet, name: str) -> bool:
    """Whether a column holds whole numbers, or whole numbers that were scaled."""
    levels, _ = sheet.distinct[name]
    if np.array_equal(levels, np.floor(levels)):
        return True
    values = sheet.numbers[name][sheet.train]
    values = values[np.isfinite(values)]
    if not len(values) or len(levels) < 2:
        return False
    standard = abs(values.mean()) <= SCALED and abs(values.std() - 1) <= SCALED
    if not standard and (values.min(), values.max()) != (0.0, 1.0):
        return False
    span = levels[-1] - levels[0]
    count = np.rint(span / np.diff(levels).min())
    if count > DENSE * len(levels):  # a number that stands for none lies far off, say
        return False
    steps = (levels - levels[0]) / span * count
    return bool(np.abs(steps - np.rint(steps)).max() <= STEPS)


def _by_kinds(sheet: Sheet, rows: np.ndarray, kinds: Sequence[str]) -> tuple[float, float, float]:
    """Accuracy of a ridge regression on columns as amounts and as kinds, and z of the gain."""
    x = standardised(sheet.matrix[rows])
    indicators = [
        sheet.numbers[name][rows] == level for name in kinds for level in sheet.distinct[name][0]
    ]
    both = np.concatenate((x, standardised(np.stack(indicators, 1))), 1)
    truth, y = np.eye(len(sheet.classes))[sheet.y[rows]], sheet.y[rows]
    before, after = (by_ridge(own, truth).argmax(1) == y for own in (x, both))
    changed = int((before != after).sum())
    gained = int(after.sum()) - int(before.sum())
    return float(before.mean()), float(after.mean()), gained / max(1.0, changed**0.5)
