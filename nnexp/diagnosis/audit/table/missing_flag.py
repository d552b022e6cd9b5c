"""That a cell is missing, which tells one class far better than all columns do by their values."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from nnexp.diagnosis.audit.learners.against import FAR_FEWER, STRONG, STRONGLY, beats
from nnexp.diagnosis.audit.learners.forest import sample
from nnexp.diagnosis.audit.learners.others import judge_others
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import columns
from nnexp.diagnosis.finding import Evidence, Nomination
from nnexp.diagnosis.overrides import also

COLUMNS = 5  # beside the one: of fewer one may be the best by far
CLASS = (15, 0.05)  # rows of the class, and its share: a rare one may be recorded elsewhere
TELLING = 0.6  # area under the ROC curve by all others: where they tell nothing, it is no wonder
SAME = 0.1  # share of the missing cells in which two columns differ that are missing together
TITLE = "that a column is missing tells more than all columns: perhaps known only after the label"


def find(sheet: Sheet, masks: Mapping[str, np.ndarray]) -> tuple[list[Nomination], set[str]]:
    """The one fact, as a nomination, and its column; it may be known before the label.

    Arguments:
        sheet: the table.
        masks: of the columns looked at, where they are missing in train rows.
    """
    rows = sample(sheet.used)
    if len(sheet.names) <= COLUMNS:
        return [], set()
    name, place = _strongest(sheet, masks, rows)
    if not name:
        return [], set()
    label = sheet.classes[place]
    two = sheet.one_against_others(place)
    own, mask = two.y[rows] == 1, sheet.absent[name][rows]
    right = (mask == own) if (mask == own).mean() >= 0.5 else (mask != own)
    same = {other for other in masks if alike(masks[other], masks[name])}
    beside = judge_others(two, same, rows)
    others = beside.right
    known = np.ones(len(rows), dtype=bool)
    if not beats(right, known, others, FAR_FEWER) or beside.area < TELLING:
        return [], set()
    return [
        Nomination(
            "missingness_leak",
            (
                Evidence(
                    f"accuracy of telling class {label!r} from all others by one fact, whether "
                    f"{name!r} is missing",
                    round(float(right.mean()), 3),
                    f"about {others.mean():.3f}, as by all other columns together",
                ),
            ),
            f"{columns([name])} may be missing because of the label, or filled in after it was "
            "known. A model learns that, and it will not be there for new rows. Unless it is "
            "known before the label whether there is a value.",
            (also("data.drop", sheet.config.drop, [name]),),
            strength=0.7,
            subject=name,
            title=TITLE,
            provable=False,  # without a good fact scores are as much worse
        )
    ], {name}


def alike(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether two patterns are the same but for a tenth of the missing cells."""
    return bool((a != b).sum() <= SAME * min(a.sum(), b.sum()))


def _strongest(sheet: Sheet, masks: Mapping[str, np.ndarray], rows: np.ndarray) -> tuple[str, int]:
    """The column that by being missing removes most of the errors on a class, and which."""
    y, best = sheet.y[rows], (STRONGLY, "", 0)
    least = max(CLASS[0], CLASS[1] * len(rows))
    for name in masks:
        mask = sheet.absent[name][rows]
        for place in range(len(sheet.classes)):
            own = y == place
            base = min(own.sum(), (~own).sum())
            wrong = min((mask != own).sum(), (mask == own).sum())
            if base >= least and wrong <= (1 - STRONG) * len(rows):
                best = max(best, (float(1 - wrong / base), name, place))
    return best[1], best[2]
