"""A value that only rows of one class have, in a table that nothing else tells so plainly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from nnexp.diagnosis.audit.chance import sign_p
from nnexp.diagnosis.audit.leaks.disguise import OTHERS
from nnexp.diagnosis.audit.learners.others import by_others
from nnexp.diagnosis.audit.learners.yardstick import Yardstick
from nnexp.diagnosis.audit.sheet import Sheet
from nnexp.diagnosis.audit.words import figure, percent
from nnexp.diagnosis.finding import Audit, Evidence, Nomination
from nnexp.diagnosis.overrides import also

# Held against the clean tables of scikit-learn and shared/data and the made ones of the benchmark:
# none of them is told.
LEVELS = 10  # texts in a column of flags, at most
FEWEST, SHARE, MOST = 30, 0.03, 0.9  # rows with the value: so many, of all rows at least, at most
NOISY = 0.15  # error of what all columns tell of the rows without the value: where it is smaller,
# single values may settle a label by nature, as what is poisonous smells
GRADED = 0.8  # share of the class among rows of another value, at most: levels settle it by degrees
TWO = 2  # numbers in a column of flags: of more, the largest may settle it by degrees
MISSED = 0.15  # share of the rows with the value that the other columns tell wrongly, at least
BOTH = 0.03  # the same of all rows, where each row of the class has the value, too
CHANCE = 1e-6  # of the other columns being as good
LOOKED = 3  # values that are held against the other columns


@dataclass(frozen=True)
class Flag:
    """A value of a column whose rows are all of one class.

    Arguments:
        name: the column.
        value: its value, as text.
        label: the class.
        rows: which of the judged rows have it, bool (n,).
        whole: whether no other row is of the class.
    """

    name: str
    value: str
    label: int
    rows: np.ndarray
    whole: bool


def check(sheet: Sheet, trees: Yardstick) -> Audit:
    """Columns with a value that rows of one class alone have, and that others do not tell."""
    judged = trees.together
    rows, y = judged.rows, sheet.y[judged.rows]
    right = judged.predicted == y
    if len(sheet.names) <= OTHERS or right.mean() > 1 - NOISY / 2:
        return Audit()
    noisy = [own for own in _flags(sheet, rows) if 1 - right[~own.rows].mean() >= NOISY]
    noisy.sort(key=lambda own: -int(own.rows.sum()))
    for own in noisy[:LOOKED]:
        others = by_others(sheet, [own.name], rows)
        missed = ~others[own.rows]
        telling = missed.mean() >= MISSED
        if own.whole:
            two = by_others(sheet.one_against_others(own.label), [own.name], rows)
            missed, telling = ~two, telling or 1 - two.mean() >= BOTH
        if telling and sign_p(int(missed.sum()), 0) < CHANCE:
            return Audit([_leak(sheet, own, float(others[own.rows].mean()))])
    return Audit()


def _flags(sheet: Sheet, rows: np.ndarray) -> Iterator[Flag]:
    y, counts = sheet.y[rows], np.bincount(sheet.y[rows], minlength=len(sheet.classes))
    least, most = max(FEWEST, SHARE * len(rows)), MOST * len(rows)
    for name in sheet.names:
        if name in sheet.levels:
            codes, texts = sheet.levels[name]
        elif len(values := sheet.distinct[name][0]) == TWO:
            codes = np.where(
                np.isfinite(sheet.numbers[name]), np.searchsorted(values, sheet.numbers[name]), -1
            )
            texts = [figure(float(value)) for value in values]
        else:
            continue
        if len(texts) > LEVELS:
            continue
        for place, text in enumerate(texts):
            own = codes[rows] == place
            if not least <= own.sum() <= most:
                continue
            labels = np.unique(y[own])
            if len(labels) > 1 or counts[labels[0]] == len(rows):
                continue
            label = int(labels[0])
            beside = [codes[rows] == other for other in range(len(texts)) if other != place]
            shares = [(y[other] == label).mean() for other in beside if other.sum() >= FEWEST]
            if max(shares, default=1.0) <= GRADED:
                yield Flag(name, text, label, own, int(own.sum()) == int(counts[label]))


def _leak(sheet: Sheet, own: Flag, others: float) -> Nomination:
    label = sheet.classes[own.label]
    size = int(own.rows.sum())
    return Nomination(
        "target_leak",
        (
            Evidence(
                f"rows with {own.name!r} = {own.value} that are {label!s}",
                f"all {size}" + (", and no other row is" if own.whole else ""),
                f"about {percent(others)}, which all other columns tell rightly",
            ),
        ),
        f"{own.name!r} gives rows of {label!s} away, which the other columns do not know: it may "
        "be set only after the label. Scores are high with it and mean nothing for rows whose "
        "label is not known yet. Unless it is that sure by its nature.",
        (also("data.drop", sheet.config.drop, [own.name]),),
        strength=0.75,
        subject=own.name,
    )
