"""Labels that belong to their rows in one stretch of the file, and to none in another."""

from __future__ import annotations

import numpy as np

from nnexp.diagnosis.audit.labels.signal import BOUND, ERRORS, signal_of
from nnexp.diagnosis.audit.learners.forest import Judged, out_of_bag, sample
from nnexp.diagnosis.audit.learners.yardstick import Yardstick, right
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.split.order import total_variation
from nnexp.diagnosis.audit.words import percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination

# Held against the tables of shared/data in their order, whose stretches have areas of 0.66 and more
# where they are large enough (adult, car, electricity, letter, ...), and against them and made ones
# with 15 to 50 % of the labels, side by side, dealt anew.
STRETCHES = 16  # of the file
ROWS = 30  # of a stretch
SIGNAL = 0.15  # area under the ROC curve above 0.5, of the stretches that have a signal
SOME, LITTLE = 0.4, 0.2  # of that, in a lost stretch and in all lost ones at most
LEAST = 2  # lost stretches side by side
ALIKE = 0.15  # total variation of the class shares of lost stretches and the rest


def check(sheet: Sheet, trees: Yardstick) -> Audit:
    """Stretches of the file whose labels nothing tells, though those of the others are told.

    By learners of all rows, each row judged by those that did not see it; then by trees of the lost
    stretches alone, so that another rule there does not count.
    """
    rows = trees.together.rows
    if len(rows) < STRETCHES * ROWS:
        return Audit()
    parts = np.array_split(np.arange(len(rows)), STRETCHES)
    areas = np.array([_told(trees.together, part, sheet.y) for part in parts])
    told = float(np.median(np.sort(areas)[STRETCHES // 2 :]))
    lost = _longest(areas <= SOME * told)
    places = np.concatenate([*parts[lost], parts[0][:0]])
    others = np.setdiff1d(np.arange(len(rows)), places)
    if lost.stop - lost.start < LEAST or not len(others):
        return Audit()
    beyond_it = _told(trees.together, others, sheet.y)
    if beyond_it < SIGNAL or _told(trees.together, places, sheet.y) > LITTLE * beyond_it:
        return Audit()
    first = int(rows[parts[lost.start][0]])
    end = int(rows[parts[lost.stop - 1][-1]])
    inside = (sheet.used >= first) & (sheet.used <= end)
    within, beyond = sheet.used[inside], sheet.used[~inside]
    classes = len(sheet.classes)
    shares = [np.bincount(sheet.y[own], minlength=classes) for own in (within, beyond)]
    if total_variation(*shares) > ALIKE:
        return Audit()
    alone = signal_of(out_of_bag(sheet.matrix, sheet.y, classes, sample(within)), sheet.y)
    if alone.errors > ERRORS or alone.bound > BOUND:
        return Audit()
    hit = right(trees.together, sheet.y)
    where = f"rows {int(sheet.rows[first]) + 1} to {int(sheet.rows[end]) + 1} of the file"
    return Audit(
        [
            Nomination(
                "label_permuted",
                (
                    Evidence(
                        f"accuracy of trees in {where}, and in the others",
                        f"{hit[places].mean():.3f}, {hit[others].mean():.3f}",
                        "the same",
                    ),
                    Evidence(
                        "area under the ROC curve of trees that learnt from these rows alone",
                        round(alone.area, 3),
                        "above 0.5, as labels that belong to their rows have",
                    ),
                ),
                f"The labels of {percent(len(within) / len(sheet.used))} of the rows, one stretch "
                "of the file, do not belong to them (shuffled, slipped or joined in another "
                "order): they are memorised, and spoil what the others tell.",
                (),
                strength=0.93,
                certain=True,
                subject=where,
            )
        ]
    )


def _told(judged: Judged, places: np.ndarray, y: np.ndarray) -> float:
    """The area under the ROC curve above 0.5 of some of the rows; infinite where none is known."""
    own = Judged(
        *(getattr(judged, name)[places] for name in ("rows", "predicted", "confidence", "votes"))
    )
    found = signal_of(own, y)
    return found.area - 0.5 if np.isfinite(found.error) else np.inf


def _longest(flags: np.ndarray) -> slice:
    """The longest run of true values.

    >>> _longest(np.array([True, False, True, True]))
    slice(2, 4, None)
    """
    best, start = slice(0, 0), 0
    for place, flag in enumerate(flags):
        if not flag:
            start = place + 1
        elif place + 1 - start > best.stop - best.start:
            best = slice(start, place + 1)
    return best
