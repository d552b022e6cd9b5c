"""Equal rows with different labels."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.rows import Rows
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination

LOST = 0.02  # accuracy that no model can have, since one of two equal rows is always wrong


def check(sheet: Sheet, rows: Rows) -> Audit:
    """Rows that repeat with another label though the table has too many values for repeats."""
    used = sheet.used
    y, kind, classes = sheet.y[used], rows.kind[used], len(sheet.classes)
    pairs, counts = np.unique(kind * classes + y, return_counts=True)
    owner = pairs // classes
    best = np.zeros(len(rows.counts), dtype=np.int64)
    np.maximum.at(best, owner, counts)
    total = np.bincount(kind, minlength=len(best))
    conflict = np.flatnonzero(best < total)
    if not len(conflict):
        return Audit(checked=["no two equal rows have different labels"])
    lost = float((total - best).sum() / len(y))
    concerned = int(total[conflict].sum())
    line = f"{concerned} rows ({percent(concerned / len(y))}) equal one with another label"
    if lost < LOST or not rows.copied(conflict):
        return Audit(
            notes=[f"{line}, which bounds the accuracy to {1 - lost:.3f}: repeats by nature"]
        )
    return Audit(
        [
            Nomination(
                "conflicting_labels",
                (
                    Evidence(
                        "rows that equal one with another label",
                        f"{concerned} ({percent(concerned / len(y))})",
                        "none in a table of so many values",
                    ),
                    Evidence("accuracy that such rows allow at most", round(1 - lost, 3), "1"),
                    Evidence(
                        "such rows differ from all others in as many columns as rows do that "
                        "stand once",
                        len(conflict),
                        "none where rows repeat by nature",
                    ),
                ),
                "Rows that are equal in every column have different labels: one of the two is "
                "wrong whatever the network says, and its loss on them cannot fall.",
                (),
                strength=min(0.95, 0.8 + lost),
                certain=True,
            )
        ]
    )
