"""One label in several spellings, each counted as a class of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nnexp.data.labels import ALIKE, spellings
from nnexp.data.names import listing
from nnexp.diagnosis.audit.chance import binomial_p
from nnexp.diagnosis.audit.learners.yardstick import Yardstick
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination

TOLD_APART = 1e-3  # p of trees telling the spellings so well if they differed in nothing else


def check(sheet: Sheet, trees: Yardstick) -> Audit:
    """Labels that are spelt alike, and that the other columns do not tell apart."""
    found = spellings(sheet.classes)
    if not found:
        return Audit(checked=[f"no two labels differ only in {ALIKE}"])
    counts = np.bincount(sheet.y[sheet.used], minlength=len(sheet.classes))
    places = [[sheet.classes.index(label) for label in alike] for alike in found]
    meant = [own for own in places if _tell_apart(sheet, trees, own)]
    left = [own for own in places if own not in meant]
    notes = [
        f"labels {_named(sheet, own)} differ only in {ALIKE}; the columns tell them apart"
        for own in meant
    ]
    if not left:
        return Audit(notes=notes)
    rarer = int(sum(counts[own].sum() - counts[own].max() for own in left))
    shown = listing([_named(sheet, own) for own in left], 3)
    return Audit(
        [
            Nomination(
                "conflicting_labels",
                (
                    Evidence(f"labels that differ only in {ALIKE}", shown, "one spelling"),
                    Evidence(
                        "rows that have another spelling than most",
                        f"{rarer} ({percent(rarer / len(sheet.used))})",
                        "none",
                    ),
                ),
                "Each spelling counts as a class of its own, and no column tells them apart: where "
                "they mean the same, rows that are alike have different labels, and the rarer "
                "spelling is told wrong.",
                ("data.labels=merge",),
                strength=0.9,
                certain=True,
                subject=shown,
            )
        ],
        notes=notes,
    )


def _tell_apart(sheet: Sheet, trees: Yardstick, alike: Sequence[int]) -> bool:
    """Whether trees that did not see a row tell its spelling better than the usual one does."""
    seen = [trees.inside, *trees.outside.values()]
    rows = np.concatenate([judged.rows for judged in seen])
    predicted = np.concatenate([judged.predicted for judged in seen])
    own = np.isin(sheet.y[rows], alike) & np.isin(predicted, alike)
    if not own.any():
        return False
    right = int((sheet.y[rows][own] == predicted[own]).sum())
    usual = np.bincount(sheet.y[rows][own]).max() / own.sum()
    return binomial_p(right, int(own.sum()), float(usual)) < TOLD_APART


def _named(sheet: Sheet, places: Sequence[int]) -> str:
    return " = ".join(repr(sheet.classes[place]) for place in places)
