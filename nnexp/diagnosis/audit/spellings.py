"""One label in several spellings, each counted as a class of its own."""

from __future__ import annotations

import numpy as np

from nnexp.data.labels import spellings
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination


def check(sheet: Sheet) -> Audit:
    """Labels that differ only in case or blanks."""
    found = spellings(sheet.classes)
    if not found:
        return Audit(checked=["no two labels differ only in case or blanks"])
    counts = np.bincount(sheet.y[sheet.used], minlength=len(sheet.classes))
    of_label = dict(zip(sheet.classes, counts.tolist(), strict=True))
    rarer = sum(
        sum(of_label[own] for own in alike) - max(of_label[own] for own in alike) for alike in found
    )
    shown = " = ".join(repr(label) for label in found[0])
    return Audit(
        [
            Nomination(
                "conflicting_labels",
                (
                    Evidence("labels that differ only in case or blanks", shown, "one spelling"),
                    Evidence(
                        "rows that have another spelling than most",
                        f"{rarer} ({percent(rarer / len(sheet.used))})",
                        "none",
                    ),
                ),
                "Each spelling counts as a class of its own: rows that are alike have different "
                "labels, and the rarer spelling is never told right.",
                ("data.labels=merge",),
                strength=0.9,
                certain=True,
                subject=shown,
            )
        ]
    )
