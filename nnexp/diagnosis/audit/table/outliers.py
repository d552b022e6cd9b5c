"""A few large values that squeeze a column into a sliver of its range: outliers, or a long tail.

Of outliers in validation rows alone no scale is made, but the validation loss.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from nnexp.data.names import listing
from nnexp.diagnosis.audit.sheet import SLIVER, Sheet
from nnexp.diagnosis.audit.words import figure
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

JUMP = 30.0  # distance of the nearest outlier over that of the farthest other value, and more where
# the others have a long tail themselves: as far as their farthest is from their usual value
MOVING = 0.1  # share of the values that differ from the median
FEW = 0.01  # share of the rows that can be outliers, or three rows of a small table
TAIL = 1.0  # standard deviations that the middle nine tenths of a column span; a normal one's: 3.3
FIX = (override("data.scaling", "quantile"),)  # the only scaling that leaves no value far out


def check(sheet: Sheet) -> Audit:
    """Columns of which a scaling by mean or range leaves a few values and little else."""
    scaling, told = sheet.config.scaling, []
    if scaling not in ("standard", "minmax", "robust", "none"):
        return Audit()
    found, tails = {}, {}
    for name, train in _known(sheet, sheet.train):
        own = find_outliers(train)
        if own is not None:
            found[name] = own
        elif scaling in ("standard", "minmax"):
            span = middle_span(train)
            if span is not None and span < TAIL:
                tails[name] = span
    if found:
        told.append(_outliers(found, len(sheet.numbers)))
    elif unseen := _beyond_train(sheet):
        told.append(_unseen(unseen))
    if tails:
        told.append(_tails(tails, len(sheet.numbers)))
    return Audit(told)


def _known(sheet: Sheet, rows: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """The name and the finite numbers of each column in some rows, one column at a time."""
    for name, values in sheet.numbers.items():
        cells = values[rows]
        yield name, cells[np.isfinite(cells)]


def _beyond_train(sheet: Sheet) -> dict[str, tuple[int, float, float]]:
    """Columns with outliers that are validation rows, all of them."""
    found = {}
    both_parts = zip(_known(sheet, sheet.train), _known(sheet, sheet.valid), strict=True)
    for (name, train), (_, valid) in both_parts:
        if not len(train) or not len(valid):
            continue
        low, high = train.min(), train.max()
        if max(low - valid.min(), valid.max() - high) <= high - low:
            continue  # none is far from all of train
        both = np.concatenate((train, valid))
        own = find_outliers(both)
        if own is not None and np.abs(train - np.median(both)).max() <= own[2]:
            found[name] = own
    return found


def _unseen(found: Mapping[str, tuple[int, float, float]]) -> Nomination:
    """Columns with outliers among the validation rows, and none in train."""
    name, (rows, reach, rest) = max(found.items(), key=lambda item: item[1][1] / item[1][2])
    return Nomination(
        "outlier_crushed_feature",
        (
            Evidence(
                f"distance of validation rows' {name!r} from its median, in {rows} of them",
                figure(reach),
                f"about {figure(rest)}, the farthest of all other values",
            ),
            Evidence("columns with such values", listing(map(repr, found)), "none"),
        ),
        f"A few validation rows have a {name!r} that no train row comes near: what the network "
        "makes of them is nearly all of the validation loss, which chooses the epoch that is kept.",
        FIX,
        strength=0.75,
        subject=", ".join(found),
    )


def _outliers(found: Mapping[str, tuple[int, float, float]], columns: int) -> Nomination:
    """Columns with outliers; the more of them there are, the more it may have cost."""
    name, (rows, reach, rest) = max(found.items(), key=lambda item: item[1][1] / item[1][2])
    of = "the farthest value" if rows == 1 else f"the {rows} farthest values"
    return Nomination(
        "outlier_crushed_feature",
        (
            Evidence(
                f"distance of {of} of {name!r} from its median",
                figure(reach),
                f"about {figure(rest)}, the farthest of all other values",
            ),
            Evidence("columns with such values", listing(map(repr, found)), "none"),
        ),
        f"The scale of {name!r} is that of its outliers: all other rows fall onto one "
        "point, and what the column tells of them is lost.",
        FIX,
        strength=0.8 + 0.15 * len(found) / columns,
        subject=", ".join(found),
    )


def _tails(found: Mapping[str, float], columns: int) -> Nomination:
    """Columns with a long tail; the more of them there are, the more it may have cost."""
    name = min(found, key=lambda own: found[own])
    return Nomination(
        "outlier_crushed_feature",
        (
            Evidence(
                f"standard deviations that the middle nine tenths of {name!r} span",
                round(found[name], 3),
                "3.3 of a normal column, 2.9 of an exponential one",
            ),
            Evidence("columns with so long a tail", len(found), f"few of {columns}"),
        ),
        f"A few large values make the scale of {name!r}: nearly all rows stand close together, "
        "and the network has to tell them apart by small differences.",
        FIX,
        strength=0.5 + 0.3 * len(found) / columns,
        subject=", ".join(list(found)[:3]) + ", ..." * (len(found) > 3),
    )


def middle_span(known: np.ndarray) -> float | None:
    """What the values from the 5th to the 95th of a hundred span, in standard deviations.

    Arguments:
        known: the finite numbers of a column.

    Returns:
        The span; None for few values, or where half of them or more are alike.
    """
    if len(known) < 20:
        return None
    low, first, middle, third, high = np.quantile(known, (0.05, 0.25, 0.5, 0.75, 0.95))
    if not first < middle < third:
        return None
    largest = float(np.abs(known - middle).max())  # of tiny numbers the squares are 0
    return float((high - low) / largest / ((known - middle) / largest).std())


def find_outliers(known: np.ndarray) -> tuple[int, float, float] | None:
    """Isolated extreme values of a column.

    Arguments:
        known: its finite numbers.

    Returns:
        How many there are, the distance of the nearest of them from the median, and that of the
        farthest other value; or None.
    """
    if len(known) < 20:
        return None
    middle = float(np.median(known))
    away = np.abs(known - middle)
    if np.count_nonzero(away) < MOVING * len(away):
        return None  # a rare event, not a quantity
    few = max(3, int(FEW * len(known)))
    if np.count_nonzero(away > SLIVER * away.max()) > few:
        return None
    usual = float(np.median(away[away > 0]))
    top = np.sort(np.partition(away, len(away) - few - 1)[-few - 1 :])[::-1]
    for place in range(few):
        rest, reach = float(top[place + 1]), float(top[place])
        if not rest:
            return None  # all others are alike: a rare flag of a small table
        if reach >= max(JUMP, rest / usual) * rest and rest <= SLIVER * float(top[0]):
            return place + 1, reach, rest
    return None
