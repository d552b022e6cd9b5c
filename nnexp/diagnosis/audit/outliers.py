"""A few extreme values that squeeze a column into a sliver of its range."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import figure
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

SLIVER = 1 / 50  # of the range that all but the outliers fill
JUMP = 30.0  # distance of the nearest outlier over that of the farthest other value, and more where
# the others have a long tail themselves: as far as their farthest is from their usual value
MOVING = 0.1  # share of the values that differ from the median
FEW = 0.01  # share of the rows that can be outliers, or three rows of a small table


def check(sheet: Sheet) -> Audit:
    """Columns of which a scaling by mean or range leaves the outliers and little else."""
    if sheet.config.scaling not in ("standard", "minmax", "none"):
        return Audit()
    found = {}
    for name, values in sheet.numbers.items():
        known = values[sheet.train]
        crushed = find_outliers(known[np.isfinite(known)])
        if crushed is not None:
            found[name] = crushed
    if not found:
        return Audit()
    name, (rows, reach, rest) = max(found.items(), key=lambda item: item[1][1] / item[1][2])
    fix = "quantile" if sheet.config.scaling == "robust" else "robust"
    return Audit(
        [
            Nomination(
                "outlier_crushed_feature",
                (
                    Evidence(
                        f"distance of {rows} of the values of {name!r} from its median",
                        figure(reach),
                        f"about {figure(rest)}, the farthest of all other values",
                    ),
                    Evidence("columns with such values", ", ".join(map(repr, found)), "none"),
                ),
                f"The scale of {name!r} is that of its outliers: all other rows fall onto one "
                "point, and what the column tells of them is lost.",
                (override("data.scaling", fix),),
                strength=0.8,
                subject=", ".join(found),
            )
        ]
    )


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
    usual = float(np.median(away[away > 0]))
    few = max(3, int(FEW * len(known)))
    top = np.sort(np.partition(away, len(away) - few - 1)[-few - 1 :])[::-1]
    for place in range(few):
        rest, reach = float(top[place + 1]), float(top[place])
        if reach >= max(JUMP, rest / usual) * rest and rest <= SLIVER * float(top[0]):
            return place + 1, reach, rest
    return None
