"""Equal rows with different labels."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.rows import Rows
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination

AGAINST = 5.0  # standard errors by which equal rows disagree more than rows drawn at random
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
    against = _disagree(kind, y)
    if lost < LOST or not (rows.copied(conflict) or against > AGAINST):
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
                    )
                    if against <= AGAINST
                    else Evidence(
                        "equal rows differ in their label more often than rows at random, by "
                        "standard errors",
                        round(against, 1),
                        "less often",
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


def _disagree(kind: np.ndarray, y: np.ndarray) -> float:
    """How much more often pairs of equal rows have different labels than pairs at random.

    In standard errors. Rows that repeat by nature agree more often than that, not less.
    """
    shares = np.bincount(y) / len(y)
    expected = 1 - float((shares**2).sum())
    sizes = np.bincount(kind)
    _, counts = np.unique(np.stack((kind, y)), axis=1, return_counts=True)
    pairs = float((sizes * (sizes - 1) / 2).sum())
    different = pairs - float((counts * (counts - 1) / 2).sum())
    if pairs < 1 or not 0 < expected < 1:
        return 0.0
    return (different - pairs * expected) / float(np.sqrt(pairs * expected * (1 - expected)))
