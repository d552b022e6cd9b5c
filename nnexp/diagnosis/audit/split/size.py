"""How many rows validate, and how coarse an accuracy they give."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import override

FEW = 30  # rows: a single one then moves the accuracy by more than 0.03
SHARE = 0.1  # of the rows: with so many more could not be afforded
VALID = 0.2  # the default share


def check(sheet: Sheet) -> Audit:
    """Whether the validation accuracy moves in coarse steps though rows for it were there."""
    rows, size = len(sheet.valid), len(sheet.y)
    if not rows:
        return Audit()
    error = float(np.sqrt(0.25 / rows))  # at an accuracy of 0.5, where it is largest
    line = f"{rows} validation rows: a standard error of the accuracy of up to {error:.3f}"
    wanted = round(VALID * size)
    if rows >= FEW or rows >= SHARE * size or sheet.config.split.folds is not None:
        return Audit(checked=[line])
    given = sheet.config.split.method == "column"
    fix = () if given else (override("data.split.valid", VALID),)
    return Audit(
        [
            Nomination(
                "validation_too_small",
                (
                    Evidence("validation rows", rows, f"{FEW} or more of {size}"),
                    Evidence(
                        "a single row moves the accuracy by", round(1 / rows, 3), "below 0.03"
                    ),
                    Evidence(
                        "standard error of an accuracy of 0.9",
                        round(float(np.sqrt(0.09 / rows)), 3),
                        f"{np.sqrt(0.09 / max(wanted, 1)):.3f} with {percent(VALID)} of the rows",
                    ),
                ),
                "The accuracy moves in steps of whole rows while the loss moves smoothly: that "
                "one rises and the other does not is chance as often as not.",
                fix,
                strength=0.8,
                certain=True,
            )
        ]
    )
