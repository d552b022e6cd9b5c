"""Rows that data.missing=drop leaves out, and whether those that stay are like all."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.chance import association
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import p_text, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

DROPPED = 0.15  # share of the rows: complete cases lose little below it (van Buuren 2018, 2.7)
CHANCE = 1e-4  # p below which the classes of incomplete rows are no accident
MOST = 0.75  # share from which on the loss of rows alone is told: complete cases are few then
MOVED = 0.05  # of a class's share between all rows and those that stay, or of a rare class half


def check(sheet: Sheet) -> Audit:
    """Whether leaving out incomplete rows changed the class shares."""
    if sheet.config.missing != "drop" or not sheet.absent:
        return Audit()
    incomplete = np.logical_or.reduce(list(sheet.absent.values()))[sheet.train]
    y, classes = sheet.y[sheet.train], len(sheet.classes)
    share = float(incomplete.mean())
    if incomplete.all() or not incomplete.any():
        return Audit()
    p, _ = association(incomplete.astype(np.int64), y)
    before = np.bincount(y, minlength=classes) / len(y)
    after = np.bincount(y[~incomplete], minlength=classes) / (~incomplete).sum()
    worst = int(np.argmax(np.abs(after - before)))
    moved = abs(float(after[worst] - before[worst]))
    large = moved >= MOVED or moved >= before[worst] / 2
    if (share < DROPPED or p >= CHANCE or not large) and share >= MOST:
        return Audit([_few(sheet, share)])
    if share < DROPPED or p >= CHANCE or not large:
        return Audit(
            checked=[
                f"data.missing=drop leaves out {percent(share)} of the train rows; class "
                f"shares move by {percent(moved)} at most"
            ]
        )
    label = repr(sheet.classes[worst])
    how = "rarer" if after[worst] < before[worst] else "more frequent"
    return Audit(
        [
            Nomination(
                "deletion_bias",
                (
                    Evidence(
                        "train rows left out by data.missing=drop",
                        percent(share),
                        f"below {percent(DROPPED)}",
                    ),
                    Evidence(
                        f"share of class {label} before and after",
                        f"{percent(before[worst])}, {percent(after[worst])} ({p_text(p)})",
                        "the same",
                    ),
                ),
                f"Rows with missing cells are of other classes than complete ones: after the "
                f"deletion class {label} is {how}"
                " than in the table, and the scores are of the rows that stayed.",
                (override("data.missing", "mean"),),
                strength=min(0.95, 0.7 + moved),
                certain=True,
            )
        ]
    )


def _few(sheet: Sheet, share: float) -> Nomination:
    """What is told where next to no row is complete, whatever its class."""
    complete = ~np.logical_or.reduce(list(sheet.absent.values()))
    left = [int(complete[rows].sum()) for rows in (sheet.train, sheet.valid)]
    worst = max(sheet.absent, key=lambda name: int(sheet.absent[name].sum()))
    return Nomination(
        "deletion_bias",
        (
            Evidence(
                "train rows left out by data.missing=drop", percent(share), f"below {percent(MOST)}"
            ),
            Evidence("train and validation rows that stay", left, "most of them"),
            Evidence(
                "columns with missing cells, and the largest share of one",
                [len(sheet.absent), percent(float(sheet.absent[worst].mean()))],
                "few",
            ),
        ),
        "A few missing cells in each of many columns leave next to no complete row: what could be "
        "learnt of the others is thrown away, and nothing says that those which stay are like all.",
        (override("data.missing", "mean"),),
        strength=0.85,
        certain=True,
    )
