"""A series split at random: rows beside each other in the file tell each other's labels."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.groups import ERRORS, LOST, grouped_accuracy
from nnexp.diagnosis.audit.order import RUNS, changes
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

SPANS = (12, 100)  # into how many stretches of the file the rows are divided, ...
SPAN = 25  # ... of at least so many rows
PURE = 0.9  # share of a stretch's most frequent class, beyond which the file is sorted by class
BY_CLASS = 0.1  # changes of label over those of a random order, below which it is as well
SORTED = 0.98  # share of the steps of a column down the file that go one way, or none


def check(sheet: Sheet) -> Audit:
    """Whether labels last from row to row, and what rows of the same stretch are worth for it.

    A file that is sorted by class is none, and columns that sort it are left out: there rows are
    alike by what sorts them.
    """
    split, used = sheet.config.split, sheet.used
    spans = min(SPANS[1], len(used) // SPAN)
    if split.method != "random" or not split.shuffle or not len(sheet.held_out):
        return Audit()
    lasting = changes(sheet.y[used])
    if spans < SPANS[0] or not BY_CLASS <= lasting < RUNS:
        return Audit()
    codes = np.zeros(len(sheet.y), dtype=np.int64)
    codes[used] = np.arange(len(used)) * spans // len(used)
    named = np.zeros((spans, len(sheet.classes)))
    np.add.at(named, (codes[used], sheet.y[used]), 1)
    if float(named.max(1).sum()) > PURE * len(used):
        return Audit()
    found = grouped_accuracy(sheet, _sorting(sheet), codes, used)
    line = (
        f"stretches of the file: accuracy {found.mixed:.3f} with rows of a stretch on both sides, "
        f"{found.apart:.3f} without"
    )
    if found.mixed - found.apart < LOST or found.errors < ERRORS:
        return Audit(checked=[line])
    return Audit(
        [
            Nomination(
                "group_leak",
                (
                    Evidence(
                        "accuracy of trees with rows of the same stretch of the file in train, "
                        "and with whole stretches held out",
                        f"{found.mixed:.3f}, {found.apart:.3f}",
                        "the same",
                    ),
                    Evidence(
                        "changes of label from row to row, over those of a random order",
                        round(lasting, 2),
                        "about 1",
                    ),
                ),
                "The rows follow each other, as in time: labels last for several of them, and a "
                "random split asks of rows that stand between train rows. The accuracy on them "
                "says how well gaps are filled, not how well what comes next is told.",
                (override("data.split.shuffle", False), override("data.split.stratify", False)),
                strength=0.8,
                subject="rows that follow each other in the file",
            )
        ]
    )


def _sorting(sheet: Sheet) -> list[str]:
    """Columns of numbers that rise or fall with the file and so say where a row stands."""
    found = []
    for name, values in sheet.numbers.items():
        steps = np.diff(values[sheet.used])
        known = steps[np.isfinite(steps)]
        if len(known) and max((known >= 0).mean(), (known <= 0).mean()) >= SORTED:
            found.append(name)
    return found
