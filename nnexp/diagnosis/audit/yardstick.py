"""What the table allows, in and out of the train rows: learnt once, read by several checks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.audit.forest import Judged, held_out, out_of_bag, sample
from nnexp.diagnosis.audit.sheet import Sheet

LEAVES = (1, 3, 10)  # rows of a leaf: the more labels are wrong, the larger the leaf that helps


@dataclass(frozen=True)
class Yardstick:
    """Rows as trees see them that did not learn from them.

    Arguments:
        together: all rows, each judged by the trees of all leaf sizes that did not see it.
        inside: train rows, each judged by the trees that did not see it.
        outside: validation and test rows by the name of their part; parts without rows are left
            out.
    """

    together: Judged
    inside: Judged
    outside: dict[str, Judged]

    def of_train(self, sheet: Sheet, rows: np.ndarray) -> Judged:
        """Some train rows of the sheet that it measures, each by the trees that did not see it."""
        if np.array_equal(rows, self.inside.rows):
            return self.inside
        return out_of_bag(sheet.matrix, sheet.y, len(sheet.classes), rows)

    def of_held_out(self, sheet: Sheet, train: np.ndarray, rows: np.ndarray) -> Judged:
        """Some held-out rows of the sheet that it measures, by trees that learnt from `train`."""
        if np.array_equal(train, self.inside.rows):
            for told in self.outside.values():
                if np.array_equal(rows, told.rows):
                    return told
        return held_out(sheet.matrix, sheet.y, len(sheet.classes), train, rows)


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
    return Yardstick(_together(sheet), out_of_bag(x, y, classes, sheet.train), outside)


def _together(sheet: Sheet) -> Judged:
    rows = sheet.used
    judged = [out_of_bag(sheet.matrix, sheet.y, len(sheet.classes), rows, leaf) for leaf in LEAVES]
    votes = np.mean([one.votes for one in judged], axis=0)
    return Judged(judged[0].rows, votes.argmax(1), votes.max(1), votes)


def right(judged: Judged, y: np.ndarray) -> np.ndarray:
    """Which rows were told rightly, bool (n,)."""
    return judged.predicted == y[judged.rows]


def majority(y: np.ndarray) -> float:
    """The share of the most frequent class."""
    return float(np.bincount(y).max() / len(y)) if len(y) else 0.0
