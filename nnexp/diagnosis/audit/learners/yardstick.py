"""What the table allows, in and out of the train rows: learnt once, read by several checks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.audit.learners import discriminant
from nnexp.diagnosis.audit.learners.forest import Judged, held_out, out_of_bag, sample
from nnexp.diagnosis.audit.learners.threads import one_thread
from nnexp.diagnosis.audit.learners.together import all_together
from nnexp.diagnosis.audit.sheet import Sheet

BETTER, BETTER_Z = 0.02, 2.33  # accuracy on train rows that a plane has to gain, beyond chance
FEWEST = 50  # train rows for that


@dataclass(frozen=True)
class Yardstick:
    """Rows as learners see them that did not learn from them.

    Arguments:
        together: all rows, by `together.all_together`.
        linear: all rows, by a ridge regression alone.
        inside: train rows, each judged by the trees that did not see it.
        outside: validation and test rows by the name of their part; parts without rows are left
            out.
        is_linear: whether a linear discriminant analysis tells the train rows better than trees do;
            a run is then held against it.
    """

    together: Judged
    linear: Judged
    inside: Judged
    outside: dict[str, Judged]
    is_linear: bool

    @one_thread()
    def of_train(self, sheet: Sheet, rows: np.ndarray) -> Judged:
        """Some train rows of the sheet that it measures, each by learners that did not see it."""
        if self.is_linear:
            return discriminant.out_of_fold(sheet, rows)
        if np.array_equal(rows, self.inside.rows):
            return self.inside
        return out_of_bag(sheet.matrix, sheet.y, len(sheet.classes), rows)

    @one_thread()
    def of_held_out(self, sheet: Sheet, train: np.ndarray, rows: np.ndarray) -> Judged:
        """Some held-out rows of the sheet that it measures, by what learnt from `train`."""
        if self.is_linear:
            return discriminant.held_out(sheet, train, rows)
        if np.array_equal(train, self.inside.rows):
            for told in self.outside.values():
                if np.array_equal(rows, told.rows):
                    return told
        return held_out(sheet.matrix, sheet.y, len(sheet.classes), train, rows)


@one_thread()
def measure(sheet: Sheet) -> Yardstick:
    """Learn the trees of a sheet and judge its parts."""
    x, y, classes = sheet.matrix, sheet.y, len(sheet.classes)
    parts = {name: sample(rows) for name, rows in sheet.parts.items()}
    both = np.concatenate([*parts.values(), sheet.train[:0]])
    told = held_out(x, y, classes, sheet.train, both) if len(both) else None
    outside, start = {}, 0
    for name, rows in parts.items():
        if told is not None:
            own = slice(start, start + len(rows))
            outside[name] = Judged(rows, told.predicted[own], told.confidence[own], told.votes[own])
            start += len(rows)
    inside = out_of_bag(x, y, classes, sheet.train)
    return Yardstick(*all_together(sheet), inside, outside, _is_linear(sheet, inside))


def _is_linear(sheet: Sheet, trees: Judged) -> bool:
    if not discriminant.is_fit(sheet) or len(trees.rows) < FEWEST:
        return False
    plane = right(discriminant.out_of_fold(sheet, trees.rows), sheet.y)
    wood = right(trees, sheet.y)
    apart = int((plane != wood).sum())
    gain = int(plane.sum()) - int(wood.sum())
    return gain >= BETTER * len(wood) and gain > BETTER_Z * np.sqrt(apart)


def right(judged: Judged, y: np.ndarray) -> np.ndarray:
    """Which rows were told rightly, bool (n,)."""
    return judged.predicted == y[judged.rows]


def majority(y: np.ndarray) -> float:
    """The share of the most frequent class."""
    return float(np.bincount(y).max() / len(y)) if len(y) else 0.0
