"""Cells that are filled in, or left empty, for rows of one class alone: known after the label."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import at_least
from nnexp.diagnosis.audit.learners.forest import out_of_bag
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

# Held against the tables of shared/data and scikit-learn and made ones: titanic's cabins (67 % of
# those with one survived) and horse colic's readings stay far below.
ROWS = 30  # of train on that side
PURE = 0.85  # share of them in one class, its lower bound; on held-out rows the share itself; ...
RARE, PURE_RARE = 0.1, 0.75  # ... of a class with so small a share of all rows
HELD = 10  # held-out rows on that side for which it is asked
USUAL = 0.6  # share of the class among all rows, at most
COVERED = 0.3  # share of the class that stands there: of less, little is told
UNKNOWN = 0.75  # of these rows the other columns tell rightly, at most


def check(sheet: Sheet) -> Audit:
    """Columns of which one side, filled in or empty, is of a class that no other column tells."""
    train, y = sheet.train, sheet.y[sheet.train]
    found: dict[str, tuple[bool, int, np.ndarray]] = {}
    for name, absent in sheet.absent.items():
        for empty in (False, True):
            side = absent[train] == empty
            counts = np.bincount(y[side], minlength=len(sheet.classes))
            place, count = int(counts.argmax()), int(side.sum())
            every = int((y == place).sum())
            if (
                ROWS <= count < len(train)
                and every <= USUAL * len(train)
                and counts[place] >= COVERED * every
                and at_least(int(counts[place]), count) >= _pure(every / len(train))
                and _holds(sheet, name, empty, place, every / len(train))
            ):
                found[name] = (empty, place, train[side])
    if not found:
        return Audit()
    judged = out_of_bag(sheet.without(found), sheet.y, len(sheet.classes), train)
    told = {
        name: own
        for name, own in found.items()
        if (judged.predicted[np.isin(judged.rows, own[2])] == own[1]).mean() <= UNKNOWN
    }
    if not told:
        return Audit()
    name, (empty, place, rows) = next(iter(told.items()))
    others = float((judged.predicted[np.isin(judged.rows, rows)] == place).mean())
    side, label = ("empty" if empty else "filled in"), repr(sheet.classes[place])
    return Audit(
        [
            Nomination(
                "missingness_leak",
                (
                    Evidence(
                        f"train rows of {label} among those where {name!r} is {side}",
                        f"{percent(float((sheet.y[rows] == place).mean()))} of {len(rows)}",
                        f"{percent(float((y == place).mean()))}, as of all rows",
                    ),
                    Evidence("of these told by all other columns", percent(others), "as many"),
                ),
                f"{name!r} is {side} for rows of {label} and hardly for others, though nothing "
                "else tells these rows: it was written down after the label was known. A model "
                "learns that instead of the table, and it will not be there for new rows.",
                (also("data.drop", sheet.config.drop, list(told)),),
                strength=0.85,
                subject=", ".join(told),
            )
        ]
    )


def _pure(share: float) -> float:
    """The least share of a class on one side, for a class of some share of all rows."""
    return PURE_RARE if share <= RARE else PURE


def _holds(sheet: Sheet, name: str, empty: bool, place: int, share: float) -> bool:
    """Whether the held-out rows of that side are of the class, too; True where there are few."""
    own = sheet.held_out[sheet.absent[name][sheet.held_out] == empty]
    return len(own) < HELD or bool((sheet.y[own] == place).mean() >= _pure(share))
